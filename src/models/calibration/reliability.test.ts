import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { calibrationError, reliabilityTable } from './reliability.ts';

const rows = fc.array(
  fc.record({
    p: fc.integer({ min: 1, max: 19 }).map((k) => k / 20 + 0.001),
    label: fc.constantFrom(0, 0.25, 1),
    weight: fc.constantFrom(0, 1, 2.5),
  }),
  { minLength: 1, maxLength: 60 },
);

test('bins hold every row of weight once, and their means are weighted', () => {
  fc.assert(
    fc.property(rows, fc.constantFrom('equal-width' as const, 'equal-mass' as const), (list, binning) => {
      const table = reliabilityTable(
        Float64Array.from(list, ({ p }) => p),
        Float32Array.from(list, ({ label }) => label),
        Float32Array.from(list, ({ weight }) => weight),
        { bins: 7, binning },
      );
      const heavy = list.filter(({ weight }) => weight > 0);
      const sum = (of: (row: (typeof list)[number]) => number): number =>
        list.reduce((total, row) => total + of(row), 0);
      const inTable = (of: (bin: (typeof table)[number]) => number): number =>
        table.reduce((total, bin) => total + of(bin), 0);
      expect(inTable(({ weight }) => weight)).toBeCloseTo(
        sum(({ weight }) => weight),
        9,
      );
      expect(inTable((bin) => bin.weight * bin.meanPredicted)).toBeCloseTo(
        sum(({ weight, p }) => weight * p),
        9,
      );
      expect(inTable((bin) => bin.weight * bin.meanObserved)).toBeCloseTo(
        sum(({ weight, label }) => weight * label),
        9,
      );
      for (const { low, high, meanPredicted, meanObserved, interval } of table) {
        expect(meanPredicted).toBeGreaterThanOrEqual(low - 1e-12);
        expect(meanPredicted).toBeLessThanOrEqual(high + 1e-12);
        expect(interval[0]).toBeLessThanOrEqual(meanObserved + 1e-12);
        expect(interval[1]).toBeGreaterThanOrEqual(meanObserved - 1e-12);
      }
      // Rows of one prediction lie in one bin.
      for (const { p } of heavy)
        expect(table.filter(({ low, high }) => low - 1e-9 <= p && p <= high + 1e-9).length).toBe(1);
    }),
  );
});

test('equal mass is equal where predictions differ', () => {
  const p = Float64Array.from({ length: 1000 }, (_, r) => (r + 0.5) ** 2 / 1e6);
  const table = reliabilityTable(p, new Float32Array(1000), new Float32Array(1000).fill(2), { bins: 10 });
  expect(table.map(({ rows, weight }) => [rows, weight])).toEqual(Array.from({ length: 10 }, () => [100, 200]));
});

test('the interval is Wilson’s: 8 of 10 give 0.490 to 0.943', () => {
  const labels = Float32Array.from({ length: 10 }, (_, r) => Number(r < 8));
  const [bin] = reliabilityTable(new Float64Array(10).fill(0.7), labels, new Float32Array(10).fill(3));
  expect(bin.interval[0]).toBeCloseTo(0.4901625, 6);
  expect(bin.interval[1]).toBeCloseTo(0.9433178, 6);
});

test('intervals hold the true rate about 95 times of 100', () => {
  const rng = createRng(3);
  let held = 0;
  for (let trial = 0; trial < 2_000; trial++) {
    const labels = Float32Array.from({ length: 80 }, () => Number(rng.uniform() < 0.12));
    const [{ interval }] = reliabilityTable(new Float64Array(80).fill(0.1), labels, new Float32Array(80).fill(1));
    held += Number(interval[0] <= 0.12 && 0.12 <= interval[1]);
  }
  expect(held / 2_000).toBeGreaterThan(0.93);
  expect(held / 2_000).toBeLessThan(0.975);
});

test('errors are the weighted mean and the greatest gap', () => {
  const table = reliabilityTable(Float64Array.of(0.2, 0.2, 0.9), Float32Array.of(0, 1, 1), Float32Array.of(1, 1, 2), {
    bins: 2,
    binning: 'equal-width',
  });
  const { expected, maximum } = calibrationError(table);
  expect(expected).toBeCloseTo((2 * 0.3 + 2 * 0.1) / 4, 12);
  expect(maximum).toBeCloseTo(0.3, 12);
});
