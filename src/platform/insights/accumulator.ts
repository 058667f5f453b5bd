/**
 * Figures by shelf and exposure by item, kept up entry by entry from the two logs. What it knows is a function of the
 * entries in the order in which they were given: after a restart it goes on from a snapshot, or reads the logs again.
 *
 * Memory is bounded: 50,000 decisions that feedback may still come for, 20,000 items (the least shown sixteenth is forgotten
 * when there is no room), 14 days and the total of each shelf. Each entry costs microseconds; docs/insights.md has the formulas.
 */
import { MINUTE_MS, Oldest } from '../../base/index.ts';
import {
  type Catalog,
  type DecisionRecord,
  decisionTimeMs,
  type FeedbackEvent,
  type Serving,
} from '../../domain/index.ts';
import { createAttribution } from '../../signals/index.ts';
import { addTo, createDayTable, type DayTable, dayOf, lastDays, rowOf, sumOf } from './day-table.ts';
import { type DistinctCount, hashOfKey } from './distinct.ts';
import {
  CHOSEN_COUNT,
  type ExposureSnapshot,
  type ExposureSums,
  type Happening,
  ItemExposures,
  SEEN_COUNT,
  SHOWN,
} from './item-exposures.ts';
import {
  CHOSEN,
  cardCount,
  decodeLedgers,
  encodeLedgers,
  factsOf,
  LEDGER_MS,
  type Ledger,
  ledgerOf,
  SEEN,
} from './ledger.ts';

/** Columns of a shelf's sums. */
const COLUMNS = [
  'served',
  'decided',
  'visits',
  'seen',
  'chosen',
  'rewards',
  'examined',
  'explored',
  'drawn',
  'propensity',
] as const;
export type ShelfSums = Readonly<Record<(typeof COLUMNS)[number], number>>;
const column = Object.fromEntries(COLUMNS.map((name, i) => [name, i])) as Record<(typeof COLUMNS)[number], number>;

const HOME_COLUMNS = ['decided', 'served', 'rendered', 'degraded'] as const;
export type HomeSums = Readonly<Record<(typeof HOME_COLUMNS)[number], number>>;

export interface ShelfReport {
  readonly shelfId: string;
  readonly total: ShelfSums;
  readonly byDay: readonly ShelfSums[];
  readonly window: ShelfSums;
}

export interface ExposureReport {
  readonly total: ExposureSums;
  readonly rankSum: number;
  readonly listeners: DistinctCount;
  readonly byShelf: readonly (ExposureSums & { readonly shelfId: string })[];
  readonly byDay: readonly ExposureSums[];
}

export interface Span {
  /** Of the first decision and of the last entry that were counted; -1 before there is one. */
  readonly sinceMs: number;
  readonly upToMs: number;
}

export interface Accumulator {
  /** False for a decision that does not count: a Home of another time is a preview; machines and staff are flagged. */
  addDecision(record: DecisionRecord): boolean;
  /** The highest probability of each step of a decision's page, in page order: a row's place, then its cards. */
  examine(record: DecisionRecord, highest: ArrayLike<number>): void;
  addServing(serving: Serving): void;
  addEvent(event: FeedbackEvent): void;
  /** Credits what is due; `nowMs` is the time of the entries that were added last. */
  advance(nowMs: number): void;
  shelves(
    today: number,
    days: number,
  ): {
    readonly homes: HomeSums;
    readonly homesTotal: HomeSums;
    readonly shelves: readonly ShelfReport[];
  };
  exposure(item: number, today: number, days: number): ExposureReport | undefined;
  /** Forgets a listener's open decisions; sums and sketches name nobody. */
  forget(listenerKey: string): void;
  readonly span: Span;
  /** For `restore`, in short steps, between which nothing may be added; structured-cloneable. */
  snapshot(): Generator<undefined, Snapshot>;
}

export interface Snapshot {
  readonly format: number;
  readonly span: Span;
  readonly names: readonly string[];
  readonly homes: DayTable;
  readonly shelves: readonly DayTable[];
  readonly items: ExposureSnapshot;
  /** See `encodeLedgers`. */
  readonly ledgers: Uint8Array;
  readonly attribution: Uint8Array;
}

export const SNAPSHOT_FORMAT = 3;
/** A Home of a time that differs by more than this from the time of its decision is a preview. */
const PREVIEW_MS = MINUTE_MS;

