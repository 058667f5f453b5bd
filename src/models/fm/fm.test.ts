import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { createBatch, type FeatureBatch } from '../../features/index.ts';
import { plainEncoder, rewardModelLaws, syntheticExamples } from '../../testing/index.ts';
import type { Examples, RewardModel } from '../contract.ts';
import { loadModel } from '../load.ts';
import { logisticModel } from '../logistic/logistic.ts';
import { logLoss } from '../metrics.ts';
import { noFactors, pairwise } from './factors.ts';
import { type FmOptions, fmModel } from './fm.ts';
import { FactorTerm, freshFactorState } from './training.ts';

describe('a factorisation machine', () => {
  const laws = rewardModelLaws({
    fresh: (encoder) => fmModel.fresh(encoder),
    fit: (model, examples, seed, signal, validation) =>
      model.fit(examples, {
        rng: createRng(seed),
        ...(signal === undefined ? {} : { signal }),
        ...(validation === undefined ? {} : { validation }),
      }),
    fromEpoch: (epoch, encoder) => fmModel.fromEpoch(epoch, encoder),
    restore: (state, encoder) => fmModel.restore(state, encoder),
    duplicateTolerance: 0.6,
    claims: { uncertainty: true, sensitivities: true, validation: true, missingValues: true },
  });
  for (const law of laws) test(law.name, law.run);
});

describe('the pairwise part', () => {
  const encoder = plainEncoder(4, 3, 64);

  function randomFactors(k: number, seed: number) {
    const rng = createRng(seed);
    const factors = noFactors(encoder, k);
    for (let i = 0; i < factors.dense.length; i++) factors.dense[i] = rng.normal();
    for (let i = k; i < factors.sparse.length; i++) factors.sparse[i] = rng.normal();
    return factors;
  }

  test.each([1, 3, 8])('by k sums is the sum over all pairs, k = %i', (k) => {
    const factors = randomFactors(k, k);
    const columns = Float64Array.of(0.3, -1, 0, 2);
    for (const slots of [Uint32Array.of(5, 9, 0), Uint32Array.of(7, 7, 63), new Uint32Array(3)]) {
      const entries = [
        ...[...columns].map((x, j) => [...factors.dense.subarray(j * k, (j + 1) * k)].map((v) => v * x)),
        ...[...slots].filter((b) => b !== 0).map((b) => [...factors.sparse.subarray(b * k, (b + 1) * k)]),
      ];
      let naive = 0;
      for (let i = 0; i < entries.length; i++) {
        for (let j = i + 1; j < entries.length; j++) {
          for (let f = 0; f < k; f++) naive += entries[i][f] * entries[j][f];
        }
      }
      expect(pairwise(factors, columns, 0, 4, slots, 0, 3, new Float64Array(k))).toBeCloseTo(naive, 10);
    }
  });

  test('learns against the gradient that finite differences have', () => {
    const k = 3;
    const factors = randomFactors(k, 4);
    // So large a damping that a step is its gradient over a million.
    const rates = { alpha: 1, beta: 1e6, l2: 0, spread: 0.1 };
    const state = freshFactorState(encoder, k);
    for (const b of [5, 9]) state.sparse.fill(1e-3, b * k, (b + 1) * k);
    const term = new FactorTerm(factors, state, rates, Uint32Array.of(1, 2, 3, 4));
    const columns = Float32Array.of(0.3, -1, 0, 2);
    const batch = createBatch(encoder, 1);
    batch.sparse.set([5, 9, 0]);
    const value = (): number => pairwise(factors, columns, 0, 4, batch.sparse, 0, 3, new Float64Array(k));
    const slopeOf = (table: Float64Array | Float32Array, i: number): number => {
      const kept = table[i];
      table[i] = kept + 0.01;
      const above = value();
      table[i] = kept - 0.01;
      const below = value();
      table[i] = kept;
      return (above - below) / 0.02;
    };
    const slopes = Float64Array.from(factors.dense, (_, i) => slopeOf(factors.dense, i));
    const sparseSlopes = [5, 9].map((b) => Array.from({ length: k }, (_, f) => slopeOf(factors.sparse, b * k + f)));
    const before = factors.dense.slice();
    const error = 1e3;
    term.score(columns, 0, batch, 0);
    term.learn(columns, 0, batch, 0, error);
    term.step();
    for (let i = 0; i < before.length; i++) {
      expect((before[i] - factors.dense[i]) * 1e3).toBeCloseTo(slopes[i], 1);
      expect(state.dense[i] / error).toBeCloseTo(Math.abs(slopes[i]), 3);
    }
    [5, 9].forEach((b, n) => {
      for (let f = 0; f < k; f++) {
        expect(state.sparse[b * k + f] / error).toBeCloseTo(Math.abs(sparseSlopes[n][f]), 2);
      }
    });
  });
});

/** Rewards that depend on whether two categories are of the same kind, and on nothing else. */
function affinities(rows: number, seed: number): Examples {
  const encoder = plainEncoder(1, 2, 1 << 10);
  const rng = createRng(seed);
  const batch = createBatch(encoder, rows);
  const labels = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    const [listener, artist] = [rng.below(60), rng.below(60)];
    batch.dense[r] = rng.normal();
    batch.sparse.set([1 + listener, 200 + artist], 2 * r);
    const isAlike = listener % 3 === artist % 3;
    labels[r] = rng.uniform() < (isAlike ? 0.7 : 0.1) ? 1 : 0;
  }
  return { batch, labels, weights: new Float32Array(rows).fill(1), rows };
}

