/** The shelves beyond history and taste, and campaigns, through HTTP and the command line, on the small world. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CampaignBody, IncomingEvent, Item, Page, PageShelf } from '../src/domain/index.ts';
import type { CampaignList, StoredCampaign } from '../src/server/index.ts';
import { playOf, type ServerProcess, shelfwise, smallWorld, startServer, temporaryDir } from './support.ts';

const DAY_MS = 86_400_000;
let dataDir: string;
let server: ServerProcess;
const items: Item[] = [];
const active: string[] = [];

beforeAll(async () => {
  const small = await smallWorld('more-shelves');
  dataDir = small.dataDir;
  items.push(...small.world.items());
  const plays = new Map<string, number>();
  for (const { type, listenerId } of small.world.history()) {
    if (type === 'play') plays.set(listenerId, (plays.get(listenerId) ?? 0) + 1);
  }
  for (const [id, count] of plays) if (count >= 40) active.push(id);
  server = await startServer(dataDir, { popularityHoldout: 0 });
}, 120_000);
afterAll(() => server?.stop());

let made = 0;
const tell = async (type: IncomingEvent['type'], listenerId: string, more: Partial<IncomingEvent>): Promise<void> => {
  const event = { eventId: `more-${made++}`, listenerId, type, occurredAt: new Date().toISOString(), ...more };
  expect(await server.send([event])).toMatchObject({ accepted: 1 });
};
const play = async (listenerId: string, itemId: string, more: Partial<IncomingEvent> = {}): Promise<void> => {
  expect(await server.send([playOf(`more-${made++}`, listenerId, itemId, more)])).toMatchObject({ accepted: 1 });
};
const rowsOf = (page: Page, kind: string): PageShelf[] => page.shelves.filter((shelf) => shelf.kind === kind);
const idsOf = (row: PageShelf | undefined): string[] => row?.cards.map(({ id }) => id) ?? [];

interface Recorded {
  readonly shelves: readonly {
    readonly shelfId: string;
    readonly seedItem: string | null;
    readonly pinnedRank: number;
    readonly items: readonly string[];
  }[];
}
/** What was eligible, shown or not: a page has room for some of it. */
const eligible = async (page: Page): Promise<Recorded['shelves']> =>
  (await server.get<Recorded>(`/v1/decisions/${page.decisionId}`)).shelves;
const offered = async (page: Page, shelfId: string, seed: string | null = null): Promise<readonly string[]> =>
  (await eligible(page)).find((shelf) => shelf.shelfId === shelfId && shelf.seedItem === seed)?.items ?? [];
const replaysEqual = async (page: Page): Promise<void> => {
  expect(await server.post(`/v1/decisions/${page.decisionId}/replay`, { verify: true })).toMatchObject({
    recomputed: true,
    equal: true,
    firstDifference: null,
  });
};
/** Items that everybody may have. */
const anyOpen = (kind: Item['kind'], count: number): Item[] =>
  items
    .filter(
      (item) => item.kind === kind && item.explicit !== true && item.markets === undefined && item.tiers === undefined,
    )
    .slice(0, count);

describe('shelves of a world that listens', () => {
  const TASTED = ['new-releases', 'shows-you-might-like', 'popular-with-like-you', 'because-you-follow', 'your-shows'];

  it('each have somebody, the eligible ones fill a page, and every decision with them replays', async () => {
    const seen = new Map<string, number>();
    let most = 0;
    for (const id of active.slice(0, 40)) {
      const page = await server.home(id, 'device=desktop&fresh=true');
      const shelves = await eligible(page);
      most = Math.max(most, shelves.length);
      for (const { shelfId } of shelves) seen.set(shelfId, (seen.get(shelfId) ?? 0) + 1);
      if (made++ % 8 === 0) await replaysEqual(page);
    }
    for (const kind of TASTED) expect([kind, seen.get(kind) ?? 0]).not.toEqual([kind, 0]);
    expect(most).toBeGreaterThanOrEqual(12);
  });

  it('are not for a newcomer, who has five rows of what others play at this time of the day', async () => {
    const page = await server.home('nobody-yet', 'device=phone&market=SE');
    for (const kind of TASTED) expect(rowsOf(page, kind)).toEqual([]);
    expect(page.shelves.length).toBeGreaterThanOrEqual(5);
    const at = async (hour: number) => {
      const day = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
      const time = `${day}T${String(hour).padStart(2, '0')}:00:00Z`;
      return offered(await server.home('nobody-yet', `device=phone&market=SE&at=${time}`), 'popular');
    };
    const [morning, evening] = [await at(7), await at(20)];
    expect(morning.length).toBeGreaterThan(20);
    expect([...morning].sort()).not.toEqual([...evening].sort());
    expect(await at(6)).toEqual(morning);
  });
});

