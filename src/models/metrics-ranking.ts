/** How well scores order the cards of one row. */

export interface RankingFigures {
  /** Weighted mean NDCG over the groups that have one, 0 to 1; NaN where none has. */
  readonly ndcg: number;
  /** Groups that have one: those with a label above 0 and a weight above 0. */
  readonly groups: number;
  /** Sum of their weights. */
  readonly weight: number;
}

/** discountSums[n] = Σ_{i < n} 1 / log2(i + 2), for ranks that rows have; longer ones are summed on from the last. */
const DISCOUNT_SUMS = new Float64Array(257);
for (let i = 0; i < 256; i++) DISCOUNT_SUMS[i + 1] = DISCOUNT_SUMS[i] + 1 / Math.log2(i + 2);

function discountSum(ranks: number): number {
  if (ranks < DISCOUNT_SUMS.length) return DISCOUNT_SUMS[ranks];
  let sum = DISCOUNT_SUMS[256];
  for (let i = 256; i < ranks; i++) sum += 1 / Math.log2(i + 2);
  return sum;
}

/**
 * NDCG@k by group (a shelf row as it was shown): rows stand in runs of equal `groups`.
 *
 *   DCG@k = Σ_{i < min(k, n)} gain_i / log2(i + 2),   NDCG = DCG / DCG of the order by labels,   gain = label
 *
 * Cards of equal score share their mean gain over the ranks that they take, which is the mean over all orders of them
 * (McSherry and Najork 2008): a model that says the same of every card gets what chance gets. A group weighs the mean
 * weight of its rows. Groups without a label above 0 have no best order and are left out.
 *
 * @param from first row, @param to after the last: a run that is cut counts as the part that is there.
 */
export function ndcgAt(
  k: number,
  scores: Float64Array,
  labels: Float32Array,
  weights: Float32Array,
  groups: Uint32Array,
  from = 0,
  to = scores.length,
): RankingFigures {
  let sum = 0;
  let total = 0;
  let count = 0;
  for (let start = from; start < to; ) {
    let end = start + 1;
    while (end < to && groups[end] === groups[start]) end++;
    let weight = 0;
    for (let r = start; r < end; r++) weight += weights[r];
    weight /= end - start;
    const ndcg = weight > 0 ? ndcgOfRun(k, scores, labels, start, end) : Number.NaN;
    if (!Number.isNaN(ndcg)) {
      sum += weight * ndcg;
      total += weight;
      count++;
    }
    start = end;
  }
  return { ndcg: sum / total, groups: count, weight: total };
}

function ndcgOfRun(k: number, scores: Float64Array, labels: Float32Array, start: number, end: number): number {
  const run = Array.from({ length: end - start }, (_, i) => start + i);
  const best = dcg(k, run, labels, labels);
  return best > 0 ? dcg(k, run, scores, labels) / best : Number.NaN;
}

function dcg(k: number, rows: number[], scores: Float64Array | Float32Array, gains: Float32Array): number {
  rows.sort((a, b) => scores[b] - scores[a]);
  let sum = 0;
  for (let i = 0; i < rows.length && i < k; ) {
    let tied = i;
    let gain = 0;
    for (; tied < rows.length && scores[rows[tied]] === scores[rows[i]]; tied++) gain += gains[rows[tied]];
    sum += (gain / (tied - i)) * (discountSum(Math.min(k, tied)) - discountSum(i));
    i = tied;
  }
  return sum;
}
