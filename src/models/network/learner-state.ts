/** All that a network which learns needs to go on after a restart. */
import { createRng, ShelfwiseError } from '../../base/index.ts';
import type { EpochArray, EpochContent } from '../../domain/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import type { NetworkTrainer } from '../../kernels/index.ts';
import { PrecisionFactor } from '../glm/precision-factor.ts';
import { type NetworkOptions, networkOptions } from './options.ts';
import { requireEncoder } from './parameters.ts';
import { freshNetwork, tableRowOf } from './training.ts';

export const NETWORK_STATE_FAMILY = 'network-learner';
const FORMAT = 1;

export interface NetworkState {
  readonly options: Readonly<NetworkOptions>;
  readonly network: NetworkTrainer;
  readonly factor: PrecisionFactor;
  readonly noiseVariance: number;
}

/** The table and its moments are kept for the rows that a bucket has. */
export function networkToState(
  encoder: EncoderShape,
  options: Readonly<NetworkOptions>,
  network: NetworkTrainer,
  factor: PrecisionFactor,
  noiseVariance: number,
): EpochContent {
  const { moments, rowOf } = network;
  const buckets: number[] = [];
  for (let bucket = 1; bucket < rowOf.length; bucket++) if (rowOf[bucket] !== 0) buckets.push(bucket);
  const rows = Uint32Array.from(new Set(buckets.map((bucket) => rowOf[bucket]))).sort();
  const { embeddingSize } = network.shape;
  const { parameters } = network.snapshot();
  const embeddings = (all: Float32Array): Float32Array => {
    const kept = new Float32Array(rows.length * embeddingSize);
    rows.forEach((row, i) => {
      kept.set(all.subarray(row * embeddingSize, (row + 1) * embeddingSize), i * embeddingSize);
    });
    return kept;
  };
  const singles = (all: Float32Array): Float32Array => Float32Array.from(rows, (row) => all[row]);
  return {
    kind: 'model',
    meta: {
      family: NETWORK_STATE_FAMILY,
      format: FORMAT,
      encoder: encoder.hash,
      options: { ...options, hidden: [...options.hidden] },
      steps: moments.steps,
    },
    arrays: {
      means: network.means.slice(),
      inverses: network.inverses.slice(),
      indicatorColumns: network.indicatorColumns.slice(),
      parameters,
      m: moments.m.slice(),
      v: moments.v.slice(),
      buckets: Uint32Array.from(buckets),
      table: embeddings(network.table),
      tableM: embeddings(moments.tableM),
      tableV: embeddings(moments.tableV),
      wide: singles(network.wide),
      wideM: singles(moments.wideM),
      wideV: singles(moments.wideV),
      precision: factor.packed.slice(),
      noiseVariance: Float64Array.of(noiseVariance),
    },
  };
}

/** Throws `EPOCH_CORRUPT`, `MODEL_ENCODER_MISMATCH`. */
export function networkFromState(state: EpochContent, encoder: EncoderShape): NetworkState {
  const { meta, arrays } = state;
  if (meta.family !== NETWORK_STATE_FAMILY || meta.format !== FORMAT) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `the state of a ${String(meta.family)} is not that of a network learner`);
  }
  requireEncoder(state, encoder);
  const options = networkOptions(meta.options as unknown as NetworkOptions);
  const array = <T extends EpochArray>(name: string, type: new () => T): T => {
    const found = arrays[name];
    if (!(found instanceof type)) throw new ShelfwiseError('EPOCH_CORRUPT', `the state of a network has no "${name}"`);
    return found;
  };
  const fill = (target: Float32Array, name: string): void => {
    const source = array(name, Float32Array);
    if (source.length !== target.length) {
      throw new ShelfwiseError('EPOCH_CORRUPT', `"${name}" of a network's state has ${source.length} numbers`);
    }
    target.set(source);
  };
  const indicators = Array.from(array('indicatorColumns', Uint32Array));
  // What it draws is overwritten.
  const network = freshNetwork(encoder, options, indicators, createRng(0));
  const { moments, shape, rowOf } = network;
  fill(network.means, 'means');
  fill(network.inverses, 'inverses');
  fill(moments.m, 'm');
  fill(moments.v, 'v');
  const snapshot = network.snapshot();
  fill(snapshot.parameters, 'parameters');
  network.restore(snapshot);
  moments.steps = Number(meta.steps);

  const used = new Set<number>();
  for (const bucket of array('buckets', Uint32Array)) {
    if (!(bucket < rowOf.length)) throw new ShelfwiseError('EPOCH_CORRUPT', `bucket ${bucket} of ${rowOf.length}`);
    rowOf[bucket] = tableRowOf(bucket, shape.buckets, shape.tableRows);
    used.add(rowOf[bucket]);
  }
  const rows = Uint32Array.from(used).sort();
  const spread = (target: Float32Array, name: string, size: number): void => {
    const kept = new Float32Array(rows.length * size);
    fill(kept, name);
    rows.forEach((row, i) => {
      target.set(kept.subarray(i * size, (i + 1) * size), row * size);
    });
  };
  spread(network.table, 'table', shape.embeddingSize);
  spread(moments.tableM, 'tableM', shape.embeddingSize);
  spread(moments.tableV, 'tableV', shape.embeddingSize);
  spread(network.wide, 'wide', 1);
  spread(moments.wideM, 'wideM', 1);
  spread(moments.wideV, 'wideV', 1);
  const precision = new Float64Array(((network.lastWidth + 1) * (network.lastWidth + 2)) / 2);
  const source = array('precision', Float64Array);
  if (source.length !== precision.length) throw new ShelfwiseError('EPOCH_CORRUPT', 'the precision is of another size');
  precision.set(source);
  return {
    options,
    network,
    factor: new PrecisionFactor(network.lastWidth + 1, precision),
    noiseVariance: array('noiseVariance', Float64Array)[0],
  };
}
