import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { sealEpoch } from '../domain/index.ts';
import { plainEncoder, syntheticExamples } from '../testing/index.ts';
import { calibratedFamily } from './calibration/calibrated.ts';
import { ensembleFamily } from './ensemble/learner.ts';
import { FAMILY_IDS, freshModel, learnedOf, loadModel, withLearned } from './load.ts';
import { logisticModel } from './logistic/logistic.ts';

const encoder = plainEncoder(6, 3);
const fresh = {
  ...Object.fromEntries(FAMILY_IDS.map((family) => [family, () => freshModel(family, encoder)])),
  calibrated: () => calibratedFamily(logisticModel).fresh(encoder),
  ensemble: () => ensembleFamily(logisticModel, { size: 2 }).fresh(encoder),
};

describe('what a model has learnt from', () => {
  it.each(Object.keys(fresh))('is known of %s that is loaded, and part of its hash', async (family) => {
    const examples = syntheticExamples(encoder, 300, 1);
    const learner = fresh[family as keyof typeof fresh]();
    await learner.fit(examples, { rng: createRng(1), validation: syntheticExamples(encoder, 100, 2) });
    const content = learner.toEpoch();
    expect(learnedOf(content)).toBe(0);
    const epoch = sealEpoch(withLearned(content, 300));
    expect(epoch.hash).not.toBe(sealEpoch(content).hash);
    const loaded = loadModel(epoch, encoder);
    expect(loaded).toMatchObject({ learned: 300, hash: epoch.hash });
    // A rollback, or a copy, stores what is served anew.
    expect(sealEpoch(loaded.toEpoch()).hash).toBe(epoch.hash);
  });
});
