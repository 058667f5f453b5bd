/** A block of dense rows in the kernels' memory: products with weights, and the gradients that weights learn from. */
import { instantiateModule, type ModuleExports, type Region, strideOf } from './module.ts';

interface GradientExports extends ModuleExports {
  dotRows(rows: number, count: number, stride: number, query: number, out: number): void;
  standardiseRows(rows: number, count: number, stride: number, means: number, inverses: number): void;
  dotWide(rows: number, count: number, stride: number, weights: number, out: number): void;
  addWeightedRows(rows: number, errors: number, count: number, stride: number, sums: number): void;
  addWeightedSquares(rows: number, factors: number, count: number, stride: number, sums: number): void;
  recallRows(kept: number, picked: number, count: number, stride: number, rows: number): void;
  ftrlStep(
    rows: number,
    errors: number,
    count: number,
    stride: number,
    z: number,
    roots: number,
    weights: number,
    query: number,
    alpha: number,
    beta: number,
    l1: number,
    l2: number,
  ): void;
}

export interface FtrlStepRates {
  readonly alpha: number;
  readonly beta: number;
  readonly l1: number;
  readonly l2: number;
}

/**
 * `capacity` rows of `width` floats, each padded with zeros to `stride`. All arrays are live views of the kernels' memory:
 * callers fill them and read what a call has written. Sums are in a fixed order: the same bits on every machine.
 */
export interface RowBlock {
  readonly capacity: number;
  readonly stride: number;
  /** capacity x stride, row-major; what pads a row must stay 0. */
  readonly rows: Float32Array;
  /** kept x stride: rows that stand ready for `recall`. */
  readonly kept: Float32Array;
  /** capacity: which of them the next `recall` copies. */
  readonly picked: Uint32Array;
  /** stride each: what `standardise` takes off columns, and then multiplies them by. */
  readonly means: Float32Array;
  readonly inverses: Float32Array;
  /** stride: what `dot` multiplies rows with. */
  readonly query: Float32Array;
  /** capacity. */
  readonly dots: Float32Array;
  /** capacity: what each row weighs in a gradient. */
  readonly errors: Float32Array;
  /** stride each: the accumulators of `ftrlStep`, and the weights of it and of `dotWide`. */
  readonly z: Float64Array;
  readonly roots: Float64Array;
  readonly weights: Float64Array;
  /** capacity each: what `dotWide` writes and `addWeighted` reads. */
  readonly wideDots: Float64Array;
  readonly wideErrors: Float64Array;
  /** stride: where `addWeighted` adds up. */
  readonly sums: Float64Array;
  /**
   * Replaces each number x of the first `count` rows by (x - mean) · inverse of its column within ±10⁶, NaN by 0: what is
   * learnt from a row stays finite, whatever finite numbers it has.
   */
  standardise(count: number): void;
  /** kept[at + r] = rows[r] for the first `count` rows. */
  keep(count: number, at: number): void;
  /** rows[i] = kept[picked[i]] for the first `count`. */
  recall(count: number): void;
  /** dots[r] = rows[r] · query for the first `count` rows, in 32 bits. */
  dot(count: number): void;
  /** wideDots[r] = rows[r] · weights for the first `count` rows, in 64 bits. */
  dotWide(count: number): void;
  /** sums[j] += Σ_r wideErrors[r] rows[r][j] over the first `count` rows, in 64 bits. */
  addWeighted(count: number): void;
  /** sums[j] += Σ_r wideErrors[r] rows[r][j]² over the first `count` rows, in 64 bits. */
  addWeightedSquares(count: number): void;
  /**
   * One step of FTRL-proximal by the first `count` rows together; `query` then holds the new weights as floats. With
   * g_r = errors[r] rows[r][j]:
   *   n' = n + Σ g_r²,   z += Σ g_r - (√n' - √n) / α · w,   w = 0 if |z| <= l1, else -(z - sign(z) l1) / ((β + √n') / α + l2)
   */
  ftrlStep(count: number, rates: FtrlStepRates): void;
}

/** @param keptRows how many rows may be kept beside the block; stride floats each */
export function createRowBlock(width: number, capacity: number, keptRows = 0): RowBlock {
  const stride = strideOf(width);
  const { exports, regions } = instantiateModule<GradientExports>('gradients', [
    capacity * stride,
    stride,
    capacity,
    capacity,
    2 * stride,
    2 * stride,
    2 * stride,
    2 * capacity,
    2 * capacity,
    2 * stride,
    stride,
    stride,
    capacity,
    keptRows * stride,
  ]);
  const [rows, query, dots, errors, z, roots, weights, wideDots, wideErrors, sums, means, inverses, picked, kept] =
    regions;
  return {
    capacity,
    stride,
    rows: rows.f32,
    means: means.f32,
    inverses: inverses.f32,
    query: query.f32,
    dots: dots.f32,
    errors: errors.f32,
    z: wide(z),
    roots: wide(roots),
    weights: wide(weights),
    wideDots: wide(wideDots),
    wideErrors: wide(wideErrors),
    sums: wide(sums),
    kept: kept.f32,
    picked: picked.u32,
    keep: (count, at) => kept.f32.set(rows.f32.subarray(0, count * stride), at * stride),
    recall: (count) => exports.recallRows(kept.address, picked.address, count, stride, rows.address),
    standardise: (count) => exports.standardiseRows(rows.address, count, stride, means.address, inverses.address),
    dot: (count) => exports.dotRows(rows.address, count, stride, query.address, dots.address),
    dotWide: (count) => exports.dotWide(rows.address, count, stride, weights.address, wideDots.address),
    addWeighted: (count) => exports.addWeightedRows(rows.address, wideErrors.address, count, stride, sums.address),
    addWeightedSquares: (count) =>
      exports.addWeightedSquares(rows.address, wideErrors.address, count, stride, sums.address),
    ftrlStep: (count, { alpha, beta, l1, l2 }) =>
      exports.ftrlStep(
        rows.address,
        errors.address,
        count,
        stride,
        z.address,
        roots.address,
        weights.address,
        query.address,
        alpha,
        beta,
        l1,
        l2,
      ),
  };
}

function wide({ f32 }: Region): Float64Array {
  return new Float64Array(f32.buffer, f32.byteOffset, f32.length / 2);
}
