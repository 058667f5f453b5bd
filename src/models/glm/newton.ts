/** One row learnt by a step of Newton's method under the Gaussian of all rows before: the extended Kalman filter. */
import type { FeatureBatch } from '../../features/index.ts';
import type { Posterior } from './posterior.ts';
import { type LinearWeights, standardise } from './weights.ts';

/**
 * With x the standardised row (x_0 = 1), A the precision before it, h the curvature of its loss and e = label - prediction:
 *   θ += A⁻¹ x · weight e / (1 + weight h xᵀA⁻¹x),   A += weight h x xᵀ.
 * For squared error (h = 1) and a block of all coordinates this is recursive least squares, exact.
 */
export class NewtonStep {
  private readonly weights: LinearWeights;
  private readonly posterior: Posterior;
  /** The row of the last `score`. */
  private readonly x: Float64Array;
  private readonly steps: Float64Array;

  constructor(weights: LinearWeights, posterior: Posterior) {
    this.weights = weights;
    this.posterior = posterior;
    this.x = new Float64Array(weights.dense.length + 1).fill(1);
    this.steps = new Float64Array(weights.dense.length + 1);
  }

  /** The row's score; it is what `learn` learns from. */
  score(batch: FeatureBatch, row: number): number {
    const { weights, x } = this;
    standardise(weights, batch, row, x, 1);
    let sum = weights.bias;
    for (let j = 0; j < weights.dense.length; j++) sum += weights.dense[j] * x[1 + j];
    const from = row * batch.sparseWidth;
    for (let s = from; s < from + batch.sparseWidth; s++) sum += weights.sparse[batch.sparse[s]];
    return sum;
  }

  learn(batch: FeatureBatch, row: number, weight: number, error: number, curvature: number): void {
    const { weights, posterior, x, steps } = this;
    const from = row * batch.sparseWidth;
    const to = from + batch.sparseWidth;
    const variance = posterior.variance(x, batch.sparse, from, to);
    const gain = (weight * error) / (1 + weight * curvature * variance);
    posterior.solve(x, steps);
    weights.bias += gain * steps[0];
    for (let j = 0; j < weights.dense.length; j++) weights.dense[j] += gain * steps[1 + j];
    for (let s = from; s < to; s++) {
      const bucket = batch.sparse[s];
      if (bucket !== 0) weights.sparse[bucket] += gain / (posterior.prior + posterior.sparse[bucket]);
    }
    posterior.add(x, batch.sparse, from, to, weight * curvature);
  }
}
