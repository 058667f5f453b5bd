/** Summaries of weighted values by their ranks, and a stack of them that stays small (Zhang and Wang 2007). */

/** Distinct values in order, with the weight of each and the least and most rank that its last value can have. */
export interface Summary {
  readonly size: number;
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly minRanks: Float64Array;
  readonly maxRanks: Float64Array;
}

/** Grows as it is filled; its columns are longer than its size. */
export class ScratchSummary implements Summary {
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

// Two, as what is merged may be what was summarised. Held by who wrote one last, until the next call of what writes it: a sketch
// copies out what it keeps before it returns, and nothing is awaited between. Each thread has its own.
const summarised = new ScratchSummary();
const merged = new ScratchSummary();

/**
 * Distinct values of what is sorted, with exact ranks by their number: all, or about `most`, so that of the others at most
 * ⌊number / most⌋ lie between two that stay. The least and the greatest stay.
 */
export function summaryOfSorted(order: Float64Array, most = Infinity): ScratchSummary {
  const count = order.length;
  const out = summarised.start(Math.min(count, most + 2));
  const { values, weights, minRanks, maxRanks } = out;
  const jump = Math.floor(count / most);
  let size = 0;
  for (let end = 0; end < count; ) {
    let start = size === 0 ? 0 : Math.min(end + jump, count - 1);
    while (start > end && order[start - 1] === order[start]) start--;
    end = endOfRun(order, start);
    values[size] = order[start];
    weights[size] = end - start;
    minRanks[size] = start;
    maxRanks[size++] = end;
  }
  out.size = size;
  return out;
}

/** After the last that equals the one at `start`. */
function endOfRun(order: Float64Array, start: number): number {
  const value = order[start];
  let step = 1;
  while (start + step < order.length && order[start + step] === value) step *= 2;
  let [low, high] = [start + (step >> 1), Math.min(start + step, order.length)];
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (order[middle] === value) low = middle;
    else high = middle;
  }
  return high;
}

/** All distinct values of what is sorted, with exact ranks by weight; those that weigh nothing are left out. */
export function summaryOfWeighted(order: Float64Array, weighing: Float64Array): ScratchSummary {
  const count = order.length;
  const out = summarised.start(count);
  const { values, weights, minRanks, maxRanks } = out;
  let [size, before] = [0, 0];
  for (let i = 0; i < count; ) {
    const value = order[i];
    let weight = weighing[i++];
    while (i < count && order[i] === value) weight += weighing[i++];
    if (weight <= 0) continue;
    values[size] = value;
    weights[size] = weight;
    minRanks[size] = before;
    before += weight;
    maxRanks[size++] = before;
  }
  out.size = size;
  return out;
}

/** One summary a level, of 2^level buffers; where two meet they go to the next together. */
export class SummaryStack {
  private readonly most: number;
  private readonly epsilon: number;
  private readonly levels: (Summary | undefined)[] = [];

  /**
   * @param most entries of a summary, about
   * @param epsilon share of the weight that may come to lie between two entries
   */
  constructor(most: number, epsilon: number) {
    this.most = most;
    this.epsilon = epsilon;
  }

  /** A summary of a full buffer, of about `most` entries. */
  push(summary: ScratchSummary): void {
    this.carry(summary, 0);
  }

  /** Takes in another, which stays as it is. */
  merge(other: SummaryStack): void {
    for (const [level, summary] of other.levels.entries()) if (summary) this.carry(summary, level);
  }

  /** Of all that was pushed, and of one more. */
  with(last: Summary): Summary {
    let whole = last;
    for (const level of this.levels) if (level) whole = mergeSummaries(whole, level).copy();
    return whole;
  }

  private carry(summary: Summary, from: number): void {
    let carried = summary;
    for (let level = from; ; level++) {
      const met = this.levels[level];
      if (!met) {
        while (this.levels.length < level) this.levels.push(undefined);
        this.levels[level] = carried instanceof ScratchSummary ? carried.copy() : carried;
        return;
      }
      const both = compress(mergeSummaries(carried, met), this.most + 1, this.epsilon);
      // The next merge writes where this one stands.
      carried = this.levels[level + 1] ? both.copy() : both;
      this.levels[level] = undefined;
    }
  }
}

/** Both at once: ranks add up, of values that only one side has by those of its neighbours on the other. */
function mergeSummaries(a: Summary, b: Summary): ScratchSummary {
  const out = merged.start(a.size + b.size);
  const { values, weights, minRanks, maxRanks } = out;
  const { size: sizeA, values: valuesA, weights: weightsA, minRanks: minA, maxRanks: maxA } = a;
  const { size: sizeB, values: valuesB, weights: weightsB, minRanks: minB, maxRanks: maxB } = b;
  let [i, j, size, nextA, nextB] = [0, 0, 0, 0, 0];
  while (i < sizeA && j < sizeB) {
    const x = valuesA[i];
    const y = valuesB[j];
    if (x === y) {
      values[size] = x;
      weights[size] = weightsA[i] + weightsB[j];
      minRanks[size] = minA[i] + minB[j];
      maxRanks[size++] = maxA[i] + maxB[j];
      nextA = minA[i] + weightsA[i++];
      nextB = minB[j] + weightsB[j++];
    } else if (x < y) {
      values[size] = x;
      weights[size] = weightsA[i];
      minRanks[size] = minA[i] + nextB;
      maxRanks[size++] = maxA[i] + maxB[j] - weightsB[j];
      nextA = minA[i] + weightsA[i++];
    } else {
      values[size] = y;
      weights[size] = weightsB[j];
      minRanks[size] = minB[j] + nextA;
      maxRanks[size++] = maxB[j] + maxA[i] - weightsA[i];
      nextB = minB[j] + weightsB[j++];
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

/**
 * About `hint` entries, between which at most total / hint or `epsilon · total` of rank is hidden, whichever is more: of what was
 * compressed before, only the latter leaves room for fewer entries. The least and the greatest value stay. In place.
 */
export function compress(summary: ScratchSummary, hint: number, epsilon = 0): ScratchSummary {
  const { size, values, weights, minRanks, maxRanks } = summary;
  if (size <= hint) return summary;
  const slack = maxRanks[size - 1] * Math.max(1 / hint, epsilon);
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
