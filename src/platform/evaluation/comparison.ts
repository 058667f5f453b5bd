/** What a comparison of policies on logged decisions is asked for, and what it tells. */
import type { CompositionOptions, PolicyOptions } from '../../policy/index.ts';
import type { OnProgress } from '../workshop.ts';
import type { WeightHistogram } from './weight-histograms.ts';

export type { WeightBin, WeightHistogram } from './weight-histograms.ts';

/** How much of a page a weight takes in (`slope`: as little as the data cannot tell from the most); docs/counterfactual.md. */
export const COMPARED_RUNGS = ['slope', 'prefix', 'above', 'row', 'item'] as const;
export type ComparedRung = (typeof COMPARED_RUNGS)[number];

export const SLICE_DIMENSIONS = ['tier', 'market', 'device', 'listener', 'dayPart'] as const;
export type SliceDimension = (typeof SLICE_DIMENSIONS)[number];

/**
 * `cross-fitted`: fitted for this comparison, each listener's rewards predicted by a model of others. `logged`: the model that
 * each decision was made with, before its rewards. `none`: no doubly robust estimate.
 */
export const REWARD_MODELS = ['cross-fitted', 'logged', 'none'] as const;
export type RewardModelChoice = (typeof REWARD_MODELS)[number];

export interface PolicyUnderEvaluation {
  /** What it is called in the answer. @default its id */
  readonly name?: string;
  /** The id of a policy, or `served`: of each decision what drew it. */
  readonly policy: string;
  /** Its options; those that are left out are what serves now has, or the policy's own defaults. */
  readonly options?: PolicyOptions;
  /** What is wanted of pages besides, over what serves now has. */
  readonly composition?: Partial<CompositionOptions>;
  /**
   * `logged`: each decision's own model, which knew nothing of its rewards. `serving`, or the hash of a model: that one for all
   * decisions; where it has learnt from the span it knows their rewards, and its value comes out too high. @default 'logged'
   */
  readonly model?: string;
}

/** Which past decisions an evaluation reads, and with what reward model. */
export interface ReadingOptions {
  /** Which decisions: `all`, the last `30d` (or `12h`), or `FROM..TO`. @default '30d' */
  readonly span: string;
  /** Share of the decisions that is read, evenly, by hash. @default 1 */
  readonly share: number;
  /** @default 'cross-fitted' */
  readonly rewardModel: RewardModelChoice;
  /** Family of the cross-fitted model. @default 'logistic' */
  readonly family: string;
  /** Folds of listeners. @default 2 */
  readonly folds: number;
  /** Of folds, fits and resamples. @default 1 */
  readonly seed: number;
}

export interface ComparisonOptions extends ReadingOptions {
  readonly policies: readonly PolicyUnderEvaluation[];
  /**
   * As `ope estimate` names them: `dr`, `sndr`, `ipw`, `snipw`, `dr(lambda=10.0)`; the first leads, others stand beside it, from the
   * same reading. @default ['dr'], without a reward model ['ipw']
   */
  readonly estimators: readonly string[];
  /** @default 'above' */
  readonly rung: ComparedRung;
  /** Values apart for each name of these. @default none */
  readonly by: readonly SliceDimension[];
  /** Chance that an interval is to cover, (0, 1). @default 0.95 */
  readonly level: number;
  /** Of the bootstrap by listener. @default 1000 */
  readonly resamples: number;
}

export type Bounds = readonly [lower: number | null, upper: number | null];

export interface ComparedFigure {
  readonly value: number;
  /** By listener; null where it has no end. */
  readonly interval: Bounds;
}

export interface PolicyWeights {
  readonly cards: number;
  /** (Σ w)² / Σ w² of the cards' weights, as a share of the cards; and of the pages', whole. */
  readonly essShare: number;
  readonly pageEssShare: number;
  /** Listeners of equal weight that would say as much. */
  readonly listeners: number;
  /** 1 in expectation where the log supports the policy. */
  readonly meanWeight: number;
  readonly maxWeight: number;
  /** Share of drawn steps at which the policy gives the logged action another probability than the log did. */
  readonly differing: number;
  /** Share of its choices that the policy would make where the log had no chance of making them. */
  readonly missing: number;
}

export type Verdict = 'trustworthy' | 'weak' | 'refused';

export interface VerdictReason {
  readonly code: string;
  readonly severity: 'weak' | 'refused';
  readonly sentence: string;
  readonly remedy: string;
}

