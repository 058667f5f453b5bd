/**
 * A factorisation machine of second order (Rendle 2010) over the encoder's columns and hashed slots:
 *
 *   logit = bias + Σ_i w_i x_i + Σ_{i<j} <v_i, v_j> x_i x_j
 *   loss  = Σ_r weight_r · logloss_r + l1 |w|₁ + l2/2 |w|² + factorL2/2 |v|²
 *
 * Weights and factors learn by FTRL-proximal, in passes over the rows or row by row; not convex, so that what is found depends
 * on the seed that the factors begin by. A pair's part is a product of what each of both was learnt from, so that pairs never
 * seen together have one: what a cross of a linear model cannot.
 */
import { createRng, requireRange, type Seed, ShelfwiseError } from '../../base/index.ts';
import { type Epoch, type EpochContent, type Json, sealEpoch } from '../../domain/index.ts';
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
import { centringShift, meanLoss, passOver, type RowLearner } from '../glm/passes.ts';
import { Posterior } from '../glm/posterior.ts';
import { noWeights } from '../glm/weights.ts';
import { CELLS, Ftrl, type FtrlState, freshState } from '../logistic/ftrl.ts';
import { exportFm } from '../onnx/export-fm.ts';
import { breathe } from '../pace.ts';
import { logit, sigmoids } from '../sigmoid.ts';
import { noFactors } from './factors.ts';
import { type FmFitOptions, type FmOptions, resolveFmOptions } from './options.ts';
import { FM_FAMILY, type FmModelParts, FmPredictor, fmFromContent, fmToContent } from './predictor.ts';
import { type FactorState, FactorTerm, freshFactorState } from './training.ts';
import { freshPrecisions } from './uncertainty.ts';

export type { FmFitOptions, FmOptions } from './options.ts';

export const FM_STATE_FAMILY = 'fm-learner';

export interface FmLearner extends OnlineLearner<FmFitOptions> {
  readonly options: Readonly<FmOptions>;
}

export const fmModel = {
  family: FM_FAMILY,

  fresh(encoder: EncoderShape, given: Partial<FmOptions> = {}): FmLearner {
    const options = resolveFmOptions(given);
    const rng = createRng(options.seed);
    const training = beginTraining(
      encoder,
      options,
      seedOf(() => rng.uint32()),
      options.baseRate,
    );
    return new FactorisationMachine(encoder, options, training);
  },

  /** The model for serving: what the epoch's bytes say, and nothing that changes. */
  fromEpoch(epoch: Epoch, encoder: EncoderShape): RewardModel {
    return new ServedFm(encoder, fmFromContent(epoch, FM_FAMILY, encoder), epoch);
  },

  /** A learner as `learnerState` left it: its further updates give the same bytes as if it had never stopped. */
  restore(state: EpochContent, encoder: EncoderShape): FmLearner {
    const parts = fmFromContent(state, FM_STATE_FAMILY, encoder);
    const options = resolveFmOptions(state.meta.options as Partial<FmOptions>);
    return new FactorisationMachine(encoder, options, resumeTraining(encoder, options, parts, state));
  },
} satisfies OnlineRewardModelFamily<Partial<FmOptions>, FmLearner>;

function seedOf(word: () => number): Seed {
  return Uint32Array.from({ length: 4 }, () => word());
}

/** A model and what it learns by. `parts` shares its arrays with both. */
interface Training {
  readonly parts: FmModelParts;
  readonly ftrl: Ftrl;
  readonly term: FactorTerm;
  readonly factorState: FactorState;
  readonly seed: Seed;
}

function assemble(
  encoder: EncoderShape,
  options: FmOptions,
  { weights, factors }: Pick<FmModelParts, 'weights' | 'factors'>,
  state: { readonly ftrl: FtrlState; readonly factors: FactorState; readonly seed: Seed },
  known?: FmModelParts['knowledge'],
): Training {
  const { alpha, beta, factorL2, spread, l2 } = options;
  const term = new FactorTerm(factors, state.factors, { alpha, beta, l2: factorL2, spread }, state.seed);
  const ftrl = new Ftrl(weights, state.ftrl, options, term);
  const knowledge =
    options.posterior === 'none'
      ? undefined
      : {
          posterior: known?.posterior ?? new Posterior(encoder, Math.max(LEAST_PRIOR, l2), new Uint32Array(0)),
          precisions: known?.precisions ?? freshPrecisions(encoder, factors.k, Math.max(LEAST_PRIOR, factorL2)),
          steps: ftrl.steps,
          roots: state.factors,
          factorL2,
        };
  return { parts: { weights, factors, knowledge }, ftrl, term, factorState: state.factors, seed: state.seed };
}

