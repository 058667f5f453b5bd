/** A world with a known truth on the listeners of `platform-testing.ts`: who is of a camp plays what is of theirs. */
import { DAY_MS, HOUR_MS, type ManualClock, MINUTE_MS, type Rng } from '../../base/index.ts';
import type { Page } from '../../domain/index.ts';
import { dataDirPaths, type LogPosition, openEventLog } from '../../store/index.ts';
import type { Platform } from '../open.ts';
import { home, LISTENERS } from '../platform-testing.ts';
import type { DECISIONS, EVENTS } from '../workspace.ts';

/** Chance that a card which was seen earns. */
export const OWN_CAMP = 0.5;
export const OTHER_CAMP = 0.05;

/** Where a stream of a data directory ends. */
export async function endOf(dataDir: string, stream: typeof DECISIONS | typeof EVENTS): Promise<LogPosition> {
  const log = openEventLog({ dir: dataDirPaths(dataDir).log(stream) });
  const end = log.durableEnd();
  await log.close();
  return end;
}

/** Leaves pages with one drawn row, `popular`, which then holds all its candidates where these are as few as its cards. */
export async function popularAlone(platform: Platform): Promise<void> {
  const others = ['heavy-rotation', 'recently-played', 'recommended', 'something-different'];
  await platform.setSwitches(others.map((shelf) => ({ target: `shelf:${shelf}`, on: false })));
}

const campOf = (id: string): number => Number(id.replace(/\D/g, '')) % 2;

export function chanceOf(listenerId: string, itemId: string): number {
  return campOf(listenerId) === campOf(itemId) ? OWN_CAMP : OTHER_CAMP;
}

/** Chance that a card which was seen at its place earns. */
export type Chance = (listenerId: string, itemId: string, shelfRank: number, cardRank: number) => number;

/** Each page is rendered whole, every card is seen, and each earns by the truth, independently. */
export async function react(
  platform: Pick<Platform, 'ingest'>,
  listenerId: string,
  page: Page,
  clock: ManualClock,
  rng: Rng,
  chance: Chance = chanceOf,
): Promise<void> {
  const { decisionId } = page;
  const common = { listenerId, occurredAt: new Date(clock.nowMs()).toISOString() };
  const events: object[] = [{ ...common, eventId: `r ${decisionId}`, type: 'rendered', reference: { decisionId } }];
  for (const [shelfRank, shelf] of page.shelves.entries()) {
    const reference = { decisionId, shelfRank };
    events.push({ ...common, eventId: `i ${decisionId} ${shelfRank}`, type: 'impression', reference });
    for (const [cardRank, card] of shelf.cards.entries()) {
      if (rng.uniform() >= chance(listenerId, card.id, shelfRank, cardRank)) continue;
      events.push({
        ...common,
        eventId: `p ${decisionId} ${shelfRank} ${cardRank}`,
        type: 'play',
        itemId: card.id,
        playedMs: 200_000,
        durationMs: 200_000,
        reference: { decisionId, shelfRank, cardRank },
      });
    }
  }
  await platform.ingest(events);
}

/** `rounds` pages of every listener over five days, and their reactions. */
export async function live(
  platform: Platform,
  clock: ManualClock,
  rng: Rng,
  rounds: number,
  chance: Chance = chanceOf,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let l = 0; l < LISTENERS; l++) {
      const page = await home(platform, `l${l}`);
      clock.advance(MINUTE_MS);
      await react(platform, `l${l}`, page, clock, rng, chance);
    }
    clock.advance((5 * DAY_MS) / rounds);
  }
  clock.advance(HOUR_MS);
}
