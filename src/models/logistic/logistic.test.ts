import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { arrayBytes, sealEpoch } from '../../domain/index.ts';
import { createBatch, type EncoderShape, type FeatureBatch } from '../../features/index.ts';
import { plainEncoder, rewardModelLaws, syntheticExamples } from '../../testing/index.ts';
import type { Examples, RewardModel } from '../contract.ts';
import { loadModel } from '../load.ts';
import { areaUnderCurve, logLoss } from '../metrics.ts';
import { type LogisticFitOptions, type LogisticLearner, logisticModel } from './logistic.ts';

describe.each([
  { learning: 'ftrl', options: {}, duplicateTolerance: 0.6 },
  { learning: 'batch', options: {}, duplicateTolerance: 1e-3 },
  {
    learning: 'batch',
    options: { rule: 'newton', posterior: 'block', crosses: [['slot0', 'slot1']] },
    duplicateTolerance: 1e-3,
  },
] as const)('logistic regression, %o', ({ learning, options, duplicateTolerance }) => {
  const laws = rewardModelLaws({
    fresh: (encoder) => logisticModel.fresh(encoder, options),
    fit: (model, examples, seed, signal, validation) =>
      model.fit(examples, {
        rng: createRng(seed),
        learning,
        ...(signal === undefined ? {} : { signal }),
        ...(validation === undefined ? {} : { validation }),
      } as LogisticFitOptions),
    fromEpoch: (epoch, encoder) => logisticModel.fromEpoch(epoch, encoder),
    restore: (state, encoder) => logisticModel.restore(state, encoder),
    duplicateTolerance,
    claims: { uncertainty: true, sensitivities: true, validation: true, missingValues: true },
  });
  for (const law of laws) test(law.name, law.run);
});

describe('the optimum', () => {
  test('is that of Newton’s method on the same penalised loss', async () => {
    const encoder = plainEncoder(5, 2, 64);
    for (const seed of [1, 2, 3]) {
      const examples = weighted(syntheticExamples(encoder, 400, seed), seed);
      const model = await fitted(encoder, examples, { learning: 'batch', l2: 2 });
      const newton = newtonLogits(encoder, examples, 2);
      const p = predict(model, examples.batch, 400);
      for (let r = 0; r < 400; r++) expect(Math.log(p[r] / (1 - p[r]))).toBeCloseTo(newton[r], 3);
    }
  });

  test('is what FTRL comes near to', async () => {
    const encoder = plainEncoder(5, 2, 64);
    const examples = syntheticExamples(encoder, 4_000, 4);
    const best = predict(await fitted(encoder, examples, { learning: 'batch', l2: 2 }), examples.batch, 4_000);
    const near = predict(
      await fitted(encoder, examples, { learning: 'ftrl', l2: 2, epochs: 8 }),
      examples.batch,
      4_000,
    );
    const { labels, weights } = examples;
    expect(logLoss(near, labels, weights) - logLoss(best, labels, weights)).toBeLessThan(0.007);
  });

  test('has the mean label for its mean prediction', async () => {
    const encoder = plainEncoder(5, 2, 64);
    const examples = weighted(syntheticExamples(encoder, 2_000, 5), 5);
    for (const learning of ['ftrl', 'batch'] as const) {
      const p = predict(await fitted(encoder, examples, { learning }), examples.batch, 2_000);
      let difference = 0;
      for (let r = 0; r < 2_000; r++) difference += examples.weights[r] * (p[r] - examples.labels[r]);
      expect(Math.abs(difference / 2_000)).toBeLessThan(1e-6);
    }
  });
});

test('is close to the best area that the truth allows, with hashed slots', async () => {
  const encoder = plainEncoder(20, 8);
  const train = syntheticExamples(encoder, 20_000, 6);
  const { batch, labels, weights, truth } = syntheticExamples(encoder, 10_000, 7);
  const model = await fitted(encoder, train, {});
  const area = areaUnderCurve(predict(model, batch, 10_000), labels, weights);
  expect(area).toBeGreaterThan(areaUnderCurve(truth, labels, weights) - 0.015);
});

