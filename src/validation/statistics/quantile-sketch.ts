/**
 * Quantiles of a stream of weighted values in bounded memory (Greenwald and Khanna 2001, in the mergeable form of Zhang and
 * Wang 2007): a buffer, and above it one summary per level, each of 2^level buffers, compressed whenever two meet.
 */
import { compress, type Summary, SummaryStack, summaryOfSorted, summaryOfWeighted } from './quantile-summary.ts';
import { sorted, sortedWithWeights } from './sorting.ts';

export interface Quantiles {
  /** Boundaries 0 … n of n equal parts, in order. */
  readonly values: Float64Array;
  /** Weight of everything up to the boundary, itself included. */
  readonly cumulative: Float64Array;
}

export interface QuantileSketchOptions {
  /** Bound of the error of a rank, as a share of the whole weight. @default 0.01 */
  readonly epsilon?: number;
  /** Values that the bound holds for. @default 2^32 */
  readonly maxValues?: number;
}

type Numbers = Float64Array | Float32Array | Int32Array;

const FIRST_BUFFER = 64;

/** Blocks a buffer: the more, the fewer summaries are merged, and the more is held. */
const BLOCKS = 16;

/** Values of a buffer at most, however small epsilon is: the sorter that all share takes 48 bytes for each. */
const MOST_BUFFERED = 2 ** 20;

const EPSILON = 0.01;

interface Sizes {
  readonly epsilon: number;
  /** Entries of a summary: of so many levels each adds 1 / block to the error. */
  readonly block: number;
  /** Values of a full buffer. Where it is less than a block, its summaries are exact until they hold more than one. */
  readonly capacity: number;
}

export function sizesOf({ epsilon = EPSILON, maxValues = 2 ** 32 }: QuantileSketchOptions): Sizes {
  let block = 2;
  for (let level = 1; 2 ** level * block < maxValues; level++) block = Math.ceil(level / epsilon) + 1;
  return { epsilon, block, capacity: Math.min(BLOCKS * block, MOST_BUFFERED) };
}

/** Values that are gathered before they are summarised, with their weights from when one came that is not 1. */
class ValueBuffer {
  private readonly capacity: number;
  private readonly onFull: () => void;
  private values: Float64Array;
  private weights: Float64Array | undefined;
  count = 0;

  constructor(capacity: number, onFull: () => void) {
    this.capacity = capacity;
    this.values = new Float64Array(Math.min(FIRST_BUFFER, this.capacity));
    this.onFull = onFull;
  }

  add(value: number, weight: number): void {
    this.makeRoom();
    if (weight !== 1) this.weights ??= new Float64Array(this.values.length).fill(1);
    this.values[this.count] = value;
    if (this.weights) this.weights[this.count] = weight;
    this.count++;
    this.tellIfFull();
  }

  /** Values of weight 1; NaN is left out. */
  addAll(values: Numbers): void {
    for (let i = 0; i < values.length; ) {
      this.makeRoom();
      const buffer = this.values;
      const from = this.count;
      let at = from;
      for (; i < values.length && at < buffer.length; i++) {
        const value = values[i];
        buffer[at] = value;
        // A NaN is overwritten by what comes next.
        if (!Number.isNaN(value)) at++;
      }
      this.weights?.fill(1, from, at);
      this.count = at;
      this.tellIfFull();
    }
  }

  /** What weighs nothing or less, or is NaN, weighs 0; a NaN among the values is left out. */
  addWeighted(values: Numbers, weights: Float64Array): void {
    for (let i = 0; i < values.length; ) {
      this.makeRoom();
      this.weights ??= new Float64Array(this.values.length).fill(1);
      const [buffer, weighing] = [this.values, this.weights];
      let at = this.count;
      for (; i < values.length && at < buffer.length; i++) {
        const value = values[i];
        buffer[at] = value;
        weighing[at] = weights[i];
        // NaN too.
        if (!(weights[i] > 0)) weighing[at] = 0;
        if (!Number.isNaN(value)) at++;
      }
      this.count = at;
      this.tellIfFull();
    }
  }

  /** Values among which there is no NaN, and weights above 0. */
  addClean(values: Float64Array, weights: Float64Array): void {
    for (let from = 0; from < values.length; ) {
      this.makeRoom();
      this.weights ??= new Float64Array(this.values.length).fill(1);
      const to = Math.min(values.length, from + this.values.length - this.count);
      this.values.set(values.subarray(from, to), this.count);
      this.weights.set(weights.subarray(from, to), this.count);
      this.count += to - from;
      from = to;
      this.tellIfFull();
    }
  }

  /** All that another holds. */
  addFrom({ values, weights, count }: ValueBuffer): void {
    if (weights) this.addWeighted(values.subarray(0, count), weights);
    else this.addAll(values.subarray(0, count));
  }

  clear(): void {
    this.count = 0;
  }

  /** In order, in memory that is used again. */
  sorted(): { values: Float64Array; weights: Float64Array | undefined } {
    const { values, weights, count } = this;
    return weights ? sortedWithWeights(values, weights, count) : { values: sorted(values, count), weights };
  }

  private makeRoom(): void {
    if (this.count < this.values.length) return;
    const length = Math.min(this.values.length * 2, this.capacity);
    const longer = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(length);
      grown.set(column);
      return grown;
    };
    this.values = longer(this.values);
    if (this.weights) this.weights = longer(this.weights);
  }

  private tellIfFull(): void {
    if (this.count === this.capacity) this.onFull();
  }
}

