/** Sums by group of listeners: what is resampled for an interval. */
import { mix32 } from '../base/index.ts';

/** Groups of listeners at most: one number for all, so that what is fitted on groups comes out the same wherever a log is evaluated. */
export const LISTENER_GROUPS = 2 ** 17;

/**
 * `sums[group * columns + column]`: the sum of a column over all decisions of the group's listeners. Groups are independent of
 * each other, whichever listeners share one.
 */
export interface GroupSums {
  readonly groups: number;
  readonly columns: number;
  readonly sums: Float64Array;
}

/**
 * Group sums that grow with the listeners seen, up to `capacity` groups (a power of two): 8 bytes a group and column. A listener
 * beyond shares a group by hash: intervals stay valid, of fewer and larger units.
 */
export class GroupTable {
  readonly #capacity: number;
  #columns: number;
  #rows = 1024;
  #used = 0;
  #sums: Float64Array;

  constructor(columns: number, capacity: number) {
    this.#columns = columns;
    this.#capacity = capacity;
    this.#sums = new Float64Array(this.#rows * columns);
  }

  get columns(): number {
    return this.#columns;
  }

  /** Row-major sums; another array after `offsets` or `widen`. */
  get sums(): Float64Array {
    return this.#sums;
  }

  /** Writes where each decision's group begins in `sums`. */
  offsets(listenerOf: Uint32Array, decisions: number, out: Uint32Array): void {
    const most = this.#capacity;
    for (let decision = 0; decision < decisions; decision++) {
      const listener = listenerOf[decision];
      const group = listener < most ? listener : mix32(listener) & (most - 1);
      if (group >= this.#used) this.#used = group + 1;
      out[decision] = group * this.#columns;
    }
    if (this.#used <= this.#rows) return;
    while (this.#rows < this.#used) this.#rows *= 2;
    const grown = new Float64Array(this.#rows * this.#columns);
    grown.set(this.#sums);
    this.#sums = grown;
  }

  /** Appends columns of zeros and returns the first one's number. */
  widen(more: number): number {
    const first = this.#columns;
    const widened = new Float64Array(this.#rows * (first + more));
    for (let group = 0; group < this.#used; group++) {
      widened.set(this.#sums.subarray(group * first, (group + 1) * first), group * (first + more));
    }
    this.#sums = widened;
    this.#columns = first + more;
    return first;
  }

  /** The groups in which `column`, the number of decisions, is not 0. */
  occupied(column: number): GroupSums {
    const columns = this.#columns;
    const sums = new Float64Array(this.#used * columns);
    let groups = 0;
    for (let group = 0; group < this.#used; group++) {
      const at = group * columns;
      if (this.#sums[at + column] === 0) continue;
      sums.set(this.#sums.subarray(at, at + columns), groups++ * columns);
    }
    return { groups, columns, sums: sums.subarray(0, groups * columns) };
  }
}
