/** The estimators that evaluation knows by name. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Estimator, EstimatorSetting, Nuisance } from '../estimator.ts';
import {
  crossFittedDoublyRobust,
  directMethod,
  doublyRobust,
  moreRobustDoublyRobust,
  optimisticShrinkage,
  selfNormalisedDoublyRobust,
  switchDoublyRobust,
} from './doubly-robust.ts';
import { balanced, inversePropensity, selfNormalised, selfNormalisedByPosition } from './inverse-propensity.ts';
import { replay } from './replay.ts';
import { subGaussian, subGaussianDoublyRobust } from './sub-gaussian.ts';

export const ESTIMATORS: readonly Estimator[] = [
  replay,
  inversePropensity,
  selfNormalised,
  selfNormalisedByPosition,
  balanced,
  directMethod,
  doublyRobust,
  crossFittedDoublyRobust,
  moreRobustDoublyRobust,
  selfNormalisedDoublyRobust,
  switchDoublyRobust,
  optimisticShrinkage,
  subGaussian,
  subGaussianDoublyRobust,
];

/**
 * What `all` stands for, as far as a log has the reward models that they use: every estimator without regularisation, and those with λ
 * at some of its values.
 */
export const ALL_ESTIMATES: readonly string[] = [
  'rm',
  'ipw',
  'ipw(lambda=1.0)',
  'ipw(lambda=3.0)',
  'ipw(lambda=10.0)',
  'snipw',
  'b-ipw',
  'sg-ipw(lambda=0.0)',
  'sg-ipw(lambda=0.1)',
  'sg-ipw(lambda=0.5)',
  'dm',
  'dr',
  'dr(lambda=1.0)',
  'dr(lambda=3.0)',
  'dr(lambda=10.0)',
  'cross-fitted-dr',
  'mrdr',
  'sndr',
  'switch-dr(lambda=0.5)',
  'switch-dr(lambda=1.0)',
  'switch-dr(lambda=3.0)',
  'dr-os(lambda=0.0)',
  'dr-os(lambda=1.0)',
  'dr-os(lambda=10.0)',
  'dr-os(lambda=100.0)',
  'sg-dr(lambda=0.0)',
  'sg-dr(lambda=0.1)',
  'sg-dr(lambda=0.5)',
];

/** Ids of estimators whose λ is tuned unless it is said otherwise, as far as a log has their models. */
export const TUNED: readonly string[] = [
  'ipw',
  'dr',
  'cross-fitted-dr',
  'mrdr',
  'switch-dr',
  'dr-os',
  'sg-ipw',
  'sg-dr',
];

/** Can it be computed where these models' columns are? */
export function isAvailable({ usesModel, nuisance = 'model' }: Estimator, models: readonly Nuisance[]): boolean {
  return !usesModel || models.includes(nuisance);
}

/** Throws `OPTION_INVALID` for an id that there is not. */
export function estimatorOf(id: string): Estimator {
  const found = ESTIMATORS.find((estimator) => estimator.id === id);
  if (found !== undefined) return found;
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `there is no estimator ${id}; there are ${ESTIMATORS.map((estimator) => estimator.id).join(', ')}`,
  );
}

/**
 * The setting that a name means: `dr`, or `dr(lambda=3.0)`.
 * Throws `OPTION_INVALID` for a name that means none, or a λ outside its range.
 */
export function settingOf(name: string): EstimatorSetting {
  const parts = /^([a-z-]+)(?:\(lambda=([^)]+)\))?$/.exec(name);
  const estimator = estimatorOf(parts?.[1] ?? name);
  const given = parts?.[2];
  if (given === undefined) return { estimator, lambda: estimator.neutralLambda };
  const lambda = given === 'inf' ? Number.POSITIVE_INFINITY : Number(given);
  requireLambda(estimator, lambda);
  return { estimator, lambda };
}

/** Throws `OPTION_INVALID` unless the estimator has a λ and this is one. */
export function requireLambda(estimator: Estimator, lambda: number): void {
  const most = estimator.hyperparameter === 'subGaussian' ? 1 : Number.POSITIVE_INFINITY;
  if (estimator.hyperparameter !== null && lambda >= 0 && lambda <= most) return;
  throw new ShelfwiseError(
    'OPTION_INVALID',
    estimator.hyperparameter === null
      ? `${estimator.id} has no lambda`
      : `the lambda of ${estimator.id} is ${lambda}; it must lie in [0, ${most}]`,
  );
}

/** The name of a setting: the reverse of `settingOf`, with whole numbers as Open Bandit Pipeline prints them (`3.0`). */
export function nameOf({ estimator, lambda }: EstimatorSetting): string {
  if (Number.isNaN(lambda) || (lambda === estimator.neutralLambda && lambda !== 0)) return estimator.id;
  const shown = lambda === Number.POSITIVE_INFINITY ? 'inf' : Number.isInteger(lambda) ? `${lambda}.0` : `${lambda}`;
  return `${estimator.id}(lambda=${shown})`;
}
