import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from '../base/index.ts';
import { areaUnderCurve, brierScore, calibrationRatio, logLoss } from './metrics.ts';
import { ndcgAt } from './metrics-ranking.ts';
import { createReport, type ReportCombiner, type ScoredRows } from './metrics-report.ts';

describe('NDCG', () => {
  const group = fc.array(fc.record({ score: fc.integer({ min: 0, max: 2 }), label: fc.constantFrom(0, 0.5, 1) }), {
    minLength: 1,
    maxLength: 5,
  });

  test('is the mean over all orders that the scores allow', () => {
    fc.assert(
      fc.property(group, fc.integer({ min: 1, max: 6 }), (list, k) => {
        const { ndcg, groups } = ndcgAt(
          k,
          Float64Array.from(list, ({ score }) => score),
          Float32Array.from(list, ({ label }) => label),
          new Float32Array(list.length).fill(2),
          new Uint32Array(list.length),
        );
        const gain = (order: typeof list): number =>
          order.slice(0, k).reduce((sum, { label }, i) => sum + label / Math.log2(i + 2), 0);
        const orders = permutations(list);
        const best = Math.max(...orders.map(gain));
        if (best === 0) {
          expect(groups).toBe(0);
          expect(ndcg).toBeNaN();
          return;
        }
        const allowed = orders.filter((order) => order.every(({ score }, i) => i === 0 || order[i - 1].score >= score));
        expect(ndcg).toBeCloseTo(allowed.reduce((sum, order) => sum + gain(order), 0) / allowed.length / best, 10);
      }),
      { numRuns: 200 },
    );
  });

  test('weighs groups by their rows, and leaves out those without a positive', () => {
    const figures = ndcgAt(
      5,
      Float64Array.of(2, 1, 1, 2, 1, 2),
      Float32Array.of(1, 0, 1, 0, 0, 0),
      Float32Array.of(3, 3, 1, 1, 9, 9),
      Uint32Array.of(7, 7, 4, 4, 7, 7),
    );
    expect(figures).toEqual({ ndcg: (3 + 1 / Math.log2(3)) / 4, groups: 2, weight: 4 });
  });
});

describe('a report', () => {
  test('agrees with the metrics over all rows, and the area nearly', () => {
    const scored = someRows(5_000, 1);
    const { overall } = reportOf([scored]).extract();
    const { p, labels, weights, groups } = scored;
    expect(overall.rows).toBe(5_000);
    expect(overall.logLoss).toBeCloseTo(logLoss(p, labels, weights), 10);
    expect(overall.brier).toBeCloseTo(brierScore(p, labels, weights), 10);
    expect(overall.calibrationRatio).toBeCloseTo(calibrationRatio(p, labels, weights), 10);
    expect(Math.abs(overall.area - areaUnderCurve(p, labels, weights))).toBeLessThan(5e-4);
    expect(overall.ndcg).toBeCloseTo(ndcgAt(10, p, labels, weights, groups).ndcg, 10);
    expect(overall.reliability.length).toBe(10);
  });

  test('gives each slice what a report of its rows alone gives', () => {
    const scored = someRows(2_000, 2);
    const { slices } = reportOf([scored]).extract();
    expect(slices.map(({ dimension, slice }) => `${dimension} ${slice}`)).toEqual([
      'device phone',
      'device tv',
      'tier free',
      'tier premium',
    ]);
    const tv = Array.from({ length: 2_000 }, (_, r) => r).filter((r) => scored.slices.device.codes[r] === 1);
    const alone = reportOf([
      {
        rows: tv.length,
        p: Float64Array.from(tv, (r) => scored.p[r]),
        labels: Float32Array.from(tv, (r) => scored.labels[r]),
        weights: Float32Array.from(tv, (r) => scored.weights[r]),
        groups: Uint32Array.from(tv, (r) => scored.groups[r]),
      },
    ]).extract().overall;
    expect(slices[1]).toEqual({ dimension: 'device', slice: 'tv', ...alone });
  });

  test('is the same whole, in pieces, merged in any order', () => {
    const pieces = [someRows(300, 3), someRows(10, 4), someRows(500, 5)];
    const whole = reportOf(pieces).extract();
    const [a, b, c] = pieces.map((piece) => reportOf([piece]));
    for (const order of [
      [a, b, c],
      [c, a, b],
    ]) {
      const merged = createReport();
      for (const part of order) merged.merge(part);
      expectClose(merged.extract(), whole);
    }
    // The others stay as they were.
    expect(a.extract()).toEqual(reportOf([pieces[0]]).extract());
  });

  test('of nothing has no figures and no slices, and does not fail', () => {
    const { overall, slices } = createReport().extract();
    expect(overall.rows).toBe(0);
    expect(overall.logLoss).toBeNaN();
    expect(slices).toEqual([]);
  });

  test('refuses short arrays and reports of other options', () => {
    expect(() => createReport().add({ ...someRows(10, 1), rows: 11 })).toThrow(RangeError);
    expect(() => createReport().merge(createReport({ ndcgAt: 5 }))).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

function reportOf(pieces: readonly ScoredRows[]): ReportCombiner {
  const report = createReport();
  for (const piece of pieces) report.add(piece);
  return report;
}

/** Rows of ten, each of one tier and device; predictions lean with the labels. */
function someRows(rows: number, seed: number) {
  const rng = createRng(seed);
  const groups = Uint32Array.from({ length: rows }, (_, r) => Math.floor(r / 10));
  const truth = Float64Array.from({ length: rows }, () => 0.02 + 0.5 * rng.uniform() ** 2);
  return {
    rows,
    p: truth.map((t) => Math.min(0.99, t * (0.5 + rng.uniform()))),
    labels: Float32Array.from(truth, (t) => Number(rng.uniform() < t)),
    weights: Float32Array.from(truth, () => 0.5 + rng.below(3)),
    groups,
    slices: {
      tier: { names: ['free', 'premium', 'student'], codes: Uint8Array.from(groups, (g) => g % 2) },
      device: { names: ['phone', 'tv'], codes: Uint8Array.from(groups, (g) => (g >> 1) % 2) },
    },
  };
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((first, i) => permutations(list.toSpliced(i, 1)).map((rest) => [first, ...rest]));
}

/** Equal but for the last bits of sums. */
function expectClose(a: unknown, b: unknown): void {
  if (typeof a === 'number' && typeof b === 'number') {
    if (Number.isNaN(b)) expect(a).toBeNaN();
    else expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(b)));
  } else if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    expect(Object.keys(a)).toEqual(Object.keys(b));
    const right: Record<string, unknown> = { ...b };
    for (const [key, value] of Object.entries(a)) expectClose(value, right[key]);
  } else expect(a).toEqual(b);
}
