/**
 * Leaving a page. A request that a page has begun ends with the page, unless the browser is told to keep it alive; and what
 * is kept alive may be 64 KiB altogether. So when the page is hidden (on a phone the last that a page hears) and when it goes:
 *
 * 1. to the page's own origin a `fetch` with `keepalive`, the key in its header as always; its answer counts if the page stays;
 * 2. to another origin, where that would need a question ahead (a CORS preflight) that nobody may be left to ask, or where the
 *    browser knows no `keepalive`: `sendBeacon` to `/v1/events/beacon`. A beacon has no headers, so the key stands in its body, as
 *    text that needs no preflight. It never stands in the address, where logs and histories keep it.
 *
 * A beacon's answer is not heard: what it took stays queued, and in the storage, until an ordinary request has been answered for
 * it. The platform tells by the ids that it has it already.
 */
import type { EventsAnswer } from '../server/contract.ts';
import type { ResolvedClientOptions } from './options.ts';
import { answerOf } from './problem.ts';
import type { EventQueue } from './queue.ts';
import { eventsRequest, keyOf, type Sender } from './sender.ts';

/** Of the 64 KiB; the rest is for the envelope, and for what the app itself keeps alive. */
const MOST_BYTES = 60_000;

/** Watches the page until the returned function is called; nothing where there is no page. */
export function sendOnLeaving(queue: EventQueue, sender: Sender, options: ResolvedClientOptions): () => void {
  if (typeof document === 'undefined' || typeof window === 'undefined') return () => undefined;
  /** Sent since the page was hidden. */
  const left = new Set<string>();

  const leave = (): void => {
    const events = queue.mostWorth(MOST_BYTES, left);
    if (events.length === 0) return;
    for (const { eventId } of events) left.add(eventId);
    const keptAlive = (): void => {
      const asked = options.fetch(`${options.baseUrl}/v1/events`, {
        ...eventsRequest(events, options),
        keepalive: true,
      });
      answerOf<EventsAnswer>(asked, options.clock.nowMs).then(
        (answer) => sender.settle(events, answer),
        (error) => {
          for (const { eventId } of events) left.delete(eventId);
          options.onTrouble(error);
        },
      );
    };
    const ownOrigin = new URL(options.baseUrl).origin === location.origin;
    if (ownOrigin && 'keepalive' in Request.prototype) keptAlive();
    else {
      const body = new Blob([JSON.stringify({ key: keyOf(options), events })], { type: 'text/plain;charset=UTF-8' });
      if (navigator.sendBeacon?.(`${options.baseUrl}/v1/events/beacon`, body) !== true) keptAlive();
    }
  };
  const onVisibility = (): void => {
    if (document.visibilityState === 'hidden') {
      leave();
      return;
    }
    left.clear();
    sender.retryNow();
  };
  const onOnline = (): void => sender.retryNow();
  document.addEventListener('visibilitychange', onVisibility);
  window.addEventListener('pagehide', leave);
  window.addEventListener('online', onOnline);
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    window.removeEventListener('pagehide', leave);
    window.removeEventListener('online', onOnline);
  };
}