export function createAccumulator(options: {
  readonly catalog: () => Catalog;
  readonly itemName: (item: number) => string;
  readonly isBot: (listenerKey: string) => boolean;
  /** @default 50,000 */
  readonly maxDecisions?: number;
  /** @default 20,000 */
  readonly maxItems?: number;
  readonly restore?: Snapshot | undefined;
}): Accumulator {
  // Taken out one by one: who held the options would hold what is restored.
  const { catalog, itemName, isBot, maxDecisions = 50_000, maxItems = 20_000, restore } = options;
  const names: string[] = [...(restore?.names ?? [])];
  const numbers = new Map(names.map((name, i) => [name, i]));
  const homes = restore?.homes ?? createDayTable(HOME_COLUMNS.length);
  const shelves: DayTable[] = [...(restore?.shelves ?? [])];
  const items = new ItemExposures(maxItems, restore?.items);
  const ledgers = new Map<string, Ledger>();
  if (restore !== undefined)
    for (const ledger of decodeLedgers(restore.ledgers)) ledgers.set(ledger.decisionId, ledger);
  let sinceMs = restore?.span.sinceMs ?? -1;
  let upToMs = restore?.span.upToMs ?? -1;
  const attribution = createAttribution({
    decision(id) {
      const ledger = ledgers.get(id);
      return ledger === undefined ? undefined : factsOf(ledger, { ledgers, catalog: catalog(), itemName });
    },
    isBot,
    maxDecisions,
    restore: restore?.attribution,
  });

  const shelfNumber = (shelfId: string): number => {
    const known = numbers.get(shelfId);
    if (known !== undefined) return known;
    numbers.set(shelfId, names.length);
    shelves.push(createDayTable(COLUMNS.length));
    return names.push(shelfId) - 1;
  };
  const addShelf = (ledger: Ledger, row: number, to: number, amount = 1): void =>
    addTo(shelves[ledger.shelves[row]], ledger.day, to, amount);

  const addItem = (ledger: Ledger, row: number, card: number, what: Happening): void =>
    items.add(
      ledger.items[card],
      ledger.day,
      ledger.shelves[row],
      what,
      card - ledger.starts[row],
      hashOfKey(ledger.listenerKey),
    );

  /** Notes a flag of a row; true when it is new. */
  const flagRow = (ledger: Ledger, row: number, flag: number): boolean => {
    if ((ledger.rowFlags[row] & flag) !== 0) return false;
    ledger.rowFlags[row] |= flag;
    return true;
  };
  const flagCard = (ledger: Ledger, row: number, rank: number, flag: number): void => {
    const card = ledger.starts[row] + rank;
    if ((ledger.cardFlags[card] & flag) !== 0) return;
    ledger.cardFlags[card] |= flag;
    addItem(ledger, row, card, flag === SEEN ? SEEN_COUNT : CHOSEN_COUNT);
  };

  const oldest = new Oldest(ledgers);
  /** Of those that are kept, the decision that was added first; it may have been forgotten for another reason since. */
  let first: string | undefined;
  const forgetOld = (nowMs: number): void => {
    for (;;) {
      first ??= oldest.next();
      if (first === undefined) return;
      if (ledgers.size <= maxDecisions && decisionTimeMs(first) >= nowMs - LEDGER_MS) return;
      ledgers.delete(first);
      first = undefined;
    }
  };

  return {
    addDecision(record) {
      const atMs = decisionTimeMs(record.decisionId);
      if (Math.abs(record.atMs - atMs) > PREVIEW_MS || record.marks.includes('flagged')) return false;
      if (sinceMs < 0) sinceMs = atMs;
      upToMs = Math.max(upToMs, atMs);
      const day = dayOf(atMs);
      const ledger = ledgerOf(record, day, shelfNumber);
      ledgers.set(record.decisionId, ledger);
      forgetOld(atMs);
      addTo(homes, day, HOME_COLUMNS.indexOf('decided'), 1);
      if (record.degraded) addTo(homes, day, HOME_COLUMNS.indexOf('degraded'), 1);
      const listener = hashOfKey(ledger.listenerKey);
      for (let r = 0; r < record.rows.length; r++) {
        const row = record.rows[r];
        let drawn = row.forced ? 0 : 1;
        let propensity = row.forced ? 0 : row.propensity;
        for (const card of row.cards) {
          if (card.forced) continue;
          drawn++;
          propensity += card.propensity;
        }
        const shelf = ledger.shelves[r];
        addPlaced(shelves[shelf].total, drawn, propensity);
        const ofDay = rowOf(shelves[shelf], day);
        if (ofDay !== undefined) addPlaced(ofDay, drawn, propensity);
        const first = ledger.starts[r];
        for (let card = first; card < ledger.starts[r + 1]; card++)
          items.add(ledger.items[card], day, shelf, SHOWN, card - first, listener);
      }
      return true;
    },
    examine(record, highest) {
      const ledger = ledgers.get(record.decisionId);
      if (ledger === undefined) return;
      let step = 0;
      for (const [r, row] of record.rows.entries()) {
        let examined = 0;
        let explored = 0;
        for (const choice of [row, ...row.cards]) {
          const best = highest[step++];
          if (choice.forced) continue;
          examined++;
          if (choice.propensity < best) explored++;
        }
        addShelf(ledger, r, column.examined, examined);
        addShelf(ledger, r, column.explored, explored);
      }
    },
    addServing(serving) {
      upToMs = Math.max(upToMs, serving.atMs);
      const ledger = ledgers.get(serving.decisionId);
      if (ledger === undefined) return;
      addTo(homes, ledger.day, HOME_COLUMNS.indexOf('served'), 1);
      for (let row = 0; row < ledger.shelves.length; row++) addShelf(ledger, row, column.served);
    },
    addEvent(event) {
      upToMs = Math.max(upToMs, event.receivedAtMs);
      if (event.decisionId === '') return;
      const ledger = ledgers.get(event.decisionId);
      if (ledger === undefined || ledger.listenerKey !== event.listenerKey) return;
      attribution.add(event);
      if (event.type === 'rendered') {
        if (ledger.rendered) return;
        ledger.rendered = true;
        addTo(homes, ledger.day, HOME_COLUMNS.indexOf('rendered'), 1);
        for (let row = 0; row < ledger.shelves.length; row++) addShelf(ledger, row, column.visits);
        return;
      }
      const { shelfRank, cardRank } = event;
      const count = shelfRank < 0 ? 0 : cardCount(ledger, shelfRank);
      if (count === 0 || cardRank >= count) return;
      if (event.type === 'impression') {
        if (flagRow(ledger, shelfRank, SEEN)) addShelf(ledger, shelfRank, column.seen);
        if (cardRank >= 0) flagCard(ledger, shelfRank, cardRank, SEEN);
        else for (let rank = 0; rank < count; rank++) flagCard(ledger, shelfRank, rank, SEEN);
      } else if (event.type === 'select' || (event.type === 'play' && !event.autoplay)) {
        if (cardRank < 0) return;
        if (flagRow(ledger, shelfRank, CHOSEN)) addShelf(ledger, shelfRank, column.chosen);
        flagCard(ledger, shelfRank, cardRank, CHOSEN);
      }
    },
    advance(nowMs) {
      for (const { decisionId, shelfRank, label, kind } of attribution.advance(nowMs)) {
        const ledger = ledgers.get(decisionId);
        if (ledger === undefined || kind === 'negative') continue;
        addShelf(ledger, shelfRank, column.rewards, label === 1 ? 1 : -1);
      }
      attribution.matured(nowMs);
      forgetOld(nowMs);
    },
    shelves(today, days) {
      const rows = lastDays(homes, today, days);
      return {
        homes: named(HOME_COLUMNS, sumOf(rows, HOME_COLUMNS.length)),
        homesTotal: named(HOME_COLUMNS, homes.total),
        shelves: names.map((shelfId, i): ShelfReport => {
          const byDay = lastDays(shelves[i], today, days);
          return {
            shelfId,
            total: named(COLUMNS, shelves[i].total),
            byDay: byDay.map((row) => named(COLUMNS, row)),
            window: named(COLUMNS, sumOf(byDay, COLUMNS.length)),
          };
        }),
      };
    },
    exposure(item, today, days) {
      const found = items.of(item, today, days);
      if (found === undefined) return undefined;
      return {
        ...found,
        byShelf: found.byShelf
          .map(({ shelf, ...sums }) => ({ shelfId: names[shelf], ...sums }))
          .sort((a, b) => b.shown - a.shown || (a.shelfId < b.shelfId ? -1 : 1)),
      };
    },
    forget(listenerKey) {
      for (const [id, ledger] of ledgers) if (ledger.listenerKey === listenerKey) ledgers.delete(id);
      attribution.forget(new Set([listenerKey]));
    },
    get span() {
      return { sinceMs, upToMs };
    },
    *snapshot() {
      const encoded = yield* encodeLedgers(ledgers);
      yield;
      const exposures = items.snapshot();
      yield;
      return {
        format: SNAPSHOT_FORMAT,
        span: { sinceMs, upToMs },
        names,
        homes,
        shelves,
        items: exposures,
        ledgers: encoded,
        attribution: attribution.encode(),
      };
    },
  };
}

/** Adds a row that was decided to the sums of its shelf. */
function addPlaced(sums: Float64Array, drawn: number, propensity: number): void {
  sums[column.decided]++;
  sums[column.drawn] += drawn;
  sums[column.propensity] += propensity;
}

function named<K extends string>(columns: readonly K[], row: Float64Array): Readonly<Record<K, number>> {
  return Object.fromEntries(columns.map((name, i) => [name, row[i]])) as Record<K, number>;
}
