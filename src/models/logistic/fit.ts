/** The parts of a fit: FTRL pass by pass, and what is known of the weights at the end. */
import type { EncoderShape } from '../../features/index.ts';
import type { Examples } from '../contract.ts';
import { weightedSquares } from '../glm/dense-rows.ts';
import type { RowLearner } from '../glm/passes.ts';
import { blockOf, Posterior } from '../glm/posterior.ts';
import { LinearScorer, standardise } from '../glm/weights.ts';
import { sigmoids } from '../sigmoid.ts';
import { CELLS, type Ftrl, type FtrlState } from './ftrl.ts';
import type { LogisticOptions } from './options.ts';
import type { LogisticWeights } from './weights.ts';

/** FTRL whose penalties are those of the passes so far. */
export function ftrlPasses(
  ftrl: Ftrl,
  { l1, l2 }: Pick<LogisticOptions, 'l1' | 'l2'>,
  { batch }: Pick<Examples, 'batch'>,
): RowLearner {
  // Without slots no bucket has moved, and there are 2^18 of them.
  const slotless = batch.sparseWidth === 0 ? batch : undefined;
  return {
    beginPass: (pass) => ftrl.setPenalties(l1 * (pass + 1), l2 * (pass + 1)),
    learn: (batch, labels, weights, order, from, to) => ftrl.learn(batch, labels, weights, order, from, to),
    settle: () => ftrl.settle(slotless, 0),
    snapshot: () => ftrl.snapshot(),
  };
}

/** The logit of each row. */
export function logitsOf({ batch, rows }: Examples, weights: LogisticWeights): Float64Array {
  const logits = new Float64Array(rows);
  new LinearScorer(weights).score(batch, rows, logits);
  return logits;
}

export function probabilities(examples: Examples, weights: LogisticWeights): Float64Array {
  const p = logitsOf(examples, weights);
  sigmoids(p, examples.rows);
  return p;
}

/** Precision of the prior where the penalty is smaller: what nothing is known of has a deviation of ten logits, not of any number. */
const LEAST_PRIOR = 0.01;

/** One that has learnt nothing; undefined where none is kept. */
export function freshPosterior(encoder: EncoderShape, options: LogisticOptions): Posterior | undefined {
  if (options.posterior === 'none') return undefined;
  const block = options.posterior === 'block' ? blockOf('logisticModel', encoder, options.block) : new Uint32Array(0);
  return new Posterior(encoder, Math.max(LEAST_PRIOR, options.l2), block);
}

/** Multiplications between two pauses: tens of milliseconds. */
const SLICE_WORK = 1e7;

/**
 * Laplace's method at the weights that gave p: the curvature of row r is weight · p (1 - p). A wide block takes longer than all
 * passes together, so that it pauses, too.
 */
export async function gatherPosterior(
  { batch, weights: sampleWeights, rows }: Examples,
  weights: LogisticWeights,
  posterior: Posterior,
  p: Float64Array,
  pause: () => Promise<void>,
): Promise<void> {
  const { sparse, sparseWidth } = batch;
  if (posterior.block.length === 0) {
    const curvatures = Float64Array.from({ length: rows }, (_, r) => sampleWeights[r] * p[r] * (1 - p[r]));
    posterior.addSquares(weightedSquares({ batch, rows }, weights, curvatures), batch, curvatures);
    return;
  }
  const x = new Float64Array(weights.dense.length + 1).fill(1);
  const gathering = posterior.gathering();
  const sliceRows = Math.ceil(SLICE_WORK / (x.length + sparseWidth + posterior.block.length ** 2 / 2));
  for (let r = 0; r < rows; r++) {
    if (r % sliceRows === sliceRows - 1) await pause();
    const curvature = sampleWeights[r] * p[r] * (1 - p[r]);
    if (curvature === 0) continue;
    standardise(weights, batch, r, x, 1);
    gathering.add(x, sparse, r * sparseWidth, (r + 1) * sparseWidth, curvature);
  }
  gathering.finish();
}

/** Leaves in the state the √n that one pass of FTRL at the weights that gave p would have gathered. */
export function gatherRoots(
  { batch, labels, weights: sampleWeights, rows }: Examples,
  weights: LogisticWeights,
  state: FtrlState,
  p: Float64Array,
): void {
  const { sparse: slots, sparseWidth } = batch;
  const { sparse: cells } = state;
  const squaredErrors = Float64Array.from({ length: rows }, (_, r) => (sampleWeights[r] * (p[r] - labels[r])) ** 2);
  const squares = weightedSquares({ batch, rows }, weights, squaredErrors);
  for (let k = 0; k < rows * sparseWidth; k++) {
    if (slots[k] !== 0) cells[CELLS * slots[k] + 1] += squaredErrors[Math.floor(k / sparseWidth)];
  }
  for (let i = 0; i < squares.length; i++) state.dense[2 * i + 1] = Math.sqrt(squares[i]);
  for (let b = 1; b < weights.sparse.length; b++) cells[CELLS * b + 1] = Math.sqrt(cells[CELLS * b + 1]);
}
