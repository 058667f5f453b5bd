/** Numbers in order, with the weight of each, in memory that all calls share: what is given is to be used up before the next. */
import { createNumberSort, NUMBER_SORT_LIMIT, type NumberSort } from '../../kernels/index.ts';

const FIRST_CAPACITY = 2 ** 12;

/**
 * Held by who called last, until the next call: each uses up what it was given before it returns, and nothing is awaited between.
 * Each thread has its own.
 */
let sorter: NumberSort | undefined;

function sorterOf(count: number): NumberSort {
  if (!sorter || sorter.capacity < count) sorter = createNumberSort(capacityFor(count));
  return sorter;
}

/** The next power of two, lest each buffer that is a little larger make a new sorter; or what fits, while the numbers do. */
export function capacityFor(count: number): number {
  let capacity = FIRST_CAPACITY;
  while (capacity < count) capacity *= 2;
  return Math.max(count, Math.min(capacity, NUMBER_SORT_LIMIT));
}

/** The first `count` values in order, −0 before 0. NaN must not be among them. */
export function sorted(values: Float64Array, count = values.length): Float64Array {
  const kernel = sorterOf(count);
  kernel.values.set(count === values.length ? values : values.subarray(0, count));
  kernel.sort(count);
  return kernel.values.subarray(0, count);
}

/** The same, and the weights in the order of their values. */
export function sortedWithWeights(
  values: Float64Array,
  weights: Float64Array,
  count: number,
): { values: Float64Array; weights: Float64Array } {
  const kernel = sorterOf(count);
  kernel.values.set(values.subarray(0, count));
  kernel.weights.set(weights.subarray(0, count));
  kernel.sortWeighted(count);
  return { values: kernel.values.subarray(0, count), weights: kernel.weights.subarray(0, count) };
}
