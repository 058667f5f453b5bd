/**
 * Reward models for direct and doubly robust estimates, fitted on other listeners than those that they are read for.
 *
 *   predicted_i = q̂₋ₖ(x_i, a_i),   expected_i = Σ_a π_e(a | x_i) q̂₋ₖ(x_i, a),   k the fold of row i's listener
 *
 * A model that has seen a row knows part of its noise, and the correction w (r - q̂) then hides it: the estimate's error is
 * larger than its interval says. Narita, Yasui & Yata 2020; Chernozhukov et al. 2018 (cross-fitting).
 */
import { type Rng, requireOneOf, requireWhole, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { type ContextualLog, checkLog, checkTarget, foldsByListener } from './contextual-log.ts';
import {
  type ActionRewards,
  type FitHooks,
  fitActionRewards,
  REWARD_FIT_DEFAULTS,
  type RewardFitOptions,
} from './reward-fit.ts';

/**
 * How a logged row weighs in the fit:
 *  - `normal`: 1;
 *  - `importance`: π_e(a|x) / p, the regression under the target policy's actions (Farajtabar et al. 2018 for its use);
 *  - `mrdr`: π_e(a|x) (1 - p) / p², which makes the variance of the doubly robust estimate least where π_e is deterministic
 *    ("more robust doubly robust", Farajtabar, Chow & Ghavamzadeh 2018). Rows of p = 1 do not weigh.
 * Both leave rows out that the target never takes. With propensities near 0 a few rows are all that the model sees.
 */
export type RewardWeighting = 'normal' | 'importance' | 'mrdr';

export interface CrossFitOptions extends RewardFitOptions {
  /** @default 'normal' */
  readonly weighting: RewardWeighting;
  /** 1: no cross-fitting, one model of all rows; 2 to 255. @default 3 */
  readonly folds: number;
}

export interface CrossFitted {
  /** rows: which fold a row is in; the model that it is read from was not fitted on that fold. */
  readonly foldOf: Uint8Array;
  /** rows x actions: q̂(x_i, a). */
  readonly all: Float64Array;
  /** rows: q̂(x_i, a_i). */
  readonly predicted: Float64Array;
}

const DEFAULTS: CrossFitOptions = { ...REWARD_FIT_DEFAULTS, weighting: 'normal', folds: 3 };

/**
 * @param target rows x actions, π_e; `importance` and `mrdr` need it.
 * @param foldOf rows: folds of the caller's own, 0 .. folds - 1, in place of those by listener.
 * @throws `EXAMPLES_INVALID`, `OPE_PROPENSITY_RANGE` (see `checkLog`), `OPTION_INVALID`. Deterministic under the generator.
 */
export async function crossFit(
  log: ContextualLog,
  target: Float64Array | undefined,
  given: Partial<CrossFitOptions>,
  rng: Rng,
  hooks: FitHooks & { readonly foldOf?: Uint8Array | undefined } = {},
): Promise<CrossFitted> {
  const { weighting, folds, ...fit } = resolveOptions<CrossFitOptions>('crossFit', given, DEFAULTS);
  requireOneOf('crossFit', 'weighting', weighting, ['normal', 'importance', 'mrdr']);
  requireWhole('crossFit', 'folds', folds, 1, 255);
  checkLog(log);
  if (target !== undefined) checkTarget(log, target);
  const weights = rewardWeights(log, target, weighting);
  const foldOf = hooks.foldOf ?? (folds === 1 ? new Uint8Array(log.rows) : foldsByListener(log, folds, rng.fork(0)));
  const { rows, actions, contextWidth } = log;
  const all = new Float64Array(rows * actions);
  for (let fold = 0; fold < folds; fold++) {
    const onProgress = hooks.onProgress && ((share: number) => hooks.onProgress?.((fold + share) / folds));
    const learnt = rowsWhere(foldOf, (other) => folds === 1 || other !== fold);
    const model = await fitLogged(log, learnt, weights, fit, rng.fork(1 + fold), { signal: hooks.signal, onProgress });
    predictRows(
      model,
      log,
      contextWidth,
      rowsWhere(foldOf, (other) => other === fold),
      all,
    );
  }
  return { foldOf, all, predicted: Float64Array.from(log.taken, (a, i) => all[i * actions + a]) };
}

/** out[i] = Σ_a π(a | x_i) q(x_i, a), of rows x actions each: what a policy is worth if q is true. */
export function expectedUnder(policy: Float64Array, all: Float64Array, rows: number): Float64Array {
  const actions = all.length / rows;
  const expected = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < actions; a++) expected[i] += policy[i * actions + a] * all[i * actions + a];
  }
  return expected;
}

/** rows: weights of the logged rows in a fit. Throws `OPTION_INVALID` where a target is needed and there is none. */
export function rewardWeights(
  { rows, actions, taken, propensities }: ContextualLog,
  target: Float64Array | undefined,
  weighting: RewardWeighting,
): Float64Array {
  if (weighting === 'normal') return new Float64Array(rows).fill(1);
  if (target === undefined) {
    throw new ShelfwiseError('OPTION_INVALID', `weighting ${weighting} needs the target policy's distribution`);
  }
  return Float64Array.from(propensities, (p, i) => {
    const chance = target[i * actions + taken[i]];
    return weighting === 'importance' ? chance / p : (chance * Math.max(0, 1 - p)) / p ** 2;
  });
}

/** A model of the logged rewards of these rows. */
export function fitLogged(
  log: ContextualLog,
  rows: Uint32Array,
  weights: Float64Array,
  options: Partial<RewardFitOptions>,
  rng: Rng,
  hooks: FitHooks = {},
): Promise<ActionRewards> {
  const samples = {
    rows,
    actions: Uint32Array.from(rows, (row) => log.taken[row]),
    rewards: Float64Array.from(rows, (row) => log.rewards[row]),
    weights: Float64Array.from(rows, (row) => weights[row]),
  };
  return fitActionRewards(log, samples, options, rng, hooks);
}

function rowsWhere(foldOf: Uint8Array, isWanted: (fold: number) => boolean): Uint32Array {
  const rows: number[] = [];
  for (const [row, fold] of foldOf.entries()) if (isWanted(fold)) rows.push(row);
  return Uint32Array.from(rows);
}

function predictRows(
  model: ActionRewards,
  { contexts, actions }: ContextualLog,
  width: number,
  rows: Uint32Array,
  all: Float64Array,
): void {
  const gathered = new Float64Array(rows.length * width);
  for (let k = 0; k < rows.length; k++) {
    gathered.set(contexts.subarray(rows[k] * width, (rows[k] + 1) * width), k * width);
  }
  const out = new Float64Array(rows.length * actions);
  model.predict(gathered, rows.length, out);
  for (let k = 0; k < rows.length; k++) all.set(out.subarray(k * actions, (k + 1) * actions), rows[k] * actions);
}
