/** Generated playlists through HTTP: made of what a listener plays, stable, within rights, credited; and what belongs to items. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IncomingEvent, Item, ListenerProfile, Page } from '../src/domain/index.ts';
import type { ItemChildren, PlatformStatus, Playlist, PlaylistList, Problem } from '../src/server/index.ts';
import {
  cardIds,
  playOf,
  type ServerOptions,
  type ServerProcess,
  type SmallWorld,
  shelfwise,
  smallWorld,
  startServer,
} from './support.ts';

const DAY_MS = 86_400_000;
const OPTIONS: ServerOptions = { learnEveryMs: 400, popularityHoldout: 0 };
const DISCOVERY = 'generated:weekly-discovery';
const RADAR = 'generated:release-radar';

let small: SmallWorld;
let server: ServerProcess;
let items: Map<string, Item>;
const profiles = new Map<string, ListenerProfile>();
/** What each listener has played, skipped or liked. */
const heard = new Map<string, Set<string>>();
/** Artists of whom a track lost its rights here. */
const withoutRights = new Set<string>();
/** Listeners with many plays, who may have everything that is explicit. */
let heavy: string[];

let made = 0;
const eventOf = (type: IncomingEvent['type'], listenerId: string, more: Partial<IncomingEvent>): IncomingEvent => ({
  eventId: `playlists-${made++}`,
  listenerId,
  type,
  occurredAt: new Date().toISOString(),
  device: 'phone',
  ...more,
});
async function send(...events: IncomingEvent[]): Promise<void> {
  expect(await server.send(events)).toMatchObject({ accepted: events.length });
}
const listOf = async (id: string, query = '') =>
  (await server.get<PlaylistList>(`/v1/listeners/${id}/playlists?${query}`)).playlists;
const playlistOf = (playlist: string, id: string, query = '') =>
  server.get<Playlist>(`/v1/playlists/${playlist}?listener=${id}&${query}`);
const tracksOf = ({ tracks }: Playlist) => tracks.map(({ id }) => id);
const artistOf = (id: string) => items.get(id)?.creators?.[0]?.id ?? id;

beforeAll(async () => {
  small = await smallWorld('playlists');
  items = new Map([...small.world.items()].map((item) => [item.id, item]));
  for (const { id, profile } of small.world.listeners()) profiles.set(id, profile);
  const plays = new Map<string, number>();
  for (const { type, listenerId, itemId } of small.world.history()) {
    if (itemId === undefined || !['play', 'skip', 'like'].includes(type)) continue;
    plays.set(listenerId, (plays.get(listenerId) ?? 0) + 1);
    heard.set(listenerId, (heard.get(listenerId) ?? new Set()).add(itemId));
  }
  server = await startServer(small.dataDir, OPTIONS);
  heavy = [...plays]
    .filter(([id]) => profiles.get(id)?.ageBand !== 'kid' && profiles.get(id)?.profiling !== false)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 14)
    .map(([id]) => id);
});
afterAll(() => server?.kill());

describe('a listener who plays much', () => {
  it('has mixes of known and new tracks in the stated share, and thirty tracks never heard', async () => {
    let mixes = 0;
    for (const id of heavy) {
      const list = await listOf(id);
      expect(list.map(({ id }) => id)).toContain(DISCOVERY);
      for (const summary of list) {
        const playlist = await playlistOf(summary.id, id);
        const { tracks, ...head } = playlist;
        expect(head).toEqual(summary);
        expect(tracks).toHaveLength(summary.trackCount);
        expect(new Set(tracksOf(playlist)).size).toBe(tracks.length);
        expect(summary.image).toMatch(/^\/covers\/generated:[a-z0-9-]+\.\d+\.svg$/);
        for (const track of tracks) {
          const item = items.get(track.id) as Item;
          expect(track).toMatchObject({
            title: item.title,
            durationMs: item.durationMs,
            explicit: item.explicit ?? false,
          });
          expect(track.reason).not.toBe('');
        }
        if (playlist.mix !== null) {
          mixes++;
          expect(playlist.mix).toEqual({ familiar: 0.6, new: 0.4 });
          const known = tracks.filter(({ familiar }) => familiar);
          expect(known).toHaveLength(Math.round(0.6 * tracks.length));
          for (const { id: track, familiar } of tracks) expect(heard.get(id)?.has(track)).toBe(familiar);
        }
        if (playlist.id !== DISCOVERY) continue;
        const counts = new Map<string, number>();
        for (const track of tracksOf(playlist)) {
          expect(heard.get(id)?.has(track)).toBe(false);
          counts.set(artistOf(track), (counts.get(artistOf(track)) ?? 0) + 1);
        }
        expect(Math.max(...counts.values())).toBeLessThanOrEqual(2);
        expect(tracks.length).toBe(30);
      }
    }
    expect(mixes).toBeGreaterThan(2 * heavy.length);
  });

  it('sees them on Home, with the titles that they have', async () => {
    let shown = 0;
    for (const id of heavy) {
      const titles = new Map((await listOf(id)).map((playlist) => [playlist.id, playlist]));
      const page = await server.home(id, 'fresh=true&device=desktop&explain=true');
      const shelf = page.shelves.find(({ kind }) => kind === 'made-for-you');
      if (shelf === undefined) continue;
      shown++;
      expect(shelf.cards.length).toBeGreaterThan(0);
      for (const card of shelf.cards) {
        const { title, subtitle, image } = titles.get(card.id) as Playlist;
        expect(card).toMatchObject({ kind: 'playlist', title, subtitle, image });
        expect(card.explain?.propensity).toBeGreaterThan(0);
        expect(card.reason).not.toBe('');
      }
      expect((await server.call('GET', shelf.cards[0].image)).type).toContain('image/svg+xml');
    }
    console.log({ shown, of: heavy.length });
    expect(shown).toBeGreaterThan(heavy.length / 3);
  });
});

