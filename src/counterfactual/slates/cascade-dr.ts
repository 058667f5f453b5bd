import { ShelfwiseError } from '../../base/index.ts';
import type { ModelColumns } from '../rows.ts';

/** Flat columns of slates, rows in the order of their positions. */
export interface CascadeColumns {
  /** Row → decision, ascending. */
  readonly decisionOf: Uint32Array;
  /** Row → w_{1:l}, the weight of the slate's beginning up to and with the row. */
  readonly weights: Float64Array;
  /** Row → logged action, 0..K-1. */
  readonly actions: ArrayLike<number>;
  readonly actionCount: number;
  /** `[row * K + a]`: Q̂_l(x, a_{1:l-1}, a), the rewards from this position on, in units of the reward. */
  readonly values: ArrayLike<number>;
  /** `[row * K + a]`: π_e(a | x, a_{1:l-1}). */
  readonly target: ArrayLike<number>;
}

/**
 * Cascade-DR (Kiyohara, Saito, Matsuhiro, Narita, Shimizu, Yamamoto 2022, "Doubly robust off-policy evaluation for ranking policies under
 * the cascade behavior model"):
 *
 *     V̂ = mean_d Σ_l [ w_{1:l} (r_l - Q̂_l(a_l)) + w_{1:l-1} Σ_a π_e(a | x, a_{1:l-1}) Q̂_l(a) ],  w_{1:0} = 1
 *
 * It is `dr` on cascade weights with a model whose expectation carries the weight above: these columns. Unbiased where rewards do
 * not look ahead; the variance is that of w_{1:l} times the residuals, smaller than RIPS' the better Q̂ is.
 * Throws `OPE_ROW_INVALID` for an action outside 0..K-1.
 */
export function cascadeModel(columns: CascadeColumns): ModelColumns {
  const { decisionOf, weights, actions, actionCount, values, target } = columns;
  const rows = weights.length;
  const predicted = new Float64Array(rows);
  const expected = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const action = actions[row];
    if (!(Number.isInteger(action) && action >= 0 && action < actionCount)) {
      throw new ShelfwiseError('OPE_ROW_INVALID', `row ${row} has action ${action}; there are ${actionCount}`);
    }
    const above = row > 0 && decisionOf[row] === decisionOf[row - 1] ? weights[row - 1] : 1;
    let sum = 0;
    for (let a = 0; a < actionCount; a++) sum += target[row * actionCount + a] * values[row * actionCount + a];
    predicted[row] = values[row * actionCount + action];
    expected[row] = above * sum;
  }
  return { predicted, expected };
}
