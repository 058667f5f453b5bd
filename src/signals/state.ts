/**
 * What the platform remembers of one listener, compactly: rows of typed arrays in ascending order of item number, found
 * by bisection (nine steps at most). Creators and genres are not here; they are derived from items and catalogue when a
 * view is made, so that an item that the catalogue learns of later resolves by itself.
 *
 * Limits: 512 items, 128 recents, 256 likes, 128 follows, 256 hides, and those of `sights.ts`. What is forgotten when a
 * table is full is said beside its eviction; totals, hours and devices never forget.
 */
import { DAY_MS, HOUR_MS } from '../base/index.ts';
import { DEVICES } from '../domain/index.ts';
import { tasteFactor } from './decay.ts';
import { forgetWeakest } from './eviction.ts';
import {
  CARD_VISITS,
  type CardSights,
  cardVisitsAfter,
  emptyCardSights,
  emptyShelfMarks,
  emptyShelfSights,
  isShelfMarked,
  newestCardVisit,
  type ShelfMarks,
  type ShelfSights,
  shelfVisits,
  VISIT_MS,
  visitOf,
} from './sights.ts';

/** Raise it when what the fold computes, or its stored form, changes: stored states of another version are folded anew. */
export const STATE_VERSION = 2;

export const STATE_LIMITS = {
  items: 512,
  recents: 128,
  likes: 256,
  follows: 128,
  hides: 256,
  sessionItems: 16,
} as const;

/** Columns of a row in `ItemTable.sums`. */
export const SUM_COLUMNS = 4;
/** Time of the newest play, epoch ms: also the time at which the three sums hold. Meaningless while plays is 0. */
export const LAST_MS = 0;
export const SUM_MOOD = 1;
export const SUM_LIKING = 2;
export const SUM_TASTE = 3;

/** Columns of a row in `ItemTable.counts`. */
export const COUNT_COLUMNS = 5;
export const PLAYS = 0;
export const SKIPS = 1;
/** First play, epoch seconds. */
export const FIRST_S = 2;
/** Length of the newest playback, however short, in seconds; and when that was, epoch seconds (0: never). */
export const PROGRESS_S = 3;
export const PROGRESS_AT_S = 4;

export interface ItemTable {
  count: number;
  /** Item numbers, ascending. */
  keys: Uint32Array;
  sums: Float64Array;
  counts: Uint32Array;
}

/** What was played last: the album, playlist, show or artist it was played from, or else the item itself. */
export interface RecentTable {
  count: number;
  keys: Uint32Array;
  lastMs: Float64Array;
  plays: Uint32Array;
}

/**
 * Switches with a last writer: like/unlike, follow/unfollow, hide. `stamps` holds a hash of the event's id with the
 * switch in bit 0: of two writers at the same millisecond the greater stamp wins, whatever the order of arrival.
 */
export interface MarkTable {
  count: number;
  keys: Uint32Array;
  atMs: Float64Array;
  stamps: Uint32Array;
}

export interface SessionState {
  id: string;
  startMs: number;
  lastMs: number;
  /** Counted plays in the session. */
  plays: number;
  /** The last of them, newest first. */
  items: Uint32Array;
  itemsAtMs: Float64Array;
  itemCount: number;
}

export interface ListenerState {
  readonly items: ItemTable;
  readonly recents: RecentTable;
  readonly likes: MarkTable;
  readonly follows: MarkTable;
  readonly hides: MarkTable;
  /** Shelves that the listener has hidden, by their id on the page or by their kind alone. */
  readonly hiddenShelves: ShelfMarks;
  /** What was seen and not chosen. */
  readonly cardSights: CardSights;
  readonly shelfSights: ShelfSights;
  /** Counted plays by hour of day (UTC), half-life 28 days, at `sumsAtMs`. */
  readonly hours: Float64Array;
  /** Counted plays of everything, half-life 7 days, at `sumsAtMs`. */
  recentPlays: number;
  sumsAtMs: number;
  /** Counted plays by device, in the order of DEVICES. */
  readonly devices: Uint32Array;
  readonly session: SessionState;
  totalPlays: number;
  totalSkips: number;
  /** Day (since 1970) of the newest counted play, counted plays on that day, and how long they were together. */
  day: number;
  dayPlays: number;
  dayPlayedMs: number;
  /** Hour (since 1970) of the newest act (anything but `rendered` and `impression`), and acts in that hour. */
  hour: number;
  hourActs: number;
  /** Epoch ms over events of every type; -1 before the first. */
  firstEventMs: number;
  lastEventMs: number;
}

const NO_U32 = new Uint32Array(0);
const NO_F64 = new Float64Array(0);

function emptyMarks(): MarkTable {
  return { count: 0, keys: NO_U32, atMs: NO_F64, stamps: NO_U32 };
}

