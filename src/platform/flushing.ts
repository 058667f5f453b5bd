/**
 * How what is in memory only becomes durable, and how far that is: states, ids of events, the index of decisions, with their
 * places in the logs. After a stop, reading goes on from those places.
 */
import type { EventLog, LogPosition, OnlineStore } from '../store/index.ts';
import type { Decisions } from './decisions.ts';
import type { Ingest } from './ingest.ts';
import type { SeenEvents } from './seen.ts';
import { storeSlices } from './slices.ts';
import type { StateTables } from './state-tables.ts';
import { positionNumber } from './states.ts';
import type { Traffic } from './traffic.ts';
import type { StoredVocabularies } from './vocabularies.ts';

const TABLE = 'platform';
const EVENTS_FOLDED = 'events-folded';
const DECISIONS_INDEXED = 'decisions-indexed';

/** How far jobs may read: what lies before is in the stored states, and the names in it have their numbers. */
export interface FlushedEnds {
  readonly eventsEnd: LogPosition;
  readonly decisionsEnd: LogPosition;
}

export interface Flushing {
  /** Writes everything that is in memory only. One flush at a time; a second caller waits for one that starts after its call. */
  flush(): Promise<void>;
  /** Flushes, and tells how far. */
  flushedEnds(): Promise<FlushedEnds>;
  /** Does `work` while no flush is under way, and lets none begin meanwhile. */
  exclusively(work: () => Promise<void>): Promise<void>;
  /** Does `change` while no flush is under way, and flushes at once. */
  flushWith(change: () => void): Promise<void>;
  /** Folds and indexes what the logs have beyond the last flush. @returns how many of each */
  recover(): { readonly events: number; readonly decisions: number };
}

export function createFlushing(dependencies: {
  readonly store: OnlineStore;
  readonly events: EventLog;
  readonly decisionLog: EventLog;
  readonly ingest: Pick<Ingest, 'foldedUpTo' | 'recover'>;
  readonly decisions: Pick<Decisions, 'slices' | 'recover'>;
  readonly seen: Pick<SeenEvents, 'flush'>;
  readonly stateTables: Pick<StateTables, 'states' | 'note'>;
  readonly vocabularies: Pick<StoredVocabularies, 'persist'>;
  readonly traffic: Pick<Traffic, 'persist'>;
}): Flushing {
  const { store, events, decisionLog, ingest, decisions, seen, stateTables, vocabularies, traffic } = dependencies;
  const ends = (): FlushedEnds => ({
    eventsEnd: readPlace(store, EVENTS_FOLDED) ?? events.start(),
    decisionsEnd: readPlace(store, DECISIONS_INDEXED) ?? decisionLog.start(),
  });

  let flushing: Promise<void> = Promise.resolve();
  const exclusively = (work: () => Promise<void>): Promise<void> => {
    const next = flushing.then(work, work);
    flushing = next.catch(() => undefined);
    return next;
  };
  async function flushOnce(): Promise<void> {
    const folded = ingest.foldedUpTo();
    await decisionLog.sync();
    const indexedUpTo = decisionLog.durableEnd();
    await seen.flush();
    await storeSlices(store, decisions.slices(positionNumber(indexedUpTo)));
    let settle = (): void => {};
    await stateTables.states().flush(vocabularies.persist, (write) => {
      const settleNames = vocabularies.persist(write);
      const settleTraffic = traffic.persist(write);
      settle = () => {
        settleNames();
        settleTraffic();
      };
      write.put(TABLE, EVENTS_FOLDED, Buffer.from(JSON.stringify(folded)));
      write.put(TABLE, DECISIONS_INDEXED, Buffer.from(JSON.stringify(indexedUpTo)));
      stateTables.note(write);
    });
    settle();
  }
  const flush = (): Promise<void> => exclusively(flushOnce);

  return {
    flush,
    async flushedEnds() {
      await flush();
      return ends();
    },
    exclusively,
    flushWith: (change) =>
      exclusively(() => {
        change();
        return flushOnce();
      }),
    recover() {
      const { eventsEnd, decisionsEnd } = ends();
      return { events: ingest.recover(eventsEnd), decisions: decisions.recover(decisionsEnd) };
    },
  };
}

function readPlace(store: OnlineStore, key: string): LogPosition | undefined {
  const bytes = store.get(TABLE, key);
  if (bytes === undefined) return undefined;
  return JSON.parse(Buffer.from(bytes).toString()) as LogPosition;
}
