// Gradients as whole numbers, their histograms by bin, and the rows of a node parted in two.
//
// A histogram is 256 pairs of f64 (gradient, hessian) a feature, 4 kB. Features stand in blocks of 8, 4, 2 or 1; the bins of a
// block are stored row by row, so that one load brings the bins of all its features.

/**
 * out[i] = (round(g · gScale), round(h · hScale)) of the row rows[i], as two i32, for i in [from, to); `gradients` holds
 * pairs of f32 by row. The scales are powers of two: only what lies below one unit is lost.
 * sums = the sums of both over the range, f64, exact.
 */
export function quantise(
  gradients: usize,
  rows: usize,
  from: u32,
  to: u32,
  gScale: f32,
  hScale: f32,
  out: usize,
  sums: usize,
): void {
  const scale = f32x4(gScale, hScale, 0, 0);
  let sum = f64x2.splat(0);
  for (let i: usize = from; i < <usize>to; i++) {
    const row = <usize>load<u32>(rows + (i << 2));
    const pair = v128.load64_zero(gradients + (row << 3));
    const whole = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(pair, scale)));
    v128.store64_lane(out + (i << 3), whole, 0);
    sum = f64x2.add(sum, f64x2.convert_low_i32x4_s(whole));
  }
  v128.store(sums, sum);
}

// @ts-ignore: decorator
@inline
function add(bin: usize, pair: v128, offset: usize): void {
  const at = bin + offset;
  v128.store(at, f64x2.add(v128.load(at), pair));
}

function accumulate8(bins: usize, rows: usize, pairs: usize, end: usize, histogram: usize): void {
  for (; rows < end; rows += 4, pairs += 8) {
    const at = bins + ((<usize>load<u32>(rows)) << 3);
    const pair = f64x2.convert_low_i32x4_s(v128.load64_zero(pairs));
    const low = load<u32>(at);
    const high = load<u32>(at, 4);
    add(histogram + ((low << 4) & 0xff0), pair, 0);
    add(histogram + ((low >> 4) & 0xff0), pair, 0x1000);
    add(histogram + ((low >> 12) & 0xff0), pair, 0x2000);
    add(histogram + ((low >> 20) & 0xff0), pair, 0x3000);
    add(histogram + ((high << 4) & 0xff0), pair, 0x4000);
    add(histogram + ((high >> 4) & 0xff0), pair, 0x5000);
    add(histogram + ((high >> 12) & 0xff0), pair, 0x6000);
    add(histogram + ((high >> 20) & 0xff0), pair, 0x7000);
  }
}

function accumulate4(bins: usize, rows: usize, pairs: usize, end: usize, histogram: usize): void {
  for (; rows < end; rows += 4, pairs += 8) {
    const low = load<u32>(bins + ((<usize>load<u32>(rows)) << 2));
    const pair = f64x2.convert_low_i32x4_s(v128.load64_zero(pairs));
    add(histogram + ((low << 4) & 0xff0), pair, 0);
    add(histogram + ((low >> 4) & 0xff0), pair, 0x1000);
    add(histogram + ((low >> 12) & 0xff0), pair, 0x2000);
    add(histogram + ((low >> 20) & 0xff0), pair, 0x3000);
  }
}

function accumulate2(bins: usize, rows: usize, pairs: usize, end: usize, histogram: usize): void {
  for (; rows < end; rows += 4, pairs += 8) {
    const low = <u32>load<u16>(bins + ((<usize>load<u32>(rows)) << 1));
    const pair = f64x2.convert_low_i32x4_s(v128.load64_zero(pairs));
    add(histogram + ((low << 4) & 0xff0), pair, 0);
    add(histogram + ((low >> 4) & 0xff0), pair, 0x1000);
  }
}

function accumulate1(bins: usize, rows: usize, pairs: usize, end: usize, histogram: usize): void {
  for (; rows < end; rows += 4, pairs += 8) {
    const bin = <usize>load<u8>(bins + <usize>load<u32>(rows));
    add(histogram + (bin << 4), f64x2.convert_low_i32x4_s(v128.load64_zero(pairs)), 0);
  }
}

