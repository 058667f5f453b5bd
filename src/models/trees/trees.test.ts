import { expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { arrayBytes, sealEpoch } from '../../domain/index.ts';
import { createBatch, type EncoderShape, type FeatureBatch } from '../../features/index.ts';
import { plainEncoder, syntheticExamples } from '../../testing/index.ts';
import type { Examples, RewardModel } from '../contract.ts';
import { loadModel } from '../load.ts';
import { areaUnderCurve } from '../metrics.ts';
import { TreeDecisions } from './ensemble.ts';
import type { TreesFitOptions, TreesOptions } from './options.ts';
import { type TreesLearner, treesModel } from './trees.ts';

async function fitted(
  encoder: EncoderShape,
  examples: Examples,
  options: Partial<TreesOptions> = {},
  fit: Partial<TreesFitOptions> = {},
): Promise<TreesLearner> {
  const model = treesModel.fresh(encoder, options);
  await model.fit(examples, { rng: createRng(1), ...fit });
  return model;
}

function scores(model: RewardModel, batch: FeatureBatch, rows = batch.rows): Float64Array {
  const out = new Float64Array(rows);
  model.predict(batch, rows, out);
  return out;
}

/** Rows made by a function of their number. */
function rowsFrom(
  encoder: EncoderShape,
  rows: number,
  make: (r: number, dense: Float32Array, sparse: Uint32Array) => number,
): Examples {
  const batch = createBatch(encoder, rows);
  const { denseWidth: d, sparseWidth: s } = encoder;
  const labels = Float32Array.from({ length: rows }, (_, r) =>
    make(r, batch.dense.subarray(r * d, (r + 1) * d), batch.sparse.subarray(r * s, (r + 1) * s)),
  );
  return { batch, labels, weights: new Float32Array(rows).fill(1), rows };
}

test('is the same model, byte for byte, whatever the number of threads', async () => {
  const encoder = plainEncoder(11, 3);
  const examples = syntheticExamples(encoder, 20_000, 3);
  const validation = syntheticExamples(encoder, 9_000, 4);
  const options = { trees: 12, rowShare: 0.8, featureShare: 0.8 };
  const [one, ...others] = await Promise.all(
    [1, 2, 3].map((threads) => fitted(encoder, examples, options, { threads, validation })),
  );
  for (const other of others) {
    expect(other.hash).toBe(one.hash);
    for (const [name, array] of Object.entries(one.toEpoch().arrays)) {
      expect(arrayBytes(other.toEpoch().arrays[name])).toEqual(arrayBytes(array));
    }
  }
});

test('learns an interaction that no linear model can', async () => {
  const encoder = plainEncoder(3, 0);
  const rng = createRng(5);
  const xor = (rows: number): Examples =>
    rowsFrom(encoder, rows, (_, x) => {
      for (let j = 0; j < 3; j++) x[j] = rng.normal();
      return rng.uniform() < (x[0] > 0 === x[1] > 0.5 ? 0.9 : 0.1) ? 1 : 0;
    });
  const model = await fitted(encoder, xor(8_000));
  const { batch, labels, weights } = xor(4_000);
  expect(areaUnderCurve(scores(model, batch), labels, weights)).toBeGreaterThan(0.88);
  const [first, second, noise] = model.importance();
  expect(Math.min(first.gain, second.gain)).toBeGreaterThan(3 * noise.gain);
  const { features } = model.ensemble;
  expect(first.splits + second.splits + noise.splits).toBe(features.filter((f) => f >= 0).length);
});

test('sends missing values the way that serves them: being missing can be all that a column tells', async () => {
  const encoder = plainEncoder(2, 0);
  const rng = createRng(6);
  const examples = rowsFrom(encoder, 3_000, (r, x) => {
    x[0] = r % 3 === 0 ? Number.NaN : 5;
    x[1] = rng.uniform() < 0.3 ? Number.NaN : Math.round(10 * rng.normal()) / 10;
    // Missing is as the large values are.
    return Number(r % 3 === 0) * 0.5 + Number(Number.isNaN(x[1]) || x[1] > 0) * 0.5;
  });
  const model = await fitted(encoder, examples, { objective: 'squaredError', learningRate: 0.5, lambda: 0 });
  const predicted = scores(model, examples.batch);
  for (let r = 0; r < 3_000; r++) expect(predicted[r]).toBeCloseTo(examples.labels[r], 4);
});

test('tells categories apart by a set at one node, and takes rare and unseen ones for missing', async () => {
  const encoder = plainEncoder(0, 1, 1 << 10);
  const good = new Set([3, 17, 90, 411, 700, 1000]);
  const examples = rowsFrom(encoder, 4_000, (r, _, slots) => {
    const bucket = 1 + ((r * 37) % 1023);
    slots[0] = r % 2 === 0 ? bucket : [...good][(r >> 1) % 6];
    return good.has(slots[0]) ? 1 : 0;
  });
  const model = await fitted(encoder, examples, {
    objective: 'squaredError',
    trees: 1,
    maxLeaves: 2,
    learningRate: 1,
    lambda: 0,
    categoryLambda: 0,
  });
  const { sets, features } = model.ensemble;
  expect([...features]).toEqual([0, -1, -1]);
  expect(sets.length).toBe(8);
  const predicted = scores(model, examples.batch);
  for (let r = 0; r < 4_000; r++) expect(predicted[r]).toBeCloseTo(examples.labels[r], 1);

  const few = await fitted(encoder, examples, { maxCategories: 6 });
  const kept = few.ensemble.buckets;
  expect([...kept].sort((a, b) => a - b)).toEqual([...good]);
});

test('keeps a monotone constraint for every row, also against the data', async () => {
  const encoder = plainEncoder(4, 1);
  const { batch, labels, weights, rows } = syntheticExamples(encoder, 3_000, 8);
  for (const direction of [1, -1] as const) {
    const model = await fitted(encoder, { batch, labels, weights, rows }, { monotone: { dense1: direction } });
    const steps = 60;
    const grid = createBatch(encoder, steps);
    for (const row of [0, 7, 99, 1234]) {
      for (let i = 0; i < steps; i++) {
        grid.dense.set(batch.dense.subarray(4 * row, 4 * row + 4), 4 * i);
        grid.dense[4 * i + 1] = -4 + i * 0.2;
        grid.sparse[i] = batch.sparse[row];
      }
      const along = scores(model, grid);
      for (let i = 1; i < steps; i++) expect(direction * (along[i] - along[i - 1])).toBeGreaterThanOrEqual(0);
    }
  }
});

test('stops where the loss on the validation rows no longer falls, and keeps the best round', async () => {
  const encoder = plainEncoder(6, 2);
  const examples = syntheticExamples(encoder, 600, 9);
  const validation = syntheticExamples(encoder, 3_000, 10);
  const options = { trees: 400, patience: 15, learningRate: 0.3, minChildWeight: 0.1 };
  const model = treesModel.fresh(encoder, options);
  const report = await model.fit(examples, { rng: createRng(1), validation });
  expect(report.passes).toBeLessThan(100);
  expect(model.ensemble.starts.length - 1).toBe(report.passes);
  const lossOf = (fittedModel: RewardModel): number => {
    const p = scores(fittedModel, validation.batch);
    return p.reduce((sum, x, r) => sum - Math.log(validation.labels[r] === 1 ? x : 1 - x), 0) / p.length;
  };
  expect(report.validationLoss).toBeCloseTo(lossOf(model), 9);
  for (const trees of [report.passes - 3, report.passes + 3]) {
    expect(lossOf(await fitted(encoder, examples, { ...options, trees }))).toBeGreaterThan(report.validationLoss ?? 0);
  }
  const p = scores(model, examples.batch);
  const trained = p.reduce((sum, x, r) => sum - Math.log(examples.labels[r] === 1 ? x : 1 - x), 0) / p.length;
  expect(report.logLoss).toBeCloseTo(trained, 9);
});

test('scores by the kernels as the node arrays say, bit for bit in the margin', async () => {
  const encoder = plainEncoder(9, 3);
  const examples = syntheticExamples(encoder, 2_000, 11);
  const rng = createRng(12);
  for (let i = 0; i < examples.batch.dense.length; i++) if (rng.uniform() < 0.1) examples.batch.dense[i] = Number.NaN;
  const model = await fitted(encoder, examples, { objective: 'squaredError', maxDepth: 12, maxLeaves: 40 });
  const served = treesModel.fromEpoch(sealEpoch(model.toEpoch()), encoder);
  const predicted = scores(served, examples.batch);
  const decisions = new TreeDecisions(model.ensemble);
  for (let r = 0; r < 2_000; r++) {
    expect(predicted[r]).toBe(decisions.margin(model.ensemble.base, examples.batch, r));
  }
  // One row by itself, and a number of rows that fills no group of eight.
  expect(scores(served, examples.batch, 1)[0]).toBe(predicted[0]);
  expect(scores(served, examples.batch, 517)).toEqual(predicted.subarray(0, 517));
});

test('is found by its family, and refuses what is no model of trees', async () => {
  const encoder = plainEncoder(3, 1);
  const model = await fitted(encoder, syntheticExamples(encoder, 300, 13), { trees: 5 });
  const epoch = sealEpoch(model.toEpoch());
  expect(loadModel(epoch, encoder).hash).toBe(model.hash);
  const broken = (arrays: Record<string, unknown>) => ({
    ...epoch,
    arrays: { ...epoch.arrays, ...(arrays as typeof epoch.arrays) },
  });
  const { left } = model.ensemble;
  for (const arrays of [
    { left: left.map(() => 0) },
    { features: model.ensemble.features.map((f) => (f >= 0 ? 9 : f)) },
    { values: new Float32Array(2) },
    { starts: Uint32Array.of(0, 1) },
    ...Object.keys(epoch.arrays).map((name) => ({ [name]: undefined })),
  ]) {
    expect(() => treesModel.fromEpoch(broken(arrays), encoder)).toThrow(
      expect.objectContaining({ code: 'EPOCH_CORRUPT' }),
    );
  }
});

test('refuses options that mean nothing', () => {
  const encoder = plainEncoder(2, 0);
  for (const options of [
    { trees: 0 },
    { maxDepth: 2.5 },
    { maxBins: 256 },
    { objective: 'hinge' },
    { monotone: { nothing: 1 } },
    { monotone: { dense0: 2 } },
    { monotone: null },
    { trees: '5' },
    { depth: 3 },
  ]) {
    expect(() => treesModel.fresh(encoder, options as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  }
});

test('corrects for sampled negatives by the odds', async () => {
  const encoder = plainEncoder(4, 1);
  const examples = syntheticExamples(encoder, 2_000, 14);
  const plain = scores(await fitted(encoder, examples), examples.batch);
  const corrected = scores(await fitted(encoder, examples, {}, { negativeRate: 0.1 }), examples.batch);
  const odds = (p: number): number => p / (1 - p);
  for (let r = 0; r < 2_000; r += 17) expect(odds(corrected[r]) / odds(plain[r])).toBeCloseTo(0.1, 6);
});
