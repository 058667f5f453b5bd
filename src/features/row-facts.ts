/**
 * Row facts: what the encoder knows of a card and a listener together (see ROW_FACTS). The listener's side is bound once
 * a page into small tables; then the facts of a block of rows are gathered in one pass, without a call or an object a row.
 */
import { NumberIndex } from '../base/index.ts';
import {
  type Counters,
  type Embedding,
  GENERATED_BASE,
  GENERATED_SLOTS,
  generatedMarketPlays,
  isGenerated,
  type ListenerView,
  marketSpan,
  NO_ITEM,
  VIEW_LIMITS,
} from '../domain/index.ts';
import { type PageFacts, ROW_FACTS, type RowFact } from './declaration.ts';

/** Rows that are gathered at once: the facts of a block stay in the first-level cache. */
export const BLOCK_ROWS = 64;
/** Genres of an item that count; the rest are its weakest. */
const GENRES_PER_ITEM = 8;
/** Memory for popularity by market: tables of one float an item. */
const MARKET_TABLE_BYTES = 64 * 1024 * 1024;

const FOLLOWED = 1;
const LIKED = 2;

const offsetOf = (fact: RowFact): number => ROW_FACTS.indexOf(fact) * BLOCK_ROWS;
const MARKET_PLAYS = offsetOf('marketPlays');
const ITEM_PLAYS = offsetOf('itemPlays');
const ITEM_AGE = offsetOf('itemAgeDays');
const CREATOR_PLAYS = offsetOf('creatorPlays');
const GENRE_PLAYS = offsetOf('genrePlays');
const GENRE_NOVELTY = offsetOf('genreNovelty');
const FOLLOWED_FACT = offsetOf('followed');
const LIKED_FACT = offsetOf('liked');
const SAME_CREATOR = offsetOf('sameCreator');
const SEED_NEIGHBOUR = offsetOf('seedNeighbour');
const TASTE_COSINE = offsetOf('tasteCosine');
const SEED_COSINE = offsetOf('seedCosine');
const SESSION_COSINE = offsetOf('sessionCosine');

/** GENRE_WEIGHT[k] = 1 / (k + 1); GENRE_SHARE[n] = 1 / the sum of the first n. */
const GENRE_WEIGHT = Float64Array.from({ length: GENRES_PER_ITEM }, (_, k) => 1 / (k + 1));
const GENRE_SHARE = Float64Array.from(
  { length: GENRES_PER_ITEM + 1 },
  (_, n) => 1 / GENRE_WEIGHT.subarray(0, n).reduce((sum, weight) => sum + weight, 0),
);

const NOTHING = new Float32Array(0);

export class RowFacts {
  /** Fact f of row r of the block: values[f * BLOCK_ROWS + r]; NaN is missing. */
  readonly values = new Float64Array(ROW_FACTS.length * BLOCK_ROWS);

  private readonly wantsTaste: boolean;
  private readonly wantsSeed: boolean;
  private readonly wantsSession: boolean;
  private readonly wantsGenres: boolean;

  /** The listener's numbers (items, creators, followed, liked) and what is known by each. */
  private readonly numbers = new NumberIndex(
    VIEW_LIMITS.items + VIEW_LIMITS.creators + VIEW_LIMITS.followed + VIEW_LIMITS.liked,
  );
  private plays = new Float32Array(512);
  private ageDays = new Float32Array(512);
  private creatorPlays = new Float32Array(512);
  private marks = new Uint8Array(512);
  /** Decayed plays by genre number; only the bound listener's are not 0. */
  private genrePlays = new Float64Array(1024);
  /** p / (1 + p) of those plays. */
  private genreKnown = new Float64Array(1024);
  private boundGenres = new Uint16Array(VIEW_LIMITS.genres);
  private boundGenreCount = 0;

