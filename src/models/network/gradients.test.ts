/**
 * The gradients that a network learns by, against two others: differences of the loss in 64 bits, and TensorFlow.js, which
 * differentiates the same network by itself.
 */
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadTensorFlow, type TensorFlow } from '../../../bench/tensorflow.ts';
import { createRng } from '../../base/index.ts';
import type { NetworkTrainer } from '../../kernels/index.ts';
import { plainEncoder, syntheticExamples } from '../../testing/index.ts';
import type { Examples } from '../contract.ts';
import { networkOptions } from './options.ts';
import { BatchLearner, freshNetwork, knowBuckets, rowsThatCount } from './training.ts';

const ENCODER = plainEncoder(5, 2, 64);
const HIDDEN = [7, 5];
const SIZE = 4;
const ROWS = 60;

interface Case {
  readonly network: NetworkTrainer;
  readonly examples: Examples;
  readonly objective: 'logLoss' | 'squaredError';
}

/** A network somewhere in the middle of its training, and the gradients of its mean loss over weighted rows. */
function made(objective: Case['objective'], seed: number): Case {
  const rng = createRng(seed);
  const options = networkOptions({ hidden: HIDDEN, embeddingSize: SIZE, objective });
  const network = freshNetwork(ENCODER, options, [0, 3], rng);
  const plain = syntheticExamples(ENCODER, ROWS, seed);
  for (let r = 0; r < ROWS; r += 7) {
    plain.batch.dense[5 * r] = Number.NaN;
    plain.batch.dense[5 * r + 3] = r % 2 === 0 ? Number.NaN : 1;
  }
  const examples = { ...plain, weights: plain.weights.map(() => 0.1 + 3 * rng.uniform()) };
  for (let j = 0; j < 5; j++) {
    network.means[j] = j;
    network.inverses[j] = 10 ** (1 - (j % 4));
  }
  const order = rowsThatCount(examples);
  knowBuckets(network, examples, order);
  for (let i = SIZE; i < network.table.length; i++) network.table[i] = 0.5 * rng.normal();
  for (let i = 1; i < network.wide.length; i++) network.wide[i] = 0.5 * rng.normal();
  HIDDEN.forEach((_, layer) => {
    const bias = network.biasOf(layer);
    for (let n = 0; n < bias.length; n++) bias[n] = 0.3 * rng.normal();
  });
  const weights = network.outputWeights;
  for (let k = 0; k < weights.length; k++) weights[k] = rng.normal();
  network.outputBias = -0.4;
  new BatchLearner(network, options).add(examples, order, 0, ROWS, 1 / ROWS, 0);
  return { network, examples, objective };
}

/** What the first layer reads of each row but embeddings; and the row of the table of each slot. */
function inputsOf({ network, examples }: Case): { columns: number[][]; ids: number[][] } {
  const columns: number[][] = [];
  const ids: number[][] = [];
  for (let r = 0; r < ROWS; r++) {
    const raw = Array.from(examples.batch.dense.subarray(5 * r, 5 * r + 5));
    const standard = raw.map((x, j) => Math.max(-10, Math.min(10, (x - network.means[j]) * network.inverses[j])));
    columns.push([
      ...standard.map((z) => (Number.isNaN(z) ? 0 : z)),
      ...[0, 3].map((column) => Number(Number.isNaN(raw[column]))),
    ]);
    ids.push(Array.from(examples.batch.sparse.subarray(2 * r, 2 * r + 2), (bucket) => network.rowOf[bucket]));
  }
  return { columns, ids };
}

