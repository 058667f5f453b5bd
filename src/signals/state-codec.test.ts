import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, ShelfwiseError } from '../base/index.ts';
import { foldEvent } from './fold.ts';
import { bytesOf, eventOf, foldAll, randomHistory, START_MS, shuffled } from './signals-testing.ts';
import { emptyState, STATE_LIMITS } from './state.ts';
import { decodeState, stateVersionOf } from './state-codec.ts';
import { statesEqual } from './states-equal.ts';

describe('the stored form of a state', () => {
  it('gives back every bit, and goes on as if it had never been stored', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 300 }), (seed, events) => {
        const history = randomHistory(createRng(seed), { events, items: 80, days: 400 });
        const half = Math.floor(events / 2);
        const kept = foldAll(history.slice(0, half));
        const stored = decodeState(bytesOf(kept));
        expect(statesEqual(stored, kept, 0)).toBe(true);
        for (const { event, item, container } of history.slice(half)) {
          foldEvent(kept, event, item, container);
          foldEvent(stored, event, item, container);
        }
        expect(bytesOf(stored).equals(bytesOf(kept))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same bytes for the same state, whatever order the items came in', () => {
    // One play each at one time: sums are equal to the bit, so only the order of the tables could differ.
    const rng = createRng(5);
    const history = Array.from({ length: 120 }, (_, i) => ({
      event: eventOf({ eventId: `e${i}`, occurredAtMs: START_MS }),
      item: i * 37,
      container: -1,
    }));
    const reference = bytesOf(foldAll(history));
    for (let i = 0; i < 10; i++) expect(bytesOf(foldAll(shuffled(history, rng))).equals(reference)).toBe(true);
  });

  it('stores nothing much for a new listener', () => {
    expect(bytesOf(emptyState()).length).toBeLessThan(64);
    expect(statesEqual(decodeState(bytesOf(emptyState())), emptyState(), 0)).toBe(true);
  });

  it('takes about 20 KB when every item was played often, 30 KB when the tables of marks are full too, and 38 KB with all sights', () => {
    const rng = createRng(8);
    const items = Array.from({ length: STATE_LIMITS.items }, () => rng.below(1_000_000));
    const state = emptyState();
    for (let i = 0; i < 20_000; i++) {
      const item = items[i < items.length ? i : rng.below(items.length)];
      foldEvent(state, eventOf({ occurredAtMs: START_MS + i * 400_000 }), item, rng.below(100));
    }
    expect(bytesOf(state).length).toBeLessThan(21 * 1024);
    for (let i = 0; i < 2000; i++) {
      for (const type of ['like', 'follow', 'hide', 'skip'] as const) {
        foldEvent(state, eventOf({ type, occurredAtMs: START_MS + i * 1e6 }), rng.below(1_000_000), -1);
      }
    }
    expect(bytesOf(state).length).toBeLessThan(30 * 1024);
    for (let i = 0; i < 4000; i++) {
      const cards = Array.from({ length: 10 }, () => items[rng.below(400)]);
      const seen = { decisionId: 'd', shelfId: `more-like:item-${rng.below(64)}`, cards };
      foldEvent(state, eventOf({ type: 'impression', occurredAtMs: START_MS + i * 4e6, ...seen }), -1, -1);
    }
    expect(bytesOf(state).length).toBeLessThan(38 * 1024);
    expect(statesEqual(decodeState(bytesOf(state)), state, 0)).toBe(true);
  });

  it('refuses bytes that are cut, too long or of another version', () => {
    const bytes = bytesOf(foldAll(randomHistory(createRng(2), { events: 60, items: 20, days: 20 })));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeState(bytes.subarray(0, length))).toThrow(ShelfwiseError);
    }
    expect(() => decodeState(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(/STATE|state ends/);
    const other = Buffer.from(bytes);
    other[0] = 200;
    expect(stateVersionOf(other)).toBe(200);
    expect(() => decodeState(other)).toThrow(/version 200/);
  });

  it('never hangs or takes much memory on damaged bytes', () => {
    const bytes = bytesOf(foldAll(randomHistory(createRng(4), { events: 60, items: 20, days: 20 })));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = byte;
        try {
          expect(decodeState(damaged).items.count).toBeLessThanOrEqual(STATE_LIMITS.items);
        } catch (error) {
          expect(error).toBeInstanceOf(ShelfwiseError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
