/** Mutual information of two discrete variables from their table of counts. */
import { logGamma } from '../../base/index.ts';

/** Rows and columns of a table of counts or weights, row by row. */
export interface Contingency {
  readonly rows: number;
  readonly columns: number;
  readonly cells: Float64Array;
}

export function marginsOf({ rows, columns, cells }: Contingency): {
  rowSums: Float64Array;
  columnSums: Float64Array;
  total: number;
} {
  const [rowSums, columnSums] = [new Float64Array(rows), new Float64Array(columns)];
  let total = 0;
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const cell = cells[r * columns + c];
      rowSums[r] += cell;
      columnSums[c] += cell;
      total += cell;
    }
  return { rowSums, columnSums, total };
}

/** I = Σ p(r, c) log2(p(r, c) / (p(r) p(c))) of the shares of the table, in bits; 0 of an empty one. */
export function mutualInformationBits(table: Contingency): number {
  const { rowSums, columnSums, total } = marginsOf(table);
  if (!(total > 0)) return 0;
  let bits = 0;
  for (let r = 0; r < table.rows; r++)
    for (let c = 0; c < table.columns; c++) {
      const cell = table.cells[r * table.columns + c];
      if (cell > 0) bits += (cell / total) * Math.log2((cell / rowSums[r]) * (total / columnSums[c]));
    }
  return Math.max(0, bits);
}

/** Terms beyond so many standard deviations from the mean add less than rounding does. */
const REACH = 12;

/**
 * The mean of `mutualInformationBits` over all shuffles of one variable, that is over all tables of whole counts with these
 * margins: what a feature that tells nothing would show. Exact, by the hypergeometric law of each cell (Vinh, Epps and Bailey
 * 2010, JMLR 11:2837, equation 24a).
 */
export function expectedInformationBits(rowSums: Float64Array, columnSums: Float64Array): number {
  const total = rowSums.reduce((sum, count) => sum + count, 0);
  let bits = 0;
  for (const a of rowSums) for (const b of columnSums) if (a > 0 && b > 0) bits += expectedCell(a, b, total);
  return Math.max(0, bits);
}

function expectedCell(a: number, b: number, total: number): number {
  const [least, most] = [Math.max(0, a + b - total), Math.min(a, b)];
  const mean = (a / total) * b;
  const reach = REACH * Math.sqrt(mean * (1 - a / total) * (1 - b / total)) + REACH * REACH;
  const from = Math.max(least, Math.floor(mean - reach));
  const to = Math.min(most, Math.ceil(mean + reach));
  const mode = Math.min(to, Math.max(from, Math.floor(((a + 1) * (b + 1)) / (total + 2))));
  const choose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  const atMode = Math.exp(choose(a, mode) + choose(total - a, b - mode) - choose(total, b));
  const term = (n: number, chance: number): number =>
    n === 0 ? 0 : chance * (n / total) * Math.log2((n / a) * (total / b));
  let sum = term(mode, atMode);
  for (let n = mode, chance = atMode; n < to; n++) {
    chance *= ((a - n) * (b - n)) / ((n + 1) * (total - a - b + n + 1));
    sum += term(n + 1, chance);
  }
  for (let n = mode, chance = atMode; n > from; n--) {
    chance *= (n * (total - a - b + n)) / ((a - n + 1) * (b - n + 1));
    sum += term(n - 1, chance);
  }
  return sum;
}

/**
 * The same of weighted examples, to the first order: (R − 1)(C − 1) / (2 n ln 2), R and C the rows and columns that are not
 * empty, n = (Σ w)² / Σ w² the examples that the weights amount to (Kish 1965).
 */
export function expectedWeightedBits(rowSums: Float64Array, columnSums: Float64Array, examples: number): number {
  const filled = (sums: Float64Array): number => sums.reduce((count, sum) => count + (sum > 0 ? 1 : 0), 0);
  const freedom = (filled(rowSums) - 1) * (filled(columnSums) - 1);
  return freedom > 0 && examples > 0 ? freedom / (2 * examples * Math.LN2) : 0;
}

/**
 * Neighbours in order of their values pooled into about `groups` of equal weight: the group of each. A value as heavy as a group
 * stands alone.
 */
export function equalGroups(weights: ArrayLike<number>, groups: number): Int32Array {
  const group = new Int32Array(weights.length);
  if (weights.length <= groups) return group.map((_, i) => i);
  let left = 0;
  for (let i = 0; i < weights.length; i++) left += weights[i];
  const size = left / groups;
  let [at, held] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    // Closed where that leaves it nearer to its size.
    if (held > 0 && held + weights[i] / 2 > size) {
      at++;
      held = 0;
    }
    group[i] = at;
    held += weights[i];
  }
  return group;
}
