/**
 * What every reward model must keep, whatever its family. Framework-free: a test runs each law.
 *
 *   for (const law of rewardModelLaws({ fresh, fit, fromEpoch, … })) test(law.name, law.run);
 */
import assert from 'node:assert/strict';
import { type Epoch, type EpochContent, sealEpoch } from '../../domain/index.ts';
import { createBatch, type EncoderShape } from '../../features/index.ts';
import type { Examples, FitReport, Learner, OnlineLearner, RewardModel } from '../../models/index.ts';
import type { Law } from '../store/law.ts';
import { onlineLaws } from './online-laws.ts';
import {
  areaOf,
  assertClose,
  assertSameContent,
  linked,
  plainEncoder,
  predictions,
  rowsOf,
  syntheticExamples,
} from './synthetic-examples.ts';
import { uncertaintyLaws } from './uncertainty-laws.ts';

export { plainEncoder, syntheticExamples } from './synthetic-examples.ts';

export interface RewardModelSubject {
  /** An unfitted model. */
  fresh(encoder: EncoderShape): Learner;
  /**
   * Fits it as its family is fitted in production; `seed` is all the chance there is. Resolves to the report of the fit where
   * the family claims `validation`.
   */
  fit(model: Learner, examples: Examples, seed: number, signal?: AbortSignal, validation?: Examples): Promise<unknown>;
  fromEpoch(epoch: Epoch, encoder: EncoderShape): RewardModel;
  /** A learner as its `learnerState` left it, where the family learns online. */
  restore?(state: EpochContent, encoder: EncoderShape): OnlineLearner;
  /**
   * How far predictions may differ, in logits, when a row of weight 2 is replaced by the row twice: 0 for what finds an
   * optimum, more for what passes over rows one by one.
   */
  readonly duplicateTolerance: number;
  /** What the family says that it has, and what is then asked of it. @default none */
  readonly claims?: ModelClaims;
  /** How far its area under the curve may stay below the truth's. @default 0.02 */
  readonly areaTolerance?: number;
}

export interface ModelClaims {
  /** `uncertainty` is there once it is fitted. */
  readonly uncertainty?: boolean;
  readonly sensitivities?: boolean;
  /** `fit` hands validation rows on and returns the report, and the family reports their loss. */
  readonly validation?: boolean;
  /** Fits to missing values are as good as the rest allows. */
  readonly missingValues?: boolean;
}

const DENSE = 6;
const SPARSE = 3;

export function rewardModelLaws(subject: RewardModelSubject): readonly Law[] {
  const encoder = plainEncoder(DENSE, SPARSE);
  const fitted = async (examples: Examples, seed = 1): Promise<Learner> => {
    const model = subject.fresh(encoder);
    await subject.fit(model, examples, seed);
    return model;
  };
  const { claims = {}, areaTolerance = 0.02 } = subject;
  return [
    ...coreLaws(subject, encoder, fitted, areaTolerance),
    ...(claims.validation ? validationLaws(subject, encoder) : []),
    ...(claims.missingValues ? missingValueLaws(encoder, fitted, areaTolerance) : []),
    ...uncertaintyLaws(subject, encoder, fitted),
    ...(subject.restore === undefined ? [] : onlineLaws(subject.restore, encoder, fitted)),
  ];
}

/** Fits a fresh model. */
export type Fitted = (examples: Examples, seed?: number) => Promise<Learner>;

