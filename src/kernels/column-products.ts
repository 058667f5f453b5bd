/** Sums over rows for pairs of columns of numbers, with gaps. */
import { instantiateModule, type ModuleExports } from './module.ts';

interface ProductExports extends ModuleExports {
  sumOf(values: number, count: number): number;
  depart(values: number, weights: number, count: number, mean: number, weighted: number, squares: number): number;
  multiplyColumns(
    left: number,
    lefts: number,
    right: number,
    rights: number,
    count: number,
    stride: number,
    out: number,
    width: number,
    upper: boolean,
  ): void;
}

/** Of a pair (x, y), over the rows in which both have a number; dx is x less the mean of x over all rows that have one. */
export interface PairSums {
  readonly count: number;
  /** Σ w. */
  readonly weight: number;
  /** Σ w dx, Σ w dx². */
  readonly sumX: number;
  readonly squaresX: number;
  readonly sumY: number;
  readonly squaresY: number;
  /** Σ w dx dy. */
  readonly products: number;
}

/**
 * A block of columns: write their numbers (`column`) and `weights`, `centre` them, then ask for pairs. Without weights w is 1.
 * Memory: 40 bytes a column and row, 40 a pair of columns. Not re-entrant.
 */
export class ColumnProducts {
  readonly columns: number;
  readonly rows: number;
  /** Of each column over the rows in which it has a number. */
  readonly means: Float64Array;
  /** Of the rows: finite and not negative, where `centre` is told that there are weights. */
  readonly weights: Float64Array;
  private readonly exports: ProductExports;
  /** Bytes from column to column. */
  private readonly stride: number;
  /** Addresses of matrices, a column after the other: departures, the same times weights, squares times weights; of columns with gaps 1 or 0, and weights or 0. */
  private readonly departures: number;
  private readonly weighted: number;
  private readonly squares: number;
  private readonly presence: number;
  private readonly weightedPresence: number;
  private readonly weightsAddress: number;
  /** Addresses of results, `columns` a row. */
  private readonly results: readonly number[];
  private readonly memory: Float64Array;
  private readonly sums: Float64Array;
  /** Place of a column among those with gaps, or −1. */
  private readonly gaps: Int32Array;
  private centred = 0;
  private count = 0;
  private isWeighted = false;
  private total = 0;
  private gapped = 0;
  private isMultiplied = false;

