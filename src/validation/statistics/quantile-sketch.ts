/**
 * Quantiles of a stream of weighted values in bounded memory (Greenwald and Khanna 2001, in the mergeable form of Zhang and
 * Wang 2007): a buffer, and above it one summary per level, each of 2^level buffers, compressed whenever two meet.
 */

import { sortNumbers } from './radix-sort.ts';

/** Distinct values in order, with the weight of each and the least and most rank that its last value can have. */
interface Summary {
  readonly size: number;
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly minRanks: Float64Array;
  readonly maxRanks: Float64Array;
}

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

const FIRST_BUFFER = 64;

/** Blocks a buffer: the more, the fewer summaries are merged, and the more is held. */
const BLOCKS = 4;

/**
 * A value reported as the q-quantile has a rank within `epsilon · total` of `q · total`, whatever the order of the values and
 * however sketches were merged. Exact, and in the order of arrival of no consequence, until `4 · block` values have come,
 * `block = ⌈levels / epsilon⌉ + 1`; then about `levels · block` entries of 32 bytes are held, `levels ≤ log2(maxValues)`.
 */
export class QuantileSketch {
  readonly epsilon: number;
  readonly maxValues: number;
  private readonly block: number;
  /** Values that are gathered before they are summarised. */
  private readonly bufferSize: number;
  private values = new Float64Array(FIRST_BUFFER);
  /** Of what is buffered; absent while all are 1. */
  private weights: Float64Array | undefined;
  private buffered = 0;
  private readonly levels: (Summary | undefined)[] = [];

  constructor(options: QuantileSketchOptions = {}) {
    this.epsilon = options.epsilon ?? 0.01;
    this.maxValues = options.maxValues ?? 2 ** 32;
    let block = 2;
    for (let level = 1; 2 ** level * block < this.maxValues; level++) block = Math.ceil(level / this.epsilon) + 1;
    this.block = block;
    this.bufferSize = BLOCKS * block;
  }

  /** NaN and weights that are not positive are left out. */
  add(value: number, weight = 1): void {
    if (!(weight > 0) || Number.isNaN(value)) return;
    if (this.buffered === this.values.length) this.grow();
    if (weight !== 1) this.weights ??= new Float64Array(this.values.length).fill(1);
    this.values[this.buffered] = value;
    if (this.weights) this.weights[this.buffered] = weight;
    if (++this.buffered === this.bufferSize) this.flush();
  }

  /** Many at once. */
  addAll(values: Float64Array | Float32Array | Int32Array, weights?: Float64Array): void {
    if (weights || this.weights) {
      for (let i = 0; i < values.length; i++) this.add(values[i], weights ? weights[i] : 1);
      return;
    }
    for (let i = 0; i < values.length; ) {
      if (this.buffered === this.values.length) this.grow();
      const buffer = this.values;
      let at = this.buffered;
      for (; i < values.length && at < buffer.length; i++) {
        const value = values[i];
        buffer[at] = value;
        // A NaN is overwritten by what comes next.
        if (!Number.isNaN(value)) at++;
      }
      this.buffered = at;
      if (at === this.bufferSize) this.flush();
    }
  }

  /** Takes in what another sketch of the same options has seen; the other stays as it is. */
  merge(other: QuantileSketch): void {
    for (const [level, summary] of other.levels.entries()) if (summary) this.carry(summary, level);
    for (let i = 0; i < other.buffered; i++) this.add(other.values[i], other.weights ? other.weights[i] : 1);
  }

  /**
   * Boundaries that cut the weight into `parts`: for rank r the entry whose ranks lie nearest to r · total / parts. No
   * boundary if nothing was added.
   */
  quantiles(parts: number): Quantiles {
    const { size, values, weights, minRanks, maxRanks } = this.summary();
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

  private summary(): Summary {
    let whole: Summary = summarise(this.values, this.buffered, this.weights);
    for (const level of this.levels) if (level) whole = mergeSummaries(whole, level).copy();
    return whole;
  }

  private grow(): void {
    const length = Math.min(this.values.length * 2, this.bufferSize);
    const longer = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(length);
      grown.set(column);
      return grown;
    };
    this.values = longer(this.values);
    if (this.weights) this.weights = longer(this.weights);
  }

  private flush(): void {
    const summary = compress(summarise(this.values, this.buffered, this.weights), this.block);
    this.buffered = 0;
    this.weights = undefined;
    this.carry(summary, 0);
  }

  /** Puts a summary on a level; where there is one, both go to the next together. */
  private carry(summary: Summary, from: number): void {
    let carried = summary;
    for (let level = from; ; level++) {
      const met = this.levels[level];
      if (!met) {
        while (this.levels.length < level) this.levels.push(undefined);
        this.levels[level] = carried instanceof Scratch ? carried.copy() : carried;
        return;
      }
      const both = compress(mergeSummaries(carried, met), this.block + 1);
      // The next merge writes where this one stands.
      carried = this.levels[level + 1] ? both.copy() : both;
      this.levels[level] = undefined;
    }
  }
}

/** Grows as it is filled; its columns are longer than its size. */
class Scratch implements Summary {
  size = 0;
  values = new Float64Array(0);
  weights = new Float64Array(0);
  minRanks = new Float64Array(0);
  maxRanks = new Float64Array(0);

