/** What serving reads of a logistic regression, how it predicts, and how it becomes an epoch. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Epoch, EpochContent, Json } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type { Contribution, Uncertainty } from '../contract.ts';
import { type Posterior, posteriorArrays, posteriorFromArrays } from '../glm/posterior.ts';
import { linearUncertainty } from '../glm/uncertainty.ts';
import {
  bucketsThat,
  LinearScorer,
  type LinearWeights,
  requireEncoder,
  standardise,
  weightArrays,
  weightsFromArrays,
} from '../glm/weights.ts';
import { sigmoids } from '../sigmoid.ts';
import { CrossedSlots } from './crosses.ts';
import { reach, type StepSizes } from './ftrl.ts';

export const LOGISTIC_FAMILY = 'logistic';
/** Without crosses, posterior and rates. */
const FIRST_FORMAT = 1;
const FORMAT = 2;

export type LogisticWeights = LinearWeights;

/** All of it. `posterior` and `steps` are absent where the model keeps none, `steps` also where it learns by Newton's rule. */
export interface LogisticParts {
  readonly weights: LogisticWeights;
  readonly crossNames: readonly (readonly [string, string])[];
  readonly posterior?: Posterior | undefined;
  readonly steps?: StepSizes | undefined;
}

/** Predicts with parts that may change between calls; after a change of the weights, `refold` must be called. */
export class LogisticPredictor {
  readonly parts: LogisticParts;
  readonly crosses: CrossedSlots;
  /** Absent where there is no posterior. */
  readonly uncertainty: Uncertainty | undefined;
  private readonly encoder: EncoderShape;
  private readonly scorer: LinearScorer;
  private readonly row: Float64Array;

  constructor(encoder: EncoderShape, parts: LogisticParts) {
    this.encoder = encoder;
    this.parts = parts;
    this.crosses = new CrossedSlots(encoder, parts.crossNames);
    this.scorer = new LinearScorer(parts.weights);
    this.row = new Float64Array(encoder.denseWidth + 1).fill(1);
    const { weights, posterior } = parts;
    if (posterior !== undefined) {
      const { scorer, crosses } = this;
      this.uncertainty = linearUncertainty({
        weights,
        posterior,
        scorer,
        expand: (batch, rows) => crosses.expand(batch, rows),
        noise: 1,
        link: 'logistic',
      });
    }
  }

  refold(): void {
    this.scorer.refold();
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.scorer.score(this.crosses.expand(batch, rows), rows, out);
    sigmoids(out, rows);
  }

  /** Of a batch that is expanded already. */
  logits(expanded: FeatureBatch, rows: number, out: Float64Array): void {
    this.scorer.score(expanded, rows, out);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    const expanded = this.crosses.expand(batch, row + 1);
    const own = this.scorer.contributions(this.encoder, expanded, row);
    return this.crosses.share(own, expanded, row, this.parts.weights.sparse);
  }

  /**
   * out[r] = p (1 - p) Σ_i x_i² s_i with the step s_i that coordinate i would take for a gradient of 1; with Newton's rule
   * s is the posterior's covariance: p (1 - p) xᵀ A⁻¹ x.
   */
  sensitivities(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.predict(batch, rows, out);
    const { crosses, row, parts } = this;
    const { steps, posterior, weights } = parts;
    const expanded = crosses.expand(batch, rows);
    const { sparse: slots, sparseWidth } = expanded;
    for (let r = 0; r < rows; r++) {
      standardise(weights, batch, r, row, 1);
      const from = r * sparseWidth;
      let sum = 0;
      if (steps !== undefined) sum = reach(steps, row, slots, from, from + sparseWidth);
      else if (posterior !== undefined) sum = posterior.variance(row, slots, from, from + sparseWidth);
      out[r] *= (1 - out[r]) * sum;
    }
  }
}

/** Only the buckets that were learnt from are kept; without a posterior, those that weigh something. */
export function partsToEpoch(parts: LogisticParts, encoder: EncoderShape): EpochContent {
  const { weights, posterior, steps, crossNames } = parts;
  const roots = steps?.sparseRoots;
  const buckets = bucketsThat(
    (b) => weights.sparse[b] !== 0 || (posterior?.sparse[b] ?? 0) !== 0 || (roots?.[b] ?? 0) !== 0,
    encoder.buckets,
  );
  return {
    kind: 'model',
    meta: {
      family: LOGISTIC_FAMILY,
      format: FORMAT,
      encoder: encoder.hash,
      buckets: encoder.buckets,
      crosses: crossNames as Json,
      ...(steps === undefined ? {} : { alpha: steps.alpha, beta: steps.beta, l2: steps.l2 }),
    },
    arrays: {
      ...weightArrays(weights, buckets),
      ...(posterior === undefined ? {} : posteriorArrays(posterior, buckets)),
      ...(roots === undefined || steps === undefined
        ? {}
        : { roots: steps.roots.slice(), sparseRoots: Float32Array.from(buckets, (b) => roots[b]) }),
    },
  };
}

/** Throws `EPOCH_CORRUPT`, `MODEL_ENCODER_MISMATCH`. */
export function partsFromEpoch(epoch: Epoch, encoder: EncoderShape): LogisticParts {
  const { meta, arrays } = epoch;
  if (meta.family !== LOGISTIC_FAMILY || (meta.format !== FORMAT && meta.format !== FIRST_FORMAT)) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `${epoch.hash} is no logistic model that this version reads`);
  }
  requireEncoder(epoch, encoder);
  if (meta.buckets !== encoder.buckets) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `the model ${epoch.hash} has ${String(meta.buckets)} buckets`);
  }
  const weights = weightsFromArrays(epoch, encoder);
  if (meta.format === FIRST_FORMAT) return { weights, crossNames: [] };
  const crossNames = meta.crosses as unknown as LogisticParts['crossNames'];
  const posterior = posteriorFromArrays(epoch, encoder);
  if (arrays.roots === undefined) return { weights, crossNames, posterior };
  const buckets = arrays.sparseBuckets as Uint32Array;
  const kept = arrays.sparseRoots as Float32Array;
  if (arrays.roots.length !== encoder.denseWidth + 1 || kept?.length !== buckets.length) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `the step sizes of the model ${epoch.hash} do not fit its weights`);
  }
  const sparseRoots = new Float32Array(encoder.buckets);
  for (let i = 0; i < buckets.length; i++) sparseRoots[buckets[i]] = kept[i];
  const steps: StepSizes = {
    alpha: Number(meta.alpha),
    beta: Number(meta.beta),
    l2: Number(meta.l2),
    roots: (arrays.roots as Float64Array).slice(),
    sparseRoots,
  };
  return { weights, crossNames, posterior, steps };
}
