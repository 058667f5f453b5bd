import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { createNumberSort, NUMBER_SORT_LIMIT } from './number-sort.ts';

const sorter = createNumberSort(4000);

function expectSorted(numbers: readonly number[]): void {
  const expected = Float64Array.from(numbers).sort();
  const sorted = sorter.values.subarray(0, numbers.length);
  sorted.set(numbers);
  sorter.sort(numbers.length);
  expect(sorted).toEqual(expected);

  // Weights tell where each number stood: equal ones keep their order.
  const places = [...numbers.keys()].sort(
    (a, b) => numbers[a] - numbers[b] || Number(Object.is(numbers[b], -0)) - Number(Object.is(numbers[a], -0)) || a - b,
  );
  sorted.set(numbers);
  sorter.weights.set([...numbers.keys()]);
  sorter.sortWeighted(numbers.length);
  expect(sorted).toEqual(expected);
  if (!numbers.includes(Infinity) && !numbers.includes(-Infinity))
    expect([...sorter.weights.subarray(0, numbers.length)]).toEqual(places);
}

describe('the sort of doubles', () => {
  it('has room for as many as it says, and refuses more', () => {
    // What is not written to takes no memory of the machine.
    expect(createNumberSort(NUMBER_SORT_LIMIT).values).toHaveLength(NUMBER_SORT_LIMIT);
    const refused = expect.objectContaining({ code: 'KERNEL_MEMORY' });
    expect(() => createNumberSort(1.01 * NUMBER_SORT_LIMIT)).toThrow(refused);
  });

  it('sorts any of them as comparing does, with their weights', () => {
    fc.assert(fc.property(fc.array(fc.double({ noNaN: true }), { maxLength: 600 }), expectSorted), { numRuns: 60 });
  });

  it.each([
    ['small integers', (u: number) => Math.floor(u * 5) - 2],
    ['32-bit floats', (u: number) => Math.fround(u * 100)],
    ['times', (u: number) => 1.79e12 + Math.floor(u * 1e6)],
    ['one value', () => 7],
    ['numbers that differ in their last bits only, and a zero', (u: number) => (u < 0.001 ? 0 : 1.79e9 + u * 1e-3)],
    ['numbers of both signs and all sizes', (u: number) => (u - 0.5) * 10 ** Math.floor(u * 1e6 - 5e5 * u)],
  ])('sorts %s', (_, make) => {
    const rng = createRng(1);
    expectSorted(Array.from({ length: 4000 }, () => make(rng.uniform())).filter(Number.isFinite));
  });
});
