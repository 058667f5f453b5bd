/**
 * How factors learn: FTRL-proximal without an l1, beside that of the linear part. In terms of the factors themselves it is
 *   g = weight · (p - label) · x_i (Σ_j v_jf x_j - v_if x_i),   n += g²,   v -= g / ((β + √n) / α + l2)
 * A bucket's factors begin, when a row first has it, at noise that is a function of the seed and the bucket.
 */
import { noiseStream, type Seed } from '../../base/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import { normalAt } from '../glm/normals.ts';
import type { RowTerm } from '../logistic/ftrl.ts';
import { type Factors, pairwise } from './factors.ts';

export interface FactorRates {
  readonly alpha: number;
  readonly beta: number;
  /** Penalty on v²/2, in units of the summed loss. */
  readonly l2: number;
  /** Standard deviation of what factors begin at. */
  readonly spread: number;
}

/** √n of each factor. A bucket whose first factor's is 0 has not begun. */
export interface FactorState {
  readonly dense: Float64Array;
  readonly sparse: Float32Array;
}

export function freshFactorState(encoder: Pick<EncoderShape, 'denseWidth' | 'buckets'>, k: number): FactorState {
  return { dense: new Float64Array(encoder.denseWidth * k), sparse: new Float32Array(encoder.buckets * k) };
}

/** The first factors of buckets and of columns are told apart by these. */
const BUCKET_NOISE = 1;
const COLUMN_NOISE = 2;

export class FactorTerm implements RowTerm {
  private readonly factors: Factors;
  private readonly state: FactorState;
  private readonly rates: FactorRates;
  private readonly stream: number;
  private readonly sums: Float64Array;
  /** Σ g and Σ g² of the dense factors since they moved last. */
  private readonly gradients: Float64Array;
  private readonly squares: Float64Array;
  private readonly width: number;
  private l2: number;

  constructor(factors: Factors, state: FactorState, rates: FactorRates, seed: Seed) {
    this.factors = factors;
    this.state = state;
    this.rates = rates;
    this.l2 = rates.l2;
    this.stream = noiseStream(seed, BUCKET_NOISE, 0);
    this.sums = new Float64Array(factors.k);
    this.gradients = new Float64Array(factors.dense.length);
    this.squares = new Float64Array(factors.dense.length);
    this.width = factors.dense.length / factors.k;
  }

  /** Sets the factors of all columns to what they begin at. */
  begin(seed: Seed): void {
    const stream = noiseStream(seed, COLUMN_NOISE, 0);
    const { dense } = this.factors;
    for (let i = 0; i < dense.length; i++) dense[i] = this.rates.spread * normalAt(stream, i);
  }

  /** From here on with another penalty; `heed`: all factors shrink by it at once, as FTRL's do when they next learn. */
  setPenalty(l2: number, heed: boolean): void {
    const { alpha, beta } = this.rates;
    if (heed && l2 !== this.l2) {
      const shrink = (root: number): number => ((beta + root) / alpha + this.l2) / ((beta + root) / alpha + l2);
      const { dense, sparse } = this.factors;
      for (let i = 0; i < dense.length; i++) dense[i] *= shrink(this.state.dense[i]);
      for (let i = 0; i < sparse.length; i++) if (sparse[i] !== 0) sparse[i] *= shrink(this.state.sparse[i]);
    }
    this.l2 = l2;
  }

  score(columns: Float32Array, at: number, batch: FeatureBatch, r: number): number {
    const { factors, width, sums } = this;
    const from = r * batch.sparseWidth;
    const to = from + batch.sparseWidth;
    this.beginBuckets(batch.sparse, from, to);
    return pairwise(factors, columns, at, width, batch.sparse, from, to, sums);
  }

  private beginBuckets(slots: Uint32Array, from: number, to: number): void {
    const { factors, state, stream, rates } = this;
    const { k } = factors;
    for (let s = from; s < to; s++) {
      const first = slots[s] * k;
      if (first === 0 || state.sparse[first] !== 0) continue;
      for (let f = 0; f < k; f++) factors.sparse[first + f] = rates.spread * normalAt(stream, first + f);
    }
  }

  learn(columns: Float32Array, at: number, batch: FeatureBatch, r: number, error: number): void {
    const { factors, state, sums, gradients, squares, width } = this;
    const { k, dense, sparse } = factors;
    const { alpha, beta } = this.rates;
    const rate = 1 / alpha;
    const base = beta / alpha + this.l2;
    for (let j = 0; j < width; j++) {
      const x = columns[at + j];
      if (x === 0) continue;
      const first = j * k;
      const slope = error * x;
      for (let f = 0; f < k; f++) {
        const g = slope * (sums[f] - dense[first + f] * x);
        gradients[first + f] += g;
        squares[first + f] += g * g;
      }
    }
    const roots = state.sparse;
    for (let s = r * batch.sparseWidth; s < (r + 1) * batch.sparseWidth; s++) {
      const first = batch.sparse[s] * k;
      if (first === 0) continue;
      for (let f = 0; f < k; f++) {
        const i = first + f;
        const g = error * (sums[f] - sparse[i]);
        const root = Math.max(LEAST_ROOT, Math.sqrt(roots[i] * roots[i] + g * g));
        roots[i] = root;
        sparse[i] -= g / (root * rate + base);
      }
    }
  }

  step(): void {
    const { factors, state, gradients, squares } = this;
    const { alpha, beta } = this.rates;
    const rate = 1 / alpha;
    const base = beta / alpha + this.l2;
    for (let i = 0; i < gradients.length; i++) {
      const root = Math.sqrt(state.dense[i] * state.dense[i] + squares[i]);
      state.dense[i] = root;
      factors.dense[i] -= gradients[i] / (root * rate + base);
    }
    gradients.fill(0);
    squares.fill(0);
  }

  snapshot(): () => void {
    const { factors, state } = this;
    const [dense, sparse] = [factors.dense.slice(), factors.sparse.slice()];
    const [denseRoots, sparseRoots] = [state.dense.slice(), state.sparse.slice()];
    return () => {
      factors.dense.set(dense);
      factors.sparse.set(sparse);
      state.dense.set(denseRoots);
      state.sparse.set(sparseRoots);
    };
  }
}

/** So that a bucket whose first gradient is 0 has begun all the same; nothing beside any other gradient. */
const LEAST_ROOT = 1e-12;
