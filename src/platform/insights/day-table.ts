/** Sums by UTC day and since the beginning: a few columns of numbers, the last days only. */
import { DAY_MS } from '../../base/index.ts';

/** Days that are kept, today included. */
export const DAYS_KEPT = 14;

export interface DayTable {
  readonly total: Float64Array;
  /** By day since 1970-01-01. */
  readonly days: Map<number, Float64Array>;
}

export function createDayTable(columns: number): DayTable {
  return { total: new Float64Array(columns), days: new Map() };
}

/** Adds to the total and to the day; a day that is no longer kept is in the total alone. */
export function addTo(table: DayTable, day: number, column: number, amount: number): void {
  table.total[column] += amount;
  const row = rowOf(table, day);
  if (row !== undefined) row[column] += amount;
}

/** The sums of a day, made if they are new; undefined of a day that is no longer kept. */
export function rowOf(table: DayTable, day: number): Float64Array | undefined {
  const known = table.days.get(day);
  if (known !== undefined) return known;
  let newest = day;
  for (const other of table.days.keys()) newest = Math.max(newest, other);
  if (day <= newest - DAYS_KEPT) return undefined;
  const row = new Float64Array(table.total.length);
  table.days.set(day, row);
  if (table.days.size > DAYS_KEPT) {
    for (const other of [...table.days.keys()]) if (other <= newest - DAYS_KEPT) table.days.delete(other);
  }
  return row;
}

/** The rows of `count` days that end with `today`, oldest first; zeros where nothing happened. */
export function lastDays(table: DayTable, today: number, count: number): Float64Array[] {
  return daysEnding(today, count).map((day) => table.days.get(day) ?? new Float64Array(table.total.length));
}

export function daysEnding(today: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => today - count + 1 + i);
}

export function sumOf(rows: readonly Float64Array[], columns: number): Float64Array {
  const sum = new Float64Array(columns);
  for (const row of rows) for (let c = 0; c < columns; c++) sum[c] += row[c];
  return sum;
}

export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** `2026-11-24` */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