test('corrects for sampled negatives by the odds', async () => {
  const encoder = plainEncoder(4, 1);
  const all = syntheticExamples(encoder, 30_000, 8);
  const rng = createRng(9);
  const kept = Array.from({ length: 30_000 }, (_, r) => r).filter((r) => all.labels[r] === 1 || rng.uniform() < 0.1);
  const sampled = choose(encoder, all, kept);
  const truth = all.truth.reduce((a, b) => a + b) / 30_000;
  const naive = predict(await fitted(encoder, sampled, {}), all.batch, 30_000);
  const corrected = predict(await fitted(encoder, sampled, { negativeRate: 0.1 }), all.batch, 30_000);
  expect(mean(naive) / truth).toBeGreaterThan(1.5);
  expect(mean(corrected) / truth).toBeCloseTo(1, 1);
});

test('is stable against rare indicators: one row moves the logit of those like it by less than 1', async () => {
  const encoder = plainEncoder(2, 1);
  const examples = syntheticExamples(encoder, 1_000, 10);
  for (let r = 0; r < 1_000; r++) examples.batch.dense[2 * r + 1] = r === 500 ? 1 : 0;
  const model = await fitted(encoder, examples, {});
  const [, rare] = model.contributions(choose(encoder, examples, [500]).batch, 0);
  expect(Math.abs(rare.contribution)).toBeLessThan(1);

  // A column that was constant when the model was fitted, and is set for the first time online.
  examples.batch.dense[2 * 500 + 1] = 0;
  const other = await fitted(encoder, examples, {});
  const first = choose(encoder, examples, [500]);
  first.batch.dense[1] = 1;
  other.update(first.batch, Float32Array.of(1), Float32Array.of(1), 1);
  const [, fresh] = other.contributions(first.batch, 0);
  expect(fresh.contribution).toBeGreaterThan(0);
  expect(fresh.contribution).toBeLessThan(0.2);
});

