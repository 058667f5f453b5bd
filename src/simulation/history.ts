/**
 * What the listeners did in the days before the world's end, event by event in the order of time.
 * Sessions come by day part on the device used then; within a session one plays an album, a playlist, one artist, or
 * songs one by one; or an episode. Boredom: each play of an artist makes the next one less likely (acceptance
 * 1 / (1 + 0.1 b), b decays with a half-life of 4 days), so that loves rest and come back.
 */
import { createRng, DAY_MS, HOUR_MS, MINUTE_MS, type Rng } from '../base/index.ts';
import { DAY_PARTS, DEVICES, EVENT_TYPES, type EventType, type IncomingEvent, weekdayOf } from '../domain/index.ts';
import type { CastMember } from './cast.ts';
import { drawMember, itemId, searchShare, type WorldCatalogue } from './catalogue.ts';
import { pickWeighted } from './names.ts';
import {
  artistAffinity,
  followedShow,
  MAX_FOLLOWED,
  mayPlay,
  type People,
  POOL,
  streamOf,
  understands,
} from './people.ts';
import { GENRE_COUNT, GENRES, MARKETS, TOPIC_COUNT, TOPICS } from './taxonomy.ts';

const NONE = 0xffff_ffff;
const BOREDOM_HALF_LIFE_DAYS = 4;
/** First hour and length of each of DAY_PARTS, local time. */
const PART_START = [23, 5, 10, 14, 18];
const PART_HOURS = [6, 5, 4, 4, 5];

const EVENT_WORDS = 7;
/** What the cast does by its script lies in so many days before the end. */
const SCRIPT_DAYS = 3;
/** What came out in so many days before the end is new. */
const NEWS_DAYS = 28;

/** Events of one day (and what spills past midnight) in columns. */
class EventBuffer {
  count = 0;
  atMs = new Float64Array(1024);
  /** Listener, global item index, global container index or NONE, session, played and duration in milliseconds, type | device << 8 | autoplay << 16. */
  words = new Uint32Array(1024 * EVENT_WORDS);

  add(
    atMs: number,
    listener: number,
    item: number,
    container: number,
    session: number,
    playedMs: number,
    durationMs: number,
    bits: number,
  ): void {
    if (this.count === this.atMs.length) this.grow();
    const w = this.count * EVENT_WORDS;
    this.atMs[this.count++] = atMs;
    const words = this.words;
    words[w] = listener;
    words[w + 1] = item;
    words[w + 2] = container;
    words[w + 3] = session;
    words[w + 4] = playedMs;
    words[w + 5] = durationMs;
    words[w + 6] = bits;
  }

  private grow(): void {
    const atMs = new Float64Array(this.atMs.length * 2);
    atMs.set(this.atMs);
    this.atMs = atMs;
    const words = new Uint32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
  }
}

const TYPE = Object.fromEntries(EVENT_TYPES.map((type, i) => [type, i])) as Record<EventType, number>;

