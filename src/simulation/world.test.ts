import { Compile } from 'typebox/compile';
import { beforeAll, describe, expect, it } from 'vitest';
import { contentHash, DAY_MS } from '../base/index.ts';
import {
  EventSchema,
  type IncomingEvent,
  type Item,
  ItemSchema,
  ListenerProfileSchema,
  parseEvent,
} from '../domain/index.ts';
import { CAST, createDemoWorld, type DemoWorld } from './index.ts';

const END_MS = Date.UTC(2026, 10, 24, 16, 20);
const checkItem = Compile(ItemSchema);
const checkEvent = Compile(EventSchema);
const checkProfile = Compile(ListenerProfileSchema);

function fingerprint(world: DemoWorld): string {
  const parts: string[] = [];
  for (const item of world.items()) parts.push(JSON.stringify(item), world.coverSvg(item.id));
  for (const listener of world.listeners()) parts.push(JSON.stringify(listener));
  for (const event of world.history()) parts.push(JSON.stringify(event));
  return contentHash(parts.join('\n'));
}

describe('a seed', () => {
  const small = { items: 900, listeners: 40, days: 12, endMs: END_MS };

  it('gives the same bytes twice, also from the same world, and other bytes for another seed', () => {
    const world = createDemoWorld({ ...small, seed: 4 });
    const first = fingerprint(world);
    expect(fingerprint(world)).toBe(first);
    expect(fingerprint(createDemoWorld({ ...small, seed: 4 }))).toBe(first);
    expect(fingerprint(createDemoWorld({ ...small, seed: 5 }))).not.toBe(first);
  });

  it('leaves the first listeners and what they did as they are when more are asked for', () => {
    const few = createDemoWorld({ ...small, listeners: 60 });
    const many = createDemoWorld({ ...small, listeners: 100 });
    const ids = new Set([...few.listeners()].map(({ id }) => id));
    const withoutIds = (world: DemoWorld) =>
      [...world.history()].filter((event) => ids.has(event.listenerId)).map(({ eventId: _, ...rest }) => rest);
    expect([...many.listeners()].slice(0, 60)).toEqual([...few.listeners()]);
    expect(withoutIds(many)).toEqual(withoutIds(few));
  });

  it('refuses what makes no world', () => {
    expect(() => createDemoWorld({ ...small, items: 3 })).toThrow(/items/);
    expect(() => createDemoWorld({ ...small, days: Number.NaN })).toThrow(/days/);
    const typo = { ...small, listners: 5 };
    expect(() => createDemoWorld(typo)).toThrow(/listners/);
  });
});

