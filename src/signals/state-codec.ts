/**
 * The stored form of a listener's state. Canonical: equal states give equal bytes (tables are in ascending order of
 * number), and decoding gives back every bit. Per item: number (delta), plays, newest play (ms before the newest event),
 * first play (s before it), flags, progress, and 24 bytes of sums where there is more than one play (with one, all are 1).
 */
import { type ByteWriter, ShelfwiseError } from '../base/index.ts';
import { DEVICES } from '../domain/index.ts';
import {
  CARD_VISITS,
  type CardSights,
  SHELF_VISITS,
  type ShelfMarks,
  type ShelfSights,
  SIGHT_LIMITS,
  visitOf,
} from './sights.ts';
import {
  COUNT_COLUMNS,
  emptyState,
  FIRST_S,
  type ItemTable,
  LAST_MS,
  type ListenerState,
  type MarkTable,
  PLAYS,
  PROGRESS_AT_S,
  PROGRESS_S,
  type RecentTable,
  type SessionState,
  SKIPS,
  STATE_LIMITS,
  STATE_VERSION,
  SUM_COLUMNS,
  SUM_LIKING,
  SUM_MOOD,
  SUM_TASTE,
} from './state.ts';

const HAS_SKIPS = 1;
const HAS_PROGRESS = 2;
/** The newest playback is not the newest counted play: its time is stored. */
const HAS_PROGRESS_TIME = 4;

/** What one row may take at most, in any table. */
const ROW_BYTES = 72;
// Work space, grown as needed; `encodeState` copies out of it before it returns.
let space = new Uint8Array(48 * 1024);
let spaceView = new DataView(space.buffer);

/** Writes an unsigned LEB128 at `at` and returns where it ends. */
function putVarint(bytes: Uint8Array, at: number, x: number): number {
  let rest = x;
  let end = at;
  while (rest >= 268435456) {
    bytes[end++] = (rest & 127) | 128;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 128) {
    bytes[end++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[end] = rest;
  return end + 1;
}

function secondOf(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000));
}

/** Appends the stored form. At most ~50 bytes an item, 15 a mark and 15 a recent; a card seen takes about 10. */
export function encodeState(state: ListenerState, out: ByteWriter): void {
  const { items, recents, likes, follows, hides, session } = state;
  const { cardSights, shelfSights, hiddenShelves } = state;
  const shelves = shelfSights.count + hiddenShelves.count;
  const rows = items.count + recents.count + likes.count + follows.count + hides.count + cardSights.count + shelves;
  const sessionId = Buffer.from(session.id, 'utf8');
  const needed =
    (rows + STATE_LIMITS.sessionItems) * ROW_BYTES +
    textBytes(shelfSights.ids) +
    textBytes(hiddenShelves.ids) +
    sessionId.length +
    1024;
  if (needed > space.length) {
    space = new Uint8Array(needed);
    spaceView = new DataView(space.buffer);
  }
  const newestMs = state.lastEventMs;
  space[0] = STATE_VERSION;
  spaceView.setFloat64(1, state.firstEventMs, true);
  spaceView.setFloat64(9, newestMs, true);
  let at = 17;
  at = putVarint(space, at, state.totalPlays);
  at = putVarint(space, at, state.totalSkips);
  at = putVarint(space, at, state.dayPlays);
  at = putVarint(space, at, state.day);
  at = putVarint(space, at, state.dayPlayedMs);
  at = putVarint(space, at, state.hour);
  at = putVarint(space, at, state.hourActs);
  if (state.totalPlays > 0) {
    spaceView.setFloat64(at, state.sumsAtMs, true);
    spaceView.setFloat64(at + 8, state.recentPlays, true);
    at += 16;
    for (let hour = 0; hour < 24; hour++, at += 8) spaceView.setFloat64(at, state.hours[hour], true);
    for (let i = 0; i < DEVICES.length; i++) at = putVarint(space, at, state.devices[i]);
  }
  at = putItems(items, newestMs, at);
  at = putRecents(recents, newestMs, at);
  at = putMarks(likes, newestMs, at);
  at = putMarks(follows, newestMs, at);
  at = putMarks(hides, newestMs, at);
  at = putShelfMarks(hiddenShelves, newestMs, at);
  at = putCardSights(cardSights, newestMs, at);
  at = putShelfSights(shelfSights, newestMs, at);
  at = putVarint(space, at, sessionId.length);
  space.set(sessionId, at);
  at = putSession(session, at + sessionId.length);
  out.raw(space.subarray(0, at));
}

