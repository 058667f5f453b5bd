/**
 * Whether an estimate may be believed. The verdict is data, with reasons that machines match on and people read; what is refused has no
 * result to show, by type.
 */
import { requireRange, resolveOptions } from '../base/index.ts';
import type { Drift } from './diagnostics/drift.ts';
import type { MissingMassEstimate, SliceSupport } from './diagnostics/support.ts';
import type { MeanWeight, WeightReport } from './diagnostics/weights.ts';

export type ReasonCode =
  | 'NO_DECISIONS'
  | 'EFFECTIVE_SIZE'
  | 'EFFECTIVE_SHARE'
  | 'EFFECTIVE_LISTENERS'
  | 'LARGEST_WEIGHT'
  | 'MEAN_WEIGHT'
  | 'MISSING_MASS'
  | 'PROPENSITIES'
  | 'CLIPPED_MASS'
  | 'SLICE_SUPPORT'
  | 'DRIFT';

export interface Reason {
  readonly code: ReasonCode;
  readonly severity: 'weak' | 'refused';
  /** What was measured, and the threshold that it passed, in the same unit. */
  readonly measured: number;
  readonly threshold: number;
  /** What it was measured on, where not on the whole log: a slice, a group, a context. */
  readonly of: string | undefined;
  readonly sentence: string;
  readonly remedy: string;
}

export interface Verdict {
  readonly verdict: 'trustworthy' | 'weak' | 'refused';
  /** Refusals first. Empty when trustworthy. */
  readonly reasons: readonly Reason[];
}

/** A result, unless it was refused. */
export type Judged<T> =
  | { readonly verdict: 'trustworthy' | 'weak'; readonly reasons: readonly Reason[]; readonly result: T }
  | { readonly verdict: 'refused'; readonly reasons: readonly Reason[]; readonly result?: never };

export interface VerdictOptions {
  /** Effective rows below which the verdict is weak: intervals by limit theorems are checked from there on. @default 200 */
  readonly weakEffectiveSize: number;
  /** Effective rows below which it is refused. @default 30 */
  readonly refusedEffectiveSize: number;
  /**
   * Effective rows as a share of all below which it is weak, [0, 1]: so far from the log that single rows decide, however many there
   * are. At half a per cent intervals of 95% held the truth in 83 to 88% of simulated logs. @default 0.02
   */
  readonly weakEffectiveShare: number;
  /** Effective listeners below which it is weak. @default 100 */
  readonly weakEffectiveListeners: number;
  /** Effective listeners below which it is refused: nothing is known of how listeners differ. @default 10 */
  readonly refusedEffectiveListeners: number;
  /** Share of all weight that one row has, above which it is weak, [0, 1]. @default 0.05 */
  readonly weakLargestShare: number;
  /** The same above which it is refused. @default 0.25 */
  readonly refusedLargestShare: number;
  /** Standard errors, corrected for skewness, by which the mean weight may be off 1. @default 3 */
  readonly meanWeightErrors: number;
  /** How far the mean weight may be off 1 by that many errors before it is refused and not only weak: where logs are long, small faults are certain. @default 0.05 */
  readonly refusedMeanWeight: number;
  /** Mean mass on candidates that the log lacks, above which it is refused, [0, 1]. @default 0.05 */
  readonly refusedMissingMass: number;
  /** Share of weight that clipping took, above which it is weak, [0, 1]. @default 0.1 */
  readonly weakClippedMass: number;
  /** Effective rows of a slice below which the verdict is weak, and names it. @default 30 */
  readonly weakSliceEffectiveSize: number;
  /** Total variation of a context beyond that of sampling, above which it is weak, [0, 1]. @default 0.1 */
  readonly weakDrift: number;
}

const DEFAULTS: VerdictOptions = {
  weakEffectiveSize: 200,
  refusedEffectiveSize: 30,
  weakEffectiveShare: 0.02,
  weakEffectiveListeners: 100,
  refusedEffectiveListeners: 10,
  weakLargestShare: 0.05,
  refusedLargestShare: 0.25,
  meanWeightErrors: 3,
  refusedMeanWeight: 0.05,
  refusedMissingMass: 0.05,
  weakClippedMass: 0.1,
  weakSliceEffectiveSize: 30,
  weakDrift: 0.1,
};

/** What a verdict is given of a log and a policy. Undefined: not measured, and no reason. */
export interface Evidence {
  readonly weights: Partial<WeightReport> & Pick<WeightReport, 'rows' | 'effectiveSize' | 'largest' | 'largestShare'>;
  readonly meanWeight?: MeanWeight | undefined;
  readonly missingMass?: MissingMassEstimate | undefined;
  /** Reports of propensities (see `PropensityFrequencies`, `PropensityCalibration`). */
  readonly propensities?: readonly PropensityOutcome[] | undefined;
  /** Share of weight that the judged estimator's clipping took, [0, 1]. */
  readonly clippedMass?: number | undefined;
  readonly slices?: readonly SliceSupport[] | undefined;
  readonly drift?: readonly { readonly context: string; readonly drift: Drift }[] | undefined;
}

