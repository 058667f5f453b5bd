/** Moments of what decisions contribute to an estimate, and of a log's weights, accumulated row by row. */

/** Moments of the decisions' contributions base_d + Σ_rows w̃ · residual, not normalised. */
export interface ContributionMoments {
  /** Decisions. */
  readonly count: number;
  readonly mean: number;
  /** Population variance, Σ (x - mean)² / n. */
  readonly variance: number;
  readonly smallest: number;
  readonly largest: number;
  /** mean_d Σ_rows (w - w̃) · residual: what the regularisation of w̃ takes away, estimated without it. */
  readonly bias: number;
}

/** Fields of one setting in `MomentTable.cells`. */
export const MOMENT = { shift: 0, sum: 1, squares: 2, smallest: 3, largest: 4, bias: 5 } as const;
const FIELDS = 6;

/**
 * Sums for the moments of many settings, those of a setting side by side. Sums are of x - shift, the shift being the first x:
 * exact for constants, and without the cancellation of raw squares. What comes out depends on the order of decisions, never
 * on the chunks they came in.
 */
export class MomentTable {
  readonly cells: Float64Array;
  count = 0;

  constructor(settings: number) {
    this.cells = new Float64Array(settings * FIELDS);
    for (let at = 0; at < this.cells.length; at += FIELDS) {
      this.cells[at + MOMENT.smallest] = Number.POSITIVE_INFINITY;
      this.cells[at + MOMENT.largest] = Number.NEGATIVE_INFINITY;
    }
  }

  /** Where a setting's fields begin in `cells`. */
  at(setting: number): number {
    return setting * FIELDS;
  }

  /** NaN where there is no decision. */
  moments(setting: number): ContributionMoments {
    const at = this.at(setting);
    const { cells, count } = this;
    const centred = cells[at + MOMENT.sum] / count;
    return {
      count,
      mean: cells[at + MOMENT.shift] + centred,
      variance: Math.max(0, cells[at + MOMENT.squares] / count - centred * centred),
      smallest: cells[at + MOMENT.smallest],
      largest: cells[at + MOMENT.largest],
      bias: cells[at + MOMENT.bias] / count,
    };
  }
}

/** Moments of the rows' weights. */
export interface WeightMoments {
  readonly rows: number;
  /** 1 in expectation where the propensities are right and the log supports the policy. */
  readonly mean: number;
  readonly meanSquare: number;
  readonly largest: number;
  /** (Σ w)² / Σ w², Kish's effective number of rows; 0 where all weights are 0. */
  readonly effectiveRows: number;
}

/** Accumulates `WeightMoments`. */
export class WeightSums {
  #rows = 0;
  #sum = 0;
  #squares = 0;
  #largest = 0;

  add(weights: Float64Array, rows: number): void {
    let sum = this.#sum;
    let squares = this.#squares;
    let largest = this.#largest;
    for (let row = 0; row < rows; row++) {
      const weight = weights[row];
      sum += weight;
      squares += weight * weight;
      if (weight > largest) largest = weight;
    }
    this.#rows += rows;
    this.#sum = sum;
    this.#squares = squares;
    this.#largest = largest;
  }

  moments(): WeightMoments {
    return {
      rows: this.#rows,
      mean: this.#sum / this.#rows,
      meanSquare: this.#squares / this.#rows,
      largest: this.#largest,
      effectiveRows: this.#squares > 0 ? (this.#sum * this.#sum) / this.#squares : 0,
    };
  }
}
