// What alternating least squares needs: weighted Gram matrices and their Cholesky solutions, for many rows a call.
//
// A matrix is stride x stride floats, row-major, of which only the upper triangle (rounded out to tiles) is read and
// written. stride is a multiple of 8.

import { lanesSum } from './scan';

/** Rows gathered before one update of the matrix: 64 rows of 64 floats, twice, stay in the first-level cache. */
const GATHER: u32 = 64;

/**
 * matrix += leftᵀ · right over `count` rows; upper triangle. With right = w ∘ left this is Σ w f fᵀ.
 * Tiles of 4 x 8 are kept in registers over all rows of the block.
 */
export function accumulateBlock(matrix: usize, left: usize, right: usize, count: u32, stride: u32): void {
  const bytes = (<usize>stride) << 2;
  const end = left + <usize>count * bytes;
  for (let i: usize = 0; i < bytes; i += 16) {
    for (let j: usize = i & ~31; j < bytes; j += 32) {
      const tile = matrix + i * <usize>stride + j;
      let a0 = v128.load(tile);
      let b0 = v128.load(tile, 16);
      let a1 = v128.load(tile + bytes);
      let b1 = v128.load(tile + bytes, 16);
      let a2 = v128.load(tile + 2 * bytes);
      let b2 = v128.load(tile + 2 * bytes, 16);
      let a3 = v128.load(tile + 3 * bytes);
      let b3 = v128.load(tile + 3 * bytes, 16);
      let l = left + i;
      let r = right + j;
      while (l < end) {
        const ra = v128.load(r);
        const rb = v128.load(r, 16);
        const l0 = v128.load32_splat(l);
        a0 = f32x4.add(a0, f32x4.mul(l0, ra));
        b0 = f32x4.add(b0, f32x4.mul(l0, rb));
        const l1 = v128.load32_splat(l, 4);
        a1 = f32x4.add(a1, f32x4.mul(l1, ra));
        b1 = f32x4.add(b1, f32x4.mul(l1, rb));
        const l2 = v128.load32_splat(l, 8);
        a2 = f32x4.add(a2, f32x4.mul(l2, ra));
        b2 = f32x4.add(b2, f32x4.mul(l2, rb));
        const l3 = v128.load32_splat(l, 12);
        a3 = f32x4.add(a3, f32x4.mul(l3, ra));
        b3 = f32x4.add(b3, f32x4.mul(l3, rb));
        l += bytes;
        r += bytes;
      }
      v128.store(tile, a0);
      v128.store(tile, b0, 16);
      v128.store(tile + bytes, a1);
      v128.store(tile + bytes, b1, 16);
      v128.store(tile + 2 * bytes, a2);
      v128.store(tile + 2 * bytes, b2, 16);
      v128.store(tile + 3 * bytes, a3);
      v128.store(tile + 3 * bytes, b3, 16);
    }
  }
}

/** row[from ..] -= factor * pivot[from ..], whole vectors: `from` and the end are multiples of 16 bytes. */
// @ts-ignore: decorator
@inline
function subtractScaled(row: usize, pivot: usize, factor: f32, from: usize, bytes: usize): void {
  const f = f32x4.splat(factor);
  for (let at = from; at < bytes; at += 16) {
    v128.store(row + at, f32x4.sub(v128.load(row + at), f32x4.mul(f, v128.load(pivot + at))));
  }
}

/**
 * Factors matrix = UᵀU in place (upper triangle) and solves matrix · x = b into x; b is overwritten.
 * Returns 0 when the matrix is not positive definite, and then x is undefined; 1 otherwise.
 */
