/** What a full table of a listener's state forgets: several rows at once, so that looking for the weakest is paid once in so many new ones. */
import { NO_ITEM } from '../domain/index.ts';
import { TopSelection } from './top.ts';

/** Rows that go at once, at most. */
const MOST_AT_ONCE = 32;
// Work space, not state: each use ends before the function that began it returns.
const weakest = new TopSelection(MOST_AT_ONCE);
const doomed = new Uint32Array(MOST_AT_ONCE);

/**
 * Forgets the weakest rows of a table in ascending order of key; of equals, the greater key goes first. The order stays.
 *
 * @param many rows to forget, 1 to 32
 * @param strengthOf a row
 * @param move copies a row's columns, the key among them, to an earlier row
 */
export function forgetWeakest(
  table: { count: number; readonly keys: Uint32Array },
  many: number,
  strengthOf: (row: number) => number,
  move: (from: number, to: number) => void,
): void {
  const { keys, count } = table;
  weakest.begin(many);
  for (let row = 0; row < count; row++) weakest.offer(NO_ITEM - keys[row], -strengthOf(row));
  const removed = weakest.drain(doomed, null);
  for (let i = 0; i < removed; i++) doomed[i] = NO_ITEM - doomed[i];
  const gone = doomed.subarray(0, removed).sort();
  let to = 0;
  let next = 0;
  for (let row = 0; row < count; row++) {
    if (next < removed && keys[row] === gone[next]) {
      next++;
      continue;
    }
    if (to !== row) move(row, to);
    to++;
  }
  table.count = to;
}
