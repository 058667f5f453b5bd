/** Two ways to keep every action explorable, which are not the same distribution. */
import { requireRange, ShelfwiseError } from '../base/index.ts';

export interface FloorOptions {
  /** Every action has a probability of at least epsilon / n, [0, 1]. 0: no floor. */
  readonly epsilon: number;
  /**
   * `mix`: (1 - epsilon) p + epsilon / n; everything gives a share, what is rare stays rarer than what is common.
   * `project`: the nearest distribution with that minimum; what lies above the floor gives alike, ratios among the rare are lost.
   */
  readonly floor: 'mix' | 'project';
}

/** Throws `OPTION_INVALID`. */
export function requireFloor(owner: string, { epsilon, floor }: FloorOptions, least = 0): void {
  requireRange(owner, 'epsilon', epsilon, least, 1);
  if (floor !== 'mix' && floor !== 'project') {
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: floor is "${String(floor)}"; it must be "mix" or "project"`);
  }
}

/** Applies the floor to a distribution over n actions, in place. */
export function applyFloor({ epsilon, floor }: FloorOptions, p: Float64Array, n: number): void {
  if (epsilon === 0) return;
  if (floor === 'mix') mixUniform(p, n, epsilon);
  else projectMinimum(p, n, epsilon);
}

/** p_i ← (1 - ε) p_i + ε / n: an action is drawn uniformly with probability ε. */
export function mixUniform(p: Float64Array, n: number, epsilon: number): void {
  const share = epsilon / n;
  for (let i = 0; i < n; i++) p[i] = (1 - epsilon) * p[i] + share;
}

/**
 * p_i ← max(p_i - τ, ε / n) with the τ that makes the sum 1: the Euclidean projection onto the distributions with that
 * minimum, zeros included (Vowpal Wabbit's `enforce_minimum_probability`). ε > 0.999 gives the uniform distribution.
 * Finds τ by dropping from the free actions those that would fall below the floor, until none would: at most n passes, two or
 * three in practice, no sorting.
 */
export function projectMinimum(p: Float64Array, n: number, epsilon: number): void {
  const least = epsilon / n;
  if (epsilon > 0.999) {
    p.fill(1 / n, 0, n);
    return;
  }
  let above = Number.NEGATIVE_INFINITY;
  let free = n;
  let tau = 0;
  for (;;) {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < n; i++) {
      if (p[i] > above) {
        sum += p[i];
        count++;
      }
    }
    if (count === 0) break;
    tau = ((n - count) * least + sum - 1) / count;
    if (above !== Number.NEGATIVE_INFINITY && count === free) break;
    free = count;
    above = tau + least;
  }
  for (let i = 0; i < n; i++) p[i] = Math.max(p[i] - tau, least);
}
