/** Off-policy learners where the truth is known: what each makes of the same log, beside who logged it and full supervision. */
import { createRng, type Rng, requireWhole } from '../../base/index.ts';
import {
  type ContextualPolicy,
  contextualPolicy,
  fitActionRewards,
  gradientLearner,
  LEARNER_IDS,
  type LearnerOptions,
  learnerOf,
  partByListener,
  rowsOfLog,
  underPolicy,
} from '../../counterfactual/index.ts';
import { greedy } from '../../policy/index.ts';
import type { ClassificationData } from '../classification/data.ts';
import { meanInterval } from '../classification/figures.ts';
import {
  type Accuracy,
  accuracyOf,
  type LabelledContexts,
  type LabelledLog,
  type LoggingOptions,
  labelledLog,
  supervisedLog,
} from './labelled-log.ts';

export interface LearnOptions extends Partial<LoggingOptions> {
  /** Ids of learners. */
  readonly learners: readonly string[];
  /** Of every learner that is named. @default {} */
  readonly learnerOptions?: LearnerOptions | undefined;
  /** Splits, logs and fits of their own, 1 to 1000. @default 1 */
  readonly runs?: number | undefined;
  /** @default 1 */
  readonly seed?: number | undefined;
}

/** A figure over runs. */
export interface OverRuns {
  readonly mean: number;
  /** 95% of the mean over runs (Student's t); null for one run. */
  readonly interval: readonly [number, number] | null;
  readonly byRun: readonly number[];
}

export interface PolicyFigures {
  /** Expected accuracy on the test rows: the mean chance of the row's class. */
  readonly accuracy: OverRuns;
  /** Accuracy of the policy that always takes the highest score. */
  readonly greedyAccuracy: OverRuns;
}

export interface LearnerFigures extends PolicyFigures {
  readonly learner: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Which full supervision is of the same class of models. */
  readonly modelClass: ModelClass;
  /** What the learner chose on the way, a run each. */
  readonly chosen: readonly Readonly<Record<string, number | string>>[];
  /** In how many runs its accuracy is below the logging policy's. */
  readonly runsBelowLogging: number;
  /** In how many its greedy form is below the logging policy's greedy form. */
  readonly runsBelowGreedyLogging: number;
}

/** Scores of a softmax, or a reward model whose best action is taken. */
export type ModelClass = 'softmax' | 'rewards';

export interface LearnReport {
  readonly rows: { readonly log: number; readonly tutor: number; readonly test: number };
  readonly classes: number;
  readonly columns: number;
  readonly runs: number;
  readonly seed: number;
  readonly logging: PolicyFigures & { readonly options: Readonly<LoggingOptions> };
  /** The same classes of models, learnt from the classes of the log's rows. */
  readonly supervised: Readonly<Record<ModelClass, PolicyFigures>>;
  readonly learners: readonly LearnerFigures[];
}

