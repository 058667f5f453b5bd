/** What to recommend to a listener: one door for serving and evaluation. */
import { type Embedding, NO_ITEM } from '../domain/index.ts';
import { innerProduct, NEAREST_LIMIT, type Nearest } from './nearest.ts';
import { TopList } from './top-list.ts';

export interface RecommendOptions {
  /**
   * β: what the neighbours of what was played add to the inner product. 0: the embedding alone.
   * @default 0.03: on Last.fm it helps where listeners are few (150: ndcg +1.5%, 500: +1%) and does nothing at 1,900
   */
  readonly neighbourWeight?: number | undefined;
  /** Receives the scores, in step with the items. */
  readonly outScores?: Float32Array | undefined;
}

export const RECOMMEND_DEFAULTS = Object.freeze({ neighbourWeight: 0.03 });

/** Neighbours that compete beside the nearest vectors. */
const NEIGHBOUR_CANDIDATES = 128;

/** One a process: calls do not overlap on a thread. Sums and marks are zero between calls. */
let sums = new Float32Array(0);
let marks = new Uint8Array(0);
let touched = new Uint32Array(0);
const found = new Uint32Array(NEAREST_LIMIT);
const foundScores = new Float32Array(NEAREST_LIMIT);
const best = new TopList(NEAREST_LIMIT);
const likely = new TopList(NEIGHBOUR_CANDIDATES);
const likelyItems = new Uint32Array(NEIGHBOUR_CANDIDATES);

const GIVEN = 1;
const NEAR = 2;

/**
 * Writes up to k items, best first, and returns how many; never one of the given `items`.
 *   score(j) = taste · f_j + β Σ_i ln(1 + count_i) similarity(i, j)   over the given i that have j as a neighbour
 * Candidates are the k + length vectors nearest to `taste` (from `foldIn`) and the 128 neighbours with the largest sums.
 * `counts`: decayed plays of the given items. k + length beyond 4,096 is cut to that.
 */
export function recommend(
  embedding: Embedding,
  nearest: Nearest,
  taste: Float32Array,
  items: Uint32Array | readonly number[],
  counts: Float32Array | readonly number[],
  length: number,
  k: number,
  outItems: Uint32Array,
  options: RecommendOptions = {},
): number {
  const beta = options.neighbourWeight ?? RECOMMEND_DEFAULTS.neighbourWeight;
  const { size, dimension, factors, neighbours, neighbourSimilarity, neighbourCount } = embedding;
  if (sums.length < size) {
    sums = new Float32Array(size);
    marks = new Uint8Array(size);
    touched = new Uint32Array(size);
  }
  for (let i = 0; i < length; i++) if (items[i] < size) marks[items[i]] = GIVEN;

  let reached = 0;
  for (let i = 0; beta > 0 && i < length; i++) {
    if (items[i] >= size || !(counts[i] > 0)) continue;
    const weight = beta * Math.log(1 + counts[i]);
    const at = items[i] * neighbourCount;
    for (let n = at; n < at + neighbourCount; n++) {
      const other = neighbours[n];
      if (other === NO_ITEM) break;
      if (marks[other] === GIVEN) continue;
      if (sums[other] === 0) touched[reached++] = other;
      sums[other] += weight * neighbourSimilarity[n];
    }
  }

  best.reset(k);
  const near = nearest.search(taste, Math.min(NEAREST_LIMIT, k + length), found, foundScores);
  for (let i = 0; i < near; i++) {
    const item = found[i];
    if (marks[item] === GIVEN) continue;
    marks[item] = NEAR;
    best.offer(item, foundScores[i] + sums[item]);
  }
  likely.reset(NEIGHBOUR_CANDIDATES);
  for (let t = 0; t < reached; t++) if (marks[touched[t]] === 0) likely.offer(touched[t], sums[touched[t]]);
  const extra = likely.drain(likelyItems, undefined);
  for (let i = 0; i < extra; i++) {
    const item = likelyItems[i];
    best.offer(item, innerProduct(factors, item * dimension, taste, dimension) + sums[item]);
  }

  for (let t = 0; t < reached; t++) sums[touched[t]] = 0;
  for (let i = 0; i < near; i++) marks[found[i]] = 0;
  for (let i = 0; i < length; i++) if (items[i] < size) marks[items[i]] = 0;
  return best.drain(outItems, options.outScores);
}
