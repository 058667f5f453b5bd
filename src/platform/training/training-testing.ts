/** A world with a known truth on the listeners of `platform-testing.ts`: who is of a camp plays what is of theirs. */
import { DAY_MS, HOUR_MS, type ManualClock, MINUTE_MS, type Rng } from '../../base/index.ts';
import type { Page } from '../../domain/index.ts';
import type { Platform } from '../open.ts';
import { home, LISTENERS } from '../platform-testing.ts';

/** Chance that a card which was seen earns. */
export const OWN_CAMP = 0.5;
export const OTHER_CAMP = 0.05;

const campOf = (id: string): number => Number(id.replace(/\D/g, '')) % 2;

export function chanceOf(listenerId: string, itemId: string): number {
  return campOf(listenerId) === campOf(itemId) ? OWN_CAMP : OTHER_CAMP;
}

/** Each page is rendered whole, every card is seen, and each earns by the truth, independently. */
export async function react(
  platform: Pick<Platform, 'ingest'>,
  listenerId: string,
  page: Page,
  clock: ManualClock,
  rng: Rng,
): Promise<void> {
  const { decisionId } = page;
  const common = { listenerId, occurredAt: new Date(clock.nowMs()).toISOString() };
  const events: object[] = [{ ...common, eventId: `r ${decisionId}`, type: 'rendered', reference: { decisionId } }];
  for (const [shelfRank, shelf] of page.shelves.entries()) {
    const reference = { decisionId, shelfRank };
    events.push({ ...common, eventId: `i ${decisionId} ${shelfRank}`, type: 'impression', reference });
    for (const [cardRank, card] of shelf.cards.entries()) {
      if (rng.uniform() >= chanceOf(listenerId, card.id)) continue;
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
export async function live(platform: Platform, clock: ManualClock, rng: Rng, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let l = 0; l < LISTENERS; l++) {
      const page = await home(platform, `l${l}`);
      clock.advance(MINUTE_MS);
      await react(platform, `l${l}`, page, clock, rng);
    }
    clock.advance((5 * DAY_MS) / rounds);
  }
  clock.advance(HOUR_MS);
}
