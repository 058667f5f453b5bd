/**
 * The fold: what one event changes in a listener's state. Duplicates (by event id) are removed before it.
 *
 * Order of arrival. Whatever the order, after the same events:
 *  - exactly equal: plays, skips, first and last times, progress, likes, follows, hides, hidden shelves, recents, devices,
 *    totals, the day's plays, the hour's acts, what was seen since it was chosen;
 *  - equal within 1e-6 (relative): decayed sums and hours, because floating-point addition rounds;
 *  - the session, provided that sessions do not overlap in time (their ids tell them apart; events without an id are one
 *    session while no gap exceeds 30 minutes);
 *  - all of it only below the limits of the tables: what is forgotten depends on when it had to be.
 * Time is the event's own; the clock is never asked.
 */
import { DAY_MS, HOUR_MS, hash32, MINUTE_MS } from '../base/index.ts';
import { DEVICES, type FeedbackEvent, hourOf } from '../domain/index.ts';
import { likingFactor, moodFromLiking, tasteFactor } from './decay.ts';
import { chooseCard, chooseShelf, seeCard, seeShelf, visitOf, writeShelfMark } from './sights.ts';
import {
  COUNT_COLUMNS,
  FIRST_S,
  LAST_MS,
  type ListenerState,
  PLAYS,
  PROGRESS_AT_S,
  PROGRESS_S,
  type SessionState,
  SKIPS,
  STATE_LIMITS,
  SUM_COLUMNS,
  SUM_LIKING,
  SUM_MOOD,
  SUM_TASTE,
  touchItem,
  touchRecent,
  writeMark,
} from './state.ts';

/** A playback counts as a play from here on: what music services pay for. */
export const COUNTED_PLAY_MS = 30_000;
/** A session is over when nothing came for so long. */
export const SESSION_GAP_MS = 30 * MINUTE_MS;

export interface FoldOutcome {
  /** The listener did something that the next Home should answer: it makes a new decision. */
  readonly meaningful: boolean;
  /** What `tasteInput` gives has changed: the taste vector is to be folded in anew. */
  readonly tasteChanged: boolean;
}

const NOTHING: FoldOutcome = Object.freeze({ meaningful: false, tasteChanged: false });
const MEANINGFUL: FoldOutcome = Object.freeze({ meaningful: true, tasteChanged: false });
const TASTE: FoldOutcome = Object.freeze({ meaningful: true, tasteChanged: true });

/**
 * Folds one event into the state, in place.
 *
 * | event | changes | meaningful | taste |
 * | --- | --- | --- | --- |
 * | play >= 30 s | plays, decayed sums, recents, hours, device, session | yes | yes |
 * | play < 30 s | progress | no | no |
 * | skip | skips | yes | no |
 * | select | session | yes | no |
 * | like, unlike | the like, if it is the last writer | if so | if so |
 * | hide, unhide of an item | the hide, if it is the last writer | if so | if so |
 * | hide, unhide of a shelf | the hidden shelf, if it is the last writer | if so | no |
 * | follow, unfollow | the follow, if it is the last writer | if so | no |
 * | impression | session; the sights of its cards and shelf (where ingest could tell them) | no | no |
 * | rendered | first and last event, session | no | no |
 *
 * A select, a play >= 30 s, a like or a follow that came from a Home also chooses its card and its shelf: their sights
 * begin anew. Every act (all but rendered and impression) counts into its hour.
 *
 * @param itemNumber the event's item, or -1
 * @param containerNumber what it was played from, or -1
 */
