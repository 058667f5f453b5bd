/** Judging retrieval by pairs that were hidden from it. */
import type { Embedding } from '../domain/index.ts';
import { foldIn } from './fold-in.ts';
import type { Interactions } from './interactions.ts';
import type { Nearest } from './nearest.ts';
import { rankingScores } from './ranking.ts';
import { recommend } from './recommend.ts';

export interface HoldoutScores {
  readonly recall20: number;
  readonly ndcg20: number;
}
export interface HoldoutReport {
  /** Listeners with hidden pairs: the averages are over them. */
  readonly listeners: number;
  readonly hiddenPairs: number;
  readonly popularity: HoldoutScores;
  readonly recommended: HoldoutScores;
}

export interface HoldoutInput {
  /** What the embedding was fitted on; listener l of both is the same person. */
  readonly train: Interactions;
  /** Pairs hidden from everything; counts are not read. */
  readonly hidden: Interactions;
  readonly embedding: Embedding;
  readonly nearest: Nearest;
  /** Popularity of each item, the baseline: say, the number of its listeners in `train` (`listenersOfItems`). */
  readonly popularity: Float32Array;
  /** Items shown to each listener. @default 20 */
  readonly k?: number | undefined;
  /** Whether an item may be shown at all (say: artists only). @default every item */
  readonly eligible?: ((item: number) => boolean) | undefined;
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** Items asked for beyond k where some are not eligible. */
const SPARE = 480;

/**
 * Ranks for each listener everything that they did not play in training, by the embedding (`recommend`, as serving does)
 * and by popularity, and averages recall and NDCG at k over listeners with hidden pairs (see `rankingScores`).
 */
export function evaluateHoldout(input: HoldoutInput): HoldoutReport {
  const { train, hidden, embedding, nearest, popularity } = input;
  const eligible = input.eligible ?? (() => true);
  const k = input.k ?? 20;
  const order = Uint32Array.from(popularity.keys())
    .filter((item) => popularity[item] > 0 && eligible(item))
    .sort((a, b) => popularity[b] - popularity[a] || a - b);
  const taste = new Float32Array(embedding.dimension);
  const ranked = new Uint32Array(input.eligible === undefined ? k : k + SPARE);
  const shown = new Uint32Array(k);
  const total = { listeners: 0, pairs: 0, recall: 0, ndcg: 0, popularRecall: 0, popularNdcg: 0 };

  const listeners = train.listenerStart.length - 1;
  for (let l = 0; l < listeners; l++) {
    const relevant = new Set(hidden.items.subarray(hidden.listenerStart[l], hidden.listenerStart[l + 1]));
    if (relevant.size === 0) continue;
    const start = train.listenerStart[l];
    const end = train.listenerStart[l + 1];
    const items = train.items.subarray(start, end);
    const counts = train.counts.subarray(start, end);
    const played = new Set(items);

    foldIn(embedding, items, counts, items.length, taste);
    const found = recommend(embedding, nearest, taste, items, counts, items.length, ranked.length, ranked);
    let count = 0;
    for (let i = 0; i < found && count < k; i++) if (eligible(ranked[i])) shown[count++] = ranked[i];
    const recommended = rankingScores(shown.subarray(0, count), relevant, k);

    count = 0;
    for (let i = 0; i < order.length && count < k; i++) if (!played.has(order[i])) shown[count++] = order[i];
    const popular = rankingScores(shown.subarray(0, count), relevant, k);

    total.listeners++;
    total.pairs += relevant.size;
    total.recall += recommended.recall;
    total.ndcg += recommended.ndcg;
    total.popularRecall += popular.recall;
    total.popularNdcg += popular.ndcg;
    if (l % 256 === 0) input.onProgress?.(l / listeners);
  }
  const mean = (sum: number): number => (total.listeners === 0 ? 0 : sum / total.listeners);
  return {
    listeners: total.listeners,
    hiddenPairs: total.pairs,
    popularity: { recall20: mean(total.popularRecall), ndcg20: mean(total.popularNdcg) },
    recommended: { recall20: mean(total.recall), ndcg20: mean(total.ndcg) },
  };
}

/** How many listeners have each item. */
export function listenersOfItems(interactions: Interactions, itemCount: number): Float32Array {
  const listeners = new Float32Array(itemCount);
  for (const item of interactions.items) listeners[item]++;
  return listeners;
}
