/** What serving reads of a network: its parameters in their natural form, and how they become an epoch. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Epoch, EpochArray, EpochContent } from '../../domain/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import { Network } from '../../kernels/index.ts';
import type { NetworkObjective } from './options.ts';

export const NETWORK_FAMILY = 'network';
const FORMAT = 1;

export interface NetworkLayer {
  /** inputs x units, row-major. */
  readonly weights: Float32Array;
  /** One a unit. */
  readonly bias: Float32Array;
}

/**
 *   x      = [clip((dense - means) · inverses, ±columnLimit) | missing columns | embedding of each slot]   (NaN: 0)
 *   h      = max(0, h · weights + bias), layer by layer
 *   logit  = h · output.weights + output.bias + Σ_s wide[row of slot s]
 * The score is the logistic function of the logit where the objective is log loss, the logit itself otherwise.
 */
export interface NetworkParameters {
  readonly objective: NetworkObjective;
  /** One a dense column. */
  readonly means: Float32Array;
  readonly inverses: Float32Array;
  /** Dense columns of whose values some were missing, ascending: each has an input that is 1 where its value is missing. */
  readonly indicatorColumns: Uint32Array;
  readonly layers: readonly NetworkLayer[];
  /** One weight a unit of the last hidden layer. */
  readonly outputWeights: Float32Array;
  readonly outputBias: number;
  readonly embeddingSize: number;
  /** Buckets that were learnt from, ascending, and the row of the table that each has; all others have row 0. */
  readonly buckets: Uint32Array;
  readonly bucketRows: Uint32Array;
  /** Rows x embeddingSize; row 0 is zeros. */
  readonly table: Float32Array;
  /** One a row; the first is 0. */
  readonly wide: Float32Array;
  /** The precision of the posterior of [output weights, bias], factored: see `PrecisionFactor`. */
  readonly precision: Float64Array;
}

/** A network with these parameters in the kernels' memory. */
export function networkOf(parameters: NetworkParameters, encoder: EncoderShape): Network {
  const { means, inverses, indicatorColumns, layers, embeddingSize, buckets, bucketRows, table, wide } = parameters;
  const network = new Network({
    denseWidth: encoder.denseWidth,
    indicators: indicatorColumns.length,
    slots: encoder.sparseWidth,
    buckets: encoder.buckets,
    embeddingSize,
    tableRows: wide.length,
    hidden: layers.map(({ bias }) => bias.length),
  });
  network.means.set(means);
  network.inverses.set(inverses);
  network.indicatorColumns.set(indicatorColumns);
  network.table.set(table);
  network.wide.set(wide);
  for (let i = 0; i < buckets.length; i++) network.rowOf[buckets[i]] = bucketRows[i];
  layers.forEach(({ weights, bias }, layer) => {
    network.setWeights(layer, weights);
    network.biasOf(layer).set(bias);
  });
  network.outputWeights.set(parameters.outputWeights);
  network.outputBias = parameters.outputBias;
  return network;
}

/** The parameters of a network, only the rows of its table that a bucket has, one after the other. */
export function parametersOf(
  network: Network,
  objective: NetworkObjective,
  precision: Float64Array,
): NetworkParameters {
  const { shape, rowOf } = network;
  const size = shape.embeddingSize;
  const places = new Uint32Array(shape.tableRows);
  const used: number[] = [0];
  const buckets: number[] = [];
  for (let bucket = 1; bucket < rowOf.length; bucket++) {
    const row = rowOf[bucket];
    if (row === 0) continue;
    buckets.push(bucket);
    if (places[row] === 0) places[row] = used.push(row) - 1;
  }
  const table = new Float32Array(used.length * size);
  used.forEach((row, i) => {
    table.set(network.table.subarray(row * size, (row + 1) * size), i * size);
  });
  return {
    objective,
    means: network.means.slice(),
    inverses: network.inverses.slice(),
    indicatorColumns: network.indicatorColumns.slice(),
    layers: shape.hidden.map((_, layer) => ({
      weights: network.weightsOf(layer),
      bias: network.biasOf(layer).slice(),
    })),
    outputWeights: network.outputWeights.slice(),
    outputBias: network.outputBias,
    embeddingSize: size,
    buckets: Uint32Array.from(buckets),
    bucketRows: Uint32Array.from(buckets, (bucket) => places[rowOf[bucket]]),
    table,
    wide: Float32Array.from(used, (row) => network.wide[row]),
    precision,
  };
}

