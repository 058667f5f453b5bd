import { describe, expect, test } from 'vitest';
import { createRng, type Seed } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { createBatch, type FeatureBatch } from '../../features/index.ts';
import { plainEncoder, rewardModelLaws, syntheticExamples } from '../../testing/index.ts';
import type { RewardModel } from '../contract.ts';
import { loadModel } from '../load.ts';
import { linearModel } from './linear.ts';

const SEED: Seed = Uint32Array.of(1, 2, 3, 4);

describe.each(['block', 'diagonal'] as const)('ridge regression with a %s posterior', (posterior) => {
  const laws = rewardModelLaws({
    fresh: (encoder) => linearModel.fresh(encoder, { posterior }),
    fit: (model, examples, seed, signal, validation) =>
      model.fit(examples, {
        rng: createRng(seed),
        ...(signal === undefined ? {} : { signal }),
        ...(validation === undefined ? {} : { validation }),
      }),
    fromEpoch: (epoch, encoder) => linearModel.fromEpoch(epoch, encoder),
    restore: (state, encoder) => linearModel.restore(state, encoder),
    duplicateTolerance: 1e-4,
    claims: { uncertainty: true, sensitivities: true, validation: true, missingValues: true },
  });
  for (const law of laws) test(law.name, law.run);
});

describe('with dense columns alone', () => {
  const encoder = plainEncoder(4, 0);
  const lambda = 0.5;

  test('learning row by row is LinUCB: A⁻¹ by Sherman and Morrison, θ = A⁻¹ b, √(xᵀA⁻¹x)', () => {
    const stream = syntheticExamples(encoder, 300, 1);
    const weights = stream.weights.map((_, r) => 0.5 + (r % 3));
    const model = linearModel.fresh(encoder, { lambda });
    model.update(stream.batch, stream.labels, weights, 300);
    const { inverse, theta } = linUcb(stream.batch, stream.labels, weights, lambda);
    const test = syntheticExamples(encoder, 50, 2);
    const [scores, deviations] = [new Float64Array(50), new Float64Array(50)];
    model.predict(test.batch, 50, scores);
    model.uncertainty?.deviations(test.batch, 50, deviations);
    const moves = new Float64Array(50);
    model.sensitivities?.(test.batch, 50, moves);
    for (let r = 0; r < 50; r++) {
      const x = rowOf(test.batch, r);
      const variance = dot(
        x,
        inverse.map((row) => dot(row, x)),
      );
      expect(deviations[r]).toBeCloseTo(Math.sqrt(variance), 10);
      expect(moves[r]).toBeCloseTo(variance, 10);
      // The dense products of serving are in 32 bits.
      expect(scores[r]).toBeCloseTo(dot(theta, x), 5);
    }
  });

  test('a fit without standardising is what the same rows give one by one', async () => {
    const examples = syntheticExamples(encoder, 500, 3);
    const fitted = linearModel.fresh(encoder, { lambda, standardise: false, baseValue: 0.3 });
    await fitted.fit(examples, { rng: createRng(1) });
    const online = linearModel.fresh(encoder, { lambda, baseValue: 0.3 });
    online.update(examples.batch, examples.labels, examples.weights, 500);
    const [a, b] = [fitted.toEpoch().arrays, online.toEpoch().arrays];
    for (const name of ['bias', 'dense', 'precisionFactor']) {
      for (const [i, x] of a[name].entries()) expect(b[name][i]).toBeCloseTo(x, 8);
    }
  });

  test('draws are from N(θ, noise² A⁻¹): the covariance of two rows is noise² xᵀA⁻¹y', async () => {
    const examples = syntheticExamples(encoder, 60, 4);
    const noise = 0.3;
    const model = linearModel.fresh(encoder, { lambda, noise });
    model.update(examples.batch, examples.labels, examples.weights, 60);
    const { inverse } = linUcb(examples.batch, examples.labels, examples.weights, lambda);
    const draws = 40_000;
    const out = new Float64Array(2 * draws);
    const scores = new Float64Array(2);
    const pair = syntheticExamples(encoder, 2, 5).batch;
    model.predict(pair, 2, scores);
    model.uncertainty?.draw(pair, 2, SEED, draws, out);
    let covariance = 0;
    for (let m = 0; m < draws; m++) covariance += ((out[m] - scores[0]) * (out[draws + m] - scores[1])) / draws;
    const [x, y] = [rowOf(pair, 0), rowOf(pair, 1)];
    const variance = (a: Float64Array, b: Float64Array): number =>
      noise ** 2 *
      dot(
        a,
        inverse.map((row) => dot(row, b)),
      );
    const standardError = Math.sqrt((variance(x, x) * variance(y, y) + variance(x, y) ** 2) / draws);
    expect(Math.abs(covariance - variance(x, y))).toBeLessThan(4 * standardError);
  });
});

