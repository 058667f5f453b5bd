import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, manualClock } from '../base/index.ts';
import { decodeEvent, type Page } from '../domain/index.ts';
import { dataDirPaths, readLogSegments } from '../store/index.ts';
import { fittedDir, home, open, removeDirs, START_MS } from './platform-testing.ts';
import { EVENTS } from './workspace.ts';

afterEach(removeDirs);

/** What the events of this type have been stored with. */
function stored(dir: string, type: string): { shelfId: string; cards: number }[] {
  const found: { shelfId: string; cards: number }[] = [];
  for (const { payload } of readLogSegments(dataDirPaths(dir).log(EVENTS))) {
    const event = decodeEvent(payload);
    if (event.type === type) found.push({ shelfId: event.shelfId, cards: event.cards.length });
  }
  return found;
}

let serial = 0;
const impression = (listenerId: string, page: Page, shelfRank: number, atMs: number, cardRank?: number) => ({
  eventId: `seen-${serial++}`,
  listenerId,
  type: 'impression',
  occurredAt: new Date(atMs).toISOString(),
  reference: { decisionId: page.decisionId, shelfRank, ...(cardRank === undefined ? {} : { cardRank }) },
});

describe('what an impression was of', () => {
  it('is stored with it, from pages in memory and from those of before a restart, and rebuilds the same state', async () => {
    const clock = manualClock(START_MS);
    const dir = await fittedDir();
    let platform = await open(dir, clock);
    const first = await home(platform, 'l1');
    await platform.ingest([
      impression('l1', first, 0, clock.nowMs()),
      impression('l1', first, 1, clock.nowMs(), 0),
      impression('l1', first, 40, clock.nowMs()),
    ]);
    await platform.close();
    clock.advance(7 * HOUR_MS);
    platform = await open(dir, clock);
    await platform.ingest([
      impression('l1', first, 0, clock.nowMs()),
      // Somebody else's page, and one that nobody was served.
      impression('l2', first, 0, clock.nowMs()),
      impression('l1', { ...first, decisionId: `${first.decisionId.slice(0, 25)}7` }, 0, clock.nowMs()),
    ]);
    const [row, second] = first.shelves;
    const none = { shelfId: '', cards: 0 };
    expect(stored(dir, 'impression')).toEqual([
      { shelfId: row.id, cards: row.cards.length },
      { shelfId: second.id, cards: 1 },
      none,
      { shelfId: row.id, cards: row.cards.length },
      none,
      none,
    ]);
    await platform.flush();
    expect(await platform.rebuildState({})).toMatchObject({ different: 0 });
    await platform.close();
  });

  it('is not looked up for a page that is older than a day', async () => {
    const clock = manualClock(START_MS);
    const dir = await fittedDir();
    let platform = await open(dir, clock);
    const first = await home(platform, 'l1');
    await platform.close();
    clock.advance(DAY_MS + 1);
    platform = await open(dir, clock);
    expect(await platform.ingest([impression('l1', first, 0, clock.nowMs())])).toMatchObject([{ fate: 'accepted' }]);
    expect(stored(dir, 'impression')).toEqual([{ shelfId: '', cards: 0 }]);
    await platform.close();
  });
});
