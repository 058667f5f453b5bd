import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, DAY_MS } from '../base/index.ts';
import { buildCatalog, createVocabulary, readCatalog, type Vocabularies } from '../domain/index.ts';
import { foldEvent } from './fold.ts';
import { eventOf, foldAll, randomHistory, START_MS } from './signals-testing.ts';
import { emptyState, isHidden, isLiked } from './state.ts';
import { interactionCount, interactions, liftedInteractions, MAX_LIFTED, TASTE_ITEMS, tasteInput } from './taste.ts';

const NOW = START_MS + 400 * DAY_MS;
const allItems = new Uint32Array(MAX_LIFTED);
const allCounts = new Float32Array(MAX_LIFTED);
const items = new Uint32Array(TASTE_ITEMS);
const counts = new Float32Array(TASTE_ITEMS);

function vocabularies(): Vocabularies {
  const fresh = createVocabulary;
  return { items: fresh(), genres: fresh(), markets: fresh(), tiers: fresh(), languages: fresh() };
}

/** Artists, numbered as they stand: nothing is wider than they are. */
const artists = readCatalog(
  buildCatalog(
    Array.from({ length: 400 }, (_, i) => ({ id: `${i}`, kind: 'artist' as const, title: `${i}` })),
    vocabularies(),
  ),
);

describe('interaction counts', () => {
  it('are plays with half-life 180 days, and 4 more for a like', () => {
    expect(interactionCount(3, false)).toBe(3);
    expect(interactionCount(3, true)).toBe(7);
    const state = emptyState();
    foldEvent(state, eventOf({ occurredAtMs: NOW }), 1, -1);
    foldEvent(state, eventOf({ occurredAtMs: NOW - 180 * DAY_MS }), 1, -1);
    foldEvent(state, eventOf({ type: 'like', occurredAtMs: NOW }), 2, -1);
    expect(interactions(state, NOW, allItems, allCounts)).toBe(2);
    expect([...allItems.subarray(0, 2)]).toEqual([1, 2]);
    expect([...allCounts.subarray(0, 2)]).toEqual([1.5, 4]);
  });

  it('agree with a naive count over the history', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const history = randomHistory(createRng(seed), { events: 200, items: 40, days: 400 });
        const state = foldAll(history);
        const naive = new Map<number, number>();
        for (let item = 0; item < 40; item++) if (isLiked(state, item)) naive.set(item, 4);
        for (const { event, item } of history) {
          if (event.type !== 'play' || event.playedMs < 30_000) continue;
          const weight = 2 ** (-(NOW - event.occurredAtMs) / (180 * DAY_MS));
          naive.set(item, (naive.get(item) ?? 0) + weight);
        }
        for (const item of naive.keys()) if (isHidden(state, item)) naive.delete(item);
        const written = interactions(state, NOW, allItems, allCounts);
        expect([...allItems.subarray(0, written)]).toEqual([...naive.keys()].sort((a, b) => a - b));
        for (let i = 0; i < written; i++) {
          expect(Math.abs(allCounts[i] / (naive.get(allItems[i]) as number) - 1)).toBeLessThan(1e-6);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('lifted interactions', () => {
  it('give an artist and an album half the plays of their tracks, and leave unknown items out', () => {
    const names = vocabularies();
    const by = [{ id: 'artist', name: 'Artist' }];
    const catalog = readCatalog(
      buildCatalog(
        [
          { id: 'one', kind: 'track', title: 'One', creators: by, parentId: 'album' },
          { id: 'two', kind: 'track', title: 'Two', creators: by, parentId: 'album' },
          { id: 'album', kind: 'album', title: 'Album', creators: by, parentId: 'artist' },
          { id: 'artist', kind: 'artist', title: 'Artist' },
        ],
        names,
      ),
    );
    const state = emptyState();
    const number = names.items.lookup;
    foldEvent(state, eventOf({ occurredAtMs: NOW }), number('one'), -1);
    foldEvent(state, eventOf({ occurredAtMs: NOW }), number('two'), -1);
    foldEvent(state, eventOf({ occurredAtMs: NOW }), names.items.number('not in the catalogue'), -1);
    const count = liftedInteractions(state, NOW, catalog, allItems, allCounts);
    const plays = Array.from({ length: count }, (_, i) => [names.items.name(allItems[i]), allCounts[i]]);
    expect(Object.fromEntries(plays)).toEqual({ one: 1, two: 1, album: 1, artist: 1 });
  });
});

describe('taste input', () => {
  it('is the strongest of the interactions, strongest first: fitting and folding in see the same counts', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), (seed, range) => {
        const state = foldAll(randomHistory(createRng(seed), { events: 500, items: range, days: 400 }));
        const total = liftedInteractions(state, NOW, artists, allItems, allCounts);
        const expected = Array.from({ length: total }, (_, i) => [allItems[i], allCounts[i]] as const)
          .sort((a, b) => b[1] - a[1] || a[0] - b[0])
          .slice(0, TASTE_ITEMS);
        const count = tasteInput(state, NOW, artists, items, counts);
        expect(Array.from({ length: count }, (_, i) => [items[i], counts[i]])).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('takes picks at sign-up as 3 plays until they are played more', () => {
    const state = emptyState();
    expect(tasteInput(state, NOW, artists, items, counts, [8, 9])).toBe(2);
    expect([...counts.subarray(0, 2)]).toEqual([3, 3]);
    for (let i = 0; i < 5; i++) foldEvent(state, eventOf({ occurredAtMs: NOW - i }), 9, -1);
    foldEvent(state, eventOf({ type: 'hide', occurredAtMs: NOW }), 8, -1);
    expect(tasteInput(state, NOW, artists, items, counts, [8, 9])).toBe(1);
    expect(items[0]).toBe(9);
    expect(counts[0]).toBeCloseTo(5, 5);
  });

  it('changes whenever the fold says that the taste changed, and only then', () => {
    const rng = createRng(11);
    const history = randomHistory(rng, { events: 300, items: 30, days: 1 });
    const state = emptyState();
    const snapshot = () => {
      const count = tasteInput(state, NOW, artists, items, counts);
      return JSON.stringify([...items.subarray(0, count), ...counts.subarray(0, count)]);
    };
    let before = snapshot();
    for (const { event, item, container } of history) {
      const { tasteChanged } = foldEvent(state, event, item, container);
      const after = snapshot();
      if (!tasteChanged) expect(after).toBe(before);
      else if (event.type === 'play' && !isHidden(state, item)) expect(after).not.toBe(before);
      before = after;
    }
  });
});
