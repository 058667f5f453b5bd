/**
 * Listener states: folded in memory as events arrive, written to the online store in slices. Each stored state carries the
 * log position up to which it was folded, so that after a crash every event is folded exactly once, whatever was written.
 */
import { ByteWriter, ShelfwiseError } from '../base/index.ts';
import type { TasteMemory } from '../home/index.ts';
import { decodeState, emptyState, encodeState, type ListenerState } from '../signals/index.ts';
import type { LogPosition, OnlineStore, StoreWriter } from '../store/index.ts';
import type { ReadCards } from './playlists/read-cards.ts';

/** Positions as one number: segments of less than 4 GiB, fewer than two million of them. */
export function positionNumber(position: LogPosition): number {
  return position.segment * 4294967296 + position.offset;
}

export function positionOf(number: number): LogPosition {
  return { segment: Math.floor(number / 4294967296), offset: number % 4294967296 };
}

export interface StateEntry extends TasteMemory {
  readonly state: ListenerState;
  /** Events at log positions (as numbers) below this are folded. */
  applied: number;
  tasteVersion: number;
  /** Log position (as a number) after the last meaningful event, at most: a page decided before it is outdated. */
  meaningful: number;
  kept: TasteMemory['kept'];
  /** Of the playlists that were made for the listener. */
  cards: ReadCards | undefined;
}

export interface States {
  get(listenerKey: string): StateEntry;
  /** To be called after folding into an entry. */
  touch(listenerKey: string): void;
  /** Forgets what is in memory of a listener who is erased; what is stored is the caller's to remove. */
  forget(listenerKey: string): void;
  /**
   * Writes what changed, in slices, and what `last` adds in the last transaction. `names` writes, in every transaction and
   * ahead of the states in it, the names that their numbers stand for. Durable when resolved.
   */
  flush(names: (write: StoreWriter) => () => void, last: (write: StoreWriter) => void): Promise<number>;
  readonly dirty: number;
  readonly cached: number;
}

/** Listeners a transaction: a state costs some tens of microseconds to encode and put. */
const SLICE = 50;

export function stateTable(version: number): string {
  return `states-${version}`;
}

/** Undefined when nothing is stored. */
export function readStoredState(
  store: OnlineStore,
  table: string,
  listenerKey: string,
): { readonly state: ListenerState; readonly applied: number } | undefined {
  const bytes = store.get(table, listenerKey);
  return bytes === undefined ? undefined : parseStoredState(bytes);
}

/** Throws STATE_CORRUPT. */
export function parseStoredState(bytes: Uint8Array): { readonly state: ListenerState; readonly applied: number } {
  if (bytes.length < 8) throw new ShelfwiseError('STATE_CORRUPT', `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { applied: view.getFloat64(0, true), state: decodeState(stateBytesOf(bytes)) };
}

/** What `encodeState` wrote of what is stored. */
export function stateBytesOf(stored: Uint8Array): Uint8Array {
  return stored.subarray(8);
}

/** What `read` gives, or undefined when a stored state does not decode: to a job over all of them it is as if it were not there. */
export function unlessCorrupt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ShelfwiseError && error.code === 'STATE_CORRUPT') return undefined;
    throw error;
  }
}

/** @param isErased for whom nothing is kept any more, whatever of theirs is still under way */
export function createStates(
  store: OnlineStore,
  table: string,
  cachedLimit: number,
  isErased: (listenerKey: string) => boolean = () => false,
): States {
  const entries = new Map<string, StateEntry>();
  let dirty = new Set<string>();
  const writer = new ByteWriter(32 * 1024);

  const evict = (): void => {
    for (const key of entries.keys()) {
      if (entries.size <= cachedLimit) return;
      if (!dirty.has(key)) entries.delete(key);
    }
  };

  const writeSlice = (keys: readonly string[], write: StoreWriter): void => {
    for (const key of keys) {
      const entry = entries.get(key);
      if (entry === undefined) continue;
      writer.reset();
      writer.f64(entry.applied);
      encodeState(entry.state, writer);
      write.put(table, key, writer.finish());
    }
  };

  return {
    get(listenerKey) {
      const known = entries.get(listenerKey);
      if (known !== undefined) return known;
      const erased = isErased(listenerKey);
      const stored = erased ? undefined : readStoredState(store, table, listenerKey);
      const entry: StateEntry = {
        state: stored?.state ?? emptyState(),
        applied: stored?.applied ?? 0,
        tasteVersion: 0,
        meaningful: stored?.applied ?? 0,
        kept: undefined,
        cards: undefined,
      };
      if (!erased) entries.set(listenerKey, entry);
      return entry;
    },
    touch(listenerKey) {
      if (entries.has(listenerKey)) dirty.add(listenerKey);
    },
    forget(listenerKey) {
      entries.delete(listenerKey);
      dirty.delete(listenerKey);
    },
    async flush(names, last) {
      const keys = [...dirty];
      dirty = new Set();
      try {
        for (let at = 0; at < keys.length; at += SLICE) {
          let settle = (): void => {};
          await store.transaction((write) => {
            settle = names(write);
            writeSlice(keys.slice(at, at + SLICE), write);
          });
          settle();
        }
        await store.transaction(last);
      } catch (error) {
        for (const key of keys) dirty.add(key);
        throw error;
      }
      evict();
      return keys.length;
    },
    get dirty() {
      return dirty.size;
    },
    get cached() {
      return entries.size;
    },
  };
}
