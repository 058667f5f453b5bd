/**
 * The shelves of Home, one declaration each. A declaration says what the shelf is, where its candidates come from and
 * what it promises; which shelves appear, where, and with which cards is the policy's business.
 */
import { DAY_MS } from '../base/index.ts';
import { type Catalog, type Embedding, marketSpan, NO_ITEM, type ShelfOrder, UNKNOWN_MARKET } from '../domain/index.ts';
import {
  followedShows,
  genreShares,
  heavyRotation,
  jumpBackIn,
  MISSED_DAYS,
  playsOf,
  recentContainers,
  strongestTastes,
} from '../signals/index.ts';
import { chartOf, type MarketChart, MOST_PLAYED } from './chart.ts';
import { isEpisode, isWidest, showOfEpisode, strongestGenre, widerThan } from './kinds.ts';
import { always, type Told, told } from './messages/index.ts';
import type { ItemTexts } from './render.ts';
import { CHANNEL_BIT, type HomeRequest } from './request.ts';

/** Where a declaration puts its candidates. */
export interface CandidateSink {
  /** Adds a candidate; a second time only adds its channel. A batch has room for MAX_CANDIDATES: later ones are not taken. */
  add(item: number, channelBit: number): void;
}

export interface ShelfDeclaration {
  readonly id: string;
  readonly order: ShelfOrder;
  /** Fewer cards than this and the shelf does not appear. */
  readonly minCards: number;
  /** Most cards, within the surface's own limit. */
  readonly maxCards: number;
  /** Items that the listener has played are removed. */
  readonly unplayedOnly: boolean;
  /** The items that the shelf is about, up to a few, for shelves that exist once per item; [NO_ITEM] for the others. */
  seeds(request: HomeRequest, out: Uint32Array): number;
  propose(request: HomeRequest, seedItem: number, sink: CandidateSink): void;
  title(about: Telling): Told;
  /** Why the shelf is there. */
  reason(about: Telling): Told;
  /** Why this card, where the shelf does not say it all. */
  cardReason?(item: number, about: Telling): Told | undefined;
  /** A word that stands by the title, such as "Sponsored". */
  label?(about: Telling): Told | undefined;
  /** Is the card paid for? */
  isSponsored?(item: number, about: Telling): boolean;
}

/** What a shelf's words are told from: the record and the catalogue alone, so that a page served again reads the same. */
export interface Telling {
  readonly seedItem: number;
  /** Of the decision; UNKNOWN_MARKET where it is not known. */
  readonly market: string;
  /** The time that the page is for. */
  readonly atMs: number;
  readonly texts: ItemTexts;
}

/** Offers what of these items is for discovery. */
function offerWidest(items: Uint32Array, catalog: Catalog, channelBit: number, sink: CandidateSink): void {
  for (const item of items) if (isWidest(item, items, catalog)) sink.add(item, channelBit);
}

const once = (_request: HomeRequest, out: Uint32Array): number => {
  out[0] = NO_ITEM;
  return 1;
};

const recentlyPlayed: ShelfDeclaration = {
  id: 'recently-played',
  order: 'defined',
  minCards: 1,
  maxCards: 20,
  unplayedOnly: false,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, scratch } = request;
    // What was not played for four weeks is no longer recent: it may be jumped back into.
    const count = recentContainers(state, atMs, scratch.itemsA, 40, atMs - MISSED_DAYS * DAY_MS);
    for (let i = 0; i < count; i++) sink.add(scratch.itemsA[i], CHANNEL_BIT.state);
  },
  title: always('recently-played.title'),
  reason: always('recently-played.reason'),
};

/** Plays ever that make an item one of Heavy rotation. */
const ROTATION_PLAYS = 2;

const heavy: ShelfDeclaration = {
  id: 'heavy-rotation',
  order: 'defined',
  minCards: 3,
  maxCards: 20,
  unplayedOnly: false,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, scratch, epochs } = request;
    const count = heavyRotation(state, atMs, scratch.itemsA, scratch.scoresA, 60);
    for (let i = 0; i < count; i++) {
      const item = scratch.itemsA[i];
      // Once is no rotation. Episodes are played once each and count for their show.
      if (playsOf(state, item) < ROTATION_PLAYS && !isEpisode(item, epochs.catalog)) continue;
      sink.add(showOfEpisode(item, epochs.catalog), CHANNEL_BIT.state);
    }
  },
  title: always('heavy-rotation.title'),
  reason: always('heavy-rotation.reason'),
};

const jumpBack: ShelfDeclaration = {
  id: 'jump-back-in',
  order: 'policy',
  minCards: 3,
  maxCards: 20,
  unplayedOnly: false,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, scratch, epochs } = request;
    const count = jumpBackIn(state, atMs, scratch.itemsA, scratch.scoresA, 60);
    for (let i = 0; i < count; i++) sink.add(showOfEpisode(scratch.itemsA[i], epochs.catalog), CHANNEL_BIT.state);
  },
  title: always('jump-back-in.title'),
  reason: always('jump-back-in.reason'),
};

