/** Whether two states of a listener say the same: what a rebuild is compared by. */
import { DEVICES } from '../domain/index.ts';
import { CARD_VISITS, type CardSights, SHELF_VISITS, type ShelfMarks, type ShelfSights } from './sights.ts';
import { COUNT_COLUMNS, LAST_MS, type ListenerState, type MarkTable, type SessionState, SUM_COLUMNS } from './state.ts';

/**
 * Do two states say the same? Integers, times and switches must be equal; decayed sums may differ by `tolerance`
 * relative to the larger (or absolutely, below 1).
 */
export function statesEqual(a: ListenerState, b: ListenerState, tolerance: number): boolean {
  const near = (x: number, y: number) => Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y));
  if (
    a.totalPlays !== b.totalPlays ||
    a.totalSkips !== b.totalSkips ||
    a.day !== b.day ||
    a.dayPlays !== b.dayPlays ||
    a.dayPlayedMs !== b.dayPlayedMs ||
    a.hour !== b.hour ||
    a.hourActs !== b.hourActs ||
    a.firstEventMs !== b.firstEventMs ||
    a.lastEventMs !== b.lastEventMs ||
    a.sumsAtMs !== b.sumsAtMs ||
    !near(a.recentPlays, b.recentPlays) ||
    !sameMarks(a.likes, b.likes) ||
    !sameMarks(a.follows, b.follows) ||
    !sameMarks(a.hides, b.hides) ||
    !sameShelfMarks(a.hiddenShelves, b.hiddenShelves) ||
    !sameCardSights(a.cardSights, b.cardSights) ||
    !sameShelfSights(a.shelfSights, b.shelfSights) ||
    !sameSession(a.session, b.session)
  ) {
    return false;
  }
  for (let i = 0; i < 24; i++) if (!near(a.hours[i], b.hours[i])) return false;
  for (let i = 0; i < DEVICES.length; i++) if (a.devices[i] !== b.devices[i]) return false;
  const { recents } = a;
  if (
    recents.count !== b.recents.count ||
    !samePrefix(recents.keys, b.recents.keys, recents.count) ||
    !samePrefix(recents.lastMs, b.recents.lastMs, recents.count) ||
    !samePrefix(recents.plays, b.recents.plays, recents.count)
  ) {
    return false;
  }
  const { items } = a;
  if (
    items.count !== b.items.count ||
    !samePrefix(items.keys, b.items.keys, items.count) ||
    !samePrefix(items.counts, b.items.counts, items.count * COUNT_COLUMNS)
  ) {
    return false;
  }
  for (let i = 0; i < items.count * SUM_COLUMNS; i++) {
    const exact = i % SUM_COLUMNS === LAST_MS;
    if (exact ? items.sums[i] !== b.items.sums[i] : !near(items.sums[i], b.items.sums[i])) return false;
  }
  return true;
}

function samePrefix(a: Uint32Array | Float64Array, b: Uint32Array | Float64Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameMarks(a: MarkTable, b: MarkTable): boolean {
  return (
    a.count === b.count &&
    samePrefix(a.keys, b.keys, a.count) &&
    samePrefix(a.atMs, b.atMs, a.count) &&
    samePrefix(a.stamps, b.stamps, a.count)
  );
}

function sameShelfMarks(a: ShelfMarks, b: ShelfMarks): boolean {
  return (
    a.count === b.count &&
    a.ids.every((id, row) => id === b.ids[row] && a.atMs[row] === b.atMs[row] && a.stamps[row] === b.stamps[row])
  );
}

function sameCardSights(a: CardSights, b: CardSights): boolean {
  return (
    a.count === b.count &&
    samePrefix(a.keys, b.keys, a.count) &&
    samePrefix(a.chosen, b.chosen, a.count) &&
    samePrefix(a.visits, b.visits, a.count * CARD_VISITS)
  );
}

function sameShelfSights(a: ShelfSights, b: ShelfSights): boolean {
  return (
    a.count === b.count &&
    a.ids.every((id, row) => id === b.ids[row]) &&
    samePrefix(a.chosen, b.chosen, a.count) &&
    samePrefix(a.visits, b.visits, a.count * SHELF_VISITS)
  );
}

function sameSession(a: SessionState, b: SessionState): boolean {
  return (
    a.id === b.id &&
    a.startMs === b.startMs &&
    a.lastMs === b.lastMs &&
    a.plays === b.plays &&
    a.itemCount === b.itemCount &&
    samePrefix(a.items, b.items, a.itemCount) &&
    samePrefix(a.itemsAtMs, b.itemsAtMs, a.itemCount)
  );
}
