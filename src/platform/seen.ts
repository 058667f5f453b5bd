/** Which event ids were taken before: those on their way to the disk, those of the last flushes, and all others in the store. */
import { hash128 } from '../base/index.ts';
import type { OnlineStore } from '../store/index.ts';
import { openIdRuns } from './id-runs.ts';
import { createIdSet, type IdSet } from './id-set.ts';

/** The ids of one envelope, from their arrival until its events are on disk or have failed to get there. */
export interface Claims {
  /** Is the event new? One that is under way in this or another envelope is not. */
  isNew(listenerKey: string, eventId: string): boolean;
  /** Claims the id that was last found to be new. */
  claim(): void;
  /** The events are on disk: their ids stay taken. */
  settle(): void;
  /** The events did not reach the disk: their ids are free again. */
  release(): void;
}

export interface SeenEvents {
  /** @param events at most so many claims */
  claims(events: number): Claims;
  /** Stores what was settled. Durable when resolved; what it could not store is tried again by the next. */
  flush(): Promise<void>;
  /** Keeps the store of ids in shape; to be called now and then, never beside `flush`. */
  tidy(): Promise<void>;
  readonly size: number;
}

/** @param closed true as soon as the store may be closed */
export function createSeenEvents(store: OnlineStore, closed: () => boolean): SeenEvents {
  const runs = openIdRuns(store, closed);
  /** On their way to the disk. */
  const pending = createIdSet();
  /** Settled, and not yet known to be in the store; those of a flush under way apart. */
  let recent = createIdSet();
  let flushing: IdSet = createIdSet();

  const isTaken = (words: Uint32Array, at: number): boolean =>
    pending.has(words, at) || recent.has(words, at) || flushing.has(words, at) || runs.has(words, at);

  return {
    claims(events) {
      const words = new Uint32Array(4 * events + 4);
      let claimed = 0;
      const free = (): void => {
        for (let at = 0; at < claimed; at += 4) pending.remove(words, at);
      };
      return {
        isNew(listenerKey, eventId) {
          hash128(`${listenerKey} ${eventId}`, words, claimed);
          // Four zeros are no id to a set.
          if ((words[claimed] | words[claimed + 1] | words[claimed + 2] | words[claimed + 3]) === 0) words[claimed] = 1;
          return !isTaken(words, claimed);
        },
        claim() {
          pending.add(words, claimed);
          claimed += 4;
        },
        settle() {
          free();
          for (let at = 0; at < claimed; at += 4) recent.add(words, at);
        },
        release: free,
      };
    },
    async flush() {
      // What an earlier flush could not store is in `flushing` still.
      const words = recent.toWords();
      for (let at = 0; at < words.length; at += 4) flushing.add(words, at);
      // As many are likely to come until the next flush.
      recent = createIdSet(words.length / 4);
      await runs.add(flushing.toWords());
      flushing = createIdSet();
    },
    tidy: runs.merge,
    get size() {
      return runs.count + flushing.size + recent.size;
    },
  };
}
