/**
 * Draws of the scores of a few rows from their joint normal distribution, by the covariance of the rows instead of errors of
 * all parameters that they meet: with R rows of S slots and M draws R² / 2 + R M normals and products, not R S M normals.
 *
 *   K_rs = Σ_i J_ri J_si / q_i,   K = L Lᵀ,   draw_m = mean + noise · L z_m
 *
 * J is the derivative of a row's score by the parameters, q their precisions: rows that share a parameter vary together.
 */
import { noiseStream, type Seed } from '../../base/index.ts';
import type { FeatureBatch } from '../../features/index.ts';
import { BucketTable } from './bucket-table.ts';
import { normalAt } from './normals.ts';

/** Tells this noise from all else that a seed is used for. */
const JOINT_NOISE = 0x6a6f696e;
/** What is left of a variance given the rows before it counts as nothing below this share: rounding, of rows that are equal. */
const LEAST_SHARE = 1e-12;

export class JointDraws {
  private rows = 0;
  /** K, then L: the lower triangle, row r at r · rows. */
  private matrix = new Float64Array(0);
  private normals = new Float64Array(0);
  private readonly table = new BucketTable();
  /** Of each slot of each row: 1 + the last one before it of the same bucket; 0: none. */
  private earlier = new Int32Array(0);

  begin(rows: number): void {
    this.rows = rows;
    if (this.matrix.length < rows * rows) this.matrix = new Float64Array(rows * rows);
    this.matrix.fill(0, 0, rows * rows);
  }

  /** Parameters that all rows have: each row as a vector of J_ri / √q_i, row r at r · size. */
  addVectors(vectors: Float64Array, size: number): void {
    const { rows, matrix } = this;
    for (let r = 0; r < rows; r++) {
      for (let s = 0; s <= r; s++) {
        let sum = 0;
        for (let i = r * size, j = s * size, end = i + size; i < end; i++, j++) sum += vectors[i] * vectors[j];
        matrix[r * rows + s] += sum;
      }
    }
  }

  /**
   * Parameters of buckets: `product` is what the bucket adds to the covariance of rows r and s that have it. A bucket that stands in
   * two slots of a row counts as 2. Quadratic in the rows that have a bucket.
   */
  addSlots({ sparse, sparseWidth }: FeatureBatch, product: (bucket: number, r: number, s: number) => number): void {
    const { rows, matrix, table } = this;
    const count = rows * sparseWidth;
    if (this.earlier.length < count) this.earlier = new Int32Array(count);
    const { earlier } = this;
    table.begin(count);
    for (let r = 0, slot = 0; r < rows; r++) {
      for (const end = slot + sparseWidth; slot < end; slot++) {
        const bucket = sparse[slot];
        if (bucket === 0) continue;
        const last = table.exchange(bucket, slot + 1);
        earlier[slot] = last;
        matrix[r * rows + r] += product(bucket, r, r);
        for (let other = last; other > 0; other = earlier[other - 1]) {
          const s = Math.floor((other - 1) / sparseWidth);
          matrix[r * rows + s] += (s === r ? 2 : 1) * product(bucket, r, s);
        }
      }
    }
  }

  /** out[r * draws + m] = means[r] + noise · (L z_m)_r, z_m a function of the seed and m. */
  draw(means: Float64Array, noise: number, seed: Seed, draws: number, out: Float64Array): void {
    const { rows, matrix } = this;
    this.factor();
    if (this.normals.length < rows * draws) this.normals = new Float64Array(rows * draws);
    const { normals } = this;
    for (let m = 0; m < draws; m++) {
      const stream = noiseStream(seed, JOINT_NOISE, m);
      for (let r = 0; r < rows; r++) normals[r * draws + m] = normalAt(stream, r);
    }
    for (let r = 0; r < rows; r++) {
      const to = r * draws;
      out.fill(means[r], to, to + draws);
      for (let s = 0; s <= r; s++) {
        const factor = noise * matrix[r * rows + s];
        if (factor === 0) continue;
        for (let m = 0, from = s * draws; m < draws; m++) out[to + m] += factor * normals[from + m];
      }
    }
  }

  /** K = L Lᵀ in place (Cholesky and Banachiewicz); a row that those before it determine has no noise of its own. */
  private factor(): void {
    const { rows, matrix } = this;
    for (let r = 0; r < rows; r++) {
      const at = r * rows;
      for (let s = 0; s < r; s++) {
        const pivot = matrix[s * rows + s];
        let sum = matrix[at + s];
        for (let i = 0; i < s; i++) sum -= matrix[at + i] * matrix[s * rows + i];
        matrix[at + s] = pivot === 0 ? 0 : sum / pivot;
      }
      const variance = matrix[at + r];
      let rest = variance;
      for (let i = 0; i < r; i++) rest -= matrix[at + i] * matrix[at + i];
      matrix[at + r] = rest > LEAST_SHARE * variance ? Math.sqrt(rest) : 0;
    }
  }
}
