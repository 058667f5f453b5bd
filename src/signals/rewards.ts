/**
 * Rewards: what a card that was shown has earned, 0 or 1. Only playback that carries the card's explicit reference counts,
 * within 24 hours of the serving; a card earns once however much is played.
 *
 * | card | earns by |
 * | --- | --- |
 * | track | a play of >= 30 s that was not skipped |
 * | artist | the same: the card is a door to music, and one track heard is a door used |
 * | album, playlist | >= 2 different items, each played >= 30 s and not skipped |
 * | episode, show | >= min(10 min, 40% of the duration) of one episode, summed over resumptions |
 *
 * Never counted:
 *  - autoplay: playback that went on by itself, unless it went on inside the album or playlist that was chosen;
 *  - looped sleep: six or more plays of one item in a row in one session of which all but the first went on by themselves
 *    (all of them, also the first);
 *  - anything by a listener that the caller calls a bot (the platform: more than 2,000 plays in a day).
 *
 * A play is skipped when a `skip` of the same item under the same reference lies within the play's length + 10 s of it
 * (an app may date a play by its beginning or by its end). Order of arrival does not matter to any of this.
 */
import { DAY_MS, hash32, MINUTE_MS, SECOND_MS } from '../base/index.ts';
import type { FeedbackEvent, ItemKind } from '../domain/index.ts';
import { COUNTED_PLAY_MS } from './fold.ts';

/** A card earns by what happens so long after its decision was served first. */
export const REWARD_WINDOW_MS = DAY_MS;
/** Events may be dated so much before the serving: clocks of clients differ. */
export const CLOCK_SLACK_MS = 10 * MINUTE_MS;
const LOOP_PLAYS = 6;
const EPISODE_MS = 10 * MINUTE_MS;
const EPISODE_SHARE = 0.4;
const SKIP_SLACK_MS = 10 * SECOND_MS;
/** Plays kept as evidence for one card; a card that 64 plays did not decide stays undecided. */
const MAX_EVIDENCE = 64;

/** A playback under a card's reference. Ids are kept as 32-bit hashes: they are only compared. */
export interface CreditedPlay {
  readonly event: number;
  readonly item: number;
  readonly container: number;
  readonly session: number;
  readonly atMs: number;
  readonly playedMs: number;
  readonly durationMs: number;
  readonly autoplay: boolean;
}

export interface CreditedSkip {
  readonly event: number;
  readonly item: number;
  readonly atMs: number;
}

/** What came under one card's reference. */
export interface Evidence {
  readonly plays: CreditedPlay[];
  readonly skips: CreditedSkip[];
}

/** The card as rewards see it. */
export interface CardFacts {
  readonly kind: ItemKind;
  readonly itemId: string;
  /** Of the catalogue, 0 when unknown; used where the event does not say. */
  readonly durationMs: number;
}

export function emptyEvidence(): Evidence {
  return { plays: [], skips: [] };
}

/** Adds a play or a skip; other types, and events that were added before, change nothing. @returns whether it was added. */
export function addEvidence(evidence: Evidence, event: FeedbackEvent): boolean {
  const id = hash32(event.eventId);
  if (event.type === 'play') {
    if (evidence.plays.length >= MAX_EVIDENCE || evidence.plays.some((play) => play.event === id)) return false;
    evidence.plays.push({
      event: id,
      item: hash32(event.itemId),
      container: hash32(event.containerId),
      session: hash32(event.sessionId),
      atMs: event.occurredAtMs,
      playedMs: event.playedMs,
      durationMs: event.durationMs,
      autoplay: event.autoplay,
    });
    return true;
  }
  if (event.type === 'skip') {
    if (evidence.skips.length >= MAX_EVIDENCE || evidence.skips.some((skip) => skip.event === id)) return false;
    evidence.skips.push({ event: id, item: hash32(event.itemId), atMs: event.occurredAtMs });
    return true;
  }
  return false;
}

export interface RewardRule {
  readonly unit: string;
  /** Decides on plays that autoplay, loops and the window have been taken out of. */
  earned(plays: readonly CreditedPlay[], skips: readonly CreditedSkip[], card: CardFacts): boolean;
}

