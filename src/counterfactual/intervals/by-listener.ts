/** All intervals of an estimate by listener, from its table of group sums and one set of resamples. */
import type { GroupSums } from '../groups.ts';
import { normalInterval, studentTInterval } from './asymptotic.ts';
import { bcaInterval, bcaShift, percentileInterval, resampledValues } from './bootstrap.ts';
import { differenceOf, type Functional, liftOf, linearised } from './functional.ts';
import { type Interval, NOTHING_KNOWN } from './interval.ts';
import type { ResampledSums } from './resample.ts';

/** An estimate, its error by listener, and its intervals, all in the unit of the value. */
export interface ListenerIntervals {
  readonly value: number;
  readonly standardError: number;
  readonly groups: number;
  readonly normal: Interval;
  readonly studentT: Interval;
  /** Percentile bootstrap. */
  readonly percentile: Interval;
  /** Bias-corrected and accelerated bootstrap. */
  readonly bca: Interval;
}

/**
 * Intervals at `level` of the value of `functional`, resampled by group. `resampled` are resamples of `groups`. Fewer than two groups: [-∞, ∞].
 * Throws `OPTION_INVALID`.
 */
export function intervalsByListener(
  groups: GroupSums,
  resampled: ResampledSums,
  functional: Functional,
  level = 0.95,
): ListenerIntervals {
  const { value, standardError, groups: count } = linearised(groups, functional);
  const values = resampledValues(resampled, functional);
  const few = count < 2;
  return {
    value,
    standardError,
    groups: count,
    normal: normalInterval(value, standardError, level),
    studentT: studentTInterval(value, standardError, count - 1, level),
    percentile: few ? NOTHING_KNOWN : percentileInterval(values, level),
    bca: few ? NOTHING_KNOWN : bcaInterval(values, bcaShift(groups, functional, values), level),
  };
}

/** One policy against another from the same log: what both share cancels. */
export interface PairedComparison {
  /** a - b. */
  readonly difference: ListenerIntervals;
  /** a / b - 1; undefined where b is not above 0, or is not in some resample. */
  readonly lift: ListenerIntervals | undefined;
}

/** Difference and lift of `a` over `b`, both functions of the columns of the same groups, with paired intervals. Throws `OPTION_INVALID`. */
export function comparePaired(
  groups: GroupSums,
  resampled: ResampledSums,
  a: Functional,
  b: Functional,
  level = 0.95,
): PairedComparison {
  const base = intervalsByListener(groups, resampled, b, level);
  const positive = base.value > 0 && resampledValues(resampled, b).every((value) => value > 0);
  return {
    difference: intervalsByListener(groups, resampled, differenceOf(a, b), level),
    lift: positive ? intervalsByListener(groups, resampled, liftOf(a, b), level) : undefined,
  };
}
