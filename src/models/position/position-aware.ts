/**
 * A relevance model of any family and the examination of places, learnt together from biased clicks:
 *
 *   P(click | row at place) = θ(place) · relevance(features)
 *
 * This is PAL (Guo et al. 2019: position as a factor beside the model, not as a feature of it) with a table for θ, and its
 * likelihood. The model never sees a place: what it predicts is relevance, the probability of a click at the most looked-at
 * place of the surface, and serving scores are free of position.
 *
 * How it is learnt: with p = relevance(features), a row is relevant given its click with probability
 *
 *   r = click + (1 - click) · p (1 - θ) / (1 - θ p)                                                                 (labels)
 *
 * `trainPositionAware` (any family that takes soft labels) is EM: fit to r, then θ given the fit, by turns; that is
 * regression-EM (Wang et al. 2018). `learnPositionAware` (families that learn online by log loss) is PAL's joint gradient
 * descent: the gradient of -ln P(click) by the logit of the relevance is p - r exactly (Fisher's identity), so that an update
 * on r is a step of PAL.
 */
import { type Rng, requireRange, resolveOptions, ShelfwiseError, shuffle } from '../../base/index.ts';
import { type Examination, examinedAt, SURFACES } from '../../domain/index.ts';
import { createBatch, type FeatureBatch } from '../../features/index.ts';
import type { Examples, FitOptions, FitReport, Learner, OnlineLearner, RewardModel } from '../contract.ts';
import { breathe } from '../pace.ts';
import { logit, sigmoid } from '../sigmoid.ts';
import { fitClickRates } from './click-rates.ts';
import { type Clicks, checkClicks, type Places } from './clicks.ts';
import { besideFirst, type ExaminationEstimate, estimateOf, type SurfaceEstimate } from './estimate.ts';
import { type Cells, fitProduct } from './product-em.ts';

export interface PositionAwareOptions {
  /**
   * Turns of fitting the model and the curves at most: so often the model is fitted from scratch. @default 40
   */
  readonly rounds: number;
  /** Ends when no θ moves by more. @default 1e-3 */
  readonly tolerance: number;
}

const DEFAULTS: PositionAwareOptions = { rounds: 40, tolerance: 1e-3 };

/**
 * Over-relaxation: EM goes the right way in steps that are too short, the more so where places are looked at seldom. Relevance
 * (in logits) goes on by so much; below 2 what converges still does (Salakhutdinov and Roweis 2003).
 */
const RELAXATION = 1.8;

/** Steps on the curves in each turn. */
const CURVE_STEPS = 60;

export interface PositionAwareResult {
  /** Of the last fit: its log loss is that of the soft labels. */
  readonly report: FitReport;
  readonly estimate: ExaminationEstimate;
  readonly rounds: number;
  /** Weighted mean -ln P(click), nats, of the last turn. */
  readonly clickLoss: number;
}

/** Examples whose labels are clicks, and where their rows stood. */
export interface PlacedExamples extends Examples {
  readonly places: Places;
}

/** out[r] = P(relevant | click of row r), given its relevance p and the examination θ of its place, both within [0, 1]. */
export function relevanceLabels(
  clicks: Float32Array,
  p: Float64Array,
  theta: Float64Array,
  rows: number,
  out: Float32Array,
): void {
  for (let r = 0; r < rows; r++) {
    const unseen = (p[r] * (1 - theta[r])) / (1 - theta[r] * p[r]);
    out[r] = clicks[r] + (1 - clicks[r]) * unseen;
  }
}

/**
 * out[r] = θ of row r's place beside the most looked-at one of its surface, within [0, 1]: what `relevanceLabels` takes. 1 on
 * surfaces that nothing is known of, whose clicks are then taken at their word.
 */
export function examinationOfRows(
  examination: Pick<Examination, 'surfaces'>,
  places: Places,
  rows: number,
  out: Float64Array,
): void {
  const most = SURFACES.map((surface) => {
    const curves = examination.surfaces[surface];
    return curves === undefined ? Number.NaN : Math.max(...curves.shelf) * Math.max(...curves.card);
  });
  for (let r = 0; r < rows; r++) {
    const surface = places.surfaces[r];
    const theta = examinedAt(examination, SURFACES[surface], places.shelfRanks[r], places.cardRanks[r]) / most[surface];
    out[r] = Number.isNaN(theta) ? 1 : theta;
  }
}

