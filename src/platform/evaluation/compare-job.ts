/** One comparison of policies, start to end: a reward model, one pass over the decisions, figures and what they are worth. Writes nothing. */
import { requireOneOf, requireRange, requireWhole, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import {
  type AssumptionCost,
  Comparison,
  isAvailable,
  judge,
  NO_COST,
  type Nuisance,
  normalInterval,
  type PolicyComparison,
  RUNG_ASSUMPTIONS,
  type Rung,
  type SliceComparison,
  scaledCost,
  settingOf,
  widenedDifference,
  widenedLift,
} from '../../counterfactual/index.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import { ALL_RUNGS, type ChunkTotals, keyOf, newTotals, weighedChunks } from './chunks.ts';
import {
  COMPARED_RUNGS,
  type ComparedEstimator,
  type ComparedFigure,
  type ComparedPolicy,
  type ComparedSlice,
  type ComparisonOptions,
  type ComparisonReport,
  type RewardModelChoice,
  SLICE_DIMENSIONS,
} from './comparison.ts';
import { unpairedLift } from './held-out.ts';
import {
  fittedFor,
  noDecisions,
  READING_DEFAULTS,
  type ReadingJob,
  readingOf,
  requireReading,
  rewardModelReport,
} from './reading.ts';
import { popularityAmong, servedAmong, type TargetSpec } from './targets.ts';
import { WeightHistograms } from './weight-histograms.ts';

export interface CompareJob extends ReadingJob {
  readonly options: ComparisonOptions;
  /** With what served and popularity among them, which lifts are taken over. */
  readonly targets: readonly TargetSpec[];
  /** How many of them were asked for: the first. */
  readonly asked: number;
}

const DEFAULTS: ComparisonOptions = {
  ...READING_DEFAULTS,
  policies: [],
  estimators: [],
  rung: 'above',
  by: [],
  level: 0.95,
  resamples: 1000,
};
const MOST_ESTIMATORS = 8;

/** Completes and checks all but the policies; throws `OPTION_INVALID` with the field and its range. */
export function resolveComparison(given: Partial<ComparisonOptions>): ComparisonOptions {
  const options = resolveOptions<ComparisonOptions>('compare', given, DEFAULTS);
  requireReading('compare', options);
  requireOneOf('compare', 'rung', options.rung, COMPARED_RUNGS);
  for (const dimension of options.by) requireOneOf('compare', 'by', dimension, SLICE_DIMENSIONS);
  requireRange('compare', 'level', options.level, 0.5, 0.9999);
  requireWhole('compare', 'resamples', options.resamples, 100, 100_000);
  const hasModel = options.rewardModel !== 'none';
  const estimators = options.estimators.length > 0 ? [...new Set(options.estimators)] : [hasModel ? 'dr' : 'ipw'];
  requireWhole('compare', 'the number of estimators', estimators.length, 1, MOST_ESTIMATORS);
  for (const name of estimators) {
    const { estimator } = settingOf(name);
    if (estimator.normalises === 'position') {
      throw new ShelfwiseError('OPTION_INVALID', `compare: ${name} is for plain slates; give snipw or sndr`);
    }
    if (estimator.usesModel && !hasModel) {
      throw new ShelfwiseError('OPTION_INVALID', `compare: ${name} needs a reward model; give another than none`);
    }
    if (!isAvailable(estimator, modelsOf(options.rewardModel))) {
      const remedy =
        estimator.nuisance === 'mrdr' ? 'give dr: no model is fitted by its weights here' : 'give cross-fitted';
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `compare: ${name} is not of the reward model "${options.rewardModel}"; ${remedy}`,
      );
    }
  }
  return { ...options, estimators, by: [...new Set(options.by)] };
}

/** What the one reward model of a comparison is called by. */
export function modelsOf(kind: RewardModelChoice): readonly Nuisance[] {
  return kind === 'none' ? [] : kind === 'cross-fitted' ? ['model', 'crossFitted'] : ['model'];
}

const MEANING =
  'What a decision would have earned on the pages of this span, one decision changed at a time: listeners, candidates and what had ' +
  'been learnt are those of the log. What a policy would make of its own consequences is for an experiment to say.';

