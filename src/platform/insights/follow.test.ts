import { afterAll, expect, it } from 'vitest';
import { manualClock } from '../../base/index.ts';
import { newDir, open, removeDirs, START_MS } from '../platform-testing.ts';

afterAll(removeDirs);

it('is not behind where a log has no entry yet', async () => {
  const clock = manualClock(START_MS);
  const platform = await open(newDir(), clock);
  try {
    expect(await platform.insights.shelves(1)).toMatchObject({ catchingUp: false, homes: { decided: 0 } });
    await platform.ingest([{ eventId: 'one', type: 'play', listenerId: 'l1', itemId: 'track:1', playedMs: 1000 }]);
    expect((await platform.insights.shelves(1)).catchingUp).toBe(false);
  } finally {
    await platform.close();
  }
});
