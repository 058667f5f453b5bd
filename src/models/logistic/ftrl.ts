/**
 * FTRL-proximal (McMahan et al. 2013, "Ad click prediction: a view from the trenches", algorithm 1): per coordinate
 *   g   = weight · (p - label) · x
 *   σ   = (√(n + g²) - √n) / α,   z += g - σ w,   n += g²
 *   w   = 0 if |z| <= λ1, else -(z - sign(z) λ1) / ((β + √n) / α + λ2)
 * The accumulators z and n are the learner's; w is what serving reads. Without penalties this is AdaGrad with step
 * α / (β + √n).
 */
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type { RowBlock } from '../../kernels/index.ts';
import type { Examples } from '../contract.ts';
import { DenseRows } from '../glm/dense-rows.ts';
import type { LinearWeights } from '../glm/weights.ts';
import { sigmoids } from '../sigmoid.ts';

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
  /** Bucket b: z, √n and the weight (rounded to a float) at CELLS · b; what a row touches lies in one line of the cache. */
  readonly sparse: Float64Array;
}

/** The fourth is room, so that no bucket straddles two lines. */
const CELL_SHIFT = 2;
export const CELLS = 1 << CELL_SHIFT;

export function freshState({ denseWidth, buckets }: Pick<EncoderShape, 'denseWidth' | 'buckets'>): FtrlState {
  return { dense: new Float64Array(2 * (denseWidth + 1)), sparse: new Float64Array(CELLS * buckets) };
}

/** How large the next step of each coordinate would be: 1 / ((β + √n) / α + l2). */
export interface StepSizes {
  readonly alpha: number;
  readonly beta: number;
  readonly l2: number;
  /** √n of the bias and the dense columns. */
  readonly roots: Float64Array;
  /** √n of the buckets. */
  readonly sparseRoots: Float32Array;
}

/** A part of the logit that is not linear, and learns beside the weights. Rows are scored and learnt one after the other. */
export interface RowTerm {
  /** What row r of the batch adds to its logit; its standardised columns stand at columns[at ..]. */
  score(columns: Float32Array, at: number, batch: FeatureBatch, r: number): number;
  /** Learns from the row scored last: `error` is weight · (p - label). */
  learn(columns: Float32Array, at: number, batch: FeatureBatch, r: number, error: number): void;
  /** What all rows share moves, after each few rows. */
  step(): void;
}

/**
 * Rows that are learnt from together: slots learn from each at once; bias and dense columns, which every row shares, from all
 * of them (n gathers the squares of the single rows, so that the step size is that of single rows).
 */
const BATCH_ROWS = 16;

/** Learns weights. They and `state` are its own while it learns; `settle` writes there what it has learnt. */
export class Ftrl {
  readonly weights: LinearWeights;
  readonly state: FtrlState;
  /** As of the last time that it settled; of the penalties that it was made with. */
  readonly steps: StepSizes;
  private rates: FtrlRates;
  private readonly rows: DenseRows;
  private readonly block: RowBlock;
  private readonly scores = new Float64Array(BATCH_ROWS);
  private readonly term: RowTerm | undefined;

  /** @param examples what it will pass over more than once, if anything: their means and scales must stay as they are */
  constructor(weights: LinearWeights, state: FtrlState, rates: FtrlRates, term?: RowTerm, examples?: Examples) {
    this.term = term;
    this.weights = weights;
    this.state = state;
    this.rates = rates;
    this.steps = {
      alpha: rates.alpha,
      beta: rates.beta,
      l2: rates.l2,
      roots: new Float64Array(weights.dense.length + 1),
      sparseRoots: new Float32Array(weights.sparse.length),
    };
    this.rows = new DenseRows(weights, BATCH_ROWS, examples);
    this.block = this.rows.block;
    this.load();
  }

  /** Takes the accumulators and weights as they stand. */
  private load(): void {
    const { block, weights, state } = this;
    for (let j = 0; j < weights.dense.length; j++) {
      block.z[j] = state.dense[2 * j + 2];
      block.roots[j] = state.dense[2 * j + 3];
      block.weights[j] = weights.dense[j];
      block.query[j] = weights.dense[j];
    }
  }

  /** From here on with other penalties: a coordinate heeds them when it learns next. */
  setPenalties(l1: number, l2: number): void {
    this.rates = { ...this.rates, l1, l2 };
  }

