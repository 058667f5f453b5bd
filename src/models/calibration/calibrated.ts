/**
 * A model whose scores are calibrated on rows that it did not learn from. What it wraps may be of any family, also an
 * ensemble, and of any scale: a model that only ranks becomes one of probabilities, from which a page can be drawn.
 *
 *   q(row) = sigmoid(h(z)),   z = bias + Σ contributions of the model within       (see calibrator.ts)
 *
 * Uncertainty: draws are mapped one by one, exactly; a deviation is half the way that q goes from one deviation d of the model
 * below the score to one above, (q(score + d) - q(score - d)) / 2. Where h is straight so far this is the delta method; where it
 * has knots it stays at most 1/2, as a probability's must, while a derivative is that of a single piece.
 * Sensitivities: times dq / dscore.
 * Contributions: bias h(bias), and each contribution times the secant (h(z) - h(bias)) / (z - bias). Their sum is the logit
 * of q, for Platt's line as for isotonic knots; of a function of a sum, these are the Aumann-Shapley values from nothing to
 * the row.
 */
import { requireRange, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { type Epoch, type EpochContent, sealEpoch } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type {
  Contribution,
  Examples,
  FitOptions,
  FitReport,
  Learner,
  RewardModel,
  RewardModelFamily,
  Uncertainty,
} from '../contract.ts';
import { type LoadModel, nestedArrays, nestedEpoch } from '../ensemble/nested.ts';
import { checkValidation } from '../examples.ts';
import { exportCalibrated } from '../onnx/export-composite.ts';
import { logit, sigmoid, sigmoids } from '../sigmoid.ts';
import {
  type CalibrationMethod,
  type Calibrator,
  calibratedLogit,
  calibratedSlope,
  calibratorFrom,
  calibratorToJson,
} from './calibrator.ts';
import { fitIsotonic } from './isotonic.ts';
import { fitPlatt } from './platt.ts';

export const CALIBRATED_FAMILY = 'calibrated';
const FORMAT = 1;

export interface CalibrationOptions {
  /**
   * `platt` mends what is too sharp, too flat or off by a factor, with two numbers: for hundreds of rows. `isotonic` mends
   * any shape: for thousands of positives. @default 'platt'
   */
  readonly method: CalibrationMethod;
  /** Isotonic: least weight of a block. 0 is the plain form, which trusts single rows at the ends. @default 50 */
  readonly leastWeight: number;
}

const DEFAULTS: CalibrationOptions = { method: 'platt', leastWeight: 50 };

/**
 * Fits a calibrator of the model on rows that it did not learn from.
 *
 * @param negativeRate share of the negatives that were kept when these rows were sampled, as in `FitOptions`: a negative then
 *   counts 1 / negativeRate times
 * Throws `EXAMPLES_INVALID`, `OPTION_INVALID`.
 */
export function fitCalibrator(
  model: RewardModel,
  { batch, labels, weights, rows }: Examples,
  given: Partial<CalibrationOptions> = {},
  negativeRate = 1,
): Calibrator {
  const { method, leastWeight } = resolveCalibration(given);
  requireRange('calibration', 'negativeRate', negativeRate, 1e-6, 1);
  const z = new Float64Array(rows);
  model.predict(batch, rows, z);
  const ofProbability = isProbability(model);
  if (ofProbability) for (let r = 0; r < rows; r++) z[r] = logit(z[r]);
  const counted = Float32Array.from({ length: rows }, (_, r) => weights[r] / (labels[r] > 0 ? 1 : negativeRate));
  return method === 'platt'
    ? fitPlatt(z, labels, counted)
    : fitIsotonic(z, labels, counted, { leastWeight, outerSlope: ofProbability ? 1 : 0 });
}

function resolveCalibration(given: Partial<CalibrationOptions>): Readonly<CalibrationOptions> {
  const options = resolveOptions('calibration', given, DEFAULTS);
  if (options.method !== 'platt' && options.method !== 'isotonic') {
    throw new ShelfwiseError('OPTION_INVALID', `calibration: there is no method "${String(options.method)}"`);
  }
  requireRange('calibration', 'leastWeight', options.leastWeight, 0, 1e9);
  return options;
}

export interface CalibratedModel extends RewardModel {
  /** The model within. */
  readonly model: RewardModel;
  readonly calibrator: Calibrator;
}

/** The model, calibrated: a view that follows it where it goes on learning. */
export function calibrated(model: RewardModel, calibrator: Calibrator): CalibratedModel {
  return new Calibrated(model, calibrator);
}

/** For `loadModel`. */
export const calibratedModels = {
  family: CALIBRATED_FAMILY,
  fromEpoch(epoch: Epoch, encoder: EncoderShape, load: LoadModel): CalibratedModel {
    const { meta, arrays } = epoch;
    if (meta.family !== CALIBRATED_FAMILY || meta.format !== FORMAT) {
      throw new ShelfwiseError('EPOCH_CORRUPT', `${epoch.hash} is no calibrated model that this version reads`);
    }
    const calibrator = calibratorFrom(meta.calibrator, arrays['calibrator/x'], arrays['calibrator/y']);
    return new Calibrated(load(nestedEpoch(epoch, 'model', meta.model), encoder), calibrator);
  },
};

export interface CalibratedLearner<O extends FitOptions = FitOptions> extends CalibratedModel, Learner<O> {
  /**
   * Fits the model within, then the calibrator on the validation rows, whose weights must mean what those of the examples do.
   * The report is that of the model within. Throws `OPTION_INVALID` without validation rows.
   */
  fit(examples: Examples, options: O): Promise<FitReport>;
}

/**
 * A family whose models are calibrated on the validation rows of each fit. Where the family within stops by them, too, they
 * speak for it a little too well: by less than their sampling error, with two numbers or blocks of 50 rows to fit.
 */
export function calibratedFamily<M, O extends FitOptions>(
  family: RewardModelFamily<M, Learner<O>>,
  given: Partial<CalibrationOptions> = {},
): Omit<RewardModelFamily<M, CalibratedLearner<O>>, 'fromEpoch'> {
  const options = resolveCalibration(given);
  return {
    family: CALIBRATED_FAMILY,
    fresh: (encoder, modelOptions) => new FittedCalibrated(() => family.fresh(encoder, modelOptions), encoder, options),
  };
}

const IDENTITY: Calibrator = { method: 'platt', x: new Float64Array(1), y: new Float64Array(1), outerSlope: 1 };

const isProbability = ({ scale = 'probability' }: RewardModel): boolean => scale === 'probability';

/** Probabilities are at least so far from 0 and 1 as `sigmoids` can tell. */
const LEAST = 1e-13;

class Calibrated implements CalibratedModel {
  readonly family = CALIBRATED_FAMILY;
  readonly scale = 'probability';
  readonly encoderHash: string;
  readonly sensitivities?: NonNullable<RewardModel['sensitivities']>;
  readonly toOnnx?: () => Uint8Array;
  /** As the epoch says that it was loaded from. */
  readonly learned: number = 0;
  protected inner: RewardModel;
  protected map: Calibrator;
  private readonly mapped: Uncertainty;
  private scores = new Float64Array(1024);
  private hashed = { of: '', by: IDENTITY, hash: '' };

  constructor(model: RewardModel, calibrator: Calibrator) {
    this.inner = model;
    this.map = calibrator;
    this.encoderHash = model.encoderHash;
    this.mapped = {
      deviations: (batch, rows, out) => {
        this.inner.uncertainty?.deviations(batch, rows, out);
        this.byDifference(batch, rows, out);
      },
      draw: (batch, rows, seed, draws, out) => {
        this.inner.uncertainty?.draw(batch, rows, seed, draws, out);
        this.calibrate(out, rows * draws);
      },
    };
    if (model.toOnnx !== undefined) this.toOnnx = () => exportCalibrated(this, this.inner, this.map);
    if (model.sensitivities !== undefined) {
      this.sensitivities = (batch, rows, out) => {
        this.inner.sensitivities?.(batch, rows, out);
        this.byDerivative(batch, rows, out);
      };
    }
  }

  get model(): RewardModel {
    return this.inner;
  }

  get calibrator(): Calibrator {
    return this.map;
  }

  get uncertainty(): Uncertainty | undefined {
    return this.inner.uncertainty === undefined ? undefined : this.mapped;
  }

  get bias(): number {
    return calibratedLogit(this.map, this.inner.bias);
  }

  /** Follows the model within. */
  get hash(): string {
    const of = this.inner.hash;
    const by = this.map;
    if (this.hashed.of !== of || this.hashed.by !== by) this.hashed = { of, by, hash: sealEpoch(this.toEpoch()).hash };
    return this.hashed.hash;
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.inner.predict(batch, rows, out);
    this.calibrate(out, rows);
  }

  /** Scores become probabilities, in place. */
  private calibrate(scores: Float64Array, count: number): void {
    const { map } = this;
    const ofProbability = isProbability(this.inner);
    for (let i = 0; i < count; i++) scores[i] = calibratedLogit(map, ofProbability ? logit(scores[i]) : scores[i]);
    sigmoids(scores, count);
  }

  /** out[r] = (q(score + out[r]) - q(score - out[r])) / 2. */
  private byDifference(batch: FeatureBatch, rows: number, out: Float64Array): void {
    if (rows > this.scores.length) this.scores = new Float64Array(2 * rows);
    const { scores, map } = this;
    this.inner.predict(batch, rows, scores);
    const ofProbability = isProbability(this.inner);
    for (let r = 0; r < rows; r++) {
      const score = scores[r];
      const deviation = out[r];
      const low = ofProbability ? logit(Math.max(LEAST, score - deviation)) : score - deviation;
      const high = ofProbability ? logit(Math.min(1 - LEAST, score + deviation)) : score + deviation;
      out[r] = Math.max(0, sigmoid(calibratedLogit(map, high)) - sigmoid(calibratedLogit(map, low))) / 2;
    }
  }

  /** out[r] *= dq / dscore at row r. */
  private byDerivative(batch: FeatureBatch, rows: number, out: Float64Array): void {
    if (rows > this.scores.length) this.scores = new Float64Array(2 * rows);
    const { scores, map } = this;
    this.inner.predict(batch, rows, scores);
    const ofProbability = isProbability(this.inner);
    for (let r = 0; r < rows; r++) {
      const score = scores[r];
      const slope = calibratedSlope(map, ofProbability ? logit(score) : score);
      out[r] *= ofProbability ? slope / (score * (1 - score)) : slope;
    }
    this.calibrate(scores, rows);
    for (let r = 0; r < rows; r++) out[r] *= scores[r] * (1 - scores[r]);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    const within = this.inner.contributions(batch, row);
    const { bias } = this.inner;
    const sum = within.reduce((total, { contribution }) => total + contribution, 0);
    const secant =
      Math.abs(sum) < 1e-9
        ? calibratedSlope(this.map, bias)
        : (calibratedLogit(this.map, bias + sum) - calibratedLogit(this.map, bias)) / sum;
    return within.map(({ name, contribution }) => ({ name, contribution: secant * contribution }));
  }

  toEpoch(): EpochContent {
    const content = this.inner.toEpoch();
    return {
      kind: 'model',
      meta: {
        family: CALIBRATED_FAMILY,
        format: FORMAT,
        encoder: this.encoderHash,
        calibrator: calibratorToJson(this.map),
        model: content.meta,
        ...(this.learned > 0 ? { learned: this.learned } : {}),
      },
      arrays: {
        'calibrator/x': this.map.x.slice(),
        'calibrator/y': this.map.y.slice(),
        ...nestedArrays('model', content),
      },
    };
  }
}

class FittedCalibrated<O extends FitOptions> extends Calibrated implements CalibratedLearner<O> {
  private readonly make: () => Learner<O>;
  private readonly encoder: EncoderShape;
  private readonly options: Readonly<CalibrationOptions>;

  constructor(make: () => Learner<O>, encoder: EncoderShape, options: Readonly<CalibrationOptions>) {
    super(make(), IDENTITY);
    this.make = make;
    this.encoder = encoder;
    this.options = options;
  }

  async fit(examples: Examples, options: O): Promise<FitReport> {
    const { validation, negativeRate } = options;
    if (validation === undefined) {
      throw new ShelfwiseError('OPTION_INVALID', 'calibrated.fit: there are no validation rows to calibrate on');
    }
    checkValidation(this.encoder, validation);
    const model = this.make();
    const report = await model.fit(examples, options);
    const map = fitCalibrator(model, validation, this.options, negativeRate);
    this.inner = model;
    this.map = map;
    return report;
  }
}
