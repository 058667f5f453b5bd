/**
 * The catalogue of the demo world. Kept in columns, so that a history of half a million plays is drawn from it within
 * seconds; `items` turns it into what the API takes. Index spaces: artists, albums, tracks, playlists, shows, episodes,
 * each from 0; the global index puts them one after the other in that order.
 */
import { createRng, DAY_MS, HOUR_MS, MINUTE_MS, type Rng } from '../base/index.ts';
import type { Item } from '../domain/index.ts';
import { classicalWork, createNamer, episodeTitle, person, pick, pickWeighted, songTitle } from './names.ts';
import { CHILDRENS_STORIES, GENRE_COUNT, GENRES, LANGUAGES, MARKETS, TOPIC_COUNT, TOPICS } from './taxonomy.ts';

/** Length of the style vectors that set artists of one genre apart. */
export const STYLE_WIDTH = 6;
/** Market limit of an item: 255 is "everywhere". */
export const EVERYWHERE = 255;

export type WorldKind = 'artist' | 'album' | 'track' | 'playlist' | 'show' | 'episode';
const KINDS: readonly WorldKind[] = ['artist', 'album', 'track', 'playlist', 'show', 'episode'];

export interface WorldCatalogue {
  readonly endMs: number;
  /** First global index of each kind, in the order of KINDS, and the total at the end. */
  readonly starts: readonly number[];
  readonly artists: {
    readonly count: number;
    readonly name: readonly string[];
    readonly genre: Uint8Array;
    readonly secondGenre: Uint8Array;
    /** Share of the first genre, 0.5 to 1. */
    readonly genreShare: Float32Array;
    readonly language: Uint8Array;
    /** Index into MARKETS. */
    readonly market: Uint8Array;
    /** Log-normal, about 1 in the middle. */
    readonly popularity: Float32Array;
    readonly style: Float32Array;
    readonly albumStart: Uint32Array;
    /** Tracks of artist a: trackStart[a] .. trackStart[a + 1], all its albums one after the other. */
    readonly trackStart: Uint32Array;
  };
  readonly albums: {
    readonly count: number;
    readonly title: readonly string[];
    readonly artist: Uint32Array;
    readonly releasedMs: Float64Array;
    readonly trackStart: Uint32Array;
    /** Only listeners on premium may play it. */
    readonly premiumOnly: Uint8Array;
    /** Index into MARKETS of the only market (with its neighbours in `limitedMarkets`), or EVERYWHERE. */
    readonly limit: Uint8Array;
  };
  readonly tracks: {
    readonly count: number;
    readonly title: readonly string[];
    readonly album: Uint32Array;
    readonly artist: Uint32Array;
    readonly durationMs: Uint32Array;
    readonly explicit: Uint8Array;
    /** Running sum of popularity within the artist; the last of each artist is 1. */
    readonly cumulative: Float32Array;
  };
  readonly playlists: {
    readonly count: number;
    readonly title: readonly string[];
    readonly genre: Uint8Array;
    readonly language: Uint8Array;
    readonly popularity: Float32Array;
    readonly trackStart: Uint32Array;
    readonly trackIds: Uint32Array;
  };
  readonly shows: {
    readonly count: number;
    readonly title: readonly string[];
    readonly host: readonly string[];
    /** Topic number, GENRE_COUNT and above. */
    readonly topic: Uint8Array;
    readonly language: Uint8Array;
    readonly popularity: Float32Array;
    readonly explicit: Uint8Array;
    readonly episodeStart: Uint32Array;
  };
  readonly episodes: {
    readonly count: number;
    readonly title: readonly string[];
    readonly show: Uint32Array;
    readonly releasedMs: Float64Array;
    readonly durationMs: Uint32Array;
  };
  /** Artists, playlists by genre and shows by topic: members of topic t are `list[start[t] .. start[t + 1])`. */
  readonly artistsByGenre: Grouped;
  readonly playlistsByGenre: Grouped;
  readonly showsByTopic: Grouped;
}

/** Members by group with the running sum of their popularity within the group (last is 1). */
export interface Grouped {
  readonly start: Uint32Array;
  readonly members: Uint32Array;
  readonly cumulative: Float32Array;
}

