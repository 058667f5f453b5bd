/** Judges a policy on a log in one pass: estimates, their tuning, their intervals by listener, and bounds from below. */
import { createRng, requireRange, requireWhole, resolveOptions, ShelfwiseError } from '../base/index.ts';
import type { Estimator, EstimatorSetting, Nuisance } from './estimator.ts';
import {
  ALL_ESTIMATES,
  ESTIMATORS,
  estimatorOf,
  isAvailable,
  nameOf,
  requireLambda,
  settingOf,
  TUNED,
} from './estimators/index.ts';
import { type GroupSums, LISTENER_GROUPS } from './groups.ts';
import { normalInterval, studentTInterval } from './intervals/asymptotic.ts';
import { bernsteinLowerBound, hoeffdingLowerBound, studentTLowerBound } from './intervals/bounded.ts';
import { intervalsByListener, type ListenerIntervals } from './intervals/by-listener.ts';
import { type Functional, linearised, totalsOf } from './intervals/functional.ts';
import type { Interval } from './intervals/interval.ts';
import { resampleSums } from './intervals/resample.ts';
import type { ContributionMoments, WeightMoments } from './moments.ts';
import { DECISIONS, EvaluationPass } from './pass.ts';
import { type DecisionSource, type EvaluationRows, modelsOf } from './rows.ts';
import { estimatedMse, leastOf } from './tuning/mse.ts';
import { chooseBySlope, slopeCandidate } from './tuning/slope.ts';

export type IntervalKind = 'normal' | 'student-t' | 'percentile' | 'bca';

/** A partial of these is what `evaluate` takes. */
export interface EvaluateOptions {
  /** Names as `dr` or `dr(lambda=3.0)`; `all` stands for `ALL_ESTIMATES`, those with a model only where the log has one. @default ['all'] */
  readonly estimators: readonly string[];
  /** Ids of estimators whose λ is tuned by SLOPE and by estimated MSE. @default all that have one and do not normalise */
  readonly tune: readonly string[];
  /** Grid of λ, in [0, ∞]. @default [0.1, 0.5, 1, 2, 5, 10, 50, 100] */
  readonly lambdas: readonly number[];
  /** Grid of λ of the sub-Gaussian estimators, in [0, 1]. @default [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1] */
  readonly subGaussianLambdas: readonly number[];
  /** The chance that the bounds within tuning fail. @default 0.1 */
  readonly tuningDelta: number;
  /** The chance that a bound from below fails. @default 0.05 */
  readonly boundDelta: number;
  /** Coverage of the intervals. @default 0.95 */
  readonly level: number;
  /** Which interval is reported; bootstraps resample listeners. @default 'bca' */
  readonly interval: IntervalKind;
  /** Resamples of a bootstrap. @default 1000 */
  readonly resamples: number;
  /** Of the resamples. @default 1 */
  readonly seed: number;
  /** Groups of listeners at most, a power of two: beyond, listeners share one. @default 131072 */
  readonly listenerGroups: number;
  /** Positions of a slate that are normalised on their own; deeper ones share the last. @default 32 */
  readonly positions: number;
  /** Sees every chunk in the same pass, after it was checked: diagnostics. @default none */
  readonly observers: readonly { add(chunk: EvaluationRows): void }[];
}

const DEFAULTS: EvaluateOptions = {
  estimators: ['all'],
  tune: TUNED,
  lambdas: [0.1, 0.5, 1, 2, 5, 10, 50, 100],
  subGaussianLambdas: [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1],
  tuningDelta: 0.1,
  boundDelta: 0.05,
  level: 0.95,
  interval: 'bca',
  resamples: 1000,
  seed: 1,
  listenerGroups: LISTENER_GROUPS,
  positions: 32,
  observers: [],
};

export interface Estimate {
  /** In the unit of the reward, a decision. NaN for an empty log, 0 where nothing that it is normalised by was logged. */
  readonly value: number;
  readonly interval: Interval;
  /** By listener, linearised; ∞ for fewer than two groups of listeners. */
  readonly standardError: number;
}

export interface TunedEstimate extends Estimate {
  readonly lambda: number;
}

/** What is behind a number: for comparisons, and for other intervals. */
export interface SettingResult {
  readonly setting: EstimatorSetting;
  /** Of the contributions of decisions, not normalised. */
  readonly moments: ContributionMoments;
  /** The value as a function of the columns of `groups`. */
  readonly functional: Functional;
}

