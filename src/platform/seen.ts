/**
 * Which event ids were taken before. Ids of the last flushes are in memory, all others in the online store; a Bloom filter
 * before the store answers "never seen" for nearly every new id without a read.
 */
import { hash as hashOnce } from 'node:crypto';
import type { OnlineStore } from '../store/index.ts';
import { inSlices, type Slice } from './slices.ts';

const TABLE = 'events-seen';
/** 2^27 bits are 16 MiB: below 1% false positives up to 12 million ids with four probes. */
const BLOOM_BITS = 27;
const PROBES = 4;
/** Ids marked before others have the thread: a few milliseconds. */
const FILL_SLICE = 5_000;
const EMPTY = new Uint8Array(0);

export interface SeenEvents {
  /** The key of an event's id: 128 bits, as text that LMDB orders. */
  keyOf(listenerKey: string, eventId: string): string;
  has(key: string): boolean;
  /** Notes an id whose event is on its way to the disk. */
  begin(key: string): void;
  /** The event is on disk: the id stays. */
  settle(key: string): void;
  /** The event did not reach the disk: the id is free again. */
  drop(key: string): void;
  /**
   * What is to be stored now, in slices of a transaction each, so that no transaction holds the thread for long. Call what
   * a slice returns once its transaction is durable; ids whose slice failed are in the next call's slices.
   */
  slices(): readonly Slice[];
  readonly size: number;
}

export function createSeenEvents(store: OnlineStore, closed: () => boolean): SeenEvents {
  const bloom = new Uint32Array(2 ** (BLOOM_BITS - 5));
  const mark = (key: string): void => {
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = bitOf(key, probe);
      bloom[bit >>> 5] |= 1 << (bit & 31);
    }
  };
  const maybe = (key: string): boolean => {
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = bitOf(key, probe);
      if ((bloom[bit >>> 5] & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  };
  let stored = store.count(TABLE);
  /** Until every stored id is marked, "not in the filter" means nothing and the store is asked. */
  let marked = false;
  const fill = (start: string | undefined): void => {
    let last: string | undefined;
    let count = 0;
    for (const { key } of store.range(TABLE, { start, limit: FILL_SLICE })) {
      mark(key);
      last = key;
      count++;
    }
    if (count < FILL_SLICE) marked = true;
    else if (!closed()) setImmediate(fill, last);
  };
  if (stored === 0) marked = true;
  else setImmediate(fill, undefined);

  const pending = new Set<string>();
  /** Settled, and not yet known to be in the store. */
  const recent = new Set<string>();
  return {
    keyOf: (listenerKey, eventId) => hashOnce('md5', `${listenerKey} ${eventId}`, 'base64').slice(0, 22),
    has: (key) =>
      recent.has(key) || pending.has(key) || ((!marked || maybe(key)) && store.get(TABLE, key) !== undefined),
    begin(key) {
      pending.add(key);
    },
    settle(key) {
      pending.delete(key);
      recent.add(key);
    },
    drop(key) {
      pending.delete(key);
    },
    slices: () =>
      inSlices([...recent]).map((keys) => (write) => {
        for (const key of keys) write.put(TABLE, key, EMPTY);
        return () => {
          for (const key of keys) {
            mark(key);
            recent.delete(key);
          }
          stored += keys.length;
        };
      }),
    get size() {
      return stored + recent.size;
    },
  };
}

/** 27 bits of the key per probe: base64 characters carry six bits each. */
function bitOf(key: string, probe: number): number {
  let bits = 0;
  for (let i = 0; i < 5; i++) bits = (bits << 6) | BASE64[key.charCodeAt(probe * 5 + i) & 127];
  return bits & (2 ** BLOOM_BITS - 1);
}

const BASE64 = new Uint8Array(128);
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  BASE64[char.charCodeAt(0)] = value;
}
