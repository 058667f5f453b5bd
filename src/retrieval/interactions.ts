/** Who played what, as sparse matrices. */
import { ShelfwiseError } from '../base/index.ts';
import type { SparseRows } from '../kernels/index.ts';

/** Listener-major: items of listener l are items[listenerStart[l] .. listenerStart[l + 1]), each once, with their (decayed) plays > 0. */
export interface Interactions {
  /** Listeners + 1 offsets. */
  readonly listenerStart: Uint32Array;
  readonly items: Uint32Array;
  readonly counts: Float32Array;
}

/** How surely a listener likes what they played `count` times (decayed): 1 + alpha · ln(1 + count / epsilon). */
export function confidenceOf(count: number, alpha: number, epsilon: number): number {
  return Math.fround(1 + alpha * Math.log(1 + count / epsilon));
}

/** Throws `OPTION_INVALID` for offsets that do not fit, an item number beyond `itemCount` or a count that is not a positive number. */
export function checkInteractions(interactions: Interactions, itemCount: number): void {
  const { listenerStart, items, counts } = interactions;
  const problem = (text: string): never => {
    throw new ShelfwiseError('OPTION_INVALID', `interactions: ${text}`);
  };
  if (listenerStart.length === 0 || listenerStart[0] !== 0) problem('listenerStart must begin with 0');
  for (let l = 1; l < listenerStart.length; l++) {
    if (listenerStart[l] < listenerStart[l - 1]) problem(`listenerStart falls at ${l}`);
  }
  const pairs = listenerStart[listenerStart.length - 1];
  if (items.length !== pairs || counts.length !== pairs) {
    problem(`${pairs} pairs by listenerStart, ${items.length} items, ${counts.length} counts`);
  }
  for (let e = 0; e < pairs; e++) {
    if (items[e] >= itemCount) problem(`item ${items[e]} at ${e} of ${itemCount} items`);
    if (!(counts[e] > 0 && counts[e] < Number.POSITIVE_INFINITY)) problem(`count ${counts[e]} at ${e}`);
  }
}

/** The rows as they stand, with confidences in place of counts. */
export function confidenceRows(interactions: Interactions, alpha: number, epsilon: number): SparseRows {
  const confidences = new Float32Array(interactions.counts.length);
  for (let e = 0; e < confidences.length; e++) confidences[e] = confidenceOf(interactions.counts[e], alpha, epsilon);
  return { starts: interactions.listenerStart, columns: interactions.items, confidences };
}

/** Columns become rows; entries of a row keep the order of the old rows. */
export function transpose(rows: SparseRows, columnCount: number): SparseRows {
  const entries = rows.columns.length;
  const starts = new Uint32Array(columnCount + 1);
  for (let e = 0; e < entries; e++) starts[rows.columns[e] + 1]++;
  for (let c = 0; c < columnCount; c++) starts[c + 1] += starts[c];
  const next = starts.slice(0, columnCount);
  const columns = new Uint32Array(entries);
  const confidences = new Float32Array(entries);
  for (let r = 0; r + 1 < rows.starts.length; r++) {
    for (let e = rows.starts[r]; e < rows.starts[r + 1]; e++) {
      const to = next[rows.columns[e]]++;
      columns[to] = r;
      confidences[to] = rows.confidences[e];
    }
  }
  return { starts, columns, confidences };
}