export interface Evaluation {
  readonly decisions: number;
  readonly rows: number;
  /** By name, in the order asked for. */
  readonly estimates: Readonly<Record<string, Estimate>>;
  /** By `id|slope|ub=True`, `id|mse|ub=True`, `id|mse|ub=False`: ub says whether the bias is bounded or only estimated. */
  readonly tuning: Readonly<Record<string, TunedEstimate>>;
  /** Of inverse propensity scores from below: `hoeffding(delta=.05)`, `bernstein(…)`, `student_t(…)`; for rewards >= 0. */
  readonly lowerBounds: Readonly<Record<string, number>>;
  readonly weights: WeightMoments;
  readonly groups: GroupSums;
  /** Every setting that was computed, by name. */
  readonly settings: ReadonlyMap<string, SettingResult>;
}

/**
 * Evaluates on `source`, read once. O(rows × settings) time; memory is a chunk, and 8 bytes a group of listeners and column
 * (about 70 columns with everything asked for). The same log gives the same numbers to the bit, however it is cut into chunks.
 * Throws `OPTION_INVALID`; `OPE_ROW_INVALID` for a row that cannot be; what the source throws.
 */
export async function evaluate(source: DecisionSource, given: Partial<EvaluateOptions> = {}): Promise<Evaluation> {
  const options = resolveOptions('evaluate', given, DEFAULTS);
  requireOptions(options);
  let pass: EvaluationPass | undefined;
  let models: readonly Nuisance[] = [];
  for await (const chunk of source) {
    if (pass === undefined) {
      models = modelsOf(chunk);
      pass = new EvaluationPass(settingsFor(options, models), { ...options, hasControl: chunk.control !== undefined });
    }
    pass.add(chunk);
    for (const observer of options.observers) observer.add(chunk);
  }
  pass ??= new EvaluationPass(settingsFor(options, models), options);
  return assemble(pass, options, models);
}

function requireOptions(options: EvaluateOptions): void {
  requireRange('evaluate', 'tuningDelta', options.tuningDelta, 1e-12, 1);
  requireRange('evaluate', 'boundDelta', options.boundDelta, 1e-12, 0.5);
  requireWhole('evaluate', 'resamples', options.resamples, 1, 1_000_000);
  requireWhole('evaluate', 'listenerGroups', Math.log2(options.listenerGroups), 1, 22);
  requireWhole('evaluate', 'positions', options.positions, 1, 1024);
  for (const lambda of options.lambdas) requireRange('evaluate', 'lambdas', lambda, 0, Number.POSITIVE_INFINITY);
  for (const lambda of options.subGaussianLambdas) requireRange('evaluate', 'subGaussianLambdas', lambda, 0, 1);
  for (const name of options.estimators) if (name !== 'all') settingOf(name);
  for (const id of options.tune) {
    const estimator = estimatorOf(id);
    if (estimator.hyperparameter === null || estimator.normalises !== 'none') {
      const able = ESTIMATORS.filter((one) => one.hyperparameter !== null && one.normalises === 'none');
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `evaluate: ${id} has no lambda to tune; ${able.map((one) => one.id).join(', ')} have`,
      );
    }
  }
}

/** The names asked for, `all` written out. */
function namesOf({ estimators }: EvaluateOptions, models: readonly Nuisance[]): string[] {
  const names = estimators.flatMap((name) =>
    name === 'all' ? ALL_ESTIMATES.filter((one) => isAvailable(settingOf(one).estimator, models)) : [name],
  );
  return [...new Set(names)];
}

function tunedOf({ tune }: EvaluateOptions, models: readonly Nuisance[]): Estimator[] {
  return tune.map(estimatorOf).filter((estimator) => isAvailable(estimator, models));
}

/** An estimator's grid, in the order that decides ties. */
function gridOf(estimator: Estimator, options: EvaluateOptions): number[] {
  const grid = estimator.hyperparameter === 'subGaussian' ? options.subGaussianLambdas : options.lambdas;
  return [...new Set(grid)].sort((a, b) => (estimator.gridOrder === 'ascending' ? a - b : b - a));
}

