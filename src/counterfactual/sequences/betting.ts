/**
 * Confidence sequences by betting: for each mean m that could be true, a gambler whose capital would be a martingale of mean 1
 * were m the truth; means against which someone grew rich are excluded. The tightest sequences of bounded means that are known;
 * O(means that still stand) an observation.
 */
import { requireRange, requireWhole, resolveOptions } from '../../base/index.ts';
import { PredictableMoments, plugInBet } from './bets.ts';
import {
  type Bounds,
  requireAlpha,
  requireObservation,
  SEQUENCE_DEFAULTS,
  type SequenceOptions,
  Track,
} from './sequence.ts';

/** Capital below this is lost for good: it excludes nothing, and arithmetic on what is denormal is slow. */
const RUIN = 1e-290;

export interface BettingOptions extends SequenceOptions {
  /** Candidate means are 0, 1 / breaks, … 1; bounds are told one step wider. @default 1000 */
  readonly breaks: number;
  /** θ: share of the capital that bets on larger observations, (0, 1). @default 0.5 */
  readonly theta: number;
  /** s: no bet loses more than this share of the capital, (0, 1). @default 0.5 */
  readonly share: number;
}

const BETTING_DEFAULTS: BettingOptions = { ...SEQUENCE_DEFAULTS, breaks: 1000, theta: 0.5, share: 0.5 };

function resolveBetting(owner: string, given: Partial<BettingOptions>): Readonly<BettingOptions> {
  const options = resolveOptions(owner, given, BETTING_DEFAULTS);
  requireAlpha(owner, options.alpha);
  requireWhole(owner, 'breaks', options.breaks, 2, 1_000_000);
  requireRange(owner, 'theta', options.theta, 1e-6, 1 - 1e-6);
  requireRange(owner, 'share', options.share, 1e-6, 1 - 1e-6);
  return options;
}

/**
 * Hedged capital against one mean m of observations in [0, 1]: max(θ Π (1 + λ⁺_i (x_i - m)), (1 - θ) Π (1 - λ⁻_i (x_i - m))), with plug-in
 * bets at α θ and α (1 - θ), λ⁺ <= s / m and λ⁻ <= s / (1 - m). P(it ever reaches 1/α) <= α if the mean is m: a test of m that may be read at any time.
 * (Waudby-Smith and Ramdas 2024, theorem 3.)
 */
export class BettingMartingale {
  readonly mean: number;
  readonly options: Readonly<BettingOptions>;
  private readonly moments = new PredictableMoments();
  private up = 1;
  private down = 1;

  /** Throws `OPTION_INVALID`. */
  constructor(mean: number, given: Partial<BettingOptions> = {}) {
    this.options = resolveBetting('betting-martingale', given);
    requireRange('betting-martingale', 'mean', mean, 0, 1);
    this.mean = mean;
  }

  get capital(): number {
    return Math.max(this.options.theta * this.up, (1 - this.options.theta) * this.down);
  }

  /** The capital after x. Throws `OPE_OBSERVATION_RANGE` for x outside [0, 1]. */
  add(x: number): number {
    requireObservation('betting-martingale', x, 0, 1);
    const { alpha, theta, share } = this.options;
    const m = this.mean;
    this.up *= 1 + Math.min(plugInBet(this.moments, alpha * theta), share / m) * (x - m);
    this.down *= 1 - Math.min(plugInBet(this.moments, alpha * (1 - theta)), share / (1 - m)) * (x - m);
    this.moments.add(x);
    return this.capital;
  }
}

/** The confidence sequence of the hedged capital: the means on a grid whose capital has not passed 1/α, from the least to the largest. */
export class HedgedSequence {
  readonly options: Readonly<BettingOptions>;
  private readonly moments = new PredictableMoments();
  private readonly track: Track;
  private readonly up: Float64Array;
  private readonly down: Float64Array;
  /** s / m; what caps bets against larger observations is the same from the other end. */
  private readonly caps: Float64Array;
  private first = 0;
  private last: number;

  /** Throws `OPTION_INVALID`. */
  constructor(given: Partial<BettingOptions> = {}) {
    this.options = resolveBetting('hedged-sequence', given);
    const { breaks, running } = this.options;
    this.up = new Float64Array(breaks + 1).fill(1);
    this.down = new Float64Array(breaks + 1).fill(1);
    this.caps = Float64Array.from({ length: breaks + 1 }, (_, i) => (this.options.share * breaks) / i);
    this.last = breaks;
    this.track = new Track(running, 0, 1);
  }

  get count(): number {
    return this.moments.count;
  }

  get contradicted(): boolean {
    return this.track.contradicted;
  }

