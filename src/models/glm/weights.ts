/** What models that are linear in their columns and slots have in common: weights, scores, and how they become an epoch. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Epoch, EpochContent } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import { dotRows } from '../../kernels/index.ts';
import type { Contribution } from '../contract.ts';

/**
 * score = bias + Σ_j dense[j] · (x_j - means[j]) / scales[j] + Σ_s sparse[bucket_s]
 * Bucket 0 (missing) and buckets never learnt from weigh 0. A dense NaN counts as its column's mean.
 */
export interface LinearWeights {
  bias: number;
  readonly dense: Float64Array;
  readonly means: Float64Array;
  readonly scales: Float64Array;
  /** One a bucket. */
  readonly sparse: Float32Array;
}

export function noWeights(encoder: EncoderShape, bias: number): LinearWeights {
  return {
    bias,
    dense: new Float64Array(encoder.denseWidth),
    means: new Float64Array(encoder.denseWidth),
    scales: new Float64Array(encoder.denseWidth).fill(1),
    sparse: new Float32Array(encoder.buckets),
  };
}

/**
 * Writes the standardised columns of a row to x[at ..], missing ones as 0.
 */
export function standardise(
  { means, scales }: Pick<LinearWeights, 'means' | 'scales'>,
  batch: FeatureBatch,
  row: number,
  x: Float64Array,
  at: number,
): void {
  const width = means.length;
  const from = row * width;
  for (let j = 0; j < width; j++) {
    const standard = (batch.dense[from + j] - means[j]) / scales[j];
    x[at + j] = Number.isNaN(standard) ? 0 : standard;
  }
}

/** Scores with weights that may change between calls; after a change, `refold` must be called. */
export class LinearScorer {
  private readonly weights: LinearWeights;
  /** Weights of the raw columns: dense[j] / scales[j]. */
  private readonly folded: Float32Array;
  private foldedBias = 0;
  private dots = new Float32Array(1024);

  constructor(weights: LinearWeights) {
    this.weights = weights;
    this.folded = new Float32Array(weights.dense.length);
    this.refold();
  }

  refold(): void {
    const { weights, folded } = this;
    let bias = weights.bias;
    for (let j = 0; j < folded.length; j++) {
      folded[j] = weights.dense[j] / weights.scales[j];
      bias -= folded[j] * weights.means[j];
    }
    this.foldedBias = bias;
  }

  /** The dense part by the SIMD kernel, in f32 with a fixed order of summation; the rest in f64. */
  score(batch: FeatureBatch, rows: number, out: Float64Array): void {
    const { weights, folded, foldedBias } = this;
    checkRoom(batch, folded.length, rows, out.length);
    if (rows > this.dots.length) this.dots = new Float32Array(2 * rows);
    const { dots } = this;
    if (folded.length > 0) dotRows(batch.dense, rows, folded.length, folded, dots);
    for (let r = 0; r < rows; r++) out[r] = foldedBias + dots[r];
    addSparse(weights.sparse, batch, rows, out);
    // NaN where a value is missing, or where 32 bits have overflowed.
    for (let r = 0; r < rows; r++) {
      if (!Number.isFinite(out[r])) out[r] = this.scoreByColumn(batch, r);
    }
  }

  /** The same in f64 throughout, missing values left out. */
  private scoreByColumn(batch: FeatureBatch, row: number): number {
    const { weights } = this;
    let sum = weights.bias;
    for (let j = 0; j < weights.dense.length; j++) sum += this.denseContribution(batch, row, j);
    for (let s = 0; s < batch.sparseWidth; s++) sum += weights.sparse[batch.sparse[row * batch.sparseWidth + s]];
    return sum;
  }

  private denseContribution(batch: FeatureBatch, row: number, column: number): number {
    const { dense, means, scales } = this.weights;
    const x = batch.dense[row * batch.denseWidth + column];
    return Number.isNaN(x) ? 0 : (dense[column] * (x - means[column])) / scales[column];
  }

  /** One a column and a slot of the encoder; slots of the batch beyond the encoder's are left out. */
  contributions(encoder: EncoderShape, batch: FeatureBatch, row: number): Contribution[] {
    checkRoom(batch, this.folded.length, row + 1, row + 1);
    const dense = encoder.denseNames.map((name, j) => ({ name, contribution: this.denseContribution(batch, row, j) }));
    const sparse = encoder.sparseNames.map((name, s) => ({
      name,
      contribution: this.weights.sparse[batch.sparse[row * batch.sparseWidth + s]],
    }));
    return [...dense, ...sparse];
  }
}

