import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, manualClock } from '../base/index.ts';
import type { Page } from '../domain/index.ts';
import { learnedOf } from '../models/index.ts';
import { dataDirPaths, openEpochStore } from '../store/index.ts';
import {
  fill,
  fittedDir,
  home,
  LISTENERS,
  newDir,
  open,
  playFirstCard,
  removeDirs,
  START_MS,
} from './platform-testing.ts';

afterEach(removeDirs);

describe('the platform', () => {
  it('loses nothing and doubles nothing when it is opened again', async () => {
    const clock = manualClock(START_MS);
    const dir = newDir();
    let platform = await open(dir, clock);
    await fill(platform, clock);
    const before = platform.getListener('l3');
    await platform.close();
    platform = await open(dir, clock);
    expect(platform.getListener('l3')).toEqual(before);
    const again = await platform.ingest([
      {
        eventId: 'e0',
        type: 'play',
        listenerId: 'l0',
        itemId: 'artist:0',
        occurredAt: new Date(START_MS).toISOString(),
        playedMs: 1,
      },
    ]);
    expect(again).toEqual([{ eventId: 'e0', fate: 'duplicate' }]);
    await platform.close();
  });

  it('serves popularity, degraded, before the first fit and a personal page after it', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(newDir(), clock);
    await fill(platform, clock);
    expect((await home(platform, 'l1')).degraded).toBe(true);
    await platform.fit({});
    const page = await home(platform, 'l1');
    expect(page.degraded).toBe(false);
    expect(page.shelves.map((shelf) => shelf.kind)).toContain('recommended');
    const ids = page.shelves.flatMap((shelf) => shelf.cards.map((card) => card.id));
    expect(new Set(ids).size).toBe(ids.length);
    await platform.close();
  });

  it('rebuilds the same states from log and lake, and replays decisions that have moved to the lake', async () => {
    const clock = manualClock(START_MS);
    const dir = await fittedDir();
    let platform = await open(dir, clock);
    const decided: string[] = [];
    for (let i = 0; i < 40; i++) decided.push((await home(platform, `l${i % LISTENERS}`)).decisionId);
    expect(await platform.compact()).toBeGreaterThan(0);
    clock.advance(2 * DAY_MS);
    await platform.learn();
    expect(await platform.compact()).toBeGreaterThan(0);

    const report = await platform.rebuildState({});
    expect(report).toMatchObject({ different: 0, listeners: LISTENERS });
    await platform.close();

    platform = await open(dir, clock);
    for (const id of decided) {
      expect(await platform.replay(id, { verify: true })).toMatchObject({ equal: true, firstDifference: null });
    }
    expect((await platform.doctor()).healthy).toBe(true);
    await platform.close();
  });

  it('carries rows that were seen when something meaningful happens, and draws the rest anew', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(await fittedDir(), clock);
    const first = await home(platform, 'l1', { fresh: false });
    expect(await home(platform, 'l1', { fresh: false })).toEqual(first);
    const seen = first.shelves.find((shelf) => shelf.order === 'policy');
    if (seen === undefined) throw new Error('no drawn shelf');
    const common = { listenerId: 'l1', occurredAt: new Date(clock.nowMs()).toISOString() };
    await platform.ingest([
      {
        ...common,
        eventId: 'i1',
        type: 'impression',
        reference: { decisionId: first.decisionId, shelfRank: seen.rank },
      },
      { ...common, eventId: 'p1', type: 'play', itemId: 'artist:1', playedMs: 100_000 },
    ]);
    const second = await home(platform, 'l1', { fresh: false });
    expect(second.decisionId).not.toBe(first.decisionId);
    const kept = second.shelves[seen.rank];
    expect(kept).toMatchObject({ id: seen.id, carried: true, rank: seen.rank });
    expect(kept.cards.map((card) => card.id)).toEqual(seen.cards.map((card) => card.id));
    expect(await platform.replay(second.decisionId, { verify: true })).toMatchObject({ equal: true });
    await platform.close();
  });

  it('does not serve a page again that holds what the listener may no longer have', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(await fittedDir(), clock);
    const first = await home(platform, 'l1', { fresh: false });
    const gone = first.shelves[0].cards[0].id;
    await platform.deleteItem(gone);
    await platform.fit({});
    const second = await home(platform, 'l1', { fresh: false });
    expect(second.decisionId).not.toBe(first.decisionId);
    expect(second.shelves.flatMap((shelf) => shelf.cards.map((card) => card.id))).not.toContain(gone);
    await platform.putListener('l1', { onboardingPicks: ['artist:2'] });
    expect((await home(platform, 'l1', { fresh: false })).decisionId).not.toBe(second.decisionId);
    await platform.close();
  });

  it('answers two Homes at once with records and explanations of their own', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(await fittedDir(), clock);
    for (let round = 0; round < 20; round++) {
      const pages = await Promise.all(
        ['l1', 'l2', 'l3', 'l4'].map((listener) => home(platform, listener, { explain: true })),
      );
      for (const page of pages) {
        expect(await platform.replay(page.decisionId, { verify: true })).toMatchObject({
          equal: true,
          firstDifference: null,
        });
      }
    }
    await platform.close();
  });

  it('shows an item that was put just before a stop', async () => {
    const clock = manualClock(START_MS);
    const dir = await fittedDir();
    let platform = await open(dir, clock);
    const before = platform.status().epochs['catalog'];
    await platform.upsertItems([{ id: 'artist:new', kind: 'artist', title: 'New' }]);
    await platform.close();
    platform = await open(dir, clock);
    const deadline = performance.now() + 20_000;
    while (platform.status().epochs['catalog'] === before && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(platform.status().epochs['catalog']).not.toBe(before);
    await platform.close();
  });

  it('rebuilds once at a time, and alike however often', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(newDir(), clock);
    await fill(platform, clock);
    const before = platform.getListener('l1');
    const [first, second] = await Promise.allSettled([platform.rebuildState({}), platform.rebuildState({})]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'JOB_RUNNING' } });
    expect(await platform.rebuildState({})).toMatchObject({ version: 3, different: 0 });
    const { totalPlays, topItems } = platform.getListener('l1') ?? {};
    expect({ totalPlays, topItems }).toEqual({ totalPlays: before?.totalPlays, topItems: before?.topItems });
    await platform.close();
  });

  it('goes on learning after an event of a decision that has left the log', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(await fittedDir(), clock);
    const old = await home(platform, 'l2');
    for (let i = 0; i < 30; i++) await home(platform, 'l3');
    clock.advance(2 * DAY_MS);
    await platform.learn();
    expect(await platform.compact()).toBeGreaterThan(0);
    const reference = { decisionId: old.decisionId, shelfRank: 0, cardRank: 0 };
    const late = { listenerId: 'l2', occurredAt: new Date(clock.nowMs()).toISOString(), reference };
    await platform.ingest([{ ...late, eventId: 'late', type: 'play', itemId: 'artist:1', playedMs: 90_000 }]);
    await platform.learn();
    expect(platform.status().background['learner']).toMatch(/^1 events/);
    await platform.close();
  });

  it('decides anew after a restart and a play, whatever was counted before', async () => {
    const clock = manualClock(START_MS);
    const dir = await fittedDir();
    let platform = await open(dir, clock);
    await platform.close();
    platform = await open(dir, clock);
    const first = await home(platform, 'l5', { fresh: false });
    await platform.ingest([
      {
        eventId: 'after',
        type: 'play',
        listenerId: 'l5',
        itemId: 'artist:1',
        occurredAt: new Date(clock.nowMs()).toISOString(),
        playedMs: 90_000,
      },
    ]);
    await platform.rebuildState({});
    expect((await home(platform, 'l5', { fresh: false })).decisionId).not.toBe(first.decisionId);
    await platform.close();
  });

  it('keeps what decisions have taught when it is fitted again', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(await fittedDir(), clock);
    await playFirstCard(platform, 'l2', await home(platform, 'l2'), clock);
    await platform.learn();
    const learnt = platform.status().epochs['model'];
    await platform.fit({});
    expect(platform.status().epochs['model']).toBe(learnt);
    await platform.close();
  });

  it('explains the page that stands, without drawing another', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(await fittedDir(), clock);
    const page = await home(platform, 'l1', { fresh: false, explain: true });
    const again = await home(platform, 'l1', { fresh: false, explain: true });
    expect(again.decisionId).toBe(page.decisionId);
    expect(again.shelves).toEqual(page.shelves);
    for (const shelf of again.shelves) {
      for (const card of shelf.cards) {
        expect(card.explain?.propensity).toBeGreaterThan(0);
        expect(card.explain?.score).toBeGreaterThan(0);
      }
    }
    await platform.close();
  });

  it('says where the policy explored: something else had been more probable there', async () => {
    const clock = manualClock(START_MS);
    const platform = await open(await fittedDir(), clock);
    const choices = (page: Page) =>
      page.shelves.flatMap((shelf) => [shelf.explain, ...shelf.cards.map((card) => card.explain)]);
    const page = await home(platform, 'l1', { fresh: false, explain: true });
    for (const choice of choices(page)) {
      expect(choice?.best).toBeGreaterThanOrEqual(choice?.propensity ?? 2);
      expect(choice?.best).toBeLessThanOrEqual(1);
      if (choice?.forced === true) expect(choice.best).toBe(1);
    }
    expect(choices(page).some((choice) => (choice?.best ?? 0) > (choice?.propensity ?? 0))).toBe(true);
    expect(choices(await home(platform, 'l1', { fresh: false, explain: true }))).toEqual(choices(page));

    const greedy = await home(platform, 'l1', { explain: true, policyId: 'greedy' });
    expect(greedy.policy).toBe('greedy');
    expect(choices(greedy).every((choice) => choice?.best === choice?.propensity)).toBe(true);
    expect((await home(platform, 'l1', { fresh: false })).decisionId).toBe(page.decisionId);
    await platform.close();
  });

  it('learns from the reward that a card earned, and says nothing new when nothing was learnt', async () => {
    const clock = manualClock(START_MS);
    const dir = await fittedDir();
    const platform = await open(dir, clock);
    const before = platform.status().epochs['model'];
    const page = await home(platform, 'l2');
    await platform.learn();
    expect(platform.status().epochs['model']).toBe(before);
    const shelf = page.shelves[0];
    const reference = { decisionId: page.decisionId, shelfRank: 0, cardRank: 0 };
    const common = { listenerId: 'l2', occurredAt: new Date(clock.nowMs()).toISOString() };
    await platform.ingest([
      { ...common, eventId: 'r1', type: 'rendered', reference: { decisionId: page.decisionId } },
      { ...common, eventId: 'i1', type: 'impression', reference: { decisionId: page.decisionId, shelfRank: 0 } },
      { ...common, eventId: 'p1', type: 'play', itemId: shelf.cards[0].id, playedMs: 200_000, reference },
    ]);
    await platform.learn();
    const learnt = platform.status().epochs['model'];
    expect(learnt).not.toBe(before);
    const learnedBy = (hash: string | undefined): number =>
      learnedOf(openEpochStore({ dir: dataDirPaths(dir).epochs }).get(hash ?? ''));
    expect(learnedBy(before)).toBeGreaterThan(0);
    expect(learnedBy(learnt)).toBeGreaterThan(learnedBy(before));
    clock.advance(HOUR_MS);
    await platform.learn();
    expect(platform.status().epochs['model']).not.toBe(learnt);
    await platform.learn();
    expect(await platform.replay(page.decisionId, { verify: true })).toMatchObject({ equal: true });
    await platform.close();
  });
});
