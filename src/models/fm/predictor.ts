/** What serving reads of a factorisation machine, how it predicts, and how it becomes an epoch. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Epoch, EpochArray, EpochContent, Json } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type { Contribution, Uncertainty } from '../contract.ts';
import { type Posterior, posteriorArrays, posteriorFromArrays } from '../glm/posterior.ts';
import {
  bucketsThat,
  LinearScorer,
  type LinearWeights,
  requireEncoder,
  weightArrays,
  weightsFromArrays,
} from '../glm/weights.ts';
import { reach, type StepSizes } from '../logistic/ftrl.ts';
import { sigmoids } from '../sigmoid.ts';
import { type Factors, noFactors, PairwiseScorer } from './factors.ts';
import { type FactorState, freshFactorState } from './training.ts';
import { type FactorPrecisions, fmUncertainty, freshPrecisions, RowJacobian } from './uncertainty.ts';

export const FM_FAMILY = 'fm';
const FORMAT = 1;

/** What is known of the parameters' error, and how far their next steps would go; a model has all of it or nothing. */
export interface FmKnowledge {
  readonly posterior: Posterior;
  readonly precisions: FactorPrecisions;
  readonly steps: StepSizes;
  /** √n of the factors, and the penalty that their steps heed. */
  readonly roots: FactorState;
  readonly factorL2: number;
}

export interface FmModelParts {
  readonly weights: LinearWeights;
  readonly factors: Factors;
  readonly knowledge: FmKnowledge | undefined;
}

/** Predicts with parts that may change between calls; after a change of the weights, `refold` must be called. */
export class FmPredictor {
  readonly parts: FmModelParts;
  /** Absent where nothing is known. */
  readonly uncertainty: Uncertainty | undefined;
  private readonly encoder: EncoderShape;
  private readonly linear: LinearScorer;
  private readonly pairs: PairwiseScorer;
  private readonly jacobian: RowJacobian | undefined;

  constructor(encoder: EncoderShape, parts: FmModelParts) {
    const { weights, factors, knowledge } = parts;
    this.encoder = encoder;
    this.parts = parts;
    this.linear = new LinearScorer(weights);
    this.pairs = new PairwiseScorer(factors, weights);
    if (knowledge !== undefined) {
      const known = { weights, factors, posterior: knowledge.posterior, precisions: knowledge.precisions };
      this.jacobian = new RowJacobian(known);
      this.uncertainty = fmUncertainty(known, (batch, rows, out) => this.logits(batch, rows, out));
    }
  }

  refold(): void {
    this.linear.refold();
  }

  logits(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.linear.score(batch, rows, out);
    this.pairs.addTo(batch, rows, out);
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.logits(batch, rows, out);
    sigmoids(out, rows);
  }

  /** Of a pair, each of the two has half: the sum over all is exact. */
  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    const own = this.linear.contributions(this.encoder, batch, row);
    const shares = this.pairs.shares(batch, row);
    return own.map(({ name, contribution }, i) => ({ name, contribution: contribution + shares[i] }));
  }

  /** Adds what each row tells to what is known, at curvature weight · p (1 - p). */
  addEvidence(batch: FeatureBatch, weights: Float32Array, rows: number): void {
    const { jacobian } = this;
    if (jacobian === undefined) return;
    const p = new Float64Array(rows);
    this.predict(batch, rows, p);
    for (let r = 0; r < rows; r++) {
      const curvature = weights[r] * p[r] * (1 - p[r]);
      if (curvature === 0) continue;
      jacobian.load(batch, r);
      jacobian.addTo(batch, r, curvature);
    }
  }

  /** out[r] = p (1 - p) (Σ_i x_i² s_i + Σ_if J_if² s_if), s the step of each parameter for a gradient of 1. */
  sensitivities(batch: FeatureBatch, rows: number, out: Float64Array): void {
    const { knowledge } = this.parts;
    const { jacobian } = this;
    if (knowledge === undefined || jacobian === undefined) return;
    const { steps, roots, factorL2 } = knowledge;
    const stepOf = (root: number): number => 1 / ((steps.beta + root) / steps.alpha + factorL2);
    this.predict(batch, rows, out);
    const { sparseWidth } = batch;
    for (let r = 0; r < rows; r++) {
      jacobian.load(batch, r);
      const linear = reach(steps, jacobian.x, batch.sparse, r * sparseWidth, (r + 1) * sparseWidth);
      const factors = jacobian.factorSum(
        batch,
        r,
        (i) => stepOf(roots.dense[i]),
        (i) => stepOf(roots.sparse[i]),
      );
      out[r] *= (1 - out[r]) * (linear + factors);
    }
  }
}

/** k numbers of each of these buckets. */
function gathered(table: Float32Array, buckets: Uint32Array, k: number): Float32Array {
  const rows = new Float32Array(buckets.length * k);
  buckets.forEach((bucket, i) => {
    rows.set(table.subarray(bucket * k, (bucket + 1) * k), i * k);
  });
  return rows;
}