describe('Your shows', () => {
  it('shows what was begun before what is new, each until it was heard', async () => {
    const id = 'shows-listener';
    const [show, other] = anyOpen('show', 2).map((item) => item.id);
    const episodes = anyOpen('episode', items.length).filter(({ parentId }) => parentId === other);
    const [first, second] = episodes;
    await tell('follow', id, { itemId: show });
    const half = (item: Item) => ({ playedMs: (item.durationMs ?? 0) / 2, durationMs: item.durationMs ?? 0 });
    await play(id, first.id, half(first));
    await play(id, second.id, half(second));
    const page = await server.home(id);
    const [row] = rowsOf(page, 'your-shows');
    // Rows above may have taken what this one does not hold.
    expect([...(await offered(page, 'your-shows'))].slice(0, 2).sort()).toEqual([first.id, second.id].sort());
    expect(row.cards[0].badges).toContain('unfinished');
    expect(row.cards[0].progress).toBeCloseTo(0.5, 1);
    await play(id, second.id, { playedMs: second.durationMs ?? 0, durationMs: second.durationMs ?? 0 });
    const next = await server.home(id);
    expect(idsOf(rowsOf(next, 'your-shows')[0])[0]).toBe(first.id);
    expect(await offered(next, 'your-shows')).not.toContain(second.id);
  });
});

describe('New releases and whom one follows', () => {
  it('a follow brings the artist a row and its releases; what is played of them goes; leaving takes the row away', async () => {
    const id = 'follower';
    const artist = items.find(
      ({ kind, id: artistId }) =>
        kind === 'artist' && items.some((item) => item.kind === 'album' && item.creators?.[0]?.id === artistId),
    ) as Item;
    const album: Item = {
      id: 'just-out',
      kind: 'album',
      title: 'Just out',
      creators: [{ id: artist.id, name: artist.title }],
      parentId: artist.id,
      releasedAt: new Date(Date.now() - 2 * DAY_MS).toISOString(),
    };
    const track: Item = { ...album, id: 'just-out-1', kind: 'track', parentId: album.id, durationMs: 180_000 };
    const more = ['just-out-too', 'just-out-three'].map((other): Item => ({ ...album, id: other }));
    await server.call('PUT', '/v1/items', { items: [album, track, ...more] });
    await tell('follow', id, { itemId: artist.id });
    await expect
      .poll(async () => offered(await server.home(id, 'fresh=true'), 'new-releases'), { timeout: 8000, interval: 200 })
      .toEqual(expect.arrayContaining(['just-out', 'just-out-too', 'just-out-three']));
    const page = await server.home(id, 'fresh=true');
    expect(page.shelves.map((shelf) => shelf.id)).toContain(`because-you-follow:${artist.id}`);
    expect(await offered(page, 'because-you-follow', artist.id)).toContain('just-out');
    await replaysEqual(page);
    await play(id, track.id, { containerId: album.id });
    expect(await offered(await server.home(id, 'fresh=true'), 'new-releases')).not.toContain('just-out');
    await tell('unfollow', id, { itemId: artist.id });
    const left = await server.home(id, 'fresh=true');
    expect(left.shelves.map((shelf) => shelf.id)).not.toContain(`because-you-follow:${artist.id}`);
  });
});