/** Markets that a limited item is also licensed for. */
const LICENSED_WITH: readonly (readonly number[])[] = [[0, 1], [1], [2, 4], [3, 2], [4, 2], [5, 3]];

export function limitedMarkets(limit: number): readonly number[] {
  return LICENSED_WITH[limit];
}

export function createCatalogue(seed: number, itemCount: number, endMs: number): WorldCatalogue {
  const rng = createRng(seed * 1024 + 1);
  const namer = createNamer();
  const counts = {
    artists: Math.max(GENRE_COUNT, Math.round(itemCount * 0.032)),
    albums: Math.round(itemCount * 0.096),
    playlists: Math.max(10, Math.round(itemCount * 0.016)),
    shows: Math.max(TOPICS.length, Math.round(itemCount * 0.024)),
  };
  const artists = createArtists(rng.fork(1), counts.artists, namer);
  const { albums, albumStart } = createAlbums(rng.fork(2), artists, Math.max(counts.albums, counts.artists), endMs);
  const { tracks, trackStart, artistTrackStart } = createTracks(rng.fork(3), artists, albums, albumStart);
  const artistsByGenre = group(artists.genre, artists.popularity, GENRE_COUNT);
  const playlists = createPlaylists(
    rng.fork(4),
    counts.playlists,
    artists,
    artistsByGenre,
    artistTrackStart,
    tracks,
    namer,
  );
  const { shows, episodes } = createShows(rng.fork(5), counts.shows, endMs, namer);

  const sizes = [artists.count, albums.count, tracks.count, playlists.count, shows.count, episodes.count];
  const starts = [0];
  for (const size of sizes) starts.push(starts[starts.length - 1] + size);
  return {
    endMs,
    starts,
    artists: { ...artists, albumStart, trackStart: artistTrackStart },
    albums: { ...albums, trackStart },
    tracks,
    playlists,
    shows,
    episodes,
    artistsByGenre,
    playlistsByGenre: group(playlists.genre, playlists.popularity, GENRE_COUNT),
    showsByTopic: group(shows.topic, shows.popularity, TOPIC_COUNT),
  };
}

function createArtists(rng: Rng, count: number, namer: ReturnType<typeof createNamer>) {
  const name: string[] = [];
  const genre = new Uint8Array(count);
  const secondGenre = new Uint8Array(count);
  const genreShare = new Float32Array(count);
  const language = new Uint8Array(count);
  const market = new Uint8Array(count);
  const popularity = new Float32Array(count);
  const style = new Float32Array(count * STYLE_WIDTH);
  const weights = GENRES.map((g) => g.weight);
  for (let a = 0; a < count; a++) {
    const own = a < GENRE_COUNT ? a : pickWeighted(rng, weights);
    const shares = MARKETS.map((m) => m.share * (GENRES[own].home === m.code ? 6 : 1));
    market[a] = pickWeighted(rng, shares);
    const home = MARKETS[market[a]];
    const local = rng.uniform() < home.ownLanguageShare ? home.language : 'en';
    language[a] = LANGUAGES.indexOf(local);
    genre[a] = own;
    const near = GENRES[own].near;
    secondGenre[a] = near.length > 0 ? pick(rng, near) : own;
    genreShare[a] = 0.6 + 0.4 * rng.uniform();
    popularity[a] = Math.exp(1.1 * rng.normal());
    for (let i = 0; i < STYLE_WIDTH; i++) style[a * STYLE_WIDTH + i] = rng.normal();
    name.push(namer.artist(rng, own, local));
  }
  return { count, name, genre, secondGenre, genreShare, language, market, popularity, style };
}

type Artists = ReturnType<typeof createArtists>;

