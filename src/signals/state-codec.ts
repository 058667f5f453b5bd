/**
 * The stored form of a listener's state. Canonical: equal states give equal bytes (tables are in ascending order of
 * number), and decoding gives back every bit. Per item: number (delta), plays, newest play (ms before the newest event),
 * first play (s before it), flags, progress, and 24 bytes of sums where there is more than one play (with one, all are 1).
 */
import { type ByteWriter, ShelfwiseError } from '../base/index.ts';
import { DEVICES } from '../domain/index.ts';
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

const ROW_BYTES = 72;
// Work space, grown as needed; `encodeState` copies out of it before it returns.
let space = new Uint8Array(48 * 1024);
let spaceView = new DataView(space.buffer);
let at = 0;

function writeVarint(x: number): void {
  let rest = x;
  while (rest >= 2097152) {
    space[at++] = (rest & 127) | 128;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 128) {
    space[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  space[at++] = rest;
}

function writeF64(x: number): void {
  spaceView.setFloat64(at, x, true);
  at += 8;
}

function secondOf(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000));
}

/** Appends the stored form. At most ~48 bytes an item, 12 a mark and 12 a recent. */
export function encodeState(state: ListenerState, out: ByteWriter): void {
  const rows =
    state.items.count + state.recents.count + state.likes.count + state.follows.count + state.hides.count + 32;
  const sessionId = Buffer.from(state.session.id, 'utf8');
  const needed = rows * ROW_BYTES + sessionId.length + 1024;
  if (needed > space.length) {
    space = new Uint8Array(needed);
    spaceView = new DataView(space.buffer);
  }
  at = 0;
  space[at++] = STATE_VERSION;
  writeF64(state.firstEventMs);
  writeF64(state.lastEventMs);
  writeVarint(state.totalPlays);
  writeVarint(state.totalSkips);
  writeVarint(state.dayPlays);
  writeVarint(Math.max(0, state.day));
  if (state.totalPlays > 0) {
    writeF64(state.sumsAtMs);
    writeF64(state.recentPlays);
    for (const x of state.hours) writeF64(x);
    for (let i = 0; i < DEVICES.length; i++) writeVarint(state.devices[i]);
  }
  writeItems(state.items, state.lastEventMs);
  writeRecents(state.recents, state.lastEventMs);
  writeMarks(state.likes, state.lastEventMs);
  writeMarks(state.follows, state.lastEventMs);
  writeMarks(state.hides, state.lastEventMs);
  writeSession(state.session, sessionId);
  out.raw(space.subarray(0, at));
}

function writeItems(table: ItemTable, newestMs: number): void {
  const { keys, sums, counts, count } = table;
  writeVarint(count);
  const newestS = secondOf(newestMs);
  let previous = 0;
  for (let row = 0; row < count; row++) {
    const c = row * COUNT_COLUMNS;
    const s = row * SUM_COLUMNS;
    writeVarint(keys[row] - previous);
    previous = keys[row];
    const plays = counts[c + PLAYS];
    const skips = counts[c + SKIPS];
    const progressAtS = counts[c + PROGRESS_AT_S];
    const lastS = plays === 0 ? -1 : secondOf(sums[s + LAST_MS]);
    let flags = 0;
    if (skips > 0) flags |= HAS_SKIPS;
    if (progressAtS > 0) flags |= HAS_PROGRESS;
    if (progressAtS > 0 && progressAtS !== lastS) flags |= HAS_PROGRESS_TIME;
    space[at++] = flags;
    writeVarint(plays);
    if (plays > 0) {
      writeVarint(newestMs - sums[s + LAST_MS]);
      writeVarint(lastS - counts[c + FIRST_S]);
    }
    if ((flags & HAS_SKIPS) !== 0) writeVarint(skips);
    if ((flags & HAS_PROGRESS) !== 0) writeVarint(counts[c + PROGRESS_S]);
    if ((flags & HAS_PROGRESS_TIME) !== 0) writeVarint(newestS - progressAtS);
    if (plays > 1) {
      writeF64(sums[s + SUM_MOOD]);
      writeF64(sums[s + SUM_LIKING]);
      writeF64(sums[s + SUM_TASTE]);
    }
  }
}

