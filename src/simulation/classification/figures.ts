/** What several orders of the same data come to. */

/**
 * The two-sided 95% quantile of Student's t. The cumulative distribution is the closed sum for whole degrees of freedom
 * (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4), inverted by bisection to 1e-12.
 */
export function studentQuantile95(degreesOfFreedom: number): number {
  let low = 0;
  let high = 13;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (insideStudent(middle, degreesOfFreedom) < 0.95) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(|T| <= t). */
function insideStudent(t: number, degreesOfFreedom: number): number {
  const angle = Math.atan(t / Math.sqrt(degreesOfFreedom));
  const cosine = Math.cos(angle);
  const isOdd = degreesOfFreedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = degreesOfFreedom === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k < degreesOfFreedom; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

export interface MeanInterval {
  readonly mean: number;
  /** 95%, mean ± t s / √n over the orders: how well the mean over all orders is known. One order: null. */
  readonly interval: readonly [number, number] | null;
}

export function meanInterval(observed: readonly number[]): MeanInterval {
  const n = observed.length;
  const mean = observed.reduce((sum, one) => sum + one, 0) / n;
  if (n < 2) return { mean, interval: null };
  const variance = observed.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (n - 1);
  const half = studentQuantile95(n - 1) * Math.sqrt(variance / n);
  return { mean, interval: [mean - half, mean + half] };
}

/** The slope is of the last five doublings of t: how it goes on, not how it began. */
const DOUBLINGS = 5;
const POINTS_PER_DOUBLING = 4;

/**
 * Slope of the least-squares line of ln(cumulative regret after t rows) over ln t, at four points a doubling of t, for t from
 * n / 32 to n. Regret is against the right class always, which here is the loss itself: 1 where nothing is learnt, 1/2 where it
 * grows like √t, 0 where nothing is lost any more. NaN where nothing was lost at all.
 */
export function regretSlope(losses: Uint32Array): number {
  const xs: number[] = [];
  const ys: number[] = [];
  let before = 0;
  for (let i = DOUBLINGS * POINTS_PER_DOUBLING; i >= 0; i--) {
    const t = Math.round(losses.length * 2 ** (-i / POINTS_PER_DOUBLING));
    if (t <= before) continue;
    before = t;
    const regret = losses[t - 1];
    if (regret === 0) continue;
    xs.push(Math.log(t));
    ys.push(Math.log(regret));
  }
  const meanX = xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const meanY = ys.reduce((sum, y) => sum + y, 0) / ys.length;
  let covariance = 0;
  let variance = 0;
  for (const [i, x] of xs.entries()) {
    covariance += (x - meanX) * (ys[i] - meanY);
    variance += (x - meanX) ** 2;
  }
  return covariance / variance;
}
