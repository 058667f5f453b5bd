/** Intervals of one look at fixed data. For looks at every time see `sequences/`. */
import { requireRange } from '../../base/index.ts';

/** An interval of a value, in its unit. [-∞, ∞] where the data say nothing. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

export const NOTHING_KNOWN: Interval = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };

/** The share of repetitions that an interval is to cover, (0, 1). Throws `OPTION_INVALID`. */
export function requireLevel(level: number): void {
  requireRange('interval', 'level', level, 1e-9, 1 - 1e-9);
}

/** Quantile of ascending values by linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, numpy's default); share in [0, 1]. */
export function sortedQuantile(ascending: Float64Array, share: number): number {
  const at = share * (ascending.length - 1);
  const below = Math.floor(at);
  const above = Math.min(ascending.length - 1, below + 1);
  return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
}
