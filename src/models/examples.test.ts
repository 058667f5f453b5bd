import { expect, test } from 'vitest';
import { createRng } from '../base/index.ts';
import { createBatch } from '../features/index.ts';
import { plainEncoder } from '../testing/index.ts';
import { columnMoments } from './examples.ts';

test('the moments of columns are those of two passes: far from zero, with weights and missing values, over several blocks', () => {
  const encoder = plainEncoder(4, 0);
  const rows = 1_300;
  const rng = createRng(1);
  const batch = createBatch(encoder, rows);
  const weights = Float32Array.from({ length: rows }, () => (rng.uniform() < 0.2 ? 0 : rng.uniform()));
  for (let r = 0; r < rows; r++) {
    batch.dense.set([rng.normal(), 1e6 + 4 * rng.normal(), rng.uniform() < 0.5 ? Number.NaN : r, Number.NaN], 4 * r);
  }
  batch.dense[0] = 1e4;
  weights[0] = 0;
  const [means, scales] = [new Float64Array(4), new Float64Array(4)];
  columnMoments({ batch, labels: new Float32Array(rows), weights, rows }, means, scales);
  for (let j = 0; j < 3; j++) {
    const known = Array.from({ length: rows }, (_, r) => r).filter((r) => !Number.isNaN(batch.dense[4 * r + j]));
    const total = known.reduce((sum, r) => sum + weights[r], 0);
    const mean = known.reduce((sum, r) => sum + weights[r] * batch.dense[4 * r + j], 0) / total;
    const variance = known.reduce((sum, r) => sum + weights[r] * (batch.dense[4 * r + j] - mean) ** 2, 0) / total;
    expect(means[j] / mean).toBeCloseTo(1, 8);
    expect(scales[j] / Math.sqrt(variance)).toBeCloseTo(1, 8);
  }
  // A column of which nothing is known keeps its unit.
  expect([means[3], scales[3]]).toEqual([0, 1]);
});
