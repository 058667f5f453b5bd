/** Tests of a mean whose observations are skewed, as weights are. */

/** Sums of observations, and of their squares and cubes, about a value near their mean. */
export interface ThirdMoments {
  readonly count: number;
  /** Σ x, Σ x², Σ x³. */
  readonly first: number;
  readonly second: number;
  readonly third: number;
}

export interface SkewedTest {
  /** √n mean / s, s² the population variance. */
  readonly z: number;
  /** z corrected for skewness: nearly normal where z is not. */
  readonly corrected: number;
  /** (Σ x)² / Σ x² of an equivalent count of equal observations is for the caller to judge; this is the skewness γ. */
  readonly skewness: number;
}

/**
 * Whether the mean of x is 0: z = √n x̄ / s, and by Hall's monotone cubic z + γ z² / (3 √n) + γ² z³ / (27 n) + γ / (6 √n) (Hall 1992), γ the sample's skewness.
 * Means of importance weights are often a little below 1 with too small an s, since the large ones were not drawn: z alone then alarms too often.
 * Both 0 where all x are 0, infinite where they are all the same otherwise.
 */
export function skewedTest({ count, first, second, third }: ThirdMoments): SkewedTest {
  const mean = first / count;
  const variance = second / count - mean * mean;
  if (!(variance > 1e-14 * (second / count))) {
    const z = mean === 0 || count === 0 ? 0 : Math.sign(mean) * Number.POSITIVE_INFINITY;
    return { z, corrected: z, skewness: 0 };
  }
  const root = Math.sqrt(count);
  const z = (root * mean) / Math.sqrt(variance);
  const skewness = (third / count - (3 * mean * second) / count + 2 * mean ** 3) / variance ** 1.5;
  const corrected =
    z + (skewness * z * z) / (3 * root) + (skewness * skewness * z ** 3) / (27 * count) + skewness / (6 * root);
  return { z, corrected, skewness };
}
