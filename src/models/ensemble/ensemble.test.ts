import { describe, expect, test } from 'vitest';
import { createRng, mix32, seedFromBytes } from '../../base/index.ts';
import { type EpochContent, sealEpoch } from '../../domain/index.ts';
import { createBatch } from '../../features/index.ts';
import { plainEncoder, rewardModelLaws, syntheticExamples } from '../../testing/index.ts';
import { calibrated, fitCalibrator } from '../calibration/calibrated.ts';
import type { Examples, RewardModel } from '../contract.ts';
import { loadModel, restoreLearner } from '../load.ts';
import { type LogisticFitOptions, logisticModel } from '../logistic/logistic.ts';
import { logLoss } from '../metrics.ts';
import { logit } from '../sigmoid.ts';
import { isEnsemble } from './ensemble.ts';
import {
  type EnsembleLearner,
  type EnsembleOptions,
  ensembleFamily,
  type OnlineEnsembleLearner,
  onlineEnsembleFamily,
} from './learner.ts';
import { type Resampling, replicaSeed, timesCounted } from './replicas.ts';

const RESAMPLINGS: readonly Resampling[] = ['poisson', 'double-or-nothing'];

const SUBJECTS = {
  'poisson, fitted in batch': { family: ensembleFamily(logisticModel, { size: 8 }), learning: 'batch' },
  'double or nothing, online': {
    family: onlineEnsembleFamily(logisticModel, { size: 8, resampling: 'double-or-nothing' }),
    learning: 'ftrl',
  },
} as const;

describe.each(Object.keys(SUBJECTS) as (keyof typeof SUBJECTS)[])('an ensemble of logistic regressions, %s', (name) => {
  const { family, learning } = SUBJECTS[name];
  const laws = rewardModelLaws({
    fresh: (encoder) => family.fresh(encoder),
    fit(model, examples, seed, signal, validation) {
      const options: LogisticFitOptions = {
        rng: createRng(seed),
        learning,
        ...(signal === undefined ? {} : { signal }),
        ...(validation === undefined ? {} : { validation }),
      };
      return (model as EnsembleLearner<LogisticFitOptions>).fit(examples, options, contentKeys(examples));
    },
    fromEpoch: loadModel,
    ...(learning === 'ftrl' ? { restore: restoreLearner } : {}),
    // By keys of their content the row twice is drawn as one; passing over rows one by one has an order.
    duplicateTolerance: learning === 'batch' ? 2e-3 : 0.6,
    // Its score is the mean of its draws as probabilities; the laws of uncertainty compare logits, which differ from it where
    // rewards are rare and members far apart, as fits without a step size to hold them are. See below for the exact laws.
    claims: { uncertainty: learning === 'ftrl', validation: true },
  });
  for (const law of laws) test(law.name, law.run);
});

