import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { createBatch } from '../../features/index.ts';
import { plainEncoder, syntheticExamples } from '../../testing/index.ts';
import type { Examples } from '../contract.ts';
import { loadModel } from '../load.ts';
import { logLoss } from '../metrics.ts';
import { CrossedSlots } from './crosses.ts';
import { logisticModel } from './logistic.ts';

const encoder = plainEncoder(1, 2, 1 << 12);

describe('a cross of two slots', () => {
  test('is missing where either is, and otherwise a bucket of the pair, order mattering', () => {
    const three = plainEncoder(0, 3, 1 << 12);
    const crosses = new CrossedSlots(three, [
      ['slot0', 'slot2'],
      ['slot2', 'slot0'],
    ]);
    const batch = createBatch(three, 4);
    batch.sparse.set([5, 1, 9, 5, 2, 9, 0, 3, 9, 9, 4, 5]);
    const { sparse, sparseWidth } = crosses.expand(batch, 4);
    const crossesOf = (r: number): number[] => [...sparse.subarray(r * sparseWidth + 3, (r + 1) * sparseWidth)];
    expect(sparseWidth).toBe(5);
    expect(crossesOf(0)).toEqual(crossesOf(1));
    expect(crossesOf(2)).toEqual([0, 0]);
    expect(new Set([...crossesOf(0), ...crossesOf(3)]).size).toBe(4);
    for (const bucket of crossesOf(0)) expect(bucket > 0 && bucket < 1 << 12).toBe(true);
  });

  test.each<object>([{ crosses: 'ab' }, { crosses: [7] }, { crosses: null }])('is no option like %o', (options) => {
    expect(() => logisticModel.fresh(encoder, options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  test('is not asked of rows that are not there', () => {
    const model = logisticModel.fresh(encoder, { crosses: [['slot0', 'slot1']] });
    expect(() => model.predict(createBatch(encoder, 2), 3, new Float64Array(3))).toThrow(RangeError);
  });

  test('learns what the two together mean, which neither says', async () => {
    const rows = 4_000;
    const rng = createRng(1);
    const batch = createBatch(encoder, rows);
    const labels = new Float32Array(rows);
    const truth = new Float64Array(rows);
    for (let r = 0; r < rows; r++) {
      const [a, b] = [rng.below(4), rng.below(4)];
      batch.sparse.set([1 + a, 100 + b], 2 * r);
      truth[r] = (a + b) % 2 === 0 ? 0.9 : 0.1;
      labels[r] = rng.uniform() < truth[r] ? 1 : 0;
    }
    const examples: Examples = { batch, labels, weights: new Float32Array(rows).fill(1), rows };
    const losses: number[] = [];
    for (const crosses of [[], [['slot0', 'slot1']]] as const) {
      const model = logisticModel.fresh(encoder, { crosses });
      await model.fit(examples, { rng: createRng(2), learning: 'batch' });
      const p = new Float64Array(rows);
      model.predict(batch, rows, p);
      losses.push(logLoss(p, labels, examples.weights));
      const loaded = loadModel(sealEpoch(model.toEpoch()), encoder);
      const again = new Float64Array(rows);
      loaded.predict(batch, rows, again);
      expect(again).toEqual(p);
      // Half of the cross each.
      const shares = loaded.contributions(batch, 7);
      const sum = shares.reduce((total, { contribution }) => total + contribution, loaded.bias);
      expect(sum).toBeCloseTo(Math.log(p[7] / (1 - p[7])), 5);
      expect(shares.map(({ name }) => name)).toEqual(['dense0', 'slot0', 'slot1']);
    }
    // Hardly less than a coin's ln 2; and the loss of the truth on these rows.
    expect(losses[0]).toBeGreaterThan(0.68);
    expect(losses[1]).toBeLessThan(logLoss(truth, labels, examples.weights) + 0.002);
  });

  test('must be of two different slots that there are', () => {
    for (const pair of [
      ['slot0', 'nothing'],
      ['slot1', 'slot1'],
    ] as const) {
      expect(() => logisticModel.fresh(encoder, { crosses: [pair] })).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      );
    }
  });
});

test('an l1 in batch leaves few weights, at the optimum: no coordinate could descend', async () => {
  const wide = plainEncoder(4, 2, 256);
  const examples = syntheticExamples(wide, 1_500, 3);
  const [l1, l2] = [8, 0.5];
  const model = logisticModel.fresh(wide);
  await model.fit(examples, { rng: createRng(1), learning: 'batch', l1, l2 });
  const { arrays } = model.toEpoch();
  const p = new Float64Array(1_500);
  model.predict(examples.batch, 1_500, p);
  const gradients = new Map<number, number>();
  for (let r = 0; r < 1_500; r++) {
    for (const bucket of examples.batch.sparse.subarray(2 * r, 2 * r + 2)) {
      gradients.set(bucket, (gradients.get(bucket) ?? 0) + p[r] - examples.labels[r]);
    }
  }
  let zeros = 0;
  arrays.sparseBuckets.forEach((bucket, i) => {
    const w = arrays.sparseWeights[i];
    const g = gradients.get(bucket) ?? 0;
    if (w === 0) {
      zeros++;
      expect(Math.abs(g)).toBeLessThan(l1 + 0.01);
    } else expect(Math.abs(g + l2 * w + l1 * Math.sign(w))).toBeLessThan(0.01);
  });
  expect(zeros).toBeGreaterThan(arrays.sparseBuckets.length / 4);
  expect(zeros).toBeLessThan(arrays.sparseBuckets.length);
});

test('passes stop where validation rows no longer gain, and the pass before is kept', async () => {
  const few = syntheticExamples(plainEncoder(6, 3), 150, 4);
  const held = syntheticExamples(plainEncoder(6, 3), 1_000, 5);
  const options = { alpha: 1, l2: 0 };
  const stopped = logisticModel.fresh(plainEncoder(6, 3), options);
  const report = await stopped.fit(few, { rng: createRng(6), epochs: 30, validation: held });
  expect(report.passes).toBeLessThan(30);
  const blind = logisticModel.fresh(plainEncoder(6, 3), options);
  await blind.fit(few, { rng: createRng(6), epochs: report.passes });
  expect(blind.hash).toBe(stopped.hash);
});