/**
 * The histograms of one block: for every feature of it, the sums of the pairs of the rows rows[from .. to) by bin.
 * `size` is how many features the block has; the pairs stand in the order of `rows`.
 */
export function accumulate(
  size: u32,
  bins: usize,
  rows: usize,
  pairs: usize,
  from: u32,
  to: u32,
  histogram: usize,
): void {
  memory.fill(histogram, 0, (<usize>size) << 12);
  const first = rows + ((<usize>from) << 2);
  const end = rows + ((<usize>to) << 2);
  const pair = pairs + ((<usize>from) << 3);
  if (size == 8) accumulate8(bins, first, pair, end, histogram);
  else if (size == 4) accumulate4(bins, first, pair, end, histogram);
  else if (size == 2) accumulate2(bins, first, pair, end, histogram);
  else accumulate1(bins, first, pair, end, histogram);
}

/** minuend -= subtrahend, `size` features: the larger child is what its parent has and the smaller has not. */
export function subtract(size: u32, minuend: usize, subtrahend: usize): void {
  const end = minuend + ((<usize>size) << 12);
  for (; minuend < end; minuend += 32, subtrahend += 32) {
    v128.store(minuend, f64x2.sub(v128.load(minuend), v128.load(subtrahend)));
    v128.store(minuend, f64x2.sub(v128.load(minuend, 16), v128.load(subtrahend, 16)), 16);
  }
}

/**
 * Parts the rows [from, to) of a node, with their pairs: those whose bin's byte in `table` is 1 to the front of the same
 * range of the other arrays, the others to its end, in reverse. Returns where the others begin. Either way the rows of a node
 * stay in one direction of memory. A row is written to both ends and the end that it belongs to moves: no branch to guess.
 */
export function goLeft(
  column: usize,
  stride: u32,
  table: usize,
  rows: usize,
  pairs: usize,
  from: u32,
  to: u32,
  outRows: usize,
  outPairs: usize,
): u32 {
  let left = from;
  let right = to - 1;
  for (let i = from; i < to; i++) {
    const row = load<u32>(rows + ((<usize>i) << 2));
    const pair = load<u64>(pairs + ((<usize>i) << 3));
    const goes = <u32>load<u8>(table + <usize>load<u8>(column + <usize>row * <usize>stride));
    store<u32>(outRows + ((<usize>left) << 2), row);
    store<u64>(outPairs + ((<usize>left) << 3), pair);
    store<u32>(outRows + ((<usize>right) << 2), row);
    store<u64>(outPairs + ((<usize>right) << 3), pair);
    left += goes;
    right -= 1 - goes;
  }
  return left;
}

/**
 * Bins of one column: out[i] = 0 for NaN, else 1 + how many of the 255 ascending cuts lie below the value. `cuts` is padded
 * with +∞. Values stand `stride` floats apart, bins `outStride` bytes. Eight halvings without a branch.
 */
export function binColumn(values: usize, stride: u32, rows: u32, cuts: usize, out: usize, outStride: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    const x = load<f32>(values);
    let at = cuts;
    at = select<usize>(at + 512, at, load<f32>(at, 508) < x);
    at = select<usize>(at + 256, at, load<f32>(at, 252) < x);
    at = select<usize>(at + 128, at, load<f32>(at, 124) < x);
    at = select<usize>(at + 64, at, load<f32>(at, 60) < x);
    at = select<usize>(at + 32, at, load<f32>(at, 28) < x);
    at = select<usize>(at + 16, at, load<f32>(at, 12) < x);
    at = select<usize>(at + 8, at, load<f32>(at, 4) < x);
    at = select<usize>(at + 4, at, load<f32>(at) < x);
    store<u8>(out, select<u32>(<u32>((at - cuts) >> 2) + 1, 0, x == x));
    values += (<usize>stride) << 2;
    out += outStride;
  }
}
