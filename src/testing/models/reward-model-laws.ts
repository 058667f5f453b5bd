/**
 * What every reward model must keep, whatever its family. Framework-free: a test runs each law.
 *
 *   for (const law of rewardModelLaws({ family: …, fit: … })) test(law.name, law.run);
 */
import assert from 'node:assert/strict';
import { createRng } from '../../base/index.ts';
import { arrayBytes, type Epoch, type EpochContent, sealEpoch } from '../../domain/index.ts';
import { createBatch, type EncoderShape, type FeatureBatch } from '../../features/index.ts';
import type { Examples, Learner, RewardModel } from '../../models/index.ts';
import type { Law } from '../store/law.ts';

export interface RewardModelSubject {
  /** An unfitted model. */
  fresh(encoder: EncoderShape): Learner;
  /** Fits it as its family is fitted in production; `seed` is all the chance there is. */
  fit(model: Learner, examples: Examples, seed: number, signal?: AbortSignal): Promise<void>;
  fromEpoch(epoch: Epoch, encoder: EncoderShape): RewardModel;
  /**
   * How far predictions may differ, in logits, when a row of weight 2 is replaced by the row twice: 0 for what finds an
   * optimum, more for what passes over rows one by one.
   */
  readonly duplicateTolerance: number;
}

const DENSE = 6;
const SPARSE = 3;

/** A shape without any declaration behind it. */
export function plainEncoder(denseWidth: number, sparseWidth: number, buckets = 1 << 12): EncoderShape {
  return {
    hash: `plain-${denseWidth}-${sparseWidth}-${buckets}`,
    denseWidth,
    sparseWidth,
    buckets,
    denseNames: Array.from({ length: denseWidth }, (_, j) => `dense${j}`),
    sparseNames: Array.from({ length: sparseWidth }, (_, s) => `slot${s}`),
  };
}

/** Rows whose rewards follow a logistic truth over columns of several scales, an indicator and a few hundred buckets. */
export function syntheticExamples(
  encoder: EncoderShape,
  rows: number,
  seed: number,
): Examples & { readonly truth: Float64Array } {
  const rng = createRng(seed);
  const batch = createBatch(encoder, rows);
  const labels = new Float32Array(rows);
  const truth = new Float64Array(rows);
  const scaleOf = (j: number): number => 10 ** ((j % 4) - 1);
  for (let r = 0; r < rows; r++) {
    let logit = -1.5;
    for (let j = 0; j < encoder.denseWidth; j++) {
      const standard = j % 5 === 4 ? Number(rng.uniform() < 0.2) : rng.normal();
      batch.dense[r * encoder.denseWidth + j] = standard * scaleOf(j) + j;
      logit += standard * Math.cos(3 * j);
    }
    for (let s = 0; s < encoder.sparseWidth; s++) {
      const category = rng.below(20 * (s + 1));
      const bucket = category === 0 ? 0 : 1 + ((category * 97 + s * 1009) % (encoder.buckets - 1));
      batch.sparse[r * encoder.sparseWidth + s] = bucket;
      logit += bucket === 0 ? 0 : Math.sin(bucket);
    }
    truth[r] = 1 / (1 + Math.exp(-logit));
    labels[r] = rng.uniform() < truth[r] ? 1 : 0;
  }
  return { batch, labels, weights: new Float32Array(rows).fill(1), rows, truth };
}