test('finds what goes together, also for pairs that it never saw, which a linear model cannot', async () => {
  const encoder = plainEncoder(1, 2, 1 << 10);
  const all = affinities(24_000, 1);
  // A tenth of all pairs is held out altogether.
  const isHeld = (batch: FeatureBatch, r: number): boolean =>
    (batch.sparse[2 * r] * 7 + batch.sparse[2 * r + 1]) % 10 === 0;
  const train = { ...all, weights: all.weights.map((_, r) => (isHeld(all.batch, r) ? 0 : 1)) };
  const machine = fmModel.fresh(encoder, { factors: 4, factorL2: 3 });
  await machine.fit(train, { rng: createRng(2), epochs: 15 });
  const linear = logisticModel.fresh(encoder);
  await linear.fit(train, { rng: createRng(2) });
  const held = all.weights.map((_, r) => (isHeld(all.batch, r) ? 1 : 0));
  const lossOf = (model: RewardModel): number => {
    const p = new Float64Array(all.rows);
    model.predict(all.batch, all.rows, p);
    return logLoss(p, all.labels, held);
  };
  // The entropy of the truth is (H(.7) + 2 H(.1)) / 3 = 0.420 nats; that of its mean, 0.611.
  expect(lossOf(linear)).toBeGreaterThan(0.6);
  expect(lossOf(machine)).toBeLessThan(0.46);
});

test('stops where validation rows no longer gain, and keeps the pass before', async () => {
  const encoder = plainEncoder(1, 2, 1 << 10);
  const few = affinities(600, 3);
  const held = affinities(2_000, 4);
  const options = { factors: 8, factorL2: 0.01, alpha: 0.5 };
  const stopped = fmModel.fresh(encoder, options);
  const report = await stopped.fit(few, { rng: createRng(5), epochs: 40, validation: held });
  expect(report.passes).toBeLessThan(40);
  const blind = await fmModel.fresh(encoder, options).fit(few, { rng: createRng(5), epochs: report.passes });
  expect(blind.logLoss).toBe(report.logLoss);
});

test('another seed begins elsewhere; the same gives the same bytes', async () => {
  const encoder = plainEncoder(4, 2);
  const examples = syntheticExamples(encoder, 300, 6);
  const hashOf = async (seed: number): Promise<string> => {
    const model = fmModel.fresh(encoder);
    await model.fit(examples, { rng: createRng(seed) });
    return model.hash;
  };
  expect(await hashOf(1)).toBe(await hashOf(1));
  expect(await hashOf(1)).not.toBe(await hashOf(2));
  expect(fmModel.fresh(encoder, { seed: 1 }).hash).not.toBe(fmModel.fresh(encoder, { seed: 2 }).hash);
});

test('without a posterior it knows nothing of its error, and its epoch is smaller', async () => {
  const encoder = plainEncoder(4, 2);
  const bytes: number[] = [];
  for (const posterior of ['none', 'diagonal'] as const) {
    const model = fmModel.fresh(encoder, { posterior });
    await model.fit(syntheticExamples(encoder, 300, 7), { rng: createRng(1) });
    const loaded = loadModel(sealEpoch(model.toEpoch()), encoder);
    expect(loaded.uncertainty !== undefined).toBe(posterior === 'diagonal');
    expect(loaded.sensitivities !== undefined).toBe(posterior === 'diagonal');
    bytes.push(Object.values(model.toEpoch().arrays).reduce((sum, array) => sum + array.byteLength, 0));
  }
  expect(bytes[0]).toBeLessThan(bytes[1] / 2);
});

test('stays finite whatever finite row comes', async () => {
  const encoder = plainEncoder(3, 1);
  const examples = syntheticExamples(encoder, 200, 9);
  const model = fmModel.fresh(encoder);
  await model.fit(examples, { rng: createRng(1) });
  for (const x of [3e38, -3e38, 1e15]) {
    const batch = createBatch(encoder, 1);
    batch.dense.fill(x);
    batch.sparse.fill(7);
    model.update(batch, Float32Array.of(0), Float32Array.of(1e9), 1);
    const p = new Float64Array(examples.rows);
    model.predict(examples.batch, examples.rows, p);
    expect(p.every((q) => q > 0 && q < 1)).toBe(true);
  }
});

test('refuses arrays that do not fit', async () => {
  const encoder = plainEncoder(3, 1);
  const model = fmModel.fresh(encoder);
  await model.fit(syntheticExamples(encoder, 100, 9), { rng: createRng(1) });
  const epoch = sealEpoch(model.toEpoch());
  for (const name of ['factors', 'sparseFactors', 'factorPrecisions', 'sparseRoots']) {
    const broken = { ...epoch, arrays: { ...epoch.arrays, [name]: new Float32Array(1) } };
    expect(() => loadModel(broken, encoder)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
  }
});

test.each<Partial<FmOptions>>([{ factors: 0 }, { factors: 2.5 }, { spread: 0 }, { factorL2: -1 }])(
  'refuses the options %o',
  (options) => {
    expect(() => fmModel.fresh(plainEncoder(2, 1), options)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  },
);
