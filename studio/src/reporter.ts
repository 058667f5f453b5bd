/** Sends what a listener does. Actions go at once and are answered; impressions are gathered for a second. */
import type { EventsAnswer, IncomingEvent } from '../../src/server/contract.ts';
import { ApiProblem, type Device, postEvents } from './api.ts';
import { randomId } from './identity.ts';
import type { EventPart } from './playback.ts';

export interface Reporter {
  /** Resolves when the platform has the events on disk; rejects with what was wrong with the first that it refused. */
  report(parts: readonly EventPart[]): Promise<void>;
  /** For later, together with others. What could not be sent is tried again with the next. */
  note(part: EventPart): void;
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

  const flush = async (leaving = false): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (noted.length === 0) return;
    const sending = noted;
    noted = [];
    try {
      await post(sending, leaving);
    } catch (failure) {
      // The ids make a second sending harmless; what the listener sees does not depend on it.
      console.warn('Impressions wait for the next sending:', failure);
      noted = [...sending, ...noted].slice(-MOST_NOTED);
    }
  };

  return {
    async report(parts) {
      if (parts.length === 0) return;
      const answer = await post(parts.map(complete));
      for (const fate of answer.fates) {
        if (fate.fate === 'rejected') throw new ApiProblem(fate.code, 422, fate.message, fate.remedy);
      }
    },
    note(part) {
      noted.push(complete(part));
      timer ??= setTimeout(() => void flush(), GATHER_MS);
    },
    flush,
  };
}
