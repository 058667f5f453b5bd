/** Laws of the combiner: however examples are cut into chunks, shards and spans, the statistics are those of one pass. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import type { DatasetFeatureStatistics, FeatureNameStatistics } from '../metadata/index.ts';
import { DatasetStatistics, QuantileSketch, type Quantiles } from './index.ts';
import { TwinSketch } from './quantile-sketch.ts';
import { chunkOf, expectNear, FLOAT, INT, STRING } from './statistics-testing.ts';
import { ValueCounts } from './value-counts.ts';

interface Row {
  readonly number: readonly number[] | null;
  readonly text: readonly string[] | null;
  readonly record: readonly { readonly deep: readonly number[] | null }[] | null;
  readonly w: number;
}

const ROW: fc.Arbitrary<Row> = fc.record({
  number: fc.option(fc.array(fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 })), { maxLength: 4 })),
  text: fc.option(fc.array(fc.constantFrom('a', 'b', 'é', '\udc80', ''), { maxLength: 3 })),
  record: fc.option(
    fc.array(fc.record({ deep: fc.option(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 2 })) }), {
      maxLength: 2,
    }),
  ),
  w: fc.integer({ min: 1, max: 8 }).map((eighths) => eighths / 8),
});

const TYPES = {
  number: FLOAT,
  text: STRING,
  record: { kind: 'STRUCT', depth: 1, fields: new Map([['deep', INT]]) },
  w: FLOAT,
} as const;

function shardOf(rows: readonly Row[], options = { weightFeature: 'w' }): DatasetStatistics {
  const shard = new DatasetStatistics(options);
  const column = (name: keyof Row) => rows.map((row) => row[name]);
  const columns = { number: column('number'), text: column('text'), record: column('record'), w: column('w') };
  shard.add(chunkOf(columns, TYPES));
  return shard;
}

/** Cuts at these shares of the length. */
function cut<T>(rows: readonly T[], shares: readonly number[]): T[][] {
  const bounds = [0, ...shares.map((share) => Math.floor(share * rows.length)).sort((a, b) => a - b), rows.length];
  return bounds.slice(1).map((to, i) => rows.slice(bounds[i], to));
}

const CUTS = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });

/** Sums of large doubles round by their order; the rest is as exact as it can be. */
function withoutMoments(dataset: DatasetFeatureStatistics): DatasetFeatureStatistics {
  const features = dataset.features!.map((feature): FeatureNameStatistics => {
    if (!feature.numStats) return feature;
    const { mean, stdDev, weightedNumericStats, ...numStats } = feature.numStats;
    const { mean: _, stdDev: __, ...weighted } = weightedNumericStats ?? {};
    return { ...feature, numStats: { ...numStats, weightedNumericStats: weighted } };
  });
  return { ...dataset, features };
}

describe('statistics of shards', () => {
  it('merged are those of one pass, in any order', () => {
    fc.assert(
      fc.property(fc.array(ROW, { maxLength: 40 }), CUTS, fc.boolean(), (rows, shares, backwards) => {
        const shards = cut(rows, shares).map((part) => shardOf(part));
        if (backwards) shards.reverse();
        const merged = new DatasetStatistics({ weightFeature: 'w' });
        for (const shard of shards) merged.merge(shard);
        expectNear(withoutMoments(merged.extract()), withoutMoments(shardOf(rows).extract()), 1e-12);
      }),
      { numRuns: 60 },
    );
  });

  it('have the mean and deviation of one pass', () => {
    const rng = createRng(7);
    const rows = Array.from(
      { length: 5000 },
      (): Row => ({ number: [1e6 + rng.uniform()], text: null, record: null, w: 1 }),
    );
    const merged = new DatasetStatistics({ weightFeature: 'w' });
    for (const part of cut(rows, [0.1, 0.35, 0.36])) merged.merge(shardOf(part));
    const { mean, stdDev } = merged.extract().features![0].numStats!;
    const naive = rows.reduce((sum, row) => sum + row.number![0], 0) / rows.length;
    expect(mean).toBeCloseTo(naive, 8);
    expect(stdDev).toBeCloseTo(Math.sqrt(rows.reduce((sum, row) => sum + (row.number![0] - naive) ** 2, 0) / 5000), 8);
  });

  it('stay as they are when merged into others', () => {
    fc.assert(
      fc.property(fc.array(ROW, { maxLength: 10 }), fc.array(ROW, { maxLength: 10 }), (one, two) => {
        const [first, second] = [shardOf(one), shardOf(two)];
        const before = JSON.stringify(second.extract());
        first.merge(second);
        first.merge(shardOf(one));
        expect(JSON.stringify(second.extract())).toBe(before);
      }),
      { numRuns: 50 },
    );
  });

  it('refuse a feature of another type or nesting, and examples without a weight', () => {
    const statistics = shardOf([]);
    const mismatch = expect.objectContaining({ code: 'STATISTICS_COLUMN_MISMATCH' });
    expect(() => statistics.add(chunkOf({ number: ['x'], w: [1] }, { w: FLOAT }))).toThrow(mismatch);
    expect(() => statistics.add(chunkOf({ number: [[[1.5]]], w: [1] }, { w: FLOAT }))).toThrow(mismatch);
    expect(() => statistics.add(chunkOf({ text: ['x'] }))).toThrow(mismatch);
    expect(() => statistics.add(chunkOf({ w: [null] }, { w: FLOAT }))).toThrow(mismatch);
  });
});

