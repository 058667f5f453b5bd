/** Whether a share fell, or only seems to have. */
import { logGamma } from '../../base/index.ts';

/** `count` of `total` examples. */
export interface Share {
  readonly count: number;
  readonly total: number;
}

/**
 * The chance of a count as low as `now`'s, or lower, if its share were still that of `before`: the exact conditional test of two Poisson
 * counts (Przyborowski and Wilenski 1940). Given n = a + b examples of the slice in both, a of them now, a is binomial with
 * q = T / (T + R), T and R the totals now and before; the chance is P(A ≤ a). Examples are taken for independent.
 * @returns in [0, 1]; 1 where there is nothing to compare
 */
export function chanceOfFewer(now: Share, before: Share): number {
  const n = now.count + before.count;
  if (n === 0 || !(now.total > 0) || !(before.total > 0)) return 1;
  return binomialAtMost(now.count, n, now.total / (now.total + before.total));
}

/** P(A ≤ a) of A binomial: the last term, and those below it, each the one above times a ratio. */
function binomialAtMost(a: number, n: number, q: number): number {
  if (a >= n) return 1;
  // From the mean on the sum is over most of the mass; callers only ask whether it is small.
  if (a >= n * q) return 1 - binomialAtMost(n - a - 1, n, 1 - q);
  const logTerm = logGamma(n + 1) - logGamma(a + 1) - logGamma(n - a + 1) + a * Math.log(q) + (n - a) * Math.log1p(-q);
  let [sum, relative] = [1, 1];
  for (let k = a; k > 0 && relative > 1e-17 * sum; k--) {
    relative *= (k * (1 - q)) / ((n - k + 1) * q);
    sum += relative;
  }
  return Math.min(1, Math.exp(logTerm) * sum);
}