const moreLike: ShelfDeclaration = {
  id: 'more-like',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds(request, out) {
    const { state, atMs, epochs, scratch, profile } = request;
    out.fill(NO_ITEM);
    const { embedding, catalog } = epochs;
    if (embedding === undefined) return 0;
    let count = strongestTastes(state, atMs, catalog, scratch.itemsA, scratch.scoresA, MORE_LIKE_SHELVES * 3);
    if (count === 0) {
      for (const pick of request.pickNumbers.slice(0, MORE_LIKE_SHELVES)) scratch.itemsA[count++] = pick;
      if (profile.onboardingPicks.length === 0) return 0;
    }
    let kept = 0;
    for (let i = 0; i < count && kept < MORE_LIKE_SHELVES; i++) {
      const seed = seedOf(scratch.itemsA[i], catalog, embedding);
      if (seed !== NO_ITEM && out.indexOf(seed) < 0) out[kept++] = seed;
    }
    return kept;
  },
  propose(request, seed, sink) {
    const { embedding } = request.epochs;
    if (embedding === undefined) return;
    const at = seed * embedding.neighbourCount;
    let count = 0;
    while (count < embedding.neighbourCount && embedding.neighbours[at + count] !== NO_ITEM) count++;
    offerWidest(embedding.neighbours.subarray(at, at + count), request.epochs.catalog, CHANNEL_BIT.neighbours, sink);
  },
  title: ({ seedItem, texts }) => told('more-like.title', { item: texts.title(seedItem) }),
  reason: ({ seedItem, texts }) => told('more-like.reason', { item: texts.title(seedItem) }),
};

/** A taste is for an artist or a show rather than for one song or episode: X is the widest that has neighbours. */
function seedOf(item: number, catalog: Catalog, embedding: Embedding): number {
  const hasNeighbours = (candidate: number): boolean =>
    candidate < embedding.size && embedding.neighbours[candidate * embedding.neighbourCount] !== NO_ITEM;
  const wider = widerThan(item, catalog);
  if (hasNeighbours(wider)) return wider;
  return hasNeighbours(item) ? item : NO_ITEM;
}

/** "More like X" appears for at most so many X. */
const MORE_LIKE_SHELVES = 3;

const recommended: ShelfDeclaration = {
  id: 'recommended',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds: once,
  propose(request, _seed, sink) {
    offerWidest(request.recommendations, request.epochs.catalog, CHANNEL_BIT.nearest, sink);
  },
  title: always('recommended.title'),
  reason: always('recommended.reason'),
};

const different: ShelfDeclaration = {
  id: 'something-different',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, epochs, scratch } = request;
    const { counters, catalog } = epochs;
    const genres = counters.genreStart.length - 1;
    if (scratch.genreShares.length < genres) scratch.genreShares = new Float32Array(genres);
    const shares = scratch.genreShares;
    if (genreShares(state, atMs, catalog, shares) === 0) return;
    // The least tried genres that have something to offer, a few items of each, most played first.
    const perGenre = 6;
    let taken = 0;
    for (let g = 0; g < genres && taken < 60; g++) {
      if (shares[g] >= HARDLY_TRIED) continue;
      const start = counters.genreStart[g];
      const end = Math.min(counters.genreStart[g + 1], start + perGenre);
      if (end - start < perGenre) continue;
      for (let i = start; i < end; i++) {
        sink.add(counters.genreItems[i], CHANNEL_BIT.popularity);
        taken++;
      }
    }
  },
  title: always('something-different.title'),
  reason: always('something-different.reason'),
  cardReason(item, { texts }) {
    const genre = texts.genre(item);
    return genre === '' ? undefined : told('verbatim', { text: genre });
  },
};

/** A genre with less than this share of a listener's plays is hardly tried. */
const HARDLY_TRIED = 0.02;

const newEpisodes: ShelfDeclaration = {
  id: 'new-episodes',
  order: 'defined',
  minCards: 1,
  maxCards: 20,
  unplayedOnly: true,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, epochs, scratch } = request;
    const { catalog, children } = epochs;
    const shows = followedShows(state, catalog, scratch.itemsA, 200);
    const today = Math.floor(atMs / DAY_MS);
    const fresh: number[] = [];
    for (let s = 0; s < shows; s++) {
      const show = scratch.itemsA[s];
      if (show + 1 >= children.start.length) continue;
      for (let i = children.start[show]; i < children.start[show + 1]; i++) {
        const episode = children.items[i];
        const age = today - catalog.releaseDay[episode];
        if (age > NEW_EPISODE_DAYS) break;
        if (age >= 0) fresh.push(episode);
      }
    }
    fresh.sort((a, b) => catalog.releaseDay[b] - catalog.releaseDay[a] || a - b);
    for (const episode of fresh.slice(0, 60)) sink.add(episode, CHANNEL_BIT.catalog);
  },
  title: always('new-episodes.title'),
  reason: always('new-episodes.reason'),
  cardReason(item, { atMs, texts }) {
    const days = Math.floor((atMs - texts.releasedAtMs(item)) / DAY_MS);
    return Number.isNaN(days) ? undefined : told('new-episodes.card', { days: Math.max(0, days) });
  },
};