  /**
   * Learns from the rows order[from .. to) of the batch (from .. to themselves without an order), those of weight 0 left out.
   */
  learn(
    batch: FeatureBatch,
    labels: Float32Array,
    sampleWeights: Float32Array,
    order: Uint32Array | undefined,
    from: number,
    to: number,
  ): void {
    const { picked } = this.block;
    let count = 0;
    for (let i = from; i < to; i++) {
      const r = order === undefined ? i : order[i];
      if (sampleWeights[r] === 0) continue;
      picked[count++] = r;
      if (count === BATCH_ROWS) {
        this.learnPicked(batch, labels, sampleWeights, count);
        count = 0;
      }
    }
    if (count > 0) this.learnPicked(batch, labels, sampleWeights, count);
  }

  private learnPicked(batch: FeatureBatch, labels: Float32Array, sampleWeights: Float32Array, count: number): void {
    const { block, scores, weights } = this;
    const { picked } = block;
    const width = weights.dense.length;
    this.rows.fetch(batch.sparse, batch.sparseWidth, count);
    if (width > 0) {
      this.rows.take(batch, count);
      block.dot(count);
    }
    if (batch.sparseWidth > 0 || this.term !== undefined) this.learnOneByOne(batch, labels, sampleWeights, count);
    else {
      for (let i = 0; i < count; i++) scores[i] = weights.bias + block.dots[i];
      sigmoids(scores, count);
      for (let i = 0; i < count; i++) {
        const r = picked[i];
        block.errors[i] = sampleWeights[r] * (scores[i] - labels[r]);
      }
    }
    this.learnBias(count);
    if (width > 0) block.ftrlStep(count, this.rates);
    this.term?.step();
  }

  /** Row by row: a row's slots have learnt before the next row is predicted. */
  private learnOneByOne(batch: FeatureBatch, labels: Float32Array, sampleWeights: Float32Array, count: number): void {
    const { block, weights, scores, term } = this;
    const { rows, stride, picked } = block;
    const { bias } = weights;
    const cells = this.state.sparse;
    const { alpha, beta, l1, l2 } = this.rates;
    const rate = 1 / alpha;
    const base = beta / alpha + l2;
    const slots = batch.sparse;
    const { sparseWidth } = batch;
    for (let i = 0; i < count; i++) {
      const r = picked[i];
      const first = r * sparseWidth;
      const end = first + sparseWidth;
      let sum = bias + block.dots[i];
      for (let s = first; s < end; s++) sum += cells[(slots[s] << CELL_SHIFT) + 2];
      if (term !== undefined) sum += term.score(rows, i * stride, batch, r);
      scores[0] = sum;
      sigmoids(scores, 1);
      const error = sampleWeights[r] * (scores[0] - labels[r]);
      block.errors[i] = error;
      if (term !== undefined) term.learn(rows, i * stride, batch, r, error);
      if (l1 === 0) moveSlots(cells, slots, first, end, error, rate, base);
      else moveSlotsBeyond(l1, cells, slots, first, end, error, rate, base);
    }
  }

