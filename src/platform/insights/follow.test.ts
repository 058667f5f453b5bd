import { readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { afterAll, expect, it } from 'vitest';
import { manualClock } from '../../base/index.ts';
import { newDir, open, removeDirs, START_MS } from '../platform-testing.ts';
import { snapshotFile } from './questions.ts';

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

it('counts the logs anew where a snapshot reads but what stands in it does not', async () => {
  const dir = newDir();
  const clock = manualClock(START_MS);
  const decidedOf = async (platform: Awaited<ReturnType<typeof open>>): Promise<number> =>
    (await platform.insights.shelves(1)).homes.decided;
  const first = await open(dir, clock);
  for (let i = 0; i < 3; i++) await first.home('l1', { device: 'phone', explain: false, fresh: true });
  await expect.poll(() => decidedOf(first), { timeout: 20_000 }).toBe(3);
  await first.close();

  const saved = deserialize(readFileSync(snapshotFile(dir)));
  const { ledgers } = saved.snapshot;
  expect(ledgers.length).toBeGreaterThan(100);
  saved.snapshot.ledgers = ledgers.slice(0, ledgers.length / 2);
  writeFileSync(snapshotFile(dir), serialize(saved));

  const second = await open(dir, clock);
  try {
    await expect.poll(() => decidedOf(second), { timeout: 20_000 }).toBe(3);
  } finally {
    await second.close();
  }
}, 60_000);
