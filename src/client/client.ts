/** A client of a platform, for an app: Homes out, events in. */
import type { HomeParameters, IncomingEvent, Page } from '../server/contract.ts';
import { createImpressionObserver, type ImpressionObserver, type ImpressionReference } from './impressions.ts';
import { sendOnLeaving } from './leaving.ts';
import { type ClientOptions, resolveClientOptions } from './options.ts';
import { ApiProblem, answerOf, isPassing } from './problem.ts';
import { createQueue } from './queue.ts';
import { createSender, keyOf } from './sender.ts';
import { randomId } from './system.ts';

/** What the client adds by itself may be left out. */
export type TrackedEvent = Omit<IncomingEvent, 'eventId' | 'listenerId' | 'occurredAt'> &
  Partial<Pick<IncomingEvent, 'eventId' | 'listenerId' | 'occurredAt'>>;

export interface HomeOptions extends HomeParameters {
  readonly signal?: AbortSignal | undefined;
}

export interface ShelfwiseClient {
  readonly listenerId: string;
  readonly sessionId: string;
  /** Events that have not been answered yet. */
  readonly pending: number;
  /**
   * The listener's Home. What waits is sent before it is asked for, so that it shows what was just played. Tried up to
   * three times where that may help. Rejects with ApiProblem.
   */
  home(options?: HomeOptions): Promise<Page>;
  /** Notes an event; it is sent soon, together with others. @returns its id */
  track(event: TrackedEvent): string;
  /** The app shows this page: without it nothing is learnt from what was not chosen. */
  rendered(page: Pick<Page, 'decisionId'>): void;
  /** Sends what waits now. Resolves when the platform has it on disk; rejects with why it could not be sent: it stays queued. */
  flush(): Promise<void>;
  /** Tells what is seen of this page; in a browser only, made at the first use. */
  readonly impressions: ImpressionObserver;
  /** `impressions.observe`: tells what is marked below `root` and seen. */
  observeImpressions(root: Element | Document, options?: { readonly of?: 'shelves' | 'cards' }): () => void;
  /** Sends what waits, and stops watching. What could not be sent is in the storage, where there is one; it does not reject. */
  close(): Promise<void>;
}

const HOME_ATTEMPTS = 3;
/** Longer than this nobody waits for a Home. */
const HOME_WAIT_MS = 5000;

export function createClient(given: ClientOptions): ShelfwiseClient {
  const options = resolveClientOptions(given);
  const { clock, listenerId, sessionId, device } = options;
  const queue = createQueue({
    maxEvents: options.maxQueued,
    storage: options.storage,
    storagePrefix: options.storagePrefix,
    onDropped: options.onDropped,
    onStorageFailure: options.onTrouble,
  });
  const sender = createSender(queue, options);
  const stayed = sendOnLeaving(queue, sender, options);
  let observer: ImpressionObserver | undefined;
  // What an earlier page left behind.
  sender.wake();

  const track = (event: TrackedEvent): string => {
    const eventId = event.eventId ?? randomId();
    queue.add({
      listenerId,
      sessionId,
      ...(device === undefined ? {} : { device }),
      occurredAt: new Date(clock.nowMs()).toISOString(),
      ...event,
      eventId,
    });
    sender.wake();
    return eventId;
  };

  const askHome = (parameters: HomeParameters, signal: AbortSignal | undefined): Promise<Page> => {
    const search = new URLSearchParams();
    const all = { session: sessionId, ...(device === undefined ? {} : { device }), ...parameters };
    for (const [name, value] of Object.entries(all)) if (value !== undefined) search.set(name, String(value));
    const address = `${options.baseUrl}/v1/listeners/${encodeURIComponent(listenerId)}/home?${search}`;
    const headers = { authorization: `Bearer ${keyOf(options)}` };
    return answerOf(options.fetch(address, { headers, ...(signal === undefined ? {} : { signal }) }), clock.nowMs);
  };

  const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const cancel = clock.after(ms, resolve, true);
      const stop = (): void => {
        cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', stop, { once: true });
    });

  const client: ShelfwiseClient = {
    listenerId,
    sessionId,
    get pending() {
      return queue.size;
    },
    async home({ signal, ...parameters } = {}) {
      // A Home without the last events is better than none.
      if (!sender.waiting) await sender.flush().catch(() => undefined);
      for (let attempt = 1; ; attempt++) {
        try {
          return await askHome(parameters, signal);
        } catch (error) {
          signal?.throwIfAborted();
          if (!(error instanceof ApiProblem) || !isPassing(error) || attempt === HOME_ATTEMPTS) throw error;
          const waitMs = Math.max(
            error.retryAfterMs,
            options.retryAfterMs * 2 ** (attempt - 2) * (1 + options.random()),
          );
          if (waitMs > HOME_WAIT_MS) throw error;
          await pause(waitMs, signal);
        }
      }
    },
    track,
    rendered: ({ decisionId }) => void track({ type: 'rendered', reference: { decisionId } }),
    flush: sender.flush,
    get impressions() {
      observer ??= createImpressionObserver((reference) => void track(impressionOf(reference)), clock);
      return observer;
    },
    observeImpressions: (root, which) => client.impressions.observe(root, which),
    async close() {
      observer?.disconnect();
      stayed();
      await sender.flush().catch(() => undefined);
      sender.stop();
    },
  };
  return client;
}

function impressionOf({ decisionId, shelfRank, cardRank }: ImpressionReference): TrackedEvent {
  const reference = cardRank === undefined ? { decisionId, shelfRank } : { decisionId, shelfRank, cardRank };
  return { type: 'impression', reference };
}
