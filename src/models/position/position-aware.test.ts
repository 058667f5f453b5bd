import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { examinationEpoch, readExamination, SURFACES, sealEpoch } from '../../domain/index.ts';
import { CLICK_FEATURES, examinationErrors, simulateFeaturePages } from '../../testing/index.ts';
import type { FitOptions, RewardModel } from '../contract.ts';
import { loadModel } from '../load.ts';
import { type LogisticFitOptions, logisticModel } from '../logistic/logistic.ts';
import { areaUnderCurve } from '../metrics.ts';
import { ndcgAt } from '../metrics-ranking.ts';
import { fitClickRates } from './click-rates.ts';
import { examinationOfRows, learnPositionAware, relevanceLabels, trainPositionAware } from './position-aware.ts';

const log = simulateFeaturePages(1_200, 21);
const judged = simulateFeaturePages(300, 22, false);
const options = (): LogisticFitOptions => ({ rng: createRng(1), learning: 'batch' });
const clicks = { ...log.places, ...log.examples, clicks: log.examples.labels };

describe('where a policy has set high what listeners are weary of', () => {
  const fitNaive = async () => {
    const model = logisticModel.fresh(CLICK_FEATURES);
    await model.fit(log.examples, options());
    return qualityOf(model);
  };
  const train = async () => {
    const model = logisticModel.fresh(CLICK_FEATURES);
    return { model, ...(await trainPositionAware(model, log.examples, log.places, options(), { rounds: 15 })) };
  };
  // Fitted once for all tests of it.
  const [naive, trained] = [fitNaive(), train()];

  test('regression-EM finds examination and a relevance that ranks better than one learnt of clicks as they are', async () => {
    const { model, estimate, rounds, clickLoss } = await trained;
    const curves = estimate.surfaces.phone;
    const rates = fitClickRates(clicks).surfaces.phone;
    if (curves === undefined || rates === undefined) throw new Error('no estimate');
    expect(estimate.method).toBe('regression-em');
    expect(rounds).toBeGreaterThan(5);
    expect(examinationErrors(curves).shelf).toBeLessThan(0.08);
    expect(examinationErrors(curves).card).toBeLessThan(0.05);
    expect(examinationErrors(rates).shelf).toBeGreaterThan(0.5);
    expect(clickLoss).toBeLessThan(lossOfConstant());
    expectBetter(qualityOf(model), await naive);
    // Nothing of the place is in it: the model is one of the features, saved like any other.
    expect(loadModel(sealEpoch(model.toEpoch()), CLICK_FEATURES).hash).toBe(model.hash);
  });

  test('PAL’s joint descent does, too', async () => {
    const model = logisticModel.fresh(CLICK_FEATURES);
    const { estimate } = await learnPositionAware(model, log.examples, log.places, { rng: createRng(1), passes: 15 });
    const curves = estimate.surfaces.phone;
    if (curves === undefined) throw new Error('no estimate');
    expect(estimate.method).toBe('pal');
    expect(examinationErrors(curves).shelf).toBeLessThan(0.08);
    expect(examinationErrors(curves).card).toBeLessThan(0.05);
    expectBetter(qualityOf(model), await naive);
  });

  test('the predictions are relevance at the most looked-at place, nearly', async () => {
    const p = predict((await trained).model);
    const mean = (of: Float64Array): number => of.reduce((a, b) => a + b) / of.length;
    // The second shelf is looked at 1.1 times as much as the first.
    expect(mean(p) / (1.1 * mean(judged.relevance))).toBeGreaterThan(0.93);
    expect(mean(p) / (1.1 * mean(judged.relevance))).toBeLessThan(1.07);
  });
});

