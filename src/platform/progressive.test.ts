import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { createBatch } from '../features/index.ts';
import { logisticModel } from '../models/index.ts';
import { plainEncoder } from '../testing/index.ts';
import { ProgressiveValidation } from './progressive.ts';

const encoder = plainEncoder(2, 0);

/** Rewards that hang on the first column alone, learnt one by one as decisions bring them. */
function learned(rows: number, seed = 1) {
  const rng = createRng(seed);
  const model = logisticModel.fresh(encoder, { alpha: 0.5 });
  const progress = new ProgressiveValidation();
  for (let n = 0; n < rows; n++) {
    const batch = createBatch(encoder, 1);
    batch.dense.set([rng.normal(), rng.normal()]);
    const labels = Float32Array.of(rng.uniform() < 1 / (1 + Math.exp(1 - 3 * batch.dense[0])) ? 1 : 0);
    const weights = Float32Array.of(1);
    const p = new Float64Array(1);
    model.predict(batch, 1, p);
    progress.add(model, batch, { p, labels, weights }, () => true, 1);
    model.update(batch, labels, weights, 1);
  }
  return { model, progress };
}

describe('progressive validation', () => {
  it('tells nothing of a few rewards', () => {
    expect(learned(99).progress.card()).toBeUndefined();
  });

  it('finds a model that learns better than the constant rate, by what it goes by', () => {
    const card = learned(4000).progress.card();
    expect(card?.quality?.rows).toBe(4000);
    const { model, constant, serving } = card?.quality ?? {};
    expect(model?.logLoss).toBeLessThan(0.8 * (constant?.logLoss ?? 0));
    expect(model?.auc).toBeGreaterThan(0.85);
    expect(serving).toBeNull();
    expect(card?.importance[0].name).toBe('dense0');
    expect(card?.importance[0].contribution).toBeGreaterThan(5 * (card?.importance[1]?.contribution ?? 0));
    const bins = card?.reliability ?? [];
    expect(bins).toHaveLength(10);
    expect(bins.reduce((sum, { rows }) => sum + rows, 0)).toBe(4000);
  });

  it('is of the newest 5,000 alone, and goes on from what was stored as if it had never stopped', () => {
    const { progress } = learned(6200);
    expect(progress.card()?.quality?.rows).toBe(5000);
    const again = new ProgressiveValidation(structuredClone(progress.stored()));
    expect(again.card()).toEqual(progress.card());
  });

  it('leaves out rows that were counted before', () => {
    const progress = new ProgressiveValidation();
    const model = logisticModel.fresh(encoder);
    const batch = createBatch(encoder, 400);
    const rows = {
      p: new Float64Array(400).fill(0.5),
      labels: new Float32Array(400),
      weights: new Float32Array(400).fill(1),
    };
    progress.add(model, batch, rows, (row) => row % 2 === 0, 400);
    expect(progress.card()?.quality?.rows).toBe(200);
  });
});
