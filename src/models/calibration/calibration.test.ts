import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { plainEncoder, rewardModelLaws, syntheticExamples } from '../../testing/index.ts';
import type { Examples, Learner, RewardModel } from '../contract.ts';
import { loadModel } from '../load.ts';
import { type LogisticFitOptions, logisticModel } from '../logistic/logistic.ts';
import { calibrationRatio, logLoss } from '../metrics.ts';
import { logit, sigmoid } from '../sigmoid.ts';
import { calibrated, calibratedFamily, calibratedModels, fitCalibrator } from './calibrated.ts';
import { type CalibrationMethod, type Calibrator, calibratedLogit, calibratedSlope } from './calibrator.ts';
import { fitIsotonic } from './isotonic.ts';
import { fitPlatt } from './platt.ts';
import { calibrationError, reliabilityTable } from './reliability.ts';

const METHODS: readonly CalibrationMethod[] = ['platt', 'isotonic'];

/** Rows to calibrate on count as those learnt from do: by the median weight of their label. */
function weightsByLabel({ labels, weights }: Examples, of: Float32Array): Float32Array {
  const [negative, positive] = [0, 1].map((label) => {
    const own = weights.filter((weight, r) => labels[r] === label && weight > 0).sort();
    return own.length === 0 ? 1 : own[own.length >> 1];
  });
  return of.map((label) => (label > 0 ? positive : negative));
}

/** Rows that the laws' examples do not hold, of the same truth. */
const validationOf = (rows: number) => syntheticExamples(plainEncoder(6, 3), rows, 99);

describe.each(METHODS)('logistic regression, calibrated by %s', (method) => {
  const family = calibratedFamily(logisticModel, { method });
  const validation = validationOf(3_000);
  const laws = rewardModelLaws({
    fresh: (encoder) => family.fresh(encoder),
    async fit(model, examples, seed, signal) {
      const options: LogisticFitOptions = {
        rng: createRng(seed),
        learning: 'batch',
        validation: { ...validation, weights: weightsByLabel(examples, validation.labels) },
        ...(signal === undefined ? {} : { signal }),
      };
      await model.fit(examples, options);
    },
    fromEpoch: (epoch, encoder) => calibratedModels.fromEpoch(epoch, encoder, loadModel),
    duplicateTolerance: 2e-3,
  });
  for (const law of laws) test(law.name, law.run);
});

const scored = fc.array(
  fc.record({
    z: fc.integer({ min: -12, max: 12 }).map((z) => z / 3),
    label: fc.constantFrom(0, 0, 1, 0.5),
    weight: fc.constantFrom(0, 1, 1, 2.5),
  }),
  { minLength: 1, maxLength: 40 },
);
type Scored = { z: number; label: number; weight: number }[];
const columns = (list: Scored) =>
  [
    Float64Array.from(list, ({ z }) => z),
    Float32Array.from(list, ({ label }) => label),
    Float32Array.from(list, ({ weight }) => weight),
  ] as const;
const hasWeight = (list: Scored): boolean => list.some(({ weight }) => weight > 0);

