/** Estimators with a reward model q̂; q̂π = Σ_a π_e(a|x) q̂(x, a). Their variance is that of w̃ times the model's residual. */
import type { Estimator } from '../estimator.ts';
import { clip, keep } from './inverse-propensity.ts';

/**
 * The direct method: V̂ = mean_d(Σ_rows q̂π). No variance from weights, and all of the model's bias, which no interval of it shows:
 * an unobserved action is as good as the model imagines it.
 */
export const directMethod: Estimator = {
  id: 'dm',
  label: 'Direct method',
  usesModel: true,
  normalises: 'none',
  hyperparameter: null,
  neutralLambda: Number.NaN,
  gridOrder: 'descending',
  transform(_weights, _matches, rows, _lambda, out) {
    out.fill(0, 0, rows);
  },
};

/**
 * Doubly robust (Dudík, Erhan, Langford, Li 2014, "Doubly robust policy evaluation and optimization"):
 * V̂ = mean_d(Σ_rows q̂π + min(w, λ) (r - q̂)). Unbiased at λ = ∞ where either the propensities or the model are right, if the model was
 * fitted on other listeners: `cross-fitted-dr` is the same form where the log says so, `mrdr` of a model fitted for it.
 * The variance explodes with E_b[w² (r - q̂)²]: as for IPS, of the residual.
 */
export const doublyRobust: Estimator = {
  id: 'dr',
  label: 'Doubly robust',
  usesModel: true,
  normalises: 'none',
  hyperparameter: 'lambda',
  neutralLambda: Number.POSITIVE_INFINITY,
  gridOrder: 'descending',
  transform: clip,
};

/**
 * Cross-fitted DR (Narita, Yasui, Yata 2020, "Debiased off-policy evaluation for recommendation systems"; Chernozhukov et al. 2018):
 * DR on q̂₋ₖ, fitted on other folds of listeners than the row's. A model that has seen a row knows part of its noise, which w (r - q̂)
 * then hides: the error of plain DR is then larger than its interval says, and this one's is not.
 */
export const crossFittedDoublyRobust: Estimator = {
  ...doublyRobust,
  id: 'cross-fitted-dr',
  label: 'Cross-fitted doubly robust',
  nuisance: 'crossFitted',
};

/**
 * More robust doubly robust (Farajtabar, Chow, Ghavamzadeh 2018, "More robust doubly robust off-policy evaluation"): DR on the q̂ that
 * makes the variance of DR least among those of its family, by the weights π(a|x) (1 - p) / p² in its fit (`crossFit`'s `mrdr`). Exact for
 * deterministic π; with propensities near 0 a few rows are all that the model sees.
 */
export const moreRobustDoublyRobust: Estimator = {
  ...doublyRobust,
  id: 'mrdr',
  label: 'More robust doubly robust',
  nuisance: 'mrdr',
};

/** Self-normalised DR: V̂ = mean_d(Σ_rows q̂π) + mean_d(Σ_rows w (r - q̂)) / mean_rows(w). Consistent, biased by O(1/n). */
export const selfNormalisedDoublyRobust: Estimator = {
  id: 'sndr',
  label: 'Self-normalised doubly robust',
  usesModel: true,
  normalises: 'all',
  hyperparameter: null,
  neutralLambda: Number.NaN,
  gridOrder: 'descending',
  transform: keep,
};

/**
 * SWITCH-DR (Wang, Agarwal, Dudík 2017, "Optimal and adaptive off-policy evaluation in contextual bandits"):
 * V̂ = mean_d(Σ_rows q̂π + 1[w <= λ] w (r - q̂)): the model alone where the weight is above λ. Weights never exceed λ; biased by the
 * model's error on the mass above.
 */
export const switchDoublyRobust: Estimator = {
  ...doublyRobust,
  id: 'switch-dr',
  label: 'SWITCH doubly robust',
  transform(weights, _matches, rows, lambda, out) {
    for (let row = 0; row < rows; row++) out[row] = weights[row] <= lambda ? weights[row] : 0;
  },
};

/**
 * DR with optimistic shrinkage (Su, Dimakopoulou, Krishnamurthy, Dudík 2020, "Doubly robust off-policy evaluation with shrinkage"):
 * V̂ = mean_d(Σ_rows q̂π + λ w / (w² + λ) (r - q̂)), λ >= 0. λ = ∞ is DR, λ = 0 the direct method; w̃ <= √λ / 2, so that heavy
 * weights count least. Biased by the model's error wherever w is large beside √λ.
 */
export const optimisticShrinkage: Estimator = {
  ...doublyRobust,
  id: 'dr-os',
  label: 'Doubly robust with optimistic shrinkage',
  gridOrder: 'ascending',
  transform(weights, matches, rows, lambda, out) {
    if (lambda === Number.POSITIVE_INFINITY) keep(weights, matches, rows, lambda, out);
    else if (lambda === 0) out.fill(0, 0, rows);
    else {
      for (let row = 0; row < rows; row++) {
        const weight = weights[row];
        // λ w / (w² + λ), in a form where w² cannot overflow.
        out[row] = weight <= 1 ? (lambda * weight) / (weight * weight + lambda) : lambda / (weight + lambda / weight);
      }
    }
  },
};
