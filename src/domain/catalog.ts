/**
 * The catalogue as serving reads it: one column an attribute, indexed by item number. Titles and images are not here:
 * they do not take part in decisions.
 */
import { DAY_MS, ShelfwiseError } from '../base/index.ts';
import { type Epoch, type EpochContent, sealEpoch } from './epoch.ts';
import { ITEM_KINDS, type Item } from './item.ts';
import { NO_ITEM, type Vocabularies } from './vocabulary.ts';

/** Kind of a number that events mention and the catalogue does not (yet) hold. */
export const UNKNOWN_KIND = 255;
export const UNKNOWN_DAY = -2147483648;
/** Words of 32 bits in one set of markets: room for 256 markets. */
export const MARKET_WORDS = 8;

export const ITEM_EXPLICIT = 1;

export interface Catalog {
  readonly hash: string;
  /** Item numbers run from 0 to size - 1. */
  readonly size: number;
  /** Index into ITEM_KINDS, or UNKNOWN_KIND. */
  readonly kind: Uint8Array;
  /** Primary creator's item number, or NO_ITEM. */
  readonly creator: Uint32Array;
  /** Parent's item number, or NO_ITEM. */
  readonly parent: Uint32Array;
  /** Days since 1970-01-01, or UNKNOWN_DAY. */
  readonly releaseDay: Int32Array;
  /** 0 when unknown. */
  readonly durationMs: Uint32Array;
  /** Bits: ITEM_EXPLICIT. */
  readonly flags: Uint8Array;
  /** Genres of item i: genreIds[genreStart[i] .. genreStart[i + 1]), strongest first. */
  readonly genreStart: Uint32Array;
  readonly genreIds: Uint16Array;
  /** Index of the item's set of markets; 0 is "everywhere". Set s: marketSets[s * MARKET_WORDS ..], a bit a market number. */
  readonly marketSet: Uint16Array;
  readonly marketSets: Uint32Array;
  /** Bit per tier number (0..31); 0 is "every tier". */
  readonly tierMask: Uint32Array;
  /** Epoch milliseconds; -Infinity and +Infinity where not limited. */
  readonly availableFromMs: Float64Array;
  readonly availableUntilMs: Float64Array;
}

/** May a listener in this market (number or -1), on this tier (number or -1), play it at this time? */
export function isAvailable(catalog: Catalog, item: number, market: number, tier: number, atMs: number): boolean {
  if (item >= catalog.size || catalog.kind[item] === UNKNOWN_KIND) return false;
  if (atMs < catalog.availableFromMs[item] || atMs >= catalog.availableUntilMs[item]) return false;
  const tiers = catalog.tierMask[item];
  if (tiers !== 0 && (tier < 0 || (tiers & (1 << tier)) === 0)) return false;
  const set = catalog.marketSet[item];
  if (set === 0) return true;
  if (market < 0) return false;
  return (catalog.marketSets[set * MARKET_WORDS + (market >>> 5)] & (1 << (market & 31))) !== 0;
}

