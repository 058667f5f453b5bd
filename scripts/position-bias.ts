// The figures of docs/position-bias.md: `node scripts/position-bias.ts`. The same seeds give the same figures.
import { createRng } from '../src/base/index.ts';
import {
  areaUnderCurve,
  type ExaminationEstimate,
  fitClickRates,
  fitDependentClicks,
  fitPositionBased,
  harvestExamination,
  learnPositionAware,
  logisticModel,
  ndcgAt,
  type RewardModel,
  trainPositionAware,
} from '../src/models/index.ts';
import {
  CLICK_FEATURES,
  examinationErrors,
  simulateFeaturePages,
  simulatePages,
  simulateWalks,
} from '../src/testing/index.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const tell = (what: string, log: string, estimate: ExaminationEstimate): void => {
  const curves = estimate.surfaces.phone;
  if (curves === undefined) throw new Error(`${what} has no estimate`);
  const { shelf, card } = examinationErrors(curves);
  say(`| ${what} | ${log} | ${shelf.toFixed(3)} | ${card.toFixed(3)} |`);
};

say('| estimator | pages drawn | largest error, shelves | largest error, cards |');
say('| --- | --- | --- | --- |');
for (const placement of ['random', 'popular', 'personal'] as const) {
  const log = simulatePages({ pages: 4_000, seed: 11, placement });
  const byItem = { ...log, subjects: log.items };
  const drawn =
    placement === 'random' ? 'uniformly' : `by ${placement === 'popular' ? 'popularity' : 'personal taste'}`;
  tell('click rates', drawn, fitClickRates(log));
  tell('position-based, by item and kind of listener', drawn, fitPositionBased(log));
  tell('position-based, by item', drawn, fitPositionBased(byItem));
  tell('harvest by propensity, by item', drawn, harvestExamination(byItem));
}

const pages = simulateFeaturePages(1_200, 21);
const judged = simulateFeaturePages(400, 22, false);
const rng = () => createRng(1);
const options = { rng: rng(), learning: 'batch' as const };
const naive = logisticModel.fresh(CLICK_FEATURES);
await naive.fit(pages.examples, options);
const regression = logisticModel.fresh(CLICK_FEATURES);
const trained = await trainPositionAware(regression, pages.examples, pages.places, options);
const joint = logisticModel.fresh(CLICK_FEATURES);
const learnt = await learnPositionAware(joint, pages.examples, pages.places, { rng: rng(), passes: 15 });
tell(
  'click rates',
  'by a wrong belief',
  fitClickRates({ ...pages.places, ...pages.examples, clicks: pages.examples.labels }),
);
tell('regression-EM, logistic', 'by a wrong belief', trained.estimate);
tell('PAL, logistic online', 'by a wrong belief', learnt.estimate);

say('');
say('| model | area | NDCG@10 |');
say('| --- | --- | --- |');
const judge = (what: string, score: (out: Float64Array) => void): void => {
  const { labels, weights, rows } = judged.examples;
  const p = new Float64Array(rows);
  score(p);
  const { ndcg } = ndcgAt(10, p, labels, weights, judged.pages);
  say(`| ${what} | ${areaUnderCurve(p, labels, weights).toFixed(3)} | ${ndcg.toFixed(3)} |`);
};
const by = (model: RewardModel) => (out: Float64Array) =>
  model.predict(judged.examples.batch, judged.examples.rows, out);
judge('the truth', (out) => out.set(judged.relevance));
judge('naive: clicks as they are', by(naive));
judge('regression-EM', by(regression));
judge('PAL, joint', by(joint));

say('');
say('| walks along a row | largest error of P(looked at), cards | of naive click rates |');
say('| --- | --- | --- |');
for (const model of ['cascade', 'dependent'] as const) {
  const continuation =
    model === 'cascade' ? new Float64Array(8) : Float64Array.of(0.8, 0.7, 0.6, 0.6, 0.5, 0.5, 0.4, 0.4);
  const { log, looked } = simulateWalks(20_000, continuation, 31);
  const farthest = (curve: Float64Array): string =>
    looked.reduce((most, theta, k) => Math.max(most, Math.abs(theta - curve[k])), 0).toFixed(3);
  const curve = fitDependentClicks(log, { model }).surfaces.phone?.card ?? new Float64Array(8);
  const rates = fitClickRates(log).surfaces.phone?.card ?? new Float64Array(8);
  say(`| ${model} | ${farthest(curve)} | ${farthest(rates)} |`);
}