  private sessionCreator = NO_ITEM;
  private readonly markets = new MarketTables();
  private market: Float32Array = NOTHING;
  /** What generated playlists stand for in this market, by slot. */
  private readonly generatedPlays = new Float64Array(GENERATED_SLOTS.length);
  private readonly norms = new Norms();
  private inverseNorms: Float64Array = new Float64Array(0);
  private taste = new Target();
  private seed = new Target();
  private session = new Target();
  private readonly neighbours = new NumberIndex(64);
  private neighbourSimilarity = new Float32Array(64);

  /** Computes the costly facts only if `wanted` holds them. */
  constructor(wanted: ReadonlySet<RowFact>) {
    this.wantsTaste = wanted.has('tasteCosine');
    this.wantsSeed = wanted.has('seedCosine');
    this.wantsSession = wanted.has('sessionCosine');
    this.wantsGenres = wanted.has('genrePlays') || wanted.has('genreNovelty');
  }

  bindPage(page: PageFacts): void {
    const { view, catalog, counters, embedding, market } = page;
    this.bindNumbers(view);
    this.bindGenres(view);
    const { sessionItem } = view;
    this.sessionCreator = sessionItem < catalog.size ? catalog.creator[sessionItem] : NO_ITEM;
    this.market = this.markets.of(counters, market, catalog.size);
    for (let slot = 0; slot < GENERATED_SLOTS.length; slot++)
      this.generatedPlays[slot] = generatedMarketPlays(counters, market, slot);
    this.inverseNorms = this.norms.of(embedding);
    this.taste.bindVector(view.taste, embedding);
    if (this.wantsSession) this.session.bindItem(sessionItem, embedding);
    this.neighbours.clear();
    this.seed.known = false;
  }

  bindShelf(seedItem: number, embedding: Embedding): void {
    if (this.wantsSeed) this.seed.bindItem(seedItem, embedding);
    const { neighbours } = this;
    neighbours.clear();
    if (seedItem >= embedding.size) return;
    const { neighbourCount } = embedding;
    if (neighbourCount > this.neighbourSimilarity.length) this.neighbourSimilarity = new Float32Array(neighbourCount);
    const from = seedItem * neighbourCount;
    for (let k = from; k < from + neighbourCount; k++) {
      const item = embedding.neighbours[k];
      if (item === NO_ITEM) break;
      this.neighbourSimilarity[neighbours.insert(item)] = embedding.neighbourSimilarity[k];
    }
  }

  /** Gathers the facts of items[from .. from + count), count <= BLOCK_ROWS. */
  gather(page: PageFacts, items: Uint32Array, from: number, count: number): void {
    this.gatherNumbers(page, items, from, count);
    if (this.wantsGenres) this.gatherGenres(page, items, from, count);
    if (this.wantsTaste) this.gatherCosine(this.taste, TASTE_COSINE, page.embedding, items, from, count);
    this.gatherGenerated(items, from, count);
    if (this.wantsSeed) this.gatherCosine(this.seed, SEED_COSINE, page.embedding, items, from, count);
    if (this.wantsSession) this.gatherCosine(this.session, SESSION_COSINE, page.embedding, items, from, count);
  }

