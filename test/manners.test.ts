/**
 * The manners of Home, through HTTP: what tires a listener rests, what is hidden stays away until it is taken back, chips,
 * kids, what is withdrawn, kill switches, one decision however often it is sent, private sessions, Homes without profiling,
 * and traffic that counts for nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentHash, DAY_MS, HOUR_MS } from '../src/base/index.ts';
import { decodeServing, type IncomingEvent, type Item, type Page, type PageShelf } from '../src/domain/index.ts';
import { DEFAULT_TUNABLES } from '../src/home/index.ts';
import type { PlatformStatus, ReplayReport, SwitchList } from '../src/server/index.ts';
import { dataDirPaths, openLmdbStore, readLogSegments } from '../src/store/index.ts';
import { cardIds, playOf, type ServerProcess, shelfwise, smallWorld, startServer } from './support.ts';

const OPTIONS = { learnEveryMs: 0, popularityHoldout: 0 };

let dataDir: string;
let server: ServerProcess;
let items: ReadonlyMap<string, Item>;

let serial = 0;
function eventOf(type: IncomingEvent['type'], listenerId: string, more: Partial<IncomingEvent>): IncomingEvent {
  return {
    eventId: `manners-${serial++}`,
    listenerId,
    type,
    occurredAt: new Date().toISOString(),
    device: 'desktop',
    ...more,
  };
}
async function send(...events: IncomingEvent[]): Promise<void> {
  expect(await server.send(events)).toMatchObject({ accepted: events.length });
}
const home = (listenerId: string, query = 'fresh=true') => server.home(listenerId, `device=desktop&${query}`);
const shelf = (page: Page, kind: string): PageShelf | undefined => page.shelves.find((one) => one.kind === kind);
const ranks = (page: Page): number[] => page.shelves.map(({ rank }) => rank);
/** The row was seen on each of so many visits, the last one now. */
const seenOn = (visits: number, listenerId: string, page: Page, shelfRank: number, visitMs = 6 * HOUR_MS) =>
  send(
    ...Array.from({ length: visits }, (_, i) =>
      eventOf('impression', listenerId, {
        occurredAt: new Date(Date.now() - (visits - 1 - i) * visitMs).toISOString(),
        reference: { decisionId: page.decisionId, shelfRank },
      }),
    ),
  );
const removed = (page: Page, reason: string): number =>
  page.explain?.removals.reduce((sum, one) => sum + (one.reason === reason ? one.count : 0), 0) ?? 0;
async function drawnRow(listenerId: string, kind: string): Promise<{ page: Page; row: PageShelf }> {
  for (let i = 0; i < 60; i++) {
    const page = await home(listenerId);
    const row = shelf(page, kind);
    if (row !== undefined) return { page, row };
  }
  throw new Error(`${listenerId} was never shown ${kind}`);
}

beforeAll(async () => {
  const small = await smallWorld('manners');
  dataDir = small.dataDir;
  items = new Map([...small.world.items()].map((item) => [item.id, item]));
  server = await startServer(dataDir, OPTIONS);
});
afterAll(async () => {
  await server.stop();
});

let byEmployee: Item;
let byMachine: Item;
let byListeners: Item;
async function putListener(id: string, profile: object): Promise<void> {
  const full = { market: 'GB', tier: 'premium', ...profile };
  expect((await server.call('PUT', `/v1/listeners/${id}`, full)).status).toBe(200);
}
/** Plays of an employee, of a machine and of a person, each of one track that nobody else plays much: for the next fit. */
async function playAsThree(): Promise<void> {
  [byEmployee, byMachine, byListeners] = [...items.values()]
    .filter(({ kind, explicit, tiers, markets }) => kind === 'track' && !explicit && !tiers && !markets)
    .slice(-3);
  await putListener('manners-employee', { flags: ['employee'] });
  await putListener('manners-machine', {});
  await putListener('manners-person', {});
  const plays = (listener: string, item: Item, count: number, gapMs: number) =>
    Array.from({ length: count }, (_, i) =>
      playOf(`manners-${serial++}`, listener, item.id, {
        occurredAt: new Date(Date.now() - i * gapMs).toISOString(),
      }),
    );
  await send(...plays('manners-employee', byEmployee, 400, 60_000));
  await send(...plays('manners-person', byListeners, 400, 600_000));
  // 28 hours of plays within one day.
  const noon = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS + 12 * HOUR_MS;
  await send(
    ...Array.from({ length: 600 }, (_, i) =>
      playOf(`manners-${serial++}`, 'manners-machine', byMachine.id, {
        occurredAt: new Date(noon + i * 1000).toISOString(),
      }),
    ),
  );
}