/** The greatest departure of a boundary's rank from the rank asked for, as a share of the weight. */
function rankError(quantiles: Quantiles, values: readonly number[], weights: readonly number[]): number {
  const parts = quantiles.values.length - 1;
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let worst = 0;
  for (const [r, boundary] of quantiles.values.entries()) {
    let [below, upTo] = [0, 0];
    for (const i of order) {
      if (values[i] < boundary) below += weights[i];
      if (values[i] <= boundary) upTo += weights[i];
    }
    const wanted = (r / parts) * total;
    worst = Math.max(worst, Math.max(0, below - wanted, wanted - upTo) / total);
  }
  return worst;
}

describe('the quantile sketch', () => {
  const SHAPES: Record<string, (i: number, uniform: number) => number> = {
    rising: (i) => i,
    falling: (i) => -i,
    uniform: (_, uniform) => uniform,
    skewed: (_, uniform) => (-Math.log(uniform + 1e-12)) ** 3,
    'of few values': (_, uniform) => Math.floor(uniform * 12),
  };

  it.each(Object.entries(SHAPES))('keeps its rank error over one pass and over shards: %s', (_, shape) => {
    const rng = createRng(11);
    const n = 60_000;
    const values = Array.from({ length: n }, (_x, i) => shape(i, rng.uniform()));
    const weights = values.map((_x, i) => 1 + (i % 3));
    const whole = new QuantileSketch({ epsilon: 0.01 });
    const shards = Array.from({ length: 7 }, () => new QuantileSketch({ epsilon: 0.01 }));
    for (let i = 0; i < n; i++) {
      whole.add(values[i], weights[i]);
      shards[Math.floor((i * 7) / n)].add(values[i], weights[i]);
    }
    const merged = new QuantileSketch({ epsilon: 0.01 });
    for (const shard of shards) merged.merge(shard);
    expect(rankError(whole.quantiles(100), values, weights)).toBeLessThanOrEqual(0.01);
    expect(rankError(merged.quantiles(100), values, weights)).toBeLessThanOrEqual(0.01);
    expect(merged.quantiles(4).values[0]).toBe(values.reduce((a, b) => Math.min(a, b)));
    expect(merged.quantiles(4).values[4]).toBe(values.reduce((a, b) => Math.max(a, b)));
  });

  it('of values by count and by weight at once has the quantiles of two sketches', () => {
    const rng = createRng(5);
    const values = Float64Array.from({ length: 90_000 }, () => Math.floor(5e4 * rng.uniform() ** 2));
    const weights = Float64Array.from(values, (_, i) => (i % 7 === 0 ? 0 : 1 + (i % 3)));
    const [counted, weighed, twin] = [new QuantileSketch(), new QuantileSketch(), new TwinSketch()];
    const shards = [new TwinSketch(), new TwinSketch()];
    for (let from = 0; from < values.length; from += 1000) {
      const part = [values.subarray(from, from + 1000), weights.subarray(from, from + 1000)] as const;
      counted.addAll(part[0]);
      weighed.addAll(...part);
      twin.addAll(...part);
      shards[from < 70_000 ? 0 : 1].addAll(...part);
    }
    expect(twin.byCount(50)).toEqual(counted.quantiles(50));
    expect(twin.byWeight(50)).toEqual(weighed.quantiles(50));
    shards[0].merge(shards[1]);
    const ones = Array.from(values, () => 1);
    expect(rankError(shards[0].byCount(50), [...values], ones)).toBeLessThanOrEqual(0.01);
    expect(rankError(shards[0].byWeight(50), [...values], [...weights])).toBeLessThanOrEqual(0.01);
  });

  it('is exact and of no order while values are few', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { maxLength: 300 }), CUTS, (values, shares) => {
        const whole = new QuantileSketch();
        const merged = new QuantileSketch();
        for (const value of values.toReversed()) whole.add(value);
        for (const part of cut(values, shares)) {
          const shard = new QuantileSketch();
          for (const value of part) shard.add(value);
          merged.merge(shard);
        }
        expect(merged.quantiles(10)).toEqual(whole.quantiles(10));
      }),
    );
  });
});

