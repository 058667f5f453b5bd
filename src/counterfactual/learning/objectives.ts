/**
 * What policy gradients climb: estimates of a policy's value as functions of ln π(a_i | x_i) of the logged actions, with their
 * slopes. w_i = π(a_i | x_i) / p_i, n rows.
 */
import { ShelfwiseError } from '../../base/index.ts';
import type { ContextualLog } from '../nuisance/index.ts';

export interface PolicyObjective {
  /** Of the value at these ln π(a_i | x_i), without the direct part; slopes[i] = ∂ value / ∂ ln π(a_i | x_i). */
  evaluate(logChances: Float64Array, slopes: Float64Array): number;
  /** rows x actions: q̂. Where it is given, Σ_i Σ_a π(a | x_i) q̂(x_i, a) / n is added to the value. */
  readonly direct?: Float64Array | undefined;
}

type Rows = Pick<ContextualLog, 'rows' | 'rewards' | 'propensities'>;

/**
 * The concave surrogate of the inverse propensity estimate: (1/n) Σ (r_i / p_i) ln π(a_i | x_i), a weighted classification of
 * contexts into the actions that were rewarded. Rewards are counted from the least where any is below 0. Never explodes, but
 * fits the policy that is to be like the rewarded logs, not the best one: where actions are rewarded by chance alike it takes
 * them in proportion. Dudík, Erhan, Langford & Li 2014; the `IPWLearner` of Open Bandit Pipeline.
 */
export function classification({ rows, rewards, propensities }: Rows): PolicyObjective {
  let least = 0;
  for (const reward of rewards) least = Math.min(least, reward);
  const weights = Float64Array.from(rewards, (reward, i) => (reward - least) / propensities[i] / rows);
  return {
    evaluate(logChances, slopes) {
      let total = 0;
      for (let i = 0; i < rows; i++) {
        if (weights[i] > 0) total += weights[i] * logChances[i];
        slopes[i] = weights[i];
      }
      return total;
    },
  };
}

export interface WeightClip {
  /** M: weights count as at most so much, and a row beyond has no slope. */
  readonly clip: number;
}

/**
 * Inverse propensity scores, clipped and translated: (1/n) Σ min(w_i, M) (r_i - λ).
 * Biased down (for r >= λ) by what is clipped; without a clip the variance grows with π / p. With r >= 0 and λ = 0 it always
 * pays to take more of what was logged and rewarded, and never to avoid what was logged and not ("propensity overfitting").
 * λ: Joachims, Swaminathan & de Rijke 2018 (BanditNet).
 */
export function inversePropensity(
  { rows, rewards, propensities }: Rows,
  { clip, translation = 0 }: WeightClip & { readonly translation?: number },
): PolicyObjective {
  return {
    evaluate(logChances, slopes) {
      let total = 0;
      for (let i = 0; i < rows; i++) {
        const w = Math.exp(logChances[i]) / propensities[i];
        const reward = rewards[i] - translation;
        total += Math.min(w, clip) * reward;
        slopes[i] = w < clip ? (w * reward) / rows : 0;
      }
      return total / rows;
    },
  };
}

/**
 * Self-normalised: V = Σ w r / Σ w. Bounded by the rewards and indifferent to their origin, of lower variance than inverse
 * propensity scores; its bias falls as 1 / n. It is reached at its best by a policy that avoids every unrewarded row, however
 * little is left: penalise the weights of the scorer, or the variance. Swaminathan & Joachims 2015 (NIPS).
 */
export function selfNormalised({ rows, rewards, propensities }: Rows): PolicyObjective {
  return {
    evaluate(logChances, slopes) {
      const { mass, value } = writeWeights(rows, rewards, propensities, logChances, slopes);
      for (let i = 0; i < rows; i++) slopes[i] *= (rewards[i] - value) / mass;
      return value;
    },
  };
}

