import { studentTQuantile } from '../../base/index.ts';
import type { ContributionMoments } from '../moments.ts';

/** A candidate of a choice by SLOPE. */
export interface SlopeCandidate {
  readonly value: number;
  /** Half the width of the value's interval. */
  readonly halfWidth: number;
}

const LEPSKI = Math.sqrt(6) - 1;

/**
 * SLOPE (Su, Srinath, Krishnamurthy 2020, "Adaptive estimator selection for off-policy evaluation"; Lepski's principle with the
 * constant of Tucker, Lee 2021): candidates are walked from the widest interval, the least biased, to the narrowest; one is taken
 * while |V̂_j - V̂_i| <= c_i + (√6 - 1) c_j for every j taken before, and the last taken wins. No bias is estimated: it shows where the
 * intervals cease to meet. Of equal widths the later candidate is walked first. Returns its number, -1 for no candidate.
 */
export function chooseBySlope(candidates: readonly SlopeCandidate[]): number {
  const order = candidates.map((_, index) => index);
  order.sort((a, b) => candidates[a].halfWidth - candidates[b].halfWidth);
  order.reverse();
  const taken: SlopeCandidate[] = [];
  let last = -1;
  for (const index of order) {
    if (!meetsAll(candidates[index], taken)) return last;
    taken.push(candidates[index]);
    last = index;
  }
  return last;
}

/** Does the candidate's interval meet those of all that were taken before, in SLOPE's sense? */
export function meetsAll({ value, halfWidth }: SlopeCandidate, taken: readonly SlopeCandidate[]): boolean {
  return taken.every((earlier) => Math.abs(earlier.value - value) <= halfWidth + LEPSKI * earlier.halfWidth);
}

/** Value and t_{1-δ, n-1} √(Var / (n - 1)), Var the population variance: the candidate that a mean of n contributions is. */
export function slopeCandidate(moments: ContributionMoments, delta: number): SlopeCandidate {
  const { count, mean, variance } = moments;
  if (count < 2) return { value: mean, halfWidth: Number.POSITIVE_INFINITY };
  return { value: mean, halfWidth: -studentTQuantile(delta, count - 1) * Math.sqrt(variance / (count - 1)) };
}
