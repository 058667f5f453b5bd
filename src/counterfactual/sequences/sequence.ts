/**
 * Confidence sequences: intervals of a mean that hold at every time at once, P(for all t: lower_t <= μ <= upper_t) >= 1 - α.
 * One may look after each observation and stop when one likes. Observations need not be independent: their mean given
 * those before must be μ.
 */
import { requireRange, ShelfwiseError } from '../../base/index.ts';

export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

export interface SequenceOptions {
  /** Chance that the sequence ever misses the mean, (0, 1). @default 0.05 */
  readonly alpha: number;
  /** Whether bounds that were reached are kept: intersects the intervals of all times, which holds as often. @default true */
  readonly running: boolean;
}

export const SEQUENCE_DEFAULTS: SequenceOptions = { alpha: 0.05, running: true };

/** Throws `OPTION_INVALID`. */
export function requireAlpha(owner: string, alpha: number): void {
  requireRange(owner, 'alpha', alpha, 1e-12, 1 - 1e-12);
}

/** Throws `OPE_OBSERVATION_RANGE` for an observation outside [low, high]. */
export function requireObservation(owner: string, x: number, low: number, high: number): void {
  if (!(x >= low && x <= high)) {
    throw new ShelfwiseError(
      'OPE_OBSERVATION_RANGE',
      `${owner}: an observation is ${x}; it must lie in [${low}, ${high}]`,
    );
  }
}

/** Keeps the bounds of a sequence, or the intersection of all that were reached. */
export class Track {
  readonly running: boolean;
  lower: number;
  upper: number;
  /** True once the intersection was empty: the mean moved, or observations left their range. Bounds then stay as they last were. */
  contradicted = false;

  constructor(running: boolean, lower: number, upper: number) {
    this.running = running;
    this.lower = lower;
    this.upper = upper;
  }

  set(lower: number, upper: number): Bounds {
    if (!this.running) {
      this.lower = lower;
      this.upper = upper;
    } else if (!this.contradicted) {
      const low = Math.max(this.lower, lower);
      const high = Math.min(this.upper, upper);
      if (low > high) this.contradicted = true;
      else {
        this.lower = low;
        this.upper = high;
      }
    }
    return { lower: this.lower, upper: this.upper };
  }
}
