import fc from 'fast-check';
import { expect, test } from 'vitest';
import { log1p } from './logarithm.ts';

test('is ln(1 + x) to twelve digits after the point', () => {
  const sizes = fc.oneof(
    fc.double({ min: 0, max: 4, noNaN: true }),
    fc.double({ min: 0, max: 1e300, noNaN: true }),
    fc.integer({ min: -40, max: 80 }).map((power) => 2 ** power),
  );
  fc.assert(
    fc.property(sizes, (x) => {
      expect(Math.abs(log1p(x) - Math.log1p(x))).toBeLessThan(1e-12);
    }),
    { numRuns: 5_000 },
  );
});

test('is 0 for what is not positive, and keeps NaN', () => {
  expect([log1p(0), log1p(-0), log1p(-3), log1p(Number.NEGATIVE_INFINITY)]).toEqual([0, 0, 0, 0]);
  expect(log1p(Number.NaN)).toBeNaN();
  expect(log1p(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
});