/** A listener of whom nothing is known. */
export function emptyState(): ListenerState {
  return {
    items: { count: 0, keys: NO_U32, sums: NO_F64, counts: NO_U32 },
    recents: { count: 0, keys: NO_U32, lastMs: NO_F64, plays: NO_U32 },
    likes: emptyMarks(),
    follows: emptyMarks(),
    hides: emptyMarks(),
    hiddenShelves: emptyShelfMarks(),
    cardSights: emptyCardSights(),
    shelfSights: emptyShelfSights(),
    hours: new Float64Array(24),
    recentPlays: 0,
    sumsAtMs: 0,
    devices: new Uint32Array(DEVICES.length),
    session: { id: '', startMs: 0, lastMs: -1, plays: 0, items: NO_U32, itemsAtMs: NO_F64, itemCount: 0 },
    totalPlays: 0,
    totalSkips: 0,
    day: 0,
    dayPlays: 0,
    dayPlayedMs: 0,
    hour: 0,
    hourActs: 0,
    firstEventMs: -1,
    lastEventMs: -1,
  };
}

/** The first of the ascending `keys[0..count)` that is not below `key`. */
function lowerBound(keys: Uint32Array, count: number, key: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle] < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row of `key`, or -1. */
export function rowOf(table: { readonly keys: Uint32Array; readonly count: number }, key: number): number {
  const row = lowerBound(table.keys, table.count, key);
  return row < table.count && table.keys[row] === key ? row : -1;
}

function grown(length: number, limit: number): number {
  return Math.min(limit, Math.max(8, length + (length >> 1)));
}

function enlarge<T extends Uint32Array | Float64Array>(array: T, length: number): T {
  const larger = (array instanceof Uint32Array ? new Uint32Array(length) : new Float64Array(length)) as T;
  larger.set(array);
  return larger;
}

/** Row of the item, made (all zero) if it is new. A full table first forgets its weakest: see `evictItems`. */
export function touchItem(table: ItemTable, item: number, newestMs: number): number {
  let row = lowerBound(table.keys, table.count, item);
  if (row < table.count && table.keys[row] === item) return row;
  if (table.count === STATE_LIMITS.items) {
    evictItems(table, newestMs);
    row = lowerBound(table.keys, table.count, item);
  }
  const { count } = table;
  if (count === table.keys.length) {
    const length = grown(count, STATE_LIMITS.items);
    table.keys = enlarge(table.keys, length);
    table.sums = enlarge(table.sums, length * SUM_COLUMNS);
    table.counts = enlarge(table.counts, length * COUNT_COLUMNS);
  }
  const { keys, sums, counts } = table;
  keys.copyWithin(row + 1, row, count);
  sums.copyWithin((row + 1) * SUM_COLUMNS, row * SUM_COLUMNS, count * SUM_COLUMNS);
  counts.copyWithin((row + 1) * COUNT_COLUMNS, row * COUNT_COLUMNS, count * COUNT_COLUMNS);
  keys[row] = item;
  for (let k = 0; k < SUM_COLUMNS; k++) sums[row * SUM_COLUMNS + k] = 0;
  for (let k = 0; k < COUNT_COLUMNS; k++) counts[row * COUNT_COLUMNS + k] = 0;
  table.count = count + 1;
  return row;
}

/** Rows that a full table forgets at once, so that the search for the weakest is paid once in so many new items. */
const EVICT_ITEMS = 32;
const EVICT_RECENTS = 16;

/** Forgets the 32 items with the fewest plays at half-life 180 days; of equals, the greater number goes first. */
function evictItems(table: ItemTable, newestMs: number): void {
  const { keys, sums, counts } = table;
  forgetWeakest(
    table,
    EVICT_ITEMS,
    (row) => {
      const at = row * SUM_COLUMNS;
      const plays = counts[row * COUNT_COLUMNS + PLAYS];
      return plays === 0 ? 0 : sums[at + SUM_TASTE] * tasteFactor(newestMs - sums[at + LAST_MS]);
    },
    (from, to) => {
      keys[to] = keys[from];
      sums.copyWithin(to * SUM_COLUMNS, from * SUM_COLUMNS, (from + 1) * SUM_COLUMNS);
      counts.copyWithin(to * COUNT_COLUMNS, from * COUNT_COLUMNS, (from + 1) * COUNT_COLUMNS);
    },
  );
}