describe('by differences', () => {
  test.each(['logLoss', 'squaredError'] as const)('the gradient of the mean %s is its slope', (objective) => {
    const given = made(objective, 1);
    const { network, examples } = given;
    const { columns, ids } = inputsOf(given);
    const parameters = {
      weights0: Float64Array.from(network.weightsOf(0)),
      weights1: Float64Array.from(network.weightsOf(1)),
      bias0: Float64Array.from(network.biasOf(0)),
      bias1: Float64Array.from(network.biasOf(1)),
      output: Float64Array.of(...network.outputWeights, network.outputBias),
      table: Float64Array.from(network.table),
      wide: Float64Array.from(network.wide),
    };
    /** Half the squared error, whose derivative is the error. */
    const loss = (): number => {
      let sum = 0;
      for (let r = 0; r < ROWS; r++) {
        let h = [...columns[r], ...ids[r].flatMap((id) => Array.from(parameters.table.subarray(4 * id, 4 * id + 4)))];
        for (const [weights, bias] of [
          [parameters.weights0, parameters.bias0],
          [parameters.weights1, parameters.bias1],
        ]) {
          const before = h;
          h = Array.from(bias, (b, n) =>
            Math.max(
              0,
              before.reduce((total, x, k) => total + x * weights[k * bias.length + n], b),
            ),
          );
        }
        const z =
          h.reduce((total, x, k) => total + x * parameters.output[k], parameters.output[h.length]) +
          ids[r].reduce((total, id) => total + parameters.wide[id], 0);
        const y = examples.labels[r];
        const row =
          objective === 'logLoss' ? Math.log1p(Math.exp(-Math.abs(z))) + Math.max(0, z) - y * z : (z - y) ** 2 / 2;
        sum += (examples.weights[r] * row) / ROWS;
      }
      return sum;
    };
    const slopeOf = (array: Float64Array, i: number): number => {
      const kept = array[i];
      array[i] = kept + 1e-5;
      const above = loss();
      array[i] = kept - 1e-5;
      const below = loss();
      array[i] = kept;
      return (above - below) / 2e-5;
    };
    const near = (array: Float64Array, gradient: Float32Array, every = 1): void => {
      for (let i = 0; i < array.length; i += every) expect(gradient[i]).toBeCloseTo(slopeOf(array, i), 4);
    };
    near(parameters.weights0, network.gradientOf(0), 3);
    near(parameters.weights1, network.gradientOf(1));
    near(parameters.bias0, network.biasGradientOf(0));
    near(parameters.bias1, network.biasGradientOf(1));
    near(parameters.output, network.biasGradientOf(2));
    for (const id of new Set(ids.flat())) {
      if (id === 0) continue;
      const gradient = network.rowGradientOf(id);
      for (let c = 0; c < SIZE; c++) expect(gradient[c]).toBeCloseTo(slopeOf(parameters.table, SIZE * id + c), 4);
      expect(gradient[SIZE]).toBeCloseTo(slopeOf(parameters.wide, id), 4);
    }
  });
});

describe('by TensorFlow.js', () => {
  let tf: TensorFlow;
  beforeAll(async () => {
    tf = await loadTensorFlow('cpu');
  }, 60_000);

  test.each(['logLoss', 'squaredError'] as const)('the gradient of the mean %s is the same', (objective) => {
    for (const seed of [2, 3]) {
      const given = made(objective, seed);
      const { network, examples } = given;
      const { columns, ids } = inputsOf(given);
      const width = network.inputWidth;
      const loss = (
        weights0: Tensor,
        bias0: Tensor,
        weights1: Tensor,
        bias1: Tensor,
        output: Tensor,
        outputBias: Tensor,
        table: Tensor,
        wide: Tensor,
      ): Tensor => {
        const embedded = tf.reshape(tf.gather(table, tf.tensor2d(ids, undefined, 'int32')), [ROWS, 2 * SIZE]);
        const x = tf.concat([tf.tensor2d(columns), embedded as Tensor2D], 1);
        const h0 = tf.relu(tf.add(tf.matMul(x, weights0 as Tensor2D), bias0));
        const h1 = tf.relu(tf.add(tf.matMul(h0 as Tensor2D, weights1 as Tensor2D), bias1));
        const deep = tf.squeeze(tf.matMul(h1 as Tensor2D, output as Tensor2D), [1]);
        const shallow = tf.sum(tf.gather(wide, tf.tensor2d(ids, undefined, 'int32')), 1);
        const z = tf.add(tf.add(deep, shallow), outputBias) as Tensor1D;
        const y = tf.tensor1d(examples.labels);
        const rows =
          objective === 'logLoss'
            ? tf.sub(tf.add(tf.relu(z), tf.log1p(tf.exp(tf.neg(tf.abs(z))))), tf.mul(z, y))
            : tf.div(tf.square(tf.sub(z, y)), 2);
        return tf.mean(tf.mul(rows, tf.tensor1d(examples.weights)));
      };
      const gradients = tf
        .grads(loss as (...tensors: Tensor[]) => Tensor)([
          tf.tensor2d(network.weightsOf(0), [width, 7]),
          tf.tensor1d(network.biasOf(0)),
          tf.tensor2d(network.weightsOf(1), [7, 5]),
          tf.tensor1d(network.biasOf(1)),
          tf.tensor2d(network.outputWeights, [5, 1]),
          tf.scalar(network.outputBias),
          tf.tensor2d(network.table, [network.shape.tableRows, SIZE]),
          tf.tensor1d(network.wide),
        ])
        .map((tensor) => tensor.dataSync() as Float32Array);
      const near = (ours: Float32Array, theirs: Float32Array): void => {
        expect(ours.length).toBe(theirs.length);
        ours.forEach((gradient, i) => {
          expect(Math.abs(gradient - theirs[i])).toBeLessThan(2e-6);
        });
      };
      near(network.gradientOf(0), gradients[0]);
      near(network.biasGradientOf(0), gradients[1]);
      near(network.gradientOf(1), gradients[2]);
      near(network.biasGradientOf(1), gradients[3]);
      near(network.biasGradientOf(2), Float32Array.of(...gradients[4], ...gradients[5]));
      for (let id = 1; id < network.shape.tableRows; id++) {
        const theirs = Float32Array.of(...gradients[6].subarray(SIZE * id, SIZE * (id + 1)), gradients[7][id]);
        near(network.rowGradientOf(id), theirs);
      }
    }
  });
});
