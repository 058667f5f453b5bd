/**
 * FTRL-proximal (McMahan et al. 2013, "Ad click prediction: a view from the trenches", algorithm 1): per coordinate
 *   g   = weight · (p - label) · x
 *   σ   = (√(n + g²) - √n) / α,   z += g - σ w,   n += g²
 *   w   = 0 if |z| <= λ1, else -(z - sign(z) λ1) / ((β + √n) / α + λ2)
 * The accumulators z and n are the learner's; w is what serving reads.
 */
import type { FeatureBatch } from '../../features/index.ts';
import { sigmoid } from '../sigmoid.ts';
import type { LogisticWeights } from './weights.ts';

export interface FtrlRates {
  /** Step size: a coordinate's first step is about α. */
  readonly alpha: number;
  /** Damps the first steps. */
  readonly beta: number;
  /** Penalty on |w| of all coordinates but the bias, in units of the summed loss. */
  readonly l1: number;
  /** Penalty on w²/2, likewise. */
  readonly l2: number;
}

/** Accumulators: index 0 of `dense` is the bias, 1 + j column j; two numbers each: z, √n. */
export interface FtrlState {
  readonly dense: Float64Array;
  /** Bucket b: z at 2b, √n at 2b + 1. */
  readonly sparse: Float64Array;
}

export function freshState(denseWidth: number, buckets: number): FtrlState {
  return { dense: new Float64Array(2 * (denseWidth + 1)), sparse: new Float64Array(2 * buckets) };
}

/** Rows whose dense gradients are summed before the dense weights move. */
const BATCH_ROWS = 16;

export class Ftrl {
  readonly weights: LogisticWeights;
  readonly state: FtrlState;
  private readonly rates: FtrlRates;
  private readonly inverseScales: Float64Array;
  /** The standardised row. */
  private readonly row: Float64Array;
  /** Σ g and Σ g² since the dense weights moved last; index 0 is the bias. */
  private readonly gradients: Float64Array;
  private readonly squares: Float64Array;
  private pending = 0;

  constructor(weights: LogisticWeights, state: FtrlState, rates: FtrlRates) {
    this.weights = weights;
    this.state = state;
    this.rates = rates;
    this.inverseScales = weights.scales.map((scale) => 1 / scale);
    this.row = new Float64Array(weights.dense.length);
    this.gradients = new Float64Array(weights.dense.length + 1);
    this.squares = new Float64Array(weights.dense.length + 1);
  }

  /**
   * Learns from row r of the batch. Slots learn at once; bias and dense columns, which every row shares, learn from 16 rows
   * at a time (n gathers the squares of the single rows, so that the step size is that of single rows).
   */
  step(batch: FeatureBatch, r: number, label: number, weight: number): void {
    const { weights, row, inverseScales, gradients, squares } = this;
    const { dense: w, means, sparse: v } = weights;
    const width = w.length;
    const at = r * width;
    const cells = batch.dense;
    let sum = weights.bias;
    for (let j = 0; j < width; j++) {
      const raw = (cells[at + j] - means[j]) * inverseScales[j];
      const x = Number.isNaN(raw) ? 0 : raw;
      row[j] = x;
      sum += w[j] * x;
    }
    const slots = batch.sparse;
    const first = r * batch.sparseWidth;
    const end = first + batch.sparseWidth;
    for (let s = first; s < end; s++) sum += v[slots[s]];

    const error = weight * (sigmoid(sum) - label);
    gradients[0] += error;
    squares[0] += error * error;
    for (let j = 0; j < width; j++) {
      const g = error * row[j];
      gradients[j + 1] += g;
      squares[j + 1] += g * g;
    }
    for (let s = first; s < end; s++) if (slots[s] !== 0) this.moveBucket(slots[s], error);
    if (++this.pending === BATCH_ROWS) this.flush();
  }

  private moveBucket(bucket: number, g: number): void {
    const { sparse } = this.state;
    const v = this.weights.sparse;
    const { alpha, beta, l1, l2 } = this.rates;
    const k = 2 * bucket;
    const root = sparse[k + 1];
    const larger = Math.sqrt(root * root + g * g);
    const z = sparse[k] + g - ((larger - root) / alpha) * v[bucket];
    sparse[k] = z;
    sparse[k + 1] = larger;
    v[bucket] = weightOf(z, (beta + larger) / alpha + l2, l1);
  }

  /** Moves bias and dense weights by the gradients of the rows since the last time. */
  flush(): void {
    const { weights, gradients, squares } = this;
    const { dense } = this.state;
    const w = weights.dense;
    const { alpha, beta, l1, l2 } = this.rates;
    for (let i = 0; i < gradients.length; i++) {
      const root = dense[2 * i + 1];
      const larger = Math.sqrt(root * root + squares[i]);
      const old = i === 0 ? weights.bias : w[i - 1];
      const z = dense[2 * i] + gradients[i] - ((larger - root) / alpha) * old;
      dense[2 * i] = z;
      dense[2 * i + 1] = larger;
      if (i === 0) weights.bias = weightOf(z, (beta + larger) / alpha, 0);
      else w[i - 1] = weightOf(z, (beta + larger) / alpha + l2, l1);
    }
    gradients.fill(0);
    squares.fill(0);
    this.pending = 0;
  }

  /** Sets the bias, keeping how fast it moves. */
  setBias(bias: number): void {
    const { dense } = this.state;
    const { alpha, beta } = this.rates;
    this.weights.bias = bias;
    dense[0] = (-bias * (beta + dense[1])) / alpha;
  }

  /** Takes over weights that were found otherwise: z is what gives w back, given √n. */
  adopt(): void {
    const { weights, state } = this;
    const { alpha, beta, l1, l2 } = this.rates;
    this.setBias(weights.bias);
    const zOf = (w: number, root: number): number =>
      w === 0 ? 0 : -w * ((beta + root) / alpha + l2) - Math.sign(w) * l1;
    for (let j = 0; j < weights.dense.length; j++) {
      state.dense[2 * j + 2] = zOf(weights.dense[j], state.dense[2 * j + 3]);
    }
    for (let b = 1; b < weights.sparse.length; b++) {
      if (weights.sparse[b] !== 0) state.sparse[2 * b] = zOf(weights.sparse[b], state.sparse[2 * b + 1]);
    }
  }
}

function weightOf(z: number, curvature: number, l1: number): number {
  const size = Math.abs(z) - l1;
  if (size <= 0) return 0;
  return z < 0 ? size / curvature : -size / curvature;
}
