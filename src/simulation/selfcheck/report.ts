/** What a self-check tells, and how it is made of its logs. */
import type { ComparedRung } from '../../platform/index.ts';
import type { Replicate, Way, WayOutcome } from './replicate.ts';

/** Counted over logs that were answered; those that were refused have no number. Null where there is none. */
export interface WayReport {
  readonly estimator: string;
  readonly rung: ComparedRung;
  /** The judge's: E[reward a decision] of the policy over the contexts that logs are drawn from, and the Monte Carlo error of that. */
  readonly truthOneStep: number;
  readonly truthError: number;
  /** Share of logs whose interval holds the truth. */
  readonly coverage: number | null;
  /** Standard error of the coverage, √(c (1 - c) / n). */
  readonly coverageError: number | null;
  /** Share whose interval holds the truth over the log's own contexts: more, since the interval is also for whom it did not draw. */
  readonly coverageOfLog: number | null;
  /** Of the intervals; half of upper - lower, over the truth. */
  readonly medianHalfWidth: number | null;
  /** Mean of the estimates - truth, over the truth, and its standard error. */
  readonly bias: number | null;
  readonly biasError: number | null;
  /** Of the estimates over logs, and the median of what each log says of it; over the truth. */
  readonly deviation: number | null;
  readonly medianStandardError: number | null;
  readonly liftVsLogging: {
    readonly truth: number;
    readonly median: number | null;
    readonly coverage: number | null;
    readonly medianHalfWidth: number | null;
    /** The same of the paired intervals, before they are made wide enough for what the rung takes for granted. */
    readonly pairedCoverage: number | null;
    readonly medianPairedHalfWidth: number | null;
    /** What the rung takes for granted by the reward model, over what served; `bias` is what it costs in truth. Median over logs. */
    readonly assumptionCost: number | null;
    /** Mean of the lifts - truth, and its standard error: what the rung's assumption costs. */
    readonly bias: number | null;
    readonly biasError: number | null;
    /** Of the lifts over logs, and the median of what each log says of it: as wide as intervals have to be, and as they are. */
    readonly deviation: number | null;
    readonly medianStandardError: number | null;
    /** Share of logs whose paired interval holds truth + bias: below `level` where those themselves are too narrow. */
    readonly coverageOfMean: number | null;
  };
  /** Medians over logs. */
  readonly essShare: number;
  readonly maxWeight: number;
  readonly meanWeight: number;
  /** The most frequent one; and the share of each. */
  readonly verdict: WayOutcome['verdict'];
  readonly verdicts: Readonly<Record<WayOutcome['verdict'], number>>;
  /** Share of logs with each reason, where there is any. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly refusals: number;
  /** Rungs that the estimates stand on, where they were chosen: share of logs. */
  readonly rungs: Readonly<Record<string, number>>;
  readonly logs: number;
}

export interface PolicyReport {
  readonly name: string;
  readonly policy: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly truthOneStep: number;
  readonly truthError: number;
  /** Of cards that are seen on its pages, by P(looked at): those in whose place the logging policy shows another, drawn by the same noise; those that are nowhere on its page. */
  readonly differingSeen: number;
  readonly elsewhereSeen: number;
  /** Mean share of its choices that the log had no chance of showing. */
  readonly missing: number;
  /** Null where no loop was run. */
  readonly closedLoop: ClosedLoop | null;
  readonly ways: readonly WayReport[];
}

/** The value of a policy that lives with its own consequences. */
export interface ClosedLoop {
  readonly value: number;
  /** By listener. */
  readonly standardError: number;
  readonly visits: number;
  /** Over the same of the logging policy. */
  readonly liftVsLogging: number;
  /** Mean of the first and of the last third of the visits. */
  readonly early: number;
  readonly late: number;
}

export interface SelfCheckReport {
  readonly world: string;
  readonly items: number;
  readonly listeners: number;
  readonly contexts: number;
  readonly candidates: number;
  readonly seeds: number;
  readonly decisions: number;
  readonly level: number;
  /** The first way: what a comparison does when nothing else is said. */
  readonly estimator: string;
  readonly rung: ComparedRung;
  readonly logging: {
    readonly policy: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly truthOneStep: number;
    readonly truthError: number;
    readonly closedLoop: ClosedLoop | null;
  };
  readonly policies: readonly PolicyReport[];
  readonly meaning: string;
  readonly seconds: Readonly<Record<string, number>>;
}

export const MEANING =
  'truthOneStep is what the judge expects of one page a context, listeners as the log found them. The closed-loop value is of a policy that ' +
  'serves for days: what it shows tires, tastes drift, and the model learns from its pages. No one-step estimate predicts that.';

