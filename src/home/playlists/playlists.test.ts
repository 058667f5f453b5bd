import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter, createRng, DAY_MS } from '../../base/index.ts';
import { GENERATED_SLOTS, RELEASE_RADAR, WEEKLY_DISCOVERY } from '../../domain/index.ts';
import { emptyState, foldEvent, isLiked, type ListenerState, playsOf } from '../../signals/index.ts';
import { textOf } from '../messages/index.ts';
import { artistOf } from './choice.ts';
import { generatedCover, hueOfGenre } from './covers.ts';
import { largestMix } from './daily-mixes.ts';
import { stands } from './generate.ts';
import { type GeneratedList, type GroupOfLists, TRACK_REASONS } from './lists.ts';
import { dayAround, isoWeekAround, isoWeekName, releaseWeekAround, turnHourOf } from './periods.ts';
import { event, listenerOfThree, make, NOW_MS, playGenre, playlistsWorld } from './playlists-testing.ts';
import { followsHash } from './radar.ts';
import { hasSomething, namedArtists, readList, subtitleOf, titleOf, trackReason } from './reading.ts';
import { DEFAULT_PLAYLIST_SETTINGS, resolvePlaylistSettings } from './settings.ts';
import { decodePlaylists, encodePlaylists } from './stored.ts';
import { tastePoints, tastesOf } from './tastes.ts';

const world = playlistsWorld();
const { number, names, input } = world;
const idsOf = ({ tracks }: GeneratedList): string[] => tracks.map(({ track }) => names.items.name(track));
const genreOf = (id: string): string => id.split(/[:.]/)[1];
const catalog = input(emptyState()).rights.catalog;
const artists = { artist: (item: number) => names.items.name(artistOf(catalog, item)) };