describe('fatigue', () => {
  it('rests cards that were seen on six visits and never chosen; a choice begins anew', async () => {
    const listener = 'demo-heavy';
    const { page, row } = await drawnRow(listener, 'recommended');
    const [chosen, ...others] = row.cards.map(({ id }) => id);
    await seenOn(DEFAULT_TUNABLES.fatigueCardVisits - 1, listener, page, row.rank, 7 * HOUR_MS);
    const before = await home(listener, 'fresh=true&explain=true');
    expect(removed(before, 'fatigued')).toBe(0);
    // The sixth visit; then one of them is liked.
    await seenOn(1, listener, page, row.rank);
    await send(
      eventOf('impression', listener, {
        occurredAt: new Date(Date.now() - DEFAULT_TUNABLES.fatigueCardVisits * 7 * HOUR_MS).toISOString(),
        reference: { decisionId: page.decisionId, shelfRank: row.rank },
      }),
    );
    await send(eventOf('like', listener, { itemId: chosen }));
    for (let i = 0; i < 8; i++) {
      const after = await home(listener, 'fresh=true&explain=true');
      expect(removed(after, 'fatigued')).toBeGreaterThan(0);
      for (const one of after.shelves) {
        if (one.order === 'defined') continue;
        for (const { id } of one.cards) expect(others).not.toContain(id);
      }
    }
  });

  it('rests a shelf that was seen on ten visits and never chosen from, and spares rows of fact and Popular', async () => {
    const listener = 'demo-german';
    for (const kind of ['more-like', 'heavy-rotation', 'popular']) {
      const { page, row } = await drawnRow(listener, kind);
      await seenOn(DEFAULT_TUNABLES.fatigueShelfVisits, listener, page, row.rank, 7 * HOUR_MS);
      const ids = new Set<string>();
      for (let i = 0; i < 20; i++) for (const { id } of (await home(listener)).shelves) ids.add(id);
      if (kind === 'more-like') expect([...ids]).not.toContain(row.id);
      else expect([...ids]).toContain(row.id);
    }
  });
});

describe('what is hidden', () => {
  it('goes from the page that is being read, shelf or item, and comes back when that is taken back', async () => {
    const listener = 'demo-spanish';
    const { row } = await drawnRow(listener, 'heavy-rotation');
    await send(eventOf('hide', listener, { shelfId: row.id }));
    for (let i = 0; i < 5; i++) expect(shelf(await home(listener), row.kind)).toBeUndefined();
    await send(eventOf('unhide', listener, { shelfId: row.id }));
    expect(shelf(await home(listener), row.kind)).toBeDefined();

    const card = row.cards[0].id;
    await send(eventOf('hide', listener, { itemId: card }));
    expect(cardIds(await home(listener))).not.toContain(card);
    await send(eventOf('unhide', listener, { itemId: card }));
    expect(cardIds(await home(listener))).toContain(card);
  });

  it('goes with a carried row, too', async () => {
    const listener = 'demo-follower';
    const page = await home(listener);
    const row = page.shelves.find(({ order }) => order === 'policy');
    if (row === undefined) throw new Error('nothing was drawn');
    await seenOn(1, listener, page, row.rank);
    await send(eventOf('hide', listener, { shelfId: row.id }));
    expect((await home(listener, '')).shelves.map(({ id }) => id)).not.toContain(row.id);
  });

  it('is told as one thing: an item or a shelf', async () => {
    const wrong = [{}, { itemId: 'a', shelfId: 'popular' }].map((what) => eventOf('hide', 'demo-new', what));
    const { fates } = await server.send(wrong);
    expect(fates.map((fate) => ('code' in fate ? fate.code : fate.fate))).toEqual([
      'EVENT_ITEM_MISSING',
      'EVENT_HIDES_TWO',
    ]);
  });
});

