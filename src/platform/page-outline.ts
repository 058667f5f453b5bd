/**
 * What stands where on a page: its rows and their cards. A service remembers a hundred thousand pages, and what a collection
 * of garbage takes goes by the number of objects, so that a page is two of them; a row is made when it is asked for.
 */
import type { DecisionRecord } from '../domain/index.ts';

export interface PageRow {
  /** The declaration, such as `more-like`. */
  readonly shelfId: string;
  readonly seedItem: number;
  /** In a defined order, and not carried. */
  readonly defined: boolean;
  /** The decision that first drew it; '' for this one. */
  readonly carriedFrom: string;
  readonly items: readonly number[];
}

/** Declarations by number: as many as there are shelves. */
const shelfIds: string[] = [];
const shelfNumbers = new Map<string, number>();

function shelfNumber(shelfId: string): number {
  const known = shelfNumbers.get(shelfId);
  if (known !== undefined) return known;
  shelfNumbers.set(shelfId, shelfIds.length);
  return shelfIds.push(shelfId) - 1;
}

/** Words of a row ahead of the items: its shelf and whether it is defined, its seed, where its items end. */
const ROW_WORDS = 3;

export class PageOutline {
  readonly listenerKey: string;
  readonly length: number;
  readonly #words: Uint32Array;
  /** By row; undefined where none is carried. */
  readonly #carriedFrom: readonly string[] | undefined;

  constructor(listenerKey: string, rows: readonly PageRow[]) {
    this.listenerKey = listenerKey;
    this.length = rows.length;
    let end = rows.length * ROW_WORDS;
    this.#words = new Uint32Array(rows.reduce((sum, { items }) => sum + items.length, end));
    for (const [rank, { shelfId, seedItem, defined, items }] of rows.entries()) {
      this.#words.set(items, end);
      end += items.length;
      this.#words.set([2 * shelfNumber(shelfId) + Number(defined), seedItem, end], rank * ROW_WORDS);
    }
    const carriedFrom = rows.map((row) => row.carriedFrom);
    this.#carriedFrom = carriedFrom.some((id) => id !== '') ? carriedFrom : undefined;
  }

  /** Undefined beyond the last. */
  row(rank: number): PageRow | undefined {
    if (rank < 0 || rank >= this.length) return undefined;
    const words = this.#words;
    const at = rank * ROW_WORDS;
    const start = rank === 0 ? this.length * ROW_WORDS : words[at - 1];
    return {
      shelfId: shelfIds[words[at] >>> 1],
      seedItem: words[at + 1],
      defined: (words[at] & 1) === 1,
      carriedFrom: this.#carriedFrom?.[rank] ?? '',
      items: Array.from(words.subarray(start, words[at + 2])),
    };
  }

  /** Bit r: row r is carried. */
  get carriedRows(): number {
    const from = this.#carriedFrom;
    return from === undefined ? 0 : from.reduce((bits, id, rank) => (id === '' ? bits : bits | (1 << rank)), 0);
  }
}

export function outlineOf(record: DecisionRecord): PageOutline {
  return new PageOutline(
    record.listenerKey,
    record.rows.map((row) => {
      const { shelfId, seedItem, order, carriedFrom, items } = record.shelves[row.shelf];
      return {
        shelfId,
        seedItem,
        defined: order === 'defined' && carriedFrom === '',
        carriedFrom,
        items: row.cards.map((card) => items[card.index]),
      };
    }),
  );
}