  private gatherNumbers(page: PageFacts, items: Uint32Array, from: number, count: number): void {
    const { values, numbers, plays, ageDays, creatorPlays, marks, market, neighbours, neighbourSimilarity } = this;
    const { sessionCreator } = this;
    const { size, creator: creators, parent: parents } = page.catalog;
    const hasNeighbours = neighbours.size > 0;
    for (let r = 0; r < count; r++) {
      const item = items[from + r];
      let mark = 0;
      let itemPlays = 0;
      let age = Number.NaN;
      let ofCreator = 0;
      let sameCreator = 0;
      const own = numbers.find(item);
      if (own >= 0) {
        mark = marks[own];
        itemPlays = plays[own];
        age = ageDays[own];
      }
      if (item < size) {
        const creator = creators[item];
        if (creator !== NO_ITEM) {
          const entry = creator === item ? own : numbers.find(creator);
          if (entry >= 0) {
            ofCreator = creatorPlays[entry];
            mark |= marks[entry] & FOLLOWED;
          }
          if (creator === sessionCreator) sameCreator = 1;
        }
        const parent = parents[item];
        if (parent !== NO_ITEM) {
          const entry = numbers.find(parent);
          if (entry >= 0) {
            mark |= marks[entry];
            if (plays[entry] > itemPlays) {
              itemPlays = plays[entry];
              age = ageDays[entry];
            }
          }
        }
      }
      values[MARKET_PLAYS + r] = item < market.length ? market[item] : 0;
      values[ITEM_PLAYS + r] = itemPlays;
      values[ITEM_AGE + r] = age;
      values[CREATOR_PLAYS + r] = ofCreator;
      values[FOLLOWED_FACT + r] = mark & FOLLOWED;
      values[LIKED_FACT + r] = (mark & LIKED) >> 1;
      values[SAME_CREATOR + r] = sameCreator;
      let similarity = 0;
      if (hasNeighbours) {
        const entry = neighbours.find(item);
        if (entry >= 0) similarity = neighbourSimilarity[entry];
      }
      values[SEED_NEIGHBOUR + r] = similarity;
    }
  }

  /** What was made of the listener's taste lies in its direction. */
  private gatherGenerated(items: Uint32Array, from: number, count: number): void {
    for (let r = 0; r < count; r++) {
      if (items[from + r] < GENERATED_BASE || !isGenerated(items[from + r])) continue;
      this.values[MARKET_PLAYS + r] = this.generatedPlays[items[from + r] - GENERATED_BASE];
      if (this.wantsTaste && this.taste.known) this.values[TASTE_COSINE + r] = 1;
    }
  }

  private gatherGenres(page: PageFacts, items: Uint32Array, from: number, count: number): void {
    const { values, genrePlays, genreKnown } = this;
    const { size, genreStart, genreIds } = page.catalog;
    const known = genrePlays.length;
    for (let r = 0; r < count; r++) {
      const item = items[from + r];
      let played = 0;
      let novelty = Number.NaN;
      if (item < size) {
        const start = genreStart[item];
        const genres = Math.min(genreStart[item + 1] - start, GENRES_PER_ITEM);
        if (genres > 0) {
          let familiar = 0;
          for (let k = 0; k < genres; k++) {
            const genre = genreIds[start + k];
            if (genre < known) {
              played += GENRE_WEIGHT[k] * genrePlays[genre];
              familiar += GENRE_WEIGHT[k] * genreKnown[genre];
            }
          }
          played *= GENRE_SHARE[genres];
          novelty = 1 - familiar * GENRE_SHARE[genres];
        }
      }
      values[GENRE_PLAYS + r] = played;
      values[GENRE_NOVELTY + r] = novelty;
    }
  }

  private gatherCosine(
    target: Target,
    offset: number,
    embedding: Embedding,
    items: Uint32Array,
    from: number,
    count: number,
  ): void {
    const { values } = this;
    if (!target.known) {
      values.fill(Number.NaN, offset, offset + count);
      return;
    }
    // Four rows at a time: the target is loaded once for all of them, and their sums do not wait for each other.
    for (let r = 0; r < count; r += 4) {
      const last = from + count - 1;
      this.fourCosines(
        target.unit,
        embedding,
        items[from + r],
        items[Math.min(from + r + 1, last)],
        items[Math.min(from + r + 2, last)],
        items[Math.min(from + r + 3, last)],
        offset + r,
      );
    }
  }