/** Notes a counted play from `key` (container, or the item itself). A full table forgets the 16 played longest ago. */
export function touchRecent(table: RecentTable, key: number, atMs: number): void {
  let row = lowerBound(table.keys, table.count, key);
  if (row < table.count && table.keys[row] === key) {
    if (atMs > table.lastMs[row]) table.lastMs[row] = atMs;
    table.plays[row]++;
    return;
  }
  if (table.count === STATE_LIMITS.recents) {
    evictRecents(table);
    row = lowerBound(table.keys, table.count, key);
  }
  const { count } = table;
  if (count === table.keys.length) {
    const length = grown(count, STATE_LIMITS.recents);
    table.keys = enlarge(table.keys, length);
    table.lastMs = enlarge(table.lastMs, length);
    table.plays = enlarge(table.plays, length);
  }
  table.keys.copyWithin(row + 1, row, count);
  table.lastMs.copyWithin(row + 1, row, count);
  table.plays.copyWithin(row + 1, row, count);
  table.keys[row] = key;
  table.lastMs[row] = atMs;
  table.plays[row] = 1;
  table.count = count + 1;
}

function evictRecents(table: RecentTable): void {
  const { keys, lastMs, plays } = table;
  forgetWeakest(
    table,
    EVICT_RECENTS,
    (row) => lastMs[row],
    (from, to) => {
      keys[to] = keys[from];
      lastMs[to] = lastMs[from];
      plays[to] = plays[from];
    },
  );
}

/**
 * Writes a switch unless a later writer has been before. A full table forgets the switch that was turned off longest ago,
 * or, when all are on, the one turned on longest ago.
 * @returns whether this writer won.
 */
export function writeMark(table: MarkTable, key: number, atMs: number, stamp: number, limit: number): boolean {
  let row = lowerBound(table.keys, table.count, key);
  if (row < table.count && table.keys[row] === key) {
    const known = table.atMs[row];
    if (atMs < known || (atMs === known && stamp <= table.stamps[row])) return false;
    table.atMs[row] = atMs;
    table.stamps[row] = stamp;
    return true;
  }
  if (table.count === limit) {
    forgetMark(table);
    row = lowerBound(table.keys, table.count, key);
  }
  const { count } = table;
  if (count === table.keys.length) {
    const length = grown(count, limit);
    table.keys = enlarge(table.keys, length);
    table.atMs = enlarge(table.atMs, length);
    table.stamps = enlarge(table.stamps, length);
  }
  table.keys.copyWithin(row + 1, row, count);
  table.atMs.copyWithin(row + 1, row, count);
  table.stamps.copyWithin(row + 1, row, count);
  table.keys[row] = key;
  table.atMs[row] = atMs;
  table.stamps[row] = stamp;
  table.count = count + 1;
  return true;
}

function forgetMark(table: MarkTable): void {
  let victim = 0;
  for (let row = 1; row < table.count; row++) {
    const on = table.stamps[row] & 1;
    const victimOn = table.stamps[victim] & 1;
    if (on < victimOn || (on === victimOn && table.atMs[row] < table.atMs[victim])) victim = row;
  }
  table.keys.copyWithin(victim, victim + 1, table.count);
  table.atMs.copyWithin(victim, victim + 1, table.count);
  table.stamps.copyWithin(victim, victim + 1, table.count);
  table.count--;
}

/** Is the switch on? */
export function isMarked(table: MarkTable, key: number): boolean {
  if (table.count === 0) return false;
  const row = rowOf(table, key);
  return row >= 0 && (table.stamps[row] & 1) === 1;
}

/** Has the listener hidden the item, and neither taken that back nor liked it since? */
export function isHidden(state: ListenerState, item: number): boolean {
  const { hides, likes } = state;
  if (hides.count === 0) return false;
  const row = rowOf(hides, item);
  if (row < 0 || (hides.stamps[row] & 1) === 0) return false;
  const liked = rowOf(likes, item);
  return liked < 0 || (likes.stamps[liked] & 1) === 0 || likes.atMs[liked] <= hides.atMs[row];
}

export function isLiked(state: ListenerState, item: number): boolean {
  return isMarked(state.likes, item);
}

export function isFollowed(state: ListenerState, item: number): boolean {
  return isMarked(state.follows, item);
}

/** Counted plays of the item, ever; 0 for one that is not (or no longer) remembered. */
export function playsOf(state: ListenerState, item: number): number {
  const row = rowOf(state.items, item);
  return row < 0 ? 0 : state.items.counts[row * COUNT_COLUMNS + PLAYS];
}

/** Time of the item's newest counted play, epoch ms, or -1. */
export function lastPlayedMs(state: ListenerState, item: number): number {
  const row = rowOf(state.items, item);
  if (row < 0 || state.items.counts[row * COUNT_COLUMNS + PLAYS] === 0) return -1;
  return state.items.sums[row * SUM_COLUMNS + LAST_MS];
}

/** How far the newest playback of the item went (ms, rounded down to a second), and when that was; undefined when never. */
export function progressOf(
  state: ListenerState,
  item: number,
): { readonly playedMs: number; readonly atMs: number } | undefined {
  const row = rowOf(state.items, item);
  if (row < 0) return undefined;
  const at = row * COUNT_COLUMNS;
  const { counts } = state.items;
  if (counts[at + PROGRESS_AT_S] === 0) return undefined;
  return { playedMs: counts[at + PROGRESS_S] * 1000, atMs: counts[at + PROGRESS_AT_S] * 1000 };
}

