import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, normalTail, studentTTail } from '../../base/index.ts';
import type { GroupSums } from '../groups.ts';
import { normalInterval, studentTInterval } from './asymptotic.ts';
import { bcaInterval, bcaShift, percentileInterval, resampledValues } from './bootstrap.ts';
import { empiricalBernsteinInterval, hoeffdingInterval } from './bounded.ts';
import { comparePaired, intervalsByListener } from './by-listener.ts';
import { differenceOf, type Functional, leaveOneOut, liftOf, linearised, ratioOf, totalsOf } from './functional.ts';
import { sortedQuantile } from './interval.ts';
import { resampleSums } from './resample.ts';

/** Columns: decisions, base, num 1, den 1, rows 1, num 2, den 2, rows 2. */
const COLUMNS = 8;
const table = (groups: number, seed: number): GroupSums => {
  const rng = createRng(seed);
  const sums = Float64Array.from({ length: groups * COLUMNS }, () => 0.5 + rng.uniform());
  for (let g = 0; g < groups; g++) sums[g * COLUMNS] = 1 + rng.below(4);
  return { groups, columns: COLUMNS, sums };
};
const positions: Functional = ratioOf({
  decisions: 0,
  base: 1,
  terms: [
    { numerator: 2, normaliser: { denominator: 3, rows: 4 } },
    { numerator: 5, normaliser: { denominator: 6, rows: 7 } },
  ],
});
const plain: Functional = ratioOf({ decisions: 0, base: undefined, terms: [{ numerator: 2, normaliser: undefined }] });
const functionals: readonly (readonly [string, Functional])[] = [
  ['normalised by position, with a base', positions],
  ['plain', plain],
  ['a difference', differenceOf(positions, plain)],
  ['a lift', liftOf(positions, plain)],
];

describe('estimates as functions of sums', () => {
  it('are the mean of bases plus numerators over denominators', () => {
    const sums = Float64Array.of(4, 2, 3, 2, 6, 5, 10, 4);
    expect(positions.value(sums, 0)).toBeCloseTo((2 + (3 * 6) / 2 + (5 * 4) / 10) / 4, 14);
    expect(plain.value(sums, 0)).toBeCloseTo(3 / 4, 14);
  });

  it('leave out a term that nothing normalises', () => {
    expect(positions.value(Float64Array.of(4, 2, 3, 0, 6, 5, 10, 4), 0)).toBeCloseTo((2 + 2) / 4, 14);
  });

  it.each(functionals)('have the gradient of their value (%s)', (_, functional) => {
    const totals = totalsOf(table(5, 3));
    const gradient = new Float64Array(COLUMNS);
    functional.addGradient(totals, 0, 1, gradient);
    for (let c = 0; c < COLUMNS; c++) {
      const step = 1e-5 * totals[c];
      const [up, down] = [totals.slice(), totals.slice()];
      up[c] += step;
      down[c] -= step;
      expect(gradient[c]).toBeCloseTo((functional.value(up, 0) - functional.value(down, 0)) / (2 * step), 7);
    }
  });

  it.each(functionals)(
    'have nearly the standard error of the jackknife where groups are many (%s)',
    (_, functional) => {
      const groups = table(400, 5);
      const without = leaveOneOut(groups, functional);
      const mean = without.reduce((a, b) => a + b, 0) / 400;
      const jackknife = Math.sqrt((399 / 400) * without.reduce((sum, v) => sum + (v - mean) ** 2, 0));
      expect(linearised(groups, functional).standardError / jackknife).toBeCloseTo(1, 2);
    },
  );

  it('have the standard error of a sample mean where each group is one decision', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 40 }), (x) => {
        const sums = Float64Array.from(x.flatMap((value) => [1, value]));
        const functional = ratioOf({ decisions: 0, base: undefined, terms: [{ numerator: 1, normaliser: undefined }] });
        const { value, standardError } = linearised({ groups: x.length, columns: 2, sums }, functional);
        const mean = x.reduce((a, b) => a + b, 0) / x.length;
        const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (x.length - 1);
        expect(value).toBeCloseTo(mean, 10);
        expect(standardError).toBeCloseTo(Math.sqrt(variance / x.length), 10);
      }),
    );
  });
});

