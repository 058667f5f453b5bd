/** What compositions read of a decision's items and of its listener, from the epochs and the view that its record names. */
import {
  type Catalog,
  type Counters,
  type Embedding,
  ITEM_KINDS,
  type ListenerView,
  NO_ITEM,
} from '../domain/index.ts';
import type { ItemTraits } from '../policy/index.ts';

const ARTIST = ITEM_KINDS.indexOf('artist');

export interface TraitsInput {
  readonly view: ListenerView;
  readonly catalog: Catalog;
  readonly counters: Counters;
  readonly embedding: Embedding;
  /** Artists with fewer counted plays are newcomers. */
  readonly newcomerPlays: number;
}

interface Marked {
  readonly catalog: Catalog;
  readonly newcomerPlays: number;
  readonly newcomers: Uint8Array;
}

/** Newcomers are marked once for each epoch of the counters: one pass over the items. */
export function createTraits(): (input: TraitsInput) => ItemTraits {
  const marked = new WeakMap<Counters, Marked>();
  return ({ view, catalog, counters, embedding, newcomerPlays }) => {
    let known = marked.get(counters);
    if (known?.catalog !== catalog || known.newcomerPlays !== newcomerPlays) {
      known = { catalog, newcomerPlays, newcomers: markNewcomers(catalog, counters, newcomerPlays) };
      marked.set(counters, known);
    }
    const total = view.genrePlays.reduce((sum, plays) => sum + plays, 0);
    return {
      embedding,
      catalog,
      newcomers: known.newcomers,
      tasteGenres: total > 0 ? view.genres : view.genres.subarray(0, 0),
      tasteShares: total > 0 ? Float64Array.from(view.genrePlays, (plays) => plays / total) : new Float64Array(0),
    };
  };
}

/** 1 for every item whose artist (itself, or its primary creator) has fewer plays than that; 0 where no artist is known. */
function markNewcomers(catalog: Catalog, counters: Counters, newcomerPlays: number): Uint8Array {
  const { size, creator, kind } = catalog;
  const plays = new Float64Array(size);
  const artistOf = (item: number): number => (kind[item] === ARTIST ? item : creator[item]);
  for (let item = 0; item < size; item++) {
    const artist = artistOf(item);
    if (artist < size && item < counters.plays.length) plays[artist] += counters.plays[item];
  }
  return Uint8Array.from({ length: size }, (_, item) => {
    const artist = artistOf(item);
    return artist !== NO_ITEM && artist < size && plays[artist] < newcomerPlays ? 1 : 0;
  });
}
