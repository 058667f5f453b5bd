/**
 * Logistic regression over the encoder's columns and hashed slots, and over pairs of slots where it is asked to.
 *
 *   logit = bias + Σ_j w_j (x_j - mean_j) / scale_j + Σ_s v[bucket_s]
 *   loss  = Σ_r weight_r · logloss_r + l1 (|w|₁ + |v|₁) + l2/2 (|w|² + |v|²)      (the bias is free)
 *
 * `learning: 'ftrl'` passes over the rows with FTRL-proximal: fast, any size, close to the optimum. `learning: 'batch'`
 * finds the optimum itself (L-BFGS; OWL-QN with an l1): for small data and for tests. Both leave a state that `update` goes
 * on from, and a Gaussian about the weights (Laplace's method) that `update` keeps current.
 */
import { requireRange, ShelfwiseError } from '../../base/index.ts';
import { type Epoch, type EpochContent, sealEpoch } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type {
  Contribution,
  Examples,
  FitReport,
  OnlineLearner,
  OnlineRewardModelFamily,
  RewardModel,
  Uncertainty,
} from '../contract.ts';
import { checkRows, checkValidation, columnMoments } from '../examples.ts';
import { NewtonStep } from '../glm/newton.ts';
import { findOptimum } from '../glm/objective.ts';
import { centringShift, meanLoss, passOver } from '../glm/passes.ts';
import type { Posterior } from '../glm/posterior.ts';
import { noWeights, standardise } from '../glm/weights.ts';
import { exportLogistic } from '../onnx/export-logistic.ts';
import { breathe } from '../pace.ts';
import { logit, sigmoid } from '../sigmoid.ts';
import { CrossedSlots } from './crosses.ts';
import { freshPosterior, ftrlPasses, gatherPosterior, gatherRoots, logitsOf, probabilities } from './fit.ts';
import { Ftrl, freshState } from './ftrl.ts';
import { checkOptions, type LogisticFitOptions, type LogisticOptions, resolveLogisticOptions } from './options.ts';
import { type LogisticState, stateFromContent, stateToContent } from './state.ts';
import { LOGISTIC_FAMILY, type LogisticParts, LogisticPredictor, partsFromEpoch, partsToEpoch } from './weights.ts';

export type { LogisticFitOptions, LogisticOptions } from './options.ts';

export interface LogisticLearner extends OnlineLearner<LogisticFitOptions> {
  readonly options: Readonly<LogisticOptions>;
}

export const logisticModel = {
  family: LOGISTIC_FAMILY,

  fresh(encoder: EncoderShape, options: Partial<LogisticOptions> = {}): LogisticLearner {
    const resolved = resolveLogisticOptions(options);
    const learner = new Logistic(encoder, {
      options: resolved,
      weights: noWeights(encoder, logit(resolved.baseRate)),
      ftrl: freshState(encoder),
      posterior: freshPosterior(encoder, resolved),
    });
    learner.start();
    return learner;
  },

  /** The model for serving: what the epoch's bytes say, and nothing that changes. */
  fromEpoch(epoch: Epoch, encoder: EncoderShape): RewardModel {
    return new ServedLogistic(encoder, partsFromEpoch(epoch, encoder), epoch);
  },

  /** A learner as `learnerState` left it: its further updates give the same bytes as if it had never stopped. */
  restore(state: EpochContent, encoder: EncoderShape): LogisticLearner {
    return new Logistic(encoder, stateFromContent(state, encoder));
  },
} satisfies OnlineRewardModelFamily<Partial<LogisticOptions>, LogisticLearner>;

class ServedLogistic implements RewardModel {
  readonly family = LOGISTIC_FAMILY;
  readonly hash: string;
  readonly encoderHash: string;
  readonly bias: number;
  readonly uncertainty: Uncertainty | undefined;
  readonly sensitivities?: NonNullable<RewardModel['sensitivities']>;
  private readonly encoder: EncoderShape;
  private readonly predictor: LogisticPredictor;
  private readonly content: EpochContent;

