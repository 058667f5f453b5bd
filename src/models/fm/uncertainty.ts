/**
 * What a factorisation machine knows of its own error: a Gaussian about its parameters with a variance each (Laplace's method
 * with the generalised Gauss-Newton curvature), pushed through the model linearised at its parameters (Immer, Korzepa & Bauer
 * 2021, "Improving predictions of Bayesian neural nets via local linearization").
 *
 *   q_i = l2 + Σ_r h_r x_ri²,   q_if = factorL2 + Σ_r h_r J_rif²,   h_r = weight_r p_r (1 - p_r),   J_if = x_i (S_f - v_if x_i)
 *   variance of the logit = Σ_i x_i² / q_i + Σ_if J_if² / q_if
 *
 * Sound are the linear part and, near a fit that many rows made, the factors: there J is known. What a diagonal cannot know: that
 * factors of one row move together (a rotation of all factors changes nothing), so that the factors' part of the variance is a
 * rough figure; and a pair of which neither was seen has J = 0, its uncertainty is that of the linear part alone.
 */
import { noiseStream, type Seed } from '../../base/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type { Uncertainty } from '../contract.ts';
import { BucketTable } from '../glm/bucket-table.ts';
import { JointDraws } from '../glm/joint-draws.ts';
import { normalAt } from '../glm/normals.ts';
import type { Posterior } from '../glm/posterior.ts';
import { checkRoom, type LinearWeights, standardise } from '../glm/weights.ts';
import { sigmoids } from '../sigmoid.ts';
import { type Factors, pairwise } from './factors.ts';

/** Precision of each factor, above the prior. */
export interface FactorPrecisions {
  readonly prior: number;
  readonly dense: Float64Array;
  readonly sparse: Float32Array;
}

export function freshPrecisions(
  encoder: Pick<EncoderShape, 'denseWidth' | 'buckets'>,
  k: number,
  prior: number,
): FactorPrecisions {
  return { prior, dense: new Float64Array(encoder.denseWidth * k), sparse: new Float32Array(encoder.buckets * k) };
}

export interface FmParts {
  readonly weights: LinearWeights;
  readonly factors: Factors;
  readonly posterior: Posterior;
  readonly precisions: FactorPrecisions;
}

/** The derivative of one row's logit by its parameters, and what is done with it. */
export class RowJacobian {
  /** (1, standardised columns). */
  readonly x: Float64Array;
  /** S_f. */
  readonly sums: Float64Array;
  private readonly parts: FmParts;
  /** Of one row: how often each bucket has stood in it. */
  private readonly repeats = new BucketTable();

  constructor(parts: FmParts) {
    this.parts = parts;
    this.x = new Float64Array(parts.weights.dense.length + 1).fill(1);
    this.sums = new Float64Array(parts.factors.k);
  }

  load(batch: FeatureBatch, r: number): void {
    const { weights, factors } = this.parts;
    const { sparse, sparseWidth } = batch;
    standardise(weights, batch, r, this.x, 1);
    pairwise(factors, this.x, 1, weights.dense.length, sparse, r * sparseWidth, (r + 1) * sparseWidth, this.sums);
  }

  /** The row's evidence: q += curvature · J². */
  addTo(batch: FeatureBatch, r: number, curvature: number): void {
    if (curvature === 0) return;
    const { weights, factors, posterior, precisions } = this.parts;
    const { k, dense, sparse } = factors;
    const { x, sums } = this;
    const from = r * batch.sparseWidth;
    const to = from + batch.sparseWidth;
    posterior.add(x, batch.sparse, from, to, curvature);
    for (let j = 0; j < weights.dense.length; j++) {
      for (let f = 0; f < k; f++) {
        const slope = x[1 + j] * (sums[f] - dense[j * k + f] * x[1 + j]);
        precisions.dense[j * k + f] += curvature * slope * slope;
      }
    }
    for (let s = from; s < to; s++) {
      const first = batch.sparse[s] * k;
      if (first === 0) continue;
      for (let f = 0; f < k; f++) {
        const slope = sums[f] - sparse[first + f];
        precisions.sparse[first + f] += curvature * slope * slope;
      }
    }
  }

