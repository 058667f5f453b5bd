import { describe, expect, it } from 'vitest';
import { type CaseTable, type GivenCase, runCases } from '../given-testing.ts';
import { type Histogram, parseText } from '../metadata/index.ts';
import { equalWidthHistogram, medianOf, quantilesHistogram, thinned } from './histograms.ts';
import type { Quantiles } from './quantile-sketch.ts';
import { expectNear } from './statistics-testing.ts';

function quantilesOf(values: readonly number[], cumulative: readonly number[]): Quantiles {
  return { values: Float64Array.from(values), cumulative: Float64Array.from(cumulative) };
}

function check(given: GivenCase, actual: Histogram): void {
  expectNear(actual, parseText('Histogram', given.protos[0].text));
}

const TWOS = quantilesOf([1, 2, 2, 2, 3, 3, 4], [1, 34, 34, 34, 51, 51, 60]);

const GIVEN: CaseTable = {
  'QuantilesUtilTest.test_generate_quantiles_histogram': (given) =>
    check(given, quantilesHistogram(quantilesOf([1, 60, 120, 180, 240, 300], [1, 60, 120, 180, 240, 300]))),
  'QuantilesUtilTest.test_all_duplicates': (given) =>
    check(given, quantilesHistogram(quantilesOf([1, 1, 1], [2, 2, 2]))),
  'QuantilesUtilTest.test_generate_quantiles_histogram_low_bucket_partial_duplicate': (given) =>
    check(given, quantilesHistogram(quantilesOf([1, 2, 2], [1, 2, 2]))),
  'QuantilesUtilTest.test_generate_quantiles_histogram_duplicate_buckets': (given) =>
    check(given, quantilesHistogram(TWOS)),
  'QuantilesUtilTest.test_generate_equi_width_histogram': (given) =>
    check(given, equalWidthHistogram(TWOS, { min: 1, max: 4, buckets: 2, positiveInfinities: 0 })),
};

runCases('py_quantiles_util_test.json', GIVEN);

/** [low, high, count] */
type Bucket = readonly [low: number, high: number, count: number];

const WIDTHS: readonly (readonly [
  name: string,
  values: number[],
  cumulative: number[],
  range: [number, number],
  buckets: number,
  infinities: number,
  expected: Bucket[],
])[] = [
  [
    'bounds of buckets that are quantiles',
    [1, 2, 3, 4, 5, 7],
    [2, 5, 7, 10, 12, 15],
    [1, 7],
    2,
    0,
    [
      [1, 4, 10],
      [4, 7, 5],
    ],
  ],
  [
    'bounds between quantiles',
    [1, 2, 3, 4, 5, 7],
    [2, 5, 7, 10, 12, 15],
    [1, 7],
    4,
    0,
    [
      [1, 2.5, 6],
      [2.5, 4, 4],
      [4, 5.5, 2.75],
      [5.5, 7, 2.25],
    ],
  ],
  ['one value', [5, 5, 5, 5, 5], [3, 3, 3, 3, 3], [5, 5], 1, 0, [[5, 5, 3]]],
  [
    'infinities before',
    [-Infinity, -Infinity, 1, 2, 3],
    [5, 7, 10, 12, 15],
    [1, 3],
    4,
    0,
    [
      [-Infinity, -Infinity, 7],
      [1, 1.5, 2.5],
      [1.5, 2, 2.5],
      [2, 2.5, 1.5],
      [2.5, 3, 1.5],
    ],
  ],
  [
    'infinities after',
    [1, 2, 3, Infinity, Infinity],
    [3, 5, 6, 7, 8],
    [1, 4],
    2,
    0.5,
    [
      [1, 2.5, 5.5],
      [2.5, 4, 2],
      [Infinity, Infinity, 0.5],
    ],
  ],
  [
    'infinities around one value',
    [-Infinity, 1, Infinity],
    [3, 5, 9],
    [1, 1],
    99,
    4,
    [
      [-Infinity, -Infinity, 3],
      [1, 1, 2],
      [Infinity, Infinity, 4],
    ],
  ],
  ['nothing finite', [-Infinity, Infinity], [1, 5], [-Infinity, Infinity], 99, 0.5, [[-Infinity, Infinity, 5]]],
  [
    'a width past the largest double',
    [-Number.MAX_VALUE, 0, Number.MAX_VALUE],
    [1, 3, 5],
    [-Number.MAX_VALUE, Number.MAX_VALUE],
    3,
    0,
    [],
  ],
];

describe('histograms of equal width', () => {
  it.each(WIDTHS)('%s', (_, values, cumulative, [min, max], buckets, positiveInfinities, expected) => {
    const actual = equalWidthHistogram(quantilesOf(values, cumulative), { min, max, buckets, positiveInfinities });
    const wanted = expected.map(([lowValue, highValue, sampleCount]) => ({ lowValue, highValue, sampleCount }));
    expectNear(actual, { buckets: wanted, type: 'STANDARD' });
  });

  it('keep the whole weight, whatever the quantiles', () => {
    for (let seed = 1; seed < 200; seed++) {
      const size = 2 + (seed % 18);
      let [value, weight] = [0, 0];
      const values = Array.from({ length: size }, (_, i) => (value += (seed >> (i % 7)) & 1));
      const cumulative = Array.from({ length: size }, (_, i) => (weight += 0.1 + ((seed * (i + 3)) % 11)));
      const range = { min: values[0], max: values[size - 1] };
      const { buckets } = equalWidthHistogram(quantilesOf(values, cumulative), {
        ...range,
        buckets: 1 + (seed % 39),
        positiveInfinities: 0,
      });
      expect(buckets!.reduce((sum, { sampleCount }) => sum + sampleCount!, 0)).toBeCloseTo(weight, 8);
    }
  });
});

describe('boundaries', () => {
  it('have a median: the middle one, or the mean of the two in the middle', () => {
    expect([[5], [3, 5], [3, 4, 5], [3, 4, 5, 6]].map(medianOf)).toEqual([5, 4, 4, 4.5]);
  });

  it('thin out by a factor of their parts only', () => {
    const quantiles = quantilesOf([0, 1, 2, 3, 4], [0, 1, 2, 3, 4]);
    expect(thinned(quantiles, 2)).toEqual(quantilesOf([0, 2, 4], [0, 2, 4]));
    expect(() => thinned(quantiles, 3)).toThrow(RangeError);
  });
});
