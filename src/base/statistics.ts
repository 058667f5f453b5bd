/** Distribution functions, self-written so that tests of chance need no dependency. */
import { ShelfwiseError } from './errors.ts';

/** Lanczos' coefficients for g = 7 and nine terms (Godfrey 2001). */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln Γ(x) for x > 0, relative error below 1e-13 (Lanczos 1964). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  let sum: number = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i] / (shifted + i);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

/**
 * Upper regularised incomplete gamma function Q(a, x) = Γ(a, x) / Γ(a), in [0, 1], for a > 0, x >= 0.
 * Series of P below a + 1, Lentz's continued fraction above (NIST DLMF 8.11.4 and 8.9.2). Absolute error below 1e-12
 * for a up to 1e4, 1e-9 for a up to 1e6; O(√a) terms. Throws `BUG` outside its domain.
 */
export function upperGamma(a: number, x: number): number {
  if (!(a > 0 && x >= 0)) throw new ShelfwiseError('BUG', `upperGamma(${a}, ${x}) is outside its domain`);
  if (x === 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const most = 1000 + 40 * Math.sqrt(a);
  const factor = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < most && term > sum * 1e-17; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return Math.max(0, 1 - factor * sum);
  }
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < most; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = numerator * d + b;
    if (Math.abs(d) < tiny) d = tiny;
    c = b + numerator / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    const change = d * c;
    fraction *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return Math.min(1, factor * fraction);
}

/** P(X >= x) for X chi-square distributed with these degrees of freedom; 1 when there are none. */
export function chiSquareTail(x: number, degreesOfFreedom: number): number {
  return degreesOfFreedom === 0 ? 1 : upperGamma(degreesOfFreedom / 2, x / 2);
}

export interface ChiSquareSum {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
}

/**
 * Pearson's chi-square of counts over n categories against their probabilities, for `total` independent draws. Categories
 * that expect fewer than `leastExpected` are pooled into one, and that one into the smallest other when it is still too
 * small. Degrees of freedom: cells - 1, or 0 where fewer than two remain. A count where the probability is 0 makes the
 * statistic infinite.
 */
export function chiSquare(
  counts: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  total: number,
  leastExpected = 5,
): ChiSquareSum {
  let statistic = 0;
  let cells = 0;
  let pooledCount = 0;
  let pooledExpected = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let smallestCount = 0;
  for (let k = 0; k < counts.length; k++) {
    const expected = total * probabilities[k];
    if (counts[k] > 0 && !(expected > 0)) return { statistic: Number.POSITIVE_INFINITY, degreesOfFreedom: 1 };
    if (expected < leastExpected) {
      pooledCount += counts[k];
      pooledExpected += expected;
      continue;
    }
    statistic += (counts[k] - expected) ** 2 / expected;
    cells++;
    if (expected < smallest) {
      smallest = expected;
      smallestCount = counts[k];
    }
  }
  if (pooledExpected >= leastExpected) {
    statistic += (pooledCount - pooledExpected) ** 2 / pooledExpected;
    cells++;
  } else if (cells > 0) {
    statistic -= (smallestCount - smallest) ** 2 / smallest;
    statistic += (smallestCount + pooledCount - smallest - pooledExpected) ** 2 / (smallest + pooledExpected);
  }
  return cells < 2 ? { statistic: 0, degreesOfFreedom: 0 } : { statistic, degreesOfFreedom: cells - 1 };
}
