import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { createBatch } from '../../features/index.ts';
import { plainEncoder, syntheticExamples } from '../../testing/index.ts';
import type { RewardModel } from '../contract.ts';
import { fmModel } from '../fm/fm.ts';
import { linearModel } from '../linear/linear.ts';
import { logisticModel } from '../logistic/logistic.ts';
import { logit } from '../sigmoid.ts';
import { JointDraws } from './joint-draws.ts';

const ROWS = 6;
const COUNT = 4000;
const encoder = plainEncoder(3, 4, 64);
const SEED = Uint32Array.of(1, 2, 3, 4);

/** Rows with buckets in common, one bucket in two slots of row 1, a missing value, and row 5 equal to row 0. */
function fewRows() {
  const batch = createBatch(encoder, ROWS);
  const { batch: known } = syntheticExamples(encoder, ROWS, 9);
  batch.dense.set(known.dense.subarray(0, 3 * ROWS));
  batch.dense[4] = Number.NaN;
  batch.sparse.set([1, 2, 3, 4, 1, 7, 7, 0, 2, 1, 5, 6, 60, 61, 62, 63, 3, 7, 1, 9]);
  batch.dense.copyWithin(15, 0, 3);
  batch.sparse.copyWithin(20, 0, 4);
  return batch;
}

type Way = 'draw' | 'drawTogether';

/** Of the draws on the scale on which they are normal: means and covariances. */
function momentsOf(model: RewardModel, way: Way): { readonly means: number[]; readonly covariances: number[][] } {
  const out = new Float64Array(ROWS * COUNT);
  model.uncertainty?.[way]?.(fewRows(), ROWS, SEED, COUNT, out);
  const isProbability = model.scale !== 'value';
  const rows = Array.from({ length: ROWS }, (_, r) =>
    Array.from(out.subarray(r * COUNT, (r + 1) * COUNT), (score) => (isProbability ? logit(score) : score)),
  );
  const means = rows.map((row) => row.reduce((sum, x) => sum + x, 0) / COUNT);
  const covariances = rows.map((row, r) =>
    rows.map((other, s) => row.reduce((sum, x, m) => sum + (x - means[r]) * (other[m] - means[s]), 0) / COUNT),
  );
  return { means, covariances };
}

describe('rows drawn together', () => {
  const families = {
    'logistic, block': () => logisticModel.fresh(encoder, { posterior: 'block' }),
    'logistic, diagonal': () => logisticModel.fresh(encoder, { posterior: 'diagonal' }),
    linear: () => linearModel.fresh(encoder, { noise: 0.5 }),
    fm: () => fmModel.fresh(encoder, { factors: 3 }),
  };
  for (const [name, fresh] of Object.entries(families)) {
    test(`${name}: have the means and covariances of draws of the parameters`, async () => {
      const model = fresh();
      await model.fit(syntheticExamples(encoder, 400, 3), { rng: createRng(1) });
      const [one, other] = (['draw', 'drawTogether'] as const).map((way) => momentsOf(model, way));
      for (let r = 0; r < ROWS; r++) {
        for (let s = 0; s < ROWS; s++) {
          const [a, b] = [one.covariances[r][r], one.covariances[s][s]];
          // Each covariance is known to √((ab + c²) / count): five of both.
          const error = 5 * Math.sqrt((2 * (a * b + one.covariances[r][s] ** 2)) / COUNT);
          expect(Math.abs(one.covariances[r][s] - other.covariances[r][s])).toBeLessThan(error);
        }
        const error = 5 * Math.sqrt((2 * one.covariances[r][r]) / COUNT);
        expect(Math.abs(one.means[r] - other.means[r])).toBeLessThan(error);
      }
      const out = new Float64Array(ROWS * 16);
      model.uncertainty?.drawTogether?.(fewRows(), ROWS, SEED, 16, out);
      const again = new Float64Array(ROWS * 16);
      model.uncertainty?.drawTogether?.(fewRows(), ROWS, SEED, 16, again);
      expect(again).toEqual(out);
      for (let m = 0; m < 16; m++) expect(out[5 * 16 + m]).toBeCloseTo(out[m], 9);
    });
  }

  test('a bucket in two slots counts as 2, one in two rows makes them vary together', () => {
    const joint = new JointDraws();
    const batch = { ...createBatch(plainEncoder(0, 2, 8), 2), sparse: Uint32Array.of(3, 3, 3, 5) };
    const precisions = [0, 0, 0, 4, 0, 1];
    joint.begin(2);
    joint.addSlots(batch, (bucket) => 1 / precisions[bucket]);
    const count = 20_000;
    const out = new Float64Array(2 * count);
    joint.draw(Float64Array.of(0, 0), 1, SEED, count, out);
    const product = (r: number, s: number): number => {
      let sum = 0;
      for (let m = 0; m < count; m++) sum += out[r * count + m] * out[s * count + m];
      return sum / count;
    };
    expect(product(0, 0)).toBeCloseTo(4 / 4, 1);
    expect(product(0, 1)).toBeCloseTo(2 / 4, 1);
    expect(product(1, 1)).toBeCloseTo(1 / 4 + 1, 1);
  });
});