describe('chips', () => {
  it('narrow Home to music or podcasts on a page of its own, which leaves the whole Home as it stands', async () => {
    const listener = 'demo-heavy';
    const whole = await home(listener, '');
    const isSpoken = (id: string) => ['show', 'episode'].includes(items.get(id)?.kind ?? 'playlist');
    const pages: Record<string, Page> = {};
    for (const filter of ['music', 'podcasts']) {
      const page = await home(listener, `filter=${filter}`);
      pages[filter] = page;
      expect(page.shelves.length).toBeGreaterThan(0);
      expect(cardIds(page).every((id) => isSpoken(id) === (filter === 'podcasts'))).toBe(true);
      expect(page.shelves.every(({ cards }) => cards.length > 0)).toBe(true);
      expect((await server.get<{ filter: string }>(`/v1/decisions/${page.decisionId}`)).filter).toBe(filter);
      const replay = await server.post<ReplayReport>(`/v1/decisions/${page.decisionId}/replay`, { verify: true });
      expect(replay).toMatchObject({ equal: true });
    }
    expect((await home(listener, '')).decisionId).toBe(whole.decisionId);
    expect((await home(listener, 'filter=music')).decisionId).toBe(pages['music'].decisionId);
    expect(new Set([whole, ...Object.values(pages)].map(({ decisionId }) => decisionId)).size).toBe(3);
    expect((await server.call('GET', `/v1/listeners/${listener}/home?filter=films`)).status).toBe(422);
  });
});

describe('surfaces', () => {
  it('have limits of their own', async () => {
    const surfaceOf = {
      phone: 'phone',
      tablet: 'phone',
      desktop: 'desktop',
      tv: 'tv',
      car: 'car',
      speaker: 'car',
    } as const;
    for (const [device, surface] of Object.entries(surfaceOf)) {
      const { shelves, cards } = DEFAULT_TUNABLES.surfaces[surface];
      const page = await server.home('demo-heavy', `fresh=true&device=${device}`);
      expect(page.shelves.length).toBeLessThanOrEqual(shelves);
      expect(page.shelves.length).toBeGreaterThan(Math.min(shelves, 6) / 2);
      for (const row of page.shelves) expect(row.cards.length).toBeLessThanOrEqual(cards);
    }
    const { phone, desktop, tv, car } = DEFAULT_TUNABLES.surfaces;
    expect(new Set([phone, desktop, tv, car].map((one) => JSON.stringify(one))).size).toBe(4);
  });
});

describe('a kid', () => {
  it('gets nothing explicit whatever is allowed, nothing marked as not for kids, podcasts only if made for kids, nothing sponsored', async () => {
    const listener = 'manners-kid';
    const put = await server.call('PUT', `/v1/listeners/${listener}`, {
      market: 'GB',
      tier: 'premium',
      ageBand: 'kid',
      explicitAllowed: true,
    });
    expect(put.status).toBe(200);
    const popular = cardIds(await home('demo-new', 'profiling=off&market=GB&tier=premium'))
      .map((id) => items.get(id))
      .filter((item): item is Item => item !== undefined && item.kind !== 'show' && item.kind !== 'episode');
    const marked = popular.slice(0, 5).map((item) => ({ ...item, attributes: { ...item.attributes, kids: false } }));
    expect((await server.call('PUT', '/v1/items', { items: marked })).status).toBe(200);
    const now = Date.now();
    const campaign = await server.call('PUT', '/v1/campaigns/manners-paid', {
      title: { en: 'Paid for' },
      items: popular.map(({ id }) => id),
      startsAt: new Date(now - DAY_MS).toISOString(),
      endsAt: new Date(now + DAY_MS).toISOString(),
      sponsor: 'Acme',
    });
    expect(campaign.status).toBe(200);

    for (let i = 0; i < 15; i++) {
      for (const query of ['fresh=true', 'fresh=true&filter=podcasts']) {
        const page = await home(listener, query);
        expect(page.shelves.every(({ label }) => label === '')).toBe(true);
        for (const { id, sponsored } of page.shelves.flatMap(({ cards }) => cards)) {
          const item = items.get(id);
          expect(sponsored).toBe(false);
          expect(item?.explicit ?? false).toBe(false);
          expect(marked.map((one) => one.id)).not.toContain(id);
          if (item?.kind === 'show') expect(item.genres?.join()).toMatch(/children/);
        }
      }
    }
    expect((await server.call('DELETE', '/v1/campaigns/manners-paid')).status).toBe(200);
  });
});

