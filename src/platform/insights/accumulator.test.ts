import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce, DAY_MS, MINUTE_MS } from '../../base/index.ts';
import {
  buildCatalog,
  createItemVocabulary,
  createVocabulary,
  type DecisionRecord,
  decisionIdOf,
  type EventType,
  type FeedbackEvent,
  NO_ITEM,
  readCatalog,
} from '../../domain/index.ts';
import { type Accumulator, createAccumulator, type Snapshot } from './accumulator.ts';
import { dayOf } from './day-table.ts';
import { decodeLedgers } from './ledger.ts';

const START_MS = Date.parse('2026-11-20T08:00:00Z');
const SHELVES = ['recently-played', 'recommended', 'popular'];
const KEYS = ['0'.repeat(32), 'f'.repeat(32), '8'.repeat(32)];

const vocabularies = {
  items: createItemVocabulary(),
  genres: createVocabulary(),
  markets: createVocabulary(),
  tiers: createVocabulary(),
  languages: createVocabulary(),
};
const catalog = readCatalog(
  buildCatalog(
    Array.from({ length: 30 }, (_, i) => ({ id: `track-${i}`, kind: 'track' as const, title: `Track ${i}` })),
    vocabularies,
  ),
);

function accumulator(options: Partial<Parameters<typeof createAccumulator>[0]> = {}): Accumulator {
  return createAccumulator({
    catalog: () => catalog,
    itemName: (item) => vocabularies.items.name(item),
    isBot: () => false,
    ...options,
  });
}

function snapshotOf(counted: Accumulator): Snapshot {
  return atOnce(counted.snapshot());
}

interface MadeRow {
  readonly shelf: number;
  readonly items: readonly number[];
  readonly forced: boolean;
}

function recordOf(n: number, atMs: number, listener: number, rows: readonly MadeRow[]): DecisionRecord {
  const entropy = new Uint8Array(10);
  new DataView(entropy.buffer).setUint32(0, n);
  return {
    decisionId: decisionIdOf(atMs, entropy),
    seed: new Uint8Array(16),
    listenerKey: KEYS[listener],
    policyId: 'plackett-luce',
    atMs,
    device: 'phone',
    market: 'SE',
    tier: 'free',
    language: 'en',
    sessionId: '',
    filter: '',
    marks: [],
    degraded: n % 7 === 0,
    versions: { tunables: '', encoder: '', kernels: '', catalog: '', counters: '', embedding: '', model: '' },
    listenerState: new Uint8Array(0),
    shelves: rows.map(({ shelf, items }) => ({
      shelfId: SHELVES[shelf],
      seedItem: NO_ITEM,
      order: 'policy' as const,
      pinnedRank: -1,
      minCards: 1,
      maxCards: 20,
      carriedFrom: '',
      items: Uint32Array.from(items),
      sources: new Uint8Array(items.length),
    })),
    rows: rows.map(({ items, forced }, shelf) => ({
      shelf,
      forced,
      propensity: forced ? 1 : 0.25,
      cards: items.map((_, index) => ({ index, forced, propensity: forced ? 1 : 0.5 })),
    })),
    removals: [],
    failedSources: [],
    audit: undefined,
  } as DecisionRecord;
}

function eventOf(n: number, type: EventType, record: DecisionRecord, row: number, card: number): FeedbackEvent {
  const shelf = record.rows[row];
  const item = card < 0 || shelf === undefined ? undefined : record.shelves[row].items[shelf.cards[card]?.index];
  return {
    eventId: `event-${n}`,
    type,
    listenerKey: record.listenerKey,
    occurredAtMs: record.atMs + MINUTE_MS,
    receivedAtMs: record.atMs + MINUTE_MS,
    sessionId: '',
    device: 'phone',
    itemId: item === undefined ? '' : vocabularies.items.name(item),
    containerId: '',
    playedMs: type === 'play' ? 60_000 : 0,
    durationMs: 0,
    autoplay: false,
    decisionId: record.decisionId,
    shelfRank: type === 'rendered' ? -1 : row,
    cardRank: card,
    shelfId: '',
    cards: [],
  };
}

const madePage = fc.record({
  listener: fc.integer({ min: 0, max: 2 }),
  day: fc.integer({ min: 0, max: 2 }),
  rows: fc.uniqueArray(
    fc.record({
      shelf: fc.integer({ min: 0, max: 2 }),
      items: fc.uniqueArray(fc.integer({ min: 0, max: 29 }), { minLength: 1, maxLength: 5 }),
      forced: fc.boolean(),
    }),
    { maxLength: 3, selector: ({ shelf }) => shelf },
  ),
  servings: fc.integer({ min: 0, max: 3 }),
  acts: fc.array(
    fc.record({
      type: fc.constantFrom<EventType>('rendered', 'impression', 'select', 'play'),
      row: fc.integer({ min: 0, max: 3 }),
      card: fc.integer({ min: -1, max: 5 }),
    }),
    { maxLength: 12 },
  ),
});

