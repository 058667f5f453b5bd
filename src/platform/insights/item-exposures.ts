/**
 * How often each item was shown, seen and chosen: in all, by day and by shelf, and to how many listeners. One row of typed
 * columns an item, so that a page of a hundred cards is counted without allocating. When the table is full the least shown
 * sixteenth of its items is forgotten.
 */
import { DAYS_KEPT, daysEnding } from './day-table.ts';
import {
  addDistinct,
  clearDistinct,
  countDistinct,
  type DistinctCount,
  type DistinctState,
  emptyDistinct,
  type PackedDistinct,
  packDistinct,
  unpackDistinct,
} from './distinct.ts';

export const SHOWN = 0;
export const SEEN_COUNT = 1;
export const CHOSEN_COUNT = 2;
export type Happening = typeof SHOWN | typeof SEEN_COUNT | typeof CHOSEN_COUNT;
const HAPPENINGS = 3;

export interface ExposureSums {
  readonly shown: number;
  readonly seen: number;
  readonly chosen: number;
}

export interface Exposure {
  readonly total: ExposureSums;
  /** Sum of the ranks in their rows, from 0, at which it was shown. */
  readonly rankSum: number;
  readonly listeners: DistinctCount;
  /** By number of the shelf's name; those alone on which it was shown. */
  readonly byShelf: readonly (ExposureSums & { readonly shelf: number })[];
  /** Oldest first. */
  readonly byDay: readonly ExposureSums[];
}

/** Structured-cloneable; counts are below 2³². */
export interface ExposureSnapshot {
  readonly items: Uint32Array;
  readonly newestDay: number;
  readonly shelfRoom: number;
  readonly totals: Uint32Array;
  readonly rankSums: Float64Array;
  readonly days: Uint32Array;
  readonly shelves: Uint32Array;
  readonly listeners: PackedDistinct;
}

/** Shelves that there is room for at first; there are some twenty declarations. */
const SHELF_ROOM = 24;

export class ItemExposures {
  readonly #maxItems: number;
  readonly #rows = new Map<number, number>();
  /** Rows that nothing stands in, below the highest one that was ever used. */
  readonly #free: number[] = [];
  #used = 0;
  #newestDay = Number.NEGATIVE_INFINITY;
  #shelfRoom: number;
  /** By row: HAPPENINGS columns. */
  readonly #totals: Uint32Array;
  readonly #rankSums: Float64Array;
  /** By row, then day modulo DAYS_KEPT. */
  readonly #days: Uint32Array;
  /** By row, then shelf. */
  #shelves: Uint32Array;
  readonly #listeners: DistinctState[] = [];

  constructor(maxItems: number, restore?: ExposureSnapshot) {
    this.#maxItems = maxItems;
    this.#shelfRoom = restore?.shelfRoom ?? SHELF_ROOM;
    this.#totals = new Uint32Array(maxItems * HAPPENINGS);
    this.#rankSums = new Float64Array(maxItems);
    this.#days = new Uint32Array(maxItems * DAYS_KEPT * HAPPENINGS);
    this.#shelves = new Uint32Array(maxItems * this.#shelfRoom * HAPPENINGS);
    if (restore === undefined) return;
    restore.items.forEach((item, row) => {
      this.#rows.set(item, row);
    });
    this.#used = restore.items.length;
    this.#newestDay = restore.newestDay;
    this.#totals.set(restore.totals);
    this.#rankSums.set(restore.rankSums);
    this.#days.set(restore.days);
    this.#shelves.set(restore.shelves);
    this.#listeners.push(...unpackDistinct(restore.listeners));
  }

