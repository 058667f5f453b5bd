/** A small world of music for the tests of generated playlists: genres that lie apart, artists with albums with tracks. */
import { createRng, DAY_MS } from '../../base/index.ts';
import {
  buildCatalog,
  createItemVocabulary,
  createVocabulary,
  EMPTY_EMBEDDING,
  type Embedding,
  type FeedbackEvent,
  type Item,
  readCatalog,
  type Vocabularies,
} from '../../domain/index.ts';
import { createNearest } from '../../retrieval/index.ts';
import { emptyState, foldEvent, type ListenerState } from '../../signals/index.ts';
import { eventOf } from '../event-testing.ts';
import { indexChildren } from '../request.ts';
import { makeGroup } from './generate.ts';
import type { GroupOfLists, ListGroup, PlaylistInput } from './lists.ts';
import { type PlaylistSettings, resolvePlaylistSettings } from './settings.ts';

/** A Wednesday. */
export const NOW_MS = Date.UTC(2026, 10, 18, 15);
const GENRES = 8;
const ARTISTS = 12;
const TRACKS = 10;
const DIMENSION = 16;

export interface PlaylistsWorld {
  readonly names: Vocabularies;
  readonly items: readonly Item[];
  readonly number: (id: string) => number;
  readonly embedding: Embedding;
  readonly input: (state: ListenerState, more?: Partial<InputOptions>) => PlaylistInput;
}

interface InputOptions {
  readonly listenerKey: string;
  readonly atMs: number;
  readonly explicitAllowed: boolean;
  readonly isKid: boolean;
  readonly market: string;
  readonly tier: string;
  readonly picks: readonly number[];
  readonly lastDiscovery: PlaylistInput['lastDiscovery'];
  readonly settings: Partial<PlaylistSettings>;
  readonly withEmbedding: boolean;
}

/** Track k of artist a of genre g is `t:g.a.k`. Ages in days by `ageOf`; 400 where it tells nothing. */
export function playlistsWorld(change: (item: Item) => Item = (item) => item): PlaylistsWorld {
  const names: Vocabularies = {
    items: createItemVocabulary(),
    genres: createVocabulary(),
    markets: createVocabulary(['SE', 'DE']),
    tiers: createVocabulary(['free', 'premium']),
    languages: createVocabulary(),
  };
  const items: Item[] = [];
  for (let g = 0; g < GENRES; g++) {
    for (let a = 0; a < ARTISTS; a++) {
      const creators = [{ id: `a:${g}.${a}`, name: `Artist ${g}.${a}` }];
      const genres = [`genre ${g}`];
      const releasedAt = new Date(NOW_MS - 400 * DAY_MS).toISOString();
      items.push({ id: `a:${g}.${a}`, kind: 'artist', title: `Artist ${g}.${a}`, genres });
      items.push({ id: `b:${g}.${a}`, kind: 'album', title: `Album ${g}.${a}`, creators, genres, releasedAt });
      for (let k = 0; k < TRACKS; k++) {
        const track: Item = { id: `t:${g}.${a}.${k}`, kind: 'track', title: `Track ${g}.${a}.${k}`, creators, genres };
        items.push({ ...track, parentId: `b:${g}.${a}`, releasedAt, durationMs: 200_000 });
      }
    }
  }
  items.push({ id: 'show', kind: 'show', title: 'A show' });
  const changed = items.map(change);
  const catalog = readCatalog(buildCatalog(changed, names));
  const number = (id: string): number => names.items.lookup(id);

  const rng = createRng(11);
  const factors = new Float32Array(catalog.size * DIMENSION);
  for (const { id } of changed) {
    const genre = /^[abt]:(\d+)/.exec(id)?.[1];
    if (genre === undefined) continue;
    const length = 0.4 + rng.uniform();
    for (let k = 0; k < DIMENSION; k++)
      factors[number(id) * DIMENSION + k] = length * ((k === Number(genre) ? 1 : 0) + 0.12 * rng.normal());
  }
  const embedding: Embedding = { ...EMPTY_EMBEDDING, hash: 'e', dimension: DIMENSION, size: catalog.size, factors };
  const world = { embedding, nearest: createNearest(embedding), children: indexChildren(catalog) };

  return {
    names,
    items: changed,
    number,
    embedding,
    input: (state, more = {}) => ({
      listenerKey: more.listenerKey ?? 'somebody',
      state,
      picks: more.picks ?? [],
      world: more.withEmbedding === false ? { ...world, embedding: undefined, nearest: undefined } : world,
      settings: resolvePlaylistSettings(more.settings),
      lastDiscovery: more.lastDiscovery,
      rights: {
        catalog,
        epochs: { catalog, changed: new Map() },
        state,
        market: more.market ?? 'SE',
        tier: more.tier ?? 'free',
        marketNumber: names.markets.lookup(more.market ?? 'SE'),
        tierNumber: names.tiers.lookup(more.tier ?? 'free'),
        atMs: more.atMs ?? NOW_MS,
        profile: { explicitAllowed: more.explicitAllowed ?? true, ageBand: more.isKid === true ? 'kid' : 'unknown' },
      },
    }),
  };
}

export function event(type: FeedbackEvent['type'], atMs: number, playedMs = 180_000): FeedbackEvent {
  return eventOf({ type, listenerKey: 'somebody', occurredAtMs: atMs, receivedAtMs: atMs, itemId: 'x', playedMs });
}

/** Plays `times` of the first `tracks` of artists 0 .. artists - 1 of a genre. */
export function playGenre(
  world: PlaylistsWorld,
  state: ListenerState,
  genre: number,
  { artists, tracks, times }: { readonly artists: number; readonly tracks: number; readonly times: number },
): void {
  for (let a = 0; a < artists; a++) {
    for (let k = 0; k < tracks; k++) {
      const item = world.number(`t:${genre}.${a}.${k}`);
      for (let n = 0; n < times; n++) foldEvent(state, event('play', NOW_MS - DAY_MS * (1 + a + n)), item, -1);
    }
  }
}

/** Plays three genres: 0 most, then 1, then 2. */
export function listenerOfThree(world: PlaylistsWorld): ListenerState {
  const state = emptyState();
  playGenre(world, state, 0, { artists: 8, tracks: 6, times: 3 });
  playGenre(world, state, 1, { artists: 7, tracks: 5, times: 2 });
  playGenre(world, state, 2, { artists: 6, tracks: 4, times: 1 });
  return state;
}

/** Makes a group in one go. */
export function make(group: ListGroup, input: PlaylistInput): GroupOfLists {
  const steps = makeGroup(group, input);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
