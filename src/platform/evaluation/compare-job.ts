/** One comparison of policies, start to end: a reward model, one pass over the decisions, figures and what they are worth. Writes nothing. */
import { requireOneOf, requireRange, requireWhole, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import {
  Comparison,
  judge,
  type PolicyComparison,
  RUNG_ASSUMPTIONS,
  type Rung,
  type SliceComparison,
  settingOf,
} from '../../counterfactual/index.ts';
import { type DecisionVersions, readCatalog } from '../../domain/index.ts';
import type { LogPosition } from '../../store/index.ts';
import { countDecided } from '../decisions.ts';
import { flaggedKeys } from '../traffic.ts';
import { eventsOf, pastDecisions } from '../training/examples.ts';
import { parseSpan } from '../training/span.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import { ALL_RUNGS, type ChunkTotals, keyOf, newTotals, weighedChunks } from './chunks.ts';
import {
  COMPARED_RUNGS,
  type ComparedFigure,
  type ComparedPolicy,
  type ComparedSlice,
  type ComparisonOptions,
  type ComparisonReport,
  REWARD_MODELS,
  SLICE_DIMENSIONS,
} from './comparison.ts';
import { unpairedLift } from './held-out.ts';
import type { OutcomeSource } from './outcomes.ts';
import { fitRewardValues } from './reward-values.ts';
import { popularityAmong, servedAmong, type TargetSpec } from './targets.ts';
import { WeightHistograms } from './weight-histograms.ts';

export interface CompareJob {
  readonly options: ComparisonOptions;
  /** With what served and popularity among them, which lifts are taken over. */
  readonly targets: readonly TargetSpec[];
  /** How many of them were asked for: the first. */
  readonly asked: number;
  readonly nowMs: number;
  readonly eventsEnd: LogPosition;
  readonly decisionsEnd: LogPosition;
  readonly catalogHash: DecisionVersions['catalog'];
}

const DEFAULTS: ComparisonOptions = {
  policies: [],
  span: '30d',
  estimator: '',
  rung: 'above',
  by: [],
  level: 0.95,
  resamples: 1000,
  share: 1,
  rewardModel: 'cross-fitted',
  family: 'logistic',
  folds: 2,
  seed: 1,
};

/** Completes and checks all but the policies; throws `OPTION_INVALID` with the field and its range. */
export function resolveComparison(given: Partial<ComparisonOptions>): ComparisonOptions {
  const options = resolveOptions<ComparisonOptions>('compare', given, DEFAULTS);
  parseSpan(options.span, Number.MAX_SAFE_INTEGER, 'compare: span');
  requireOneOf('compare', 'rung', options.rung, COMPARED_RUNGS);
  requireOneOf('compare', 'rewardModel', options.rewardModel, REWARD_MODELS);
  for (const dimension of options.by) requireOneOf('compare', 'by', dimension, SLICE_DIMENSIONS);
  requireRange('compare', 'level', options.level, 0.5, 0.9999);
  requireWhole('compare', 'resamples', options.resamples, 100, 100_000);
  requireRange('compare', 'share', options.share, 1e-6, 1);
  requireWhole('compare', 'folds', options.folds, 2, 20);
  requireWhole('compare', 'seed', options.seed, 0, 2 ** 32 - 1);
  const hasModel = options.rewardModel !== 'none';
  const estimator = options.estimator === '' ? (hasModel ? 'dr' : 'ipw') : options.estimator;
  const { estimator: found } = settingOf(estimator);
  if (found.normalises === 'position') {
    throw new ShelfwiseError('OPTION_INVALID', `compare: ${estimator} is for plain slates; give snipw or sndr`);
  }
  if (found.usesModel && !hasModel) {
    throw new ShelfwiseError('OPTION_INVALID', `compare: ${estimator} needs a reward model; give another than none`);
  }
  return { ...options, estimator, by: [...new Set(options.by)] };
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
  const { options, targets, nowMs } = job;
  const { store } = workspace;
  const span = parseSpan(options.span, nowMs, 'compare: span');
  const { items } = workspace.vocabularies();
  const flagged = flaggedKeys(store, nowMs);
  const source: OutcomeSource = {
    decisions: (of) => pastDecisions(workspace, job.decisionsEnd, of),
    events: () => eventsOf(workspace, job.eventsEnd),
    catalog: readCatalog(workspace.epochs.get(job.catalogHash)),
    itemName: (item) => items.name(item),
    isFlagged: (key) => flagged.has(key),
  };
  let setting = settingOf(options.estimator);
  const read = { source, span, nowMs, share: options.share };
  const fitted =
    setting.estimator.usesModel && options.rewardModel !== 'none'
      ? await fitRewardValues(
          workspace,
          {
            ...read,
            kind: options.rewardModel,
            family: options.family,
            folds: options.folds,
            seed: options.seed,
            decisions: options.share * countDecided(store, span.fromMs, Math.min(nowMs, span.toMs)),
          },
          onProgress,
        )
      : undefined;
  const estimator = fitted === undefined ? withoutModel(options.estimator) : options.estimator;
  setting = settingOf(estimator);

  const rungs: readonly Rung[] = options.rung === 'slope' ? ALL_RUNGS : [options.rung];
  const baseline = popularityAmong(targets);
  const comparison = new Comparison({
    policies: targets.length,
    rungs: rungs.length,
    setting,
    served: servedAmong(targets),
    baseline,
    level: options.level,
    resamples: options.resamples,
    seed: options.seed,
  });
  const totals = newTotals(targets.length);
  const chunks = weighedChunks(
    workspace,
    {
      ...read,
      targets,
      rungs,
      by: options.by,
      values: fitted?.values,
    },
    totals,
    onProgress,
  );
  const histograms = new WeightHistograms(job.asked, rungs.length);
  for await (const chunk of chunks) {
    comparison.add(chunk);
    histograms.add(chunk);
  }
  onProgress('intervals', 0);
  const all = comparison.all();
  if (all === undefined) throw nothingLeft(totals, options.span);
  const told = (slice: SliceComparison, dimension: ComparedSlice['dimension'], name: string): ComparedSlice =>
    sliceReport(slice, dimension, name, { job, rungs, totals, baseline });
  return {
    span: options.span,
    fromMs: totals.fromMs,
    toMs: totals.toMs,
    estimator,
    rung: options.rung,
    assumption: options.rung === 'slope' ? 'as the rung of each policy says' : RUNG_ASSUMPTIONS[options.rung],
    level: options.level,
    decisions: totals.decisions,
    listeners: totals.listeners,
    cards: totals.cards,
    leftOut: totals.left,
    rewardModel:
      fitted === undefined
        ? null
        : {
            kind: options.rewardModel,
            family: options.rewardModel === 'logged' ? 'logged' : options.family,
            rows: fitted.rows,
          },
    overall: told(all, '', ''),
    histograms: all.policies
      .slice(0, job.asked)
      .map(({ rung }, policy) => histograms.of(targets[policy].name, policy, rung)),
    slices: totals.slices.flatMap(([dimension, name], number) => {
      const slice = comparison.slice(number);
      return slice === undefined ? [] : [told(slice, dimension, name)];
    }),
    meaning: MEANING,
    seconds: secondsNow() - startS,
  };
}

/** The same estimate where there is nothing to fit a reward model to. */
function withoutModel(estimator: string): string {
  const { estimator: found } = settingOf(estimator);
  if (!found.usesModel) return estimator;
  return found.normalises === 'none' ? 'ipw' : 'snipw';
}

function nothingLeft({ left, lacked }: ChunkTotals, span: string): ShelfwiseError {
  if (left.unmet > 0 && lacked !== undefined) return new ShelfwiseError('POLICY_EVIDENCE', lacked);
  const why = Object.entries(left)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
  return new ShelfwiseError('OPE_NO_DECISIONS', `of the span ${span}${why === '' ? '' : ` (${why})`}`);
}

interface ReportContext {
  readonly job: CompareJob;
  readonly rungs: readonly Rung[];
  readonly totals: ChunkTotals;
  readonly baseline: number;
}

function sliceReport(
  slice: SliceComparison,
  dimension: ComparedSlice['dimension'],
  name: string,
  context: ReportContext,
): ComparedSlice {
  const { job, baseline } = context;
  const judged = slice.policies.map((policy, target) => policyReport(policy, target, context));
  const isRefused = (target: number): boolean => judged[target].verdict === 'refused';
  const { level } = job.options;
  const heldOut = context.totals.heldOut.figure(dimension === '' ? '' : keyOf(dimension, name), job.options);
  const overPopularity = (target: number): ComparedFigure | null => {
    const { value: estimate, overBaseline } = slice.policies[target];
    const value = target === servedAmong(job.targets) ? slice.served : estimate;
    if (!isRefused(baseline)) return overBaseline.lift === undefined ? null : figureOf(overBaseline.lift);
    const lift = heldOut === undefined ? undefined : unpairedLift(value, heldOut, level);
    return lift === undefined ? null : { value: lift.value, interval: boundsOf(lift.interval) };
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
      const { overServed } = slice.policies[target];
      return {
        ...told,
        liftOverServed: overServed.lift === undefined ? null : figureOf(overServed.lift),
        differenceToServed: figureOf(overServed.difference),
        liftOverPopularity: overPopularity(target),
      };
    }),
  };
}

function policyReport(
  { value, rung, weights, meanWeight }: PolicyComparison,
  target: number,
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

function boundsOf({ lower, upper }: { readonly lower: number; readonly upper: number }): ComparedFigure['interval'] {
  return [Number.isFinite(lower) ? lower : null, Number.isFinite(upper) ? upper : null];
}
