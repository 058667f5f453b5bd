/** What a logistic regression is made with. */
import { requireOneOf, requireRange, requireTexts, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import type { FitOptions } from '../contract.ts';

export interface LogisticOptions {
  /**
   * How single rows are learnt from. `ftrl`: a gradient step, O(columns). `newton`: one step of the extended Kalman filter
   * with the posterior's covariance, which needs one, is exact where the loss is quadratic, and O(block²).
   * @default 'ftrl'
   */
  readonly rule: 'ftrl' | 'newton';
  /** Step size of FTRL. @default 0.1 */
  readonly alpha: number;
  /** Damping of its first steps. @default 1 */
  readonly beta: number;
  /** Penalty on |w|, in units of the summed loss: larger means fewer buckets. @default 0 */
  readonly l1: number;
  /** Penalty on w²/2, likewise: the weight of evidence against a coordinate that few rows speak for. @default 1 */
  readonly l2: number;
  /** What a model that has learnt nothing predicts. @default 0.1 */
  readonly baseRate: number;
  /**
   * Pairs of slot names whose values together are a further slot, hashed into the same buckets; missing where either is.
   * @default []
   */
  readonly crosses: readonly (readonly [string, string])[];
  /**
   * What is kept of the weights' error: a variance each; the full covariance of bias and `block`, and variances beyond it; or
   * nothing, and then the model has neither `uncertainty` nor `sensitivities` and the smallest epoch.
   * @default 'diagonal'
   */
  readonly posterior: 'none' | 'diagonal' | 'block';
  /** Names of the dense columns of the block; none: all of them. @default [] */
  readonly block: readonly string[];
}

const DEFAULTS: LogisticOptions = {
  rule: 'ftrl',
  alpha: 0.1,
  beta: 1,
  l1: 0,
  l2: 1,
  baseRate: 0.1,
  crosses: [],
  posterior: 'diagonal',
  block: [],
};

export interface LogisticFitOptions extends FitOptions {
  /** FTRL over the rows, or the optimum itself (L-BFGS; OWL-QN with an l1). @default 'ftrl' */
  readonly learning?: 'ftrl' | 'batch';
  /**
   * Passes over the rows (ftrl; at most, where validation rows are given) or iterations at most (batch).
   * @default 4 (ftrl), 200 (batch)
   */
  readonly epochs?: number;
  /** Overrides the model's own, also for what is learnt later. */
  readonly l1?: number;
  readonly l2?: number;
}

export function resolveLogisticOptions(given: Partial<LogisticOptions>): Readonly<LogisticOptions> {
  return checkOptions(resolveOptions('logisticModel', given, DEFAULTS));
}

/** Throws `OPTION_INVALID`. */
export function checkOptions(options: Readonly<LogisticOptions>): Readonly<LogisticOptions> {
  requireRange('logisticModel', 'alpha', options.alpha, 1e-6, 100);
  requireRange('logisticModel', 'beta', options.beta, 0, 1e6);
  requireRange('logisticModel', 'l1', options.l1, 0, 1e9);
  requireRange('logisticModel', 'l2', options.l2, 0, 1e9);
  requireRange('logisticModel', 'baseRate', options.baseRate, 1e-6, 1 - 1e-6);
  if (!Array.isArray(options.crosses)) {
    throw new ShelfwiseError('OPTION_INVALID', 'logisticModel: crosses is a list of pairs of names');
  }
  for (const pair of options.crosses) requireTexts('logisticModel', 'crosses', pair);
  requireOneOf('logisticModel', 'rule', options.rule, ['ftrl', 'newton']);
  requireOneOf('logisticModel', 'posterior', options.posterior, ['none', 'diagonal', 'block']);
  if (options.rule === 'newton' && options.posterior === 'none') {
    requireOneOf('logisticModel', 'posterior beside rule newton', options.posterior, ['diagonal', 'block']);
  }
  return options;
}