describe('the demo world', () => {
  const world = createDemoWorld({ endMs: END_MS });
  const items = new Map<string, Item>();
  const profiles = new Map([...world.listeners()].map(({ id, profile }) => [id, profile]));
  const types = new Map<string, number>();
  const plays = new Map<string, number>();
  const playsByArtist = new Map<string, number>();
  const genrePlays = new Map<string, Map<string, number>>();
  const localHours = new Map<string, Uint32Array>();
  /** Listener → artist → [plays, newest in ms]. */
  const history = new Map<string, Map<string, [number, number]>>();
  const follows = new Map<string, Set<string>>();
  const heard = new Map<string, Set<string>>();
  let events = 0;
  let contained = 0;
  let partly = 0;
  let episodes = 0;

  beforeAll(() => {
    const offsets: Record<string, number> = { SE: 1, DE: 1, US: -6, BR: -3, GB: 0, ES: 1 };
    for (const item of world.items()) {
      if (items.has(item.id)) throw new Error(`${item.id} stands there twice`);
      if (!checkItem.Check(item)) throw new Error(JSON.stringify([item, checkItem.Errors(item)[0]]));
      if (item.parentId !== undefined && !items.has(item.parentId))
        throw new Error(`${item.id} comes before its parent`);
      items.set(item.id, item);
    }
    let last = '';
    for (const event of world.history()) {
      if (events++ % 8 === 0 && !checkEvent.Check(event)) throw new Error(JSON.stringify(event));
      const parsed = parseEvent(event, 'key', END_MS);
      if (typeof parsed === 'string') throw new Error(`${parsed}: ${JSON.stringify(event)}`);
      if (event.occurredAt < last || parsed.occurredAtMs > END_MS)
        throw new Error('events are not in the order of time');
      last = event.occurredAt;
      types.set(event.type, (types.get(event.type) ?? 0) + 1);
      const item = items.get(parsed.itemId);
      const profile = profiles.get(event.listenerId);
      if (item === undefined || profile === undefined)
        throw new Error(`unknown item or listener: ${JSON.stringify(event)}`);
      if (event.type === 'follow' && item.kind === 'show') addTo(follows, event.listenerId, item.id);
      if (event.type !== 'play') continue;
      mayBePlayed(item, profile, parsed.occurredAtMs);
      if (event.containerId !== undefined) {
        contained++;
        if (!items.has(event.containerId)) throw new Error(`no container ${event.containerId}`);
      }
      if (item.kind === 'episode') {
        episodes++;
        if (parsed.playedMs < 0.9 * parsed.durationMs) partly++;
        addTo(heard, event.listenerId, item.id);
      }
      plays.set(item.id, (plays.get(item.id) ?? 0) + 1);
      const artist = item.creators?.[0]?.id ?? '';
      playsByArtist.set(artist, (playsByArtist.get(artist) ?? 0) + 1);
      const genre = item.genres?.[0] ?? '';
      if (item.kind === 'track') {
        let genres = genrePlays.get(event.listenerId);
        if (genres === undefined) {
          genres = new Map();
          genrePlays.set(event.listenerId, genres);
        }
        genres.set(genre, (genres.get(genre) ?? 0) + 1);
        let artists = history.get(event.listenerId);
        if (artists === undefined) {
          artists = new Map();
          history.set(event.listenerId, artists);
        }
        const known = artists.get(artist) ?? [0, 0];
        artists.set(artist, [known[0] + 1, parsed.occurredAtMs]);
      }
      const hour = (Number(event.occurredAt.slice(11, 13)) + offsets[profile.market ?? 'GB'] + 24) % 24;
      let hours = localHours.get(genre);
      if (hours === undefined) {
        hours = new Uint32Array(24);
        localHours.set(genre, hours);
      }
      hours[hour]++;
    }
  }, 120_000);

  it('has the catalogue and the listeners that were asked for', () => {
    const kinds = Object.groupBy(items.values(), (item) => item.kind);
    expect(items.size).toBeGreaterThan(10_000);
    expect(items.size).toBe(world.itemCount);
    expect(kinds.artist).toHaveLength(400);
    expect(kinds.show).toHaveLength(300);
    expect(kinds.episode?.length).toBeGreaterThan(2000);
    expect(new Set(kinds.artist?.map((item) => item.title)).size).toBe(400);
    expect(profiles.size).toBe(2000);
    for (const profile of profiles.values()) expect(checkProfile.Check(profile)).toBe(true);
    // One of the cast has told no market.
    expect(new Set([...profiles.values()].map((profile) => profile.market))).toEqual(
      new Set(['SE', 'DE', 'US', 'BR', 'GB', 'ES', undefined]),
    );
    const limited = [...items.values()].filter((item) => item.markets !== undefined).length;
    const premium = [...items.values()].filter((item) => item.tiers !== undefined).length;
    expect(limited / items.size).toBeLessThan(0.1);
    expect(limited).toBeGreaterThan(100);
    expect(premium).toBeGreaterThan(50);
  });

  it('has 400,000 to 650,000 events of all kinds, most of them plays from something', () => {
    console.info(`demo world: ${events} events, ${[...types].map(([type, n]) => `${type} ${n}`).join(', ')}`);
    expect(events).toBeGreaterThan(400_000);
    expect(events).toBeLessThan(650_000);
    for (const type of ['play', 'skip', 'like', 'unlike', 'follow', 'hide'])
      expect(types.get(type)).toBeGreaterThan(50);
    expect(contained / (types.get('play') ?? 1)).toBeGreaterThan(0.5);
    expect(partly / episodes).toBeGreaterThan(0.2);
    expect(partly / episodes).toBeLessThan(0.7);
  });

  it('has hits and a long tail: the Gini coefficient of plays lies in the range of music services', () => {
    const tracks = [...items.values()].filter((item) => item.kind === 'track').map((item) => plays.get(item.id) ?? 0);
    const coefficient = gini(tracks);
    expect(coefficient).toBeGreaterThan(0.55);
    expect(coefficient).toBeLessThan(0.9);
    const total = tracks.reduce((sum, n) => sum + n, 0);
    expect(Math.max(...tracks) / total).toBeLessThan(0.01);
    expect(tracks.filter((n) => n > 0).length / tracks.length).toBeGreaterThan(0.8);
  });

  it('has listeners with a taste: the first genre of each is several times its share in the world', () => {
    const world = new Map<string, number>();
    let total = 0;
    for (const genres of genrePlays.values()) {
      for (const [genre, n] of genres) {
        world.set(genre, (world.get(genre) ?? 0) + n);
        total += n;
      }
    }
    expect(world.size).toBe(24);
    const shares: number[] = [];
    for (const genres of genrePlays.values()) {
      const sum = [...genres.values()].reduce((a, b) => a + b, 0);
      if (sum >= 50) shares.push(Math.max(...genres.values()) / sum);
    }
    const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
    expect(mean).toBeGreaterThan(2 * (Math.max(...world.values()) / total));
    expect(mean).toBeLessThan(0.9);
  });

  it('has hours: news in the morning, techno at night, and little at four', () => {
    const share = (genre: string, from: number, to: number): number => {
      const hours = localHours.get(genre) ?? new Uint32Array(24);
      const sum = hours.reduce((a, b) => a + b, 0);
      let part = 0;
      for (let hour = from; hour < to; hour++) part += hours[hour];
      return part / sum;
    };
    expect(share('news', 5, 10)).toBeGreaterThan(1.4 * share('true crime', 5, 10));
    expect(share('techno', 18, 24)).toBeGreaterThan(1.3 * share('classical', 18, 24));
    const all = new Float64Array(24);
    for (const hours of localHours.values()) for (let hour = 0; hour < 24; hour++) all[hour] += hours[hour];
    expect(all[19]).toBeGreaterThan(1.5 * all[3]);
  });

  it('has something for every shelf: past loves and new episodes of followed shows', () => {
    let listeners = 0;
    let withPastLove = 0;
    for (const artists of history.values()) {
      const sum = [...artists.values()].reduce((a, [n]) => a + n, 0);
      if (sum < 100) continue;
      listeners++;
      if ([...artists.values()].some(([n, newest]) => n >= 3 && newest < END_MS - 28 * DAY_MS)) withPastLove++;
    }
    expect(listeners).toBeGreaterThan(500);
    expect(withPastLove / listeners).toBeGreaterThan(0.5);
    const episodesByShow = Object.groupBy(
      [...items.values()].filter((item) => item.kind === 'episode'),
      (item) => item.parentId ?? '',
    );
    let withNews = 0;
    for (const [listener, shows] of follows) {
      const fresh = [...shows]
        .flatMap((show) => episodesByShow[show] ?? [])
        .filter((episode) => {
          const ageDays = (END_MS - Date.parse(episode.releasedAt ?? '')) / DAY_MS;
          return ageDays >= 0 && ageDays < 14 && !heard.get(listener)?.has(episode.id);
        });
      if (fresh.length > 0) withNews++;
    }
    expect(follows.size).toBeGreaterThan(500);
    expect(withNews / follows.size).toBeGreaterThan(0.5);
  });

  it('has listeners of every kind: heavy, light, podcasts only, and some without a history', () => {
    const total = (id: string): number => [...(history.get(id)?.values() ?? [])].reduce((sum, [n]) => sum + n, 0);
    const counts = [...profiles.keys()].map(total);
    const silent = [...profiles.keys()].filter((id) => total(id) === 0 && !heard.has(id)).length;
    const talkOnly = [...profiles.keys()].filter((id) => total(id) === 0 && heard.has(id)).length;
    expect(silent / profiles.size).toBeGreaterThan(0.03);
    expect(talkOnly / profiles.size).toBeGreaterThan(0.05);
    expect(counts.filter((n) => n > 600).length / profiles.size).toBeGreaterThan(0.08);
    expect(counts.filter((n) => n > 0 && n < 60).length / profiles.size).toBeGreaterThan(0.1);
  });

  it('draws a cover of at most 3 KB for every item, nearly every one its own, well formed', () => {
    const covers = new Set<string>();
    for (const item of items.values()) {
      const svg = world.coverSvg(item.id);
      if (svg.length > 3072) throw new Error(`${item.id} has a cover of ${svg.length} bytes`);
      if (!/^<svg xmlns="[^"]+" viewBox="0 0 300 300">.*<\/svg>$/s.test(svg)) throw new Error(`${item.id}: ${svg}`);
      if (/&(?!amp;|lt;|gt;|quot;)|NaN|undefined/.test(svg)) throw new Error(`${item.id}: ${svg}`);
      if ((svg.match(/<[a-zA-Z]/g)?.length ?? 0) !== (svg.match(/<\/|\/>/g)?.length ?? 0))
        throw new Error(`${item.id} is not closed`);
      if (item.kind !== 'track') covers.add(svg);
    }
    const drawn = [...items.values()].filter((item) => item.kind !== 'track').length;
    expect(covers.size / drawn).toBeGreaterThan(0.99);
    expect(world.coverSvg('"><script>')).toMatch(/^<svg [^<]*<rect [^<]*<\/svg>$/);
  });
});

