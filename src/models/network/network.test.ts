import { describe, expect, test } from 'vitest';
import { createRng, type Seed, seedFromBytes } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { createBatch, type EncoderShape, type FeatureBatch } from '../../features/index.ts';
import { plainEncoder, rewardModelLaws, syntheticExamples } from '../../testing/index.ts';
import type { Examples, RewardModel } from '../contract.ts';
import { loadModel, restoreLearner } from '../load.ts';
import { areaUnderCurve, logLoss } from '../metrics.ts';
import { type NetworkLearner, networkModel } from './network.ts';
import type { NetworkFitOptions, NetworkOptions } from './options.ts';

describe.each<[string, Partial<NetworkOptions>, number]>([
  // Which rows share a step is chance: two seeds on the same rows differ by 1 to 1.7 logits in the row that differs most.
  // Where all rows share each step, 0.01 is enough.
  ['in batches', { epochs: 4 }, 1],
  ['by all rows at each step', { batchRows: 1 << 16, epochs: 40, rate: 0.01 }, 0.01],
])('a network that learns %s', (_, options, duplicateTolerance) => {
  const laws = rewardModelLaws({
    fresh: (encoder) => networkModel.fresh(encoder, options),
    async fit(model, examples, seed, signal) {
      const given: NetworkFitOptions = { rng: createRng(seed), ...(signal === undefined ? {} : { signal }) };
      await model.fit(examples, given);
    },
    fromEpoch: (epoch, encoder) => networkModel.fromEpoch(epoch, encoder),
    duplicateTolerance,
  });
  for (const law of laws) test(law.name, law.run);
});

const ENCODER = plainEncoder(6, 3);

