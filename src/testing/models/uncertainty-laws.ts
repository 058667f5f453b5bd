/** What a reward model that knows its own error must keep, and one that says how far an example would move it. */
import assert from 'node:assert/strict';
import { type Seed, seedFromBytes } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type { RewardModel, Uncertainty } from '../../models/index.ts';
import type { Law } from '../store/law.ts';
import type { Fitted, RewardModelSubject } from './reward-model-laws.ts';
import { linked, predictions, rowsOf, syntheticExamples } from './synthetic-examples.ts';

const seedOf = (n: number): Seed => seedFromBytes(Uint8Array.from({ length: 16 }, (_, i) => (n * 31 + i * 17) & 255));

export function uncertaintyLaws(subject: RewardModelSubject, encoder: EncoderShape, fitted: Fitted): readonly Law[] {
  const laws: Law[] = [];
  if (subject.claims?.uncertainty) {
    laws.push(
      {
        name: 'has finite deviations of at least 0, the same bits again, each row by itself',
        async run() {
          const examples = syntheticExamples(encoder, 300, 20);
          examples.batch.dense[7] = Number.NaN;
          const model = await fitted(examples);
          const all = deviations(model, examples.batch, 300);
          assert.ok(all.every((deviation) => deviation >= 0 && Number.isFinite(deviation)));
          assert.ok(all.some((deviation) => deviation > 0));
          assert.deepEqual(deviations(model, examples.batch, 300), all);
          for (const r of [1, 150, 299]) {
            assert.equal(deviations(model, rowsOf(encoder, examples.batch, [r]), 1)[0], all[r]);
          }
        },
      },
      {
        name: 'knows more with more rows: deviations shrink',
        async run() {
          const test = syntheticExamples(encoder, 300, 21);
          const means: number[] = [];
          for (const rows of [300, 1_500, 7_500]) {
            const model = await fitted(syntheticExamples(encoder, rows, 22));
            means.push(deviations(model, test.batch, 300).reduce((a, b) => a + b) / 300);
          }
          assert.ok(means[0] > means[1] && means[1] > means[2], `mean deviations ${means.join(', ')}`);
        },
      },
      {
        name: 'draws the same bits for the same seed, others for another, each row whatever stands beside it',
        async run() {
          const examples = syntheticExamples(encoder, 200, 23);
          const model = await fitted(examples);
          const all = draws(model, examples.batch, 200, seedOf(1), 8);
          assert.deepEqual(draws(model, examples.batch, 200, seedOf(1), 8), all);
          assert.notDeepEqual(draws(model, examples.batch, 200, seedOf(2), 8), all);
          for (const r of [0, 77, 199]) {
            const alone = draws(model, rowsOf(encoder, examples.batch, [r]), 1, seedOf(1), 8);
            assert.deepEqual(alone, all.slice(r * 8, r * 8 + 8));
          }
          const fewer = draws(model, examples.batch, 200, seedOf(1), 3);
          assert.deepEqual(fewer.slice(0, 3), all.slice(0, 3));
          const twins = draws(model, rowsOf(encoder, examples.batch, [5, 9, 5]), 3, seedOf(1), 8);
          assert.deepEqual(twins.slice(16), twins.slice(0, 8));
        },
      },
      {
        name: 'draws about its score with its deviation',
        async run() {
          const model = await fitted(syntheticExamples(encoder, 6_000, 24));
          const { batch } = syntheticExamples(encoder, 12, 25);
          const scores = predictions(model, batch, 12);
          const spread = deviations(model, batch, 12);
          const count = 3_000;
          const all = draws(model, batch, 12, seedOf(3), count);
          const isProbability = (model.scale ?? 'probability') === 'probability';
          for (let r = 0; r < 12; r++) {
            // Of logits where scores are probabilities: there the posterior is symmetric about its mean.
            const row = all.subarray(r * count, (r + 1) * count).map((score) => linked(model, score));
            const score = linked(model, scores[r]);
            const expected = isProbability ? spread[r] / (scores[r] * (1 - scores[r])) : spread[r];
            const mean = row.reduce((a, b) => a + b) / count;
            const deviation = Math.sqrt(row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count);
            assert.ok(Math.abs(mean - score) < 0.2 * expected + 1e-12, `row ${r}: mean ${mean}, score ${score}`);
            assert.ok(Math.abs(deviation - expected) < 0.2 * expected + 1e-12, `row ${r}: ${deviation}, ${expected}`);
          }
        },
      },
    );
  }
  if (subject.claims?.sensitivities) {
    laws.push({
      name: 'has finite sensitivities of at least 0, and smaller ones the more it has seen',
      async run() {
        const test = syntheticExamples(encoder, 200, 26);
        const few = sensitivities(await fitted(syntheticExamples(encoder, 300, 27)), test.batch, 200);
        const many = sensitivities(await fitted(syntheticExamples(encoder, 6_000, 27)), test.batch, 200);
        for (const all of [few, many]) assert.ok(all.every((x) => x >= 0 && Number.isFinite(x)));
        const sum = (x: Float64Array): number => x.reduce((a, b) => a + b);
        assert.ok(sum(many) < sum(few), `${sum(many)} after 6,000 rows, ${sum(few)} after 300`);
      },
    });
  }
  if (laws.length > 0) {
    laws.push({
      name: 'knows as much after it was saved and loaded, to the bit',
      async run() {
        const { batch } = syntheticExamples(encoder, 100, 28);
        const model = await fitted(syntheticExamples(encoder, 800, 29));
        const loaded = subject.fromEpoch(sealEpoch(model.toEpoch()), encoder);
        if (subject.claims?.uncertainty) {
          assert.deepEqual(deviations(loaded, batch, 100), deviations(model, batch, 100));
          assert.deepEqual(draws(loaded, batch, 100, seedOf(4), 5), draws(model, batch, 100, seedOf(4), 5));
        }
        if (subject.claims?.sensitivities) {
          assert.deepEqual(sensitivities(loaded, batch, 100), sensitivities(model, batch, 100));
        }
      },
    });
  }
  return laws;
}

function uncertaintyOf({ uncertainty }: RewardModel): Uncertainty {
  assert.ok(uncertainty, 'it claims an uncertainty and has none');
  return uncertainty;
}

export function deviations(model: RewardModel, batch: FeatureBatch, rows: number): Float64Array {
  const out = new Float64Array(rows);
  uncertaintyOf(model).deviations(batch, rows, out);
  return out;
}

function draws(model: RewardModel, batch: FeatureBatch, rows: number, seed: Seed, count: number): Float64Array {
  const out = new Float64Array(rows * count);
  uncertaintyOf(model).draw(batch, rows, seed, count, out);
  return out;
}

function sensitivities(model: RewardModel, batch: FeatureBatch, rows: number): Float64Array {
  const out = new Float64Array(rows);
  assert.ok(model.sensitivities, 'it claims sensitivities and has none');
  model.sensitivities(batch, rows, out);
  return out;
}
