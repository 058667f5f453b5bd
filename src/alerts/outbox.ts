/** The outbox: queued notices leave by their routes, in order, until they are delivered or too old. */
import { type Clock, DAY_MS, hash32, MINUTE_MS, SECOND_MS } from '../base/index.ts';
import type { AlertLedger, StoredNotice } from '../store/index.ts';
import type { Notice } from './notice.ts';
import type { AlertLogger, Route } from './routes/index.ts';

const FIRST_PAUSE_MS = SECOND_MS;
const LONGEST_PAUSE_MS = 10 * MINUTE_MS;
const GIVE_UP_AFTER_MS = 3 * DAY_MS;

/** 1 s doubled with every attempt up to 10 min, times [0.5, 1) by the notice, so that many do not come at once. */
export function pauseMs(id: string, attempts: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 30));
  return Math.round(longest * (0.5 + hash32(id, attempts) / 2 ** 33));
}

/**
 * Attempts what is due; routes at a time, the notices of one in order: a recovery never overtakes what it ends.
 * @returns how many were delivered
 */
export async function deliverDue(
  ledger: AlertLedger,
  routes: ReadonlyMap<string, Route>,
  clock: Clock,
  logger: AlertLogger,
): Promise<number> {
  const queues = new Map<string, StoredNotice[]>();
  for (const notice of await ledger.notices.due()) {
    const queue = queues.get(notice.route);
    if (queue === undefined) queues.set(notice.route, [notice]);
    else queue.push(notice);
  }
  const counts = [...queues].map(async ([name, queue]) => {
    let delivered = 0;
    for (const stored of queue) {
      if (stored.nextAtMs > clock.nowMs()) break;
      const after = await attempt(stored, routes.get(name), clock);
      await ledger.notices.note(after);
      const details = { route: name, notice: after.id, attempts: after.attempts, reason: after.lastFailure };
      if (after.state === 'delivered') {
        delivered++;
        if (after.lastFailure !== '') logger.warn(details, 'A notice of alerts was delivered in part');
      }
      if (after.state === 'given-up') logger.error(details, 'A notice of alerts was given up');
      if (after.state === 'due') {
        logger.warn(details, 'A notice of alerts could not be delivered; it is tried again');
        break;
      }
    }
    return delivered;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function attempt(stored: StoredNotice, route: Route | undefined, clock: Clock): Promise<StoredNotice> {
  const attempts = stored.attempts + 1;
  const settled = { ...stored, attempts };
  if (route === undefined) {
    return { ...settled, state: 'given-up', lastFailure: 'the route was removed', settledAtMs: clock.nowMs() };
  }
  const { outcome, reason, pauseMs: asked } = await route.send(JSON.parse(stored.body) as Notice, clock.nowMs());
  const nowMs = clock.nowMs();
  if (outcome === 'delivered') return { ...settled, state: 'delivered', lastFailure: reason, settledAtMs: nowMs };
  if (outcome === 'refused' || nowMs - stored.createdAtMs >= GIVE_UP_AFTER_MS) {
    return { ...settled, state: 'given-up', lastFailure: reason, settledAtMs: nowMs };
  }
  const pause = Math.max(pauseMs(stored.id, attempts), Math.min(asked, LONGEST_PAUSE_MS));
  return { ...settled, nextAtMs: nowMs + pause, lastFailure: reason };
}
