/** Events for the tests of this room. */
import type { FeedbackEvent } from '../../domain/index.ts';

/** A second of an item on a television, at the time 0, with everything filled in that the test does not say. */
export const playOf = (given: Partial<FeedbackEvent>): FeedbackEvent => ({
  eventId: '',
  type: 'play',
  listenerKey: '',
  occurredAtMs: 0,
  receivedAtMs: 0,
  sessionId: '',
  device: 'tv',
  itemId: 'i',
  containerId: '',
  playedMs: 1000,
  durationMs: 0,
  autoplay: false,
  decisionId: '',
  shelfRank: -1,
  cardRank: -1,
  shelfId: '',
  cards: [],
  ...given,
});

/** The same, by a listener of this number. */
export const playAt = (occurredAtMs: number, listener: number, receivedAtMs = occurredAtMs): FeedbackEvent =>
  playOf({ occurredAtMs, receivedAtMs, listenerKey: listener.toString(16).padStart(8, '0').padEnd(32, '0') });