export function rewardModelLaws(subject: RewardModelSubject): readonly Law[] {
  const encoder = plainEncoder(DENSE, SPARSE);
  const fitted = async (examples: Examples, seed = 1): Promise<Learner> => {
    const model = subject.fresh(encoder);
    await subject.fit(model, examples, seed);
    return model;
  };
  return [
    {
      name: 'predicts the same bits again, and writes only the rows asked for',
      async run() {
        const examples = syntheticExamples(encoder, 400, 1);
        const model = await fitted(examples);
        const before = examples.batch.dense.slice();
        const out = new Float64Array(400).fill(-1);
        model.predict(examples.batch, 300, out);
        assert.deepEqual(predictions(model, examples.batch, 400).subarray(0, 300), out.subarray(0, 300));
        assert.ok(out.subarray(300).every((x) => x === -1));
        assert.deepEqual(examples.batch.dense, before);
      },
    },
    {
      name: 'predicts each row by itself: its place among others does not matter',
      async run() {
        const examples = syntheticExamples(encoder, 130, 2);
        const model = await fitted(examples);
        const together = predictions(model, examples.batch, 130);
        for (const r of [0, 1, 64, 129]) {
          assert.equal(predictions(model, rowsOf(encoder, examples.batch, [r]), 1)[0], together[r]);
        }
      },
    },
    {
      name: 'predicts within (0, 1) for any finite row, and for missing values',
      async run() {
        const model = await fitted(syntheticExamples(encoder, 300, 3));
        const batch = createBatch(encoder, 4);
        batch.dense.fill(1e6, 0, DENSE);
        batch.dense.fill(-1e6, DENSE, 2 * DENSE);
        batch.dense.fill(Number.NaN, 2 * DENSE, 3 * DENSE);
        batch.dense[3 * DENSE + 1] = Number.NaN;
        for (const p of predictions(model, batch, 4)) assert.ok(p > 0 && p < 1, `predicted ${p}`);
      },
    },
    {
      name: 'gives the same bytes for the same seed',
      async run() {
        const examples = syntheticExamples(encoder, 500, 4);
        const [first, second] = [await fitted(examples, 7), await fitted(examples, 7)];
        assert.equal(first.hash, second.hash);
        assertSameContent(first.toEpoch(), second.toEpoch());
      },
    },
    {
      name: 'is the same model after it was saved and loaded',
      async run() {
        const examples = syntheticExamples(encoder, 500, 5);
        const model = await fitted(examples);
        const epoch = sealEpoch(model.toEpoch());
        const loaded = subject.fromEpoch(epoch, encoder);
        assert.equal(epoch.kind, 'model');
        assert.equal(loaded.hash, epoch.hash);
        assert.equal(model.hash, epoch.hash);
        assert.equal(loaded.family, model.family);
        assert.equal(loaded.encoderHash, encoder.hash);
        assertSameContent(loaded.toEpoch(), epoch);
        assert.deepEqual(predictions(loaded, examples.batch, 500), predictions(model, examples.batch, 500));
      },
    },
    {
      name: 'refuses the epoch of another encoder',
      async run() {
        const model = await fitted(syntheticExamples(encoder, 100, 6));
        const other = { ...encoder, hash: 'another' };
        assert.throws(() => subject.fromEpoch(sealEpoch(model.toEpoch()), other), { code: 'MODEL_ENCODER_MISMATCH' });
      },
    },
    {
      name: 'explains each prediction: bias and contributions sum to its logit, one a column and a slot',
      async run() {
        const examples = syntheticExamples(encoder, 300, 7);
        const model = await fitted(examples);
        const p = predictions(model, examples.batch, 300);
        for (let r = 0; r < 300; r += 13) {
          const contributions = model.contributions(examples.batch, r);
          assert.deepEqual(
            contributions.map(({ name }) => name),
            [...encoder.denseNames, ...encoder.sparseNames],
          );
          const logit = contributions.reduce((sum, { contribution }) => sum + contribution, model.bias);
          assert.ok(Math.abs(logit - Math.log(p[r] / (1 - p[r]))) < 1e-4);
        }
      },
    },
    {
      name: 'takes a bucket that it never saw, like a missing one, for neutral',
      async run() {
        const examples = syntheticExamples(encoder, 300, 8);
        const seen = new Set(examples.batch.sparse);
        let unseen = 1;
        while (seen.has(unseen)) unseen++;
        const model = await fitted(examples);
        const batch = rowsOf(encoder, examples.batch, [0, 0]);
        batch.sparse.fill(0, 0, SPARSE);
        batch.sparse.fill(unseen, SPARSE, 2 * SPARSE);
        const [missing, never] = predictions(model, batch, 2);
        assert.equal(missing, never);
      },
    },
    {
      name: 'ranks nearly as well as the truth, and is calibrated',
      async run() {
        const train = syntheticExamples(encoder, 6_000, 9);
        const test = syntheticExamples(encoder, 6_000, 10);
        const p = predictions(await fitted(train), test.batch, 6_000);
        assert.ok(areaOf(p, test.labels) > areaOf(test.truth, test.labels) - 0.02);
        const ratio = p.reduce((a, b) => a + b) / test.truth.reduce((a, b) => a + b);
        assert.ok(Math.abs(ratio - 1) < 0.06, `mean prediction over mean truth is ${ratio}`);
      },
    },
    {
      name: 'ignores rows of weight 0',
      async run() {
        const examples = syntheticExamples(encoder, 600, 11);
        const kept = Array.from({ length: 300 }, (_, i) => 2 * i);
        const halved = { ...examples, weights: examples.weights.map((_, r) => (r % 2 === 0 ? 1 : 0)) };
        const alone: Examples = {
          batch: rowsOf(encoder, examples.batch, kept),
          labels: Float32Array.from(kept, (r) => examples.labels[r]),
          weights: new Float32Array(300).fill(1),
          rows: 300,
        };
        assertClose(
          predictions(await fitted(halved), examples.batch, 600),
          predictions(await fitted(alone), examples.batch, 600),
          subject.duplicateTolerance,
        );
      },
    },
    {
      name: 'takes a row of weight 2 for the row twice',
      async run() {
        const examples = syntheticExamples(encoder, 500, 12);
        const weights = examples.weights.map((_, r) => (r % 3 === 0 ? 2 : 1));
        const twice = Array.from({ length: 500 }, (_, r) => (r % 3 === 0 ? [r, r] : [r])).flat();
        const duplicated: Examples = {
          batch: rowsOf(encoder, examples.batch, twice),
          labels: Float32Array.from(twice, (r) => examples.labels[r]),
          weights: new Float32Array(twice.length).fill(1),
          rows: twice.length,
        };
        assertClose(
          predictions(await fitted({ ...examples, weights }), examples.batch, 500),
          predictions(await fitted(duplicated), examples.batch, 500),
          subject.duplicateTolerance,
        );
      },
    },
    {
      name: 'refuses labels, weights and shapes that cannot be learnt from, and stays as it was',
      async run() {
        const model = await fitted(syntheticExamples(encoder, 100, 13));
        const { hash } = model;
        const good = syntheticExamples(encoder, 20, 14);
        const bad: Examples[] = [
          { ...good, labels: good.labels.map((label, r) => (r === 3 ? 1.5 : label)) },
          { ...good, labels: good.labels.map((label, r) => (r === 3 ? Number.NaN : label)) },
          { ...good, weights: good.weights.map((weight, r) => (r === 3 ? Number.NaN : weight)) },
          { ...good, weights: good.weights.map((weight, r) => (r === 3 ? -1 : weight)) },
          { ...good, rows: 21 },
          { ...good, batch: createBatch(plainEncoder(DENSE + 1, SPARSE), 20) },
        ];
        for (const examples of bad) {
          await assert.rejects(subject.fit(model, examples, 1), { code: 'EXAMPLES_INVALID' });
          assert.equal(model.hash, hash);
        }
      },
    },
    {
      name: 'stops when it is told to, and stays as it was',
      async run() {
        const model = await fitted(syntheticExamples(encoder, 200, 15));
        const { hash } = model;
        const controller = new AbortController();
        const fitting = subject.fit(model, syntheticExamples(encoder, 20_000, 16), 1, controller.signal);
        controller.abort(new Error('enough'));
        await assert.rejects(fitting, { message: 'enough' });
        assert.equal(model.hash, hash);
      },
    },
  ];
}