describe('what is withdrawn', () => {
  it('is on no Home from the answer on: a new one, the page that stands, a carried row, the rest of a page', async () => {
    const listener = 'demo-free';
    const page = await home(listener, 'limit=2');
    const whole = await home(listener, '');
    expect(whole.decisionId).toBe(page.decisionId);
    const row = whole.shelves.find(({ order, cards }) => order === 'policy' && cards.length > 5);
    if (row === undefined) throw new Error('nothing was drawn');
    await seenOn(1, listener, whole, row.rank);
    const [gone, , elsewhere] = row.cards.map(({ id }) => id);

    const startMs = performance.now();
    expect((await server.call('DELETE', `/v1/items/${encodeURIComponent(gone)}`)).status).toBe(200);
    const again = await home(listener, '');
    const tookMs = performance.now() - startMs;
    expect(cardIds(again)).not.toContain(gone);
    expect(tookMs).toBeLessThan(5000);
    // Decided anew as a whole; the row that was seen holds still but for the card.
    expect(again.decisionId).not.toBe(page.decisionId);
    const carried = again.shelves.find(({ id }) => id === row.id);
    expect(carried).toMatchObject({ carried: true, rank: row.rank });
    expect(carried?.cards.map(({ id }) => id)).toEqual(row.cards.map(({ id }) => id).filter((id) => id !== gone));
    const rest = await server.call('GET', `/v1/listeners/${listener}/home?device=desktop&cursor=${page.nextCursor}`);
    expect(rest).toMatchObject({ status: 410, json: { code: 'CURSOR_EXPIRED' } });

    // Rights that end count as much as a deletion; every other listener is told the same.
    const item = items.get(elsewhere);
    const withdrawn = { ...item, availableUntil: new Date(Date.now() - 1000).toISOString() };
    expect((await server.call('PUT', '/v1/items', { items: [withdrawn] })).status).toBe(200);
    for (const who of [listener, 'demo-new', 'demo-heavy', 'demo-german'])
      for (const query of ['', 'fresh=true'])
        for (const id of cardIds(await home(who, query))) expect([gone, elsewhere]).not.toContain(id);
  });

  it('goes at once also while the workshop is busy with a fit', async () => {
    await playAsThree();
    const fit = server.post('/v1/admin/fit');
    const [gone] = cardIds(await home('demo-german', ''));
    const startMs = performance.now();
    expect((await server.call('DELETE', `/v1/items/${encodeURIComponent(gone)}`)).status).toBe(200);
    expect(cardIds(await home('demo-german', ''))).not.toContain(gone);
    expect(performance.now() - startMs).toBeLessThan(5000);
    await fit;
    for (let i = 0; i < 5; i++) expect(cardIds(await home('demo-german'))).not.toContain(gone);
  });
});

describe('flagged traffic', () => {
  it('is served as any, and moves no popularity, whether it is flagged by its profile or found by the rule', async () => {
    const popular = cardIds(await home('manners-person', 'profiling=off&fresh=true'));
    expect(popular).toContain(byListeners.id);
    expect(popular).not.toContain(byEmployee.id);
    expect(popular).not.toContain(byMachine.id);
    // They are served, by what they play.
    const page = await home('manners-employee');
    expect(cardIds(page)).toContain(byEmployee.id);
    expect(page.policy).toBe('plackett-luce');
    expect(await server.get(`/v1/decisions/${page.decisionId}`)).toMatchObject({ marks: ['flagged'] });
    const { traffic } = await server.get<PlatformStatus>('/v1/status');
    expect(traffic).toEqual({ flagged: 1, suspects: 1 });
    const { text } = await server.call('GET', '/metrics');
    expect(text).toMatch(/shelfwise_listeners_flagged 1\n/);
    expect(text).toMatch(/shelfwise_events_flagged \d{3,}\n/);
    // A flag that is taken back counts no more.
    await putListener('manners-employee', { flags: [] });
    expect((await server.get<PlatformStatus>('/v1/status')).traffic).toEqual({ flagged: 0, suspects: 1 });
  });
});