function mostOfOneArtist({ tracks }: GeneratedList): number {
  const counts = new Map<number, number>();
  for (const { track } of tracks) counts.set(artistOf(catalog, track), (counts.get(artistOf(catalog, track)) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

/** A listener with a random past: some genres, some artists, some likes and hides. */
function randomListener(seed: number): ListenerState {
  const rng = createRng(seed);
  const state = emptyState();
  const genres = 1 + rng.below(4);
  for (let n = 0; n < genres; n++) {
    playGenre(world, state, rng.below(8), {
      artists: 2 + rng.below(9),
      tracks: 1 + rng.below(8),
      times: 1 + rng.below(3),
    });
  }
  for (let n = rng.below(8); n > 0; n--) {
    const id = `t:${rng.below(8)}.${rng.below(12)}.${rng.below(10)}`;
    foldEvent(state, event('like', NOW_MS - rng.below(9) * DAY_MS), number(id), -1);
  }
  for (let n = rng.below(5); n > 0; n--)
    foldEvent(state, event('hide', NOW_MS - DAY_MS), number(`a:${rng.below(8)}.${rng.below(12)}`), -1);
  return state;
}

describe('tastes', () => {
  it('are as many as there are distinct ones in what is played, heaviest first', () => {
    const state = listenerOfThree(world);
    const { rights } = input(state);
    const points = tastePoints(state, NOW_MS, [], rights.catalog, world.embedding);
    const tastes = tastesOf(points);
    expect(tastes).toHaveLength(3);
    for (const [t, taste] of tastes.entries()) {
      const genres = taste.points.map((point) => genreOf(names.items.name(points.items[point])));
      expect(new Set(genres)).toEqual(new Set([String(t)]));
    }
    expect(tastes.map(({ weight }) => weight)).toEqual([...tastes.map(({ weight }) => weight)].sort((a, b) => b - a));
  });

  it('of one genre are one, of nothing none, and what is too small makes no mix', () => {
    const one = emptyState();
    playGenre(world, one, 4, { artists: 10, tracks: 8, times: 2 });
    playGenre(world, one, 5, { artists: 2, tracks: 1, times: 1 });
    const points = tastePoints(one, NOW_MS, [], catalog, world.embedding);
    expect(tastesOf(points)).toHaveLength(2);
    // Two points make no mix.
    expect(make('daily', input(one)).lists).toHaveLength(1);
    const none = tastePoints(emptyState(), NOW_MS, [], catalog, world.embedding);
    expect(tastesOf(none)).toEqual([]);
  });

  it('take picks at sign-up in, and nothing by an artist that is hidden', () => {
    const state = emptyState();
    const picks = [number('a:3.1'), number('a:3.2')];
    expect(tastePoints(state, NOW_MS, picks, catalog, world.embedding).items).toEqual(Uint32Array.from(picks));
    playGenre(world, state, 3, { artists: 3, tracks: 2, times: 1 });
    foldEvent(state, event('hide', NOW_MS), number('a:3.1'), -1);
    const { items } = tastePoints(state, NOW_MS, picks, catalog, world.embedding);
    expect([...items].map((item) => artistOf(catalog, item))).not.toContain(number('a:3.1'));
    expect(items).toHaveLength(1 + 4);
  });
});

describe('Daily Mixes', () => {
  it('are one a taste, each with its artists, known and new tracks alternating in the stated share', () => {
    const state = listenerOfThree(world);
    const { lists } = make('daily', input(state));
    expect(lists.map(({ slot }) => slot)).toEqual([0, 1, 2]);
    for (const [t, list] of lists.entries()) {
      expect(new Set(idsOf(list).map(genreOf))).toEqual(new Set([String(t)]));
      expect(list.familiarShare).toBe(0.6);
      // Nobody waits long for something known.
      const sorts = list.tracks.map(({ familiar }) => (familiar ? 'k' : 'n')).join('');
      expect(sorts).not.toMatch(/nnn/);
      expect(sorts[0]).toBe('k');
    }
  });

  it('hold their laws for anybody: share, caps, known is known, new is unheard, no track twice, reasons', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(0, 0.3, 0.6, 1), (seed, familiarShare) => {
        const state = randomListener(seed);
        const made = input(state, { settings: { familiarShare }, listenerKey: `l${seed}` });
        const { lists } = make('daily', made);
        const all = lists.flatMap((list) => list.tracks.map(({ track }) => track));
        expect(new Set(all).size).toBe(all.length);
        expect(lists.length).toBeLessThanOrEqual(6);
        for (const list of lists) {
          const known = list.tracks.filter(({ familiar }) => familiar).length;
          expect(known).toBe(Math.round(familiarShare * list.tracks.length));
          expect(list.tracks.length).toBeGreaterThanOrEqual(DEFAULT_PLAYLIST_SETTINGS.leastTracks);
          expect(list.tracks.length).toBeLessThanOrEqual(DEFAULT_PLAYLIST_SETTINGS.mixTracks);
          expect(mostOfOneArtist(list)).toBeLessThanOrEqual(DEFAULT_PLAYLIST_SETTINGS.mixPerArtist);
          for (const { track, familiar, reason } of list.tracks) {
            expect(playsOf(state, track) > 0 || isLiked(state, track)).toBe(familiar);
            expect(familiar ? ['played-a-lot', 'liked', 'played'] : ['played-a-lot', 'close-to']).toContain(reason);
          }
        }
        // The same again, whoever asks, and however often.
        expect(make('daily', made)).toEqual(
          make('daily', input(state, { settings: { familiarShare }, listenerKey: `l${seed}` })),
        );
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it('are other tracks of the same tastes on the next day', () => {
    const state = listenerOfThree(world);
    const [today] = make('daily', input(state)).lists;
    const [tomorrow] = make('daily', input(state, { atMs: NOW_MS + DAY_MS })).lists;
    expect(new Set(idsOf(tomorrow).map(genreOf))).toEqual(new Set(['0']));
    expect(idsOf(tomorrow)).not.toEqual(idsOf(today));
  });

  it('are none before anything was fitted, or for somebody who has played little', () => {
    expect(make('daily', input(listenerOfThree(world), { withEmbedding: false })).lists).toEqual([]);
    const little = emptyState();
    playGenre(world, little, 0, { artists: 2, tracks: 1, times: 1 });
    expect(make('daily', input(little)).lists).toEqual([]);
  });

  it('have as many tracks as the share allows', () => {
    expect(largestMix(30, 20, 0.6, 50)).toBe(50);
    expect(largestMix(6, 100, 0.6, 50)).toBe(10);
    // One track is a share of 1, the nearest to .6 that it can have.
    expect(largestMix(100, 0, 0.6, 50)).toBe(1);
    expect(largestMix(0, 0, 0.6, 50)).toBe(0);
    expect(largestMix(100, 0, 1, 50)).toBe(50);
    expect(largestMix(0, 9, 0, 50)).toBe(9);
  });
});

describe('The weekly discovery', () => {
  it('holds its laws for anybody: 30 unheard tracks, two of an artist, none hidden, explained', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const state = randomListener(seed);
        const made = input(state, { listenerKey: `l${seed}` });
        const [list] = make('weekly', made).lists;
        expect(list.slot).toBe(WEEKLY_DISCOVERY);
        expect(list.tracks.length).toBeLessThanOrEqual(30);
        expect(mostOfOneArtist(list)).toBeLessThanOrEqual(2);
        expect(new Set(list.tracks.map(({ track }) => track)).size).toBe(list.tracks.length);
        for (const { track, familiar, reason, about } of list.tracks) {
          expect([playsOf(state, track), isLiked(state, track), familiar]).toEqual([0, false, false]);
          expect(TRACK_REASONS).toContain(reason);
          if (reason === 'close-to') expect(artistOf(catalog, about)).not.toBe(artistOf(catalog, track));
        }
        expect(make('weekly', made)).toEqual(make('weekly', made));
      }),
      { seed: 8, numRuns: 60 },
    );
  });

  it('is full where there is enough, and near to the tastes', () => {
    const [list] = make('weekly', input(listenerOfThree(world))).lists;
    expect(list.tracks).toHaveLength(30);
    const genres = idsOf(list).map(genreOf);
    expect(new Set(genres)).toEqual(new Set(['0', '1', '2']));
  });

  it('is the same all week for the same listener, another for another one, and new with the next week without what came before', () => {
    const state = listenerOfThree(world);
    const at = (atMs: number, more = {}) => make('weekly', input(state, { atMs, ...more })).lists[0];
    const monday = isoWeekAround(NOW_MS).fromMs;
    const first = at(monday);
    expect(idsOf(at(monday + 7 * DAY_MS - 1))).toEqual(idsOf(first));
    expect(idsOf(at(monday, { listenerKey: 'another' }))).not.toEqual(idsOf(first));
    const next = at(monday + 7 * DAY_MS, { lastDiscovery: first });
    expect(idsOf(next).filter((id) => idsOf(first).includes(id))).toEqual([]);
    expect(next.tracks).toHaveLength(30);
  });

  it('repeats what was in the one before only where too little else is left', () => {
    const state = emptyState();
    for (let a = 0; a < 12; a++) {
      // Of five artists two tracks each are left to discover.
      for (let k = 0; k < (a < 5 ? 8 : 10); k++)
        foldEvent(state, event('play', NOW_MS - DAY_MS), number(`t:4.${a}.${k}`), -1);
    }
    const [first] = make('weekly', input(state)).lists;
    expect(first.tracks).toHaveLength(10);
    const [second] = make('weekly', input(state, { lastDiscovery: first })).lists;
    expect(second.tracks).toHaveLength(8);
    const half = { ...first, tracks: first.tracks.slice(0, 3) };
    const [third] = make('weekly', input(state, { lastDiscovery: half })).lists;
    expect(third.tracks).toHaveLength(8);
    expect(idsOf(third).filter((id) => idsOf(half).includes(id))).toHaveLength(1);
  });

  it('leaves out what was only begun or skipped, and who is hidden', () => {
    const state = listenerOfThree(world);
    const [before] = make('weekly', input(state)).lists;
    const [begun, skipped, hidden] = before.tracks.map(({ track }) => track);
    foldEvent(state, event('play', NOW_MS, 4000), begun, -1);
    foldEvent(state, event('skip', NOW_MS), skipped, -1);
    foldEvent(state, event('hide', NOW_MS), artistOf(catalog, hidden), -1);
    const [after] = make('weekly', input(state)).lists;
    const tracks = after.tracks.map(({ track }) => track);
    expect(tracks).not.toContain(begun);
    expect(tracks).not.toContain(skipped);
    expect(tracks.map((track) => artistOf(catalog, track))).not.toContain(artistOf(catalog, hidden));
  });

  it('is made from picks at sign-up alone', () => {
    const picks = ['a:6.0', 'a:6.3'].map(number);
    const [list] = make('weekly', input(emptyState(), { picks })).lists;
    expect(new Set(idsOf(list).map(genreOf))).toEqual(new Set(['6']));
    // Two of each of its twelve artists are near; nothing that is far fills the rest.
    expect(list.tracks).toHaveLength(24);
    expect(make('weekly', input(emptyState())).lists).toEqual([]);
  });
});

describe('The release radar', () => {
  /** Artist a of genre 5 has put out track 0 a days ago, 1 track 20 days before that; genre 6 will put out tomorrow. */
  const fresh = playlistsWorld((item) => {
    const parsed = /^t:(\d+)\.(\d+)\.([01])$/.exec(item.id);
    if (parsed === null || !['5', '6'].includes(parsed[1])) return item;
    const age = parsed[1] === '6' ? -1 : Number(parsed[2]) * 8 + 20 * Number(parsed[3]);
    return { ...item, releasedAt: new Date(NOW_MS - age * DAY_MS).toISOString() };
  });
  let atMs = NOW_MS - DAY_MS;
  const follow = (state: ListenerState, type: 'follow' | 'unfollow', id: string) =>
    foldEvent(state, event(type, atMs++), fresh.number(id), -1);

  it('has what followed, liked and much played artists released in 60 days, newest first, and nothing of tomorrow', () => {
    const state = emptyState();
    follow(state, 'follow', 'a:5.2');
    follow(state, 'follow', 'a:6.0');
    foldEvent(state, event('like', NOW_MS), fresh.number('t:5.1.7'), -1);
    playGenre(fresh, state, 5, { artists: 1, tracks: 8, times: 1 });
    const { lists } = make('radar', fresh.input(state));
    const ids = lists[0].tracks.map(({ track }) => fresh.names.items.name(track));
    expect(lists[0].slot).toBe(RELEASE_RADAR);
    expect(ids).toEqual(['t:5.0.0', 't:5.1.0', 't:5.2.0', 't:5.0.1', 't:5.1.1', 't:5.2.1']);
    const by = Object.fromEntries(lists[0].tracks.map(({ track, reason }) => [fresh.names.items.name(track), reason]));
    expect(by).toMatchObject({ 't:5.0.0': 'new-by-played', 't:5.1.0': 'new-by-liked', 't:5.2.0': 'new-by-followed' });
    // Two tracks that were played are known; the others are not.
    expect(lists[0].tracks.filter(({ familiar }) => familiar)).toHaveLength(2);
  });

  it('changes at once with a follow, and stands otherwise until Friday', () => {
    const state = emptyState();
    follow(state, 'follow', 'a:5.2');
    const made = make('radar', fresh.input(state));
    expect(new Date(made.untilMs).getUTCDay()).toBe(5);
    playGenre(fresh, state, 5, { artists: 1, tracks: 8, times: 1 });
    expect(stands('radar', made, NOW_MS, followsHash(state))).toBe(true);
    expect(stands('radar', made, made.untilMs, followsHash(state))).toBe(false);
    follow(state, 'follow', 'a:5.3');
    expect(stands('radar', made, NOW_MS, followsHash(state))).toBe(false);
    follow(state, 'unfollow', 'a:5.3');
    expect(stands('radar', made, NOW_MS, followsHash(state))).toBe(true);
    // Other lists do not ask who is followed.
    expect(stands('daily', made, NOW_MS, followsHash(state) + 1)).toBe(true);
  });

  it('caps an artist, and is none where nothing has come out', () => {
    const many = playlistsWorld((item) =>
      item.id.startsWith('t:3.3.') ? { ...item, releasedAt: new Date(NOW_MS - DAY_MS).toISOString() } : item,
    );
    const state = emptyState();
    expect(make('radar', many.input(state)).lists).toEqual([]);
    foldEvent(state, event('follow', NOW_MS), many.number('a:3.3'), -1);
    expect(make('radar', many.input(state)).lists[0].tracks).toHaveLength(4);
    expect(make('radar', many.input(state, { atMs: NOW_MS + 61 * DAY_MS })).lists).toEqual([]);
  });

  it('takes the day of the album where a track tells none', () => {
    const byAlbum = playlistsWorld((item) => {
      if (item.id === 'b:2.2') return { ...item, releasedAt: new Date(NOW_MS - 2 * DAY_MS).toISOString() };
      if (!item.id.startsWith('t:2.2.')) return item;
      const { releasedAt: _, ...rest } = item;
      return rest;
    });
    const state = emptyState();
    foldEvent(state, event('follow', NOW_MS), byAlbum.number('a:2.2'), -1);
    expect(make('radar', byAlbum.input(state)).lists[0].tracks).toHaveLength(4);
  });
});

describe('rights', () => {
  const limited = playlistsWorld((item) => {
    const parsed = /^t:0\.\d+\.(\d)$/.exec(item.id);
    switch (parsed?.[1]) {
      case '0':
        return { ...item, explicit: true };
      case '1':
        return { ...item, tiers: ['premium'] };
      case '2':
        return { ...item, markets: ['DE'] };
      case '3':
        return { ...item, availableUntil: new Date(NOW_MS - DAY_MS).toISOString() };
      case '6':
        return { ...item, availableUntil: new Date(NOW_MS + DAY_MS).toISOString() };
      case '5':
        return { ...item, attributes: { kids: false } };
      default:
        return item;
    }
  });
  const state = listenerOfThree(limited);
  const kinds = (list: GeneratedList | undefined) =>
    new Set(list?.tracks.map(({ track }) => limited.names.items.name(track).split('.')[2]));

  it('hold when a playlist is made', () => {
    for (const group of ['daily', 'weekly'] as const) {
      const made = (more: object) =>
        kinds({
          slot: 0,
          familiarShare: 0,
          tracks: make(group, limited.input(state, more)).lists.flatMap(({ tracks }) =>
            tracks.filter(({ track }) => limited.names.items.name(track).startsWith('t:0.')),
          ),
        });
      const strict = made({ explicitAllowed: false, market: 'SE', tier: 'free' });
      for (const kind of ['0', '1', '2', '3']) expect(strict).not.toContain(kind);
      const free = made({ explicitAllowed: true, market: 'DE', tier: 'premium' });
      expect(free).not.toContain('3');
      if (group === 'daily') for (const kind of ['0', '1', '2']) expect(free).toContain(kind);
    }
  });

  it('hold again whenever it is read, and the rest keeps its order', () => {
    const generous = limited.input(state, { market: 'DE', tier: 'premium' });
    const [mix] = make('daily', generous).lists;
    const read = (more: object) => readList(mix, limited.input(state, more).rights);
    const all = read({ market: 'DE', tier: 'premium' });
    expect(all.tracks).toEqual(mix.tracks);
    const strict = read({ explicitAllowed: false, atMs: NOW_MS + 2 * DAY_MS });
    for (const kind of ['0', '1', '2', '6']) expect(kinds(strict)).not.toContain(kind);
    expect(strict.tracks).toEqual(mix.tracks.filter((track) => strict.tracks.includes(track)));
    expect(strict.tracks.length).toBeGreaterThan(0);

    const ofKid = read({ market: 'DE', tier: 'premium', isKid: true, explicitAllowed: false });
    for (const kind of ['0', '5']) expect(kinds(ofKid)).not.toContain(kind);
    expect(kinds(all)).toContain('5');

    const hidden = listenerOfThree(limited);
    const [artist, album] = ['a:0.0', 'b:0.1'].map(limited.number);
    foldEvent(hidden, event('hide', NOW_MS), artist, -1);
    foldEvent(hidden, event('hide', NOW_MS), album, -1);
    const left = readList(mix, limited.input(hidden, { market: 'DE', tier: 'premium' }).rights);
    const lost = mix.tracks.filter((track) => !left.tracks.includes(track));
    expect(lost.map(({ track }) => limited.names.items.name(track)).every((id) => /^t:0\.[01]\./.test(id))).toBe(true);
    expect(lost.length).toBeGreaterThan(0);
  });
});

describe('words', () => {
  const state = listenerOfThree(world);
  const { rights } = input(state);
  const lists = [...make('daily', input(state)).lists, ...make('weekly', input(state)).lists];
  const named = (list: GeneratedList) => namedArtists(readList(list, rights), rights, artists);

  it('name a mix by the artists in it, in every language', () => {
    const [first] = lists;
    const { names: most, more } = named(first);
    expect([most.length, more]).toEqual([4, true]);
    expect(textOf(titleOf(0, named(first)), 'en')).toBe(`Daily Mix 1: ${most[0]}, ${most[1]} and more`);
    expect(textOf(titleOf(0, named(first)), 'de')).toBe(`Tagesmix 1: ${most[0]}, ${most[1]} und mehr`);
    expect(textOf(titleOf(2, { names: ['A', 'B'], more: false }), 'sv')).toBe('Dagens mix 3: A och B');
    expect(textOf(titleOf(2, { names: ['A'], more: false }), 'es')).toBe('Mix diario 3: A');
    expect(textOf(titleOf(5, { names: [], more: false }), 'en')).toBe('Daily Mix 6');
    expect(subtitleOf({ names: ['A', 'B'], more: true }, 'en')).toBe('Playlist · A, B and more');
    expect(subtitleOf({ names: ['A', 'B'], more: false }, 'de')).toBe('Playlist · A, B');
    expect(textOf(titleOf(WEEKLY_DISCOVERY, named(lists[3])), 'en')).toBe('Weekly Discovery');
  });

  it('give every track its reason, and name nobody who was hidden since', () => {
    for (const list of lists) {
      for (const track of list.tracks) {
        const text = textOf(trackReason(track, rights, artists), 'en');
        const artist = artists.artist(track.track);
        switch (track.reason) {
          case 'played-a-lot':
            expect(text).toBe(`You play ${artist} a lot`);
            break;
          case 'close-to':
            expect(text).toBe(`Close to ${artists.artist(track.about)}`);
            break;
          default:
            expect(text).toMatch(/^You (like|have played) this$/);
        }
      }
    }
    const close = lists.flatMap(({ tracks }) => tracks).find(({ reason }) => reason === 'close-to');
    if (close === undefined) expect.fail('no track is close to anything');
    const hidden = listenerOfThree(world);
    foldEvent(hidden, event('hide', NOW_MS), artistOf(catalog, close.about), -1);
    expect(textOf(trackReason(close, input(hidden).rights, artists), 'en')).toBe('Close to your taste');
  });

  it('are of a card only while enough of it stands', () => {
    const [mix] = lists;
    const read = readList(mix, rights);
    expect(hasSomething(read, 8)).toBe(true);
    expect(hasSomething({ ...read, tracks: read.tracks.slice(0, 7) }, 8)).toBe(false);
    expect(hasSomething({ ...read, slot: RELEASE_RADAR, tracks: read.tracks.slice(0, 1) }, 8)).toBe(true);
  });
});

describe('periods', () => {
  it('of a day turn in the middle of the hours in which a listener plays least', () => {
    const hours = new Float64Array(24);
    expect(turnHourOf(hours)).toBe(4);
    for (let h = 6; h < 24; h++) hours[h] = 1;
    expect(turnHourOf(hours)).toBe(3);
    // Somebody who listens at night.
    hours.fill(0);
    for (let h = 20; h < 34; h++) hours[h % 24] = 2;
    expect(turnHourOf(hours)).toBe(13);
    expect(dayAround(Date.UTC(2026, 5, 2, 12), 13)).toEqual({
      fromMs: Date.UTC(2026, 5, 1, 13),
      untilMs: Date.UTC(2026, 5, 2, 13),
    });
  });

  it('of weeks begin on Monday and on Friday, whatever the time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (atMs) => {
        for (const [week, weekday] of [
          [isoWeekAround(atMs), 1],
          [releaseWeekAround(atMs), 5],
        ] as const) {
          expect(week.fromMs <= atMs && atMs < week.untilMs).toBe(true);
          expect(week.untilMs - week.fromMs).toBe(7 * DAY_MS);
          expect([new Date(week.fromMs).getUTCDay(), Math.abs(week.fromMs % DAY_MS)]).toEqual([weekday, 0]);
        }
      }),
      { seed: 5 },
    );
  });

  it('of ISO weeks have the name of the year of their Thursday', () => {
    const name = (text: string) => isoWeekName(Date.parse(text));
    expect(name('2026-01-01T00:00Z')).toBe('2026-W01');
    expect(name('2025-12-29T00:00Z')).toBe('2026-W01');
    expect(name('2027-01-03T23:00Z')).toBe('2026-W53');
    expect(name('2026-11-18T15:00Z')).toBe('2026-W47');
  });
});

