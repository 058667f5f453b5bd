import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, DAY_MS, HOUR_MS, MINUTE_MS } from '../base/index.ts';
import { foldEvent } from './fold.ts';
import { SIGHT_LIMITS, VISIT_MS } from './sights.ts';
import { eventOf, foldAll, type NumberedEvent, randomHistory, START_MS, shuffled } from './signals-testing.ts';
import {
  cardSightsOf,
  DEFAULT_BOT_RULES,
  emptyState,
  isFollowed,
  isHidden,
  isLiked,
  isShelfHidden,
  LAST_MS,
  type ListenerState,
  lastPlayedMs,
  looksLikeBot,
  playsOf,
  progressOf,
  rowOf,
  STATE_LIMITS,
  SUM_LIKING,
  SUM_MOOD,
  SUM_TASTE,
  shelfSightsOf,
} from './state.ts';
import { statesEqual } from './states-equal.ts';

const play = (item: number, atMs: number, given = {}): NumberedEvent => ({
  event: eventOf({ occurredAtMs: atMs, ...given }),
  item,
  container: -1,
});

describe('order of arrival', () => {
  it('does not change the state beyond 1e-6, below the limits and with sessions apart', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 400 }), (seed, events) => {
        const rng = createRng(seed);
        const history = randomHistory(rng, { events, items: 60, days: 900 });
        const inOrder = foldAll(history);
        for (let i = 0; i < 3; i++) expect(statesEqual(foldAll(shuffled(history, rng)), inOrder, 1e-6)).toBe(true);
        expect(statesEqual(foldAll(history.toReversed()), inOrder, 1e-6)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is told: one event more makes another state', () => {
    const history = randomHistory(createRng(3), { events: 100, items: 20, days: 30 });
    const last = play(5, START_MS + 3 * DAY_MS);
    expect(statesEqual(foldAll([...history, last]), foldAll(history), 1e-6)).toBe(false);
  });

  it('agrees with sums computed anew from all plays', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 800 * DAY_MS }), { minLength: 1, maxLength: 60 }), (offsets) => {
        const state = foldAll(offsets.map((offset) => play(9, START_MS + offset)));
        const newest = Math.max(...offsets);
        const { sums } = state.items;
        expect(sums[LAST_MS]).toBe(START_MS + newest);
        for (const [column, days] of [
          [SUM_MOOD, 7],
          [SUM_LIKING, 28],
          [SUM_TASTE, 180],
        ]) {
          const naive = offsets.reduce((sum, offset) => sum + 2 ** (-(newest - offset) / (days * DAY_MS)), 0);
          expect(Math.abs(sums[column] / naive - 1)).toBeLessThan(1e-9);
        }
      }),
    );
  });
});

