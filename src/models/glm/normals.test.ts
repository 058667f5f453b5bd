import { expect, test } from 'vitest';
import { chiSquareTail, noiseStream } from '../../base/index.ts';
import { normalAt, normalQuantile } from './normals.ts';

test.each([1e-300, 1e-20, 1e-9, 0.001, 0.05, 0.075, 0.2, 0.4999])(
  'the quantile of %d has that probability below it',
  (p) => {
    const x = normalQuantile(p);
    // P(Z <= x) is half of P(Z² >= x²) below 0.
    const below = chiSquareTail(x * x, 1) / 2;
    expect(Math.abs(below / p - 1)).toBeLessThan(p < 1e-12 ? 1e-2 : 1e-8);
    if (p > 1e-9) expect(normalQuantile(1 - p)).toBeCloseTo(-x, 7);
  },
);

test('is the median, and the quantiles that tables print', () => {
  expect(normalQuantile(0.5)).toBe(0);
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14);
  expect(normalQuantile(1e-10)).toBeCloseTo(-6.361340902404056, 12);
});

test('noise has the moments of a standard normal', () => {
  const stream = noiseStream(Uint32Array.of(1, 2, 3, 4), 5, 6);
  const n = 100_000;
  const moments = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const z = normalAt(stream, i);
    for (let k = 0; k < 4; k++) moments[k] += z ** (k + 1) / n;
  }
  // Standard errors: 1, √2, √15, √96 over √n = 316.
  expect(Math.abs(moments[0])).toBeLessThan(0.015);
  expect(Math.abs(moments[1] - 1)).toBeLessThan(0.02);
  expect(Math.abs(moments[2])).toBeLessThan(0.05);
  expect(Math.abs(moments[3] - 3)).toBeLessThan(0.13);
});
