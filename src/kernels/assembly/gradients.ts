// The module that src/kernels/gradients.wasm is compiled from: what fitting linear models to dense rows repeats.
//
// Rows of `stride` floats, padded with zeros to a multiple of 8. What an optimum is searched by adds up in 64 bits; a step of
// FTRL, which a few rows make, in 32.

export { dotRows } from './scan';

/** Beyond it a square, times that of any sample weight, would leave the range of 32 bits. */
const LIMIT: f32 = 1e6;

/** rows[r][j] = (rows[r][j] - means[j]) · inverses[j] within ±LIMIT, NaN as 0, in place, for `count` rows. */
export function standardiseRows(rows: usize, count: u32, stride: u32, means: usize, inverses: usize): void {
  const bytes = (<usize>stride) << 2;
  const end = rows + <usize>count * bytes;
  const limit = f32x4.splat(LIMIT);
  const least = f32x4.splat(-LIMIT);
  for (; rows < end; rows += bytes) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = f32x4.mul(f32x4.sub(v128.load(rows + at), v128.load(means + at)), v128.load(inverses + at));
      v128.store(rows + at, f32x4.max(least, f32x4.min(limit, v128.and(x, f32x4.eq(x, x)))));
    }
  }
}

/** rows[i] = kept[picked[i]], for `count` rows. */
export function recallRows(kept: usize, picked: usize, count: u32, stride: u32, rows: usize): void {
  const bytes = (<usize>stride) << 2;
  const end = picked + ((<usize>count) << 2);
  for (; picked < end; picked += 4) {
    const from = kept + <usize>load<u32>(picked) * bytes;
    for (let at: usize = 0; at < bytes; at += 32) {
      const x = v128.load(from + at);
      const y = v128.load(from + at, 16);
      v128.store(rows + at, x);
      v128.store(rows + at, y, 16);
    }
    rows += bytes;
  }
}

