import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../base/index.ts';
import { NETWORK_CHUNK_ROWS, type NetworkShape } from './network.ts';
import { NetworkTrainer } from './network-trainer.ts';

interface Rows {
  readonly dense: Float32Array;
  readonly sparse: Uint32Array;
  readonly rows: number;
}

const BUCKETS = 40;

/** A network with random parameters, some buckets without a row of the table. */
function randomNetwork(shape: NetworkShape, rng: Rng): NetworkTrainer {
  const network = new NetworkTrainer(shape, NETWORK_CHUNK_ROWS);
  for (let j = 0; j < shape.denseWidth; j++) {
    network.means[j] = rng.normal();
    network.inverses[j] = 0.5 + rng.uniform();
  }
  for (let i = 0; i < shape.indicators; i++) network.indicatorColumns[i] = i;
  if (shape.slots > 0) {
    for (let b = 1; b < BUCKETS; b++) network.rowOf[b] = rng.below(shape.tableRows);
    for (let i = shape.embeddingSize; i < network.table.length; i++) network.table[i] = rng.normal();
    for (let i = 1; i < network.wide.length; i++) network.wide[i] = rng.normal();
  }
  shape.hidden.forEach((units, layer) => {
    const inputs = layer === 0 ? network.inputWidth : shape.hidden[layer - 1];
    const size = Math.sqrt(1 / inputs);
    network.setWeights(
      layer,
      Float32Array.from({ length: inputs * units }, () => size * rng.normal()),
    );
    network.biasOf(layer).forEach((_, n, bias) => {
      bias[n] = 0.3 * rng.normal();
    });
  });
  network.outputWeights.forEach((_, k, weights) => {
    weights[k] = rng.normal() / 3;
  });
  network.outputBias = rng.normal();
  return network;
}

function randomRows(shape: NetworkShape, rows: number, rng: Rng): Rows {
  return {
    dense: Float32Array.from({ length: rows * shape.denseWidth }, () =>
      rng.uniform() < 0.1 ? Number.NaN : 2 * rng.normal(),
    ),
    sparse: Uint32Array.from({ length: rows * shape.slots }, () => rng.below(BUCKETS)),
    rows,
  };
}

interface Naive {
  /** Layer by layer, the first being the inputs. */
  readonly activations: readonly number[][];
  readonly logit: number;
}

/** One row in 64-bit floats, straight from the formula. */
function naiveForward(network: NetworkTrainer, { dense, sparse }: Rows, row: number): Naive {
  const { denseWidth, indicators, slots, embeddingSize, hidden } = network.shape;
  const inputs: number[] = [];
  for (let j = 0; j < denseWidth; j++) {
    const z = (dense[row * denseWidth + j] - network.means[j]) * network.inverses[j];
    inputs.push(Number.isNaN(z) ? 0 : Math.max(-10, Math.min(10, z)));
  }
  for (let i = 0; i < indicators; i++) {
    inputs.push(Number(Number.isNaN(dense[row * denseWidth + network.indicatorColumns[i]])));
  }
  let logit = network.outputBias;
  for (let s = 0; s < slots; s++) {
    const id = network.rowOf[sparse[row * slots + s]];
    inputs.push(...network.table.subarray(id * embeddingSize, (id + 1) * embeddingSize));
    logit += network.wide[id];
  }
  const activations = [inputs];
  hidden.forEach((units, layer) => {
    const weights = network.weightsOf(layer);
    const before = activations[layer];
    activations.push(
      Array.from(network.biasOf(layer), (bias, n) =>
        Math.max(
          0,
          before.reduce((sum, x, k) => sum + x * weights[k * units + n], bias),
        ),
      ),
    );
  });
  logit += activations[hidden.length].reduce((sum, h, k) => sum + h * network.outputWeights[k], 0);
  return { activations, logit };
}