  /** @param rank of the card in its row, read where it was shown */
  add(item: number, day: number, shelf: number, happening: Happening, rank: number, listenerHash: number): void {
    const row = this.#rows.get(item) ?? this.#make(item);
    this.#totals[row * HAPPENINGS + happening]++;
    if (day > this.#newestDay) this.#turnTo(day);
    // A day that is no longer kept is in the total alone.
    if (day > this.#newestDay - DAYS_KEPT) this.#days[this.#dayAt(row, day) + happening]++;
    if (shelf >= this.#shelfRoom) this.#widen(shelf);
    this.#shelves[(row * this.#shelfRoom + shelf) * HAPPENINGS + happening]++;
    if (happening !== SHOWN) return;
    this.#rankSums[row] += rank;
    addDistinct(this.#listeners[row], listenerHash);
  }

  /** Of the `days` days that end with `today`; undefined for an item that was not shown, or is forgotten. */
  of(item: number, today: number, days: number): Exposure | undefined {
    const row = this.#rows.get(item);
    if (row === undefined) return undefined;
    const byShelf: (ExposureSums & { readonly shelf: number })[] = [];
    for (let shelf = 0; shelf < this.#shelfRoom; shelf++) {
      const sums = sumsAt(this.#shelves, (row * this.#shelfRoom + shelf) * HAPPENINGS);
      if (sums.shown + sums.seen + sums.chosen > 0) byShelf.push({ shelf, ...sums });
    }
    return {
      total: sumsAt(this.#totals, row * HAPPENINGS),
      rankSum: this.#rankSums[row],
      listeners: countDistinct(this.#listeners[row]),
      byShelf,
      byDay: daysEnding(today, days).map((day) =>
        day > this.#newestDay - DAYS_KEPT && day <= this.#newestDay
          ? sumsAt(this.#days, this.#dayAt(row, day))
          : { shown: 0, seen: 0, chosen: 0 },
      ),
    };
  }

  snapshot(): ExposureSnapshot {
    // Rows move together, so that those which are free are not written.
    const kept = [...this.#rows];
    const gathered = <A extends Uint32Array | Float64Array>(from: A, to: A, width: number): A => {
      for (const [i, [, row]] of kept.entries()) to.set(from.subarray(row * width, (row + 1) * width), i * width);
      return to;
    };
    const count = kept.length;
    const dayWidth = DAYS_KEPT * HAPPENINGS;
    const shelfWidth = this.#shelfRoom * HAPPENINGS;
    return {
      items: Uint32Array.from(kept, ([item]) => item),
      newestDay: this.#newestDay,
      shelfRoom: this.#shelfRoom,
      totals: gathered(this.#totals, new Uint32Array(count * HAPPENINGS), HAPPENINGS),
      rankSums: gathered(this.#rankSums, new Float64Array(count), 1),
      days: gathered(this.#days, new Uint32Array(count * dayWidth), dayWidth),
      shelves: gathered(this.#shelves, new Uint32Array(count * shelfWidth), shelfWidth),
      listeners: packDistinct(kept.map(([, row]) => this.#listeners[row])),
    };
  }

  #make(item: number): number {
    if (this.#rows.size >= this.#maxItems) this.#forgetWeakest();
    const row = this.#free.pop() ?? this.#used++;
    this.#rows.set(item, row);
    if (this.#listeners[row] === undefined) this.#listeners[row] = emptyDistinct();
    return row;
  }

  #forgetWeakest(): void {
    const counts = Float64Array.from(this.#rows.values(), (row) => this.#totals[row * HAPPENINGS + SHOWN]).sort();
    const limit = counts[Math.floor(counts.length / 16)];
    let left = Math.ceil(counts.length / 16);
    for (const [item, row] of this.#rows) {
      if (left === 0) return;
      if (this.#totals[row * HAPPENINGS + SHOWN] > limit) continue;
      left--;
      this.#rows.delete(item);
      this.#clear(row);
      this.#free.push(row);
    }
  }

  #clear(row: number): void {
    this.#totals.fill(0, row * HAPPENINGS, (row + 1) * HAPPENINGS);
    this.#rankSums[row] = 0;
    this.#days.fill(0, row * DAYS_KEPT * HAPPENINGS, (row + 1) * DAYS_KEPT * HAPPENINGS);
    const width = this.#shelfRoom * HAPPENINGS;
    this.#shelves.fill(0, row * width, (row + 1) * width);
    clearDistinct(this.#listeners[row]);
  }

  /** A new day takes the place of the oldest one. */
  #turnTo(day: number): void {
    const first = Math.max(this.#newestDay + 1, day - DAYS_KEPT + 1);
    for (let turned = first; turned <= day; turned++) {
      for (let row = 0; row < this.#used; row++) {
        const at = this.#dayAt(row, turned);
        this.#days.fill(0, at, at + HAPPENINGS);
      }
    }
    this.#newestDay = day;
  }

  #dayAt(row: number, day: number): number {
    return (row * DAYS_KEPT + (day % DAYS_KEPT)) * HAPPENINGS;
  }

  #widen(shelf: number): void {
    const narrow = this.#shelfRoom * HAPPENINGS;
    const room = Math.max(shelf + 1, 2 * this.#shelfRoom);
    const wider = new Uint32Array(this.#maxItems * room * HAPPENINGS);
    for (let row = 0; row < this.#used; row++) {
      wider.set(this.#shelves.subarray(row * narrow, (row + 1) * narrow), row * room * HAPPENINGS);
    }
    this.#shelves = wider;
    this.#shelfRoom = room;
  }
}

function sumsAt(columns: Uint32Array, at: number): ExposureSums {
  return { shown: columns[at + SHOWN], seen: columns[at + SEEN_COUNT], chosen: columns[at + CHOSEN_COUNT] };
}