function putItems(table: ItemTable, newestMs: number, start: number): number {
  const { keys, sums, counts, count } = table;
  const bytes = space;
  const view = spaceView;
  const newestS = secondOf(newestMs);
  let at = putVarint(bytes, start, count);
  let previous = 0;
  for (let row = 0; row < count; row++) {
    const c = row * COUNT_COLUMNS;
    const s = row * SUM_COLUMNS;
    at = putVarint(bytes, at, keys[row] - previous);
    previous = keys[row];
    const plays = counts[c + PLAYS];
    const skips = counts[c + SKIPS];
    const progressAtS = counts[c + PROGRESS_AT_S];
    const lastMs = sums[s + LAST_MS];
    const lastS = plays === 0 ? -1 : secondOf(lastMs);
    let flags = 0;
    if (skips > 0) flags |= HAS_SKIPS;
    if (progressAtS > 0) flags |= HAS_PROGRESS;
    if (progressAtS > 0 && progressAtS !== lastS) flags |= HAS_PROGRESS_TIME;
    bytes[at++] = flags;
    at = putVarint(bytes, at, plays);
    if (plays > 0) {
      at = putVarint(bytes, at, newestMs - lastMs);
      at = putVarint(bytes, at, lastS - counts[c + FIRST_S]);
    }
    if ((flags & HAS_SKIPS) !== 0) at = putVarint(bytes, at, skips);
    if ((flags & HAS_PROGRESS) !== 0) at = putVarint(bytes, at, counts[c + PROGRESS_S]);
    if ((flags & HAS_PROGRESS_TIME) !== 0) at = putVarint(bytes, at, newestS - progressAtS);
    if (plays > 1) {
      view.setFloat64(at, sums[s + SUM_MOOD], true);
      view.setFloat64(at + 8, sums[s + SUM_LIKING], true);
      view.setFloat64(at + 16, sums[s + SUM_TASTE], true);
      at += 24;
    }
  }
  return at;
}

function putRecents(table: RecentTable, newestMs: number, start: number): number {
  let at = putVarint(space, start, table.count);
  let previous = 0;
  for (let row = 0; row < table.count; row++) {
    at = putVarint(space, at, table.keys[row] - previous);
    previous = table.keys[row];
    at = putVarint(space, at, newestMs - table.lastMs[row]);
    at = putVarint(space, at, table.plays[row]);
  }
  return at;
}

function putMarks(table: MarkTable, newestMs: number, start: number): number {
  let at = putVarint(space, start, table.count);
  let previous = 0;
  for (let row = 0; row < table.count; row++) {
    at = putVarint(space, at, table.keys[row] - previous);
    previous = table.keys[row];
    at = putVarint(space, at, newestMs - table.atMs[row]);
    spaceView.setUint32(at, table.stamps[row], true);
    at += 4;
  }
  return at;
}

function textBytes(texts: readonly string[]): number {
  // A UTF-16 unit takes three bytes of UTF-8 at most.
  return texts.reduce((sum, text) => sum + 3 * text.length, 0);
}

function putText(text: string, start: number): number {
  const bytes = Buffer.from(text, 'utf8');
  const at = putVarint(space, start, bytes.length);
  space.set(bytes, at);
  return at + bytes.length;
}

function putShelfMarks(table: ShelfMarks, newestMs: number, start: number): number {
  let at = putVarint(space, start, table.count);
  for (let row = 0; row < table.count; row++) {
    at = putText(table.ids[row], at);
    at = putVarint(space, at, newestMs - table.atMs[row]);
    spaceView.setUint32(at, table.stamps[row], true);
    at += 4;
  }
  return at;
}

function putCardSights(table: CardSights, newestMs: number, start: number): number {
  const newest = visitOf(newestMs);
  let at = putVarint(space, start, table.count);
  let previous = 0;
  for (let row = 0; row < table.count; row++) {
    at = putVarint(space, at, table.keys[row] - previous);
    previous = table.keys[row];
    at = putVisits(table.visits, table.chosen, row, CARD_VISITS, newest, at);
  }
  return at;
}

function putShelfSights(table: ShelfSights, newestMs: number, start: number): number {
  const newest = visitOf(newestMs);
  let at = putVarint(space, start, table.count);
  for (let row = 0; row < table.count; row++) {
    at = putText(table.ids[row], at);
    at = putVisits(table.visits, table.chosen, row, SHELF_VISITS, newest, at);
  }
  return at;
}