describe('replicas', () => {
  test.each(RESAMPLINGS)(
    'count a row %s with mean 1 and variance 1, independently of other rows and members',
    (kind) => {
      const seed = replicaSeed(3);
      const rows = 40_000;
      const a = Float64Array.from({ length: rows }, (_, key) => timesCounted(kind, seed, key, 0));
      const b = Float64Array.from({ length: rows }, (_, key) => timesCounted(kind, seed, key, 1));
      const covariance = (x: Float64Array, y: Float64Array): number =>
        x.reduce((sum, xk, k) => sum + (xk - 1) * (y[k] - 1), 0) / x.length;
      expect(a.reduce((x, y) => x + y) / rows).toBeCloseTo(1, 1);
      expect(covariance(a, a)).toBeGreaterThan(0.95);
      expect(covariance(a, a)).toBeLessThan(1.05);
      // Three standard errors of a covariance of 0.
      expect(Math.abs(covariance(a, b))).toBeLessThan(3 / Math.sqrt(rows));
      expect(Math.abs(covariance(a.subarray(1), a.subarray(0, rows - 1)))).toBeLessThan(3 / Math.sqrt(rows));
      if (kind === 'poisson') {
        expect(a.filter((k) => k === 0).length / rows).toBeCloseTo(Math.exp(-1), 2);
        expect(a.filter((k) => k === 3).length / rows).toBeCloseTo(Math.exp(-1) / 6, 2);
      }
    },
  );

  test('count the rows of one key together, whatever stands between them', async () => {
    const encoder = plainEncoder(2, 1, 64);
    const examples = syntheticExamples(encoder, 60, 1);
    const rowKeys = Uint32Array.from({ length: 60 }, (_, r) => r % 5);
    const seen: Float32Array[] = [];
    const spy = {
      fresh() {
        const model = logisticModel.fresh(encoder);
        const learn = model.fit.bind(model);
        model.fit = (rows, options) => {
          seen.push(rows.weights);
          return learn(rows, options);
        };
        return model;
      },
    };
    await ensembleFamily(spy, { size: 3, seed: 9 })
      .fresh(encoder)
      .fit(examples, { rng: createRng(1) }, rowKeys);
    expect(seen.length).toBe(3);
    seen.forEach((weights, j) => {
      const times = [0, 1, 2, 3, 4].map((key) => timesCounted('poisson', replicaSeed(9), key, j));
      expect([...weights]).toEqual(Array.from(rowKeys, (key) => times[key]));
    });
  });
});

describe('uncertainty', () => {
  const encoder = plainEncoder(6, 3);

  test('deviations are those of the members’ scores, and draws are members', async () => {
    const model = await fitted({ size: 7 }, syntheticExamples(encoder, 300, 2));
    const { batch } = syntheticExamples(encoder, 40, 3);
    const members = Array.from({ length: 7 }, (_, j) => predict(model.member(j), batch, 40));
    const deviations = new Float64Array(40);
    model.uncertainty.deviations(batch, 40, deviations);
    const draws = new Float64Array(40 * 30);
    const seed = seedFromBytes(new Uint8Array(16).fill(5));
    model.uncertainty.draw(batch, 40, seed, 30, draws);
    const mean = predict(model, batch, 40);
    for (let r = 0; r < 40; r++) {
      const scores = members.map((p) => p[r]);
      const average = scores.reduce((a, b) => a + b) / 7;
      expect(mean[r]).toBeCloseTo(average, 14);
      expect(deviations[r]).toBeCloseTo(Math.sqrt(scores.reduce((a, b) => a + (b - average) ** 2, 0) / 7), 12);
      for (let m = 0; m < 30; m++) expect(draws[30 * r + m]).toBe(members[model.drawn(seed, m)][r]);
    }
  });

  test('every member is drawn equally often', async () => {
    const model = onlineEnsembleFamily(logisticModel, { size: 5 }).fresh(encoder);
    const counts = new Float64Array(5);
    const seed = seedFromBytes(new Uint8Array(16).fill(8));
    for (let m = 0; m < 10_000; m++) counts[model.drawn(seed, m)]++;
    // Five standard errors.
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(5 * Math.sqrt(1_600));
  });

  test('is that of a mean where the model is one: √(p (1 - p) / n), and halves with four times the rows', async () => {
    const bare = plainEncoder(0, 1, 64);
    const deviationOf = async (rows: number): Promise<number> => {
      const rng = createRng(rows);
      const batch = createBatch(bare, rows);
      const labels = Float32Array.from({ length: rows }, () => Number(rng.uniform() < 0.3));
      const model = ensembleFamily(logisticModel, { size: 200 }).fresh(bare);
      await model.fit({ batch, labels, weights: new Float32Array(rows).fill(1), rows }, { rng, learning: 'batch' });
      const out = new Float64Array(1);
      model.uncertainty.deviations(batch, 1, out);
      return out[0] / Math.sqrt((0.3 * 0.7) / rows);
    };
    // The standard error of a deviation of 200 members is 5%, the observed rate adds a little.
    expect(Math.abs((await deviationOf(400)) - 1)).toBeLessThan(0.15);
    expect(Math.abs((await deviationOf(1_600)) - 1)).toBeLessThan(0.15);
  });

  test('passes through a calibrator', async () => {
    const model = await fitted({ size: 5 }, syntheticExamples(encoder, 600, 4));
    const valid = syntheticExamples(encoder, 2_000, 5);
    const wrapped = calibrated(model, fitCalibrator(model, valid, { method: 'isotonic' }));
    const epoch = sealEpoch(wrapped.toEpoch());
    const loaded = loadModel(epoch, encoder);
    expect(loaded.hash).toBe(wrapped.hash);
    const [here, there] = [new Float64Array(80), new Float64Array(80)];
    const seed = seedFromBytes(new Uint8Array(16).fill(2));
    wrapped.uncertainty?.draw(valid.batch, 20, seed, 4, here);
    loaded.uncertainty?.draw(valid.batch, 20, seed, 4, there);
    expect(there).toEqual(here);
    expect(new Set(here.subarray(0, 4)).size).toBeGreaterThan(1);
  });
});

