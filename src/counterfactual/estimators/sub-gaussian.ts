/** Estimators whose weights are shrunk so that the error has sub-Gaussian tails (Metelli, Russo, Restelli 2021). */
import type { Estimator } from '../estimator.ts';

/** w̃ = w / (1 - λ + λ w): at most 1 / λ; λ = 0 keeps w, λ = 1 is 1 wherever w > 0. */
function shrink(weights: Float64Array, _matches: Uint8Array, rows: number, lambda: number, out: Float64Array): void {
  for (let row = 0; row < rows; row++) {
    const weight = weights[row];
    out[row] = weight === 0 ? 0 : weight / (1 - lambda + lambda * weight);
  }
}

/**
 * Sub-Gaussian IPS (Metelli, Russo, Restelli 2021, "Subgaussian and differentiable importance sampling for off-policy evaluation and
 * learning"): V̂ = mean_d(Σ_rows w / (1 - λ + λ w) · r), λ in [0, 1]. λ = 0 is IPS with its variance; λ = 1 is the mean of the log.
 */
export const subGaussian: Estimator = {
  id: 'sg-ipw',
  label: 'Sub-Gaussian inverse propensity score',
  usesModel: false,
  normalises: 'none',
  hyperparameter: 'subGaussian',
  neutralLambda: 0,
  gridOrder: 'ascending',
  transform: shrink,
};

/** Sub-Gaussian DR (as above): V̂ = mean_d(Σ_rows q̂π + w / (1 - λ + λ w) (r - q̂)). Biased by the model's error where λ > 0. */
export const subGaussianDoublyRobust: Estimator = {
  ...subGaussian,
  id: 'sg-dr',
  label: 'Sub-Gaussian doubly robust',
  usesModel: true,
};