  /** Σ_if J_if² · step of that factor. A bucket that stands in two slots counts as 2. */
  factorSum(
    batch: FeatureBatch,
    r: number,
    denseStep: (i: number) => number,
    sparseStep: (i: number) => number,
  ): number {
    const { weights, factors } = this.parts;
    const { k, dense, sparse } = factors;
    const { x, sums, repeats } = this;
    const slots = batch.sparse;
    const from = r * batch.sparseWidth;
    let sum = 0;
    for (let j = 0; j < weights.dense.length; j++) {
      for (let f = 0; f < k; f++) {
        const slope = x[1 + j] * (sums[f] - dense[j * k + f] * x[1 + j]);
        sum += slope * slope * denseStep(j * k + f);
      }
    }
    repeats.begin(batch.sparseWidth);
    for (let s = from; s < from + batch.sparseWidth; s++) {
      const first = slots[s] * k;
      if (first === 0) continue;
      const share = 1 + 2 * repeats.count(slots[s]);
      for (let f = 0; f < k; f++) {
        const slope = sums[f] - sparse[first + f];
        sum += share * slope * slope * sparseStep(first + f);
      }
    }
    return sum;
  }
}

/** Tells the noise of factors and of weights from each other and from all else that a seed is used for. */
const WEIGHT_NOISE = 0x666d7774;
const FACTOR_NOISE = 0x666d6663;

