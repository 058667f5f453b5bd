/**
 * Gradients that rank the rows of a query: RankNet's (Burges et al. 2005) and LambdaMART's (Burges 2010).
 *
 *   loss = Σ_queries Σ_{i, j: label_i > label_j} w_i w_j Δ_ij ln(1 + exp(-(s_i - s_j)))
 *
 * Δ = 1 for `pairwise`. For `lambdaMart` it is what swapping the two would change of the query's NDCG, the gain of a row being
 * its label, and only pairs count one of which is among the first `truncation` rows as they are ranked now.
 */
import { sigmoid } from '../sigmoid.ts';
import type { TreesObjective } from './options.ts';

/** Rows by query. */
export interface QueryRows {
  /** Row numbers, query after query. */
  readonly order: Uint32Array;
  /** queries + 1: where each begins. */
  readonly starts: Uint32Array;
  /** chunks + 1: the first query of each chunk of work. */
  readonly chunks: Uint32Array;
}

/** Rows of one chunk at least, but for the last. */
const CHUNK_ROWS = 8192;

function shared(values: ArrayLike<number>): Uint32Array {
  const array = new Uint32Array(new SharedArrayBuffer(4 * values.length));
  array.set(values);
  return array;
}

/** Rows in the order of their queries' numbers; rows of one query keep theirs. `firstRow` is added to each. */
export function groupByQuery(queries: Uint32Array, rows: readonly number[] | Uint32Array, firstRow = 0): QueryRows {
  const order = Uint32Array.from(rows, (_, i) => i).sort((a, b) => queries[rows[a]] - queries[rows[b]] || a - b);
  const starts: number[] = [];
  const chunks: number[] = [];
  let chunkFrom = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < order.length; i++) {
    if (i > 0 && queries[rows[order[i]]] === queries[rows[order[i - 1]]]) continue;
    if (i - chunkFrom >= CHUNK_ROWS) {
      chunks.push(starts.length);
      chunkFrom = i;
    }
    starts.push(i);
  }
  chunks.push(starts.length);
  starts.push(order.length);
  return { order: shared(order.map((i) => i + firstRow)), starts: shared(starts), chunks: shared(chunks) };
}

interface Scored {
  readonly margins: Float64Array;
  readonly labels: Float32Array;
  readonly weights: Float32Array;
}

/** Writes the pairs of gradient and hessian of one chunk of queries; returns the largest |gradient| and hessian. */
export function rankingGradients(
  { order, starts, chunks }: QueryRows,
  chunk: number,
  scored: Scored & { readonly gradients: Float32Array },
  objective: TreesObjective,
  truncation: number,
): readonly [number, number] {
  let largestG = 0;
  let largestH = 0;
  for (let query = chunks[chunk]; query < chunks[chunk + 1]; query++) {
    const rows = order.subarray(starts[query], starts[query + 1]);
    const g = new Float64Array(rows.length);
    const h = new Float64Array(rows.length);
    forPairs(rows, scored, objective, truncation, (i, j, weight, difference) => {
      const p = sigmoid(-difference);
      g[i] -= weight * p;
      g[j] += weight * p;
      h[i] += weight * p * (1 - p);
      h[j] += weight * p * (1 - p);
    });
    rows.forEach((row, i) => {
      scored.gradients[2 * row] = g[i];
      scored.gradients[2 * row + 1] = h[i];
      largestG = Math.max(largestG, Math.abs(g[i]));
      largestH = Math.max(largestH, h[i]);
    });
  }
  return [largestG, largestH];
}

/** Calls `visit` with positions i, j in `rows` where the label of i is above that of j, the pair's weight, s_i - s_j. */
function forPairs(
  rows: Uint32Array,
  { margins, labels, weights }: Scored,
  objective: TreesObjective,
  truncation: number,
  visit: (i: number, j: number, weight: number, difference: number) => void,
): void {
  const ranked = Array.from(rows, (_, i) => i).sort((a, b) => margins[rows[b]] - margins[rows[a]] || a - b);
  const isLambda = objective === 'lambdaMart';
  const ideal = isLambda ? idealGain(rows, labels, truncation) : 1;
  if (!(ideal > 0)) return;
  const outer = isLambda ? Math.min(truncation, ranked.length) : ranked.length;
  for (let a = 0; a < outer; a++) {
    for (let b = a + 1; b < ranked.length; b++) {
      const [x, y] = [rows[ranked[a]], rows[ranked[b]]];
      const difference = labels[x] - labels[y];
      if (difference === 0) continue;
      const swap = isLambda ? (Math.abs(difference) * (discount(a, truncation) - discount(b, truncation))) / ideal : 1;
      const weight = weights[x] * weights[y] * swap;
      if (weight === 0) continue;
      if (difference > 0) visit(ranked[a], ranked[b], weight, margins[x] - margins[y]);
      else visit(ranked[b], ranked[a], weight, margins[y] - margins[x]);
    }
  }
}

function discount(rank: number, truncation: number): number {
  return rank < truncation ? 1 / Math.log2(rank + 2) : 0;
}

function idealGain(rows: Uint32Array, labels: Float32Array, truncation: number): number {
  const sorted = Float32Array.from(rows, (row) => labels[row])
    .sort()
    .reverse();
  return sorted.reduce((sum, label, rank) => sum + label * discount(rank, truncation), 0);
}

/**
 * Rows of equal margin share their mean gain over the ranks that they take (McSherry and Najork 2008): they stand in no order,
 * and a model that says the same of all, as each does before its first tree, must not be judged by the order of the rows.
 */
function discountedGain(rows: Uint32Array, { margins, labels }: Scored, truncation: number): number {
  const ranked = rows.slice().sort((a, b) => margins[b] - margins[a]);
  let sum = 0;
  for (let from = 0; from < ranked.length && from < truncation; ) {
    let to = from;
    let gain = 0;
    let discounts = 0;
    for (; to < ranked.length && margins[ranked[to]] === margins[ranked[from]]; to++) {
      gain += labels[ranked[to]];
      discounts += discount(to, truncation);
    }
    sum += (gain / (to - from)) * discounts;
    from = to;
  }
  return sum;
}

/**
 * The mean over queries, in which something is to be ranked, of the objective's loss: of `pairwise` the weighted mean log
 * loss of the pairs; of `lambdaMart` 1 - NDCG of the first `truncation`.
 */
export function rankingLoss(
  { order, starts }: QueryRows,
  scored: Scored,
  objective: TreesObjective,
  truncation: number,
): number {
  let total = 0;
  let counted = 0;
  for (let query = 0; query + 1 < starts.length; query++) {
    const rows = order.subarray(starts[query], starts[query + 1]);
    if (objective === 'lambdaMart') {
      const ideal = idealGain(rows, scored.labels, truncation);
      if (!(ideal > 0)) continue;
      total += 1 - discountedGain(rows, scored, truncation) / ideal;
      counted++;
      continue;
    }
    let loss = 0;
    let weights = 0;
    forPairs(rows, scored, objective, truncation, (_i, _j, weight, difference) => {
      loss -= weight * Math.log(sigmoid(difference));
      weights += weight;
    });
    if (weights === 0) continue;
    total += loss / weights;
    counted++;
  }
  return counted === 0 ? 0 : total / counted;
}
