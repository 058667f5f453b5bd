/** Laws of the combiner: however examples are cut into chunks, shards and spans, the statistics are those of one pass. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { NUMBER_SORT_LIMIT } from '../../kernels/index.ts';
import type { DatasetFeatureStatistics, FeatureNameStatistics } from '../metadata/index.ts';
import { DatasetStatistics, QuantileSketch, type Quantiles } from './index.ts';
import { sizesOf, TwinSketch } from './quantile-sketch.ts';
import { SummaryStack, summaryOfSorted } from './quantile-summary.ts';
import { capacityFor } from './sorting.ts';
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
function rankError({ values: boundaries }: Quantiles, values: ArrayLike<number>, weights?: ArrayLike<number>): number {
  const parts = boundaries.length - 1;
  /** What weighs first at each boundary: what lies below it, and what lies up to it. */
  const [below, upTo] = [new Float64Array(parts + 2), new Float64Array(parts + 2)];
  const firstThat = (from: number, holds: (boundary: number) => boolean): number => {
    let [low, high] = [from, parts + 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(boundaries[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const [value, weight] = [values[i], weights ? weights[i] : 1];
    const reached = firstThat(0, (boundary) => boundary >= value);
    upTo[reached] += weight;
    below[firstThat(reached, (boundary) => boundary > value)] += weight;
    total += weight;
  }
  let [worst, least, most] = [0, 0, 0];
  for (let r = 0; r <= parts; r++) {
    least += below[r];
    most += upTo[r];
    worst = Math.max(worst, least - (r / parts) * total, (r / parts) * total - most);
  }
  return worst / total;
}

describe('the quantile sketch', () => {
  const SHAPES: Record<string, (i: number, uniform: number) => number> = {
    rising: (i) => i,
    falling: (i) => -i,
    uniform: (_, uniform) => uniform,
    skewed: (_, uniform) => (-Math.log(uniform + 1e-12)) ** 3,
    'of few values': (_, uniform) => Math.floor(uniform * 12),
  };

  // Some 30 buffers, of which shards fill 1 to 7: their summaries meet at every level.
  const MANY = { options: { epsilon: 0.01 }, count: 1_000_000, bound: 0.0006 };
  // Some 100 buffers, of few values each.
  const COARSE = { options: { epsilon: 0.25, maxValues: 60_000 }, count: 60_000, bound: 0.045 };
  const cases = Object.entries(SHAPES).flatMap(([name, shape]) =>
    [MANY, COARSE].flatMap((size) => [false, true].map((weighted) => ({ name, shape, weighted, ...size }))),
  );

  it.each(cases)(
    'keeps its rank error over one pass and over shards: $count, $name, weighted: $weighted',
    ({ shape, weighted, options, count, bound }) => {
      const rng = createRng(11);
      const values = Float64Array.from({ length: count }, (_x, i) => shape(i, rng.uniform()));
      const weights = weighted ? values.map((_x, i) => 1 + (i % 3)) : undefined;
      const whole = new QuantileSketch(options);
      whole.addAll(values, weights);
      const merged = new QuantileSketch(options);
      for (let shard = 0; shard < 7; shard++) {
        const [from, to] = [shard, shard + 1].map((k) => Math.floor((k * (k + 1) * count) / 56));
        const sketch = new QuantileSketch(options);
        sketch.addAll(values.subarray(from, to), weights?.subarray(from, to));
        merged.merge(sketch);
      }
      for (const sketch of [whole, merged]) {
        const quantiles = sketch.quantiles(100);
        expect(rankError(quantiles, values, weights)).toBeLessThanOrEqual(bound);
        expect(quantiles.values[0]).toBe(values.reduce((a, b) => Math.min(a, b)));
        expect(quantiles.values[100]).toBe(values.reduce((a, b) => Math.max(a, b)));
      }
    },
  );

  it('holds values one by one as it holds many at once', () => {
    const rng = createRng(2);
    const values = Float64Array.from({ length: 50_000 }, () => rng.uniform());
    const weights = values.map((_, i) => i % 3);
    const [single, together] = [new QuantileSketch({ epsilon: 0.1 }), new QuantileSketch({ epsilon: 0.1 })];
    for (const [i, value] of values.entries()) single.add(value, weights[i]);
    together.addAll(
      values.filter((_, i) => weights[i] > 0),
      weights.filter((weight) => weight > 0),
    );
    expect(single.quantiles(50)).toEqual(together.quantiles(50));
  });

  it.each([1, 4, 100, 1000])('holds for as few values as %d', (maxValues) => {
    const values = Float64Array.from({ length: 500 }, (_, i) => i);
    const sketch = new QuantileSketch({ epsilon: 0.5, maxValues });
    for (let from = 0; from < 500; from += 100) sketch.addAll(values.subarray(from, from + 100));
    expect(rankError(sketch.quantiles(4), values)).toBeLessThanOrEqual(0.5);
  });

  it('buffers no more than 2^20 values, however small epsilon is', () => {
    for (const epsilon of [0.01, 1e-4, 1e-6]) {
      const { capacity } = sizesOf({ epsilon });
      expect(capacityFor(capacity)).toBeLessThanOrEqual(2 ** 20);
    }
    const values = Float64Array.from({ length: 2 ** 20 + 9 }, (_, i) => i);
    const sketch = new QuantileSketch({ epsilon: 1e-6 });
    sketch.addAll(values);
    expect(rankError(sketch.quantiles(100), values)).toBeLessThanOrEqual(1e-6);
  });

  it('has a sorter of what fits, rather than none, for more than half of it', () => {
    expect(capacityFor(33_000)).toBe(65_536);
    expect(capacityFor(2 ** 26 + 1)).toBe(NUMBER_SORT_LIMIT);
    expect(capacityFor(NUMBER_SORT_LIMIT + 1)).toBe(NUMBER_SORT_LIMIT + 1);
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
    expect(rankError(shards[0].byCount(50), values)).toBeLessThanOrEqual(0.01);
    expect(rankError(shards[0].byWeight(50), values, weights)).toBeLessThanOrEqual(0.01);
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

describe('a stack of summaries', () => {
  it('holds about as many entries a level, however much was pushed', () => {
    const rng = createRng(4);
    const [block, epsilon, buffers] = [500, 0.02, 500];
    const stack = new SummaryStack(block, epsilon);
    const all = new Float64Array(buffers * 2000);
    for (let from = 0; from < all.length; from += 2000) {
      const buffer = Float64Array.from({ length: 2000 }, () => rng.uniform()).sort();
      all.set(buffer, from);
      stack.push(summaryOfSorted(buffer, block));
    }
    const { size, values, maxRanks } = stack.with(summaryOfSorted(new Float64Array(0)));
    // 111110100 in binary: of six levels.
    expect(size).toBeLessThanOrEqual(6 * (block + 3));
    expect(size).toBeGreaterThan(5 * block);
    expect(maxRanks[size - 1]).toBe(all.length);
    all.sort();
    expect([values[0], values[size - 1]]).toEqual([all[0], all[all.length - 1]]);
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
