/** Sorting doubles, alone or with a weight each. */
import { instantiateModule, type ModuleExports } from './module.ts';

interface SortExports extends ModuleExports {
  sortNumbers(values: number, count: number, a: number, b: number, counts: number): void;
  sortWeighted(values: number, weights: number, count: number, a: number, b: number, counts: number): void;
}

/** Numbers are written into `values`, sorted where they stand, and read there. Not re-entrant. */
export interface NumberSort {
  readonly capacity: number;
  readonly values: Float64Array;
  readonly weights: Float64Array;
  /** Sorts the first `count` values, −0 before 0; NaN must not be among them. About 20 ns a number. */
  sort(count: number): void;
  /** The same, and the weights with them; those of equal numbers keep their order. */
  sortWeighted(count: number): void;
}

const COUNT_WORDS = 6 * 2048;

/** Numbers that fit into the memory of a module, with some to spare. */
export const NUMBER_SORT_LIMIT = 89_000_000;

/** Memory: 48 bytes a number. Throws `KERNEL_MEMORY` beyond about `NUMBER_SORT_LIMIT`. */
export function createNumberSort(capacity: number): NumberSort {
  const words = [2 * capacity, 2 * capacity, 4 * capacity, 4 * capacity, COUNT_WORDS];
  const { exports, regions } = instantiateModule<SortExports>('statistics', words);
  const [values, weights, a, b, counts] = regions;
  const numbersAt = (address: number) => new Float64Array(exports.memory.buffer, address, capacity);
  return {
    capacity,
    values: numbersAt(values.address),
    weights: numbersAt(weights.address),
    sort: (count) => exports.sortNumbers(values.address, count, a.address, b.address, counts.address),
    sortWeighted: (count) =>
      exports.sortWeighted(values.address, weights.address, count, a.address, b.address, counts.address),
  };
}
