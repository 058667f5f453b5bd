/** Fits a network: epochs of shuffled batches, AdamW on a schedule, early stopping, and what is computed once at the end. */
import { mix32, type Rng, shuffle } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import { NETWORK_CHUNK_ROWS, type Network, NetworkTrainer } from '../../kernels/index.ts';
import type { Examples } from '../contract.ts';
import { columnMoments } from '../examples.ts';
import { PrecisionFactor } from '../glm/precision-factor.ts';
import { logit, logLossOf, sigmoid, sigmoids } from '../sigmoid.ts';
import { type NetworkOptions, passesFor, scheduledRate } from './options.ts';

/** @see adamStep */
export const ADAM_EPSILON = 1e-7;
/** Scales of columns below this would make a rare indicator, or a constant with a little noise, as large as all else. */
const LEAST_SCALE = 0.05;
/** Rows between two pauses. */
const SLICE_ROWS = 8192;
/** Rows whose products are added up in 32 bits. */
const GRAM_ROWS = 4096;
/** Rounds of Newton's method that centre a bias to machine precision. */
const CENTRING_ROUNDS = 5;

export interface TrainingRun {
  readonly rng: Rng;
  readonly validation: Examples | undefined;
  /** Called with the share done; may throw, to stop. */
  readonly pause: (share: number) => Promise<void>;
}

export interface Trained {
  readonly network: NetworkTrainer;
  readonly factor: PrecisionFactor;
  /** Variance of the noise, where the objective is the squared error; 1 otherwise. */
  readonly noiseVariance: number;
  readonly passes: number;
  readonly loss: number;
  readonly validationLoss: number | undefined;
}

/** Row of the table that a bucket has, where it has one: its own, or hashed into fewer. */
export function tableRowOf(bucket: number, buckets: number, tableRows: number): number {
  return buckets <= tableRows ? bucket : 1 + (mix32(bucket) % (tableRows - 1));
}

/** A network of this shape whose hidden weights are drawn (He et al. 2015), with no embeddings and an output of `bias`. */
export function freshNetwork(
  encoder: EncoderShape,
  options: Readonly<NetworkOptions>,
  indicatorColumns: readonly number[],
  rng: Rng,
): NetworkTrainer {
  const { denseWidth, sparseWidth, buckets } = encoder;
  const network = new NetworkTrainer(
    {
      denseWidth,
      indicators: indicatorColumns.length,
      slots: sparseWidth,
      buckets,
      embeddingSize: options.embeddingSize,
      tableRows: sparseWidth === 0 ? 1 : Math.min(buckets, options.embeddingRows),
      hidden: options.hidden,
    },
    Math.max(options.batchRows, NETWORK_CHUNK_ROWS),
  );
  network.indicatorColumns.set(indicatorColumns);
  network.inverses.fill(1);
  options.hidden.forEach((units, layer) => {
    const inputs = layer === 0 ? network.inputWidth : options.hidden[layer - 1];
    const deviation = Math.sqrt(2 / Math.max(1, inputs));
    network.setWeights(
      layer,
      Float32Array.from({ length: inputs * units }, () => deviation * rng.normal()),
    );
  });
  return network;
}