describe('learning online', () => {
  const encoder = plainEncoder(6, 3);
  const examples = syntheticExamples(encoder, 320, 6);

  test('goes on after a restart as if it had never stopped', async () => {
    const [whole, pieces] = [started(), started()];
    for (const model of [whole, pieces]) {
      learn(model, examples, 0, 16);
      learn(model, examples, 16, 150);
    }
    const restored = restoreLearner(roundTrip(pieces.learnerState()), encoder) as OnlineEnsembleLearner;
    for (const model of [whole, restored]) learn(model, examples, 150, 320);
    expect(restored.hash).toBe(whole.hash);
    expect(sealEpoch(restored.learnerState()).hash).toBe(sealEpoch(whole.learnerState()).hash);
  });

  test('counts rows the same in one piece and in pieces, rows of weight 0 or not', () => {
    const some = { ...examples, weights: examples.weights.map((w, r) => (r % 7 === 3 ? 0 : w)) };
    const counted = (bounds: readonly number[]): number[][] => {
      const counts: number[][] = [];
      const family = {
        fresh: () => {
          const inner = logisticModel.fresh(encoder);
          const own: number[] = [];
          counts.push(own);
          inner.update = (_, __, weights, rows) => void own.push(...weights.subarray(0, rows));
          return inner;
        },
      };
      const model = onlineEnsembleFamily(family, { size: 3 }).fresh(encoder);
      bounds.slice(1).forEach((to, i) => {
        learn(model, some, bounds[i], to);
      });
      return counts;
    };
    expect(counted([0, 1, 16, 100, 101, 320])).toEqual(counted([0, 320]));
  });

  test('counts each row as a fit to the same rows does', () => {
    const ensemble = started();
    learn(ensemble, examples, 0, 320);
    for (let j = 0; j < ensemble.size; j++) {
      const alone = logisticModel.fresh(encoder);
      const weights = examples.weights.map((w, r) => w * timesCounted('poisson', replicaSeed(1), r, j));
      alone.update(examples.batch, examples.labels, weights, 320);
      expect(alone.hash).toBe(ensemble.member(j).hash);
    }
  });

  test('goes on counting after a fit, and fits anew also when it was restored', async () => {
    const model = started();
    await model.fit(examples, { rng: createRng(1) });
    expect(model.learnerState().meta.learnt).toBe(320);
    const restored = restoreLearner(roundTrip(model.learnerState()), encoder);
    await restored.fit(examples, { rng: createRng(1) });
    expect(restored.hash).toBe(model.hash);
  });

  test('by keys of their own, rows count the same in any order', () => {
    const keys = Uint32Array.from({ length: 32 }, (_, r) => 1000 + r);
    const seen = (order: readonly number[]): number[] => {
      const counts: number[] = [];
      const model = onlineEnsembleFamily(
        {
          fresh: () => {
            const inner = logisticModel.fresh(encoder);
            inner.update = (_, __, weights, rows) => {
              for (let i = 0; i < rows; i++) counts[order[i]] = weights[i];
            };
            return inner;
          },
        },
        { size: 1 },
      ).fresh(encoder);
      const { batch, labels, weights } = chosen(examples, order);
      model.update(
        batch,
        labels,
        weights,
        32,
        Uint32Array.from(order, (r) => keys[r]),
      );
      return counts;
    };
    const forwards = Array.from({ length: 32 }, (_, r) => r);
    expect(seen(forwards.toReversed())).toEqual(seen(forwards));
  });

  test('takes the heaviest row that a member takes, however often it counts it', () => {
    const model = started();
    const { hash } = model;
    model.update(
      examples.batch,
      examples.labels,
      examples.weights.map(() => 1e9),
      320,
    );
    expect(model.hash).not.toBe(hash);
  });

  test('refuses rows whole: no member learns', () => {
    const model = started();
    const { hash } = model;
    const labels = examples.labels.map((label, r) => (r === 319 ? 2 : label));
    expect(() => model.update(examples.batch, labels, examples.weights, 320)).toThrow(
      expect.objectContaining({ code: 'EXAMPLES_INVALID' }),
    );
    expect(() => model.update(examples.batch, examples.labels, examples.weights, 320, new Uint32Array(3))).toThrow(
      expect.objectContaining({ code: 'EXAMPLES_INVALID' }),
    );
    expect(model.hash).toBe(hash);
  });

  function started(): OnlineEnsembleLearner<LogisticFitOptions> {
    return onlineEnsembleFamily(logisticModel, { size: 4 }).fresh(encoder);
  }
});