describe('a playlist stands', () => {
  it('through plays of its own tracks and a kill, until its period ends', async () => {
    const [id] = heavy;
    const before = new Map<string, string[]>();
    for (const { id: playlist } of await listOf(id)) before.set(playlist, tracksOf(await playlistOf(playlist, id)));
    const discovered = before.get(DISCOVERY) as string[];
    await send(
      ...discovered.slice(0, 5).map((track) => playOf(`playlists-${made++}`, id, track, { containerId: DISCOVERY })),
    );
    const unchanged = async () => {
      for (const [playlist, tracks] of before) expect(tracksOf(await playlistOf(playlist, id))).toEqual(tracks);
    };
    await unchanged();
    await server.kill();
    server = await startServer(small.dataDir, OPTIONS);
    await unchanged();

    // Later in the same week it is the same; in the next one it is another, without what was heard meanwhile.
    const { validUntil } = await playlistOf(DISCOVERY, id);
    const at = (ms: number) => `at=${new Date(ms).toISOString()}`;
    const endMs = Date.parse(validUntil);
    expect(tracksOf(await playlistOf(DISCOVERY, id, at(endMs - 1000)))).toEqual(discovered);
    const next = tracksOf(await playlistOf(DISCOVERY, id, at(endMs + 1000)));
    expect(next.filter((track) => discovered.includes(track))).toEqual([]);
    // And it was only looked at.
    await unchanged();
    const tomorrow = await playlistOf('generated:daily-mix-1', id, at(Date.now() + DAY_MS));
    expect(tracksOf(tomorrow)).not.toEqual(before.get('generated:daily-mix-1'));
  });
});

describe('the release radar', () => {
  it('answers a follow at once, and says so', async () => {
    const id = 'radar-listener';
    await server.call('PUT', `/v1/listeners/${id}`, { language: 'de' });
    await server.call('PUT', '/v1/items', {
      items: [0, 1, 2].map((n) => ({
        id: `fresh-${n}`,
        kind: 'track',
        title: `Fresh ${n}`,
        creators: [{ id: 'fresh-artist', name: 'Fräulein Frisch' }],
        releasedAt: new Date(Date.now() - (3 - n) * DAY_MS).toISOString(),
        durationMs: 180_000,
      })),
    });
    expect(await listOf(id)).toEqual([]);
    await send(eventOf('follow', id, { itemId: 'fresh-artist' }));
    await until(async () => (await listOf(id)).length > 0);
    const radar = await playlistOf(RADAR, id);
    expect(tracksOf(radar)).toEqual(['fresh-2', 'fresh-1', 'fresh-0']);
    expect(radar).toMatchObject({ title: 'Neu erschienen', mix: null, subtitle: 'Playlist · Fräulein Frisch' });
    expect(radar.tracks[0]).toMatchObject({ reason: 'Du folgst Fräulein Frisch: neu erschienen', familiar: false });
    expect(new Date(radar.validUntil).getUTCDay()).toBe(5);
    await send(eventOf('unfollow', id, { itemId: 'fresh-artist' }));
    expect(await listOf(id)).toEqual([]);
  });
});

