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
 * The x with P(Z <= x) = p for a standard normal Z, p in [0, 1]; -∞ at 0, ∞ at 1. Relative error about 1e-16 (Wichura 1988,
 * algorithm AS 241, PPND16); within (.075, .925) by additions, multiplications and one division. Throws `BUG` outside its domain.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (
      (q *
        (((((((r * 2509.0809287301227 + 33430.57558358813) * r + 67265.7709270087) * r + 45921.95393154987) * r +
          13731.69376550946) *
          r +
          1971.5909503065513) *
          r +
          133.14166789178438) *
          r +
          3.3871328727963665)) /
      (((((((r * 5226.495278852854 + 28729.085735721943) * r + 39307.89580009271) * r + 21213.794301586597) * r +
        5394.196021424751) *
        r +
        687.1870074920579) *
        r +
        42.31333070160091) *
        r +
        1)
    );
  }
  if (!(p >= 0 && p <= 1)) throw new ShelfwiseError('BUG', `normalQuantile(${p}) is outside its domain`);
  if (p === 0 || p === 1) return p === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const size = r <= 5 ? middle(r - 1.6) : far(r - 5);
  return q < 0 ? -size : size;
}

function middle(r: number): number {
  return (
    (((((((r * 0.0007745450142783414 + 0.022723844989269184) * r + 0.2417807251774506) * r + 1.2704582524523684) * r +
      3.6478483247632045) *
      r +
      5.769497221460691) *
      r +
      4.630337846156546) *
      r +
      1.4234371107496835) /
    (((((((r * 1.0507500716444169e-9 + 0.0005475938084995345) * r + 0.015198666563616457) * r + 0.14810397642748008) *
      r +
      0.6897673349851) *
      r +
      1.6763848301838038) *
      r +
      2.053191626637759) *
      r +
      1)
  );
}

function far(r: number): number {
  return (
    (((((((r * 2.0103343992922881e-7 + 2.7115555687434876e-5) * r + 0.0012426609473880784) * r + 0.026532189526576124) *
      r +
      0.29656057182850487) *
      r +
      1.7848265399172913) *
      r +
      5.463784911164114) *
      r +
      6.657904643501103) /
    (((((((r * 2.0442631033899397e-15 + 1.421511758316446e-7) * r + 1.8463183175100548e-5) * r +
      0.0007868691311456133) *
      r +
      0.014875361290850615) *
      r +
      0.1369298809227358) *
      r +
      0.599832206555888) *
      r +
      1)
  );
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