describe('counts of texts', () => {
  it('keep their stated errors past the distinct values that are tracked, merged or not', () => {
    const rng = createRng(3);
    const tracked = 500;
    const truth = new Map<string, number>();
    const shards = Array.from({ length: 4 }, () => new ValueCounts(tracked, false));
    const occurrences = 100_000;
    for (let i = 0; i < occurrences; i++) {
      const value = `v${Math.floor(40_000 * rng.uniform() ** 4)}`;
      truth.set(value, (truth.get(value) ?? 0) + 1);
      shards[i % 4].add(value, 1);
    }
    const merged = new ValueCounts(tracked, false);
    for (const shard of shards) merged.merge(shard);
    expect(merged.exact).toBe(false);
    expect(merged.values).toBe(occurrences);
    const counted = new Map(merged.ranked('count', Infinity, 0).map(({ value, frequency }) => [value, frequency]));
    const short = [...truth].map(([value, count]) => count - (counted.get(value) ?? 0));
    expect(Math.min(...short)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...short)).toBeLessThanOrEqual(occurrences / tracked);
    expect(Math.abs(merged.unique / truth.size - 1)).toBeLessThan(0.04);
    expect(counted.size).toBeLessThanOrEqual(2 * tracked);
  });

  it.each([
    ['weighted', 30, true],
    ['past what is tracked', 6, true],
    ['not weighted', 6, false],
  ])('are the same however texts come, by dictionaries or alone: %s', (_, tracked, weighted) => {
    const WORDS = ['a', 'é', '\udc80', '', 'x'.repeat(2000), 'y'.repeat(1500), ...'bcdefghijklmnopq'];
    const parts = fc.array(
      fc.record({
        dictionary: fc.integer({ min: -1, max: 2 }),
        codes: fc.array(fc.tuple(fc.nat(WORDS.length - 1), fc.integer({ min: 1, max: 9 })), { maxLength: 30 }),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(parts, (given) => {
        // One that grows, one in another order, one that is complete from the start.
        const dictionaries: string[][] = [[], WORDS.toReversed(), [...WORDS]];
        const [coded, plain] = [new ValueCounts(tracked, weighted), new ValueCounts(tracked, weighted)];
        for (const { dictionary, codes } of given) {
          const words = dictionaries[dictionary] ?? [];
          for (const [word, weight] of codes) {
            plain.add(WORDS[word], weight);
            if (dictionary < 0) coded.add(WORDS[word], weight);
            else if (!words.includes(WORDS[word])) words.push(WORDS[word]);
          }
          if (dictionary < 0) continue;
          const weights = weighted ? Float64Array.from(codes, ([, weight]) => weight) : undefined;
          const places = Int32Array.from(codes, ([word]) => words.indexOf(WORDS[word]));
          coded.addCoded({ words, codes: places }, weights);
        }
        const told = (counts: ValueCounts) => [
          counts.values,
          counts.bytes,
          counts.notUtf8,
          counts.unique,
          counts.ranked('count', Infinity, 0),
          weighted && counts.ranked('weight', Infinity, 0),
        ];
        expect(told(coded)).toEqual(told(plain));
      }),
      { numRuns: 100 },
    );
  });

  it('tell large values apart only while they are exact', () => {
    const counts = new ValueCounts(2, false);
    for (const value of ['x'.repeat(2000), 'y'.repeat(2000), 'z'.repeat(2000), 'a']) counts.add(value, 1);
    expect(counts.ranked('count', 2, 1)).toEqual([
      { value: '__LARGE_BYTES__', frequency: 3 },
      { value: 'a', frequency: 1 },
    ]);
    expect(counts.unique).toBe(4);
    expect(counts.bytes).toBe(6001);
  });
});
