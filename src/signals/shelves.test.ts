import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, DAY_MS, HOUR_MS, MINUTE_MS } from '../base/index.ts';
import { foldEvent } from './fold.ts';
import {
  followed,
  followedShows,
  genreShares,
  heavyRotation,
  hiddenItems,
  jumpBackIn,
  likedItems,
  mostPlayed,
  recentContainers,
  sessionItems,
  strongestTastes,
} from './shelves.ts';
import { catalogOf, eventOf, foldAll, type NumberedEvent, randomHistory, START_MS } from './signals-testing.ts';
import { emptyState, isHidden, type ListenerState } from './state.ts';

const NOW = START_MS + 100 * DAY_MS;
const items = new Uint32Array(700);
const scores = new Float32Array(700);

const plays = (item: number, ...daysAgo: number[]): NumberedEvent[] =>
  daysAgo.map((days) => ({ event: eventOf({ occurredAtMs: NOW - days * DAY_MS }), item, container: -1 }));

const listed = (count: number) => [...items.subarray(0, count)];

describe('heavy rotation', () => {
  it('ranks by plays of the last 28 days decayed with half-life 7 days', () => {
    const state = foldAll([...plays(1, 0, 7), ...plays(2, 0, 0), ...plays(3, 14), ...plays(4, 29, 29, 29, 29, 29)]);
    const count = heavyRotation(state, NOW, items, scores, 10);
    expect(listed(count)).toEqual([2, 1, 3]);
    expect([...scores.subarray(0, count)].map((x) => Math.round(x * 1e6) / 1e6)).toEqual([2, 1.5, 0.25]);
  });

  it('agrees with a naive count of every play', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const history = randomHistory(createRng(seed), { events: 200, items: 30, days: 100 });
        const state = foldAll(history);
        const naive = new Map<number, { score: number; last: number }>();
        for (const { event, item } of history) {
          if (event.type !== 'play' || event.playedMs < 30_000) continue;
          const known = naive.get(item) ?? { score: 0, last: 0 };
          known.score += 2 ** (-(NOW - event.occurredAtMs) / (7 * DAY_MS));
          known.last = Math.max(known.last, event.occurredAtMs);
          naive.set(item, known);
        }
        const expected = [...naive]
          .filter(([item, { last }]) => NOW - last <= 28 * DAY_MS && !isHidden(state, item))
          .sort(([, a], [, b]) => b.score - a.score);
        const count = heavyRotation(state, NOW, items, scores, 700);
        const found = listed(count);
        expect([...found].sort((a, b) => a - b)).toEqual(expected.map(([item]) => item).sort((a, b) => a - b));
        // Scores agree to 1e-6, so two that are closer than that may stand either way round.
        found.forEach((item, i) => {
          expect(Math.abs(scores[i] / (naive.get(item)?.score ?? 0) - 1)).toBeLessThan(1e-6);
          expect(Math.abs(scores[i] / expected[i][1].score - 1)).toBeLessThan(2e-6);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('writes no more than it is asked for, nor than there is room', () => {
    const state = foldAll([1, 2, 3, 4].flatMap((item) => plays(item, item)));
    expect(heavyRotation(state, NOW, items, scores, 2)).toBe(2);
    expect(heavyRotation(state, NOW, new Uint32Array(3), new Float32Array(1), 9)).toBe(1);
    expect(heavyRotation(state, NOW, items, scores, 0)).toBe(0);
    expect(heavyRotation(emptyState(), NOW, items, scores, 9)).toBe(0);
  });

  it('takes plays ahead of the time it is asked for as of now', () => {
    const state = foldAll(plays(1, 0, 0, 0));
    expect(heavyRotation(state, NOW - 10 * DAY_MS, items, scores, 5)).toBe(1);
    expect(scores[0]).toBe(3);
  });
});

describe('jump back in', () => {
  it('wants 5 plays ever and none for 28 days, by plays ever', () => {
    const old = (n: number) => Array.from({ length: n }, (_, i) => 40 + i);
    const state = foldAll([
      ...plays(1, ...old(5)),
      ...plays(2, ...old(9)),
      ...plays(3, ...old(4)),
      ...plays(4, ...old(20), 27.9),
      ...plays(5, 28, ...old(5)),
      ...plays(6, ...old(9)),
    ]);
    expect(listed(jumpBackIn(state, NOW, items, scores, 10))).toEqual([2, 6, 5, 1]);
    expect(scores[0]).toBe(9);
  });
});

describe('recently played', () => {
  it('lists containers, and items played on their own, by their last play, each once', () => {
    const state = emptyState();
    const at = (hoursAgo: number) => eventOf({ occurredAtMs: NOW - hoursAgo * HOUR_MS });
    foldEvent(state, at(5), 1, 100);
    foldEvent(state, at(4), 2, -1);
    foldEvent(state, at(3), 3, 100);
    foldEvent(state, at(9), 4, 101);
    expect(listed(recentContainers(state, NOW, items, 10))).toEqual([100, 2, 101]);
    expect(listed(recentContainers(state, NOW - 3.5 * HOUR_MS, items, 10))).toEqual([2, 101]);
    foldEvent(state, eventOf({ type: 'hide', occurredAtMs: NOW }), 100, -1);
    expect(listed(recentContainers(state, NOW, items, 1))).toEqual([2]);
  });
});

describe('strongest tastes', () => {
  const { catalog } = catalogOf(40, (i) => ({ creators: [{ id: `artist-${i % 10}`, name: 'A' }] }));

  it('takes at most one item of each creator, the strongest and freshest first', () => {
    const state = foldAll([...plays(1, 0, 1, 2), ...plays(11, 0, 1), ...plays(2, 60, 61, 62, 63), ...plays(3, 3, 3)]);
    expect(listed(strongestTastes(state, NOW, catalog, items, scores, 3))).toEqual([1, 3, 2]);
  });

  it('counts a like, also of what was never played, and leaves out what is hidden or not catalogued', () => {
    const state = foldAll([...plays(1, 0, 1), ...plays(4, 0, 0, 0, 0, 0), ...plays(9999, 0, 0, 0, 0, 0, 0)]);
    foldEvent(state, eventOf({ type: 'like', occurredAtMs: NOW }), 5, -1);
    foldEvent(state, eventOf({ type: 'hide', occurredAtMs: NOW }), 4, -1);
    expect(listed(strongestTastes(state, NOW, catalog, items, scores, 9))).toEqual([5, 1]);
    expect(scores[0]).toBe(3);
  });

  it('agrees with sorting all and then keeping the first of each creator', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 12 }), (seed, max) => {
        const rng = createRng(seed);
        const state: ListenerState = foldAll(randomHistory(rng, { events: 150, items: 40, days: 90 }));
        // The same question asked of a catalogue in which every item is its own creator gives all items in order.
        const { catalog: loose } = catalogOf(40);
        const all = listed(strongestTastes(state, NOW, loose, items, scores, 700));
        const seen = new Set<number>();
        const expected = all.filter((item) => !seen.has(catalog.creator[item]) && seen.add(catalog.creator[item]));
        const count = strongestTastes(state, NOW, catalog, items, scores, max);
        expect(listed(count)).toEqual(expected.slice(0, max));
      }),
      { numRuns: 60 },
    );
  });
});

