/** Item embeddings as serving reads them. */
import type { EpochContent } from './epoch.ts';

export interface Embedding {
  readonly hash: string;
  readonly dimension: number;
  /** Items with numbers below `size` may have a vector; all zeros means none. */
  readonly size: number;
  /** size x dimension, row-major. */
  readonly factors: Float32Array;
  /** dimension x dimension: the ridge-regularised Gram matrix FᵀF + λI that folding a listener in needs. */
  readonly gram: Float32Array;
  /** size x neighbourCount item numbers, nearest first, NO_ITEM where there are fewer. */
  readonly neighbours: Uint32Array;
  /** Their similarity, 0 to 1. */
  readonly neighbourSimilarity: Float32Array;
  readonly neighbourCount: number;
  /** Confidence of a pair with decayed count c: 1 + alpha · ln(1 + c / epsilon). */
  readonly alpha: number;
  readonly epsilon: number;
}

export function readEmbedding(epoch: EpochContent & { hash: string }): Embedding {
  const a = epoch.arrays;
  const dimension = epoch.meta.dimension as number;
  const factors = a.factors as Float32Array;
  return {
    hash: epoch.hash,
    dimension,
    size: factors.length / dimension,
    factors,
    gram: a.gram as Float32Array,
    neighbours: a.neighbours as Uint32Array,
    neighbourSimilarity: a.neighbourSimilarity as Float32Array,
    neighbourCount: epoch.meta.neighbourCount as number,
    alpha: epoch.meta.alpha as number,
    epsilon: epoch.meta.epsilon as number,
  };
}

/** What serving reads before the first fit: no item has a vector. */
export const EMPTY_EMBEDDING: Embedding = {
  hash: '',
  dimension: 1,
  size: 0,
  factors: new Float32Array(0),
  gram: Float32Array.of(1),
  neighbours: new Uint32Array(0),
  neighbourSimilarity: new Float32Array(0),
  neighbourCount: 0,
  alpha: 1,
  epsilon: 1,
};
