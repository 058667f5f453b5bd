/**
 * Who has which shelf: each appears for the members of the demo's cast who should have it and never for those who should
 * not. Shelves in a defined order are sure of a place; the others are drawn, so that several pages are looked at.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { shelfGrid } from '../scripts/shelf-grid.ts';
import { DAY_MS, MINUTE_MS } from '../src/base/index.ts';
import type { Item, Page } from '../src/domain/index.ts';
import { SHELVES } from '../src/home/index.ts';
import { CAST } from '../src/simulation/index.ts';
import { playOf, type ServerProcess, smallWorld, startServer } from './support.ts';

const ALL = CAST.map(({ id }) => id.replace('demo-', ''));
/** Without a play, and without so much as a pick. */
const SILENT = ['new', 'picks'];
const but = (...names: readonly string[]): string[] => ALL.filter((name) => !names.includes(name));
/** Who has music only: podcasts neither heard nor followed. */
const MUSIC_ONLY = CAST.filter(({ podcastShare }) => podcastShare === 0).map(({ id }) => id.replace('demo-', ''));
/** Who lives in the market of the campaign. */
const IN_GERMANY = CAST.filter(({ profile }) => profile.market === 'DE').map(({ id }) => id.replace('demo-', ''));

/** For each shelf who must have it, and who must not. Who stands in neither list may have it. */
const EXPECTED: Readonly<Record<string, { readonly has: readonly string[]; readonly hasNot: readonly string[] }>> = {
  'heavy-rotation': { has: ['heavy', 'kid', 'free', 'german', 'spanish', 'follower', 'explorer'], hasNot: SILENT },
  // Heavy rotation may hold all that somebody with three shows or artists has played.
  'recently-played': {
    has: ['heavy', 'free', 'german', 'spanish', 'follower', 'explorer', 'nowhere', 'brazil'],
    hasNot: SILENT,
  },
  // The history of this world is too short for anybody else to have come back from.
  'jump-back-in': { has: ['lapsed'], hasNot: but('lapsed') },
  'your-shows': { has: ['heavy', 'podcasts', 'spanish', 'follower', 'unfinished'], hasNot: MUSIC_ONLY },
  'from-our-editors': { has: IN_GERMANY, hasNot: but(...IN_GERMANY) },
  'made-for-you': { has: ['heavy', 'german', 'explorer'], hasNot: ['new', 'podcasts'] },
  'more-like': { has: but('new'), hasNot: ['new'] },
  'because-you-follow': { has: ['heavy', 'follower'], hasNot: ['new', 'picks', 'light'] },
  recommended: { has: but('new'), hasNot: ['new'] },
  'new-releases': { has: ['follower'], hasNot: ['new'] },
  'shows-you-might-like': { has: ['podcasts', 'unfinished'], hasNot: ['new'] },
  'popular-with-like-you': { has: ['heavy', 'free', 'german'], hasNot: ['new'] },
  'something-different': { has: ['heavy', 'german'], hasNot: SILENT },
  popular: { has: ['new', 'picks', 'nowhere'], hasNot: [] },
  'popular-genre': { has: ['new'], hasNot: but('new') },
  'popular-podcasts': { has: ['new'], hasNot: but('new') },
  'beyond-the-charts': { has: ['new'], hasNot: but('new') },
};

const LEAST_PAGES = 5;
const MOST_PAGES = 120;

let server: ServerProcess;
let items: ReadonlyMap<string, Item>;
/** Pages of each, by name. */
const pages = new Map<string, Page[]>();

const kindsOf = (name: string): Set<string> =>
  new Set(pages.get(name)?.flatMap(({ shelves }) => shelves.map(({ kind }) => kind)));

beforeAll(async () => {
  const { world, dataDir } = await smallWorld('shelves');
  items = new Map([...world.items()].map((item) => [item.id, item]));
  server = await startServer(dataDir, { learnEveryMs: 0 });
  await addPast();
  await addNews();
  for (const name of ALL) {
    const wanted = Object.keys(EXPECTED).filter((shelf) => EXPECTED[shelf].has.includes(name));
    const seen: Page[] = [];
    pages.set(name, seen);
    const lacks = (): boolean => {
      const kinds = kindsOf(name);
      return wanted.some((shelf) => !kinds.has(shelf));
    };
    while (seen.length < LEAST_PAGES || (lacks() && seen.length < MOST_PAGES)) {
      // Playlists are made in a share of the time that passes: who asks at once for many waits for theirs.
      if (seen.length >= LEAST_PAGES) await new Promise((resolve) => setTimeout(resolve, 100));
      seen.push(await server.home(`demo-${name}`, 'fresh=true&device=desktop'));
    }
  }
});
afterAll(async () => {
  await server.stop();
});