describe('foldEvent', () => {
  it('counts a play from 30 seconds on', () => {
    const state = emptyState();
    expect(foldEvent(state, eventOf({ playedMs: 29_999 }), 4, -1)).toEqual({ meaningful: false, tasteChanged: false });
    expect(playsOf(state, 4)).toBe(0);
    expect(state.totalPlays).toBe(0);
    expect(foldEvent(state, eventOf({ playedMs: 30_000 }), 4, -1)).toEqual({ meaningful: true, tasteChanged: true });
    expect(playsOf(state, 4)).toBe(1);
    expect(state.totalPlays).toBe(1);
  });

  it('says what asks for a new decision and what moves the taste', () => {
    const outcome = (type: Parameters<typeof eventOf>[0] & object) => foldEvent(emptyState(), eventOf(type), 1, -1);
    for (const type of ['rendered', 'impression'] as const) {
      expect(outcome({ type })).toEqual({ meaningful: false, tasteChanged: false });
    }
    for (const type of ['select', 'skip', 'follow', 'unfollow'] as const) {
      expect(outcome({ type })).toEqual({ meaningful: true, tasteChanged: false });
    }
    for (const type of ['like', 'unlike', 'hide', 'unhide'] as const) {
      expect(outcome({ type })).toEqual({ meaningful: true, tasteChanged: true });
    }
  });

  it('lets the last writer of a like win, and tells when a late one lost', () => {
    const state = emptyState();
    foldEvent(state, eventOf({ type: 'unlike', occurredAtMs: START_MS + 2000 }), 1, -1);
    const late = foldEvent(state, eventOf({ type: 'like', occurredAtMs: START_MS + 1000 }), 1, -1);
    expect(isLiked(state, 1)).toBe(false);
    expect(late.meaningful).toBe(false);
    foldEvent(state, eventOf({ type: 'like', occurredAtMs: START_MS + 3000 }), 1, -1);
    expect(isLiked(state, 1)).toBe(true);
  });

  it('tells writers of the same millisecond apart by their event ids, whatever the order', () => {
    const like = eventOf({ type: 'like', eventId: 'a' });
    const unlike = eventOf({ type: 'unlike', eventId: 'b' });
    const one = emptyState();
    const other = emptyState();
    for (const event of [like, unlike]) foldEvent(one, event, 1, -1);
    for (const event of [unlike, like]) foldEvent(other, event, 1, -1);
    expect(isLiked(one, 1)).toBe(isLiked(other, 1));
  });

  it('follows and unfollows', () => {
    const state = emptyState();
    foldEvent(state, eventOf({ type: 'follow' }), 7, -1);
    expect(isFollowed(state, 7)).toBe(true);
    foldEvent(state, eventOf({ type: 'unfollow', occurredAtMs: START_MS + 1 }), 7, -1);
    expect(isFollowed(state, 7)).toBe(false);
  });

  it('shows a hidden item again only when it is liked later', () => {
    const state = emptyState();
    foldEvent(state, eventOf({ type: 'like', occurredAtMs: START_MS }), 3, -1);
    foldEvent(state, eventOf({ type: 'hide', occurredAtMs: START_MS + 10 }), 3, -1);
    expect(isHidden(state, 3)).toBe(true);
    foldEvent(state, eventOf({ occurredAtMs: START_MS + 20 }), 3, -1);
    expect(isHidden(state, 3)).toBe(true);
    foldEvent(state, eventOf({ type: 'like', occurredAtMs: START_MS + 30 }), 3, -1);
    expect(isHidden(state, 3)).toBe(false);
  });

  it('keeps how far the newest playback went, also a short one and also when told late', () => {
    const state = foldAll([
      play(2, START_MS + HOUR_MS, { playedMs: 12_500 }),
      play(2, START_MS, { playedMs: 900_000, durationMs: 3_600_000 }),
    ]);
    expect(progressOf(state, 2)).toEqual({ playedMs: 12_000, atMs: START_MS + HOUR_MS });
    expect(progressOf(state, 3)).toBeUndefined();
    expect(playsOf(state, 2)).toBe(1);
    expect(lastPlayedMs(state, 2)).toBe(START_MS);
    expect(lastPlayedMs(state, 99)).toBe(-1);
  });

  it('begins a session with a new id or after half an hour without one, and lets late events of older ones be', () => {
    const state = emptyState();
    foldEvent(state, eventOf({ occurredAtMs: START_MS }), 1, -1);
    foldEvent(state, eventOf({ occurredAtMs: START_MS + 29 * MINUTE_MS }), 2, -1);
    expect([...state.session.items.subarray(0, state.session.itemCount)]).toEqual([2, 1]);
    foldEvent(state, eventOf({ occurredAtMs: START_MS + 60 * MINUTE_MS }), 3, -1);
    expect(state.session.plays).toBe(1);
    foldEvent(state, eventOf({ occurredAtMs: START_MS + 61 * MINUTE_MS, sessionId: 'b' }), 4, -1);
    foldEvent(state, eventOf({ occurredAtMs: START_MS + 10 * MINUTE_MS, sessionId: 'a' }), 5, -1);
    expect(state.session).toMatchObject({ id: 'b', plays: 1, itemCount: 1, startMs: START_MS + 61 * MINUTE_MS });
  });

  it('remembers the container, or the item itself where there is none', () => {
    const state = emptyState();
    foldEvent(state, eventOf(), 1, 50);
    foldEvent(state, eventOf(), 2, -1);
    expect([...state.recents.keys.subarray(0, state.recents.count)]).toEqual([2, 50]);
  });

  it('takes an event without an item as a sign of life only', () => {
    const state = emptyState();
    expect(foldEvent(state, eventOf({ type: 'rendered', itemId: '' }), -1, -1).meaningful).toBe(false);
    expect(state.firstEventMs).toBe(START_MS);
    expect(state.items.count).toBe(0);
  });

  it('takes back that something was hidden, with the last writer winning', () => {
    const state = emptyState();
    foldEvent(state, eventOf({ type: 'hide', occurredAtMs: START_MS }), 3, -1);
    expect(foldEvent(state, eventOf({ type: 'unhide', occurredAtMs: START_MS + 10 }), 3, -1).tasteChanged).toBe(true);
    expect(isHidden(state, 3)).toBe(false);
    expect(foldEvent(state, eventOf({ type: 'hide', occurredAtMs: START_MS + 5 }), 3, -1).meaningful).toBe(false);
    expect(isHidden(state, 3)).toBe(false);
  });

  it('hides one shelf, or all of a kind, and shows them again', () => {
    const state = emptyState();
    const shelf = (type: 'hide' | 'unhide', shelfId: string, atMs: number) =>
      foldEvent(state, eventOf({ type, shelfId, occurredAtMs: START_MS + atMs }), -1, -1);
    expect(shelf('hide', 'more-like:a', 0)).toEqual({ meaningful: true, tasteChanged: false });
    expect(isShelfHidden(state, 'more-like', 'more-like:a')).toBe(true);
    expect(isShelfHidden(state, 'more-like', 'more-like:b')).toBe(false);
    shelf('hide', 'more-like', 1);
    expect(isShelfHidden(state, 'more-like', 'more-like:b')).toBe(true);
    shelf('unhide', 'more-like', 2);
    shelf('unhide', 'more-like:a', 2);
    expect(isShelfHidden(state, 'more-like', 'more-like:a')).toBe(false);
    expect(shelf('hide', 'more-like:a', 1).meaningful).toBe(false);
  });
});

