/** Records of decisions and servings: sealed, appended to their own log, found again by id. */
import type { KeyObject } from 'node:crypto';
import { ByteWriter, ShelfwiseError } from '../base/index.ts';
import {
  type DecisionRecord,
  decisionIdOf,
  decodeDecision,
  encodeServing,
  type ListenerView,
  recordIdOf,
  type Serving,
} from '../domain/index.ts';
import type { EventLog, LogPosition, OnlineStore, StoreWriter } from '../store/index.ts';
import { encodeSealed } from './sealing.ts';
import { inSlices, type Slice } from './slices.ts';
import { positionNumber, positionOf } from './states.ts';

const TABLE = 'decisions';

/** First byte of an entry of the decision log. */
export const ENTRY_DECISION = 1;
export const ENTRY_SERVING = 2;

export interface Decisions {
  /** Seals the view, and puts the record in the log's buffer; while the disk refuses writes, the page goes unrecorded. */
  write(record: DecisionRecord, view: ListenerView): void;
  writeServing(serving: Serving): void;
  /** The stored bytes of a record, from log or lake; undefined when there is none. Throws DECISION_ERASED. */
  bytes(decisionId: string): Promise<Uint8Array | undefined>;
  /** Newest first; only those with ids smaller than `before`. */
  recent(limit: number, before?: string): readonly string[];
  /** The index of records that lie before `below` (as a number), which are on disk, in slices of a transaction each. */
  slices(below: number): readonly Slice[];
  /** Ids of what the log has beyond the index. */
  recover(from: LogPosition): number;
  /** `unrecorded`: records and servings that the disk had no room for. */
  readonly counts: { decisions: number; servings: number; bytes: number; unrecorded: number };
}

/** The bytes of a record from an entry of the log. */
export function recordBytesOf(entry: Uint8Array): Uint8Array {
  return entry.subarray(1);
}

/** Stands in the index for a decision whose listener was erased: that there was one is all that is left of it. */
const ERASED = -1;

function indexed(store: OnlineStore, decisionId: string): number | undefined {
  const bytes = store.get(TABLE, decisionId);
  return bytes === undefined ? undefined : placeOf(bytes);
}

function placeOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(0, true);
}

function writePlace(write: StoreWriter, decisionId: string, position: number): void {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(position, 0);
  write.put(TABLE, decisionId, bytes);
}

/** Undefined for a decision that is not known, or erased. */
export function decisionPosition(store: OnlineStore, decisionId: string): LogPosition | undefined {
  const position = indexed(store, decisionId);
  return position === undefined || position === ERASED ? undefined : positionOf(position);
}

/** Notes in the index that these decisions are erased. */
export function writeErased(write: StoreWriter, decisionIds: Iterable<string>): void {
  for (const id of decisionIds) writePlace(write, id, ERASED);
}

/** How many decisions were made from one time until another. */
export function countDecided(store: OnlineStore, fromMs: number, toMs: number): number {
  const first = (atMs: number): string => decisionIdOf(Math.max(0, Math.floor(atMs)), NO_ENTROPY);
  let count = 0;
  for (const _ of store.range(TABLE, { start: first(fromMs), end: first(toMs) })) count++;
  return count;
}

/** Was any decision made from one time until another? */
export function decidedBetween(store: OnlineStore, fromMs: number, toMs: number): boolean {
  const first = (atMs: number): string => decisionIdOf(Math.max(0, Math.floor(atMs)), NO_ENTROPY);
  for (const _ of store.range(TABLE, { start: first(fromMs), end: first(toMs + 1), limit: 1 })) return true;
  return false;
}

/** Of the first id of a millisecond. */
const NO_ENTROPY = new Uint8Array(16);

export function createDecisions(
  log: EventLog,
  store: OnlineStore,
  secretOf: (listenerKey: string) => KeyObject | undefined,
  /** Reads an entry of the stream, wherever it is by now. */
  readEntry: (position: LogPosition) => Promise<Uint8Array>,
  isErased: (listenerKey: string) => boolean,
): Decisions {
  const counts = { decisions: 0, servings: 0, bytes: 0, unrecorded: 0 };
  const writer = new ByteWriter(32 * 1024);
  const fresh = new Map<string, number>();
  let last = -1;

  const voidFrom = (position: number): void => {
    for (const [id, at] of fresh) if (at >= position) fresh.delete(id);
    last = position - 1;
  };
  /** Positions ascend, unless the log has cut off what it could not sync: then the ids of what was cut are forgotten. */
  const voidBeyondEnd = (): void => {
    const end = positionNumber(log.end());
    if (last >= end) voidFrom(end);
  };
  /** Appends what the writer holds; -1 while the disk refuses writes: a Home is served all the same. */
  const append = (): number => {
    try {
      const position = positionNumber(log.append(writer.view()));
      if (position <= last) voidFrom(position);
      last = position;
      return position;
    } catch (error) {
      if (!(error instanceof ShelfwiseError) || (error.code !== 'LOG_FULL' && error.code !== 'LOG_WRITE_FAILED'))
        throw error;
      counts.unrecorded++;
      return -1;
    }
  };

  return {
    counts,
    write(record, view) {
      const secret = secretOf(record.listenerKey);
      // Erased while the page was decided: it is answered, and nothing of it is kept.
      if (secret === undefined || isErased(record.listenerKey)) return;
      writer.reset();
      writer.u8(ENTRY_DECISION);
      encodeSealed(record, view, secret, writer);
      const position = append();
      if (position < 0) return;
      fresh.set(record.decisionId, position);
      counts.decisions++;
      counts.bytes += writer.length;
    },
    writeServing(serving) {
      if (isErased(serving.listenerKey)) return;
      writer.reset();
      writer.u8(ENTRY_SERVING);
      encodeServing(serving, writer);
      if (append() >= 0) counts.servings++;
    },
    async bytes(decisionId) {
      voidBeyondEnd();
      const position = fresh.get(decisionId) ?? indexed(store, decisionId);
      if (position === undefined) return undefined;
      if (position === ERASED) throw new ShelfwiseError('DECISION_ERASED', decisionId);
      const bytes = recordBytesOf(await readEntry(positionOf(position)));
      // A position that was cut off by a full disk or a crash may hold another record by now.
      return recordIdOf(bytes) === decisionId ? bytes : undefined;
    },
    recent(limit, before) {
      voidBeyondEnd();
      const ids = [...fresh.keys()].filter((id) => before === undefined || id < before);
      let left = limit;
      for (const { key, value } of store.range(TABLE, { reverse: true, end: before })) {
        if (left === 0) break;
        if (placeOf(value) === ERASED) continue;
        ids.push(key);
        left--;
      }
      return [...new Set(ids)].sort().reverse().slice(0, limit);
    },
    slices(below) {
      voidBeyondEnd();
      return inSlices([...fresh].filter(([, position]) => position < below)).map((entries) => (write) => {
        for (const [id, position] of entries) writePlace(write, id, position);
        return () => {
          for (const [id, position] of entries) if (fresh.get(id) === position) fresh.delete(id);
        };
      });
    },
    recover(from) {
      let found = 0;
      for (const { position, payload } of log.entries(from)) {
        if (payload[0] !== ENTRY_DECISION) continue;
        fresh.set(decodeDecision(recordBytesOf(payload)).decisionId, positionNumber(position));
        found++;
      }
      return found;
    },
  };
}
