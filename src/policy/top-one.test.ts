import { describe, expect, it } from 'vitest';
import { createRng, upperGamma } from '../base/index.ts';
import { gaussianThompson, linUcb, stepEvidence } from './index.ts';
import { TopOne } from './top-one.ts';

const normalCdf = (z: number) => {
  const tail = 0.5 * upperGamma(0.5, (z * z) / 2);
  return z < 0 ? tail : 1 - tail;
};

function topOne(values: number[], deviations: number[], step?: number): number[] {
  const listed = Float64Array.from(values);
  const out = new Float64Array(values.length);
  const evidence = stepEvidence(listed, { deviations: Float64Array.from(deviations) });
  new TopOne(step).write('test', listed, values.length, evidence, 1, out);
  return [...out];
}

describe('the probability to be the greatest', () => {
  it('is the closed form for two, whatever their deviations', () => {
    const rng = createRng(1);
    for (let i = 0; i < 300; i++) {
      const deviations = [10 ** -(4 * rng.uniform()), 10 ** -(4 * rng.uniform())];
      const gap = 3 * (2 * rng.uniform() - 1) * Math.hypot(...deviations);
      const [first] = topOne([0.3 + gap, 0.3], deviations);
      expect(Math.abs(first - normalCdf(gap / Math.hypot(...deviations)))).toBeLessThan(1e-8);
    }
  });

  it('moves by less than 1e-8 when the steps are ten times as fine: 2 to 1,000 actions, deviations up to 1,000 times another', () => {
    for (const n of [2, 5, 50, 1000]) {
      for (const ratio of [1, 10, 100, 1000]) {
        const rng = createRng(n + ratio);
        const values = Array.from({ length: n }, () => 0.1 * rng.normal());
        const deviations = values.map(() => 0.05 * ratio ** -rng.uniform());
        const fine = topOne(values, deviations, 0.004);
        topOne(values, deviations).forEach((p, i) => {
          expect(Math.abs(p - fine[i])).toBeLessThan(1e-8);
        });
      }
    }
  });

  it('is what sampling finds', () => {
    const values = [0.3, 0.25, 0.28, 0.1, 0.3];
    const deviations = [0.02, 0.1, 0.05, 0.2, 0.001];
    const rng = createRng(2);
    const draws = 200_000;
    const wins = new Float64Array(5);
    for (let draw = 0; draw < draws; draw++) {
      let best = 0;
      let most = Number.NEGATIVE_INFINITY;
      values.forEach((value, i) => {
        const drawn = value + deviations[i] * rng.normal();
        if (drawn > most) {
          most = drawn;
          best = i;
        }
      });
      wins[best]++;
    }
    topOne(values, deviations).forEach((p, i) => {
      expect(Math.abs(p - wins[i] / draws)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / draws));
    });
  });

  it('is greedy where nothing is uncertain, and shares ties', () => {
    expect(topOne([0.1, 0.3, 0.3], [0, 0, 0])).toEqual([0, 0.5, 0.5]);
    const [certain, unsure] = topOne([0.3, 0.2], [0, 0.1]);
    expect(certain).toBeCloseTo(normalCdf(1), 6);
    expect(unsure).toBeCloseTo(normalCdf(-1), 6);
  });

  it('knows differences of huge values by the differences alone', () => {
    const near = topOne([0.3, 0.25], [0.05, 0.05]);
    const far = topOne([2 ** 40 + 0.25, 2 ** 40], [0.25, 0.25]);
    expect(far[0]).toBeCloseTo(normalCdf(1 / Math.SQRT2), 8);
    expect(near[0]).toBeCloseTo(normalCdf(1 / Math.SQRT2), 8);
  });
});

describe('policies of deviations', () => {
  const values = Float64Array.of(0.3, 0.25, 0.2);
  const evidence = stepEvidence(values, { deviations: Float64Array.of(0.01, 0.1, 0.02) });

  it('Gaussian Thompson sampling mixes in its floor, and explores less with less spread', () => {
    const out = new Float64Array(3);
    gaussianThompson({ epsilon: 0 }).card(values, 3, out, evidence);
    const wide = out[1];
    gaussianThompson({ epsilon: 0, spread: 0.3 }).card(values, 3, out, evidence);
    expect(out[1]).toBeLessThan(wide);
    gaussianThompson({ epsilon: 0.3, spread: 0.01 }).card(values, 3, out, evidence);
    expect([...out].map((p) => p.toFixed(4))).toEqual(['0.8000', '0.1000', '0.1000']);
  });

  it('LinUCB takes the most promising, and shares exact ties', () => {
    const out = new Float64Array(3);
    linUcb({ epsilon: 0 }).card(values, 3, out, evidence);
    expect([...out]).toEqual([0, 1, 0]);
    linUcb({ epsilon: 0, alpha: 0 }).card(values, 3, out, evidence);
    expect([...out]).toEqual([1, 0, 0]);
    const even = stepEvidence(values, { deviations: Float64Array.of(0.25, 0.5, 0) });
    linUcb({ epsilon: 0, alpha: 0.25 }).card(Float64Array.of(0.25, 0.1875, 0.1), 3, out, even);
    expect([...out]).toEqual([0.5, 0.5, 0]);
  });
});
