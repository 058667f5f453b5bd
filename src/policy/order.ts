/** Sorting of candidates without closures or allocation: short runs by insertion, then merged bottom up. */

const RUN = 12;

/**
 * Writes to `order[0..n)` the indices 0..n-1 by score, highest first, equal scores by item number. The order depends on
 * the candidates as a set, not on how they were listed. `scratch` holds n numbers; no score is NaN, no item doubled.
 */
export function orderByScore(
  scores: Float64Array,
  items: Uint32Array,
  n: number,
  order: Int32Array,
  scratch: Int32Array,
): void {
  for (let start = 0; start < n; start += RUN) {
    const end = Math.min(start + RUN, n);
    for (let i = start; i < end; i++) {
      const score = scores[i];
      const item = items[i];
      let at = i;
      while (at > start) {
        const other = order[at - 1];
        const otherScore = scores[other];
        if (otherScore > score || (otherScore === score && items[other] < item)) break;
        order[at] = other;
        at--;
      }
      order[at] = i;
    }
  }
  let from = order;
  let to = scratch;
  for (let width = RUN; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      const middle = Math.min(start + width, n);
      const end = Math.min(start + 2 * width, n);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        if (left < middle && (right >= end || !precedes(scores, items, from[right], from[left]))) to[at] = from[left++];
        else to[at] = from[right++];
      }
    }
    const swapped = from;
    from = to;
    to = swapped;
  }
  if (from !== order) for (let i = 0; i < n; i++) order[i] = from[i];
}

function precedes(scores: Float64Array, items: Uint32Array, a: number, b: number): boolean {
  return scores[a] > scores[b] || (scores[a] === scores[b] && items[a] < items[b]);
}
