import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { createBatch, type EncoderShape } from '../../features/index.ts';
import { plainEncoder, syntheticExamples } from '../../testing/index.ts';
import type { Examples, RewardModel } from '../contract.ts';
import { sigmoid } from '../sigmoid.ts';
import { type LogisticLearner, type LogisticOptions, logisticModel } from './logistic.ts';

async function fitted(
  encoder: EncoderShape,
  examples: Examples,
  options: Partial<LogisticOptions>,
): Promise<LogisticLearner> {
  const model = logisticModel.fresh(encoder, options);
  await model.fit(examples, { rng: createRng(1), learning: 'batch' });
  return model;
}

function logitDeviations(model: RewardModel, examples: Examples): Float64Array {
  const [p, out] = [new Float64Array(examples.rows), new Float64Array(examples.rows)];
  model.predict(examples.batch, examples.rows, p);
  model.uncertainty?.deviations(examples.batch, examples.rows, out);
  return out.map((deviation, r) => deviation / (p[r] * (1 - p[r])));
}

/** (1, standardised columns) of each row. */
function standardRows(model: RewardModel, { batch, rows }: Examples): Float64Array[] {
  const { means, scales } = model.toEpoch().arrays;
  const width = batch.denseWidth;
  return Array.from({ length: rows }, (_, r) =>
    Float64Array.from({ length: width + 1 }, (__, i) =>
      i === 0 ? 1 : (batch.dense[r * width + i - 1] - means[i - 1]) / scales[i - 1],
    ),
  );
}

test('a posterior of a wide block is gathered in slices: it can be stopped, and the model stays as it was', async () => {
  const encoder = plainEncoder(120, 0);
  const examples = syntheticExamples(encoder, 3_000, 5);
  const model = logisticModel.fresh(encoder, { posterior: 'block' });
  const { hash } = model;
  const stop = new AbortController();
  let whole = 0;
  const fit = model.fit(examples, {
    rng: createRng(1),
    epochs: 1,
    signal: stop.signal,
    // The only pass is over at the first; what follows is the posterior's.
    onProgress: (share) => {
      if (share === 1 && ++whole === 2) stop.abort(new Error('enough'));
    },
  });
  await expect(fit).rejects.toThrow('enough');
  expect(model.hash).toBe(hash);
});

describe('Laplace’s method', () => {
  const encoder = plainEncoder(4, 0);

  test('of the whole block: the variance of a logit is xᵀH⁻¹x, H the Hessian at the optimum', async () => {
    const examples = syntheticExamples(encoder, 400, 1);
    const model = await fitted(encoder, examples, { posterior: 'block', l2: 2 });
    const rows = standardRows(model, examples);
    const p = new Float64Array(400);
    model.predict(examples.batch, 400, p);
    const hessian = Array.from({ length: 5 }, (_, i) => Float64Array.from({ length: 5 }, (__, j) => (i === j ? 2 : 0)));
    rows.forEach((x, r) => {
      for (let i = 0; i < 5; i++) for (let j = 0; j < 5; j++) hessian[i][j] += p[r] * (1 - p[r]) * x[i] * x[j];
    });
    const deviations = logitDeviations(model, examples);
    for (let r = 0; r < 400; r += 37) {
      const solved = solve(hessian, rows[r]);
      const variance = rows[r].reduce((sum, x, i) => sum + x * solved[i], 0);
      expect(deviations[r] / Math.sqrt(variance)).toBeCloseTo(1, 6);
    }
  });

  test('of the diagonal: Σ x² / q, over buckets too, one that stands twice counting as 2', async () => {
    const slotted = plainEncoder(2, 2, 64);
    const examples = syntheticExamples(slotted, 500, 2);
    const model = await fitted(slotted, examples, { l2: 0.5 });
    const { arrays } = model.toEpoch();
    const precision = new Map(Array.from(arrays.sparseBuckets, (b, i) => [b, 0.5 + arrays.sparsePrecisions[i]]));
    examples.batch.sparse.set([7, 7], 0);
    const [x] = standardRows(model, examples);
    const expected =
      x.reduce((sum, xi, i) => sum + (xi * xi) / arrays.precisions[i], 0) + 4 / (precision.get(7) ?? 0.5);
    expect(logitDeviations(model, examples)[0]).toBeCloseTo(Math.sqrt(expected), 8);
    // A bucket that nothing is known of has the prior's variance.
    const none = createBatch(slotted, 1);
    none.sparse[0] = [...Array(63).keys()].map((b) => b + 1).find((b) => !precision.has(b)) ?? 0;
    expect(none.sparse[0]).toBeGreaterThan(0);
    const bare = { ...examples, batch: createBatch(slotted, 1), rows: 1 };
    const gained = logitDeviations(model, { ...bare, batch: none })[0] ** 2 - logitDeviations(model, bare)[0] ** 2;
    expect(gained).toBeCloseTo(1 / 0.5, 8);
  });

  test('deviations are as wide as the error is: two thirds of the truths lie within one', async () => {
    const wide = plainEncoder(6, 0);
    const test = syntheticExamples(wide, 2_000, 3);
    let within = 0;
    let all = 0;
    for (let seed = 10; seed < 20; seed++) {
      const model = await fitted(wide, syntheticExamples(wide, 600, seed), { posterior: 'block' });
      const p = new Float64Array(2_000);
      const out = new Float64Array(2_000);
      model.predict(test.batch, 2_000, p);
      model.uncertainty?.deviations(test.batch, 2_000, out);
      for (let r = 0; r < 2_000; r++, all++) if (Math.abs(p[r] - test.truth[r]) < out[r]) within++;
    }
    expect(within / all).toBeGreaterThan(0.55);
    expect(within / all).toBeLessThan(0.8);
  });
});