describe('rights', () => {
  it('hold at every reading: what is withdrawn or hidden is gone at once, the rest keeps its order', async () => {
    const id = heavy[1];
    const before = tracksOf(await playlistOf(DISCOVERY, id));
    const [withdrawn, late, ofHidden] = [before[3], before[7], before[11]];
    for (const track of [withdrawn, late]) withoutRights.add(artistOf(track));
    expect((await server.call('DELETE', `/v1/items/${withdrawn}`)).status).toBe(200);
    const closed = { ...(items.get(late) as Item), availableUntil: new Date(Date.now() - 1000).toISOString() };
    expect((await server.call('PUT', '/v1/items', { items: [closed] })).json).toMatchObject({ updated: 1 });
    await send(eventOf('hide', id, { itemId: artistOf(ofHidden) }));
    const left = tracksOf(await playlistOf(DISCOVERY, id));
    expect(left).toEqual(
      before.filter((track) => track !== withdrawn && track !== late && artistOf(track) !== artistOf(ofHidden)),
    );
    expect(left.length).toBeGreaterThan(20);
    expect(JSON.stringify(await listOf(id))).not.toContain(items.get(ofHidden)?.creators?.[0]?.name);
  });

  it('give somebody who must not be profiled, and somebody unknown, nothing', async () => {
    await server.call('PUT', '/v1/listeners/unprofiled', { profiling: false, onboardingPicks: [artistOf(heavy[0])] });
    expect(await listOf('unprofiled')).toEqual([]);
    const unknown = await server.call<Problem>('GET', '/v1/listeners/nobody-at-all/playlists');
    expect([unknown.status, unknown.json.code]).toEqual([404, 'LISTENER_NOT_FOUND']);
    for (const path of [
      `/v1/playlists/${RADAR}?listener=unprofiled`,
      `/v1/playlists/playlist-0?listener=${heavy[0]}`,
    ]) {
      const missing = await server.call<Problem>('GET', path);
      expect([missing.status, missing.json.code]).toEqual([404, 'PLAYLIST_NOT_FOUND']);
    }
    expect((await server.call('GET', `/v1/playlists/${RADAR}`)).status).toBe(422);
    expect((await server.call('GET', `/v1/listeners/${heavy[0]}/playlists?at=2026-13-01T00:00:00Z`)).status).toBe(422);
    const taken = await server.call<{ rejected: number }>('PUT', '/v1/items', {
      items: [{ id: 'generated:daily-mix-1', kind: 'playlist', title: 'Mine' }],
    });
    expect(taken.json.rejected).toBe(1);
  });

  it('are those of children for children', async () => {
    const kid = [...profiles].find(([, { ageBand }]) => ageBand === 'kid')?.[0] as string;
    for (const { id } of await listOf(kid)) {
      for (const { explicit } of (await playlistOf(id, kid)).tracks) expect(explicit).toBe(false);
    }
  });
});

describe('the reward of a playlist', () => {
  it('is two of its tracks, also played on by themselves; and stands as the container that was played last', async () => {
    const { id, page, card, rank } = await homeWithPlaylist();
    const [first, second] = tracksOf(await playlistOf(card.id, id));
    const reference = { decisionId: page.decisionId, shelfRank: rank, cardRank: card.rank };
    const within = { containerId: card.id, reference };
    await send(eventOf('rendered', id, { reference: { decisionId: page.decisionId } }));
    await send(eventOf('impression', id, { reference }));
    const modelOf = async () => (await server.get<PlatformStatus>('/v1/status')).epochs['model'];
    const before = await modelOf();
    await send(playOf(`playlists-${made++}`, id, first, within));
    // A run of the learner that has read it finds nothing earned.
    await learnt(/[1-9]\d* events/);
    expect(await modelOf()).toBe(before);
    await send(playOf(`playlists-${made++}`, id, second, { ...within, autoplay: true }));
    await until(async () => (await modelOf()) !== before);
    // It replays, with the playlists in it that are no items of the catalogue.
    const replayed = await server.post<{ equal: boolean; firstDifference: string | null }>(
      `/v1/decisions/${page.decisionId}/replay`,
      { verify: true },
    );
    expect(replayed).toMatchObject({ equal: true, firstDifference: null });
    const after = await server.home(id, 'fresh=true&device=desktop');
    expect(cardIds(after)).toContain(card.id);
  });

  /** Waits for a run of the learner that says so. */
  const learnt = (summary: RegExp) =>
    until(async () => summary.test((await server.get<PlatformStatus>('/v1/status')).background['learner'] ?? ''));

  async function homeWithPlaylist() {
    for (const id of heavy.slice(2)) {
      const page: Page = await server.home(id, 'fresh=true&device=desktop');
      const shelf = page.shelves.find(({ kind }) => kind === 'made-for-you');
      const card = shelf?.cards[0];
      if (shelf !== undefined && card !== undefined) return { id, page, card, rank: shelf.rank };
    }
    throw new Error('nobody sees Made for you');
  }
});

