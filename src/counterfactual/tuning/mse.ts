import type { ContributionMoments, WeightMoments } from '../moments.ts';

export interface MseOptions {
  /** The chance that the bound of the bias fails. */
  readonly delta: number;
  /** Adds to the estimated bias what it may be off by, by Bernstein's bound: without, the estimate of a bias is as noisy as IPS. */
  readonly boundBias: boolean;
}

/**
 * The estimated mean squared error of an estimate: Var / n + bias². The bias is |mean_d Σ_rows (w - w̃) residual|, and with the bound
 * √(2 mean(w²) ln(2/δ) / n) + 2 max(w) ln(2/δ) / (3 n) more (Wang, Agarwal, Dudík 2017; Su et al. 2020, as Open Bandit Pipeline has
 * it), for rewards in [0, 1]. n decisions; mean and max of w over rows.
 */
export function estimatedMse(contributions: ContributionMoments, weights: WeightMoments, options: MseOptions): number {
  const { count, variance, bias } = contributions;
  let off = Math.abs(bias);
  if (options.boundBias) {
    const log = Math.log(2 / options.delta);
    off += Math.sqrt((2 * weights.meanSquare * log) / count) + (2 * weights.largest * log) / (3 * count);
  }
  return variance / count + off * off;
}

/** The number of the least value, the first of equals; -1 where none is a number. */
export function leastOf(values: readonly number[]): number {
  let best = -1;
  for (let index = 0; index < values.length; index++) {
    if (!Number.isNaN(values[index]) && (best < 0 || values[index] < values[best])) best = index;
  }
  return best;
}
