/**
 * Sends what waits, one request at a time. What was answered leaves the queue, whatever its fate; what could not be sent
 * stays, and is tried again after a wait that doubles, with chance in it, and never before what `Retry-After` says. Ids make a
 * second sending harmless.
 */
import type { EventsAnswer, IncomingEvent } from '../server/contract.ts';
import type { Rejected, ResolvedClientOptions } from './options.ts';
import { ApiProblem, answerOf } from './problem.ts';
import type { EventQueue } from './queue.ts';

export interface Sender {
  /** There is something to send: soon, or at once where a batch is full. */
  wake(): void;
  /** Sends all that waits. Rejects with why a request failed; what waits is then tried again by itself. */
  flush(): Promise<void>;
  /** The way is free again (the network is back, the page is visible): do not wait any longer. */
  retryNow(): void;
  /** After a failure it waits by itself: asking for more now would only fail again. */
  readonly waiting: boolean;
  /** Takes what an answer said off the queue. */
  settle(events: readonly IncomingEvent[], answer: EventsAnswer): void;
  stop(): void;
}

/** What a platform says of a whole envelope when something is wrong with part of it. */
const ENVELOPE_REFUSED = new Set([400, 413, 422]);

export function createSender(queue: EventQueue, options: ResolvedClientOptions): Sender {
  const { clock, maxBatch, flushAfterMs } = options;
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let failures = 0;
  let stopped = false;

  const schedule = (ms: number): void => {
    cancel?.();
    cancel = stopped
      ? undefined
      : clock.after(ms, () => {
          cancel = undefined;
          // It has been told to onTrouble, and is tried again.
          send().catch(() => undefined);
        });
  };

  const post = (events: readonly IncomingEvent[]): Promise<EventsAnswer> =>
    answerOf(options.fetch(`${options.baseUrl}/v1/events`, eventsRequest(events, options)), clock.nowMs);

  /** In halves where the envelope as a whole is refused, until the event that is at fault stands alone. */
  async function sendEvents(events: readonly IncomingEvent[]): Promise<void> {
    try {
      settle(events, await post(events));
    } catch (error) {
      if (!(error instanceof ApiProblem) || !ENVELOPE_REFUSED.has(error.status)) throw error;
      if (events.length === 1) {
        const { code, message, remedy } = error;
        queue.remove(events[0].eventId);
        options.onRejected([{ event: events[0], code, message, remedy }]);
        return;
      }
      const half = Math.ceil(events.length / 2);
      await sendEvents(events.slice(0, half));
      await sendEvents(events.slice(half));
    }
  }

  function settle(events: readonly IncomingEvent[], { fates }: EventsAnswer): void {
    const rejected: Rejected[] = [];
    events.forEach((event, i) => {
      const fate = fates[i];
      if (fate === undefined) return;
      queue.remove(event.eventId);
      if (fate.fate !== 'rejected') return;
      const { code, message, remedy } = fate;
      rejected.push({ event, code, message, remedy });
    });
    if (rejected.length > 0) options.onRejected(rejected);
  }

  function send(): Promise<void> {
    cancel?.();
    cancel = undefined;
    running ??= (async () => {
      try {
        while (queue.size > 0) await sendEvents(queue.first(maxBatch));
        failures = 0;
      } catch (error) {
        schedule(waitMs(error));
        options.onTrouble(error);
        throw error;
      } finally {
        running = undefined;
      }
    })();
    return running;
  }

  /** `base · 2^failures`, at most the longest wait, of which a half is left to chance: clients that failed together do not come back together. */
  function waitMs(error: unknown): number {
    const full = Math.min(options.retryAtMostMs, options.retryAfterMs * 2 ** Math.min(failures++, 30));
    const asked = error instanceof ApiProblem ? error.retryAfterMs : 0;
    return Math.max(asked, full * (0.5 + 0.5 * options.random()));
  }

  return {
    get waiting() {
      return failures > 0;
    },
    wake() {
      if (running !== undefined || failures > 0 || queue.size === 0) return;
      if (queue.size >= maxBatch) schedule(0);
      else if (cancel === undefined) schedule(flushAfterMs);
    },
    async flush() {
      // What is under way took the queue as it was; what came since goes with the next.
      await running?.catch(() => undefined);
      if (queue.size > 0) await send();
    },
    retryNow() {
      if (running === undefined && queue.size > 0) send().catch(() => undefined);
    },
    settle,
    stop() {
      stopped = true;
      cancel?.();
      cancel = undefined;
    },
  };
}

export function keyOf({ key }: ResolvedClientOptions): string {
  return typeof key === 'string' ? key : key();
}

export function eventsRequest(events: readonly IncomingEvent[], options: ResolvedClientOptions): RequestInit {
  return {
    method: 'POST',
    headers: { authorization: `Bearer ${keyOf(options)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  };
}