describe('the stored form', () => {
  it('gives back what was stored, in some kilobytes', () => {
    const state = listenerOfThree(world);
    const made = { daily: make('daily', input(state)), weekly: make('weekly', input(state)) };
    const out = new ByteWriter();
    encodePlaylists(made, out);
    expect(out.length).toBeLessThan(3000);
    expect(decodePlaylists(out.finish())).toEqual(made);
    encodePlaylists({}, out);
  });

  it('gives back anything that it may hold, and refuses what it cannot read', () => {
    const track = fc.record({
      track: fc.nat(2 ** 31),
      reason: fc.constantFrom(...TRACK_REASONS),
      about: fc.oneof(fc.nat(2 ** 31), fc.constant(0xffffffff)),
      familiar: fc.boolean(),
    });
    const list = fc.record({
      slot: fc.nat(GENERATED_SLOTS.length - 1),
      familiarShare: fc.constantFrom(0.6, Number.NaN),
      tracks: fc.array(track, { maxLength: 100 }),
    });
    const group: fc.Arbitrary<GroupOfLists> = fc.record({
      fromMs: fc.nat(),
      untilMs: fc.nat(),
      madeAtMs: fc.nat(),
      follows: fc.nat(2 ** 32 - 1),
      lists: fc.array(list, { maxLength: 6 }),
    });
    fc.assert(
      fc.property(
        fc.record({ daily: group, weekly: group, radar: group }, { requiredKeys: [] }),
        fc.nat(),
        (made, cut) => {
          const out = new ByteWriter();
          encodePlaylists(made, out);
          const bytes = out.finish();
          expect(decodePlaylists(bytes)).toEqual(made);
          expect(() => decodePlaylists(bytes.subarray(0, cut % bytes.length))).toThrow(
            expect.objectContaining({ code: 'STATE_CORRUPT' }),
          );
        },
      ),
      { seed: 3 },
    );
    expect(() => decodePlaylists(Uint8Array.of(9))).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
  });
});