function createAlbums(rng: Rng, artists: Artists, count: number, endMs: number) {
  const perArtist = new Uint32Array(artists.count).fill(1);
  const weights = Float32Array.from(artists.popularity, (p) => Math.sqrt(p));
  const cumulative = runningShare(weights, 0, weights.length, new Float32Array(weights.length));
  for (let left = count - artists.count; left > 0; left--) {
    const a = searchShare(cumulative, 0, artists.count, rng.uniform());
    perArtist[perArtist[a] < 12 ? a : rng.below(artists.count)]++;
  }
  const albumStart = new Uint32Array(artists.count + 1);
  for (let a = 0; a < artists.count; a++) albumStart[a + 1] = albumStart[a] + perArtist[a];
  const title: string[] = [];
  const artist = new Uint32Array(count);
  const releasedMs = new Float64Array(count);
  const premiumOnly = new Uint8Array(count);
  const limit = new Uint8Array(count).fill(EVERYWHERE);
  const today = Math.floor(endMs / DAY_MS) * DAY_MS;
  for (let a = 0; a < artists.count; a++) {
    const ages: number[] = [];
    // Mostly of the last decade, a tail of 50 years; a few of the last weeks.
    for (let n = perArtist[a]; n > 0; n--) {
      ages.push(
        rng.uniform() < 0.08
          ? 60 * rng.uniform()
          : 60 + Math.min(18_000, 1400 * rng.exponential() + 800 * rng.exponential() * rng.exponential()),
      );
    }
    ages.sort((x, y) => y - x);
    for (let n = 0; n < perArtist[a]; n++) {
      const album = albumStart[a] + n;
      artist[album] = a;
      releasedMs[album] = today - Math.round(ages[n]) * DAY_MS;
      if (rng.uniform() < 0.03) premiumOnly[album] = 1;
      if (rng.uniform() < 0.06) limit[album] = artists.market[a];
      const name = rng.uniform() < 0.08 ? artists.name[a] : songTitle(rng, LANGUAGES[artists.language[a]]);
      title.push(name);
    }
  }
  return { albums: { count, title, artist, releasedMs, premiumOnly, limit }, albumStart };
}

type Albums = ReturnType<typeof createAlbums>['albums'];

function createTracks(rng: Rng, artists: Artists, albums: Albums, albumStart: Uint32Array) {
  const trackStart = new Uint32Array(albums.count + 1);
  for (let album = 0; album < albums.count; album++) {
    const u = rng.uniform();
    const size = u < 0.28 ? 1 + rng.below(2) : u < 0.45 ? 4 + rng.below(3) : 8 + rng.below(6);
    trackStart[album + 1] = trackStart[album] + size;
  }
  const count = trackStart[albums.count];
  const title: string[] = [];
  const album = new Uint32Array(count);
  const artist = new Uint32Array(count);
  const durationMs = new Uint32Array(count);
  const explicit = new Uint8Array(count);
  const popularity = new Float32Array(count);
  for (let of = 0; of < albums.count; of++) {
    const by = albums.artist[of];
    const genre = GENRES[artists.genre[by]];
    const language = LANGUAGES[artists.language[by]];
    const size = trackStart[of + 1] - trackStart[of];
    const work = genre.name === 'classical' ? classicalWork(rng) : null;
    const titleTrack = rng.below(size);
    const used = new Set<string>();
    for (let n = 0; n < size; n++) {
      const track = trackStart[of] + n;
      album[track] = of;
      artist[track] = by;
      let name =
        work !== null ? work.movement(n) : n === titleTrack || size <= 2 ? albums.title[of] : songTitle(rng, language);
      for (let tries = 0; used.has(name) && tries < 8; tries++) name = songTitle(rng, language);
      used.add(name);
      title.push(name);
      durationMs[track] = 1000 * Math.round(Math.max(62, genre.meanSeconds * (1 + 0.2 * rng.normal())));
      explicit[track] = rng.uniform() < genre.explicitShare ? 1 : 0;
      popularity[track] = (n === titleTrack ? 3 : 1) * Math.exp(0.9 * rng.normal()) * (size <= 2 ? 2 : 1);
    }
  }
  const artistTrackStart = new Uint32Array(artists.count + 1);
  const cumulative = new Float32Array(count);
  for (let a = 0; a < artists.count; a++) {
    artistTrackStart[a + 1] = trackStart[albumStart[a + 1]];
    runningShare(popularity, artistTrackStart[a], artistTrackStart[a + 1], cumulative);
  }
  return { tracks: { count, title, album, artist, durationMs, explicit, cumulative }, trackStart, artistTrackStart };
}

