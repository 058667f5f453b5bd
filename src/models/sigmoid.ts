/** The logistic function, as fast as serving needs it and the same on every machine: additions and multiplications only. */

/** Logits beyond ±30 are cut, so that probabilities stay strictly within (0, 1). */
const LIMIT = 30;
/** POWERS[i] = exp(30 - i / 16). */
const POWERS = Float64Array.from({ length: 2 * LIMIT * 16 + 1 }, (_, i) => Math.exp(LIMIT - i / 16));

/**
 * Replaces the first `count` logits by their probabilities 1 / (1 + exp(-x)), with a relative error below 1e-11, within
 * (9e-14, 1 - 9e-14). NaN stays NaN.
 * exp(-x) is a table's value at the nearest sixteenth times a polynomial of degree 5: no branch depends on x's sign, which
 * no processor could guess, and the constants are literals, since V8 divides anew for every `1 / 6`.
 */
export function sigmoids(values: Float64Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const x = values[i];
    const y = Math.max(-30, Math.min(30, x));
    const step = ((y + 30) * 16 + 0.5) | 0;
    const r = step * 0.0625 - 30 - y;
    const r2 = r * r;
    const series =
      1 + r + r2 * (0.5 + r * 0.16666666666666666 + r2 * (0.041666666666666664 + r * 0.008333333333333333));
    values[i] = 1 / (1 + POWERS[step] * series);
  }
}

const single = new Float64Array(1);

/** One of them. */
export function sigmoid(x: number): number {
  single[0] = x;
  sigmoids(single, 1);
  return single[0];
}

export function logit(p: number): number {
  return Math.log(p / (1 - p));
}

/** -label · ln p - (1 - label) · ln(1 - p), nats. */
export function logLossOf(p: number, label: number): number {
  return -(label * Math.log(p) + (1 - label) * Math.log(1 - p));
}
