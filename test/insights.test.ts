/** Insights over HTTP: every figure against a count made from the pages that the test itself saw and the events that it sent. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IncomingEvent,
  type ItemExposure,
  ItemExposureSchema,
  type ItemNeighbours,
  ItemNeighboursSchema,
  ItemRelativesSchema,
  type ListenerDecisions,
  ListenerDecisionsSchema,
  type ListenerStateReport,
  ListenerStateSchema,
  type LiveInsights,
  LiveInsightsSchema,
  type Page,
  type ShelfInsights,
  ShelfInsightsSchema,
  type Timeline,
  TimelineSchema,
} from '../src/domain/index.ts';
import { openPlatform, type Platform, type PlatformOptions } from '../src/platform/index.ts';
import { createServer } from '../src/server/index.ts';
import { type Call, callerOf } from '../src/testing/index.ts';
import { playOf, smallWorld } from './support.ts';

const LISTENERS = Array.from({ length: 12 }, (_, i) => `listener-${String(20 + i).padStart(4, '0')}`);

let dataDir: string;
let platform: Platform;
let call: Call;
let close: () => Promise<void>;

async function start(options: Partial<PlatformOptions> = {}): Promise<void> {
  platform = await openPlatform({ dataDir, learnEveryMs: 0, insightsEveryMs: 0, segmentBytes: 64 * 1024, ...options });
  const app = await createServer({ platform, keys: (secret) => platform.verifyKey(secret) });
  call = callerOf(app, platform.adminKey);
  close = async () => {
    await app.close();
    await platform.close();
  };
}

const judges = new Map<object, ReturnType<typeof Compile>>();
/** An answer, which its schema describes. */
async function get<T>(url: string, schema: TSchema): Promise<T> {
  const answer = await call({ url });
  expect([url, answer.status]).toEqual([url, 200]);
  let judge = judges.get(schema);
  if (judge === undefined) {
    judge = Compile(schema);
    judges.set(schema, judge);
  }
  expect([...judge.Errors(answer.json)]).toEqual([]);
  return answer.json as T;
}

interface Tally {
  served: number;
  decided: number;
  visits: number;
  seen: number;
  chosen: number;
  rewards: number;
  placementsDrawn: number;
  placementsExplored: number;
  propensity: number;
}
const shelves = new Map<string, Tally>();
const items = new Map<string, { shown: number; seen: number; chosen: number; ranks: number; listeners: Set<string> }>();
const events = new Map<string, IncomingEvent[]>();
const decisions = new Map<string, { id: string; servings: number }[]>();
let pages = 0;
let servings = 0;
let rendered = 0;

const tallyOf = (shelf: string): Tally => {
  let tally = shelves.get(shelf);
  if (tally === undefined) {
    tally = {
      served: 0,
      decided: 0,
      visits: 0,
      seen: 0,
      chosen: 0,
      rewards: 0,
      placementsDrawn: 0,
      placementsExplored: 0,
      propensity: 0,
    };
    shelves.set(shelf, tally);
  }
  return tally;
};
const exposureOf = (item: string) => {
  let exposure = items.get(item);
  if (exposure === undefined) {
    exposure = { shown: 0, seen: 0, chosen: 0, ranks: 0, listeners: new Set() };
    items.set(item, exposure);
  }
  return exposure;
};

async function home(listener: string, query: string): Promise<Page> {
  const answer = await call({ url: `/v1/listeners/${listener}/home?explain=true&${query}` });
  expect(answer.status).toBe(200);
  return answer.json as Page;
}

/** Counts a page the naive way. */
function notePage(listener: string, page: Page): void {
  pages++;
  decisions.set(listener, [{ id: page.decisionId, servings: 1 }, ...(decisions.get(listener) ?? [])]);
  for (const shelf of page.shelves) {
    const tally = tallyOf(shelf.kind);
    tally.decided++;
    for (const { explain } of [shelf, ...shelf.cards]) {
      if (explain === undefined || explain.forced) continue;
      tally.placementsDrawn++;
      // The page tells what was more probable: it was decided by the very distributions that the figures are of.
      if (explain.propensity < explain.best) tally.placementsExplored++;
      tally.propensity += explain.propensity;
    }
    for (const card of shelf.cards) {
      const exposure = exposureOf(card.id);
      exposure.shown++;
      exposure.ranks += card.rank;
      exposure.listeners.add(listener);
    }
  }
}

