/** Predictable bets: how large a stake the next observation gets, from those before it alone. */

/**
 * Regularised mean and variance of what was seen, with one imagined observation:
 * μ̂_t = min(1, (½ + Σ x_i) / (t + 1)), σ̂²_t = (¼ + Σ (x_i - μ̂_i)²) / (t + 1); μ̂_0 = ½, σ̂²_0 = ¼.
 * For observations of mean in [0, 1]; they themselves may lie outside it.
 */
export class PredictableMoments {
  count = 0;
  mean = 0.5;
  variance = 0.25;
  private sum = 0;
  private squares = 0;

  add(x: number): void {
    this.count++;
    this.sum += x;
    this.mean = Math.max(0, Math.min(1, (0.5 + this.sum) / (this.count + 1)));
    this.squares += (x - this.mean) ** 2;
    this.variance = (0.25 + this.squares) / (this.count + 1);
  }
}

/** λ_t = √(2 ln(1/α) / (σ̂²_{t-1} t ln(1 + t))) for the observation after `seen`: the predictable plug-in (Waudby-Smith and Ramdas 2024, eq. 26). */
export function plugInBet(seen: PredictableMoments, alpha: number): number {
  const t = seen.count + 1;
  return Math.sqrt((2 * Math.log(1 / alpha)) / (seen.variance * t * Math.log(1 + t)));
}

/** λ_t = min(1, √(8 ln(1/α) / (t ln(1 + t)))): the same for the largest variance that [0, 1] has. */
export function hoeffdingBet(seen: number, alpha: number): number {
  const t = seen + 1;
  return Math.min(1, Math.sqrt((8 * Math.log(1 / alpha)) / (t * Math.log(1 + t))));
}

/**
 * Approximate Kelly bet against the mean m: (μ̂ - m) / (σ̂² + (μ̂ - m)²), within [-s / (1 - m), s / m] so that no factor
 * 1 + λ (x - m) falls below 1 - s (Waudby-Smith and Ramdas 2024, appendix B.3). `share` is s in (0, 1].
 */
export function kellyBet(seen: PredictableMoments, m: number, share = 1): number {
  const gap = seen.mean - m;
  const bet = gap / (seen.variance + gap * gap);
  return Math.min(share / m, Math.max(-share / (1 - m), bet));
}
