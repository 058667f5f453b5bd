/**
 * What a listener has seen and not chosen: the visits on which each card and each shelf was seen since it was last
 * chosen. A *visit* is a quarter of a UTC day, so that coming back to Home within a session counts once.
 *
 * Of each card the newest 8 visits are kept, of each shelf the newest 12. Both a choice (it takes away the visits up to its
 * own) and the limit (it takes away the oldest) only ever remove from the old end, so the order in which events arrive does
 * not matter: the newest k of what lies after the last choice are the same either way.
 *
 * Limits: 384 cards, 64 shelves, 64 hidden shelves. A full table of sights forgets those with the fewest visits, of equals
 * the one seen longest ago.
 */
import { HOUR_MS } from '../base/index.ts';
import { forgetWeakest } from './eviction.ts';

export const VISIT_MS = 6 * HOUR_MS;
/** Visits kept of a card, and so the most that fatigue can ask for. */
export const CARD_VISITS = 8;
/** Visits kept of a shelf. */
export const SHELF_VISITS = 12;
export const SIGHT_LIMITS = { cards: 384, shelves: 64, hiddenShelves: 64 } as const;

/** The visit that a time lies in; at least 1, for 0 says "none". */
export function visitOf(atMs: number): number {
  return Math.max(1, Math.floor(atMs / VISIT_MS));
}

/** Rows of cards, in ascending order of item number. */
export interface CardSights {
  count: number;
  keys: Uint32Array;
  /** The visit of the last choice, or 0. */
  chosen: Uint32Array;
  /** CARD_VISITS a row, newest first, 0 where there are no more. */
  visits: Uint32Array;
}

/** Rows of shelves, in ascending order of their ids as the page has them (`more-like:ITEM`). */
export interface ShelfSights {
  count: number;
  ids: string[];
  chosen: Uint32Array;
  /** SHELF_VISITS a row. */
  visits: Uint32Array;
}

/** Switches of shelves with a last writer, as `MarkTable` has them of items, in ascending order of id. */
export interface ShelfMarks {
  count: number;
  ids: string[];
  atMs: number[];
  /** A hash of the event's id with the switch in bit 0. */
  stamps: number[];
}

const NO_U32 = new Uint32Array(0);

export function emptyCardSights(): CardSights {
  return { count: 0, keys: NO_U32, chosen: NO_U32, visits: NO_U32 };
}

export function emptyShelfSights(): ShelfSights {
  return { count: 0, ids: [], chosen: NO_U32, visits: NO_U32 };
}

export function emptyShelfMarks(): ShelfMarks {
  return { count: 0, ids: [], atMs: [], stamps: [] };
}

/** Adds a visit to a row that has room for `width` of them, unless it is known or not after the last choice. */
function addVisit(visits: Uint32Array, row: number, width: number, chosen: number, visit: number): void {
  if (visit <= chosen) return;
  const start = row * width;
  let at = start;
  while (at < start + width && visits[at] > visit) at++;
  if (at === start + width || visits[at] === visit) return;
  visits.copyWithin(at + 1, at, start + width - 1);
  visits[at] = visit;
}

/** Notes a choice: the visits up to its own are gone. */
function choose(visits: Uint32Array, chosen: Uint32Array, row: number, width: number, visit: number): void {
  if (visit <= chosen[row]) return;
  chosen[row] = visit;
  for (let at = row * width; at < (row + 1) * width; at++) if (visits[at] <= visit) visits[at] = 0;
}

/** Visits of a row that lie after `visit`. */
function visitsAfter(visits: Uint32Array, row: number, width: number, visit: number): number {
  const start = row * width;
  let count = 0;
  while (count < width && visits[start + count] > visit) count++;
  return count;
}

// ---- cards

function cardBound(table: CardSights, item: number): number {
  let low = 0;
  let high = table.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table.keys[middle] < item) low = middle + 1;
    else high = middle;
  }
  return low;
}

