import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, type ManualClock, manualClock } from '../base/index.ts';
import { readCounters } from '../domain/index.ts';
import { dataDirPaths, openEpochStore, openLmdbStore } from '../store/index.ts';
import type { Platform } from './open.ts';
import { fittedDir, home, newDir, open, playFirstCard, removeDirs, START_MS } from './platform-testing.ts';

afterEach(removeDirs);

let serial = 0;
const acts = (type: 'skip' | 'play', listenerId: string, count: number, clock: ManualClock, itemId = 'artist:3') =>
  Array.from({ length: count }, (_, i) => ({
    eventId: `${type}-${serial++}`,
    type,
    listenerId,
    itemId,
    occurredAt: new Date(clock.nowMs() - i).toISOString(),
    playedMs: HOUR_MS,
  }));

/** Decayed plays of all items by the counters that serve. */
function counted(platform: Platform, dir: string): readonly number[] {
  const { counters } = platform.status().epochs;
  return Array.from(readCounters(openEpochStore({ dir: dataDirPaths(dir).epochs }).get(counters)).plays);
}

describe('the rule for machines', () => {
  it('finds who acts faster, or plays longer, than a person can, under the limits that the operator set', async () => {
    // In the middle of an hour: all acts are of one.
    const clock = manualClock(START_MS + HOUR_MS / 2);
    const dir = newDir();
    const options = { botRules: { playsPerDay: 100, playedHoursPerDay: 10, actsPerMinute: 2 } };
    const platform = await open(dir, clock, options);
    await platform.ingest([...acts('skip', 'fast', 120, clock), ...acts('play', 'long', 10, clock)]);
    expect(platform.status().traffic).toEqual({ flagged: 0, suspects: 0 });
    await platform.ingest(acts('skip', 'fast', 1, clock));
    expect(platform.status().traffic.suspects).toBe(1);
    await platform.ingest(acts('play', 'long', 1, clock));
    expect(platform.status().traffic.suspects).toBe(2);
    await platform.close();
    await expect(open(dir, clock, { botRules: { ...options.botRules, playsPerDay: 0 } })).rejects.toThrow(
      /playsPerDay/,
    );
  });

  it('decides by the limits of the operator, not by others, whose plays earn rewards', async () => {
    const clock = manualClock(START_MS);
    const botRules = { playsPerDay: 10_000, playedHoursPerDay: 1_000, actsPerMinute: 1_000 };
    const platform = await open(await fittedDir(), clock, { botRules });
    await platform.learn();
    await platform.ingest(acts('play', 'l2', 30, clock));
    await playFirstCard(platform, 'l2', await home(platform, 'l2'), clock);
    expect(platform.status().traffic.suspects).toBe(0);
    await platform.learn();
    expect(platform.status().background.learner).toMatch(/ 1 of 1 rewards learnt/);
    await platform.close();
  });

  it('counts from the day that fitted, whatever is seen later, and leaves no note behind', async () => {
    const clock = manualClock(START_MS);
    const dir = newDir();
    const platform = await open(dir, clock);
    await platform.ingest(acts('play', 'long', 25, clock));
    clock.advance(20 * DAY_MS);
    await platform.ingest(acts('skip', 'long', 1, clock));
    await platform.flush();
    expect(platform.status().traffic.suspects).toBe(1);
    clock.advance(11 * DAY_MS);
    expect(platform.status().traffic.suspects).toBe(0);
    await platform.ingest(acts('skip', 'long', 1, clock));
    await platform.close();
    const store = openLmdbStore({ dir: dataDirPaths(dir).online });
    const notes = [...store.range('listener-suspects', {})];
    await store.close();
    expect(notes).toEqual([]);
  });

  it('is remembered over a restart, and for thirty days', async () => {
    const clock = manualClock(START_MS);
    const dir = newDir();
    let platform = await open(dir, clock);
    await platform.ingest(acts('play', 'long', 25, clock));
    await platform.close();
    platform = await open(dir, clock);
    expect(platform.status().traffic.suspects).toBe(1);
    clock.advance(30 * DAY_MS - 1);
    expect(platform.status().traffic.suspects).toBe(1);
    clock.advance(1);
    expect(platform.status().traffic.suspects).toBe(0);
    await platform.close();
  });
});

describe('flagged listeners', () => {
  it('move no popularity and teach nothing, at the learner and at a fit; once unflagged they count again', async () => {
    const clock = manualClock(START_MS);
    const dir = await fittedDir();
    const platform = await open(dir, clock);
    await platform.putListener('l1', { flags: ['bot', 'shared-account'] });
    expect(platform.status().traffic.flagged).toBe(1);
    const before = counted(platform, dir);
    const page = await home(platform, 'l1');
    await playFirstCard(platform, 'l1', page, clock);
    await platform.ingest(acts('play', 'l1', 5, clock));
    const { model } = platform.status().epochs;
    await platform.learn();
    expect(counted(platform, dir)).toEqual(before);
    expect(platform.status().epochs.model).toBe(model);
    expect(platform.status().background.learner).toMatch(/ 0 of 0 rewards learnt/);
    // A fit counts everything anew, without them: what they had played before they were flagged goes, too.
    await platform.fit({});
    const without = counted(platform, dir).reduce((sum, plays) => sum + plays, 0);
    expect(without).toBeLessThan(before.reduce((sum, plays) => sum + plays, 0) - 1);
    await platform.putListener('l1', {});
    expect(platform.status().traffic.flagged).toBe(0);
    await platform.fit({});
    expect(counted(platform, dir).reduce((sum, plays) => sum + plays, 0)).toBeGreaterThan(without + 1);
    await platform.close();
  });
});

describe('a Home without profiling', () => {
  it('teaches nothing: what was played from it earns no reward', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(await fittedDir(), clock);
    const ask = async (profiling: boolean) => {
      const bytes = await platform.home('l2', { device: 'desktop', explain: false, fresh: true, profiling });
      return JSON.parse(Buffer.from(bytes).toString());
    };
    await platform.learn();
    await playFirstCard(platform, 'l2', await ask(false), clock);
    await platform.learn();
    expect(platform.status().background.learner).toMatch(/ 0 of 1 rewards learnt/);
    const page = await ask(true);
    await playFirstCard(platform, 'l2', page, clock);
    await platform.learn();
    expect(platform.status().background.learner).toMatch(/ 1 of 1 rewards learnt/);
    await platform.close();
  });
});
