/** Bootstrap intervals: by group of listeners from resampled sums, and the plain one of independent values. */
import { normalQuantile, normalTail, requireWhole, ShelfwiseError } from '../../base/index.ts';
import type { GroupSums } from '../groups.ts';
import { type Functional, leaveOneOut, totalsOf } from './functional.ts';
import { type Interval, NOTHING_KNOWN, requireLevel, sortedQuantile } from './interval.ts';
import type { ResampledSums } from './resample.ts';

/** Resample → value of the estimate. Two estimates from the same resamples are paired. */
export function resampledValues(resampled: ResampledSums, functional: Functional): Float64Array {
  const { resamples, columns, sums } = resampled;
  return Float64Array.from({ length: resamples }, (_, b) => functional.value(sums, b * columns));
}

/**
 * From the α/2 to the 1 - α/2 quantile of the values of resamples (Efron 1979), α = 1 - level. Needs no variance; misses by O(1/√n) a side where the
 * estimate is skewed. NaN values (a lift over 0) count as neither end: [-∞, ∞] where there is one.
 */
export function percentileInterval(values: Float64Array, level = 0.95): Interval {
  requireLevel(level);
  if (values.length === 0 || values.some(Number.isNaN)) return NOTHING_KNOWN;
  const ascending = values.slice().sort();
  return { lower: sortedQuantile(ascending, (1 - level) / 2), upper: sortedQuantile(ascending, (1 + level) / 2) };
}

/** What shifts the quantiles of a bias-corrected, accelerated interval. */
export interface BcaShift {
  /** z₀ = Φ⁻¹(share of resampled values below the estimate, ties half). */
  readonly bias: number;
  /** a = Σ d³ / (6 (Σ d²)^{3/2}), d_g = mean of the leave-one-out values - that without g. */
  readonly acceleration: number;
}

/** Bias and acceleration of an estimate; `values` from resamples of the same groups. O(G columns). */
export function bcaShift(groups: GroupSums, functional: Functional, values: Float64Array): BcaShift {
  const estimate = functional.value(totalsOf(groups), 0);
  let below = 0;
  for (const value of values) below += value < estimate ? 1 : value === estimate ? 0.5 : 0;
  const without = leaveOneOut(groups, functional);
  const mean = without.reduce((sum, value) => sum + value, 0) / without.length;
  let [squares, cubes] = [0, 0];
  for (const value of without) {
    const d = mean - value;
    squares += d * d;
    cubes += d * d * d;
  }
  // Within half a resample of the ends, so that the bias is finite.
  const share = Math.min(1 - 0.5 / values.length, Math.max(0.5 / values.length, below / values.length));
  return { bias: normalQuantile(share), acceleration: squares > 0 ? cubes / (6 * squares ** 1.5) : 0 };
}

/**
 * The percentile interval at levels shifted for bias and skewness: Φ(z₀ + (z₀ + z) / (1 - a (z₀ + z))), z = ±z_{α/2} (Efron 1987); misses by O(1/n) a side.
 * Wants 1,000 resamples or more: the shifted levels lie further out.
 */
export function bcaInterval(values: Float64Array, shift: BcaShift, level = 0.95): Interval {
  requireLevel(level);
  if (values.length === 0 || values.some(Number.isNaN) || Number.isNaN(shift.acceleration)) return NOTHING_KNOWN;
  const ascending = values.slice().sort();
  const { bias, acceleration } = shift;
  const at = (z: number): number => {
    const sum = bias + z;
    const slack = 1 - acceleration * sum;
    // So skewed that the level has left (0, 1): the outermost resample.
    if (slack <= 0) return sum > 0 ? 1 : 0;
    return normalTail(-(bias + sum / slack));
  };
  const z = normalQuantile((1 - level) / 2);
  return { lower: sortedQuantile(ascending, at(z)), upper: sortedQuantile(ascending, at(-z)) };
}

/** Mean and percentile interval of the bootstrapped mean. */
export interface BootstrappedMean extends Interval {
  readonly mean: number;
}

/**
 * The plain bootstrap of the mean of independent values, as Open Bandit Pipeline has it: B means of n values drawn with replacement by
 * `drawIndex(n)`, their mean, and their percentile interval. It resamples rows: where listeners come back, use the one by group.
 * O(B n). Throws `OPTION_INVALID`, `BUG` where there are no values.
 */
export function bootstrapMean(
  values: ArrayLike<number>,
  resamples: number,
  drawIndex: (n: number) => number,
  level = 0.95,
): BootstrappedMean {
  requireWhole('bootstrap', 'resamples', resamples, 1, 10_000_000);
  const n = values.length;
  if (n === 0) throw new ShelfwiseError('BUG', 'a bootstrap of no values');
  const means = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[drawIndex(n)];
    means[b] = sum / n;
  }
  return { mean: means.reduce((sum, mean) => sum + mean, 0) / resamples, ...percentileInterval(means, level) };
}
