/**
 * A platform that ends between two transactions of its online store, at each of them in turn: what a copy of the data
 * directory, made when a transaction was durable, opens as.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type ManualClock, MINUTE_MS, manualClock, ShelfwiseError } from '../base/index.ts';
import { decodeDecision } from '../domain/index.ts';
import { comparePositions, dataDirPaths, openEventLog, openLmdbStore } from '../store/index.ts';
import { type StoreWatch, watchedStore } from '../testing/index.ts';
import { recordBytesOf } from './decisions.ts';
import type { Platform } from './open.ts';
import { fill, home, LISTENERS, newDir, open, removeDirs, START_MS } from './platform-testing.ts';
import { parseStoredState, positionOf, stateTable } from './states.ts';

afterAll(removeDirs);

/** No timer of the platform's does anything within a test. */
const QUIET = { stateFlushMs: 10 * MINUTE_MS, recordFlushMs: MINUTE_MS };

const openWatched = (dir: string, clock: ManualClock, watch: StoreWatch): Promise<Platform> =>
  open(dir, clock, QUIET, { online: (options) => watchedStore(openLmdbStore(options), watch) });

/** The directory as a process finds it that starts after this one was killed. */
function afterKill(dir: string): string {
  const copy = newDir();
  cpSync(dir, copy, { recursive: true });
  for (const name of ['owner.json', 'owner.lock']) rmSync(join(copy, name), { force: true });
  return copy;
}

const play = (clock: ManualClock, listenerId: string, itemId: string) => ({
  eventId: `${listenerId} ${itemId}`,
  type: 'play',
  listenerId,
  itemId,
  occurredAt: new Date(clock.nowMs()).toISOString(),
  playedMs: 200_000,
});

const idOf = (listener: number): string => `l${listener}`;

function tastes(platform: Platform, count: number) {
  return Array.from({ length: count }, (_, i) => {
    const { totalPlays, topItems } = platform.getListener(idOf(i)) ?? {};
    return { totalPlays, topItems };
  });
}

