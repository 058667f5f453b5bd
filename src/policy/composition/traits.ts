/** What compositions read of items beside their scores. Columns are indexed by item number; numbers beyond them have no traits. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Catalog, Embedding } from '../../domain/index.ts';

export interface ItemTraits {
  /** Similarity is the cosine of two vectors; an item without one is similar to nothing. */
  readonly embedding: Pick<Embedding, 'dimension' | 'size' | 'factors'>;
  readonly catalog: Pick<Catalog, 'size' | 'genreStart' | 'genreIds'>;
  /** 1: by an artist whom few have played yet. */
  readonly newcomers: Uint8Array;
  /** p(g | listener): genre numbers, each once, and their shares, which sum to 1; empty where no taste is known. */
  readonly tasteGenres: Uint16Array;
  readonly tasteShares: Float64Array;
}

/** The problem's traits. A composition that reads them is given to problems that have them. */
export function traitsOf({ traits }: { readonly traits?: ItemTraits | undefined }): ItemTraits {
  if (traits === undefined) throw new ShelfwiseError('BUG', 'a composition reads traits, and the problem has none');
  return traits;
}

/** max(0, cos) of the vectors of two items, 0 to 1. */
export function similarity({ embedding }: ItemTraits, a: number, b: number): number {
  const { dimension, size, factors } = embedding;
  if (a >= size || b >= size) return 0;
  let inner = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let d = 0; d < dimension; d++) {
    const x = factors[a * dimension + d];
    const y = factors[b * dimension + d];
    inner += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return inner > 0 ? Math.min(1, inner / Math.sqrt(squaresA * squaresB)) : 0;
}
