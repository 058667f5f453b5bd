/**
 * The pseudo-inverse estimator of slates (PI; Swaminathan, Krishnamurthy, Agarwal, Dudík, Langford, Jose, Zitouni 2017, "Off-policy evaluation for
 * slate recommendation"): the reward of a slate as a whole is taken to be a sum of unknown effects, one of each action at its place.
 *
 *     V̂ = mean_d( w_d r_d ),   w = 1_πᵀ Γ⁺ 1_s,   Γ = E_μ[ 1_s 1_sᵀ ],   1_π = E_π[ 1_s ]
 *
 * 1_s indicates the slate's (place, action) pairs. Unbiased where the assumption holds and the log shows every pair that the policy shows;
 * the variance grows with the sum of the places' ratios, not with their product. Weights may be negative. `snipw` on them is PI-SN.
 */
import { ShelfwiseError } from '../../base/index.ts';
import { type EvaluationRows, evaluationRows } from '../rows.ts';

/**
 * One row a decision from rows whose weights are each place's own ratio π(a_l) / μ(a_l), for logs whose places are drawn
 * independently of each other: w = 1 + Σ_l (ratio_l - 1), with the sum of the rows' rewards.
 */
export function pseudoInverseRows(chunk: EvaluationRows): EvaluationRows {
  const weights = new Float64Array(chunk.decisions).fill(1);
  for (let row = 0; row < chunk.rows; row++) weights[chunk.decisionOf[row]] += chunk.weights[row] - 1;
  return wholeSlates(chunk, weights);
}

/** One row a decision with these weights, and the sums of its rows' rewards. */
export function wholeSlates(chunk: EvaluationRows, weights: Float64Array): EvaluationRows {
  const rewards = new Float64Array(chunk.decisions);
  for (let row = 0; row < chunk.rows; row++) rewards[chunk.decisionOf[row]] += chunk.rewards[row];
  return evaluationRows({ weights, rewards, listenerOf: chunk.listenerOf, signed: true });
}

/** Every slate that one context's log could show. */
export interface SlateDistribution {
  readonly places: number;
  readonly actions: number;
  /** `[slate * places + l]`: the action at a place. */
  readonly slates: ArrayLike<number>;
  /** Slate → its probability in the log, [0, 1]. */
  readonly behaviour: ArrayLike<number>;
  /** Slate → its probability under the policy. */
  readonly target: ArrayLike<number>;
}

const MOST_PAIRS = 400;

/**
 * Slate → w, for logs of any kind whose slates can be listed, as of a Plackett-Luce draw of few actions. O(slates places² + (places actions)³).
 * Slates that the log never shows have the weight that Γ⁺ gives them, and never occur. Throws `OPTION_INVALID` beyond 400 pairs.
 */
export function pseudoInverseWeights(distribution: SlateDistribution): Float64Array {
  const { places, actions, slates, behaviour, target } = distribution;
  const size = places * actions;
  if (size > MOST_PAIRS) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${places} places × ${actions} actions are more than ${MOST_PAIRS} pairs`,
    );
  }
  const count = behaviour.length;
  const gamma = new Float64Array(size * size);
  const aim = new Float64Array(size);
  const pair = (slate: number, place: number): number => place * actions + slates[slate * places + place];
  for (let slate = 0; slate < count; slate++) {
    for (let i = 0; i < places; i++) {
      aim[pair(slate, i)] += target[slate];
      for (let j = 0; j < places; j++) gamma[pair(slate, i) * size + pair(slate, j)] += behaviour[slate];
    }
  }
  const solved = pseudoInverseTimes(gamma, aim);
  const weights = new Float64Array(count);
  for (let slate = 0; slate < count; slate++) {
    for (let place = 0; place < places; place++) weights[slate] += solved[pair(slate, place)];
  }
  return weights;
}

/** M⁺ v for a symmetric positive semidefinite M, by Jacobi's rotations; eigenvalues below 1e-10 of the largest count as 0. Overwrites M. */
function pseudoInverseTimes(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let on = 0;
    for (let i = 0; i < n; i++) {
      on += matrix[i * n + i] ** 2;
      for (let j = i + 1; j < n; j++) off += matrix[i * n + j] ** 2;
    }
    if (off <= 1e-30 * on) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(matrix, vectors, n, p, q);
  }
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, matrix[i * n + i]);
  const out = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const value = matrix[k * n + k];
    if (!(value > 1e-10 * largest)) continue;
    let dot = 0;
    for (let i = 0; i < n; i++) dot += vectors[i * n + k] * vector[i];
    for (let i = 0; i < n; i++) out[i] += (vectors[i * n + k] * dot) / value;
  }
  return out;
}

/** Zeroes M[p, q] by a rotation of rows and columns p and q. */
function rotate(matrix: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const between = matrix[p * n + q];
  if (between === 0) return;
  const theta = (matrix[q * n + q] - matrix[p * n + p]) / (2 * between);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [a, b] = [matrix[k * n + p], matrix[k * n + q]];
    matrix[k * n + p] = c * a - s * b;
    matrix[k * n + q] = s * a + c * b;
  }
  for (let k = 0; k < n; k++) {
    const [a, b] = [matrix[p * n + k], matrix[q * n + k]];
    matrix[p * n + k] = c * a - s * b;
    matrix[q * n + k] = s * a + c * b;
    const [x, y] = [vectors[k * n + p], vectors[k * n + q]];
    vectors[k * n + p] = c * x - s * y;
    vectors[k * n + q] = s * x + c * y;
  }
}
