/** Events for the tests of this room. */
import type { FeedbackEvent } from '../domain/index.ts';

let serial = 0;

/** A play of 200 s to its end, at the time 0, with everything filled in that the test does not say; its id is its own. */
export function eventOf(given: Partial<FeedbackEvent>): FeedbackEvent {
  return {
    eventId: `event:${serial++}`,
    type: 'play',
    listenerKey: 'key',
    occurredAtMs: 0,
    receivedAtMs: 0,
    sessionId: '',
    device: 'phone',
    itemId: '',
    containerId: '',
    playedMs: 200_000,
    durationMs: 200_000,
    autoplay: false,
    decisionId: '',
    shelfRank: -1,
    cardRank: -1,
    shelfId: '',
    cards: [],
    ...given,
  };
}