  /** Empties it and makes room. */
  start(capacity: number): this {
    this.size = 0;
    if (this.values.length < capacity) {
      this.values = new Float64Array(capacity);
      this.weights = new Float64Array(capacity);
      this.minRanks = new Float64Array(capacity);
      this.maxRanks = new Float64Array(capacity);
    }
    return this;
  }

  /** What it holds, in memory of its own. */
  copy(): Summary {
    const cut = (column: Float64Array): Float64Array => column.slice(0, this.size);
    return {
      size: this.size,
      values: cut(this.values),
      weights: cut(this.weights),
      minRanks: cut(this.minRanks),
      maxRanks: cut(this.maxRanks),
    };
  }
}

// Two, as what is merged may be what was summarised; each is used up within one call of a sketch.
const summarised = new Scratch();
const merged = new Scratch();
let sorted = new Float64Array(0);

/** Exact ranks of what is buffered. @param weights absent if all are 1 */
function summarise(buffer: Float64Array, count: number, weights: Float64Array | undefined): Scratch {
  const out = summarised.start(count);
  const { values, weights: totals, minRanks, maxRanks } = out;
  if (sorted.length < count) sorted = new Float64Array(count);
  const order = sorted.subarray(0, count);
  order.set(buffer.subarray(0, count));
  sortNumbers(order);
  let size = 0;
  for (let i = 0; i < count; ) {
    const value = order[i];
    const from = i++;
    while (i < count && order[i] === value) i++;
    values[size] = value;
    totals[size] = i - from;
    minRanks[size] = from;
    maxRanks[size++] = i;
  }
  out.size = size;
  if (!weights) return out;
  totals.fill(0, 0, size);
  for (let i = 0; i < count; i++) totals[placeOf(buffer[i], values, size)] += weights[i];
  let before = 0;
  for (let i = 0; i < size; i++) {
    minRanks[i] = before;
    before += totals[i];
    maxRanks[i] = before;
  }
  return out;
}

/** Where a value stands among distinct ones in order, of which it is one. */
function placeOf(value: number, values: Float64Array, size: number): number {
  let [low, high] = [0, size - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Both at once: ranks add up, of values that only one side has by those of its neighbours on the other. */
function mergeSummaries(a: Summary, b: Summary): Scratch {
  const out = merged.start(a.size + b.size);
  const { values, weights, minRanks, maxRanks } = out;
  let [i, j, size, nextA, nextB] = [0, 0, 0, 0, 0];
  while (i < a.size && j < b.size) {
    const [x, y] = [a.values[i], b.values[j]];
    if (x === y) {
      values[size] = x;
      weights[size] = a.weights[i] + b.weights[j];
      minRanks[size] = a.minRanks[i] + b.minRanks[j];
      maxRanks[size++] = a.maxRanks[i] + b.maxRanks[j];
      nextA = a.minRanks[i] + a.weights[i++];
      nextB = b.minRanks[j] + b.weights[j++];
    } else if (x < y) {
      values[size] = x;
      weights[size] = a.weights[i];
      minRanks[size] = a.minRanks[i] + nextB;
      maxRanks[size++] = a.maxRanks[i] + b.maxRanks[j] - b.weights[j];
      nextA = a.minRanks[i] + a.weights[i++];
    } else {
      values[size] = y;
      weights[size] = b.weights[j];
      minRanks[size] = b.minRanks[j] + nextA;
      maxRanks[size++] = b.maxRanks[j] + a.maxRanks[i] - a.weights[i];
      nextB = b.minRanks[j] + b.weights[j++];
    }
  }
  const rest = (of: Summary, from: number, below: number, all: number): void => {
    for (let at = from; at < of.size; at++) {
      values[size] = of.values[at];
      weights[size] = of.weights[at];
      minRanks[size] = of.minRanks[at] + below;
      maxRanks[size++] = of.maxRanks[at] + all;
    }
  };
  const totalOf = (of: Summary): number => (of.size === 0 ? 0 : of.maxRanks[of.size - 1]);
  rest(a, i, nextB, totalOf(b));
  rest(b, j, nextA, totalOf(a));
  out.size = size;
  return out;
}

/** At most about `hint` entries, each hiding at most total / hint of rank; the least and the greatest value stay. In place. */
function compress(summary: Scratch, hint: number): Scratch {
  const { size, values, weights, minRanks, maxRanks } = summary;
  if (size <= hint) return summary;
  const slack = maxRanks[size - 1] / hint;
  let [kept, last, credit] = [1, 0, 0];
  const keep = (at: number): void => {
    values[kept] = values[at];
    weights[kept] = weights[at];
    minRanks[kept] = minRanks[at];
    maxRanks[kept++] = maxRanks[at];
  };
  for (let read = 0, reach = minRanks[0] + weights[0]; read + 1 < size; ) {
    let next = read + 1;
    for (; next < size && credit < size && maxRanks[next] - weights[next] - reach <= slack; next++) credit += hint;
    read = read === next - 1 ? read + 1 : next - 1;
    // Read before it is overwritten: what is kept never overtakes what is read.
    reach = minRanks[read] + weights[read];
    keep(read);
    last = read;
    credit -= size;
  }
  if (last + 1 !== size) keep(size - 1);
  summary.size = kept;
  return summary;
}
