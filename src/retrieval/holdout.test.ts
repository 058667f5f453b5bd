import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { readEmbedding } from '../domain/index.ts';
import { fitEmbedding } from './fit.ts';
import { evaluateHoldout, listenersOfItems } from './holdout.ts';
import type { Interactions } from './interactions.ts';
import { createNearest } from './nearest.ts';
import { rankingScores } from './ranking.ts';

describe('ranking scores', () => {
  it('are 1 for all relevant items first, 0 for none, and in between as computed by hand', () => {
    expect(rankingScores(Uint32Array.of(4, 2, 9), new Set([2, 4]), 20)).toEqual({ recall: 1, ndcg: 1 });
    expect(rankingScores(Uint32Array.of(4, 2, 9), new Set([5]), 20)).toEqual({ recall: 0, ndcg: 0 });
    expect(rankingScores(Uint32Array.of(4, 2), new Set<number>(), 20)).toEqual({ recall: 0, ndcg: 0 });
    const { recall, ndcg } = rankingScores(Uint32Array.of(1, 7, 3, 8), new Set([7, 8, 99]), 4);
    expect(recall).toBeCloseTo(2 / 3, 12);
    expect(ndcg).toBeCloseTo((1 / Math.log2(3) + 1 / Math.log2(5)) / (1 + 1 / Math.log2(3) + 1 / Math.log2(4)), 12);
    // More relevant items than places: all places right is 1.
    expect(rankingScores(Uint32Array.of(0, 1), new Set([0, 1, 2, 3]), 2)).toEqual({ recall: 1, ndcg: 1 });
  });

  it('stay within 0 and 1, and look no further than k', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 60 }));
    fc.assert(
      fc.property(numbers, numbers, fc.integer({ min: 1, max: 30 }), (ranked, relevant, k) => {
        const set = new Set(relevant);
        const scores = rankingScores(Uint32Array.from(ranked), set, k);
        for (const x of [scores.recall, scores.ndcg]) expect(x >= 0 && x <= 1 + 1e-12).toBe(true);
        expect(rankingScores(Uint32Array.from(ranked.slice(0, k)), set, k)).toEqual(scores);
      }),
    );
  });
});

interface Pair {
  readonly listener: number;
  readonly item: number;
  readonly count: number;
}

function interactionsOf(pairs: readonly Pair[], listeners: number): Interactions {
  const sorted = pairs.toSorted((a, b) => a.listener - b.listener || a.item - b.item);
  const listenerStart = new Uint32Array(listeners + 1);
  for (const { listener } of sorted) listenerStart[listener + 1]++;
  for (let l = 0; l < listeners; l++) listenerStart[l + 1] += listenerStart[l];
  return {
    listenerStart,
    items: Uint32Array.from(sorted, ({ item }) => item),
    counts: Float32Array.from(sorted, ({ count }) => count),
  };
}

/** Hides a share of each listener's pairs. */
function split(
  pairs: readonly Pair[],
  listeners: number,
  share: number,
  seed: number,
): { train: Pair[]; hidden: Pair[] } {
  const rng = createRng(seed);
  const byListener: Pair[][] = Array.from({ length: listeners }, () => []);
  for (const pair of pairs) byListener[pair.listener].push(pair);
  const train: Pair[] = [];
  const hidden: Pair[] = [];
  for (const own of byListener) {
    for (let i = own.length - 1; i > 0; i--) {
      const j = rng.below(i + 1);
      [own[i], own[j]] = [own[j], own[i]];
    }
    const cut = Math.round(share * own.length);
    hidden.push(...own.slice(0, cut));
    train.push(...own.slice(cut));
  }
  return { train, hidden };
}

function evaluate(train: Interactions, hidden: Interactions, itemCount: number, eligible?: (item: number) => boolean) {
  const embedding = readEmbedding(fitEmbedding(train, { itemCount, rng: createRng(1), dimension: 64 }));
  const nearest = createNearest(embedding);
  const popularity = listenersOfItems(train, itemCount);
  return evaluateHoldout({ train, hidden, embedding, nearest, popularity, eligible });
}