test('reports the loss of the mean, before the shift for sampled negatives', async () => {
  const encoder = plainEncoder(6, 3);
  const [examples, validation] = [syntheticExamples(encoder, 400, 7), syntheticExamples(encoder, 200, 8)];
  const plain = ensembleFamily(logisticModel, { size: 3 }).fresh(encoder);
  const shares: number[] = [];
  const report = await plain.fit(examples, {
    rng: createRng(1),
    validation,
    onProgress: (share) => shares.push(share),
  });
  expect(report.logLoss).toBeCloseTo(
    logLoss(predict(plain, examples.batch, 400), examples.labels, examples.weights),
    12,
  );
  expect(report.validationLoss).toBeCloseTo(
    logLoss(predict(plain, validation.batch, 200), validation.labels, validation.weights),
    12,
  );
  expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  expect(shares.at(-1)).toBe(1);

  const sampled = ensembleFamily(logisticModel, { size: 3 }).fresh(encoder);
  const shifted = await sampled.fit(examples, { rng: createRng(1), negativeRate: 0.2 });
  expect(shifted.logLoss).toBeCloseTo(report.logLoss, 6);
  expect(logit(predict(sampled.member(0), examples.batch, 1)[0])).toBeCloseTo(
    logit(predict(plain.member(0), examples.batch, 1)[0]) + Math.log(0.2),
    5,
  );
});

test('fits a row alone, although a bootstrap may count it not once', async () => {
  const encoder = plainEncoder(2, 1, 64);
  const model = ensembleFamily(logisticModel, { size: 12 }).fresh(encoder);
  await model.fit(syntheticExamples(encoder, 1, 1), { rng: createRng(1) });
  expect(model.size).toBe(12);
});

