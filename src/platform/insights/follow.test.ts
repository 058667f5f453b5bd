import { afterAll, expect, it } from 'vitest';
import { manualClock } from '../../base/index.ts';
import { newDir, open, removeDirs, START_MS } from '../platform-testing.ts';

afterAll(removeDirs);

it('is not behind where a log has no entry yet', async () => {
  const clock = manualClock(START_MS);
  const platform = await open(newDir(), clock);
  try {
    // An answer waits two seconds for the newest entries at most.
    const isBehind = async (): Promise<boolean> => (await platform.insights.shelves(1)).catchingUp;
    await expect.poll(isBehind, { timeout: 20_000 }).toBe(false);
    expect((await platform.insights.shelves(1)).homes.decided).toBe(0);
    await platform.ingest([{ eventId: 'one', type: 'play', listenerId: 'l1', itemId: 'track:1', playedMs: 1000 }]);
    await expect.poll(isBehind, { timeout: 20_000 }).toBe(false);
  } finally {
    await platform.close();
  }
}, 60_000);