function cardRow(table: CardSights, item: number): number {
  const row = cardBound(table, item);
  return row < table.count && table.keys[row] === item ? row : -1;
}

function touchCard(table: CardSights, item: number): number {
  let row = cardBound(table, item);
  if (row < table.count && table.keys[row] === item) return row;
  if (table.count === SIGHT_LIMITS.cards) {
    evictCards(table);
    row = cardBound(table, item);
  }
  const { count } = table;
  if (count === table.keys.length) {
    const length = Math.min(SIGHT_LIMITS.cards, Math.max(16, count + (count >> 1)));
    table.keys = enlarged(table.keys, length);
    table.chosen = enlarged(table.chosen, length);
    table.visits = enlarged(table.visits, length * CARD_VISITS);
  }
  table.keys.copyWithin(row + 1, row, count);
  table.chosen.copyWithin(row + 1, row, count);
  table.visits.copyWithin((row + 1) * CARD_VISITS, row * CARD_VISITS, count * CARD_VISITS);
  table.keys[row] = item;
  table.chosen[row] = 0;
  table.visits.fill(0, row * CARD_VISITS, (row + 1) * CARD_VISITS);
  table.count = count + 1;
  return row;
}

function enlarged(array: Uint32Array, length: number): Uint32Array {
  const larger = new Uint32Array(length);
  larger.set(array);
  return larger;
}

/** Forgotten at once, so that the search for the weakest is paid once in so many new cards. */
const EVICT_CARDS = 32;
/** Above every number of a visit: what weighs more than when a card was seen is how often. */
const ONE_VISIT = 2 ** 32;

/** Forgets the 32 cards with the fewest visits, of equals the ones seen (or chosen) longest ago. */
function evictCards(table: CardSights): void {
  const { keys, chosen, visits } = table;
  forgetWeakest(
    table,
    EVICT_CARDS,
    (row) => {
      const length = visitsAfter(visits, row, CARD_VISITS, 0);
      return length * ONE_VISIT + Math.max(chosen[row], visits[row * CARD_VISITS]);
    },
    (from, to) => {
      keys[to] = keys[from];
      chosen[to] = chosen[from];
      visits.copyWithin(to * CARD_VISITS, from * CARD_VISITS, (from + 1) * CARD_VISITS);
    },
  );
}

export function seeCard(table: CardSights, item: number, visit: number): void {
  const row = touchCard(table, item);
  addVisit(table.visits, row, CARD_VISITS, table.chosen[row], visit);
}

export function chooseCard(table: CardSights, item: number, visit: number): void {
  const row = touchCard(table, item);
  choose(table.visits, table.chosen, row, CARD_VISITS, visit);
}

/** Visits on which the card was seen after that visit, 8 at most; and the newest of all (0: none). */
export function cardVisitsAfter(table: CardSights, item: number, visit: number): number {
  if (table.count === 0) return 0;
  const row = cardRow(table, item);
  return row < 0 ? 0 : visitsAfter(table.visits, row, CARD_VISITS, visit);
}

export function newestCardVisit(table: CardSights, item: number): number {
  const row = cardRow(table, item);
  return row < 0 ? 0 : table.visits[row * CARD_VISITS];
}

// ---- shelves

/** The first of the ascending ids that is not below `id`. */
function idBound(ids: readonly string[], id: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle] < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function idRow(ids: readonly string[], id: string): number {
  const row = idBound(ids, id);
  return row < ids.length && ids[row] === id ? row : -1;
}