/** Has the listener hidden the shelf: by its id on the page, or every shelf of its kind? */
export function isShelfHidden(state: ListenerState, kind: string, id: string): boolean {
  const { hiddenShelves } = state;
  return isShelfMarked(hiddenShelves, id) || (id !== kind && isShelfMarked(hiddenShelves, kind));
}

export interface Sights {
  /** Distinct visits (quarters of a UTC day) on which it was seen since it was last chosen. */
  readonly visits: number;
  /** When the newest visit on which it was seen began; epoch ms. */
  readonly lastSeenMs: number;
}

/**
 * On how many visits the card was seen since it was last chosen: 8 at most. Chosen is what was selected or played from Home,
 * and also what was played (itself, or from it), liked or followed anywhere.
 */
export function cardSightsOf(state: ListenerState, item: number): Sights | undefined {
  const { cardSights } = state;
  if (cardSights.count === 0) return undefined;
  const newest = newestCardVisit(cardSights, item);
  if (newest === 0) return undefined;
  const chosenMs = lastTakenMs(state, item);
  const visits = cardVisitsAfter(cardSights, item, chosenMs < 0 ? 0 : visitOf(chosenMs));
  return visits === 0 ? undefined : { visits, lastSeenMs: newest * VISIT_MS };
}

/**
 * The cards that were seen on at least so many visits since they were last chosen, the last of them after `sinceMs`:
 * written to `out` in ascending order of number. One pass over the sights; of most rows it looks at one cell.
 */
export function wornCards(state: ListenerState, visits: number, sinceMs: number, out: Uint32Array): number {
  const { keys, count, visits: cells } = state.cardSights;
  let written = 0;
  for (let row = 0; row < count && written < out.length; row++) {
    if (cells[row * CARD_VISITS + visits - 1] === 0) continue;
    const sights = cardSightsOf(state, keys[row]);
    if (sights !== undefined && sights.visits >= visits && sights.lastSeenMs > sinceMs) out[written++] = keys[row];
  }
  return written;
}

/** When the item was last played, played from, liked or followed; -1 when never. */
function lastTakenMs(state: ListenerState, item: number): number {
  let atMs = lastPlayedMs(state, item);
  const recent = rowOf(state.recents, item);
  if (recent >= 0) atMs = Math.max(atMs, state.recents.lastMs[recent]);
  for (const marks of [state.likes, state.follows]) {
    const row = rowOf(marks, item);
    if (row >= 0 && (marks.stamps[row] & 1) === 1) atMs = Math.max(atMs, marks.atMs[row]);
  }
  return atMs;
}

/** On how many visits a shelf (by its id on the page) was seen since anything of it was chosen: 12 at most. */
export function shelfSightsOf(state: ListenerState, id: string): Sights | undefined {
  const seen = shelfVisits(state.shelfSights, id);
  if (seen === undefined || seen.visits === 0) return undefined;
  return { visits: seen.visits, lastSeenMs: seen.newestVisit * VISIT_MS };
}

/** What no person does: the limits beyond which a listener is taken for a machine. */
export interface BotRules {
  /** Counted plays in one UTC day. @default 2,000 */
  readonly playsPerDay: number;
  /** Hours of counted plays in one UTC day: more than it has cannot be heard by one person. @default 24 */
  readonly playedHoursPerDay: number;
  /** Acts (plays, skips, selections, likes …) a minute, kept up through one UTC hour. @default 20 */
  readonly actsPerMinute: number;
}

export const DEFAULT_BOT_RULES: BotRules = { playsPerDay: 2000, playedHoursPerDay: 24, actsPerMinute: 20 };

/** Does the newest day, or the newest hour, of this listener look like a machine's? Its plays then earn no reward. */
export function looksLikeBot(state: ListenerState, rules: BotRules = DEFAULT_BOT_RULES): boolean {
  return lastBotMs(state, rules) >= 0;
}

/** The end of the newest day or hour that looks like a machine's, as far as it has gone (epoch ms); -1 where neither does. */
export function lastBotMs(state: ListenerState, rules: BotRules): number {
  const isDay = state.dayPlays > rules.playsPerDay || state.dayPlayedMs > rules.playedHoursPerDay * HOUR_MS;
  const isHour = state.hourActs > 60 * rules.actsPerMinute;
  if (!isDay && !isHour) return -1;
  const untilMs = Math.max(isDay ? (state.day + 1) * DAY_MS : 0, isHour ? (state.hour + 1) * HOUR_MS : 0);
  return Math.min(state.lastEventMs, untilMs);
}
