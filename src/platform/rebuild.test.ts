import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../base/index.ts';
import { STATE_VERSION } from '../signals/index.ts';
import { dataDirPaths, type OnlineStore, openLmdbStore } from '../store/index.ts';
import type { Platform } from './open.ts';
import { fill, fittedDir, home, LISTENERS, newDir, open, removeDirs, START_MS } from './platform-testing.ts';
import { stateTable } from './states.ts';

afterEach(removeDirs);

describe('a rebuild', () => {
  it('takes in what happens meanwhile, and does not take it for a difference', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(newDir(), clock);
    await fill(platform, clock);
    await platform.flush();
    const before = platform.getListener('l1')?.totalPlays ?? 0;
    const rebuilding = platform.rebuildState({});
    // The workshop's thread starts meanwhile, which takes it far longer than this.
    await platform.flush();
    const occurredAt = new Date(clock.nowMs()).toISOString();
    await platform.ingest(
      [1, 2].map((i) => ({
        eventId: `meanwhile-${i}`,
        type: 'play',
        listenerId: `l${i}`,
        itemId: `never-seen-${i}`,
        occurredAt,
        playedMs: 90_000,
      })),
    );
    await platform.flush();
    expect(await rebuilding).toMatchObject({ different: 0 });
    expect(platform.getListener('l1')?.totalPlays).toBe(before + 1);
    expect(await platform.rebuildState({})).toMatchObject({ different: 0 });
    await platform.close();
  });

  it('and a fit at the same time take turns: the fit is of the states that were built', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(newDir(), clock);
    await fill(platform, clock);
    const [report] = await Promise.all([
      platform.rebuildState({}),
      platform.compact(),
      platform.fit({}),
      platform.learn(),
    ]);
    expect(report.different).toBe(0);
    expect(platform.status().epochs['embedding']).not.toBe('');
    expect((await home(platform, 'l1')).degraded).toBe(false);
    await platform.close();
  });
});

/** Changes the online store of a directory that no platform has open. */
async function change(dir: string, work: (store: OnlineStore) => Promise<void>): Promise<void> {
  const store = openLmdbStore({ dir: dataDirPaths(dir).online });
  await work(store);
  await store.close();
}

const OTHER_VERSION = 250;

/** As if another version of the fold had written the first `count` states. */
const ofAnotherVersion = (count: number) => (store: OnlineStore) =>
  store.transaction((write) => {
    for (const { key, value } of store.range(stateTable(1), { limit: count })) {
      const bytes = Buffer.from(value);
      bytes[8] = OTHER_VERSION;
      write.put(stateTable(1), key, bytes);
    }
  });

async function until(platform: Platform, done: (rebuild: string) => boolean): Promise<string> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const said = platform.status().background['rebuild'] ?? '';
    if (done(said) || performance.now() > deadline) return said;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('states of another version', () => {
  for (const noted of [true, false]) {
    it(`are rebuilt in the background while Homes are degraded (${noted ? 'version noted' : 'from before versions were'})`, async () => {
      const clock = manualClock(START_MS);
      const dir = await fittedDir();
      let platform = await open(dir, clock);
      const before = platform.getListener('l3');
      await platform.close();
      await change(dir, ofAnotherVersion(LISTENERS));
      await change(dir, (store) =>
        store.transaction((write) => {
          if (noted) write.put('platform', 'states-fold', Buffer.from(String(OTHER_VERSION)));
          else write.remove('platform', 'states-fold');
        }),
      );

      const said: string[] = [];
      const say = (_: object, message: string) => void said.push(message);
      platform = await open(dir, clock, { logger: { info: say, warn: say, error: say } });
      expect((await home(platform, 'l3')).degraded).toBe(true);
      // Somebody new has a state of this version in the old table, and a restart in between changes nothing.
      const play = {
        type: 'play',
        itemId: 'artist:1',
        occurredAt: new Date(clock.nowMs()).toISOString(),
        playedMs: 90_000,
      };
      await platform.ingest([{ ...play, eventId: 'new', listenerId: 'new' }]);
      await platform.close();
      platform = await open(dir, clock, { logger: { info: say, warn: say, error: say } });
      await platform.ingest([{ ...play, eventId: 'meanwhile', listenerId: 'l4' }]);
      expect(await until(platform, (rebuild) => rebuild.includes('rebuilding'))).toBe(
        `the stored states are of version ${OTHER_VERSION}, this is ${STATE_VERSION}: rebuilding, 0%; Homes are degraded until then`,
      );
      expect(await until(platform, (rebuild) => !rebuild.includes('rebuilding'))).toMatch(
        new RegExp(`^states are of version ${STATE_VERSION}: \\d+ events of ${LISTENERS + 1} listeners$`),
      );
      expect(said.filter((message) => message.includes('states'))).toHaveLength(2);

      expect((await home(platform, 'l3')).degraded).toBe(false);
      expect(platform.getListener('l3')).toEqual(before);
      expect(platform.getListener('new')?.totalPlays).toBe(1);
      const plays = platform.getListener('l4')?.totalPlays;
      expect((await platform.doctor()).healthy).toBe(true);
      await platform.close();
      platform = await open(dir, clock);
      expect(platform.getListener('l4')?.totalPlays).toBe(plays);
      expect(await platform.rebuildState({})).toMatchObject({ different: 0, version: 3 });
      await platform.close();
    });
  }

  it('are no matter where single states do not decode: those stay as they are until somebody rebuilds', async () => {
    const clock = manualClock(START_MS);
    const dir = await fittedDir();
    let platform = await open(dir, clock);
    await platform.close();
    for (const noted of [true, false]) {
      await change(dir, ofAnotherVersion(2));
      if (!noted) await change(dir, (store) => store.transaction((write) => write.remove('platform', 'states-fold')));
      platform = await open(dir, clock);
      const degraded = [];
      for (let i = 0; i < LISTENERS; i++) degraded.push((await home(platform, `l${i}`)).degraded);
      expect(degraded.filter(Boolean)).toHaveLength(2);
      await new Promise((resolve) => setTimeout(resolve, 1200));
      expect(platform.status().background['rebuild']).toBeUndefined();
      await platform.close();
    }
  });
});
