/**
 * What a reward model is. Families (logistic regression, boosted trees, networks, factorisation machines) stand behind this
 * one contract; `rewardModelLaws` in `testing/` is what each of them must pass.
 *
 * A reward model estimates the probability of a reward of 1 for a row of features, or a reward's expected value. It is bound
 * to one encoder by that encoder's hash: the columns of another would mean something else.
 */
import type { Rng, Seed } from '../base/index.ts';
import type { Epoch, EpochContent } from '../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../features/index.ts';

/** What one feature adds to the logit of one row. */
export interface Contribution {
  /** A name of the encoder's `denseNames` or `sparseNames`. */
  readonly name: string;
  readonly contribution: number;
}

/**
 * What a model knows of its own error, on the scale of its scores. Pure: equal inputs give equal bits. Allocates nothing in
 * steady state.
 */
export interface Uncertainty {
  /**
   * out[r] = standard deviation of row r's score under the posterior, finite and at least 0. Where the posterior is of the
   * logit, by the delta method: p (1 - p) times the logit's.
   */
  deviations(batch: FeatureBatch, rows: number, out: Float64Array): void;
  /**
   * out[r * draws + m] = row r's score under the m-th draw from the posterior. One draw is one set of parameters for all
   * rows, so that rows vary together as the model believes that they do. The parameters are a function of seed and m alone:
   * a row has the same draws whatever rows stand beside it.
   */
  draw(batch: FeatureBatch, rows: number, seed: Seed, draws: number, out: Float64Array): void;
  /**
   * The same joint distribution of these rows' scores in the same form, by their covariance: rows² / 2 products where `draw` has an error of
   * every parameter for every draw, much less for a few rows of many slots. Other numbers than `draw`'s for the same seed, and
   * what a row has depends on the rows beside it. Absent where `draw` is cheap, and where there is no covariance.
   */
  drawTogether?(batch: FeatureBatch, rows: number, seed: Seed, draws: number, out: Float64Array): void;
}

/** What a score is. Only `probability` and `value` add up over a row, so that a page can be drawn from them. */
export type ScoreScale = 'probability' | 'value' | 'rank';

export interface RewardModel {
  readonly family: string;
  /** @default 'probability' */
  readonly scale?: ScoreScale;
  /** Absent where the family, or the way it was fitted, has none. */
  readonly uncertainty?: Uncertainty | undefined;
  /**
   * out[r] = by how much row r's score moves per unit of importance weight of an example with its features whose label lies
   * one beyond the score, at the model's present step size (at least 0). Present where the family learns by gradients online.
   */
  sensitivities?(batch: FeatureBatch, rows: number, out: Float64Array): void;
  /** Content hash of what serving reads: equal hashes give equal predictions, bit for bit. */
  readonly hash: string;
  readonly encoderHash: string;
  /** Examples that it has learnt from, as its epoch says: what schedules of exploration run by. 0: not known. @default 0 */
  readonly learned?: number;
  /** Logit of a row without any contribution. */
  readonly bias: number;
  /**
   * out[r] = the score of row r, for the first `rows` rows: P(reward = 1 | row r), calibrated, strictly within (0, 1), where
   * the scale is `probability`. Pure; allocates nothing in steady state. Throws RangeError when batch or out are too small.
   */
  predict(batch: FeatureBatch, rows: number, out: Float64Array): void;
  /**
   * One entry a column and a slot, in the encoder's order; bias + their sum is the logit of that row's prediction, or its
   * score where the scale is not `probability`.
   */
  contributions(batch: FeatureBatch, row: number): readonly Contribution[];
  /** What serving reads, as an epoch of kind `model`; the epoch store names and keeps it. */
  toEpoch(): EpochContent;
  /**
   * The model as an ONNX file: inputs `dense` float[N, denseWidth] (NaN: missing) and `sparse` int64[N, sparseWidth], output
   * `score` float[N, 1]. A width of 0 leaves its input out. Absent where a family cannot be written so.
   */
  toOnnx?(): Uint8Array;
}

/** Rows to learn from. */
export interface Examples {
  readonly batch: FeatureBatch;
  /** rows rewards, 0 to 1. */
  readonly labels: Float32Array;
  /** rows sample weights, at least 0: a row of weight 2 counts as that row twice. Class imbalance and importance go here. */
  readonly weights: Float32Array;
  readonly rows: number;
}

export interface FitOptions {
  /** Order of the rows; the same generator state gives the same model, byte for byte. */
  readonly rng: Rng;
  /**
   * Share of the negatives (label 0) that were kept when the examples were sampled, all positives being kept. The logit is
   * then shifted by ln(negativeRate), so that predictions are probabilities under the unsampled distribution.
   * @default 1
   */
  readonly negativeRate?: number;
  /**
   * Rows that are not learnt from: families that train in rounds stop where the loss on these no longer falls, and keep the
   * best round. Others ignore them.
   */
  readonly validation?: Examples;
  /** Called with the share done, 0 to 1, now and then. */
  readonly onProgress?: (share: number) => void;
  /** Aborting rejects with its reason and leaves the model as it was. */
  readonly signal?: AbortSignal;
}

export interface FitReport {
  readonly rows: number;
  readonly passes: number;
  /** Weighted mean log loss over the examples, nats, before any shift for sampled negatives; the objective's loss where that is another. */
  readonly logLoss: number;
  /** The same over the validation rows, at the round that was kept. */
  readonly validationLoss?: number;
}

/** A model that learns. Its predictions change as it does; `toEpoch` freezes them. Not re-entrant. */
export interface Learner<O extends FitOptions = FitOptions> extends RewardModel {
  /** Learns from scratch, in slices that let other work of this thread go on in between. */
  fit(examples: Examples, options: O): Promise<FitReport>;
}

/** A learner that goes on learning from single rows. */
export interface OnlineLearner<O extends FitOptions = FitOptions> extends Learner<O> {
  /**
   * Learns from the first `rows` rows, in order. Their distribution is the unsampled one. Throws `EXAMPLES_INVALID`.
   */
  update(batch: FeatureBatch, labels: Float32Array, weights: Float32Array, rows: number): void;
  /** Everything it needs to go on after a restart. */
  learnerState(): EpochContent;
}

export interface RewardModelFamily<O, L extends Learner> {
  readonly family: string;
  /** A model that has learnt nothing. */
  fresh(encoder: EncoderShape, options?: O): L;
  /** The model that an epoch holds, for serving. Throws `MODEL_ENCODER_MISMATCH`, `EPOCH_CORRUPT`. */
  fromEpoch(epoch: Epoch, encoder: EncoderShape): RewardModel;
}

export interface OnlineRewardModelFamily<O, L extends OnlineLearner> extends RewardModelFamily<O, L> {
  /** A learner as `learnerState` left it: its further updates give the same bytes as if it had never stopped. */
  restore(state: EpochContent, encoder: EncoderShape): L;
}
