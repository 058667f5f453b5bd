/**
 * What waits to be sent: bounded, in order, and where there is a storage, still there after a reload. Each event is an
 * entry of its own in the storage, named by its id: nothing is written twice, and two tabs do not overwrite each other. A tab
 * that opens takes over what lies there, also of a tab that still lives; the platform tells by the ids what it has already.
 */
import type { IncomingEvent } from '../server/contract.ts';

/** What the client needs of `localStorage`, or of something like it. */
export type EventStorage = Pick<Storage, 'length' | 'key' | 'getItem' | 'setItem' | 'removeItem'>;

/**
 * What a listener said of an item outlives what they heard, that what they chose, that what they were shown: where there is no
 * room for all, the oldest of the least goes first.
 */
const WORTH: { readonly [Type in IncomingEvent['type']]?: number } = {
  impression: 0,
  rendered: 1,
  select: 2,
  play: 3,
  skip: 3,
};
/** Likes, follows, hides, and what takes them back. */
const MOST_WORTH = 4;
const worthOf = ({ type }: IncomingEvent): number => WORTH[type] ?? MOST_WORTH;

export interface EventQueue {
  readonly size: number;
  add(event: IncomingEvent): void;
  /** The oldest so many. */
  first(count: number): readonly IncomingEvent[];
  /** What is worth most, then what is oldest, as far as its JSON fits into so many bytes; in order. Passed over: what `skip` names. */
  mostWorth(maxBytes: number, skip: ReadonlySet<string>): readonly IncomingEvent[];
  /** It has been answered. */
  remove(eventId: string): void;
}

export interface QueueOptions {
  readonly maxEvents: number;
  readonly storage: EventStorage | undefined;
  readonly storagePrefix: string;
  /** Given up for want of room. */
  readonly onDropped: (event: IncomingEvent) => void;
  /** The storage refused: what waits is only in memory. */
  readonly onStorageFailure: (error: unknown) => void;
}

export function createQueue(options: QueueOptions): EventQueue {
  const { maxEvents, storage, storagePrefix, onDropped } = options;
  const events = new Map<string, IncomingEvent>();
  const stored = (work: (storage: EventStorage) => void): void => {
    if (storage === undefined) return;
    try {
      work(storage);
    } catch (error) {
      options.onStorageFailure(error);
    }
  };

  const remove = (eventId: string): void => {
    if (events.delete(eventId)) stored((kept) => kept.removeItem(storagePrefix + eventId));
  };
  const makeRoom = (): void => {
    while (events.size > maxEvents) {
      let victim: IncomingEvent | undefined;
      for (const event of events.values()) {
        if (victim === undefined || worthOf(event) < worthOf(victim)) victim = event;
      }
      if (victim === undefined) return;
      remove(victim.eventId);
      onDropped(victim);
    }
  };

  stored((kept) => {
    const found: IncomingEvent[] = [];
    const unreadable: string[] = [];
    for (let i = 0; i < kept.length; i++) {
      const name = kept.key(i);
      if (name === null || !name.startsWith(storagePrefix)) continue;
      const event = readEvent(kept.getItem(name));
      if (event === undefined) unreadable.push(name);
      else found.push(event);
    }
    for (const name of unreadable) kept.removeItem(name);
    found.sort((a, b) => (a.occurredAt < b.occurredAt ? -1 : a.occurredAt > b.occurredAt ? 1 : 0));
    for (const event of found) events.set(event.eventId, event);
  });
  makeRoom();

  return {
    get size() {
      return events.size;
    },
    add(event) {
      if (events.has(event.eventId)) return;
      events.set(event.eventId, event);
      stored((kept) => kept.setItem(storagePrefix + event.eventId, JSON.stringify(event)));
      makeRoom();
    },
    first(count) {
      const batch: IncomingEvent[] = [];
      for (const event of events.values()) {
        if (batch.length === count) break;
        batch.push(event);
      }
      return batch;
    },
    mostWorth(maxBytes, skip) {
      const taken = new Set<string>();
      const encoder = new TextEncoder();
      let bytes = 0;
      for (let worth = MOST_WORTH; worth >= 0; worth--) {
        for (const event of events.values()) {
          if (worthOf(event) !== worth || skip.has(event.eventId)) continue;
          const length = encoder.encode(JSON.stringify(event)).length + 1;
          if (bytes + length > maxBytes) continue;
          bytes += length;
          taken.add(event.eventId);
        }
      }
      return [...events.values()].filter(({ eventId }) => taken.has(eventId));
    },
    remove,
  };
}

function readEvent(text: string | null): IncomingEvent | undefined {
  try {
    const event = JSON.parse(text ?? '') as IncomingEvent;
    return typeof event.eventId === 'string' && typeof event.occurredAt === 'string' ? event : undefined;
  } catch {
    // Another version's, or somebody else's under our name: it is removed.
    return undefined;
  }
}
