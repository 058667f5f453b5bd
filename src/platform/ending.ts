/**
 * How the workshop's thread ends: by itself, between two steps of its job. A thread that is terminated while a native
 * module works for it takes the whole process down, and LMDB is at work most of the time.
 */
import { ShelfwiseError } from '../base/index.ts';
import type { OnlineStore } from '../store/index.ts';

export interface Ending {
  /** Was the end asked for? Known at once, also within a loop that reads no messages. */
  asked(): boolean;
  /** Throws NOT_READY when it was. */
  check(): void;
  /** Aborted with NOT_READY when the thread reads that it was. */
  readonly signal: AbortSignal;
  /** Aborts the signal. */
  begin(): void;
}

/** Memory that the platform's thread asks for the end through: 1 in its first number. */
export type EndingMemory = SharedArrayBuffer;

export function createEndingMemory(): EndingMemory {
  return new SharedArrayBuffer(4);
}

export function askForEnd(memory: EndingMemory): void {
  Atomics.store(new Int32Array(memory), 0, 1);
}

export function createEnding(memory: EndingMemory): Ending {
  const flag = new Int32Array(memory);
  const controller = new AbortController();
  const reason = (): ShelfwiseError => new ShelfwiseError('NOT_READY', 'the platform is closing');
  return {
    asked: () => Atomics.load(flag, 0) === 1,
    check() {
      if (Atomics.load(flag, 0) === 1) throw reason();
    },
    signal: controller.signal,
    begin: () => controller.abort(reason()),
  };
}

/** The store until the end is asked for; then it refuses, so that whoever works with it stops. */
export function untilEnding(store: OnlineStore, { check }: Ending): OnlineStore {
  return {
    get(table, key) {
      check();
      return store.get(table, key);
    },
    *range(table, range) {
      check();
      for (const entry of store.range(table, range)) {
        yield entry;
        check();
      }
    },
    count(table) {
      check();
      return store.count(table);
    },
    tables() {
      check();
      return store.tables();
    },
    async transaction(fill) {
      check();
      await store.transaction(fill);
    },
    close: () => store.close(),
  };
}
