/** A logistic learner's whole state, and back. */
import { ShelfwiseError } from '../../base/index.ts';
import type { EpochContent, Json } from '../../domain/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import { type Posterior, posteriorArrays, posteriorFromArrays } from '../glm/posterior.ts';
import { bucketsThat, requireEncoder, weightArrays, weightsFromArrays } from '../glm/weights.ts';
import { freshPosterior } from './fit.ts';
import { CELLS, type FtrlState, freshState } from './ftrl.ts';
import { type LogisticOptions, resolveLogisticOptions } from './options.ts';
import type { LogisticWeights } from './weights.ts';

const STATE_FAMILY = 'logistic-learner';
const FORMAT = 2;

export interface LogisticState {
  readonly options: Readonly<LogisticOptions>;
  readonly weights: LogisticWeights;
  readonly ftrl: FtrlState;
  readonly posterior: Posterior | undefined;
}

export function stateToContent(
  { options, weights, ftrl, posterior }: LogisticState,
  encoder: EncoderShape,
): EpochContent {
  const cells = ftrl.sparse;
  const buckets = bucketsThat(
    (b) =>
      weights.sparse[b] !== 0 ||
      cells[CELLS * b] !== 0 ||
      cells[CELLS * b + 1] !== 0 ||
      (posterior !== undefined && posterior.sparse[b] !== 0),
    weights.sparse.length,
  );
  const sparseState = new Float64Array(2 * buckets.length);
  buckets.forEach((bucket, i) => {
    sparseState[2 * i] = cells[CELLS * bucket];
    sparseState[2 * i + 1] = cells[CELLS * bucket + 1];
  });
  return {
    kind: 'model',
    meta: { family: STATE_FAMILY, format: FORMAT, encoder: encoder.hash, options: { ...options } as unknown as Json },
    arrays: {
      ...weightArrays(weights, buckets),
      denseState: ftrl.dense.slice(),
      sparseState,
      ...(posterior === undefined ? {} : posteriorArrays(posterior, buckets)),
    },
  };
}

/** Throws `EPOCH_CORRUPT`, `MODEL_ENCODER_MISMATCH`. */
export function stateFromContent(content: EpochContent, encoder: EncoderShape): LogisticState {
  if (content.meta.family !== STATE_FAMILY) {
    throw new ShelfwiseError(
      'EPOCH_CORRUPT',
      `the state of a ${String(content.meta.family)} is not that of a logistic learner`,
    );
  }
  requireEncoder(content, encoder);
  const options = resolveLogisticOptions(content.meta.options as Partial<LogisticOptions>);
  const { arrays } = content;
  // The first format called the buckets otherwise, and had no posterior.
  const buckets = (arrays.sparseBuckets ?? arrays.buckets) as Uint32Array;
  const weights = weightsFromArrays({ arrays: { ...arrays, sparseBuckets: buckets } }, encoder);
  const ftrl = freshState(encoder);
  const sparseState = arrays.sparseState as Float64Array;
  if (arrays.denseState?.length !== ftrl.dense.length || sparseState?.length !== 2 * buckets.length) {
    throw new ShelfwiseError('EPOCH_CORRUPT', 'the accumulators of a logistic learner do not fit its weights');
  }
  ftrl.dense.set(arrays.denseState as Float64Array);
  for (let i = 0; i < buckets.length; i++) {
    ftrl.sparse[CELLS * buckets[i]] = sparseState[2 * i];
    ftrl.sparse[CELLS * buckets[i] + 1] = sparseState[2 * i + 1];
    ftrl.sparse[CELLS * buckets[i] + 2] = weights.sparse[buckets[i]];
  }
  const isFirst = content.meta.format === undefined;
  const posterior = isFirst ? posteriorOfRoots(encoder, options, ftrl) : posteriorFromArrays(content, encoder);
  return { options, weights, ftrl, posterior };
}

/**
 * Σ g² estimates the curvature where predictions are calibrated, since the expected (p - label)² is p (1 - p): what is known
 * of the weights of a learner that kept no posterior.
 */
function posteriorOfRoots(encoder: EncoderShape, options: LogisticOptions, ftrl: FtrlState): Posterior | undefined {
  const posterior = freshPosterior(encoder, options);
  if (posterior === undefined) return undefined;
  for (let i = 0; i <= encoder.denseWidth; i++) posterior.precisions[i] += ftrl.dense[2 * i + 1] ** 2;
  for (let b = 1; b < encoder.buckets; b++) posterior.sparse[b] = ftrl.sparse[CELLS * b + 1] ** 2;
  return posterior;
}
