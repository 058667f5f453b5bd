/** Shelves of what others play, for everybody and for those of whom little is known. */
import { type Catalog, dayPartOf, hourOf, UNKNOWN_MARKET } from '../../domain/index.ts';
import { chartOf, type MarketChart, MOST_PLAYED } from '../chart.ts';
import { strongestGenre } from '../kinds.ts';
import { always, told } from '../messages/index.ts';
import { CHANNEL_BIT, type HomeRequest } from '../request.ts';
import { type CandidateSink, once, type ShelfDeclaration } from './declaration.ts';

export const popular: ShelfDeclaration = {
  id: 'popular',
  order: 'policy',
  isForEveryone: true,
  isTireless: true,
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

/**
 * What the market plays at this time of the day, then at any time, then the world; the catalogue's newest where nobody has
 * played. At most 120 of them.
 */
export function proposePopular(request: HomeRequest, wanted: number, sink: CandidateSink): void {
  const { items } = chartFor(request);
  for (let i = 0; i < Math.min(wanted, items.length); i++) sink.add(items[i], CHANNEL_BIT.popularity);
  if (items.length > 0) return;
  for (const item of newestOf(request.epochs.catalog, wanted)) sink.add(item, CHANNEL_BIT.catalog);
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

function chartFor({ epochs, marketNumber, atMs }: HomeRequest): MarketChart {
  return chartOf(epochs.counters, epochs.catalog, marketNumber, dayPartOf(hourOf(atMs)));
}

/** For shelves that need no taste: once, and only for listeners who have little. */
const onceWithLittleTaste = (request: HomeRequest, out: Uint32Array): number =>
  hasLittleTaste(request) ? once(request, out) : 0;

export const popularGenre: ShelfDeclaration = {
  id: 'popular-genre',
  order: 'policy',
  isForEveryone: true,
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

export const popularPodcasts: ShelfDeclaration = {
  id: 'popular-podcasts',
  order: 'policy',
  isForEveryone: true,
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

export const beyondCharts: ShelfDeclaration = {
  id: 'beyond-the-charts',
  order: 'policy',
  isForEveryone: true,
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
