/** Tails and quantiles of the normal and Student's t distribution, to 1e-12 relative. */
import { ShelfwiseError } from './errors.ts';

/** P(0 <= Z <= x) for a standard normal Z and |x| <= 3: erf's series with all terms of one sign (NIST DLMF 7.6.2). Odd in x. */
function normalCentre(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (x * x) / (2 * n + 1);
    sum += term;
  }
  return sum * normalDensity(x);
}

function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/** P(Z >= x) for a standard normal Z, in [0, 1]: the series below 2.5, Laplace's continued fraction above (NIST DLMF 7.9.1). */
export function normalTail(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 0) return 1 - normalTail(-x);
  if (x < 2.5) return 0.5 - normalCentre(x);
  let fraction = 0;
  for (let n = 200; n >= 1; n--) fraction = n / (x + fraction);
  return normalDensity(x) / (x + fraction);
}

/**
 * The x with P(Z <= x) = p. p in [0, 1]; -∞ at 0, ∞ at 1. Start by Abramowitz & Stegun 26.2.23 (error below 4.5e-4), then
 * Halley's steps on the tail, or about the median on the mass between it and x. Throws `BUG` outside its domain.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new ShelfwiseError('BUG', `normalQuantile(${p}) is outside its domain`);
  if (p > 0.5) return -lowerQuantile(1 - p, p - 0.5);
  return lowerQuantile(p, 0.5 - p);
}

/** The quantile of p <= 0.5, -∞..0; `centre` = 0.5 - p, given apart so that it keeps its digits. */
function lowerQuantile(p: number, centre: number): number {
  if (p === 0) return Number.NEGATIVE_INFINITY;
  const t = Math.sqrt(-2 * Math.log(p));
  let x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (let step = 0; step < 3; step++) {
    const density = normalDensity(x);
    if (density === 0) break;
    const excess = centre < 0.4 ? centre - normalCentre(x) : normalTail(x) - p;
    const newton = excess / density;
    x += newton / (1 - 0.5 * x * newton);
  }
  return centre === 0 ? 0 : -x;
}

/** Γ(a + ½) / Γ(a) for a > 0: the asymptotic series from 30 on (NIST DLMF 5.11.13), carried down by Γ's recurrence. */
function halfGammaRatio(a: number): number {
  let factor = 1;
  let n = a;
  for (; n < 30; n++) factor *= n / (n + 0.5);
  const r = 1 / n;
  const series =
    1 +
    r *
      (-1 / 8 +
        r *
          (1 / 128 +
            r * (5 / 1024 + r * (-21 / 32768 + r * (-399 / 262144 + r * (869 / 4194304 + r * (39325 / 33554432)))))));
  return factor * Math.sqrt(n) * series;
}

/** ln(1 + t² / df), also where t² is beyond a double. */
function logGrowth(t: number, df: number): number {
  const square = (t * t) / df;
  return square < 1e300 ? Math.log1p(square) : 2 * Math.log(Math.abs(t)) - Math.log(df);
}

function studentTDensity(t: number, df: number): number {
  return (halfGammaRatio(df / 2) / Math.sqrt(df * Math.PI)) * Math.exp(-0.5 * (df + 1) * logGrowth(t, df));
}

/** F(½, 1; c; -w) for w >= 0 by Gauss's continued fraction: its terms are all positive, so that nothing cancels (NIST DLMF 15.7). */
function halfFraction(c: number, w: number): number {
  let denominator = 1;
  let inverse = 0;
  let fraction = 1;
  for (let m = 0; m < 5000; m++) {
    const odd = ((0.5 + m) * (c - 1 + m) * w) / ((c + 2 * m - 1) * (c + 2 * m));
    inverse = 1 / (1 + odd * inverse);
    denominator = 1 + odd / denominator;
    fraction *= inverse * denominator;
    const even = ((m + 1) * (c - 0.5 + m) * w) / ((c + 2 * m) * (c + 2 * m + 1));
    inverse = 1 / (1 + even * inverse);
    denominator = 1 + even / denominator;
    const change = inverse * denominator;
    fraction *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return 1 / fraction;
}

/**
 * P(T >= t) for T of Student's distribution with df > 0 degrees of freedom (∞ is the normal), in [0, 1]: half the incomplete
 * beta function I_y(df/2, ½), y = df / (df + t²); near 0 as ½ less the series of the mass between 0 and t. Throws `BUG`
 * outside its domain.
 */
export function studentTTail(t: number, df: number): number {
  if (!(df > 0) || Number.isNaN(t)) throw new ShelfwiseError('BUG', `studentTTail(${t}, ${df}) is outside its domain`);
  if (df === Number.POSITIVE_INFINITY) return normalTail(t);
  if (t < 0) return 1 - studentTTail(-t, df);
  if (t === Number.POSITIVE_INFINITY) return 0;
  const square = t * t;
  const half = df / 2;
  const front = (halfGammaRatio(half) / Math.sqrt(Math.PI)) * Math.exp(-half * logGrowth(t, df));
  if (square > 3 || square > df) {
    return ((0.5 * front * Math.sqrt(1 + df / square)) / half) * halfFraction(half + 1, df / square);
  }
  const z = square / (df + square);
  let term = 1;
  let sum = 1;
  for (let n = 0; term > sum * 1e-17; n++) {
    term *= (z * (half + 0.5 + n)) / (1.5 + n);
    sum += term;
  }
  return 0.5 - front * Math.sqrt(z) * sum;
}

/**
 * The t with P(T <= t) = p for Student's distribution with df > 0 degrees of freedom. p in [0, 1]; -∞ at 0, ∞ at 1. Newton's
 * steps: on the tail from 0 where p is near the median (the tail is convex there), else on its logarithm over ln t, which
 * is concave, so that both come to the root from one side. Throws `BUG` outside its domain.
 */
export function studentTQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1 && df > 0)) {
    throw new ShelfwiseError('BUG', `studentTQuantile(${p}, ${df}) is outside its domain`);
  }
  if (df === Number.POSITIVE_INFINITY) return normalQuantile(p);
  if (p > 0.5) return upperStudentT(1 - p, df);
  return p === 0.5 ? 0 : -upperStudentT(p, df);
}

/** The t >= 0 with P(T >= t) = q <= 0.5. */
function upperStudentT(q: number, df: number): number {
  if (q === 0) return Number.POSITIVE_INFINITY;
  if (q > 0.1) {
    let t = 0;
    for (let step = 0; step < 60; step++) {
      const change = (studentTTail(t, df) - q) / studentTDensity(t, df);
      t += change;
      if (Math.abs(change) <= 4e-15 * t) break;
    }
    return t;
  }
  let t = -normalQuantile(q);
  for (let step = 0; step < 200; step++) {
    const tail = studentTTail(t, df);
    const change = ((Math.log(tail) - Math.log(q)) * tail) / (t * studentTDensity(t, df));
    t *= Math.exp(change);
    if (Math.abs(change) <= 4e-15) break;
  }
  return t;
}
