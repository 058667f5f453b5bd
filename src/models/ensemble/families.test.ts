import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { CLICK_FEATURES, plainEncoder, simulateFeaturePages, syntheticExamples } from '../../testing/index.ts';
import { calibratedFamily } from '../calibration/calibrated.ts';
import type { OnlineLearner } from '../contract.ts';
import { FAMILY_IDS, freshModel, isOnline, loadModel, restoreLearner } from '../load.ts';
import { trainPositionAware } from '../position/position-aware.ts';
import { logit } from '../sigmoid.ts';
import { ensembleFamily, onlineEnsembleFamily } from './learner.ts';

const encoder = plainEncoder(6, 3);

describe.each(FAMILY_IDS)('of the family %s', (id) => {
  const family = { family: id, fresh: () => freshModel(id, encoder), fromEpoch: loadModel };

  test('an ensemble, calibrated, is saved, loaded and explained like one model', async () => {
    const [examples, validation] = [syntheticExamples(encoder, 800, 1), syntheticExamples(encoder, 800, 2)];
    const ensemble = { ...family, fresh: () => ensembleFamily(family, { size: 3 }).fresh(encoder) };
    const model = calibratedFamily(ensemble, { method: 'isotonic' }).fresh(encoder);
    await model.fit(examples, { rng: createRng(1), validation });
    const loaded = loadModel(sealEpoch(model.toEpoch()), encoder);
    expect(loaded.hash).toBe(model.hash);
    const [p, again, deviations] = [new Float64Array(800), new Float64Array(800), new Float64Array(800)];
    model.predict(validation.batch, 800, p);
    loaded.predict(validation.batch, 800, again);
    expect(again).toEqual(p);
    loaded.uncertainty?.deviations(validation.batch, 800, deviations);
    expect(deviations.every((d) => d >= 0 && d <= 0.5)).toBe(true);
    expect(Math.max(...deviations)).toBeGreaterThan(0.01);
    for (const r of [0, 100, 500]) {
      const sum = loaded
        .contributions(validation.batch, r)
        .reduce((z, { contribution }) => z + contribution, loaded.bias);
      expect(Math.abs(sum - logit(p[r]))).toBeLessThan(1e-3);
    }
  });

  test('an ensemble goes on learning after a restart, where the family learns online', () => {
    if (!isOnline(family.fresh())) return;
    const online = { fresh: () => freshModel(id, encoder) as OnlineLearner };
    const model = onlineEnsembleFamily(online, { size: 2 }).fresh(encoder);
    const { batch, labels, weights } = syntheticExamples(encoder, 64, 3);
    model.update(batch, labels, weights, 64);
    const restored = restoreLearner(model.learnerState(), encoder);
    for (const each of [model, restored]) each.update(batch, labels, weights, 64);
    expect(restored.hash).toBe(model.hash);
  });

  test('relevance is learnt beside examination, where scores are probabilities', async () => {
    const { examples, places } = simulateFeaturePages(50, 4);
    const learner = freshModel(id, CLICK_FEATURES);
    const training = trainPositionAware(learner, examples, places, { rng: createRng(1) }, { rounds: 2 });
    if ((learner.scale ?? 'probability') !== 'probability') {
      await expect(training).rejects.toMatchObject({ code: 'OPTION_INVALID' });
      return;
    }
    const { estimate } = await training;
    expect(estimate.surfaces.phone?.card.length).toBe(8);
    const p = new Float64Array(examples.rows);
    learner.predict(examples.batch, examples.rows, p);
    const mean = (of: ArrayLike<number>): number => Array.from(of).reduce((a, b) => a + b) / of.length;
    // Relevance is more than what was clicked.
    expect(mean(p)).toBeGreaterThan(mean(examples.labels));
  });
});