export async function train(
  encoder: EncoderShape,
  examples: Examples,
  options: Readonly<NetworkOptions>,
  { total, labelled }: { readonly total: number; readonly labelled: number },
  { rng, validation, pause }: TrainingRun,
): Promise<Trained> {
  const order = rowsThatCount(examples);
  const network = freshNetwork(encoder, options, missingColumns(examples, order), rng);
  standardise(network, examples);
  knowBuckets(network, examples, order);
  const probability = options.objective === 'logLoss';
  const mean = labelled / total;
  network.outputBias = probability ? logit(Math.min(1 - 1e-6, Math.max(1e-6, mean))) : mean;
  const start = 1 / Math.sqrt(network.lastWidth);
  for (let k = 0, weights = network.outputWeights; k < weights.length; k++) weights[k] = start * rng.normal();

  const { batchRows, patience } = options;
  const batches = Math.ceil(order.length / batchRows);
  const epochs = passesFor(options, batches, validation !== undefined);
  const seed = rng.uint32();
  const learning = new BatchLearner(network, options);
  let best: { loss: number; epoch: number; snapshot: ReturnType<Network['snapshot']> } | undefined;
  let passes = 0;
  while (passes < epochs && (best === undefined || passes - best.epoch < patience)) {
    shuffle(order, rng);
    for (let b = 0, since = 0; b < batches; b++) {
      const from = b * batchRows;
      const rows = Math.min(batchRows, order.length - from);
      const step = passes * batches + b;
      learning.add(examples, order, from, rows, order.length / (total * rows), mix32(seed + step));
      network.step({
        rate: scheduledRate(options, step, epochs * batches),
        epsilon: ADAM_EPSILON,
        decay: options.weightDecay,
      });
      since += rows;
      if (since < SLICE_ROWS && b < batches - 1) continue;
      since = 0;
      await pause((passes + (b + 1) / batches) / epochs);
    }
    passes++;
    if (validation === undefined) continue;
    const loss = meanLoss(network, validation, probability);
    if (best === undefined || loss < best.loss) best = { loss, epoch: passes, snapshot: network.snapshot() };
  }
  if (best !== undefined) network.restore(best.snapshot);

  const { factor, loss, noiseVariance } = conclude(network, examples, options);
  return {
    network,
    factor,
    noiseVariance,
    passes,
    loss,
    validationLoss: validation === undefined ? undefined : meanLoss(network, validation, probability),
  };
}

/** Adds the gradients of batches of rows. */
export class BatchLearner {
  private readonly network: NetworkTrainer;
  private readonly probability: boolean;
  private readonly dropout: number;
  private readonly scores = new Float64Array(NETWORK_CHUNK_ROWS);

  constructor(network: NetworkTrainer, { objective, dropout }: Readonly<NetworkOptions>) {
    this.network = network;
    this.probability = objective === 'logLoss';
    this.dropout = dropout;
  }

  /** Rows order[from .. from + rows); each counts by its weight times `scale`. */
  add(examples: Examples, order: Uint32Array, from: number, rows: number, scale: number, seed: number): void {
    const { network, probability, dropout, scores } = this;
    const { batch, labels, weights } = examples;
    const { logits, errors } = network;
    for (let done = 0; done < rows; done += NETWORK_CHUNK_ROWS) {
      const count = Math.min(NETWORK_CHUNK_ROWS, rows - done);
      network.loadChosen(batch.dense, batch.sparse, order, from + done, count);
      network.forwardLearning(count, dropout, mix32(seed + done));
      for (let i = 0; i < count; i++) scores[i] = logits[i];
      if (probability) sigmoids(scores, count);
      for (let i = 0; i < count; i++) {
        const row = order[from + done + i];
        errors[i] = scale * weights[row] * (scores[i] - labels[row]);
      }
      network.backward(count);
    }
  }
}

/** Rows of weight 0 are not there. */
export function rowsThatCount({ weights, rows }: Pick<Examples, 'weights' | 'rows'>): Uint32Array {
  let count = 0;
  for (let r = 0; r < rows; r++) if (weights[r] > 0) count++;
  const order = new Uint32Array(count);
  for (let r = 0, i = 0; r < rows; r++) if (weights[r] > 0) order[i++] = r;
  return order;
}

function missingColumns({ batch }: Examples, order: Uint32Array): number[] {
  const { dense, denseWidth } = batch;
  const missing = new Uint8Array(denseWidth);
  for (const r of order) {
    for (let j = 0, at = r * denseWidth; j < denseWidth; j++) if (Number.isNaN(dense[at + j])) missing[j] = 1;
  }
  return Array.from(missing.keys()).filter((j) => missing[j] === 1);
}

function standardise(network: NetworkTrainer, examples: Examples): void {
  const means = new Float64Array(network.means.length);
  const scales = new Float64Array(network.means.length);
  columnMoments(examples, means, scales, LEAST_SCALE);
  network.means.set(means);
  network.inverses.set(scales.map((scale) => 1 / scale));
}

