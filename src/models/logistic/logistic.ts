/**
 * Logistic regression over the encoder's columns and hashed slots: the first reward model.
 *
 *   logit = bias + Σ_j w_j (x_j - mean_j) / scale_j + Σ_s v[bucket_s]
 *   loss  = Σ_r weight_r · logloss_r + l1 (|w|₁ + |v|₁) + l2/2 (|w|² + |v|²)      (the bias is free)
 *
 * `learning: 'ftrl'` passes over the rows with FTRL-proximal: fast, any size, close to the optimum. `learning: 'batch'`
 * finds the optimum itself (L-BFGS): for small data and for tests. Both leave a state that `update` goes on from.
 */
import { type Rng, requireRange, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { type Epoch, type EpochContent, sealEpoch } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type {
  Contribution,
  Examples,
  FitOptions,
  FitReport,
  OnlineLearner,
  OnlineRewardModelFamily,
  RewardModel,
} from '../contract.ts';
import { checkRows, columnMoments } from '../examples.ts';
import { exportLogistic } from '../onnx/export-logistic.ts';
import { breathe } from '../pace.ts';
import { logit, logLossOf, sigmoid } from '../sigmoid.ts';
import { fitBatch } from './batch.ts';
import { Ftrl, type FtrlState, freshState } from './ftrl.ts';
import {
  LOGISTIC_FAMILY,
  LogisticPredictor,
  type LogisticWeights,
  noWeights,
  requireEncoder,
  weightsFromEpoch,
  weightsToEpoch,
} from './weights.ts';

export interface LogisticOptions {
  /** Step size of FTRL. @default 0.1 */
  readonly alpha: number;
  /** Damping of its first steps. @default 1 */
  readonly beta: number;
  /** Penalty on |w|, in units of the summed loss: larger means fewer buckets. @default 0 */
  readonly l1: number;
  /** Penalty on w²/2, likewise: the weight of evidence against a coordinate that few rows speak for. @default 1 */
  readonly l2: number;
  /** What a model that has learnt nothing predicts. @default 0.1 */
  readonly baseRate: number;
}

const DEFAULTS: LogisticOptions = { alpha: 0.1, beta: 1, l1: 0, l2: 1, baseRate: 0.1 };

export interface LogisticFitOptions extends FitOptions {
  /** @default 'ftrl' */
  readonly learning?: 'ftrl' | 'batch';
  /** Passes over the rows (ftrl) or iterations at most (batch). @default 4 (ftrl), 200 (batch) */
  readonly epochs?: number;
  /** Overrides the model's own, also for what is learnt later. */
  readonly l1?: number;
  readonly l2?: number;
}

const STATE_FAMILY = 'logistic-learner';
/** Rows between two pauses. */
const SLICE_ROWS = 8192;

export interface LogisticLearner extends OnlineLearner<LogisticFitOptions> {
  readonly options: Readonly<LogisticOptions>;
}

export const logisticModel = {
  family: LOGISTIC_FAMILY,

  fresh(encoder: EncoderShape, options: Partial<LogisticOptions> = {}): LogisticLearner {
    const resolved = checkOptions(resolveOptions('logisticModel', options, DEFAULTS));
    const weights = noWeights(encoder, logit(resolved.baseRate));
    const learner = new Logistic(encoder, resolved, weights, freshState(encoder.denseWidth, encoder.buckets));
    learner.ftrl.setBias(weights.bias);
    return learner;
  },

  /** The model for serving: what the epoch's bytes say, and nothing that changes. */
  fromEpoch(epoch: Epoch, encoder: EncoderShape): RewardModel {
    return new ServedLogistic(encoder, weightsFromEpoch(epoch, encoder), epoch);
  },

  /** A learner as `learnerState` left it: its further updates give the same bytes as if it had never stopped. */
  restore(state: EpochContent, encoder: EncoderShape): LogisticLearner {
    if (state.meta.family !== STATE_FAMILY) {
      throw new ShelfwiseError(
        'EPOCH_CORRUPT',
        `the state of a ${String(state.meta.family)} is not that of a logistic learner`,
      );
    }
    requireEncoder(state, encoder);
    const options = resolveOptions('logisticModel', state.meta.options as Partial<LogisticOptions>, DEFAULTS);
    const { arrays } = state;
    const weights = noWeights(encoder, (arrays.bias as Float64Array)[0]);
    weights.dense.set(arrays.dense as Float64Array);
    weights.means.set(arrays.means as Float64Array);
    weights.scales.set(arrays.scales as Float64Array);
    const accumulators = freshState(encoder.denseWidth, encoder.buckets);
    accumulators.dense.set(arrays.denseState as Float64Array);
    const buckets = arrays.buckets as Uint32Array;
    const sparseWeights = arrays.sparseWeights as Float32Array;
    const sparseState = arrays.sparseState as Float64Array;
    for (let i = 0; i < buckets.length; i++) {
      weights.sparse[buckets[i]] = sparseWeights[i];
      accumulators.sparse[2 * buckets[i]] = sparseState[2 * i];
      accumulators.sparse[2 * buckets[i] + 1] = sparseState[2 * i + 1];
    }
    return new Logistic(encoder, options, weights, accumulators);
  },
} satisfies OnlineRewardModelFamily<Partial<LogisticOptions>, LogisticLearner>;

function checkOptions(options: Readonly<LogisticOptions>): Readonly<LogisticOptions> {
  requireRange('logisticModel', 'alpha', options.alpha, 1e-6, 100);
  requireRange('logisticModel', 'beta', options.beta, 0, 1e6);
  requireRange('logisticModel', 'l1', options.l1, 0, 1e9);
  requireRange('logisticModel', 'l2', options.l2, 0, 1e9);
  requireRange('logisticModel', 'baseRate', options.baseRate, 1e-6, 1 - 1e-6);
  return options;
}

class ServedLogistic implements RewardModel {
  readonly family = LOGISTIC_FAMILY;
  readonly hash: string;
  readonly encoderHash: string;
  readonly bias: number;
  private readonly encoder: EncoderShape;
  private readonly weights: LogisticWeights;
  private readonly predictor: LogisticPredictor;
  private readonly content: EpochContent;

  constructor(encoder: EncoderShape, weights: LogisticWeights, epoch: Epoch) {
    this.hash = epoch.hash;
    this.encoderHash = encoder.hash;
    this.encoder = encoder;
    this.bias = weights.bias;
    this.weights = weights;
    this.predictor = new LogisticPredictor(weights);
    this.content = epoch;
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.predictor.predict(batch, rows, out);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    return this.predictor.contributions(this.encoder, batch, row);
  }

  toEpoch(): EpochContent {
    const { kind, meta, arrays } = this.content;
    return { kind, meta, arrays };
  }

  toOnnx(): Uint8Array {
    return exportLogistic(this.encoder, this, this.weights);
  }
}

class Logistic implements LogisticLearner {
  readonly family = LOGISTIC_FAMILY;
  readonly encoderHash: string;
  options: Readonly<LogisticOptions>;
  private readonly encoder: EncoderShape;
  ftrl: Ftrl;
  private predictor: LogisticPredictor;
  /** '' when the weights have changed since it was computed. */
  private knownHash = '';

  constructor(encoder: EncoderShape, options: Readonly<LogisticOptions>, weights: LogisticWeights, state: FtrlState) {
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.options = options;
    this.ftrl = new Ftrl(weights, state, options);
    this.predictor = new LogisticPredictor(weights);
  }

  get bias(): number {
    return this.ftrl.weights.bias;
  }

  get hash(): string {
    if (this.knownHash === '') this.knownHash = sealEpoch(this.toEpoch()).hash;
    return this.knownHash;
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.predictor.predict(batch, rows, out);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    return this.predictor.contributions(this.encoder, batch, row);
  }

  toEpoch(): EpochContent {
    return weightsToEpoch(this.ftrl.weights, this.encoder);
  }

  toOnnx(): Uint8Array {
    return exportLogistic(this.encoder, this, this.ftrl.weights);
  }

  update(batch: FeatureBatch, labels: Float32Array, weights: Float32Array, rows: number): void {
    checkRows(this.encoder, { batch, labels, weights, rows });
    for (let r = 0; r < rows; r++) this.ftrl.step(batch, r, labels[r], weights[r]);
    this.ftrl.flush();
    this.learnt();
  }

  private learnt(): void {
    this.predictor.refold();
    this.knownHash = '';
  }

  async fit(examples: Examples, given: LogisticFitOptions): Promise<FitReport> {
    const { rng, signal, onProgress, negativeRate = 1, learning = 'ftrl' } = given;
    signal?.throwIfAborted();
    requireRange('logisticModel.fit', 'negativeRate', negativeRate, 1e-6, 1);
    const epochs = given.epochs ?? (learning === 'ftrl' ? 4 : 200);
    requireRange('logisticModel.fit', 'epochs', epochs, 1, 10_000);
    const options = checkOptions({
      ...this.options,
      l1: given.l1 ?? this.options.l1,
      l2: given.l2 ?? this.options.l2,
    });
    const { total, labelled } = checkRows(this.encoder, examples);
    if (!(total > 0)) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row has a positive weight');

    // Fresh weights throughout: nothing of this model changes before the end.
    const rate = Math.min(1 - 1e-6, Math.max(1e-6, labelled / total));
    const weights = noWeights(this.encoder, logit(rate));
    columnMoments(examples, weights.means, weights.scales);
    const state = freshState(this.encoder.denseWidth, this.encoder.buckets);
    const pause = async (share: number): Promise<void> => {
      onProgress?.(share);
      await breathe();
      signal?.throwIfAborted();
    };
    let passes: number;
    if (learning === 'batch') {
      if (options.l1 > 0) throw new ShelfwiseError('OPTION_INVALID', "logisticModel.fit: learning 'batch' has no l1");
      passes = await fitBatch(examples, weights, state, { l2: options.l2, iterations: epochs, pause });
    } else {
      passes = epochs;
      const ftrl = new Ftrl(weights, state, { ...options, l1: options.l1 * epochs, l2: options.l2 * epochs });
      ftrl.setBias(weights.bias);
      await passOver(examples, ftrl, epochs, rng, pause);
    }
    const logLoss = centre(examples, weights);
    weights.bias += Math.log(negativeRate);

    this.options = options;
    this.ftrl = new Ftrl(weights, state, options);
    this.ftrl.adopt();
    this.predictor = new LogisticPredictor(weights);
    this.learnt();
    onProgress?.(1);
    return { rows: examples.rows, passes, logLoss };
  }

  learnerState(): EpochContent {
    const { weights, state } = this.ftrl;
    const used: number[] = [];
    for (let b = 1; b < weights.sparse.length; b++) {
      if (weights.sparse[b] !== 0 || state.sparse[2 * b] !== 0 || state.sparse[2 * b + 1] !== 0) used.push(b);
    }
    const buckets = Uint32Array.from(used);
    const sparseState = new Float64Array(2 * buckets.length);
    buckets.forEach((bucket, i) => {
      sparseState[2 * i] = state.sparse[2 * bucket];
      sparseState[2 * i + 1] = state.sparse[2 * bucket + 1];
    });
    return {
      kind: 'model',
      meta: { family: STATE_FAMILY, encoder: this.encoder.hash, options: { ...this.options } },
      arrays: {
        bias: Float64Array.of(weights.bias),
        dense: weights.dense.slice(),
        means: weights.means.slice(),
        scales: weights.scales.slice(),
        denseState: state.dense.slice(),
        buckets,
        sparseWeights: Float32Array.from(buckets, (bucket) => weights.sparse[bucket]),
        sparseState,
      },
    };
  }
}

async function passOver(
  { batch, labels, weights, rows }: Examples,
  ftrl: Ftrl,
  passes: number,
  rng: Rng,
  pause: (share: number) => Promise<void>,
): Promise<void> {
  const order = Uint32Array.from({ length: rows }, (_, r) => r);
  for (let pass = 0; pass < passes; pass++) {
    shuffle(order, rng);
    for (let from = 0; from < rows; from += SLICE_ROWS) {
      const to = Math.min(rows, from + SLICE_ROWS);
      for (let i = from; i < to; i++) {
        const r = order[i];
        if (weights[r] !== 0) ftrl.step(batch, r, labels[r], weights[r]);
      }
      if (to === rows) ftrl.flush();
      await pause((pass + to / rows) / passes);
    }
  }
}

function shuffle(order: Uint32Array, rng: Rng): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

/** Rounds of Newton's method that centre a bias to machine precision. */
const CENTRING_ROUNDS = 4;

/**
 * Moves the bias to where the mean prediction over the examples is their mean label (FTRL stops near it, not at it).
 * Returns the weighted mean log loss there.
 */
function centre(examples: Examples, weights: LogisticWeights): number {
  const { batch, labels, weights: sampleWeights, rows } = examples;
  const p = new Float64Array(rows);
  new LogisticPredictor(weights).predict(batch, rows, p);
  const logits = p.map(logit);
  let shift = 0;
  for (let round = 0; round < CENTRING_ROUNDS; round++) {
    let gradient = 0;
    let curvature = 1e-12;
    for (let r = 0; r < rows; r++) {
      const q = sigmoid(logits[r] + shift);
      gradient += sampleWeights[r] * (q - labels[r]);
      curvature += sampleWeights[r] * q * (1 - q);
    }
    shift -= Math.max(-1, Math.min(1, gradient / curvature));
  }
  weights.bias += shift;
  let loss = 0;
  let total = 0;
  for (let r = 0; r < rows; r++) {
    loss += sampleWeights[r] * logLossOf(sigmoid(logits[r] + shift), labels[r]);
    total += sampleWeights[r];
  }
  return loss / total;
}