test('a soft label is the posterior of relevance, and its error the gradient of the click’s likelihood', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -4, max: 4, noNaN: true }),
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      fc.constantFrom(0, 1),
      (z, theta, click) => {
        const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
        const p = sigmoid(z);
        const out = new Float32Array(1);
        relevanceLabels(Float32Array.of(click), Float64Array.of(p), Float64Array.of(theta), 1, out);
        const bayes = click === 1 ? 1 : (p * (1 - theta)) / (p * (1 - theta) + (1 - p));
        expect(out[0]).toBeCloseTo(bayes, 6);
        const loss = (x: number): number => -Math.log(click === 1 ? theta * sigmoid(x) : 1 - theta * sigmoid(x));
        expect(p - out[0]).toBeCloseTo((loss(z + 1e-5) - loss(z - 1e-5)) / 2e-5, 4);
      },
    ),
  );
});

test('rows are given the θ of their places beside the most looked-at one, and 1 on unknown surfaces', () => {
  const curves = { shelf: Float64Array.of(1, 0.5), card: Float64Array.of(1, 2, 0.5) };
  const examination = readExamination(sealEpoch(examinationEpoch('by hand', { tv: curves })));
  const [tv, car] = [SURFACES.indexOf('tv'), SURFACES.indexOf('car')];
  const places = {
    surfaces: Uint8Array.of(tv, tv, tv, car),
    shelfRanks: Uint8Array.of(0, 0, 1, 1),
    cardRanks: Uint8Array.of(0, 1, 9, 1),
  };
  const out = new Float64Array(4);
  examinationOfRows(examination, places, 4, out);
  expect([...out]).toEqual([0.5, 1, 0.125, 1]);
});

test('progress rises to 1, and an abort ends it', async () => {
  const few = simulateFeaturePages(10, 3);
  const shares: number[] = [];
  const fitOptions: FitOptions = { rng: createRng(1), onProgress: (share) => shares.push(share) };
  await trainPositionAware(logisticModel.fresh(CLICK_FEATURES), few.examples, few.places, fitOptions, { rounds: 3 });
  expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  expect(shares.at(-1)).toBe(1);
  const signal = AbortSignal.abort(new Error('enough'));
  const learner = logisticModel.fresh(CLICK_FEATURES);
  await expect(trainPositionAware(learner, few.examples, few.places, { rng: createRng(1), signal })).rejects.toThrow(
    'enough',
  );
});

test('refuses a model that gives no probability, rows without a click, and options out of range', async () => {
  const few = simulateFeaturePages(10, 3);
  const unclicked = { ...few.examples, labels: new Float32Array(few.examples.rows) };
  const learner = logisticModel.fresh(CLICK_FEATURES);
  const ranker = Object.assign(logisticModel.fresh(CLICK_FEATURES), { scale: 'rank' as const });
  const rng = createRng(1);
  await expect(trainPositionAware(learner, unclicked, few.places, { rng })).rejects.toMatchObject({
    code: 'EXAMPLES_INVALID',
  });
  await expect(trainPositionAware(ranker, few.examples, few.places, { rng })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
  await expect(learnPositionAware(ranker, few.examples, few.places, { rng })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
  await expect(trainPositionAware(learner, few.examples, few.places, { rng }, { rounds: 0 })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

// ---- ----

interface Quality {
  readonly area: number;
  readonly ndcg: number;
}

function predict(model: RewardModel): Float64Array {
  const p = new Float64Array(judged.examples.rows);
  model.predict(judged.examples.batch, judged.examples.rows, p);
  return p;
}

function qualityOf(model: RewardModel): Quality {
  const { labels, weights } = judged.examples;
  const p = predict(model);
  return { area: areaUnderCurve(p, labels, weights), ndcg: ndcgAt(10, p, labels, weights, judged.pages).ndcg };
}

function expectBetter(aware: Quality, naive: Quality): void {
  expect(aware.area).toBeGreaterThan(naive.area + 0.02);
  expect(aware.ndcg).toBeGreaterThan(naive.ndcg + 0.02);
}

/** Log loss of predicting the click rate everywhere. */
function lossOfConstant(): number {
  const rate = log.examples.labels.reduce((a, b) => a + b) / log.examples.rows;
  return -(rate * Math.log(rate) + (1 - rate) * Math.log(1 - rate));
}