  private fourCosines(
    unit: Float64Array,
    embedding: Embedding,
    item0: number,
    item1: number,
    item2: number,
    item3: number,
    at: number,
  ): void {
    const { factors, dimension, size } = embedding;
    const { values } = this;
    const row0 = item0 < size ? item0 * dimension : 0;
    const row1 = item1 < size ? item1 * dimension : 0;
    const row2 = item2 < size ? item2 * dimension : 0;
    const row3 = item3 < size ? item3 * dimension : 0;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    const even = dimension & ~1;
    for (let k = 0; k < even; k += 2) {
      const x = unit[k];
      const y = unit[k + 1];
      sum0 += factors[row0 + k] * x + factors[row0 + k + 1] * y;
      sum1 += factors[row1 + k] * x + factors[row1 + k + 1] * y;
      sum2 += factors[row2 + k] * x + factors[row2 + k + 1] * y;
      sum3 += factors[row3 + k] * x + factors[row3 + k + 1] * y;
    }
    if (even < dimension) {
      const x = unit[even];
      sum0 += factors[row0 + even] * x;
      sum1 += factors[row1 + even] * x;
      sum2 += factors[row2 + even] * x;
      sum3 += factors[row3 + even] * x;
    }
    // Beyond the block's last row stands room that nobody reads.
    values[at] = sum0 * this.inverseNorm(item0, embedding);
    values[at + 1] = sum1 * this.inverseNorm(item1, embedding);
    values[at + 2] = sum2 * this.inverseNorm(item2, embedding);
    values[at + 3] = sum3 * this.inverseNorm(item3, embedding);
  }

  /** 1 / |f_item|, NaN where the item has no vector. */
  private inverseNorm(item: number, embedding: Embedding): number {
    if (item >= embedding.size) return Number.NaN;
    const known = this.inverseNorms[item];
    return known < 0 ? inverseNormOf(this.inverseNorms, item, embedding) : known;
  }

  private bindNumbers(view: ListenerView): void {
    const { numbers } = this;
    numbers.clear();
    const most = view.items.length + view.creators.length + view.followed.length + view.liked.length;
    if (most > this.plays.length) {
      this.plays = new Float32Array(2 * most);
      this.ageDays = new Float32Array(2 * most);
      this.creatorPlays = new Float32Array(2 * most);
      this.marks = new Uint8Array(2 * most);
    }
    const { plays, ageDays, creatorPlays, marks } = this;
    for (let i = 0; i < view.items.length; i++) {
      const entry = this.entryOf(view.items[i]);
      plays[entry] = finite(view.itemPlays[i]);
      ageDays[entry] = finite(view.itemAgeDays[i]);
    }
    for (let i = 0; i < view.creators.length; i++)
      creatorPlays[this.entryOf(view.creators[i])] = finite(view.creatorPlays[i]);
    for (let i = 0; i < view.followed.length; i++) marks[this.entryOf(view.followed[i])] |= FOLLOWED;
    for (let i = 0; i < view.liked.length; i++) marks[this.entryOf(view.liked[i])] |= LIKED;
  }

  /** The entry of a number, empty if it is new. */
  private entryOf(number: number): number {
    const { numbers } = this;
    const before = numbers.size;
    const entry = numbers.insert(number);
    if (entry === before) {
      this.plays[entry] = 0;
      this.ageDays[entry] = Number.NaN;
      this.creatorPlays[entry] = 0;
      this.marks[entry] = 0;
    }
    return entry;
  }

  private bindGenres(view: ListenerView): void {
    const { genres } = view;
    for (let i = 0; i < this.boundGenreCount; i++) {
      this.genrePlays[this.boundGenres[i]] = 0;
      this.genreKnown[this.boundGenres[i]] = 0;
    }
    let most = 0;
    for (let i = 0; i < genres.length; i++) most = Math.max(most, genres[i] + 1);
    if (most > this.genrePlays.length) {
      this.genrePlays = new Float64Array(2 * most);
      this.genreKnown = new Float64Array(2 * most);
    }
    if (genres.length > this.boundGenres.length) this.boundGenres = new Uint16Array(genres.length);
    for (let i = 0; i < genres.length; i++) {
      const plays = finite(view.genrePlays[i]);
      this.genrePlays[genres[i]] = plays;
      this.genreKnown[genres[i]] = plays / (1 + plays);
    }
    this.boundGenres.set(genres);
    this.boundGenreCount = genres.length;
  }
}