function noteServing(page: Page): void {
  servings++;
  for (const shelf of page.shelves) tallyOf(shelf.kind).served++;
}

let sent = 0;
async function send(listener: string, list: readonly Partial<IncomingEvent>[]): Promise<void> {
  const rows = list.map(
    (event): IncomingEvent => ({
      eventId: `insight-${sent++}`,
      listenerId: listener,
      type: 'impression',
      occurredAt: new Date().toISOString(),
      ...event,
    }),
  );
  const answer = await call({ method: 'POST', url: '/v1/events', payload: { events: rows } });
  expect(answer.json).toMatchObject({ accepted: rows.length });
  events.set(listener, [...rows.toReversed(), ...(events.get(listener) ?? [])]);
}

/** A listener looks at a page: sees two rows (one card of the second), chooses in them, plays. */
async function visit(listener: string, page: Page, index: number): Promise<void> {
  const reference = (shelfRank: number, cardRank?: number) => ({
    reference: { decisionId: page.decisionId, shelfRank, ...(cardRank === undefined ? {} : { cardRank }) },
  });
  const [first, second, third] = page.shelves;
  await send(listener, [
    { type: 'rendered', reference: { decisionId: page.decisionId } },
    reference(0),
    reference(0),
    reference(1, 0),
    reference(1, 0),
  ]);
  rendered++;
  for (const shelf of page.shelves) tallyOf(shelf.kind).visits++;
  tallyOf(first.kind).seen++;
  for (const { id } of first.cards) exposureOf(id).seen++;
  tallyOf(second.kind).seen++;
  exposureOf(second.cards[0].id).seen++;
  if (index % 3 === 0) return;

  // Chosen twice over, and once: a row and a card count once.
  await send(listener, [
    { type: 'select', itemId: second.cards[0].id, ...reference(1, 0) },
    { type: 'select', itemId: second.cards[0].id, ...reference(1, 0) },
  ]);
  tallyOf(second.kind).chosen++;
  exposureOf(second.cards[0].id).chosen++;

  // 170 s of what the app says is 180 s long: enough of a track, an artist or a show; not of an episode that is long, nor of
  // an album or playlist, which earns by two.
  const [card] = third.cards;
  const played = playOf(`insight-play-${listener}-${page.decisionId}`, listener, card.id, reference(2, 0));
  // What went on by itself is chosen by nobody, and earns nothing.
  const other = third.cards[1];
  const autoplay = playOf(`insight-auto-${listener}-${page.decisionId}`, listener, other.id, {
    autoplay: true,
    ...reference(2, 1),
  });
  await send(listener, [played, autoplay]);
  tallyOf(third.kind).chosen++;
  exposureOf(card.id).chosen++;
  if (card.kind === 'track' || card.kind === 'artist' || card.kind === 'show') tallyOf(third.kind).rewards++;
}

async function shelfInsights(days = 1): Promise<ShelfInsights> {
  return get(`/v1/insights/shelves?days=${days}`, ShelfInsightsSchema);
}

function checkFigures(insights: ShelfInsights): void {
  expect(insights.catchingUp).toBe(false);
  expect(insights.homes).toEqual({ decided: pages, served: servings, rendered, degraded: 0 });
  expect(insights.homesTotal).toEqual(insights.homes);
  const counted = insights.shelves.filter(({ total }) => total.decided > 0);
  expect(counted.map(({ id }) => id).sort()).toEqual([...shelves.keys()].sort());
  for (const { id, total, window, byDay } of counted) {
    const { propensity, ...counts } = tallyOf(id);
    expect({ id, ...total }).toMatchObject({ id, ...counts });
    expect({ id, ...window }).toMatchObject({ id, ...counts });
    expect(byDay.at(-1)).toEqual(window);
    expect(total.rewardPerVisit).toBe(counts.visits === 0 ? null : counts.rewards / counts.visits);
    if (counts.placementsDrawn === 0) expect(total.meanPropensity).toBeNull();
    else expect(total.meanPropensity).toBeCloseTo(propensity / counts.placementsDrawn, 10);
    // Few decisions: each was computed again.
    expect(total.placementsExamined).toBe(counts.placementsDrawn);
    if (counts.placementsDrawn > 0)
      expect(total.explorationShare).toBe(total.placementsExplored / total.placementsExamined);
  }
}