describe('the cast', () => {
  const world = createDemoWorld({ endMs: END_MS, listeners: 60, seed: 3 });
  const profiles = new Map([...world.listeners()].map(({ id, profile }) => [id, profile]));
  const items = new Map([...world.items()].map((item) => [item.id, item]));
  const lives = new Map<string, IncomingEvent[]>(CAST.map(({ id }) => [id, []]));
  for (const event of world.history()) lives.get(event.listenerId)?.push(event);
  const of = (id: string, type: string, kind?: string): IncomingEvent[] =>
    (lives.get(id) ?? []).filter(
      (event) => event.type === type && (kind === undefined || items.get(event.itemId ?? '')?.kind === kind),
    );
  const ageDays = (instant: string | undefined): number => (END_MS - Date.parse(instant ?? '')) / DAY_MS;

  it('comes before everybody else, as it was written, and is counted in', () => {
    const ids = [...profiles.keys()];
    expect(ids.slice(0, CAST.length)).toEqual(CAST.map(({ id }) => id));
    expect(ids).toHaveLength(60);
    expect(ids[CAST.length]).toBe('listener-0001');
    for (const { id, profile } of CAST) expect(profiles.get(id)).toMatchObject(profile);
    expect([...createDemoWorld({ endMs: END_MS, listeners: 3 }).listeners()].map(({ id }) => id)).toEqual(
      CAST.slice(0, 3).map(({ id }) => id),
    );
  });

  it('has a kind of listener for everything that Home treats in a way of its own', () => {
    const spoken = new Set(CAST.map(({ profile }) => profile.language?.slice(0, 2)));
    expect([...spoken]).toEqual(expect.arrayContaining(['en', 'de', 'es', 'sv', 'pt', undefined]));
    for (const id of ['demo-new', 'demo-picks']) expect(lives.get(id)).toEqual([]);
    expect(profiles.get('demo-new')?.onboardingPicks).toBeUndefined();
    expect(profiles.get('demo-picks')?.onboardingPicks).toHaveLength(5);
    expect(of('demo-podcasts', 'play', 'track')).toEqual([]);
    expect(of('demo-podcasts', 'play', 'episode').length).toBeGreaterThan(50);
    expect(of('demo-german', 'play', 'episode')).toEqual([]);
    expect(of('demo-heavy', 'play').length).toBeGreaterThan(8 * of('demo-light', 'play').length);
    expect(of('demo-light', 'play').length).toBeGreaterThan(10);
    const last = of('demo-lapsed', 'play').at(-1);
    expect(ageDays(last?.occurredAt)).toBeGreaterThan(30);
    for (const event of of('demo-kid', 'play')) expect(items.get(event.itemId ?? '')?.explicit).toBe(false);
    for (const event of of('demo-kid', 'play', 'episode'))
      expect(items.get(event.itemId ?? '')?.genres).toEqual(["children's stories"]);
    expect(of('demo-kid', 'follow', 'show').length).toBeGreaterThan(0);
    const forKids = of('demo-kid', 'play').filter(({ itemId }) =>
      items.get(itemId ?? '')?.genres?.some((genre) => genre.startsWith("children's")),
    );
    expect(forKids.length).toBeGreaterThan(of('demo-kid', 'play').length / 3);
  });

  it('has begun the episodes of its script, and touched none of them since', () => {
    for (const { id, begins = 0 } of CAST) {
      const newest = new Map(of(id, 'play', 'episode').map((event) => [event.itemId, event]));
      const open = [...newest.values()].filter(
        ({ occurredAt, playedMs = 0, durationMs = 1 }) =>
          ageDays(occurredAt) < 2 && playedMs / durationMs > 0.25 && playedMs / durationMs < 0.8,
      );
      expect(open.length, id).toBeGreaterThanOrEqual(begins);
    }
  });

  it('follows artists of whom something came out in the last four weeks', () => {
    for (const { id, followsReleases = 0 } of CAST) {
      const followed = new Set(of(id, 'follow', 'artist').map(({ itemId }) => itemId));
      const fresh = [...items.values()].filter(
        ({ kind, parentId, releasedAt }) => kind === 'album' && followed.has(parentId) && ageDays(releasedAt) < 28,
      );
      expect(fresh.length, id).toBeGreaterThanOrEqual(followsReleases);
    }
  });
});

function addTo(sets: Map<string, Set<string>>, key: string, member: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([member]));
  else set.add(member);
}

function mayBePlayed(
  item: Item,
  profile: { market?: string; tier?: string; explicitAllowed?: boolean },
  atMs: number,
): void {
  if (item.releasedAt !== undefined && Date.parse(item.releasedAt) > atMs)
    throw new Error(`${item.id} was played before it was out`);
  if (item.markets !== undefined && !item.markets.includes(profile.market ?? ''))
    throw new Error(`${item.id} is not for ${profile.market}`);
  if (item.tiers !== undefined && !item.tiers.includes(profile.tier ?? ''))
    throw new Error(`${item.id} is not for ${profile.tier}`);
  if (item.explicit && profile.explicitAllowed === false) throw new Error(`${item.id} is explicit`);
}

function gini(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const total = sorted.reduce((sum, x) => sum + x, 0);
  let weighted = 0;
  sorted.forEach((x, i) => {
    weighted += (i + 1) * x;
  });
  return (2 * weighted) / (sorted.length * total) - (sorted.length + 1) / sorted.length;
}
