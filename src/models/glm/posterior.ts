/**
 * A Gaussian over the weights of a linear model: a full covariance for a chosen block of coordinates (the bias and dense
 * columns), a variance each for all others. Coordinate 0 is the bias, 1 + j dense column j; then come the buckets.
 *
 *   A_block = prior I + Σ_r h_r x_r x_rᵀ,   q_i = prior + Σ_r h_r x_ri²     (x standardised, x_0 = 1, 1 for a bucket that is set)
 *
 * h is the curvature of the row's loss: its weight for squared error, weight · p (1 - p) for log loss (Laplace's method;
 * Chapelle & Li 2011, algorithm 3, for the diagonal). What rows say of coordinates together is kept within the block alone: a
 * variance beyond it is too small where columns overlap.
 */
import { requireTexts, ShelfwiseError } from '../../base/index.ts';
import type { Epoch, EpochContent } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import { BucketTable } from './bucket-table.ts';
import { addOuter, PrecisionFactor } from './precision-factor.ts';

/** 8 MiB of factor, and 0.3 ms a row learnt. */
const LARGEST_BLOCK = 1024;

/** The bias and the named dense columns (all, when none is named), as coordinates. Throws `OPTION_INVALID`. */
export function blockOf(owner: string, encoder: EncoderShape, names: readonly string[]): Uint32Array {
  requireTexts(owner, 'block', names);
  const columns = names.length === 0 ? encoder.denseNames.map((_, j) => j) : names.map((name) => columnOf(name));
  function columnOf(name: string): number {
    const column = encoder.denseNames.indexOf(name);
    if (column >= 0) return column;
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: block names "${name}", which is no dense column`);
  }
  const block = Uint32Array.from([0, ...columns.map((column) => 1 + column)]).sort();
  if (new Set(block).size < block.length) {
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: block names a column twice`);
  }
  if (block.length > LARGEST_BLOCK) {
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: a block of ${block.length} of at most ${LARGEST_BLOCK}`);
  }
  return block;
}

export interface Gathering {
  /** Of one row: as `Posterior.add`. */
  add(x: Float64Array, slots: Uint32Array, from: number, to: number, curvature: number): void;
  finish(): void;
}

export class Posterior {
  readonly prior: number;
  /** Coordinates in the block, ascending; none for a diagonal posterior. */
  readonly block: Uint32Array;
  factor: PrecisionFactor;
  /** Coordinates 0 .. denseWidth that are not in the block. */
  readonly single: Uint32Array;
  /** Precision of each coordinate 0 .. denseWidth; those of the block are not used. */
  readonly precisions: Float64Array;
  /** Precision of each bucket, above the prior. */
  readonly sparse: Float64Array;
  private readonly part: Float64Array;
  private readonly solved: Float64Array;
  /** Of one row: how often each bucket has stood in it. */
  private readonly repeats = new BucketTable();

  constructor(encoder: Pick<EncoderShape, 'denseWidth' | 'buckets'>, prior: number, block: Uint32Array) {
    this.prior = prior;
    this.block = block;
    this.factor = PrecisionFactor.ofPrior(block.length, prior);
    this.precisions = new Float64Array(encoder.denseWidth + 1).fill(prior);
    this.sparse = new Float64Array(encoder.buckets);
    const inBlock = new Set(block);
    this.single = Uint32Array.from(this.precisions.keys()).filter((i) => !inBlock.has(i));
    this.part = new Float64Array(block.length);
    this.solved = new Float64Array(block.length);
  }

  /** Learns of one row: x has denseWidth + 1 entries, the buckets are slots[from .. to). O(block²). */
  add(x: Float64Array, slots: Uint32Array, from: number, to: number, curvature: number): void {
    if (curvature === 0) return;
    this.addSingle(x, slots, from, to, curvature);
    if (this.block.length > 0) this.factor.add(this.blockPart(x), curvature);
  }

  /**
   * Learns of many rows at once, where there is no block: squares[i] = Σ_r h_r x_ri² of the coordinates 0 .. denseWidth, and of
   * the first rows of the batch h.
   */
  addSquares(squares: Float64Array, batch: FeatureBatch, h: Float64Array): void {
    const { precisions, sparse } = this;
    for (let i = 0; i < squares.length; i++) precisions[i] += squares[i];
    const slots = batch.sparse;
    const { sparseWidth } = batch;
    for (let r = 0, s = 0; r < h.length; r++) {
      for (const end = s + sparseWidth; s < end; s++) if (slots[s] !== 0) sparse[slots[s]] += h[r];
    }
  }

  private addSingle(x: Float64Array, slots: Uint32Array, from: number, to: number, curvature: number): void {
    const { single, precisions, sparse } = this;
    for (let k = 0; k < single.length; k++) {
      const i = single[k];
      precisions[i] += curvature * x[i] * x[i];
    }
    for (let s = from; s < to; s++) if (slots[s] !== 0) sparse[slots[s]] += curvature;
  }

  /** Learns of many rows, and factors the block once, when it is told that they were all. The block begins at the prior. */
  gathering(): Gathering {
    const { block, prior } = this;
    const size = block.length;
    const matrix = new Float64Array((size * (size + 1)) / 2);
    for (let k = 0, at = 0; k < size; at += size - k, k++) matrix[at] = prior;
    return {
      add: (x, slots, from, to, curvature) => {
        if (curvature === 0) return;
        this.addSingle(x, slots, from, to, curvature);
        if (size > 0) addOuter(matrix, size, this.blockPart(x), curvature);
      },
      finish: () => {
        this.factor = PrecisionFactor.ofMatrix(size, matrix);
      },
    };
  }

  /** The variance of the row's score: xᵀ A⁻¹ x. A bucket that stands in two slots counts as 2. */
  variance(x: Float64Array, slots: Uint32Array, from: number, to: number): number {
    const { single, precisions, sparse, prior, repeats } = this;
    let sum = this.block.length > 0 ? this.factor.variance(this.blockPart(x)) : 0;
    for (let k = 0; k < single.length; k++) {
      const i = single[k];
      sum += (x[i] * x[i]) / precisions[i];
    }
    repeats.begin(to - from);
    for (let s = from; s < to; s++) {
      const bucket = slots[s];
      if (bucket === 0) continue;
      // (m + 1)² - m² = 2 m + 1.
      const share = 1 + 2 * repeats.count(bucket);
      sum += share / (prior + sparse[bucket]);
    }
    return sum;
  }

  /**
   * steps[i] = (A⁻¹ x)_i for the coordinates 0 .. denseWidth; that of a bucket is 1 / (prior + sparse[bucket]).
   */
  solve(x: Float64Array, steps: Float64Array): void {
    const { single, precisions, block, solved } = this;
    for (let k = 0; k < single.length; k++) {
      const i = single[k];
      steps[i] = x[i] / precisions[i];
    }
    if (block.length === 0) return;
    this.factor.solve(this.blockPart(x), solved);
    for (let k = 0; k < block.length; k++) steps[block[k]] = solved[k];
  }

  /** out[at ..] = coordinates 0 .. denseWidth as vectors whose products are the covariances of these parts of rows' scores. */
  whiten(x: Float64Array, out: Float64Array, at: number): void {
    const { single, precisions, block } = this;
    for (let k = 0; k < single.length; k++) out[at + single[k]] = x[single[k]] / Math.sqrt(precisions[single[k]]);
    if (block.length === 0) return;
    const part = this.blockPart(x);
    this.factor.whiten(part, part);
    for (let k = 0; k < block.length; k++) out[at + block[k]] = part[k];
  }

  /** Replaces standard normal coordinates 0 .. denseWidth by errors of the weights: a draw from N(0, A⁻¹). */
  spread(z: Float64Array): void {
    const { single, precisions, block } = this;
    for (let k = 0; k < single.length; k++) z[single[k]] /= Math.sqrt(precisions[single[k]]);
    if (block.length === 0) return;
    const part = this.blockPart(z);
    this.factor.spread(part, part);
    for (let k = 0; k < block.length; k++) z[block[k]] = part[k];
  }

  private blockPart(x: Float64Array): Float64Array {
    const { block, part } = this;
    for (let k = 0; k < block.length; k++) part[k] = x[block[k]];
    return part;
  }
}

export function posteriorArrays(posterior: Posterior, buckets: Uint32Array): EpochContent['arrays'] {
  return {
    precisionPrior: Float64Array.of(posterior.prior),
    precisions: posterior.precisions.slice(),
    precisionBlock: posterior.block,
    precisionFactor: posterior.factor.packed.slice(),
    sparsePrecisions: Float64Array.from(buckets, (bucket) => posterior.sparse[bucket]),
  };
}

/** Undefined where the arrays hold none. Throws `EPOCH_CORRUPT` where they do not fit each other. */
export function posteriorFromArrays(
  epoch: { readonly hash?: string; readonly arrays: Epoch['arrays'] },
  encoder: EncoderShape,
): Posterior | undefined {
  const { arrays } = epoch;
  if (arrays.precisionPrior === undefined) return undefined;
  const block = arrays.precisionBlock as Uint32Array;
  const packed = arrays.precisionFactor as Float64Array;
  const precisions = arrays.precisions as Float64Array;
  const buckets = arrays.sparseBuckets as Uint32Array;
  const sparse = arrays.sparsePrecisions as Float64Array;
  if (
    precisions?.length !== encoder.denseWidth + 1 ||
    packed?.length !== (block?.length * (block?.length + 1)) / 2 ||
    sparse?.length !== buckets?.length
  ) {
    throw new ShelfwiseError(
      'EPOCH_CORRUPT',
      `the posterior of the model ${epoch.hash ?? ''} does not fit its weights`,
    );
  }
  const posterior = new Posterior(encoder, arrays.precisionPrior[0], block.slice());
  posterior.factor = new PrecisionFactor(block.length, packed.slice());
  posterior.precisions.set(precisions);
  for (let i = 0; i < buckets.length; i++) posterior.sparse[buckets[i]] = sparse[i];
  return posterior;
}
