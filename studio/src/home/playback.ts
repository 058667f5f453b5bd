/**
 * A listen, without a sound: this page has no music to play, so time runs faster, and what is reported is what would have been heard.
 * Pure; the clock comes in.
 */
import type { IncomingEvent, PageCard } from '../../../src/server/contract.ts';

/** Where on which Home a card was clicked. */
export interface Origin {
  readonly decisionId: string;
  readonly shelfRank: number;
  readonly cardRank: number;
  readonly shelfTitle: string;
}

export interface Listen {
  readonly card: PageCard;
  readonly origin: Origin;
  readonly durationMs: number;
  readonly playedMs: number;
  readonly playing: boolean;
}

/** How a listen came to its end. */
export type Ending = 'finished' | 'stopped' | 'replaced' | 'skipped';

/** Playback runs at least this much faster than life. */
const SPEED = 30;
/** Nothing takes longer than this on the page, however long the episode. */
const LONGEST_ON_PAGE_MS = 8_000;
/** Where the catalogue has no duration, and for what has none: an album, a playlist, an artist (a few of its tracks). */
const ASSUMED_MS: Readonly<Record<PageCard['kind'], number>> = {
  track: 210_000,
  episode: 1_800_000,
  album: 630_000,
  playlist: 630_000,
  artist: 630_000,
  show: 1_800_000,
};
/** Left before this much was heard, by the skip button: a skip. */
const SKIP_BELOW_MS = 30_000;

export function startListen(card: PageCard, origin: Origin, knownDurationMs?: number): Listen {
  const durationMs = knownDurationMs !== undefined && knownDurationMs > 0 ? knownDurationMs : ASSUMED_MS[card.kind];
  return { card, origin, durationMs, playedMs: 0, playing: true };
}

/** How many milliseconds of music pass in one on the page. */
export function speedOf(durationMs: number): number {
  return Math.max(SPEED, durationMs / LONGEST_ON_PAGE_MS);
}

export function advance(listen: Listen, elapsedMs: number): Listen {
  if (!listen.playing || elapsedMs <= 0) return listen;
  const playedMs = Math.min(listen.durationMs, listen.playedMs + elapsedMs * speedOf(listen.durationMs));
  return { ...listen, playedMs };
}

export function isFinished(listen: Listen): boolean {
  return listen.playedMs >= listen.durationMs;
}

/** An event's own part; who, when and on what it was heard is added by whoever sends it. */
export type EventPart = Omit<IncomingEvent, 'eventId' | 'listenerId' | 'occurredAt' | 'sessionId' | 'device'>;

function referenceOf(origin: Origin): NonNullable<IncomingEvent['reference']> {
  return { decisionId: origin.decisionId, shelfRank: origin.shelfRank, cardRank: origin.cardRank };
}

export function selectEvent(card: PageCard, origin: Origin): EventPart {
  return { type: 'select', itemId: card.id, reference: referenceOf(origin) };
}

/** What a listen that ended tells: one play with what was heard, and a skip where it was left early on purpose. */
export function endingEvents(listen: Listen, ending: Ending): EventPart[] {
  const { card, origin, durationMs } = listen;
  const playedMs = Math.round(listen.playedMs);
  const reference = referenceOf(origin);
  const events: EventPart[] = [];
  if (playedMs > 0) events.push({ type: 'play', itemId: card.id, playedMs, durationMs, reference });
  if (ending === 'skipped' && playedMs < Math.min(SKIP_BELOW_MS, durationMs)) {
    events.push({ type: 'skip', itemId: card.id, reference });
  }
  return events;
}
