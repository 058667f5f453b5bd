/**
 * Weights of a slate's rows by what a reward is taken to depend on. All are ratios of the policy's probability to the log's; the
 * more of the slate a weight takes in, the less is assumed and the faster its variance grows (by the product of the ratios).
 *
 * - joint: of the whole slate (SIPS; Swaminathan et al. 2017): nothing is assumed.
 * - cascade: of the slate's beginning up to and with the row (RIPS; McInerney et al. 2020): rewards do not look ahead.
 * - item-position: of the row's action at its place alone (IIPS; Li et al. 2018): a reward depends on its own row.
 */
import { ShelfwiseError } from '../../base/index.ts';
import { type DecisionSource, type EvaluationRows, requirePropensity } from '../rows.ts';

/**
 * w = π_e / π_b a row, both of the same event (row, beginning or slate). Throws `OPE_PROPENSITY_RANGE` for a logged probability outside
 * (0, 1], `OPE_ROW_INVALID` for one of the policy outside [0, 1]; rows are named counted from `firstRow`.
 */
export function ratioWeights(
  target: ArrayLike<number>,
  propensity: ArrayLike<number>,
  firstRow = 0,
  column = 'propensity',
): Float64Array {
  const weights = new Float64Array(propensity.length);
  for (let row = 0; row < weights.length; row++) {
    requirePropensity(propensity[row], firstRow + row, column);
    // A policy's own sums of probabilities may pass 1 by rounding.
    if (!(target[row] >= 0 && target[row] <= 1 + 1e-9)) {
      throw new ShelfwiseError('OPE_ROW_INVALID', `row ${firstRow + row} has a target propensity of ${target[row]}`, {
        details: { row: firstRow + row },
      });
    }
    weights[row] = target[row] / propensity[row];
  }
  return weights;
}

/**
 * Cascade weights from the rows' own ratios, drawn one after the other given what is above: the product of a row's ratio and of
 * the `lookBack` rows above it in its decision. `lookBack` 0 is the row alone, ∞ the whole beginning.
 */
export function cascadeWeights(
  ratios: Float64Array,
  decisionOf: Uint32Array,
  lookBack = Number.POSITIVE_INFINITY,
): Float64Array {
  const weights = new Float64Array(ratios.length);
  let first = 0;
  for (let row = 0; row < ratios.length; row++) {
    if (row > 0 && decisionOf[row] !== decisionOf[row - 1]) first = row;
    if (lookBack === Number.POSITIVE_INFINITY)
      weights[row] = row === first ? ratios[row] : weights[row - 1] * ratios[row];
    else weights[row] = windowProduct(ratios, Math.max(first, row - lookBack), row);
  }
  return weights;
}

/** Joint weights from the rows' own ratios: the product over the decision, at each of its rows. */
export function jointWeights(ratios: Float64Array, decisionOf: Uint32Array): Float64Array {
  const weights = cascadeWeights(ratios, decisionOf);
  for (let row = weights.length - 2; row >= 0; row--) {
    if (decisionOf[row] === decisionOf[row + 1]) weights[row] = weights[row + 1];
  }
  return weights;
}

function windowProduct(ratios: Float64Array, from: number, to: number): number {
  let product = 1;
  for (let row = from; row <= to; row++) product *= ratios[row];
  return product;
}

export interface LookBackOptions {
  /** Least effective sample, as a share of the slates. @default 0.0001 */
  readonly leastEffectiveShare: number;
  /** Positions whose look-back is chosen on its own; deeper ones take the last's. @default 32 */
  readonly positions: number;
}

/**
 * Chooses for each position how many rows above it its weight looks back on (RIPS with dynamic look-back; McInerney, Brost, Chandar, Mehrotra,
 * Carterette 2020, "Counterfactual evaluation of slate recommendations with sequential reward interactions"): from none on, one more as
 * long as the effective sample (Σ w)² / Σ w² of the position's weights stays at `leastEffectiveShare` of its rows or above and does not
 * rise. Reads `source`, whose weights are the rows' own ratios, once; O(positions²) memory. Rows of a decision stand in the order of
 * their positions. Use the weights with `snipw-position`: the paper's estimator is self-normalised.
 */
export async function chooseLookBacks(
  source: DecisionSource,
  options: Partial<LookBackOptions> = {},
): Promise<number[]> {
  const least = options.leastEffectiveShare ?? 0.0001;
  const positions = options.positions ?? 32;
  const counts = new Float64Array(positions);
  const sums = new Float64Array(positions * positions);
  const squares = new Float64Array(positions * positions);
  for await (const { rows, weights, decisionOf } of source) {
    let first = 0;
    for (let row = 0; row < rows; row++) {
      if (row > 0 && decisionOf[row] !== decisionOf[row - 1]) first = row;
      const position = Math.min(positions - 1, row - first);
      counts[position]++;
      let product = 1;
      for (let back = 0; back <= position; back++) {
        product *= weights[row - back];
        sums[position * positions + back] += product;
        squares[position * positions + back] += product * product;
      }
    }
  }
  const chosen: number[] = [];
  for (let position = 0; position < positions && counts[position] > 0; position++) {
    let before = Number.POSITIVE_INFINITY;
    let taken = 0;
    for (let back = 0; back <= position; back++) {
      const at = position * positions + back;
      const effective = squares[at] > 0 ? sums[at] ** 2 / squares[at] : 0;
      if (back > 0 && (effective / counts[position] < least || effective > before)) break;
      taken = back;
      before = effective;
    }
    chosen.push(taken);
  }
  return chosen;
}

/** A source of rows' own ratios as one of weights with these look-backs by position; rows stand in the order of their positions. */
export function withLookBacks(source: DecisionSource, lookBacks: readonly number[]): DecisionSource {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const chunk of source) yield { ...chunk, weights: lookBackWeights(chunk, lookBacks) };
    },
  };
}

function lookBackWeights({ rows, weights, decisionOf }: EvaluationRows, lookBacks: readonly number[]): Float64Array {
  const out = new Float64Array(rows);
  let first = 0;
  for (let row = 0; row < rows; row++) {
    if (row > 0 && decisionOf[row] !== decisionOf[row - 1]) first = row;
    const back = lookBacks[Math.min(lookBacks.length - 1, row - first)] ?? 0;
    out[row] = windowProduct(weights, Math.max(first, row - back), row);
  }
  return out;
}
