/** Overlap of policy and log, slice by slice: an average may hide a market where the log says nothing. */
import { normalQuantile, requireRange, ShelfwiseError } from '../../base/index.ts';

/** Mass that the policy puts on candidates that the log lacks, measured on audited decisions. */
export interface MissingMassEstimate {
  readonly audited: number;
  /** Mean over audited decisions, [0, 1]. */
  readonly mean: number;
  /** One-sided 95% bound from above, by the limit theorem and never below what one all-missing decision more would give; 1 without audits. */
  readonly upper: number;
}

export interface SliceSupport {
  readonly slice: string;
  readonly rows: number;
  readonly meanWeight: number;
  readonly effectiveSize: number;
  /** Mean of min(w, 1), [0, 1]: estimates Σ_a min(π_e, π_b), that is 1 minus the total variation between the policies. */
  readonly overlap: number;
  readonly zeroShare: number;
  /** Undefined where no decision was audited. */
  readonly missing: MissingMassEstimate | undefined;
}

/** Streams rows by slice; memory grows with the slices alone. */
export class SupportBySlice {
  readonly slices: readonly string[];
  private readonly rows: Float64Array;
  private readonly sum: Float64Array;
  private readonly squares: Float64Array;
  private readonly overlap: Float64Array;
  private readonly zeros: Float64Array;
  private readonly missing: readonly MissingMassMeter[];

  constructor(slices: readonly string[]) {
    this.slices = [...slices];
    const column = (): Float64Array => new Float64Array(slices.length);
    [this.rows, this.sum, this.squares, this.overlap, this.zeros] = [column(), column(), column(), column(), column()];
    this.missing = slices.map(() => new MissingMassMeter());
  }

  /** A row of the slice with this number, with weight >= 0. */
  add(slice: number, weight: number): void {
    if (!(slice >= 0 && slice < this.slices.length)) throw new ShelfwiseError('BUG', `there is no slice ${slice}`);
    this.rows[slice]++;
    this.sum[slice] += weight;
    this.squares[slice] += weight * weight;
    this.overlap[slice] += Math.min(1, weight);
    if (weight === 0) this.zeros[slice]++;
  }

  /** An audited decision of the slice. Throws `OPTION_INVALID` for a mass outside [0, 1]. */
  addMissing(slice: number, mass: number): void {
    this.missing[slice].add(mass);
  }

  /** Slices that have rows, in their order. */
  summary(): readonly SliceSupport[] {
    return this.slices.flatMap((slice, i) => {
      const rows = this.rows[i];
      if (rows === 0) return [];
      return {
        slice,
        rows,
        meanWeight: this.sum[i] / rows,
        effectiveSize: this.squares[i] > 0 ? this.sum[i] ** 2 / this.squares[i] : 0,
        overlap: this.overlap[i] / rows,
        zeroShare: this.zeros[i] / rows,
        missing: this.missing[i].summary(),
      };
    });
  }
}

/** Streams the missing mass of audited decisions. */
export class MissingMassMeter {
  private audited = 0;
  private sum = 0;
  private squares = 0;

  /** Throws `OPTION_INVALID` for a mass outside [0, 1]; what rounding leaves beyond is cut. */
  add(mass: number): void {
    requireRange('missing mass', 'mass', mass, -1e-9, 1 + 1e-9);
    const within = Math.min(1, Math.max(0, mass));
    this.audited++;
    this.sum += within;
    this.squares += within * within;
  }

  summary(): MissingMassEstimate | undefined {
    const { audited, sum, squares } = this;
    if (audited === 0) return undefined;
    const mean = sum / audited;
    const error = Math.sqrt(Math.max(0, squares / audited - mean * mean) / audited);
    const upper = Math.max(mean - normalQuantile(0.05) * error, (sum + 1) / (audited + 1));
    return { audited, mean, upper: Math.min(1, upper) };
  }
}