function writeRecents(table: RecentTable, newestMs: number): void {
  writeVarint(table.count);
  let previous = 0;
  for (let row = 0; row < table.count; row++) {
    writeVarint(table.keys[row] - previous);
    previous = table.keys[row];
    writeVarint(newestMs - table.lastMs[row]);
    writeVarint(table.plays[row]);
  }
}

function writeMarks(table: MarkTable, newestMs: number): void {
  writeVarint(table.count);
  let previous = 0;
  for (let row = 0; row < table.count; row++) {
    writeVarint(table.keys[row] - previous);
    previous = table.keys[row];
    writeVarint(newestMs - table.atMs[row]);
    spaceView.setUint32(at, table.stamps[row], true);
    at += 4;
  }
}

function writeSession(session: SessionState, id: Uint8Array): void {
  writeVarint(id.length);
  space.set(id, at);
  at += id.length;
  writeF64(session.startMs);
  writeF64(session.lastMs);
  writeVarint(session.plays);
  writeVarint(session.itemCount);
  for (let i = 0; i < session.itemCount; i++) {
    writeVarint(session.items[i]);
    writeF64(session.itemsAtMs[i]);
  }
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
  reader.at = 1;
  const state = emptyState();
  state.firstEventMs = reader.f64();
  state.lastEventMs = reader.f64();
  state.totalPlays = reader.varint();
  state.totalSkips = reader.varint();
  state.dayPlays = reader.varint();
  state.day = reader.varint();
  if (state.totalPlays > 0) {
    state.sumsAtMs = reader.f64();
    state.recentPlays = reader.f64();
    for (let i = 0; i < 24; i++) state.hours[i] = reader.f64();
    for (let i = 0; i < DEVICES.length; i++) state.devices[i] = reader.varint();
  }
  readItems(reader, state.items, state.lastEventMs);
  readRecents(reader, state.recents, state.lastEventMs);
  readMarks(reader, state.likes, state.lastEventMs, STATE_LIMITS.likes);
  readMarks(reader, state.follows, state.lastEventMs, STATE_LIMITS.follows);
  readMarks(reader, state.hides, state.lastEventMs, STATE_LIMITS.hides);
  readSession(reader, state.session);
  if (reader.at !== bytes.length) {
    throw new ShelfwiseError('STATE_CORRUPT', `the state ends at ${reader.at} of ${bytes.length} bytes`);
  }
  return state;
}

class StateReader {
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  need(count: number): void {
    if (this.at + count > this.bytes.length) {
      throw new ShelfwiseError('STATE_CORRUPT', `wanted ${count} bytes at ${this.at} of ${this.bytes.length}`);
    }
  }

  u8(): number {
    this.need(1);
    return this.bytes[this.at++];
  }

