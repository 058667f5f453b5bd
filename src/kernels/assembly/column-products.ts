// Sums over the rows of a block of columns, for the moments of pairs of columns. A column is f64, its rows padded with zeros to
// a multiple of 2.

/** Σ values. */
export function sumOf(values: usize, count: u32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  const end = values + ((<usize>count) << 3);
  for (; values + 24 < end; values += 32) {
    a = f64x2.add(a, v128.load(values));
    b = f64x2.add(b, v128.load(values, 16));
  }
  let sum = total(f64x2.add(a, b));
  for (; values < end; values += 8) sum += load<f64>(values);
  return sum;
}

/**
 * d = values[r] - mean in place of each value, 0 in place of NaN; weighted[r] = weights[r] · d and squares[r] = weighted[r] · d. Without
 * `weights` (0) they are 1, and `weighted` is not written. Returns Σ weighted.
 */
export function depart(
  values: usize,
  weights: usize,
  count: u32,
  mean: f64,
  weighted: usize,
  squares: usize,
): f64 {
  const means = f64x2.splat(mean);
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < (<usize>count) << 3; at += 16) {
    const x = v128.load(values + at);
    const d = v128.and(f64x2.sub(x, means), f64x2.eq(x, x));
    v128.store(values + at, d);
    let w = d;
    if (weights != 0) {
      w = f64x2.mul(v128.load(weights + at), d);
      v128.store(weighted + at, w);
    }
    v128.store(squares + at, f64x2.mul(w, d));
    sum = f64x2.add(sum, w);
  }
  return total(sum);
}

/**
 * out[i][j] = left[i] · right[j] over `count` rows; columns stand `stride` bytes apart, `out` has `width` f64 a row. With
 * `upper` only where j ≥ i, and anything elsewhere.
 */
export function multiplyColumns(
  left: usize,
  lefts: u32,
  right: usize,
  rights: u32,
  count: u32,
  stride: u32,
  out: usize,
  width: u32,
  upper: bool,
): void {
  const step = <usize>stride;
  const bytes = (<usize>((count + 1) & ~1)) << 3;
  for (let i: u32 = 0; i < lefts; i += 2) {
    const pair = i + 1 < lefts;
    const a = left + <usize>i * step;
    const to = out + ((<usize>i * width) << 3);
    for (let j: u32 = upper ? i & ~3 : 0; j < rights; j += 4) {
      const b = right + <usize>j * step;
      const at = to + ((<usize>j) << 3);
      if (pair && j + 3 < rights) {
        multiplyTile(a, a + step, b, step, bytes, at, at + ((<usize>width) << 3));
        continue;
      }
      for (let k: u32 = 0; k < 4 && j + k < rights; k++) {
        const column = b + <usize>k * step;
        store<f64>(at + ((<usize>k) << 3), dot(a, column, bytes));
        if (pair) store<f64>(at + ((<usize>(width + k)) << 3), dot(a + step, column, bytes));
      }
    }
  }
}

function dot(a: usize, b: usize, bytes: usize): f64 {
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < bytes; at += 16)
    sum = f64x2.add(sum, f64x2.mul(v128.load(a + at), v128.load(b + at)));
  return total(sum);
}

/** Two columns by four, of which each number is loaded once. */
function multiplyTile(
  a: usize,
  b: usize,
  columns: usize,
  step: usize,
  bytes: usize,
  outA: usize,
  outB: usize,
): void {
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  let b0 = f64x2.splat(0);
  let b1 = f64x2.splat(0);
  let b2 = f64x2.splat(0);
  let b3 = f64x2.splat(0);
  const second = columns + step;
  const third = second + step;
  const fourth = third + step;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(a + at);
    const y = v128.load(b + at);
    let column = v128.load(columns + at);
    a0 = f64x2.add(a0, f64x2.mul(x, column));
    b0 = f64x2.add(b0, f64x2.mul(y, column));
    column = v128.load(second + at);
    a1 = f64x2.add(a1, f64x2.mul(x, column));
    b1 = f64x2.add(b1, f64x2.mul(y, column));
    column = v128.load(third + at);
    a2 = f64x2.add(a2, f64x2.mul(x, column));
    b2 = f64x2.add(b2, f64x2.mul(y, column));
    column = v128.load(fourth + at);
    a3 = f64x2.add(a3, f64x2.mul(x, column));
    b3 = f64x2.add(b3, f64x2.mul(y, column));
  }
  store<f64>(outA, total(a0));
  store<f64>(outA, total(a1), 8);
  store<f64>(outA, total(a2), 16);
  store<f64>(outA, total(a3), 24);
  store<f64>(outB, total(b0));
  store<f64>(outB, total(b1), 8);
  store<f64>(outB, total(b2), 16);
  store<f64>(outB, total(b3), 24);
}

// @ts-ignore: decorator
@inline
function total(lanes: v128): f64 {
  return f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);
}
