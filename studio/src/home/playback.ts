/**
 * A listen, without a sound: this page has no music to play, so time runs faster, and what is reported is what would have been heard.
 * Pure; the clock comes in.
 */
import type { IncomingEvent, PageCard } from '../../../src/server/contract.ts';

/** What can be heard: a card, or a track of one. */
export type Playable = Pick<PageCard, 'id' | 'kind' | 'title' | 'subtitle' | 'image'>;

/** Where on which Home a card was clicked. */
export interface Origin {
  readonly decisionId: string;
  readonly shelfRank: number;
  readonly cardRank: number;
  readonly shelfTitle: string;
}

/** Of what was opened by its address alone and stands on no shelf of the Home on show: what is heard of it refers to nothing. */
export const NOWHERE: Origin = { decisionId: '', shelfRank: 0, cardRank: 0, shelfTitle: '' };

/** The album, playlist, show or artist that tracks are played out of. */
export interface Container {
  readonly id: string;
  readonly kind: PageCard['kind'];
  readonly title: string;
  readonly tracks: readonly Playable[];
}

export interface Listen {
  readonly item: Playable;
  readonly origin: Origin;
  /** What it is played from, and its place there. */
  readonly container: Container | undefined;
  readonly place: number;
  /** It was not chosen: the one before it ended. */
  readonly autoplay: boolean;
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

export function startListen(item: Playable, origin: Origin, knownDurationMs?: number): Listen {
  const durationMs = knownDurationMs !== undefined && knownDurationMs > 0 ? knownDurationMs : ASSUMED_MS[item.kind];
  return { item, origin, container: undefined, place: 0, autoplay: false, durationMs, playedMs: 0, playing: true };
}

/** A track of a container; undefined where it has none at that place. */
export function startTrack(container: Container, place: number, origin: Origin, autoplay: boolean): Listen | undefined {
  const item = container.tracks[place];
  return item === undefined ? undefined : { ...startListen(item, origin), container, place, autoplay };
}

/** What goes on by itself when a listen ends; undefined where nothing does. */
export function nextOf({ container, place, origin }: Listen): Listen | undefined {
  return container === undefined ? undefined : startTrack(container, place + 1, origin, true);
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

/** The part of an event that says where it came from; nothing for what came from nowhere. */
export function referring({ decisionId, shelfRank, cardRank }: Origin): Pick<EventPart, 'reference'> {
  return decisionId === '' ? {} : { reference: { decisionId, shelfRank, cardRank } };
}

/** The card was chosen: played, or opened. */
export function selectEvent(card: Pick<Playable, 'id'>, origin: Origin): EventPart {
  return { type: 'select', itemId: card.id, ...referring(origin) };
}

/**
 * What a listen that ended tells: one play with what was heard, and a skip where it was left early on purpose. A track of a
 * container names it, under the reference of the card that was clicked, so that the container's card earns its reward.
 */
export function endingEvents(listen: Listen, ending: Ending): EventPart[] {
  const { item, origin, container, durationMs, autoplay } = listen;
  const playedMs = Math.round(listen.playedMs);
  const common = {
    itemId: item.id,
    ...referring(origin),
    // An artist is no container: what is played of one is played on its own.
    ...(container === undefined || container.kind === 'artist' ? {} : { containerId: container.id }),
  };
  const events: EventPart[] = [];
  if (playedMs > 0) events.push({ type: 'play', ...common, playedMs, durationMs, ...(autoplay ? { autoplay } : {}) });
  if (ending === 'skipped' && playedMs < Math.min(SKIP_BELOW_MS, durationMs)) events.push({ type: 'skip', ...common });
  return events;
}
