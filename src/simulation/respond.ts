/**
 * How the listeners of the demo world react to a Home: the known truth of simulations.
 *
 * A card at (shelf rank r, card rank j) is looked at with probability `examination(device, r, j)`; a card that is looked at
 * earns its reward with probability `expectedReward`, independently of the others; else it is opened and left again with
 * probability 0.015. So E[reward of the card] = examination · expectedReward, exactly.
 */
import { type Rng, SECOND_MS } from '../base/index.ts';
import {
  DAY_PARTS,
  type Device,
  dayPartOf,
  hourOf,
  type IncomingEvent,
  type Page,
  type Reference,
} from '../domain/index.ts';
import { itemId, parseItemId, searchShare, type WorldCatalogue } from './catalogue.ts';
import { artistAffinity, driftAt, examination, mayPlay, type People, showAffinity } from './people.ts';
import { GENRE_COUNT, GENRES, MARKETS, TOPIC_COUNT, TOPICS } from './taxonomy.ts';

export interface RewardContext {
  /** @default the end of the world's history */
  readonly atMs?: number | undefined;
}

export interface ReactionOptions {
  /** @default 'phone' */
  readonly device?: Device | undefined;
  /** @default `visit:DECISION` */
  readonly sessionId?: string | undefined;
  /** Factor on the expected reward of a card, [0, 1]: what the listener had just now is wanted less. @default 1 */
  readonly appetite?: ((itemId: string) => number) | undefined;
}

const CURIOSITY = 0.015;

export interface Truth {
  expectedReward(listenerId: string, itemId: string, context?: RewardContext): number;
  respond(listenerId: string, page: Page, rng: Rng, atMs: number, options?: ReactionOptions): IncomingEvent[];
}