describe('a session', () => {
  it('is one decision, however it is sent: first, refreshed, in parts by cursor', async () => {
    const listener = 'demo-light';
    const first = await home(listener, 'session=s1&limit=3');
    expect(ranks(first)).toEqual([0, 1, 2]);
    const parts = [first];
    for (let cursor = first.nextCursor; cursor !== undefined; ) {
      const part = await home(listener, `session=s1&limit=3&cursor=${cursor}`);
      parts.push(part);
      cursor = part.nextCursor;
    }
    const whole = await home(listener, 'session=s1');
    expect(new Set([...parts, whole].map(({ decisionId }) => decisionId)).size).toBe(1);
    expect(parts.flatMap(({ shelves }) => shelves)).toEqual(whole.shelves);
    expect(whole.nextCursor).toBeUndefined();
    // A meaningful event makes a new decision; who is further down still reads the one that they began.
    await send(playOf(`manners-${serial++}`, listener, 'track-3'));
    const after = await home(listener, 'session=s1');
    expect(after.decisionId).not.toBe(whole.decisionId);
    const rest = await home(listener, `session=s1&cursor=${first.nextCursor}`);
    expect(rest.decisionId).toBe(whole.decisionId);
    // Nobody else's, and none that never was.
    const others = await server.call('GET', `/v1/listeners/demo-new/home?cursor=${first.nextCursor}`);
    expect(others).toMatchObject({ status: 410, json: { code: 'CURSOR_EXPIRED' } });
    expect((await server.call('GET', `/v1/listeners/${listener}/home?cursor=nonsense`)).status).toBe(422);

    // Servings are in the log within its flush.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const reasons = [...readLogSegments(dataDirPaths(dataDir).log('decisions'))]
      .filter(({ payload }) => payload[0] === 2)
      .map(({ payload }) => decodeServing(payload.subarray(1)))
      .filter(({ decisionId }) => decisionId === whole.decisionId)
      .map(({ reason }) => reason);
    expect(reasons).toEqual(['first', ...parts.slice(1).map(() => 'cursor'), 'refresh', 'cursor']);
  });
});

describe('a cold start', () => {
  it('is what is popular in the market; picks and the first play change it at once; it explores more, and replays', async () => {
    const fresh = 'manners-cold';
    expect((await server.call('PUT', `/v1/listeners/${fresh}`, { market: 'GB', tier: 'premium' })).status).toBe(200);
    const cold = await home(fresh, 'explain=true');
    expect(cold.shelves.map(({ kind }) => kind)).toContain('popular');
    for (const { kind } of cold.shelves) expect(kind).toMatch(/popular|beyond-the-charts|from-our-editors/);
    const least = (page: Page): number =>
      Math.min(...page.shelves.flatMap(({ cards }) => cards.map((card) => card.explain?.propensity ?? 0)));
    // The uniform share of a draw among at most fifty.
    expect(least(cold)).toBeGreaterThanOrEqual(DEFAULT_TUNABLES.coldStartEpsilon / DEFAULT_TUNABLES.candidatesPerShelf);

    const artist = [...items.values()].find(({ kind, explicit }) => kind === 'artist' && !explicit);
    const picks = { market: 'GB', tier: 'premium', onboardingPicks: [artist?.id] };
    expect((await server.call('PUT', `/v1/listeners/${fresh}`, picks)).status).toBe(200);
    const picked = await home(fresh, '');
    expect(picked.decisionId).not.toBe(cold.decisionId);
    expect(picked.shelves.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['recommended']));

    const [track] = [...items.values()].filter(
      ({ kind, explicit, tiers, markets }) => kind === 'track' && !explicit && !tiers && !markets,
    );
    await send(playOf(`manners-${serial++}`, fresh, track.id));
    const played = await home(fresh, '');
    expect(played.decisionId).not.toBe(picked.decisionId);
    expect(shelf(played, 'recently-played')?.cards.map(({ id }) => id)).toEqual([track.id]);
    for (const { decisionId } of [cold, picked, played]) {
      const replay = await server.post<ReplayReport>(`/v1/decisions/${decisionId}/replay`, { verify: true });
      expect(replay).toMatchObject({ equal: true, firstDifference: null });
    }
  });
});