/** Precision of the prior where the penalty is smaller. */
const LEAST_PRIOR = 0.01;

function beginTraining(
  encoder: EncoderShape,
  options: FmOptions,
  seed: Seed,
  rate: number,
  scaling: Partial<Pick<FmModelParts['weights'], 'means' | 'scales'>> = {},
): Training {
  const weights = { ...noWeights(encoder, logit(rate)), ...scaling };
  const training = assemble(
    encoder,
    options,
    { weights, factors: noFactors(encoder, options.factors) },
    { ftrl: freshState(encoder), factors: freshFactorState(encoder, options.factors), seed },
  );
  training.term.begin(seed);
  training.ftrl.setBias(weights.bias);
  return training;
}

function resumeTraining(
  encoder: EncoderShape,
  options: FmOptions,
  parts: FmModelParts,
  { arrays, meta }: EpochContent,
): Training {
  const ftrl = freshState(encoder);
  const factors = freshFactorState(encoder, options.factors);
  const buckets = arrays.sparseBuckets as Uint32Array;
  const { sparseState, denseState, denseFactorState, sparseFactorState } = arrays;
  if (
    denseState?.length !== ftrl.dense.length ||
    sparseState?.length !== 2 * buckets.length ||
    denseFactorState?.length !== factors.dense.length ||
    sparseFactorState?.length !== buckets.length * options.factors
  ) {
    throw new ShelfwiseError('EPOCH_CORRUPT', 'the accumulators of a factorisation machine do not fit its weights');
  }
  ftrl.dense.set(denseState as Float64Array);
  factors.dense.set(denseFactorState as Float64Array);
  for (let i = 0; i < buckets.length; i++) {
    const b = buckets[i];
    ftrl.sparse[CELLS * b] = sparseState[2 * i];
    ftrl.sparse[CELLS * b + 1] = sparseState[2 * i + 1];
    ftrl.sparse[CELLS * b + 2] = parts.weights.sparse[b];
    for (let f = 0; f < options.factors; f++) {
      factors.sparse[b * options.factors + f] = sparseFactorState[i * options.factors + f];
    }
  }
  const seed = Uint32Array.from(meta.seed as readonly number[]);
  const training = assemble(encoder, options, parts, { ftrl, factors, seed }, parts.knowledge);
  training.ftrl.settle();
  return training;
}

class ServedFm implements RewardModel {
  readonly family = FM_FAMILY;
  readonly hash: string;
  readonly encoderHash: string;
  readonly bias: number;
  readonly uncertainty: Uncertainty | undefined;
  readonly sensitivities?: NonNullable<RewardModel['sensitivities']>;
  private readonly encoder: EncoderShape;
  private readonly predictor: FmPredictor;
  private readonly content: EpochContent;

  constructor(encoder: EncoderShape, parts: FmModelParts, epoch: Epoch) {
    this.hash = epoch.hash;
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.bias = parts.weights.bias;
    this.predictor = new FmPredictor(encoder, parts);
    this.uncertainty = this.predictor.uncertainty;
    this.content = epoch;
    if (parts.knowledge !== undefined) {
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
    const { weights, factors } = this.predictor.parts;
    return exportFm(this.encoder, this, weights, factors);
  }
}

class FactorisationMachine implements FmLearner {
  readonly family = FM_FAMILY;
  readonly encoderHash: string;
  readonly options: Readonly<FmOptions>;
  readonly sensitivities?: NonNullable<RewardModel['sensitivities']>;
  private readonly encoder: EncoderShape;
  private training: Training;
  private predictor: FmPredictor;
  /** '' when the model has changed since it was computed. */
  private knownHash = '';

  constructor(encoder: EncoderShape, options: Readonly<FmOptions>, training: Training) {
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.options = options;
    this.training = training;
    this.predictor = new FmPredictor(encoder, training.parts);
    if (options.posterior !== 'none') {
      this.sensitivities = (batch, rows, out) => this.predictor.sensitivities(batch, rows, out);
    }
  }

  get bias(): number {
    return this.training.parts.weights.bias;
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
    return fmToContent(this.training.parts, this.encoder, { family: FM_FAMILY });
  }

  toOnnx(): Uint8Array {
    const { weights, factors } = this.training.parts;
    return exportFm(this.encoder, this, weights, factors);
  }