describe('Campaigns', () => {
  const startsAt = new Date(Date.now() - DAY_MS).toISOString();
  const endsAt = new Date(Date.now() + DAY_MS).toISOString();
  const albums = (): string[] => anyOpen('album', 8).map(({ id }) => id);
  const body = (more: Partial<CampaignBody> = {}): CampaignBody => ({
    title: { en: 'Picked for you', de: 'Für dich ausgesucht' },
    items: albums(),
    startsAt,
    endsAt,
    ...more,
  });
  const put = (id: string, campaign: unknown) => server.call<StoredCampaign>('PUT', `/v1/campaigns/${id}`, campaign);
  const takeAway = (id: string) => server.call('DELETE', `/v1/campaigns/${id}`);
  const listener = (id: string, profile: object) =>
    server.post('/v1/listeners', { listeners: [{ id, profile: { market: 'SE', ...profile } }] });

  afterEach(async () => {
    const { campaigns } = await server.get<CampaignList>('/v1/campaigns');
    for (const { id } of campaigns) await takeAway(id);
  });

  it('stand on every Home of their audience from the answer on, and on none from the answer to their deletion on', async () => {
    await listener('anna', { language: 'de' });
    const before = await server.home('anna');
    expect(rowsOf(before, 'from-our-editors')).toEqual([]);
    const stored = await put('picked', body({ pinnedRank: 0, items: [...albums(), 'not-there-yet'] }));
    expect([stored.status, stored.json.fate, stored.json.unknownItems]).toEqual([200, 'created', ['not-there-yet']]);
    expect((await put('picked', body({ pinnedRank: 0, items: [...albums(), 'not-there-yet'] }))).json.fate).toBe(
      'unchanged',
    );

    const page = await server.home('anna', 'fresh=true&explain=true');
    expect(page.shelves[0]).toMatchObject({
      id: 'from-our-editors:picked',
      kind: 'from-our-editors',
      title: 'Für dich ausgesucht',
      label: '',
      explain: { forced: true, propensity: 1 },
    });
    expect(idsOf(page.shelves[0])).toEqual(albums().slice(0, page.shelves[0].cards.length));
    await replaysEqual(page);

    // The page stands, and would be served again.
    expect((await server.home('anna')).decisionId).toBe(page.decisionId);
    expect((await takeAway('picked')).json).toEqual({ deleted: true });
    expect(rowsOf(await server.home('anna'), 'from-our-editors')).toEqual([]);
    expect((await takeAway('picked')).json).toMatchObject({ code: 'CAMPAIGN_NOT_FOUND' });
    await replaysEqual(page);
  });

  it('are seen by whom they are for: market, tier, language, age, and nothing paid for by kids', async () => {
    await put(
      'ad',
      body({ pinnedRank: 0, sponsor: 'Acme', audience: { markets: ['SE'], tiers: ['free'], languages: ['en'] } }),
    );
    await listener('of-it', { tier: 'free', language: 'en-GB' });
    await listener('kid', { tier: 'free', language: 'en', ageBand: 'kid' });
    await listener('premium', { tier: 'premium', language: 'en' });
    await listener('german', { tier: 'free', language: 'de' });
    const [row] = rowsOf(await server.home('of-it'), 'from-our-editors');
    expect(row).toMatchObject({ label: 'Sponsored', reason: 'Presented by Acme', title: 'Picked for you' });
    expect(row.cards.every((card) => card.sponsored && card.badges.includes('sponsored'))).toBe(true);
    for (const id of ['kid', 'premium', 'german'])
      expect([id, rowsOf(await server.home(id), 'from-our-editors')]).toEqual([id, []]);
    expect(rowsOf(await server.home('of-it', 'market=DE'), 'from-our-editors')).toEqual([]);
  });

  it('hold to rights, explicit and hides of each listener', async () => {
    const [first, second, third] = albums();
    const loud = items.find((item) => item.kind === 'album' && item.explicit === true)?.id;
    const abroad = items.find((item) => item.markets !== undefined && !item.markets.includes('SE'))?.id;
    const list = [first, loud, abroad, second, third].filter((id) => id !== undefined);
    await put('rights', body({ pinnedRank: 0, items: list }));
    await listener('careful', { explicitAllowed: false });
    await tell('hide', 'careful', { itemId: second });
    expect(idsOf((await server.home('careful')).shelves[0])).toEqual([first, third]);
  });

  it('are refused with the field that is wrong, and need the scope', async () => {
    const bad: [string, object][] = [
      ['/endsAt', body({ endsAt: body().startsAt })],
      ['/items', body({ items: [] })],
      ['/title', body({ title: {} })],
      ['/pinnedRank', { ...body(), pinnedRank: -1 }],
    ];
    for (const [pointer, campaign] of bad) {
      const answer = await server.call<{ code: string; errors: { pointer: string }[] }>(
        'PUT',
        '/v1/campaigns/bad',
        campaign,
      );
      expect([answer.status, answer.json.code]).toEqual([422, 'REQUEST_INVALID']);
      expect(answer.json.errors[0].pointer).toContain(pointer);
    }
    expect((await server.call('GET', '/v1/campaigns/bad')).json).toMatchObject({ code: 'CAMPAIGN_NOT_FOUND' });
    const open = await fetch(`${server.address}/v1/campaigns`);
    expect(open.status).toBe(401);
  });

  it('are listed, put and deleted by the command line, beside a running platform and without one; and outlast it', async () => {
    const file = join(temporaryDir('campaigns'), 'campaigns.json');
    writeFileSync(
      file,
      JSON.stringify([
        { id: 'one', ...body() },
        { id: 'two', ...body({ sponsor: 'Acme' }) },
      ]),
    );
    const cli = async (...args: string[]) => {
      const { code, out, err } = await shelfwise('--data', dataDir, '--json', 'campaigns', ...args);
      expect([code, err]).toEqual([0, '']);
      return JSON.parse(out) as unknown;
    };
    const putAnswer = (await cli('put', file)) as { campaigns: StoredCampaign[] };
    expect(putAnswer.campaigns.map(({ fate, campaign }) => [campaign.id, fate])).toEqual([
      ['one', 'created'],
      ['two', 'created'],
    ]);
    expect((await server.get<CampaignList>('/v1/campaigns')).campaigns.map(({ id }) => id)).toEqual(['one', 'two']);
    expect(await server.stop()).toBe(0);

    expect(((await cli('list')) as CampaignList).campaigns.map(({ id }) => id)).toEqual(['one', 'two']);
    expect(await cli('delete', 'two')).toEqual({ id: 'two', deleted: true });
    server = await startServer(dataDir, { popularityHoldout: 0 });
    expect((await server.get<CampaignList>('/v1/campaigns')).campaigns).toMatchObject([
      { id: 'one', title: body().title },
    ]);
    const gone = await shelfwise('--data', dataDir, 'campaigns', 'delete', 'two');
    expect(gone.err).toContain('No campaign has this id');
    expect(gone.code).not.toBe(0);
  });
});
