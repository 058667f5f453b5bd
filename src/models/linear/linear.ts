/**
 * Ridge regression of the reward on the encoder's columns and hashed slots, with the Gaussian of its weights: what LinUCB and
 * linear Thompson sampling are made of.
 *
 *   score = θ · x,   x = (1, standardised columns, an indicator a bucket)
 *   A     = λ I + Σ_r weight_r x_r x_rᵀ,   θ = baseValue e_0 + A⁻¹ Σ_r weight_r (reward_r - baseValue) x_r
 *   deviation(x) = noise · √(xᵀ A⁻¹ x)
 *
 * A is kept in full for the block (the bias and the chosen dense columns; all of them by default) and as a diagonal beyond.
 * With no slots and a block of all columns everything is exact, also row by row: with noise 1, and columns as they are until a
 * fit standardises them, this is the shared linear model of Li, Chu, Langford & Schapire 2010 and of Agrawal & Goyal 2013.
 * With slots, `fit` still finds the optimum over all weights, but deviations and single rows take the slots for independent of
 * all else.
 */
import { requireOneOf, requireRange, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { type Epoch, type EpochContent, type Json, sealEpoch } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type {
  Contribution,
  Examples,
  FitOptions,
  FitReport,
  OnlineLearner,
  OnlineRewardModelFamily,
  RewardModel,
  Uncertainty,
} from '../contract.ts';
import { checkRows, checkValidation, columnMoments } from '../examples.ts';
import { NewtonStep } from '../glm/newton.ts';
import { blockOf, Posterior, posteriorArrays, posteriorFromArrays } from '../glm/posterior.ts';
import { linearUncertainty } from '../glm/uncertainty.ts';
import {
  bucketsThat,
  LinearScorer,
  type LinearWeights,
  noWeights,
  requireEncoder,
  standardise,
  weightArrays,
  weightsFromArrays,
} from '../glm/weights.ts';
import { exportLinear } from '../onnx/export-linear.ts';
import { breathe } from '../pace.ts';
import { fitRidge, meanSquaredError } from './ridge.ts';

export interface LinearOptions {
  /** λ, the precision of the prior of every weight, the bias's too, in units of rows. @default 1 */
  readonly lambda: number;
  /**
   * Standard deviation of a reward about its score: deviations and draws scale with it. 1 leaves √(xᵀA⁻¹x), the form that
   * LinUCB's α multiplies; the rewards' own gives calibrated deviations. @default 1
   */
  readonly noise: number;
  /** What a model that has learnt nothing predicts. @default 0 */
  readonly baseValue: number;
  /** Does a fit bring columns to mean 0 and deviation 1, so that λ means the same for each? @default true */
  readonly standardise: boolean;
  /** The full covariance of bias and `block`, or a variance each. @default 'block' */
  readonly posterior: 'block' | 'diagonal';
  /** Names of the dense columns of the block; none: all of them. At most 1,023. @default [] */
  readonly block: readonly string[];
}

const DEFAULTS: LinearOptions = {
  lambda: 1,
  noise: 1,
  baseValue: 0,
  standardise: true,
  posterior: 'block',
  block: [],
};

export const LINEAR_FAMILY = 'linear';
export const LINEAR_STATE_FAMILY = 'linear-learner';
const FORMAT = 1;

export interface LinearLearner extends OnlineLearner {
  readonly options: Readonly<LinearOptions>;
}

export const linearModel = {
  family: LINEAR_FAMILY,

  fresh(encoder: EncoderShape, given: Partial<LinearOptions> = {}): LinearLearner {
    const options = checkOptions(resolveOptions('linearModel', given, DEFAULTS));
    return new Linear(encoder, options, {
      weights: noWeights(encoder, options.baseValue),
      posterior: freshPosterior(encoder, options),
      noise: options.noise,
    });
  },

  /** The model for serving: what the epoch's bytes say, and nothing that changes. */
  fromEpoch(epoch: Epoch, encoder: EncoderShape): RewardModel {
    return new ServedLinear(encoder, partsOf(epoch, LINEAR_FAMILY, encoder), epoch);
  },

  /** A learner as `learnerState` left it: its further updates give the same bytes as if it had never stopped. */
  restore(state: EpochContent, encoder: EncoderShape): LinearLearner {
    const parts = partsOf(state, LINEAR_STATE_FAMILY, encoder);
    const options = resolveOptions('linearModel', state.meta.options as Partial<LinearOptions>, DEFAULTS);
    return new Linear(encoder, checkOptions(options), parts);
  },
} satisfies OnlineRewardModelFamily<Partial<LinearOptions>, LinearLearner>;

function checkOptions(options: Readonly<LinearOptions>): Readonly<LinearOptions> {
  requireRange('linearModel', 'lambda', options.lambda, 1e-6, 1e9);
  requireRange('linearModel', 'noise', options.noise, 1e-6, 1e6);
  requireRange('linearModel', 'baseValue', options.baseValue, -1e9, 1e9);
  requireOneOf('linearModel', 'posterior', options.posterior, ['block', 'diagonal']);
  if (typeof options.standardise !== 'boolean') {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `linearModel: standardise is ${String(options.standardise)}; true or false`,
    );
  }
  return options;
}

