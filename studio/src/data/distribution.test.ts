import { describe, expect, it } from 'vitest';
import type { FeatureFigures } from '../../../src/server/contract.ts';
import { axisOf, barsOf, heightOf, outline, peakOf, valueRows } from './distribution.ts';

function numeric(histogram: readonly [number, number, number][], quantiles: readonly number[] = []): FeatureFigures {
  const values = histogram.reduce((sum, [, , count]) => sum + count, 0);
  return {
    type: 'FLOAT',
    present: values,
    missing: 0,
    missingShare: 0,
    values,
    numeric: {
      mean: 0,
      stdDev: 0,
      zeroShare: 0,
      min: 0,
      median: 0,
      max: 0,
      quantiles,
      histogram: histogram.map(([from, to, count]) => ({ from, to, count })),
    },
    categorical: null,
  };
}
function texts(top: readonly (readonly [string, number])[], values: number): FeatureFigures {
  const categorical = { unique: top.length, avgLength: 1, top: top.map(([value, count]) => ({ value, count })) };
  return { ...numeric([]), type: 'STRING', values, present: values, numeric: null, categorical };
}
const narrow = numeric([
  [0, 1, 30],
  [1, 2, 10],
]);
const wide = numeric([[0, 4, 8]]);

describe('a distribution', () => {
  it('has heights by width, so that buckets of any width compare', () => {
    const axis = axisOf([narrow, wide], 'standard', 'linear');
    expect([axis?.low, axis?.high]).toEqual([0, 4]);
    const [bars, others] = [narrow, wide].map((side) => barsOf(side, axis as never, 'standard', 'share'));
    expect(bars?.map(({ density }) => density)).toEqual([3, 1]);
    expect(others?.map(({ density }) => density)).toEqual([1]);
    expect(peakOf([bars as never, others as never])).toBe(3);
    expect(barsOf(wide, axis as never, 'standard', 'count')[0]?.density).toBe(8);
  });

  it('has quantiles with as many values each; equal ones are one bar that can be seen', () => {
    const side = numeric([[0, 10, 40]], [0, 0, 0, 5, 10]);
    const bars = barsOf(side, axisOf([side], 'quantiles', 'linear') as never, 'quantiles', 'share');
    expect(bars.map(({ from, to, share }) => [from, to, share])).toEqual([
      [0, 0, 0.5],
      [0, 5, 0.25],
      [5, 10, 0.25],
    ]);
    expect(bars[0]?.right).toBeGreaterThan(0);
  });

  it('stands on a logarithmic axis where its values do, and is drawn for one value alone', () => {
    const side = numeric([
      [0, 1, 1],
      [1, 1000, 1],
    ]);
    const axis = axisOf([side], 'standard', 'log-values');
    expect(axis?.place(0)).toBe(0);
    expect(axis?.place(1000)).toBe(1);
    expect(axis?.place(Math.sqrt(500))).toBeCloseTo(0.5);
    const below = axisOf([numeric([[-1, 1, 1]])], 'standard', 'log-values');
    expect(below?.place(0)).toBe(0.5);
    const one = axisOf([numeric([[7, 7, 3]])], 'standard', 'linear');
    expect([one?.low, one?.high]).toEqual([6.5, 7.5]);
    expect(axisOf([null, numeric([])], 'standard', 'linear')).toBeUndefined();
  });

  it('shows what is rare on a logarithmic scale of heights, and nothing as nothing', () => {
    expect(heightOf(0.01, 'linear')).toBe(0.01);
    expect(heightOf(0.01, 'log')).toBeCloseTo(1 / 3);
    expect(heightOf(1e-9, 'log')).toBe(0.02);
    expect(heightOf(0, 'log')).toBe(0);
  });

  it('is a closed path within its box', () => {
    const axis = axisOf([narrow], 'standard', 'linear');
    const bars = barsOf(narrow, axis as never, 'standard', 'share');
    expect(outline(bars, peakOf([bars]), 'linear', 100, 30)).toBe(
      'M0.0,30L0.0,0.0L50.0,0.0L50.0,20.0L100.0,20.0L100.0,30Z',
    );
    expect(outline([], 1, 'linear', 100, 30)).toBe('');
  });
});

describe('values', () => {
  it('stand by their largest share of any set, with none where a set lacks the feature', () => {
    const rows = valueRows([
      texts([['free', 60]], 100),
      null,
      texts(
        [
          ['trial', 9],
          ['free', 1],
        ],
        10,
      ),
    ]);
    expect(rows).toEqual([
      { value: 'trial', counts: [0, null, 9], shares: [0, null, 0.9] },
      { value: 'free', counts: [60, null, 1], shares: [0.6, null, 0.1] },
    ]);
  });
});
