import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { DenseProduct } from './dense-product.ts';

function naive(x: Float32Array, matrix: Float32Array, rows: number, inputs: number, outputs: number): Float32Array {
  const out = new Float32Array(rows * outputs);
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < outputs; n++) {
      let sum = 0;
      for (let k = 0; k < inputs; k++)
        sum = Math.fround(sum + Math.fround(x[r * inputs + k] * matrix[k * outputs + n]));
      out[r * outputs + n] = sum;
    }
  }
  return out;
}

describe('a product with a matrix that stays', () => {
  it('is the naive one, bit for bit, of any shape', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 11 }),
        fc.integer(),
        (rows, inputs, outputs, seed) => {
          const rng = createRng(seed);
          const x = Float32Array.from({ length: rows * inputs }, () => rng.normal());
          const matrix = Float32Array.from({ length: inputs * outputs }, () => rng.normal());
          const out = new Float32Array(rows * outputs);
          new DenseProduct(matrix, inputs, outputs).multiply(x, rows, out);
          expect(out).toEqual(naive(x, matrix, rows, inputs, outputs));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps what is no number in its own row', () => {
    const product = new DenseProduct(Float32Array.of(1, 2, 3, 4), 2, 2);
    const out = new Float32Array(6);
    product.multiply(Float32Array.of(1, 1, Number.NaN, 0, Number.POSITIVE_INFINITY, 1), 3, out);
    expect(Array.from(out)).toEqual([4, 6, Number.NaN, Number.NaN, Infinity, Infinity]);
    // What stood there before does not matter.
    product.multiply(Float32Array.of(0, 1), 1, out);
    expect(Array.from(out.subarray(0, 2))).toEqual([3, 4]);
  });
});