/** Builds the columns from items; numbers come from the vocabularies, which grow as needed. */
export function buildCatalog(items: Iterable<Item>, vocabularies: Vocabularies): Epoch {
  const list: Item[] = [];
  for (const item of items) {
    vocabularies.items.number(item.id);
    for (const creator of item.creators ?? []) vocabularies.items.number(creator.id);
    if (item.parentId !== undefined) vocabularies.items.number(item.parentId);
    list.push(item);
  }
  const size = vocabularies.items.size;
  const byNumber: (Item | undefined)[] = new Array(size);
  let genreCount = 0;
  for (const item of list) {
    byNumber[vocabularies.items.number(item.id)] = item;
    genreCount += item.genres?.length ?? 0;
  }

  const kind = new Uint8Array(size).fill(UNKNOWN_KIND);
  const creator = new Uint32Array(size).fill(NO_ITEM);
  const parent = new Uint32Array(size).fill(NO_ITEM);
  const releaseDay = new Int32Array(size).fill(UNKNOWN_DAY);
  const durationMs = new Uint32Array(size);
  const flags = new Uint8Array(size);
  const genreStart = new Uint32Array(size + 1);
  const genreIds = new Uint16Array(genreCount);
  const marketSet = new Uint16Array(size);
  const tierMask = new Uint32Array(size);
  const availableFromMs = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  const availableUntilMs = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  const sets = new Map<string, number>();
  const setWords: number[] = new Array<number>(MARKET_WORDS).fill(0);

  let genreAt = 0;
  for (let i = 0; i < size; i++) {
    genreStart[i] = genreAt;
    const item = byNumber[i];
    if (item === undefined) continue;
    kind[i] = ITEM_KINDS.indexOf(item.kind);
    const primary = item.creators?.[0];
    if (primary !== undefined) creator[i] = vocabularies.items.number(primary.id);
    else if (item.kind === 'artist') creator[i] = i;
    if (item.parentId !== undefined) parent[i] = vocabularies.items.number(item.parentId);
    if (item.releasedAt !== undefined) releaseDay[i] = Math.floor(Date.parse(item.releasedAt) / DAY_MS);
    durationMs[i] = item.durationMs ?? 0;
    flags[i] = item.explicit ? ITEM_EXPLICIT : 0;
    for (const genre of item.genres ?? []) genreIds[genreAt++] = vocabularies.genres.number(genre);
    if (item.markets !== undefined) marketSet[i] = internMarkets(item.markets, vocabularies, sets, setWords);
    for (const tier of item.tiers ?? []) tierMask[i] |= 1 << tierNumber(tier, vocabularies);
    if (item.availableFrom !== undefined) availableFromMs[i] = Date.parse(item.availableFrom);
    if (item.availableUntil !== undefined) availableUntilMs[i] = Date.parse(item.availableUntil);
  }
  genreStart[size] = genreAt;

  return sealEpoch({
    kind: 'catalog',
    meta: { size },
    arrays: {
      kind,
      creator,
      parent,
      releaseDay,
      durationMs,
      flags,
      genreStart,
      genreIds,
      marketSet,
      marketSets: Uint32Array.from(setWords),
      tierMask,
      availableFromMs,
      availableUntilMs,
    },
  });
}

function internMarkets(
  markets: readonly string[],
  vocabularies: Vocabularies,
  sets: Map<string, number>,
  words: number[],
): number {
  const numbers = markets.map((market) => vocabularies.markets.number(market)).sort((a, b) => a - b);
  if (numbers.some((number) => number >= 32 * MARKET_WORDS)) {
    throw new ShelfwiseError('OPTION_INVALID', `a catalogue has room for ${32 * MARKET_WORDS} markets`);
  }
  const key = numbers.join(',');
  const known = sets.get(key);
  if (known !== undefined) return known;
  const set = words.length / MARKET_WORDS;
  if (set > 0xffff)
    throw new ShelfwiseError('OPTION_INVALID', 'a catalogue has room for 65,535 different sets of markets');
  const at = words.length;
  for (let i = 0; i < MARKET_WORDS; i++) words.push(0);
  for (const number of numbers) words[at + (number >>> 5)] |= 1 << (number & 31);
  sets.set(key, set);
  return set;
}

function tierNumber(tier: string, vocabularies: Vocabularies): number {
  const number = vocabularies.tiers.number(tier);
  if (number > 31) throw new ShelfwiseError('OPTION_INVALID', 'a catalogue has room for 32 tiers');
  return number;
}

/** The typed view of a catalogue epoch. */
export function readCatalog(epoch: EpochContent & { hash: string }): Catalog {
  const a = epoch.arrays;
  return {
    hash: epoch.hash,
    size: a.kind.length,
    kind: a.kind as Uint8Array,
    creator: a.creator as Uint32Array,
    parent: a.parent as Uint32Array,
    releaseDay: a.releaseDay as Int32Array,
    durationMs: a.durationMs as Uint32Array,
    flags: a.flags as Uint8Array,
    genreStart: a.genreStart as Uint32Array,
    genreIds: a.genreIds as Uint16Array,
    marketSet: a.marketSet as Uint16Array,
    marketSets: a.marketSets as Uint32Array,
    tierMask: a.tierMask as Uint32Array,
    availableFromMs: a.availableFromMs as Float64Array,
    availableUntilMs: a.availableUntilMs as Float64Array,
  };
}
