import { expect, test } from 'vitest';
import { noiseStream } from '../../base/index.ts';
import { normalAt } from './normals.ts';

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