test('a fit over slots is the optimum of the penalised squares: the gradient is 0 there', async () => {
  const encoder = plainEncoder(3, 2, 64);
  const examples = syntheticExamples(encoder, 800, 6);
  const model = linearModel.fresh(encoder, { lambda: 2, standardise: false });
  await model.fit(examples, { rng: createRng(1) });
  const { arrays } = model.toEpoch();
  const bias = arrays.bias[0];
  const sparse = new Map(Array.from(arrays.sparseBuckets, (bucket, i) => [bucket, arrays.sparseWeights[i]]));
  const gradients = {
    bias: 2 * bias,
    dense: Float64Array.from(arrays.dense, (w) => 2 * w),
    sparse: new Map<number, number>(),
  };
  for (const [bucket, w] of sparse) gradients.sparse.set(bucket, 2 * w);
  for (let r = 0; r < 800; r++) {
    let score = bias;
    for (let j = 0; j < 3; j++) score += arrays.dense[j] * examples.batch.dense[3 * r + j];
    const slots = examples.batch.sparse.subarray(2 * r, 2 * r + 2).filter((bucket) => bucket !== 0);
    for (const bucket of slots) score += sparse.get(bucket) ?? 0;
    const error = score - examples.labels[r];
    gradients.bias += error;
    for (let j = 0; j < 3; j++) gradients.dense[j] += error * examples.batch.dense[3 * r + j];
    for (const bucket of slots) gradients.sparse.set(bucket, (gradients.sparse.get(bucket) ?? 0) + error);
  }
  for (const g of [gradients.bias, ...gradients.dense, ...gradients.sparse.values()])
    expect(Math.abs(g)).toBeLessThan(0.02);
});

test('sampled negatives count as many as they stand for', async () => {
  const encoder = plainEncoder(3, 0);
  const all = syntheticExamples(encoder, 20_000, 7);
  const rng = createRng(8);
  const weights = all.weights.map((_, r) => (all.labels[r] === 1 || rng.uniform() < 0.2 ? 1 : 0));
  const model = linearModel.fresh(encoder);
  await model.fit({ ...all, weights }, { rng, negativeRate: 0.2 });
  const p = new Float64Array(20_000);
  model.predict(all.batch, 20_000, p);
  const mean = (x: Float64Array | Float32Array): number => (x as Float64Array).reduce((a, b) => a + b) / x.length;
  expect(mean(p) / mean(all.labels)).toBeCloseTo(1, 1);
});

test('the block names its columns; what is none of them, or twice, is refused', () => {
  const encoder = plainEncoder(3, 1);
  const { arrays } = linearModel.fresh(encoder, { block: ['dense2'] }).toEpoch();
  expect([...arrays.precisionBlock]).toEqual([0, 3]);
  for (const block of [['slot0'], ['dense1', 'dense1']]) {
    expect(() => linearModel.fresh(encoder, { block })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  }
});

test.each<object>([
  { lambda: 0 },
  { lambda: '1' },
  { noise: -1 },
  { baseValue: Number.NaN },
  { block: 'dense0' },
  { standardise: 'no' },
])('refuses %o', (options) => {
  expect(() => linearModel.fresh(plainEncoder(2, 1), options)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});

test('a score is finite where 32 bits would overflow', async () => {
  const encoder = plainEncoder(3, 1);
  const model = linearModel.fresh(encoder);
  await model.fit(syntheticExamples(encoder, 100, 9), { rng: createRng(1) });
  const batch = createBatch(encoder, 2);
  batch.dense.set([3e38, 3e38, 3e38, -3e38, 3e38, Number.NaN]);
  const scores = new Float64Array(2);
  model.predict(batch, 2, scores);
  for (let r = 0; r < 2; r++) {
    const sum = model.contributions(batch, r).reduce((total, { contribution }) => total + contribution, model.bias);
    expect(Number.isFinite(sum)).toBe(true);
    expect(scores[r] / sum).toBeCloseTo(1, 6);
  }
});

test('a loader finds the family, and refuses arrays that do not fit', async () => {
  const encoder = plainEncoder(3, 1);
  const model = linearModel.fresh(encoder);
  await model.fit(syntheticExamples(encoder, 100, 9), { rng: createRng(1) });
  const epoch = sealEpoch(model.toEpoch());
  const loaded: RewardModel = loadModel(epoch, encoder);
  expect([loaded.hash, loaded.scale]).toEqual([model.hash, 'value']);
  for (const name of ['precisionFactor', 'sparsePrecisions', 'means']) {
    const broken = { ...epoch, arrays: { ...epoch.arrays, [name]: new Float64Array(1) } };
    expect(() => loadModel(broken, encoder)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
  }
  for (const name of ['bias', 'dense', 'sparseBuckets']) {
    const { [name]: _, ...arrays } = epoch.arrays;
    expect(() => loadModel({ ...epoch, arrays }, encoder)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
  }
});

// ---- ----

/** (1, x). */
function rowOf(batch: FeatureBatch, r: number): Float64Array {
  const { denseWidth } = batch;
  return Float64Array.from([1, ...batch.dense.subarray(r * denseWidth, (r + 1) * denseWidth)]);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Li et al. 2010 in its shared form, over (1, x), row by row. */
function linUcb(batch: FeatureBatch, labels: Float32Array, weights: Float32Array, lambda: number) {
  const size = batch.denseWidth + 1;
  const inverse = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size }, (__, j) => (i === j ? 1 / lambda : 0)),
  );
  const b = new Float64Array(size);
  for (let r = 0; r < batch.rows; r++) {
    const x = rowOf(batch, r);
    const product = inverse.map((row) => dot(row, x));
    const gain = weights[r] / (1 + weights[r] * dot(x, product));
    for (let i = 0; i < size; i++) {
      b[i] += weights[r] * labels[r] * x[i];
      for (let j = 0; j < size; j++) inverse[i][j] -= gain * product[i] * product[j];
    }
  }
  return { inverse, theta: Float64Array.from(inverse, (row) => dot(row, b)) };
}