  constructor(encoder: EncoderShape, parts: LogisticParts, epoch: Epoch) {
    this.hash = epoch.hash;
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.bias = parts.weights.bias;
    this.predictor = new LogisticPredictor(encoder, parts);
    this.uncertainty = this.predictor.uncertainty;
    this.content = epoch;
    if (parts.steps !== undefined || parts.posterior !== undefined) {
      this.sensitivities = (batch, rows, out) => this.predictor.sensitivities(batch, rows, out);
    }
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.predictor.predict(batch, rows, out);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    return this.predictor.contributions(batch, row);
  }

  toEpoch(): EpochContent {
    const { kind, meta, arrays } = this.content;
    return { kind, meta, arrays };
  }

  toOnnx(): Uint8Array {
    const { parts, crosses } = this.predictor;
    return exportLogistic(this.encoder, this, parts.weights, crosses.pairs);
  }
}

class Logistic implements LogisticLearner {
  readonly family = LOGISTIC_FAMILY;
  readonly encoderHash: string;
  readonly sensitivities?: NonNullable<RewardModel['sensitivities']>;
  options: Readonly<LogisticOptions>;
  private readonly encoder: EncoderShape;
  private ftrl: Ftrl;
  private posterior: Posterior | undefined;
  private predictor: LogisticPredictor;
  /** '' when the model has changed since it was computed. */
  private knownHash = '';

  constructor(encoder: EncoderShape, state: LogisticState) {
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.options = state.options;
    this.ftrl = new Ftrl(state.weights, state.ftrl, state.options);
    this.ftrl.settle();
    this.posterior = state.posterior;
    this.predictor = new LogisticPredictor(encoder, this.parts());
    if (state.options.posterior !== 'none') {
      this.sensitivities = (batch, rows, out) => this.predictor.sensitivities(batch, rows, out);
    }
  }

  toOnnx(): Uint8Array {
    return exportLogistic(this.encoder, this, this.ftrl.weights, this.predictor.crosses.pairs);
  }

  /** What serving reads, as it stands now. */
  private parts(): LogisticParts {
    const { posterior, rule, crosses } = this.options;
    return {
      weights: this.ftrl.weights,
      crossNames: crosses,
      posterior: this.posterior,
      steps: posterior === 'none' || rule === 'newton' ? undefined : this.ftrl.steps,
    };
  }

  /** Has it that FTRL begins at the bias. */
  start(): void {
    this.ftrl.setBias(this.bias);
  }

  get bias(): number {
    return this.ftrl.weights.bias;
  }