/**
 * out[r] += Σ_s sparse[slot_rs]: four slots at a time, so that their loads do not wait for each other, and without an inner
 * loop, which would cost more than they do.
 */
function addSparse(
  sparse: Float32Array,
  { sparse: slots, sparseWidth }: FeatureBatch,
  rows: number,
  out: Float64Array,
): void {
  const mask = sparse.length - 1;
  let s = 0;
  for (; s + 4 <= sparseWidth; s += 4) {
    for (let r = 0, at = s; r < rows; r++, at += sparseWidth) {
      const left = sparse[slots[at] & mask] + sparse[slots[at + 1] & mask];
      out[r] += left + (sparse[slots[at + 2] & mask] + sparse[slots[at + 3] & mask]);
    }
  }
  for (; s < sparseWidth; s++) {
    for (let r = 0, at = s; r < rows; r++, at += sparseWidth) out[r] += sparse[slots[at] & mask];
  }
}

/** Throws RangeError unless the batch has these columns and both it and the output have room for the rows. */
export function checkRoom(batch: FeatureBatch, denseWidth: number, rows: number, room: number): void {
  if (batch.denseWidth !== denseWidth || rows > batch.rows || rows > room) {
    throw new RangeError(
      `${rows} rows of ${denseWidth} dense columns wanted; the batch has ${batch.rows} of ${batch.denseWidth}, there is room for ${room}`,
    );
  }
}

/** The buckets for which `isUsed`, ascending: an epoch holds thousands, not the 2^18 that there are. Never bucket 0. */
export function bucketsThat(isUsed: (bucket: number) => boolean, buckets: number): Uint32Array {
  const used: number[] = [];
  for (let b = 1; b < buckets; b++) if (isUsed(b)) used.push(b);
  return Uint32Array.from(used);
}

export function weightArrays(weights: LinearWeights, buckets: Uint32Array): EpochContent['arrays'] {
  return {
    bias: Float64Array.of(weights.bias),
    dense: weights.dense.slice(),
    means: weights.means.slice(),
    scales: weights.scales.slice(),
    sparseBuckets: buckets,
    sparseWeights: Float32Array.from(buckets, (bucket) => weights.sparse[bucket]),
  };
}

/** Throws `EPOCH_CORRUPT` where the arrays do not fit the encoder or each other. */
export function weightsFromArrays(
  epoch: { readonly hash?: string; readonly arrays: Epoch['arrays'] },
  encoder: EncoderShape,
): LinearWeights {
  const { arrays } = epoch;
  const dense = arrays.dense as Float64Array;
  const buckets = arrays.sparseBuckets as Uint32Array;
  const sparseWeights = arrays.sparseWeights as Float32Array;
  if (
    arrays.bias?.length !== 1 ||
    buckets === undefined ||
    dense?.length !== encoder.denseWidth ||
    arrays.means?.length !== dense.length ||
    arrays.scales?.length !== dense.length ||
    buckets?.length !== sparseWeights?.length ||
    (buckets.length > 0 && buckets[buckets.length - 1] >= encoder.buckets)
  ) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `the arrays of the model ${epoch.hash ?? ''} do not fit each other`);
  }
  const sparse = new Float32Array(encoder.buckets);
  for (let i = 0; i < buckets.length; i++) sparse[buckets[i]] = sparseWeights[i];
  return {
    bias: (arrays.bias as Float64Array)[0],
    dense: dense.slice(),
    means: (arrays.means as Float64Array).slice(),
    scales: (arrays.scales as Float64Array).slice(),
    sparse,
  };
}

export function requireEncoder(
  epoch: { readonly hash?: string; readonly meta: Epoch['meta'] },
  encoder: EncoderShape,
): void {
  if (epoch.meta.encoder !== encoder.hash) {
    throw new ShelfwiseError(
      'MODEL_ENCODER_MISMATCH',
      `the model ${epoch.hash ?? ''} reads encoder ${String(epoch.meta.encoder)}, this one is ${encoder.hash}`,
    );
  }
}
