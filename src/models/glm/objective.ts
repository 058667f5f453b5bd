/** The penalised loss of a linear model over all rows at once, and the search for its optimum. */
import type { RowBlock } from '../../kernels/index.ts';
import type { Examples } from '../contract.ts';
import { minimise, type Objective } from '../lbfgs.ts';
import { sigmoids } from '../sigmoid.ts';
import { DenseRows } from './dense-rows.ts';
import type { LinearWeights } from './weights.ts';

export interface OptimumOptions {
  readonly loss: 'log' | 'squared';
  readonly l1: number;
  readonly l2: number;
  /** The bias's own penalty: biasL2/2 (bias - its start)². */
  readonly biasL2: number;
  readonly iterations: number;
  readonly pause: (share: number) => Promise<void>;
}

/**
 * Minimises over bias, w (standardised columns) and v (buckets that occur), from the given weights on, in place:
 *   Σ_r weight_r · loss_r + l1 (|w|₁ + |v|₁) + l2/2 (|w|² + |v|²) + biasL2/2 (bias - bias₀)²
 * loss: log loss of σ(score), or (score - label)² / 2. Returns the iterations.
 */
export async function findOptimum(
  examples: Examples,
  weights: LinearWeights,
  options: OptimumOptions,
): Promise<number> {
  const { buckets, indices } = compact(examples, weights.sparse.length);
  const width = weights.dense.length;
  const objective = new PenalisedLoss(examples, weights, indices, 1 + width + buckets.length, options);
  const x = new Float64Array(objective.size);
  x[0] = weights.bias;
  let total = 0;
  for (let r = 0; r < examples.rows; r++) total += examples.weights[r];
  const iterations = await minimise(objective, x, {
    iterations: options.iterations,
    tolerance: 1e-8 * total,
    l1: options.l1,
    free: 1,
    pause: (iteration) => options.pause((iteration + 1) / options.iterations),
  });
  weights.bias = x[0];
  for (let j = 0; j < width; j++) weights.dense[j] = x[1 + j];
  for (let i = 0; i < buckets.length; i++) weights.sparse[buckets[i]] = x[1 + width + i];
  return iterations;
}

/** Numbers the buckets that occur; `indices` holds -1 for bucket 0. */
function compact(examples: Examples, bucketCount: number): { buckets: Uint32Array; indices: Int32Array } {
  const { batch, rows } = examples;
  const cells = rows * batch.sparseWidth;
  const indices = new Int32Array(cells).fill(-1);
  if (cells === 0) return { buckets: new Uint32Array(0), indices };
  const numbers = new Int32Array(bucketCount).fill(-1);
  const buckets: number[] = [];
  for (let k = 0; k < cells; k++) {
    const bucket = batch.sparse[k];
    if (bucket === 0) continue;
    if (numbers[bucket] < 0) numbers[bucket] = buckets.push(bucket) - 1;
    indices[k] = numbers[bucket];
  }
  return { buckets: Uint32Array.from(buckets), indices };
}

/** Rows of a block: 128 of 64 floats stay in the first-level cache. */
const BLOCK_ROWS = 128;

class PenalisedLoss implements Objective {
  readonly size: number;
  private readonly examples: Examples;
  private readonly weights: LinearWeights;
  private readonly indices: Int32Array;
  private readonly options: OptimumOptions;
  private readonly rows: DenseRows;
  private readonly block: RowBlock;
  private readonly biasStart: number;
  private readonly scores = new Float64Array(BLOCK_ROWS);
  private readonly predicted = new Float64Array(BLOCK_ROWS);

  constructor(examples: Examples, weights: LinearWeights, indices: Int32Array, size: number, options: OptimumOptions) {
    this.examples = examples;
    this.weights = weights;
    this.indices = indices;
    this.size = size;
    this.options = options;
    this.rows = new DenseRows(weights, BLOCK_ROWS, examples);
    this.block = this.rows.block;
    this.biasStart = weights.bias;
  }

  evaluate(x: Float64Array, gradient: Float64Array): number {
    const { examples, block, indices, scores } = this;
    const { batch, rows } = examples;
    const { l2, biasL2 } = this.options;
    const width = this.weights.dense.length;
    const { sparseWidth } = batch;
    gradient.fill(0);
    block.weights.set(x.subarray(1, 1 + width));
    block.sums.fill(0);
    let value = 0;
    for (let from = 0; from < rows; from += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, rows - from);
      if (width > 0) {
        this.rows.pickFrom(from, count);
        this.rows.take(batch, count);
        block.dotWide(count);
      }
      for (let i = 0; i < count; i++) {
        let score = x[0] + block.wideDots[i];
        for (let k = (from + i) * sparseWidth; k < (from + i + 1) * sparseWidth; k++) {
          if (indices[k] >= 0) score += x[1 + width + indices[k]];
        }
        scores[i] = score;
      }
      value += this.errorsOf(from, count);
      for (let i = 0; i < count; i++) {
        const error = block.wideErrors[i];
        gradient[0] += error;
        for (let k = (from + i) * sparseWidth; k < (from + i + 1) * sparseWidth; k++) {
          if (indices[k] >= 0) gradient[1 + width + indices[k]] += error;
        }
      }
      if (width > 0) block.addWeighted(count);
    }
    for (let j = 0; j < width; j++) gradient[1 + j] = block.sums[j];
    for (let k = 1; k < x.length; k++) {
      value += (l2 / 2) * x[k] * x[k];
      gradient[k] += l2 * x[k];
    }
    const moved = x[0] - this.biasStart;
    gradient[0] += biasL2 * moved;
    return value + (biasL2 / 2) * moved * moved;
  }

  /** Writes the derivatives of the rows' losses by their scores; returns the sum of the losses. */
  private errorsOf(from: number, count: number): number {
    const { scores, predicted, block } = this;
    const { labels, weights } = this.examples;
    const errors = block.wideErrors;
    let value = 0;
    if (this.options.loss === 'squared') {
      for (let i = 0; i < count; i++) {
        const error = scores[i] - labels[from + i];
        errors[i] = weights[from + i] * error;
        value += 0.5 * errors[i] * error;
      }
      return value;
    }
    predicted.set(scores);
    sigmoids(predicted, count);
    for (let i = 0; i < count; i++) {
      const p = predicted[i];
      const score = scores[i];
      // ln(1 + e^score) - label · score, without overflow: max(score, 0) - ln σ(|score|) is the former.
      const loss = Math.max(score, 0) - Math.log(score > 0 ? p : 1 - p) - labels[from + i] * score;
      value += weights[from + i] * loss;
      errors[i] = weights[from + i] * (p - labels[from + i]);
    }
    return value;
  }
}
