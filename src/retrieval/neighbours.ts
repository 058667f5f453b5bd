/**
 * Item-item neighbours from who plays what together: the cosine of two items' sets of listeners, shrunk so that two items
 * which one listener shares do not look like twins.
 *   similarity(i, j) = |L_i ∩ L_j| / (√(|L_i| |L_j|) + shrinkage)
 * In [0, 1), symmetric before the lists are cut. (Binary sets beat log-weighted counts, and both beat the cosine of ALS
 * factors, as a recommender by itself on held-out Last.fm listening.)
 */
import { NO_ITEM } from '../domain/index.ts';
import type { SparseRows } from '../kernels/index.ts';
import { TopList } from './top-list.ts';

export interface Neighbours {
  /** items x neighbourCount, nearest first, NO_ITEM where there are fewer. */
  readonly items: Uint32Array;
  readonly similarity: Float32Array;
}

export interface NeighbourOptions {
  readonly neighbourCount: number;
  readonly shrinkage: number;
  /** Bounds the work at listeners x itemsPerListener²: of a listener with more items, every n-th counts. */
  readonly itemsPerListener: number;
  /** Share done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Items between two looks at the signal. */
const CHUNK = 1024;

/** `items` is the transpose of `listeners`. Time: Σ over listeners of (items)². */
export function coplayNeighbours(listeners: SparseRows, items: SparseRows, options: NeighbourOptions): Neighbours {
  const { neighbourCount, shrinkage } = options;
  const [basket, basketStart] = sampleBaskets(listeners, options.itemsPerListener);
  const itemCount = items.starts.length - 1;
  const out = new Uint32Array(itemCount * neighbourCount).fill(NO_ITEM);
  const similarity = new Float32Array(itemCount * neighbourCount);
  const listenersOf = (item: number): number => items.starts[item + 1] - items.starts[item];
  const root = Float64Array.from({ length: itemCount }, (_, item) => Math.sqrt(listenersOf(item)));
  const shared = new Uint32Array(itemCount);
  const touched = new Uint32Array(itemCount);
  const similarityOf = (item: number, other: number): number =>
    shared[other] / (Math.sqrt(listenersOf(item) * listenersOf(other)) + shrinkage);
  const top = new TopList(neighbourCount);
  for (let i = 0; i < itemCount; i++) {
    if (i % CHUNK === 0) {
      options.signal?.throwIfAborted();
      options.onProgress?.(i / itemCount);
    }
    const from = items.starts[i];
    const to = items.starts[i + 1];
    if (from === to) continue;
    let steps = 0;
    for (let e = from; e < to; e++) {
      const listener = items.columns[e];
      steps += basketStart[listener + 1] - basketStart[listener];
    }
    top.reset(neighbourCount);
    // What shares listeners with most items is cheaper to look for among all than to note one by one.
    if (4 * steps >= itemCount) {
      for (let e = from; e < to; e++) {
        const listener = items.columns[e];
        countUp(shared, basket, basketStart[listener], basketStart[listener + 1]);
      }
      shared[i] = 0;
      // Most fail one comparison without a root or a division; what shares no listener fails it too.
      let bound = top.bound * JUST_BELOW;
      for (let other = 0; other < itemCount; other++) {
        if (shared[other] <= bound * (root[i] * root[other] + shrinkage)) continue;
        top.offer(other, similarityOf(i, other));
        bound = top.bound * JUST_BELOW;
      }
      shared.fill(0);
    } else {
      let count = 0;
      for (let e = from; e < to; e++) {
        const listener = items.columns[e];
        const end = basketStart[listener + 1];
        for (let b = basketStart[listener]; b < end; b++) {
          const other = basket[b];
          if (shared[other]++ === 0) touched[count++] = other;
        }
      }
      for (let t = 0; t < count; t++) {
        const other = touched[t];
        if (other !== i) top.offer(other, similarityOf(i, other));
        shared[other] = 0;
      }
    }
    top.drain(out, similarity, i * neighbourCount);
  }
  options.onProgress?.(1);
  return { items: out, similarity };
}

function countUp(shared: Uint32Array, basket: Uint32Array, from: number, to: number): void {
  for (let b = from; b < to; b++) shared[basket[b]]++;
}

/** Less than rounding can make up for. */
const JUST_BELOW = 1 - 1e-12;

/** Each listener's items, at most `maximum` of them, evenly spread. */
function sampleBaskets(listeners: SparseRows, maximum: number): readonly [Uint32Array, Uint32Array] {
  const { starts, columns } = listeners;
  const basketStart = new Uint32Array(starts.length);
  for (let l = 0; l + 1 < starts.length; l++) {
    basketStart[l + 1] = basketStart[l] + Math.min(maximum, starts[l + 1] - starts[l]);
  }
  const basket = new Uint32Array(basketStart[starts.length - 1]);
  for (let l = 0; l + 1 < starts.length; l++) {
    const kept = basketStart[l + 1] - basketStart[l];
    const all = starts[l + 1] - starts[l];
    for (let b = 0; b < kept; b++) basket[basketStart[l] + b] = columns[starts[l] + Math.floor((b * all) / kept)];
  }
  return [basket, basketStart];
}
