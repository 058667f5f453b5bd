/**
 * Logs of several policies about the same thing, taken together (Agarwal, Basu, Schnabel, Joachims 2018, "Effective evaluation using logged bandit
 * feedback from multiple loggers"; Kallus, Saito, Uehara 2021, "Optimal off-policy evaluation from multiple logging policies").
 *
 * - naive: each row by its own logger's propensity: `concatenated` sources. One logger that explores little spoils it.
 * - weighted: a logger's rows count inversely to the variance of what they contribute: `weightedByVariance`.
 * - balanced: by the propensity under the mixture of all, `mixturePropensities`: never of larger variance than naive, and needs
 *   every logger's probability of every row. Needs support of the mixture alone.
 */
import { ShelfwiseError } from '../../base/index.ts';
import { settingOf } from '../estimators/index.ts';
import { EvaluationPass } from '../pass.ts';
import { type DecisionSource, requirePropensity } from '../rows.ts';

/**
 * Row → Σ_k ρ_k π_k(a | x), ρ the loggers' shares of the rows (they sum to 1); `byLogger[row * K + k]` is logger k's probability of the row's
 * action, which may be 0 where it is another's row. Throws `OPE_PROPENSITY_RANGE` where the mixture is outside (0, 1].
 */
export function mixturePropensities(byLogger: Float64Array, shares: ArrayLike<number>): Float64Array {
  const loggers = shares.length;
  const mixture = new Float64Array(byLogger.length / loggers);
  for (let row = 0; row < mixture.length; row++) {
    for (let k = 0; k < loggers; k++) mixture[row] += shares[k] * byLogger[row * loggers + k];
    // Shares that sum to 1 may pass it by rounding.
    mixture[row] = mixture[row] > 1 && mixture[row] < 1 + 1e-12 ? 1 : mixture[row];
    requirePropensity(mixture[row], row, 'mixture propensity');
  }
  return mixture;
}

/** One log after the other; listeners keep their numbers. */
export function concatenated(sources: readonly DecisionSource[]): DecisionSource {
  return {
    async *[Symbol.asyncIterator]() {
      for (const source of sources) yield* source;
    },
  };
}

/**
 * The logs as one whose weights are multiplied by n / (v_k Σ_j n_j / v_j), v_k the variance of the decisions' contributions to `estimator` (`ipw` or
 * `dr`, with λ if wanted) in log k, n_k its decisions: evaluate the same estimator on it. What has the least variance among unbiased means of the
 * logs, as far as the variances are known: they are estimated, and small logs without a reward look certain. So a log whose contributions do
 * not vary at all makes every factor 1. Reads every source once, and again when it is evaluated. Throws `OPTION_INVALID` for other estimators.
 */
export async function weightedByVariance(
  sources: readonly DecisionSource[],
  estimator = 'ipw',
): Promise<DecisionSource> {
  const setting = settingOf(estimator);
  if (!['ipw', 'dr'].includes(setting.estimator.id)) {
    throw new ShelfwiseError('OPTION_INVALID', `logs are weighted for ipw or dr, not for ${estimator}`);
  }
  const moments: { readonly count: number; readonly variance: number }[] = [];
  for (const source of sources) {
    const pass = new EvaluationPass([setting], { listenerGroups: 2, positions: 1 });
    for await (const chunk of source) pass.add(chunk);
    moments.push(pass.moments.moments(0));
  }
  const total = moments.reduce((sum, { count }) => sum + count, 0);
  const precision = moments.reduce((sum, { count, variance }) => sum + (count === 0 ? 0 : count / variance), 0);
  const varies = moments.every(({ count, variance }) => count === 0 || variance > 0);
  const factors = moments.map(({ variance }) => (varies ? total / (variance * precision) : 1));
  return concatenated(sources.map((source, k) => scaled(source, factors[k])));
}

function scaled(source: DecisionSource, factor: number): DecisionSource {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const chunk of source) yield { ...chunk, weights: chunk.weights.map((weight) => weight * factor) };
    },
  };
}