  /** Throws `OPE_OBSERVATION_RANGE` for x outside [0, 1]. */
  add(x: number): Bounds {
    requireObservation('hedged-sequence', x, 0, 1);
    const { up, down, caps } = this;
    const { alpha, theta, breaks, running } = this.options;
    const betUp = plugInBet(this.moments, alpha * theta);
    const betDown = plugInBet(this.moments, alpha * (1 - theta));
    this.moments.add(x);
    const richUp = 1 / (alpha * theta);
    const richDown = 1 / (alpha * (1 - theta));
    const step = 1 / breaks;
    let low = -1;
    let high = -1;
    for (let i = this.first; i <= this.last; i++) {
      const gap = x - i * step;
      const most = caps[i];
      const least = caps[breaks - i];
      let a = up[i] * (1 + Math.min(betUp, most) * gap);
      let b = down[i] * (1 - Math.min(betDown, least) * gap);
      if (a < RUIN) a = 0;
      if (b < RUIN) b = 0;
      up[i] = a;
      down[i] = b;
      if (a <= richUp && b <= richDown) {
        if (low < 0) low = i;
        high = i;
      }
    }
    // Where all are excluded: an interval that contradicts every other when they are intersected, and says nothing alone.
    if (low < 0) return running ? this.track.set(1, 0) : this.track.set(0, 1);
    if (running) {
      this.first = low;
      this.last = high;
    }
    return this.track.set(Math.max(0, (low - 1) / breaks), Math.min(1, (high + 1) / breaks));
  }
}

export interface CapitalLowerOptions extends SequenceOptions {
  readonly breaks: number;
  readonly share: number;
  /** k: observations are at least -k, >= 0. @default 0 */
  readonly depth: number;
}

/**
 * Lower confidence sequence of the mean m in [0, 1] of observations x >= -k without an upper bound: the least mean on a grid whose capital
 * Π (1 + min(λ_i, s / (k + m)) (x_i - m)) has not passed 1/α. One-sided at α. Every factor is at least 1 - s, whatever x is, and falls as m grows: between two means of the grid nothing is lost but the step that bounds are told wider by
 * (Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro 2024, theorem 1).
 */
export class CapitalLower {
  readonly options: Readonly<CapitalLowerOptions>;
  private readonly moments = new PredictableMoments();
  private readonly track: Track;
  private readonly capital: Float64Array;
  /** s / (k + m). */
  private readonly caps: Float64Array;
  private first = 0;
  private last: number;

  /** Throws `OPTION_INVALID`. */
  constructor(given: Partial<CapitalLowerOptions> = {}) {
    const owner = 'capital-lower';
    this.options = resolveOptions(owner, given, { ...SEQUENCE_DEFAULTS, breaks: 1000, share: 0.5, depth: 0 });
    requireAlpha(owner, this.options.alpha);
    requireWhole(owner, 'breaks', this.options.breaks, 2, 1_000_000);
    requireRange(owner, 'share', this.options.share, 1e-6, 1 - 1e-6);
    requireRange(owner, 'depth', this.options.depth, 0, 1e12);
    const { breaks, share, depth } = this.options;
    this.capital = new Float64Array(breaks + 1).fill(1);
    this.last = breaks;
    this.caps = Float64Array.from({ length: breaks + 1 }, (_, i) => share / (depth + i / breaks));
    this.track = new Track(this.options.running, 0, Number.POSITIVE_INFINITY);
  }

  get count(): number {
    return this.moments.count;
  }

  get lower(): number {
    return this.track.lower;
  }

  /** The lower bound after x. Throws `OPE_OBSERVATION_RANGE` for x < -k or not finite. */
  add(x: number): number {
    const { alpha, breaks, depth, running } = this.options;
    requireObservation('capital-lower', x, -depth, Number.MAX_VALUE);
    const { capital, caps } = this;
    const bet = plugInBet(this.moments, alpha);
    this.moments.add(x);
    const rich = 1 / alpha;
    const step = 1 / breaks;
    let low = this.last + 1;
    for (let i = this.last; i >= this.first; i--) {
      let c = capital[i] * (1 + Math.min(bet, caps[i]) * (x - i * step));
      if (c < RUIN) c = 0;
      capital[i] = c;
      if (c <= rich) low = i;
    }
    if (running) this.first = low;
    return this.track.set(Math.max(0, (low - 1) / breaks), Number.POSITIVE_INFINITY).lower;
  }
  /** Means above this are known not to be: they are followed no more, and a lower bound that passes it stops one or two steps above. */
  limit(upper: number): void {
    this.last = Math.min(this.last, Math.ceil(upper * this.options.breaks) + 2);
  }
}
