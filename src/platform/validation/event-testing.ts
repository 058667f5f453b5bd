/** Events for the tests of this room. */
import type { FeedbackEvent } from '../../domain/index.ts';

/** A second of an item on a television, by a listener of this number. */
export const playAt = (occurredAtMs: number, listener: number, receivedAtMs = occurredAtMs): FeedbackEvent => ({
  eventId: '',
  type: 'play',
  listenerKey: listener.toString(16).padStart(8, '0').padEnd(32, '0'),
  occurredAtMs,
  receivedAtMs,
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
});