describe('what it learns', () => {
  test('is what no linear model can: a product of two columns', async () => {
    const encoder = plainEncoder(4, 0);
    const [train, held] = [1, 2].map((seed) => {
      const examples = syntheticExamples(encoder, 4_000, seed);
      for (let r = 0; r < 4_000; r++) {
        const [a, b] = examples.batch.dense.subarray(4 * r, 4 * r + 2);
        examples.labels[r] = Number(a * 10 * (b - 1) > 0);
      }
      return examples;
    });
    const model = await fitted(encoder, train);
    expect(areaUnderCurve(predict(model, held.batch, 4_000), held.labels, held.weights)).toBeGreaterThan(0.98);
  });

  test('does not depend on how weights are scaled, and a weight of 2 is the row twice when all rows make one step', async () => {
    const examples = syntheticExamples(ENCODER, 200, 3);
    const weights = examples.weights.map((_, r) => (r % 3 === 0 ? 2 : 1));
    const twice = Array.from({ length: 200 }, (_, r) => (r % 3 === 0 ? [r, r] : [r])).flat();
    const options = { batchRows: 4096, epochs: 30 };
    const model = await fitted(ENCODER, { ...examples, weights }, options);
    const scaled = await fitted(ENCODER, { ...examples, weights: weights.map((w) => 8 * w) }, options);
    const duplicated = await fitted(ENCODER, choose(ENCODER, examples, twice), options);
    const p = predict(model, examples.batch, 200);
    for (const [other, tolerance] of [
      [scaled, 1e-6],
      [duplicated, 2e-3],
    ] as const) {
      const q = predict(other, examples.batch, 200);
      expect(Math.max(...p.map((x, r) => Math.abs(x - q[r])))).toBeLessThan(tolerance);
    }
  });

  test('is the expected value where the objective is squared error', async () => {
    const train = syntheticExamples(ENCODER, 3_000, 4);
    const held = syntheticExamples(ENCODER, 3_000, 5);
    train.truth.forEach((p, r) => {
      train.labels[r] = p;
    });
    const model = await fitted(ENCODER, train, { objective: 'squaredError' });
    expect(model.scale).toBe('value');
    const p = predict(model, held.batch, 3_000);
    const mean = held.truth.reduce((a, b) => a + b) / 3_000;
    const squares = (of: (r: number) => number): number => held.truth.reduce((sum, y, r) => sum + (y - of(r)) ** 2, 0);
    expect(squares((r) => p[r]) / squares(() => mean)).toBeLessThan(0.12);
    const contributions = model.contributions(held.batch, 7);
    const sum = contributions.reduce((total, { contribution }) => total + contribution, model.bias);
    expect(sum).toBeCloseTo(p[7], 5);
    await expect(model.fit(train, { rng: createRng(1), negativeRate: 0.5 })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });

  test('makes use of a value that is missing', async () => {
    const encoder = plainEncoder(3, 0);
    const blank = (seed: number): Examples => {
      const examples = syntheticExamples(encoder, 3_000, seed);
      const rng = createRng(seed + 50);
      examples.labels.forEach((_, r) => {
        const missing = rng.uniform() < 0.5;
        if (missing) examples.batch.dense[3 * r + 1] = Number.NaN;
        examples.labels[r] = Number(rng.uniform() < (missing ? 0.8 : 0.2));
      });
      return examples;
    };
    const model = await fitted(encoder, blank(6));
    const held = blank(7);
    const p = predict(model, held.batch, 3_000);
    p.forEach((score, r) => {
      const wanted = Number.isNaN(held.batch.dense[3 * r + 1]) ? 0.8 : 0.2;
      expect(Math.abs(score - wanted)).toBeLessThan(0.25);
    });
    expect(Array.from(model.parameters().indicatorColumns)).toEqual([1]);
  });

  test('is corrected for sampled negatives by the odds', async () => {
    const all = syntheticExamples(ENCODER, 12_000, 8);
    const rng = createRng(9);
    const kept = Array.from({ length: 12_000 }, (_, r) => r).filter((r) => all.labels[r] === 1 || rng.uniform() < 0.1);
    const model = networkModel.fresh(ENCODER);
    await model.fit(choose(ENCODER, all, kept), { rng: createRng(1), negativeRate: 0.1, epochs: 3 });
    const p = predict(model, all.batch, 12_000);
    expect(p.reduce((a, b) => a + b) / all.truth.reduce((a, b) => a + b)).toBeCloseTo(1, 1);
  });

  test('hashes buckets into fewer rows of the table, and still nothing of one it never saw', async () => {
    const encoder = plainEncoder(2, 3, 1 << 14);
    const examples = syntheticExamples(encoder, 2_000, 10);
    const model = await fitted(encoder, examples, { embeddingRows: 32 });
    const { table, buckets, bucketRows } = model.parameters();
    expect(table.length).toBeLessThanOrEqual(32 * 4);
    expect(buckets.length).toBeGreaterThan(100);
    expect(Math.max(...bucketRows)).toBeLessThan(32);
    const seen = new Set(examples.batch.sparse);
    const batch = createBatch(encoder, 2);
    batch.sparse.fill(Array.from({ length: 1 << 14 }, (_, b) => b).find((b) => !seen.has(b)) ?? 0, 3, 6);
    const [missing, never] = predict(model, batch, 2);
    expect(never).toBe(missing);
  });
});

describe('early stopping', () => {
  test('keeps the round that was best on rows that were not learnt from', async () => {
    const train = syntheticExamples(ENCODER, 500, 11);
    const validation = syntheticExamples(ENCODER, 2_000, 12);
    const long = networkModel.fresh(ENCODER, { epochs: 60 });
    const byHeart = await long.fit(train, { rng: createRng(1) });
    expect(byHeart.passes).toBe(60);
    const stopped = networkModel.fresh(ENCODER, { epochs: 60, patience: 5 });
    const report = await stopped.fit(train, { rng: createRng(1), validation });
    expect(report.passes).toBeLessThan(40);
    const lossOf = (model: RewardModel): number =>
      logLoss(predict(model, validation.batch, 2_000), validation.labels, validation.weights);
    expect(report.validationLoss).toBeCloseTo(lossOf(stopped), 6);
    expect(lossOf(stopped)).toBeLessThan(lossOf(long) - 0.05);
    expect(report.logLoss).toBeCloseTo(logLoss(predict(stopped, train.batch, 500), train.labels, train.weights), 5);
  });
});

describe('its uncertainty', () => {
  test('falls with what was seen: nearly as the square root of how often', async () => {
    const few = await fitted(ENCODER, syntheticExamples(ENCODER, 300, 13), { epochs: 20 });
    const many = await fitted(ENCODER, syntheticExamples(ENCODER, 9_600, 13), { epochs: 3 });
    const { batch } = syntheticExamples(ENCODER, 500, 14);
    const mean = (model: RewardModel): number => deviations(model, batch, 500).reduce((a, b) => a + b) / 500;
    expect(mean(few) / mean(many)).toBeGreaterThan(2.5);
    expect(mean(few) / mean(many)).toBeLessThan(12);
  });

  test.each(['logLoss', 'squaredError'] as const)(
    'draws scores that deviate as it says and hang together over rows (%s)',
    async (objective) => {
      const model = await fitted(ENCODER, syntheticExamples(ENCODER, 5_000, 15), { objective, epochs: 2 });
      const { batch } = syntheticExamples(ENCODER, 300, 16);
      const draws = 400;
      const out = new Float64Array(300 * draws);
      model.uncertainty?.draw(batch, 300, seedOf(1), draws, out);
      const p = predict(model, batch, 300);
      const said = deviations(model, batch, 300);
      let ratio = 0;
      for (let r = 0; r < 300; r++) {
        const row = out.subarray(r * draws, (r + 1) * draws);
        const mean = row.reduce((a, b) => a + b) / draws;
        const deviation = Math.sqrt(row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws);
        ratio += deviation / said[r] / 300;
        expect(Math.abs(mean - p[r])).toBeLessThan(0.5 * said[r] + 1e-3);
      }
      expect(ratio).toBeGreaterThan(0.93);
      expect(ratio).toBeLessThan(1.07);

      // One draw is one set of parameters: the same row twice has the same score in it, whatever stands beside.
      const pair = choose(
        ENCODER,
        { batch, labels: new Float32Array(300), weights: new Float32Array(300), rows: 300 },
        [17, 4, 17],
      );
      const some = new Float64Array(3 * 70);
      model.uncertainty?.draw(pair.batch, 3, seedOf(1), 70, some);
      expect(some.subarray(0, 70)).toEqual(some.subarray(140));
      expect(some.subarray(0, 70)).toEqual(out.subarray(17 * draws, 17 * draws + 70));
      model.uncertainty?.draw(pair.batch, 3, seedOf(2), 70, some);
      expect(some.subarray(0, 70)).not.toEqual(out.subarray(17 * draws, 17 * draws + 70));
    },
  );

  test('is the posterior of a Bayesian logistic regression on the last layer, by plain arithmetic', async () => {
    const examples = syntheticExamples(ENCODER, 400, 17);
    const model = await fitted(ENCODER, examples, { hidden: [5], epochs: 5, priorPrecision: 2 });
    const { layers, outputWeights, outputBias } = model.parameters();
    expect(outputWeights.length).toBe(5);
    expect(layers[0].bias.length).toBe(5);
    // φ of a row by what moves its logit: draws are linear in φ, so that the covariance of logits is Φ Λ⁻¹ Φᵀ.
    const p = predict(model, examples.batch, 400);
    const d = deviations(model, examples.batch, 400);
    // trace of H (H + λ I)⁻¹ with H = Σ p (1 - p) φ φᵀ: between 0 and the number of parameters, and Σ_r c_r φ_r Λ⁻¹ φ_r.
    const trace = d.reduce((sum, s, r) => sum + (s / (p[r] * (1 - p[r]))) ** 2 * p[r] * (1 - p[r]), 0);
    expect(trace).toBeGreaterThan(3);
    expect(trace).toBeLessThan(6.05);
    expect(Number.isFinite(outputBias)).toBe(true);
  });
});

describe('online learning', () => {
  test('makes a model that has learnt nothing better, and surer', () => {
    const stream = syntheticExamples(ENCODER, 6_000, 18);
    const held = syntheticExamples(ENCODER, 2_000, 19);
    const model = networkModel.fresh(ENCODER, { baseRate: 0.2, onlineRate: 0.003 });
    expect(predict(model, held.batch, 1)[0]).toBeCloseTo(0.2, 6);
    const lossOf = (): number => logLoss(predict(model, held.batch, 2_000), held.labels, held.weights);
    const losses = [lossOf()];
    const unsure = deviations(model, held.batch, 100);
    for (let from = 0; from < 6_000; from += 2_000) {
      learn(model, stream, from, from + 2_000);
      losses.push(lossOf());
    }
    expect([...losses].sort((a, b) => b - a)).toEqual(losses);
    expect(losses[0] - losses[3]).toBeGreaterThan(0.08);
    const sure = deviations(model, held.batch, 100);
    expect(sure.reduce((a, b) => a + b)).toBeLessThan(unsure.reduce((a, b) => a + b) / 3);
  });

  test('goes on after a restart as if it had never stopped', async () => {
    const model = await fitted(ENCODER, syntheticExamples(ENCODER, 800, 20), { embeddingRows: 64 });
    const stream = syntheticExamples(ENCODER, 300, 21);
    learn(model, stream, 0, 100);
    const restored = restoreLearner(model.learnerState(), ENCODER) as NetworkLearner;
    expect(restored.hash).toBe(model.hash);
    learn(model, stream, 100, 300);
    learn(restored, stream, 100, 300);
    expect(restored.hash).toBe(model.hash);
    expect(sealEpoch(restored.learnerState()).hash).toBe(sealEpoch(model.learnerState()).hash);
    expect(deviations(restored, stream.batch, 300)).toEqual(deviations(model, stream.batch, 300));
  });

  test('learns nothing of rows of weight 0, and refuses what cannot be learnt from', async () => {
    const model = await fitted(ENCODER, syntheticExamples(ENCODER, 200, 22));
    const { hash } = model;
    const { batch, labels, weights } = syntheticExamples(ENCODER, 50, 23);
    model.update(
      batch,
      labels,
      weights.map(() => 0),
      50,
    );
    expect(model.hash).toBe(hash);
    expect(() =>
      model.update(
        batch,
        labels.map(() => 2),
        weights,
        50,
      ),
    ).toThrow(expect.objectContaining({ code: 'EXAMPLES_INVALID' }));
    model.update(batch, labels, weights, 50);
    expect(model.hash).not.toBe(hash);
  });
});

describe('an epoch', () => {
  test('is found by its family, says the same deviations, and is refused when its arrays do not fit', async () => {
    const model = await fitted(ENCODER, syntheticExamples(ENCODER, 300, 24));
    const epoch = sealEpoch(model.toEpoch());
    const loaded = loadModel(epoch, ENCODER);
    const { batch } = syntheticExamples(ENCODER, 200, 25);
    expect(deviations(loaded, batch, 200)).toEqual(deviations(model, batch, 200));
    for (const name of Object.keys(epoch.arrays)) {
      const broken = { ...epoch, arrays: { ...epoch.arrays, [name]: new Uint8Array(3) } };
      expect(() => loadModel(broken, ENCODER)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
    }
    const wild = {
      ...epoch,
      arrays: { ...epoch.arrays, bucketRows: (epoch.arrays.bucketRows as Uint32Array).map(() => 1e6) },
    };
    expect(() => loadModel(wild, ENCODER)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
    expect(() => restoreLearner(model.learnerState(), { ...ENCODER, hash: 'another' })).toThrow(
      expect.objectContaining({ code: 'MODEL_ENCODER_MISMATCH' }),
    );
  });
});

test('predicts the same whatever the rows of a call, over many chunks', async () => {
  const examples = syntheticExamples(ENCODER, 1_000, 26);
  const model = await fitted(ENCODER, examples);
  const together = predict(model, examples.batch, 1_000);
  expect(() => model.predict(examples.batch, 1_001, new Float64Array(1_001))).toThrow(RangeError);
  for (const rows of [1, 7, 127, 128, 129, 500]) {
    expect(predict(model, examples.batch, rows)).toEqual(together.subarray(0, rows));
  }
});

test.each([
  { rate: 0 },
  { hidden: [] },
  { hidden: [2.5] },
  { hidden: [8, 8, 8, 8, 8] },
  { embeddingSize: 6 },
  { dropout: 1 },
  { objective: 'hinge' },
  { layers: 3 },
])('refuses the option %o', (options) => {
  expect(() => networkModel.fresh(ENCODER, options as Partial<NetworkOptions>)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});

// ---- ----

async function fitted(
  encoder: EncoderShape,
  examples: Examples,
  options: Partial<NetworkOptions> = {},
): Promise<NetworkLearner> {
  const model = networkModel.fresh(encoder, options);
  await model.fit(examples, { rng: createRng(1) });
  return model;
}

function predict(model: RewardModel, batch: FeatureBatch, rows: number): Float64Array {
  const out = new Float64Array(rows);
  model.predict(batch, rows, out);
  return out;
}

function deviations(model: RewardModel, batch: FeatureBatch, rows: number): Float64Array {
  const out = new Float64Array(rows);
  model.uncertainty?.deviations(batch, rows, out);
  return out;
}

function seedOf(label: number): Seed {
  return seedFromBytes(new Uint8Array(16).fill(label));
}

function learn(model: NetworkLearner, examples: Examples, from: number, to: number): void {
  const rows = Array.from({ length: to - from }, (_, i) => from + i);
  const { batch, labels, weights } = choose(ENCODER, examples, rows);
  model.update(batch, labels, weights, rows.length);
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