const shapes = fc.record({
  denseWidth: fc.integer({ min: 0, max: 13 }),
  indicators: fc.integer({ min: 0, max: 5 }),
  slots: fc.integer({ min: 0, max: 4 }),
  embeddingSize: fc.constantFrom(4, 8),
  hidden: fc.array(fc.integer({ min: 1, max: 21 }), { minLength: 1, maxLength: 3 }),
  rows: fc.integer({ min: 1, max: NETWORK_CHUNK_ROWS }),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

function made({ rows, seed, ...rest }: typeof shapes extends fc.Arbitrary<infer T> ? T : never) {
  const shape: NetworkShape = {
    ...rest,
    indicators: Math.min(rest.indicators, rest.denseWidth),
    buckets: BUCKETS,
    tableRows: 25,
  };
  const rng = createRng(seed);
  const network = randomNetwork(shape, rng);
  return { network, batch: randomRows(shape, rows, rng), rng };
}

describe('a network in the kernels', () => {
  it('gives the logits of its formula, whatever its shape', () => {
    fc.assert(
      fc.property(shapes, (given) => {
        const { network, batch } = made(given);
        network.load(batch.dense, batch.sparse, 0, batch.rows);
        network.forward(batch.rows);
        const differences = Array.from({ length: batch.rows }, (_, r) =>
          Math.abs(network.logits[r] - naiveForward(network, batch, r).logit),
        );
        expect(Math.max(...differences)).toBeLessThan(2e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('gives a row the same bits wherever it stands and however it was loaded', () => {
    fc.assert(
      fc.property(shapes, (given) => {
        const { network, batch, rng } = made(given);
        network.load(batch.dense, batch.sparse, 0, batch.rows);
        network.forward(batch.rows);
        const together = network.logits.slice(0, batch.rows);
        const order = Uint32Array.from({ length: 9 }, () => rng.below(batch.rows));
        network.loadChosen(batch.dense, batch.sparse, order, 2, 7);
        network.forward(7);
        for (let i = 0; i < 7; i++) expect(network.logits[i]).toBe(together[order[2 + i]]);
      }),
      { numRuns: 60 },
    );
  });

  it('has the gradients of backpropagation in 64 bits, chunks of rows adding up', () => {
    fc.assert(
      fc.property(shapes, (given) => {
        const { network, batch, rng } = made({ ...given, rows: Math.min(given.rows, 40) });
        const { hidden, slots, embeddingSize, denseWidth, indicators } = network.shape;
        const expected = hidden.map((_, layer) => new Float64Array(network.weightsOf(layer).length));
        const expectedBiases = [...hidden, hidden[hidden.length - 1] + 1].map((units) => new Float64Array(units));
        const expectedRows = new Map<number, Float64Array>();
        const errors = Float32Array.from({ length: batch.rows }, () => rng.normal());
        for (let r = 0; r < batch.rows; r++) {
          const { activations } = naiveForward(network, batch, r);
          const last = hidden.length;
          activations[last].forEach((h, k) => {
            expectedBiases[last][k] += errors[r] * h;
          });
          expectedBiases[last][hidden[last - 1]] += errors[r];
          let delta = activations[last].map((h, k) => (h > 0 ? errors[r] * network.outputWeights[k] : 0));
          for (let layer = last - 1; layer >= 0; layer--) {
            const units = hidden[layer];
            const weights = network.weightsOf(layer);
            delta.forEach((d, n) => {
              expectedBiases[layer][n] += d;
              activations[layer].forEach((x, k) => {
                expected[layer][k * units + n] += d * x;
              });
            });
            const passed = activations[layer].map((x, k) => {
              const sum = delta.reduce((total, d, n) => total + d * weights[k * units + n], 0);
              return layer === 0 || x > 0 ? sum : 0;
            });
            delta = passed;
          }
          for (let s = 0; s < slots; s++) {
            const id = network.rowOf[batch.sparse[r * slots + s]];
            if (id === 0) continue;
            const row = expectedRows.get(id) ?? new Float64Array(embeddingSize + 1);
            for (let c = 0; c < embeddingSize; c++) row[c] += delta[denseWidth + indicators + s * embeddingSize + c];
            row[embeddingSize] += errors[r];
            expectedRows.set(id, row);
          }
        }
        const half = Math.ceil(batch.rows / 2);
        for (const [from, to] of [
          [0, half],
          [half, batch.rows],
        ]) {
          network.load(batch.dense, batch.sparse, from, to - from);
          network.forwardLearning(to - from, 0, 0);
          network.errors.set(errors.subarray(from, to));
          network.backward(to - from);
        }
        const near = (actual: Float32Array, wanted: Float64Array): void => {
          expect(actual.length).toBe(wanted.length);
          const errorsOf = wanted.map((value, i) => Math.abs(actual[i] - value) / Math.max(1, Math.abs(value)));
          expect(Math.max(0, ...errorsOf)).toBeLessThan(3e-4);
        };
        hidden.forEach((_, layer) => {
          near(network.gradientOf(layer), expected[layer]);
        });
        expectedBiases.forEach((biases, layer) => {
          near(network.biasGradientOf(layer), biases);
        });
        for (let id = 0; id < network.shape.tableRows; id++) {
          near(network.rowGradientOf(id), expectedRows.get(id) ?? new Float64Array(embeddingSize + 1));
        }
      }),
      { numRuns: 40 },
    );
  });
});

const SHAPE: NetworkShape = {
  denseWidth: 5,
  indicators: 2,
  slots: 2,
  buckets: BUCKETS,
  embeddingSize: 4,
  tableRows: 25,
  hidden: [9, 6],
};

describe('a step of Adam', () => {
  it('moves as the published algorithm does, and leaves table rows alone that no row had', () => {
    const rng = createRng(3);
    const network = randomNetwork(SHAPE, rng);
    const naive = { w: Float64Array.from(network.weightsOf(0)), m: new Float64Array(99), v: new Float64Array(99) };
    const table = Float64Array.from(network.table);
    const tableMoments = { m: new Float64Array(table.length), v: new Float64Array(table.length) };
    const move = (w: Float64Array, m: Float64Array, v: Float64Array, i: number, g: number, t: number): void => {
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      const step = (m[i] / (1 - 0.9 ** t) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-7)) * 0.01;
      w[i] -= step + 0.01 * 0.1 * w[i];
    };
    naive.m = new Float64Array(naive.w.length);
    naive.v = new Float64Array(naive.w.length);
    for (let t = 1; t <= 5; t++) {
      const batch = randomRows(SHAPE, 6, rng);
      network.load(batch.dense, batch.sparse, 0, 6);
      network.forwardLearning(6, 0, 0);
      for (let r = 0; r < 6; r++) network.errors[r] = rng.normal();
      network.backward(6);
      network.gradientOf(0).forEach((g, i) => {
        move(naive.w, naive.m, naive.v, i, g, t);
      });
      for (let id = 1; id < SHAPE.tableRows; id++) {
        if (!batch.sparse.some((bucket) => network.rowOf[bucket] === id)) continue;
        const g = network.rowGradientOf(id);
        for (let c = 0; c < 4; c++) move(table, tableMoments.m, tableMoments.v, 4 * id + c, g[c], t);
      }
      network.step({ rate: 0.01, epsilon: 1e-7, decay: 0.1 });
    }
    network.weightsOf(0).forEach((w, i) => {
      expect(w).toBeCloseTo(naive.w[i], 5);
    });
    network.table.forEach((w, i) => {
      expect(w).toBeCloseTo(table[i], 5);
    });
    expect(Array.from(network.table.subarray(0, 4))).toEqual([0, 0, 0, 0]);
    expect(network.wide[0]).toBe(0);
    expect(network.gradientOf(0).every((g) => g === 0)).toBe(true);
  });
});

describe('dropout', () => {
  it('keeps the mean of each activation, drops the stated share, and is a function of the seed', () => {
    const rng = createRng(4);
    const network = randomNetwork(SHAPE, rng);
    const batch = randomRows(SHAPE, NETWORK_CHUNK_ROWS, rng);
    network.load(batch.dense, batch.sparse, 0, batch.rows);
    network.forward(batch.rows);
    const plain = network.logits.slice();
    network.forwardLearning(batch.rows, 0.3, 11);
    const once = network.logits.slice();
    network.forwardLearning(batch.rows, 0.3, 11);
    expect(network.logits).toEqual(once);
    expect(once).not.toEqual(plain);

    // One layer, so that what is dropped is linear in the logit: its mean over seeds is the logit without dropout.
    const single = randomNetwork({ ...SHAPE, hidden: [8] }, rng);
    single.load(batch.dense, batch.sparse, 0, batch.rows);
    single.forward(batch.rows);
    const wanted = Float64Array.from(single.logits);
    const zeros = { before: 0, after: 0, all: 0 };
    const each = (count: (zero: number) => void): void => {
      for (let r = 0; r < batch.rows; r++) for (let k = 0; k < 8; k++) count(Number(single.lastUnit(r, k) === 0));
    };
    each((zero) => {
      zeros.before += zero;
      zeros.all++;
    });
    const mean = new Float64Array(batch.rows);
    const rounds = 4000;
    for (let seed = 0; seed < rounds; seed++) {
      single.forwardLearning(batch.rows, 0.3, seed);
      for (let r = 0; r < batch.rows; r++) mean[r] += single.logits[r] / rounds;
      if (seed < 200) {
        each((zero) => {
          zeros.after += zero / 200;
        });
      }
    }
    const kept = (zeros.all - zeros.after) / (zeros.all - zeros.before);
    expect(kept).toBeGreaterThan(0.69);
    expect(kept).toBeLessThan(0.71);
    for (let r = 0; r < batch.rows; r++) expect(Math.abs(mean[r] - wanted[r])).toBeLessThan(0.1);
  });
});

describe('projections and sums of the last hidden layer', () => {
  it('are those of plain arithmetic', () => {
    const rng = createRng(5);
    const network = randomNetwork({ ...SHAPE, hidden: [7, 6] }, rng);
    const batch = randomRows(SHAPE, 50, rng);
    const columns = 9;
    const matrix = Float64Array.from({ length: 7 * columns }, () => rng.normal());
    network.load(batch.dense, batch.sparse, 0, 50);
    network.forward(50);
    const features = Array.from({ length: 50 }, (_, r) => [
      ...Array.from({ length: 6 }, (_x, k) => network.lastUnit(r, k)),
      1,
    ]);
    network.setProjection(matrix, columns);
    const projected = network.project(50);
    const norms = network.projectedNorms(50);
    features.forEach((h, r) => {
      let squares = 0;
      for (let n = 0; n < columns; n++) {
        const product = h.reduce((sum, x, k) => sum + x * matrix[k * columns + n], 0);
        squares += product * product;
        expect(projected[network.projectedAt(r, n)]).toBeCloseTo(product, 4);
      }
      expect(Math.abs(norms[r] - squares)).toBeLessThan(1e-4 * (1 + squares));
    });
    const factors = features.map(() => rng.uniform());
    network.clearGram();
    network.errors.set(factors);
    network.addGram(50);
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j <= 6; j++) {
        const sum = features.reduce((total, h, r) => total + factors[r] * h[i] * h[j], 0);
        expect(network.gramAt(i, j)).toBeCloseTo(sum, 3);
      }
    }
  });
});
