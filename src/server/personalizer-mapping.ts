/** Azure Personalizer's calls (https://learn.microsoft.com/rest/api/personalizer/1.0) as ours. */
import { DEVICES, type Device, type IncomingEvent, type ItemKind } from '../domain/index.ts';
import type { KnownRanking, RankAnswer, RankQuery } from '../platform/index.ts';
import { playedEnoughMs, profileFrom, shownEvents, textOf } from './engines.ts';
import type { RankRequest, RankResponse } from './personalizer-contract.ts';

export const ENGINE = 'personalizer';
/** Personalizer knows no users; requests that name none are for this listener, all together. */
const NOBODY_IN_PARTICULAR = 'personalizer:everybody';

/** What the context's features say of who, where and on what; all else about them cannot be mapped. */
export function rankQueryOf(request: RankRequest, eventId: string): RankQuery {
  const features: Record<string, unknown> = {};
  for (const feature of request.contextFeatures ?? []) flatten(feature, features);
  const device = textOf(features['device'])?.toLowerCase();
  const { market, tier } = profileFrom(features);
  const excluded = new Set(request.excludedActions ?? []);
  return {
    engine: ENGINE,
    rankingId: eventId,
    listenerId: textOf(features['listenerId']) ?? textOf(features['userId']) ?? NOBODY_IN_PARTICULAR,
    itemIds: request.actions.map(({ id }) => id).filter((id) => !excluded.has(id)),
    device: (DEVICES as readonly (string | undefined)[]).includes(device) ? (device as Device) : 'phone',
    market,
    tier,
    sessionId: undefined,
  };
}

/** Features come in objects of objects: their names count, not where they stand. */
function flatten(feature: unknown, into: Record<string, unknown>, depth = 0): void {
  if (feature === null || typeof feature !== 'object' || depth > 3) return;
  for (const [name, value] of Object.entries(feature)) {
    if (value !== null && typeof value === 'object') flatten(value, into, depth + 1);
    else into[name] ??= value;
  }
}

/** The drawn order, with the chance of each action to be drawn first; what was excluded keeps its place, at 0. */
export function rankResponseOf(request: RankRequest, eventId: string, answer: RankAnswer): RankResponse {
  const order = [
    ...answer.ranked.map(({ itemId, firstPropensity }) => ({ id: itemId, probability: firstPropensity })),
    ...answer.left.map((id) => ({ id, probability: 0 })),
  ];
  const excluded = new Set(request.excludedActions ?? []);
  request.actions.forEach(({ id }, place) => {
    if (excluded.has(id)) order.splice(Math.min(place, order.length), 0, { id, probability: 0 });
  });
  return { ranking: order, eventId, rewardActionId: answer.ranked[0].itemId, decisionId: answer.decisionId };
}

/** The action was shown: it alone, for the app shows what `rewardActionId` names. */
export function activationOf(ranking: KnownRanking, eventId: string, occurredAt: string): IncomingEvent[] {
  return shownEvents(`${ENGINE}:${eventId}`, ranking, [0], occurredAt);
}

/** A reward here is earned or not. */
const EARNED_FROM = 0.5;

/**
 * From half on a reward is earned: as a play of the action that was long enough to earn it, under the decision's reference.
 * Albums and playlists earn by two items played from them, which one number cannot tell: theirs is a choice (`select`), without a
 * reward. Below half nothing happened, and the action counts as shown in vain.
 */
export function rewardEvent(
  ranking: KnownRanking,
  eventId: string,
  value: number,
  kind: ItemKind | undefined,
  occurredAt: string,
): IncomingEvent | undefined {
  if (value < EARNED_FROM) return undefined;
  const { decisionId, listenerId, itemIds } = ranking;
  const event = {
    eventId: `${ENGINE}:${eventId}:reward`,
    listenerId,
    itemId: itemIds[0],
    occurredAt,
    reference: { decisionId, shelfRank: 0, cardRank: 0 },
  };
  if (kind === 'album' || kind === 'playlist') return { ...event, type: 'select' };
  return { ...event, type: 'play', playedMs: playedEnoughMs(kind) };
}
