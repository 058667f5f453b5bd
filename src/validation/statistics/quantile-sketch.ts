/**
 * Quantiles of a stream of weighted values in bounded memory (Greenwald and Khanna 2001, in the mergeable form of Zhang and
 * Wang 2007): a buffer, and above it one summary per level, each of 2^level buffers, compressed whenever two meet.
 */

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

/**
 * A value reported as the q-quantile has a rank within `epsilon · total` of `q · total`, whatever the order of the values and
 * however sketches were merged. Exact, and in the order of arrival of no consequence, until `2 · block` values have come,
 * `block = ⌈levels / epsilon⌉ + 1`; then about `levels · block` entries of 32 bytes are held, `levels ≤ log2(maxValues)`.
 */
export class QuantileSketch {
  readonly epsilon: number;
  readonly maxValues: number;
  private readonly block: number;
  private values = new Float64Array(FIRST_BUFFER);
  private weights = new Float64Array(FIRST_BUFFER);
  private buffered = 0;
  private readonly levels: (Summary | undefined)[] = [];

  constructor(options: QuantileSketchOptions = {}) {
    this.epsilon = options.epsilon ?? 0.01;
    this.maxValues = options.maxValues ?? 2 ** 32;
    let block = 2;
    for (let level = 1; 2 ** level * block < this.maxValues; level++) block = Math.ceil(level / this.epsilon) + 1;
    this.block = block;
  }

  /** NaN and weights that are not positive are left out. */
  add(value: number, weight = 1): void {
    if (!(weight > 0) || Number.isNaN(value)) return;
    if (this.buffered === this.values.length) this.grow();
    this.values[this.buffered] = value;
    this.weights[this.buffered++] = weight;
    if (this.buffered === this.block * 2) this.flush();
  }

  /** Many at once. */
  addAll(values: ArrayLike<number>, weights?: ArrayLike<number>): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const weight = weights ? weights[i] : 1;
      if (!(weight > 0) || Number.isNaN(value)) continue;
      if (this.buffered === this.values.length) this.grow();
      this.values[this.buffered] = value;
      this.weights[this.buffered++] = weight;
      if (this.buffered === this.block * 2) this.flush();
    }
  }

  /** Takes in what another sketch of the same options has seen; the other stays as it is. */
  merge(other: QuantileSketch): void {
    for (const [level, summary] of other.levels.entries()) if (summary) this.carry(summary, level);
    for (let i = 0; i < other.buffered; i++) this.add(other.values[i], other.weights[i]);
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
    let whole = summarise(this.values, this.weights, this.buffered);
    for (const level of this.levels) if (level) whole = mergeSummaries(whole, level);
    return whole;
  }

  private grow(): void {
    const length = Math.min(this.values.length * 2, this.block * 2);
    const [values, weights] = [new Float64Array(length), new Float64Array(length)];
    values.set(this.values);
    weights.set(this.weights);
    this.values = values;
    this.weights = weights;
  }

  private flush(): void {
    this.carry(compress(summarise(this.values, this.weights, this.buffered), this.block), 0);
    this.buffered = 0;
  }

  private carry(summary: Summary, from: number): void {
    let carried = summary;
    for (let level = from; ; level++) {
      const met = this.levels[level];
      if (!met) {
        while (this.levels.length < level) this.levels.push(undefined);
        this.levels[level] = carried;
        return;
      }
      carried = compress(mergeSummaries(carried, met), this.block + 1);
      this.levels[level] = undefined;
    }
  }
}

function empty(capacity: number): Summary & { size: number } {
  const column = (): Float64Array => new Float64Array(capacity);
  return { size: 0, values: column(), weights: column(), minRanks: column(), maxRanks: column() };
}

function push(to: Summary & { size: number }, value: number, weight: number, minRank: number, maxRank: number): void {
  const at = to.size++;
  to.values[at] = value;
  to.weights[at] = weight;
  to.minRanks[at] = minRank;
  to.maxRanks[at] = maxRank;
}

/** Exact ranks of what is buffered. */
function summarise(values: Float64Array, weights: Float64Array, count: number): Summary {
  let uniform = true;
  for (let i = 1; i < count && uniform; i++) uniform = weights[i] === weights[0];
  let sorted = values.subarray(0, count);
  let order: Uint32Array | undefined;
  if (uniform) sorted = sorted.slice().sort();
  else order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => values[a] - values[b] || 0);
  const summary = empty(count);
  let before = 0;
  for (let i = 0; i < count; ) {
    const value = order ? values[order[i]] : sorted[i];
    let weight = 0;
    for (; i < count && (order ? values[order[i]] : sorted[i]) === value; i++) weight += weights[order ? order[i] : i];
    push(summary, value, weight, before, before + weight);
    before += weight;
  }
  return summary;
}

function mergeSummaries(a: Summary, b: Summary): Summary {
  if (a.size === 0) return b;
  if (b.size === 0) return a;
  const merged = empty(a.size + b.size);
  let [i, j, nextA, nextB] = [0, 0, 0, 0];
  while (i < a.size && j < b.size) {
    if (a.values[i] === b.values[j]) {
      const weight = a.weights[i] + b.weights[j];
      push(merged, a.values[i], weight, a.minRanks[i] + b.minRanks[j], a.maxRanks[i] + b.maxRanks[j]);
      nextA = a.minRanks[i] + a.weights[i++];
      nextB = b.minRanks[j] + b.weights[j++];
    } else if (a.values[i] < b.values[j]) {
      push(merged, a.values[i], a.weights[i], a.minRanks[i] + nextB, a.maxRanks[i] + b.maxRanks[j] - b.weights[j]);
      nextA = a.minRanks[i] + a.weights[i++];
    } else {
      push(merged, b.values[j], b.weights[j], b.minRanks[j] + nextA, b.maxRanks[j] + a.maxRanks[i] - a.weights[i]);
      nextB = b.minRanks[j] + b.weights[j++];
    }
  }
  const [totalA, totalB] = [a.maxRanks[a.size - 1], b.maxRanks[b.size - 1]];
  for (; i < a.size; i++) push(merged, a.values[i], a.weights[i], a.minRanks[i] + nextB, a.maxRanks[i] + totalB);
  for (; j < b.size; j++) push(merged, b.values[j], b.weights[j], b.minRanks[j] + nextA, b.maxRanks[j] + totalA);
  return merged;
}

/** At most about `hint` entries, each hiding at most total / hint of rank; the least and the greatest value stay. */
function compress(summary: Summary, hint: number): Summary {
  const { size, values, weights, minRanks, maxRanks } = summary;
  if (size <= hint) return summary;
  const slack = maxRanks[size - 1] / hint;
  const kept = empty(size);
  const keep = (i: number): void => push(kept, values[i], weights[i], minRanks[i], maxRanks[i]);
  keep(0);
  let [last, credit] = [0, 0];
  for (let read = 0; read + 1 < size; ) {
    let next = read + 1;
    for (
      ;
      next < size && credit < size && maxRanks[next] - weights[next] - (minRanks[read] + weights[read]) <= slack;
      next++
    )
      credit += hint;
    read = read === next - 1 ? read + 1 : next - 1;
    keep(read);
    last = read;
    credit -= size;
  }
  if (last + 1 !== size) keep(size - 1);
  const cut = (column: Float64Array): Float64Array => column.slice(0, kept.size);
  return {
    size: kept.size,
    values: cut(kept.values),
    weights: cut(kept.weights),
    minRanks: cut(kept.minRanks),
    maxRanks: cut(kept.maxRanks),
  };
}
