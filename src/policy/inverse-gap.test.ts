import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { epsilonGreedy, fastCb, type Policy, regCb, softmax, squareCb, stepEvidence } from './index.ts';
import { largestWeight, RegressionBounds } from './regression-bounds.ts';

function distribution(policy: Policy, values: number[], given: Parameters<typeof stepEvidence>[1] = {}): number[] {
  const listed = Float64Array.from(values);
  const out = new Float64Array(values.length);
  policy.card(listed, values.length, out, stepEvidence(listed, given));
  return [...out];
}

const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });

describe('SquareCB', () => {
  it('draws by 1 / (K + γ gap), the rest to the best', () => {
    const [worse, best, equal] = distribution(
      squareCb({ gammaScale: 2, gammaExponent: 0.5, learned: 100 }),
      [0.1, 0.4, 0.2],
    );
    expect(worse).toBeCloseTo(1 / (3 + 20 * 0.3), 15);
    expect(equal).toBeCloseTo(1 / (3 + 20 * 0.2), 15);
    expect(best).toBeCloseTo(1 - worse - equal, 15);
  });

  it('goes by what the model has learnt, where that is known, and is greedier the more it is', () => {
    const policy = squareCb({ gammaScale: 1, learned: 4 });
    expect(distribution(policy, [0, 1], { learned: 100 })[0]).toBeCloseTo(1 / 12, 15);
    expect(distribution(policy, [0, 1])[0]).toBeCloseTo(1 / 4, 15);
  });

  it('measures gaps of shelves by what a shelf is worth at most', () => {
    const values = Float64Array.of(0, 2);
    const out = new Float64Array(2);
    squareCb({ gammaScale: 6, gammaExponent: 0 }).shelf(values, 2, out, stepEvidence(values, { scale: 4 }));
    expect(out[0]).toBeCloseTo(1 / (2 + 6 * 0.5), 15);
  });

  /** As published in one implementation: survivors are counted while the minimum still runs, at each new minimum alone. */
  function runningMinimum(values: number[], sensitivity: number, mellowness: number, learned: number, gamma: number) {
    const listed = Float64Array.from(values);
    const bounds = new RegressionBounds();
    const sensitivities = new Float64Array(values.length).fill(sensitivity);
    bounds.fill('reference', listed, values.length, stepEvidence(listed, { sensitivities }), mellowness, learned);
    let best = 0;
    let counted = 0;
    let least = Number.POSITIVE_INFINITY;
    values.forEach((value, i) => {
      if (bounds.lower[i] > bounds.leastUpper || 1 - value >= least) return;
      least = 1 - value;
      best = i;
      counted++;
    });
    const p = values.map((value, i) =>
      i === best || bounds.lower[i] > bounds.leastUpper ? 0 : 1 / (counted + gamma * (1 - value - least)),
    );
    p[best] = 1 - p.reduce((sum, x) => sum + x, 0);
    return p;
  }

  it('never gives a negative probability with elimination, where counting survivors by the running minimum does', () => {
    const values = [0.5, 0.49, 0.495, 0.48, 0.485];
    const wrong = runningMinimum(values, 0.5, 0.1, 100, 1);
    expect(Math.min(...wrong)).toBeLessThan(-1);
    const policy = squareCb({ elimination: true, mellowness: 0.1, learned: 100, gammaScale: 1, gammaExponent: 0 });
    const sensitivities = new Float64Array(5).fill(0.5);
    const right = distribution(policy, values, { sensitivities });
    expect(Math.min(...right)).toBeGreaterThan(0.1);
    expect(right[0]).toBe(Math.max(...right));
    fc.assert(
      fc.property(scores, fc.nat(), fc.constantFrom(squareCb, fastCb), (listed, seed, make) => {
        const rng = createRng(seed);
        const sensitivities = Float64Array.from(listed, () => rng.uniform());
        const p = distribution(make({ elimination: true, learned: 1 + rng.below(1e6) }), listed, { sensitivities });
        for (const x of p) expect(x).toBeGreaterThanOrEqual(0);
        expect(Math.abs(p.reduce((sum, x) => sum + x, 0) - 1)).toBeLessThanOrEqual(1e-12);
      }),
      { seed: 3 },
    );
  });

  it('counts the survivors alone, and gives the others nothing but the floor', () => {
    const sensitivities = Float64Array.of(1e-9, 1e-9, 1e-9);
    const policy = squareCb({ elimination: true, gammaScale: 1, gammaExponent: 0 });
    // Two are equal, the third is out: K is 2.
    expect(distribution(policy, [0.9, 0.9, 0.1], { sensitivities })).toEqual([0.5, 0.5, 0]);
    const floored = squareCb({ elimination: true, epsilon: 0.3 });
    expect(distribution(floored, [0.9, 0.9, 0.1], { sensitivities })[2]).toBeCloseTo(0.1, 15);
  });
});

