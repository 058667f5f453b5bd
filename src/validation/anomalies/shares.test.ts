import { describe, expect, it } from 'vitest';
import { chanceOfFewer } from './shares.ts';

function choose(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result *= (n - k + i) / i;
  return result;
}

describe('the chance of fewer', () => {
  it('is that of the binomial law', () => {
    for (const [a, b, total, before] of [
      [0, 10, 100, 100],
      [3, 20, 50, 200],
      [7, 5, 40, 30],
      [12, 30, 100, 100],
    ]) {
      const q = total / (total + before);
      let sum = 0;
      for (let k = 0; k <= a; k++) sum += choose(a + b, k) * q ** k * (1 - q) ** (a + b - k);
      const chance = chanceOfFewer({ count: a, total }, { count: b, total: before });
      expect(chance).toBeCloseTo(sum, 10);
    }
  });

  it('is small where much is lost of many, and 1 where nothing can be said', () => {
    expect(chanceOfFewer({ count: 1000, total: 1e7 }, { count: 1e6, total: 1e7 })).toBeLessThan(1e-300);
    expect(chanceOfFewer({ count: 1e6, total: 1e7 }, { count: 1e6, total: 1e7 })).toBeCloseTo(0.5, 2);
    expect(chanceOfFewer({ count: 0, total: 10 }, { count: 0, total: 10 })).toBe(1);
    expect(chanceOfFewer({ count: 0, total: 0 }, { count: 5, total: 10 })).toBe(1);
  });
});
