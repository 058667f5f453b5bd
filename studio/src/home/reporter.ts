/** Sends what a listener does. Actions go at once and are answered; impressions are gathered for a second. */
import type { EventsAnswer, IncomingEvent } from '../../../src/server/contract.ts';
import { ApiProblem, type Device, postEvents } from '../shell/api.ts';
import { randomId } from '../shell/identity.ts';
import type { EventPart } from './playback.ts';

export interface Reporter {
  /**
   * Resolves when the platform has the events, and whatever was noted before them, on disk; rejects with what was wrong with the
   * first that it refused.
   */
  report(parts: readonly EventPart[]): Promise<void>;
  /** For later, together with others. What could not be sent is tried again with the next. */
  note(part: EventPart): void;
  /** Notes that a shelf was seen, once a decision: looked at for long enough, or acted upon. */
  seen(decisionId: string, shelfRank: number): void;
  /** Sends what was noted; `leaving` while the page closes. */
  flush(leaving?: boolean): Promise<void>;
}

export interface Who {
  readonly listenerId: string;
  readonly sessionId: string;
  readonly device: Device;
}

const GATHER_MS = 1000;
/** Beyond this many unsent impressions the oldest are given up. */
const MOST_NOTED = 500;

export function createReporter(
  who: Who,
  post: (events: readonly IncomingEvent[], keepalive?: boolean) => Promise<EventsAnswer> = postEvents,
): Reporter {
  let noted: IncomingEvent[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const complete = (part: EventPart): IncomingEvent => ({
    ...part,
    eventId: randomId(),
    listenerId: who.listenerId,
    sessionId: who.sessionId,
    device: who.device,
    occurredAt: new Date().toISOString(),
  });

  const told = new Set<string>();

  /** Takes what was noted to send it now; gives it back where the sending fails. The ids make a second sending harmless. */
  const sendNoted = async (others: readonly IncomingEvent[], leaving: boolean): Promise<EventsAnswer> => {
    clearTimeout(timer);
    timer = undefined;
    const taken = noted;
    noted = [];
    try {
      return await post([...taken, ...others], leaving);
    } catch (failure) {
      noted = [...taken, ...noted].slice(-MOST_NOTED);
      throw failure;
    }
  };

  const note = (part: EventPart): void => {
    noted.push(complete(part));
    timer ??= setTimeout(() => void flush(), GATHER_MS);
  };

  const flush = async (leaving = false): Promise<void> => {
    if (noted.length === 0) return;
    try {
      await sendNoted([], leaving);
    } catch (failure) {
      // What the listener sees does not depend on it.
      console.warn('Impressions wait for the next sending:', failure);
    }
  };

  return {
    async report(parts) {
      if (parts.length === 0) return;
      const events = parts.map(complete);
      const own = new Set(events.map(({ eventId }) => eventId));
      const answer = await sendNoted(events, false);
      for (const fate of answer.fates) {
        if (fate.fate !== 'rejected') continue;
        if (own.has(fate.eventId)) throw new ApiProblem(fate.code, 422, fate.message, fate.remedy);
        console.warn('The platform refused an impression:', fate);
      }
    },
    note,
    seen(decisionId, shelfRank) {
      const shelf = `${decisionId} ${shelfRank}`;
      if (told.has(shelf)) return;
      told.add(shelf);
      note({ type: 'impression', reference: { decisionId, shelfRank } });
    },
    flush,
  };
}