/** `logits` are those of the model itself. A draw is one error of all parameters, a function of seed and m alone. */
export function fmUncertainty(
  parts: FmParts,
  logits: (batch: FeatureBatch, rows: number, out: Float64Array) => void,
): Uncertainty {
  const { weights, factors, posterior, precisions } = parts;
  const { k } = factors;
  const width = weights.dense.length;
  const jacobian = new RowJacobian(parts);
  const denseStep = (i: number): number => 1 / (precisions.prior + precisions.dense[i]);
  const sparseStep = (i: number): number => 1 / (precisions.prior + precisions.sparse[i]);
  const weightErrors = new Float64Array(width + 1);
  const denseErrors = new Float64Array(width * k);
  /** Per bucket: the error of its weight, then those of its factors; as of the draw that `drawnIn` says. */
  let bucketErrors = new Float64Array(0);
  let drawnIn = new Uint32Array(0);
  let drawNumber = 0;
  /** Of each row: its logit, its standardised columns, its S_f. */
  let means = new Float64Array(0);
  let columns = new Float64Array(0);
  let sums = new Float64Array(0);
  const perRow = width + 1 + width * k;
  let whitened = new Float64Array(0);
  let joint: JointDraws | undefined;

  const drawBucket = (bucket: number, weightStream: number, factorStream: number): void => {
    const to = bucket * (k + 1);
    const precision = posterior.prior + posterior.sparse[bucket];
    bucketErrors[to] = normalAt(weightStream, width + 1 + bucket) / Math.sqrt(precision);
    for (let f = 0; f < k; f++) {
      const i = bucket * k + f;
      bucketErrors[to + 1 + f] = normalAt(factorStream, width * k + i) * Math.sqrt(sparseStep(i));
    }
  };

  return {
    deviations(batch, rows, out) {
      checkRoom(batch, width, rows, out.length);
      logits(batch, rows, out);
      sigmoids(out, rows);
      const { sparseWidth } = batch;
      for (let r = 0; r < rows; r++) {
        jacobian.load(batch, r);
        const variance =
          posterior.variance(jacobian.x, batch.sparse, r * sparseWidth, (r + 1) * sparseWidth) +
          jacobian.factorSum(batch, r, denseStep, sparseStep);
        out[r] *= (1 - out[r]) * Math.sqrt(variance);
      }
    },

    draw(batch, rows, seed: Seed, draws, out) {
      checkRoom(batch, width, rows, Math.floor(out.length / draws));
      if (drawnIn.length < posterior.sparse.length) {
        bucketErrors = new Float64Array(posterior.sparse.length * (k + 1));
        drawnIn = new Uint32Array(posterior.sparse.length);
      }
      if (means.length < rows) means = new Float64Array(2 * rows);
      if (columns.length < rows * width) columns = new Float64Array(2 * rows * width);
      if (sums.length < rows * k) sums = new Float64Array(2 * rows * k);
      logits(batch, rows, means);
      for (let r = 0; r < rows; r++) {
        jacobian.load(batch, r);
        for (let j = 0; j < width; j++) columns[r * width + j] = jacobian.x[1 + j];
        for (let f = 0; f < k; f++) sums[r * k + f] = jacobian.sums[f];
      }
      for (let m = 0; m < draws; m++) {
        const weightStream = noiseStream(seed, WEIGHT_NOISE, m);
        const factorStream = noiseStream(seed, FACTOR_NOISE, m);
        if (++drawNumber === 2 ** 32) {
          drawnIn.fill(0);
          drawNumber = 1;
        }
        for (let i = 0; i <= width; i++) weightErrors[i] = normalAt(weightStream, i);
        posterior.spread(weightErrors);
        for (let i = 0; i < denseErrors.length; i++) {
          denseErrors[i] = normalAt(factorStream, i) * Math.sqrt(denseStep(i));
        }
        for (let r = 0; r < rows; r++) out[r * draws + m] = means[r] + errorOf(batch, r, weightStream, factorStream);
      }
      sigmoids(out, rows * draws);
    },

    drawTogether(batch, rows, seed, draws, out) {
      checkRoom(batch, width, rows, Math.floor(out.length / draws));
      if (means.length < rows) means = new Float64Array(2 * rows);
      if (sums.length < rows * k) sums = new Float64Array(2 * rows * k);
      if (whitened.length < rows * perRow) whitened = new Float64Array(rows * perRow);
      logits(batch, rows, means);
      joint ??= new JointDraws();
      joint.begin(rows);
      for (let r = 0; r < rows; r++) {
        jacobian.load(batch, r);
        sums.set(jacobian.sums, r * k);
        whiten(r * perRow);
      }
      joint.addVectors(whitened, perRow);
      joint.addSlots(batch, (bucket, r, s) => {
        let sum = 1 / (posterior.prior + posterior.sparse[bucket]);
        for (let f = 0; f < k; f++) {
          const i = bucket * k + f;
          const factor = factors.sparse[i];
          sum += (sums[r * k + f] - factor) * (sums[s * k + f] - factor) * sparseStep(i);
        }
        return sum;
      });
      joint.draw(means, 1, seed, draws, out);
      sigmoids(out, rows * draws);
    },
  };

  /** The part of the loaded row that all rows have: weights of bias and columns, then factors of columns. */
  function whiten(at: number): void {
    posterior.whiten(jacobian.x, whitened, at);
    for (let j = 0, to = at + width + 1; j < width; j++) {
      const x = jacobian.x[1 + j];
      for (let f = 0; f < k; f++, to++) {
        const i = j * k + f;
        whitened[to] = x * (jacobian.sums[f] - factors.dense[i] * x) * Math.sqrt(denseStep(i));
      }
    }
  }

  /** Of row r's logit, in the present draw. */
  function errorOf(batch: FeatureBatch, r: number, weightStream: number, factorStream: number): number {
    const { sparse: slots, sparseWidth } = batch;
    let error = weightErrors[0];
    for (let j = 0; j < width; j++) {
      const x = columns[r * width + j];
      error += weightErrors[1 + j] * x;
      for (let f = 0; f < k; f++) {
        error += x * (sums[r * k + f] - factors.dense[j * k + f] * x) * denseErrors[j * k + f];
      }
    }
    for (let s = r * sparseWidth; s < (r + 1) * sparseWidth; s++) {
      const bucket = slots[s];
      if (bucket === 0) continue;
      if (drawnIn[bucket] !== drawNumber) {
        drawnIn[bucket] = drawNumber;
        drawBucket(bucket, weightStream, factorStream);
      }
      const from = bucket * (k + 1);
      error += bucketErrors[from];
      for (let f = 0; f < k; f++) {
        error += (sums[r * k + f] - factors.sparse[bucket * k + f]) * bucketErrors[from + 1 + f];
      }
    }
    return error;
  }
}
