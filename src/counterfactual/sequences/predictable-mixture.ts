/** Confidence sequences in closed form: predictable mixtures of Chernoff's method. O(1) an observation. */
import { requireRange, resolveOptions } from '../../base/index.ts';
import { hoeffdingBet, PredictableMoments, plugInBet } from './bets.ts';
import {
  type Bounds,
  requireAlpha,
  requireObservation,
  SEQUENCE_DEFAULTS,
  type SequenceOptions,
  Track,
} from './sequence.ts';

export interface EmpiricalBernsteinOptions extends SequenceOptions {
  /** c: no bet is larger, (0, 1). @default 0.5 */
  readonly truncation: number;
}

const BERNSTEIN_DEFAULTS: EmpiricalBernsteinOptions = { ...SEQUENCE_DEFAULTS, truncation: 0.5 };

/** ψ_E(λ) = -ln(1 - λ) - λ, λ in [0, 1): the cumulant of a centred exponential. */
export function exponentialCumulant(bet: number): number {
  return -Math.log1p(-bet) - bet;
}

/**
 * Lower confidence sequence of the mean μ in [0, 1] of observations x >= 0 that have no upper bound, as terms of inverse propensity have:
 * L_t = (Σ λ_i x_i - ln(1/α) - Σ ψ_E(λ_i) (x_i - m_{i-1})²) / Σ λ_i, with m the running mean capped at 1 (m_0 = 0) and
 * λ_t = min(c, plug-in bet at α). One-sided at α; at least 0. From x - m >= -1 alone (Fan, Grama and Liu 2015; Waudby-Smith and Ramdas 2024, theorem 2).
 */
export class EmpiricalBernsteinLower {
  readonly alpha: number;
  readonly truncation: number;
  private readonly moments = new PredictableMoments();
  private readonly track: Track;
  private sum = 0;
  private stakes = 0;
  private gains = 0;
  private costs = 0;

  /** Throws `OPTION_INVALID`. */
  constructor(given: Partial<EmpiricalBernsteinOptions> = {}) {
    const options = resolveOptions('empirical-bernstein', given, BERNSTEIN_DEFAULTS);
    requireAlpha('empirical-bernstein', options.alpha);
    requireRange('empirical-bernstein', 'truncation', options.truncation, 1e-6, 1 - 1e-6);
    this.alpha = options.alpha;
    this.truncation = options.truncation;
    this.track = new Track(options.running, 0, Number.POSITIVE_INFINITY);
  }

  get count(): number {
    return this.moments.count;
  }

  get lower(): number {
    return this.track.lower;
  }

  /** The lower bound after x. Throws `OPE_OBSERVATION_RANGE` for x < 0 or not finite. */
  add(x: number): number {
    requireObservation('empirical-bernstein', x, 0, Number.MAX_VALUE);
    const { moments } = this;
    const bet = Math.min(this.truncation, plugInBet(moments, this.alpha));
    const centre = moments.count === 0 ? 0 : Math.min(1, this.sum / moments.count);
    this.stakes += bet;
    this.gains += bet * x;
    this.costs += exponentialCumulant(bet) * (x - centre) ** 2;
    this.sum += x;
    moments.add(x);
    const bound = (this.gains - Math.log(1 / this.alpha) - this.costs) / this.stakes;
    return this.track.set(Math.max(0, bound), Number.POSITIVE_INFINITY).lower;
  }
}

/** Two-sided empirical Bernstein confidence sequence of the mean of observations in [0, 1]: the lower one of x and of 1 - x, at α / 2 each. */
export class EmpiricalBernsteinSequence {
  private readonly below: EmpiricalBernsteinLower;
  private readonly above: EmpiricalBernsteinLower;
  private readonly track: Track;

  /** Throws `OPTION_INVALID`. */
  constructor(given: Partial<EmpiricalBernsteinOptions> = {}) {
    const options = resolveOptions('empirical-bernstein', given, BERNSTEIN_DEFAULTS);
    requireAlpha('empirical-bernstein', options.alpha);
    const side = { ...options, alpha: options.alpha / 2, running: false };
    this.below = new EmpiricalBernsteinLower(side);
    this.above = new EmpiricalBernsteinLower(side);
    this.track = new Track(options.running, 0, 1);
  }

  get count(): number {
    return this.below.count;
  }

  get contradicted(): boolean {
    return this.track.contradicted;
  }

  /** Throws `OPE_OBSERVATION_RANGE` for x outside [0, 1]. */
  add(x: number): Bounds {
    requireObservation('empirical-bernstein', x, 0, 1);
    const lower = this.below.add(x);
    return this.track.set(lower, 1 - this.above.add(1 - x));
  }
}

/**
 * Hoeffding confidence sequence of the mean of observations in [0, 1]: Σ λ_i x_i / Σ λ_i ± (ln(2/α) + Σ λ_i² / 8) / Σ λ_i. Wider than
 * the others unless the variance is near ¼ (Waudby-Smith and Ramdas 2024, proposition 1).
 */
export class HoeffdingSequence {
  readonly alpha: number;
  count = 0;
  private readonly track: Track;
  private stakes = 0;
  private gains = 0;
  private costs = 0;

  /** Throws `OPTION_INVALID`. */
  constructor(given: Partial<SequenceOptions> = {}) {
    const options = resolveOptions('hoeffding-sequence', given, SEQUENCE_DEFAULTS);
    requireAlpha('hoeffding-sequence', options.alpha);
    this.alpha = options.alpha;
    this.track = new Track(options.running, 0, 1);
  }

  get contradicted(): boolean {
    return this.track.contradicted;
  }

  /** Throws `OPE_OBSERVATION_RANGE` for x outside [0, 1]. */
  add(x: number): Bounds {
    requireObservation('hoeffding-sequence', x, 0, 1);
    const bet = hoeffdingBet(this.count, this.alpha / 2);
    this.count++;
    this.stakes += bet;
    this.gains += bet * x;
    this.costs += (bet * bet) / 8;
    const centre = this.gains / this.stakes;
    const margin = (Math.log(2 / this.alpha) + this.costs) / this.stakes;
    return this.track.set(Math.max(0, centre - margin), Math.min(1, centre + margin));
  }
}
