import type { Estimator } from '../estimator.ts';

/**
 * Replay (Li, Chu, Langford, Wang 2011, "Unbiased offline evaluation of contextual-bandit-based news article recommendation
 * algorithms"): V̂ = Σ_i m_i r_i / Σ_i m_i, m_i = 1 where a deterministic policy takes the logged action. Unbiased only for
 * logs of uniformly random actions. Its variance is that of a mean over the matches, about n / K of them with K actions; without a
 * match it is 0, and says nothing.
 */
export const replay: Estimator = {
  id: 'rm',
  label: 'Replay',
  usesModel: false,
  normalises: 'all',
  hyperparameter: null,
  neutralLambda: Number.NaN,
  gridOrder: 'descending',
  transform(_weights, matches, rows, _lambda, out) {
    for (let row = 0; row < rows; row++) out[row] = matches[row];
  },
};