function freshPosterior(encoder: EncoderShape, { lambda, posterior, block }: LinearOptions): Posterior {
  return new Posterior(
    encoder,
    lambda,
    posterior === 'block' ? blockOf('linearModel', encoder, block) : new Uint32Array(0),
  );
}

interface LinearParts {
  readonly weights: LinearWeights;
  readonly posterior: Posterior;
  readonly noise: number;
}

/** Throws `EPOCH_CORRUPT`, `MODEL_ENCODER_MISMATCH`. */
function partsOf(
  content: EpochContent & { readonly hash?: string },
  family: string,
  encoder: EncoderShape,
): LinearParts {
  const { meta } = content;
  if (meta.family !== family || meta.format !== FORMAT) {
    throw new ShelfwiseError(
      'EPOCH_CORRUPT',
      `${content.hash ?? 'the content'} is no ${family} that this version reads`,
    );
  }
  requireEncoder(content, encoder);
  const weights = weightsFromArrays(content, encoder);
  const posterior = posteriorFromArrays(content, encoder);
  if (posterior === undefined) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `the linear model ${content.hash ?? ''} has no posterior`);
  }
  return { weights, posterior, noise: Number(meta.noise) };
}

function contentOf(
  { weights, posterior, noise }: LinearParts,
  encoder: EncoderShape,
  meta: Record<string, Json>,
): EpochContent {
  const buckets = bucketsThat((b) => weights.sparse[b] !== 0 || posterior.sparse[b] !== 0, encoder.buckets);
  return {
    kind: 'model',
    meta: { format: FORMAT, encoder: encoder.hash, noise, ...meta },
    arrays: { ...weightArrays(weights, buckets), ...posteriorArrays(posterior, buckets) },
  };
}

/** Scores, explanations and deviations of parts that may change between calls; then `refold` must be called. */
class LinearPredictor {
  readonly parts: LinearParts;
  readonly uncertainty: Uncertainty;
  private readonly encoder: EncoderShape;
  private readonly scorer: LinearScorer;
  private readonly row: Float64Array;

  constructor(encoder: EncoderShape, parts: LinearParts) {
    const scorer = new LinearScorer(parts.weights);
    this.encoder = encoder;
    this.parts = parts;
    this.scorer = scorer;
    this.row = new Float64Array(encoder.denseWidth + 1).fill(1);
    this.uncertainty = linearUncertainty({ ...parts, scorer, expand: (batch) => batch, link: 'identity' });
  }

  refold(): void {
    this.scorer.refold();
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.scorer.score(batch, rows, out);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    return this.scorer.contributions(this.encoder, batch, row);
  }

  /** out[r] = xᵀ A⁻¹ x, by which the score moves for a label one beyond it, per unit of a small weight. */
  sensitivities(batch: FeatureBatch, rows: number, out: Float64Array): void {
    const { weights, posterior } = this.parts;
    for (let r = 0; r < rows; r++) {
      standardise(weights, batch, r, this.row, 1);
      out[r] = posterior.variance(this.row, batch.sparse, r * batch.sparseWidth, (r + 1) * batch.sparseWidth);
    }
  }
}

class ServedLinear implements RewardModel {
  readonly family = LINEAR_FAMILY;
  readonly scale = 'value';
  readonly hash: string;
  readonly encoderHash: string;
  readonly bias: number;
  readonly uncertainty: Uncertainty;
  private readonly encoder: EncoderShape;
  private readonly predictor: LinearPredictor;
  private readonly content: EpochContent;