  /** For so many columns and rows at most. Throws `KERNEL_MEMORY`. */
  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    const padded = rows + (rows & 1);
    this.stride = 8 * padded;
    const matrices = new Array<number>(5).fill(2 * columns * padded);
    const results = new Array<number>(5).fill(2 * columns * columns);
    const { exports, regions } = instantiateModule<ProductExports>('statistics', [...matrices, 2 * padded, ...results]);
    const addresses = regions.map(({ address }) => address);
    [this.departures, this.weighted, this.squares, this.presence, this.weightedPresence, this.weightsAddress] =
      addresses;
    this.results = addresses.slice(6);
    this.exports = exports;
    this.memory = new Float64Array(exports.memory.buffer);
    this.weights = this.columnAt(this.weightsAddress, 0);
    this.means = new Float64Array(columns);
    this.sums = new Float64Array(columns);
    this.gaps = new Int32Array(columns);
  }

  /** Where to write the numbers of a column, a row each; NaN and infinities are gaps. */
  column(c: number): Float64Array {
    return this.columnAt(this.departures, c);
  }

  /** Turns the first `columns` columns into departures from their means, over the first `rows` rows. */
  centre(columns: number, rows: number, weighted: boolean): void {
    const { exports, departures, stride } = this;
    this.centred = columns;
    this.count = rows;
    this.isWeighted = weighted;
    this.gapped = 0;
    this.isMultiplied = false;
    // What a block before left there would weigh the pad: 0 times NaN is NaN.
    if (weighted && rows % 2 === 1) this.memory[this.weightsAddress / 8 + rows] = 0;
    this.total = weighted ? exports.sumOf(this.weightsAddress, rows) : rows;
    for (let c = 0; c < columns; c++) {
      const values = departures + c * stride;
      const sum = exports.sumOf(values, rows);
      this.gaps[c] = -1;
      this.means[c] = sum / rows;
      if (!Number.isFinite(sum)) this.findGaps(c);
      // A pad that is NaN departs by 0.
      if (rows % 2 === 1) this.memory[values / 8 + rows] = Number.NaN;
      const weights = weighted ? this.weightsAddress : 0;
      const [to, squares] = [this.weighted + c * stride, this.squares + c * stride];
      this.sums[c] = exports.depart(values, weights, rows, this.means[c], to, squares);
    }
  }

  /** Does for all pairs at once what `pair` does one by one: about half of the time, if all are asked for. */
  multiplyAll(): void {
    const { centred, gapped, presence, weightedPresence } = this;
    const multiply = (left: number, lefts: number, right: number, rights: number, result: number): void => {
      const out = this.results[result];
      this.exports.multiplyColumns(
        left,
        lefts,
        right,
        rights,
        this.count,
        this.stride,
        out,
        this.columns,
        result === 0,
      );
    };
    const left = this.isWeighted ? this.weighted : this.departures;
    multiply(left, centred, this.departures, centred, 0);
    multiply(left, centred, presence, gapped, 1);
    multiply(this.squares, centred, presence, gapped, 2);
    multiply(presence, gapped, presence, gapped, 3);
    if (this.isWeighted) multiply(weightedPresence, gapped, presence, gapped, 4);
    this.isMultiplied = true;
  }

  /** Of columns `x` and `y`, which may be one and the same. */
  pair(x: number, y: number): PairSums {
    const { presence, weightedPresence, isWeighted } = this;
    const left = isWeighted ? this.weighted : this.departures;
    const product = (a: number, b: number): number => this.product(left, a, this.departures, b, 0);
    const [gapsX, gapsY] = [this.gaps[x], this.gaps[y]];
    const sumWhere = (c: number, gaps: number): number =>
      gaps < 0 ? this.sums[c] : this.product(left, c, presence, gaps, 1);
    const squaresWhere = (c: number, gaps: number): number =>
      gaps < 0 ? product(c, c) : this.product(this.squares, c, presence, gaps, 2);
    let [count, weight] = [this.count, this.total];
    if (gapsX >= 0 || gapsY >= 0) {
      const [a, b] = [gapsX < 0 ? gapsY : gapsX, gapsY < 0 ? gapsX : gapsY];
      count = this.product(presence, a, presence, b, 3);
      weight = isWeighted ? this.product(weightedPresence, a, presence, b, 4) : count;
    }
    return {
      count,
      weight,
      sumX: sumWhere(x, gapsY),
      squaresX: squaresWhere(x, gapsY),
      sumY: sumWhere(y, gapsX),
      squaresY: squaresWhere(y, gapsX),
      products: product(Math.min(x, y), Math.max(x, y)),
    };
  }

  private product(left: number, i: number, right: number, j: number, result: number): number {
    const { exports, stride, count, columns } = this;
    const out = this.results[result] + 8 * (i * columns + j);
    if (!this.isMultiplied)
      exports.multiplyColumns(left + i * stride, 1, right + j * stride, 1, count, stride, out, columns, false);
    return this.memory[out / 8];
  }

  private columnAt(matrix: number, c: number): Float64Array {
    return new Float64Array(this.exports.memory.buffer, matrix + c * this.stride, this.rows);
  }

  /** Marks the rows that have a number, leaves NaN in the others, and takes the mean. */
  private findGaps(c: number): void {
    const rows = this.count;
    const place = this.gapped++;
    const values = this.column(c);
    const from = (this.presence + place * this.stride) / 8;
    const weightsFrom = (this.weightedPresence + place * this.stride) / 8;
    let [count, mean] = [0, 0];
    for (let r = 0; r < rows; r++) {
      const value = values[r];
      const present = Number.isFinite(value);
      this.memory[from + r] = present ? 1 : 0;
      this.memory[weightsFrom + r] = present && this.isWeighted ? this.weights[r] : 0;
      if (present) mean += (value - mean) / ++count;
      else values[r] = Number.NaN;
    }
    if (rows % 2 === 1) {
      this.memory[from + rows] = 0;
      this.memory[weightsFrom + rows] = 0;
    }
    this.gaps[c] = place;
    this.means[c] = mean;
  }
}
