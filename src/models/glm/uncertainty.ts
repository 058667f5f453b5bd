/** What a linear model knows of its own error: deviations and draws from a Gaussian over its weights. */
import { noiseStream, type Seed } from '../../base/index.ts';
import type { FeatureBatch } from '../../features/index.ts';
import type { Uncertainty } from '../contract.ts';
import { sigmoids } from '../sigmoid.ts';
import { JointDraws } from './joint-draws.ts';
import { normalAt } from './normals.ts';
import type { Posterior } from './posterior.ts';
import { checkRoom, type LinearScorer, type LinearWeights, standardise } from './weights.ts';

/** The noise of posteriors is told apart from all else that a seed is used for by this label. */
const POSTERIOR_NOISE = 0x706f7374;

export interface LinearModelParts {
  readonly weights: LinearWeights;
  readonly posterior: Posterior;
  readonly scorer: LinearScorer;
  /** The slots that the weights are for, given the encoder's; the batch itself where there are no others. */
  expand(batch: FeatureBatch, rows: number): FeatureBatch;
  /** Standard deviation of the noise that the posterior's precisions are in units of. */
  readonly noise: number;
  readonly link: 'logistic' | 'identity';
}

/**
 * deviation(x) = noise · √(xᵀ A⁻¹ x), times p (1 - p) under the logistic link; draws are scores under weights from
 * N(w, noise² A⁻¹). The error of bucket b in draw m is a function of seed, m and b alone, and so is that of the block.
 */
export function linearUncertainty(parts: LinearModelParts): Uncertainty {
  const { weights, posterior, scorer, noise, link } = parts;
  let x = new Float64Array(0);
  let errors = new Float64Array(0);
  let scores = new Float64Array(0);
  /** The error of each bucket in the present draw, where `drawnIn` says so. */
  let bucketErrors = new Float64Array(0);
  let drawnIn = new Uint32Array(0);
  let drawNumber = 0;
  let whitened = new Float64Array(0);
  let joint: JointDraws | undefined;

  return {
    deviations(given, rows, out) {
      const width = weights.dense.length;
      checkRoom(given, width, rows, out.length);
      const batch = parts.expand(given, rows);
      if (x.length < width + 1) x = new Float64Array(width + 1);
      x[0] = 1;
      if (link === 'logistic') {
        scorer.score(batch, rows, out);
        sigmoids(out, rows);
      }
      const { sparseWidth } = batch;
      for (let r = 0; r < rows; r++) {
        standardise(weights, batch, r, x, 1);
        const variance = posterior.variance(x, batch.sparse, r * sparseWidth, (r + 1) * sparseWidth);
        const slope = link === 'logistic' ? out[r] * (1 - out[r]) : 1;
        out[r] = slope * noise * Math.sqrt(variance);
      }
    },

    draw(given, rows, seed: Seed, draws, out) {
      const width = weights.dense.length;
      checkRoom(given, width, rows, Math.floor(out.length / draws));
      const batch = parts.expand(given, rows);
      const { sparse: slots, sparseWidth } = batch;
      if (x.length < rows * width + 1) x = new Float64Array(2 * rows * width + 1);
      if (errors.length < width + 1) errors = new Float64Array(width + 1);
      if (scores.length < rows) scores = new Float64Array(2 * rows);
      if (bucketErrors.length < posterior.sparse.length) {
        bucketErrors = new Float64Array(posterior.sparse.length);
        drawnIn = new Uint32Array(posterior.sparse.length);
      }
      for (let r = 0; r < rows; r++) standardise(weights, batch, r, x, r * width);
      scorer.score(batch, rows, scores);
      for (let m = 0; m < draws; m++) {
        const stream = noiseStream(seed, POSTERIOR_NOISE, m);
        for (let i = 0; i <= width; i++) errors[i] = normalAt(stream, i);
        posterior.spread(errors);
        if (++drawNumber === 2 ** 32) {
          drawnIn.fill(0);
          drawNumber = 1;
        }
        for (let r = 0; r < rows; r++) {
          let error = errors[0];
          const from = r * width;
          for (let j = 0; j < width; j++) error += errors[1 + j] * x[from + j];
          for (let s = r * sparseWidth; s < (r + 1) * sparseWidth; s++) {
            const bucket = slots[s];
            if (bucket === 0) continue;
            if (drawnIn[bucket] !== drawNumber) {
              drawnIn[bucket] = drawNumber;
              const precision = posterior.prior + posterior.sparse[bucket];
              bucketErrors[bucket] = normalAt(stream, width + 1 + bucket) / Math.sqrt(precision);
            }
            error += bucketErrors[bucket];
          }
          out[r * draws + m] = scores[r] + noise * error;
        }
      }
      if (link === 'logistic') sigmoids(out, rows * draws);
    },

    drawTogether(given, rows, seed, draws, out) {
      const width = weights.dense.length;
      checkRoom(given, width, rows, Math.floor(out.length / draws));
      const batch = parts.expand(given, rows);
      if (x.length < width + 1) x = new Float64Array(width + 1);
      if (scores.length < rows) scores = new Float64Array(2 * rows);
      if (whitened.length < rows * (width + 1)) whitened = new Float64Array(rows * (width + 1));
      joint ??= new JointDraws();
      joint.begin(rows);
      x[0] = 1;
      for (let r = 0; r < rows; r++) {
        standardise(weights, batch, r, x, 1);
        posterior.whiten(x, whitened, r * (width + 1));
      }
      joint.addVectors(whitened, width + 1);
      joint.addSlots(batch, (bucket) => 1 / (posterior.prior + posterior.sparse[bucket]));
      scorer.score(batch, rows, scores);
      joint.draw(scores, noise, seed, draws, out);
      if (link === 'logistic') sigmoids(out, rows * draws);
    },
  };
}
