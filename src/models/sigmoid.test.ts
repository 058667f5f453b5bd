import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logit, sigmoid } from './sigmoid.ts';

test('is the logistic function to eleven digits, and mirrors', () => {
  fc.assert(
    fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (x) => {
      const exact = 1 / (1 + Math.exp(-x));
      expect(Math.abs(sigmoid(x) / exact - 1)).toBeLessThan(1e-11);
      expect(sigmoid(x) + sigmoid(-x)).toBeCloseTo(1, 10);
      if (Math.abs(x) < 20) expect(logit(sigmoid(x))).toBeCloseTo(x, 5);
    }),
    { numRuns: 2_000 },
  );
});

test('rises with its argument', () => {
  for (let k = -30_000; k < 30_000; k += 7) expect(sigmoid((k + 7) / 1000)).toBeGreaterThan(sigmoid(k / 1000));
});

test('stays strictly within (0, 1) and keeps NaN', () => {
  for (const x of [1e300, Number.POSITIVE_INFINITY, 31, 0, -0, -31, Number.NEGATIVE_INFINITY]) {
    expect(sigmoid(x)).toBeGreaterThan(0);
    expect(sigmoid(x)).toBeLessThan(1);
  }
  expect(sigmoid(Number.NaN)).toBeNaN();
});