/** Plays and ages are finite and not negative; what is not, is taken for 0. */
function finite(x: number): number {
  return x > 0 && x < Number.POSITIVE_INFINITY ? x : 0;
}

/** A vector that items are compared with, at length 1. */
class Target {
  known = false;
  unit = new Float64Array(VIEW_LIMITS.taste);

  bindVector(vector: Float32Array, embedding: Embedding): void {
    this.known = false;
    if (vector.length === embedding.dimension) this.bind(vector, 0, vector.length);
  }

  bindItem(item: number, embedding: Embedding): void {
    this.known = false;
    if (item < embedding.size) this.bind(embedding.factors, item * embedding.dimension, embedding.dimension);
  }

  private bind(source: Float32Array, at: number, dimension: number): void {
    if (dimension > this.unit.length) this.unit = new Float64Array(dimension);
    let squares = 0;
    for (let k = 0; k < dimension; k++) squares += source[at + k] * source[at + k];
    if (!(squares > 0 && squares < Number.POSITIVE_INFINITY)) return;
    const inverse = 1 / Math.sqrt(squares);
    for (let k = 0; k < dimension; k++) this.unit[k] = source[at + k] * inverse;
    this.known = true;
  }
}

/** 1 / |f_i| of each item, computed when it is first asked for; NaN where the item has no vector, -1 not yet computed. */
class Norms {
  private readonly byFactors = new WeakMap<Float32Array, Float64Array>();

  of(embedding: Embedding): Float64Array {
    const known = this.byFactors.get(embedding.factors);
    if (known !== undefined) return known;
    const fresh = new Float64Array(embedding.size).fill(-1);
    this.byFactors.set(embedding.factors, fresh);
    return fresh;
  }
}

function inverseNormOf(inverseNorms: Float64Array, item: number, embedding: Embedding): number {
  const { factors, dimension } = embedding;
  const at = item * dimension;
  let squares = 0;
  for (let k = at; k < at + dimension; k++) squares += factors[k] * factors[k];
  const inverse = squares > 0 && squares < Number.POSITIVE_INFINITY ? 1 / Math.sqrt(squares) : Number.NaN;
  inverseNorms[item] = inverse;
  return inverse;
}

/**
 * Decayed plays by item in one market, as an array over the catalogue; the world's where the market is unknown. Counters hold them as lists; a list is spread when
 * its market is first met in an epoch (0.2 ms for 100k items), and the tables of the markets met last are kept.
 */
class MarketTables {
  private marketPlays: Float32Array = NOTHING;
  /** By market, the one met last at the end. */
  private readonly tables = new Map<number, Float32Array>();

  of(counters: Counters, market: number, size: number): Float32Array {
    if (counters.marketPlays !== this.marketPlays) {
      this.marketPlays = counters.marketPlays;
      this.tables.clear();
    }
    const known = this.tables.get(market);
    if (known !== undefined && known.length >= size) {
      this.tables.delete(market);
      this.tables.set(market, known);
      return known;
    }
    const [start, end] = marketSpan(counters, market);
    if (start === end) return counters.plays;
    const most = Math.max(2, Math.floor(MARKET_TABLE_BYTES / (4 * size + 1)));
    let table: Float32Array | undefined;
    for (const [oldest, reusable] of this.tables) {
      if (this.tables.size < most) break;
      this.tables.delete(oldest);
      table = reusable.length >= size ? reusable.fill(0) : undefined;
    }
    table ??= new Float32Array(size);
    for (let k = start; k < end; k++) {
      const item = counters.marketItems[k];
      if (item < table.length) table[item] = counters.marketPlays[k];
    }
    this.tables.set(market, table);
    return table;
  }
}