function predictions(model: RewardModel, batch: FeatureBatch, rows: number): Float64Array {
  const out = new Float64Array(rows);
  model.predict(batch, rows, out);
  return out;
}

/** A batch of chosen rows of another. */
function rowsOf(encoder: EncoderShape, batch: FeatureBatch, rows: readonly number[]): FeatureBatch {
  const chosen = createBatch(encoder, rows.length);
  rows.forEach((r, i) => {
    chosen.dense.set(batch.dense.subarray(r * DENSE, (r + 1) * DENSE), i * DENSE);
    chosen.sparse.set(batch.sparse.subarray(r * SPARSE, (r + 1) * SPARSE), i * SPARSE);
  });
  return chosen;
}

function assertSameContent(a: EpochContent, b: EpochContent): void {
  assert.deepEqual(a.meta, b.meta);
  assert.deepEqual(Object.keys(a.arrays).sort(), Object.keys(b.arrays).sort());
  for (const [name, array] of Object.entries(a.arrays)) assert.deepEqual(arrayBytes(array), arrayBytes(b.arrays[name]));
}

/** Largest difference of logits. */
function assertClose(a: Float64Array, b: Float64Array, tolerance: number): void {
  for (let r = 0; r < a.length; r++) {
    const difference = Math.abs(Math.log(a[r] / (1 - a[r])) - Math.log(b[r] / (1 - b[r])));
    assert.ok(difference <= tolerance, `row ${r} differs by ${difference} logits`);
  }
}

/** P(score of a positive > score of a negative), by counting pairs. */
function areaOf(scores: Float64Array, labels: Float32Array): number {
  const sorted = Array.from(scores, (score, r) => ({ score, label: labels[r] })).sort((a, b) => a.score - b.score);
  let negatives = 0;
  let positives = 0;
  let pairs = 0;
  for (const { label } of sorted) {
    if (label === 1) {
      positives++;
      pairs += negatives;
    } else negatives++;
  }
  return pairs / (positives * negatives);
}
