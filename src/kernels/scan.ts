/** Exact dot products of a query with many vectors, and the best of them. */
import { ShelfwiseError } from '../base/index.ts';
import { instantiateKernels, type KernelInstance, strideOf } from './module.ts';

/** Vectors held in the kernels' memory, to be scanned again and again. Not re-entrant: one call at a time, which one thread cannot break. */
export interface VectorScan {
  readonly rows: number;
  readonly dimension: number;
  /** out[r] = row r · query, f32 in a fixed order of summation: the same bits on every machine. */
  dot(query: Float32Array, out: Float32Array): void;
  /** out[i] = row rows[i] · query for the first `count` of `rows`; the same bits as `dot`. */
  dotAt(query: Float32Array, rows: Uint32Array, count: number, out: Float32Array): void;
  /** The k rows with the largest dot product, best first, equals by row number. Returns how many were written. */
  top(query: Float32Array, k: number, outRows: Uint32Array, outScores: Float32Array): number;
}

/** Rows of a block that `top` passes over when none of them can be among the best; the kernel's BLOCK. */
const BLOCK_ROWS = 256;
/** Rows that `dotAt` handles per call of the kernel. */
const GATHER_ROWS = 4096;
/** A scan whose rows are put one by one, each once and before it is asked: so that a large one need not hold the thread. */
export interface FillableScan extends VectorScan {
  /** Copies the vector that stands at `at` in `source` to a row. */
  put(row: number, source: Float32Array, at: number): void;
}

/** Copies `matrix` (rows x dimension, row-major) into the memory of a scan. See `createEmptyScan`. */
export function createScan(
  matrix: Float32Array,
  rows: number,
  dimension: number,
  options: { readonly topCapacity?: number } = {},
): VectorScan {
  const scan = createEmptyScan(rows, dimension, options);
  for (let row = 0; row < rows; row++) scan.put(row, matrix, row * dimension);
  return scan;
}

/**
 * Memory for `rows` vectors in the kernels: 4 bytes a number, the dimension rounded up to a multiple of 8. `topCapacity`
 * bounds the k of `top`; a larger k is an `OPTION_INVALID`.
 * Time of a scan: about 12 ns a row of 64 floats, 25 beyond the cache. `top` passes over blocks of rows that are too short
 * to be among the best: put long rows first, and few are looked at.
 */
export function createEmptyScan(
  rows: number,
  dimension: number,
  options: { readonly topCapacity?: number } = {},
): FillableScan {
  const topCapacity = Math.min(options.topCapacity ?? 1024, Math.max(rows, 1));
  const stride = strideOf(dimension);
  const { exports, regions } = instantiateKernels([
    rows * stride,
    stride,
    Math.max(topCapacity, GATHER_ROWS),
    Math.max(topCapacity, GATHER_ROWS, rows),
    BLOCK_ROWS,
    Math.ceil(rows / BLOCK_ROWS),
  ]);
  const [vectors, queryRegion, index, scores, scratch, bounds] = regions;
  const matrix = vectors.f32;
  // Both norms and the kernel's sums are rounded.
  const allowance = 1 + 1e-6 * (dimension + 8);

  const load = (query: Float32Array): void => {
    for (let i = 0; i < dimension; i++) queryRegion.f32[i] = query[i];
  };
  return {
    rows,
    dimension,
    put: (row, source, at) => {
      if (row >= rows) throw new ShelfwiseError('BUG', `row ${row} of a scan of ${rows}`);
      const to = row * stride;
      for (let i = 0; i < dimension; i++) matrix[to + i] = source[at + i];
      const block = Math.floor(row / BLOCK_ROWS);
      const length = norm(matrix, to, dimension);
      // A length that is not a number bounds nothing.
      bounds.f32[block] = Math.max(bounds.f32[block], Number.isNaN(length) ? Number.POSITIVE_INFINITY : length);
    },
    dot: (query, out) => {
      load(query);
      exports.dotRows(vectors.address, rows, stride, queryRegion.address, scores.address);
      for (let r = 0; r < rows; r++) out[r] = scores.f32[r];
    },
    dotAt: (query, rowNumbers, count, out) => {
      load(query);
      for (let from = 0; from < count; from += GATHER_ROWS) {
        const n = Math.min(GATHER_ROWS, count - from);
        for (let i = 0; i < n; i++) {
          const row = rowNumbers[from + i];
          if (row >= rows) throw new ShelfwiseError('BUG', `row ${row} of a scan of ${rows}`);
          index.u32[i] = row;
        }
        exports.dotGather(vectors.address, stride, index.address, n, queryRegion.address, scores.address);
        for (let i = 0; i < n; i++) out[from + i] = scores.f32[i];
      }
    },
    top: (query, k, outRows, outScores) => {
      const wanted = Math.min(k, rows);
      if (wanted > topCapacity) {
        throw new ShelfwiseError('OPTION_INVALID', `top ${k} of a scan with room for ${topCapacity}`);
      }
      load(query);
      const found = exports.topRows(
        vectors.address,
        rows,
        stride,
        queryRegion.address,
        wanted,
        index.address,
        scores.address,
        scratch.address,
        bounds.address,
        norm(query, 0, dimension) * allowance,
      );
      for (let i = 0; i < found; i++) {
        outRows[i] = index.u32[i];
        outScores[i] = scores.f32[i];
      }
      return found;
    },
  };
}

