import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock, ShelfwiseError } from '../../base/index.ts';
import type { GroupOfLists, ListenerPlaylists } from '../../home/index.ts';
import { type OnlineStore, openLmdbStore } from '../../store/index.ts';
import { createAllowance } from './allowance.ts';
import { createKeptPlaylists, PLAYLISTS_TABLE } from './keeping.ts';

let dir: string;
let store: OnlineStore;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shelfwise-playlists-'));
  store = openLmdbStore({ dir });
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

function listsOf(...tracks: number[]): ListenerPlaylists {
  const daily: GroupOfLists = {
    fromMs: 0,
    untilMs: 1000,
    madeAtMs: 5,
    follows: 0,
    lists:
      tracks.length === 0
        ? []
        : [
            {
              slot: 0,
              familiarShare: 0.6,
              tracks: tracks.map((track) => ({ track, reason: 'liked', about: track, familiar: true })),
            },
          ],
  };
  return { daily };
}

const nobodyComplains = (error: string): never => expect.fail(error);
const everybody = (): boolean => true;

describe('kept playlists', () => {
  it('are on the medium when it is said so, and read from there by the next process', async () => {
    const kept = createKeptPlaylists(store, everybody, nobodyComplains);
    expect([kept.get('ann'), kept.held('ann')]).toEqual([{}, { heads: {}, unstored: undefined }]);
    for (let n = 0; n < 50; n++) kept.put(`l${n}`, listsOf(n, n + 1));
    kept.put('ann', listsOf(7));
    expect(kept.get('ann')).toEqual(listsOf(7));
    await kept.stored('ann');
    expect(kept.held('ann')).toEqual({
      heads: { daily: { fromMs: 0, untilMs: 1000, follows: 0, isEmpty: false } },
      unstored: undefined,
    });
    const next = createKeptPlaylists(store, everybody, nobodyComplains);
    expect(next.get('ann')).toEqual(listsOf(7));
    expect(next.held('l49').heads).toEqual(kept.held('l49').heads);
    expect(store.count(PLAYLISTS_TABLE)).toBe(51);
  });

  it('of somebody of whom nothing can be made stand in memory alone, and replace what was there', async () => {
    const kept = createKeptPlaylists(store, everybody, nobodyComplains);
    kept.put('new', listsOf());
    await kept.stored('new');
    expect([kept.held('new').heads.daily?.isEmpty, store.count(PLAYLISTS_TABLE)]).toEqual([true, 0]);
    kept.put('ann', listsOf(1));
    await kept.stored('ann');
    kept.put('ann', listsOf());
    await kept.stored('ann');
    expect(createKeptPlaylists(store, everybody, nobodyComplains).held('ann').heads.daily?.isEmpty).toBe(true);
  });

  it('are written as they are last, however often they change while a write is under way', async () => {
    const kept = createKeptPlaylists(store, everybody, nobodyComplains);
    for (let n = 1; n <= 20; n++) {
      kept.put('ann', listsOf(n));
      if (n % 5 === 0) await Promise.resolve();
    }
    await kept.stored('ann');
    expect(createKeptPlaylists(store, everybody, nobodyComplains).get('ann')).toEqual(listsOf(20));
  });

  it('are dropped with their listener, and no write under way brings them back', async () => {
    const known = new Set(['ann', 'bob']);
    const kept = createKeptPlaylists(store, (key) => known.has(key), nobodyComplains);
    kept.put('ann', listsOf(1));
    kept.put('bob', listsOf(2));
    await kept.stored('ann');
    kept.put('ann', listsOf(3));
    known.delete('ann');
    await store.transaction((write) => expect(kept.erase('ann', write)).toBe(1));
    kept.put('ann', listsOf(4));
    await kept.stored('ann');
    await store.transaction((write) => expect(kept.erase('ann', write)).toBe(0));
    expect([...store.range(PLAYLISTS_TABLE, {})].map(({ key }) => key)).toEqual(['bob']);
    expect(kept.get('ann')).toEqual({});
  });

  it('stand in memory while the store refuses them, and it is said', async () => {
    const complaints: string[] = [];
    let isFull = true;
    const refusing: OnlineStore = {
      get: (table, key) => store.get(table, key),
      range: (table, range) => store.range(table, range),
      count: (table) => store.count(table),
      tables: () => store.tables(),
      close: () => store.close(),
      transaction: (fill) => {
        if (isFull) return Promise.reject(new ShelfwiseError('STORE_FULL', 'no room'));
        return store.transaction(fill);
      },
    };
    const kept = createKeptPlaylists(refusing, everybody, (error) => complaints.push(error));
    kept.put('ann', listsOf(9));
    await kept.stored('ann');
    expect(complaints).toHaveLength(1);
    expect(kept.get('ann')).toEqual(listsOf(9));
    expect(store.count(PLAYLISTS_TABLE)).toBe(0);
    isFull = false;
    kept.put('ann', listsOf(10));
    await kept.stored('ann');
    expect(createKeptPlaylists(store, everybody, nobodyComplains).get('ann')).toEqual(listsOf(10));
  });

  it('that do not read are as if they were not there, and it is said', async () => {
    await store.transaction((write) => write.put(PLAYLISTS_TABLE, 'ann', Buffer.from('no playlists')));
    const complaints: string[] = [];
    const kept = createKeptPlaylists(store, everybody, (error) => complaints.push(error));
    expect(kept.held('ann')).toEqual({ heads: {}, unstored: undefined });
    expect(complaints[0]).toContain('generated playlists of format');
  });
});

describe('an allowance', () => {
  it('is a share of the time that passes, saved up to a limit, with a debt of as much at most', () => {
    const clock = manualClock(0);
    const allowance = createAllowance(clock, 0.1, 20);
    expect(allowance.isLeft).toBe(true);
    allowance.spend(25);
    expect(allowance.isLeft).toBe(false);
    clock.advance(49);
    expect(allowance.isLeft).toBe(false);
    clock.advance(2);
    expect(allowance.isLeft).toBe(true);
    clock.advance(1e6);
    allowance.spend(19);
    expect(allowance.isLeft).toBe(true);
    allowance.spend(1000);
    clock.advance(199);
    expect(allowance.isLeft).toBe(false);
    clock.advance(2);
    expect(allowance.isLeft).toBe(true);
  });
});