describe('online learning', () => {
  const encoder = plainEncoder(6, 3);

  test('makes a model that has learnt nothing better, row by row', () => {
    const stream = syntheticExamples(encoder, 6_000, 11);
    const test = syntheticExamples(encoder, 3_000, 12);
    const model = logisticModel.fresh(encoder, { baseRate: 0.2 });
    const loss = (): number => logLoss(predict(model, test.batch, 3_000), test.labels, test.weights);
    expect(predict(model, test.batch, 1)[0]).toBeCloseTo(0.2, 10);
    const losses = [loss()];
    for (let from = 0; from < 6_000; from += 2_000) {
      learn(model, stream, from, from + 2_000);
      losses.push(loss());
    }
    expect([...losses].sort((a, b) => b - a)).toEqual(losses);
    expect(losses[0] - losses[3]).toBeGreaterThan(0.05);
  });

  test('goes on from a fit and follows a change', async () => {
    const before = syntheticExamples(encoder, 4_000, 13);
    const model = await fitted(encoder, before, {});
    const changed = syntheticExamples(encoder, 4_000, 14);
    changed.labels.forEach((label, r) => {
      changed.labels[r] = 1 - label;
    });
    const p = predict(model, changed.batch, 4_000);
    learn(model, changed, 0, 2_000);
    const after = predict(model, changed.batch, 4_000);
    const tail = (x: Float64Array): Float64Array => x.subarray(2_000);
    const labels = changed.labels.subarray(2_000);
    const weights = changed.weights.subarray(2_000);
    expect(logLoss(tail(after), labels, weights)).toBeLessThan(logLoss(tail(p), labels, weights));
  });

  test('does not disturb what is served already', async () => {
    const examples = syntheticExamples(encoder, 500, 15);
    const model = await fitted(encoder, examples, {});
    const served = logisticModel.fromEpoch(sealEpoch(model.toEpoch()), encoder);
    const before = predict(served, examples.batch, 500);
    learn(model, examples, 0, 500);
    expect(predict(served, examples.batch, 500)).toEqual(before);
    expect(model.hash).not.toBe(served.hash);
  });

  test('goes on after a restart as if it had never stopped', async () => {
    const examples = syntheticExamples(encoder, 900, 16);
    for (const learning of ['ftrl', 'batch', 'none'] as const) {
      const model =
        learning === 'none' ? logisticModel.fresh(encoder) : await fitted(encoder, examples, { learning, epochs: 3 });
      learn(model, examples, 0, 300);
      const restored = logisticModel.restore(sealEpoch(model.learnerState()), encoder);
      learn(model, examples, 300, 900);
      learn(restored, examples, 300, 900);
      expect(restored.hash).toBe(model.hash);
      const [a, b] = [model.learnerState(), restored.learnerState()];
      for (const [name, array] of Object.entries(a.arrays))
        expect(arrayBytes(b.arrays[name])).toEqual(arrayBytes(array));
    }
  });

  test('refuses the state of another family or encoder', () => {
    const model = logisticModel.fresh(encoder);
    expect(() => logisticModel.restore(model.toEpoch(), encoder)).toThrow(
      expect.objectContaining({ code: 'EPOCH_CORRUPT' }),
    );
    expect(() => logisticModel.restore(model.learnerState(), { ...encoder, hash: 'x' })).toThrow(
      expect.objectContaining({ code: 'MODEL_ENCODER_MISMATCH' }),
    );
  });

  test('is finite whatever finite rows come, in any order', () => {
    const row = fc.record({
      dense: fc.array(fc.oneof(fc.float({ min: -1000, max: 1000, noNaN: true }), fc.constantFrom(3e38, -3e38, 1e15)), {
        minLength: 6,
        maxLength: 6,
      }),
      sparse: fc.array(fc.nat(4095), { minLength: 3, maxLength: 3 }),
      label: fc.constantFrom(0, 0.5, 1),
      weight: fc.oneof(fc.float({ min: 0, max: 100, noNaN: true }), fc.constant(1e9)),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
        const batch = createBatch(encoder, rows.length);
        rows.forEach(({ dense, sparse }, r) => {
          batch.dense.set(dense, 6 * r);
          batch.sparse.set(sparse, 3 * r);
        });
        const model = logisticModel.fresh(encoder);
        model.update(
          batch,
          Float32Array.from(rows, ({ label }) => label),
          Float32Array.from(rows, ({ weight }) => weight),
          rows.length,
        );
        for (const p of predict(model, batch, rows.length)) expect(p > 0 && p < 1).toBe(true);
        expect(Number.isFinite(model.bias)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

test('an epoch holds what serving reads and no more: only the buckets that weigh something', async () => {
  const encoder = plainEncoder(6, 3, 1 << 18);
  const model = logisticModel.fresh(encoder, { posterior: 'none' });
  await model.fit(syntheticExamples(encoder, 500, 18), { rng: createRng(1), l1: 0.01 });
  const { arrays, meta } = model.toEpoch();
  expect(Object.keys(arrays).sort()).toEqual(['bias', 'dense', 'means', 'scales', 'sparseBuckets', 'sparseWeights']);
  expect(arrays.sparseBuckets.length).toBeLessThan(130);
  expect(meta).toEqual({ family: 'logistic', format: 2, encoder: encoder.hash, buckets: 1 << 18, crosses: [] });
  expect([model.uncertainty, model.sensitivities]).toEqual([undefined, undefined]);
});

test('a loader finds the family, and refuses one that it does not know', async () => {
  const encoder = plainEncoder(6, 3);
  const model = await fitted(encoder, syntheticExamples(encoder, 100, 19), {});
  const epoch = sealEpoch(model.toEpoch());
  expect(loadModel(epoch, encoder).hash).toBe(model.hash);
  const stranger = { ...epoch, meta: { ...epoch.meta, family: 'oracle' } };
  expect(() => loadModel(stranger, encoder)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
  const broken = { ...epoch, arrays: { ...epoch.arrays, sparseWeights: new Float32Array(1) } };
  expect(() => loadModel(broken, encoder)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
});

test('reports its progress up to 1', async () => {
  const encoder = plainEncoder(6, 3);
  const shares: number[] = [];
  await fitted(encoder, syntheticExamples(encoder, 20_000, 20), {
    epochs: 1,
    onProgress: (share) => shares.push(share),
  });
  expect(shares.length).toBeGreaterThan(2);
  expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  expect(shares.at(-1)).toBe(1);
});

test.each([{ alpha: 0 }, { baseRate: 1 }, { l2: -1 }, { learningRate: 1 } as object])(
  'refuses the option %o',
  (options) => {
    expect(() => logisticModel.fresh(plainEncoder(2, 1), options)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  },
);

// ---- ----

async function fitted(
  encoder: EncoderShape,
  examples: Examples,
  options: Omit<LogisticFitOptions, 'rng'>,
): Promise<LogisticLearner> {
  const model = logisticModel.fresh(encoder);
  await model.fit(examples, { rng: createRng(1), ...options });
  return model;
}

function predict(model: RewardModel, batch: FeatureBatch, rows: number): Float64Array {
  const out = new Float64Array(rows);
  model.predict(batch, rows, out);
  return out;
}

function learn(model: LogisticLearner, examples: Examples, from: number, to: number): void {
  const { batch, labels, weights } = choose(
    plainEncoder(6, 3),
    examples,
    Array.from({ length: to - from }, (_, i) => from + i),
  );
  model.update(batch, labels, weights, to - from);
}

function choose(encoder: EncoderShape, examples: Examples, rows: readonly number[]): Examples {
  const { denseWidth, sparseWidth } = encoder;
  const batch = createBatch(encoder, rows.length);
  rows.forEach((r, i) => {
    batch.dense.set(examples.batch.dense.subarray(r * denseWidth, (r + 1) * denseWidth), i * denseWidth);
    batch.sparse.set(examples.batch.sparse.subarray(r * sparseWidth, (r + 1) * sparseWidth), i * sparseWidth);
  });
  return {
    batch,
    labels: Float32Array.from(rows, (r) => examples.labels[r]),
    weights: Float32Array.from(rows, (r) => examples.weights[r]),
    rows: rows.length,
  };
}

function weighted(examples: Examples, seed: number): Examples {
  const rng = createRng(seed);
  return { ...examples, weights: examples.weights.map(() => 0.2 + 2 * rng.uniform()) };
}

function mean(x: Float64Array): number {
  return x.reduce((a, b) => a + b) / x.length;
}

/** Logits at the optimum, by Newton's method with a dense Hessian over standardised columns and one indicator a bucket. */
function newtonLogits(encoder: EncoderShape, { batch, labels, weights, rows }: Examples, l2: number): Float64Array {
  const { denseWidth, sparseWidth } = encoder;
  const buckets = [...new Set(batch.sparse)].filter((bucket) => bucket !== 0);
  const size = 1 + denseWidth + buckets.length;
  const x = Array.from({ length: rows }, (_, r) => {
    const row = new Float64Array(size);
    row[0] = 1;
    for (let j = 0; j < denseWidth; j++) row[1 + j] = batch.dense[r * denseWidth + j];
    for (let s = 0; s < sparseWidth; s++) {
      const at = buckets.indexOf(batch.sparse[r * sparseWidth + s]);
      if (at >= 0) row[1 + denseWidth + at] += 1;
    }
    return row;
  });
  const total = weights.reduce((a, b) => a + b);
  for (let j = 1; j <= denseWidth; j++) {
    const average = x.reduce((sum, row, r) => sum + weights[r] * row[j], 0) / total;
    const deviation = Math.sqrt(x.reduce((sum, row, r) => sum + weights[r] * (row[j] - average) ** 2, 0) / total);
    // The model's scales have a floor of 0.25.
    for (const row of x) row[j] = (row[j] - average) / Math.max(0.25, deviation);
  }
  const w = new Float64Array(size);
  const logits = (): Float64Array => Float64Array.from(x, (row) => row.reduce((sum, xk, k) => sum + xk * w[k], 0));
  for (let round = 0; round < 30; round++) {
    const hessian = Array.from({ length: size }, (_, i) => {
      const row = new Float64Array(size);
      row[i] = i === 0 ? 0 : l2;
      return row;
    });
    const gradient = w.map((wk, k) => (k === 0 ? 0 : l2 * wk));
    logits().forEach((z, r) => {
      const p = 1 / (1 + Math.exp(-z));
      for (let i = 0; i < size; i++) {
        if (x[r][i] === 0) continue;
        gradient[i] += weights[r] * (p - labels[r]) * x[r][i];
        const curvature = weights[r] * p * (1 - p) * x[r][i];
        for (let k = 0; k < size; k++) hessian[i][k] += curvature * x[r][k];
      }
    });
    const step = solve(hessian, gradient);
    for (let k = 0; k < size; k++) w[k] -= step[k];
  }
  return logits();
}

/** Gaussian elimination with partial pivoting. */
function solve(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  const a = matrix.map((row, i) => Float64Array.from([...row, right[i]]));
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let i = k + 1; i < size; i++) if (Math.abs(a[i][k]) > Math.abs(a[pivot][k])) pivot = i;
    [a[k], a[pivot]] = [a[pivot], a[k]];
    for (let i = k + 1; i < size; i++) {
      const factor = a[i][k] / a[k][k];
      for (let c = k; c <= size; c++) a[i][c] -= factor * a[k][c];
    }
  }
  const x = new Float64Array(size);
  for (let k = size - 1; k >= 0; k--) {
    let sum = a[k][size];
    for (let c = k + 1; c < size; c++) sum -= a[k][c] * x[c];
    x[k] = sum / a[k][k];
  }
  return x;
}
