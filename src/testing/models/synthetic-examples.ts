/** Rows with a known truth to fit models to, and how to look at what they predict. */
import assert from 'node:assert/strict';
import { createRng } from '../../base/index.ts';
import { arrayBytes, type EpochContent } from '../../domain/index.ts';
import { createBatch, type EncoderShape, type FeatureBatch } from '../../features/index.ts';
import type { Examples, RewardModel } from '../../models/index.ts';

/** A shape without any declaration behind it. */
export function plainEncoder(denseWidth: number, sparseWidth: number, buckets = 1 << 12): EncoderShape {
  return {
    hash: `plain-${denseWidth}-${sparseWidth}-${buckets}`,
    denseWidth,
    sparseWidth,
    buckets,
    denseNames: Array.from({ length: denseWidth }, (_, j) => `dense${j}`),
    sparseNames: Array.from({ length: sparseWidth }, (_, s) => `slot${s}`),
  };
}

/** Rows whose rewards follow a logistic truth over columns of several scales, an indicator and a few hundred buckets. */
export function syntheticExamples(
  encoder: EncoderShape,
  rows: number,
  seed: number,
): Examples & { readonly truth: Float64Array } {
  const rng = createRng(seed);
  const batch = createBatch(encoder, rows);
  const labels = new Float32Array(rows);
  const truth = new Float64Array(rows);
  const scaleOf = (j: number): number => 10 ** ((j % 4) - 1);
  for (let r = 0; r < rows; r++) {
    let logit = -1.5;
    for (let j = 0; j < encoder.denseWidth; j++) {
      const standard = j % 5 === 4 ? Number(rng.uniform() < 0.2) : rng.normal();
      batch.dense[r * encoder.denseWidth + j] = standard * scaleOf(j) + j;
      logit += standard * Math.cos(3 * j);
    }
    for (let s = 0; s < encoder.sparseWidth; s++) {
      const category = rng.below(20 * (s + 1));
      const bucket = category === 0 ? 0 : 1 + ((category * 97 + s * 1009) % (encoder.buckets - 1));
      batch.sparse[r * encoder.sparseWidth + s] = bucket;
      logit += bucket === 0 ? 0 : Math.sin(bucket);
    }
    truth[r] = 1 / (1 + Math.exp(-logit));
    labels[r] = rng.uniform() < truth[r] ? 1 : 0;
  }
  return { batch, labels, weights: new Float32Array(rows).fill(1), rows, truth };
}

export function predictions(model: RewardModel, batch: FeatureBatch, rows: number): Float64Array {
  const out = new Float64Array(rows);
  model.predict(batch, rows, out);
  return out;
}

/** A batch of chosen rows of another. */
export function rowsOf(encoder: EncoderShape, batch: FeatureBatch, rows: readonly number[]): FeatureBatch {
  const { denseWidth, sparseWidth } = encoder;
  const chosen = createBatch(encoder, rows.length);
  rows.forEach((r, i) => {
    chosen.dense.set(batch.dense.subarray(r * denseWidth, (r + 1) * denseWidth), i * denseWidth);
    chosen.sparse.set(batch.sparse.subarray(r * sparseWidth, (r + 1) * sparseWidth), i * sparseWidth);
  });
  return chosen;
}

export function assertSameContent(a: EpochContent, b: EpochContent): void {
  assert.deepEqual(a.meta, b.meta);
  assert.deepEqual(Object.keys(a.arrays).sort(), Object.keys(b.arrays).sort());
  for (const [name, array] of Object.entries(a.arrays)) assert.deepEqual(arrayBytes(array), arrayBytes(b.arrays[name]));
}

/** The logit of a probability; any other score as it is. */
export function linked({ scale }: Pick<RewardModel, 'scale'>, score: number): number {
  return (scale ?? 'probability') === 'probability' ? Math.log(score / (1 - score)) : score;
}

/** Largest difference, of logits where the scores are probabilities. */
export function assertClose(model: RewardModel, a: Float64Array, b: Float64Array, tolerance: number): void {
  for (let r = 0; r < a.length; r++) {
    const difference = Math.abs(linked(model, a[r]) - linked(model, b[r]));
    assert.ok(difference <= tolerance, `row ${r} differs by ${difference}`);
  }
}

/** P(score of a positive > score of a negative), by counting pairs. */
export function areaOf(scores: Float64Array, labels: Float32Array): number {
  const sorted = Array.from(scores, (score, r) => ({ score, label: labels[r] })).sort((a, b) => a.score - b.score);
  let negatives = 0;
  let positives = 0;
  let pairs = 0;
  for (const { label } of sorted) {
    if (label === 1) {
      positives++;
      pairs += negatives;
    } else negatives++;
  }
  return pairs / (positives * negatives);
}
