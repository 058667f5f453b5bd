/** Against what Open Bandit Pipeline 0.5.5 computed; its files are no part of this repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateStudies, type StudyReport } from '../../counterfactual/index.ts';
import { readObpJson } from './obp-json.ts';

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
