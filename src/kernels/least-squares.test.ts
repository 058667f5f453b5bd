import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { createAlternatingSolver, type SparseRows, solveRow } from './least-squares.ts';

function randomRows(rowCount: number, columnCount: number, perRow: number, seed: number): SparseRows {
  const rng = createRng(seed);
  const starts = new Uint32Array(rowCount + 1);
  const columns: number[] = [];
  const confidences: number[] = [];
  for (let r = 0; r < rowCount; r++) {
    for (let c = 0; c < columnCount; c++) {
      if (rng.uniform() >= perRow / columnCount) continue;
      columns.push(c);
      confidences.push(1 + 10 * rng.exponential());
    }
    starts[r + 1] = columns.length;
  }
  return { starts, columns: Uint32Array.from(columns), confidences: Float32Array.from(confidences) };
}

function emptyRows(rowCount: number): SparseRows {
  return { starts: new Uint32Array(rowCount + 1), columns: new Uint32Array(0), confidences: new Float32Array(0) };
}

/** (FᵀF + λI + Σ (c - 1) f fᵀ)⁻¹ Σ c f in 64-bit floats, by Gaussian elimination with pivoting. */
function naiveSolution(
  factors: Float64Array,
  dimension: number,
  regularisation: number,
  columns: Uint32Array,
  confidences: Float32Array,
): number[] {
  const matrix = Array.from({ length: dimension }, () => new Array<number>(dimension + 1).fill(0));
  for (let f = 0; f < factors.length; f += dimension) {
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j < dimension; j++) matrix[i][j] += factors[f + i] * factors[f + j];
    }
  }
  columns.forEach((column, e) => {
    const f = column * dimension;
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j < dimension; j++) matrix[i][j] += (confidences[e] - 1) * factors[f + i] * factors[f + j];
      matrix[i][dimension] += confidences[e] * factors[f + i];
    }
  });
  for (let i = 0; i < dimension; i++) matrix[i][i] += regularisation;
  for (let k = 0; k < dimension; k++) {
    let pivot = k;
    for (let r = k + 1; r < dimension; r++) if (Math.abs(matrix[r][k]) > Math.abs(matrix[pivot][k])) pivot = r;
    [matrix[k], matrix[pivot]] = [matrix[pivot], matrix[k]];
    for (let r = 0; r < dimension; r++) {
      if (r === k) continue;
      const factor = matrix[r][k] / matrix[k][k];
      for (let c = k; c <= dimension; c++) matrix[r][c] -= factor * matrix[k][c];
    }
  }
  return matrix.map((row, i) => row[dimension] / row[i]);
}

describe('least squares', () => {
  it('solves every row as elimination in 64 bits does, whatever the dimension and the number of entries', () => {
    fc.assert(
      fc.property(
        fc.record({
          dimension: fc.integer({ min: 1, max: 40 }),
          perRow: fc.integer({ min: 0, max: 150 }),
          seed: fc.integer({ min: 0, max: 1e6 }),
        }),
        ({ dimension, perRow, seed }) => {
          const rowCount = 5;
          const columnCount = 200;
          const rng = createRng(seed);
          const rows = randomRows(rowCount, columnCount, perRow, seed + 1);
          const solver = createAlternatingSolver([rows, emptyRows(columnCount)], dimension);
          const { stride } = solver;
          const factors = new Float64Array(columnCount * dimension);
          for (let c = 0; c < columnCount; c++) {
            for (let i = 0; i < dimension; i++) {
              const x = Math.fround(rng.normal() / 4);
              factors[c * dimension + i] = x;
              solver.factors[1][c * stride + i] = x;
            }
          }
          solver.prepare(0, 2);
          solver.solve(0, 0, rowCount);
          const gram = solver.gram();
          for (let r = 0; r < rowCount; r++) {
            const columns = rows.columns.subarray(rows.starts[r], rows.starts[r + 1]);
            const confidences = rows.confidences.subarray(rows.starts[r], rows.starts[r + 1]);
            const expected = naiveSolution(factors, dimension, 2, columns, confidences);
            const single = new Float32Array(dimension);
            solveRow(gram, Float32Array.from(factors), dimension, columns, confidences, columns.length, single);
            for (let i = 0; i < dimension; i++) {
              const solved = solver.factors[0][r * stride + i];
              expect(Math.abs(solved - expected[i])).toBeLessThan(2e-4);
              expect(single[i]).toBe(solved);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('gives zeros to a row without entries', () => {
    const solver = createAlternatingSolver([emptyRows(2), emptyRows(3)], 4);
    solver.factors[0].fill(7);
    solver.prepare(0, 1);
    solver.solve(0, 0, 2);
    expect(Array.from(solver.factors[0])).toEqual(new Array(16).fill(0));
  });

  it('says so when a system is not positive definite', () => {
    const gram = new Float32Array(16).fill(-1);
    const one = Float32Array.of(1);
    expect(() => solveRow(gram, new Float32Array(4), 4, Uint32Array.of(0), one, 1, new Float32Array(4))).toThrow(
      /positive definite/,
    );
  });
});