describe('covers', () => {
  it('are pictures of every slot and hue, and of nothing else', () => {
    const pictures = new Set<string>();
    for (const slot of GENERATED_SLOTS) {
      for (const hue of [0, 7, 212, 359]) {
        const svg = generatedCover(`generated:${slot}.${hue}`) ?? '';
        expect(svg).toMatch(/^<svg .*<\/svg>$/);
        expect(svg.length).toBeLessThan(4000);
        pictures.add(svg);
      }
    }
    expect(pictures.size).toBe(4 * GENERATED_SLOTS.length);
    for (const name of [
      '',
      'generated:daily-mix-1',
      'generated:daily-mix-1.360',
      'generated:mine.3',
      'x.3',
      'generated:daily-mix-1.007',
    ])
      expect(generatedCover(name)).toBeUndefined();
    for (let genre = 0; genre < 2000; genre++) {
      const hue = hueOfGenre(genre);
      expect(Number.isInteger(hue) && hue >= 0 && hue < 360).toBe(true);
    }
  });
});

it('settings are checked', () => {
  expect(resolvePlaylistSettings()).toEqual(DEFAULT_PLAYLIST_SETTINGS);
  for (const bad of [{ familiarShare: 1.1 }, { mixTracks: 0 }, { radarDays: 0 }, { leastTracks: 101 }])
    expect(() => resolvePlaylistSettings(bad)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});