/** An episode is new for so many days. */
const NEW_EPISODE_DAYS = 21;

const popular: ShelfDeclaration = {
  id: 'popular',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: false,
  seeds: once,
  propose(request, _seed, sink) {
    proposePopular(request, MOST_PLAYED, sink);
  },
  title: ({ market }) => told(market === UNKNOWN_MARKET ? 'popular.title-anywhere' : 'popular.title'),
  reason: ({ market }) => told(market === UNKNOWN_MARKET ? 'popular.reason-anywhere' : 'popular.reason'),
};

/** The market's most played items, the world's where the market has too few, the catalogue's newest where nobody has played. */
export function proposePopular(request: HomeRequest, wanted: number, sink: CandidateSink): void {
  const { counters, catalog } = request.epochs;
  const [start, end] = marketSpan(counters, request.marketNumber);
  const fromMarket = Math.min(wanted, end - start);
  for (let i = start; i < start + fromMarket; i++) sink.add(counters.marketItems[i], CHANNEL_BIT.popularity);
  const fromWorld = Math.min(wanted - fromMarket, counters.topItems.length);
  for (let i = 0; i < fromWorld; i++) sink.add(counters.topItems[i], CHANNEL_BIT.popularity);
  if (fromMarket + fromWorld > 0) return;
  for (const item of newestOf(catalog, wanted)) sink.add(item, CHANNEL_BIT.catalog);
}

const newestCache = new WeakMap<Catalog, Uint32Array>();

function newestOf(catalog: Catalog, wanted: number): Uint32Array {
  const known = newestCache.get(catalog);
  if (known !== undefined) return known.subarray(0, wanted);
  const order = Uint32Array.from({ length: catalog.size }, (_, i) => i).sort(
    (a, b) => catalog.releaseDay[b] - catalog.releaseDay[a] || a - b,
  );
  const newest = order.slice(0, 200);
  newestCache.set(catalog, newest);
  return newest.subarray(0, wanted);
}

/** With fewer things played, liked or picked, what others play says more than the listener's own taste. */
const LITTLE_TASTE = 5;

function hasLittleTaste({ view, pickNumbers }: HomeRequest): boolean {
  return view.items.length + view.liked.length + pickNumbers.length < LITTLE_TASTE;
}

function chartFor({ epochs, marketNumber }: HomeRequest): MarketChart {
  return chartOf(epochs.counters, epochs.catalog, marketNumber);
}

/** For shelves that need no taste: once, and only for listeners who have little. */
const onceWithLittleTaste = (request: HomeRequest, out: Uint32Array): number =>
  hasLittleTaste(request) ? once(request, out) : 0;

const popularGenre: ShelfDeclaration = {
  id: 'popular-genre',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds(request, out) {
    if (!hasLittleTaste(request)) return 0;
    const { catalog } = request.epochs;
    // Another item may have come to stand for a genre since its row was seen.
    const carried = request.carried
      .filter((row) => row.shelfId === 'popular-genre')
      .map((row) => strongestGenre(row.seedItem, catalog));
    let count = 0;
    for (const { genre, seedItem } of chartFor(request).genres) if (!carried.includes(genre)) out[count++] = seedItem;
    return count;
  },
  propose(request, seed, sink) {
    const chart = chartFor(request).genres.find(({ seedItem }) => seedItem === seed);
    for (const item of chart?.items ?? []) sink.add(item, CHANNEL_BIT.popularity);
  },
  title: ({ seedItem, texts }) => told('popular-genre.title', { genre: texts.genre(seedItem) }),
  reason: ({ seedItem, texts }) => told('popular-genre.reason', { genre: texts.genre(seedItem) }),
};

const popularPodcasts: ShelfDeclaration = {
  id: 'popular-podcasts',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds: onceWithLittleTaste,
  propose(request, _seed, sink) {
    for (const show of chartFor(request).shows) sink.add(show, CHANNEL_BIT.popularity);
  },
  title: always('popular-podcasts.title'),
  reason: always('popular-podcasts.reason'),
};

const beyondCharts: ShelfDeclaration = {
  id: 'beyond-the-charts',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds: onceWithLittleTaste,
  propose(request, _seed, sink) {
    for (const item of chartFor(request).beyond) sink.add(item, CHANNEL_BIT.popularity);
  },
  title: always('beyond-the-charts.title'),
  reason: always('beyond-the-charts.reason'),
};

/**
 * All shelves; their order here is the canonical order of equal things. Of two in a defined order that want the same card
 * at their head the first has it: Heavy rotation is led by what is played most, also when that was played last.
 */
export const SHELVES: readonly ShelfDeclaration[] = [
  heavy,
  recentlyPlayed,
  jumpBack,
  newEpisodes,
  moreLike,
  recommended,
  different,
  popular,
  popularGenre,
  popularPodcasts,
  beyondCharts,
];

export function shelfById(id: string): ShelfDeclaration | undefined {
  return SHELVES.find((shelf) => shelf.id === id);
}
