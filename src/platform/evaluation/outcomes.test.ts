import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../base/index.ts';
import { type Catalog, type DecisionRecord, decisionIdOf, type FeedbackEvent } from '../../domain/index.ts';
import { maturedOutcomes, type OutcomeSource } from './outcomes.ts';

const START_MS = Date.parse('2026-11-01T08:00:00Z');
const END_MS = START_MS + 30 * DAY_MS;

/** One row of two cards, `minutes` after the start. */
function page(minutes: number, carriedFrom = ''): DecisionRecord {
  const atMs = START_MS + minutes * MINUTE_MS;
  return {
    decisionId: decisionIdOf(
      atMs,
      Uint8Array.from({ length: 16 }, () => minutes % 251),
    ),
    listenerKey: 'k1',
    atMs,
    shelves: [{ shelfId: 'popular', seedItem: 0, carriedFrom, items: Uint32Array.of(1, 2) }],
    rows: [{ shelf: 0, cards: [{ index: 0 }, { index: 1 }] }],
  } as unknown as DecisionRecord;
}

function event(record: DecisionRecord, type: 'rendered' | 'play', minutes: number, cardRank = -1): FeedbackEvent {
  const { decisionId, listenerKey, atMs } = record;
  const itemId = type === 'play' ? String(record.shelves[0].items[cardRank]) : '';
  return {
    eventId: `${decisionId} ${type} ${cardRank} ${minutes}`,
    type,
    listenerKey,
    decisionId,
    occurredAtMs: atMs + minutes * MINUTE_MS,
    shelfRank: type === 'play' ? 0 : -1,
    cardRank,
    itemId,
    containerId: '',
    sessionId: 's',
    playedMs: 200_000,
    durationMs: 200_000,
    autoplay: false,
  } as unknown as FeedbackEvent;
}

async function* each<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}

async function outcomes(
  records: readonly DecisionRecord[],
  events: readonly FeedbackEvent[],
  { nowMs = END_MS, fromMs = 0, toMs = END_MS, flagged = '' } = {},
) {
  const source: OutcomeSource = {
    decisions: (span) => each(records.filter(({ atMs }) => atMs >= span.fromMs && atMs < span.toMs)),
    events: () => each(events),
    catalog: { size: 0 } as Catalog,
    itemName: String,
    isFlagged: (key) => key === flagged,
  };
  const counts = { decisions: 0, immature: 0, unrendered: 0 };
  const found: [string, string][] = [];
  for await (const { record, rewarded } of maturedOutcomes(source, { fromMs, toMs }, nowMs, counts)) {
    found.push([record.decisionId, rewarded.map(({ shelfRank, cardRank }) => `${shelfRank}.${cardRank}`).join(' ')]);
  }
  return { counts, found };
}

describe('what past decisions finally earned', () => {
  it('is told of every decision that was rendered, in the order of the log, also where nothing was earned', async () => {
    const pages = [page(0), page(60), page(120), page(180)];
    const events = [
      event(pages[0], 'rendered', 1),
      event(pages[0], 'play', 2, 1),
      event(pages[1], 'rendered', 1),
      // Never rendered: what was played there is no visit of a page that was looked at.
      event(pages[2], 'play', 2, 0),
      event(pages[3], 'rendered', 1),
      event(pages[3], 'play', 2, 0),
      event(pages[3], 'play', 3, 1),
    ];
    expect(await outcomes(pages, events)).toEqual({
      counts: { decisions: 4, immature: 0, unrendered: 1 },
      found: [
        [pages[0].decisionId, '0.1'],
        [pages[1].decisionId, ''],
        [pages[3].decisionId, '0.0 0.1'],
      ],
    });
  });

  it('counts what comes within a day, however late it is told, and nothing after it', async () => {
    const pages = [page(0), ...Array.from({ length: 60 }, (_, k) => page(60 * (k + 1)))];
    const first = pages[0];
    const late = event(first, 'play', 23 * 60, 0);
    const tooLate = event(first, 'play', 25 * 60, 1);
    const rendered = pages.map((one) => event(one, 'rendered', 1));
    // The app was without a network for five hours: others' events came in before.
    const events = [...rendered.slice(0, 28), late, tooLate, ...rendered.slice(28)];
    const { found } = await outcomes(pages, events);
    expect(found).toHaveLength(61);
    expect(found[0]).toEqual([first.decisionId, '0.0']);
  });

  it('leaves out what may still earn', async () => {
    const pages = [page(0), page(60)];
    const events = pages.map((one) => event(one, 'rendered', 1));
    const { counts, found } = await outcomes(pages, events, { nowMs: START_MS + DAY_MS + HOUR_MS / 2 });
    expect(found.map(([id]) => id)).toEqual([pages[0].decisionId]);
    expect(counts).toEqual({ decisions: 2, immature: 1, unrendered: 0 });
  });

  it('credits a carried row to the decision that first drew it, across the end of the span', async () => {
    const first = page(0);
    const second = page(60, first.decisionId);
    const events = [event(first, 'rendered', 1), event(second, 'rendered', 1), event(second, 'play', 5, 1)];
    const whole = await outcomes([first, second], events);
    expect(whole.found).toEqual([
      [first.decisionId, '0.1'],
      [second.decisionId, ''],
    ]);
    const cut = await outcomes([first, second], events, { toMs: START_MS + 30 * MINUTE_MS });
    expect(cut.found).toEqual([[first.decisionId, '0.1']]);
  });

  it('passes over what flagged listeners did', async () => {
    const one = page(0);
    const { found, counts } = await outcomes([one], [event(one, 'rendered', 1)], { flagged: 'k1' });
    expect(found).toEqual([]);
    expect(counts.unrendered).toBe(1);
  });
});
