/** A small made-up catalogue with counters and embeddings, and listeners in it: what encoders and models are tested on. */
import type { Rng } from '../../base/index.ts';
import {
  type Catalog,
  type Counters,
  type Embedding,
  ITEM_KINDS,
  type ListenerView,
  MARKET_WORDS,
  NO_ITEM,
  readCatalog,
  readCounters,
  readEmbedding,
  sealEpoch,
  UNKNOWN_DAY,
  UNKNOWN_KIND,
} from '../../domain/index.ts';

export interface FeatureWorld {
  readonly catalog: Catalog;
  readonly counters: Counters;
  readonly embedding: Embedding;
  /** Another listener each time; one in eight is new and empty. */
  listener(): ListenerView;
}

export interface FeatureWorldOptions {
  readonly items: number;
  readonly genres?: number;
  readonly markets?: number;
  readonly dimension?: number;
}

/** Holds what is rare, too: unknown items, no creator, no genres, no release day, no vector, a market without counters. */
export function featureWorld(rng: Rng, options: FeatureWorldOptions): FeatureWorld {
  const { items: size, genres = 40, markets = 3, dimension = 8 } = options;
  const creators = Math.max(1, Math.floor(size / 8));
  const sometimes = (share: number): boolean => rng.uniform() < share;
  const genreStart = new Uint32Array(size + 1);
  const genreIds: number[] = [];
  for (let item = 0; item < size; item++) {
    const count = sometimes(0.1) ? 0 : 1 + rng.below(sometimes(0.1) ? 12 : 4);
    for (let k = 0; k < count; k++) genreIds.push(rng.below(genres));
    genreStart[item + 1] = genreIds.length;
  }
  const each = <T>(make: (item: number) => T): T[] => Array.from({ length: size }, (_, item) => make(item));
  const catalog = readCatalog(
    sealEpoch({
      kind: 'catalog',
      meta: { size },
      arrays: {
        kind: Uint8Array.from(each(() => (sometimes(0.05) ? UNKNOWN_KIND : rng.below(ITEM_KINDS.length)))),
        creator: Uint32Array.from(
          each((item) => (sometimes(0.1) ? NO_ITEM : sometimes(0.05) ? item : rng.below(creators))),
        ),
        parent: Uint32Array.from(each(() => (sometimes(0.5) ? NO_ITEM : rng.below(size)))),
        releaseDay: Int32Array.from(
          each(() => (sometimes(0.1) ? UNKNOWN_DAY : 19_990 - rng.below(3_000) + rng.below(40))),
        ),
        durationMs: Uint32Array.from(each(() => (sometimes(0.1) ? 0 : rng.below(400_000)))),
        flags: Uint8Array.from(each(() => rng.below(2))),
        genreStart,
        genreIds: Uint16Array.from(genreIds),
        marketSet: new Uint16Array(size),
        marketSets: new Uint32Array(MARKET_WORDS),
        tierMask: new Uint32Array(size),
        availableFromMs: new Float64Array(size),
        availableUntilMs: new Float64Array(size),
      },
    }),
  );

  const marketLists = Array.from({ length: markets }, () =>
    each((item) => item).flatMap((item) => (sometimes(0.6) ? [{ item, plays: rng.exponential() * 30 }] : [])),
  );
  const marketStart = Uint32Array.from({ length: markets + 1 }, (_, m) =>
    marketLists.slice(0, m).reduce((sum, list) => sum + list.length, 0),
  );
  const counters = readCounters(
    sealEpoch({
      kind: 'counters',
      meta: {},
      arrays: {
        // The newest items have not been counted yet.
        plays: Float32Array.from({ length: Math.floor(size * 0.95) }, () => rng.exponential() * 80),
        markets: Uint16Array.from({ length: markets }, (_, m) => 2 * m),
        marketStart,
        marketItems: Uint32Array.from(marketLists.flat(), ({ item }) => item),
        marketPlays: Float32Array.from(marketLists.flat(), ({ plays }) => plays),
        topItems: new Uint32Array(0),
        genreStart: new Uint32Array(genres + 1),
        genreItems: new Uint32Array(0),
      },
    }),
  );

  const known = Math.floor(size * 0.9);
  const neighbourCount = 6;
  const factors = Float32Array.from({ length: known * dimension }, () => rng.normal());
  for (let item = 0; item < known; item++) {
    if (sometimes(0.05)) factors.fill(0, item * dimension, (item + 1) * dimension);
  }
  const embedding = readEmbedding(
    sealEpoch({
      kind: 'embedding',
      meta: { dimension, neighbourCount, alpha: 1, epsilon: 1 },
      arrays: {
        factors,
        gram: new Float32Array(dimension * dimension),
        neighbours: Uint32Array.from({ length: known * neighbourCount }, (_, k) =>
          k % neighbourCount > 3 && sometimes(0.5) ? NO_ITEM : rng.below(size),
        ),
        neighbourSimilarity: Float32Array.from({ length: known * neighbourCount }, () => rng.uniform()),
      },
    }),
  );

  const some = (most: number, below: number): Uint32Array =>
    Uint32Array.from(new Set(Array.from({ length: rng.below(most + 1) }, () => rng.below(below))));
  const amounts = (count: number, mean: number): Float32Array =>
    Float32Array.from({ length: count }, () => rng.exponential() * mean);
  return {
    catalog,
    counters,
    embedding,
    listener() {
      const empty = sometimes(0.125);
      const most = empty ? 0 : 1;
      const items = some(64 * most, size);
      const listened = some(48 * most, creators);
      const liked = some(16 * most, size);
      const heard = Uint16Array.from(some(32 * most, genres));
      const hours = Float32Array.from({ length: 24 }, () => (empty ? 0 : rng.uniform() / 12));
      return {
        tier: rng.below(4) - 1,
        market: rng.below(2 * markets),
        language: 0,
        ageBand: rng.below(8),
        totalPlays: empty ? 0 : rng.below(5_000),
        tenureDays: empty ? 0 : rng.below(900),
        recentPlays: empty ? 0 : Math.fround(rng.exponential() * 40),
        taste: empty ? new Float32Array(0) : Float32Array.from({ length: dimension }, () => rng.normal()),
        items,
        itemPlays: amounts(items.length, 3),
        itemAgeDays: amounts(items.length, 6),
        creators: listened,
        creatorPlays: amounts(listened.length, 8),
        genres: heard,
        genrePlays: amounts(heard.length, 12),
        hours,
        followed: some(16 * most, size),
        liked,
        sessionItem: empty || sometimes(0.3) ? NO_ITEM : rng.below(size),
        sessionPlays: empty ? 0 : rng.below(9),
      };
    },
  };
}
