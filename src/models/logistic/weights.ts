/** What serving reads of a logistic regression: its weights, how they predict, and how they become an epoch. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Epoch, EpochContent } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import { dotRows } from '../../kernels/index.ts';
import type { Contribution } from '../contract.ts';
import { sigmoids } from '../sigmoid.ts';

export const LOGISTIC_FAMILY = 'logistic';
const FORMAT = 1;

/**
 * logit = bias + Σ_j dense[j] · (x_j - means[j]) / scales[j] + Σ_s sparse[bucket_s]
 * Bucket 0 (missing) and buckets never learnt from weigh 0. A dense NaN counts as its column's mean.
 */
export interface LogisticWeights {
  bias: number;
  readonly dense: Float64Array;
  readonly means: Float64Array;
  readonly scales: Float64Array;
  /** One a bucket. */
  readonly sparse: Float32Array;
}

export function noWeights(encoder: EncoderShape, bias: number): LogisticWeights {
  return {
    bias,
    dense: new Float64Array(encoder.denseWidth),
    means: new Float64Array(encoder.denseWidth),
    scales: new Float64Array(encoder.denseWidth).fill(1),
    sparse: new Float32Array(encoder.buckets),
  };
}

/** Predicts with weights that may change between calls; after a change, `refold` must be called. */
export class LogisticPredictor {
  private readonly weights: LogisticWeights;
  /** Weights of the raw columns: dense[j] / scales[j]. */
  private readonly folded: Float32Array;
  private foldedBias = 0;
  private dots = new Float32Array(1024);

  constructor(weights: LogisticWeights) {
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
  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    const { weights, folded, foldedBias } = this;
    checkRows(batch, folded.length, rows, out.length);
    if (rows > this.dots.length) this.dots = new Float32Array(2 * rows);
    const { dots } = this;
    if (folded.length > 0) dotRows(batch.dense, rows, folded.length, folded, dots);
    for (let r = 0; r < rows; r++) out[r] = foldedBias + dots[r];
    addSparse(weights.sparse, batch, rows, out);
    for (let r = 0; r < rows; r++) {
      if (Number.isNaN(out[r])) out[r] = this.logitWithMissing(batch, r);
    }
    sigmoids(out, rows);
  }

  /** The logit of a row some of whose dense values are NaN. */
  private logitWithMissing(batch: FeatureBatch, row: number): number {
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

  contributions(encoder: EncoderShape, batch: FeatureBatch, row: number): readonly Contribution[] {
    checkRows(batch, this.folded.length, row + 1, row + 1);
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

function checkRows(batch: FeatureBatch, denseWidth: number, rows: number, room: number): void {
  if (batch.denseWidth !== denseWidth || rows > batch.rows || rows > room) {
    throw new RangeError(
      `${rows} rows of ${denseWidth} dense columns wanted; the batch has ${batch.rows} of ${batch.denseWidth}, there is room for ${room}`,
    );
  }
}

/** Only the buckets that weigh something are kept: thousands, not the 2^18 that there are. */
export function weightsToEpoch(weights: LogisticWeights, encoder: EncoderShape): EpochContent {
  const used: number[] = [];
  for (let b = 1; b < weights.sparse.length; b++) if (weights.sparse[b] !== 0) used.push(b);
  const buckets = Uint32Array.from(used);
  return {
    kind: 'model',
    meta: { family: LOGISTIC_FAMILY, format: FORMAT, encoder: encoder.hash, buckets: encoder.buckets },
    arrays: {
      bias: Float64Array.of(weights.bias),
      dense: weights.dense.slice(),
      means: weights.means.slice(),
      scales: weights.scales.slice(),
      sparseBuckets: buckets,
      sparseWeights: Float32Array.from(buckets, (bucket) => weights.sparse[bucket]),
    },
  };
}

export function weightsFromEpoch(epoch: Epoch, encoder: EncoderShape): LogisticWeights {
  const { meta, arrays } = epoch;
  if (meta.family !== LOGISTIC_FAMILY || meta.format !== FORMAT) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `${epoch.hash} is no logistic model that this version reads`);
  }
  requireEncoder(epoch, encoder);
  const dense = arrays.dense as Float64Array;
  const buckets = arrays.sparseBuckets as Uint32Array;
  const sparseWeights = arrays.sparseWeights as Float32Array;
  if (
    dense.length !== encoder.denseWidth ||
    buckets.length !== sparseWeights.length ||
    meta.buckets !== encoder.buckets
  ) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `the arrays of the model ${epoch.hash} do not fit each other`);
  }
  const sparse = new Float32Array(encoder.buckets);
  for (let i = 0; i < buckets.length; i++) sparse[buckets[i]] = sparseWeights[i];
  return {
    bias: (arrays.bias as Float64Array)[0],
    dense,
    means: arrays.means as Float64Array,
    scales: arrays.scales as Float64Array,
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