export function* createHistory(
  seed: number,
  days: number,
  catalogue: WorldCatalogue,
  people: People,
): Generator<IncomingEvent> {
  const root = createRng(seed * 1024 + 3);
  const rngs = Array.from({ length: people.count }, (_, l) => root.fork(streamOf(l)));
  const lives = new Lives(catalogue, people, days);
  const firstDay = Math.floor(catalogue.endMs / DAY_MS) - days + 1;
  const lastMs = catalogue.endMs - MINUTE_MS;
  let buffer = new EventBuffer();
  let serial = 0;
  for (let day = 0; day < days; day++) {
    const startMs = (firstDay + day) * DAY_MS;
    for (let l = 0; l < people.count; l++) lives.liveOneDay(rngs[l], l, day, startMs, buffer);
    if (day === Math.max(0, days - SCRIPT_DAYS))
      for (const [l, member] of people.cast.entries()) lives.followScript(l, member, buffer);
    const order = new Uint32Array(buffer.count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    const { atMs } = buffer;
    order.sort((a, b) => atMs[a] - atMs[b] || a - b);
    // Local days begin up to three hours before the day in UTC and end up to ten after it: what lies after the
    // beginning of the next local day waits for its turn.
    const untilMs = day === days - 1 ? lastMs : Math.min(lastMs, startMs + DAY_MS - 3 * HOUR_MS);
    const rest = new EventBuffer();
    for (const i of order) {
      if (atMs[i] < untilMs) yield toEvent(catalogue, people, buffer, i, `demo:${seed}:${serial++}`);
      else if (atMs[i] < lastMs) copyEvent(buffer, i, rest);
    }
    buffer = rest;
  }
}

function copyEvent(from: EventBuffer, i: number, to: EventBuffer): void {
  const w = i * EVENT_WORDS;
  const x = from.words;
  to.add(from.atMs[i], x[w], x[w + 1], x[w + 2], x[w + 3], x[w + 4], x[w + 5], x[w + 6]);
}

function toEvent(
  catalogue: WorldCatalogue,
  people: People,
  buffer: EventBuffer,
  i: number,
  eventId: string,
): IncomingEvent {
  const w = i * EVENT_WORDS;
  const words = buffer.words;
  const bits = words[w + 6];
  const type = EVENT_TYPES[bits & 255];
  const listenerId = people.ids[words[w]];
  const event: IncomingEvent = {
    eventId,
    type,
    listenerId,
    itemId: itemId(catalogue, words[w + 1]),
    occurredAt: new Date(buffer.atMs[i]).toISOString(),
    sessionId: `${listenerId}:${words[w + 3]}`,
    device: DEVICES[(bits >>> 8) & 255],
  };
  if (words[w + 2] !== NONE) event.containerId = itemId(catalogue, words[w + 2]);
  if (type === 'play' || type === 'skip') {
    event.playedMs = words[w + 4];
    event.durationMs = words[w + 5];
  }
  if (bits >>> 16 === 1) event.autoplay = true;
  return event;
}

/** The moving parts of all listeners: boredom, counts, what they have heard of their shows. */
class Lives {
  private readonly catalogue: WorldCatalogue;
  private readonly people: People;
  private readonly days: number;
  private readonly boredom: Float32Array;
  private readonly boredDay: Uint16Array;
  private readonly plays: Uint16Array;
  private readonly followsArtist: Uint8Array;
  private readonly sessions: Uint32Array;
  private readonly startedDay: Uint8Array;
  /** Heard episodes of each followed show as bits, and how much of the one begun, 0 to 1. */
  private readonly heard: Uint32Array;
  private readonly begun: Float32Array;

  constructor(catalogue: WorldCatalogue, people: People, days: number) {
    this.catalogue = catalogue;
    this.people = people;
    this.days = days;
    this.boredom = new Float32Array(people.count * POOL);
    this.boredDay = new Uint16Array(people.count * POOL);
    this.plays = new Uint16Array(people.count * POOL);
    this.followsArtist = new Uint8Array(people.count * POOL);
    this.sessions = new Uint32Array(people.count);
    this.startedDay = new Uint8Array(people.count);
    this.heard = new Uint32Array(people.count * MAX_FOLLOWED);
    this.begun = new Float32Array(people.count * MAX_FOLLOWED);
  }

  liveOneDay(rng: Rng, l: number, day: number, startMs: number, out: EventBuffer): void {
    const { people } = this;
    if (people.sessionsADay[l] === 0 || day < people.firstDay[l] || day >= people.endDay[l]) return;
    const weekday = weekdayOf(startMs);
    const lazy = weekday >= 5 ? 1.15 : 0.95;
    let sessions = poisson(rng, people.sessionsADay[l] * lazy);
    if (sessions === 0) return;
    if (sessions > 8) sessions = 8;
    const offsetMs = MARKETS[people.market[l]].offsetHours * HOUR_MS;
    const starts: { atMs: number; part: number }[] = [];
    for (let n = 0; n < sessions; n++) {
      const part = pickWeighted(rng, people.dayParts.subarray(l * DAY_PARTS.length, (l + 1) * DAY_PARTS.length));
      const localHour = PART_START[part] + PART_HOURS[part] * rng.uniform() - (part === 0 ? 24 : 0);
      starts.push({ part, atMs: startMs + Math.round(localHour * HOUR_MS) - offsetMs });
    }
    starts.sort((a, b) => a.atMs - b.atMs);
    let freeFromMs = Number.NEGATIVE_INFINITY;
    for (const { atMs, part } of starts) {
      const from = Math.max(atMs, freeFromMs);
      const session = this.sessions[l]++;
      const device = people.devices[l * DAY_PARTS.length + part];
      if (this.startedDay[l] === 0) {
        this.startedDay[l] = 1;
        this.followShows(l, from, session, device, out);
      }
      const podcast = rng.uniform() < people.podcastShare[l] * (part === 1 ? 1.4 : 1);
      freeFromMs = podcast
        ? this.podcastSession(rng, l, from, part, session, device, out)
        : this.musicSession(rng, l, day, from, part, session, device, out);
      freeFromMs += 5 * MINUTE_MS;
    }
  }

  /** What a member of the cast does beside living: see `CastMember`. */
  followScript(l: number, member: CastMember, out: EventBuffer): void {
    const { catalogue, people } = this;
    const { albums, artists, shows, episodes, starts, endMs } = catalogue;
    const device = people.devices[l * DAY_PARTS.length];
    const session = this.sessions[l]++;

    const news = new Set<number>();
    for (let album = 0; album < albums.count; album++) {
      const isNews = albums.releasedMs[album] > endMs - NEWS_DAYS * DAY_MS && albums.releasedMs[album] < endMs - DAY_MS;
      if (isNews && mayPlay(people, catalogue, l, albums.trackStart[album], endMs)) news.add(albums.artist[album]);
    }
    const liking = (artist: number): number =>
      artistAffinity(people, catalogue, l, artist, 1) + 0.5 * Math.log(artists.popularity[artist]);
    const best = [...news].sort((a, b) => liking(b) - liking(a)).slice(0, member.followsReleases ?? 0);
    for (const [n, artist] of best.entries())
      out.add(endMs - DAY_MS + n * MINUTE_MS, l, artist, NONE, session, 0, 0, TYPE.follow | (device << 8));

    for (let slot = 0, begun = 0; slot < MAX_FOLLOWED && begun < (member.begins ?? 0); slot++) {
      const show = followedShow(people, l, slot);
      if (show < 0) break;
      const atMs = endMs - (4 + 7 * begun) * HOUR_MS;
      const episode = this.nextEpisode(show, this.heard[l * MAX_FOLLOWED + slot], atMs);
      if (episode < 0) continue;
      // From now on it is laid aside: it is not played on in what is left of the days.
      this.heard[l * MAX_FOLLOWED + slot] |= 1 << (episode - shows.episodeStart[show]);
      const durationMs = episodes.durationMs[episode];
      const playedMs = Math.round(durationMs * (0.75 - 0.15 * begun++));
      out.add(atMs, l, starts[5] + episode, starts[4] + show, session, playedMs, durationMs, TYPE.play | (device << 8));
    }
  }

  private followShows(l: number, atMs: number, session: number, device: number, out: EventBuffer): void {
    for (let slot = 0; slot < MAX_FOLLOWED; slot++) {
      const show = followedShow(this.people, l, slot);
      if (show < 0) return;
      out.add(
        atMs - 60_000 + slot * 2000,
        l,
        this.catalogue.starts[4] + show,
        NONE,
        session,
        0,
        0,
        TYPE.follow | (device << 8),
      );
    }
  }

  private musicSession(
    rng: Rng,
    l: number,
    day: number,
    startMs: number,
    part: number,
    session: number,
    device: number,
    out: EventBuffer,
  ): number {
    const { catalogue, people } = this;
    const { albums, artists, tracks, playlists, starts } = catalogue;
    let left = 1 + poisson(rng, Math.max(0, people.playsASession[l] - 1));
    let atMs = startMs;
    while (left > 0) {
      const mode = rng.uniform();
      if (mode < 0.22) {
        const genre = this.drawGenre(rng, l, day, part);
        const playlist = drawMember(catalogue.playlistsByGenre, genre, rng);
        const size = playlist < 0 ? 0 : playlists.trackStart[playlist + 1] - playlists.trackStart[playlist];
        if (size === 0) continue;
        const offset = rng.uniform() < 0.5 ? 0 : rng.below(size);
        for (let n = Math.min(left, 2 + rng.below(6)); n > 0; n--, left--) {
          const track = playlists.trackIds[playlists.trackStart[playlist] + ((offset + n) % size)];
          if (!mayPlay(people, catalogue, l, track, atMs)) continue;
          atMs = this.playTrack(rng, l, day, track, starts[3] + playlist, atMs, session, device, false, out);
        }
        continue;
      }
      const a = this.drawArtist(rng, l, day, part);
      if (mode < 0.47) {
        const first = artists.albumStart[a];
        // Later albums are likelier: the newest is played most.
        const album = first + Math.floor((artists.albumStart[a + 1] - first) * Math.sqrt(rng.uniform()));
        let track = albums.trackStart[album];
        const end = albums.trackStart[album + 1];
        if (rng.uniform() < 0.3) track += rng.below(end - track);
        let played = 0;
        for (; track < end && left > 0; track++) {
          if (!mayPlay(people, catalogue, l, track, atMs)) continue;
          atMs = this.playTrack(rng, l, day, track, starts[1] + album, atMs, session, device, false, out);
          played++;
          left--;
        }
        if (played === 0) left--;
        continue;
      }
      const run = mode < 0.72 ? Math.min(left, 2 + rng.below(4)) : 1;
      const container = run > 1 ? starts[0] + a : NONE;
      for (let n = 0; n < run; n++, left--) {
        const track = searchShare(tracks.cumulative, artists.trackStart[a], artists.trackStart[a + 1], rng.uniform());
        if (!mayPlay(people, catalogue, l, track, atMs)) continue;
        // After a song that was chosen by itself the player sometimes goes on alone.
        const autoplay = run === 1 && n === 0 && atMs > startMs && rng.uniform() < 0.35;
        atMs = this.playTrack(rng, l, day, track, container, atMs, session, device, autoplay, out);
      }
    }
    return atMs;
  }

  private drawGenre(rng: Rng, l: number, day: number, part: number): number {
    const at = l * TOPIC_COUNT;
    const taste = rng.uniform() < day / this.days ? this.people.tasteTo : this.people.tasteFrom;
    const wish = taste.subarray(at, at + GENRE_COUNT);
    for (let tries = 0; tries < 6; tries++) {
      const genre = pickWeighted(rng, wish);
      if (rng.uniform() * 1.8 < GENRES[genre].dayParts[part]) return genre;
    }
    return pickWeighted(rng, wish);
  }

  private drawArtist(rng: Rng, l: number, day: number, part: number): number {
    const { people, catalogue } = this;
    const explore = 0.22 * (1 - people.loyalty[l]);
    const at = l * POOL;
    let artist = people.pool[at];
    for (let tries = 0; tries < 8; tries++) {
      if (rng.uniform() < explore) {
        const found = drawMember(catalogue.artistsByGenre, this.drawGenre(rng, l, day, part), rng);
        if (found >= 0) return found;
      }
      const sums = rng.uniform() < day / this.days ? people.poolTo : people.poolFrom;
      const i = searchShare(sums, at, at + POOL, rng.uniform());
      artist = people.pool[i];
      const genre = catalogue.artists.genre[artist];
      const bored = this.boredom[i] * 2 ** ((this.boredDay[i] - day) / BOREDOM_HALF_LIFE_DAYS);
      if (rng.uniform() * 1.8 < GENRES[genre].dayParts[part] / (1 + 0.1 * bored)) return artist;
    }
    return artist;
  }

  private playTrack(
    rng: Rng,
    l: number,
    day: number,
    track: number,
    container: number,
    atMs: number,
    session: number,
    device: number,
    autoplay: boolean,
    out: EventBuffer,
  ): number {
    const { catalogue, people } = this;
    const durationMs = catalogue.tracks.durationMs[track];
    const item = catalogue.starts[2] + track;
    const artist = catalogue.tracks.artist[track];
    const affinity = artistAffinity(people, catalogue, l, artist, day / this.days);
    const i = this.placeInPool(l, artist);
    const bored = i < 0 ? 0 : this.boredom[i] * 2 ** ((this.boredDay[i] - day) / BOREDOM_HALF_LIFE_DAYS);
    const dislike = Math.min(0.6, 0.04 + 0.05 * Math.max(0, -1.5 - affinity) + 0.006 * bored);
    const bits = (device << 8) | (autoplay ? 1 << 16 : 0);
    if (rng.uniform() < dislike) {
      const playedMs = Math.min(durationMs, 2000 + Math.round(9000 * rng.exponential()));
      out.add(atMs + playedMs, l, item, container, session, playedMs, durationMs, TYPE.skip | bits);
      if (rng.uniform() < 0.004) {
        out.add(
          atMs + playedMs + 1500,
          l,
          rng.uniform() < 0.5 ? item : artist,
          NONE,
          session,
          0,
          0,
          TYPE.hide | (device << 8),
        );
      }
      return atMs + playedMs + 1000;
    }
    const playedMs = rng.uniform() < 0.86 ? durationMs : Math.round(durationMs * (0.25 + 0.7 * rng.uniform()));
    out.add(atMs, l, item, container, session, playedMs, durationMs, TYPE.play | bits);
    const afterMs = atMs + playedMs;
    if (i >= 0) {
      this.boredom[i] = bored + 1;
      this.boredDay[i] = day;
      this.plays[i]++;
      if (this.followsArtist[i] === 0 && this.plays[i] >= 6 && rng.uniform() < 0.06) {
        this.followsArtist[i] = 1;
        out.add(afterMs - 4000, l, artist, NONE, session, 0, 0, TYPE.follow | (device << 8));
      }
    }
    if (rng.uniform() < 0.012 * Math.exp(Math.min(1, affinity + 2))) {
      out.add(afterMs - 9000, l, item, NONE, session, 0, 0, TYPE.like | (device << 8));
      if (rng.uniform() < 0.03) out.add(afterMs - 2000, l, item, NONE, session, 0, 0, TYPE.unlike | (device << 8));
    }
    return afterMs + 1000;
  }

  private placeInPool(l: number, artist: number): number {
    const { pool } = this.people;
    const at = l * POOL;
    for (let i = at; i < at + POOL; i++) if (pool[i] === artist) return i;
    return -1;
  }

  private podcastSession(
    rng: Rng,
    l: number,
    startMs: number,
    part: number,
    session: number,
    device: number,
    out: EventBuffer,
  ): number {
    const { people, catalogue } = this;
    const { shows, episodes, starts } = catalogue;
    const slot = this.drawFollowedWithNews(rng, l, startMs, part);
    if (slot >= 0) {
      const show = followedShow(people, l, slot);
      const i = l * MAX_FOLLOWED + slot;
      const episode = this.nextEpisode(show, this.heard[i], startMs);
      const from = this.begun[i];
      const to = rng.uniform() < 0.66 ? 1 : Math.min(1, from + (1 - from) * (0.08 + 0.8 * rng.uniform()));
      // Given up on, or laid aside for another day.
      if (to >= 0.92 || rng.uniform() < 0.3) {
        this.heard[i] |= 1 << (episode - shows.episodeStart[show]);
        this.begun[i] = 0;
      } else this.begun[i] = to;
      return this.playEpisode(rng, l, episode, to - from, startMs, session, device, out);
    }
    const taste = people.tasteFrom.subarray(l * TOPIC_COUNT + GENRE_COUNT, (l + 1) * TOPIC_COUNT);
    for (let tries = 0; tries < 12; tries++) {
      const show = drawMember(catalogue.showsByTopic, GENRE_COUNT + pickWeighted(rng, taste), rng);
      if (show < 0 || !understands(people, catalogue, l, show)) continue;
      if (shows.explicit[show] === 1 && people.explicitAllowed[l] === 0) continue;
      if (rng.uniform() * 2 > TOPICS[shows.topic[show] - GENRE_COUNT].dayParts[part]) continue;
      const episode = this.nextEpisode(show, 0, startMs);
      if (episode < 0) continue;
      const share = rng.uniform() < 0.35 ? 1 : 0.03 + 0.7 * rng.uniform();
      const end = this.playEpisode(rng, l, episode, share, startMs, session, device, out);
      if (share === 1 && rng.uniform() < 0.08) {
        out.add(end, l, starts[4] + episodes.show[episode], NONE, session, 0, 0, TYPE.follow | (device << 8));
      }
      return end;
    }
    return startMs;
  }

  private playEpisode(
    rng: Rng,
    l: number,
    episode: number,
    share: number,
    atMs: number,
    session: number,
    device: number,
    out: EventBuffer,
  ): number {
    const { episodes, starts } = this.catalogue;
    const durationMs = episodes.durationMs[episode];
    const playedMs = Math.round(durationMs * share);
    const type = playedMs < 60_000 && rng.uniform() < 0.7 ? TYPE.skip : TYPE.play;
    const item = starts[5] + episode;
    out.add(atMs, l, item, starts[4] + episodes.show[episode], session, playedMs, durationMs, type | (device << 8));
    if (share === 1 && rng.uniform() < 0.02) {
      out.add(atMs + playedMs, l, item, NONE, session, 0, 0, TYPE.like | (device << 8));
    }
    return atMs + playedMs + 3000;
  }

  /** A followed show with something new, rather a fresh one and one that fits the time of day; -1 when all is heard. */
  private drawFollowedWithNews(rng: Rng, l: number, atMs: number, part: number): number {
    const { shows, episodes } = this.catalogue;
    let chosen = -1;
    let total = 0;
    for (let slot = 0; slot < MAX_FOLLOWED; slot++) {
      const show = followedShow(this.people, l, slot);
      if (show < 0) break;
      const episode = this.nextEpisode(show, this.heard[l * MAX_FOLLOWED + slot], atMs);
      if (episode < 0) continue;
      const ageDays = (atMs - episodes.releasedMs[episode]) / DAY_MS;
      const topic = TOPICS[shows.topic[show] - GENRE_COUNT];
      const weight = (0.15 + Math.exp(-ageDays / 4)) * topic.dayParts[part];
      total += weight;
      if (rng.uniform() * total < weight) chosen = slot;
    }
    return chosen;
  }

  /** The newest episode that is out and not heard, or -1. */
  private nextEpisode(show: number, heard: number, atMs: number): number {
    const { shows, episodes } = this.catalogue;
    const first = shows.episodeStart[show];
    for (let e = shows.episodeStart[show + 1] - 1; e >= first; e--) {
      if (episodes.releasedMs[e] <= atMs && (heard & (1 << (e - first))) === 0) return e;
    }
    return -1;
  }
}

/** Knuth's method; means here are below 10. */
function poisson(rng: Rng, mean: number): number {
  const limit = Math.exp(-mean);
  let product = rng.uniform();
  let n = 0;
  while (product > limit) {
    product *= rng.uniform();
    n++;
  }
  return n;
}