describe('isotonic', () => {
  test('goes through the means of the blocks that the best monotone fit has', () => {
    fc.assert(
      fc.property(scored.filter(hasWeight), (list) => {
        const map = fitIsotonic(...columns(list), { leastWeight: 0, outerSlope: 1 });
        const kept = list.filter(({ weight }) => weight > 0);
        const total = kept.reduce((sum, { weight }) => sum + weight, 0);
        const margin = 1 / (total + 2);
        const best = monotoneFit(kept);
        map.x.forEach((x, k) => {
          const value = sigmoid(map.y[k]);
          // All rows of a block have one value in the reference, and the block's centre lies among them.
          const block = kept.filter(({ z }) => Math.abs(clip(best(z), margin) - value) < 1e-6);
          expect(block.length).toBeGreaterThan(0);
          expect(x).toBeGreaterThanOrEqual(Math.min(...block.map(({ z }) => z)) - 1e-9);
          expect(x).toBeLessThanOrEqual(Math.max(...block.map(({ z }) => z)) + 1e-9);
        });
        for (const { z } of kept) {
          expect(map.y.some((y) => Math.abs(sigmoid(y) - clip(best(z), margin)) < 1e-6)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('has no block below the least weight, but where all rows together weigh less', () => {
    fc.assert(
      fc.property(scored.filter(hasWeight), fc.integer({ min: 1, max: 12 }), (list, leastWeight) => {
        const total = list.reduce((sum, { weight }) => sum + weight, 0);
        const { x } = fitIsotonic(...columns(list), { leastWeight, outerSlope: 1 });
        expect(x.length).toBeLessThanOrEqual(Math.max(1, Math.floor(total / leastWeight)));
      }),
    );
  });
});

describe('Platt', () => {
  test('stands where the gradient of the smoothed likelihood is 0', () => {
    fc.assert(
      fc.property(scored.filter(hasWeight), (list) => {
        const { outerSlope: slope, y } = fitPlatt(...columns(list));
        const positives = list.reduce((sum, { weight, label }) => sum + weight * label, 0);
        const total = list.reduce((sum, { weight }) => sum + weight, 0);
        let [g0, g1] = [0, 0];
        for (const { z, label, weight } of list) {
          const target = label * ((positives + 1) / (positives + 2)) + (1 - label) * (1 / (total - positives + 2));
          const error = weight * (1 / (1 + Math.exp(-(slope * z + y[0]))) - target);
          g0 += error * z;
          g1 += error;
        }
        expect(Math.abs(g1)).toBeLessThan(1e-4 * total);
        // A slope held at 0 would fall further.
        if (slope === 0) expect(g0).toBeGreaterThan(-1e-6);
        else expect(Math.abs(g0)).toBeLessThan(1e-4 * total);
      }),
      { numRuns: 300 },
    );
  });

  test('keeps its slope finite where scores part the labels, and 1 where they do not differ', () => {
    const parted = fitPlatt(Float64Array.of(-1, 1), Float32Array.of(0, 1), Float32Array.of(1, 1));
    // Targets 1/3 and 2/3: logit ± ln 2.
    expect(parted.outerSlope).toBeCloseTo(Math.LN2, 4);
    const equal = fitPlatt(Float64Array.of(2, 2), Float32Array.of(0, 1), Float32Array.of(1, 1));
    expect(equal.outerSlope).toBeCloseTo(1, 6);
    expect(equal.y[0]).toBeCloseTo(-2, 6);
  });

  test('makes equals of scores that order the wrong way round', () => {
    const map = fitPlatt(Float64Array.of(-1, 1, 0), Float32Array.of(1, 0, 0), Float32Array.of(5, 5, 1));
    expect(map.outerSlope).toBe(0);
    expect(sigmoid(map.y[0])).toBeCloseTo((5 * (6 / 7) + 6 * (1 / 8)) / 11, 9);
  });

  test('finds a logit that was stretched and shifted', () => {
    const rng = createRng(5);
    const truth = Float64Array.from({ length: 60_000 }, () => -2 + rng.normal());
    const labels = Float32Array.from(truth, (t) => Number(rng.uniform() < sigmoid(t)));
    const { outerSlope, y } = fitPlatt(
      truth.map((t) => 2 * t + 1),
      labels,
      new Float32Array(60_000).fill(1),
    );
    expect(outerSlope).toBeCloseTo(0.5, 1);
    expect(y[0]).toBeCloseTo(-0.5, 1);
  });
});

test('every calibrator rises, is finite, and its slope is its derivative', () => {
  fc.assert(
    fc.property(scored.filter(hasWeight), fc.constantFrom(...METHODS), (list, method) => {
      const map: Calibrator =
        method === 'platt'
          ? fitPlatt(...columns(list))
          : fitIsotonic(...columns(list), { leastWeight: 0, outerSlope: 1 });
      let before = Number.NEGATIVE_INFINITY;
      let [fall, gap] = [0, 0];
      for (let z = -30; z <= 30; z += 0.173) {
        const here = calibratedLogit(map, z);
        fall = Math.max(fall, before - here);
        before = here;
        if (map.x.every((x) => Math.abs(x - z) > 1e-4)) {
          const difference = (calibratedLogit(map, z + 1e-5) - calibratedLogit(map, z - 1e-5)) / 2e-5;
          gap = Math.max(gap, Math.abs(calibratedSlope(map, z) - difference));
        }
      }
      expect(Number.isFinite(before)).toBe(true);
      expect(fall).toBeLessThan(1e-12);
      expect(gap).toBeLessThan(1e-3);
    }),
    { numRuns: 100 },
  );
});

describe('a model that is calibrated', () => {
  const encoder = plainEncoder(6, 3);

  test.each(METHODS)('by %s is right where the model was too sure of itself', async (method) => {
    const sharp = await sharpened(2.5);
    const test = syntheticExamples(encoder, 8_000, 22);
    const model = calibrated(sharp, fitCalibrator(sharp, validationOf(8_000), { method }));
    const [before, after] = [predict(sharp, test), predict(model, test)];
    const errorOf = (p: Float64Array) => calibrationError(reliabilityTable(p, test.labels, test.weights)).expected;
    expect(errorOf(before)).toBeGreaterThan(0.08);
    expect(errorOf(after)).toBeLessThan(0.02);
    const lossOf = (p: Float64Array) => logLoss(p, test.labels, test.weights);
    const unspoilt = lossOf(predict(await sharpened(1), test));
    expect(lossOf(before)).toBeGreaterThan(unspoilt + 0.05);
    expect(lossOf(after)).toBeLessThan(unspoilt + 0.005);
  });

  test.each(METHODS)('by %s speaks of the unsampled rows where its validation rows were sampled', async (method) => {
    const sharp = await sharpened(1);
    const all = validationOf(12_000);
    const rng = createRng(8);
    const sampled = { ...all, weights: all.weights.map((_, r) => Number(all.labels[r] > 0 || rng.uniform() < 0.3)) };
    const model = calibrated(sharp, fitCalibrator(sharp, sampled, { method }, 0.3));
    expect(calibrationRatio(predict(model, all), all.labels, all.weights)).toBeCloseTo(1, 1);
  });

  test.each(METHODS)('by %s carries deviations and draws by the map', async (method) => {
    const uncertain = withUncertainty(await sharpened(2));
    const model = calibrated(uncertain, fitCalibrator(uncertain, validationOf(4_000), { method }));
    const rows = syntheticExamples(encoder, 50, 23);
    const scores = predict(uncertain, rows);
    const map = (p: number): number => sigmoid(calibratedLogit(model.calibrator, logit(p)));
    const deviations = new Float64Array(50);
    model.uncertainty?.deviations(rows.batch, 50, deviations);
    const draws = new Float64Array(150);
    model.uncertainty?.draw(rows.batch, 50, Uint32Array.of(1, 2, 3, 4), 3, draws);
    for (let r = 0; r < 50; r++) {
      const [low, high] = [Math.max(1e-13, scores[r] - 0.1), Math.min(1 - 1e-13, scores[r] + 0.1)];
      expect(deviations[r]).toBeCloseTo((map(high) - map(low)) / 2, 9);
      expect(deviations[r]).toBeLessThanOrEqual(0.5);
      for (let m = 0; m < 3; m++) expect(draws[3 * r + m]).toBeCloseTo(map(scores[r] * (0.9 - 0.1 * m)), 12);
    }
  });

  test.each(METHODS)('by %s has small deviations and sensitivities by the derivative', async (method) => {
    const uncertain = withUncertainty(await sharpened(2), 1e-5);
    const model = calibrated(uncertain, fitCalibrator(uncertain, validationOf(4_000), { method }));
    const rows = syntheticExamples(encoder, 50, 25);
    const scores = predict(uncertain, rows);
    const map = (p: number): number => sigmoid(calibratedLogit(model.calibrator, logit(p)));
    const [deviations, sensitivities] = [new Float64Array(50), new Float64Array(50)];
    model.uncertainty?.deviations(rows.batch, 50, deviations);
    model.sensitivities?.(rows.batch, 50, sensitivities);
    let compared = 0;
    for (let r = 0; r < 50; r++) {
      // Where the map is straight and the score is not at the edge.
      const straight = model.calibrator.x.every((x) => Math.abs(x - logit(scores[r])) > 0.01);
      if (!straight || scores[r] < 0.01 || scores[r] > 0.99) continue;
      const derivative = (map(scores[r] + 1e-6) - map(scores[r] - 1e-6)) / 2e-6;
      expect(deviations[r] / 1e-5).toBeCloseTo(derivative, 3);
      expect(sensitivities[r]).toBeCloseTo(2 * derivative, 3);
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
  });

  test('has no uncertainty and no sensitivities where the model has none', async () => {
    const plain: RewardModel = withoutExtras(await sharpened(1));
    const model = calibrated(plain, fitCalibrator(plain, validationOf(500)));
    expect(model.uncertainty).toBeUndefined();
    expect(model.sensitivities).toBeUndefined();
  });

  test.each(METHODS)('by %s makes probabilities of a ranking', async (method) => {
    const ranker: RewardModel = ranking(await sharpened(1));
    const model = calibrated(ranker, fitCalibrator(ranker, validationOf(8_000), { method }));
    const test = syntheticExamples(encoder, 8_000, 24);
    const p = predict(model, test);
    expect(model.scale).toBe('probability');
    expect(calibrationRatio(p, test.labels, test.weights)).toBeCloseTo(1, 1);
    const sum = model.contributions(test.batch, 3).reduce((total, c) => total + c.contribution, model.bias);
    expect(sum).toBeCloseTo(logit(p[3]), 5);
  });

  test('has another hash once the model within has learnt', async () => {
    const learner = logisticModel.fresh(encoder);
    const model = calibrated(learner, fitCalibrator(learner, validationOf(500)));
    const before = model.hash;
    expect(model.hash).toBe(before);
    const { batch, labels, weights, rows } = validationOf(50);
    learner.update(batch, labels, weights, rows);
    expect(model.hash).not.toBe(before);
    expect(model.hash).toBe(sealEpoch(model.toEpoch()).hash);
  });

  test('refuses what cannot be calibrated, and stays as it was', async () => {
    const learner = calibratedFamily(logisticModel).fresh(encoder);
    const { hash } = learner;
    const examples = syntheticExamples(encoder, 50, 1);
    const rng = createRng(1);
    await expect(learner.fit(examples, { rng })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    const weightless = { ...examples, weights: new Float32Array(50) };
    await expect(learner.fit(examples, { rng, validation: weightless })).rejects.toMatchObject({
      code: 'EXAMPLES_INVALID',
    });
    expect(learner.hash).toBe(hash);
    const epoch = sealEpoch(learner.toEpoch());
    const broken = { ...epoch, meta: { ...epoch.meta, calibrator: { method: 'guess', outerSlope: 1 } } };
    expect(() => calibratedModels.fromEpoch(broken, encoder, loadModel)).toThrow(
      expect.objectContaining({ code: 'EPOCH_CORRUPT' }),
    );
    const empty = { ...epoch, meta: { ...epoch.meta, model: null } };
    expect(() => calibratedModels.fromEpoch(empty, encoder, loadModel)).toThrow(
      expect.objectContaining({ code: 'EPOCH_CORRUPT' }),
    );
    expect(() => calibratedFamily(logisticModel, { method: 'beta' as 'platt' })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  /** A fitted model whose logits are multiplied: every weight is. */
  async function sharpened(factor: number): Promise<RewardModel> {
    const model = logisticModel.fresh(encoder);
    await model.fit(syntheticExamples(encoder, 8_000, 21), { rng: createRng(1) });
    const { arrays, ...content } = model.toEpoch();
    const scaled = Object.fromEntries(
      Object.entries(arrays).map(([name, array]) => [
        name,
        ['bias', 'dense', 'sparseWeights'].includes(name) ? array.map((x) => x * factor) : array,
      ]),
    );
    return logisticModel.fromEpoch(sealEpoch({ ...content, arrays: scaled }), encoder);
  }
});

// ---- ----

function predict(model: RewardModel | Learner, { batch, rows }: Examples): Float64Array {
  const out = new Float64Array(rows);
  model.predict(batch, rows, out);
  return out;
}

const clip = (value: number, margin: number): number => Math.max(margin, Math.min(1 - margin, value));

function withoutExtras(model: RewardModel): RewardModel {
  return {
    family: model.family,
    hash: model.hash,
    encoderHash: model.encoderHash,
    bias: model.bias,
    predict: (batch, rows, out) => model.predict(batch, rows, out),
    contributions: (batch, row) => model.contributions(batch, row),
    toEpoch: () => model.toEpoch(),
  };
}

/** Deviations as given, sensitivities of 2; draw m is the score times 0.9 - m / 10. */
function withUncertainty(model: RewardModel, deviation = 0.1): RewardModel {
  return {
    ...withoutExtras(model),
    sensitivities: (_, rows, out) => {
      out.fill(2, 0, rows);
    },
    uncertainty: {
      deviations: (_, rows, out) => {
        out.fill(deviation, 0, rows);
      },
      draw(batch, rows, _, draws, out) {
        const p = new Float64Array(rows);
        model.predict(batch, rows, p);
        for (let r = 0; r < rows; r++) {
          for (let m = 0; m < draws; m++) out[r * draws + m] = p[r] * (0.9 - 0.1 * m);
        }
      },
    },
  };
}

/** The model's logits, given out as a rank. */
function ranking(model: RewardModel): RewardModel {
  return {
    ...withoutExtras(model),
    scale: 'rank',
    predict(batch, rows, out) {
      model.predict(batch, rows, out);
      for (let r = 0; r < rows; r++) out[r] = logit(out[r]);
    },
  };
}

/** The weighted monotone least-squares fit by its minimax formula: max over a <= z of min over b >= z of the mean of [a, b]. */
function monotoneFit(list: Scored): (z: number) => number {
  const scores = [...new Set(list.map(({ z }) => z))].sort((a, b) => a - b);
  const meanOf = (low: number, high: number): number => {
    const within = list.filter(({ z }) => z >= low && z <= high);
    const weight = within.reduce((sum, row) => sum + row.weight, 0);
    return within.reduce((sum, row) => sum + row.weight * row.label, 0) / weight;
  };
  return (z) =>
    Math.max(
      ...scores.filter((a) => a <= z).map((a) => Math.min(...scores.filter((b) => b >= z).map((b) => meanOf(a, b)))),
    );
}