describe('what was seen and not chosen', () => {
  const seen = (state: ListenerState, visit: number, shelfId: string, cards: number[]) =>
    foldEvent(
      state,
      eventOf({ type: 'impression', decisionId: 'd', shelfId, cards, occurredAtMs: START_MS + visit * VISIT_MS }),
      -1,
      -1,
    );

  it('is counted once a visit, for its cards and its shelf', () => {
    const state = emptyState();
    for (const visit of [0, 0, 1, 3, 3]) seen(state, visit, 'recommended', [7, 9]);
    seen(state, 4, 'popular', [9]);
    expect(cardSightsOf(state, 7)).toEqual({ visits: 3, lastSeenMs: START_MS + 3 * VISIT_MS });
    expect(cardSightsOf(state, 9)).toEqual({ visits: 4, lastSeenMs: START_MS + 4 * VISIT_MS });
    expect(cardSightsOf(state, 8)).toBeUndefined();
    expect(shelfSightsOf(state, 'recommended')).toEqual({ visits: 3, lastSeenMs: START_MS + 3 * VISIT_MS });
    expect(shelfSightsOf(state, 'new-releases')).toBeUndefined();
  });

  it('begins anew with a choice, whether the card was selected, played from somewhere else, or liked', () => {
    const from = { decisionId: 'd', shelfId: 'recommended', cards: [7], occurredAtMs: START_MS + 2 * VISIT_MS };
    const choices: [Parameters<typeof eventOf>[0] & object, number, number][] = [
      [{ ...from, type: 'select' }, 7, -1],
      // An album's card, chosen by the play of its track.
      [{ ...from, type: 'play' }, 70, -1],
      [{ type: 'play', occurredAtMs: from.occurredAtMs }, 7, -1],
      [{ type: 'play', occurredAtMs: from.occurredAtMs }, 70, 7],
      [{ type: 'like', occurredAtMs: from.occurredAtMs }, 7, -1],
      [{ type: 'follow', occurredAtMs: from.occurredAtMs }, 7, -1],
    ];
    for (const [choice, item, container] of choices) {
      const state = emptyState();
      for (const visit of [0, 1, 2, 4]) seen(state, visit, 'recommended', [7]);
      foldEvent(state, eventOf(choice), item, container);
      expect(cardSightsOf(state, 7)?.visits, JSON.stringify(choice)).toBe(1);
      expect(shelfSightsOf(state, 'recommended')?.visits).toBe(choice.decisionId === undefined ? 4 : 1);
    }
  });

  it('is not begun anew by a play that was broken off, a skip, or an impression of an unknown page', () => {
    const state = emptyState();
    for (const visit of [0, 1, 2]) seen(state, visit, 'recommended', [7]);
    const from = { decisionId: 'd', shelfId: 'recommended', cards: [7], occurredAtMs: START_MS + 5 * VISIT_MS };
    foldEvent(state, eventOf({ ...from, type: 'play', playedMs: 3000 }), 7, -1);
    foldEvent(state, eventOf({ ...from, type: 'skip' }), 7, -1);
    foldEvent(state, eventOf({ type: 'impression', decisionId: 'd', occurredAtMs: from.occurredAtMs }), -1, -1);
    expect(cardSightsOf(state, 7)?.visits).toBe(3);
    expect(shelfSightsOf(state, 'recommended')?.visits).toBe(3);
  });

  it('keeps the newest 8 visits of a card and 12 of a shelf, and forgets the cards seen least when the table is full', () => {
    const state = emptyState();
    for (let visit = 0; visit < 20; visit++) seen(state, visit, 'recommended', [5]);
    expect(cardSightsOf(state, 5)?.visits).toBe(8);
    expect(shelfSightsOf(state, 'recommended')?.visits).toBe(12);
    for (let card = 100; card < 2000; card++) seen(state, 20 + (card >> 5), `more-like:${card}`, [card]);
    expect(state.cardSights.count).toBeLessThanOrEqual(SIGHT_LIMITS.cards);
    expect(state.shelfSights.count).toBe(SIGHT_LIMITS.shelves);
    expect(cardSightsOf(state, 5)?.visits).toBe(8);
    expect(shelfSightsOf(state, 'recommended')?.visits).toBe(12);
    expect(cardSightsOf(state, 1999)?.visits).toBe(1);
    expect(cardSightsOf(state, 100)).toBeUndefined();
  });

  it('keeps the shelves hidden last', () => {
    const state = emptyState();
    for (let i = 0; i < 100; i++) {
      foldEvent(state, eventOf({ type: 'hide', shelfId: `more-like:${i}`, occurredAtMs: START_MS + i }), -1, -1);
    }
    expect(state.hiddenShelves.count).toBe(SIGHT_LIMITS.hiddenShelves);
    expect(isShelfHidden(state, 'more-like', 'more-like:99')).toBe(true);
    expect(isShelfHidden(state, 'more-like', 'more-like:0')).toBe(false);
  });
});