describe('a platform that is killed between two transactions', () => {
  it('of a flush: every number in a stored state has its name, and every listener what was acknowledged', async () => {
    const clock = manualClock(START_MS);
    const dir = newDir();
    const copies: string[] = [];
    let watching = false;
    const platform = await openWatched(dir, clock, {
      after: () => {
        if (watching) copies.push(afterKill(dir));
      },
    });
    // More listeners than one transaction holds, each with items that nobody has named before.
    const listeners = 130;
    const ids = Array.from({ length: listeners }, (_, i) => idOf(i));
    await platform.ingest(ids.map((id) => play(clock, id, `first of ${id}`)));
    await platform.flush();
    await platform.ingest(ids.toReversed().flatMap((id) => [play(clock, id, `of ${id}`), play(clock, id, 'of all')]));
    const truth = tastes(platform, listeners);
    watching = true;
    await platform.flush();
    watching = false;
    await platform.close();
    expect(copies.length).toBeGreaterThan(4);

    let stored = 0;
    for (const copy of copies) {
      const store = openLmdbStore({ dir: dataDirPaths(copy).online });
      const names = store.count('names-items');
      for (const { value } of store.range(stateTable(1), {})) {
        const { items } = parseStoredState(value).state;
        for (let i = 0; i < items.count; i++) expect(items.keys[i]).toBeLessThan(names);
        if (items.count === 3) stored++;
      }
      await store.close();
      const again = await open(copy, clock, QUIET);
      expect(tastes(again, listeners)).toEqual(truth);
      await again.close();
    }
    // Some were stored and others were not.
    expect(stored).toBeGreaterThan(0);
    expect(stored % listeners).toBeGreaterThan(0);
  });

  it('of a flush: the index of decisions holds none that the log has not synced', async () => {
    const clock = manualClock(START_MS);
    const dir = newDir();
    const copies: string[] = [];
    let watching = false;
    let homes = 0;
    const platform = await openWatched(dir, clock, {
      // Homes go on while a flush does: their records are in the log's buffer, and on no disk.
      before: async () => {
        if (watching) await home(platform, idOf(homes++ % LISTENERS));
      },
      after: () => {
        if (watching) copies.push(afterKill(dir));
      },
    });
    await fill(platform, clock);
    for (let i = 0; i < 5; i++) await home(platform, idOf(i));
    watching = true;
    await platform.flush();
    watching = false;
    await platform.close();
    expect(homes).toBeGreaterThan(2);

    let indexed = 0;
    for (const copy of copies) {
      const paths = dataDirPaths(copy);
      const store = openLmdbStore({ dir: paths.online });
      const log = openEventLog({ dir: paths.log('decisions') });
      for (const { key, value } of store.range('decisions', {})) {
        const position = positionOf(Buffer.from(value).readDoubleLE(0));
        expect(comparePositions(position, log.durableEnd())).toBeLessThan(0);
        expect(decodeDecision(recordBytesOf(log.read(position))).decisionId).toBe(key);
        indexed++;
      }
      await log.close();
      await store.close();
    }
    expect(indexed).toBeGreaterThanOrEqual(5);
  });

  it('of the swap after a rebuild: the old states serve or the new, and no event is lost or doubled', async () => {
    const clock = manualClock(START_MS);
    const dir = newDir();
    const copies: string[] = [];
    /** Number of the table that serves; it alternates between 1 and 2, while versions count up. */
    let serving = 1;
    let version = 1;
    let holding = false;
    let watching = false;
    let isHeld = false;
    const held = Promise.withResolvers<void>();
    const platform = await openWatched(dir, clock, {
      before: async (tables) => {
        if (!holding || !tables.has(stateTable(serving))) return;
        isHeld = true;
        await held.promise;
        holding = false;
        watching = true;
      },
      after: () => {
        if (watching) copies.push(afterKill(dir));
      },
    });
    await fill(platform, clock);
    await platform.flush();
    let truth = tastes(platform, LISTENERS);
    // A rebuild may be over before the flush beside it begins: then it is another's turn.
    for (let attempts = 1; !isHeld; attempts++) {
      expect(attempts).toBeLessThan(20);
      const begun = Promise.withResolvers<void>();
      const rebuilding = platform.rebuildState({ onProgress: () => begun.resolve() });
      // How far the job reads is settled by a flush of its own, which is not the one that is held.
      await begun.promise;
      // Events that the job does not read, and a flush of them that is under way when the job is done.
      await platform.ingest(Array.from({ length: LISTENERS }, (_, i) => play(clock, idOf(i), 'artist:3')));
      truth = tastes(platform, LISTENERS);
      holding = true;
      const flushing = platform.flush();
      await Promise.race([rebuilding, vi.waitUntil(() => isHeld, { timeout: 20_000 })]);
      if (isHeld) await new Promise((resolve) => setTimeout(resolve, 200));
      if (isHeld) held.resolve();
      await flushing;
      expect(await rebuilding).toMatchObject({ version: ++version, different: 0 });
      holding = false;
      serving = 3 - serving;
    }
    expect(tastes(platform, LISTENERS)).toEqual(truth);
    await platform.close();
    expect(copies.length).toBeGreaterThan(3);

    for (const copy of copies) {
      const again = await open(copy, clock, QUIET);
      expect(tastes(again, LISTENERS)).toEqual(truth);
      // The first finds the old table, the last the new one.
      if (copy === copies[0]) expect(await again.rebuildState({})).toMatchObject({ version, different: 0 });
      if (copy === copies.at(-1))
        expect(await again.rebuildState({})).toMatchObject({ version: version + 1, different: 0 });
      await again.close();
    }
  }, 60_000);
});

describe('closing while the disk takes nothing more', () => {
  it('says so, gives the directory up, and loses nothing, whichever transaction was refused', async () => {
    const clock = manualClock(START_MS);
    const dir = newDir();
    let plays = 0;
    for (let allowed = 0, refusals = 1; refusals > 0; allowed++) {
      refusals = 0;
      let left = Number.POSITIVE_INFINITY;
      const platform = await openWatched(dir, clock, {
        before: () => {
          if (left-- > 0) return;
          refusals++;
          throw new ShelfwiseError('STORE_FULL', 'no bytes are free');
        },
      });
      if (allowed === 0) await fill(platform, clock);
      await platform.ingest([play(clock, 'l1', `new-${allowed}`), play(clock, `l-${allowed}`, `new-${allowed}`)]);
      expect((await platform.home('l1', { device: 'tv', explain: false, fresh: true })).length).toBeGreaterThan(0);
      plays = platform.getListener('l1')?.totalPlays ?? 0;
      left = allowed;
      const closing = platform.close();
      expect(platform.close()).toBe(closing);
      if (allowed < 2) await expect(closing).rejects.toMatchObject({ code: 'STORE_FULL' });
      else await closing.catch((error: unknown) => expect(error).toMatchObject({ code: 'STORE_FULL' }));

      const again = await open(dir, clock, QUIET);
      expect(again.getListener('l1')?.totalPlays).toBe(plays);
      expect(again.getListener(`l-${allowed}`)?.totalPlays).toBe(1);
      expect(await again.ingest([play(clock, 'l1', `new-${allowed}`)])).toMatchObject([{ fate: 'duplicate' }]);
      expect((await again.recentDecisions(100)).length).toBe(allowed + 1);
      if (refusals === 0) expect((await again.doctor()).healthy).toBe(true);
      await again.close();
    }
  }, 60_000);
});