export function foldEvent(
  state: ListenerState,
  event: FeedbackEvent,
  itemNumber: number,
  containerNumber: number,
): FoldOutcome {
  const atMs = Math.floor(event.occurredAtMs);
  if (state.firstEventMs < 0 || atMs < state.firstEventMs) state.firstEventMs = atMs;
  if (atMs > state.lastEventMs) state.lastEventMs = atMs;
  const inSession = joinSession(state.session, event.sessionId, atMs);
  noteSights(state, event, atMs);
  if (event.type !== 'rendered' && event.type !== 'impression') addAct(state, atMs);
  if (itemNumber < 0) {
    if (event.shelfId === '' || (event.type !== 'hide' && event.type !== 'unhide')) return NOTHING;
    return writeShelfMark(state.hiddenShelves, event.shelfId, atMs, stampOf(event, event.type === 'hide'))
      ? MEANINGFUL
      : NOTHING;
  }

  switch (event.type) {
    case 'play':
      return foldPlay(state, event, atMs, itemNumber, containerNumber, inSession);
    case 'skip': {
      const row = touchItem(state.items, itemNumber, state.lastEventMs);
      state.items.counts[row * COUNT_COLUMNS + SKIPS]++;
      state.totalSkips++;
      return MEANINGFUL;
    }
    case 'select':
      return MEANINGFUL;
    case 'like':
    case 'unlike':
      return writeMark(state.likes, itemNumber, atMs, stampOf(event, event.type === 'like'), STATE_LIMITS.likes)
        ? TASTE
        : NOTHING;
    case 'follow':
    case 'unfollow':
      return writeMark(state.follows, itemNumber, atMs, stampOf(event, event.type === 'follow'), STATE_LIMITS.follows)
        ? MEANINGFUL
        : NOTHING;
    case 'hide':
    case 'unhide':
      return writeMark(state.hides, itemNumber, atMs, stampOf(event, event.type === 'hide'), STATE_LIMITS.hides)
        ? TASTE
        : NOTHING;
    case 'rendered':
    case 'impression':
      return NOTHING;
  }
}

/** What the event's reference was resolved to was seen, or chosen. */
function noteSights(state: ListenerState, event: FeedbackEvent, atMs: number): void {
  const { shelfId, cards } = event;
  if (shelfId === '' || event.decisionId === '') return;
  const visit = visitOf(atMs);
  if (event.type === 'impression') {
    for (let i = 0; i < cards.length; i++) seeCard(state.cardSights, cards[i], visit);
    seeShelf(state.shelfSights, shelfId, visit);
  } else if (isChoice(event)) {
    for (let i = 0; i < cards.length; i++) chooseCard(state.cardSights, cards[i], visit);
    chooseShelf(state.shelfSights, shelfId, visit);
  }
}

function isChoice({ type, playedMs }: FeedbackEvent): boolean {
  return type === 'select' || type === 'like' || type === 'follow' || (type === 'play' && playedMs >= COUNTED_PLAY_MS);
}

function addAct(state: ListenerState, atMs: number): void {
  const hour = Math.floor(atMs / HOUR_MS);
  if (hour > state.hour) {
    state.hour = hour;
    state.hourActs = 1;
  } else if (hour === state.hour) {
    state.hourActs++;
  }
}

function stampOf(event: FeedbackEvent, on: boolean): number {
  return ((hash32(event.eventId) & ~1) | (on ? 1 : 0)) >>> 0;
}