export function solveNormal(matrix: usize, b: usize, x: usize, stride: u32): u32 {
  const bytes = (<usize>stride) << 2;
  // Four pivot rows at a time: finish them among themselves, then subtract all four from every row below at once.
  for (let k: usize = 0; k < bytes; k += 16) {
    const p0 = matrix + k * <usize>stride;
    for (let r: usize = 0; r < 4; r++) {
      const row = p0 + r * bytes;
      for (let s: usize = 0; s < r; s++) {
        const above = p0 + s * bytes;
        subtractScaled(row, above, load<f32>(above + k + (r << 2)), k, bytes);
      }
      const pivot = load<f32>(row + k + (r << 2));
      if (!(pivot > 0)) return 0;
      const scale = f32x4.splat(1 / sqrt<f32>(pivot));
      for (let at = k; at < bytes; at += 16) v128.store(row + at, f32x4.mul(v128.load(row + at), scale));
    }
    const p1 = p0 + bytes;
    const p2 = p1 + bytes;
    const p3 = p2 + bytes;
    for (let i = k + 16; i < bytes; i += 8) {
      // Two rows below at a time share the loads of the pivots.
      const row0 = matrix + (i) * <usize>stride;
      const row1 = row0 + bytes;
      const f00 = v128.load32_splat(p0 + i);
      const f01 = v128.load32_splat(p1 + i);
      const f02 = v128.load32_splat(p2 + i);
      const f03 = v128.load32_splat(p3 + i);
      const f10 = v128.load32_splat(p0 + i, 4);
      const f11 = v128.load32_splat(p1 + i, 4);
      const f12 = v128.load32_splat(p2 + i, 4);
      const f13 = v128.load32_splat(p3 + i, 4);
      for (let at = i & ~15; at < bytes; at += 16) {
        const v0 = v128.load(p0 + at);
        const v1 = v128.load(p1 + at);
        const v2 = v128.load(p2 + at);
        const v3 = v128.load(p3 + at);
        v128.store(
          row0 + at,
          f32x4.sub(
            v128.load(row0 + at),
            f32x4.add(
              f32x4.add(f32x4.mul(f00, v0), f32x4.mul(f01, v1)),
              f32x4.add(f32x4.mul(f02, v2), f32x4.mul(f03, v3)),
            ),
          ),
        );
        v128.store(
          row1 + at,
          f32x4.sub(
            v128.load(row1 + at),
            f32x4.add(
              f32x4.add(f32x4.mul(f10, v0), f32x4.mul(f11, v1)),
              f32x4.add(f32x4.mul(f12, v2), f32x4.mul(f13, v3)),
            ),
          ),
        );
      }
    }
  }
  // Uᵀ y = b, y in place of b. Below the diagonal of a row stand leftovers of the factorisation: the part of a vector
  // that lies left of the diagonal is handled one by one.
  for (let k: usize = 0; k < bytes; k += 4) {
    const row = matrix + k * <usize>stride;
    const y = load<f32>(b + k) / load<f32>(row + k);
    store<f32>(b + k, y);
    let at = k + 4;
    while ((at & 15) != 0) {
      store<f32>(b + at, load<f32>(b + at) - y * load<f32>(row + at));
      at += 4;
    }
    subtractScaled(b, row, y, at, bytes);
  }
  // U x = y.
  for (let k = bytes; k > 0; ) {
    k -= 4;
    const row = matrix + k * <usize>stride;
    let rest = load<f32>(b + k);
    let at = k + 4;
    while ((at & 15) != 0) {
      rest -= load<f32>(row + at) * load<f32>(x + at);
      at += 4;
    }
    let sum = f32x4.splat(0);
    for (; at < bytes; at += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(row + at), v128.load(x + at)));
    store<f32>(x + k, (rest - lanesSum(sum)) / load<f32>(row + k));
  }
  return 1;
}

/**
 * One half of an iteration: for each row r of [from, to) of a sparse matrix,
 *   out[r] = (gram + Σ (c - 1) f fᵀ)⁻¹ Σ c f   over its entries (f = factors[columns[e]], c = confidences[e] >= 1),
 * and zeros for a row without entries. starts: u32 per row + 1; columns: u32; confidences: f32.
 * scratch: stride * (stride + 2 * 64 + 1) floats.
 * Returns the number of rows done; fewer than to - from when a system was not positive definite.
 */
export function solveRows(
  gram: usize,
  factors: usize,
  starts: usize,
  columns: usize,
  confidences: usize,
  from: u32,
  to: u32,
  stride: u32,
  out: usize,
  scratch: usize,
): u32 {
  const bytes = (<usize>stride) << 2;
  const matrixBytes = bytes * <usize>stride;
  const matrix = scratch;
  const left = matrix + matrixBytes;
  const right = left + <usize>GATHER * bytes;
  const b = right + <usize>GATHER * bytes;
  for (let row = from; row < to; row++) {
    const start = load<u32>(starts + ((<usize>row) << 2));
    const end = load<u32>(starts + ((<usize>row) << 2), 4);
    const x = out + <usize>row * bytes;
    if (start == end) {
      memory.fill(x, 0, bytes);
      continue;
    }
    memory.copy(matrix, gram, matrixBytes);
    memory.fill(b, 0, bytes);
    for (let at = start; at < end; at += GATHER) {
      const n = min(GATHER, end - at);
      for (let e: u32 = 0; e < n; e++) {
        const entry = (<usize>(at + e)) << 2;
        const f = factors + <usize>load<u32>(columns + entry) * bytes;
        const c = v128.load32_splat(confidences + entry);
        const weight = f32x4.sub(c, f32x4.splat(1));
        const l = left + <usize>e * bytes;
        const r = right + <usize>e * bytes;
        for (let i: usize = 0; i < bytes; i += 16) {
          const v = v128.load(f + i);
          v128.store(l + i, v);
          v128.store(r + i, f32x4.mul(weight, v));
          v128.store(b + i, f32x4.add(v128.load(b + i), f32x4.mul(c, v)));
        }
      }
      accumulateBlock(matrix, left, right, n, stride);
    }
    if (solveNormal(matrix, b, x, stride) == 0) return row - from;
  }
  return to - from;
}