describe('what belongs to an item', () => {
  const childrenOf = (id: string, query = '') => server.get<ItemChildren>(`/v1/items/${id}/children?${query}`);

  it('is the tracks of an album, the episodes of a show newest first, the albums and top tracks of an artist', async () => {
    const isWhole = ({ kind, id }: Item): boolean => kind === 'album' && !withoutRights.has(artistOf(id));
    const album = [...items.values()].find(isWhole) as Item;
    const tracks = [...items.values()].filter(({ parentId }) => parentId === album.id).map(({ id }) => id);
    const ofAlbum = await childrenOf(album.id);
    expect(ofAlbum).toMatchObject({ id: album.id, kind: 'album' });
    expect(ofAlbum.relations).toHaveLength(1);
    expect(ofAlbum.relations[0]).toMatchObject({ relation: 'tracks', total: tracks.length, nextCursor: null });
    expect(ofAlbum.relations[0].items.map(({ id }) => id).sort()).toEqual([...tracks].sort());

    const show = [...items.values()].find(({ kind }) => kind === 'show') as Item;
    const [episodes] = (await childrenOf(show.id, 'limit=200')).relations;
    const released = episodes.items.map(({ releasedAt }) => Date.parse(releasedAt ?? ''));
    expect(episodes.relation).toBe('episodes');
    expect(released.length).toBeGreaterThan(3);
    expect(released).toEqual([...released].sort((a, b) => b - a));

    const artist = album.creators?.[0]?.id as string;
    const { relations } = await childrenOf(artist, 'limit=2');
    expect(relations.map(({ relation }) => relation)).toEqual(['albums', 'top-tracks']);
    expect(relations[0].items.map(({ kind }) => kind)).toContain('album');
    // Page by page, everything once.
    const seen: string[] = [];
    let cursor: string | null = '0';
    while (cursor !== null) {
      const page: ItemChildren = await childrenOf(artist, `relation=top-tracks&limit=2&cursor=${cursor}`);
      seen.push(...page.relations[0].items.map(({ id }) => id));
      cursor = page.relations[0].nextCursor;
    }
    const all = [...items.values()].filter(({ kind, creators }) => kind === 'track' && creators?.[0]?.id === artist);
    expect([...seen].sort()).toEqual(all.map(({ id }) => id).sort());
    expect((await childrenOf(tracks[0])).relations).toEqual([]);
  });

  it('is only what a listener may have, where one is named', async () => {
    const explicit = [...items.values()].find((item) => item.kind === 'track' && item.explicit === true) as Item;
    const kid = [...profiles].find(([, { ageBand }]) => ageBand === 'kid')?.[0] as string;
    const idsOf = async (query: string) =>
      (await childrenOf(explicit.parentId as string, query)).relations[0].items.map(({ id }) => id);
    expect(await idsOf('')).toContain(explicit.id);
    expect(await idsOf(`listener=${kid}`)).not.toContain(explicit.id);
    expect((await server.call('GET', '/v1/items/none/children')).status).toBe(404);
    expect((await server.call('GET', `/v1/items/${explicit.parentId}/children?cursor=2`)).status).toBe(422);
    expect((await server.call('GET', `/v1/items/${explicit.parentId}/children?listener=nobody-at-all`)).status).toBe(
      404,
    );
  });
});

it('shelfwise playlists prints them', async () => {
  const [id] = heavy;
  const json = await shelfwise('playlists', id, '--data', small.dataDir, '--json');
  expect(JSON.parse(json.out)).toEqual({ playlists: await listOf(id) });
  const text = await shelfwise('playlists', id, '--data', small.dataDir, '--id', DISCOVERY);
  expect(text.out).toMatch(/^Weekly Discovery\n|^Entdeckungen|^Descubr|^Veckans/);
  const { tracks } = await playlistOf(DISCOVERY, id);
  expect(text.out.split('\n').filter((line) => / · new$/.test(line))).toHaveLength(tracks.length);
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const untilMs = Date.now() + 60_000; Date.now() < untilMs; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it never held');
}