const oneTrack: RewardRule = {
  unit: 'a play of at least 30 s, not skipped',
  earned: (plays, skips) => plays.some((play) => heard(play, skips)),
};

const twoItems: RewardRule = {
  unit: 'at least 2 items heard for 30 s, not skipped',
  earned: (plays, skips) => {
    const first = plays.find((play) => heard(play, skips));
    return first !== undefined && plays.some((play) => play.item !== first.item && heard(play, skips));
  },
};

const spoken: RewardRule = {
  unit: 'at least 10 minutes or 40% of an episode',
  earned: (plays, _skips, card) => {
    for (const { item } of plays) {
      let playedMs = 0;
      let durationMs = card.kind === 'episode' ? card.durationMs : 0;
      for (const play of plays) {
        if (play.item !== item) continue;
        playedMs += play.playedMs;
        if (play.durationMs > 0) durationMs = Math.max(durationMs, play.durationMs);
      }
      if (playedMs >= (durationMs > 0 ? Math.min(EPISODE_MS, EPISODE_SHARE * durationMs) : EPISODE_MS)) return true;
    }
    return false;
  },
};

/** The registry: one rule for each kind of card. */
export const REWARD_RULES: Readonly<Record<ItemKind, RewardRule>> = {
  track: oneTrack,
  artist: oneTrack,
  album: twoItems,
  playlist: twoItems,
  show: spoken,
  episode: spoken,
};

function heard(play: CreditedPlay, skips: readonly CreditedSkip[]): boolean {
  return (
    play.playedMs >= COUNTED_PLAY_MS &&
    !skips.some((skip) => skip.item === play.item && Math.abs(skip.atMs - play.atMs) <= play.playedMs + SKIP_SLACK_MS)
  );
}

/** Plays that may count: in the window, chosen (or inside what was chosen), and not part of a sleep loop. */
function countedPlays(plays: readonly CreditedPlay[], card: CardFacts, servedAtMs: number): CreditedPlay[] {
  const inWindow = plays.filter(
    (play) => play.atMs >= servedAtMs - CLOCK_SLACK_MS && play.atMs <= servedAtMs + REWARD_WINDOW_MS,
  );
  inWindow.sort((a, b) => a.atMs - b.atMs || a.event - b.event);
  const chosen = card.kind === 'album' || card.kind === 'playlist' ? hash32(card.itemId) : Number.NaN;
  const counted: CreditedPlay[] = [];
  for (let start = 0; start < inWindow.length; ) {
    const { item, session } = inWindow[start];
    let end = start + 1;
    while (
      end < inWindow.length &&
      inWindow[end].item === item &&
      inWindow[end].session === session &&
      inWindow[end].autoplay
    ) {
      end++;
    }
    if (end - start < LOOP_PLAYS) {
      for (let i = start; i < end; i++) {
        if (!inWindow[i].autoplay || inWindow[i].container === chosen) counted.push(inWindow[i]);
      }
    }
    start = end;
  }
  return counted;
}

/** Has the card earned its reward by this evidence? A pure function: the evidence may be in any order. */
export function earned(evidence: Evidence, card: CardFacts, servedAtMs: number, bot: boolean): boolean {
  if (bot || evidence.plays.length === 0) return false;
  return REWARD_RULES[card.kind].earned(countedPlays(evidence.plays, card, servedAtMs), evidence.skips, card);
}

/**
 * The reward of one card from all events that carry its reference, in any order and with repetitions.
 * @returns 1 or 0, in the unit that `REWARD_RULES[kind]` names
 */
export function rewardOf(input: {
  readonly card: CardFacts;
  readonly servedAtMs: number;
  readonly bot: boolean;
  readonly events: Iterable<FeedbackEvent>;
}): 0 | 1 {
  const evidence = emptyEvidence();
  for (const event of input.events) addEvidence(evidence, event);
  return earned(evidence, input.card, input.servedAtMs, input.bot) ? 1 : 0;
}
