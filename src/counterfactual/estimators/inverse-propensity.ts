/** Estimators that weight rewards and use no reward model. */
import type { Estimator } from '../estimator.ts';

/** w̃ = min(w, λ). */
export function clip(
  weights: Float64Array,
  _matches: Uint8Array,
  rows: number,
  lambda: number,
  out: Float64Array,
): void {
  for (let row = 0; row < rows; row++) out[row] = Math.min(weights[row], lambda);
}

/** w̃ = w. */
export function keep(
  weights: Float64Array,
  _matches: Uint8Array,
  rows: number,
  _lambda: number,
  out: Float64Array,
): void {
  for (let row = 0; row < rows; row++) out[row] = weights[row];
}

/**
 * Inverse propensity scores (Horvitz, Thompson 1952; Strehl et al. 2010): V̂ = mean_d(Σ_rows min(w, λ) r). λ = ∞ is unbiased where
 * π_b > 0 wherever π_e > 0; its variance grows as E_b[w² r²] and explodes where the log seldom does what the policy would: one
 * row of weight w moves the estimate by w r / n. A finite λ clips (Ionides 2008): biased downwards for r >= 0 by the mass above λ.
 */
export const inversePropensity: Estimator = {
  id: 'ipw',
  label: 'Inverse propensity score',
  usesModel: false,
  normalises: 'none',
  hyperparameter: 'lambda',
  neutralLambda: Number.POSITIVE_INFINITY,
  gridOrder: 'descending',
  transform: clip,
};

/**
 * Self-normalised IPS (Swaminathan, Joachims 2015, "The self-normalized estimator for counterfactual learning"):
 * V̂ = mean_d(Σ_rows w r) / mean_rows(w). Consistent, biased by O(1/n), invariant to propensities that are all wrong by one factor. For
 * heavy weights it becomes the reward of the few heaviest rows, with an interval that looks too good: read the effective sample size.
 */
export const selfNormalised: Estimator = {
  id: 'snipw',
  label: 'Self-normalised inverse propensity score',
  usesModel: false,
  normalises: 'all',
  hyperparameter: null,
  neutralLambda: Number.NaN,
  gridOrder: 'descending',
  transform: keep,
};

/**
 * The same for slates, normalised at each position on its own (McInerney et al. 2020): V̂ = Σ_p mean_d(w_p r_p) / mean_d(w_p).
 * The deeper the position of a prefix weight, the fewer rows carry it.
 */
export const selfNormalisedByPosition: Estimator = {
  ...selfNormalised,
  id: 'snipw-position',
  label: 'Inverse propensity score, self-normalised by position',
  normalises: 'position',
};

/**
 * Balanced IPS (Sondhi, Arbour, Dimmery 2020, "Balanced off-policy evaluation in general action spaces"):
 * V̂ = mean_d(Σ_rows min(ŵ, λ) r) / mean_rows(min(ŵ, λ)), where the column of weights holds ŵ that a classifier of policy against log
 * has estimated. With w itself it is clipped SNIPS. As far off as ŵ is.
 */
export const balanced: Estimator = {
  id: 'b-ipw',
  label: 'Balanced inverse propensity score',
  usesModel: false,
  normalises: 'all',
  hyperparameter: 'lambda',
  neutralLambda: Number.POSITIVE_INFINITY,
  gridOrder: 'descending',
  transform: clip,
};
