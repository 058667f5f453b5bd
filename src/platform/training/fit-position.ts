/**
 * As `fitModel`, with the examination of places learnt beside the model: what it predicts is what a card earns where it is
 * looked at most, and no score knows of a place.
 */
import { createRng } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import {
  type ExaminationEstimate,
  isOnline,
  learnPositionAware,
  type PlacedExamples,
  softened,
  trainPositionAware,
} from '../../models/index.ts';
import {
  calibratedBy,
  type FitRun,
  type FittedModel,
  fitOptionsOf,
  hasBothLabels,
  learnerOf,
  requireBothLabels,
} from './fit-model.ts';
import type { ExaminationTable, PositionId, ResolvedSpec } from './report.ts';

/** Turns of regression-EM from which PAL goes on: the learner then knows the scales of its columns. */
const FIRST_TURNS = 3;
const PASSES = 5;
/** Of the progress, the first turns' share. */
const FIRST_SHARE = 0.5;

export interface FittedWithExamination extends FittedModel {
  readonly estimate: ExaminationEstimate;
}

/**
 * Early stopping and calibration go by the tuning rows' labels of relevance, as the fit does: clicks as they are would take a
 * card that nobody looked at for one that nobody likes.
 *
 * The learner does not go on online: rewards that come later have no θ beside them, and would teach it the places again.
 *
 * @param tuning may be empty
 * Throws `EXAMPLES_INVALID`; `OPTION_INVALID` for what `requirePosition` refuses.
 */
export async function fitWithExamination(
  position: Exclude<PositionId, 'none'>,
  spec: ResolvedSpec,
  encoder: EncoderShape,
  train: PlacedExamples,
  tuning: PlacedExamples,
  { seed, onProgress, signal }: FitRun,
): Promise<FittedWithExamination> {
  requireBothLabels(train, 'to learn from');
  const learner = learnerOf(spec, encoder, seed);
  const rng = createRng(seed);
  const isJoint = position === 'pal' && isOnline(learner);
  const fitted = await trainPositionAware(
    learner,
    train,
    train.places,
    {
      ...fitOptionsOf(spec, train.rows),
      rng,
      onProgress: (share: number) => onProgress(isJoint ? FIRST_SHARE * share : share),
      signal,
    },
    isJoint ? { rounds: FIRST_TURNS } : {},
    hasBothLabels(tuning) ? tuning : undefined,
  );
  const { estimate } = isJoint
    ? await learnPositionAware(learner, train, train.places, {
        rng,
        passes: PASSES,
        onProgress: (share) => onProgress(FIRST_SHARE + (1 - FIRST_SHARE) * share),
        signal,
      })
    : fitted;
  const model = calibratedBy(spec, learner, tuning.rows === 0 ? tuning : softened(tuning, estimate, learner));
  return { model, learner: undefined, estimate };
}

/** What a lineage tells of places. */
export function tableOf({ surfaces }: ExaminationEstimate): ExaminationTable {
  return Object.fromEntries(
    Object.entries(surfaces).map(([surface, { shelf, card }]) => [surface, { shelf: [...shelf], card: [...card] }]),
  );
}
