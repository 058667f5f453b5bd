import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, type ManualClock, manualClock, ShelfwiseError } from '../base/index.ts';
import { dataDirPaths, openLmdbStore } from '../store/index.ts';
import type { Platform } from './open.ts';
import { fittedDir, open, removeDirs, START_MS } from './platform-testing.ts';
import type { RankAnswer } from './rankings.ts';

afterEach(removeDirs);

const ITEMS = Array.from({ length: 30 }, (_, a) => `artist:${a}`);
let serial = 0;

function rank(platform: Platform, listenerId: string): Promise<RankAnswer> {
  return platform.rank({
    listenerId,
    rankingId: `ranking-${serial++}`,
    engine: 'metarank',
    itemIds: ITEMS,
    device: 'desktop',
  });
}

describe('a ranking', () => {
  it('says with which chance each candidate would stand first, also for who is hardly known: they sum to 1', async () => {
    const platform = await open(await fittedDir(), manualClock(START_MS));
    for (const listenerId of ['l1', 'nobody-yet']) {
      for (let i = 0; i < 5; i++) {
        const { ranked } = await rank(platform, listenerId);
        expect(ranked.reduce((sum, { firstPropensity }) => sum + firstPropensity, 0)).toBeCloseTo(1, 9);
      }
    }
    await platform.close();
  });

  it('reads nothing of a listener who wants no profile', async () => {
    const platform = await open(await fittedDir(), manualClock(START_MS));
    await platform.putListener('l1', { profiling: false });
    await platform.putListener('stranger', { profiling: false });
    const known = await rank(platform, 'l1');
    expect(known.policy).toBe('popularity');
    // Of equally popular ones chance decides.
    const scores = ({ ranked }: RankAnswer) => new Map(ranked.map(({ itemId, score }) => [itemId, score]));
    expect(scores(known)).toEqual(scores(await rank(platform, 'stranger')));
    expect(await platform.replay(known.decisionId, { verify: true })).toMatchObject({ equal: true });
    await platform.close();
  });

  it('leaves out what is explicit for who wants none of it, and nothing for anybody else', async () => {
    const platform = await open(await fittedDir(), manualClock(START_MS));
    await platform.upsertItems([
      { id: 'artist:3', kind: 'artist', title: 'Explicit', explicit: true },
      { id: 'artist:4', kind: 'show', title: 'Spoken' },
    ]);
    await platform.fit({});
    await platform.putListener('l1', { explicitAllowed: true });
    await platform.putListener('l2', { explicitAllowed: false });
    const idsFor = async (listenerId: string) => (await rank(platform, listenerId)).ranked.map(({ itemId }) => itemId);
    expect((await idsFor('l1')).toSorted()).toEqual(ITEMS.toSorted());
    expect((await idsFor('l2')).toSorted()).toEqual(ITEMS.filter((id) => id !== 'artist:3').toSorted());
    await platform.close();
  });

  it('of flagged traffic says so', async () => {
    const platform = await open(await fittedDir(), manualClock(START_MS));
    await platform.putListener('l1', { flags: ['employee'] });
    const marksOf = async (listenerId: string) =>
      (await platform.decision((await rank(platform, listenerId)).decisionId)) as { marks?: readonly string[] };
    expect((await marksOf('l1')).marks).toEqual(['flagged']);
    expect((await marksOf('l2')).marks).toEqual([]);
    await platform.close();
  });

  it('is forgotten after a day, however many others there are', async () => {
    const dir = await fittedDir();
    const clock: ManualClock = manualClock(START_MS);
    const platform = await open(dir, clock);
    for (let i = 0; i < 40; i++) await rank(platform, 'l1');
    clock.advance(DAY_MS + 2 * HOUR_MS);
    for (let i = 0; i < 12; i++) await rank(platform, 'l2');
    await platform.close();
    const store = openLmdbStore({ dir: dataDirPaths(dir).online });
    const left = [...store.range('rankings', {})].map(({ value }) => Buffer.from(value).toString());
    await store.close();
    expect(left.filter((text) => text.includes('"l1"'))).toEqual([]);
    expect(left).toHaveLength(12);
  });

  it('goes with its listener; that of somebody new, who comes by the same id while the erasure is under way, stays', async () => {
    const dir = await fittedDir();
    const clock = manualClock(START_MS);
    let platform = await open(
      dir,
      clock,
      {},
      {
        online: openLmdbStore,
        onErasureStep: (step) => {
          if (step === 'seal events') throw new ShelfwiseError('BUG', 'stopped by the test');
        },
      },
    );
    await rank(platform, 'l1');
    const before = `ranking-${serial - 1}`;
    expect(platform.rankingOf('metarank', before)?.listenerId).toBe('l1');
    const begun = await platform.eraseListener('l1', 'test');
    expect(platform.rankingOf('metarank', before)).toBeUndefined();
    await rank(platform, 'l1');
    const after = `ranking-${serial - 1}`;
    await platform.close();
    platform = await open(dir, clock);
    while ((await platform.erasure(begun?.id ?? ''))?.state !== 'done') await new Promise((go) => setTimeout(go, 5));
    expect(platform.rankingOf('metarank', after)?.listenerId).toBe('l1');
    await platform.close();
  });
});
