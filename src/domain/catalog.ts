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

/** Bits of a tier mask. */
export const MAX_TIERS = 32;
export const MAX_MARKETS = 32 * MARKET_WORDS;
/** Genre numbers are 16 bits wide. */
export const MAX_GENRES = 0xffff;

export const ITEM_EXPLICIT = 1;
/** Made for kids: the attribute `kids` is true, or a genre says so (see `isKidsGenre`). */
export const ITEM_FOR_KIDS = 2;
/** Not for kids: the attribute `kids` is false. */
export const ITEM_NOT_FOR_KIDS = 4;
/** It is in every market, for every tier, at any time: nothing else is looked up to know it. Catalogues from before this bit lack it. */
export const ITEM_UNRESTRICTED = 8;

const SHOW = ITEM_KINDS.indexOf('show');
const EPISODE = ITEM_KINDS.indexOf('episode');

/** `kids`, `Kids & Family`, `children's music`, `stories for kids` …, in upper or lower case. */
export function isKidsGenre(genre: string): boolean {
  return /^(kids|children('s|’s)?)( |$)| for (kids|children)$/i.test(genre);
}

/**
 * May a kid have it? Nothing explicit, and nothing that is marked as not for kids, itself or by its parent or primary
 * creator. Spoken word only where it (or its show) is marked as made for kids: titles and topics of podcasts are for grown
 * people unless somebody has said otherwise, while most music is for everybody.
 */
export function isForKids(catalog: Catalog, item: number): boolean {
  if (item >= catalog.size) return false;
  const flags = catalog.flags[item];
  const parent = catalog.parent[item];
  const creator = catalog.creator[item];
  const ofParent = parent < catalog.size ? catalog.flags[parent] : 0;
  const ofCreator = creator < catalog.size ? catalog.flags[creator] : 0;
  if ((flags & ITEM_EXPLICIT) !== 0 || ((flags | ofParent | ofCreator) & ITEM_NOT_FOR_KIDS) !== 0) return false;
  const kind = catalog.kind[item];
  if (kind === SHOW) return (flags & ITEM_FOR_KIDS) !== 0;
  if (kind === EPISODE) return ((flags | ofParent) & ITEM_FOR_KIDS) !== 0 && (ofParent & ITEM_EXPLICIT) === 0;
  return true;
}

function flagsOf(item: Item): number {
  const { explicit, attributes, genres = [] } = item;
  const kids = attributes?.['kids'];
  let flags = explicit ? ITEM_EXPLICIT : 0;
  if (isUnrestricted(item)) flags |= ITEM_UNRESTRICTED;
  if (kids === false) flags |= ITEM_NOT_FOR_KIDS;
  else if (kids === true || genres.some(isKidsGenre)) flags |= ITEM_FOR_KIDS;
  return flags;
}

function isUnrestricted({ markets, tiers = [], availableFrom, availableUntil }: Item): boolean {
  // An empty list of markets is nowhere, one of tiers is everybody.
  return markets === undefined && tiers.length === 0 && availableFrom === undefined && availableUntil === undefined;
}

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
  /** Bits: ITEM_EXPLICIT, ITEM_FOR_KIDS, ITEM_NOT_FOR_KIDS, ITEM_UNRESTRICTED. */
  readonly flags: Uint8Array;
  /** Genres of item i: genreIds[genreStart[i] .. genreStart[i + 1]), strongest first. */
  readonly genreStart: Uint32Array;
  readonly genreIds: Uint16Array;
  /** Index of the item's set of markets; 0 is "everywhere". Set s: marketSets[s * MARKET_WORDS ..], a bit a market number. */
  readonly marketSet: Uint16Array | Uint32Array;
  readonly marketSets: Uint32Array;
  /** Bit per tier number (0..31); 0 is "every tier". */
  readonly tierMask: Uint32Array;
  /** Epoch milliseconds; -Infinity and +Infinity where not limited. */
  readonly availableFromMs: Float64Array;
  readonly availableUntilMs: Float64Array;
}

/** May a listener in this market (number or -1), on this tier (number or -1), play it at this time? */
export function isAvailable(catalog: Catalog, item: number, market: number, tier: number, atMs: number): boolean {
  if (item >= catalog.size) return false;
  if ((catalog.flags[item] & ITEM_UNRESTRICTED) !== 0) return true;
  if (catalog.kind[item] === UNKNOWN_KIND) return false;
  if (atMs < catalog.availableFromMs[item] || atMs >= catalog.availableUntilMs[item]) return false;
  const tiers = catalog.tierMask[item];
  if (tiers !== 0 && (tier < 0 || tier >= MAX_TIERS || (tiers & (1 << tier)) === 0)) return false;
  const set = catalog.marketSet[item];
  if (set === 0) return true;
  if (market < 0 || market >= MAX_MARKETS) return false;
  return (catalog.marketSets[set * MARKET_WORDS + (market >>> 5)] & (1 << (market & 31))) !== 0;
}

/**
 * The limit of a catalogue that `item` would break, in words for the caller, or undefined: 32 tiers, 256 markets and
 * 65,535 genres, over all items that ever were. What it mentions and has no number yet is counted, and given none: name an
 * item that is taken before asking about the next.
 */
export function catalogRoomFor(item: Item, vocabularies: Vocabularies): string | undefined {
  const limits = [
    ['tiers', item.tiers, MAX_TIERS],
    ['markets', item.markets, MAX_MARKETS],
    ['genres', item.genres, MAX_GENRES],
  ] as const;
  for (const [kind, names, most] of limits) {
    if (names === undefined) continue;
    const vocabulary = vocabularies[kind];
    const added = new Set<string>();
    for (const name of names) {
      const number = vocabulary.lookup(name);
      if (number < 0) added.add(name);
      if (number >= most) return roomMessage(kind, most);
    }
    if (added.size > 0 && vocabulary.size + added.size > most) return roomMessage(kind, most);
  }
  return undefined;
}

function roomMessage(kind: 'tiers' | 'markets' | 'genres', most: number): string {
  return `a catalogue has room for ${most.toLocaleString('en-US')} ${kind}`;
}

/** The number of a name; throws `OPTION_INVALID` for one beyond the catalogue's room. */
function numberWithin(kind: 'tiers' | 'markets' | 'genres', most: number, name: string, from: Vocabularies): number {
  const number = from[kind].number(name);
  if (number >= most) throw new ShelfwiseError('OPTION_INVALID', roomMessage(kind, most));
  return number;
}

/**
 * Builds the columns from items; numbers come from the vocabularies, which grow as needed. Throws `OPTION_INVALID` for
 * items that `catalogRoomFor` would have refused.
 */
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
  const marketSet = new Uint32Array(size);
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
    if (item.releasedAt !== undefined) releaseDay[i] = dayOf(item.releasedAt);
    durationMs[i] = item.durationMs ?? 0;
    flags[i] = flagsOf(item);
    for (const genre of item.genres ?? []) {
      genreIds[genreAt++] = numberWithin('genres', MAX_GENRES, genre, vocabularies);
    }
    if (item.markets !== undefined) marketSet[i] = internMarkets(item.markets, vocabularies, sets, setWords);
    for (const tier of item.tiers ?? []) {
      tierMask[i] |= 1 << numberWithin('tiers', MAX_TIERS, tier, vocabularies);
    }
    // Fail closed: rights whose time does not read are not given.
    if (item.availableFrom !== undefined) availableFromMs[i] = timeOr(item.availableFrom, Number.POSITIVE_INFINITY);
    if (item.availableUntil !== undefined) availableUntilMs[i] = timeOr(item.availableUntil, Number.NEGATIVE_INFINITY);
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
      // Almost every catalogue has few sets.
      marketSet: setWords.length / MARKET_WORDS <= 0x10000 ? Uint16Array.from(marketSet) : marketSet,
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
  const numbers = markets
    .map((market) => numberWithin('markets', MAX_MARKETS, market, vocabularies))
    .sort((a, b) => a - b);
  const key = numbers.join(',');
  const known = sets.get(key);
  if (known !== undefined) return known;
  const set = words.length / MARKET_WORDS;
  const at = words.length;
  for (let i = 0; i < MARKET_WORDS; i++) words.push(0);
  for (const number of numbers) words[at + (number >>> 5)] |= 1 << (number & 31);
  sets.set(key, set);
  return set;
}

function timeOr(text: string, otherwise: number): number {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? otherwise : ms;
}

function dayOf(text: string): number {
  const day = Math.floor(Date.parse(text) / DAY_MS);
  return Number.isNaN(day) ? UNKNOWN_DAY : day;
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
    marketSet: a.marketSet as Uint16Array | Uint32Array,
    marketSets: a.marketSets as Uint32Array,
    tierMask: a.tierMask as Uint32Array,
    availableFromMs: a.availableFromMs as Float64Array,
    availableUntilMs: a.availableUntilMs as Float64Array,
  };
}
