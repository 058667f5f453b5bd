/**
 * The words of cards and what else a card is told by, in columns: what is known of an item takes as much as a line of the
 * cache, and the words stand one after the other. A page shows a hundred cards, most of them read from memory: in objects, each was
 * found at the end of several pointers.
 */
import { ITEM_KINDS } from '../domain/index.ts';
import { type CardFacts, type CardTexts, LANGUAGES, type Language } from '../home/index.ts';

export interface CardWords {
  /** What is kept of a card; the same object each time. Undefined where it was not made, or is of another year. */
  find(item: number, language: Language, year: number): CardTexts | undefined;
  /**
   * Keeps what `find` gives from now on: facts, the words of the card, and how many of their bytes are before the subtitle.
   * @param year of the pages that they are for; `ANY_YEAR` where they name no date
   */
  keep(item: number, language: Language, year: number, facts: CardFacts, words: Buffer, openingBytes: number): void;
  /** Undefined where nothing is kept. */
  releasedAtMs(item: number): number | undefined;
  forget(item: number): void;
  clear(): void;
  /** Memory that the words take. */
  readonly heldBytes: number;
}

/** Of words that are the same on the pages of every year. */
export const ANY_YEAR = 0;

/** A line of an item: four words, two doubles, and for each language where its words begin and how many bytes they have. */
const WORDS = 8 + 2 * LANGUAGES.length;
/** 1 + the number of its kind; 0: nothing is kept. */
const KIND = 0;
const IS_EXPLICIT = 1;
const OPENING_BYTES = 2;
/** The year whose pages the words are for, or `ANY_YEAR`. */
const YEAR = 3;
/** In doubles. */
const RELEASED_AT = 2;
const DURATION = 3;
const PLACES = 8;

/** Items of a block: lines are made where cards are shown. */
const BLOCK_BITS = 10;
const BLOCK_ITEMS = 1 << BLOCK_BITS;
/** Words stand in slabs of so many bytes; a longer card has one of its own. A place is the slab's number and the byte in it. */
const SLAB_BITS = 20;
const SLAB_BYTES = 1 << SLAB_BITS;
/** Beyond a gibibyte all words are made anew. */
const MOST_SLABS = 1024;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function createCardWords(): CardWords {
  const blocks: (Int32Array | undefined)[] = [];
  const doubles: (Float64Array | undefined)[] = [];
  const slabs: Buffer[] = [];
  /** Bytes taken of the last slab, and in all slabs those of cards that are kept, and that are not any more. */
  let taken = SLAB_BYTES;
  let live = 0;
  let dead = 0;
  const found: Mutable<CardTexts> = {
    kind: 'track',
    isExplicit: false,
    releasedAtMs: Number.NaN,
    durationMs: Number.NaN,
    bytes: Buffer.alloc(0),
    from: 0,
    openingEnd: 0,
    end: 0,
  };

  const clear = (): void => {
    blocks.length = 0;
    doubles.length = 0;
    slabs.length = 0;
    taken = SLAB_BYTES;
    live = 0;
    dead = 0;
  };
  const drop = (block: Int32Array, line: number): void => {
    for (let place = line + PLACES; place < line + WORDS; place += 2) {
      live -= block[place + 1];
      dead += block[place + 1];
      block[place + 1] = 0;
    }
    block[line + KIND] = 0;
  };
  /** The words in a slab. @returns their place */
  const placed = (words: Buffer): number => {
    if (taken + words.length > SLAB_BYTES) {
      slabs.push(Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, words.length)));
      taken = 0;
    }
    const at = taken;
    words.copy(slabs[slabs.length - 1], at);
    taken += words.length;
    live += words.length;
    return (slabs.length - 1) * SLAB_BYTES + at;
  };

  return {
    find(item, language, year) {
      const number = item >>> BLOCK_BITS;
      const block = blocks[number];
      if (block === undefined) return undefined;
      const line = (item & (BLOCK_ITEMS - 1)) * WORDS;
      const place = line + PLACES + 2 * LANGUAGES.indexOf(language);
      const bytes = block[place + 1];
      const ofYear = block[line + YEAR];
      if (bytes === 0 || (ofYear !== year && ofYear !== ANY_YEAR)) return undefined;
      const at = block[place];
      const numbers = doubles[number] as Float64Array;
      found.kind = ITEM_KINDS[block[line + KIND] - 1];
      found.isExplicit = block[line + IS_EXPLICIT] !== 0;
      found.releasedAtMs = numbers[line / 2 + RELEASED_AT];
      found.durationMs = numbers[line / 2 + DURATION];
      found.bytes = slabs[at >>> SLAB_BITS];
      found.from = at & (SLAB_BYTES - 1);
      found.openingEnd = found.from + block[line + OPENING_BYTES];
      found.end = found.from + bytes;
      return found;
    },
    keep(item, language, year, facts, words, openingBytes) {
      if ((dead > SLAB_BYTES && dead > live) || slabs.length === MOST_SLABS) clear();
      const number = item >>> BLOCK_BITS;
      let block = blocks[number];
      if (block === undefined) {
        block = new Int32Array(BLOCK_ITEMS * WORDS);
        blocks[number] = block;
        doubles[number] = new Float64Array(block.buffer);
      }
      const line = (item & (BLOCK_ITEMS - 1)) * WORDS;
      if (block[line + KIND] === 0 || block[line + YEAR] !== year) {
        drop(block, line);
        block[line + KIND] = 1 + ITEM_KINDS.indexOf(facts.kind);
        block[line + IS_EXPLICIT] = facts.isExplicit ? 1 : 0;
        block[line + OPENING_BYTES] = openingBytes;
        block[line + YEAR] = year;
        const numbers = doubles[number] as Float64Array;
        numbers[line / 2 + RELEASED_AT] = facts.releasedAtMs;
        numbers[line / 2 + DURATION] = facts.durationMs;
      }
      const place = line + PLACES + 2 * LANGUAGES.indexOf(language);
      block[place] = placed(words);
      block[place + 1] = words.length;
    },
    releasedAtMs(item) {
      const number = item >>> BLOCK_BITS;
      const line = (item & (BLOCK_ITEMS - 1)) * WORDS;
      return blocks[number]?.[line + KIND] ? doubles[number]?.[line / 2 + RELEASED_AT] : undefined;
    },
    forget(item) {
      const block = blocks[item >>> BLOCK_BITS];
      if (block !== undefined) drop(block, (item & (BLOCK_ITEMS - 1)) * WORDS);
    },
    clear,
    get heldBytes() {
      return slabs.reduce((sum, slab) => sum + slab.length, 0);
    },
  };
}