/** The last choice (0: none, else 1 + visits before the newest), how many visits, and each as a distance from the one before. */
function putVisits(
  visits: Uint32Array,
  chosen: Uint32Array,
  row: number,
  width: number,
  newest: number,
  start: number,
): number {
  let count = 0;
  while (count < width && visits[row * width + count] > 0) count++;
  let at = putVarint(space, start, chosen[row] === 0 ? 0 : 1 + newest - chosen[row]);
  at = putVarint(space, at, count);
  let previous = newest;
  for (let i = 0; i < count; i++) {
    at = putVarint(space, at, previous - visits[row * width + i]);
    previous = visits[row * width + i];
  }
  return at;
}

function putSession(session: SessionState, start: number): number {
  spaceView.setFloat64(start, session.startMs, true);
  spaceView.setFloat64(start + 8, session.lastMs, true);
  let at = putVarint(space, start + 16, session.plays);
  at = putVarint(space, at, session.itemCount);
  for (let i = 0; i < session.itemCount; i++) {
    at = putVarint(space, at, session.items[i]);
    spaceView.setFloat64(at, session.itemsAtMs[i], true);
    at += 8;
  }
  return at;
}

/** The version of a stored state, without decoding it; -1 for no bytes. */
export function stateVersionOf(bytes: Uint8Array): number {
  return bytes.length === 0 ? -1 : bytes[0];
}

/** Reads what `encodeState` wrote. Throws `STATE_CORRUPT` for another version, for bytes that end early or go on too long. */
export function decodeState(bytes: Uint8Array): ListenerState {
  if (stateVersionOf(bytes) !== STATE_VERSION) {
    throw new ShelfwiseError('STATE_CORRUPT', `version ${stateVersionOf(bytes)}, this build reads ${STATE_VERSION}`);
  }
  const reader = new StateReader(bytes);
  const state = emptyState();
  state.firstEventMs = reader.f64();
  state.lastEventMs = reader.f64();
  state.totalPlays = reader.varint();
  state.totalSkips = reader.varint();
  state.dayPlays = reader.varint();
  state.day = reader.varint();
  state.dayPlayedMs = reader.varint();
  state.hour = reader.varint();
  state.hourActs = reader.varint();
  if (state.totalPlays > 0) {
    state.sumsAtMs = reader.f64();
    state.recentPlays = reader.f64();
    for (let hour = 0; hour < 24; hour++) state.hours[hour] = reader.f64();
    for (let i = 0; i < DEVICES.length; i++) state.devices[i] = reader.varint();
  }
  readItems(reader, state.items, state.lastEventMs);
  readRecents(reader, state.recents, state.lastEventMs);
  readMarks(reader, state.likes, state.lastEventMs, STATE_LIMITS.likes);
  readMarks(reader, state.follows, state.lastEventMs, STATE_LIMITS.follows);
  readMarks(reader, state.hides, state.lastEventMs, STATE_LIMITS.hides);
  readShelfMarks(reader, state.hiddenShelves, state.lastEventMs);
  readCardSights(reader, state.cardSights, state.lastEventMs);
  readShelfSights(reader, state.shelfSights, state.lastEventMs);
  readSession(reader, state.session);
  if (reader.at !== bytes.length) {
    throw new ShelfwiseError('STATE_CORRUPT', `the state ends at ${reader.at} of ${bytes.length} bytes`);
  }
  return packed(state);
}

/**
 * The state with all of its columns in one piece of memory. A service holds the states of many thousand listeners, and what
 * a collection of garbage takes goes by the number of pieces. A column that grows gets memory of its own.
 */
