import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { applyFloor, mixUniform, projectMinimum } from './index.ts';

/** Sums to 1; some entries 0. */
const distributions = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 30 })).map(([seed, n]) => {
  const rng = createRng(seed);
  const p = Float64Array.from({ length: n }, () => (rng.uniform() < 0.3 ? 0 : rng.uniform() ** 4));
  p[0] += 1e-3;
  const sum = p.reduce((total, x) => total + x, 0);
  return p.map((x) => x / sum);
});

/** As published: sorted, the last rank above the floor gives τ. */
function sortedProjection(p: Float64Array, epsilon: number): number[] {
  const n = p.length;
  if (epsilon > 0.999) return [...p].map(() => 1 / n);
  const least = epsilon / n;
  const sorted = [...p].sort((a, b) => b - a);
  let sum = 0;
  let tau = 0;
  sorted.forEach((x, rank) => {
    sum += x;
    const here = ((n - rank - 1) * least + sum - 1) / (rank + 1);
    if (x > here + least) tau = here;
  });
  return [...p].map((x) => Math.max(x - tau, least));
}

describe('the projection to a minimum', () => {
  it('agrees with the published algorithm that sorts', () => {
    fc.assert(
      fc.property(distributions, fc.double({ min: 0, max: 1, noNaN: true }), (p, epsilon) => {
        const expected = sortedProjection(p, epsilon);
        const out = p.slice();
        projectMinimum(out, p.length, epsilon);
        out.forEach((x, i) => {
          expect(Math.abs(x - expected[i])).toBeLessThanOrEqual(1e-12);
        });
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('is the nearest distribution with that minimum', () => {
    fc.assert(
      fc.property(distributions, fc.double({ min: 0.01, max: 0.9, noNaN: true }), fc.nat(), (p, epsilon, seed) => {
        const n = p.length;
        const out = p.slice();
        projectMinimum(out, n, epsilon);
        const rng = createRng(seed);
        const other = Float64Array.from({ length: n }, () => rng.exponential());
        const mass = other.reduce((total, x) => total + x, 0);
        for (let i = 0; i < n; i++) other[i] = epsilon / n + ((1 - epsilon) * other[i]) / mass;
        const distance = (q: Float64Array) => q.reduce((sum, x, i) => sum + (x - p[i]) ** 2, 0);
        expect(distance(out)).toBeLessThanOrEqual(distance(other) + 1e-12);
      }),
      { seed: 2 },
    );
  });

  it('is not the mixture: what lies above the floor keeps more, what lies below loses its order', () => {
    const mixed = Float64Array.of(0.9, 0.1, 0, 0);
    const projected = mixed.slice();
    mixUniform(mixed, 4, 0.2);
    applyFloor({ epsilon: 0.2, floor: 'project' }, projected, 4);
    expect([...mixed].map((x) => x.toFixed(4))).toEqual(['0.7700', '0.1300', '0.0500', '0.0500']);
    expect([...projected].map((x) => x.toFixed(4))).toEqual(['0.8500', '0.0500', '0.0500', '0.0500']);
  });

  it('leaves alone what is above the floor already, and without a floor everything', () => {
    const p = Float64Array.of(0.5, 0.3, 0.2);
    projectMinimum(p, 3, 0.3);
    applyFloor({ epsilon: 0, floor: 'project' }, p, 3);
    expect([...p]).toEqual([0.5, 0.3, 0.2]);
  });
});
