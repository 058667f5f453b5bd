import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../base/index.ts';
import { likingFactor, moodFromLiking, tasteFactor } from './decay.ts';

const age = fc.double({ min: 0, max: 4000 * DAY_MS, noNaN: true });

describe('decay', () => {
  it('halves exactly at every half-life', () => {
    for (let n = 0; n <= 60; n++) {
      expect(likingFactor(n * 28 * DAY_MS)).toBe(2 ** -n);
      expect(tasteFactor(n * 180 * DAY_MS)).toBe(2 ** -n);
      expect(moodFromLiking(likingFactor(n * 28 * DAY_MS))).toBe(2 ** (-4 * n));
    }
    expect(moodFromLiking(likingFactor(7 * DAY_MS))).toBeCloseTo(0.5, 12);
  });

  it('agrees with the power of two within 1e-11', () => {
    fc.assert(
      fc.property(age, (ageMs) => {
        const days = ageMs / DAY_MS;
        expect(Math.abs(likingFactor(ageMs) / 2 ** (-days / 28) - 1)).toBeLessThan(1e-11);
        expect(Math.abs(tasteFactor(ageMs) / 2 ** (-days / 180) - 1)).toBeLessThan(1e-11);
        expect(Math.abs(moodFromLiking(likingFactor(ageMs)) / 2 ** (-days / 7) - 1)).toBeLessThan(1e-10);
      }),
    );
  });

  it('never grows with age, and composes: decay of a then b is decay of a + b', () => {
    fc.assert(
      fc.property(age, age, (a, b) => {
        expect(likingFactor(Math.max(a, b))).toBeLessThanOrEqual(likingFactor(Math.min(a, b)) * (1 + 1e-11));
        const together = likingFactor(a + b);
        expect(Math.abs(likingFactor(a) * likingFactor(b) - together)).toBeLessThanOrEqual(1e-10 * together);
      }),
    );
  });

  it('weighs the future as now, and what is beyond all measure as nothing', () => {
    expect(likingFactor(-5 * DAY_MS)).toBe(1);
    expect(likingFactor(28 * DAY_MS * 2000)).toBe(0);
    expect(likingFactor(Number.POSITIVE_INFINITY)).toBe(0);
  });
});
