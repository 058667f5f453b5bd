/**
 * Estimates as functions of sums over groups of listeners. Whatever an estimator does with weights and rewards, its value is a smooth function of
 * a few sums, and so all intervals by listener (linearised, jackknife, bootstrap) come from the same table of group sums.
 */
import type { GroupSums } from '../groups.ts';

/** A value from one row of sums (of all groups, of a resample, of all but one group). */
export interface Functional {
  /** `sums[at + column]`. */
  value(sums: Float64Array, at: number): number;
  /** ∂ value / ∂ sums[at + column], added to `out[column]` times `scale`. */
  addGradient(sums: Float64Array, at: number, scale: number, out: Float64Array): void;
}

/** One normalised sum: Σ num · (Σ rows / Σ den), or Σ num where there is no denominator. */
export interface RatioTerm {
  readonly numerator: number;
  readonly normaliser: { readonly denominator: number; readonly rows: number } | undefined;
}

/** Columns of `GroupSums`. */
export interface RatioColumns {
  /** Column of the number of decisions. */
  readonly decisions: number;
  /** Column of Σ q̂π; undefined where there is no model. */
  readonly base: number | undefined;
  readonly terms: readonly RatioTerm[];
  /** So much of this column is added: a control of mean 0. @default none */
  readonly control?: { readonly column: number; readonly share: number } | undefined;
}

/**
 * V = (Σ base + β Σ control + Σ_k Σ num_k · (Σ rows_k / Σ den_k)) / Σ decisions: every estimator of the room that is a mean (no normaliser), self-normalised
 * (one term) or self-normalised by position (a term a position). A term whose denominator is 0 is 0.
 */
export function ratioOf(columns: RatioColumns): Functional {
  const { decisions, base, terms, control } = columns;
  const total = (sums: Float64Array, at: number): number => {
    let sum = base === undefined ? 0 : sums[at + base];
    if (control !== undefined) sum += control.share * sums[at + control.column];
    for (const { numerator, normaliser } of terms) {
      if (normaliser === undefined) sum += sums[at + numerator];
      else {
        const denominator = sums[at + normaliser.denominator];
        if (denominator !== 0) sum += (sums[at + numerator] * sums[at + normaliser.rows]) / denominator;
      }
    }
    return sum;
  };
  return {
    value: (sums, at) => total(sums, at) / sums[at + decisions],
    addGradient(sums, at, scale, out) {
      const unit = scale / sums[at + decisions];
      if (base !== undefined) out[base] += unit;
      if (control !== undefined) out[control.column] += unit * control.share;
      for (const { numerator, normaliser } of terms) {
        if (normaliser === undefined) {
          out[numerator] += unit;
          continue;
        }
        const denominator = sums[at + normaliser.denominator];
        if (denominator === 0) continue;
        const [num, rows] = [sums[at + numerator], sums[at + normaliser.rows]];
        out[numerator] += (unit * rows) / denominator;
        out[normaliser.rows] += (unit * num) / denominator;
        out[normaliser.denominator] -= (unit * num * rows) / denominator ** 2;
      }
      out[decisions] -= (unit * total(sums, at)) / sums[at + decisions];
    },
  };
}

/** a - b, from the same groups: paired. */
export function differenceOf(a: Functional, b: Functional): Functional {
  return {
    value: (sums, at) => a.value(sums, at) - b.value(sums, at),
    addGradient(sums, at, scale, out) {
      a.addGradient(sums, at, scale, out);
      b.addGradient(sums, at, -scale, out);
    },
  };
}

/** a / b - 1, the lift of a over b; NaN where b is 0. */
export function liftOf(a: Functional, b: Functional): Functional {
  return {
    value: (sums, at) => a.value(sums, at) / b.value(sums, at) - 1,
    addGradient(sums, at, scale, out) {
      const base = b.value(sums, at);
      a.addGradient(sums, at, scale / base, out);
      b.addGradient(sums, at, (-scale * a.value(sums, at)) / base ** 2, out);
    },
  };
}

/** Column → sum over all groups. */
export function totalsOf(groups: GroupSums): Float64Array {
  const totals = new Float64Array(groups.columns);
  for (let g = 0, at = 0; g < groups.groups; g++) {
    for (let c = 0; c < groups.columns; c++) totals[c] += groups.sums[at++];
  }
  return totals;
}

/** An estimate with its error by listener. */
export interface LinearisedEstimate {
  readonly value: number;
  /** √(G / (G - 1) Σ_g h_g²), h_g the group's sums times the gradient of the value; ∞ for fewer than two groups. */
  readonly standardError: number;
  readonly groups: number;
}

/**
 * Value and standard error by the delta method over groups (Taylor linearisation with clusters; Woodruff 1971): for a plain mean with one decision a group it is
 * the sample's standard error. Too small where few groups carry the sum; the bootstrap then is too, see the effective sample size.
 */
export function linearised(groups: GroupSums, functional: Functional): LinearisedEstimate {
  const { groups: count, columns, sums } = groups;
  const totals = totalsOf(groups);
  const gradient = new Float64Array(columns);
  functional.addGradient(totals, 0, 1, gradient);
  let squares = 0;
  for (let g = 0, at = 0; g < count; g++) {
    let influence = 0;
    for (let c = 0; c < columns; c++) influence += gradient[c] * sums[at++];
    squares += influence * influence;
  }
  const standardError = count < 2 ? Number.POSITIVE_INFINITY : Math.sqrt((squares * count) / (count - 1));
  return { value: functional.value(totals, 0), standardError, groups: count };
}

/** Group → value of the estimate without that group. */
export function leaveOneOut(groups: GroupSums, functional: Functional): Float64Array {
  const { groups: count, columns, sums } = groups;
  const totals = totalsOf(groups);
  const rest = new Float64Array(columns);
  const values = new Float64Array(count);
  for (let g = 0, at = 0; g < count; g++) {
    for (let c = 0; c < columns; c++) rest[c] = totals[c] - sums[at++];
    values[g] = functional.value(rest, 0);
  }
  return values;
}
