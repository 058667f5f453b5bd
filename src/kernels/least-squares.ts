/**
 * Regularised weighted least squares over sparse rows: what alternating least squares repeats.
 * For a row with entries (column, confidence c >= 1) and the other side's factors f:
 *   x = (G + Σ (c - 1) f fᵀ)⁻¹ Σ c f,   G = FᵀF + λI
 * by Cholesky in 32-bit floats; deterministic on every machine.
 */
import { ShelfwiseError } from '../base/index.ts';
import { instantiateKernels, type KernelInstance, strideOf } from './module.ts';

/** Entries gathered before one update of the matrix; the kernel's GATHER. */
const GATHER = 64;
const scratchWords = (stride: number): number => stride * (stride + 2 * GATHER + 1);

/** A sparse matrix by rows: entries of row r are starts[r] .. starts[r + 1). */
export interface SparseRows {
  readonly starts: Uint32Array;
  readonly columns: Uint32Array;
  readonly confidences: Float32Array;
}

/** Both sides' factors and entries in the kernels' memory, for the many passes of a fit. */
export interface AlternatingSolver {
  /** Padded length of a factor. */
  readonly stride: number;
  /** Factors of side 0 and 1, rows of `stride`: live views, to be filled before and read after. */
  readonly factors: readonly [Float32Array, Float32Array];
  /** Recomputes the Gram matrix of the other side's factors, with `regularisation` on its diagonal: before a pass over `side`. */
  prepare(side: 0 | 1, regularisation: number): void;
  /** Solves rows [from, to) of `side`. Throws `BUG` when a system is not positive definite, which a positive regularisation excludes. */
  solve(side: 0 | 1, from: number, to: number): void;
  /** dimension x dimension: what `prepare` computed last, both triangles. */
  gram(): Float32Array;
}

export function createAlternatingSolver(
  sides: readonly [SparseRows, SparseRows],
  dimension: number,
): AlternatingSolver {
  const stride = strideOf(dimension);
  const rows = sides.map((side) => side.starts.length - 1);
  const { exports, regions } = instantiateKernels([
    rows[0] * stride,
    rows[1] * stride,
    stride * stride,
    scratchWords(stride),
    ...sides.flatMap((side) => [side.starts.length, side.columns.length, side.confidences.length]),
  ]);
  const [factors0, factors1, gram, scratch] = regions;
  const factors = [factors0, factors1] as const;
  sides.forEach((side, s) => {
    regions[4 + 3 * s].u32.set(side.starts);
    regions[5 + 3 * s].u32.set(side.columns);
    regions[6 + 3 * s].f32.set(side.confidences);
  });
  return {
    stride,
    factors: [factors0.f32, factors1.f32],
    prepare: (side, regularisation) => {
      const other = 1 - side;
      gram.f32.fill(0);
      // In blocks, so that a sum over a million rows keeps its low bits.
      const block = 4096;
      const partial = scratch.f32.subarray(0, stride * stride);
      for (let from = 0; from < rows[other]; from += block) {
        const at = factors[other].address + from * stride * 4;
        partial.fill(0);
        exports.accumulateBlock(scratch.address, at, at, Math.min(block, rows[other] - from), stride);
        for (let i = 0; i < partial.length; i++) gram.f32[i] += partial[i];
      }
      for (let i = 0; i < stride; i++) gram.f32[i * stride + i] += regularisation;
    },
    solve: (side, from, to) => {
      const base = 4 + 3 * side;
      const done = exports.solveRows(
        gram.address,
        factors[1 - side].address,
        regions[base].address,
        regions[base + 1].address,
        regions[base + 2].address,
        from,
        to,
        stride,
        factors[side].address,
        scratch.address,
      );
      if (done !== to - from)
        throw new ShelfwiseError('BUG', `the system of row ${from + done} is not positive definite`);
    },
    gram: () => {
      const square = new Float32Array(dimension * dimension);
      for (let i = 0; i < dimension; i++) {
        for (let j = 0; j < dimension; j++) {
          square[i * dimension + j] = gram.f32[Math.min(i, j) * stride + Math.max(i, j)];
        }
      }
      return square;
    },
  };
}

let shared: { readonly stride: number; readonly instance: KernelInstance } | undefined;

/**
 * The solution of one row, for a listener who is folded in: the same arithmetic, bit for bit, as `AlternatingSolver.solve`.
 * gram: dimension x dimension; factors: row-major; entry i is row `columns[i]` of factors with confidence `confidences[i]`,
 * for i < count. Writes `dimension` numbers into `out`; zeros when count is 0. Allocates nothing after the first call.
 * Throws `BUG` when the Gram matrix is not positive definite.
 */
export function solveRow(
  gram: Float32Array,
  factors: Float32Array,
  dimension: number,
  columns: Uint32Array,
  confidences: Float32Array,
  count: number,
  out: Float32Array,
): void {
  const stride = strideOf(dimension);
  if (shared === undefined || shared.stride !== stride) {
    shared = { stride, instance: instantiateKernels([stride * (stride + 2 * GATHER), stride, stride]) };
  }
  const { exports, regions } = shared.instance;
  const [work, b, x] = regions;
  const w = work.f32;
  if (stride === dimension) {
    w.set(gram);
  } else {
    w.fill(0, 0, stride * stride);
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j < dimension; j++) w[i * stride + j] = gram[i * dimension + j];
    }
    for (let i = dimension; i < stride; i++) w[i * stride + i] = 1;
  }
  const sum = b.f32;
  sum.fill(0);
  const left = stride * stride;
  const right = left + GATHER * stride;
  for (let from = 0; from < count; from += GATHER) {
    const n = Math.min(GATHER, count - from);
    for (let e = 0; e < n; e++) {
      const source = columns[from + e] * dimension;
      const confidence = confidences[from + e];
      const weight = Math.fround(confidence - 1);
      const l = left + e * stride;
      const r = right + e * stride;
      for (let i = 0; i < dimension; i++) {
        const f = factors[source + i];
        w[l + i] = f;
        w[r + i] = weight * f;
        sum[i] += Math.fround(confidence * f);
      }
      for (let i = dimension; i < stride; i++) {
        w[l + i] = 0;
        w[r + i] = 0;
      }
    }
    exports.accumulateBlock(work.address, work.address + 4 * left, work.address + 4 * right, n, stride);
  }
  if (count > 0 && exports.solveNormal(work.address, b.address, x.address, stride) === 0) {
    throw new ShelfwiseError('BUG', 'the Gram matrix of an embedding is not positive definite');
  }
  for (let i = 0; i < dimension; i++) out[i] = count > 0 ? x.f32[i] : 0;
}