/**
 * Fits the learner to relevance, and examination with it. It starts from the curves of the click rates, which fall too steeply,
 * and comes down from there.
 *
 * To be trusted where rows that are equally relevant by their features stood at several places: what a feature tells of the
 * place (a shelf that always stands first) cannot be parted from it.
 *
 * @param places one a row of the examples, whose labels are clicks
 * @param fitOptions what each fit takes; `onProgress` and `signal` are those of the whole
 * @param tuning rows that are not learnt from: in each turn they are told apart as the others are, and are the `validation` of
 *   its fit. Clicks as they are would stop a family early that predicts relevance
 * Throws `EXAMPLES_INVALID`, `OPTION_INVALID`. Aborting rejects and leaves the learner as it was or as a turn left it.
 */
export async function trainPositionAware<O extends FitOptions>(
  learner: Learner<O>,
  examples: Examples,
  places: Places,
  fitOptions: O,
  given: Partial<PositionAwareOptions> = {},
  tuning?: PlacedExamples,
): Promise<PositionAwareResult> {
  const options = resolveOptions('trainPositionAware', given, DEFAULTS);
  requireRange('trainPositionAware', 'rounds', options.rounds, 1, 10_000);
  requireRange('trainPositionAware', 'tolerance', options.tolerance, 0, 1);
  const { batch, labels, weights, rows } = examples;
  const curves = new PlaceCurves({ ...places, rows, clicks: labels, weights });
  const p = new Float64Array(rows);
  const theta = new Float64Array(rows);
  const soft = Float32Array.from(labels.subarray(0, rows));
  const fitted = new Float64Array(rows);
  const { onProgress, signal } = fitOptions;
  let report: FitReport | undefined;
  let round = 0;
  for (let change = Number.POSITIVE_INFINITY; round < options.rounds && change > options.tolerance; round++) {
    curves.write(theta);
    if (report === undefined) p.fill(curves.meanRelevance(theta));
    relevanceLabels(labels, p, theta, rows, soft);
    const done = round;
    const validation =
      tuning === undefined
        ? undefined
        : softened(tuning, curves.estimate('regression-em'), report === undefined ? p[0] : learner);
    report = await learner.fit(
      { batch, labels: soft, weights, rows },
      {
        ...fitOptions,
        ...(validation === undefined ? {} : { validation }),
        onProgress: (share: number) => onProgress?.((done + share) / options.rounds),
      },
    );
    signal?.throwIfAborted();
    requireProbability(learner);
    learner.predict(batch, rows, fitted);
    // Before the first fit nothing was known that could be gone on from.
    const relaxation = done === 0 ? 1 : RELAXATION;
    for (let r = 0; r < rows; r++) {
      const before = logit(p[r]);
      p[r] = sigmoid(before + relaxation * (logit(fitted[r]) - before));
    }
    change = curves.fit(p);
    await breathe();
  }
  if (report === undefined) throw new ShelfwiseError('BUG', 'not one round was made');
  onProgress?.(1);
  return { report, estimate: curves.estimate('regression-em'), rounds: round, clickLoss: curves.loss(fitted) };
}

/** The examples with labels of relevance in place of clicks, by a model or by one relevance that all have. */
export function softened(
  { batch, labels, weights, rows, places }: PlacedExamples,
  examination: Pick<Examination, 'surfaces'>,
  by: RewardModel | number,
): Examples {
  const theta = new Float64Array(rows);
  examinationOfRows(examination, places, rows, theta);
  const p = new Float64Array(rows);
  if (typeof by === 'number') p.fill(by);
  else by.predict(batch, rows, p);
  const soft = new Float32Array(rows);
  relevanceLabels(labels, p, theta, rows, soft);
  return { batch, labels: soft, weights, rows };
}

export interface JointOptions {
  readonly rng: Rng;
  /** Passes over the rows. @default 3 */
  readonly passes?: number;
  readonly onProgress?: (share: number) => void;
  /** Aborting rejects with its reason; what was learnt till then stays. */
  readonly signal?: AbortSignal;
}