  u32(): number {
    this.need(4);
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  f64(): number {
    this.need(8);
    this.at += 8;
    return this.view.getFloat64(this.at - 8, true);
  }

  varint(): number {
    const { bytes } = this;
    let position = this.at;
    let byte = bytes[position++];
    let result = byte & 127;
    let shift = 7;
    while (byte >= 128 && shift < 28) {
      byte = bytes[position++];
      result |= (byte & 127) << shift;
      shift += 7;
    }
    let scale = 268435456;
    while (byte >= 128 && scale < 2 ** 53) {
      byte = bytes[position++];
      result += (byte & 127) * scale;
      scale *= 128;
    }
    this.at = position;
    // Reading past the end gives undefined, which no comparison lets pass on as a continuation byte.
    if (position > bytes.length || byte >= 128) this.need(bytes.length + 1);
    return result;
  }

  /** A count of rows of at least `rowBytes` each, checked against the limit and against what is left. */
  count(limit: number, rowBytes: number): number {
    const count = this.varint();
    if (count > limit) throw new ShelfwiseError('STATE_CORRUPT', `a table of ${count} rows; the limit is ${limit}`);
    this.need(count * rowBytes);
    return count;
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
    if ((flags & HAS_SKIPS) !== 0) counts[c + SKIPS] = reader.varint();
    if ((flags & HAS_PROGRESS) !== 0) {
      counts[c + PROGRESS_S] = reader.varint();
      counts[c + PROGRESS_AT_S] = (flags & HAS_PROGRESS_TIME) === 0 ? lastS : newestS - reader.varint();
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

function readSession(reader: StateReader, session: SessionState): void {
  const length = reader.varint();
  reader.need(length);
  const start = reader.at;
  session.id = Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset + start, length).toString('utf8');
  reader.at = start + length;
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

/**
 * Do two states say the same? Integers, times and switches must be equal; decayed sums may differ by `tolerance`
 * relative to the larger (or absolutely, below 1).
 */
export function statesEqual(a: ListenerState, b: ListenerState, tolerance: number): boolean {
  const near = (x: number, y: number) => Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y));
  if (
    a.totalPlays !== b.totalPlays ||
    a.totalSkips !== b.totalSkips ||
    a.day !== b.day ||
    a.dayPlays !== b.dayPlays ||
    a.firstEventMs !== b.firstEventMs ||
    a.lastEventMs !== b.lastEventMs ||
    a.sumsAtMs !== b.sumsAtMs ||
    !near(a.recentPlays, b.recentPlays) ||
    !sameMarks(a.likes, b.likes) ||
    !sameMarks(a.follows, b.follows) ||
    !sameMarks(a.hides, b.hides) ||
    !sameSession(a.session, b.session)
  ) {
    return false;
  }
  for (let i = 0; i < 24; i++) if (!near(a.hours[i], b.hours[i])) return false;
  for (let i = 0; i < DEVICES.length; i++) if (a.devices[i] !== b.devices[i]) return false;
  const { recents } = a;
  if (
    recents.count !== b.recents.count ||
    !samePrefix(recents.keys, b.recents.keys, recents.count) ||
    !samePrefix(recents.lastMs, b.recents.lastMs, recents.count) ||
    !samePrefix(recents.plays, b.recents.plays, recents.count)
  ) {
    return false;
  }
  const { items } = a;
  if (
    items.count !== b.items.count ||
    !samePrefix(items.keys, b.items.keys, items.count) ||
    !samePrefix(items.counts, b.items.counts, items.count * COUNT_COLUMNS)
  ) {
    return false;
  }
  for (let i = 0; i < items.count * SUM_COLUMNS; i++) {
    const exact = i % SUM_COLUMNS === LAST_MS;
    if (exact ? items.sums[i] !== b.items.sums[i] : !near(items.sums[i], b.items.sums[i])) return false;
  }
  return true;
}

function samePrefix(a: Uint32Array | Float64Array, b: Uint32Array | Float64Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameMarks(a: MarkTable, b: MarkTable): boolean {
  return (
    a.count === b.count &&
    samePrefix(a.keys, b.keys, a.count) &&
    samePrefix(a.atMs, b.atMs, a.count) &&
    samePrefix(a.stamps, b.stamps, a.count)
  );
}

function sameSession(a: SessionState, b: SessionState): boolean {
  return (
    a.id === b.id &&
    a.startMs === b.startMs &&
    a.lastMs === b.lastMs &&
    a.plays === b.plays &&
    a.itemCount === b.itemCount &&
    samePrefix(a.items, b.items, a.itemCount) &&
    samePrefix(a.itemsAtMs, b.itemsAtMs, a.itemCount)
  );
}
