/** From examples to a model as it was asked for: its family, an ensemble of it, calibrated. */
import { createRng, ShelfwiseError } from '../../base/index.ts';
import type { EpochContent } from '../../domain/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import {
  calibrated,
  type Examples,
  ensembleFamily,
  fitCalibrator,
  freshModel,
  isOnline,
  type Learner,
  type OnlineLearner,
  onlineEnsembleFamily,
  partOptions,
  type RewardModel,
} from '../../models/index.ts';
import type { ResolvedSpec } from './report.ts';

/** Fewer rows than this calibrate nothing. */
const LEAST_TUNING_ROWS = 50;
/** With fewer rows logistic regression finds the optimum itself, by L-BFGS: passes over the rows come near it where there are many. */
const FEW_ROWS = 100_000;

export interface FittedModel {
  readonly model: RewardModel;
  /** What the online learner goes on from; undefined where the model does not learn online. */
  readonly learner: EpochContent | undefined;
}

export interface FitRun {
  readonly seed: number;
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal;
}

/**
 * @param tuning rows for early stopping and calibration, disjoint from those learnt from; may be empty
 * Throws `EXAMPLES_INVALID` where there is too little to learn or calibrate from.
 */
export async function fitModel(
  spec: ResolvedSpec,
  encoder: EncoderShape,
  train: Examples,
  tuning: Examples,
  { seed, onProgress, signal }: FitRun,
): Promise<FittedModel> {
  requireBothLabels(train, 'to learn from');
  const tunes = hasBothLabels(tuning);
  const learner = learnerOf(spec, encoder, seed);
  await learner.fit(train, {
    ...fitOptionsOf(spec, train.rows),
    rng: createRng(seed),
    ...(tunes ? { validation: tuning } : {}),
    onProgress,
    signal,
  });
  const state = isOnline(learner) ? learner.learnerState() : undefined;
  if (spec.calibration === 'none') return { model: learner, learner: state };
  // The learner within would move away from under its calibration: such a model serves as it is.
  return { model: calibratedBy(spec, learner, tuning), learner: undefined };
}

/** The model calibrated on rows that it did not learn from, or as it is where none is asked for. Throws `EXAMPLES_INVALID`. */
export function calibratedBy({ calibration }: ResolvedSpec, model: Learner, tuning: Examples): RewardModel {
  if (calibration === 'none') return model;
  if (!hasBothLabels(tuning) || tuning.rows < LEAST_TUNING_ROWS) {
    throw new ShelfwiseError(
      'EXAMPLES_INVALID',
      `${tuning.rows} rows to calibrate on, of both rewards and none; give more with a larger tuningShare, or calibration none`,
    );
  }
  return calibrated(model, fitCalibrator(model, tuning, { method: calibration }));
}

/** What a fit to so many rows takes: what was asked for, and where nothing was, what suits them. */
export function fitOptionsOf({ family, options }: ResolvedSpec, rows: number): Readonly<Record<string, unknown>> {
  return {
    ...(family === 'logistic' && rows < FEW_ROWS ? { learning: 'batch' } : {}),
    ...partOptions(family, options).fit,
  };
}

/** A model as it was asked for, that has learnt nothing. */
export function learnerOf(spec: ResolvedSpec, encoder: EncoderShape, seed: number): Learner {
  const own = partOptions(spec.family, spec.options).model;
  const alone = freshModel(spec.family, encoder, own);
  if (spec.ensemble === 1) return alone;
  const options = { size: spec.ensemble, seed };
  if (!isOnline(alone))
    return ensembleFamily({ fresh: () => freshModel(spec.family, encoder, own) }, options).fresh(encoder);
  const fresh = (): OnlineLearner => freshModel(spec.family, encoder, own) as OnlineLearner;
  return onlineEnsembleFamily({ fresh }, options).fresh(encoder);
}

export function hasBothLabels({ labels, weights, rows }: Examples): boolean {
  let some = false;
  let none = false;
  for (let r = 0; r < rows; r++) {
    if (weights[r] === 0) continue;
    if (labels[r] > 0) some = true;
    if (labels[r] < 1) none = true;
  }
  return some && none;
}

export function requireBothLabels(examples: Examples, what: string): void {
  if (hasBothLabels(examples)) return;
  throw new ShelfwiseError(
    'EXAMPLES_INVALID',
    `${examples.rows} rows ${what}, not of both rewards and none; serve Homes with \`rendered\`, impressions and plays that refer to them, or widen --examples`,
  );
}
