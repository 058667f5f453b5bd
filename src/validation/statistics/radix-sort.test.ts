import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { sortNumbers } from './radix-sort.ts';

describe('the sort of doubles', () => {
  it('sorts any of them as comparing does', () => {
    const values = fc.array(fc.double({ noNaN: true }), { minLength: 256, maxLength: 600 });
    fc.assert(
      fc.property(values, (numbers) => {
        const sorted = Float64Array.from(numbers);
        sortNumbers(sorted);
        expect([...sorted]).toEqual([...Float64Array.from(numbers).sort()]);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['small integers', (u: number) => Math.floor(u * 5) - 2],
    ['32-bit floats', (u: number) => Math.fround(u * 100)],
    ['times', (u: number) => 1.79e12 + Math.floor(u * 1e6)],
    ['one value', () => 7],
  ])('sorts %s, in a part of a longer array', (_, make) => {
    const rng = createRng(1);
    const whole = Float64Array.from({ length: 1000 }, () => make(rng.uniform()));
    const expected = whole.slice(100, 900).sort();
    const part = whole.subarray(100, 900);
    sortNumbers(part);
    expect(part).toEqual(expected);
  });
});
