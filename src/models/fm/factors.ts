/**
 * The pairwise part of a factorisation machine (Rendle 2010): each column and each bucket has k factors, and
 *
 *   Σ_{i<j} <v_i, v_j> x_i x_j = ½ Σ_f [(Σ_i v_if x_i)² - Σ_i v_if² x_i²]                     O(k n)
 *
 * over a row's standardised columns and its slots (x = 1). A missing value and a bucket never learnt from have no factors.
 */
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import { standardise } from '../glm/weights.ts';

export interface Factors {
  /** Numbers a coordinate. */
  readonly k: number;
  /** denseWidth x k. */
  readonly dense: Float64Array;
  /** buckets x k; 0 where nothing was learnt. */
  readonly sparse: Float32Array;
}

export function noFactors(encoder: Pick<EncoderShape, 'denseWidth' | 'buckets'>, k: number): Factors {
  return { k, dense: new Float64Array(encoder.denseWidth * k), sparse: new Float32Array(encoder.buckets * k) };
}

/**
 * Leaves in `sums` the k sums Σ_i v_if x_i of a row; returns its pairwise part. columns[at ..] are its standardised columns,
 * slots[from .. to) its buckets.
 */
export function pairwise(
  { k, dense, sparse }: Factors,
  columns: Float64Array | Float32Array,
  at: number,
  width: number,
  slots: Uint32Array,
  from: number,
  to: number,
  sums: Float64Array,
): number {
  const squares = sumColumns(dense, k, columns, at, width, sums);
  return pairsOf(sparse, k, squares, slots, from, to, sums);
}

/** Leaves the sums over the columns in `sums`; returns the sum of the squares. */
function sumColumns(
  dense: Float64Array,
  k: number,
  columns: Float64Array | Float32Array,
  at: number,
  width: number,
  sums: Float64Array,
): number {
  sums.fill(0);
  let squares = 0;
  for (let j = 0; j < width; j++) {
    const x = columns[at + j];
    if (x === 0) continue;
    const first = j * k;
    for (let f = 0; f < k; f++) {
      const term = dense[first + f] * x;
      sums[f] += term;
      squares += term * term;
    }
  }
  return squares;
}

/** Adds the slots to the sums and the squares of the columns; returns the pairwise part. */
function pairsOf(
  sparse: Float32Array,
  k: number,
  columnSquares: number,
  slots: Uint32Array,
  from: number,
  to: number,
  sums: Float64Array,
): number {
  let squares = columnSquares;
  for (let s = from; s < to; s++) {
    const first = slots[s] * k;
    if (first === 0) continue;
    for (let f = 0; f < k; f++) {
      const term = sparse[first + f];
      sums[f] += term;
      squares += term * term;
    }
  }
  let total = 0;
  for (let f = 0; f < k; f++) total += sums[f] * sums[f];
  return 0.5 * (total - squares);
}

/** Does a row have the columns of the row before it? Not where one is missing. */
function hasColumnsBefore({ dense, denseWidth }: FeatureBatch, r: number): boolean {
  for (let i = r * denseWidth, end = i + denseWidth; i < end; i++) if (dense[i] !== dense[i - denseWidth]) return false;
  return true;
}

/** Adds the pairwise part of rows to what stands in `out`, and shares it between columns and slots. */
export class PairwiseScorer {
  private readonly factors: Factors;
  private readonly scaling: { readonly means: Float64Array; readonly scales: Float64Array };
  private readonly columns: Float64Array;
  private readonly sums: Float64Array;
  /** Of the columns of a row, which the next row often has too: the same context with another candidate. */
  private readonly columnSums: Float64Array;

  constructor(factors: Factors, scaling: { readonly means: Float64Array; readonly scales: Float64Array }) {
    this.factors = factors;
    this.scaling = scaling;
    this.columns = new Float64Array(scaling.means.length);
    this.sums = new Float64Array(factors.k);
    this.columnSums = new Float64Array(factors.k);
  }

  addTo(batch: FeatureBatch, rows: number, out: Float64Array): void {
    const { factors, scaling, columns, sums, columnSums } = this;
    const { k, dense, sparse } = factors;
    const width = columns.length;
    const slots = batch.sparse;
    const { sparseWidth } = batch;
    let squares = 0;
    for (let r = 0; r < rows; r++) {
      if (r === 0 || !hasColumnsBefore(batch, r)) {
        standardise(scaling, batch, r, columns, 0);
        squares = sumColumns(dense, k, columns, 0, width, columnSums);
      }
      sums.set(columnSums);
      out[r] += pairsOf(sparse, k, squares, slots, r * sparseWidth, (r + 1) * sparseWidth, sums);
    }
  }

  private of(batch: FeatureBatch, r: number): number {
    const { factors, scaling, columns, sums } = this;
    const { sparse, sparseWidth } = batch;
    standardise(scaling, batch, r, columns, 0);
    return pairwise(factors, columns, 0, columns.length, sparse, r * sparseWidth, (r + 1) * sparseWidth, sums);
  }

  /**
   * One number a column and a slot: half of each product that it is part of, ½ Σ_f v_if x_i (Σ_j v_jf x_j - v_if x_i). They
   * sum to the row's pairwise part.
   */
  shares(batch: FeatureBatch, r: number): Float64Array {
    this.of(batch, r);
    const { factors, columns, sums } = this;
    const { k, dense, sparse } = factors;
    const width = columns.length;
    const shares = new Float64Array(width + batch.sparseWidth);
    for (let j = 0; j < width; j++) {
      for (let f = 0; f < k; f++) {
        const term = dense[j * k + f] * columns[j];
        shares[j] += 0.5 * term * (sums[f] - term);
      }
    }
    for (let s = 0; s < batch.sparseWidth; s++) {
      const bucket = batch.sparse[r * batch.sparseWidth + s];
      for (let f = 0; f < k; f++) {
        const term = sparse[bucket * k + f];
        shares[width + s] += 0.5 * term * (sums[f] - term);
      }
    }
    return shares;
  }
}
