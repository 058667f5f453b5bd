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
  type RewardFitOptions,
  type RewardSamples,
} from '../nuisance/index.ts';
import { type ContextualPolicy, contextualPolicy } from './contextual-policy.ts';
import type { OffPolicyLearner } from './learner.ts';

export interface RewardLearnerOptions {
  /** Of the fit whose scores the policy reads. @default perAction logistic */
  readonly fit: Partial<RewardFitOptions>;
  /** `dr`: of the cross-fitted model that the pseudo-rewards stand on. @default as `fit`, 3 folds */
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
        rows: Uint32Array.from({ length: log.rows }, (_, i) => i),
        actions: log.taken,
        rewards: log.rewards,
        weights: log.propensities.map((p) => Math.min(1 / p, options.clip)),
      };
      return policyOver('ips', await fitActionRewards(log, samples, options.fit, rng, hooks), options);
    },
  };
}

/**
 * Doubly robust regression: q̂ fitted to pseudo-rewards of all K actions in all contexts,
 *   r̃(x_i, a) = q̂₀(x_i, a) + 1[a = a_i] min(1 / p_i, M) (r_i - q̂₀(x_i, a_i)),   q̂₀ cross-fitted by listener.
 * Their expectation is the reward (but for the clip), so that their best actions are those of full information; their variance
 * is that of the residuals over p, not of the rewards over p. rows x K rows are learnt from.
 * Pseudo-rewards span about ±1 / p, and are brought to [0, 1] by that range: a logistic fit of them is nearly a linear one, and
 * where classes are many a linear fit ranks worse than the weighted logistic one of `ips`.
 * Dudík, Langford & Li 2011; Dudík, Erhan, Langford & Li 2014.
 */
export function drLearner(given: Partial<RewardLearnerOptions> = {}): OffPolicyLearner {
  const options = resolved('dr', given);
  return {
    id: 'dr',
    options: { ...options },
    async learn(log, rng, hooks = {}) {
      const half = (from: number) => hooks.onProgress && ((done: number) => hooks.onProgress?.(from + done / 2));
      const first = { signal: hooks.signal, onProgress: half(0) };
      const { all } = await crossFit(log, undefined, options.rewards, rng.fork(0), first);
      const samples = pseudoRewards(log, all, options.clip);
      const second = { signal: hooks.signal, onProgress: half(0.5) };
      return policyOver('dr', await fitActionRewards(log, samples, options.fit, rng.fork(1), second), options);
    },
  };
}

/** A sample for each row and action. */
export function pseudoRewards(log: ContextualLog, all: Float64Array, clip: number): RewardSamples {
  const { rows, actions, taken, rewards, propensities } = log;
  const pseudo = all.slice();
  for (let i = 0; i < rows; i++) {
    const k = i * actions + taken[i];
    pseudo[k] += Math.min(1 / propensities[i], clip) * (rewards[i] - all[k]);
  }
  return {
    rows: Uint32Array.from(pseudo, (_, k) => Math.floor(k / actions)),
    actions: Uint32Array.from(pseudo, (_, k) => k % actions),
    rewards: pseudo,
    weights: new Float64Array(pseudo.length).fill(1),
  };
}
