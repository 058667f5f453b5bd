/** Quantiles of a stream in bounded memory, with a stated relative error. */
import { requireRange, ShelfwiseError } from '../../base/index.ts';

const SMALLEST = 1e-12;
const LARGEST = 1e12;

/**
 * Counts in bins that grow by γ = (1 + ε) / (1 - ε): any quantile is within ε of itself, whatever was added in whatever order (DDSketch:
 * Masson, Rim and Lee 2019). Zeros, least and largest are exact; what is positive but below 1e-12 counts as 1e-12, what is above 1e12 as the largest.
 * About 27.6 / ε bins of 8 bytes.
 */
export class LogHistogram {
  /** ε. */
  readonly relativeError: number;
  count = 0;
  zeros = 0;
  least = Number.POSITIVE_INFINITY;
  largest = Number.NEGATIVE_INFINITY;
  private readonly perLog: number;
  private readonly offset: number;
  private readonly bins: Float64Array;

  /** Throws `OPTION_INVALID` for an error outside [1e-4, 0.5]. */
  constructor(relativeError = 0.01) {
    requireRange('log-histogram', 'relativeError', relativeError, 1e-4, 0.5);
    this.relativeError = relativeError;
    this.perLog = 1 / Math.log((1 + relativeError) / (1 - relativeError));
    this.offset = Math.ceil(Math.log(SMALLEST) * this.perLog);
    this.bins = new Float64Array(Math.ceil(Math.log(LARGEST) * this.perLog) - this.offset + 1);
  }

  /** Throws `OPE_OBSERVATION_RANGE` for a value that is negative or not finite. */
  add(x: number): void {
    if (!(x >= 0 && x < Number.POSITIVE_INFINITY)) {
      throw new ShelfwiseError('OPE_OBSERVATION_RANGE', `a histogram of logarithms was given ${x}`);
    }
    this.count++;
    if (x < this.least) this.least = x;
    if (x > this.largest) this.largest = x;
    if (x === 0) this.zeros++;
    else this.bins[this.binOf(x)]++;
  }

  /** As if the other's values had been added here. Throws `BUG` where the errors differ. */
  merge(other: LogHistogram): void {
    if (other.relativeError !== this.relativeError) throw new ShelfwiseError('BUG', 'histograms of different errors');
    this.count += other.count;
    this.zeros += other.zeros;
    this.least = Math.min(this.least, other.least);
    this.largest = Math.max(this.largest, other.largest);
    for (let i = 0; i < this.bins.length; i++) this.bins[i] += other.bins[i];
  }

  /** The value of rank ⌈share · count⌉, within ε of itself; exact at 0 and 1. NaN while there is none. */
  quantile(share: number): number {
    requireRange('log-histogram', 'share', share, 0, 1);
    if (this.count === 0) return Number.NaN;
    if (share === 0) return this.least;
    if (share === 1) return this.largest;
    let left = Math.max(1, Math.ceil(share * this.count)) - this.zeros;
    if (left <= 0) return 0;
    for (let i = 0; i < this.bins.length; i++) {
      left -= this.bins[i];
      if (left <= 0) return Math.min(this.largest, Math.max(this.least, this.centre(i)));
    }
    return this.largest;
  }

  /** Bins that are not empty, ascending: for a plot over the logarithm. */
  filled(): readonly { readonly from: number; readonly to: number; readonly count: number }[] {
    const filled: { from: number; to: number; count: number }[] = [];
    this.bins.forEach((count, i) => {
      if (count === 0) return;
      const at = i + this.offset;
      filled.push({ from: Math.exp((at - 1) / this.perLog), to: Math.exp(at / this.perLog), count });
    });
    return filled;
  }

  private binOf(x: number): number {
    const bin = Math.ceil(Math.log(x) * this.perLog) - this.offset;
    return Math.max(0, Math.min(this.bins.length - 1, bin));
  }

  /** 2 γ^i / (γ + 1): as far, relatively, from either end of its bin. */
  private centre(bin: number): number {
    const growth = Math.exp(1 / this.perLog);
    return (2 * Math.exp((bin + this.offset) / this.perLog)) / (growth + 1);
  }
}
