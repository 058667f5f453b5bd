/** Learners that climb an estimate of the value of a softmax policy. */
import { type Rng, requireOneOf, requireRange, requireWhole, resolveOptions } from '../../base/index.ts';
import { softmax } from '../../policy/index.ts';
import {
  type ContextualLog,
  type CrossFitOptions,
  checkLog,
  crossFit,
  partByListener,
  rowsOfLog,
} from '../nuisance/index.ts';
import { type ContextualPolicy, contextualPolicy } from './contextual-policy.ts';
import type { LearnHooks, OffPolicyLearner } from './learner.ts';
import {
  classification,
  counterfactualRisk,
  doublyRobust,
  inversePropensity,
  normalisedRisk,
  type PolicyObjective,
  selfNormalised,
} from './objectives.ts';
import { searchPolicy } from './policy-search.ts';
import { linearScorer, mlpScorer, type Scorer } from './scorers.ts';

export interface GradientOptions {
  /** Linear in the context, or with one hidden layer. @default 'linear' */
  readonly scorer: 'linear' | 'mlp';
  /** Units of the hidden layer. @default 32 */
  readonly hidden: number;
  /** Are the columns of the context brought to mean 0 and deviation 1? The layer's always are. @default true */
  readonly standardise: boolean;
  /** Penalties on θ²/2 that are tried; more of it stays nearer to the uniform policy. @default [1e-5, 1e-4, 1e-3] */
  readonly l2: readonly number[];
  /**
   * Tried too: λ of POEM and norm-POEM, in standard errors; translations of BanditNet, in units of the largest reward. Others
   * have none. @default [0.1, 1] for POEM and norm-POEM, [0.25, 0.5, 0.75] for BanditNet
   */
  readonly penalties: readonly number[] | undefined;
  /** Weights count as at most so much, where the objective is not self-normalised. @default 100 */
  readonly clip: number;
  /** Of L-BFGS at most, from the start on. @default 100 */
  readonly iterations: number;
  /** The search ends when no component of the gradient is larger, in units of the reward. @default 1e-5 */
  readonly tolerance: number;
  /** Share of the listeners that only choose, among what is tried, by the self-normalised estimate on them. @default 0.25 */
  readonly holdout: number;
  /** Where the search begins: at the optimum of the classification surrogate, or at the uniform policy. @default 'classification' */
  readonly start: 'classification' | 'uniform';
  /** Of the reward model of doubly robust gradients. @default perAction logistic, 3 folds */
  readonly rewards: Partial<CrossFitOptions>;
}

const DEFAULTS: GradientOptions = {
  scorer: 'linear',
  hidden: 32,
  standardise: true,
  l2: [1e-5, 1e-4, 1e-3],
  penalties: undefined,
  clip: 100,
  iterations: 100,
  tolerance: 1e-5,
  holdout: 0.25,
  start: 'classification',
  rewards: { form: 'perAction' },
};

type ObjectiveOf = (
  log: ContextualLog,
  options: Readonly<GradientOptions>,
  penalty: number,
  rng: Rng,
  hooks: LearnHooks,
) => Promise<PolicyObjective>;

const RISK_PENALTIES = [0.1, 1];
const TRANSLATIONS = [0.25, 0.5, 0.75];

interface Kind {
  readonly penalties: readonly number[];
  readonly objective: ObjectiveOf;
}

const NO_PENALTY: readonly number[] = [0];

const KINDS = {
  classifier: { penalties: NO_PENALTY, objective: async (log) => classification(log) },
  'gradient-ips': { penalties: NO_PENALTY, objective: async (log, { clip }) => inversePropensity(log, { clip }) },
  'gradient-snips': { penalties: NO_PENALTY, objective: async (log) => selfNormalised(log) },
  'gradient-dr': {
    penalties: NO_PENALTY,
    async objective(log, { clip, rewards }, _penalty, rng, hooks) {
      const { all } = await crossFit(log, undefined, rewards, rng, { signal: hooks.signal });
      return doublyRobust(log, all, { clip });
    },
  },
  poem: {
    penalties: RISK_PENALTIES,
    objective: async (log, { clip }, penalty) => counterfactualRisk(log, { clip, penalty }),
  },
  'norm-poem': {
    penalties: RISK_PENALTIES,
    objective: async (log, _options, penalty) => normalisedRisk(log, { penalty }),
  },
  banditnet: {
    penalties: TRANSLATIONS,
    objective: async (log, { clip }, penalty) =>
      inversePropensity(log, { clip, translation: penalty * log.rewards.reduce((most, r) => Math.max(most, r), 0) }),
  },
} satisfies Readonly<Record<string, Kind>>;

export type GradientId = keyof typeof KINDS;

export const GRADIENT_IDS = Object.keys(KINDS) as readonly GradientId[];

/**
 * | id | objective (`objectives.ts` has the formulas) |
 * | --- | --- |
 * | `classifier` | weighted classification into the rewarded actions: Open Bandit Pipeline's `IPWLearner` |
 * | `gradient-ips`, `gradient-snips`, `gradient-dr` | the estimate itself |
 * | `poem`, `norm-poem` | the estimate less λ of its standard errors |
 * | `banditnet` | inverse propensity scores of translated rewards |
 *
 * Penalties are chosen on held-out listeners; the policy is then fitted on all rows. Throws `OPTION_INVALID`.
 */
