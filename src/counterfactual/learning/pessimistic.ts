/**
 * Selection among candidates by what they are worth at least: the one whose lower confidence bound is highest on listeners
 * that none of them was learnt from. A candidate that only seems good for a few heavy weights has a low bound; the best
 * estimate instead would as often as not be the luckiest. Swaminathan & Joachims 2015 and Jin, Yang & Wang 2021 for the
 * principle (pessimism); the bounds are those of `intervals/`.
 */
import { requireOneOf, requireRange, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { bernsteinLowerBound, type SampleMoments, studentTLowerBound } from '../intervals/bounded.ts';
import {
  type ActionRewards,
  type ContextualLog,
  checkLog,
  fitLogged,
  partByListener,
  rowsOfLog,
} from '../nuisance/index.ts';
import { type ContextualPolicy, contextualPolicy, distributionOf } from './contextual-policy.ts';
import type { OffPolicyLearner } from './learner.ts';

export interface BoundOptions {
  /**
   * `student-t`: by the limit theorem; `bernstein`: empirical Bernstein with the range of the terms that were seen, far more
   * careful where weights are heavy. @default 'student-t'
   */
  readonly bound: 'student-t' | 'bernstein';
  /** Chance that any of the bounds is above the value of its candidate; each of m has delta / m (Bonferroni). @default 0.05 */
  readonly delta: number;
}

export interface PessimisticOptions extends BoundOptions {
  /** Share of the listeners that candidates are judged on, and not learnt from. @default 0.3 */
  readonly holdout: number;
  /** Is the value estimated doubly robustly, by a reward model of the other listeners, or by inverse propensity scores? @default 'dr' */
  readonly estimate: 'dr' | 'ips';
}

const BOUND_DEFAULTS: BoundOptions = { bound: 'student-t', delta: 0.05 };

/** What a candidate is worth on a log that it was not learnt from. */
export interface JudgedCandidate {
  readonly id: string;
  readonly value: number;
  readonly lowerBound: number;
}

export interface Selection {
  /** Index of the candidate with the highest lower bound; the first of equal ones. */
  readonly best: number;
  readonly judged: readonly JudgedCandidate[];
}

/**
 * Judges candidates on a log. The unit is the listener: the terms of a listener are one observation, Σ terms over the mean
 * number of rows a listener.
 *
 * @param rewards q̂ fitted on other rows: terms are Σ_a π q̂ + w (r - q̂). Without it w r.
 * @throws `OPTION_INVALID` without candidates.
 */
export function selectPessimistically(
  candidates: readonly ContextualPolicy[],
  log: ContextualLog,
  given: Partial<BoundOptions> = {},
  rewards?: ActionRewards | undefined,
): Selection {
  const options = resolveOptions<BoundOptions>('pessimistic', given, BOUND_DEFAULTS);
  requireOneOf('pessimistic', 'bound', options.bound, ['student-t', 'bernstein']);
  requireRange('pessimistic', 'delta', options.delta, 1e-9, 0.5);
  if (candidates.length === 0) throw new ShelfwiseError('OPTION_INVALID', 'there is no candidate to choose from');
  let all: Float64Array | undefined;
  if (rewards !== undefined) {
    all = new Float64Array(log.rows * log.actions);
    rewards.predict(log.contexts, log.rows, all);
  }
  const judged = candidates.map((candidate) => {
    const terms = byListener(log, termsOf(candidate, log, all));
    const { moments, range } = momentsOf(terms);
    const delta = options.delta / candidates.length;
    const lowerBound =
      options.bound === 'student-t' ? studentTLowerBound(moments, delta) : bernsteinLowerBound(moments, range, delta);
    return { id: candidate.id, value: moments.mean, lowerBound };
  });
  let best = 0;
  for (const [k, { lowerBound }] of judged.entries()) if (lowerBound > judged[best].lowerBound) best = k;
  return { best, judged };
}

function termsOf(policy: ContextualPolicy, log: ContextualLog, all: Float64Array | undefined): Float64Array {
  const { rows, actions, contexts, taken, rewards, propensities } = log;
  const chances = distributionOf(policy, contexts, rows);
  const terms = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const at = i * actions;
    const w = chances[at + taken[i]] / propensities[i];
    if (all === undefined) terms[i] = w * rewards[i];
    else {
      for (let a = 0; a < actions; a++) terms[i] += chances[at + a] * all[at + a];
      terms[i] += w * (rewards[i] - all[at + taken[i]]);
    }
  }
  return terms;
}

/** One observation a listener, of the same mean as the terms. */
function byListener({ rows, listeners }: ContextualLog, terms: Float64Array): Float64Array {
  if (listeners === undefined) return terms;
  const sums = new Map<number, number>();
  for (let i = 0; i < rows; i++) sums.set(listeners[i], (sums.get(listeners[i]) ?? 0) + terms[i]);
  return Float64Array.from(sums.values(), (sum) => (sum * sums.size) / rows);
}

function momentsOf(terms: Float64Array): { moments: SampleMoments; range: number } {
  const count = terms.length;
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const term of terms) {
    sum += term;
    least = Math.min(least, term);
    most = Math.max(most, term);
  }
  const mean = sum / count;
  let squares = 0;
  for (const term of terms) squares += (term - mean) ** 2;
  return { moments: { count, mean, variance: squares / count }, range: most - Math.min(0, least) };
}

const DEFAULTS: PessimisticOptions = { ...BOUND_DEFAULTS, holdout: 0.3, estimate: 'dr' };

/**
 * Learns every candidate on some of the listeners, and gives the one with the highest lower bound on the others, as it was
 * learnt: fitted again on all of them, it would not be the policy that the bound is about. `chosen` says which, its estimate
 * and its bound.
 */
export function pessimisticLearner(
  learners: readonly OffPolicyLearner[],
  given: Partial<PessimisticOptions> = {},
): OffPolicyLearner {
  const options = resolveOptions<PessimisticOptions>('pessimistic', given, DEFAULTS);
  requireRange('pessimistic', 'holdout', options.holdout, 0.01, 0.9);
  requireOneOf('pessimistic', 'estimate', options.estimate, ['dr', 'ips']);
  const { bound, delta } = options;
  return {
    id: 'pessimistic',
    options: { ...options, candidates: learners.map(({ id }) => id) },
    async learn(log, rng, hooks = {}) {
      checkLog(log);
      const { rest, part } = partByListener(log, options.holdout, rng.fork(0));
      const learnt = rowsOfLog(log, rest);
      const candidates: ContextualPolicy[] = [];
      for (const [k, learner] of learners.entries()) {
        const onProgress = hooks.onProgress && ((share: number) => hooks.onProgress?.((k + share) / learners.length));
        candidates.push(await learner.learn(learnt, rng.fork(1 + k), { ...hooks, onProgress }));
      }
      const every = Uint32Array.from({ length: learnt.rows }, (_, i) => i);
      const weights = new Float64Array(learnt.rows).fill(1);
      const rewards =
        options.estimate === 'ips'
          ? undefined
          : await fitLogged(learnt, every, weights, { form: 'perAction' }, rng.fork(1 + learners.length), hooks);
      const { best, judged } = selectPessimistically(candidates, rowsOfLog(log, part), { bound, delta }, rewards);
      const winner = candidates[best];
      const { id, value, lowerBound } = judged[best];
      return contextualPolicy('pessimistic', winner, winner.policy, {
        ...winner.chosen,
        candidate: id,
        value,
        lowerBound,
      });
    },
  };
}