/** The world's history is shorter than it takes to have been away from something: what was loved six weeks ago. */
async function addPast(): Promise<void> {
  const byArtist = Map.groupBy(
    [...items.values()].filter(({ kind, explicit, markets }) => kind === 'track' && !explicit && !markets),
    ({ creators }) => creators?.[0].id,
  );
  const loved = [...byArtist.values()].slice(0, 6).flatMap((tracks) => tracks.slice(0, 2));
  const events = loved.flatMap((track, t) =>
    Array.from({ length: 6 }, (_, n) =>
      playOf(`past-${t}-${n}`, 'demo-lapsed', track.id, {
        occurredAt: new Date(Date.now() - 45 * DAY_MS + (6 * t + n) * 4 * MINUTE_MS).toISOString(),
      }),
    ),
  );
  await server.send(events);
}

/** A small world has few releases: some of the last days, by artists that are followed. */
async function addNews(): Promise<void> {
  const artists = [...items.values()].filter(({ kind }) => kind === 'artist').slice(0, 4);
  const albums = artists.map(
    ({ id, title, genres = [] }, n): Item => ({
      id: `news-${n}`,
      kind: 'album',
      title: `News ${n}`,
      creators: [{ id, name: title }],
      parentId: id,
      genres,
      releasedAt: new Date(Date.now() - (n + 1) * DAY_MS).toISOString(),
    }),
  );
  const put = await server.call('PUT', '/v1/items', { items: albums });
  expect(put.status).toBe(200);
  await server.send(
    artists.map(({ id }, n) => ({
      eventId: `follow-${n}`,
      listenerId: 'demo-follower',
      type: 'follow',
      occurredAt: new Date().toISOString(),
      itemId: id,
      device: 'phone',
    })),
  );
  const campaign = await server.call('PUT', '/v1/campaigns/for-germany', {
    title: { en: 'For Germany', de: 'Für Deutschland' },
    items: [...items.values()].filter(({ kind, tiers }) => kind === 'playlist' && !tiers).map(({ id }) => id),
    startsAt: new Date(Date.now() - DAY_MS).toISOString(),
    endsAt: new Date(Date.now() + DAY_MS).toISOString(),
    audience: { markets: ['DE'] },
    pinnedRank: 2,
  });
  expect(campaign.status).toBe(200);
}

it('is told of every shelf that there is', () => {
  expect(Object.keys(EXPECTED).sort()).toEqual(SHELVES.map(({ id }) => id).sort());
});

it('gives each shelf to all who should have it, and to nobody who should not', () => {
  const counts = new Map(
    ALL.map((name) => {
      const of = new Map<string, number>();
      for (const { shelves } of pages.get(name) ?? [])
        for (const kind of new Set(shelves.map((shelf) => shelf.kind))) of.set(kind, (of.get(kind) ?? 0) + 1);
      return [`demo-${name}`, of];
    }),
  );
  console.info(
    shelfGrid(
      SHELVES.map(({ id }) => id),
      counts,
    ),
  );
  const missing = Object.entries(EXPECTED).flatMap(([shelf, { has }]) =>
    has.filter((name) => !kindsOf(name).has(shelf)).map((name) => `${name} lacks ${shelf}`),
  );
  const wrong = Object.entries(EXPECTED).flatMap(([shelf, { hasNot }]) =>
    hasNot.filter((name) => kindsOf(name).has(shelf)).map((name) => `${name} has ${shelf}`),
  );
  expect({ missing, wrong }).toEqual({ missing: [], wrong: [] });
});

it('gives nobody a card that is not for their tier, market or age', () => {
  for (const { id, profile } of CAST) {
    const seen = pages.get(id.replace('demo-', '')) ?? [];
    for (const card of seen.flatMap(({ shelves }) => shelves.flatMap(({ cards }) => cards))) {
      const item = items.get(card.id);
      if (item === undefined) continue;
      if (item.tiers !== undefined) expect(item.tiers, `${card.id} for ${id}`).toContain(profile.tier);
      if (item.markets !== undefined) expect(item.markets, `${card.id} for ${id}`).toContain(profile.market);
      if (profile.ageBand !== 'kid') continue;
      expect(item.explicit ?? false).toBe(false);
      if (item.kind === 'show' || item.kind === 'episode') expect(item.genres).toEqual(["children's stories"]);
    }
  }
});

it('names every shelf in the language of its listener', () => {
  const titles = (name: string): Map<string, string> =>
    new Map(pages.get(name)?.flatMap(({ shelves }) => shelves.map(({ id, title }) => [id, title] as const)));
  const english = new Map([...titles('heavy'), ...titles('free'), ...titles('explorer'), ...titles('new')]);
  for (const name of ['german', 'spanish', 'light', 'podcasts', 'picks', 'unfinished', 'lapsed', 'kid']) {
    let compared = 0;
    for (const [id, title] of titles(name)) {
      if (!english.has(id)) continue;
      compared++;
      expect(title, `${id} of ${name}`).not.toBe(english.get(id));
    }
    expect(compared).toBeGreaterThan(1);
  }
});
