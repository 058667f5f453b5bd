import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { evaluationRows } from '../rows.ts';
import { driftBetween } from './drift.ts';
import { LogHistogram } from './log-histogram.ts';
import { skewedTest } from './skewness.ts';
import { MissingMassMeter, SupportBySlice } from './support.ts';
import { MeanWeightMeter, WeightDiagnostics } from './weights.ts';

const weight = fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e9, noNaN: true }));

describe('quantiles of a stream', () => {
  it('are within the stated error of the exact ones, for any order and any split', () => {
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (x, share) => {
          const [whole, left, right] = [new LogHistogram(0.02), new LogHistogram(0.02), new LogHistogram(0.02)];
          x.forEach((value, i) => {
            whole.add(value);
            (i % 3 === 0 ? left : right).add(value);
          });
          left.merge(right);
          const sorted = [...x].sort((a, b) => a - b);
          const exact = share === 0 ? sorted[0] : sorted[Math.max(1, Math.ceil(share * x.length)) - 1];
          expect(Math.abs(whole.quantile(share) - exact)).toBeLessThanOrEqual(0.02 * exact * (1 + 1e-9));
          expect(left.quantile(share)).toBe(whole.quantile(share));
          expect([whole.quantile(0), whole.quantile(1)]).toEqual([sorted[0], sorted.at(-1)]);
          expect(whole.filled().reduce((sum, { count }) => sum + count, whole.zeros)).toBe(x.length);
        },
      ),
    );
  });

  it('refuse what has no logarithm, and other errors', () => {
    for (const x of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new LogHistogram().add(x)).toThrow(/outside the range/);
    }
    expect(() => new LogHistogram(0.01).merge(new LogHistogram(0.02))).toThrow();
    expect(new LogHistogram().quantile(0.5)).toBeNaN();
  });
});

describe('weights', () => {
  it('are summed as a naive reader would, in whatever chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 2, maxLength: 60 }), (x) => {
        const diagnostics = new WeightDiagnostics([1, 10]);
        const half = x.length >> 1;
        diagnostics.add({ weights: Float64Array.from(x.slice(0, half)), rows: half });
        diagnostics.add({ weights: Float64Array.from([...x.slice(half), 777]), rows: x.length - half });
        const report = diagnostics.summary();
        const sum = x.reduce((a, b) => a + b, 0);
        const squares = x.reduce((a, b) => a + b * b, 0);
        expect(report.rows).toBe(x.length);
        expect(report.mean).toBeCloseTo(sum / x.length, 9);
        expect(report.effectiveSize).toBeCloseTo(squares > 0 ? sum ** 2 / squares : 0, 6);
        expect(report.largest).toBe(Math.max(...x));
        expect(report.largestShare).toBeCloseTo(sum > 0 ? Math.max(...x) / sum : 0, 9);
        expect(report.zeroShare).toBeCloseTo(x.filter((w) => w === 0).length / x.length, 12);
        const beyond = x.reduce((total, w) => total + Math.max(0, w - 10), 0);
        expect(report.clipped[1].share).toBeCloseTo(sum > 0 ? beyond / sum : 0, 9);
      }),
    );
  });

  it('have a mean whose error is that of listeners, not of rows', () => {
    const rng = createRng(3);
    const [weights, listenerOf] = [new Float64Array(4000), new Uint32Array(4000)];
    for (let listener = 0, row = 0; listener < 400; listener++) {
      const own = rng.exponential();
      for (let k = 0; k < 10; k++, row++) {
        weights[row] = own;
        listenerOf[row] = listener;
      }
    }
    const meter = new MeanWeightMeter(512);
    meter.add(evaluationRows({ weights, rewards: new Float64Array(4000), listenerOf }));
    const { mean, standardError, z, groups, effectiveGroups } = meter.summary();
    expect(mean).toBeCloseTo(weights.reduce((a, b) => a + b, 0) / 4000, 12);
    expect(standardError).toBeGreaterThan(0.8 / Math.sqrt(400));
    expect(groups).toBe(400);
    expect(effectiveGroups).toBeGreaterThan(150);
    expect(effectiveGroups).toBeLessThan(260);
    expect(Math.abs(z)).toBeLessThan(3);
  });

  it('that are all 1 are 1, without an error', () => {
    const meter = new MeanWeightMeter();
    meter.add(evaluationRows({ weights: new Float64Array(9).fill(1), rewards: new Float64Array(9) }));
    expect(meter.summary()).toMatchObject({ mean: 1, standardError: 0, z: 0, corrected: 0, effectiveGroups: 9 });
  });
});

