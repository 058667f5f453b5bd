/**
 * Ensembles that learn: of any family, online where the family is. Which rows a member learns from, and how often, depends on
 * the row's key and the seed alone: rows learnt in one fit, one by one or after a restart count the same.
 */
import { requireRange, requireWhole, resolveOptions, type Seed, ShelfwiseError } from '../../base/index.ts';
import type { EpochContent, Json } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type {
  Examples,
  FitOptions,
  FitReport,
  Learner,
  OnlineLearner,
  OnlineRewardModelFamily,
  RewardModelFamily,
} from '../contract.ts';
import { checkRows, MOST_WEIGHT } from '../examples.ts';
import { logit, logLossOf, sigmoid } from '../sigmoid.ts';
import { ENSEMBLE_FAMILY, Ensemble, type EnsembleModel } from './ensemble.ts';
import { nestedArrays, nestedContent, type RestoreLearner } from './nested.ts';
import { type Resampling, replicaSeed, timesCounted } from './replicas.ts';

export interface EnsembleOptions {
  /** Members. The cost of fitting and scoring, and the resolution of its propensities, 1 / size. @default 10 */
  readonly size: number;
  /** @default 'poisson' */
  readonly resampling: Resampling;
  /** Names the bootstrap: other seeds count the rows otherwise. @default 1 */
  readonly seed: number;
}

const DEFAULTS: EnsembleOptions = { size: 10, resampling: 'poisson', seed: 1 };
export const ENSEMBLE_STATE_FAMILY = 'ensemble-learner';

export interface EnsembleLearner<O extends FitOptions = FitOptions> extends EnsembleModel, Pick<Learner<O>, 'fit'> {
  /**
   * Fits each member to the rows as it counts them: sample weight times Poisson(1) or 0 or 2. A member that would count none
   * (of a handful of rows) counts them as they are.
   * @param rowKeys one a row: rows of one key are drawn together. Without them the n-th row of positive weight has key n.
   */
  fit(examples: Examples, options: O, rowKeys?: Uint32Array): Promise<FitReport>;
}

export interface OnlineEnsembleLearner<O extends FitOptions = FitOptions>
  extends EnsembleLearner<O>,
    Pick<OnlineLearner<O>, 'learnerState'> {
  /** @param rowKeys as in `fit`; without them counting goes on from the rows that were fitted to or learnt from. */
  update(batch: FeatureBatch, labels: Float32Array, weights: Float32Array, rows: number, rowKeys?: Uint32Array): void;
}

/** Ensembles of a family. They are loaded by `loadModel`, whatever they consist of. */
export function ensembleFamily<M, O extends FitOptions>(
  family: Pick<RewardModelFamily<M, Learner<O>>, 'fresh'>,
  given: Partial<EnsembleOptions> = {},
): { readonly family: string; fresh(encoder: EncoderShape, options?: M): EnsembleLearner<O> } {
  const options = resolveEnsemble(given);
  return {
    family: ENSEMBLE_FAMILY,
    fresh: (encoder, memberOptions) =>
      new FittedEnsemble(
        () => family.fresh(encoder, memberOptions),
        Array.from({ length: options.size }, () => family.fresh(encoder, memberOptions)),
        encoder,
        options,
      ),
  };
}

/** Ensembles of a family that learns online. */
export function onlineEnsembleFamily<M, O extends FitOptions>(
  family: Pick<OnlineRewardModelFamily<M, OnlineLearner<O>>, 'fresh'>,
  given: Partial<EnsembleOptions> = {},
): { readonly family: string; fresh(encoder: EncoderShape, options?: M): OnlineEnsembleLearner<O> } {
  const options = resolveEnsemble(given);
  return {
    family: ENSEMBLE_FAMILY,
    fresh: (encoder, memberOptions) =>
      new OnlineEnsemble(
        () => family.fresh(encoder, memberOptions),
        Array.from({ length: options.size }, () => family.fresh(encoder, memberOptions)),
        encoder,
        options,
      ),
  };
}

/** For `restoreLearner`: an ensemble as `learnerState` left it. */
export function restoreEnsemble(
  state: EpochContent,
  encoder: EncoderShape,
  restore: RestoreLearner,
): OnlineEnsembleLearner {
  const { family, members, options, learnt } = state.meta;
  if (family !== ENSEMBLE_STATE_FAMILY || !Array.isArray(members) || typeof learnt !== 'number') {
    throw new ShelfwiseError('EPOCH_CORRUPT', `the state of a ${String(family)} is not that of an ensemble`);
  }
  const resolved = resolveEnsemble(options as Partial<EnsembleOptions>);
  const states = members.map((meta: Json, j: number) => nestedContent(state, `${j}`, meta));
  if (states.length !== resolved.size) throw new ShelfwiseError('EPOCH_CORRUPT', 'members of the ensemble are missing');
  const learners = states.map((each) => restore(each, encoder));
  // What a fit begins with does not matter: it learns from scratch.
  return new OnlineEnsemble(() => restore(states[0], encoder), learners, encoder, resolved, learnt);
}

function resolveEnsemble(given: Partial<EnsembleOptions>): Readonly<EnsembleOptions> {
  const options = resolveOptions('ensemble', given, DEFAULTS);
  requireWhole('ensemble', 'size', options.size, 1, 1000);
  requireRange('ensemble', 'seed', options.seed, 0, Number.MAX_SAFE_INTEGER);
  if (options.resampling !== 'poisson' && options.resampling !== 'double-or-nothing') {
    throw new ShelfwiseError('OPTION_INVALID', `ensemble: there is no resampling "${String(options.resampling)}"`);
  }
  return options;
}

