/** Passes over rows in random order, with early stopping; and the bias that centres what they leave. */
import { type Rng, shuffle } from '../../base/index.ts';
import type { FeatureBatch } from '../../features/index.ts';
import type { Examples } from '../contract.ts';
import { logLossOf, sigmoid } from '../sigmoid.ts';

/** What learns from rows one after the other. */
export interface RowLearner {
  /** Before pass 0, 1, …: penalties grow with the passes, as the summed loss does. */
  beginPass(pass: number): void;
  /** Learns from the rows order[from .. to). */
  learn(
    batch: FeatureBatch,
    labels: Float32Array,
    weights: Float32Array,
    order: Uint32Array,
    from: number,
    to: number,
  ): void;
  /** After a pass, before the model is looked at. */
  settle(): void;
  /** What brings the model back to what it is now. */
  snapshot(): () => void;
}

export interface PassOptions {
  readonly passes: number;
  readonly rng: Rng;
  /** The loss on rows that are not learnt from, where there are any. */
  readonly validationLoss: (() => number) | undefined;
  readonly pause: (share: number) => Promise<void>;
}

/** Rows between two pauses; a multiple of what FTRL learns from together. */
const SLICE_ROWS = 8192;

/**
 * Passes over the rows, each in a new order. With validation rows it stops after the first pass that does not lower their
 * loss, and goes back to the pass before. Returns the passes kept.
 */
export async function passOver(examples: Examples, learner: RowLearner, options: PassOptions): Promise<number> {
  const { batch, labels, weights, rows } = examples;
  const { passes, rng, validationLoss, pause } = options;
  const order = new Uint32Array(rows);
  let best = Number.POSITIVE_INFINITY;
  let goBack: (() => void) | undefined;
  for (let pass = 0; pass < passes; pass++) {
    learner.beginPass(pass);
    shuffleRows(order, rng);
    for (let from = 0; from < rows; from += SLICE_ROWS) {
      const to = Math.min(rows, from + SLICE_ROWS);
      learner.learn(batch, labels, weights, order, from, to);
      await pause((pass + to / rows) / passes);
    }
    learner.settle();
    if (validationLoss === undefined) continue;
    const loss = validationLoss();
    if (goBack !== undefined && !(loss < best)) {
      goBack();
      return pass;
    }
    best = loss;
    goBack = learner.snapshot();
  }
  return passes;
}

/** Rows that stay together when blocks are shuffled, and rows that are then shuffled among each other. */
const BLOCK_ROWS = 128;
const WINDOW_ROWS = 1024;

/**
 * A new order of the rows, at random on two levels: blocks of 128 rows change places, then the rows within each 1,024. Rows that
 * stand together come from eight places of memory instead of a thousand, which a pass over many rows mostly waits for. Up to
 * 1,024 rows every order is equally likely.
 */
export function shuffleRows(order: Uint32Array, rng: Rng): void {
  const rows = order.length;
  const blocks = Uint32Array.from({ length: Math.ceil(rows / BLOCK_ROWS) }, (_, block) => block);
  shuffle(blocks, rng);
  let at = 0;
  for (const block of blocks) {
    const end = Math.min(rows, (block + 1) * BLOCK_ROWS);
    for (let r = block * BLOCK_ROWS; r < end; r++) order[at++] = r;
  }
  for (let from = 0; from < rows; from += WINDOW_ROWS) shuffle(order, rng, from, Math.min(rows, from + WINDOW_ROWS));
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

/** By how much a bias must move for the mean prediction to be the mean label (FTRL stops near that, not at it). */
export function centringShift(logits: Float64Array, { labels, weights, rows }: Examples): number {
  let shift = 0;
  for (let round = 0; round < CENTRING_ROUNDS; round++) {
    let gradient = 0;
    let curvature = 1e-12;
    for (let r = 0; r < rows; r++) {
      const q = sigmoid(logits[r] + shift);
      gradient += weights[r] * (q - labels[r]);
      curvature += weights[r] * q * (1 - q);
    }
    const step = Math.max(-1, Math.min(1, gradient / curvature));
    shift -= step;
    if (Math.abs(step) < 1e-9) break;
  }
  return shift;
}
