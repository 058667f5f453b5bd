import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ColumnProducts, type PairSums } from './column-products.ts';

const COLUMNS = 7;
const ROWS = 9;

/** By the definition, over the rows in which both are finite. */
function naive(x: readonly number[], y: readonly number[], w: readonly number[], means: readonly number[]): PairSums {
  const both = [...x.keys()].filter((r) => Number.isFinite(x[r]) && Number.isFinite(y[r]));
  const sum = (of: (r: number) => number): number => both.reduce((total, r) => total + of(r), 0);
  const [dx, dy] = [(r: number) => x[r] - means[0], (r: number) => y[r] - means[1]];
  return {
    count: both.length,
    weight: sum((r) => w[r]),
    sumX: sum((r) => w[r] * dx(r)),
    squaresX: sum((r) => w[r] * dx(r) ** 2),
    sumY: sum((r) => w[r] * dy(r)),
    squaresY: sum((r) => w[r] * dy(r) ** 2),
    products: sum((r) => w[r] * dx(r) * dy(r)),
  };
}

const NUMBER = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -40, max: 40 }).map((quarters) => quarters / 4) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity) },
);
const WHOLE = fc.integer({ min: -9, max: 9 });

describe('the products of columns', () => {
  it('are those of the rows in which both have a number, one by one and all at once', () => {
    const products = new ColumnProducts(COLUMNS, ROWS);
    const block = fc.integer({ min: 1, max: ROWS }).chain((rows) =>
      fc.record({
        columns: fc.array(
          fc.boolean().chain((gaps) => fc.array(gaps ? NUMBER : WHOLE, { minLength: rows, maxLength: rows })),
          { minLength: 1, maxLength: COLUMNS },
        ),
        weights: fc.option(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: rows, maxLength: rows })),
        all: fc.boolean(),
        // What blocks before have left behind.
        dirt: fc.constantFrom(0, 7, Number.NaN, Infinity),
      }),
    );
    fc.assert(
      fc.property(block, ({ columns, weights, all, dirt }) => {
        const rows = columns[0].length;
        for (let c = 0; c < COLUMNS; c++) products.column(c).fill(dirt);
        products.weights.fill(dirt);
        for (const [c, values] of columns.entries()) products.column(c).set(values);
        if (weights) products.weights.set(weights);
        products.centre(columns.length, rows, weights !== null);
        if (all) products.multiplyAll();
        const w = weights ?? columns[0].map(() => 1);
        for (const [x, valuesX] of columns.entries())
          for (const [y, valuesY] of columns.entries()) {
            const means = [products.means[x], products.means[y]];
            const expected = naive(valuesX, valuesY, w, means);
            for (const [key, value] of Object.entries(products.pair(x, y)))
              expect(value, `${key} of ${x}, ${y}`).toBeCloseTo(expected[key as keyof PairSums], 8);
          }
      }),
    );
  });
});