beforeAll(async () => {
  ({ dataDir } = await smallWorld('insights'));
  await start();
});
afterAll(async () => {
  await close();
});

describe('insights', () => {
  it('count rows and cards as they were shown, seen, chosen and rewarded', async () => {
    for (const [index, listener] of LISTENERS.entries()) {
      const page = await home(listener, 'fresh=true&device=desktop');
      notePage(listener, page);
      noteServing(page);
      if (index % 2 === 0) {
        // The same page again is a serving, not a decision.
        const again = await home(listener, 'device=desktop');
        expect(again.decisionId).toBe(page.decisionId);
        noteServing(again);
        (decisions.get(listener) ?? [])[0].servings++;
      }
      await visit(listener, page, index);
      // A Home of another time is a preview: it is in no figure.
      if (index === 0) await home(listener, 'at=2026-01-01T08:00:00Z');
    }
    const insights = await shelfInsights();
    checkFigures(insights);
    const explored = insights.shelves.reduce((sum, { total }) => sum + total.placementsExplored, 0);
    const examined = insights.shelves.reduce((sum, { total }) => sum + total.placementsExamined, 0);
    // The default policy explores some of its places, and by far not all.
    expect(explored / examined).toBeGreaterThan(0.02);
    expect(explored).toBeLessThan(examined);
    expect((await shelfInsights(14)).days).toHaveLength(14);
  });

  it('tell the exposure of an item, to how many and by which shelf', async () => {
    const ids = [...items.keys()].sort((a, b) => exposureOf(b).shown - exposureOf(a).shown);
    for (const id of [...ids.slice(0, 15), ...ids.filter((id) => exposureOf(id).chosen > 0).slice(0, 5)]) {
      const { shown, seen, chosen, ranks, listeners } = exposureOf(id);
      const exposure = await get<ItemExposure>(
        `/v1/items/${encodeURIComponent(id)}/exposure?days=2`,
        ItemExposureSchema,
      );
      expect(exposure).toMatchObject({
        item: { id },
        shown,
        seen,
        chosen,
        listeners: { count: listeners.size, exact: true },
      });
      expect(exposure.meanRank).toBeCloseTo(ranks / shown, 10);
      expect(exposure.byShelf.reduce((sum, row) => sum + row.shown, 0)).toBe(shown);
      expect(exposure.byDay.reduce((sum, row) => sum + row.shown, 0)).toBe(shown);
    }
    const [never] = (await call({ url: '/v1/items?limit=200' })).json
      ? ((await call({ url: '/v1/items?limit=200' })).json as { items: { id: string }[] }).items.filter(
          ({ id }) => !items.has(id),
        )
      : [];
    expect(await get(`/v1/items/${never.id}/exposure`, ItemExposureSchema)).toMatchObject({ shown: 0, meanRank: null });
    expect((await call({ url: '/v1/items/no-such-item/exposure' })).problem.code).toBe('ITEM_NOT_FOUND');
  });

  it('list what a listener did and got, newest first, page by page', async () => {
    for (const listener of LISTENERS.slice(0, 4)) {
      const told: string[] = [];
      const mine = events.get(listener) ?? [];
      for (let cursor: string | null = ''; cursor !== null && told.length < mine.length; ) {
        const url: string = `/v1/listeners/${listener}/timeline?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`;
        const page: Timeline = await get(url, TimelineSchema);
        told.push(...page.events.map(({ eventId }) => eventId));
        cursor = page.nextCursor;
      }
      expect(told.slice(0, mine.length)).toEqual(mine.map(({ eventId }) => eventId));

      const list: ListenerDecisions = await get(`/v1/listeners/${listener}/decisions`, ListenerDecisionsSchema);
      // The first listener's newest is the preview.
      const counted = list.decisions.filter(({ atMs, decidedAtMs }) => Math.abs(atMs - decidedAtMs) < 60_000);
      expect(counted.map(({ id, servings }) => ({ id, servings: servings.length }))).toEqual(decisions.get(listener));
      expect(list.nextCursor).toBeNull();
    }
    expect((await call({ url: '/v1/listeners/nobody/timeline' })).problem.code).toBe('LISTENER_NOT_FOUND');
    expect((await call({ url: `/v1/listeners/${LISTENERS[0]}/timeline?cursor=ABC` })).problem.code).toBe(
      'REQUEST_INVALID',
    );
  });

  it('tell a listener in numbers that agree with the summary, and in words', async () => {
    for (const listener of LISTENERS.slice(0, 3)) {
      const state = await get<ListenerStateReport>(`/v1/listeners/${listener}/state`, ListenerStateSchema);
      const summary = (await call({ url: `/v1/listeners/${listener}` })).json as { totalPlays: number };
      expect(state.totals.plays).toBe(summary.totalPlays);
      const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
      expect(sum(state.hours)).toBeCloseTo(1, 5);
      expect(sum(state.genres.map(({ share }) => share))).toBeCloseTo(1, 5);
      expect(sum(state.devices.map(({ share }) => share))).toBeCloseTo(1, 5);
      expect(state.recents.length).toBeGreaterThan(0);
      expect(state.words.length).toBeGreaterThanOrEqual(4);
      expect(state.words.join(' ')).toContain(state.genres[0].genre);
    }
  });

  it('know the neighbours of an item as the embedding has them, and its relatives', async () => {
    const { items: albums } = (await call({ url: '/v1/items?kind=album&limit=50' })).json as {
      items: { id: string; parentId?: string }[];
    };
    let some = 0;
    for (const { id } of albums) {
      const near = await get<ItemNeighbours>(`/v1/items/${id}/neighbours?limit=8`, ItemNeighboursSchema);
      expect(near.embedding).toMatch(/^[0-9a-f]{32}$/);
      const similarities = near.neighbours.map(({ similarity }) => similarity);
      expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
      expect(near.neighbours.map(({ item }) => item.id)).not.toContain(id);
      some += near.neighbours.length;
      const family = await get<{ children: { kind: string }[]; childCount: number }>(
        `/v1/items/${id}/relatives`,
        ItemRelativesSchema,
      );
      expect(family.children.every(({ kind }) => kind === 'track')).toBe(true);
      expect(family.childCount).toBe(family.children.length);
    }
    expect(some).toBeGreaterThan(100);
  });

  it('show the last minutes: requests, pages, events, stages, epochs', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const live = await get<LiveInsights>('/v1/insights/live', LiveInsightsSchema);
    const total = (column: readonly number[]) => column.reduce((sum, n) => sum + n, 0);
    // The preview is a page that was sent, too.
    expect(total(live.decided)).toBe(pages + 1);
    expect(total(live.homes)).toBe(servings + 1);
    expect(total(live.events)).toBe([...events.values()].flat().length);
    expect(total(live.requests)).toBeGreaterThan(total(live.homes));
    const home = live.stages.find(({ stage }) => stage === 'home');
    expect(total(home?.count ?? [])).toBe(servings + 1);
    const at = home?.count.findIndex((count) => count > 0) ?? -1;
    expect(home?.p50Ms[at]).toBeGreaterThan(0);
    expect(home?.p99Ms[at] ?? 0).toBeGreaterThanOrEqual(home?.p50Ms[at] ?? 0);
    const { epochs } = platform.status();
    for (const { kind, hash, publishedAtMs } of live.epochs) {
      expect([kind, hash]).toEqual([kind, epochs[kind] ?? '']);
      if (hash !== '') expect(publishedAtMs).toBeLessThanOrEqual(live.nowMs);
    }
    const later = await get<LiveInsights>(`/v1/insights/live?since=${live.seconds.at(-1)}`, LiveInsightsSchema);
    expect(later.seconds.length).toBeLessThanOrEqual(1);
  });

  it('go on after a restart from what was kept, or from the logs and the lake alone', async () => {
    const before = await shelfInsights();
    await close();
    await start();
    const kept = await shelfInsights();
    checkFigures(kept);
    expect(kept).toEqual(before);

    // Everything that the learner and a restart do not need moves to the lake; then nothing is left but that.
    await platform.learn();
    const segments = await platform.compact();
    expect(segments).toBeGreaterThan(0);
    await close();
    rmSync(join(dataDir, 'insights.bin'));
    await start();
    const counted = await shelfInsights();
    checkFigures(counted);
    expect(counted).toEqual(before);
    const [listener] = LISTENERS;
    const page = await get<Timeline>(`/v1/listeners/${listener}/timeline?limit=200`, TimelineSchema);
    const mine = events.get(listener) ?? [];
    expect(page.events.slice(0, mine.length).map(({ eventId }) => eventId)).toEqual(mine.map(({ eventId }) => eventId));
    expect(page.events.length).toBeGreaterThan(mine.length);
  });
});
