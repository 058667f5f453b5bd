import { describe, expect, it } from 'vitest';
import { createRng } from './rng.ts';
import { chiSquare, chiSquareTail, logGamma, upperGamma } from './statistics.ts';

describe('gamma functions', () => {
  it('knows factorials and the half-integer values', () => {
    let factorial = 0;
    for (let n = 1; n <= 100; n++) {
      expect(logGamma(n)).toBeCloseTo(factorial, 9);
      factorial += Math.log(n);
    }
    expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 13);
    expect(logGamma(0.1)).toBeCloseTo(2.252712651734206, 12);
  });

  it('agrees with the closed forms: 1 degree of freedom is erfc, 2 an exponential, even ones a Poisson sum', () => {
    expect(chiSquareTail(3.841458820694124, 1)).toBeCloseTo(0.05, 12);
    expect(chiSquareTail(10.827566170662733, 1)).toBeCloseTo(0.001, 12);
    for (const x of [0, 0.1, 1, 5, 20, 100]) expect(chiSquareTail(x, 2)).toBeCloseTo(Math.exp(-x / 2), 13);
    for (const half of [1, 3, 10, 60, 200]) {
      for (const x of [0.3 * half, half, 1.4 * half]) {
        let term = Math.exp(-x);
        let sum = term;
        for (let k = 1; k < half; k++) sum += term *= x / k;
        expect(upperGamma(half, x)).toBeCloseTo(sum, 11);
      }
    }
  });

  it('keeps its accuracy for many degrees of freedom', () => {
    // Wilson-Hilferty's normal approximation is good to about 1e-5 there.
    for (const df of [1e3, 1e4, 1e5, 1e6]) {
      expect(chiSquareTail(df, df)).toBeCloseTo(0.5 - 1 / (3 * Math.sqrt(Math.PI * df)), 5);
      expect(chiSquareTail(df + 3.0902 * Math.sqrt(2 * df), df)).toBeGreaterThan(0.0009);
      expect(chiSquareTail(df + 3.0902 * Math.sqrt(2 * df), df)).toBeLessThan(0.0016);
    }
  });

  it('refuses what is outside its domain', () => {
    expect(() => upperGamma(0, 1)).toThrow(/domain/);
    expect(() => upperGamma(1, -1)).toThrow(/domain/);
    expect(() => upperGamma(1, Number.NaN)).toThrow(/domain/);
    expect(upperGamma(3, Number.POSITIVE_INFINITY)).toBe(0);
  });
});

describe('chi-square', () => {
  it('gives a fair die p values that are themselves even', () => {
    const rng = createRng(5);
    const probabilities = [0.3, 0.25, 0.2, 0.15, 0.0991, 0.0009];
    let below = 0;
    const runs = 1000;
    for (let run = 0; run < runs; run++) {
      const counts = [0, 0, 0, 0, 0, 0];
      for (let i = 0; i < 400; i++) {
        let u = rng.uniform();
        let k = 0;
        while (k < 5 && u >= probabilities[k]) u -= probabilities[k++];
        counts[k]++;
      }
      const { statistic, degreesOfFreedom } = chiSquare(counts, probabilities, 400);
      expect(degreesOfFreedom).toBe(4);
      if (chiSquareTail(statistic, degreesOfFreedom) < 0.1) below++;
    }
    expect(below / runs).toBeGreaterThan(0.07);
    expect(below / runs).toBeLessThan(0.13);
  });

  it('is infinite where something impossible was seen, and empty where nothing can be told', () => {
    expect(chiSquare([90, 10, 1], [0.9, 0.1, 0], 101).statistic).toBe(Number.POSITIVE_INFINITY);
    expect(chiSquare([4, 2], [0.5, 0.5], 6)).toEqual({ statistic: 0, degreesOfFreedom: 0 });
    expect(chiSquare([100], [1], 100)).toEqual({ statistic: 0, degreesOfFreedom: 0 });
  });
});