describe('a machine', () => {
  it('is who has more than 2,000 plays a day, and for one day only', () => {
    const state = emptyState();
    const short = { playedMs: 31_000 };
    for (let i = 0; i < 2000; i++) foldEvent(state, eventOf({ ...short, occurredAtMs: START_MS + i * 40_000 }), 1, -1);
    expect(looksLikeBot(state)).toBe(false);
    foldEvent(state, eventOf({ ...short, occurredAtMs: START_MS + 1 }), 1, -1);
    expect(looksLikeBot(state)).toBe(true);
    foldEvent(state, eventOf({ ...short, occurredAtMs: START_MS + DAY_MS }), 1, -1);
    expect(looksLikeBot(state)).toBe(false);
  });

  it('is who plays more than 24 hours in one day', () => {
    const state = emptyState();
    for (let i = 0; i < 24; i++) foldEvent(state, eventOf({ occurredAtMs: START_MS + i, playedMs: HOUR_MS }), 1, -1);
    expect(looksLikeBot(state)).toBe(false);
    foldEvent(state, eventOf({ occurredAtMs: START_MS + 30, playedMs: HOUR_MS }), 1, -1);
    expect(looksLikeBot(state)).toBe(true);
  });

  it('is who acts more than 20 times a minute through an hour; what is merely seen is no act', () => {
    const state = emptyState();
    const each = (type: 'skip' | 'impression', count: number) => {
      for (let i = 0; i < count; i++) foldEvent(state, eventOf({ type, occurredAtMs: START_MS + i * 1000 }), 1, -1);
    };
    each('impression', 5000);
    each('skip', 1200);
    expect(looksLikeBot(state)).toBe(false);
    each('skip', 1);
    expect(looksLikeBot(state)).toBe(true);
    expect(looksLikeBot(state, { ...DEFAULT_BOT_RULES, actsPerMinute: 40 })).toBe(false);
  });
});

