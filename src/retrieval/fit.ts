/** From who played what to an embedding epoch: factors, their Gram matrix, and neighbour lists. */
import { type Rng, requireRange, resolveOptions } from '../base/index.ts';
import { type Epoch, sealEpoch } from '../domain/index.ts';
import { factorise } from './factorise.ts';
import { checkInteractions, confidenceRows, type Interactions, transpose } from './interactions.ts';
import { coplayNeighbours } from './neighbours.ts';

export interface FitOptions {
  /** Items of the catalogue: rows of the embedding. */
  readonly itemCount: number;
  /** Chance for the first factors: the same seed gives the same epoch, byte for byte. */
  readonly rng: Rng;
  /** Numbers in a vector. @default 64 */
  readonly dimension?: number | undefined;
  /** Passes over both sides. @default 12; recall stands still from about 10 on */
  readonly iterations?: number | undefined;
  /** λ as a multiple of the noise level of the interactions (see `noiseLevel`), so that it suits few listeners and many. Higher: smoother, more popular. @default 0.4 */
  readonly regularisation?: number | undefined;
  /** Confidence of a pair with count c: 1 + alpha · ln(1 + c / epsilon). @default 20 */
  readonly alpha?: number | undefined;
  /** Count at which confidence begins to grow slowly. @default 1 */
  readonly epsilon?: number | undefined;
  /** Neighbours kept an item. @default 50 */
  readonly neighbourCount?: number | undefined;
  /** Pseudo-listeners that two items do not share. @default 10 */
  readonly shrinkage?: number | undefined;
  /** Items of one listener that count towards neighbours. @default 500 */
  readonly itemsPerListener?: number | undefined;
  /** Share done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  /** The fit is synchronous: the signal is seen when something sets it from within onProgress, or from a shared worker. */
  readonly signal?: AbortSignal | undefined;
}

export const FIT_DEFAULTS = Object.freeze({
  dimension: 64,
  iterations: 12,
  regularisation: 0.4,
  alpha: 20,
  epsilon: 1,
  neighbourCount: 50,
  shrinkage: 10,
  itemsPerListener: 500,
});

/** Share of the progress bar that the factors get. */
const FACTOR_SHARE = 0.85;

/**
 * Fits an epoch of kind 'embedding', to be read by `readEmbedding`. An item that nobody played has a zero vector and no
 * neighbours. Throws `OPTION_INVALID` for interactions or options that cannot be, and the signal's reason when aborted.
 */
export function fitEmbedding(interactions: Interactions, options: FitOptions): Epoch {
  const { itemCount, rng, onProgress, signal, ...given } = options;
  const settings = resolveOptions('fitEmbedding', given, FIT_DEFAULTS as { [K in keyof typeof FIT_DEFAULTS]: number });
  requireRange('fitEmbedding', 'dimension', settings.dimension, 1, 512);
  requireRange('fitEmbedding', 'iterations', settings.iterations, 1, 1000);
  requireRange('fitEmbedding', 'regularisation', settings.regularisation, 1e-6, 1e6);
  requireRange('fitEmbedding', 'alpha', settings.alpha, 0, 1e6);
  requireRange('fitEmbedding', 'epsilon', settings.epsilon, 1e-9, 1e9);
  requireRange('fitEmbedding', 'neighbourCount', settings.neighbourCount, 1, 1000);
  requireRange('fitEmbedding', 'shrinkage', settings.shrinkage, 0, 1e6);
  requireRange('fitEmbedding', 'itemsPerListener', settings.itemsPerListener, 2, 1e6);
  checkInteractions(interactions, itemCount);

  const factors = factorise(interactions, {
    itemCount,
    dimension: settings.dimension,
    iterations: settings.iterations,
    regularisation: settings.regularisation * noiseLevel(interactions, itemCount, settings.alpha, settings.epsilon),
    alpha: settings.alpha,
    epsilon: settings.epsilon,
    rng,
    onProgress: onProgress && ((share) => onProgress(FACTOR_SHARE * share)),
    signal,
  });
  const rows = confidenceRows(interactions, settings.alpha, settings.epsilon);
  const neighbours = coplayNeighbours(rows, transpose(rows, itemCount), {
    neighbourCount: settings.neighbourCount,
    shrinkage: settings.shrinkage,
    itemsPerListener: settings.itemsPerListener,
    onProgress: onProgress && ((share) => onProgress(FACTOR_SHARE + (1 - FACTOR_SHARE) * share)),
    signal,
  });
  return sealEpoch({
    kind: 'embedding',
    arrays: {
      factors: factors.items,
      gram: factors.gram,
      neighbours: neighbours.items,
      neighbourSimilarity: neighbours.similarity,
    },
    meta: { ...settings, listeners: interactions.listenerStart.length - 1, pairs: interactions.items.length },
  });
}

/**
 * √(Σ c² / listeners) + √(Σ c² / items), over listeners and items with any pair: about the largest singular value that the
 * confidences would have if they were strewn at random. Regularised on both sides, alternating least squares drops what
 * lies below λ, and everything when λ exceeds the largest singular value: so λ must be measured against the data.
 * 1 when there is no pair at all.
 */
export function noiseLevel(interactions: Interactions, itemCount: number, alpha: number, epsilon: number): number {
  const { starts, columns, confidences } = confidenceRows(interactions, alpha, epsilon);
  if (columns.length === 0) return 1;
  let squares = 0;
  for (const c of confidences) squares += c * c;
  let listeners = 0;
  for (let l = 0; l + 1 < starts.length; l++) if (starts[l + 1] > starts[l]) listeners++;
  const played = new Uint8Array(itemCount);
  for (const item of columns) played[item] = 1;
  const items = played.reduce((sum, x) => sum + x, 0);
  return Math.sqrt(squares / listeners) + Math.sqrt(squares / items);
}
