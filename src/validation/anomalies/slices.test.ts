import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../base/index.ts';
import { type DatasetFeatureStatisticsList, parseText } from '../metadata/index.ts';
import { slicesOfSchema, validateSliceCoverage } from './slice-coverage.ts';
import { validateSlices } from './slices.ts';

/** Datasets by name with their examples; `f` is an INT in [0, max] in each. */
function listOf(sizes: Record<string, number>, max: Record<string, number> = {}): DatasetFeatureStatisticsList {
  const datasets = Object.entries(sizes).map(([name, size]) => {
    const common = `common_stats { num_non_missing: ${size} min_num_values: 1 max_num_values: 1 }`;
    const feature = `name: "f" type: INT num_stats { ${common} max: ${max[name] ?? 1} }`;
    return `datasets { name: "${name}" num_examples: ${size} features { ${feature} } }`;
  });
  return parseText('DatasetFeatureStatisticsList', datasets.join(' '));
}

const SCHEMA = parseText(
  'Schema',
  `feature { name: "f" type: INT presence { min_count: 1 min_fraction: 1 } int_domain { max: 5 } }
   feature { name: "tier" type: BYTES domain: "tier" }
   string_domain { name: "tier" value: "free" value: "premium" value: "shuffle" }
   dataset_constraints { min_examples_count: 1000000 }`,
);

describe('slices', () => {
  it('are validated each by itself, under their own names', () => {
    const list = listOf({ 'All Examples': 100, tier_free: 60, tier_premium: 40 }, { tier_premium: 9 });
    const { anomalyInfo, datasetAnomalyInfo } = validateSlices(list, SCHEMA);
    expect([...anomalyInfo!].map(([key, { description }]) => [key, description])).toEqual([
      ["'slice(tier_premium)::f'", 'Unexpectedly large value: 9.'],
    ]);
    expect(datasetAnomalyInfo).toBeUndefined();
  });

  it('that only the span before has are missed', () => {
    const previousSpan = listOf({ tier_free: 60, tier_premium: 40 });
    const { anomalyInfo } = validateSlices(listOf({ tier_free: 60 }), SCHEMA, { previousSpan });
    expect([...anomalyInfo!.keys()]).toEqual(["'slice(tier_premium)::f'"]);
  });
});

describe('coverage of slices', () => {
  const WHOLE = { 'All Examples': 1000, tier_free: 500, tier_premium: 300, tier_shuffle: 200 };

  function found(sizes: Record<string, number>, options: Parameters<typeof validateSliceCoverage>[1]) {
    const { anomalyInfo } = validateSliceCoverage(listOf(sizes), options);
    return Object.fromEntries([...(anomalyInfo ?? [])].map(([key, info]) => [key, info.description]));
  }

  it('finds the premium tier missing from training, by the schema and by the span before', () => {
    const training = { 'All Examples': 700, tier_free: 500, tier_shuffle: 200 };
    expect(found(training, { expectedSlices: slicesOfSchema(SCHEMA, ['tier']) })).toEqual({
      "'slice(tier_premium)'": 'The slice tier_premium that the schema expects has 0 of 700 examples.',
    });
    expect(found(training, { previousSpan: listOf(WHOLE) })).toEqual({
      "'slice(tier_premium)'":
        'The slice tier_premium has 0 of 700 examples (0%); the previous span has 300 of 1000 (30%).',
    });
  });

  it('finds the free shuffle tier missing from evaluation, by serving', () => {
    const evaluation = { 'All Examples': 80, tier_free: 50, tier_premium: 30 };
    expect(found(evaluation, { serving: listOf(WHOLE) })).toEqual({
      "'slice(tier_shuffle)'": 'The slice tier_shuffle has 0 of 80 examples (0%); serving has 200 of 1000 (20%).',
    });
  });

  it('finds a slice that lost most of its share, and none in a span that is smaller throughout', () => {
    const lost = { 'All Examples': 500, tier_free: 350, tier_premium: 50, tier_shuffle: 100 };
    expect(found(lost, { previousSpan: listOf(WHOLE) })).toEqual({
      "'slice(tier_premium)'":
        'The slice tier_premium has 50 of 500 examples (10%); the previous span has 300 of 1000 (30%): it kept 0.333 ' +
        'of its share, which is below 0.5.',
    });
    const smaller = { 'All Examples': 100, tier_free: 50, tier_premium: 30, tier_shuffle: 20 };
    expect(found(smaller, { previousSpan: listOf(WHOLE) })).toEqual({});
  });

  it('does not miss a slice that was hardly there, nor one whose few examples chance took', () => {
    const before = listOf({ ...WHOLE, tier_test: 4 });
    expect(found(WHOLE, { previousSpan: before })).toEqual({});
    const lost = (count: number, kept: number, options = {}) =>
      Object.keys(
        found({ ...WHOLE, tier_test: kept }, { previousSpan: listOf({ ...WHOLE, tier_test: count }), ...options }),
      );
    // Of 8 examples 3 are left in one clean span of nine; of 80, 10 in hardly any.
    expect(lost(8, 3)).toEqual([]);
    expect(lost(80, 10)).toEqual(["'slice(tier_test)'"]);
    // Of four slices, so that each has a chance of 1/400: (1/2)^8 is more, (1/2)^9 less.
    expect(lost(8, 0)).toEqual([]);
    expect(lost(9, 0)).toEqual(["'slice(tier_test)'"]);
    expect(lost(9, 0, { designEffect: 2, minExpectedExamples: 0 })).toEqual([]);
    expect(lost(4, 0, { minExpectedExamples: 0, significance: 0.5 })).toEqual(["'slice(tier_test)'"]);
  });

  it('raises a false alarm in at most one clean span of a hundred, and finds what is lost', () => {
    const rng = createRng(4);
    // 60 slices, from a fifth of all to one in ten thousand.
    const shares = Array.from({ length: 60 }, (_, i) => 0.8 ** i / 5.1);
    const span = (total: number, lossOf: (slice: number) => number) => {
      const sizes = shares.map((share, i) => poisson(total * share * lossOf(i), rng));
      return {
        datasets: [
          { name: 'All Examples', numExamples: total },
          ...sizes.map((numExamples, i) => ({ name: `s_${i}`, numExamples })),
        ],
      };
    };
    const runs = 400;
    const alarms = (lossOf: (slice: number) => number, options = {}): number => {
      let count = 0;
      for (let run = 0; run < runs; run++) {
        const { anomalyInfo } = validateSliceCoverage(span(4000, lossOf), {
          previousSpan: span(4000, () => 1),
          ...options,
        });
        if (anomalyInfo) count++;
      }
      return count / runs;
    };
    const clean = alarms(() => 1);
    // 0.01, and three standard deviations of 400 runs.
    expect(clean).toBeLessThanOrEqual(0.025);
    // At a level sixty times as high one clean span of twelve would raise one: the test is what holds it down.
    expect(alarms(() => 1, { significance: 1 })).toBeGreaterThan(0.05);
    expect(alarms((slice) => (slice === 5 ? 0.1 : 1))).toBe(1);
    expect(alarms((slice) => (slice === 12 ? 0 : 1))).toBe(1);
  });
});

function poisson(mean: number, rng: Rng): number {
  let [count, product] = [0, rng.uniform()];
  for (const limit = Math.exp(-mean); product > limit; count++) product *= rng.uniform();
  return count;
}
