/**
 * FTRL-proximal (McMahan et al. 2013, "Ad click prediction: a view from the trenches", algorithm 1): per coordinate
 *   g   = weight · (p - label) · x
 *   σ   = (√(n + g²) - √n) / α,   z += g - σ w,   n += g²
 *   w   = 0 if |z| <= λ1, else -(z - sign(z) λ1) / ((β + √n) / α + λ2)
 * The accumulators z and n are the learner's; w is what serving reads.
 */
import type { FeatureBatch } from '../features/index.ts';
import type { LogisticWeights } from './logistic-weights.ts';
import { sigmoid } from './sigmoid.ts';

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

export class Ftrl {
  readonly weights: LogisticWeights;
  readonly state: FtrlState;
  private readonly rates: FtrlRates;
  /** The standardised row. */
  private readonly row: Float64Array;

  constructor(weights: LogisticWeights, state: FtrlState, rates: FtrlRates) {
    this.weights = weights;
    this.state = state;
    this.rates = rates;
    this.row = new Float64Array(weights.dense.length);
  }

  /** Learns from one row; returns what was predicted for it before. */
  step(batch: FeatureBatch, r: number, label: number, weight: number): number {
    const { weights, state, row } = this;
    const { dense: w, means, scales, sparse: v } = weights;
    const { alpha, beta, l1, l2 } = this.rates;
    const width = w.length;
    const at = r * width;
    const cells = batch.dense;
    let sum = weights.bias;
    for (let j = 0; j < width; j++) {
      const raw = (cells[at + j] - means[j]) / scales[j];
      const x = Number.isNaN(raw) ? 0 : raw;
      row[j] = x;
      sum += w[j] * x;
    }
    const slots = batch.sparse;
    const first = r * batch.sparseWidth;
    const end = first + batch.sparseWidth;
    for (let s = first; s < end; s++) sum += v[slots[s]];

    const p = sigmoid(sum);
    const error = weight * (p - label);
    if (error === 0) return p;
    const inverseAlpha = 1 / alpha;
    const dense = state.dense;
    {
      const root = dense[1];
      const larger = Math.sqrt(root * root + error * error);
      dense[0] += error - (larger - root) * inverseAlpha * weights.bias;
      dense[1] = larger;
      weights.bias = -dense[0] / ((beta + larger) * inverseAlpha);
    }
    for (let j = 0; j < width; j++) {
      const g = error * row[j];
      if (g === 0) continue;
      const k = 2 * j + 2;
      const root = dense[k + 1];
      const larger = Math.sqrt(root * root + g * g);
      const z = dense[k] + g - (larger - root) * inverseAlpha * w[j];
      dense[k] = z;
      dense[k + 1] = larger;
      w[j] = weightOf(z, larger, inverseAlpha, beta, l1, l2);
    }
    const sparse = state.sparse;
    const squared = error * error;
    for (let s = first; s < end; s++) {
      const bucket = slots[s];
      if (bucket === 0) continue;
      const k = 2 * bucket;
      const root = sparse[k + 1];
      const larger = Math.sqrt(root * root + squared);
      const z = sparse[k] + error - (larger - root) * inverseAlpha * v[bucket];
      sparse[k] = z;
      sparse[k + 1] = larger;
      v[bucket] = weightOf(z, larger, inverseAlpha, beta, l1, l2);
    }
    return p;
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

function weightOf(z: number, root: number, inverseAlpha: number, beta: number, l1: number, l2: number): number {
  const size = z < 0 ? -z : z;
  if (size <= l1) return 0;
  const w = (size - l1) / ((beta + root) * inverseAlpha + l2);
  return z < 0 ? w : -w;
}
