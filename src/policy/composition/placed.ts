/** What stands above the card that is due, as far as a re-scoring looks up. */
import type { StepContext } from '../policy.ts';

/** Index of the first placed card that counts: of the row that is being filled, or of the page. */
export function firstPlaced({ step, placedCount }: StepContext, over: 'row' | 'page'): number {
  return over === 'page' ? 0 : placedCount - step.cardRank;
}

/** Item number of the p-th placed card. */
export function placedItem({ problem, placedShelves, placedCards }: StepContext, p: number): number {
  return problem.shelves[placedShelves[p]].items[placedCards[p]];
}

/** Item number of action k of a card step. */
export function actionItem({ problem, step }: StepContext, k: number): number {
  return problem.shelves[step.shelf].items[step.actions[k]];
}

/**
 * The unit in which a card's likeness or a page's miscalibration counts against its score: the greatest finite |score| of
 * the step's actions, 1 where all are 0. 0: a score is +Infinity, and nothing counts against that.
 */
export function unitOf(values: Float64Array, n: number): number {
  let unit = 0;
  for (let k = 0; k < n; k++) {
    if (values[k] === Number.POSITIVE_INFINITY) return 0;
    const size = Math.abs(values[k]);
    if (size > unit && size < Number.POSITIVE_INFINITY) unit = size;
  }
  return unit === 0 ? 1 : unit;
}