/** out[r] = rows[r] · weights (f64), for `count` rows. */
export function dotWide(rows: usize, count: u32, stride: u32, weights: usize, out: usize): void {
  const bytes = (<usize>stride) << 2;
  for (let r: u32 = 0; r < count; r++) {
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    let c = f64x2.splat(0);
    let d = f64x2.splat(0);
    let weight = weights;
    for (let at: usize = 0; at < bytes; at += 32) {
      const x = v128.load(rows + at);
      const y = v128.load(rows + at, 16);
      a = f64x2.add(a, f64x2.mul(f64x2.promote_low_f32x4(x), v128.load(weight)));
      b = f64x2.add(b, f64x2.mul(f64x2.promote_low_f32x4(upper(x)), v128.load(weight, 16)));
      c = f64x2.add(c, f64x2.mul(f64x2.promote_low_f32x4(y), v128.load(weight, 32)));
      d = f64x2.add(d, f64x2.mul(f64x2.promote_low_f32x4(upper(y)), v128.load(weight, 48)));
      weight += 64;
    }
    const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
    store<f64>(out + ((<usize>r) << 3), f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
    rows += bytes;
  }
}

/** sums[j] += Σ_r errors[r] · rows[r][j] (errors and sums f64), for `count` rows. */
export function addWeightedRows(rows: usize, errors: usize, count: u32, stride: u32, sums: usize): void {
  const bytes = (<usize>stride) << 2;
  const end = rows + <usize>count * bytes;
  for (let j: usize = 0; j < bytes; j += 32) {
    const to = sums + 2 * j;
    let a = v128.load(to);
    let b = v128.load(to, 16);
    let c = v128.load(to, 32);
    let d = v128.load(to, 48);
    let error = errors;
    for (let row = rows + j; row < end; row += bytes) {
      const e = v128.load64_splat(error);
      const x = v128.load(row);
      const y = v128.load(row, 16);
      a = f64x2.add(a, f64x2.mul(e, f64x2.promote_low_f32x4(x)));
      b = f64x2.add(b, f64x2.mul(e, f64x2.promote_low_f32x4(upper(x))));
      c = f64x2.add(c, f64x2.mul(e, f64x2.promote_low_f32x4(y)));
      d = f64x2.add(d, f64x2.mul(e, f64x2.promote_low_f32x4(upper(y))));
      error += 8;
    }
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
}

/** sums[j] += Σ_r factors[r] · rows[r][j]² (factors and sums f64), for `count` rows. */
export function addWeightedSquares(rows: usize, factors: usize, count: u32, stride: u32, sums: usize): void {
  const bytes = (<usize>stride) << 2;
  const end = rows + <usize>count * bytes;
  for (let j: usize = 0; j < bytes; j += 16) {
    const to = sums + 2 * j;
    let a = v128.load(to);
    let b = v128.load(to, 16);
    let factor = factors;
    for (let row = rows + j; row < end; row += bytes) {
      const f = v128.load64_splat(factor);
      const x = v128.load(row);
      const low = f64x2.promote_low_f32x4(x);
      const high = f64x2.promote_low_f32x4(upper(x));
      a = f64x2.add(a, f64x2.mul(f, f64x2.mul(low, low)));
      b = f64x2.add(b, f64x2.mul(f, f64x2.mul(high, high)));
      factor += 8;
    }
    v128.store(to, a);
    v128.store(to, b, 16);
  }
}

/** The two upper floats, where the two lower ones stand. */
// @ts-ignore: decorator
@inline
function upper(x: v128): v128 {
  return i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
}

/**
 * One step of FTRL-proximal for all dense columns by `count` rows together: with g_r = errors[r] · rows[r][j] for column j,
 *   n' = n + Σ g_r²,   z += Σ g_r - (√n' - √n) / α · w,   w = 0 if |z| <= l1, else -(z - sign(z) l1) / ((β + √n') / α + l2).
 * z, roots (√n) and weights: f64, `stride` of them; query: the weights as floats.
 */
export function ftrlStep(
  rows: usize,
  errors: usize,
  count: u32,
  stride: u32,
  z: usize,
  roots: usize,
  weights: usize,
  query: usize,
  alpha: f64,
  beta: f64,
  l1: f64,
  l2: f64,
): void {
  const bytes = (<usize>stride) << 2;
  const end = rows + <usize>count * bytes;
  const rate = f64x2.splat(1 / alpha);
  const base = f64x2.splat(beta / alpha + l2);
  const threshold = f64x2.splat(l1);
  for (let j: usize = 0; j < bytes; j += 16) {
    let sum = f32x4.splat(0);
    let squares = f32x4.splat(0);
    let error = errors;
    for (let row = rows + j; row < end; row += bytes) {
      const g = f32x4.mul(v128.load32_splat(error), v128.load(row));
      sum = f32x4.add(sum, g);
      squares = f32x4.add(squares, f32x4.mul(g, g));
      error += 4;
    }
    const wide = 2 * j;
    const low = moveTwo(z + wide, roots + wide, weights + wide, sum, squares, rate, base, threshold);
    const high = moveTwo(
      z + wide + 16,
      roots + wide + 16,
      weights + wide + 16,
      upper(sum),
      upper(squares),
      rate,
      base,
      threshold,
    );
    v128.store(query + j, i8x16.shuffle(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
  }
}

/** Two columns; returns their weights as the two lower floats. */
// @ts-ignore: decorator
@inline
function moveTwo(
  z: usize,
  roots: usize,
  weights: usize,
  sum: v128,
  squares: v128,
  rate: v128,
  base: v128,
  threshold: v128,
): v128 {
  const root = v128.load(roots);
  const larger = f64x2.sqrt(f64x2.add(f64x2.mul(root, root), f64x2.promote_low_f32x4(squares)));
  const moved = f64x2.mul(f64x2.mul(f64x2.sub(larger, root), rate), v128.load(weights));
  const next = f64x2.add(v128.load(z), f64x2.sub(f64x2.promote_low_f32x4(sum), moved));
  const size = f64x2.max(f64x2.sub(f64x2.abs(next), threshold), f64x2.splat(0));
  const shrunk = f64x2.div(size, f64x2.add(f64x2.mul(larger, rate), base));
  // The weight has the sign that z has not; 0 is added so that none is -0.
  const sign = v128.andnot(f64x2.splat(-0.0), next);
  const weight = f64x2.add(v128.or(shrunk, sign), f64x2.splat(0));
  v128.store(z, next);
  v128.store(roots, larger);
  v128.store(weights, weight);
  return f32x4.demote_f64x2_zero(weight);
}