describe('kill switches', () => {
  const put = (...switches: SwitchList['switches'][number][]) =>
    server.call<SwitchList>('PUT', '/v1/switches', { switches });
  const stateOf = ({ switches }: SwitchList, target: string) => switches.find((one) => one.target === target)?.on;

  it('take a shelf off with the next Home, also a page that stands, and outlive a restart', async () => {
    const listener = 'demo-heavy';
    const standing = await home(listener, '');
    expect(shelf(standing, 'heavy-rotation')).toBeDefined();
    const startMs = performance.now();
    expect(stateOf((await put({ target: 'shelf:heavy-rotation', on: false })).json, 'shelf:heavy-rotation')).toBe(
      false,
    );
    const off = await home(listener, '');
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(off.decisionId).not.toBe(standing.decisionId);
    expect(shelf(off, 'heavy-rotation')).toBeUndefined();
    const versions = async ({ decisionId }: Page) =>
      (await server.get<{ versions: { tunables: string } }>(`/v1/decisions/${decisionId}`)).versions.tunables;
    expect(await versions(off)).not.toBe(await versions(standing));

    await server.stop();
    server = await startServer(dataDir, OPTIONS);
    expect(stateOf(await server.get<SwitchList>('/v1/switches'), 'shelf:heavy-rotation')).toBe(false);
    expect(shelf(await home(listener), 'heavy-rotation')).toBeUndefined();
    // What the rule has found does, too.
    expect((await server.get<PlatformStatus>('/v1/status')).traffic).toEqual({ flagged: 0, suspects: 1 });
    const replay = await server.post<ReplayReport>(`/v1/decisions/${standing.decisionId}/replay`, { verify: true });
    expect(replay).toMatchObject({ equal: true });
    const { code, out } = await shelfwise('switches', '--on', 'shelf:heavy-rotation', '--json', '--data', dataDir);
    expect(code).toBe(0);
    expect(stateOf(JSON.parse(out) as SwitchList, 'shelf:heavy-rotation')).toBe(true);
    expect(shelf(await home(listener, ''), 'heavy-rotation')).toBeDefined();
    const { entries } = await server.get<{ entries: { route: string; object: string; outcome: string }[] }>(
      '/v1/audit',
    );
    expect(
      entries.filter(({ route }) => route === 'PUT /v1/switches').map(({ object, outcome }) => [object, outcome]),
    ).toEqual([
      ['shelf:heavy-rotation on', 'done'],
      ['shelf:heavy-rotation off', 'done'],
    ]);
  });

  it('let popularity stand in for a policy that is off, and say so', async () => {
    await put({ target: 'policy:plackett-luce', on: false });
    const page = await home('demo-heavy', '');
    expect(page).toMatchObject({ policy: 'popularity', degraded: true });
    expect(await server.get(`/v1/decisions/${page.decisionId}`)).toMatchObject({
      policyId: 'popularity',
      marks: ['policy-off'],
    });
    const replay = await server.post<ReplayReport>(`/v1/decisions/${page.decisionId}/replay`, { verify: true });
    expect(replay).toMatchObject({ equal: true });
    await put({ target: 'policy:plackett-luce', on: true });
    expect(await home('demo-heavy', '')).toMatchObject({ policy: 'plackett-luce', degraded: false });
  });

  it('refuse what there is no switch for, and then change nothing', async () => {
    for (const target of ['shelf:no-such-shelf', 'policy:popularity']) {
      const answer = await put({ target: 'shelf:popular', on: false }, { target, on: false });
      expect(answer).toMatchObject({ status: 404, json: { code: 'SWITCH_UNKNOWN' } });
    }
    expect(stateOf(await server.get<SwitchList>('/v1/switches'), 'shelf:popular')).toBe(true);
  });
});

describe('a Home without profiling', () => {
  it('is what anybody of the market would get, by query or by profile, and the record says so', async () => {
    const personal = await home('demo-heavy');
    const pages = [
      await home('demo-heavy', 'profiling=off'),
      await home('demo-new', 'profiling=off&market=GB&tier=premium'),
      await home('manners-nobody', 'profiling=off&market=GB&tier=premium'),
    ];
    const rows = pages.map(({ shelves }) => shelves.map(({ id, cards }) => [id, cards.map((card) => card.id)]));
    expect(rows[1]).toEqual(rows[0]);
    expect(rows[2]).toEqual(rows[0]);
    for (const { kind } of pages[0].shelves) expect(kind).toMatch(/popular|beyond-the-charts|from-our-editors/);
    for (const page of pages) {
      expect(page.policy).toBe('popularity');
      const record = await server.get<{ marks: string[] }>(`/v1/decisions/${page.decisionId}`);
      expect(record.marks).toContain('unprofiled');
    }
    // The two Homes of one listener stand side by side.
    expect((await home('demo-heavy', '')).decisionId).toBe(personal.decisionId);
    expect((await home('demo-heavy', 'profiling=off')).decisionId).toBe(pages[0].decisionId);

    const profile = { market: 'GB', tier: 'premium', profiling: false };
    expect((await server.call('PUT', '/v1/listeners/manners-opted-out', profile)).status).toBe(200);
    await send(...[1, 2, 3].map(() => playOf(`manners-${serial++}`, 'manners-opted-out', 'track-3')));
    const optedOut = await home('manners-opted-out');
    expect(optedOut.shelves.map(({ id, cards }) => [id, cards.map((card) => card.id)])).toEqual(rows[0]);
  });
});