export function gradientLearner(id: GradientId, given: Partial<GradientOptions> = {}): OffPolicyLearner {
  const options = resolveOptions<GradientOptions>(id, given, DEFAULTS);
  requireOneOf(id, 'scorer', options.scorer, ['linear', 'mlp']);
  requireOneOf(id, 'start', options.start, ['classification', 'uniform']);
  requireWhole(id, 'hidden', options.hidden, 1, 1024);
  requireWhole(id, 'iterations', options.iterations, 1, 100_000);
  requireRange(id, 'tolerance', options.tolerance, 0, 1);
  requireRange(id, 'clip', options.clip, 1e-6, Number.POSITIVE_INFINITY);
  requireRange(id, 'holdout', options.holdout, 0.01, 0.5);
  const kind: Kind = KINDS[id];
  const penalties = options.penalties ?? kind.penalties;
  for (const l2 of options.l2) requireRange(id, 'l2', l2, 0, 1e6);
  for (const penalty of penalties) requireRange(id, 'penalties', penalty, 0, 1e6);
  const tried = penalties.flatMap((penalty) => options.l2.map((l2) => ({ l2, penalty })));
  requireRange(id, 'what is tried', tried.length, 1, 1000);
  return {
    id,
    options: { ...options, penalties },
    async learn(log, rng, hooks = {}) {
      checkLog(log);
      const searches = (of: ContextualLog, label: number) =>
        new Searches(id, kind, of, options, rng.fork(label), hooks.signal);
      if (tried.length === 1) return searches(log, 1).at(tried[0]);
      const { rest, part } = partByListener(log, options.holdout, rng.fork(0));
      const judged = rowsOfLog(log, part);
      const ofRest = searches(rowsOfLog(log, rest), 2);
      let best = tried[0];
      let most = Number.NEGATIVE_INFINITY;
      for (const [k, one] of tried.entries()) {
        hooks.onProgress?.(k / (tried.length + 1));
        const value = selfNormalisedValue(await ofRest.at(one), judged);
        if (value > most) {
          most = value;
          best = one;
        }
      }
      return searches(log, 1).at(best);
    },
  };
}

interface Tried {
  readonly l2: number;
  readonly penalty: number;
}

/** The searches on one log: what several of them share is worked out once. */
class Searches {
  private readonly id: GradientId;
  private readonly kind: Kind;
  private readonly log: ContextualLog;
  private readonly options: Readonly<GradientOptions>;
  private readonly rng: Rng;
  private readonly signal: AbortSignal | undefined;
  private readonly scorer: Scorer;
  private start: Float64Array | undefined;
  private readonly objectives = new Map<number, PolicyObjective>();

  constructor(
    id: GradientId,
    kind: Kind,
    log: ContextualLog,
    options: Readonly<GradientOptions>,
    rng: Rng,
    signal: AbortSignal | undefined,
  ) {
    this.id = id;
    this.kind = kind;
    this.log = log;
    this.options = options;
    this.rng = rng;
    this.signal = signal;
    this.scorer = options.scorer === 'linear' ? linearScorer(log, options.standardise) : mlpScorer(log, options.hidden);
  }

  async at({ l2, penalty }: Tried): Promise<ContextualPolicy> {
    const { id, kind, log, scorer } = this;
    const objective = await this.objectiveAt(penalty);
    const parameters = await searchPolicy(log, scorer, objective, await this.startOfAll(), this.search(l2));
    const chosen = kind.penalties === NO_PENALTY ? { l2 } : { l2, penalty };
    return contextualPolicy(id, scorer.frozen(parameters), softmax({ temperature: 1 }), chosen);
  }

  private search(l2: number) {
    const { iterations, tolerance } = this.options;
    return { l2, iterations, tolerance, signal: this.signal };
  }

  /** For all searches the same: under the penalty in the middle of those that are tried. */
  private async startOfAll(): Promise<Float64Array> {
    if (this.start !== undefined) return this.start;
    const { log, scorer, options } = this;
    let start = scorer.start(this.rng.fork(0));
    if (options.start === 'classification' && this.id !== 'classifier') {
      const l2 = [...options.l2].sort((one, other) => one - other)[options.l2.length >> 1];
      start = await searchPolicy(log, scorer, classification(log), start, this.search(l2));
    }
    this.start = start;
    return start;
  }

  private async objectiveAt(penalty: number): Promise<PolicyObjective> {
    const { kind, log, options, signal } = this;
    const known = this.objectives.get(penalty);
    if (known !== undefined) return known;
    const objective = await kind.objective(log, options, penalty, this.rng.fork(1), { signal });
    this.objectives.set(penalty, objective);
    return objective;
  }
}

/** Σ w r / Σ w on a log; -Infinity where the policy takes nothing that was logged. */
export function selfNormalisedValue(policy: ContextualPolicy, log: ContextualLog): number {
  const { rows, actions, contexts, taken, rewards, propensities } = log;
  const chances = new Float64Array(rows * actions);
  policy.distribution(contexts, rows, chances);
  let mass = 0;
  let total = 0;
  for (let i = 0; i < rows; i++) {
    const w = chances[i * actions + taken[i]] / propensities[i];
    mass += w;
    total += w * rewards[i];
  }
  return mass > 0 ? total / mass : Number.NEGATIVE_INFINITY;
}
