/**
 * Weighted alternating least squares on implicit feedback (Hu, Koren & Volinsky, "Collaborative filtering for implicit
 * feedback datasets", ICDM 2008). Minimises
 *   Σ_{l,i} c_li (p_li - x_l · y_i)² + λ (Σ |x_l|² + Σ |y_i|²)
 * over all pairs: p = 1 and c = 1 + alpha · ln(1 + count / epsilon) where l played i, p = 0 and c = 1 elsewhere.
 */
import { type Rng, ShelfwiseError } from '../base/index.ts';
import { createAlternatingSolver } from '../kernels/index.ts';
import { confidenceRows, type Interactions, transpose } from './interactions.ts';

export interface FactoriseOptions {
  readonly itemCount: number;
  readonly dimension: number;
  readonly iterations: number;
  readonly regularisation: number;
  readonly alpha: number;
  readonly epsilon: number;
  readonly rng: Rng;
  /** Share done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Factors {
  /** listeners x dimension, solved last: what `foldIn` gives for the same row and `gram`. */
  readonly listeners: Float32Array;
  /** itemCount x dimension; zeros for an item that nobody played. */
  readonly items: Float32Array;
  /** dimension x dimension: FᵀF + λI of the items. */
  readonly gram: Float32Array;
}

/** Rows solved between two looks at the signal. */
const CHUNK = 2048;

/**
 * Time: rows x dimension³ / 6 + pairs x dimension² multiplications an iteration. Deterministic under the generator's seed.
 * Rejects by throwing the signal's reason when it is aborted.
 */
export function factorise(interactions: Interactions, options: FactoriseOptions): Factors {
  const { itemCount, dimension, iterations, regularisation, rng, onProgress, signal } = options;
  const listeners = confidenceRows(interactions, options.alpha, options.epsilon);
  const listenerCount = listeners.starts.length - 1;
  const solver = createAlternatingSolver([listeners, transpose(listeners, itemCount)], dimension);
  const { stride } = solver;
  for (let l = 0; l < listenerCount; l++) {
    for (let i = 0; i < dimension; i++) solver.factors[0][l * stride + i] = 0.1 * rng.normal();
  }
  const total = iterations * (itemCount + listenerCount);
  let done = 0;
  const pass = (side: 0 | 1, rows: number): void => {
    solver.prepare(side, regularisation);
    for (let from = 0; from < rows; from += CHUNK) {
      signal?.throwIfAborted();
      const to = Math.min(rows, from + CHUNK);
      solver.solve(side, from, to);
      done += to - from;
      onProgress?.(done / total);
    }
  };
  for (let iteration = 0; iteration < iterations; iteration++) {
    pass(1, itemCount);
    pass(0, listenerCount);
  }
  const factors: Factors = {
    listeners: unpad(solver.factors[0], listenerCount, dimension, stride),
    items: unpad(solver.factors[1], itemCount, dimension, stride),
    gram: solver.gram(),
  };
  if (!factors.gram.every(Number.isFinite)) {
    throw new ShelfwiseError('OPTION_INVALID', 'the factors grew beyond 32-bit floats; raise regularisation');
  }
  return factors;
}

function unpad(padded: Float32Array, rows: number, dimension: number, stride: number): Float32Array {
  if (stride === dimension) return padded.slice();
  const out = new Float32Array(rows * dimension);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < dimension; i++) out[r * dimension + i] = padded[r * stride + i];
  }
  return out;
}