export function parametersToEpoch(parameters: NetworkParameters, encoder: EncoderShape): EpochContent {
  const { objective, embeddingSize, layers, outputBias, ...arrays } = parameters;
  return {
    kind: 'model',
    meta: {
      family: NETWORK_FAMILY,
      format: FORMAT,
      encoder: encoder.hash,
      objective,
      embeddingSize,
      hidden: layers.map(({ bias }) => bias.length),
    },
    arrays: {
      ...arrays,
      outputBias: Float32Array.of(outputBias),
      ...Object.fromEntries(
        layers.flatMap(({ weights, bias }, layer) => [
          [`weights${layer}`, weights],
          [`bias${layer}`, bias],
        ]),
      ),
    },
  };
}

/** Throws `EPOCH_CORRUPT`, `MODEL_ENCODER_MISMATCH`. */
export function parametersFromEpoch(epoch: Epoch, encoder: EncoderShape): NetworkParameters {
  const { meta } = epoch;
  const corrupt = (what: string): ShelfwiseError =>
    new ShelfwiseError('EPOCH_CORRUPT', `the network ${epoch.hash} ${what}`);
  if (meta.family !== NETWORK_FAMILY || meta.format !== FORMAT) throw corrupt('is none that this version reads');
  requireEncoder(epoch, encoder);
  const { objective, hidden, embeddingSize } = meta;
  if (
    (objective !== 'logLoss' && objective !== 'squaredError') ||
    !Array.isArray(hidden) ||
    hidden.length === 0 ||
    !hidden.every((units) => Number.isInteger(units)) ||
    typeof embeddingSize !== 'number' ||
    embeddingSize % 4 !== 0
  ) {
    throw corrupt('does not say what it is');
  }
  const array = <T extends EpochArray>(name: string, type: new () => T, length?: number): T => {
    const found = epoch.arrays[name];
    if (!(found instanceof type) || (length !== undefined && found.length !== length)) {
      throw corrupt(`has no fitting array "${name}"`);
    }
    return found;
  };
  const widths = hidden as readonly number[];
  const { denseWidth, sparseWidth } = encoder;
  const indicatorColumns = array('indicatorColumns', Uint32Array);
  const buckets = array('buckets', Uint32Array);
  const bucketRows = array('bucketRows', Uint32Array, buckets.length);
  const wide = array('wide', Float32Array);
  if (indicatorColumns.some((column) => column >= denseWidth)) throw corrupt('has an indicator of no column');
  if (bucketRows.some((row) => row >= wide.length) || buckets.some((bucket) => bucket >= encoder.buckets)) {
    throw corrupt('has a bucket without a row');
  }
  let inputs = denseWidth + indicatorColumns.length + sparseWidth * embeddingSize;
  const layers = widths.map((units, layer) => {
    const weights = array(`weights${layer}`, Float32Array, inputs * units);
    inputs = units;
    return { weights, bias: array(`bias${layer}`, Float32Array, units) };
  });
  return {
    objective,
    embeddingSize,
    means: array('means', Float32Array, denseWidth),
    inverses: array('inverses', Float32Array, denseWidth),
    indicatorColumns,
    layers,
    outputWeights: array('outputWeights', Float32Array, inputs),
    outputBias: array('outputBias', Float32Array, 1)[0],
    buckets,
    bucketRows,
    table: array('table', Float32Array, wide.length * embeddingSize),
    wide,
    precision: array('precision', Float64Array, ((inputs + 1) * (inputs + 2)) / 2),
  };
}

export function requireEncoder(
  epoch: { readonly hash?: string; readonly meta: Epoch['meta'] },
  encoder: EncoderShape,
): void {
  if (epoch.meta.encoder !== encoder.hash) {
    throw new ShelfwiseError(
      'MODEL_ENCODER_MISMATCH',
      `the network ${epoch.hash ?? ''} reads encoder ${String(epoch.meta.encoder)}, this one is ${encoder.hash}`,
    );
  }
}