/** Writes w to `weights`; gives Σ w and Σ w r / Σ w. */
function writeWeights(
  rows: number,
  rewards: Float64Array,
  propensities: Float64Array,
  logChances: Float64Array,
  weights: Float64Array,
): { mass: number; value: number } {
  let mass = Number.MIN_VALUE;
  let total = 0;
  for (let i = 0; i < rows; i++) {
    weights[i] = Math.exp(logChances[i]) / propensities[i];
    mass += weights[i];
    total += weights[i] * rewards[i];
  }
  return { mass, value: total / mass };
}

/**
 * Doubly robust: (1/n) Σ_i [ Σ_a π(a|x_i) q̂(x_i, a) + min(w_i, M) (r_i - q̂(x_i, a_i)) ]. Lower variance than inverse propensity
 * scores where q̂ is near; right on average (but for clipping) whatever q̂ is, if it was fitted on other rows.
 * Dudík, Langford & Li 2011.
 *
 * @param all rows x actions, cross-fitted.
 */
export function doublyRobust(log: ContextualLog, all: Float64Array, { clip }: WeightClip): PolicyObjective {
  const { rows, actions, taken, rewards, propensities } = log;
  if (all.length !== rows * actions) {
    throw new ShelfwiseError('BUG', `${all.length} predictions for ${rows} rows of ${actions} actions`);
  }
  const residuals = Float64Array.from(rewards, (reward, i) => reward - all[i * actions + taken[i]]);
  return { ...inversePropensity({ rows, rewards: residuals, propensities }, { clip }), direct: all };
}

/**
 * Counterfactual risk minimisation (POEM): ū - λ √(Var(u) / n), u_i = min(w_i, M) r_i, Var over n - 1. A policy whose estimate
 * is uncertain pays for it, so that among policies of like estimates the one nearest to the log wins.
 * Swaminathan & Joachims 2015 (ICML), with rewards in place of losses.
 *
 * @param penalty λ >= 0. 0: inverse propensity scores.
 */
export function counterfactualRisk(
  { rows, rewards, propensities }: Rows,
  { clip, penalty }: WeightClip & { readonly penalty: number },
): PolicyObjective {
  const terms = new Float64Array(rows);
  return {
    evaluate(logChances, slopes) {
      let total = 0;
      for (let i = 0; i < rows; i++) {
        const w = Math.exp(logChances[i]) / propensities[i];
        terms[i] = Math.min(w, clip) * rewards[i];
        slopes[i] = w < clip ? terms[i] : 0;
        total += terms[i];
      }
      const mean = total / rows;
      let squares = 0;
      for (let i = 0; i < rows; i++) squares += (terms[i] - mean) ** 2;
      const error = Math.sqrt(squares / Math.max(1, rows - 1) / rows);
      const push = error > 0 ? penalty / (error * Math.max(1, rows - 1) * rows) : 0;
      for (let i = 0; i < rows; i++) slopes[i] *= 1 / rows - push * (terms[i] - mean);
      return mean - penalty * error;
    },
  };
}

/**
 * The self-normalised form of it (norm-POEM): V - λ √(Σ w² (r - V)²) / Σ w, V = Σ w r / Σ w, the second the standard error of
 * a ratio. Swaminathan & Joachims 2015 (NIPS).
 */
export function normalisedRisk(
  { rows, rewards, propensities }: Rows,
  { penalty }: { readonly penalty: number },
): PolicyObjective {
  return {
    evaluate(logChances, slopes) {
      const { mass, value } = writeWeights(rows, rewards, propensities, logChances, slopes);
      let squares = 0;
      let skew = 0;
      for (let i = 0; i < rows; i++) {
        const residual = rewards[i] - value;
        squares += (slopes[i] * residual) ** 2;
        skew += slopes[i] ** 2 * residual;
      }
      const root = Math.sqrt(squares);
      for (let i = 0; i < rows; i++) {
        const w = slopes[i];
        const residual = rewards[i] - value;
        const ofRoot = root > 0 ? (w * residual ** 2 - (skew * residual) / mass) / root : 0;
        slopes[i] = w * (residual / mass - penalty * (ofRoot / mass - root / mass ** 2));
      }
      return value - (penalty * root) / mass;
    },
  };
}
