/** Against what Open Bandit Pipeline 0.5.5 computed; its files are no part of this repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate, evaluateStudies, type StudyReport } from '../../counterfactual/index.ts';
import { readObpJson } from './obp-json.ts';
import { readOpenBandit } from './open-bandit.ts';

const ROOT = process.env.SHELFWISE_DATA_DIR ?? join(import.meta.dirname, '../../../../shared/data');
const hasReal = existsSync(join(ROOT, 'obp'));
if (!hasReal)
  console.info(`skipped: the tests on Open Bandit Pipeline's figures want ${ROOT} (set SHELFWISE_DATA_DIR)`);

interface Reference {
  readonly estimates: Readonly<Record<string, number>>;
  readonly tuning?: Readonly<Record<string, { readonly value: number; readonly lambda: number }>>;
  readonly lower_bounds?: Readonly<Record<string, number | string>>;
}

const LOGS = [
  'synthetic_binary_logistic',
  'synthetic_contextfree',
  'slate_cascade_decay_cascade',
  'slate_independent_pbm',
];

function pathOf(name: string): string {
  return join(ROOT, 'obp', `${name}.json`);
}

describe.skipIf(!hasReal).each(LOGS)('every figure of %s', (name) => {
  const reference = hasReal ? (JSON.parse(readFileSync(pathOf(name), 'utf8')) as Reference) : { estimates: {} };
  let report: StudyReport;

  beforeAll(async () => {
    report = await evaluateStudies(readObpJson(pathOf(name)).studies, { interval: 'normal' });
  });

  it('and no other is estimated', () => {
    expect(Object.keys(report.estimates).sort()).toEqual(Object.keys(reference.estimates).sort());
    expect(Object.keys(reference.tuning ?? {}).filter((key) => report.tuning[key] === undefined)).toEqual([]);
  });

  it.each(Object.entries(reference.estimates))('%s is %d', (estimate, value) => {
    expect(Math.abs(report.estimates[estimate].value - value)).toBeLessThan(1e-9);
  });

  it.each(Object.entries(reference.tuning ?? {}))('tuned %s is the same', (key, { value, lambda }) => {
    expect(report.tuning[key].lambda).toBe(lambda);
    expect(Math.abs(report.tuning[key].value - value)).toBeLessThan(1e-9);
  });

  it.each(
    Object.entries(reference.lower_bounds ?? {}).filter(([, bound]) => typeof bound === 'number') as [string, number][],
  )('%s is %d', (bound, value) => {
    expect(Math.abs(report.lowerBounds[bound] - value)).toBeLessThan(1e-9);
  });
});

interface OpenBanditFigures {
  readonly rows: number;
  readonly clicks: number;
  readonly on_policy_value: number;
  /** Position from 1 → clicks and rows. */
  readonly by_position: Readonly<Record<string, readonly [number, number]>>;
  readonly min_propensity: number;
}

const hasOpenBandit = existsSync(join(ROOT, 'open_bandit', 'bts'));

/** Figures that were computed from the two men's logs without this code. */
describe.skipIf(!hasOpenBandit)('every figure of the Open Bandit Dataset', () => {
  const folder = join(ROOT, 'open_bandit');
  const reference = () => JSON.parse(readFileSync(join(folder, 'computed_reference_men.json'), 'utf8'));

  it.each(['random', 'bts'])('of the log by %s', async (behaviour) => {
    const figures: OpenBanditFigures = reference()[behaviour];
    const [logged] = (await readOpenBandit(folder, { behaviour, target: 'logged' })).studies;
    const { evaluations, estimates } = await evaluateStudies([logged], { interval: 'normal' });
    expect(evaluations.get('rows')?.rows).toBe(figures.rows);
    expect(estimates['ipw'].value).toBeCloseTo(figures.on_policy_value, 12);
    const clicks = [0, 0, 0];
    const rows = [0, 0, 0];
    for await (const chunk of logged.source) {
      for (let row = 0; row < chunk.rows; row++) {
        rows[chunk.positionOf[row]]++;
        clicks[chunk.positionOf[row]] += chunk.rewards[row];
      }
    }
    expect(clicks.map((count, position) => [count, rows[position]])).toEqual(
      ['1', '2', '3'].map((position) => figures.by_position[position]),
    );
    expect(clicks[0] + clicks[1] + clicks[2]).toBe(figures.clicks);
    const [uniform] = (await readOpenBandit(folder, { behaviour })).studies;
    const { weights } = await evaluate(uniform.source, { interval: 'normal' });
    expect(1 / 34 / weights.largest).toBeCloseTo(figures.min_propensity, 12);
  });

  it('of uniform choice judged from the log by Thompson sampling', async () => {
    const figures = reference()['bts_log_evaluates_uniform_random'];
    const log = await readOpenBandit(join(folder, 'bts', 'men', 'men.csv.gz'));
    const { estimates, evaluations } = await evaluateStudies(log.studies, {
      interval: 'normal',
      estimators: ['ipw', 'snipw', 'ipw(lambda=100.0)'],
    });
    const weights = evaluations.get('rows')?.weights;
    expect(estimates['ipw'].value).toBeCloseTo(figures.ips, 9);
    expect(estimates['snipw'].value).toBeCloseTo(figures.snips, 9);
    expect(estimates['ipw(lambda=100.0)'].value).toBeCloseTo(figures.clipped_ips_lambda100, 9);
    expect(weights?.mean).toBeCloseTo(figures.mean_weight, 9);
    expect(weights?.largest).toBeCloseTo(figures.max_weight, 9);
    expect(weights?.effectiveRows).toBeCloseTo(figures.ess, 9);
  });
});
