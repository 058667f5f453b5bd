/** Homes of three days ago, looked at and played from: what they earned is final by now. */
import { DAY_MS, manualClock } from '../../src/base/index.ts';
import type { Page } from '../../src/domain/index.ts';
import { openPlatform } from '../../src/platform/index.ts';

export const PAST_HOMES = 24;

export async function servePastHomes(dataDir: string): Promise<void> {
  const clock = manualClock(Date.now() - 3 * DAY_MS);
  const platform = await openPlatform({ dataDir, clock, learnEveryMs: 0, popularityHoldout: 0 });
  const { listeners } = platform.listListeners({ prefix: '', limit: PAST_HOMES });
  for (const { id: listenerId } of listeners) {
    const bytes = await platform.home(listenerId, { device: 'phone', explain: false, fresh: true });
    const { decisionId, shelves } = JSON.parse(Buffer.from(bytes).toString()) as Page;
    const common = { listenerId, occurredAt: new Date(clock.nowMs()).toISOString() };
    await platform.ingest([
      { ...common, eventId: `past-${decisionId}`, type: 'rendered', reference: { decisionId } },
      {
        ...common,
        eventId: `past-play-${decisionId}`,
        type: 'play',
        itemId: shelves[0].cards[0].id,
        playedMs: 200_000,
        reference: { decisionId, shelfRank: 0, cardRank: 0 },
      },
    ]);
  }
  await platform.close();
}
