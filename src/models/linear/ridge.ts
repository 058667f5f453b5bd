/** The optimum of a ridge regression over all rows. */
import type { Examples } from '../contract.ts';
import { findOptimum } from '../glm/objective.ts';
import type { Posterior } from '../glm/posterior.ts';
import { LinearScorer, type LinearWeights, standardise } from '../glm/weights.ts';

/** Iterations at most; a quadratic needs fewer than it has directions. */
const ITERATIONS = 500;
/** Rows between two pauses. */
const SLICE_ROWS = 8192;

/**
 * Leaves in `weights` (which come with the prior's mean) the optimum, in `posterior` the precision of all rows. Where the
 * posterior's block is all there is, by one Cholesky solution: exact. Else by L-BFGS. Returns the passes over the rows.
 */
export async function fitRidge(
  examples: Examples,
  weights: LinearWeights,
  posterior: Posterior,
  pause: (share: number) => Promise<void>,
): Promise<number> {
  const { batch, weights: sampleWeights, labels, rows } = examples;
  const size = weights.dense.length + 1;
  const isExact = batch.sparseWidth === 0 && posterior.block.length === size;
  const passes = isExact
    ? 1
    : await findOptimum(examples, weights, {
        loss: 'squared',
        l1: 0,
        l2: posterior.prior,
        biasL2: posterior.prior,
        iterations: ITERATIONS,
        pause,
      });
  const x = new Float64Array(size).fill(1);
  /** Σ weight (label - prior mean) x. */
  const moments = new Float64Array(size);
  const { sparse, sparseWidth } = batch;
  const gathering = posterior.gathering();
  for (let from = 0; from < rows; from += SLICE_ROWS) {
    const to = Math.min(rows, from + SLICE_ROWS);
    for (let r = from; r < to; r++) {
      const weight = sampleWeights[r];
      if (weight === 0) continue;
      standardise(weights, batch, r, x, 1);
      gathering.add(x, sparse, r * sparseWidth, (r + 1) * sparseWidth, weight);
      if (!isExact) continue;
      const scaled = weight * (labels[r] - weights.bias);
      for (let i = 0; i < size; i++) moments[i] += scaled * x[i];
    }
    await pause(to / rows);
  }
  gathering.finish();
  if (isExact) {
    posterior.solve(moments, moments);
    weights.bias += moments[0];
    weights.dense.set(moments.subarray(1));
  }
  return passes;
}

/** Weighted mean of (score - label)². */
export function meanSquaredError(examples: Examples, weights: LinearWeights): number {
  const { batch, labels, weights: sampleWeights, rows } = examples;
  const scores = new Float64Array(rows);
  new LinearScorer(weights).score(batch, rows, scores);
  let sum = 0;
  let total = 0;
  for (let r = 0; r < rows; r++) {
    sum += sampleWeights[r] * (scores[r] - labels[r]) ** 2;
    total += sampleWeights[r];
  }
  return sum / total;
}
