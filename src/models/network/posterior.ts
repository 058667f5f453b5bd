/**
 * What a network knows of its own error: a Laplace approximation over its last layer, the rest held fixed ("neural-linear":
 * Riquelme, Tucker & Snoek 2018; for log loss Kristiadi, Hein & Hennig 2020).
 *
 *   φ = [last hidden layer, 1],  Λ = λ I + Σ_r c_r φ_r φ_rᵀ,  [w, b] ~ N([ŵ, b̂], Λ⁻¹)
 *
 * c_r is the row's weight times p (1 - p) where the loss is the log loss, and over the variance of the noise where it is the
 * squared error. What embeddings and wide weights do not know is not in it: a new bucket is no less certain than a known one.
 */
import { noiseStream, type Seed } from '../../base/index.ts';
import type { FeatureBatch } from '../../features/index.ts';
import { NETWORK_CHUNK_ROWS, NETWORK_PROJECTION_COLUMNS, type Network } from '../../kernels/index.ts';
import type { Uncertainty } from '../contract.ts';
import { normalAt } from '../glm/normals.ts';
import type { PrecisionFactor } from '../glm/precision-factor.ts';
import { sigmoids } from '../sigmoid.ts';
import type { NetworkObjective } from './options.ts';
import { requireRoom } from './predictor.ts';

/** Label of the noise that draws are made of, so that no other use of the same seed meets it. */
const NOISE = 0x6e65;

export class LastLayerPosterior implements Uncertainty {
  private readonly network: Network;
  private readonly objective: NetworkObjective;
  private readonly factor: PrecisionFactor;
  /** Column n: what takes φ to the n-th entry of L⁻¹ φ. */
  private readonly root: Float64Array;
  private rootKnown = false;
  private readonly shifts: Float64Array;
  private readonly normals: Float64Array;
  private readonly unit: Float64Array;

  constructor(network: Network, objective: NetworkObjective, factor: PrecisionFactor) {
    const size = factor.size;
    this.network = network;
    this.objective = objective;
    this.factor = factor;
    this.root = new Float64Array(size * size);
    this.shifts = new Float64Array(size * NETWORK_PROJECTION_COLUMNS);
    this.normals = new Float64Array(size);
    this.unit = new Float64Array(size);
  }

  /** The precision has changed. */
  changed(): void {
    this.rootKnown = false;
  }

  deviations(batch: FeatureBatch, rows: number, out: Float64Array): void {
    const { network } = this;
    requireRoom(network, batch, rows, out.length);
    network.setProjection(this.knownRoot(), this.factor.size);
    for (let from = 0; from < rows; from += NETWORK_CHUNK_ROWS) {
      const count = Math.min(NETWORK_CHUNK_ROWS, rows - from);
      network.load(batch.dense, batch.sparse, from, count);
      network.forward(count);
      network.project(count);
      const squares = network.projectedNorms(count);
      for (let r = 0; r < count; r++) out[from + r] = Math.sqrt(squares[r]) * this.slope(network.logits[r]);
    }
  }

  /** d score / d logit. */
  private slope(logit: number): number {
    if (this.objective !== 'logLoss') return 1;
    const tail = Math.exp(-Math.abs(logit));
    return tail / ((1 + tail) * (1 + tail));
  }

  draw(batch: FeatureBatch, rows: number, seed: Seed, draws: number, out: Float64Array): void {
    const { network, factor, shifts, normals } = this;
    const size = factor.size;
    requireRoom(network, batch, rows, Math.floor(out.length / Math.max(1, draws)));
    for (let first = 0; first < draws; first += NETWORK_PROJECTION_COLUMNS) {
      const columns = Math.min(NETWORK_PROJECTION_COLUMNS, draws - first);
      for (let m = 0; m < columns; m++) {
        const stream = noiseStream(seed, NOISE, first + m);
        for (let k = 0; k < size; k++) normals[k] = normalAt(stream, k);
        factor.spread(normals, normals);
        for (let k = 0; k < size; k++) shifts[k * columns + m] = normals[k];
      }
      network.setProjection(shifts, columns);
      for (let from = 0; from < rows; from += NETWORK_CHUNK_ROWS) {
        const count = Math.min(NETWORK_CHUNK_ROWS, rows - from);
        network.load(batch.dense, batch.sparse, from, count);
        network.forward(count);
        const moved = network.project(count);
        for (let r = 0; r < count; r++) {
          const at = (from + r) * draws + first;
          for (let m = 0; m < columns; m++) out[at + m] = network.logits[r] + moved[network.projectedAt(r, m)];
        }
      }
    }
    if (this.objective === 'logLoss') sigmoids(out, rows * draws);
  }

  private knownRoot(): Float64Array {
    const { factor, root, unit } = this;
    if (this.rootKnown) return root;
    const { size, packed } = factor;
    // L⁻¹ by columns: L y = e_k, forwards.
    for (let k = 0; k < size; k++) {
      unit.fill(0);
      unit[k] = 1;
      for (let i = 0, at = 0; i < size; at += size - i, i++) {
        const y = unit[i] / packed[at];
        root[k * size + i] = y;
        if (y !== 0) for (let j = 1; j < size - i; j++) unit[i + j] -= y * packed[at + j];
      }
    }
    this.rootKnown = true;
    return root;
  }
}
