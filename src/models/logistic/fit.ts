/** The parts of a fit: passes over the rows, the bias that centres them, and what is known of the weights at the end. */
import type { Rng } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import type { Examples } from '../contract.ts';
import { blockOf, Posterior } from '../glm/posterior.ts';
import { LinearScorer, standardise } from '../glm/weights.ts';
import { logLossOf, sigmoid, sigmoids } from '../sigmoid.ts';
import { CELLS, type Ftrl, type FtrlState } from './ftrl.ts';
import type { LogisticOptions } from './options.ts';
import type { LogisticWeights } from './weights.ts';

/** Rows between two pauses; a multiple of what FTRL learns from together. */
const SLICE_ROWS = 8192;

export interface PassOptions {
  readonly passes: number;
  readonly l1: number;
  readonly l2: number;
  readonly rng: Rng;
  readonly validation: Examples | undefined;
  readonly pause: (share: number) => Promise<void>;
}

/**
 * Passes over the rows, each in a new order. Penalties grow with the passes, as the summed loss does. With validation rows it
 * stops after the first pass that does not lower their loss, and goes back to the pass before. Returns the passes kept.
 */
export async function passOver(examples: Examples, ftrl: Ftrl, options: PassOptions): Promise<number> {
  const { batch, labels, weights, rows } = examples;
  const { passes, rng, validation, pause } = options;
  const order = Uint32Array.from({ length: rows }, (_, r) => r);
  let best = Number.POSITIVE_INFINITY;
  let kept: Snapshot | undefined;
  for (let pass = 0; pass < passes; pass++) {
    ftrl.setPenalties(options.l1 * (pass + 1), options.l2 * (pass + 1));
    shuffle(order, rng);
    for (let from = 0; from < rows; from += SLICE_ROWS) {
      const to = Math.min(rows, from + SLICE_ROWS);
      ftrl.learn(batch, labels, weights, order, from, to);
      await pause((pass + to / rows) / passes);
    }
    ftrl.settle();
    if (validation === undefined) continue;
    const loss = meanLoss(validation, probabilities(validation, ftrl.weights, 0));
    if (kept !== undefined && !(loss < best)) {
      restore(kept, ftrl);
      return pass;
    }
    best = loss;
    kept = pass + 1 < passes ? snapshotOf(ftrl) : undefined;
  }
  return passes;
}

interface Snapshot {
  readonly bias: number;
  readonly dense: Float64Array;
  readonly sparse: Float32Array;
  readonly denseState: Float64Array;
  readonly sparseState: Float64Array;
}

function snapshotOf({ weights, state }: Ftrl): Snapshot {
  return {
    bias: weights.bias,
    dense: weights.dense.slice(),
    sparse: weights.sparse.slice(),
    denseState: state.dense.slice(),
    sparseState: state.sparse.slice(),
  };
}

function restore(kept: Snapshot, { weights, state }: Ftrl): void {
  weights.bias = kept.bias;
  weights.dense.set(kept.dense);
  weights.sparse.set(kept.sparse);
  state.dense.set(kept.denseState);
  state.sparse.set(kept.sparseState);
}

function shuffle(order: Uint32Array, rng: Rng): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

/** σ(score + shift) of each row. */
export function probabilities({ batch, rows }: Examples, weights: LogisticWeights, shift: number): Float64Array {
  const p = new Float64Array(rows);
  new LinearScorer(weights).score(batch, rows, p);
  if (shift !== 0) for (let r = 0; r < rows; r++) p[r] += shift;
  sigmoids(p, rows);
  return p;
}

/** Weighted mean log loss, nats. */
export function meanLoss({ labels, weights, rows }: Examples, p: Float64Array): number {
  let loss = 0;
  let total = 0;
  for (let r = 0; r < rows; r++) {
    if (weights[r] === 0) continue;
    loss += weights[r] * logLossOf(p[r], labels[r]);
    total += weights[r];
  }
  return loss / total;
}

/** Rounds of Newton's method that centre a bias to machine precision. */
const CENTRING_ROUNDS = 6;

/** Moves the bias to where the mean prediction over the examples is their mean label (FTRL stops near it, not at it). */
export function centre({ batch, labels, weights: sampleWeights, rows }: Examples, weights: LogisticWeights): void {
  const logits = new Float64Array(rows);
  new LinearScorer(weights).score(batch, rows, logits);
  let shift = 0;
  for (let round = 0; round < CENTRING_ROUNDS; round++) {
    let gradient = 0;
    let curvature = 1e-12;
    for (let r = 0; r < rows; r++) {
      const q = sigmoid(logits[r] + shift);
      gradient += sampleWeights[r] * (q - labels[r]);
      curvature += sampleWeights[r] * q * (1 - q);
    }
    const step = Math.max(-1, Math.min(1, gradient / curvature));
    shift -= step;
    if (Math.abs(step) < 1e-9) break;
  }
  weights.bias += shift;
}

/** Precision of the prior where the penalty is smaller: what nothing is known of has a deviation of ten logits, not of any number. */
const LEAST_PRIOR = 0.01;

/** One that has learnt nothing; undefined where none is kept. */
export function freshPosterior(encoder: EncoderShape, options: LogisticOptions): Posterior | undefined {
  if (options.posterior === 'none') return undefined;
  const block = options.posterior === 'block' ? blockOf('logisticModel', encoder, options.block) : new Uint32Array(0);
  return new Posterior(encoder, Math.max(LEAST_PRIOR, options.l2), block);
}

/** Laplace's method at the weights that gave p: the curvature of row r is weight · p (1 - p). */
export function gatherPosterior(
  { batch, weights: sampleWeights, rows }: Examples,
  weights: LogisticWeights,
  posterior: Posterior,
  p: Float64Array,
): void {
  const x = new Float64Array(weights.dense.length + 1).fill(1);
  const { sparse, sparseWidth } = batch;
  posterior.gather((add) => {
    for (let r = 0; r < rows; r++) {
      const curvature = sampleWeights[r] * p[r] * (1 - p[r]);
      if (curvature === 0) continue;
      standardise(weights, batch, r, x, 1);
      add(x, sparse, r * sparseWidth, (r + 1) * sparseWidth, curvature);
    }
  });
}

/** Leaves in the state the √n that one pass of FTRL at the weights that gave p would have gathered. */
export function gatherRoots(
  { batch, labels, weights: sampleWeights, rows }: Examples,
  weights: LogisticWeights,
  state: FtrlState,
  p: Float64Array,
): void {
  const width = weights.dense.length;
  const x = new Float64Array(width + 1).fill(1);
  const squares = new Float64Array(width + 1);
  const { sparse: slots, sparseWidth } = batch;
  const { sparse: cells } = state;
  for (let r = 0; r < rows; r++) {
    const error = sampleWeights[r] * (p[r] - labels[r]);
    if (error === 0) continue;
    standardise(weights, batch, r, x, 1);
    for (let i = 0; i <= width; i++) squares[i] += (error * x[i]) ** 2;
    for (let s = r * sparseWidth; s < (r + 1) * sparseWidth; s++) {
      if (slots[s] !== 0) cells[CELLS * slots[s] + 1] += error * error;
    }
  }
  for (let i = 0; i <= width; i++) state.dense[2 * i + 1] = Math.sqrt(squares[i]);
  for (let b = 1; b < weights.sparse.length; b++) cells[CELLS * b + 1] = Math.sqrt(cells[CELLS * b + 1]);
}