function packed(state: ListenerState): ListenerState {
  const { items, recents, likes, follows, hides, cardSights, shelfSights, session } = state;
  const marks = [likes, follows, hides];
  const floats = [items.sums, recents.lastMs, ...marks.map(({ atMs }) => atMs), state.hours, session.itemsAtMs];
  const words = [
    items.keys,
    items.counts,
    recents.keys,
    recents.plays,
    ...marks.flatMap(({ keys, stamps }) => [keys, stamps]),
    cardSights.keys,
    cardSights.chosen,
    cardSights.visits,
    shelfSights.chosen,
    shelfSights.visits,
    state.devices,
    session.items,
  ];
  const bytes = [...floats, ...words].reduce((sum, column) => sum + column.byteLength, 0);
  const memory = new ArrayBuffer(bytes);
  let at = 0;
  // Doubles first: they stand at multiples of eight.
  const float = (column: Float64Array): Float64Array => {
    if (column.length === 0) return column;
    const copy = new Float64Array(memory, at, column.length);
    copy.set(column);
    at += column.byteLength;
    return copy;
  };
  const word = (column: Uint32Array): Uint32Array => {
    if (column.length === 0) return column;
    const copy = new Uint32Array(memory, at, column.length);
    copy.set(column);
    at += column.byteLength;
    return copy;
  };
  items.sums = float(items.sums);
  recents.lastMs = float(recents.lastMs);
  for (const table of marks) table.atMs = float(table.atMs);
  const hours = float(state.hours);
  session.itemsAtMs = float(session.itemsAtMs);
  items.keys = word(items.keys);
  items.counts = word(items.counts);
  recents.keys = word(recents.keys);
  recents.plays = word(recents.plays);
  for (const table of marks) {
    table.keys = word(table.keys);
    table.stamps = word(table.stamps);
  }
  cardSights.keys = word(cardSights.keys);
  cardSights.chosen = word(cardSights.chosen);
  cardSights.visits = word(cardSights.visits);
  shelfSights.chosen = word(shelfSights.chosen);
  shelfSights.visits = word(shelfSights.visits);
  session.items = word(session.items);
  return { ...state, hours, devices: word(state.devices) };
}

/** As ByteReader, but with errors of its own and faster on the short varints that states are made of. */
class StateReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly length: number;
  at = 1;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.length = bytes.length;
  }

  private fail(wanted: number): never {
    throw new ShelfwiseError('STATE_CORRUPT', `wanted ${wanted} bytes at ${this.at} of ${this.length}`);
  }

  u8(): number {
    const { at } = this;
    if (at >= this.length) this.fail(1);
    this.at = at + 1;
    return this.bytes[at];
  }

  u32(): number {
    const { at } = this;
    if (at + 4 > this.length) this.fail(4);
    this.at = at + 4;
    return this.view.getUint32(at, true);
  }

  f64(): number {
    const { at } = this;
    if (at + 8 > this.length) this.fail(8);
    this.at = at + 8;
    return this.view.getFloat64(at, true);
  }

  varint(): number {
    const { bytes, length } = this;
    let { at } = this;
    if (at >= length) this.fail(1);
    let byte = bytes[at++];
    if (byte < 128) {
      this.at = at;
      return byte;
    }
    let result = byte & 127;
    let shift = 7;
    while (byte >= 128 && shift < 28) {
      if (at >= length) this.fail(1);
      byte = bytes[at++];
      result |= (byte & 127) << shift;
      shift += 7;
    }
    let scale = 268435456;
    while (byte >= 128) {
      if (at >= length || scale > 2 ** 50) this.fail(1);
      byte = bytes[at++];
      result += (byte & 127) * scale;
      scale *= 128;
    }
    this.at = at;
    return result;
  }

  /** A count of rows of at least `rowBytes` each, checked against the limit and against what is left. */
  count(limit: number, rowBytes: number): number {
    const count = this.varint();
    if (count > limit) throw new ShelfwiseError('STATE_CORRUPT', `a table of ${count} rows; the limit is ${limit}`);
    if (this.at + count * rowBytes > this.length) this.fail(count * rowBytes);
    return count;
  }

  text(): string {
    const length = this.varint();
    const { at } = this;
    if (at + length > this.length) this.fail(length);
    this.at = at + length;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, length).toString('utf8');
  }
}

function readItems(reader: StateReader, table: ItemTable, newestMs: number): void {
  const count = reader.count(STATE_LIMITS.items, 3);
  const keys = new Uint32Array(count);
  const sums = new Float64Array(count * SUM_COLUMNS);
  const counts = new Uint32Array(count * COUNT_COLUMNS);
  const newestS = secondOf(newestMs);
  let key = 0;
  for (let row = 0; row < count; row++) {
    const c = row * COUNT_COLUMNS;
    const s = row * SUM_COLUMNS;
    key += reader.varint();
    keys[row] = key;
    const flags = reader.u8();
    const plays = reader.varint();
    counts[c + PLAYS] = plays;
    let lastS = 0;
    if (plays > 0) {
      const lastMs = newestMs - reader.varint();
      sums[s + LAST_MS] = lastMs;
      lastS = secondOf(lastMs);
      counts[c + FIRST_S] = lastS - reader.varint();
    }
    if (flags !== 0) {
      if ((flags & HAS_SKIPS) !== 0) counts[c + SKIPS] = reader.varint();
      if ((flags & HAS_PROGRESS) !== 0) {
        counts[c + PROGRESS_S] = reader.varint();
        counts[c + PROGRESS_AT_S] = (flags & HAS_PROGRESS_TIME) === 0 ? lastS : newestS - reader.varint();
      }
    }
    if (plays > 1) {
      sums[s + SUM_MOOD] = reader.f64();
      sums[s + SUM_LIKING] = reader.f64();
      sums[s + SUM_TASTE] = reader.f64();
    } else if (plays === 1) {
      sums[s + SUM_MOOD] = 1;
      sums[s + SUM_LIKING] = 1;
      sums[s + SUM_TASTE] = 1;
    }
  }
  table.count = count;
  table.keys = keys;
  table.sums = sums;
  table.counts = counts;
}