export async function compareJob(
  workspace: Workspace,
  job: CompareJob,
  onProgress: OnProgress,
  secondsNow: () => number,
): Promise<ComparisonReport> {
  const startS = secondsNow();
  const { options, targets } = job;
  const read = readingOf(workspace, job);
  // Whatever the estimators: what a rung takes for granted is told by the model too.
  const fitted = await fittedFor(workspace, options, read, onProgress);
  const estimators = fitted === undefined ? [...new Set(options.estimators.map(withoutModel))] : options.estimators;

  const rungs: readonly Rung[] = options.rung === 'slope' ? ALL_RUNGS : [options.rung];
  const baseline = popularityAmong(targets);
  const comparisons = estimators.map(
    (name) =>
      new Comparison({
        policies: targets.length,
        rungs: rungs.length,
        setting: settingOf(name),
        served: servedAmong(targets),
        baseline,
        level: options.level,
        resamples: options.resamples,
        seed: options.seed,
      }),
  );
  const totals = newTotals(targets.length);
  const chunks = weighedChunks(
    workspace,
    {
      ...read,
      targets,
      rungs,
      by: options.by,
      values: fitted?.values,
      assumptionShare: ASSUMPTION_DECISIONS / Math.max(1, fitted?.decisions ?? 0),
      isCrossFitted: options.rewardModel === 'cross-fitted',
    },
    totals,
    onProgress,
  );
  const histograms = new WeightHistograms(job.asked, rungs.length);
  for await (const chunk of chunks) {
    for (const comparison of comparisons) comparison.add(chunk);
    histograms.add(chunk);
  }
  onProgress('intervals', 0);
  const compared = comparisons.map((comparison, at): ComparedEstimator & { readonly all: SliceComparison } => {
    const all = comparison.all();
    if (all === undefined) throw noDecisions(totals, options.span);
    onProgress('intervals', (at + 1) / comparisons.length);
    const told = (slice: SliceComparison, dimension: ComparedSlice['dimension'], name: string): ComparedSlice =>
      sliceReport(slice, dimension, name, { job, rungs, totals, baseline, earned: all.served.value });
    return {
      estimator: estimators[at],
      all,
      overall: told(all, '', ''),
      slices: totals.slices.flatMap(([dimension, name], number) => {
        const slice = comparison.slice(number);
        return slice === undefined ? [] : [told(slice, dimension, name)];
      }),
    };
  });
  const [{ all, ...leading }, ...others] = compared;
  return {
    span: options.span,
    fromMs: totals.fromMs,
    toMs: totals.toMs,
    ...leading,
    rung: options.rung,
    assumption: options.rung === 'slope' ? 'as the rung of each policy says' : RUNG_ASSUMPTIONS[options.rung],
    level: options.level,
    decisions: totals.decisions,
    listeners: totals.listeners,
    cards: totals.cards,
    leftOut: totals.left,
    rewardModel: rewardModelReport(options, fitted),
    histograms: all.policies
      .slice(0, job.asked)
      .map(({ rung }, policy) => histograms.of(targets[policy].name, policy, rung)),
    others: others.map(({ estimator, overall, slices }) => ({ estimator, overall, slices })),
    meaning: MEANING,
    seconds: secondsNow() - startS,
  };
}

/** So many decisions say what a rung takes for granted to some hundredths of a per cent of the value. */
const ASSUMPTION_DECISIONS = 500;

/** The same estimate where there is nothing to fit a reward model to. */
function withoutModel(estimator: string): string {
  const { estimator: found } = settingOf(estimator);
  if (!found.usesModel) return estimator;
  return found.normalises === 'none' ? 'ipw' : 'snipw';
}

interface ReportContext {
  readonly job: CompareJob;
  readonly rungs: readonly Rung[];
  readonly totals: ChunkTotals;
  readonly baseline: number;
  /** What all decisions earned, a decision. */
  readonly earned: number;
}

/**
 * What the rung of a policy takes for granted in a slice. It is drawn on all decisions, some 500, which are too few by slice: the same share
 * of what is earned is taken for it everywhere. Undefined where it is not known, and of what served, which takes nothing for granted.
 */
function costIn(slice: SliceComparison, target: number, context: ReportContext): AssumptionCost | undefined {
  const { job, rungs, totals, earned } = context;
  if (target === servedAmong(job.targets)) return undefined;
  const rung = rungs[slice.policies[target].rung];
  const cost = rung === 'prefix' ? NO_COST : totals.targets[target].costs[rung].summary();
  return cost && earned > 0 ? scaledCost(cost, slice.served.value / earned) : cost;
}