/** Each setting once: what was asked for, the grids, and inverse propensity for the bounds. */
function settingsFor(options: EvaluateOptions, models: readonly Nuisance[]): EstimatorSetting[] {
  const settings = [
    ...namesOf(options, models).map(settingOf),
    ...tunedOf(options, models).flatMap((estimator) =>
      gridOf(estimator, options).map((lambda) => {
        requireLambda(estimator, lambda);
        return { estimator, lambda };
      }),
    ),
    settingOf('ipw'),
  ];
  return [...new Map(settings.map((setting) => [nameOf(setting), setting])).values()];
}

function assemble(pass: EvaluationPass, options: EvaluateOptions, models: readonly Nuisance[]): Evaluation {
  const groups = pass.table.occupied(DECISIONS);
  const weights = pass.weights.moments();
  const settings = new Map<string, SettingResult>();
  for (const [index, setting] of pass.settings.entries()) {
    const result = { setting, moments: pass.moments.moments(index), functional: pass.functional(index, groups) };
    settings.set(nameOf(setting), result);
  }
  const names = namesOf(options, models);
  const estimateOf = intervalMaker(groups, options);
  const result = (setting: EstimatorSetting): SettingResult => {
    const found = settings.get(nameOf(setting));
    if (found === undefined) throw new ShelfwiseError('BUG', `${nameOf(setting)} was not computed`);
    return found;
  };
  const estimates: Record<string, Estimate> = {};
  for (const name of names) estimates[name] = estimateOf(result(settingOf(name)).functional);

  const tuning: Record<string, TunedEstimate> = {};
  for (const estimator of tunedOf(options, models)) {
    const grid = gridOf(estimator, options).map((lambda) => result({ estimator, lambda }));
    const put = (method: string, chosen: number) => {
      if (chosen < 0) return;
      const { setting, functional } = grid[chosen];
      tuning[`${estimator.id}|${method}`] = { ...estimateOf(functional), lambda: setting.lambda };
    };
    const delta = options.tuningDelta;
    put('slope|ub=True', chooseBySlope(grid.map(({ moments }) => slopeCandidate(moments, delta))));
    for (const boundBias of [true, false]) {
      const errors = grid.map(({ moments }) => estimatedMse(moments, weights, { delta, boundBias }));
      put(`mse|ub=${boundBias ? 'True' : 'False'}`, leastOf(errors));
    }
  }
  return {
    decisions: pass.moments.count,
    rows: pass.rows,
    estimates,
    tuning,
    lowerBounds: lowerBoundsOf(result(settingOf('ipw')).moments, options.boundDelta),
    weights,
    groups,
    settings,
  };
}

/** All from one set of resamples, so that the estimates of a log are paired. */
function intervalMaker(groups: GroupSums, options: EvaluateOptions): (functional: Functional) => Estimate {
  const { interval: kind, level, resamples, seed } = options;
  if (kind === 'normal' || kind === 'student-t' || groups.groups === 0) {
    return (functional) => {
      const { value, standardError, groups: count } = linearised(groups, functional);
      const interval =
        kind === 'normal'
          ? normalInterval(value, standardError, level)
          : studentTInterval(value, standardError, count - 1, level);
      return { value, interval, standardError };
    };
  }
  const resampled = resampleSums(groups, resamples, createRng(seed));
  const pick: (all: ListenerIntervals) => Interval = kind === 'bca' ? (all) => all.bca : (all) => all.percentile;
  return (functional) => {
    const all = intervalsByListener(groups, resampled, functional, level);
    return { value: all.value, interval: pick(all), standardError: all.standardError };
  };
}

function lowerBoundsOf(moments: ContributionMoments, delta: number): Record<string, number> {
  if (moments.count < 2) return {};
  const suffix = `(delta=${String(delta).replace(/^0/, '')})`;
  return {
    [`hoeffding${suffix}`]: hoeffdingLowerBound(moments, moments.largest, delta),
    [`bernstein${suffix}`]: bernsteinLowerBound(moments, moments.largest, delta),
    [`student_t${suffix}`]: studentTLowerBound(moments, delta),
  };
}

/**
 * The values of settings alone, of one's own estimators too: no tuning, no intervals. NaN for an empty log. Throws as `evaluate`.
 */
export async function estimatesOf(
  source: DecisionSource,
  settings: readonly EstimatorSetting[],
): Promise<readonly number[]> {
  const pass = new EvaluationPass(settings, { listenerGroups: 2, positions: DEFAULTS.positions });
  for await (const chunk of source) pass.add(chunk);
  const totals = totalsOf(pass.table.occupied(DECISIONS));
  return settings.map((_, index) => pass.functional(index).value(totals, 0));
}
