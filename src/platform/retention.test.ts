import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, manualClock } from '../base/index.ts';
import { dataDirPaths, openEpochStore } from '../store/index.ts';
import { nearestFile } from './epochs.ts';
import type { Platform } from './open.ts';
import { fill, home, newDir, open, removeDirs, START_MS } from './platform-testing.ts';
import { outlived } from './retention.ts';

afterAll(removeDirs);

describe('an epoch may go', () => {
  const at = (nowMs: number) => ({ nowMs, retentionMs: 90 * DAY_MS });
  const served = { fromMs: 10 * DAY_MS, toMs: 11 * DAY_MS };
  const decidedAt =
    (...timesMs: number[]) =>
    (fromMs: number, toMs: number) =>
      timesMs.some((timeMs) => timeMs >= fromMs && timeMs <= toMs);

  it('when it has not served for longer than the retention, whoever used it', () => {
    expect(outlived(served, at(101 * DAY_MS), decidedAt(10.5 * DAY_MS))).toBe(false);
    expect(outlived(served, at(101 * DAY_MS + 1), decidedAt(10.5 * DAY_MS))).toBe(true);
  });

  it('an hour after it served, when no decision was made in its time', () => {
    expect(outlived(served, at(11 * DAY_MS + HOUR_MS), decidedAt())).toBe(false);
    expect(outlived(served, at(11 * DAY_MS + HOUR_MS + 1), decidedAt(9 * DAY_MS, 12 * DAY_MS))).toBe(true);
    for (const used of [10 * DAY_MS, 11 * DAY_MS, 10 * DAY_MS - MINUTE_MS, 11 * DAY_MS + MINUTE_MS])
      expect(outlived(served, at(20 * DAY_MS), decidedAt(used))).toBe(false);
  });
});

describe('the collection of epochs', () => {
  it('removes what no decision used, then what only decisions before the retention used, and says so', async () => {
    const clock = manualClock(START_MS);
    const dir = newDir();
    const paths = dataDirPaths(dir);
    const stored = () => openEpochStore({ dir: paths.epochs }).list();
    let platform = await open(dir, clock, { epochRetentionDays: 30 });
    await fill(platform, clock);
    await platform.fit({});
    const used = platform.status().epochs;
    const { decisionId } = await home(platform, 'l1');

    /** Publishes another of each kind but the tunables. */
    const publish = async (): Promise<Readonly<Record<string, string>>> => {
      clock.advance(HOUR_MS);
      const nowMs = clock.nowMs();
      await platform.upsertItems([{ id: `artist:${nowMs}`, kind: 'artist', title: `New at ${nowMs}` }]);
      const play = { type: 'play', listenerId: 'l1', occurredAt: new Date(nowMs).toISOString(), playedMs: 200_000 };
      await platform.ingest([0, 1, 2].map((i) => ({ ...play, eventId: `${nowMs} ${i}`, itemId: `artist:${2 * i}` })));
      await platform.fit({});
      return platform.status().epochs;
    };
    const unused = await publish();
    const current = await publish();
    const changed = ['catalog', 'counters', 'embedding', 'model'];
    for (const kind of changed) expect(new Set([used[kind], unused[kind], current[kind]]).size).toBe(3);
    // A job that was cut off has stored an epoch that nobody published.
    const orphan = openEpochStore({ dir: paths.epochs }).put({ kind: 'model', arrays: {}, meta: { of: 'nobody' } });

    await platform.collectEpochs();
    for (const kind of changed) expect(stored()).toEqual(expect.arrayContaining([used[kind], unused[kind]]));
    clock.advance(HOUR_MS + 1);
    const latest = await home(platform, 'l1');
    await platform.collectEpochs();
    for (const kind of changed) {
      expect(stored()).toEqual(expect.arrayContaining([used[kind], current[kind]]));
      expect(stored()).not.toContain(unused[kind]);
    }
    expect(stored()).toContain(orphan);
    expect(platform.status().background['epochs']).toMatch(/^\d+ removed \(.* MB\), \d+ kept \(.* MB\)$/);
    expect(await metric(platform, 'epochs_removed')).toBeGreaterThanOrEqual(4);
    expect(await metric(platform, 'epochs')).toBe(stored().length);
    expect(await metric(platform, 'epoch_bytes')).toBeGreaterThan(1000);
    // What is prepared for a search is kept for the embedding that serves.
    expect(existsSync(`${nearestFile(paths, current['embedding'])}.json`)).toBe(true);
    expect(readdirSync(join(paths.epochs, 'graphs')).filter((name) => !name.startsWith(current['embedding']))).toEqual(
      [],
    );
    const replay = (id: string) => platform.replay(id, { verify: true });
    expect(await replay(decisionId)).toMatchObject({ equal: true, recomputed: true });

    clock.advance(30 * DAY_MS);
    // Cut off between the removal and the note of it.
    rmSync(join(paths.epochs, `${used['model']}.json`));
    await platform.close();
    platform = await open(dir, clock, { epochRetentionDays: 30 });
    await platform.collectEpochs();
    expect(stored().sort()).toEqual(Object.values(current).sort());
    expect(await replay(latest.decisionId)).toMatchObject({ equal: true, recomputed: true });
    expect(await replay(decisionId)).toMatchObject({
      equal: false,
      recomputed: false,
      firstDifference: expect.stringMatching(/^An epoch is missing from the epoch store: .*epochRetentionDays/),
    });
    expect((await home(platform, 'l1')).degraded).toBe(false);
    expect((await platform.doctor()).healthy).toBe(true);
    await platform.fit({});
    await platform.collectEpochs();
    expect((await home(platform, 'l1')).degraded).toBe(false);
    await platform.close();
  });
});

async function metric(platform: Platform, name: string): Promise<number> {
  const [, value] = new RegExp(`^shelfwise_${name} (\\d+)`, 'm').exec(await platform.metrics()) ?? [];
  return Number(value);
}
