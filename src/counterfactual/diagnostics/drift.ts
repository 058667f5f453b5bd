/** How far the contexts of now are from those of the log: what was best then is judged on who came then. */
import { chiSquareTail, ShelfwiseError } from '../../base/index.ts';

export interface Drift {
  /** ½ Σ |p - q|, [0, 1]: the largest difference of a probability. */
  readonly totalVariation: number;
  /** Jensen-Shannon divergence, bits, [0, 1] (Lin 1991). */
  readonly jensenShannon: number;
  /** Total variation that two samples of these sizes of one distribution have on average, about. Only what is above it is drift. */
  readonly expectedTotalVariation: number;
  /** P of a chi-square as large between two samples of one distribution. Categories that expect fewer than five are pooled. */
  readonly pValue: number;
}

/** Distance of two vectors of counts over the same categories. Throws `BUG` for other lengths or none counted on a side. */
export function driftBetween(logged: ArrayLike<number>, now: ArrayLike<number>): Drift {
  if (logged.length !== now.length) throw new ShelfwiseError('BUG', `${logged.length} categories beside ${now.length}`);
  let [n, m] = [0, 0];
  for (let k = 0; k < logged.length; k++) {
    n += logged[k];
    m += now[k];
  }
  if (!(n > 0 && m > 0)) throw new ShelfwiseError('BUG', `drift between ${n} and ${m} contexts`);
  let [variation, divergence, expected] = [0, 0, 0];
  const cells: (readonly [number, number])[] = [];
  let [restLogged, restNow] = [0, 0];
  for (let k = 0; k < logged.length; k++) {
    const [p, q] = [logged[k] / n, now[k] / m];
    const middle = (p + q) / 2;
    variation += Math.abs(p - q) / 2;
    if (p > 0) divergence += (p * Math.log2(p / middle)) / 2;
    if (q > 0) divergence += (q * Math.log2(q / middle)) / 2;
    const pooled = (logged[k] + now[k]) / (n + m);
    expected += Math.sqrt(((2 / Math.PI) * pooled * (1 - pooled) * (n + m)) / (n * m)) / 2;
    if (pooled * Math.min(n, m) >= 5) cells.push([logged[k], now[k]]);
    else {
      restLogged += logged[k];
      restNow += now[k];
    }
  }
  if (restLogged + restNow > 0) cells.push([restLogged, restNow]);
  let statistic = 0;
  for (const [a, b] of cells) statistic += (a * m - b * n) ** 2 / (n * m * (a + b));
  return {
    totalVariation: variation,
    jensenShannon: Math.max(0, divergence),
    expectedTotalVariation: expected,
    pValue: chiSquareTail(statistic, cells.length - 1),
  };
}
