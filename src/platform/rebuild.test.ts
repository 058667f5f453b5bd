import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../base/index.ts';
import { fill, home, newDir, open, removeDirs, START_MS } from './platform-testing.ts';

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