  get uncertainty(): Uncertainty | undefined {
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

  toEpoch(): EpochContent {
    return partsToEpoch(this.parts(), this.encoder);
  }

  update(batch: FeatureBatch, labels: Float32Array, weights: Float32Array, rows: number): void {
    checkRows(this.encoder, { batch, labels, weights, rows });
    const expanded = this.predictor.crosses.expand(batch, rows);
    if (this.options.rule === 'newton') this.learnByNewton(expanded, labels, weights, rows);
    else {
      this.addCurvature(expanded, weights, rows);
      this.ftrl.learn(expanded, labels, weights, undefined, 0, rows);
      this.ftrl.settle(expanded, rows);
    }
    this.predictor.refold();
    this.knownHash = '';
  }

  private learnByNewton(batch: FeatureBatch, labels: Float32Array, weights: Float32Array, rows: number): void {
    const step = new NewtonStep(this.ftrl.weights, this.posterior as Posterior);
    for (let r = 0; r < rows; r++) {
      if (weights[r] === 0) continue;
      const p = sigmoid(step.score(batch, r));
      step.learn(batch, r, weights[r], labels[r] - p, p * (1 - p));
    }
  }

  /** The posterior learns what rows of this kind tell, at the weights before them. */
  private addCurvature(batch: FeatureBatch, weights: Float32Array, rows: number): void {
    const { posterior, predictor } = this;
    if (posterior === undefined) return;
    const logits = new Float64Array(rows);
    predictor.logits(batch, rows, logits);
    const x = new Float64Array(this.encoder.denseWidth + 1).fill(1);
    const { sparse, sparseWidth } = batch;
    for (let r = 0; r < rows; r++) {
      const p = sigmoid(logits[r]);
      standardise(this.ftrl.weights, batch, r, x, 1);
      posterior.add(x, sparse, r * sparseWidth, (r + 1) * sparseWidth, weights[r] * p * (1 - p));
    }
  }

  async fit(given: Examples, fitOptions: LogisticFitOptions): Promise<FitReport> {
    const { rng, signal, onProgress, negativeRate = 1, learning = 'ftrl' } = fitOptions;
    signal?.throwIfAborted();
    requireRange('logisticModel.fit', 'negativeRate', negativeRate, 1e-6, 1);
    const epochs = fitOptions.epochs ?? (learning === 'ftrl' ? 4 : 200);
    requireRange('logisticModel.fit', 'epochs', epochs, 1, 10_000);
    const { l1, l2 } = this.options;
    const options = checkOptions({ ...this.options, l1: fitOptions.l1 ?? l1, l2: fitOptions.l2 ?? l2 });
    const { encoder } = this;
    const { total, labelled } = checkRows(encoder, given);
    if (!(total > 0)) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row has a positive weight');
    if (fitOptions.validation !== undefined) checkValidation(encoder, fitOptions.validation);
    const examples = expandedExamples(encoder, options, given);
    const validation =
      fitOptions.validation === undefined ? undefined : expandedExamples(encoder, options, fitOptions.validation);

    // Fresh weights throughout: nothing of this model changes before the end.
    const rate = Math.min(1 - 1e-6, Math.max(1e-6, labelled / total));
    const weights = noWeights(encoder, logit(rate));
    columnMoments(examples, weights.means, weights.scales);
    const state = freshState(encoder);
    const ftrl = new Ftrl(weights, state, options, undefined, learning === 'ftrl' ? examples : undefined);
    const pause = async (share: number): Promise<void> => {
      onProgress?.(share);
      await breathe();
      signal?.throwIfAborted();
    };
    let passes: number;
    if (learning === 'batch') {
      passes = await findOptimum(examples, weights, {
        loss: 'log',
        l1: options.l1,
        l2: options.l2,
        biasL2: 0,
        iterations: epochs,
        pause,
      });
    } else {
      ftrl.setBias(weights.bias);
      passes = await passOver(examples, ftrlPasses(ftrl, options, examples), {
        passes: epochs,
        rng,
        validationLoss: validation && (() => meanLoss(validation, probabilities(validation, weights))),
        pause,
      });
    }
    weights.bias += centringShift(logitsOf(examples, weights), examples);
    const p = probabilities(examples, weights);
    const posterior = freshPosterior(encoder, options);
    if (posterior !== undefined) await gatherPosterior(examples, weights, posterior, p, () => pause(1));
    if (learning === 'batch') gatherRoots(examples, weights, state, p);
    const validationLoss =
      validation === undefined ? undefined : meanLoss(validation, probabilities(validation, weights));
    weights.bias += Math.log(negativeRate);

    this.options = options;
    ftrl.setPenalties(options.l1, options.l2);
    ftrl.adopt();
    this.ftrl = ftrl;
    this.posterior = posterior;
    this.predictor = new LogisticPredictor(encoder, this.parts());
    this.knownHash = '';
    onProgress?.(1);
    const report = { rows: examples.rows, passes, logLoss: meanLoss(examples, p) };
    return validationLoss === undefined ? report : { ...report, validationLoss };
  }

  learnerState(): EpochContent {
    const { options, ftrl, posterior, encoder } = this;
    return stateToContent({ options, weights: ftrl.weights, ftrl: ftrl.state, posterior }, encoder);
  }
}

/** With a slot for each cross. */
function expandedExamples(encoder: EncoderShape, options: LogisticOptions, examples: Examples): Examples {
  const batch = new CrossedSlots(encoder, options.crosses).expand(examples.batch, examples.rows);
  return { ...examples, batch };
}
