/** The optimum of a penalised logistic regression, found over all rows at once. */
import type { Examples } from '../contract.ts';
import { minimise, type Objective } from '../lbfgs.ts';
import { sigmoid } from '../sigmoid.ts';
import type { FtrlState } from './ftrl.ts';
import type { LogisticWeights } from './weights.ts';

export interface BatchOptions {
  readonly l2: number;
  readonly iterations: number;
  readonly pause: (share: number) => Promise<void>;
}

/**
 * Minimises Σ weight · logloss + l2/2 (|w|² + |v|²) from the given weights on, in place, and leaves in `state` the √n that
 * one pass of FTRL at the optimum would have gathered. Only buckets that occur take part. Returns the iterations.
 */
export async function fitBatch(
  examples: Examples,
  weights: LogisticWeights,
  state: FtrlState,
  options: BatchOptions,
): Promise<number> {
  const { buckets, indices } = compact(examples, weights.sparse.length);
  const width = weights.dense.length;
  const objective = new LogisticObjective(examples, weights, indices, 1 + width + buckets.length, options.l2);
  const x = new Float64Array(objective.size);
  x[0] = weights.bias;
  let total = 0;
  for (let r = 0; r < examples.rows; r++) total += examples.weights[r];
  const iterations = await minimise(objective, x, {
    iterations: options.iterations,
    tolerance: 1e-8 * total,
    pause: (iteration) => options.pause((iteration + 1) / options.iterations),
  });
  weights.bias = x[0];
  for (let j = 0; j < width; j++) weights.dense[j] = x[1 + j];
  const squares = objective.squaredGradients(x);
  for (let k = 0; k <= width; k++) state.dense[2 * k + 1] = Math.sqrt(squares[k]);
  buckets.forEach((bucket, i) => {
    weights.sparse[bucket] = x[1 + width + i];
    state.sparse[2 * bucket + 1] = Math.sqrt(squares[1 + width + i]);
  });
  return iterations;
}

/** Numbers the buckets that occur; `indices` holds -1 for bucket 0. */
function compact(examples: Examples, bucketCount: number): { buckets: Uint32Array; indices: Int32Array } {
  const { batch, rows } = examples;
  const numbers = new Int32Array(bucketCount).fill(-1);
  const cells = rows * batch.sparseWidth;
  const indices = new Int32Array(cells).fill(-1);
  const buckets: number[] = [];
  for (let k = 0; k < cells; k++) {
    const bucket = batch.sparse[k];
    if (bucket === 0) continue;
    if (numbers[bucket] < 0) numbers[bucket] = buckets.push(bucket) - 1;
    indices[k] = numbers[bucket];
  }
  return { buckets: Uint32Array.from(buckets), indices };
}

class LogisticObjective implements Objective {
  readonly size: number;
  private readonly examples: Examples;
  private readonly weights: LogisticWeights;
  private readonly indices: Int32Array;
  private readonly l2: number;
  private readonly row: Float64Array;

  constructor(examples: Examples, weights: LogisticWeights, indices: Int32Array, size: number, l2: number) {
    this.examples = examples;
    this.weights = weights;
    this.indices = indices;
    this.size = size;
    this.l2 = l2;
    this.row = new Float64Array(weights.dense.length);
  }

  evaluate(x: Float64Array, gradient: Float64Array): number {
    const { batch, labels, weights, rows } = this.examples;
    const { row, indices, l2 } = this;
    const width = row.length;
    const { sparseWidth } = batch;
    gradient.fill(0);
    let value = 0;
    for (let r = 0; r < rows; r++) {
      if (weights[r] === 0) continue;
      const logit = this.logit(x, r);
      // ln(1 + e^logit) - label · logit, without overflow.
      value += weights[r] * (Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - labels[r] * logit);
      const error = weights[r] * (sigmoid(logit) - labels[r]);
      gradient[0] += error;
      for (let j = 0; j < width; j++) gradient[1 + j] += error * row[j];
      for (let s = r * sparseWidth; s < (r + 1) * sparseWidth; s++) {
        if (indices[s] >= 0) gradient[1 + width + indices[s]] += error;
      }
    }
    for (let k = 1; k < x.length; k++) {
      value += (l2 / 2) * x[k] * x[k];
      gradient[k] += l2 * x[k];
    }
    return value;
  }

  /** Σ over rows of the squared gradient of each coordinate. */
  squaredGradients(x: Float64Array): Float64Array {
    const { batch, labels, weights, rows } = this.examples;
    const { row, indices } = this;
    const width = row.length;
    const squares = new Float64Array(x.length);
    for (let r = 0; r < rows; r++) {
      const error = weights[r] * (sigmoid(this.logit(x, r)) - labels[r]);
      squares[0] += error * error;
      for (let j = 0; j < width; j++) squares[1 + j] += (error * row[j]) ** 2;
      for (let s = r * batch.sparseWidth; s < (r + 1) * batch.sparseWidth; s++) {
        if (indices[s] >= 0) squares[1 + width + indices[s]] += error * error;
      }
    }
    return squares;
  }

  /** The logit of row r; leaves the standardised row in `row`. */
  private logit(x: Float64Array, r: number): number {
    const { batch } = this.examples;
    const { means, scales } = this.weights;
    const { row, indices } = this;
    const width = row.length;
    let sum = x[0];
    for (let j = 0; j < width; j++) {
      const standard = (batch.dense[r * width + j] - means[j]) / scales[j];
      row[j] = Number.isNaN(standard) ? 0 : standard;
      sum += x[1 + j] * row[j];
    }
    for (let s = r * batch.sparseWidth; s < (r + 1) * batch.sparseWidth; s++) {
      if (indices[s] >= 0) sum += x[1 + width + indices[s]];
    }
    return sum;
  }
}