function touchShelf(table: ShelfSights, id: string): number {
  let row = idBound(table.ids, id);
  if (row < table.count && table.ids[row] === id) return row;
  if (table.count === SIGHT_LIMITS.shelves) {
    forgetShelf(table);
    row = idBound(table.ids, id);
  }
  const { count } = table;
  if (count === table.chosen.length) {
    const length = Math.min(SIGHT_LIMITS.shelves, Math.max(8, count + (count >> 1)));
    table.chosen = enlarged(table.chosen, length);
    table.visits = enlarged(table.visits, length * SHELF_VISITS);
  }
  table.ids.splice(row, 0, id);
  table.chosen.copyWithin(row + 1, row, count);
  table.visits.copyWithin((row + 1) * SHELF_VISITS, row * SHELF_VISITS, count * SHELF_VISITS);
  table.chosen[row] = 0;
  table.visits.fill(0, row * SHELF_VISITS, (row + 1) * SHELF_VISITS);
  table.count = count + 1;
  return row;
}

function forgetShelf(table: ShelfSights): void {
  const { chosen, visits, count } = table;
  const lengthOf = (row: number): number => visitsAfter(visits, row, SHELF_VISITS, 0);
  const newest = (row: number): number => Math.max(chosen[row], visits[row * SHELF_VISITS]);
  let victim = 0;
  for (let row = 1; row < count; row++) {
    const less = lengthOf(row) - lengthOf(victim) || newest(row) - newest(victim);
    if (less < 0) victim = row;
  }
  table.ids.splice(victim, 1);
  chosen.copyWithin(victim, victim + 1, count);
  visits.copyWithin(victim * SHELF_VISITS, (victim + 1) * SHELF_VISITS, count * SHELF_VISITS);
  table.count = count - 1;
}

export function seeShelf(table: ShelfSights, id: string, visit: number): void {
  const row = touchShelf(table, id);
  addVisit(table.visits, row, SHELF_VISITS, table.chosen[row], visit);
}

export function chooseShelf(table: ShelfSights, id: string, visit: number): void {
  const row = touchShelf(table, id);
  choose(table.visits, table.chosen, row, SHELF_VISITS, visit);
}

/** Visits on which the shelf was seen since something of it was chosen, 12 at most; and the newest of them (0: none). */
export function shelfVisits(
  table: ShelfSights,
  id: string,
): { readonly visits: number; readonly newestVisit: number } | undefined {
  if (table.count === 0) return undefined;
  const row = idRow(table.ids, id);
  if (row < 0) return undefined;
  return {
    visits: visitsAfter(table.visits, row, SHELF_VISITS, 0),
    newestVisit: table.visits[row * SHELF_VISITS],
  };
}

/** Writes the switch of a shelf unless a later writer has been before; see `writeMark`. @returns whether this writer won */
export function writeShelfMark(table: ShelfMarks, id: string, atMs: number, stamp: number): boolean {
  let row = idBound(table.ids, id);
  if (row < table.count && table.ids[row] === id) {
    if (atMs < table.atMs[row] || (atMs === table.atMs[row] && stamp <= table.stamps[row])) return false;
    table.atMs[row] = atMs;
    table.stamps[row] = stamp;
    return true;
  }
  if (table.count === SIGHT_LIMITS.hiddenShelves) {
    forgetShelfMark(table);
    row = idBound(table.ids, id);
  }
  table.ids.splice(row, 0, id);
  table.atMs.splice(row, 0, atMs);
  table.stamps.splice(row, 0, stamp);
  table.count++;
  return true;
}

/** A full table forgets the switch that was turned off longest ago, or, when all are on, the one turned on longest ago. */
function forgetShelfMark(table: ShelfMarks): void {
  let victim = 0;
  for (let row = 1; row < table.count; row++) {
    const on = table.stamps[row] & 1;
    const victimOn = table.stamps[victim] & 1;
    if (on < victimOn || (on === victimOn && table.atMs[row] < table.atMs[victim])) victim = row;
  }
  table.ids.splice(victim, 1);
  table.atMs.splice(victim, 1);
  table.stamps.splice(victim, 1);
  table.count--;
}

export function isShelfMarked(table: ShelfMarks, id: string): boolean {
  if (table.count === 0) return false;
  const row = idRow(table.ids, id);
  return row >= 0 && (table.stamps[row] & 1) === 1;
}