function foldPlay(
  state: ListenerState,
  event: FeedbackEvent,
  atMs: number,
  item: number,
  container: number,
  inSession: boolean,
): FoldOutcome {
  const { items } = state;
  const row = touchItem(items, item, state.lastEventMs);
  const { sums, counts } = items;
  const c = row * COUNT_COLUMNS;
  const atS = Math.max(0, Math.floor(atMs / 1000));
  const progressS = Math.floor(event.playedMs / 1000);
  if (atS > counts[c + PROGRESS_AT_S] || (atS === counts[c + PROGRESS_AT_S] && progressS > counts[c + PROGRESS_S])) {
    counts[c + PROGRESS_AT_S] = atS;
    counts[c + PROGRESS_S] = progressS;
  }
  if (event.playedMs < COUNTED_PLAY_MS) return NOTHING;

  const s = row * SUM_COLUMNS;
  const plays = counts[c + PLAYS];
  counts[c + PLAYS] = plays + 1;
  if (plays === 0) {
    sums[s + LAST_MS] = atMs;
    sums[s + SUM_MOOD] = 1;
    sums[s + SUM_LIKING] = 1;
    sums[s + SUM_TASTE] = 1;
    counts[c + FIRST_S] = atS;
  } else {
    const ageMs = atMs - sums[s + LAST_MS];
    const liking = likingFactor(Math.abs(ageMs));
    const taste = tasteFactor(Math.abs(ageMs));
    if (ageMs >= 0) {
      sums[s + LAST_MS] = atMs;
      sums[s + SUM_MOOD] = sums[s + SUM_MOOD] * moodFromLiking(liking) + 1;
      sums[s + SUM_LIKING] = sums[s + SUM_LIKING] * liking + 1;
      sums[s + SUM_TASTE] = sums[s + SUM_TASTE] * taste + 1;
    } else {
      sums[s + SUM_MOOD] += moodFromLiking(liking);
      sums[s + SUM_LIKING] += liking;
      sums[s + SUM_TASTE] += taste;
    }
    if (atS < counts[c + FIRST_S]) counts[c + FIRST_S] = atS;
  }
  touchRecent(state.recents, container >= 0 ? container : item, atMs);
  addToHours(state, atMs);
  state.devices[DEVICES.indexOf(event.device)]++;
  state.totalPlays++;
  const day = Math.floor(atMs / DAY_MS);
  if (day > state.day) {
    state.day = day;
    state.dayPlays = 1;
    state.dayPlayedMs = Math.floor(event.playedMs);
  } else if (day === state.day) {
    state.dayPlays++;
    state.dayPlayedMs += Math.floor(event.playedMs);
  }
  if (inSession) addToSession(state.session, item, atMs);
  return TASTE;
}

function addToHours(state: ListenerState, atMs: number): void {
  const { hours } = state;
  const hour = hourOf(atMs);
  const ageMs = state.totalPlays === 0 ? 0 : atMs - state.sumsAtMs;
  const factor = likingFactor(Math.abs(ageMs));
  if (ageMs >= 0) {
    for (let i = 0; i < 24; i++) hours[i] *= factor;
    hours[hour]++;
    state.recentPlays = state.recentPlays * moodFromLiking(factor) + 1;
    state.sumsAtMs = atMs;
  } else {
    hours[hour] += factor;
    state.recentPlays += moodFromLiking(factor);
  }
}

/** Does the event belong to the newest session? Begins a new one when it is later and of another id (or after a gap). */
function joinSession(session: SessionState, id: string, atMs: number): boolean {
  if (session.lastMs >= 0) {
    const same = id === session.id && (id !== '' || Math.abs(gapOf(session, atMs)) <= SESSION_GAP_MS);
    if (same) {
      if (atMs < session.startMs) session.startMs = atMs;
      if (atMs > session.lastMs) session.lastMs = atMs;
      return true;
    }
    if (atMs < session.lastMs || (atMs === session.lastMs && id < session.id)) return false;
  }
  session.id = id;
  session.startMs = atMs;
  session.lastMs = atMs;
  session.plays = 0;
  session.itemCount = 0;
  return true;
}

/** How far outside the session's span the time lies; 0 within. */
function gapOf(session: SessionState, atMs: number): number {
  return Math.max(0, atMs - session.lastMs, session.startMs - atMs);
}

/** Keeps the newest plays of the session in order of time; of equal times, the smaller number first. */
function addToSession(session: SessionState, item: number, atMs: number): void {
  session.plays++;
  if (session.items.length === 0) {
    session.items = new Uint32Array(STATE_LIMITS.sessionItems);
    session.itemsAtMs = new Float64Array(STATE_LIMITS.sessionItems);
  }
  const { items, itemsAtMs } = session;
  const limit = STATE_LIMITS.sessionItems;
  let at = session.itemCount;
  while (at > 0 && (itemsAtMs[at - 1] < atMs || (itemsAtMs[at - 1] === atMs && items[at - 1] > item))) at--;
  if (at >= limit) return;
  if (session.itemCount < limit) session.itemCount++;
  items.copyWithin(at + 1, at, session.itemCount - 1);
  itemsAtMs.copyWithin(at + 1, at, session.itemCount - 1);
  items[at] = item;
  itemsAtMs[at] = atMs;
}