function sliceReport(
  slice: SliceComparison,
  dimension: ComparedSlice['dimension'],
  name: string,
  context: ReportContext,
): ComparedSlice {
  const { job, baseline } = context;
  const judged = slice.policies.map((policy, target) =>
    policyReport(policy, target, costIn(slice, target, context), context),
  );
  const isRefused = (target: number): boolean => judged[target].verdict === 'refused';
  const { level } = job.options;
  const heldOut = context.totals.heldOut.figure(dimension === '' ? '' : keyOf(dimension, name), job.options);
  const costOf = (target: number): AssumptionCost | undefined => costIn(slice, target, context);
  const overPopularity = (target: number): ComparedFigure | null => {
    const { value: estimate, overBaseline } = slice.policies[target];
    const value = target === servedAmong(job.targets) ? slice.served : estimate;
    const { lift } = overBaseline;
    if (!isRefused(baseline)) {
      const costs = { of: costOf(target), base: costOf(baseline) };
      return lift === undefined ? null : liftFigure(lift, slice.policies[baseline].value.value, costs);
    }
    const over = heldOut === undefined ? undefined : unpairedLift(value, heldOut, level);
    if (over === undefined || heldOut === undefined) return null;
    const costs = { of: costOf(target), base: undefined };
    return { value: over.value, interval: boundsOf(widenedLift(over, heldOut.value, costs)) };
  };
  return {
    dimension,
    name,
    decisions: slice.decisions,
    listeners: slice.listeners,
    served: figureOf(slice.served),
    popularity: isRefused(baseline)
      ? heldOut === undefined
        ? null
        : { ...figureOf(heldOut), from: 'hold-out', decisions: heldOut.decisions, listeners: heldOut.groups }
      : {
          ...figureOf(slice.policies[baseline].value),
          from: 'log',
          decisions: slice.decisions,
          listeners: slice.listeners,
        },
    policies: judged.slice(0, job.asked).map((policy, target) => {
      // What served is known as it is: no estimate of it is better.
      const told = target === servedAmong(job.targets) ? { ...policy, ...figureOf(slice.served) } : policy;
      if (isRefused(target)) return told;
      const costs = { of: costOf(target), base: undefined };
      const { lift, difference } = slice.policies[target].overServed;
      return {
        ...told,
        liftOverServed: lift === undefined ? null : liftFigure(lift, slice.served.value, costs),
        differenceToServed: {
          value: difference.value,
          interval: boundsOf(widenedDifference(difference.bca, costs)),
        },
        liftOverPopularity: overPopularity(target),
      };
    }),
  };
}

function policyReport(
  { value, rung, weights, meanWeight }: PolicyComparison,
  target: number,
  cost: AssumptionCost | undefined,
  { job, rungs, totals }: ReportContext,
): ComparedPolicy {
  const { pages, pageSquares, drawn, differing, missing } = totals.targets[target];
  const { essShare, maxWeight, cards, effectiveCards, largestShare } = weights;
  const missingMass = missing.summary();
  const { verdict, reasons } = judge({
    weights: { rows: cards, effectiveSize: effectiveCards, largest: maxWeight, largestShare },
    meanWeight,
    missingMass,
  });
  const isShown = verdict !== 'refused';
  return {
    name: job.targets[target].name,
    value: isShown ? value.value : null,
    interval: isShown ? boundsOf(value.bca) : null,
    rung: rungs[rung],
    assumptionCost: cost === undefined ? null : costFigure(cost, job.options.level),
    liftOverServed: null,
    liftOverPopularity: null,
    differenceToServed: null,
    essShare,
    weights: {
      cards,
      essShare,
      pageEssShare: pageSquares > 0 ? pages ** 2 / pageSquares / totals.decisions : 0,
      listeners: meanWeight.effectiveGroups,
      meanWeight: meanWeight.mean,
      maxWeight,
      differing: drawn === 0 ? 0 : differing / drawn,
      missing: missingMass?.mean ?? 0,
    },
    verdict,
    reasons: reasons.map(({ code, severity, sentence, remedy }) => ({ code, severity, sentence, remedy })),
  };
}

function figureOf({ value, bca }: PolicyComparison['value']): ComparedFigure {
  return { value, interval: boundsOf(bca) };
}

/** A lift whose interval is also wide enough for what the rung takes for granted. */
function liftFigure(
  { value, bca }: PolicyComparison['value'],
  base: number,
  costs: Parameters<typeof widenedLift>[2],
): ComparedFigure {
  return { value, interval: boundsOf(widenedLift({ value, interval: bca }, base, costs)) };
}

function costFigure({ mean, standardError }: AssumptionCost, level: number): ComparedFigure {
  return { value: mean, interval: boundsOf(normalInterval(mean, standardError, level)) };
}

function boundsOf({ lower, upper }: { readonly lower: number; readonly upper: number }): ComparedFigure['interval'] {
  return [Number.isFinite(lower) ? lower : null, Number.isFinite(upper) ? upper : null];
}