describe('figures by shelf and exposure by item', () => {
  it('are what a plain count gives, also across a snapshot at any place', () => {
    fc.assert(
      fc.property(fc.array(madePage, { maxLength: 8 }), fc.nat(8), (made, cut) => {
        const pages = [...made].sort((a, b) => a.day - b.day);
        let counted = accumulator();
        const naive = new Map<string, number>();
        const add = (name: string, amount = 1) => naive.set(name, (naive.get(name) ?? 0) + amount);
        const shownTo = new Map<number, Set<number>>();
        let events = 0;
        for (const [n, page] of pages.entries()) {
          if (n === cut) counted = accumulator({ restore: structuredClone(snapshotOf(counted)) });
          const record = recordOf(n, START_MS + page.day * DAY_MS + n * 1000, page.listener, page.rows);
          expect(counted.addDecision(record)).toBe(true);
          for (let s = 0; s < page.servings; s++) {
            counted.addServing({
              decisionId: record.decisionId,
              listenerKey: record.listenerKey,
              atMs: record.atMs,
              reason: 'refresh',
            });
          }
          for (const { shelf, items, forced } of page.rows) {
            add(`${shelf} decided`);
            add(`${shelf} served`, page.servings);
            if (!forced) add(`${shelf} drawn`, 1 + items.length);
            if (!forced) add(`${shelf} propensity`, 0.25 + items.length * 0.5);
            for (const item of items) {
              add(`item ${item} shown`);
              const listeners = shownTo.get(item) ?? new Set();
              shownTo.set(item, listeners.add(page.listener));
            }
          }
          const done = new Set<string>();
          const once = (key: string, name: string) => {
            if (!done.has(key)) add(name);
            done.add(key);
          };
          for (const act of page.acts) {
            counted.addEvent(eventOf(events++, act.type, record, act.row, act.card));
            const row = page.rows[act.row];
            if (act.type === 'rendered') {
              for (const { shelf } of page.rows) once(`visit ${shelf}`, `${shelf} visits`);
            } else if (row !== undefined && act.card < row.items.length) {
              const { shelf, items } = row;
              if (act.type === 'impression') {
                once(`seen ${shelf}`, `${shelf} seen`);
                for (const item of act.card < 0 ? items : [items[act.card]])
                  once(`seen ${shelf} ${item}`, `item ${item} seen`);
              } else if (act.card >= 0) {
                once(`chosen ${shelf}`, `${shelf} chosen`);
                once(`chosen ${shelf} ${items[act.card]}`, `item ${items[act.card]} chosen`);
                if (act.type === 'play') once(`reward ${shelf} ${items[act.card]}`, `${shelf} rewards`);
              }
            }
          }
          counted.advance(record.atMs + 2 * MINUTE_MS);
        }
        const today = dayOf(START_MS + 2 * DAY_MS);
        const { shelves, homes } = counted.shelves(today, 3);
        expect(homes.decided).toBe(pages.length);
        for (const { shelfId, total, window, byDay } of shelves) {
          const shelf = SHELVES.indexOf(shelfId);
          for (const name of ['decided', 'served', 'visits', 'seen', 'chosen', 'rewards', 'drawn'] as const) {
            expect([shelfId, name, total[name]]).toEqual([shelfId, name, naive.get(`${shelf} ${name}`) ?? 0]);
            expect(window[name]).toBe(total[name]);
            expect(byDay.reduce((sum, row) => sum + row[name], 0)).toBe(total[name]);
          }
          expect(total.propensity).toBeCloseTo(naive.get(`${shelf} propensity`) ?? 0, 9);
        }
        for (const [item, listeners] of shownTo) {
          const exposure = counted.exposure(item, today, 3);
          expect(exposure?.listeners).toEqual({ count: listeners.size, exact: true });
          for (const name of ['shown', 'seen', 'chosen'] as const) {
            expect([item, name, exposure?.total[name]]).toEqual([item, name, naive.get(`item ${item} ${name}`) ?? 0]);
            expect(exposure?.byShelf.reduce((sum, row) => sum + row[name], 0)).toBe(exposure?.total[name]);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('count a placement as explored when another action of its step was more probable', () => {
    const counted = accumulator();
    const record = recordOf(1, START_MS, 0, [
      { shelf: 1, items: [1, 2, 3], forced: false },
      { shelf: 0, items: [4, 5], forced: true },
    ]);
    counted.addDecision(record);
    // Its place (0.25) was explored, of its cards (0.5) the second; forced placements are no choices.
    counted.examine(record, [0.6, 0.5, 0.9, 0.5, 1, 1, 1]);
    const { shelves } = counted.shelves(dayOf(START_MS), 1);
    expect(shelves.map(({ shelfId, total }) => [shelfId, total.examined, total.explored])).toEqual([
      ['recommended', 4, 2],
      ['recently-played', 0, 0],
    ]);
  });

  it('leave previews out, and feedback of another listener or of a page that is not known', () => {
    const counted = accumulator();
    const record = recordOf(1, START_MS, 0, [{ shelf: 1, items: [1], forced: false }]);
    expect(counted.addDecision({ ...record, atMs: START_MS - DAY_MS })).toBe(false);
    counted.addEvent(eventOf(1, 'select', record, 0, 0));
    expect(counted.addDecision(record)).toBe(true);
    counted.addEvent({ ...eventOf(2, 'select', record, 0, 0), listenerKey: KEYS[1] });
    counted.addEvent({ ...eventOf(3, 'play', record, 0, 0), autoplay: true });
    expect(counted.shelves(dayOf(START_MS), 1).shelves[0].total).toMatchObject({ decided: 1, chosen: 0 });
  });

  it('take a reward back that a skip has undone', () => {
    const counted = accumulator();
    const record = recordOf(1, START_MS, 0, [{ shelf: 1, items: [1], forced: false }]);
    counted.addDecision(record);
    counted.addEvent(eventOf(1, 'play', record, 0, 0));
    counted.advance(START_MS + 2 * MINUTE_MS);
    expect(counted.shelves(dayOf(START_MS), 1).shelves[0].total.rewards).toBe(1);
    counted.addEvent(eventOf(2, 'skip', record, 0, 0));
    counted.advance(START_MS + 3 * MINUTE_MS);
    expect(counted.shelves(dayOf(START_MS), 1).shelves[0].total.rewards).toBe(0);
  });

  it('keep memory within bounds: the least shown items and the oldest decisions go', () => {
    const counted = accumulator({ maxItems: 8, maxDecisions: 4 });
    for (let n = 0; n < 40; n++) {
      counted.addDecision(recordOf(n, START_MS + n * 1000, 0, [{ shelf: 1, items: [0, 1 + (n % 29)], forced: false }]));
    }
    const { items, ledgers } = snapshotOf(counted);
    expect(items.items.length).toBeLessThanOrEqual(8);
    expect(decodeLedgers(ledgers).length).toBeLessThanOrEqual(4);
    expect(counted.exposure(0, dayOf(START_MS), 1)?.total.shown).toBe(40);
    expect(counted.shelves(dayOf(START_MS), 1).shelves[0].total.decided).toBe(40);
  });

  it('give the place of an item that was forgotten to another, which begins at nothing', () => {
    const counted = accumulator({ maxItems: 4 });
    let n = 0;
    const show = (...items: number[]) =>
      counted.addDecision(recordOf(n++, START_MS + n * 1000, n % 2, [{ shelf: 1, items, forced: false }]));
    show(0, 1, 2, 3);
    show(1, 2, 3);
    show(7);
    const exposures = [0, 1, 7].map((item) => counted.exposure(item, dayOf(START_MS), 1));
    expect(exposures.map((exposure) => exposure?.total.shown)).toEqual([undefined, 2, 1]);
    expect(exposures[2]).toMatchObject({
      rankSum: 0,
      listeners: { count: 1, exact: true },
      byShelf: [{ shelfId: SHELVES[1], shown: 1, seen: 0, chosen: 0 }],
      byDay: [{ shown: 1, seen: 0, chosen: 0 }],
    });
  });

  it('keep 14 days by day of an item too, whatever day its rows come from', () => {
    const counted = accumulator();
    for (const day of [0, 3, 19, 20, 1]) {
      counted.addDecision(recordOf(day, START_MS + day * DAY_MS, 0, [{ shelf: 1, items: [1], forced: false }]));
    }
    const exposure = counted.exposure(1, dayOf(START_MS) + 20, 21);
    expect(exposure?.total.shown).toBe(5);
    expect(exposure?.byDay.map(({ shown }) => shown)).toEqual([...Array(19).fill(0), 1, 1]);
    expect(counted.exposure(1, dayOf(START_MS) + 7, 14)?.byDay.every(({ shown }) => shown === 0)).toBe(true);
  });

  it('keep 14 days by day, and everything in the total', () => {
    const counted = accumulator();
    for (let day = 0; day < 20; day++) {
      counted.addDecision(recordOf(day, START_MS + day * DAY_MS, 0, [{ shelf: 1, items: [1], forced: false }]));
    }
    const [shelf] = counted.shelves(dayOf(START_MS) + 19, 14).shelves;
    expect(shelf.total.decided).toBe(20);
    expect(shelf.window.decided).toBe(14);
    expect(snapshotOf(counted).shelves[0].days.size).toBe(14);
  });

  it('forget the open decisions of a listener who is erased', () => {
    const counted = accumulator();
    counted.addDecision(recordOf(1, START_MS, 0, [{ shelf: 1, items: [1], forced: false }]));
    counted.addDecision(recordOf(2, START_MS, 1, [{ shelf: 1, items: [1], forced: false }]));
    counted.forget(KEYS[0]);
    expect(decodeLedgers(snapshotOf(counted).ledgers).map(({ listenerKey }) => listenerKey)).toEqual([KEYS[1]]);
  });
});