/** @param truths [context] of the policy, @param logged the same of the logging policy */
export function wayReport(
  { estimator, rung }: Way,
  replicates: readonly Replicate[],
  pick: (replicate: Replicate) => WayOutcome,
  truths: Float64Array,
  logged: Float64Array,
  level: { readonly truthError: number },
): WayReport {
  const truth = meanOf(truths);
  const loggedTruth = meanOf(logged);
  const lift = truth / loggedTruth - 1;
  const all = replicates.map((replicate) => ({ replicate, outcome: pick(replicate) }));
  const answered = all.filter(({ outcome }) => outcome.verdict !== 'refused');
  const n = answered.length;
  const share = (test: (one: (typeof all)[number]) => boolean): number =>
    n === 0 ? Number.NaN : answered.filter(test).length / n;
  const median = (of: (outcome: WayOutcome) => number): number => medianOf(answered.map(({ outcome }) => of(outcome)));
  const coverage = share(({ outcome: { lower, upper } }) => lower <= truth && truth <= upper);
  const { mean, deviation } = spreadOf(answered.map(({ outcome }) => outcome.value));
  const lifts = spreadOf(answered.map(({ outcome }) => outcome.lift));
  const pairedCoverage = (wanted: number): number | null =>
    orNull(share(({ outcome: { pairedLower, pairedUpper } }) => pairedLower <= wanted && wanted <= pairedUpper));
  const verdicts = { trustworthy: 0, weak: 0, refused: 0 };
  const reasons: Record<string, number> = {};
  const rungs: Record<string, number> = {};
  for (const { outcome } of all) {
    verdicts[outcome.verdict]++;
    rungs[outcome.rung] = (rungs[outcome.rung] ?? 0) + 1;
    for (const reason of new Set(outcome.reasons)) reasons[reason] = (reasons[reason] ?? 0) + 1;
  }
  const shares = <K extends string>(counts: Readonly<Record<K, number>>): Record<K, number> =>
    Object.fromEntries(Object.entries<number>(counts).map(([key, count]) => [key, count / all.length])) as Record<
      K,
      number
    >;
  const kinds = Object.keys(verdicts) as WayOutcome['verdict'][];
  return {
    estimator,
    rung,
    truthOneStep: truth,
    truthError: level.truthError,
    coverage: orNull(coverage),
    coverageError: orNull(Math.sqrt((coverage * (1 - coverage)) / n)),
    coverageOfLog: orNull(
      share(({ replicate, outcome: { lower, upper } }) => {
        const own = meanOf(truths, replicate.contextCounts);
        return lower <= own && own <= upper;
      }),
    ),
    medianHalfWidth: orNull(median(({ lower, upper }) => (upper - lower) / 2) / truth),
    bias: orNull((mean - truth) / truth),
    biasError: orNull(deviation / Math.sqrt(n) / truth),
    deviation: orNull(deviation / truth),
    medianStandardError: orNull(median(({ standardError }) => standardError) / truth),
    liftVsLogging: {
      truth: lift,
      median: orNull(median((outcome) => outcome.lift)),
      coverage: orNull(share(({ outcome: { liftLower, liftUpper } }) => liftLower <= lift && lift <= liftUpper)),
      medianHalfWidth: orNull(median(({ liftLower, liftUpper }) => (liftUpper - liftLower) / 2)),
      pairedCoverage: pairedCoverage(lift),
      medianPairedHalfWidth: orNull(median(({ pairedLower, pairedUpper }) => (pairedUpper - pairedLower) / 2)),
      assumptionCost: orNull(median(({ assumptionCost }) => assumptionCost)),
      bias: orNull(lifts.mean - lift),
      biasError: orNull(lifts.deviation / Math.sqrt(n)),
      deviation: orNull(lifts.deviation),
      medianStandardError: orNull(median(({ liftStandardError }) => liftStandardError)),
      coverageOfMean: pairedCoverage(lifts.mean),
    },
    essShare: medianOf(all.map(({ outcome }) => outcome.essShare)),
    maxWeight: medianOf(all.map(({ outcome }) => outcome.maxWeight)),
    meanWeight: medianOf(all.map(({ outcome }) => outcome.meanWeight)),
    verdict: kinds.reduce((most, kind) => (verdicts[kind] > verdicts[most] ? kind : most)),
    verdicts: shares(verdicts),
    reasons: shares(reasons),
    refusals: verdicts.refused / all.length,
    rungs: shares(rungs),
    logs: all.length,
  };
}

function spreadOf(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)) };
}

export function meanOf(values: Float64Array, counts?: Uint16Array): number {
  let sum = 0;
  let weight = 0;
  for (let i = 0; i < values.length; i++) {
    const count = counts === undefined ? 1 : counts[i];
    sum += count * values[i];
    weight += count;
  }
  return sum / weight;
}

/** What JSON has no word for. */
function orNull(figure: number): number | null {
  return Number.isFinite(figure) ? figure : null;
}

function medianOf(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}