describe('a test of skewed means', () => {
  it('corrected alarms about as often as it should where z alone does not', () => {
    const rng = createRng(21);
    const alarms = { z: 0, corrected: 0 };
    const [logs, n] = [4000, 400];
    for (let log = 0; log < logs; log++) {
      // Weights of a policy that takes one action in twenty always: 20 or 0.
      const moments = { count: n, first: 0, second: 0, third: 0 };
      for (let i = 0; i < n; i++) {
        const off = (rng.uniform() < 0.05 ? 20 : 0) - 1;
        moments.first += off;
        moments.second += off ** 2;
        moments.third += off ** 3;
      }
      const { z, corrected } = skewedTest(moments);
      if (Math.abs(z) > 3) alarms.z++;
      if (Math.abs(corrected) > 3) alarms.corrected++;
    }
    // Three standard errors: 0.27%.
    expect(alarms.z / logs).toBeGreaterThan(0.006);
    expect(alarms.corrected / logs).toBeLessThan(0.006);
  });

  it('of constants is nothing or certain', () => {
    expect(skewedTest({ count: 5, first: 0, second: 0, third: 0 })).toMatchObject({ z: 0, corrected: 0 });
    expect(skewedTest({ count: 4, first: 4, second: 4, third: 4 }).corrected).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('support', () => {
  it('is told by slice, with the overlap of both policies', () => {
    const support = new SupportBySlice(['SE', 'US', 'nobody']);
    // π_b = (0.5, 0.5), π_e = (0.9, 0.1): Σ min = 0.6.
    for (let i = 0; i < 100; i++) support.add(0, i % 2 === 0 ? 1.8 : 0.2);
    for (let i = 0; i < 10; i++) support.add(1, i === 0 ? 10 : 0);
    support.addMissing(1, 0.5);
    const [se, us, ...rest] = support.summary();
    expect(rest).toEqual([]);
    expect(se).toMatchObject({ slice: 'SE', rows: 100, missing: undefined });
    expect(se.overlap).toBeCloseTo(0.6, 12);
    expect(se.meanWeight).toBeCloseTo(1, 12);
    expect(us).toMatchObject({ effectiveSize: 1, zeroShare: 0.9, missing: { audited: 1, mean: 0.5 } });
  });

  it('bounds missing mass from above, and by more where little was audited', () => {
    const of = (n: number) => {
      const meter = new MissingMassMeter();
      for (let i = 0; i < n; i++) meter.add(0);
      return meter.summary();
    };
    expect(of(0)).toBeUndefined();
    expect(of(9)).toMatchObject({ mean: 0, upper: 0.1 });
    expect(of(999)?.upper).toBeCloseTo(0.001, 12);
    expect(() => new MissingMassMeter().add(1.1)).toThrow(/option is not valid/);
  });
});

describe('drift', () => {
  it('is 0 between the same and 1 between disjoint contexts', () => {
    const same = driftBetween([50, 30, 20], [5, 3, 2]);
    expect(same.totalVariation).toBeCloseTo(0, 12);
    expect(same.jensenShannon).toBeCloseTo(0, 12);
    expect(same.pValue).toBeCloseTo(1, 6);
    const disjoint = driftBetween([50, 0], [0, 50]);
    expect(disjoint.totalVariation).toBeCloseTo(1, 12);
    expect(disjoint.jensenShannon).toBeCloseTo(1, 12);
    expect(disjoint.pValue).toBeLessThan(1e-10);
  });

  it('is symmetric, and bounded by the total variation', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        fc.pre(a.some((x) => x > 0) && b.some((x) => x > 0));
        const [there, back] = [driftBetween(a, b), driftBetween(b, a)];
        expect(there.totalVariation).toBeCloseTo(back.totalVariation, 12);
        expect(there.jensenShannon).toBeCloseTo(back.jensenShannon, 12);
        expect(there.jensenShannon).toBeLessThanOrEqual(there.totalVariation + 1e-12);
        expect(there.totalVariation).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  it('of two samples of one distribution is about what it expects, and a chi-square', () => {
    const rng = createRng(5);
    const shares = [0.4, 0.3, 0.15, 0.1, 0.05];
    const sample = (n: number): number[] => {
      const counts = new Array<number>(5).fill(0);
      for (let i = 0; i < n; i++) {
        let u = rng.uniform();
        let k = 0;
        while (k < 4 && u >= shares[k]) u -= shares[k++];
        counts[k]++;
      }
      return counts;
    };
    let [seen, expected, small] = [0, 0, 0];
    for (let i = 0; i < 400; i++) {
      const drift = driftBetween(sample(300), sample(700));
      seen += drift.totalVariation;
      expected += drift.expectedTotalVariation;
      if (drift.pValue < 0.05) small++;
    }
    expect(seen / expected).toBeCloseTo(1, 1);
    expect(small).toBeGreaterThan(5);
    expect(small).toBeLessThan(40);
  });

  it('refuses other categories and empty sides', () => {
    expect(() => driftBetween([1], [1, 2])).toThrow();
    expect(() => driftBetween([0, 0], [1, 2])).toThrow();
  });
});
