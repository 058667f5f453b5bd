/**
 * Bounds of what a regressor could predict for an action, had it seen somewhat more evidence: what RegCB and the elimination
 * of SquareCB explore by. Costs are `1 - value / scale`, in [0, 1].
 */
import { requireRange } from '../base/index.ts';
import { requireNumbers, Scratch, type StepEvidence } from './policy.ts';

const BISECTIONS = 20;
const TOLERANCE = 1e-6;

/**
 * The largest importance weight w in [0, f / s] with `w (f² - (f - s w)²) <= Δ`: how much weight an example at distance f
 * could have before the squared loss that it saves exceeds Δ. By bisection, 20 halvings or until within 1e-6 (as in Vowpal
 * Wabbit's RegCB); what is returned saves at most Δ + 1e-6. f > 0, s >= 0, Δ >= 0.
 */
export function largestWeight(f: number, s: number, delta: number): number {
  const most = Math.min(f / s, Number.MAX_VALUE);
  if (most * f * f <= delta) return most;
  let low = 0;
  let high = most;
  for (let i = 0; i < BISECTIONS; i++) {
    const w = low + (high - low) / 2;
    const excess = w * (f * f - (f - s * w) * (f - s * w)) - delta;
    if (Math.abs(excess) <= TOLERANCE) return w;
    if (excess > 0) high = w;
    else low = w;
    if (high - low <= TOLERANCE) break;
  }
  return low;
}

/**
 * Lower and upper bounds of the costs of a step's actions. With ŷ the cost (clamped to its range), s the sensitivity,
 * `Δ = mellowness ln(n t)`: `lower = max(ŷ - s w(ŷ + 1), 0)`, `upper = min(ŷ + s w(2 - ŷ), 1)`, w as `largestWeight`.
 * Foster, Agarwal, Dudik, Luo and Schapire 2018; Krishnamurthy et al. 2017.
 */
export class RegressionBounds {
  readonly #lower = new Scratch();
  readonly #upper = new Scratch();
  /** Of the last `fill`, first n. */
  lower: Float64Array = new Float64Array(0);
  upper: Float64Array = new Float64Array(0);
  /** The least upper bound: an action whose lower bound is above it cannot be the best. */
  leastUpper = 0;

  /** Throws `OPTION_INVALID` for NaN. */
  fill(
    owner: string,
    values: Float64Array,
    n: number,
    evidence: StepEvidence,
    mellowness: number,
    learned: number,
  ): void {
    requireNumbers(owner, values, n);
    const { rows, sensitivities, scale } = evidence;
    this.lower = this.#lower.of(n);
    this.upper = this.#upper.of(n);
    const delta = mellowness * Math.log(n * learned);
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < n; k++) {
      const cost = Math.min(1, Math.max(0, 1 - values[k] / scale));
      // A shelf's sensitivity is that of its sum; what it is compared with is its mean.
      const s = sensitivities[rows[k]] / scale;
      this.lower[k] = Math.max(0, cost - s * largestWeight(cost + 1, s, delta));
      this.upper[k] = Math.min(1, cost + s * largestWeight(2 - cost, s, delta));
      if (this.upper[k] < least) least = this.upper[k];
    }
    this.leastUpper = least;
  }
}

export interface MellownessOptions {
  /** c in Δ = c ln(n t): larger keeps more actions in play, > 0. */
  readonly mellowness: number;
}

export function requireMellowness(owner: string, { mellowness }: MellownessOptions): void {
  requireRange(owner, 'mellowness', mellowness, Number.MIN_VALUE, 1e6);
}