/** The part of a report of propensities that a verdict reads. */
export interface PropensityOutcome {
  readonly passed: boolean;
  readonly tested: number;
  readonly groups: readonly { readonly group: string; readonly outcome: 'right' | 'wrong' | 'untested' }[];
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))}%`;
const round = (x: number): string => String(Number(x.toPrecision(3)));

/** Judges the evidence. Throws `OPTION_INVALID`. */
export function judge(evidence: Evidence, given: Partial<VerdictOptions> = {}): Verdict {
  const options = resolveOptions('verdict', given, DEFAULTS);
  for (const [name, value] of Object.entries(options))
    requireRange('verdict', name, value, 0, Number.POSITIVE_INFINITY);
  const reasons = [
    ...ofWeights(evidence, options),
    ...ofListeners(evidence, options),
    ...ofMeanWeight(evidence, options),
    ...ofSupport(evidence, options),
    ...ofPropensities(evidence),
    ...ofDrift(evidence, options),
  ];
  const refusals = reasons.filter(({ severity }) => severity === 'refused');
  const verdict = refusals.length > 0 ? 'refused' : reasons.length > 0 ? 'weak' : 'trustworthy';
  return { verdict, reasons: [...refusals, ...reasons.filter(({ severity }) => severity === 'weak')] };
}

/** The result under its verdict; it is not even computed when refused. */
export function judged<T>({ verdict, reasons }: Verdict, result: () => T): Judged<T> {
  return verdict === 'refused' ? { verdict, reasons } : { verdict, reasons, result: result() };
}

function ofWeights({ weights, clippedMass }: Evidence, options: VerdictOptions): Reason[] {
  const { rows, effectiveSize, largest, largestShare } = weights;
  if (rows === 0) {
    return [
      {
        code: 'NO_DECISIONS',
        severity: 'refused',
        measured: 0,
        threshold: 1,
        of: undefined,
        sentence: 'The log has no decision that this evaluation may use.',
        remedy: 'Widen the span, or look at what was left out and why.',
      },
    ];
  }
  const reasons: Reason[] = [];
  const few = below(effectiveSize, options.weakEffectiveSize, options.refusedEffectiveSize);
  if (few !== undefined) {
    reasons.push({
      code: 'EFFECTIVE_SIZE',
      ...few,
      measured: effectiveSize,
      of: undefined,
      sentence: `The effective sample is ${round(effectiveSize)} of ${rows} rows; it should be ${round(few.threshold)} or more.`,
      remedy: 'Use a longer log, a policy nearer to the one that logged, or a rung of weights that assumes more.',
    });
  }
  const share = effectiveSize / rows;
  if (few === undefined && share < options.weakEffectiveShare) {
    reasons.push({
      code: 'EFFECTIVE_SHARE',
      severity: 'weak',
      measured: share,
      threshold: options.weakEffectiveShare,
      of: undefined,
      sentence: `The effective sample is ${percent(share)} of the rows: the interval may be too narrow.`,
      remedy: 'Judge a policy nearer to the one that logged, or let that explore more of what this one does.',
    });
  }
  const heavy = above(largestShare, options.weakLargestShare, options.refusedLargestShare);
  if (heavy !== undefined) {
    reasons.push({
      code: 'LARGEST_WEIGHT',
      ...heavy,
      measured: largestShare,
      of: undefined,
      sentence: `One row of weight ${round(largest)} has ${percent(largestShare)} of all weight.`,
      remedy: 'Clip or shrink the weights, or let the logging policy explore more of what this one does.',
    });
  }
  if (clippedMass !== undefined && clippedMass > options.weakClippedMass) {
    reasons.push({
      code: 'CLIPPED_MASS',
      severity: 'weak',
      measured: clippedMass,
      threshold: options.weakClippedMass,
      of: undefined,
      sentence: `Clipping took ${percent(clippedMass)} of the weight: without a model the estimate may be as much too low.`,
      remedy: 'Raise λ, or use a doubly robust estimator.',
    });
  }
  return reasons;
}

function ofListeners({ meanWeight, weights }: Evidence, options: VerdictOptions): Reason[] {
  if (meanWeight === undefined || weights.rows === 0) return [];
  const { effectiveGroups, groups } = meanWeight;
  const few = below(effectiveGroups, options.weakEffectiveListeners, options.refusedEffectiveListeners);
  if (few === undefined) return [];
  return [
    {
      code: 'EFFECTIVE_LISTENERS',
      ...few,
      measured: effectiveGroups,
      of: undefined,
      sentence: `The weight is that of ${round(effectiveGroups)} of ${groups} listeners; it should be ${round(few.threshold)} or more.`,
      remedy: 'Use a log of more listeners: more decisions of the same ones do not help.',
    },
  ];
}

function ofMeanWeight({ meanWeight }: Evidence, options: VerdictOptions): Reason[] {
  if (meanWeight === undefined || !(Math.abs(meanWeight.corrected) > options.meanWeightErrors)) return [];
  const off = Math.abs(meanWeight.mean - 1);
  return [
    {
      code: 'MEAN_WEIGHT',
      severity: off > options.refusedMeanWeight ? 'refused' : 'weak',
      measured: meanWeight.mean,
      threshold: 1,
      of: undefined,
      sentence: `The mean weight is ${meanWeight.mean.toFixed(4)}, ${round(Math.abs(meanWeight.corrected))} standard errors off 1, which it is when propensities are right and the log covers the policy.`,
      remedy:
        meanWeight.mean < 1
          ? 'Look for actions that the policy takes and the log cannot have, then for propensities that are logged too large.'
          : 'Look for propensities that are logged too small, and for rows that are counted twice.',
    },
  ];
}

function ofSupport({ missingMass, slices }: Evidence, options: VerdictOptions): Reason[] {
  const reasons: Reason[] = [];
  const missing = (estimate: MissingMassEstimate, of: string | undefined): void => {
    const { mean, upper, audited } = estimate;
    const threshold = options.refusedMissingMass;
    if (!(upper > threshold)) return;
    const isRefused = mean > threshold && of === undefined;
    const where = of === undefined ? '' : ` of ${of}`;
    reasons.push({
      code: 'MISSING_MASS',
      severity: isRefused ? 'refused' : 'weak',
      measured: mean > threshold ? mean : upper,
      threshold,
      of,
      sentence:
        mean > threshold
          ? `The policy puts ${percent(mean)} of its choices${where} on candidates that the log lacks (${audited} audited decisions).`
          : `The policy may put up to ${percent(upper)} of its choices${where} on candidates that the log lacks (${audited} audited decisions).`,
      remedy:
        mean > threshold
          ? 'Add the sources of those candidates to what is logged, then collect anew.'
          : 'Audit more decisions.',
    });
  };
  if (missingMass !== undefined) missing(missingMass, undefined);
  for (const slice of slices ?? []) {
    if (slice.missing !== undefined && slice.missing.mean > options.refusedMissingMass)
      missing(slice.missing, slice.slice);
    if (!(slice.effectiveSize < options.weakSliceEffectiveSize)) continue;
    reasons.push({
      code: 'SLICE_SUPPORT',
      severity: 'weak',
      measured: slice.effectiveSize,
      threshold: options.weakSliceEffectiveSize,
      of: slice.slice,
      sentence: `Of ${slice.slice} the effective sample is ${round(slice.effectiveSize)} of ${slice.rows} rows: the estimate says little of it.`,
      remedy: 'Leave the slice out and say so, or log more of it.',
    });
  }
  return reasons;
}

function ofPropensities({ propensities }: Evidence): Reason[] {
  return (propensities ?? [])
    .filter(({ passed }) => !passed)
    .map((report): Reason => {
      const wrong = report.groups.flatMap(({ group, outcome }) => (outcome === 'wrong' ? [group] : []));
      const shown = wrong.slice(0, 5).join(', ') + (wrong.length > 5 ? ` and ${wrong.length - 5} more` : '');
      return {
        code: 'PROPENSITIES',
        severity: 'refused',
        measured: wrong.length,
        threshold: 0,
        of: shown,
        sentence: `What was logged as probability is not how often it came, of ${shown} (${report.tested} groups tested).`,
        remedy:
          'Find where these propensities are computed: masks, renormalisation or a redraw after the draw; leave the span out.',
      };
    });
}

function ofDrift({ drift }: Evidence, options: VerdictOptions): Reason[] {
  return (drift ?? []).flatMap(({ context, drift: { totalVariation, expectedTotalVariation } }) => {
    const beyond = totalVariation - expectedTotalVariation;
    if (!(beyond > options.weakDrift)) return [];
    return {
      code: 'DRIFT' as const,
      severity: 'weak' as const,
      measured: totalVariation,
      threshold: options.weakDrift,
      of: context,
      sentence: `${context} has moved by ${percent(totalVariation)} since the log (sampling alone: ${percent(expectedTotalVariation)}).`,
      remedy: 'Use a later span, or weight the log to the contexts of now.',
    };
  });
}

type Passed = Pick<Reason, 'severity' | 'threshold'> | undefined;

/** NaN counts as below and as above: what cannot be measured is not trusted. */
function below(measured: number, weak: number, refused: number): Passed {
  if (!(measured >= refused)) return { severity: 'refused', threshold: refused };
  return measured >= weak ? undefined : { severity: 'weak', threshold: weak };
}

function above(measured: number, weak: number, refused: number): Passed {
  if (!(measured <= refused)) return { severity: 'refused', threshold: refused };
  return measured <= weak ? undefined : { severity: 'weak', threshold: weak };
}
