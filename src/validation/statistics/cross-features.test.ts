import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CrossFeatureStatistics } from '../metadata/index.ts';
import { DatasetStatistics } from './index.ts';
import { chunkOf, expectNear, FLOAT, INT } from './statistics-testing.ts';

interface Row {
  readonly x: number | null;
  readonly y: number | null;
  readonly z: readonly number[];
  readonly w: number;
}

const TYPES = { x: FLOAT, y: INT, z: FLOAT, w: FLOAT };

function crossOf(rows: readonly Row[], options = {}): CrossFeatureStatistics[] {
  return statisticsOf(rows, options).extract().crossFeatures ?? [];
}

function statisticsOf(rows: readonly Row[], options = {}): DatasetStatistics {
  const statistics = new DatasetStatistics({ crossFeatures: [['x', 'y']], ...options });
  const of = (name: keyof Row) => rows.map((row) => row[name]);
  statistics.add(chunkOf({ x: of('x'), y: of('y'), z: of('z'), w: of('w') }, TYPES));
  return statistics;
}

/** By the definition, in two passes. */
function naive(rows: readonly Row[], weighed: boolean): { count: number; covariance: number; correlation: number } {
  const both = rows.flatMap(({ x, y, w }) =>
    x !== null && y !== null && Number.isFinite(x) ? [{ x, y, w: weighed ? w : 1 }] : [],
  );
  const mean = (of: (row: (typeof both)[number]) => number) =>
    both.reduce((sum, row) => sum + row.w * of(row), 0) / both.reduce((sum, { w }) => sum + w, 0);
  const [mx, my] = [mean(({ x }) => x), mean(({ y }) => y)];
  const covariance = mean(({ x, y }) => (x - mx) * (y - my));
  const spread = Math.sqrt(mean(({ x }) => (x - mx) ** 2) * mean(({ y }) => (y - my) ** 2));
  return { count: both.length, covariance, correlation: spread > 1e-9 ? covariance / spread : Number.NaN };
}

const ROW: fc.Arbitrary<Row> = fc.record({
  x: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -1000, max: 1000 }).map((x) => 1e6 + x / 7) },
    fc.constantFrom(null, Number.NaN, Infinity),
  ),
  y: fc.option(fc.integer({ min: -9, max: 9 }), { freq: 8 }),
  z: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
  w: fc.integer({ min: 1, max: 4 }),
});

describe('pairs of numeric features', () => {
  it.each([false, true])('have the moments of their definition; weighted: %s', (weighed) => {
    fc.assert(
      fc.property(fc.array(ROW, { minLength: 1, maxLength: 60 }), (rows) => {
        const [pair] = crossOf(rows, weighed ? { weightFeature: 'w' } : {});
        const { count, covariance, correlation } = naive(rows, weighed);
        expect(pair.count ?? 0).toBe(count);
        if (count === 0) {
          expect(pair.numCrossStats).toBeUndefined();
          return;
        }
        expectNear(pair.numCrossStats!.covariance, covariance, 1e-6);
        if (!Number.isNaN(correlation)) expect(pair.numCrossStats!.correlation).toBeCloseTo(correlation, 6);
      }),
      { numRuns: 60 },
    );
  });

  it('of shards merged are those of one pass', () => {
    fc.assert(
      fc.property(fc.array(ROW, { maxLength: 40 }), fc.nat(40), fc.boolean(), (rows, at, weighed) => {
        const options = { crossFeatures: 'all', ...(weighed ? { weightFeature: 'w' } : {}) };
        const merged = statisticsOf(rows.slice(at), options);
        merged.merge(statisticsOf(rows.slice(0, at), options));
        const whole = crossOf(rows, options);
        expectNear(merged.extract().crossFeatures, whole.length > 0 ? whole : undefined, 1e-6);
      }),
      { numRuns: 40 },
    );
  });

  it('have nothing of weights that are no weights, neither their own nor those of others before', () => {
    const rows = (count: number, wrong?: number): Row[] =>
      Array.from({ length: count }, (_, i) => ({ x: (3 * i) % 7, y: i, z: [], w: i === 5 ? (wrong ?? 1) : 1 }));
    const options = { weightFeature: 'w' };
    const clean = crossOf(rows(5), options);
    for (const wrong of [Number.NaN, Infinity, -2]) {
      const statistics = statisticsOf(rows(21, wrong), options).extract();
      expect(statistics.crossFeatures![0].numCrossStats).toEqual(crossOf(rows(21, 0), options)[0].numCrossStats);
      expect(statistics.weightedNumExamples).toBe(20);
      const { mean } = statistics.features![0].numStats!.weightedNumericStats!;
      expect(mean).toBe(rows(21).reduce((sum, { x }, i) => sum + (i === 5 ? 0 : x!), 0) / 20);
      expect(crossOf(rows(5), options)).toEqual(clean);
    }
  });

  it('are all of them, by name, each once; values of lists do not count', () => {
    const rows = [1, 2, 3].map((x) => ({ x, y: -2 * x, z: x === 3 ? [1, 2] : [x], w: 1 }));
    const crosses = crossOf(rows, { crossFeatures: 'all' });
    const shown = crosses.map(({ pathX, pathY, count, numCrossStats }) => [
      `${pathX!.step}-${pathY!.step}`,
      count,
      numCrossStats?.correlation,
    ]);
    expect(shown).toEqual([
      ['w-x', 3, undefined],
      ['w-y', 3, undefined],
      ['w-z', 2, undefined],
      ['x-y', 3, -1],
      ['x-z', 2, 1],
      ['y-z', 2, -1],
    ]);
  });

  it('are refused where they are too many to hold', () => {
    const names = Array.from({ length: 1001 }, (_, i) => [`f${i}`, [i]]);
    const statistics = new DatasetStatistics({ crossFeatures: 'all' });
    expect(() => statistics.add(chunkOf(Object.fromEntries(names)))).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});
