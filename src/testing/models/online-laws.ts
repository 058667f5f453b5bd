/** What a reward model that goes on learning from single rows must keep. */
import assert from 'node:assert/strict';
import { sealEpoch } from '../../domain/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import type { Examples, OnlineLearner } from '../../models/index.ts';
import type { Law } from '../store/law.ts';
import type { Fitted, RewardModelSubject } from './reward-model-laws.ts';
import { assertSameContent, predictions, rowsOf, syntheticExamples } from './synthetic-examples.ts';
import { deviations } from './uncertainty-laws.ts';

export function onlineLaws(
  restore: NonNullable<RewardModelSubject['restore']>,
  encoder: EncoderShape,
  fitted: Fitted,
): readonly Law[] {
  const learn = (model: OnlineLearner, examples: Examples, from: number, to: number): void => {
    const rows = Array.from({ length: to - from }, (_, i) => from + i);
    const labels = examples.labels.slice(from, to);
    model.update(rowsOf(encoder, examples.batch, rows), labels, examples.weights.slice(from, to), rows.length);
  };
  return [
    {
      name: 'goes on after a restart as if it had never stopped, to the bit',
      async run() {
        const examples = syntheticExamples(encoder, 900, 50);
        const model = (await fitted(examples)) as OnlineLearner;
        learn(model, examples, 0, 300);
        const restored = restore(sealEpoch(model.learnerState()), encoder);
        learn(model, examples, 300, 900);
        learn(restored, examples, 300, 900);
        assert.equal(restored.hash, model.hash);
        assertSameContent(restored.learnerState(), model.learnerState());
      },
    },
    {
      name: 'does not disturb what was frozen before, and is another model after',
      async run() {
        const examples = syntheticExamples(encoder, 400, 51);
        const model = (await fitted(examples)) as OnlineLearner;
        const epoch = sealEpoch(model.toEpoch());
        const copy = structuredClone(epoch);
        learn(model, examples, 0, 400);
        assertSameContent(epoch, copy);
        assert.notEqual(model.hash, epoch.hash);
      },
    },
    {
      name: 'follows a change',
      async run() {
        const model = (await fitted(syntheticExamples(encoder, 3_000, 52))) as OnlineLearner;
        const after = syntheticExamples(encoder, 3_000, 53);
        for (let r = 0; r < 3_000; r++) after.labels[r] = 1 - after.labels[r];
        const error = (): number => {
          const p = predictions(model, after.batch, 3_000);
          return p.reduce((sum, score, r) => sum + (score - after.labels[r]) ** 2, 0);
        };
        const before = error();
        learn(model, after, 0, 3_000);
        assert.ok(error() < before, `squared error ${error()} after ${before}`);
      },
    },
    {
      name: 'where it knows its error, is surer of rows like those that it has learnt from since',
      async run() {
        const model = (await fitted(syntheticExamples(encoder, 500, 56))) as OnlineLearner;
        if (model.uncertainty === undefined) return;
        const more = syntheticExamples(encoder, 3_000, 57);
        const isProbability = (model.scale ?? 'probability') === 'probability';
        // Of logits, where scores are probabilities: those near 0 and 1 vary little anyway.
        const total = (): number => {
          const p = predictions(model, more.batch, 3_000);
          const spread = deviations(model, more.batch, 3_000);
          return spread.reduce((sum, d, r) => sum + (isProbability ? d / (p[r] * (1 - p[r])) : d), 0);
        };
        const before = total();
        learn(model, more, 0, 3_000);
        assert.ok(total() < 0.8 * before, `deviations sum to ${total()} after ${before}`);
      },
    },
    {
      name: 'refuses rows that cannot be learnt from, and stays as it was',
      async run() {
        const model = (await fitted(syntheticExamples(encoder, 100, 54))) as OnlineLearner;
        const { hash } = model;
        const { batch, labels, weights } = syntheticExamples(encoder, 20, 55);
        labels[4] = 2;
        assert.throws(() => model.update(batch, labels, weights, 20), { code: 'EXAMPLES_INVALID' });
        assert.equal(model.hash, hash);
      },
    },
  ];
}
