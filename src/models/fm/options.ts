/** What a factorisation machine is made with. */
import { requireOneOf, requireRange, requireWhole, resolveOptions } from '../../base/index.ts';
import type { FitOptions } from '../contract.ts';

export interface FmOptions {
  /** k: factors of each column and bucket; time and memory grow with it. @default 8 */
  readonly factors: number;
  /** Step size of weights and of factors. @default 0.1 */
  readonly alpha: number;
  /** Damping of the first steps. @default 1 */
  readonly beta: number;
  /** Penalty on |w| of the linear part, in units of the summed loss. @default 0 */
  readonly l1: number;
  /** Penalty on w²/2 of the linear part, likewise. @default 1 */
  readonly l2: number;
  /** Penalty on v²/2 of the factors, likewise: more where pairs are rare. @default 10 */
  readonly factorL2: number;
  /** Standard deviation of what factors begin at: with 0 they could never move. @default 0.05 */
  readonly spread: number;
  /** What a model that has learnt nothing predicts. @default 0.1 */
  readonly baseRate: number;
  /** What a model that is not fitted begins its factors by; a fit draws its own. @default 1 */
  readonly seed: number;
  /**
   * A variance each, or nothing, and then the model has neither `uncertainty` nor `sensitivities` and a third of the epoch.
   * @default 'diagonal'
   */
  readonly posterior: 'none' | 'diagonal';
}

const DEFAULTS: FmOptions = {
  factors: 8,
  alpha: 0.1,
  beta: 1,
  l1: 0,
  l2: 1,
  factorL2: 10,
  spread: 0.05,
  baseRate: 0.1,
  seed: 1,
  posterior: 'diagonal',
};

export interface FmFitOptions extends FitOptions {
  /** Passes over the rows; at most, where validation rows are given. @default 6 */
  readonly epochs?: number;
}

/** Throws `OPTION_INVALID`. */
export function resolveFmOptions(given: Partial<FmOptions>): Readonly<FmOptions> {
  const options = resolveOptions('fmModel', given, DEFAULTS);
  requireWhole('fmModel', 'factors', options.factors, 1, 256);
  requireRange('fmModel', 'alpha', options.alpha, 1e-6, 100);
  requireRange('fmModel', 'beta', options.beta, 1e-6, 1e6);
  requireRange('fmModel', 'l1', options.l1, 0, 1e9);
  requireRange('fmModel', 'l2', options.l2, 0, 1e9);
  requireRange('fmModel', 'factorL2', options.factorL2, 0, 1e9);
  requireRange('fmModel', 'spread', options.spread, 1e-6, 10);
  requireRange('fmModel', 'baseRate', options.baseRate, 1e-6, 1 - 1e-6);
  requireRange('fmModel', 'seed', options.seed, 0, 2 ** 53);
  requireOneOf('fmModel', 'posterior', options.posterior, ['none', 'diagonal']);
  return options;
}