test('an ensemble of ensembles is an ensemble, and its explanation still sums up', async () => {
  const encoder = plainEncoder(6, 3);
  const family = ensembleFamily(ensembleFamily(logisticModel, { size: 2, seed: 5 }), { size: 3 });
  const examples = syntheticExamples(encoder, 300, 9);
  const model = family.fresh(encoder);
  await model.fit(examples, { rng: createRng(1) });
  const loaded = loadModel(sealEpoch(model.toEpoch()), encoder);
  expect(isEnsemble(loaded) && isEnsemble(loaded.member(0))).toBe(true);
  const p = predict(loaded, examples.batch, 5);
  for (let r = 0; r < 5; r++) {
    const sum = loaded.contributions(examples.batch, r).reduce((total, c) => total + c.contribution, loaded.bias);
    expect(sum).toBeCloseTo(logit(p[r]), 5);
  }
});

test('refuses options and epochs that are none', async () => {
  const encoder = plainEncoder(2, 1, 64);
  for (const options of [
    { size: 0 },
    { size: 2.5 },
    { resampling: 'jackknife' as Resampling },
    { seed: -1 },
    { members: 3 } as object,
  ]) {
    expect(() => ensembleFamily(logisticModel, options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  }
  const epoch = sealEpoch(ensembleFamily(logisticModel, { size: 2 }).fresh(encoder).toEpoch());
  for (const members of [[], 'none', [null]]) {
    expect(() => loadModel({ ...epoch, meta: { ...epoch.meta, members } }, encoder)).toThrow(
      expect.objectContaining({ code: 'EPOCH_CORRUPT' }),
    );
  }
  const state = onlineEnsembleFamily(logisticModel, { size: 2 }).fresh(encoder).learnerState();
  const short = { ...state, meta: { ...state.meta, members: (state.meta.members as EpochContent['meta'][]).slice(1) } };
  expect(() => restoreLearner(short, encoder)).toThrow(expect.objectContaining({ code: 'EPOCH_CORRUPT' }));
});

// ---- ----

/** Equal rows have equal keys. */
function contentKeys({ batch, rows }: Examples): Uint32Array {
  const { denseWidth, sparseWidth, dense, sparse } = batch;
  const bits = new Uint32Array(dense.buffer, dense.byteOffset, dense.length);
  return Uint32Array.from({ length: Math.min(rows, batch.rows) }, (_, r) => {
    const words = [
      ...bits.subarray(r * denseWidth, (r + 1) * denseWidth),
      ...sparse.subarray(r * sparseWidth, (r + 1) * sparseWidth),
    ];
    return words.reduce((hash, word) => mix32(hash ^ word), 0);
  });
}

async function fitted(options: Partial<EnsembleOptions>, examples: Examples) {
  const model = ensembleFamily(logisticModel, options).fresh(plainEncoder(6, 3));
  await model.fit(examples, { rng: createRng(1) });
  return model;
}

function predict(model: RewardModel, batch: Examples['batch'], rows: number): Float64Array {
  const out = new Float64Array(rows);
  model.predict(batch, rows, out);
  return out;
}

function learn(
  model: OnlineEnsembleLearner<LogisticFitOptions> | OnlineEnsembleLearner,
  examples: Examples,
  from: number,
  to: number,
): void {
  const { batch, labels, weights } = chosen(
    examples,
    Array.from({ length: to - from }, (_, i) => from + i),
  );
  model.update(batch, labels, weights, to - from);
}

function chosen(examples: Examples, rows: readonly number[]): Examples {
  const { denseWidth, sparseWidth } = examples.batch;
  const batch = createBatch(examples.batch, rows.length);
  rows.forEach((r, i) => {
    batch.dense.set(examples.batch.dense.subarray(r * denseWidth, (r + 1) * denseWidth), i * denseWidth);
    batch.sparse.set(examples.batch.sparse.subarray(r * sparseWidth, (r + 1) * sparseWidth), i * sparseWidth);
  });
  return {
    batch,
    labels: Float32Array.from(rows, (r) => examples.labels[r]),
    weights: Float32Array.from(rows, (r) => examples.weights[r]),
    rows: rows.length,
  };
}

/** Through the form in which a store keeps it. */
function roundTrip(content: EpochContent): EpochContent {
  return { ...content, meta: JSON.parse(JSON.stringify(content.meta)) };
}
