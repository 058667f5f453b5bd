/** What is remembered of a decision while feedback on it may come: its cards in compact arrays, and what happened to each. */
import { ByteReader, ByteWriter, DAY_MS, HOUR_MS } from '../../base/index.ts';
import { type Catalog, type DecisionRecord, decisionTimeMs, ITEM_KINDS, isGenerated } from '../../domain/index.ts';
import type { DecisionFacts } from '../../signals/index.ts';

export const SEEN = 1;
export const CHOSEN = 2;

/** Rewards are credited for 24 hours; clocks differ. */
export const LEDGER_MS = DAY_MS + HOUR_MS;

export interface Ledger {
  readonly decisionId: string;
  readonly listenerKey: string;
  /** UTC day of the decision. */
  readonly day: number;
  /** By row: number of the shelf's name, the item that it is about, the decision that first drew it ('' for this one). */
  readonly shelves: Uint16Array;
  readonly seeds: Uint32Array;
  readonly carriedFrom: readonly string[] | undefined;
  readonly rowFlags: Uint8Array;
  /** Cards of row r: items[starts[r] .. starts[r + 1]). */
  readonly starts: Uint16Array;
  readonly items: Uint32Array;
  readonly cardFlags: Uint8Array;
  rendered: boolean;
}

export function ledgerOf(record: DecisionRecord, day: number, shelfNumber: (shelfId: string) => number): Ledger {
  const { rows, shelves } = record;
  const starts = new Uint16Array(rows.length + 1);
  for (let r = 0; r < rows.length; r++) starts[r + 1] = starts[r] + rows[r].cards.length;
  const items = new Uint32Array(starts[rows.length]);
  let at = 0;
  for (const row of rows) for (const card of row.cards) items[at++] = shelves[row.shelf].items[card.index];
  const carriedFrom = rows.map((row) => shelves[row.shelf].carriedFrom);
  return {
    decisionId: record.decisionId,
    listenerKey: record.listenerKey,
    day,
    shelves: Uint16Array.from(rows, (row) => shelfNumber(shelves[row.shelf].shelfId)),
    seeds: Uint32Array.from(rows, (row) => shelves[row.shelf].seedItem),
    carriedFrom: carriedFrom.some((id) => id !== '') ? carriedFrom : undefined,
    rowFlags: new Uint8Array(rows.length),
    starts,
    items,
    cardFlags: new Uint8Array(items.length),
    rendered: false,
  };
}

/** Decisions of a step: milliseconds. */
const AT_A_STEP = 500;

/**
 * For `decodeLedgers`, in short steps, between which the ledgers must stay as they are. Bytes, since six arrays of each of 50,000
 * decisions take three times as long to be written one by one.
 */
export function* encodeLedgers(ledgers: ReadonlyMap<string, Ledger>): Generator<undefined, Uint8Array> {
  let cards = 0;
  for (const { items } of ledgers.values()) cards += items.length;
  // As much as most take: memory that has to grow is written twice.
  const out = new ByteWriter(1024 + 5 * cards + 256 * ledgers.size);
  out.varint(ledgers.size);
  let untilStep = AT_A_STEP;
  for (const ledger of ledgers.values()) {
    if (untilStep-- === 0) {
      untilStep = AT_A_STEP;
      yield;
    }
    const { shelves, seeds, carriedFrom, rowFlags, starts, items, cardFlags } = ledger;
    out.text(ledger.decisionId);
    out.text(ledger.listenerKey);
    out.varint(ledger.day);
    out.u8(ledger.rendered ? 1 : 0);
    out.varint(shelves.length);
    for (let row = 0; row < shelves.length; row++) {
      out.varint(shelves[row]);
      out.u32(seeds[row]);
      out.text(carriedFrom?.[row] ?? '');
      out.u8(rowFlags[row]);
      out.varint(starts[row + 1] - starts[row]);
    }
    out.raw(new Uint8Array(items.buffer, items.byteOffset, items.byteLength));
    out.raw(cardFlags);
  }
  return out.view();
}

/** Throws `DECISION_CORRUPT` where the bytes end early. */
export function decodeLedgers(bytes: Uint8Array): Ledger[] {
  const reader = new ByteReader(bytes);
  return Array.from({ length: reader.varint() }, () => decodeLedger(reader));
}

function decodeLedger(reader: ByteReader): Ledger {
  const [decisionId, listenerKey] = [reader.text(), reader.text()];
  const day = reader.varint();
  const rendered = reader.u8() === 1;
  const rows = reader.varint();
  const [shelves, seeds, rowFlags] = [new Uint16Array(rows), new Uint32Array(rows), new Uint8Array(rows)];
  const starts = new Uint16Array(rows + 1);
  const carriedFrom: string[] = [];
  for (let row = 0; row < rows; row++) {
    shelves[row] = reader.varint();
    seeds[row] = reader.u32();
    carriedFrom.push(reader.text());
    rowFlags[row] = reader.u8();
    starts[row + 1] = starts[row] + reader.varint();
  }
  const cards = starts[rows];
  const items = new Uint32Array(reader.raw(cards * Uint32Array.BYTES_PER_ELEMENT).slice().buffer);
  const cardFlags = reader.raw(cards).slice();
  return {
    decisionId,
    listenerKey,
    day,
    shelves,
    seeds,
    carriedFrom: carriedFrom.some((id) => id !== '') ? carriedFrom : undefined,
    rowFlags,
    starts,
    items,
    cardFlags,
    rendered,
  };
}

export function cardCount(ledger: Ledger, row: number): number {
  return row < ledger.shelves.length ? ledger.starts[row + 1] - ledger.starts[row] : 0;
}

/** The decision as attribution asks for it. */
export function factsOf(
  ledger: Ledger,
  world: {
    readonly ledgers: ReadonlyMap<string, Ledger>;
    readonly catalog: Catalog;
    readonly itemName: (item: number) => string;
  },
): DecisionFacts {
  const { catalog } = world;
  return {
    listenerKey: ledger.listenerKey,
    servedAtMs: decisionTimeMs(ledger.decisionId),
    cardCount: (row) => cardCount(ledger, row),
    card(row, rank) {
      if (rank < 0 || rank >= cardCount(ledger, row)) return undefined;
      const item = ledger.items[ledger.starts[row] + rank];
      const known = item < catalog.size;
      return {
        kind: (known ? ITEM_KINDS[catalog.kind[item]] : undefined) ?? (isGenerated(item) ? 'playlist' : 'track'),
        itemId: world.itemName(item),
        durationMs: known ? catalog.durationMs[item] : 0,
      };
    },
    carriedFrom(row, rank) {
      const decisionId = ledger.carriedFrom?.[row] ?? '';
      if (decisionId === '') return undefined;
      const first = world.ledgers.get(decisionId);
      if (first === undefined) return { decisionId, shelfRank: row, cardRank: rank };
      const firstRow = first.shelves.findIndex(
        (shelf, r) => shelf === ledger.shelves[row] && first.seeds[r] === ledger.seeds[row],
      );
      if (firstRow < 0) return { decisionId, shelfRank: row, cardRank: -1 };
      const item = ledger.items[ledger.starts[row] + rank];
      const cards = first.items.subarray(first.starts[firstRow], first.starts[firstRow + 1]);
      return { decisionId, shelfRank: firstRow, cardRank: cards.indexOf(item) };
    },
  };
}
