import { describe, expect, it } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../base/index.ts';
import { type Catalog, type DecisionRecord, decisionIdOf, type FeedbackEvent } from '../../domain/index.ts';
import { gatherRewards } from './rewards.ts';

const START_MS = Date.parse('2026-11-01T08:00:00Z');

/** One row of two cards, made `minute` minutes after the start, as Home is at `atMs`. */
function page(minute: number, atMs = START_MS + minute * MINUTE_MS): DecisionRecord {
  const madeMs = START_MS + minute * MINUTE_MS;
  return {
    decisionId: decisionIdOf(
      madeMs,
      Uint8Array.from({ length: 16 }, () => minute),
    ),
    listenerKey: 'k1',
    atMs,
    shelves: [{ shelfId: 'popular', seedItem: 0, carriedFrom: '', items: Uint32Array.of(1, 2) }],
    rows: [{ shelf: 0, cards: [{ index: 0 }, { index: 1 }] }],
  } as unknown as DecisionRecord;
}

function shown({ decisionId, listenerKey, atMs }: DecisionRecord): FeedbackEvent[] {
  const common = { listenerKey, occurredAtMs: atMs + MINUTE_MS, decisionId, shelfRank: -1, cardRank: -1, itemId: '' };
  return [
    { ...common, eventId: `${decisionId} r`, type: 'rendered' },
    { ...common, eventId: `${decisionId} i`, type: 'impression', shelfRank: 0 },
  ] as unknown as FeedbackEvent[];
}

async function* each<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}

describe('rewards of past decisions', () => {
  it('knows what came after a Home that was asked for as it will be another day', async () => {
    const served = [page(0), page(30), page(60)];
    const ofAnotherDay = [page(10, START_MS + 2 * DAY_MS), page(40, START_MS - 9 * DAY_MS)];
    const gather = (decisions: readonly DecisionRecord[]) =>
      gatherRewards(
        {
          decisions: each(decisions),
          events: each(served.flatMap(shown)),
          catalog: { size: 0 } as Catalog,
          itemName: String,
          isFlagged: () => false,
        },
        { fromMs: START_MS, toMs: START_MS + 5 * DAY_MS },
        { nowMs: START_MS + 5 * DAY_MS, matured: false, maxRows: 100 },
        () => {},
      );
    const alone = await gather(served);
    expect([...alone.labels.keys()]).toEqual(served.map(({ decisionId }) => decisionId));
    expect(alone.rows).toBe(6);
    const beside = await gather([...served, ...ofAnotherDay].sort((a, b) => (a.decisionId < b.decisionId ? -1 : 1)));
    expect(beside.labels).toEqual(alone.labels);
  });
});