  update(batch: FeatureBatch, labels: Float32Array, weights: Float32Array, rows: number): void {
    checkRows(this.encoder, { batch, labels, weights, rows });
    this.predictor.addEvidence(batch, weights, rows);
    this.training.ftrl.learn(batch, labels, weights, undefined, 0, rows);
    this.training.ftrl.settle(batch, rows);
    this.predictor.refold();
    this.knownHash = '';
  }

  async fit(examples: Examples, given: FmFitOptions): Promise<FitReport> {
    const { rng, signal, onProgress, validation, negativeRate = 1, epochs = 6 } = given;
    signal?.throwIfAborted();
    requireRange('fmModel.fit', 'negativeRate', negativeRate, 1e-6, 1);
    requireRange('fmModel.fit', 'epochs', epochs, 1, 10_000);
    const { encoder, options } = this;
    const { total, labelled } = checkRows(encoder, examples);
    if (!(total > 0)) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row has a positive weight');
    if (validation !== undefined) checkValidation(encoder, validation);

    // A training of its own: nothing of this model changes before the end.
    const rate = Math.min(1 - 1e-6, Math.max(1e-6, labelled / total));
    const seed = seedOf(() => rng.uint32());
    const { denseWidth } = encoder;
    const scaling = { means: new Float64Array(denseWidth), scales: new Float64Array(denseWidth) };
    columnMoments(examples, scaling.means, scaling.scales);
    const training = beginTraining(encoder, options, seed, rate, scaling);
    const { parts, ftrl } = training;
    const predictor = new FmPredictor(encoder, parts);
    const logitsOf = ({ batch, rows }: Examples): Float64Array => {
      const out = new Float64Array(rows);
      predictor.refold();
      predictor.logits(batch, rows, out);
      return out;
    };
    const lossOf = (rows: Examples): number => {
      const p = logitsOf(rows);
      sigmoids(p, rows.rows);
      return meanLoss(rows, p);
    };
    const passes = await passOver(examples, passesOf(training, options), {
      passes: epochs,
      rng,
      validationLoss: validation && (() => lossOf(validation)),
      pause: async (share) => {
        onProgress?.(share);
        await breathe();
        signal?.throwIfAborted();
      },
    });
    parts.weights.bias += centringShift(logitsOf(examples), examples);
    const logLoss = lossOf(examples);
    const validationLoss = validation && lossOf(validation);
    predictor.addEvidence(examples.batch, examples.weights, examples.rows);
    parts.weights.bias += Math.log(negativeRate);
    ftrl.setPenalties(options.l1, options.l2);
    training.term.setPenalty(options.factorL2, false);
    ftrl.adopt();
    predictor.refold();

    this.training = training;
    this.predictor = predictor;
    this.knownHash = '';
    onProgress?.(1);
    const report = { rows: examples.rows, passes, logLoss };
    return validationLoss === undefined ? report : { ...report, validationLoss };
  }

  learnerState(): EpochContent {
    const { training, encoder, options } = this;
    const { ftrl, factorState, seed, parts } = training;
    const cells = ftrl.state.sparse;
    const meta = { family: FM_STATE_FAMILY, options: { ...options } as unknown as Json, seed: [...seed] };
    const used = (b: number): boolean => cells[CELLS * b] !== 0 || cells[CELLS * b + 1] !== 0;
    const content = fmToContent(parts, encoder, meta, used);
    const buckets = content.arrays.sparseBuckets as Uint32Array;
    const k = options.factors;
    return {
      ...content,
      arrays: {
        ...content.arrays,
        denseState: ftrl.state.dense.slice(),
        sparseState: Float64Array.from(
          { length: 2 * buckets.length },
          (_, i) => cells[CELLS * buckets[i >> 1] + (i & 1)],
        ),
        denseFactorState: factorState.dense.slice(),
        sparseFactorState: Float32Array.from(
          { length: k * buckets.length },
          (_, i) => factorState.sparse[k * buckets[Math.floor(i / k)] + (i % k)],
        ),
      },
    };
  }
}

/** FTRL whose penalties are those of the passes so far. */
function passesOf({ ftrl, term }: Training, { l1, l2, factorL2 }: FmOptions): RowLearner {
  return {
    beginPass: (pass) => {
      ftrl.setPenalties(l1 * (pass + 1), l2 * (pass + 1));
      term.setPenalty(factorL2 * (pass + 1), true);
    },
    learn: (batch, labels, weights, order, from, to) => ftrl.learn(batch, labels, weights, order, from, to),
    settle: () => ftrl.settle(),
    snapshot: () => {
      const [linear, factors] = [ftrl.snapshot(), term.snapshot()];
      return () => {
        linear();
        factors();
      };
    },
  };
}