describe('limits', () => {
  it('never passes 512 items, and forgets those with the fewest plays at half-life 180 days', () => {
    const state = emptyState();
    for (let item = 0; item < 100; item++) {
      for (let i = 0; i < 5; i++) foldEvent(state, eventOf({ occurredAtMs: START_MS + i * HOUR_MS }), item, -1);
    }
    for (let item = 100; item < 3000; item++) {
      foldEvent(state, eventOf({ occurredAtMs: START_MS + DAY_MS + item * MINUTE_MS }), item, -1);
      expect(state.items.count).toBeLessThanOrEqual(STATE_LIMITS.items);
    }
    for (let item = 0; item < 100; item++) expect(playsOf(state, item)).toBe(5);
    expect(playsOf(state, 2999)).toBe(1);
    expect(playsOf(state, 101)).toBe(0);
    expect(state.totalPlays).toBe(500 + 2900);
    const keys = [...state.items.keys.subarray(0, state.items.count)];
    expect(keys).toEqual(keys.toSorted((a, b) => a - b));
    for (const key of keys) expect(rowOf(state.items, key)).toBeGreaterThanOrEqual(0);
  });

  it('keeps the containers played last', () => {
    const state = emptyState();
    for (let i = 0; i < 1000; i++) foldEvent(state, eventOf({ occurredAtMs: START_MS + i * 1000 }), 1, 5000 + i);
    expect(state.recents.count).toBeLessThanOrEqual(STATE_LIMITS.recents);
    for (let i = 900; i < 1000; i++) expect(rowOf(state.recents, 5000 + i)).toBeGreaterThanOrEqual(0);
  });

  it('forgets unlikes before likes, and old likes before new ones', () => {
    const state = emptyState();
    for (let item = 0; item < 300; item++) {
      const type = item < 10 ? 'unlike' : 'like';
      foldEvent(state, eventOf({ type, occurredAtMs: START_MS + item }), item, -1);
    }
    expect(state.likes.count).toBe(STATE_LIMITS.likes);
    expect(isLiked(state, 299)).toBe(true);
    expect(isLiked(state, 300 - STATE_LIMITS.likes)).toBe(true);
    expect(isLiked(state, 299 - STATE_LIMITS.likes)).toBe(false);
  });
});