describe('FastCB', () => {
  it('draws by ŷ_b / (K ŷ_b + γ gap), γ at least 10 K', () => {
    const [first, best] = distribution(fastCb({ gammaScale: 1, gammaExponent: 0 }), [0.5, 0.8]);
    expect(first).toBeCloseTo(0.2 / (2 * 0.2 + 20 * 0.3), 12);
    expect(best).toBeCloseTo(1 - first, 15);
  });

  it('explores less than SquareCB where the best is nearly perfect', () => {
    const options = { gammaScale: 100, gammaExponent: 0 };
    expect(distribution(fastCb(options), [0.5, 0.999])[0]).toBeLessThan(
      distribution(squareCb(options), [0.5, 0.999])[0] / 5,
    );
  });
});

describe('the bounds of RegCB', () => {
  it('find the largest weight whose saving stays within Δ', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 2, noNaN: true }),
        fc.double({ min: 1e-3, max: 1, noNaN: true }),
        fc.double({ min: 1e-3, max: 3, noNaN: true }),
        (f, s, delta) => {
          const saving = (w: number) => w * (f * f - (f - s * w) ** 2);
          const w = largestWeight(f, s, delta);
          expect(saving(w)).toBeLessThanOrEqual(delta + 1e-6);
          if (w < f / s) expect(saving(w + (2 * f) / s / 2 ** 20 + 2e-6)).toBeGreaterThan(delta - 1e-5);
        },
      ),
      { seed: 4 },
    );
  });

  it('hold the cost between them within [0, 1], and are wider for what is less known', () => {
    const values = Float64Array.of(0.5, 0.5, 0.5, 2, Number.NEGATIVE_INFINITY);
    const bounds = new RegressionBounds();
    const sensitivities = Float64Array.of(0, 0.01, 0.1, 0.1, 0.1);
    bounds.fill('test', values, 5, stepEvidence(values, { sensitivities }), 0.1, 1000);
    const width = (i: number) => bounds.upper[i] - bounds.lower[i];
    expect(width(0)).toBe(0);
    expect(width(1)).toBeGreaterThan(0);
    expect(width(2)).toBeGreaterThan(width(1));
    expect([bounds.lower[3], bounds.upper[4]]).toEqual([0, 1]);
  });
});

describe('RegCB', () => {
  const values = [0.6, 0.55, 0.2];
  const sensitivities = Float64Array.of(0.001, 0.05, 0.001);

  it('by elimination draws alike what may still be best', () => {
    expect(distribution(regCb({ epsilon: 0 }), values, { sensitivities })).toEqual([0.5, 0.5, 0]);
  });

  it('by optimism takes what could be best of all: the less known one', () => {
    expect(distribution(regCb({ epsilon: 0, variant: 'optimistic' }), values, { sensitivities })).toEqual([0, 1, 0]);
  });

  it('has a floor', () => {
    for (const floor of ['mix', 'project'] as const) {
      const p = distribution(regCb({ epsilon: 0.3, floor }), values, { sensitivities });
      expect(p[2]).toBeCloseTo(0.1, 15);
    }
  });
});

describe('schedules and shares', () => {
  it('ε-greedy explores less as more is learnt', () => {
    const policy = epsilonGreedy({ epsilon: 0.4, decay: 0.5 });
    expect(distribution(policy, [1, 0], { learned: 1 })).toEqual([0.8, 0.2]);
    expect(distribution(policy, [1, 0], { learned: 100 })[1]).toBeCloseTo(0.02, 15);
    expect(distribution(epsilonGreedy({ epsilon: 0.4 }), [1, 0], { learned: 100 })).toEqual([0.8, 0.2]);
  });

  it('softmax has one temperature for cards and shelves, as a share of the range', () => {
    const policy = softmax({ temperature: 0.5 });
    const values = Float64Array.of(3, 0);
    const out = new Float64Array(2);
    policy.shelf(values, 2, out, stepEvidence(values, { scale: 3 }));
    expect(out[0]).toBeCloseTo(distribution(policy, [1, 0])[0], 15);
    expect(out[0]).toBeCloseTo(1 / (1 + Math.exp(-2)), 15);
  });

  it('refuse what is out of range, or of another kind', () => {
    expect(() => squareCb({ gammaExponent: 2 })).toThrow(/gammaExponent/);
    expect(() => squareCb({ epsilon: -1 })).toThrow(/epsilon/);
    expect(() => fastCb({ floor: 'clip' as 'mix' })).toThrow(/"mix" or "project"/);
    expect(() => regCb({ variant: 'both' as 'optimistic' })).toThrow(/variant/);
    expect(() => regCb({ learned: 0 })).toThrow(/learned/);
    expect(() => epsilonGreedy({ epsilon: 0 })).toThrow(/epsilon/);
    expect(() => softmax({ temperature: 0 })).toThrow(/temperature/);
  });
});