export function createTruth(catalogue: WorldCatalogue, people: People, days: number): Truth {
  const numbers = new Map(people.ids.map((id, l) => [id, l]));

  /** Probability in [0, 1) that a card which is looked at earns its reward; 0 where it may not be played. */
  const expectedReward = (listenerId: string, id: string, context: RewardContext = {}): number => {
    const atMs = context.atMs ?? catalogue.endMs;
    const parsed = parseItemId(catalogue, id);
    if (parsed === null) return 0;
    const { kind, index } = parsed;
    const l = numbers.get(listenerId);
    const { artists, albums, tracks, playlists, shows, episodes } = catalogue;
    const drift = driftAt(atMs, catalogue.endMs, days);
    const part =
      l === undefined
        ? 0
        : DAY_PARTS.indexOf(dayPartOf(hourOf(atMs + MARKETS[people.market[l]].offsetHours * 3_600_000)));
    const music = (a: number): number => {
      const fame = 0.25 * Math.log(artists.popularity[a]);
      if (l === undefined) return -3.2 + fame;
      return (
        artistAffinity(people, catalogue, l, a, drift) + fame + 0.5 * Math.log(GENRES[artists.genre[a]].dayParts[part])
      );
    };
    const talk = (s: number): number => {
      const fame = 0.25 * Math.log(shows.popularity[s]);
      if (l === undefined) return -3.6 + fame;
      const podcasts = people.podcastShare[l] === 0 ? -2 : 0;
      if (shows.explicit[s] === 1 && people.explicitAllowed[l] === 0) return Number.NEGATIVE_INFINITY;
      return (
        showAffinity(people, catalogue, l, s) +
        fame +
        podcasts +
        0.5 * Math.log(TOPICS[shows.topic[s] - GENRE_COUNT].dayParts[part])
      );
    };
    let wish: number;
    switch (kind) {
      case 'artist':
        wish = music(index) + 0.1;
        break;
      case 'album':
        wish = anyPlayable(index, l, atMs) ? music(albums.artist[index]) : Number.NEGATIVE_INFINITY;
        break;
      case 'track': {
        if (l !== undefined && !mayPlay(people, catalogue, l, index, atMs)) return 0;
        wish = music(tracks.artist[index]) + 0.3 * whim(l ?? 0, index);
        break;
      }
      case 'playlist': {
        const taste = l === undefined ? 0.04 : people.tasteTo[l * TOPIC_COUNT + playlists.genre[index]];
        wish = Math.log(0.02 + taste) + 0.2 * Math.log(playlists.popularity[index]);
        break;
      }
      case 'show':
        wish = talk(index);
        break;
      case 'episode':
        wish = episodes.releasedMs[index] > atMs ? Number.NEGATIVE_INFINITY : talk(episodes.show[index]);
        break;
    }
    return 0.75 / (1 + Math.exp(-(1.1 * wish + 0.2)));
  };

  const anyPlayable = (album: number, l: number | undefined, atMs: number): boolean => {
    if (l === undefined) return true;
    for (let t = catalogue.albums.trackStart[album]; t < catalogue.albums.trackStart[album + 1]; t++) {
      if (mayPlay(people, catalogue, l, t, atMs)) return true;
    }
    return false;
  };

  /** What a card leads to: tracks or an episode that a contented listener plays, with how much of each. */
  const consumed = (
    id: string,
    l: number | undefined,
    rng: Rng,
    atMs: number,
  ): { item: string; durationMs: number }[] => {
    const parsed = parseItemId(catalogue, id);
    if (parsed === null) return [];
    const { kind, index } = parsed;
    const { artists, albums, tracks, playlists, shows, episodes, starts } = catalogue;
    const some: number[] = [];
    const consider = (track: number): void => {
      if ((l === undefined || mayPlay(people, catalogue, l, track, atMs)) && !some.includes(track)) some.push(track);
    };
    const wanted = 2 + rng.below(4);
    switch (kind) {
      case 'track':
        consider(index);
        break;
      case 'album':
        for (let t = albums.trackStart[index]; t < albums.trackStart[index + 1] && some.length < wanted; t++)
          consider(t);
        break;
      case 'playlist':
        for (let i = playlists.trackStart[index]; i < playlists.trackStart[index + 1] && some.length < wanted; i++) {
          consider(playlists.trackIds[i]);
        }
        break;
      case 'artist':
        for (let n = 0; n < wanted; n++) {
          consider(
            searchShare(tracks.cumulative, artists.trackStart[index], artists.trackStart[index + 1], rng.uniform()),
          );
        }
        break;
      case 'show': {
        for (let e = shows.episodeStart[index + 1] - 1; e >= shows.episodeStart[index]; e--) {
          if (episodes.releasedMs[e] <= atMs)
            return [{ item: itemId(catalogue, starts[5] + e), durationMs: episodes.durationMs[e] }];
        }
        return [];
      }
      case 'episode':
        return [{ item: id, durationMs: episodes.durationMs[index] }];
    }
    return some.map((t) => ({ item: itemId(catalogue, starts[2] + t), durationMs: tracks.durationMs[t] }));
  };

  const respond: Truth['respond'] = (listenerId, page, rng, atMs, options = {}) => {
    const device = options.device ?? 'phone';
    const l = numbers.get(listenerId);
    const events: IncomingEvent[] = [];
    let nowMs = atMs + SECOND_MS;
    const add = (type: IncomingEvent['type'], fields: Partial<IncomingEvent>): void => {
      events.push({
        eventId: `demo:${page.decisionId}:${listenerId}:${atMs}:${events.length}`,
        type,
        listenerId,
        occurredAt: new Date(Math.round(nowMs)).toISOString(),
        sessionId: options.sessionId ?? `visit:${page.decisionId}`,
        device,
        ...fields,
      });
    };
    add('rendered', { reference: { decisionId: page.decisionId } });
    for (const shelf of page.shelves) {
      for (const card of shelf.cards) {
        if (rng.uniform() >= examination(device, shelf.rank, card.rank)) continue;
        const reference: Reference = { decisionId: page.decisionId, shelfRank: shelf.rank, cardRank: card.rank };
        nowMs += 1200;
        add('impression', { itemId: card.id, reference });
        const appetite = options.appetite?.(card.id) ?? 1;
        const satisfied = rng.uniform() < appetite * expectedReward(listenerId, card.id, { atMs });
        if (!satisfied && rng.uniform() >= CURIOSITY) continue;
        add('select', { itemId: card.id, reference });
        nowMs += 800;
        const within = card.kind === 'track' || card.kind === 'episode' ? {} : { containerId: card.id };
        for (const { item, durationMs } of consumed(card.id, l, rng, atMs)) {
          // A reward needs 30 s of a track, 40% or ten minutes of an episode: see the registry of rewards.
          const playedMs = satisfied
            ? Math.round(durationMs * (0.55 + 0.45 * rng.uniform()))
            : Math.min(durationMs, 3000 + rng.below(12_000));
          add(satisfied ? 'play' : 'skip', { itemId: item, ...within, playedMs, durationMs, reference });
          nowMs += playedMs + SECOND_MS;
          if (!satisfied) break;
        }
      }
    }
    return events;
  };
  return { expectedReward, respond };
}

/** A fixed liking of this listener for this track, about standard normal. */
function whim(l: number, track: number): number {
  let x = Math.imul(l + 1, 0x9e3779b1) ^ Math.imul(track + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x ^= x >>> 13;
  return ((x >>> 0) / 4294967296 + (Math.imul(x, 0x297a2d39) >>> 0) / 4294967296 - 1) * 2.4;
}
