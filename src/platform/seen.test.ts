import { describe, expect, it } from 'vitest';
import type { OnlineStore, StoreWriter } from '../store/index.ts';
import { createSeenEvents } from './seen.ts';

/** A store that takes what it is given, when it is given it. */
function storeInMemory(): { store: OnlineStore; write: StoreWriter } {
  const keys = new Set<string>();
  const store = {
    get: (_table: string, key: string) => (keys.has(key) ? new Uint8Array(0) : undefined),
    range: () => Array.from(keys, (key) => ({ key, value: new Uint8Array(0) })),
    count: () => keys.size,
  } as unknown as OnlineStore;
  return { store, write: { put: (_table, key) => void keys.add(key), remove: () => undefined } };
}

describe('seen event ids', () => {
  it('stores what a transaction that failed was to store with the next one', () => {
    const { store, write } = storeInMemory();
    const seen = createSeenEvents(store, () => false);
    const [early, late] = ['early', 'late'].map((id) => seen.keyOf('listener', id));
    seen.settle(early);
    // The transaction fails: nothing is stored, and nobody calls back.
    for (const slice of seen.slices()) slice({ put: () => undefined, remove: () => undefined });
    expect(seen.has(early)).toBe(true);
    seen.settle(late);
    for (const slice of seen.slices()) slice(write)();
    expect([seen.has(early), seen.has(late), seen.size]).toEqual([true, true, 2]);
    const afterRestart = createSeenEvents(store, () => false);
    expect([afterRestart.has(early), afterRestart.has(late), afterRestart.size]).toEqual([true, true, 2]);
  });

  it('knows an id on its way to the disk, and frees it when it does not get there', () => {
    const seen = createSeenEvents(storeInMemory().store, () => false);
    const key = seen.keyOf('listener', 'event');
    seen.begin(key);
    expect(seen.has(key)).toBe(true);
    seen.drop(key);
    expect(seen.has(key)).toBe(false);
  });
});
