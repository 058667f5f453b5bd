/**
 * Row facts: what the encoder knows of a card and a listener together (see ROW_FACTS). The listener's side is bound once
 * a page into small tables; then the facts of a block of rows are gathered in one pass, without a call or an object a row.
 */
import { type Counters, type Embedding, type ListenerView, marketSpan, NO_ITEM, VIEW_LIMITS } from '../domain/index.ts';
import { type PageFacts, ROW_FACTS, type RowFact } from './declaration.ts';
import { NumberTable } from './number-table.ts';

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

/** GENRE_WEIGHT[k] = 1 / (k + 1); GENRE_TOTAL[n] = the sum of the first n. */
const GENRE_WEIGHT = Float64Array.from({ length: GENRES_PER_ITEM }, (_, k) => 1 / (k + 1));
const GENRE_TOTAL = Float64Array.from({ length: GENRES_PER_ITEM + 1 }, (_, n) =>
  GENRE_WEIGHT.subarray(0, n).reduce((sum, weight) => sum + weight, 0),
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
  private readonly numbers = new NumberTable(
    VIEW_LIMITS.items + VIEW_LIMITS.creators + VIEW_LIMITS.followed + VIEW_LIMITS.liked,
  );
  private plays = new Float32Array(512);
  private ageDays = new Float32Array(512);
  private creatorPlays = new Float32Array(512);
  private marks = new Uint8Array(512);
  /** Decayed plays by genre number; only the bound listener's are not 0. */
  private genrePlays = new Float32Array(1024);
  private boundGenres = new Uint16Array(VIEW_LIMITS.genres);
  private boundGenreCount = 0;

  private sessionCreator = NO_ITEM;
  private readonly markets = new MarketTables();
  private market: Float32Array = NOTHING;
  private readonly norms = new Norms();
  private inverseNorms: Float64Array = new Float64Array(0);
  private taste = new Target();
  private seed = new Target();
  private session = new Target();
  private readonly neighbours = new NumberTable(64);
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

  private gatherGenres(page: PageFacts, items: Uint32Array, from: number, count: number): void {
    const { values, genrePlays } = this;
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
            const ofGenre = genre < known ? genrePlays[genre] : 0;
            if (ofGenre > 0) {
              played += GENRE_WEIGHT[k] * ofGenre;
              familiar += (GENRE_WEIGHT[k] * ofGenre) / (1 + ofGenre);
            }
          }
          played /= GENRE_TOTAL[genres];
          novelty = 1 - familiar / GENRE_TOTAL[genres];
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
    const { values, inverseNorms } = this;
    if (!target.known) {
      values.fill(Number.NaN, offset, offset + count);
      return;
    }
    const { unit } = target;
    const { factors, dimension, size } = embedding;
    const tail = dimension & ~3;
    for (let r = 0; r < count; r++) {
      const item = items[from + r];
      let cosine = Number.NaN;
      if (item < size) {
        let inverse = inverseNorms[item];
        if (inverse < 0) inverse = inverseNormOf(inverseNorms, item, embedding);
        if (inverse > 0) {
          const at = item * dimension;
          let a = 0;
          let b = 0;
          let c = 0;
          let d = 0;
          let k = 0;
          for (; k < tail; k += 4) {
            a += factors[at + k] * unit[k];
            b += factors[at + k + 1] * unit[k + 1];
            c += factors[at + k + 2] * unit[k + 2];
            d += factors[at + k + 3] * unit[k + 3];
          }
          for (; k < dimension; k++) a += factors[at + k] * unit[k];
          cosine = (a + b + (c + d)) * inverse;
        }
      }
      values[offset + r] = cosine;
    }
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
      plays[entry] = view.itemPlays[i];
      ageDays[entry] = view.itemAgeDays[i];
    }
    for (let i = 0; i < view.creators.length; i++) creatorPlays[this.entryOf(view.creators[i])] = view.creatorPlays[i];
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
    for (let i = 0; i < this.boundGenreCount; i++) this.genrePlays[this.boundGenres[i]] = 0;
    let most = 0;
    for (let i = 0; i < genres.length; i++) most = Math.max(most, genres[i] + 1);
    if (most > this.genrePlays.length) this.genrePlays = new Float32Array(2 * most);
    if (genres.length > this.boundGenres.length) this.boundGenres = new Uint16Array(genres.length);
    for (let i = 0; i < genres.length; i++) this.genrePlays[genres[i]] = view.genrePlays[i];
    this.boundGenres.set(genres);
    this.boundGenreCount = genres.length;
  }
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

/** 1 / |f_i| of each item, computed when it is first asked for; 0 where the item has no vector, -1 not yet computed. */
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
  const inverse = squares > 0 && squares < Number.POSITIVE_INFINITY ? 1 / Math.sqrt(squares) : 0;
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
