/** The nearest of a few: for candidates that are known beforehand, such as what was released of late. */
import { type Embedding, NO_ITEM } from '../domain/index.ts';
import { createEmptyScan } from '../kernels/index.ts';
import { innerProduct } from './nearest.ts';

/** Items found at most. */
const AMONG_LIMIT = 256;

/** One a process: calls do not overlap on a thread. */
const rows = new Uint32Array(AMONG_LIMIT);
const products = new Float32Array(AMONG_LIMIT);

/** Has the item a vector? */
export function hasVector({ factors, dimension, size }: Embedding, item: number): boolean {
  if (item >= size) return false;
  for (let at = item * dimension; at < (item + 1) * dimension; at++) if (factors[at] !== 0) return true;
  return false;
}

export interface Among {
  /**
   * Writes up to k items by the inner product of `taste` with the vector of the item that stands for each, largest first, of equal
   * ones the longer vector and then the smaller number first, and returns how many; those with a product of `least` or below are left out. Allocates nothing.
   * k is cut to 256 and to the room there is.
   */
  nearest(taste: Float32Array, least: number, k: number, outItems: Uint32Array): number;
}

/**
 * To search items[from .. to) again and again. `standsFor[i]` is whose vector the i-th is judged by, usually itself: what is too new
 * to have been played may stand at its artist's. NO_ITEM: left out.
 */
export function createAmong(
  { factors, dimension }: Embedding,
  items: Uint32Array,
  standsFor: Uint32Array,
  from = 0,
  to = items.length,
): Among {
  const kept = Uint32Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i).filter(
    (i) => standsFor[i] !== NO_ITEM,
  );
  const norms = new Float64Array(to);
  for (const i of kept) {
    const at = standsFor[i] * dimension;
    norms[i] = innerProduct(factors, at, factors, dimension, at);
  }
  // Long ones first: a scan passes over most of the others.
  kept.sort((a, b) => norms[b] - norms[a] || items[a] - items[b]);
  const scan = createEmptyScan(kept.length, dimension, { topCapacity: AMONG_LIMIT });
  for (const [row, i] of kept.entries()) scan.put(row, factors, standsFor[i] * dimension);
  const itemOf = kept.map((i) => items[i]);
  return {
    nearest(taste, least, k, outItems) {
      const found = scan.top(taste, Math.min(k, AMONG_LIMIT, outItems.length), rows, products);
      let count = 0;
      for (; count < found && products[count] > least; count++) outItems[count] = itemOf[rows[count]];
      return count;
    },
  };
}