function norm(vectors: Float32Array, at: number, dimension: number): number {
  let squares = 0;
  for (let i = at; i < at + dimension; i++) squares += vectors[i] * vectors[i];
  return Math.sqrt(squares);
}

/** Rows of the block that `dotRows` copies at a time: 1,024 x 64 floats stay in the second-level cache. */
const BLOCK_WORDS = 65536;
interface BlockDot {
  readonly instance: KernelInstance;
  readonly blockRows: number;
}
/** One a stride, so that callers with vectors of different lengths do not evict each other: 256 kB each. */
const blockDots = new Map<number, BlockDot>();

function blockDotOf(stride: number): BlockDot {
  let made = blockDots.get(stride);
  if (made === undefined) {
    const blockRows = Math.max(1, Math.floor(BLOCK_WORDS / stride));
    made = { blockRows, instance: instantiateKernels([blockRows * stride, stride, blockRows]) };
    blockDots.set(stride, made);
  }
  return made;
}

/**
 * out[r] = matrix[r] · query for the first `rows` rows of `matrix` (row-major, `dimension` numbers a row).
 * The matrix is copied block by block, which costs about as much again as the products: for a matrix that is asked often,
 * `createScan`. The same bits as `VectorScan.dot`.
 */
export function dotRows(
  matrix: Float32Array,
  rows: number,
  dimension: number,
  query: Float32Array,
  out: Float32Array,
): void {
  const stride = strideOf(dimension);
  const { instance, blockRows } = blockDotOf(stride);
  const [block, queryRegion, scores] = instance.regions;
  queryRegion.f32.fill(0);
  for (let i = 0; i < dimension; i++) queryRegion.f32[i] = query[i];
  for (let from = 0; from < rows; from += blockRows) {
    const n = Math.min(blockRows, rows - from);
    copyRows(matrix.subarray(from * dimension, (from + n) * dimension), n, dimension, block.f32, stride);
    instance.exports.dotRows(block.address, n, stride, queryRegion.address, scores.address);
    for (let r = 0; r < n; r++) out[from + r] = scores.f32[r];
  }
}

/** Copies `rows` rows of `dimension` into rows of `stride`; what pads a row stays as it is and is multiplied by the query's zeros, or by zeros. */
function copyRows(source: Float32Array, rows: number, dimension: number, target: Float32Array, stride: number): void {
  if (stride === dimension) {
    target.set(rows * dimension === source.length ? source : source.subarray(0, rows * dimension));
    return;
  }
  for (let r = 0; r < rows; r++) {
    const from = r * dimension;
    const to = r * stride;
    for (let i = 0; i < dimension; i++) target[to + i] = source[from + i];
    for (let i = dimension; i < stride; i++) target[to + i] = 0;
  }
}