describe('evaluating by a hold-out', () => {
  const pairs: Pair[] = [];
  const rng = createRng(3);
  for (let listener = 0; listener < 60; listener++) {
    for (let n = 0; n < 12; n++) {
      const item = (listener % 3) * 40 + rng.below(40);
      if (!pairs.some((pair) => pair.listener === listener && pair.item === item)) {
        pairs.push({ listener, item, count: 1 + rng.below(5) });
      }
    }
  }
  const { train, hidden } = split(pairs, 60, 0.2, 1);

  it('finds structured taste far better than popularity does', () => {
    const report = evaluate(interactionsOf(train, 60), interactionsOf(hidden, 60), 120);
    expect(report.listeners).toBe(60);
    expect(report.hiddenPairs).toBe(hidden.length);
    expect(report.recommended.recall20).toBeGreaterThan(1.8 * report.popularity.recall20);
  });

  it('shows only eligible items, in both rankings', () => {
    const report = evaluate(interactionsOf(train, 60), interactionsOf(hidden, 60), 120, () => false);
    expect(report.recommended).toEqual({ recall20: 0, ndcg20: 0 });
    expect(report.popularity).toEqual({ recall20: 0, ndcg20: 0 });
  });

  it('reports zeros when nothing is hidden', () => {
    const report = evaluate(interactionsOf(train, 60), interactionsOf([], 60), 120);
    expect(report).toEqual({
      listeners: 0,
      hiddenPairs: 0,
      popularity: { recall20: 0, ndcg20: 0 },
      recommended: { recall20: 0, ndcg20: 0 },
    });
  });
});

const root = join(import.meta.dirname, '../..');
const data = resolve(root, process.env.SHELFWISE_DATA_DIR ?? '../shared/data');
const lastfm = join(data, 'hetrec_lastfm_2k/user_artists.tsv.gz');
const present = existsSync(lastfm);

describe('on Last.fm listening (HetRec 2011)', () => {
  it.skipIf(!present)(`reaches the bar on hidden pairs${present ? '' : ` (skipped: no ${lastfm})`}`, () => {
    const listenerNumbers = new Map<string, number>();
    const itemNumbers = new Map<string, number>();
    const numberOf = (numbers: Map<string, number>, name: string): number => {
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      return number;
    };
    const lines = gunzipSync(readFileSync(lastfm)).toString().trim().split('\n').slice(1);
    const weights = lines.map((line) => {
      const [listener, item, weight] = line.split('\t');
      return {
        listener: numberOf(listenerNumbers, listener),
        item: numberOf(itemNumbers, item),
        weight: Number(weight),
      };
    });
    // Counts as events have them: a concave function of the plays, 1 to 24.
    const most = new Float64Array(listenerNumbers.size);
    for (const { listener, weight } of weights) most[listener] = Math.max(most[listener], weight);
    const pairs = weights.map(({ listener, item, weight }) => ({
      listener,
      item,
      count: Math.max(1, Math.round(24 * (weight / most[listener]) ** 0.65)),
    }));
    const { train, hidden } = split(pairs, listenerNumbers.size, 0.2, 7);
    const report = evaluate(
      interactionsOf(train, listenerNumbers.size),
      interactionsOf(hidden, listenerNumbers.size),
      itemNumbers.size,
    );
    // .103 and .087: what the baseline must be for the bar to mean what it says.
    expect(report.popularity.recall20).toBeCloseTo(0.1, 1);
    expect(report.popularity.ndcg20).toBeCloseTo(0.09, 1);
    expect(report.recommended.recall20).toBeGreaterThan(0.245);
    expect(report.recommended.ndcg20).toBeGreaterThan(0.215);
  });
});
