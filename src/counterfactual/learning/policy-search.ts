/**
 * The search for the parameters of a softmax policy π(a | x) = exp(s_a(x)) / Σ_b exp(s_b(x)) that an objective is highest at:
 *
 *   maximise  V(θ) - l2/2 |θ|²      (biases free),      by L-BFGS over all rows at once, from a given start on
 *
 * ∂V/∂s_a(x_i) = ℓ_i (1[a = a_i] - π_a) + π_a (q̂_a - Σ_b π_b q̂_b) / n, with ℓ_i = ∂V / ∂ ln π(a_i | x_i).
 * But for the classification surrogate over linear scores these are not concave: what is found is a local optimum.
 */
import { breathe, minimise, type SmoothObjective } from '../../models/index.ts';
import type { ContextualLog } from '../nuisance/index.ts';
import type { PolicyObjective } from './objectives.ts';
import type { Scorer } from './scorers.ts';

export interface SearchOptions {
  /** Penalty on θ²/2, beside a value that is a mean over rows. */
  readonly l2: number;
  readonly iterations: number;
  /** Stops when no component of the gradient is larger; a value is a mean over rows. */
  readonly tolerance: number;
  readonly signal?: AbortSignal | undefined;
}

/** Parameters at the optimum; `start` stays as it is. */
export async function searchPolicy(
  log: Pick<ContextualLog, 'rows' | 'taken'>,
  scorer: Scorer,
  objective: PolicyObjective,
  start: Float64Array,
  { l2, iterations, tolerance, signal }: SearchOptions,
): Promise<Float64Array> {
  const parameters = start.slice();
  await minimise(policyLoss(log, scorer, objective, l2), parameters, {
    iterations,
    tolerance,
    pause: async () => {
      await breathe();
      signal?.throwIfAborted();
    },
  });
  return parameters;
}

/** -V(θ) + l2/2 |θ|², with its gradient. */
export function policyLoss(
  { rows, taken }: Pick<ContextualLog, 'rows' | 'taken'>,
  scorer: Scorer,
  objective: PolicyObjective,
  l2: number,
): SmoothObjective {
  const { actions, size, free } = scorer;
  const chances = new Float64Array(rows * actions);
  const logChances = new Float64Array(rows);
  const slopes = new Float64Array(rows);
  return {
    size,
    evaluate(parameters, gradient) {
      scorer.forward(parameters, chances);
      for (let i = 0; i < rows; i++) logChances[i] = softmaxRow(chances, i * actions, actions, taken[i]);
      let value = objective.evaluate(logChances, slopes);
      const { direct } = objective;
      for (let i = 0; i < rows; i++) {
        const at = i * actions;
        let expected = 0;
        if (direct !== undefined) for (let a = 0; a < actions; a++) expected += chances[at + a] * direct[at + a];
        value += expected / rows;
        for (let a = 0; a < actions; a++) {
          const ofDirect = direct === undefined ? 0 : (direct[at + a] - expected) / rows;
          // From here on `chances` holds -∂V/∂s.
          chances[at + a] *= slopes[i] - ofDirect;
        }
        chances[at + taken[i]] -= slopes[i];
      }
      gradient.fill(0);
      scorer.backward(parameters, chances, gradient);
      let squares = 0;
      for (let k = free; k < size; k++) {
        squares += parameters[k] ** 2;
        gradient[k] += l2 * parameters[k];
      }
      return (l2 / 2) * squares - value;
    },
  };
}

/** Scores to probabilities, in place; gives ln of that of the taken action, finite however small. */
function softmaxRow(scores: Float64Array, at: number, actions: number, taken: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let a = 0; a < actions; a++) highest = Math.max(highest, scores[at + a]);
  const own = scores[at + taken] - highest;
  let mass = 0;
  for (let a = 0; a < actions; a++) {
    scores[at + a] = Math.exp(scores[at + a] - highest);
    mass += scores[at + a];
  }
  for (let a = 0; a < actions; a++) scores[at + a] /= mass;
  return own - Math.log(mass);
}
