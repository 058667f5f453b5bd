/** What the weights of a log say about how much of it speaks for the policy under evaluation. */
import { requireRange, requireWhole } from '../../base/index.ts';
import { type GroupSums, GroupTable, LISTENER_GROUPS } from '../groups.ts';
import { linearised, ratioOf } from '../intervals/functional.ts';
import type { EvaluationRows } from '../rows.ts';
import { LogHistogram } from './log-histogram.ts';
import { skewedTest } from './skewness.ts';

/** Shares at which quantiles of weights are told. */
const QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999] as const;

/** Share of the mass of weights that clipping at λ takes away. */
export interface ClippedMass {
  readonly lambda: number;
  /** Σ max(w - λ, 0) / Σ w, [0, 1]: about the share of the value that a clipped estimate cannot see. */
  readonly share: number;
}

export interface WeightReport {
  readonly rows: number;
  /** Near 1 when propensities are right and the log covers what the policy does. */
  readonly mean: number;
  /** (Σ w)² / Σ w² (Kong 1992), 0 to rows: as many rows of equal weight say as much. */
  readonly effectiveSize: number;
  readonly effectiveShare: number;
  readonly zeroShare: number;
  readonly largest: number;
  /** Largest w / Σ w, [0, 1]. */
  readonly largestShare: number;
  readonly quantiles: readonly { readonly share: number; readonly weight: number }[];
  /** Relative error of the quantiles; all else is exact. */
  readonly quantileError: number;
  readonly clipped: readonly ClippedMass[];
}

/** Streams weights; memory does not grow. */
export class WeightDiagnostics {
  readonly histogram: LogHistogram;
  private readonly lambdas: readonly number[];
  private readonly excess: Float64Array;
  private sum = 0;
  private squares = 0;

  /** `clippedAt`: each λ > 0 of which the clipped mass is asked. Throws `OPTION_INVALID`. */
  constructor(clippedAt: readonly number[] = [], quantileError = 0.01) {
    for (const lambda of clippedAt) requireRange('weights', 'clippedAt', lambda, 0, Number.POSITIVE_INFINITY);
    this.lambdas = [...clippedAt];
    this.excess = new Float64Array(clippedAt.length);
    this.histogram = new LogHistogram(quantileError);
  }

  /** Throws `OPE_OBSERVATION_RANGE` for a weight that is negative or not finite. */
  add({ weights, rows, isCard }: Pick<EvaluationRows, 'weights' | 'rows' | 'isCard'>): void {
    const { lambdas, excess, histogram } = this;
    for (let row = 0; row < rows; row++) {
      if (isCard?.[row] === 0) continue;
      const w = weights[row];
      histogram.add(w);
      this.sum += w;
      this.squares += w * w;
      for (let i = 0; i < lambdas.length; i++) if (w > lambdas[i]) excess[i] += w - lambdas[i];
    }
  }

  /** Of no rows: NaN where there is nothing to tell. */
  summary(): WeightReport {
    const { histogram, sum, squares } = this;
    const rows = histogram.count;
    const effectiveSize = squares > 0 ? (sum * sum) / squares : 0;
    return {
      rows,
      mean: sum / rows,
      effectiveSize,
      effectiveShare: effectiveSize / rows,
      zeroShare: histogram.zeros / rows,
      largest: histogram.largest,
      largestShare: sum > 0 ? histogram.largest / sum : 0,
      quantiles: QUANTILES.map((share) => ({ share, weight: histogram.quantile(share) })),
      quantileError: histogram.relativeError,
      clipped: this.lambdas.map((lambda, i) => ({ lambda, share: sum > 0 ? this.excess[i] / sum : 0 })),
    };
  }
}

/** Mean weight as a control variate: its expectation is known to be 1. */
export interface MeanWeight {
  readonly mean: number;
  /** By listener; ∞ for fewer than two groups of listeners. */
  readonly standardError: number;
  /** (mean - 1) / standard error. */
  readonly z: number;
  /** The same corrected for skewness (see `skewedTest`): what a verdict reads. */
  readonly corrected: number;
  /** Groups of listeners. */
  readonly groups: number;
  /** (Σ_g W_g)² / Σ_g W_g², W_g the sum of a group's weights: as many listeners of equal weight say as much. */
  readonly effectiveGroups: number;
}

/** Streams weights by listener; 16 bytes a group of listeners, at most `capacity` groups. */
export class MeanWeightMeter {
  readonly #table: GroupTable;
  #offsets = new Uint32Array(0);

  /** `capacity`: a power of two. Throws `OPTION_INVALID`. */
  constructor(capacity: number = LISTENER_GROUPS) {
    requireWhole('mean weight', 'log2(capacity)', Math.log2(capacity), 1, 22);
    this.#table = new GroupTable(2, capacity);
  }

  add({ rows, decisions, decisionOf, listenerOf, weights }: EvaluationRows): void {
    if (this.#offsets.length < decisions) this.#offsets = new Uint32Array(2 * decisions);
    this.#table.offsets(listenerOf, decisions, this.#offsets);
    const { sums } = this.#table;
    for (let row = 0; row < rows; row++) {
      const at = this.#offsets[decisionOf[row]];
      sums[at]++;
      sums[at + 1] += weights[row];
    }
  }

  summary(): MeanWeight {
    return meanWeight(this.#table.occupied(0), { rows: 0, weights: 1 });
  }
}

/**
 * Mean weight, Σ w / Σ rows, with its standard error by listener, and whether it is 1: by the sums u_g = Σ w - rows of each group, of mean 0.
 * Off 1 by many standard errors: propensities are not what was drawn with, or the policy acts where the log does not.
 * `columns` of `groups`.
 */
export function meanWeight(
  groups: GroupSums,
  columns: { readonly weights: number; readonly rows: number },
): MeanWeight {
  const { groups: count, columns: width, sums } = groups;
  const ratio = ratioOf({
    decisions: columns.rows,
    base: undefined,
    terms: [{ numerator: columns.weights, normaliser: undefined }],
  });
  const { value: mean, standardError } = linearised(groups, ratio);
  const u = { count, first: 0, second: 0, third: 0 };
  for (let g = 0, at = 0; g < count; g++, at += width) {
    const off = sums[at + columns.weights] - sums[at + columns.rows];
    u.first += off;
    u.second += off ** 2;
    u.third += off ** 3;
  }
  const isOne = count < 2 || Math.abs(mean - 1) < 1e-9;
  const test = isOne ? { z: 0, corrected: 0 } : skewedTest(u);
  return {
    mean,
    standardError,
    z: isOne ? 0 : standardError > 0 ? (mean - 1) / standardError : test.z,
    corrected: test.corrected,
    groups: count,
    effectiveGroups: effectiveGroups(groups, columns.weights),
  };
}

/** (Σ_g W_g)² / Σ_g W_g², W_g a group's sum in this column: what an interval by listener stands on. */
export function effectiveGroups(groups: GroupSums, column: number): number {
  let [sum, squares] = [0, 0];
  for (let g = 0, at = column; g < groups.groups; g++, at += groups.columns) {
    sum += groups.sums[at];
    squares += groups.sums[at] ** 2;
  }
  return squares > 0 ? (sum * sum) / squares : 0;
}
