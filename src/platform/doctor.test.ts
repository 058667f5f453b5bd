import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../base/index.ts';
import { dataDirPaths, openLmdbStore } from '../store/index.ts';
import { fill, home, newDir, open, removeDirs, START_MS } from './platform-testing.ts';
import { stateTable } from './states.ts';

afterEach(removeDirs);

describe('doctor', () => {
  it('works in the workshop, one segment after another, and says how far it is', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(newDir(), clock);
    await fill(platform, clock);
    await platform.fit({});
    for (let i = 0; i < 20; i++) await home(platform, `l${i % 5}`);
    await platform.flush();
    const told: (readonly [string, number])[] = [];
    const report = await platform.doctor({ onProgress: (stage, share) => told.push([stage, share]) });
    expect(report.healthy).toBe(true);
    const shares = told.filter(([stage]) => stage === 'log of events').map(([, share]) => share);
    expect(shares.length).toBeGreaterThan(2);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect([...new Set(told.map(([stage]) => stage))]).toEqual([
      'log of events',
      'log of decisions',
      'epochs',
      'listener states',
    ]);

    // The thread that serves goes on: it can even stop.
    const underWay = platform.doctor();
    const waiting = platform.doctor();
    const [[first, second]] = await Promise.all([Promise.allSettled([underWay, waiting]), platform.close()]);
    // The one under way ends where it is, or had just ended; the other never begins.
    if (first.status === 'fulfilled') expect(first.value.healthy).toBe(true);
    else expect(first.reason).toMatchObject({ code: 'NOT_READY' });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'NOT_READY' } });
  });

  it('finds each state that does not decode, and an entry of the log that does not check', async () => {
    const clock = manualClock(START_MS);
    const dir = newDir();
    let platform = await open(dir, clock);
    await fill(platform, clock);
    await platform.close();
    const store = openLmdbStore({ dir: dataDirPaths(dir).online });
    const keys = [...store.range(stateTable(1), {})].map(({ key }) => key);
    await store.transaction((write) => {
      for (const key of [keys[3], keys[keys.length - 1]]) {
        const state = store.get(stateTable(1), key) as Uint8Array;
        write.put(stateTable(1), key, state.subarray(0, state.length - 1));
      }
    });
    await store.close();

    platform = await open(dir, clock);
    const states = (await platform.doctor()).checks.find(({ name }) => name === 'listener states');
    expect(states).toMatchObject({ outcome: 'error', remedy: 'Run `shelfwise rebuild state`.' });
    expect(states?.detail).toContain(`2 of ${keys.length} do not decode`);
    expect(states?.detail).toContain(keys[3]);
    await platform.rebuildState({});
    expect((await platform.doctor()).healthy).toBe(true);

    const log = dataDirPaths(dir).log('events');
    const [segment] = readdirSync(log).sort();
    const bytes = readFileSync(join(log, segment));
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(join(log, segment), bytes);
    const report = await platform.doctor();
    expect(report.checks.filter(({ outcome }) => outcome === 'error')).toMatchObject([
      { name: 'log of events', detail: expect.stringContaining('a frame does not check') },
    ]);
    await platform.close();
  });
});
