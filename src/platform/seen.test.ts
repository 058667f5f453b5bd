import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OnlineStore, openLmdbStore } from '../store/index.ts';
import { createSeenEvents, type SeenEvents } from './seen.ts';

/** Each test's own: what it left in the background ends with it. */
let life = { ended: false };
let closed = (): boolean => true;

let dir: string;
let store: OnlineStore;

beforeEach(() => {
  const own = { ended: false };
  life = own;
  closed = () => own.ended;
  dir = mkdtempSync(join(tmpdir(), 'seen-'));
  store = openLmdbStore({ dir });
});
afterEach(async () => {
  life.ended = true;
  await store.close();
  rmSync(dir, { recursive: true });
});

function take(seen: SeenEvents, ids: readonly string[]): number {
  const claims = seen.claims(ids.length);
  let taken = 0;
  for (const id of ids) {
    if (!claims.isNew('key', id)) continue;
    claims.claim();
    taken++;
  }
  claims.settle();
  return taken;
}

const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `event-${from + i}`);

describe('seen events', () => {
  it('are known from their claim on, in every envelope, before and after a flush and a restart', async () => {
    const seen = createSeenEvents(store, closed);
    const one = seen.claims(2);
    const other = seen.claims(2);
    expect(one.isNew('key', 'a')).toBe(true);
    one.claim();
    expect(one.isNew('key', 'a')).toBe(false);
    expect(other.isNew('key', 'a')).toBe(false);
    expect(other.isNew('another listener', 'a')).toBe(true);
    one.settle();
    expect(other.isNew('key', 'a')).toBe(false);

    expect(take(seen, ids(0, 2_000))).toBe(2_000);
    const flushing = seen.flush();
    expect(take(seen, ids(0, 2_001))).toBe(1);
    await flushing;
    expect(seen.size).toBe(2_002);
    expect(take(seen, ids(0, 2_001))).toBe(0);
    await seen.flush();
    await seen.tidy();

    const again = createSeenEvents(store, closed);
    expect(again.size).toBe(2_002);
    expect(take(again, ['a', ...ids(0, 2_002)])).toBe(1);
  });

  it('are free again when their events did not reach the disk', async () => {
    const seen = createSeenEvents(store, closed);
    const claims = seen.claims(2);
    for (const id of ['a', 'b']) {
      expect(claims.isNew('key', id)).toBe(true);
      claims.claim();
    }
    // A flush meanwhile must not store what may yet fail.
    await seen.flush();
    claims.release();
    expect(take(seen, ['a', 'b'])).toBe(2);
  });

  it('are stored by the next flush when one fails', async () => {
    let refuses = true;
    const seen = createSeenEvents(
      {
        get: (table, key) => store.get(table, key),
        range: (table, range) => store.range(table, range),
        count: (table) => store.count(table),
        tables: () => store.tables(),
        close: () => store.close(),
        transaction: (fill) => (refuses ? Promise.reject(new Error('refused')) : store.transaction(fill)),
      },
      closed,
    );
    take(seen, ids(0, 500));
    await expect(seen.flush()).rejects.toThrow('refused');
    expect(take(seen, ids(0, 510))).toBe(10);
    refuses = false;
    await seen.flush();
    expect(take(createSeenEvents(store, closed), ids(0, 511))).toBe(1);
  });
});