class FittedEnsemble<O extends FitOptions, L extends Learner<O>> extends Ensemble<L> implements EnsembleLearner<O> {
  protected readonly encoder: EncoderShape;
  protected readonly options: Readonly<EnsembleOptions>;
  protected readonly seed: Seed;
  /** Rows of positive weight so far: the key of the next. */
  protected learnt: number;
  private readonly make: () => L;

  constructor(
    make: () => L,
    members: readonly L[],
    encoder: EncoderShape,
    options: Readonly<EnsembleOptions>,
    learnt = 0,
  ) {
    super(members);
    this.make = make;
    this.encoder = encoder;
    this.options = options;
    this.seed = replicaSeed(options.seed);
    this.learnt = learnt;
  }

  async fit(examples: Examples, options: O, rowKeys?: Uint32Array): Promise<FitReport> {
    const { signal, onProgress, validation, negativeRate = 1 } = options;
    const { size } = this.options;
    signal?.throwIfAborted();
    const { total } = checkRows(this.encoder, examples);
    if (!(total > 0)) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row has a positive weight');
    requireKeys(examples.rows, rowKeys);
    const members: L[] = [];
    const reports: FitReport[] = [];
    for (let j = 0; j < size; j++) {
      const member = this.make();
      const weights = new Float32Array(examples.rows);
      if (!(this.count(j, examples.weights, examples.rows, rowKeys, 0, weights) > 0)) {
        weights.set(examples.weights.subarray(0, examples.rows));
      }
      const report = await member.fit(
        { ...examples, weights },
        {
          ...options,
          rng: options.rng.fork(options.rng.uint32()),
          onProgress: (share: number) => onProgress?.((j + share) / size),
        },
      );
      signal?.throwIfAborted();
      members.push(member);
      reports.push(report);
    }
    this.members = members;
    this.learnt = positives(examples.weights, examples.rows);
    this.knownHash = '';
    onProgress?.(1);
    const meanOf = (of: (report: FitReport) => number): number =>
      reports.reduce((sum, report) => sum + of(report), 0) / size;
    const lossOn = (rows: Examples, otherwise: (report: FitReport) => number): number =>
      this.scale === 'probability' ? this.meanLoss(rows, negativeRate) : meanOf(otherwise);
    return {
      rows: examples.rows,
      passes: Math.max(...reports.map(({ passes }) => passes)),
      logLoss: lossOn(examples, ({ logLoss }) => logLoss),
      ...(validation === undefined
        ? {}
        : { validationLoss: lossOn(validation, ({ validationLoss = Number.NaN }) => validationLoss) }),
    };
  }

  /** out[r] = weights[r] times how often member j counts row r. Returns their sum. */
  protected count(
    j: number,
    weights: Float32Array,
    rows: number,
    rowKeys: Uint32Array | undefined,
    firstKey: number,
    out: Float32Array,
  ): number {
    const { resampling } = this.options;
    let key = firstKey;
    let sum = 0;
    for (let r = 0; r < rows; r++) {
      out[r] = 0;
      if (weights[r] === 0) continue;
      const times = timesCounted(resampling, this.seed, rowKeys === undefined ? key : rowKeys[r], j);
      // A member refuses heavier rows than those that come in, and half of the others would have learnt by then.
      out[r] = Math.min(MOST_WEIGHT, weights[r] * times);
      sum += out[r];
      key++;
    }
    return sum;
  }

  /** Of the mean of the members' predictions, each without its shift for sampled negatives. */
  private meanLoss({ batch, labels, weights, rows }: Examples, negativeRate: number): number {
    const shift = Math.log(negativeRate);
    const each = new Float64Array(rows);
    const mean = new Float64Array(rows);
    for (const member of this.members) {
      member.predict(batch, rows, each);
      for (let r = 0; r < rows; r++) mean[r] += shift === 0 ? each[r] : sigmoid(logit(each[r]) - shift);
    }
    let loss = 0;
    let total = 0;
    for (let r = 0; r < rows; r++) {
      loss += weights[r] * logLossOf(mean[r] / this.members.length, labels[r]);
      total += weights[r];
    }
    return loss / total;
  }
}

class OnlineEnsemble<O extends FitOptions>
  extends FittedEnsemble<O, OnlineLearner<O>>
  implements OnlineEnsembleLearner<O>
{
  private counted = new Float32Array(256);

  update(batch: FeatureBatch, labels: Float32Array, weights: Float32Array, rows: number, rowKeys?: Uint32Array): void {
    checkRows(this.encoder, { batch, labels, weights, rows });
    requireKeys(rows, rowKeys);
    if (rows > this.counted.length) this.counted = new Float32Array(2 * rows);
    const { counted, members } = this;
    for (let j = 0; j < members.length; j++) {
      this.count(j, weights, rows, rowKeys, this.learnt, counted);
      members[j].update(batch, labels, counted, rows);
    }
    this.learnt += positives(weights, rows);
    this.knownHash = '';
  }

  learnerState(): EpochContent {
    const states = this.members.map((member) => member.learnerState());
    return {
      kind: 'model',
      meta: {
        family: ENSEMBLE_STATE_FAMILY,
        encoder: this.encoderHash,
        options: { ...this.options },
        learnt: this.learnt,
        members: states.map(({ meta }) => meta),
      },
      arrays: Object.assign({}, ...states.map((state, j) => nestedArrays(`${j}`, state))),
    };
  }
}

function requireKeys(rows: number, rowKeys: Uint32Array | undefined): void {
  if (rowKeys !== undefined && rowKeys.length < rows) {
    throw new ShelfwiseError('EXAMPLES_INVALID', `${rows} rows have ${rowKeys.length} keys`);
  }
}

function positives(weights: Float32Array, rows: number): number {
  let count = 0;
  for (let r = 0; r < rows; r++) if (weights[r] > 0) count++;
  return count;
}