export interface ComparedPolicy {
  readonly name: string;
  /** Reward a decision: cards that earn. Null where it is refused. */
  readonly value: number | null;
  readonly interval: Bounds | null;
  /** The rung that the value stands on. */
  readonly rung: Exclude<ComparedRung, 'slope'>;
  /**
   * What the rung takes for granted, in rewards a decision, as the reward model has it: the value may be too high by that much. Lifts and
   * the difference have intervals that are wide enough for it; the value's own has not. 0 at `prefix`. Null of what served, and where it is not
   * known, so that nothing allows for it: without a reward model, and by fewer than 30 draws (a draw a decision) or 10 listeners. In a slice:
   * the same share of what is earned as overall.
   */
  readonly assumptionCost: ComparedFigure | null;
  /** Relative: 0.1 is a tenth more. With paired intervals; null where either side is refused or nothing is earned. */
  readonly liftOverServed: ComparedFigure | null;
  readonly liftOverPopularity: ComparedFigure | null;
  /** value - what served, with a paired interval. */
  readonly differenceToServed: ComparedFigure | null;
  readonly essShare: number;
  readonly weights: PolicyWeights;
  readonly verdict: Verdict;
  /** Refusals first. */
  readonly reasons: readonly VerdictReason[];
}

export interface PopularityFigure extends ComparedFigure {
  /** `log`: estimated like any policy. `hold-out`: what the listeners earned whom popularity serves for good; lifts are then not paired. */
  readonly from: 'log' | 'hold-out';
  readonly decisions: number;
  readonly listeners: number;
}

export interface ComparedSlice {
  /** '' and '' for all decisions. */
  readonly dimension: SliceDimension | '';
  readonly name: string;
  readonly decisions: number;
  readonly listeners: number;
  /** What was earned, a decision. */
  readonly served: ComparedFigure;
  /** Null where neither the log nor a hold-out tells. */
  readonly popularity: PopularityFigure | null;
  readonly policies: readonly ComparedPolicy[];
}

/** Which, and the rows that it was fitted to. */
export interface RewardModelReport {
  readonly kind: RewardModelChoice;
  readonly family: string;
  readonly rows: number;
}

/** The same decisions by another estimator. */
export interface ComparedEstimator {
  readonly estimator: string;
  readonly overall: ComparedSlice;
  readonly slices: readonly ComparedSlice[];
}

export interface ComparisonReport {
  readonly span: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** The leading one: of `overall` and `slices`. */
  readonly estimator: string;
  readonly rung: ComparedRung;
  /** What the rung takes for granted. */
  readonly assumption: string;
  readonly level: number;
  readonly decisions: number;
  readonly listeners: number;
  readonly cards: number;
  /** Decisions of the span that are no part of it, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** Null without one. */
  readonly rewardModel: RewardModelReport | null;
  readonly overall: ComparedSlice;
  /** Of each policy's weights in `overall`. */
  readonly histograms: readonly WeightHistogram[];
  readonly slices: readonly ComparedSlice[];
  /** By the other estimators that were asked for, in their order. */
  readonly others: readonly ComparedEstimator[];
  /** In words: what the figures are, and what they are not. */
  readonly meaning: string;
  readonly seconds: number;
}

/** What an evaluation log is made with. */
export interface EvaluationLogOptions extends ReadingOptions {
  /** Whose probabilities it holds beside those of what served; at most 16, none at least. @default none */
  readonly policies: readonly PolicyUnderEvaluation[];
}

/** The last line of an evaluation log. */
export interface EvaluationLogReport {
  readonly decisions: number;
  readonly listeners: number;
  /** Decisions of the span that are no part of it, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
}

export interface EvaluationService {
  /**
   * Writes past decisions down for evaluation elsewhere, line by line (docs/counterfactual.md), each taken before the next is made;
   * beside serving, in a thread of its own; changes nothing. Throws as `comparePolicies`, and what `onLines` throws.
   */
  exportEvaluationLog(
    request: Partial<EvaluationLogOptions>,
    run: {
      readonly onLines: (lines: readonly string[]) => Promise<void>;
      readonly onProgress?: OnProgress;
      readonly signal?: AbortSignal;
    },
  ): Promise<EvaluationLogReport>;
  /**
   * Estimates what policies would have earned on past decisions, beside serving, in a thread of its own; changes nothing.
   * Throws JOB_RUNNING (a training or another estimate), OPTION_INVALID, OPE_NO_DECISIONS,
   * POLICY_EVIDENCE, EPOCH_NOT_FOUND (a model).
   */
  comparePolicies(
    request: Partial<ComparisonOptions>,
    run?: { readonly onProgress?: OnProgress; readonly signal?: AbortSignal },
  ): Promise<ComparisonReport>;
}