/** Rows whose labels are told by one state of the model. */
const STEP_ROWS = 64;
/** Rows between two pauses. */
const SLICE_ROWS = 8192;

/**
 * PAL's joint descent, on from where the learner stands: passes over the rows in batches of 64, each labelled by the model of
 * the moment, and the curves anew after each pass. A fresh learner may be handed in; one that `trainPositionAware` has fitted in
 * a few turns already knows the scales of its columns, and needs a pass or two. Families that learn by log loss only.
 *
 * Throws `EXAMPLES_INVALID`, `OPTION_INVALID`.
 */
export async function learnPositionAware(
  learner: OnlineLearner,
  examples: Examples,
  places: Places,
  options: JointOptions,
): Promise<Omit<PositionAwareResult, 'report' | 'rounds'>> {
  const { rng, passes = 3, onProgress, signal } = options;
  requireRange('learnPositionAware', 'passes', passes, 1, 10_000);
  requireProbability(learner);
  const { batch, labels, weights, rows } = examples;
  const curves = new PlaceCurves({ ...places, rows, clicks: labels, weights });
  const p = new Float64Array(rows);
  const theta = new Float64Array(rows);
  const order = Uint32Array.from({ length: rows }, (_, r) => r);
  const step = new Step(batch);
  for (let pass = 0; pass < passes; pass++) {
    curves.write(theta);
    shuffle(order, rng);
    for (let from = 0; from < rows; from += STEP_ROWS) {
      step.learn(learner, examples, theta, order.subarray(from, Math.min(rows, from + STEP_ROWS)));
      if (Math.floor(from / SLICE_ROWS) === Math.floor((from + STEP_ROWS) / SLICE_ROWS)) continue;
      onProgress?.((pass + from / rows) / passes);
      await breathe();
      signal?.throwIfAborted();
    }
    learner.predict(batch, rows, p);
    curves.fit(p);
  }
  onProgress?.(1);
  return { estimate: curves.estimate('pal'), clickLoss: curves.loss(p) };
}

/** A few rows, copied out in the order in which they are learnt from. */
class Step {
  private readonly batch: FeatureBatch;
  private readonly labels = new Float32Array(STEP_ROWS);
  private readonly weights = new Float32Array(STEP_ROWS);
  private readonly soft = new Float32Array(STEP_ROWS);
  private readonly p = new Float64Array(STEP_ROWS);
  private readonly theta = new Float64Array(STEP_ROWS);

  constructor(shape: FeatureBatch) {
    this.batch = createBatch(shape, STEP_ROWS);
  }

  learn(learner: OnlineLearner, examples: Examples, theta: Float64Array, rows: Uint32Array): void {
    const { batch } = this;
    const { denseWidth, sparseWidth, dense, sparse } = examples.batch;
    rows.forEach((r, i) => {
      batch.dense.set(dense.subarray(r * denseWidth, (r + 1) * denseWidth), i * denseWidth);
      batch.sparse.set(sparse.subarray(r * sparseWidth, (r + 1) * sparseWidth), i * sparseWidth);
      this.labels[i] = examples.labels[r];
      this.weights[i] = examples.weights[r];
      this.theta[i] = theta[r];
    });
    learner.predict(batch, rows.length, this.p);
    relevanceLabels(this.labels, this.p, this.theta, rows.length, this.soft);
    learner.update(batch, this.soft, this.weights, rows.length);
  }
}

function requireProbability({ family, scale = 'probability' }: RewardModel): void {
  if (scale !== 'probability') {
    throw new ShelfwiseError('OPTION_INVALID', `position-aware: the ${family} model gives a ${scale}, no probability`);
  }
}

/** The curves of each surface while they are fitted; the greatest θ of each is 1. */
class PlaceCurves {
  private readonly log: Clicks;
  private readonly surfaces: readonly (SurfaceCurves | undefined)[];

  constructor(log: Clicks) {
    checkClicks(log);
    this.log = log;
    const naive = fitClickRates(log).surfaces;
    this.surfaces = SURFACES.map((surface, number) => {
      const start = naive[surface];
      return start === undefined ? undefined : new SurfaceCurves(log, number, start);
    });
  }