/**
 * A value reported as the q-quantile has a rank within `epsilon · total` of `q · total`, whatever the order of the values and
 * however sketches were merged. Exact, and in the order of arrival of no consequence, until min(16 · block, 2^20) values have
 * come, `block = ⌈levels / epsilon⌉ + 1`. Memory: 8 bytes for each of so many values, 16 where they are weighted, and then about
 * `levels · block` entries of 32 bytes, `levels ≤ log2(maxValues)`; by default 0.3 MB and 1.4 MB. Besides, all sketches share 48
 * bytes for each value of the greatest buffer, at most 48 MiB.
 */
export class QuantileSketch {
  private readonly buffer: ValueBuffer;
  private readonly block: number;
  private readonly stack: SummaryStack;

  constructor(options: QuantileSketchOptions = {}) {
    const { epsilon, block, capacity } = sizesOf(options);
    this.block = block;
    this.stack = new SummaryStack(block, epsilon);
    this.buffer = new ValueBuffer(capacity, () => this.flush());
  }

  /** NaN and weights that are not positive are left out. */
  add(value: number, weight = 1): void {
    if (weight > 0 && !Number.isNaN(value)) this.buffer.add(value, weight);
  }

  /** Many at once. */
  addAll(values: Numbers, weights?: Float64Array): void {
    if (weights) this.buffer.addWeighted(values, weights);
    else this.buffer.addAll(values);
  }

  /** Takes in what another sketch of the same options has seen; the other stays as it is. */
  merge(other: QuantileSketch): void {
    this.stack.merge(other.stack);
    this.buffer.addFrom(other.buffer);
  }

  /**
   * Boundaries that cut the weight into `parts`: for rank r the entry whose ranks lie nearest to r · total / parts. No
   * boundary if nothing was added.
   */
  quantiles(parts: number): Quantiles {
    const { values, weights } = this.buffer.sorted();
    return quantilesOf(this.stack.with(weights ? summaryOfWeighted(values, weights) : summaryOfSorted(values)), parts);
  }

  private flush(): void {
    const { values, weights } = this.buffer.sorted();
    const { block } = this;
    this.stack.push(weights ? compress(summaryOfWeighted(values, weights), block) : summaryOfSorted(values, block));
    this.buffer.clear();
  }
}

/**
 * Quantiles of the same values by their number and by their weight, as two sketches have them, for which each value is sorted
 * once.
 */
export class TwinSketch {
  private readonly buffer: ValueBuffer;
  private readonly block: number;
  private readonly counted: SummaryStack;
  private readonly weighed: SummaryStack;

  constructor(options: QuantileSketchOptions = {}) {
    const { epsilon, block, capacity } = sizesOf(options);
    this.block = block;
    this.counted = new SummaryStack(block, epsilon);
    this.weighed = new SummaryStack(block, epsilon);
    this.buffer = new ValueBuffer(capacity, () => this.flush());
  }

  /**
   * NaN is left out of both; what does not weigh more than 0, of quantiles by weight.
   * @param clean whether there is known to be neither: then it is faster
   */
  addAll(values: Float64Array, weights: Float64Array, clean = false): void {
    if (clean) this.buffer.addClean(values, weights);
    else this.buffer.addWeighted(values, weights);
  }

  /** Takes in another of the same options, which stays as it is. */
  merge(other: TwinSketch): void {
    this.counted.merge(other.counted);
    this.weighed.merge(other.weighed);
    this.buffer.addFrom(other.buffer);
  }

  byCount(parts: number): Quantiles {
    return quantilesOf(this.counted.with(summaryOfSorted(this.buffer.sorted().values)), parts);
  }

  byWeight(parts: number): Quantiles {
    const { values, weights } = this.sorted();
    return quantilesOf(this.weighed.with(summaryOfWeighted(values, weights)), parts);
  }

  private flush(): void {
    const { values, weights } = this.sorted();
    this.counted.push(summaryOfSorted(values, this.block));
    this.weighed.push(compress(summaryOfWeighted(values, weights), this.block));
    this.buffer.clear();
  }

  private sorted(): { values: Float64Array; weights: Float64Array } {
    const { values, weights } = this.buffer.sorted();
    return { values, weights: weights ?? new Float64Array(values.length).fill(1) };
  }
}

function quantilesOf({ size, values, weights, minRanks, maxRanks }: Summary, parts: number): Quantiles {
  const count = size === 0 ? 0 : parts + 1;
  const boundaries = { values: new Float64Array(count), cumulative: new Float64Array(count) };
  const total = size === 0 ? 0 : maxRanks[size - 1];
  let current = 0;
  for (let rank = 0; rank < count; rank++) {
    const twice = 2 * ((rank * total) / parts);
    let next = current + 1;
    while (next < size && twice >= minRanks[next] + maxRanks[next]) next++;
    current = next - 1;
    const stays = next === size || twice < minRanks[current] + weights[current] + (maxRanks[next] - weights[next]);
    const chosen = stays ? current : next;
    boundaries.values[rank] = values[chosen];
    boundaries.cumulative[rank] = maxRanks[chosen];
  }
  return boundaries;
}
