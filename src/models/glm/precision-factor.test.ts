import { expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { addOuter, PrecisionFactor } from './precision-factor.ts';

const SIZE = 7;

function vectors(count: number, seed: number): Float64Array[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => Float64Array.from({ length: SIZE }, () => rng.normal()));
}

/** A⁻¹ by Sherman and Morrison, row by row, from (λI)⁻¹. */
function inverseOf(rows: readonly Float64Array[], weights: readonly number[], prior: number): Float64Array[] {
  const inverse = Array.from({ length: SIZE }, (_, i) => {
    const row = new Float64Array(SIZE);
    row[i] = 1 / prior;
    return row;
  });
  rows.forEach((x, r) => {
    const product = inverse.map((row) => row.reduce((sum, entry, j) => sum + entry * x[j], 0));
    const variance = x.reduce((sum, xj, j) => sum + xj * product[j], 0);
    const gain = weights[r] / (1 + weights[r] * variance);
    for (let i = 0; i < SIZE; i++) for (let j = 0; j < SIZE; j++) inverse[i][j] -= gain * product[i] * product[j];
  });
  return inverse;
}

test('rows added one by one give the inverse of Sherman and Morrison, and the factor of the whole matrix', () => {
  const rows = vectors(40, 1);
  const weights = rows.map((_, r) => 0.3 + (r % 3));
  const inverse = inverseOf(rows, weights, 0.7);
  const factor = PrecisionFactor.ofPrior(SIZE, 0.7);
  const matrix = new Float64Array((SIZE * (SIZE + 1)) / 2);
  for (let k = 0, at = 0; k < SIZE; at += SIZE - k, k++) matrix[at] = 0.7;
  rows.forEach((x, r) => {
    factor.add(x, weights[r]);
    addOuter(matrix, SIZE, x, weights[r]);
  });
  const whole = PrecisionFactor.ofMatrix(SIZE, matrix);
  whole.packed.forEach((entry, i) => {
    expect(factor.packed[i]).toBeCloseTo(entry, 10);
  });
  for (const x of vectors(5, 2)) {
    const product = inverse.map((row) => row.reduce((sum, entry, j) => sum + entry * x[j], 0));
    const out = new Float64Array(SIZE);
    factor.solve(x, out);
    out.forEach((entry, i) => {
      expect(entry).toBeCloseTo(product[i], 10);
    });
    expect(factor.variance(x)).toBeCloseTo(
      x.reduce((sum, xj, j) => sum + xj * product[j], 0),
      10,
    );
  }
});

test('what is spread has covariance A⁻¹', () => {
  const factor = PrecisionFactor.ofPrior(SIZE, 1);
  for (const x of vectors(10, 3)) factor.add(x, 1);
  // The columns of L⁻ᵀ: their outer products sum to A⁻¹.
  const columns = Array.from({ length: SIZE }, (_, k) => {
    const z = new Float64Array(SIZE);
    z[k] = 1;
    factor.spread(z, z);
    return z;
  });
  for (const x of vectors(4, 4)) {
    const sum = columns.reduce((total, column) => total + column.reduce((dot, c, i) => dot + c * x[i], 0) ** 2, 0);
    expect(sum).toBeCloseTo(factor.variance(x), 12);
  }
});

test('stays positive definite after a hundred thousand large rows in one direction', () => {
  const factor = PrecisionFactor.ofPrior(SIZE, 1e-3);
  const [x, y] = vectors(2, 5);
  for (let r = 0; r < 100_000; r++) factor.add(x, 1e3);
  expect(factor.variance(x)).toBeGreaterThan(0);
  expect(factor.variance(x)).toBeCloseTo(1e-8, 12);
  expect(factor.variance(y)).toBeGreaterThan(1);
});

test('refuses a matrix that is not positive definite', () => {
  expect(() => PrecisionFactor.ofMatrix(2, Float64Array.of(1, 2, 1))).toThrow(expect.objectContaining({ code: 'BUG' }));
});
