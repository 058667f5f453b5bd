/**
 * Weights of what an action is like in place of the action: for many actions, few of which the log has often. They are used with
 * `ipw`, `snipw` and, with a reward model, `dr`.
 */
import { ShelfwiseError } from '../../base/index.ts';
import { requirePropensity } from '../rows.ts';
import { meetsAll, type SlopeCandidate } from '../tuning/slope.ts';

/** Row-major rows × K. */
export interface ActionDistributions {
  readonly rows: number;
  readonly actions: number;
  /** `[row * K + a]`: π_e(a | x). */
  readonly target: Float64Array;
  /** `[row * K + a]`: π_b(a | x). */
  readonly behaviour: Float64Array;
}

/** A dimension of the embeddings with finitely many values. */
export interface EmbeddingDimension {
  readonly values: number;
  /** `[a * values + e]`: p(e | a), rows that sum to 1. Of embeddings that the action fixes: 1 at its value. */
  readonly given: Float64Array;
  /** Row → the logged value. */
  readonly logged: Uint32Array;
}

/**
 * Marginalised weights with known embeddings (MIPS; Saito, Joachims 2022, "Off-policy evaluation for large action spaces via embeddings"):
 *
 *     w(x, e) = Π_d [ Σ_a π_e(a | x) p(e_d | a) ] / [ Σ_a π_b(a | x) p(e_d | a) ]
 *
 * for embeddings whose dimensions are independent given the action, as Open Bandit Pipeline has it. Unbiased with `ipw` where the action has no effect on
 * the reward but through e, and needs support of e alone. The finer e, the nearer to IPS and its variance; the coarser, the less the
 * assumption holds. O(rows K dimensions). Throws `OPE_ROW_INVALID` where the log's policy never gives a logged value.
 */
export function marginalWeights(
  distributions: ActionDistributions,
  dimensions: readonly EmbeddingDimension[],
): Float64Array {
  const { rows, actions, target, behaviour } = distributions;
  const weights = new Float64Array(rows).fill(1);
  for (const [index, { values, given, logged }] of dimensions.entries()) {
    for (let row = 0; row < rows; row++) {
      const value = logged[row];
      let top = 0;
      let bottom = 0;
      for (let a = 0; a < actions; a++) {
        const p = given[a * values + value];
        top += target[row * actions + a] * p;
        bottom += behaviour[row * actions + a] * p;
      }
      if (!(bottom > 0)) {
        throw new ShelfwiseError(
          'OPE_ROW_INVALID',
          `row ${row} has value ${value} of dimension ${index}, which the logging policy never gives`,
          { details: { row } },
        );
      }
      weights[row] *= top / bottom;
    }
  }
  return weights;
}

/**
 * Marginalised weights with embeddings whose p(e | a) is not known (Saito, Joachims 2022, section 4.2):
 *
 *     w(x, e) = Σ_a π_b(a | x, e) π_e(a | x) / π_b(a | x)
 *
 * `posterior[row * K + a]` is P̂(a | x, e) from a classifier of the logged action by context and embedding, fitted on other listeners. As far
 * off as the classifier is. Actions with π_b = 0 have no part. Rows of the posterior sum to 1.
 */
export function posteriorWeights(distributions: ActionDistributions, posterior: Float64Array): Float64Array {
  const { rows, actions, target, behaviour } = distributions;
  const weights = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let at = row * actions; at < (row + 1) * actions; at++) {
      if (behaviour[at] > 0) sum += (posterior[at] * target[at]) / behaviour[at];
    }
    weights[row] = sum;
  }
  return weights;
}

/**
 * Weights of clusters of actions (OffCEM; Saito, Ren, Joachims 2023, "Off-policy evaluation for large action spaces via conjunct effect modeling"):
 *
 *     w(x, c) = Σ_{a in c} π_e(a | x) / Σ_{a in c} π_b(a | x),  c the logged action's cluster
 *
 * With `dr` and a reward model q̂ that is OffCEM: V̂ = mean_d(q̂π + w(x, c) (r - q̂(x, a))). Unbiased where q̂ has the differences between
 * actions of one cluster right; the variance is that of the few clusters' weights. `clusterOf[a]` is the cluster of an action. Throws
 * `OPE_PROPENSITY_RANGE` where the log's policy never takes the logged action's cluster.
 */
export function clusterWeights(
  distributions: ActionDistributions,
  logged: ArrayLike<number>,
  clusterOf: ArrayLike<number>,
): Float64Array {
  const { rows, actions, target, behaviour } = distributions;
  const weights = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const cluster = clusterOf[logged[row]];
    let top = 0;
    let bottom = 0;
    for (let a = 0; a < actions; a++) {
      if (clusterOf[a] !== cluster) continue;
      top += target[row * actions + a];
      bottom += behaviour[row * actions + a];
    }
    // Sums of probabilities may pass 1 by rounding.
    requirePropensity(Math.min(1, bottom), row, 'cluster propensity');
    weights[row] = top / bottom;
  }
  return weights;
}

/** Estimates by some of the dimensions: with the more dimensions, the less bias and the more variance. */
export interface DimensionChoice {
  /** Numbers of the dimensions that are kept, ascending. */
  readonly dimensions: readonly number[];
  readonly value: number;
  readonly halfWidth: number;
}

/**
 * Which dimensions to keep, greedily by SLOPE (Saito, Joachims 2022, section 4.3; Open Bandit Pipeline's `greedy`). From all of them on: the estimates
 * with one dimension less are walked from the widest interval to the narrowest; one is taken while |V̂_j - V̂_i| <= c_i + (√6 - 1) c_j for every j
 * taken before, the last taken wins at the first that is not, and otherwise the dimension whose loss narrows the interval most is gone for good.
 * `estimate` gives a value and its half width, t_{1-δ/2, n-1} √(Var / (n - 1)) there; it is called O(count²) times. At least `least` dimensions stay.
 */
export function chooseDimensions(
  count: number,
  estimate: (dimensions: readonly number[]) => SlopeCandidate,
  least = 1,
): DimensionChoice {
  let current = Array.from({ length: count }, (_, dimension) => dimension);
  const taken: DimensionChoice[] = [{ dimensions: current, ...estimate(current) }];
  while (current.length > least) {
    const level = current.map((dropped) => {
      const dimensions = current.filter((dimension) => dimension !== dropped);
      return { dimensions, ...estimate(dimensions) };
    });
    level.sort((a, b) => a.halfWidth - b.halfWidth).reverse();
    for (const candidate of level) {
      if (!meetsAll(candidate, taken)) return taken[taken.length - 1];
      taken.push(candidate);
    }
    current = level[level.length - 1].dimensions;
  }
  return taken[taken.length - 1];
}