export interface LearnRunHooks {
  readonly onProgress?: ((share: number, note: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Throws `OPTION_INVALID` for a learner or an option that there is not; rejects with the signal's reason. */
export async function learnFromLabels(
  data: ClassificationData,
  { learners: ids, learnerOptions, runs = 1, seed = 1, ...logging }: LearnOptions,
  { onProgress, signal }: LearnRunHooks = {},
): Promise<LearnReport> {
  requireWhole('ope learn', 'runs', runs, 1, 1000);
  const learners = ids.map((id) => learnerOf(id, learnerOptions));
  const ofLogging: Accuracy[] = [];
  const ofSupervised: Record<ModelClass, Accuracy[]> = { softmax: [], rewards: [] };
  const ofLearners: Accuracy[][] = learners.map(() => []);
  const chosen: Readonly<Record<string, number | string>>[][] = learners.map(() => []);
  let made: LabelledLog | undefined;
  for (let run = 0; run < runs; run++) {
    const rng = createRng(seed).fork(run);
    const tell = (done: number, note: string): void =>
      onProgress?.((run + done / (learners.length + 2)) / runs, `run ${run + 1} of ${runs}, ${note}`);
    made = await labelledLog(data, logging, rng.fork(0));
    const { log, test } = made;
    const figures = (policy: ContextualPolicy): Accuracy => accuracyOf(policy, underPolicy(policy, greedy()), test);
    ofLogging.push(figures(made.logging));
    const learnt: LabelledContexts = { rows: log.rows, contexts: log.contexts, labels: made.labels };
    tell(0, 'full supervision');
    ofSupervised.softmax.push(figures(await supervisedSoftmax(learnt, made, rng.fork(1), signal)));
    tell(1, 'full supervision');
    ofSupervised.rewards.push(figures(await supervisedRewards(learnt, made, rng.fork(2), signal)));
    for (const [k, learner] of learners.entries()) {
      tell(2 + k, learner.id);
      const policy = await learner.learn(log, rng.fork(3), {
        signal,
        onProgress: (share) => tell(2 + k + share, learner.id),
      });
      ofLearners[k].push(figures(policy));
      chosen[k].push(policy.chosen);
    }
  }
  if (made === undefined) throw new Error('no run');
  const below = (all: readonly Accuracy[], of: (one: Accuracy) => number): number =>
    all.filter((one, run) => of(one) < of(ofLogging[run])).length;
  return {
    rows: { log: made.log.rows, tutor: made.tutorRows, test: made.test.rows },
    classes: data.classes.length,
    columns: made.log.contextWidth,
    runs,
    seed,
    logging: { ...overRuns(ofLogging), options: made.options },
    supervised: { softmax: overRuns(ofSupervised.softmax), rewards: overRuns(ofSupervised.rewards) },
    learners: learners.map(({ id, options }, k) => ({
      learner: id,
      options,
      ...overRuns(ofLearners[k]),
      modelClass: id === 'ips' || id === 'dr' ? 'rewards' : 'softmax',
      chosen: chosen[k],
      runsBelowLogging: below(ofLearners[k], ({ accuracy }) => accuracy),
      runsBelowGreedyLogging: below(ofLearners[k], ({ greedyAccuracy }) => greedyAccuracy),
    })),
  };
}

/** Ids that `each` stands for. */
export const OFF_POLICY_LEARNERS: readonly string[] = LEARNER_IDS;

function overRuns(all: readonly Accuracy[]): PolicyFigures {
  const figure = (of: (one: Accuracy) => number): OverRuns => {
    const byRun = all.map(of);
    return { ...meanInterval(byRun), byRun };
  };
  return {
    accuracy: figure(({ accuracy }) => accuracy),
    greedyAccuracy: figure(({ greedyAccuracy }) => greedyAccuracy),
  };
}

/** Penalties of full supervision that are tried, the best on a quarter of the rows: what the learners try as well. */
const PENALTIES = [1e-5, 1e-4, 1e-3];
const HOLDOUT = 0.25;

/** Multinomial logistic regression. */
async function supervisedSoftmax(
  learnt: LabelledContexts,
  { log }: LabelledLog,
  rng: Rng,
  signal: AbortSignal | undefined,
): Promise<ContextualPolicy> {
  const all = supervisedLog(learnt, log.contextWidth, log.actions);
  const { rest, part } = partByListener(all, HOLDOUT, rng);
  const [fitted, judged] = [rowsOfLog(all, rest), rowsOfLog(all, part)];
  const test = { rows: judged.rows, contexts: judged.contexts, labels: judged.taken };
  let best = PENALTIES[0];
  let most = -1;
  for (const l2 of PENALTIES) {
    const policy = await gradientLearner('classifier', { l2: [l2] }).learn(fitted, createRng(0), { signal });
    const { greedyAccuracy } = accuracyOf(policy, underPolicy(policy, greedy()), test);
    if (greedyAccuracy > most) {
      most = greedyAccuracy;
      best = l2;
    }
  }
  return gradientLearner('classifier', { l2: [best] }).learn(all, createRng(0), { signal });
}

/** A logistic regression a class, against all others: what `ips` and `dr` fit, told of every reward. */
async function supervisedRewards(
  { rows, labels }: LabelledContexts,
  { log }: LabelledLog,
  rng: Rng,
  signal: AbortSignal | undefined,
): Promise<ContextualPolicy> {
  const { actions } = log;
  const cells = Uint32Array.from({ length: rows * actions }, (_, k) => k);
  const samples = {
    rows: cells.map((k) => Math.floor(k / actions)),
    actions: cells.map((k) => k % actions),
    rewards: Float64Array.from(cells, (k) => Number(labels[Math.floor(k / actions)] === k % actions)),
    weights: new Float64Array(cells.length).fill(1),
  };
  const rewards = await fitActionRewards(log, samples, { form: 'perAction' }, rng, { signal });
  return contextualPolicy('supervised', { ...rewards, scores: rewards.predict }, greedy());
}
