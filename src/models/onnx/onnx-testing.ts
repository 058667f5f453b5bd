/** For tests of what is written as ONNX: rows of every kind, and how the reference runtime scores them. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createRng } from '../../base/index.ts';
import { createBatch, type EncoderShape, type FeatureBatch } from '../../features/index.ts';
import type { RewardModel } from '../contract.ts';

/** One thread: the machine's others belong to other tests. */
const SESSION: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 3,
};

/** Rows with ordinary, large and missing values, buckets that were learnt, that never were, and missing ones. */
export function rowsOfEveryKind(
  encoder: EncoderShape,
  rows: number,
  seed: number,
  like: FeatureBatch = createBatch(encoder, 1),
): FeatureBatch {
  const rng = createRng(seed);
  const batch = createBatch(encoder, rows);
  for (let r = 0; r < rows; r++) {
    const source = rng.below(like.rows);
    for (let j = 0; j < encoder.denseWidth; j++) {
      const kind = rng.uniform();
      const learnt = like.dense[source * encoder.denseWidth + j];
      batch.dense[r * encoder.denseWidth + j] =
        kind < 0.15 ? Number.NaN : kind < 0.2 ? rng.normal() * 100 : kind < 0.6 ? learnt : learnt + rng.normal();
    }
    for (let s = 0; s < encoder.sparseWidth; s++) {
      const kind = rng.uniform();
      const learnt = like.sparse[source * encoder.sparseWidth + s];
      batch.sparse[r * encoder.sparseWidth + s] = kind < 0.1 ? 0 : kind < 0.3 ? rng.below(encoder.buckets) : learnt;
    }
  }
  return batch;
}

/** `score` of each row, by onnxruntime-node. */
export async function scoresByRuntime(bytes: Uint8Array, batch: FeatureBatch): Promise<Float32Array> {
  const { rows, denseWidth, sparseWidth, dense, sparse } = batch;
  const session = await InferenceSession.create(bytes, SESSION);
  const feeds: Record<string, Tensor> = {};
  if (denseWidth > 0) feeds['dense'] = new Tensor('float32', dense, [rows, denseWidth]);
  if (sparseWidth > 0) {
    feeds['sparse'] = new Tensor('int64', BigInt64Array.from(sparse, BigInt), [rows, sparseWidth]);
  }
  const { score } = await session.run(feeds);
  if (score.dims.length !== 2 || score.dims[1] !== 1) throw new Error(`the score is [${score.dims}]`);
  await session.release();
  return score.data as Float32Array;
}

/**
 * The largest difference of scores between a model and its own export (or one of its files), over the rows: absolute up to
 * scores of 1, relative beyond, since the file computes in 32 bits.
 */
export async function exportError(model: RewardModel, batch: FeatureBatch, file?: Uint8Array): Promise<number> {
  const bytes = file ?? model.toOnnx?.();
  if (bytes === undefined) throw new Error(`${model.family} cannot be written as ONNX`);
  const ours = new Float64Array(batch.rows);
  model.predict(batch, batch.rows, ours);
  const theirs = await scoresByRuntime(bytes, batch);
  let largest = 0;
  for (let r = 0; r < batch.rows; r++) {
    const difference = Math.abs(ours[r] - theirs[r]) / Math.max(1, Math.abs(ours[r]));
    // NaN must not pass for a small difference.
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