describe('marks', () => {
  const { catalog } = catalogOf(10, (i) => ({ kind: i < 5 ? 'show' : 'artist' }));
  const marked = (type: 'follow' | 'like' | 'hide') => {
    const state = emptyState();
    [3, 8, 1].forEach((item, i) => {
      foldEvent(state, eventOf({ type, occurredAtMs: START_MS + i }), item, -1);
    });
    return state;
  };

  it('are listed newest first', () => {
    expect(listed(followed(marked('follow'), items, 10))).toEqual([1, 8, 3]);
    expect(listed(likedItems(marked('like'), items, 2))).toEqual([1, 8]);
    expect(listed(hiddenItems(marked('hide'), items, 10))).toEqual([1, 8, 3]);
  });

  it('tell followed shows from the rest, without what was unfollowed or hidden', () => {
    const state = marked('follow');
    expect(listed(followedShows(state, catalog, items, 10))).toEqual([1, 3]);
    foldEvent(state, eventOf({ type: 'hide', occurredAtMs: NOW }), 1, -1);
    expect(listed(followedShows(state, catalog, items, 10))).toEqual([3]);
    foldEvent(state, eventOf({ type: 'unfollow', occurredAtMs: NOW }), 3, -1);
    expect(followedShows(state, catalog, items, 10)).toBe(0);
  });
});

describe('the session', () => {
  it('gives its last plays, newest first, until half an hour after the last event', () => {
    const state = emptyState();
    [4, 5, 4].forEach((item, i) => {
      foldEvent(state, eventOf({ occurredAtMs: NOW + i * MINUTE_MS, sessionId: 's' }), item, -1);
    });
    expect(listed(sessionItems(state, NOW + 5 * MINUTE_MS, items, 10))).toEqual([4, 5, 4]);
    expect(sessionItems(state, NOW + 33 * MINUTE_MS, items, 10)).toBe(0);
  });
});

describe('genres', () => {
  const { catalog, vocabularies } = catalogOf(4, (i) =>
    i === 0
      ? { genres: ['jazz'] }
      : i === 1
        ? { genres: ['rock', 'pop'] }
        : i === 2
          ? { parentId: 'item-0' }
          : { genres: [] },
  );
  const share = new Float32Array(vocabularies.genres.size);

  it('share the plays of a listener; an item without genres takes those of its album', () => {
    const state = foldAll([...plays(0, 0), ...plays(1, 0), ...plays(2, 28), ...plays(3, 0)]);
    expect(genreShares(state, NOW, catalog, share)).toBeCloseTo(2.5, 9);
    expect(share[vocabularies.genres.lookup('jazz')]).toBeCloseTo(1.5 / 2.5, 6);
    expect(share[vocabularies.genres.lookup('rock')]).toBeCloseTo(2 / 3 / 2.5, 6);
    expect(share[vocabularies.genres.lookup('pop')]).toBeCloseTo(1 / 3 / 2.5, 6);
  });

  it('are all 0 for a listener of whom nothing is known', () => {
    share.fill(9);
    expect(genreShares(emptyState(), NOW, catalog, share)).toBe(0);
    expect([...share]).toEqual([0, 0, 0]);
  });
});

it('ranks by plays ever', () => {
  const state = foldAll([...plays(1, 1, 2), ...plays(2, 90, 91, 92)]);
  expect(listed(mostPlayed(state, items, scores, 9))).toEqual([2, 1]);
});