function createPlaylists(
  rng: Rng,
  count: number,
  artists: Artists,
  byGenre: Grouped,
  artistTrackStart: Uint32Array,
  tracks: { cumulative: Float32Array },
  namer: ReturnType<typeof createNamer>,
) {
  const title: string[] = [];
  const genre = new Uint8Array(count);
  const language = new Uint8Array(count);
  const popularity = new Float32Array(count);
  const trackStart = new Uint32Array(count + 1);
  const ids: number[] = [];
  const weights = GENRES.map((g) => g.weight);
  for (let p = 0; p < count; p++) {
    genre[p] = p < 2 * GENRE_COUNT ? p % GENRE_COUNT : pickWeighted(rng, weights);
    language[p] = rng.uniform() < 0.6 ? 0 : rng.below(LANGUAGES.length);
    popularity[p] = Math.exp(1.2 * rng.normal());
    title.push(namer.playlist(rng, genre[p], LANGUAGES[language[p]]));
    const chosen = new Set<number>();
    const wanted = 30 + rng.below(30);
    for (let tries = 0; tries < 6 * wanted && chosen.size < wanted; tries++) {
      const near = GENRES[genre[p]].near;
      const from = rng.uniform() < 0.85 || near.length === 0 ? genre[p] : pick(rng, near);
      const a = drawMember(byGenre, from, rng);
      if (a < 0) continue;
      // Playlists of a language prefer its artists.
      if (artists.language[a] !== language[p] && rng.uniform() < 0.5) continue;
      chosen.add(searchShare(tracks.cumulative, artistTrackStart[a], artistTrackStart[a + 1], rng.uniform()));
    }
    for (const track of chosen) ids.push(track);
    trackStart[p + 1] = ids.length;
  }
  return { count, title, genre, language, popularity, trackStart, trackIds: Uint32Array.from(ids) };
}

const EPISODES_PER_SHOW = 8;

function createShows(rng: Rng, count: number, endMs: number, namer: ReturnType<typeof createNamer>) {
  const title: string[] = [];
  const host: string[] = [];
  const topic = new Uint8Array(count);
  const language = new Uint8Array(count);
  const popularity = new Float32Array(count);
  const explicit = new Uint8Array(count);
  const episodeStart = new Uint32Array(count + 1);
  const weights = TOPICS.map((t) => t.weight);
  const episodeTitles: string[] = [];
  const show: number[] = [];
  const releasedMs: number[] = [];
  const durationMs: number[] = [];
  const marketShares = MARKETS.map((m) => m.share);
  for (let s = 0; s < count; s++) {
    const index = s < TOPICS.length ? s : pickWeighted(rng, weights);
    const about = TOPICS[index];
    topic[s] = GENRE_COUNT + index;
    const home = MARKETS[pickWeighted(rng, marketShares)];
    const spoken = rng.uniform() < 0.85 ? home.language : 'en';
    language[s] = LANGUAGES.indexOf(spoken);
    popularity[s] = Math.exp(1.1 * rng.normal());
    explicit[s] = topic[s] !== CHILDRENS_STORIES && rng.uniform() < 0.12 ? 1 : 0;
    title.push(namer.show(rng, index, spoken));
    host.push(rng.uniform() < 0.7 ? person(rng, spoken) : `${person(rng, spoken)} & ${person(rng, spoken)}`);
    const cadence = pick(rng, about.cadencesDays);
    const episodes = EPISODES_PER_SHOW - 2 + rng.below(5);
    const number = 1 + rng.below(180);
    const hour = 4 + rng.below(3);
    const newestMs = Math.floor((endMs - cadence * DAY_MS * rng.uniform()) / DAY_MS) * DAY_MS + hour * HOUR_MS;
    const latestMs = newestMs > endMs ? newestMs - DAY_MS : newestMs;
    for (let n = 0; n < episodes; n++) {
      show.push(s);
      episodeTitles.push(episodeTitle(rng, spoken, number + n));
      releasedMs.push(latestMs - (episodes - 1 - n) * cadence * DAY_MS);
      durationMs.push(
        Math.round(about.meanMinutes * Math.max(0.4, 1 + 0.22 * rng.normal())) * MINUTE_MS + 1000 * rng.below(60),
      );
    }
    episodeStart[s + 1] = show.length;
  }
  return {
    shows: { count, title, host, topic, language, popularity, explicit, episodeStart },
    episodes: {
      count: show.length,
      title: episodeTitles,
      show: Uint32Array.from(show),
      releasedMs: Float64Array.from(releasedMs),
      durationMs: Uint32Array.from(durationMs),
    },
  };
}

