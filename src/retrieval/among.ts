/** The nearest of a few: for candidates that are known beforehand, such as what was released of late. */
import { type Embedding, NO_ITEM } from '../domain/index.ts';
import { innerProduct } from './nearest.ts';
import { TopList } from './top-list.ts';

/** Items found at most. */
export const AMONG_LIMIT = 256;

/** One a process: calls do not overlap on a thread. */
const best = new TopList(AMONG_LIMIT);

/** Has the item a vector? */
export function hasVector({ factors, dimension, size }: Embedding, item: number): boolean {
  if (item >= size) return false;
  for (let at = item * dimension; at < (item + 1) * dimension; at++) if (factors[at] !== 0) return true;
  return false;
}

/**
 * Writes up to k of items[from .. to) by the inner product of `taste` with the vector of the item that stands for each,
 * largest first, and returns how many; those with a product of `least` or below are left out. `standsFor[i]` is whose vector
 * the i-th is judged by, usually itself: what is too new to have been played may stand at its artist's. NO_ITEM: left out.
 * Allocates nothing. k <= AMONG_LIMIT.
 */
export function nearestAmong(
  { factors, dimension }: Embedding,
  taste: Float32Array,
  items: Uint32Array,
  standsFor: Uint32Array,
  from: number,
  to: number,
  least: number,
  k: number,
  outItems: Uint32Array,
): number {
  best.reset(Math.min(k, outItems.length));
  for (let i = from; i < to; i++) {
    if (standsFor[i] === NO_ITEM) continue;
    const product = innerProduct(factors, standsFor[i] * dimension, taste, dimension);
    if (product > least) best.offer(items[i], product);
  }
  return best.drain(outItems, undefined);
}
