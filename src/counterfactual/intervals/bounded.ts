/**
 * Intervals and bounds of the mean of n independent observations that hold for every n: no limit theorem, but the range must be known before.
 * With a range read off the data (the largest observation) they are heuristics; the one-sided ones do as Open Bandit Pipeline does.
 */
import { requireRange, studentTQuantile } from '../../base/index.ts';
import { type Interval, NOTHING_KNOWN, requireLevel } from './interval.ts';

/** Moments of independent observations. */
export interface SampleMoments {
  readonly count: number;
  readonly mean: number;
  /** Population variance, Σ (x - mean)² / n. */
  readonly variance: number;
}

/** Mean ± R √(ln(2/α) / (2n)), α = 1 - level, R the width of the range that observations cannot leave (Hoeffding 1963). For w r with r in [0, 1], R is the largest weight that there can be. */
export function hoeffdingInterval(moments: SampleMoments, range: number, level = 0.95): Interval {
  requireLevel(level);
  requireRange('hoeffding', 'range', range, 0, Number.MAX_VALUE);
  if (moments.count < 1) return NOTHING_KNOWN;
  const margin = range * Math.sqrt(Math.log(2 / (1 - level)) / (2 * moments.count));
  return { lower: moments.mean - margin, upper: moments.mean + margin };
}

/**
 * Mean ± (√(2 s² ln(4/α) / n) + 7 R ln(4/α) / (3 (n - 1))), s² the unbiased variance: each side at α / 2 (Maurer and Pontil 2009, theorem 4, gives
 * ln(2/δ) a side). Narrower than Hoeffding's where the variance is far below R² / 4, as it is of weights that are seldom large.
 */
export function empiricalBernsteinInterval(moments: SampleMoments, range: number, level = 0.95): Interval {
  requireLevel(level);
  requireRange('empirical-bernstein', 'range', range, 0, Number.MAX_VALUE);
  const { count, mean, variance } = moments;
  if (count < 2) return NOTHING_KNOWN;
  const log = Math.log(4 / (1 - level));
  const margin = Math.sqrt((2 * variance * log) / (count - 1)) + (7 * range * log) / (3 * (count - 1));
  return { lower: mean - margin, upper: mean + margin };
}

/** mean - x_max √(ln(1/δ) / (2n)): holds with chance 1 - δ for x in [0, x_max]. */
export function hoeffdingLowerBound(moments: SampleMoments, largest: number, delta = 0.05): number {
  requireLevel(delta);
  return moments.mean - largest * Math.sqrt(Math.log(1 / delta) / (2 * moments.count));
}

/** mean - 7 x_max ln(2/δ) / (3 (n - 1)) - √(2 ln(2/δ) Var / (n - 1)), Var the population variance (Maurer and Pontil 2009). */
export function bernsteinLowerBound(moments: SampleMoments, largest: number, delta = 0.05): number {
  requireLevel(delta);
  const { count, mean, variance } = moments;
  const log = Math.log(2 / delta);
  return mean - (7 * largest * log) / (3 * (count - 1)) - Math.sqrt((2 * log * variance) / (count - 1));
}

/** mean - t_{1-δ, n-1} √(Var / (n - 1)), Var the population variance: by the limit theorem. */
export function studentTLowerBound(moments: SampleMoments, delta = 0.05): number {
  requireLevel(delta);
  const { count, mean, variance } = moments;
  return mean + studentTQuantile(delta, count - 1) * Math.sqrt(variance / (count - 1));
}