/** Running sum of `weights[from..to)`, divided by its total, into `out` at the same places. */
function runningShare(weights: Float32Array, from: number, to: number, out: Float32Array): Float32Array {
  let total = 0;
  for (let i = from; i < to; i++) total += weights[i];
  let sum = 0;
  for (let i = from; i < to; i++) {
    sum += weights[i];
    out[i] = i === to - 1 ? 1 : sum / total;
  }
  return out;
}

/** First place in `cumulative[from..to)` that is above `share`; binary search. */
export function searchShare(cumulative: Float32Array, from: number, to: number, share: number): number {
  let low = from;
  let high = to - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle] > share) high = middle;
    else low = middle + 1;
  }
  return low;
}

function group(groupOf: Uint8Array, popularity: Float32Array, groups: number): Grouped {
  const start = new Uint32Array(groups + 1);
  for (const g of groupOf) start[g + 1]++;
  for (let g = 0; g < groups; g++) start[g + 1] += start[g];
  const next = start.slice(0, groups);
  const members = new Uint32Array(groupOf.length);
  for (let i = 0; i < groupOf.length; i++) members[next[groupOf[i]]++] = i;
  const weights = Float32Array.from(members, (member) => popularity[member]);
  const cumulative = new Float32Array(groupOf.length);
  for (let g = 0; g < groups; g++)
    if (start[g] < start[g + 1]) runningShare(weights, start[g], start[g + 1], cumulative);
  return { start, members, cumulative };
}

/** A member drawn by popularity, or -1 for an empty group. */
export function drawMember(grouped: Grouped, g: number, rng: Rng): number {
  const from = grouped.start[g];
  const to = grouped.start[g + 1];
  return from === to ? -1 : grouped.members[searchShare(grouped.cumulative, from, to, rng.uniform())];
}

const ID_WIDTHS = [4, 5, 5, 4, 4, 5];

/** `track-00017`: readable, and safe in a path. */
export function itemId(catalogue: WorldCatalogue, globalIndex: number): string {
  const kind = kindIndex(catalogue, globalIndex);
  const local = globalIndex - catalogue.starts[kind] + 1;
  return `${KINDS[kind]}-${String(local).padStart(ID_WIDTHS[kind], '0')}`;
}

function kindIndex(catalogue: WorldCatalogue, globalIndex: number): number {
  let kind = 0;
  while (globalIndex >= catalogue.starts[kind + 1]) kind++;
  return kind;
}

/** Kind and place within the kind of an id of this world, or null. */
export function parseItemId(catalogue: WorldCatalogue, id: string): { kind: WorldKind; index: number } | null {
  const match = /^(artist|album|track|playlist|show|episode)-(\d{4,7})$/.exec(id);
  if (match === null) return null;
  const kind = match[1] as WorldKind;
  const k = KINDS.indexOf(kind);
  const index = Number(match[2]) - 1;
  return index >= 0 && index < catalogue.starts[k + 1] - catalogue.starts[k] ? { kind, index } : null;
}