function coreLaws(
  subject: RewardModelSubject,
  encoder: EncoderShape,
  fitted: Fitted,
  areaTolerance: number,
): readonly Law[] {
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
      name: 'predicts a finite score, a probability within (0, 1), for any finite row, and for missing values',
      async run() {
        const model = await fitted(syntheticExamples(encoder, 300, 3));
        const batch = createBatch(encoder, 4);
        batch.dense.fill(1e6, 0, DENSE);
        batch.dense.fill(-1e6, DENSE, 2 * DENSE);
        batch.dense.fill(Number.NaN, 2 * DENSE, 3 * DENSE);
        batch.dense[3 * DENSE + 1] = Number.NaN;
        const isProbability = (model.scale ?? 'probability') === 'probability';
        for (const p of predictions(model, batch, 4)) {
          assert.ok(Number.isFinite(p) && (!isProbability || (p > 0 && p < 1)), `predicted ${p}`);
        }
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
      name: 'explains each prediction: bias and contributions sum to its logit or value, one a column and a slot',
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
          const sum = contributions.reduce((total, { contribution }) => total + contribution, model.bias);
          assert.ok(Math.abs(sum - linked(model, p[r])) < 1e-4);
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
        const model = await fitted(train);
        const p = predictions(model, test.batch, 6_000);
        const [area, best] = [areaOf(p, test.labels), areaOf(test.truth, test.labels)];
        assert.ok(area > best - areaTolerance, `an area of ${area}; the truth has ${best}`);
        if (model.scale === 'rank') return;
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
        const [left, right] = [await fitted(halved), await fitted(alone)];
        const p = predictions(left, examples.batch, 600);
        assertClose(left, p, predictions(right, examples.batch, 600), subject.duplicateTolerance);
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
        const [left, right] = [await fitted({ ...examples, weights }), await fitted(duplicated)];
        const p = predictions(left, examples.batch, 500);
        assertClose(left, p, predictions(right, examples.batch, 500), subject.duplicateTolerance);
      },
    },
    {
      name: 'learns by weights for another mix of classes: its mean prediction follows the weighted share',
      async run() {
        const examples = syntheticExamples(encoder, 3_000, 17);
        const weights = examples.weights.map((_, r) => (examples.labels[r] > 0 ? 4 : 1));
        const model = await fitted({ ...examples, weights });
        if (model.scale === 'rank') return;
        const p = predictions(model, examples.batch, 3_000);
        let [predicted, observed, total] = [0, 0, 0];
        for (let r = 0; r < 3_000; r++) {
          predicted += weights[r] * p[r];
          observed += weights[r] * examples.labels[r];
          total += weights[r];
        }
        assert.ok(Math.abs(predicted - observed) / total < 0.03, `${predicted / total} for ${observed / total}`);
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

function validationLaws(subject: RewardModelSubject, encoder: EncoderShape): readonly Law[] {
  return [
    {
      name: 'reports the loss of validation rows at what it kept, and does not learn from them',
      async run() {
        const train = syntheticExamples(encoder, 2_000, 40);
        const held = syntheticExamples(encoder, 1_000, 41);
        // Few rows, many directions: what overfits shows.
        const model = subject.fresh(encoder);
        const report = (await subject.fit(model, train, 1, undefined, held)) as FitReport;
        assert.ok(report, 'no report');
        const p = predictions(model, held.batch, 1_000);
        const isProbability = (model.scale ?? 'probability') === 'probability';
        let loss = 0;
        for (let r = 0; r < 1_000; r++) {
          loss += isProbability
            ? -(held.labels[r] * Math.log(p[r]) + (1 - held.labels[r]) * Math.log(1 - p[r]))
            : (p[r] - held.labels[r]) ** 2;
        }
        const reported = report.validationLoss ?? Number.NaN;
        assert.ok(Math.abs(reported - loss / 1_000) < 1e-3, `reported ${reported}; it is ${loss / 1_000}`);
        // Learning from them would show on labels that nothing predicts.
        const noise = { ...held, labels: held.labels.map((_, r) => (r % 2 === 0 ? 1 : 0)) };
        const other = subject.fresh(encoder);
        const atNoise = (await subject.fit(other, train, 1, undefined, noise)) as FitReport;
        assert.ok((atNoise.validationLoss ?? Number.NaN) > (isProbability ? 0.69 : 0.24));
      },
    },
    {
      name: 'refuses validation rows that do not fit the encoder',
      async run() {
        const model = subject.fresh(encoder);
        const other = syntheticExamples(plainEncoder(DENSE + 1, SPARSE), 20, 42);
        const fitting = subject.fit(model, syntheticExamples(encoder, 100, 43), 1, undefined, other);
        await assert.rejects(async () => fitting, { code: 'EXAMPLES_INVALID' });
      },
    },
  ];
}

function missingValueLaws(encoder: EncoderShape, fitted: Fitted, areaTolerance: number): readonly Law[] {
  return [
    {
      name: 'learns from rows with missing values what the others tell',
      async run() {
        const train = syntheticExamples(encoder, 6_000, 44);
        for (let k = 0; k < train.batch.dense.length; k += 11) train.batch.dense[k] = Number.NaN;
        const test = syntheticExamples(encoder, 4_000, 45);
        const area = areaOf(predictions(await fitted(train), test.batch, 4_000), test.labels);
        const best = areaOf(test.truth, test.labels);
        assert.ok(area > best - areaTolerance - 0.01, `an area of ${area}; the truth has ${best}`);
      },
    },
  ];
}