function readRecents(reader: StateReader, table: RecentTable, newestMs: number): void {
  const count = reader.count(STATE_LIMITS.recents, 3);
  if (count === 0) return;
  table.count = count;
  table.keys = new Uint32Array(count);
  table.lastMs = new Float64Array(count);
  table.plays = new Uint32Array(count);
  let key = 0;
  for (let row = 0; row < count; row++) {
    key += reader.varint();
    table.keys[row] = key;
    table.lastMs[row] = newestMs - reader.varint();
    table.plays[row] = reader.varint();
  }
}

function readMarks(reader: StateReader, table: MarkTable, newestMs: number, limit: number): void {
  const count = reader.count(limit, 6);
  if (count === 0) return;
  table.count = count;
  table.keys = new Uint32Array(count);
  table.atMs = new Float64Array(count);
  table.stamps = new Uint32Array(count);
  let key = 0;
  for (let row = 0; row < count; row++) {
    key += reader.varint();
    table.keys[row] = key;
    table.atMs[row] = newestMs - reader.varint();
    table.stamps[row] = reader.u32();
  }
}

function readShelfMarks(reader: StateReader, table: ShelfMarks, newestMs: number): void {
  const count = reader.count(SIGHT_LIMITS.hiddenShelves, 6);
  for (let row = 0; row < count; row++) {
    table.ids.push(reader.text());
    table.atMs.push(newestMs - reader.varint());
    table.stamps.push(reader.u32());
  }
  table.count = count;
}

function readCardSights(reader: StateReader, table: CardSights, newestMs: number): void {
  const count = reader.count(SIGHT_LIMITS.cards, 3);
  if (count === 0) return;
  const newest = visitOf(newestMs);
  table.count = count;
  table.keys = new Uint32Array(count);
  table.chosen = new Uint32Array(count);
  table.visits = new Uint32Array(count * CARD_VISITS);
  let key = 0;
  for (let row = 0; row < count; row++) {
    key += reader.varint();
    table.keys[row] = key;
    readVisits(reader, table.visits, table.chosen, row, CARD_VISITS, newest);
  }
}

function readShelfSights(reader: StateReader, table: ShelfSights, newestMs: number): void {
  const count = reader.count(SIGHT_LIMITS.shelves, 3);
  if (count === 0) return;
  const newest = visitOf(newestMs);
  table.count = count;
  table.chosen = new Uint32Array(count);
  table.visits = new Uint32Array(count * SHELF_VISITS);
  for (let row = 0; row < count; row++) {
    table.ids.push(reader.text());
    readVisits(reader, table.visits, table.chosen, row, SHELF_VISITS, newest);
  }
}

function readVisits(
  reader: StateReader,
  visits: Uint32Array,
  chosen: Uint32Array,
  row: number,
  width: number,
  newest: number,
): void {
  const sinceChoice = reader.varint();
  if (sinceChoice > 0) chosen[row] = 1 + newest - sinceChoice;
  const count = reader.count(width, 1);
  let visit = newest;
  for (let i = 0; i < count; i++) {
    visit -= reader.varint();
    visits[row * width + i] = visit;
  }
}

function readSession(reader: StateReader, session: SessionState): void {
  session.id = reader.text();
  session.startMs = reader.f64();
  session.lastMs = reader.f64();
  session.plays = reader.varint();
  const count = reader.count(STATE_LIMITS.sessionItems, 9);
  session.itemCount = count;
  if (count === 0) return;
  session.items = new Uint32Array(STATE_LIMITS.sessionItems);
  session.itemsAtMs = new Float64Array(STATE_LIMITS.sessionItems);
  for (let i = 0; i < count; i++) {
    session.items[i] = reader.varint();
    session.itemsAtMs[i] = reader.f64();
  }
}
