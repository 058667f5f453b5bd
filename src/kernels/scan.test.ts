import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { createScan, dotRows } from './scan.ts';

function randomMatrix(rows: number, dimension: number, seed: number): Float32Array {
  const rng = createRng(seed);
  return Float32Array.from({ length: rows * dimension }, () => rng.normal());
}

function naiveDot(matrix: Float32Array, row: number, dimension: number, query: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < dimension; i++) sum += matrix[row * dimension + i] * query[i];
  return sum;
}

const shapes = fc.record({
  rows: fc.integer({ min: 0, max: 700 }),
  dimension: fc.integer({ min: 1, max: 70 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

describe('scan', () => {
  it('agrees with plain products, whatever the shape', () => {
    fc.assert(
      fc.property(shapes, ({ rows, dimension, seed }) => {
        const matrix = randomMatrix(rows, dimension, seed);
        const query = randomMatrix(1, dimension, seed + 1);
        const out = new Float32Array(rows);
        createScan(matrix, rows, dimension).dot(query, out);
        for (let r = 0; r < rows; r++) {
          expect(Math.abs(out[r] - naiveDot(matrix, r, dimension, query))).toBeLessThan(1e-4);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('gives the same bits by dot, dotAt, dotRows and top', () => {
    fc.assert(
      fc.property(shapes, ({ rows, dimension, seed }) => {
        const matrix = randomMatrix(rows, dimension, seed);
        const query = randomMatrix(1, dimension, seed + 1);
        const scan = createScan(matrix, rows, dimension);
        const byScan = new Float32Array(rows);
        scan.dot(query, byScan);
        const byBlocks = new Float32Array(rows);
        dotRows(matrix, rows, dimension, query, byBlocks);
        expect(byBlocks).toEqual(byScan);

        const backwards = Uint32Array.from({ length: rows }, (_, r) => rows - 1 - r);
        const gathered = new Float32Array(rows);
        scan.dotAt(query, backwards, rows, gathered);
        expect(gathered.reverse()).toEqual(byScan);

        const topRows = new Uint32Array(rows);
        const topScores = new Float32Array(rows);
        const found = scan.top(query, rows, topRows, topScores);
        expect(found).toBe(rows);
        topRows.forEach((row, i) => {
          expect(topScores[i]).toBe(byScan[row]);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('finds the best k in order, equals by row number, also where lengths let it pass over blocks', () => {
    fc.assert(
      fc.property(
        fc.record({
          rows: fc.integer({ min: 1, max: 3000 }),
          k: fc.integer({ min: 0, max: 60 }),
          seed: fc.integer({ min: 0, max: 1e6 }),
          skew: fc.constantFrom(0, 3),
        }),
        ({ rows, k, seed, skew }) => {
          const dimension = 12;
          const rng = createRng(seed);
          // Few distinct values, so that many scores are equal.
          const matrix = new Float32Array(rows * dimension);
          for (let r = 0; r < rows; r++) {
            const scale = 2 ** -Math.floor((skew * 4 * r) / rows);
            for (let i = 0; i < dimension; i++) matrix[r * dimension + i] = scale * (rng.below(3) - 1);
          }
          const query = Float32Array.from({ length: dimension }, () => rng.below(3) - 1);
          const scan = createScan(matrix, rows, dimension);
          const scores = new Float32Array(rows);
          scan.dot(query, scores);
          const expected = Array.from(scores.keys())
            .sort((a, b) => scores[b] - scores[a] || a - b)
            .slice(0, k);
          const topRows = new Uint32Array(k);
          const found = scan.top(query, k, topRows, new Float32Array(k));
          expect(Array.from(topRows.subarray(0, found))).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leaves out rows and queries that are not numbers', () => {
    const matrix = randomMatrix(600, 8, 1);
    matrix[8 * 300] = Number.NaN;
    const scan = createScan(matrix, 600, 8);
    const rows = new Uint32Array(600);
    const scores = new Float32Array(600);
    const query = randomMatrix(1, 8, 2);
    expect(scan.top(query, 600, rows, scores)).toBe(599);
    expect(rows.subarray(0, 599)).not.toContain(300);
    expect(scan.top(new Float32Array(8).fill(Number.NaN), 10, rows, scores)).toBe(0);
  });

  it('refuses a k beyond its room', () => {
    const scan = createScan(randomMatrix(100, 8, 1), 100, 8, { topCapacity: 10 });
    expect(() => scan.top(new Float32Array(8), 11, new Uint32Array(11), new Float32Array(11))).toThrow(/room for 10/);
  });

  it('rounds after every operation in one stated order: the same bits on every machine', () => {
    const matrix = randomMatrix(100, 64, 3);
    const query = randomMatrix(1, 64, 4);
    const out = new Float32Array(100);
    dotRows(matrix, 100, 64, query, out);
    const { fround } = Math;
    for (let r = 0; r < 100; r++) {
      const sums = new Float32Array(8);
      for (let i = 0; i < 64; i++) sums[i % 8] += fround(matrix[r * 64 + i] * query[i]);
      const lanes = Float32Array.from({ length: 4 }, (_, lane) => sums[lane] + sums[lane + 4]);
      expect(out[r]).toBe(fround(fround(lanes[0] + lanes[2]) + fround(lanes[1] + lanes[3])));
    }
  });
});
