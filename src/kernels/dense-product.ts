/** Products of many rows with one matrix that stays: a dense layer without anything around it. */
import { ShelfwiseError } from '../base/index.ts';
import { instantiateModule, type KernelInstance } from './module.ts';
import type { NetworkExports } from './network-exports.ts';

/** Rows that a pass works on: they and their results stay in the second-level cache. */
const CHUNK_ROWS = 128;
const BLOCK = 8;
const KEEP = 0;

/**
 * y[r][n] = Σ_k x[r][k] · matrix[k][n], in 32 bits, each sum in the order of k: the same bits on every machine, and for a row
 * whatever rows stand beside it. NaN and infinities go through as IEEE 754 has them. Not re-entrant.
 */
export class DenseProduct {
  readonly inputs: number;
  readonly outputs: number;
  private readonly width: number;
  private readonly kernels: KernelInstance<NetworkExports>;

  /** `matrix` is inputs x outputs, row-major. Throws `KERNEL_MEMORY`. */
  constructor(matrix: Float32Array, inputs: number, outputs: number) {
    if (matrix.length < inputs * outputs) {
      throw new ShelfwiseError('BUG', `${matrix.length} elements for a matrix of ${inputs} x ${outputs}`);
    }
    this.inputs = inputs;
    this.outputs = outputs;
    // Panels of four outputs; the columns beyond the last are zeros.
    this.width = Math.ceil(outputs / 4) * 4;
    this.kernels = instantiateModule<NetworkExports>('network', [
      inputs * this.width,
      CHUNK_ROWS * inputs,
      CHUNK_ROWS * this.width,
    ]);
    const [panels] = this.kernels.regions;
    for (let n = 0; n < outputs; n++) {
      const panel = (n >> 2) * inputs * 4 + (n & 3);
      for (let k = 0; k < inputs; k++) panels.f32[panel + 4 * k] = matrix[k * outputs + n];
    }
  }

  /** `x` is rows x inputs, `out` becomes rows x outputs, both row-major. */
  multiply(x: Float32Array, rows: number, out: Float32Array): void {
    const { inputs, outputs, width, kernels } = this;
    const [panels, from, to] = kernels.regions;
    for (let first = 0; first < rows; first += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, rows - first);
      // Blocks hold each feature of their 8 rows side by side.
      for (let r = 0; r < count; r++) {
        let at = (first + r) * inputs;
        let place = (r >> 3) * inputs * BLOCK + (r & 7);
        for (let k = 0; k < inputs; k++, place += BLOCK) from.f32[place] = x[at++];
      }
      const blocks = Math.ceil(count / BLOCK);
      const { denseForward } = kernels.exports;
      denseForward(from.address, blocks, inputs, width, panels.address, 0, to.address, KEEP, 0, 0);
      for (let r = 0; r < count; r++) {
        let at = (first + r) * outputs;
        let place = (r >> 3) * width * BLOCK + (r & 7);
        for (let n = 0; n < outputs; n++, place += BLOCK) out[at++] = to.f32[place];
      }
    }
  }
}
