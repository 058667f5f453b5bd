/** How a network predicts, and explains what it predicted. */
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import { NETWORK_CHUNK_ROWS, NETWORK_COLUMN_LIMIT, type Network } from '../../kernels/index.ts';
import type { Contribution } from '../contract.ts';
import { sigmoids } from '../sigmoid.ts';
import { baselineLogit, multipliers } from './attribution.ts';
import type { NetworkObjective } from './options.ts';
import type { NetworkLayer } from './parameters.ts';

/** Throws RangeError unless the batch has the network's columns and there is room for the rows. */
export function requireRoom(network: Network, batch: FeatureBatch, rows: number, room: number): void {
  const { denseWidth, slots } = network.shape;
  if (batch.denseWidth !== denseWidth || batch.sparseWidth !== slots || rows > batch.rows || rows > room) {
    throw new RangeError(
      `${rows} rows of ${denseWidth} + ${slots} columns wanted; the batch has ${batch.rows} of ${batch.denseWidth} + ${batch.sparseWidth}, there is room for ${room}`,
    );
  }
}

/** Predicts with a network that may change between calls; after a change, `changed` must be called. */
export class NetworkPredictor {
  private readonly network: Network;
  private readonly objective: NetworkObjective;
  /** The layers in their natural form, and the logit of a row without anything; made when first asked for. */
  private layers: readonly NetworkLayer[] | undefined;
  private knownBias = Number.NaN;

  constructor(network: Network, objective: NetworkObjective) {
    this.network = network;
    this.objective = objective;
  }

  changed(): void {
    this.layers = undefined;
    this.knownBias = Number.NaN;
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    const { network } = this;
    requireRoom(network, batch, rows, out.length);
    const { logits } = network;
    for (let from = 0; from < rows; from += NETWORK_CHUNK_ROWS) {
      const count = Math.min(NETWORK_CHUNK_ROWS, rows - from);
      network.load(batch.dense, batch.sparse, from, count);
      network.forward(count);
      for (let r = 0; r < count; r++) out[from + r] = logits[r];
    }
    if (this.objective === 'logLoss') sigmoids(out, rows);
  }

  /** Logit of a row whose columns are at their means and whose slots are empty. */
  get bias(): number {
    if (Number.isNaN(this.knownBias)) this.knownBias = baselineLogit(this.naturalLayers(), this.network);
    return this.knownBias;
  }

  private naturalLayers(): readonly NetworkLayer[] {
    this.layers ??= this.network.shape.hidden.map((_, layer) => ({
      weights: this.network.weightsOf(layer),
      bias: this.network.biasOf(layer),
    }));
    return this.layers;
  }

  /** By DeepLIFT's rescale rule against a row at the means without slots; see `multipliers`. */
  contributions(encoder: EncoderShape, batch: FeatureBatch, row: number): readonly Contribution[] {
    const { network } = this;
    requireRoom(network, batch, row + 1, row + 1);
    const { denseWidth, indicators, slots, embeddingSize } = network.shape;
    const inputs = new Float64Array(network.inputWidth);
    for (let j = 0; j < denseWidth; j++) {
      const z = (batch.dense[row * denseWidth + j] - network.means[j]) * network.inverses[j];
      inputs[j] = Number.isNaN(z) ? 0 : Math.max(-NETWORK_COLUMN_LIMIT, Math.min(NETWORK_COLUMN_LIMIT, z));
    }
    for (let i = 0; i < indicators; i++) {
      const value = batch.dense[row * denseWidth + network.indicatorColumns[i]];
      inputs[denseWidth + i] = Number(Number.isNaN(value));
    }
    const first = denseWidth + indicators;
    const ids = Array.from(
      batch.sparse.subarray(row * slots, (row + 1) * slots),
      (bucket) => network.rowOf[bucket] ?? 0,
    );
    ids.forEach((id, s) => {
      inputs.set(network.table.subarray(id * embeddingSize, (id + 1) * embeddingSize), first + s * embeddingSize);
    });
    const per = multipliers(this.naturalLayers(), network, inputs);
    const columns = encoder.denseNames.map((name, j) => ({ name, contribution: per[j] * inputs[j] }));
    for (let i = 0; i < indicators; i++) {
      columns[network.indicatorColumns[i]].contribution += per[denseWidth + i] * inputs[denseWidth + i];
    }
    const sparse = encoder.sparseNames.map((name, s) => {
      let contribution = network.wide[ids[s]];
      for (let c = 0, at = first + s * embeddingSize; c < embeddingSize; c++, at++)
        contribution += per[at] * inputs[at];
      return { name, contribution };
    });
    return [...columns, ...sparse];
  }
}
