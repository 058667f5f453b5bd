import { describe, expect, it } from 'vitest';
import { DatasetStatistics, SlicedStatistics, type SliceOf } from './index.ts';
import { chunkOf, expectNear } from './statistics-testing.ts';

const ROWS = {
  country: ['US', 'US', null, 'DE', 'US'],
  age: [[10], [20], [10], [10, 20], null],
  x: [1, 2, 3, 4, 5],
};

function slicesOf(slices: readonly SliceOf[], chunks = [chunkOf(ROWS)]): SlicedStatistics {
  const sliced = new SlicedStatistics(slices);
  for (const chunk of chunks) sliced.add(chunk);
  return sliced;
}

/** Examples by slice. */
function sizes(sliced: SlicedStatistics): Record<string, number> {
  return Object.fromEntries(sliced.extract().datasets!.map(({ name, numExamples }) => [name!, numExamples!]));
}

describe('slices', () => {
  it('are of every value of a feature, beside all examples', () => {
    expect(sizes(slicesOf([{ country: undefined }]))).toEqual({ 'All Examples': 5, country_US: 3, country_DE: 1 });
  });

  it('overlap where an example has several values', () => {
    expect(sizes(slicesOf([{ age: undefined }]))).toEqual({ 'All Examples': 5, age_10: 3, age_20: 2 });
  });

  it('are of the named values only, and crossed', () => {
    const sliced = slicesOf([{ age: [10] }, { country: ['US'], age: undefined }]);
    expect(sizes(sliced)).toEqual({ 'All Examples': 5, age_10: 3, country_US_age_10: 1, country_US_age_20: 1 });
  });

  it('are of named numbers as they stand in the column, whatever their type', () => {
    const sliced = new SlicedStatistics([{ big: [2 ** 60] }, { single: [0.1, 3] }]);
    sliced.add(chunkOf({ big: [2 ** 60, 1], single: [0.1, 3] }, { single: { kind: 'FLOAT', depth: 1, single: true } }));
    expect(sizes(sliced)).toEqual({
      'All Examples': 2,
      big_1152921504606846976: 1,
      'single_0.1': 1,
      'single_3.0': 1,
    });
  });

  it('have the statistics of their examples alone, merged or not', () => {
    const alone = new DatasetStatistics();
    alone.add(chunkOf({ country: ['US', 'US', 'US'], age: [[10], [20], null], x: [1, 2, 5] }));
    const [part, rest] = [slicesOf([{ country: ['US'] }], []), slicesOf([{ country: ['US'] }], [])];
    const rows = (from: number, to: number) =>
      chunkOf({ country: ROWS.country.slice(from, to), age: ROWS.age.slice(from, to), x: ROWS.x.slice(from, to) });
    part.add(rows(0, 3));
    rest.add(rows(3, 5));
    part.merge(rest);
    for (const sliced of [slicesOf([{ country: ['US'] }]), part])
      expectNear(sliced.extract().datasets![1], alone.extract('country_US'));
  });

  it('are refused beyond the most', () => {
    const sliced = new SlicedStatistics([{ x: undefined }], {}, 3);
    expect(() => sliced.add(chunkOf(ROWS))).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