  constructor(encoder: EncoderShape, parts: LinearParts, epoch: Epoch) {
    this.hash = epoch.hash;
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.bias = parts.weights.bias;
    this.predictor = new LinearPredictor(encoder, parts);
    this.uncertainty = this.predictor.uncertainty;
    this.content = epoch;
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.predictor.predict(batch, rows, out);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    return this.predictor.contributions(batch, row);
  }

  sensitivities(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.predictor.sensitivities(batch, rows, out);
  }

  toEpoch(): EpochContent {
    const { kind, meta, arrays } = this.content;
    return { kind, meta, arrays };
  }

  toOnnx(): Uint8Array {
    return exportLinear(this.encoder, this, this.predictor.parts.weights, { link: 'identity' });
  }
}

class Linear implements LinearLearner {
  readonly family = LINEAR_FAMILY;
  readonly scale = 'value';
  readonly encoderHash: string;
  readonly options: Readonly<LinearOptions>;
  private readonly encoder: EncoderShape;
  private predictor: LinearPredictor;
  private step: NewtonStep;
  /** '' when the model has changed since it was computed. */
  private knownHash = '';

  constructor(encoder: EncoderShape, options: Readonly<LinearOptions>, parts: LinearParts) {
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.options = options;
    this.predictor = new LinearPredictor(encoder, parts);
    this.step = new NewtonStep(parts.weights, parts.posterior);
  }

  get bias(): number {
    return this.predictor.parts.weights.bias;
  }

  get uncertainty(): Uncertainty {
    return this.predictor.uncertainty;
  }

  get hash(): string {
    if (this.knownHash === '') this.knownHash = sealEpoch(this.toEpoch()).hash;
    return this.knownHash;
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.predictor.predict(batch, rows, out);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    return this.predictor.contributions(batch, row);
  }

  sensitivities(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.predictor.sensitivities(batch, rows, out);
  }

  toEpoch(): EpochContent {
    return contentOf(this.predictor.parts, this.encoder, { family: LINEAR_FAMILY });
  }

  toOnnx(): Uint8Array {
    return exportLinear(this.encoder, this, this.predictor.parts.weights, { link: 'identity' });
  }

  learnerState(): EpochContent {
    const options = { ...this.options } as unknown as Json;
    return contentOf(this.predictor.parts, this.encoder, { family: LINEAR_STATE_FAMILY, options });
  }

  /** Recursive least squares, O(block²) a row. */
  update(batch: FeatureBatch, labels: Float32Array, weights: Float32Array, rows: number): void {
    checkRows(this.encoder, { batch, labels, weights, rows });
    for (let r = 0; r < rows; r++) {
      if (weights[r] === 0) continue;
      this.step.learn(batch, r, weights[r], labels[r] - this.step.score(batch, r), 1);
    }
    this.predictor.refold();
    this.knownHash = '';
  }

  /**
   * The optimum over all rows. Where negatives were sampled, each counts as the 1 / negativeRate that it stands for.
   * `logLoss` of the report is the mean squared error.
   */
  async fit(given: Examples, { signal, onProgress, validation, negativeRate = 1 }: FitOptions): Promise<FitReport> {
    signal?.throwIfAborted();
    requireRange('linearModel.fit', 'negativeRate', negativeRate, 1e-6, 1);
    const { encoder, options } = this;
    const { total } = checkRows(encoder, given);
    if (!(total > 0)) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row has a positive weight');
    if (validation !== undefined) checkValidation(encoder, validation);
    const examples = unsampled(given, negativeRate);
    const weights = noWeights(encoder, options.baseValue);
    if (options.standardise) columnMoments(examples, weights.means, weights.scales);
    const posterior = freshPosterior(encoder, options);
    const passes = await fitRidge(examples, weights, posterior, async (share) => {
      onProgress?.(share);
      await breathe();
      signal?.throwIfAborted();
    });
    const parts = { weights, posterior, noise: options.noise };
    this.predictor = new LinearPredictor(encoder, parts);
    this.step = new NewtonStep(weights, posterior);
    this.knownHash = '';
    onProgress?.(1);
    const report = { rows: examples.rows, passes, logLoss: meanSquaredError(examples, weights) };
    if (validation === undefined) return report;
    return { ...report, validationLoss: meanSquaredError(unsampled(validation, negativeRate), weights) };
  }
}

function unsampled(examples: Examples, negativeRate: number): Examples {
  if (negativeRate === 1) return examples;
  const { labels } = examples;
  return { ...examples, weights: examples.weights.map((w, r) => (labels[r] === 0 ? w / negativeRate : w)) };
}