/** Everything as the API takes it: artists first, parents before their children. */
export function* catalogueItems(catalogue: WorldCatalogue): Generator<Item> {
  const { artists, albums, tracks, playlists, shows, episodes, starts } = catalogue;
  const id = (kind: number, index: number): string => itemId(catalogue, starts[kind] + index);
  const image = (kind: number, index: number): string => `/covers/${id(kind, index)}.svg`;
  const genresOf = (a: number): string[] =>
    artists.secondGenre[a] === artists.genre[a]
      ? [GENRES[artists.genre[a]].name]
      : [GENRES[artists.genre[a]].name, GENRES[artists.secondGenre[a]].name];
  const rights = (album: number): Pick<Item, 'markets' | 'tiers'> => ({
    ...(albums.limit[album] === EVERYWHERE
      ? {}
      : { markets: limitedMarkets(albums.limit[album]).map((m) => MARKETS[m].code) }),
    ...(albums.premiumOnly[album] === 1 ? { tiers: ['premium'] } : {}),
  });
  for (let a = 0; a < artists.count; a++) {
    yield {
      id: id(0, a),
      kind: 'artist',
      title: artists.name[a],
      genres: genresOf(a),
      image: image(0, a),
      attributes: { language: LANGUAGES[artists.language[a]] },
    };
  }
  for (let b = 0; b < albums.count; b++) {
    const a = albums.artist[b];
    let durationMs = 0;
    let explicit = false;
    for (let t = albums.trackStart[b]; t < albums.trackStart[b + 1]; t++) {
      durationMs += tracks.durationMs[t];
      explicit ||= tracks.explicit[t] === 1;
    }
    yield {
      id: id(1, b),
      kind: 'album',
      title: albums.title[b],
      creators: [{ id: id(0, a), name: artists.name[a] }],
      parentId: id(0, a),
      genres: genresOf(a),
      releasedAt: new Date(albums.releasedMs[b]).toISOString(),
      durationMs,
      explicit,
      ...rights(b),
      image: image(1, b),
      attributes: { tracks: albums.trackStart[b + 1] - albums.trackStart[b] },
    };
  }
  for (let t = 0; t < tracks.count; t++) {
    const a = tracks.artist[t];
    const b = tracks.album[t];
    yield {
      id: id(2, t),
      kind: 'track',
      title: tracks.title[t],
      creators: [{ id: id(0, a), name: artists.name[a] }],
      parentId: id(1, b),
      genres: genresOf(a),
      releasedAt: new Date(albums.releasedMs[b]).toISOString(),
      durationMs: tracks.durationMs[t],
      explicit: tracks.explicit[t] === 1,
      ...rights(b),
      image: image(1, b),
    };
  }
  for (let p = 0; p < playlists.count; p++) {
    let explicit = 0;
    const size = playlists.trackStart[p + 1] - playlists.trackStart[p];
    for (let i = playlists.trackStart[p]; i < playlists.trackStart[p + 1]; i++)
      explicit += tracks.explicit[playlists.trackIds[i]];
    yield {
      id: id(3, p),
      kind: 'playlist',
      title: playlists.title[p],
      genres: [GENRES[playlists.genre[p]].name],
      explicit: explicit > size / 3,
      image: image(3, p),
      attributes: { tracks: size, language: LANGUAGES[playlists.language[p]] },
    };
  }
  for (let s = 0; s < shows.count; s++) {
    yield {
      id: id(4, s),
      kind: 'show',
      title: shows.title[s],
      creators: [{ id: `host-${String(s + 1).padStart(4, '0')}`, name: shows.host[s] }],
      genres: [TOPICS[shows.topic[s] - GENRE_COUNT].name],
      explicit: shows.explicit[s] === 1,
      image: image(4, s),
      attributes: { language: LANGUAGES[shows.language[s]] },
    };
  }
  for (let e = 0; e < episodes.count; e++) {
    const s = episodes.show[e];
    yield {
      id: id(5, e),
      kind: 'episode',
      title: episodes.title[e],
      creators: [{ id: `host-${String(s + 1).padStart(4, '0')}`, name: shows.host[s] }],
      parentId: id(4, s),
      genres: [TOPICS[shows.topic[s] - GENRE_COUNT].name],
      releasedAt: new Date(episodes.releasedMs[e]).toISOString(),
      durationMs: episodes.durationMs[e],
      explicit: shows.explicit[s] === 1,
      image: image(5, e),
      attributes: { language: LANGUAGES[shows.language[s]] },
    };
  }
}