/** Gives the buckets of rows their rows of the table. */
export function knowBuckets(network: NetworkTrainer, { batch }: Pick<Examples, 'batch'>, order: Uint32Array): void {
  const { rowOf } = network;
  const { slots, buckets, tableRows } = network.shape;
  for (const r of order) {
    for (let at = r * slots; at < (r + 1) * slots; at++) {
      const bucket = batch.sparse[at];
      if (bucket !== 0 && rowOf[bucket] === 0) rowOf[bucket] = tableRowOf(bucket, buckets, tableRows);
    }
  }
}

/** Weighted mean of the log loss, or of the squared error. */
function meanLoss(network: Network, { batch, labels, weights, rows }: Examples, probability: boolean): number {
  let loss = 0;
  let total = 0;
  for (let from = 0; from < rows; from += NETWORK_CHUNK_ROWS) {
    const count = Math.min(NETWORK_CHUNK_ROWS, rows - from);
    network.load(batch.dense, batch.sparse, from, count);
    network.forward(count);
    for (let i = 0; i < count; i++) {
      loss += weights[from + i] * lossOf(network.logits[i], labels[from + i], probability);
      total += weights[from + i];
    }
  }
  return total > 0 ? loss / total : Number.NaN;
}

function lossOf(logitOrScore: number, label: number, probability: boolean): number {
  return probability ? logLossOf(sigmoid(logitOrScore), label) : (logitOrScore - label) ** 2;
}

/**
 * Moves the bias to where the mean score over the examples is their mean label, and builds the precision of the last layer
 * (see `LastLayerPosterior`), in one pass over the rows.
 */
function conclude(
  network: NetworkTrainer,
  { batch, labels, weights, rows }: Examples,
  options: Readonly<NetworkOptions>,
): { factor: PrecisionFactor; loss: number; noiseVariance: number } {
  const probability = options.objective === 'logLoss';
  const width = network.lastWidth;
  const size = width + 1;
  const precision = new Float64Array((size * (size + 1)) / 2);
  const scores = new Float64Array(rows);
  let ones = 0;
  const harvest = (): void => {
    for (let j = 0, at = 0; j < size; j++) {
      for (let i = j; i < size; i++, at++) {
        if (j < width) precision[at] += i < width ? network.gramAt(i, j) : network.gramAt(j, width);
      }
    }
    network.clearGram();
  };
  network.clearGram();
  const p = new Float64Array(NETWORK_CHUNK_ROWS);
  for (let from = 0, since = 0; from < rows; from += NETWORK_CHUNK_ROWS) {
    const count = Math.min(NETWORK_CHUNK_ROWS, rows - from);
    network.load(batch.dense, batch.sparse, from, count);
    network.forward(count);
    for (let i = 0; i < count; i++) {
      scores[from + i] = network.logits[i];
      p[i] = network.logits[i];
    }
    if (probability) sigmoids(p, count);
    for (let i = 0; i < count; i++) {
      const information = weights[from + i] * (probability ? p[i] * (1 - p[i]) : 1);
      network.errors[i] = information;
      ones += information;
    }
    network.addGram(count);
    since += count;
    if (since < GRAM_ROWS && from + count < rows) continue;
    since = 0;
    harvest();
  }
  precision[precision.length - 1] = ones;

  let shift = 0;
  let loss = 0;
  let total = 0;
  for (let round = 0; round < (probability ? CENTRING_ROUNDS : 1); round++) {
    let gradient = 0;
    let curvature = 1e-12;
    for (let r = 0; r < rows; r++) {
      const q = probability ? sigmoid(scores[r] + shift) : scores[r] + shift;
      gradient += weights[r] * (q - labels[r]);
      curvature += weights[r] * (probability ? q * (1 - q) : 1);
    }
    const move = gradient / curvature;
    shift -= probability ? Math.max(-1, Math.min(1, move)) : move;
  }
  for (let r = 0; r < rows; r++) {
    loss += weights[r] * lossOf(scores[r] + shift, labels[r], probability);
    total += weights[r];
  }
  network.outputBias += shift;
  const noiseVariance = probability ? 1 : Math.max(1e-9, loss / total);
  for (let k = 0, at = 0; k < size; at += size - k, k++) {
    for (let i = 0; i < size - k; i++) precision[at + i] /= noiseVariance;
    precision[at] += options.priorPrecision;
  }
  return { factor: PrecisionFactor.ofMatrix(size, precision), loss: loss / total, noiseVariance };
}