describe('Newton’s rule', () => {
  test('is the Kalman filter of the linearised row: one step by hand', () => {
    const encoder = plainEncoder(2, 0);
    const model = logisticModel.fresh(encoder, { rule: 'newton', posterior: 'block', l2: 4, baseRate: 0.3 });
    const batch = createBatch(encoder, 1);
    batch.dense.set([0.5, -2]);
    model.update(batch, Float32Array.of(1), Float32Array.of(2), 1);
    const h = 0.3 * 0.7;
    const squared = 1 + 0.25 + 4;
    const gain = (2 * 0.7) / (1 + (2 * h * squared) / 4) / 4;
    const { arrays } = model.toEpoch();
    expect(arrays.bias[0]).toBeCloseTo(Math.log(0.3 / 0.7) + gain, 9);
    expect(arrays.dense[0]).toBeCloseTo(0.5 * gain, 9);
    expect(arrays.dense[1]).toBeCloseTo(-2 * gain, 9);
  });

  test('comes in one pass close to the optimum, closer than FTRL', () => {
    const encoder = plainEncoder(6, 2, 256);
    const examples = syntheticExamples(encoder, 3_000, 4);
    const lossAfter = (options: Partial<LogisticOptions>): number => {
      const model = logisticModel.fresh(encoder, { baseRate: 0.3, ...options });
      let loss = 0;
      const one = createBatch(encoder, 1);
      const p = new Float64Array(1);
      for (let r = 0; r < 3_000; r++) {
        one.dense.set(examples.batch.dense.subarray(6 * r, 6 * r + 6));
        // Columns come as they are: to scales that one step size suits.
        for (let j = 0; j < 6; j++) one.dense[j] = (one.dense[j] - j) / 10 ** ((j % 4) - 1);
        one.sparse.set(examples.batch.sparse.subarray(2 * r, 2 * r + 2));
        model.predict(one, 1, p);
        loss -= Math.log(examples.labels[r] === 1 ? p[0] : 1 - p[0]);
        model.update(one, examples.labels.slice(r, r + 1), Float32Array.of(1), 1);
      }
      return loss / 3_000;
    };
    expect(lossAfter({ rule: 'newton', posterior: 'block' })).toBeLessThan(lossAfter({ rule: 'ftrl' }));
  });

  test('needs a posterior', () => {
    expect(() => logisticModel.fresh(plainEncoder(2, 0), { rule: 'newton', posterior: 'none' })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

test('a sensitivity is what a small weight on the opposite label moves', async () => {
  const encoder = plainEncoder(3, 2, 256);
  const examples = syntheticExamples(encoder, 2_000, 5);
  for (const options of [{}, { rule: 'newton', posterior: 'block' }] as const) {
    const model = await fitted(encoder, examples, options);
    const one = createBatch(encoder, 1);
    one.dense.set(examples.batch.dense.subarray(0, 3));
    one.sparse.set(examples.batch.sparse.subarray(0, 2));
    const [before, after, sensitivity] = [new Float64Array(1), new Float64Array(1), new Float64Array(1)];
    model.predict(one, 1, before);
    model.sensitivities?.(one, 1, sensitivity);
    const weight = 0.02;
    model.update(one, Float32Array.of(1), Float32Array.of(weight), 1);
    model.predict(one, 1, after);
    // A label of 1 lies 1 - p beyond the score, not 1.
    const moved = (after[0] - before[0]) / weight / (1 - before[0]);
    expect(moved / sensitivity[0]).toBeGreaterThan(0.8);
    expect(moved / sensitivity[0]).toBeLessThan(1.25);
  }
});

describe('what an earlier version left', () => {
  const encoder = plainEncoder(3, 2, 256);

  test('an epoch of the first format is served: the same scores, nothing known of their error', async () => {
    const examples = syntheticExamples(encoder, 300, 6);
    const model = await fitted(encoder, examples, {});
    const { arrays } = model.toEpoch();
    const { bias, dense, means, scales, sparseBuckets, sparseWeights } = arrays;
    const first = sealEpoch({
      kind: 'model',
      meta: { family: 'logistic', format: 1, encoder: encoder.hash, buckets: 256 },
      arrays: { bias, dense, means, scales, sparseBuckets, sparseWeights },
    });
    const served = logisticModel.fromEpoch(first, encoder);
    const [a, b] = [new Float64Array(300), new Float64Array(300)];
    model.predict(examples.batch, 300, a);
    served.predict(examples.batch, 300, b);
    expect(b).toEqual(a);
    expect([served.uncertainty, served.sensitivities]).toEqual([undefined, undefined]);
    expect(served.hash).toBe(first.hash);
  });

  test('a learner’s state of the first format goes on, with deviations near those of its rows', async () => {
    const examples = syntheticExamples(encoder, 2_000, 7);
    const model = await fitted(encoder, examples, {});
    const { meta, arrays } = model.learnerState();
    const { bias, dense, means, scales, denseState, sparseWeights, sparseState } = arrays;
    const { alpha, beta, l1, l2, baseRate } = model.options;
    const first = {
      kind: 'model' as const,
      meta: { family: 'logistic-learner', encoder: meta.encoder, options: { alpha, beta, l1, l2, baseRate } },
      arrays: {
        bias,
        dense,
        means,
        scales,
        denseState,
        buckets: arrays.sparseBuckets,
        sparseWeights,
        sparseState,
      },
    };
    const restored = logisticModel.restore(first, encoder);
    const [a, b] = [new Float64Array(2_000), new Float64Array(2_000)];
    model.predict(examples.batch, 2_000, a);
    restored.predict(examples.batch, 2_000, b);
    expect(b).toEqual(a);
    const [own, theirs] = [logitDeviations(model, examples), logitDeviations(restored, examples)];
    const mean = (x: Float64Array): number => x.reduce((sum, y) => sum + y) / x.length;
    expect(mean(theirs) / mean(own)).toBeGreaterThan(0.8);
    expect(mean(theirs) / mean(own)).toBeLessThan(1.25);
    restored.update(examples.batch, examples.labels, examples.weights, 2_000);
    expect(mean(logitDeviations(restored, examples))).toBeLessThan(mean(theirs));
  });
});

test('without penalties FTRL is AdaGrad', () => {
  const encoder = plainEncoder(0, 1, 16);
  const [alpha, beta] = [0.3, 0.5];
  const model = logisticModel.fresh(encoder, { alpha, beta, l2: 0, baseRate: 0.5 });
  const rng = createRng(8);
  const one = createBatch(encoder, 1);
  const [w, n] = [new Float64Array(16), new Float64Array(16)];
  let [bias, squares] = [0, 0];
  for (let step = 0; step < 200; step++) {
    const bucket = 1 + rng.below(5);
    const label = rng.uniform() < bucket / 6 ? 1 : 0;
    one.sparse[0] = bucket;
    model.update(one, Float32Array.of(label), Float32Array.of(1), 1);
    const g = sigmoid(bias + w[bucket]) - label;
    n[bucket] += g * g;
    squares += g * g;
    w[bucket] -= (alpha * g) / (beta + Math.sqrt(n[bucket]));
    bias -= (alpha * g) / (beta + Math.sqrt(squares));
  }
  const { arrays } = model.toEpoch();
  expect(arrays.bias[0]).toBeCloseTo(bias, 5);
  arrays.sparseBuckets.forEach((bucket, i) => {
    expect(arrays.sparseWeights[i]).toBeCloseTo(w[bucket], 5);
  });
});

/** Gaussian elimination of a positive definite system. */
function solve(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  const a = matrix.map((row, i) => Float64Array.from([...row, right[i]]));
  for (let k = 0; k < size; k++) {
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = a[i][k] / a[k][k];
      for (let c = k; c <= size; c++) a[i][c] -= factor * a[k][c];
    }
  }
  return Float64Array.from(a, (row, i) => row[size] / row[i]);
}
