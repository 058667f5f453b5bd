/**
 * Scoring of 2,000 candidates a call, beside a plain dot product of the same width: by the logistic model, by a network as it
 * is by default over the same columns and slots, and by one of 64-128-64-1 without slots; by 100 trees of depth 6, full of
 * leaves, over 50 columns, and over as many columns and slots as Home has.
 */
import { createRng } from '../src/base/index.ts';
import { createBatch, createEncoder, type EncoderShape, homeFeatures } from '../src/features/index.ts';
import { logisticModel, networkModel, treesModel } from '../src/models/index.ts';
import { round } from './load.ts';
import { peakMs } from './peak.ts';
import type { BenchSettings } from './settings.ts';

const ROWS = 2000;

export async function benchScore({ seconds }: BenchSettings): Promise<Record<string, unknown>> {
  const encoder = createEncoder(homeFeatures);
  const rng = createRng(1);
  const batch = createBatch(encoder, ROWS);
  for (let i = 0; i < batch.dense.length; i++) batch.dense[i] = rng.normal();
  for (let i = 0; i < batch.sparse.length; i++) batch.sparse[i] = rng.below(encoder.buckets);
  const labels = Float32Array.from({ length: ROWS }, () => (rng.uniform() < 0.3 ? 1 : 0));
  const model = logisticModel.fresh(encoder);
  await model.fit({ batch, labels, weights: new Float32Array(ROWS).fill(1), rows: ROWS }, { rng });
  const out = new Float64Array(ROWS);
  const logistic = medianMs(seconds / 2, () => model.predict(batch, ROWS, out));

  const network = networkModel.fresh(encoder);
  await network.fit({ batch, labels, weights: new Float32Array(ROWS).fill(1), rows: ROWS }, { rng, epochs: 1 });
  const byNetwork = medianMs(seconds / 2, () => network.predict(batch, ROWS, out));
  const wide: EncoderShape = { ...encoder, denseWidth: 64, sparseWidth: 0, denseNames: [], sparseNames: [] };
  const wideBatch = createBatch(wide, ROWS);
  for (let i = 0; i < wideBatch.dense.length; i++) wideBatch.dense[i] = rng.normal();
  const larger = networkModel.fresh(wide, { hidden: [128, 64] });
  const byLarger = medianMs(seconds / 2, () => larger.predict(wideBatch, ROWS, out));

  const byTrees = await scoreTrees(seconds / 2, 50, 0);
  const bySlotTrees = await scoreTrees(seconds / 2, encoder.denseWidth, encoder.sparseWidth);

  const weights = Float32Array.from({ length: encoder.denseWidth }, () => rng.normal());
  const dot = medianMs(seconds / 2, () => {
    for (let r = 0, at = 0; r < ROWS; r++) {
      let sum = 0;
      for (let c = 0; c < encoder.denseWidth; c++) sum += weights[c] * batch.dense[at++];
      out[r] = sum;
    }
  });
  return {
    rows: ROWS,
    denseWidth: encoder.denseWidth,
    sparseWidth: encoder.sparseWidth,
    logisticMs: logistic,
    networkMs: byNetwork,
    network64x128x64x1Ms: byLarger,
    baselineBareMultiplyAddsOf64x128x64x1Ms: round(await peakMs(ROWS * (64 * 128 + 128 * 64 + 64))),
    trees50ColumnsMs: byTrees,
    treesMs: bySlotTrees,
    baselineDenseDotProductMs: dot,
    ratioToBaseline: round(logistic / dot),
  };
}

/** Labels are noise, so that every tree grows all the leaves that it may; a slot has 300 categories, all about as frequent. */
async function scoreTrees(seconds: number, denseWidth: number, sparseWidth: number): Promise<number> {
  const rows = 4 * ROWS;
  const encoder: EncoderShape = {
    hash: 'bench',
    denseWidth,
    sparseWidth,
    buckets: 512,
    denseNames: Array.from({ length: denseWidth }, (_, j) => `column ${j}`),
    sparseNames: Array.from({ length: sparseWidth }, (_, s) => `slot ${s}`),
  };
  const rng = createRng(2);
  const batch = createBatch(encoder, rows);
  for (let i = 0; i < batch.dense.length; i++) batch.dense[i] = rng.normal();
  for (let i = 0; i < batch.sparse.length; i++) batch.sparse[i] = rng.below(300);
  const labels = Float32Array.from({ length: rows }, () => (rng.uniform() < 0.3 ? 1 : 0));
  const model = treesModel.fresh(encoder);
  await model.fit({ batch, labels, weights: new Float32Array(rows).fill(1), rows }, { rng });
  const out = new Float64Array(ROWS);
  return medianMs(seconds, () => model.predict(batch, ROWS, out));
}

function medianMs(seconds: number, work: () => void): number {
  const times: number[] = [];
  for (let i = 0; i < 200; i++) work();
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    const startMs = performance.now();
    work();
    times.push(performance.now() - startMs);
  }
  times.sort((a, b) => a - b);
  return Math.round((times[times.length >> 1] ?? 0) * 1e4) / 1e4;
}
