import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { featureDivergence } from './anomalies/comparators.ts';
import {
  jensenShannonOfCounts,
  jensenShannonOfHistograms,
  linfDistance,
  normalizedAbsoluteDifference,
} from './distances.ts';
import { type CaseTable, type GivenCase, givenCases, runCases, viewOfFeature } from './given-testing.ts';

/** Pairs of datasets (by their order in the case) for which there is no divergence; the files keep no call of those. */
const UNAVAILABLE: Record<string, readonly (readonly [number, number])[]> = {
  'JensenShannonDivergence.EmptyHistogram': [
    [0, 2],
    [1, 2],
  ],
  'JensenShannonDivergence.EmptyRankHistogram': [[0, 1]],
  'JensenShannonDivergence.DifferentTypesHistogram': [[0, 1]],
};

function checkDivergence(given: GivenCase): void {
  const datasets = new Map(
    given.protos.map(({ role, text }) => [/(\w+)\($/.exec(role)![1], viewOfFeature(text)] as const),
  );
  const views = [...datasets.values()];
  let selection: 'STANDARD' | 'QUANTILES' = 'STANDARD';
  let last: ReturnType<typeof featureDivergence> | undefined;
  for (const line of given.expectations) {
    const call = /Divergence\((\w+)\.feature_stats_view\(\), (\w+)\.feature_stats_view\(\), (\w+)\(\)/.exec(line);
    const near = /EXPECT_NEAR\(result, ([\d.]+), ([\de.-]+)\)/.exec(line);
    if (call) {
      selection = call[3] === 'Quantiles' ? 'QUANTILES' : 'STANDARD';
      last = featureDivergence(datasets.get(call[1])!, datasets.get(call[2])!, selection);
    } else if (near) {
      expect(last).toHaveProperty('divergence');
      const { divergence } = last as { divergence: number };
      expect(Math.abs(divergence - Number(near[1]))).toBeLessThanOrEqual(Number(near[2]));
    } else if (given.name.endsWith('ReadsHistogramSource')) {
      expect(featureDivergence(views[0], views[0], 'STANDARD')).toHaveProperty('unavailable');
    } else expect(UNAVAILABLE[given.name]).toBeDefined();
  }
  for (const [a, b] of UNAVAILABLE[given.name] ?? [])
    expect(featureDivergence(views[a], views[b])).toHaveProperty('unavailable');
}

const TABLE: CaseTable = Object.fromEntries(givenCases('metrics_test.json').map(({ name }) => [name, checkDivergence]));

runCases('metrics_test.json', TABLE);

describe('distances', () => {
  const counts = fc
    .array(fc.tuple(fc.string({ maxLength: 3 }), fc.integer({ min: 1, max: 1000 })), { minLength: 1, maxLength: 20 })
    .map((pairs) => new Map(pairs));

  it('lie in [0, 1], are symmetric, and are 0 between equals', () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        for (const measure of [linfDistance, normalizedAbsoluteDifference]) {
          const { distance } = measure(a, b);
          expect(distance).toBeGreaterThanOrEqual(0);
          expect(distance).toBeLessThanOrEqual(1);
          expect(measure(b, a).distance).toBeCloseTo(distance, 12);
          expect(measure(a, a).distance).toBe(0);
        }
        const forth = jensenShannonOfCounts(a, b) as { divergence: number };
        const back = jensenShannonOfCounts(b, a) as { divergence: number };
        expect(forth.divergence).toBeGreaterThanOrEqual(-1e-12);
        expect(forth.divergence).toBeLessThanOrEqual(1);
        expect(back.divergence).toBeCloseTo(forth.divergence, 12);
      }),
    );
  });

  it('name the last in byte order of the values that differ most', () => {
    const a = new Map([['a', 1], ['b', 1]]); // biome-ignore format: a table
    const b = new Map([['c', 2]]);
    expect(normalizedAbsoluteDifference(a, b)).toEqual({ distance: 0.5, label: 'c' });
    expect(linfDistance(a, new Map())).toEqual({ distance: 0.5, label: 'b' });
    expect(linfDistance(new Map(), new Map())).toEqual({ distance: 0, label: '' });
  });

  it('see a change of volume only by the normalised absolute difference', () => {
    const a = new Map([['x', 10]]);
    const b = new Map([['x', 30]]);
    expect(linfDistance(a, b).distance).toBe(0);
    expect(normalizedAbsoluteDifference(a, b).distance).toBe(0.5);
  });

  it('lose the NaNs of histograms that must be cut anew, as the original does', () => {
    const bucket = (lowValue: number, highValue: number) => ({ lowValue, highValue, sampleCount: 1 });
    const a = { numNan: 5, buckets: [bucket(0, 1), bucket(1, 2)] };
    expect(jensenShannonOfHistograms(a, { buckets: [bucket(0, 1), bucket(1, 2)] })).not.toEqual({ divergence: 0 });
    expect(jensenShannonOfHistograms(a, { buckets: [{ lowValue: 0, highValue: 2, sampleCount: 2 }] })).toEqual({
      divergence: 0,
    });
  });
});