  private learnBias(count: number): void {
    const { block, weights } = this;
    const { dense } = this.state;
    const { alpha, beta } = this.rates;
    let gradient = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const error = block.errors[i];
      gradient += error;
      squares += error * error;
    }
    const root = dense[1];
    const larger = Math.sqrt(root * root + squares);
    dense[0] += gradient - ((larger - root) / alpha) * weights.bias;
    dense[1] = larger;
    weights.bias = weightOf(dense[0], (beta + larger) / alpha, 0);
  }

  /** Writes what was learnt to the weights, the state and the steps: all buckets, or those of the first rows of a batch. */
  settle(batch?: FeatureBatch, rows = 0): void {
    const { block, weights, state, steps } = this;
    for (let j = 0; j < weights.dense.length; j++) {
      state.dense[2 * j + 2] = block.z[j];
      state.dense[2 * j + 3] = block.roots[j];
      weights.dense[j] = block.weights[j];
    }
    for (let i = 0; i < steps.roots.length; i++) steps.roots[i] = state.dense[2 * i + 1];
    const count = batch === undefined ? weights.sparse.length : rows * batch.sparseWidth;
    for (let k = 0; k < count; k++) {
      const b = batch === undefined ? k : batch.sparse[k];
      steps.sparseRoots[b] = state.sparse[CELLS * b + 1];
      weights.sparse[b] = state.sparse[CELLS * b + 2];
    }
  }

  /** What brings weights and state back to what they are now; they must have settled, and `adopt` must follow. */
  snapshot(): () => void {
    const { weights, state } = this;
    const { bias } = weights;
    const [dense, sparse] = [weights.dense.slice(), weights.sparse.slice()];
    const [denseState, sparseState] = [state.dense.slice(), state.sparse.slice()];
    return () => {
      weights.bias = bias;
      weights.dense.set(dense);
      weights.sparse.set(sparse);
      state.dense.set(denseState);
      state.sparse.set(sparseState);
    };
  }

  /** Sets the bias, keeping how fast it moves. */
  setBias(bias: number): void {
    const { dense } = this.state;
    const { alpha, beta } = this.rates;
    this.weights.bias = bias;
    dense[0] = (-bias * (beta + dense[1])) / alpha;
  }

  /**
   * Takes over weights that were found otherwise, or under other penalties: z is what gives w back, given √n. A weight of 0
   * stays there until its z leaves [-l1, l1].
   */
  adopt(): void {
    const { weights, state } = this;
    const { alpha, beta, l1, l2 } = this.rates;
    this.setBias(weights.bias);
    const zOf = (w: number, z: number, root: number): number =>
      w === 0 ? Math.max(-l1, Math.min(l1, z)) : -w * ((beta + root) / alpha + l2) - Math.sign(w) * l1;
    for (let j = 0; j < weights.dense.length; j++) {
      const at = 2 * j + 2;
      state.dense[at] = zOf(weights.dense[j], state.dense[at], state.dense[at + 1]);
    }
    for (let b = 1; b < weights.sparse.length; b++) {
      const at = CELLS * b;
      state.sparse[at] = zOf(weights.sparse[b], state.sparse[at], state.sparse[at + 1]);
      state.sparse[at + 2] = weights.sparse[b];
    }
    this.load();
    this.settle();
  }
}

/** A gradient of `error` for each bucket of slots[first .. end): without an l1. */
function moveSlots(
  cells: Float64Array,
  slots: Uint32Array,
  first: number,
  end: number,
  error: number,
  rate: number,
  base: number,
): void {
  const square = error * error;
  for (let s = first; s < end; s++) {
    const k = slots[s] << CELL_SHIFT;
    if (k === 0) continue;
    const root = cells[k + 1];
    const larger = Math.sqrt(root * root + square);
    const z = cells[k] + error - (larger - root) * rate * cells[k + 2];
    cells[k] = z;
    cells[k + 1] = larger;
    cells[k + 2] = Math.fround((0 - z) / (larger * rate + base));
  }
}

/** With one: twice as slow, since no processor can guess which side of it a z is on. */
function moveSlotsBeyond(
  l1: number,
  cells: Float64Array,
  slots: Uint32Array,
  first: number,
  end: number,
  error: number,
  rate: number,
  base: number,
): void {
  const square = error * error;
  for (let s = first; s < end; s++) {
    const k = slots[s] << CELL_SHIFT;
    if (k === 0) continue;
    const root = cells[k + 1];
    const larger = Math.sqrt(root * root + square);
    const z = cells[k] + error - (larger - root) * rate * cells[k + 2];
    cells[k] = z;
    cells[k + 1] = larger;
    cells[k + 2] = Math.fround(weightOf(z, larger * rate + base, l1));
  }
}

function weightOf(z: number, curvature: number, l1: number): number {
  const size = Math.abs(z) - l1;
  if (size <= 0) return 0;
  return z < 0 ? size / curvature : -size / curvature;
}

/** Σ_i x_i² s_i, s_i the step of coordinate i for a gradient of 1: how far a row's logit would move. The bias has no penalty. */
export function reach(steps: StepSizes, x: Float64Array, slots: Uint32Array, from: number, to: number): number {
  const { alpha, beta, l2, roots, sparseRoots } = steps;
  let sum = alpha / (beta + roots[0] + 1e-12);
  for (let i = 1; i < roots.length; i++) sum += (x[i] * x[i]) / ((beta + roots[i]) / alpha + l2 + 1e-12);
  for (let s = from; s < to; s++) {
    if (slots[s] !== 0) sum += 1 / ((beta + sparseRoots[slots[s]]) / alpha + l2 + 1e-12);
  }
  return sum;
}