function scatter(rows: Float32Array, buckets: Uint32Array, k: number, table: Float32Array): void {
  buckets.forEach((bucket, i) => {
    table.set(rows.subarray(i * k, (i + 1) * k), bucket * k);
  });
}

/** Only the buckets that were learnt from. */
export function fmToContent(
  { weights, factors, knowledge }: FmModelParts,
  encoder: EncoderShape,
  meta: Readonly<Record<string, Json>>,
  used: (bucket: number) => boolean = () => false,
): EpochContent {
  const { k } = factors;
  const buckets = bucketsThat(
    (b) =>
      weights.sparse[b] !== 0 ||
      factors.sparse[b * k] !== 0 ||
      (knowledge?.posterior.sparse[b] ?? 0) !== 0 ||
      (knowledge?.steps.sparseRoots[b] ?? 0) !== 0 ||
      used(b),
    encoder.buckets,
  );
  const known: Record<string, EpochArray> = {};
  if (knowledge !== undefined) {
    const { posterior, precisions, steps, roots } = knowledge;
    Object.assign(known, posteriorArrays(posterior, buckets));
    known.factorPrior = Float64Array.of(precisions.prior, knowledge.factorL2);
    known.factorPrecisions = precisions.dense.slice();
    known.sparseFactorPrecisions = gathered(precisions.sparse, buckets, k);
    known.rates = Float64Array.of(steps.alpha, steps.beta, steps.l2);
    known.roots = steps.roots.slice();
    known.sparseRoots = Float32Array.from(buckets, (b) => steps.sparseRoots[b]);
    known.factorRoots = roots.dense.slice();
    known.sparseFactorRoots = gathered(roots.sparse, buckets, k);
  }
  return {
    kind: 'model',
    meta: { format: FORMAT, encoder: encoder.hash, buckets: encoder.buckets, factors: k, ...meta },
    arrays: {
      ...weightArrays(weights, buckets),
      factors: factors.dense.slice(),
      sparseFactors: gathered(factors.sparse, buckets, k),
      ...known,
    },
  };
}

/** Throws `EPOCH_CORRUPT`, `MODEL_ENCODER_MISMATCH`. */
export function fmFromContent(
  content: EpochContent & Partial<Pick<Epoch, 'hash'>>,
  family: string,
  encoder: EncoderShape,
): FmModelParts {
  const { meta, arrays } = content;
  const name = content.hash ?? family;
  if (meta.family !== family || meta.format !== FORMAT || meta.buckets !== encoder.buckets) {
    if (meta.family === family) requireEncoder(content, encoder);
    throw new ShelfwiseError('EPOCH_CORRUPT', `${name} is no ${family} that this version reads`);
  }
  requireEncoder(content, encoder);
  const weights = weightsFromArrays(content, encoder);
  const k = Number(meta.factors);
  const buckets = arrays.sparseBuckets as Uint32Array;
  const [dense, sparse] = [encoder.denseWidth * k, buckets.length * k];
  const wanted: Record<string, number> = { factors: dense, sparseFactors: sparse };
  const isKnown = arrays.precisionPrior !== undefined;
  if (isKnown) {
    Object.assign(wanted, { factorPrior: 2, factorPrecisions: dense, sparseFactorPrecisions: sparse, rates: 3 });
    Object.assign(wanted, { roots: encoder.denseWidth + 1, sparseRoots: buckets.length });
    Object.assign(wanted, { factorRoots: dense, sparseFactorRoots: sparse });
  }
  for (const [array, length] of Object.entries(wanted)) {
    if (arrays[array]?.length !== length) {
      throw new ShelfwiseError('EPOCH_CORRUPT', `the array ${array} of ${name} does not fit its weights`);
    }
  }
  const factors = noFactors(encoder, k);
  factors.dense.set(arrays.factors as Float64Array);
  scatter(arrays.sparseFactors as Float32Array, buckets, k, factors.sparse);
  const posterior = posteriorFromArrays(content, encoder);
  if (posterior === undefined) return { weights, factors, knowledge: undefined };
  const precisions = freshPrecisions(encoder, k, arrays.factorPrior[0]);
  precisions.dense.set(arrays.factorPrecisions as Float64Array);
  scatter(arrays.sparseFactorPrecisions as Float32Array, buckets, k, precisions.sparse);
  const roots = freshFactorState(encoder, k);
  roots.dense.set(arrays.factorRoots as Float64Array);
  scatter(arrays.sparseFactorRoots as Float32Array, buckets, k, roots.sparse);
  const [alpha, beta, l2] = arrays.rates;
  const sparseRoots = new Float32Array(encoder.buckets);
  for (let i = 0; i < buckets.length; i++) sparseRoots[buckets[i]] = arrays.sparseRoots[i];
  const steps: StepSizes = { alpha, beta, l2, roots: (arrays.roots as Float64Array).slice(), sparseRoots };
  return { weights, factors, knowledge: { posterior, precisions, steps, roots, factorL2: arrays.factorPrior[1] } };
}
