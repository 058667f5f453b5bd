/** What a training is asked for, completed and checked. */
import { requireRange, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import { freshModel, isOnline, partOptions } from '../../models/index.ts';
import {
  CALIBRATIONS,
  type ModelSpec,
  POSITIONS,
  type PositionId,
  type ResolvedSpec,
  type TrainingOptions,
  type TrainRequest,
  WEIGHTINGS,
} from './report.ts';
import { parseSpan } from './span.ts';

export const TRAINING_DEFAULTS: TrainingOptions = {
  examples: '90d',
  weighting: 'uniform',
  weightClip: 10,
  position: 'none',
  matured: false,
  validationShare: 0.2,
  tuningShare: 0.1,
  historyBelow: 2000,
  maxRows: 1_000_000,
  seed: 1,
};

/** Completes and checks; throws `OPTION_INVALID` with the field and its range. */
export function resolveTraining(given: Partial<TrainingOptions>): TrainingOptions {
  const options = resolveOptions<TrainingOptions>('training', given, TRAINING_DEFAULTS);
  parseSpan(options.examples, Number.MAX_SAFE_INTEGER);
  requireOneOf('weighting', options.weighting, WEIGHTINGS);
  requireOneOf('position', options.position, POSITIONS);
  requireRange('training', 'weightClip', options.weightClip, 1, 1e6);
  requireRange('training', 'validationShare', options.validationShare, 1e-6, 0.9);
  requireRange('training', 'tuningShare', options.tuningShare, 0, 0.9);
  requireRange('training', 'historyBelow', options.historyBelow, 0, 1e9);
  requireRange('training', 'maxRows', options.maxRows, 100, 1e8);
  requireRange('training', 'seed', options.seed, 0, 2 ** 32 - 1);
  return options;
}

/** The same for the model: its family must be here, and have the options. */
export function resolveSpec(given: ModelSpec, encoder: EncoderShape): ResolvedSpec {
  const { family, options = {}, ensemble = 1, calibration = 'none' } = given;
  requireRange('model', 'ensemble', ensemble, 1, 100);
  if (!Number.isInteger(ensemble)) throw new ShelfwiseError('OPTION_INVALID', `model: ensemble is ${ensemble}`);
  requireOneOf('calibration', calibration, CALIBRATIONS);
  // The family is the one that knows: it refuses what it does not have.
  freshModel(family, encoder, partOptions(family, options).model);
  return { family, options, ensemble, calibration };
}

/** Can the model be learnt beside examination so? Throws `OPTION_INVALID` with what can. */
export function requirePosition(position: PositionId, { family, options }: ResolvedSpec, encoder: EncoderShape): void {
  if (position === 'none') return;
  const model = freshModel(family, encoder, partOptions(family, options).model);
  const refuse = (remedy: string): never => {
    throw new ShelfwiseError('OPTION_INVALID', `training: position is "${position}"; ${remedy}`);
  };
  const { scale = 'probability' } = model;
  if (scale !== 'probability') refuse(`${family} gives a ${scale} and no probability, so it must be none`);
  if (position === 'pal' && !isOnline(model))
    refuse(`${family} does not learn online, so it must be regression-em, which takes any family`);
}

export function splitRequest({ family, options, ensemble, calibration, promote: _, ...training }: TrainRequest): {
  readonly spec: ModelSpec;
  readonly training: Partial<TrainingOptions>;
} {
  return { spec: { family, options, ensemble, calibration }, training };
}

function requireOneOf(name: string, given: string, known: readonly string[]): void {
  if (!known.includes(given))
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `training: ${name} is "${given}"; it must be one of ${known.join(', ')}`,
    );
}
