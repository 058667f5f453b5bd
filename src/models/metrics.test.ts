import fc from 'fast-check';
import { expect, test } from 'vitest';
import { areaUnderCurve, brierScore, calibrationRatio, logLoss } from './metrics.ts';

const rows = fc.array(
  fc.record({
    p: fc.integer({ min: 1, max: 9 }).map((tenth) => tenth / 10),
    label: fc.constantFrom(0, 0.25, 1),
    weight: fc.constantFrom(0, 1, 2.5),
  }),
  { minLength: 1, maxLength: 40 },
);

test('the area is the share of pairs in the right order, ties counting half', () => {
  fc.assert(
    fc.property(rows, (list) => {
      let right = 0;
      let all = 0;
      for (const a of list) {
        for (const b of list) {
          const pair = a.weight * a.label * b.weight * (1 - b.label);
          all += pair;
          right += pair * (a.p > b.p ? 1 : a.p === b.p ? 0.5 : 0);
        }
      }
      const area = areaUnderCurve(
        Float64Array.from(list, ({ p }) => p),
        Float32Array.from(list, ({ label }) => label),
        Float32Array.from(list, ({ weight }) => weight),
      );
      if (all === 0) expect(area).toBeNaN();
      else expect(area).toBeCloseTo(right / all, 10);
    }),
  );
});

test('log loss and calibration are weighted means', () => {
  const p = Float64Array.of(0.5, 0.25);
  const labels = Float32Array.of(1, 0);
  const weights = Float32Array.of(3, 1);
  expect(logLoss(p, labels, weights)).toBeCloseTo((3 * Math.LN2 - Math.log(0.75)) / 4, 12);
  expect(calibrationRatio(p, labels, weights)).toBeCloseTo(1.75 / 3, 12);
});

test('a constant prediction of the rate has its Brier score', () => {
  const labels = Float32Array.of(1, 0, 0, 0);
  const weights = Float32Array.of(1, 1, 1, 1);
  expect(brierScore(new Float64Array(4).fill(0.25), labels, weights)).toBeCloseTo(0.25 * 0.75, 12);
  expect(brierScore(Float64Array.of(0, 0, 0, 1), labels, Float32Array.of(1, 1, 1, 0))).toBeCloseTo(1 / 3, 12);
});
