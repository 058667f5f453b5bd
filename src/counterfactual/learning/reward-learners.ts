/** Learners that fit rewards and take the best action of the fit. */
import { requireRange, resolveOptions } from '../../base/index.ts';
import { greedy, type Policy, softmax } from '../../policy/index.ts';
import {
  type ActionRewards,
  type ContextualLog,
  type CrossFitOptions,
  checkLog,
  crossFit,
  fitActionRewards,
  fitLogged,
  type RewardFitOptions,
  type RewardSamples,
} from '../nuisance/index.ts';
import { type ContextualPolicy, contextualPolicy } from './contextual-policy.ts';
import type { OffPolicyLearner } from './learner.ts';

export interface RewardLearnerOptions {
  /** Of the fit whose scores the policy reads. @default perAction logistic */
  readonly fit: Partial<RewardFitOptions>;
  /** `dr`: of q̂₀, which is corrected. @default as `fit`, 3 folds */
  readonly rewards: Partial<CrossFitOptions>;
  /** Weights 1 / p count as at most so much. @default 100 */
  readonly clip: number;
  /** Of a softmax over the scores, in units of the reward; 0: the best action always. @default 0 */
  readonly temperature: number;
}

const DEFAULTS: RewardLearnerOptions = { fit: {}, rewards: {}, clip: 100, temperature: 0 };

function resolved(id: string, given: Partial<RewardLearnerOptions>): Readonly<RewardLearnerOptions> {
  const options = resolveOptions<RewardLearnerOptions>(id, given, DEFAULTS);
  requireRange(id, 'clip', options.clip, 1, Number.POSITIVE_INFINITY);
  requireRange(id, 'temperature', options.temperature, 0, 1e6);
  const fit: Partial<RewardFitOptions> = { form: 'perAction', ...options.fit };
  return { ...options, fit, rewards: { ...fit, ...options.rewards } };
}

function policyOver(id: string, rewards: ActionRewards, { temperature }: RewardLearnerOptions): ContextualPolicy {
  const { actions, contextWidth } = rewards;
  const scores = { actions, contextWidth, scores: rewards.predict };
  const policy: Policy = temperature === 0 ? greedy() : softmax({ temperature });
  return contextualPolicy(id, scores, policy, { temperature });
}

/**
 * Inverse propensity weighted regression: q̂ = argmin Σ_i min(1 / p_i, M) loss(r_i, q(x_i, a_i)). In expectation (but for the
 * clip) the fit to all actions of all contexts alike, so that a model that cannot be right everywhere is not bent to what the
 * logging policy liked. The variance grows with 1 / p: an action of propensity 0.001 that is rewarded once weighs a thousand
 * rows. A model that can be right needs no weights and is better off without.
 */
export function ipsLearner(given: Partial<RewardLearnerOptions> = {}): OffPolicyLearner {
  const options = resolved('ips', given);
  return {
    id: 'ips',
    options: { ...options },
    async learn(log, rng, hooks) {
      checkLog(log);
      const samples: RewardSamples = {
        rows: everyRow(log),
        actions: log.taken,
        rewards: log.rewards,
        weights: log.propensities.map((p) => Math.min(1 / p, options.clip)),
      };
      return policyOver('ips', await fitActionRewards(log, samples, options.fit, rng, hooks), options);
    },
  };
}

/**
 * Doubly robust regression: q̂ = q̂₀ + δ̂, where q̂₀ is a reward model of the logged rows and δ̂ is fitted, by the same family, to
 *   δ(x_i, a) = 1[a = a_i] min(1 / p_i, M) (r_i - q̂₋ₖ(x_i, a_i))   of all K actions in all contexts, q̂₋ₖ cross-fitted by listener.
 * Its expectation is the reward less q̂₋ₖ (but for the clip): that is the least-squares fit to doubly robust pseudo-rewards
 * q̂₋ₖ + δ, among functions that are q̂₀ and a correction of it. The variance is that of the residuals over p, not of the rewards over p.
 * Why a correction: δ spans ±1 / p and is brought to [0, 1] by that range, where a logistic fit is nearly a linear one. Fitted to
 * the pseudo-rewards themselves it would have to say all of q in that form, which ranks classes worse than a logistic q̂₀ does (even
 * when told every reward), and q̂₀ would be lost.
 * Dudík, Langford & Li 2011; Dudík, Erhan, Langford & Li 2014.
 */
export function drLearner(given: Partial<RewardLearnerOptions> = {}): OffPolicyLearner {
  const options = resolved('dr', given);
  return {
    id: 'dr',
    options: { ...options },
    async learn(log, rng, hooks = {}) {
      const part = (from: number, share: number) => ({
        signal: hooks.signal,
        onProgress: hooks.onProgress && ((done: number) => hooks.onProgress?.(from + share * done)),
      });
      const { predicted } = await crossFit(log, undefined, options.rewards, rng.fork(0), part(0, 0.4));
      const { weighting: _, folds: __, ...fit } = options.rewards;
      const base = await fitLogged(log, everyRow(log), ones(log.rows), fit, rng.fork(2), part(0.4, 0.2));
      const corrections = pseudoResiduals(log, predicted, options.clip);
      const correction = await fitActionRewards(log, corrections, options.fit, rng.fork(1), part(0.6, 0.4));
      return policyOver('dr', sumOf(base, correction), options);
    },
  };
}

/** δ: a sample for each row and action. @param predicted rows: q̂₋ₖ(x_i, a_i) */
export function pseudoResiduals(log: ContextualLog, predicted: Float64Array, clip: number): RewardSamples {
  const { rows, actions, taken, rewards, propensities } = log;
  const residuals = new Float64Array(rows * actions);
  for (let i = 0; i < rows; i++)
    residuals[i * actions + taken[i]] = Math.min(1 / propensities[i], clip) * (rewards[i] - predicted[i]);
  return {
    rows: Uint32Array.from(residuals, (_, k) => Math.floor(k / actions)),
    actions: Uint32Array.from(residuals, (_, k) => k % actions),
    rewards: residuals,
    weights: ones(residuals.length),
  };
}

function sumOf(base: ActionRewards, correction: ActionRewards): ActionRewards {
  let corrections = new Float64Array(0);
  return {
    actions: base.actions,
    contextWidth: base.contextWidth,
    predict(contexts, rows, out) {
      const cells = rows * base.actions;
      if (corrections.length < cells) corrections = new Float64Array(cells);
      base.predict(contexts, rows, out);
      correction.predict(contexts, rows, corrections);
      for (let k = 0; k < cells; k++) out[k] += corrections[k];
    },
  };
}

function everyRow({ rows }: ContextualLog): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, i) => i);
}

function ones(length: number): Float64Array {
  return new Float64Array(length).fill(1);
}
