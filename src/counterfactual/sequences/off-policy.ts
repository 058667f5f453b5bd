/** Confidence sequences of a policy's value from another policy's log: at every time at once, without a bound on the weights. */
import { requireOneOf, requireRange, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { PredictableMoments, plugInBet } from './bets.ts';
import { CapitalLower } from './betting.ts';
import { exponentialCumulant } from './predictable-mixture.ts';
import {
  type Bounds,
  requireAlpha,
  requireObservation,
  SEQUENCE_DEFAULTS,
  type SequenceOptions,
  Track,
} from './sequence.ts';

export interface OffPolicyOptions extends SequenceOptions {
  /**
   * `betting`: tighter, O(candidate means) a decision; `bernstein`: closed form, O(1). @default 'betting'
   */
  readonly method: 'betting' | 'bernstein';
  /** k: pseudo-outcomes are at least -k, >= 0; 0 for plain inverse propensity. The larger, the later the bounds move. @default 0 */
  readonly depth: number;
  /** Candidate means of `betting`: 0, 1 / breaks, … 1. @default 1000 */
  readonly breaks: number;
}

/** Pseudo-outcomes of one decision: the mean of `lower` is v, that of `upper` is 1 - v; both are at least -k. */
export interface PseudoOutcomes {
  readonly lower: number;
  readonly upper: number;
}

interface LowerSequence {
  add(x: number): number;
  /** Promises that only bounds below this are of use. */
  limit(upper: number): void;
}

/**
 * L_t = (Σ λ_i ξ_i - ln(1/α) - Σ ψ_E(λ_i) (ξ_i - m_{i-1})²) / (Σ λ_i / (1 + k)), ξ = φ / (1 + k), m the running mean of ξ, at most 1 / (1 + k).
 * Then ξ - m >= -1, which is all that it takes (Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro 2024, proposition 3).
 */
class BernsteinLower implements LowerSequence {
  private readonly alpha: number;
  private readonly scale: number;
  private readonly moments = new PredictableMoments();
  private sum = 0;
  private stakes = 0;
  private gains = 0;
  private costs = 0;
  private readonly track: Track;

  constructor(alpha: number, depth: number, running: boolean) {
    this.alpha = alpha;
    this.scale = 1 / (1 + depth);
    this.track = new Track(running, 0, Number.POSITIVE_INFINITY);
  }

  limit(): void {}

  add(x: number): number {
    const { moments, scale } = this;
    const xi = x * scale;
    const bet = Math.min(0.5, plugInBet(moments, this.alpha));
    const centre = moments.count === 0 ? 0 : Math.max(0, Math.min(scale, this.sum / moments.count));
    this.stakes += bet * scale;
    this.gains += bet * xi;
    this.costs += exponentialCumulant(bet) * (xi - centre) ** 2;
    this.sum += xi;
    moments.add(xi);
    const bound = (this.gains - Math.log(1 / this.alpha) - this.costs) / this.stakes;
    return this.track.set(Math.max(0, bound), Number.POSITIVE_INFINITY).lower;
  }
}

/**
 * Confidence sequence of the value v = E[w r] of a target policy, rewards in [0, 1], weights w = π_e / π_b >= 0 of any size. The lower bound is that of
 * the pseudo-outcomes φ = w r, the upper one 1 minus that of φ' = w (1 - r), at α / 2 each; doubly robust pseudo-outcomes
 * (`doublyRobustOutcomes`) have less variance. The logging policy may learn from what was logged; v is the same throughout.
 *
 * Holds at every time at once if the propensities are right and the logging policy could take whatever the target takes; where it could not, E[w] < 1,
 * lower bounds still hold and upper ones tell the value with rewards of 1 for what was never tried. The unit is the decision, in the
 * order of the log: a listener's decisions may hang on those before. Rewards of slates are scaled to [0, 1] by the caller.
 * Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro 2024, "Anytime-valid off-policy inference for contextual bandits".
 */
export class OffPolicySequence {
  readonly options: Readonly<OffPolicyOptions>;
  private readonly below: LowerSequence;
  private readonly above: LowerSequence;
  private readonly track: Track;
  count = 0;

  /** Throws `OPTION_INVALID`. */
  constructor(given: Partial<OffPolicyOptions> = {}) {
    const owner = 'off-policy-sequence';
    this.options = resolveOptions<OffPolicyOptions>(owner, given, {
      ...SEQUENCE_DEFAULTS,
      method: 'betting',
      depth: 0,
      breaks: 1000,
    });
    const { alpha, depth, breaks, running, method } = this.options;
    requireAlpha(owner, alpha);
    requireOneOf(owner, 'method', method, ['betting', 'bernstein']);
    requireRange(owner, 'depth', depth, 0, 1e12);
    const side = (): LowerSequence =>
      method === 'betting'
        ? new CapitalLower({ alpha: alpha / 2, depth, breaks, running })
        : new BernsteinLower(alpha / 2, depth, running);
    this.below = side();
    this.above = side();
    this.track = new Track(running, 0, 1);
  }

  get contradicted(): boolean {
    return this.track.contradicted;
  }

  get bounds(): Bounds {
    return { lower: this.track.lower, upper: this.track.upper };
  }

  /** Bounds after a decision of this weight and reward. Throws `OPE_OBSERVATION_RANGE` for a weight below 0 or not finite, and a reward outside [0, 1]. */
  add(weight: number, reward: number): Bounds {
    requireObservation('off-policy-sequence', weight, 0, Number.MAX_VALUE);
    requireObservation('off-policy-sequence', reward, 0, 1);
    return this.addOutcomes({ lower: weight * reward, upper: weight * (1 - reward) });
  }

  /** The same of pseudo-outcomes. Throws `OPE_OBSERVATION_RANGE` for one below -k or not finite. */
  addOutcomes(outcomes: PseudoOutcomes): Bounds {
    const { depth } = this.options;
    requireObservation('off-policy-sequence', outcomes.lower, -depth, Number.MAX_VALUE);
    requireObservation('off-policy-sequence', outcomes.upper, -depth, Number.MAX_VALUE);
    this.count++;
    const lower = Math.min(1, this.below.add(outcomes.lower));
    const bounds = this.track.set(lower, Math.max(0, 1 - this.above.add(outcomes.upper)));
    if (this.options.running) {
      this.below.limit(bounds.upper);
      this.above.limit(1 - bounds.lower);
    }
    return bounds;
  }
}

/** What a doubly robust pseudo-outcome is made of: distributions and predictions over the actions of one decision, arrays of its n actions. */
export interface ModelledDecision {
  /** Index of the logged action. */
  readonly action: number;
  readonly reward: number;
  readonly target: ArrayLike<number>;
  readonly logging: ArrayLike<number>;
  /** q̂(x, a) in [0, 1], by a model that did not see this decision or any after it. */
  readonly predicted: ArrayLike<number>;
}

/**
 * Pseudo-outcomes φ = w (r - g(a)) + Σ_a π_e(a) g(a), g(a) = min(q̂(a), k / w(a)), w = π_e / π_b: at least -k by construction, and of mean v whatever q̂ is.
 * For the upper side the same of 1 - r and 1 - q̂. k = 0 gives w r; k = max w leaves q̂ as it is.
 * Throws `OPE_OBSERVATION_RANGE` for a propensity of 0, a reward or a prediction outside [0, 1].
 */
export function doublyRobustOutcomes(decision: ModelledDecision, depth: number): PseudoOutcomes {
  const { action, reward, target, logging, predicted } = decision;
  const owner = 'doubly-robust-outcomes';
  requireObservation(owner, reward, 0, 1);
  if (!(logging[action] > 0)) {
    throw new ShelfwiseError('OPE_OBSERVATION_RANGE', `${owner}: the logged action has propensity ${logging[action]}`);
  }
  let lower = 0;
  let upper = 0;
  for (let a = 0; a < target.length; a++) {
    requireObservation(owner, predicted[a], 0, 1);
    // What the target never takes has weight 0 and leaves its prediction whole; what cannot be logged has an infinite one, and its prediction must go.
    const cap = target[a] > 0 ? (depth * logging[a]) / target[a] : Number.POSITIVE_INFINITY;
    const low = Math.min(predicted[a], cap);
    const high = Math.min(1 - predicted[a], cap);
    lower += target[a] * low;
    upper += target[a] * high;
    if (a === action) {
      const weight = target[a] / logging[a];
      lower += weight * (reward - low);
      upper += weight * (1 - reward - high);
    }
  }
  // Rounding may leave a hair below -k.
  return { lower: Math.max(-depth, lower), upper: Math.max(-depth, upper) };
}