  /** The relevance that all rows would have in common, given θ. Throws `EXAMPLES_INVALID` where nothing was clicked. */
  meanRelevance(theta: Float64Array): number {
    const { rows, clicks, weights } = this.log;
    let [looked, clicked] = [0, 0];
    for (let r = 0; r < rows; r++) {
      looked += weights[r] * theta[r];
      clicked += weights[r] * clicks[r];
    }
    if (!(clicked > 0)) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row of positive weight was clicked');
    return Math.min(0.99, clicked / looked);
  }

  write(theta: Float64Array): void {
    theta.fill(1);
    for (const surface of this.surfaces) surface?.write(theta);
  }

  /** Fits the curves to the relevance p of each row. Returns the largest change of a θ. */
  fit(p: Float64Array): number {
    return Math.max(0, ...this.surfaces.map((surface) => surface?.fit(p) ?? 0));
  }

  loss(p: Float64Array): number {
    const { rows, clicks, weights } = this.log;
    const theta = new Float64Array(rows);
    this.write(theta);
    let [loss, total] = [0, 0];
    for (let r = 0; r < rows; r++) {
      const q = theta[r] * p[r];
      loss -= weights[r] * (clicks[r] * Math.log(q) + (1 - clicks[r]) * Math.log1p(-q));
      total += weights[r];
    }
    return loss / total;
  }

  estimate(method: string): ExaminationEstimate {
    return estimateOf(method, (surface) => this.surfaces[surface]?.estimate());
  }
}

class SurfaceCurves {
  private readonly rows: Uint32Array;
  private readonly cells: Cells;
  private readonly views: number;
  private readonly clicks: number;
  private shelf: Float64Array;
  private card: Float64Array;

  constructor(log: Clicks, surface: number, start: SurfaceEstimate) {
    this.rows = Uint32Array.from({ length: log.rows }, (_, r) => r).filter(
      (r) => log.surfaces[r] === surface && log.weights[r] > 0,
    );
    const { rows } = this;
    // Each row has a relevance of its own, which is given.
    this.cells = {
      size: rows.length,
      shelves: Uint8Array.from(rows, (r) => log.shelfRanks[r]),
      cards: Uint8Array.from(rows, (r) => log.cardRanks[r]),
      subjects: Uint32Array.from(rows, (_, i) => i),
      views: Float64Array.from(rows, (r) => log.weights[r]),
      clicks: Float64Array.from(rows, (r) => log.weights[r] * log.clicks[r]),
      shelfRanks: start.shelf.length,
      cardRanks: start.card.length,
      subjectCount: rows.length,
    };
    this.views = start.views;
    this.clicks = start.clicks;
    this.shelf = besideMost(start.shelf);
    this.card = besideMost(start.card);
  }

  write(theta: Float64Array): void {
    const { rows, cells, shelf, card } = this;
    for (let i = 0; i < rows.length; i++) theta[rows[i]] = shelf[cells.shelves[i]] * card[cells.cards[i]];
  }

  fit(p: Float64Array): number {
    const { shelf, card } = fitProduct(
      this.cells,
      { shelf: this.shelf, card: this.card, relevance: Float64Array.from(this.rows, (r) => p[r]) },
      { iterations: CURVE_STEPS, tolerance: 1e-6, keepRelevance: true },
    );
    const before = [this.shelf, this.card];
    this.shelf = besideMost(shelf);
    this.card = besideMost(card);
    const change = (a: Float64Array, b: Float64Array): number =>
      a.reduce((most, theta, k) => Math.max(most, Math.abs(theta - b[k])), 0);
    return Math.max(change(this.shelf, before[0]), change(this.card, before[1]));
  }

  estimate(): SurfaceEstimate | undefined {
    const [shelf, card] = [besideFirst(this.shelf), besideFirst(this.card)];
    if (shelf === undefined || card === undefined) return undefined;
    return { shelf, card, views: this.views, clicks: this.clicks };
  }
}

/** The curve beside its greatest rank; a rank that nothing is known of is as the one before it. */
function besideMost(curve: Float64Array): Float64Array {
  let [most, last] = [0, 1];
  for (const theta of curve) if (theta > most) most = theta;
  return Float64Array.from(curve, (theta) => {
    if (!Number.isNaN(theta)) last = theta / most;
    return last;
  });
}
