/**
 * One epoch of a network, with sample weights, beside TensorFlow.js on its WebAssembly backend: the same rows, layers, batch
 * size and optimiser in the same process. Ours also standardises the columns, shuffles, centres and builds its posterior;
 * TensorFlow.js has its rows standardised and in order. The processor's time is printed beside the clock's: other work of the machine counts
 * less there.
 */
import type { Rank, Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { createRng } from '../src/base/index.ts';
import { createBatch, type EncoderShape } from '../src/features/index.ts';
import { areaUnderCurve, type Examples, networkModel } from '../src/models/index.ts';
import { round } from './load.ts';
import { loadTensorFlow, type TensorFlow } from './tensorflow.ts';

const COLUMNS = 64;
const HIDDEN = [128, 64];
const BATCH_ROWS = 256;

interface TrainNetworkSettings {
  readonly rows: number;
  readonly rounds: number;
}

export async function benchTrainNetwork(given: Partial<TrainNetworkSettings> = {}): Promise<Record<string, unknown>> {
  const { rows = 200_000, rounds = 3 } = given;
  const examples = curvedExamples(rows);
  const tf = await loadTensorFlow('wasm');
  const ours: Epoch[] = [];
  const theirs: Epoch[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await ownEpoch(examples));
    theirs.push(await tensorFlowEpoch(tf, examples));
  }
  const cpu = (epochs: readonly Epoch[]): number => median(epochs.map(({ cpuMs }) => cpuMs));
  const wall = (epochs: readonly Epoch[]): number => median(epochs.map(({ wallMs }) => wallMs));
  return {
    rows,
    layers: [COLUMNS, ...HIDDEN, 1],
    batchRows: BATCH_ROWS,
    networkEpochMs: round(wall(ours)),
    networkEpochCpuMs: round(cpu(ours)),
    baselineTensorFlowWasmEpochMs: round(wall(theirs)),
    baselineTensorFlowWasmEpochCpuMs: round(cpu(theirs)),
    ratioToBaseline: round(wall(ours) / wall(theirs)),
    cpuRatioToBaseline: round(cpu(ours) / cpu(theirs)),
    networkAreaUnderCurve: round(ours[0].area),
    baselineAreaUnderCurve: round(theirs[0].area),
  };
}

interface Epoch {
  readonly wallMs: number;
  /** Of all threads of the process. */
  readonly cpuMs: number;
  /** Over the rows that were learnt from. */
  readonly area: number;
}

async function ownEpoch(examples: Examples): Promise<Epoch> {
  const encoder: EncoderShape = {
    hash: 'bench',
    denseWidth: COLUMNS,
    sparseWidth: 0,
    buckets: 2,
    denseNames: Array.from({ length: COLUMNS }, (_, j) => `column ${j}`),
    sparseNames: [],
  };
  const model = networkModel.fresh(encoder, { hidden: HIDDEN, epochs: 1, batchRows: BATCH_ROWS });
  const watch = startWatch();
  await model.fit(examples, { rng: createRng(2) });
  const times = watch();
  const scores = new Float64Array(examples.rows);
  model.predict(examples.batch, examples.rows, scores);
  return { ...times, area: areaUnderCurve(scores, examples.labels, examples.weights) };
}

async function tensorFlowEpoch(tf: TensorFlow, { batch, labels, weights, rows }: Examples): Promise<Epoch> {
  const widths = [COLUMNS, ...HIDDEN, 1];
  const layers = widths.slice(1).map((units, layer) => ({
    kernel: tf.variable<Rank.R2>(
      tf.randomNormal([widths[layer], units], 0, Math.sqrt(2 / widths[layer]), 'float32', layer + 1),
    ),
    bias: tf.variable(tf.zeros([units])),
  }));
  const logits = (chosen: Tensor2D): Tensor1D => {
    let h: Tensor2D = chosen;
    layers.forEach(({ kernel, bias }, layer) => {
      const sums = tf.add<Tensor2D>(tf.matMul(h, kernel), bias);
      h = layer < HIDDEN.length ? tf.relu(sums) : sums;
    });
    return tf.squeeze(h, [1]);
  };
  const optimizer = tf.train.adam(0.001);
  const watch = startWatch();
  for (let from = 0; from < rows; from += BATCH_ROWS) {
    const count = Math.min(BATCH_ROWS, rows - from);
    // Tensors of their own: a slice of a tensor of all rows would copy all rows out of the backend's memory each time.
    const x = tf.tensor2d(batch.dense.subarray(from * COLUMNS, (from + count) * COLUMNS), [count, COLUMNS]);
    const y = tf.tensor1d(labels.subarray(from, from + count));
    const w = tf.tensor1d(weights.subarray(from, from + count));
    optimizer.minimize(() => {
      const z = logits(x);
      // ln(1 + e^z) - label z, without overflow.
      const losses = tf.sub(tf.add(tf.relu(z), tf.log1p(tf.exp(tf.neg(tf.abs(z))))), tf.mul(z, y));
      return tf.mean(tf.mul(losses, w)) as Scalar;
    });
    tf.dispose([x, y, w]);
  }
  await layers[0].bias.data();
  const times = watch();
  const scores = Float64Array.from(tf.tidy(() => logits(tf.tensor2d(batch.dense, [rows, COLUMNS]))).dataSync());
  tf.dispose(layers.flatMap(({ kernel, bias }) => [kernel, bias]));
  optimizer.dispose();
  return { ...times, area: areaUnderCurve(scores, labels, weights) };
}

/** Columns within ±√3 (of variance 1), labels by sums and products of some of them. */
function curvedExamples(rows: number): Examples {
  const rng = createRng(1);
  const batch = createBatch({ denseWidth: COLUMNS, sparseWidth: 0 }, rows);
  const labels = new Float32Array(rows);
  const weights = new Float32Array(rows);
  for (let r = 0, at = 0; r < rows; r++, at += COLUMNS) {
    for (let j = 0; j < COLUMNS; j++) batch.dense[at + j] = Math.sqrt(3) * (2 * rng.uniform() - 1);
    const x = batch.dense.subarray(at, at + COLUMNS);
    const logit = x[0] + x[1] * x[2] - Math.abs(x[3]) + x[4] * Math.max(0, x[5]);
    labels[r] = rng.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    weights[r] = 0.5 + rng.uniform();
  }
  return { batch, labels, weights, rows };
}

function startWatch(): () => Pick<Epoch, 'wallMs' | 'cpuMs'> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { wallMs: performance.now() - startMs, cpuMs: (user + system) / 1000 };
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