describe('resamples', () => {
  it('are the sums of a naive resampling by the same draws', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 37 }),
        fc.integer({ min: 1, max: 9 }),
        (count, resamples, columns) => {
          const values = createRng(count);
          const sums = Float64Array.from({ length: count * columns }, () => values.normal());
          const fast = resampleSums({ groups: count, columns, sums }, resamples, createRng(8));
          const rng = createRng(8);
          for (let b = 0; b < resamples; b++) {
            const wanted = new Float64Array(columns);
            for (let i = 0; i < count; i++) {
              const g = Math.floor((rng.uint32() * count) / 4294967296);
              for (let c = 0; c < columns; c++) wanted[c] += sums[g * columns + c];
            }
            for (let c = 0; c < columns; c++) expect(fast.sums[b * columns + c]).toBeCloseTo(wanted[c], 10);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('draw as many groups as there are, in more passes than one', () => {
    const groups = 5000;
    const sums = new Float64Array(groups).fill(1);
    const resampled = resampleSums({ groups, columns: 1, sums }, 50, createRng(1));
    expect(Array.from(resampled.sums)).toEqual(new Array(50).fill(groups));
  });

  it('refuse none', () => {
    expect(() => resampleSums(table(3, 1), 0, createRng(1))).toThrow(/option is not valid/);
    expect(() => resampleSums({ groups: 0, columns: 1, sums: new Float64Array(0) }, 10, createRng(1))).toThrow();
  });
});

describe('intervals', () => {
  it('interpolate quantiles', () => {
    const ascending = Float64Array.of(1, 2, 4, 8);
    expect([0, 1 / 3, 0.5, 0.9, 1].map((share) => sortedQuantile(ascending, share))).toEqual([
      1,
      2,
      3,
      expect.closeTo(4 + 0.7 * 4, 12),
      8,
    ]);
  });

  it('have the normal and Student’s quantiles', () => {
    const normal = normalInterval(1, 2, 0.9);
    expect(normalTail((normal.upper - 1) / 2)).toBeCloseTo(0.05, 12);
    expect(normal.lower).toBeCloseTo(2 - normal.upper, 12);
    const t = studentTInterval(1, 2, 7, 0.9);
    expect(studentTTail((t.upper - 1) / 2, 7)).toBeCloseTo(0.05, 12);
    expect(t.upper).toBeGreaterThan(normal.upper);
  });

  it('have the widths that theory gives', () => {
    const moments = { count: 1000, mean: 0.4, variance: 0.01 };
    const hoeffding = hoeffdingInterval(moments, 2);
    expect(hoeffding.upper - 0.4).toBeCloseTo(2 * Math.sqrt(Math.log(40) / 2000), 12);
    const bernstein = empiricalBernsteinInterval(moments, 2);
    expect(0.4 - bernstein.lower).toBeCloseTo(
      Math.sqrt((2 * 0.01 * Math.log(80)) / 999) + (14 * Math.log(80)) / (3 * 999),
      12,
    );
  });

  it('know nothing from one group', () => {
    const groups = table(1, 2);
    const all = intervalsByListener(groups, resampleSums(groups, 20, createRng(1)), positions);
    for (const interval of [all.normal, all.studentT, all.percentile, all.bca]) {
      expect(interval).toEqual({ lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY });
    }
  });

  it('by BCa are those by percentile where there is neither bias nor skewness, and shift to the side of the tail', () => {
    const values = Float64Array.from({ length: 999 }, (_, i) => i);
    const same = bcaInterval(values, { bias: 0, acceleration: 0 });
    const wanted = percentileInterval(values);
    expect(same.lower).toBeCloseTo(wanted.lower, 6);
    expect(same.upper).toBeCloseTo(wanted.upper, 6);
    const skewed = bcaInterval(values, { bias: 0, acceleration: 0.05 });
    expect(skewed.lower).toBeGreaterThan(same.lower);
    expect(skewed.upper).toBeGreaterThan(same.upper);
    expect(bcaInterval(values, { bias: 0, acceleration: 5 })).toMatchObject({ upper: 998 });
  });

  it('have a positive acceleration for a mean with a long right tail, zero for a symmetric one', () => {
    const mean = ratioOf({ decisions: 0, base: undefined, terms: [{ numerator: 1, normaliser: undefined }] });
    const of = (x: readonly number[]): GroupSums => ({
      groups: x.length,
      columns: 2,
      sums: Float64Array.from(x.flatMap((v) => [1, v])),
    });
    const shift = (x: readonly number[]) =>
      bcaShift(of(x), mean, resampledValues(resampleSums(of(x), 500, createRng(4)), mean));
    expect(shift([0, 0, 0, 0, 1, 10]).acceleration).toBeGreaterThan(0.05);
    // The skewness of the sample over 6 √n.
    const x = [0, 1, 2, 7];
    const central = x.map((v) => v - 2.5);
    const skewness = central.reduce((s, d) => s + d ** 3, 0) / 4 / (central.reduce((s, d) => s + d * d, 0) / 4) ** 1.5;
    expect(shift(x).acceleration).toBeCloseTo(skewness / (6 * Math.sqrt(4)), 10);
    expect(shift([-2, -1, 1, 2]).acceleration).toBeCloseTo(0, 12);
  });

  it('of differences are far narrower when both policies share listeners', () => {
    const rng = createRng(9);
    const count = 500;
    const sums = new Float64Array(count * 3);
    for (let g = 0; g < count; g++) {
      const taste = rng.normal();
      sums.set([1, 5 + taste + 0.1 * rng.normal(), 5.2 + taste + 0.1 * rng.normal()], 3 * g);
    }
    const groups = { groups: count, columns: 3, sums };
    const [b, a] = [1, 2].map((numerator) =>
      ratioOf({ decisions: 0, base: undefined, terms: [{ numerator, normaliser: undefined }] }),
    );
    const resampled = resampleSums(groups, 400, createRng(2));
    const alone = intervalsByListener(groups, resampled, a);
    const { difference, lift } = comparePaired(groups, resampled, a, b);
    for (const kind of ['normal', 'studentT', 'percentile', 'bca'] as const) {
      const width = difference[kind].upper - difference[kind].lower;
      expect(width).toBeLessThan((alone[kind].upper - alone[kind].lower) / 4);
      expect(difference[kind].lower).toBeGreaterThan(0.15);
      expect(lift?.[kind].upper).toBeLessThan(0.06);
    }
  });

  it('have no lift over nothing', () => {
    const groups = table(10, 1);
    const nothing = ratioOf({ decisions: 0, base: undefined, terms: [] });
    expect(comparePaired(groups, resampleSums(groups, 20, createRng(1)), plain, nothing).lift).toBeUndefined();
  });

  it('refuse levels outside (0, 1)', () => {
    for (const level of [0, 1, 95, Number.NaN])
      expect(() => normalInterval(0, 1, level)).toThrow(/option is not valid/);
  });
});
