import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { surveyNumbers } from './number-survey.ts';

describe('the survey of numbers', () => {
  it('finds extremes, zeros and NaN as looking at each does', () => {
    const number = fc.oneof(fc.double(), fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity));
    fc.assert(
      fc.property(fc.array(number, { maxLength: 50 }), fc.constantFrom(1, 400), (some, times) => {
        const values = Array.from({ length: times }, () => some).flat();
        const numbers = values.filter((value) => !Number.isNaN(value));
        const { min, max, zeros, nans } = surveyNumbers(Float64Array.from(values));
        // Of zeros of both signs either may be the extreme.
        expect(min + 0).toBe(numbers.reduce((least, value) => Math.min(least, value), Infinity) + 0);
        expect(max + 0).toBe(numbers.reduce((most, value) => Math.max(most, value), -Infinity) + 0);
        expect(zeros).toBe(values.filter((value) => value === 0).length);
        expect(nans).toBe(values.length - numbers.length);
      }),
    );
  });
});