describe('a private session', () => {
  /**
   * Notes of the platform to itself: how far it has read its logs (whose bytes are compared; a place counts the mark of the
   * next batch once the log was opened again), and whether the catalogue's columns are behind, and with what.
   */
  const PLACES = ['events-folded', 'decisions-indexed', 'catalog-behind'];
  const BEHIND = 'items-behind';

  /** Everything that is held on listeners: the logs byte by byte, and the tables of the online store. */
  async function heldOf(dir: string): Promise<Record<string, string>> {
    const held: Record<string, string> = {};
    const { log, online } = dataDirPaths(dir);
    for (const stream of ['events', 'decisions'])
      for (const file of readdirSync(log(stream)))
        held[`${stream}/${file}`] = contentHash(readFileSync(join(log(stream), file)));
    const store = openLmdbStore({ dir: online });
    for (const table of store.tables()) {
      if (table === BEHIND) continue;
      const rows = [...store.range(table, {})]
        .filter(({ key }) => table !== 'platform' || !PLACES.includes(key))
        .map(({ key, value }) => `${key} ${Buffer.from(value).toString('hex')}`);
      // Looking into a table makes it; an empty one holds nothing of anybody.
      if (rows.length > 0) held[table] = contentHash(Buffer.from(rows.join('\n')));
    }
    await store.close();
    return held;
  }

  it('leaves nothing behind: no byte of a log, no state, nothing in the online store', async () => {
    await server.stop();
    const before = await heldOf(dataDir);
    server = await startServer(dataDir, OPTIONS);
    const first = await home('demo-heavy', 'private=true&limit=2&explain=true');
    expect(shelf(await home('demo-heavy', 'private=true'), 'heavy-rotation')).toBeDefined();
    // It stands, and its cursor goes on with it, from memory alone.
    const page = await home('demo-heavy', 'private=true&limit=2');
    const rest = await home('demo-heavy', `private=true&cursor=${page.nextCursor}`);
    expect(rest.decisionId).toBe(page.decisionId);
    expect(ranks(rest)[0]).toBe(2);
    await home('manners-never-seen', 'private=true');
    for (const { decisionId } of [first, page])
      expect((await server.call('GET', `/v1/decisions/${decisionId}`)).status).toBe(404);
    expect((await server.call('GET', '/v1/listeners/manners-never-seen')).status).toBe(404);

    const [card] = page.shelves[0].cards;
    const events = [
      eventOf('like', 'demo-heavy', { itemId: card.id, private: true }),
      { ...playOf('manners-private-play', 'manners-never-seen', card.id), private: true },
      // Not marked, but of a page that was private.
      eventOf('impression', 'demo-heavy', { reference: { decisionId: page.decisionId, shelfRank: 0 } }),
      eventOf('rendered', 'demo-heavy', { reference: { decisionId: page.decisionId } }),
    ];
    const answer = await server.send(events);
    expect(answer).toMatchObject({ accepted: 0, private: 4, rejected: 0 });
    expect(answer.fates.map(({ fate }) => fate)).toEqual(['private', 'private', 'private', 'private']);
    await server.stop();
    expect(await heldOf(dataDir)).toEqual(before);

    // The same without the word leaves traces: the comparison sees them.
    server = await startServer(dataDir, OPTIONS);
    await home('demo-heavy', 'fresh=true');
    await send(eventOf('like', 'demo-heavy', { itemId: card.id }));
    await server.stop();
    const after = await heldOf(dataDir);
    expect(Object.keys(after).filter((name) => after[name] !== before[name]).length).toBeGreaterThan(3);
  });
});
