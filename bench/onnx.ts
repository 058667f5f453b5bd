/**
 * 2,000 rows of 64 columns a call through models that came as ONNX files, by our own operators and by ONNX Runtime in its
 * thread; beside them the same model in our own kernels, and ONNX Runtime called directly, which only answers asynchronously.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createRng } from '../src/base/index.ts';
import { createBatch, type FeatureBatch } from '../src/features/index.ts';
import { type Examples, networkModel, openOnnxModel, type RewardModel, treesModel } from '../src/models/index.ts';
import { plainEncoder } from '../src/testing/index.ts';
import type { BenchSettings } from './settings.ts';

const ROWS = 2000;
const COLUMNS = 64;
const TRAINED_ON = 10_000;

export async function benchOnnx({ seconds }: BenchSettings): Promise<Record<string, unknown>> {
  const encoder = plainEncoder(COLUMNS, 0);
  const examples = someExamples(createBatch(encoder, TRAINED_ON));
  const network = networkModel.fresh(encoder, { hidden: [128, 64], epochs: 1 });
  await network.fit(examples, { rng: createRng(1) });
  const trees = treesModel.fresh(encoder, { trees: 100, maxDepth: 6 });
  await trees.fit(examples, { rng: createRng(1) });
  const batch: FeatureBatch = {
    ...createBatch(encoder, ROWS),
    dense: examples.batch.dense.subarray(0, ROWS * COLUMNS),
  };
  return {
    rows: ROWS,
    columns: COLUMNS,
    network: await compare(network, batch, seconds / 2),
    trees: await compare(trees, batch, seconds / 2),
  };
}

function someExamples(batch: FeatureBatch): Examples {
  const rng = createRng(2);
  const labels = new Float32Array(batch.rows);
  for (let r = 0; r < batch.rows; r++) {
    let sum = 0;
    for (let j = 0; j < COLUMNS; j++) {
      const x = rng.normal();
      batch.dense[r * COLUMNS + j] = x;
      sum += Math.cos(j) * x + (j % 4 === 0 ? x * batch.dense[r * COLUMNS + Math.max(0, j - 1)] : 0);
    }
    labels[r] = rng.uniform() < 1 / (1 + Math.exp(-sum / 4)) ? 1 : 0;
  }
  return { batch, labels, weights: new Float32Array(batch.rows).fill(1), rows: batch.rows };
}

async function compare(model: RewardModel, batch: FeatureBatch, seconds: number): Promise<Record<string, unknown>> {
  const file = model.toOnnx?.();
  if (file === undefined) throw new Error(`${model.family} cannot be written as ONNX`);
  const encoder = plainEncoder(COLUMNS, 0);
  const binding = { inputs: { dense: { dense: 'all' } }, output: { name: 'score', as: 'probability' } } as const;
  const [own, runtime] = (['shelfwise', 'onnxruntime'] as const).map((engine) =>
    openOnnxModel(file, { encoder, ...binding, engine }),
  );
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const out = new Float64Array(ROWS);
  const expected = new Float64Array(ROWS);
  model.predict(batch, ROWS, expected);
  const differs = (scored: RewardModel): number => {
    scored.predict(batch, ROWS, out);
    return out.reduce((most, p, r) => Math.max(most, Math.abs(p - expected[r])), 0);
  };
  const [ownDifference, runtimeDifference] = [differs(own), differs(runtime)];
  const share = seconds / 4;
  return {
    fileBytes: file.length,
    ownOperatorsMs: await medianMs(share, () => own.predict(batch, ROWS, out)),
    runtimeInThreadMs: await medianMs(share, () => runtime.predict(batch, ROWS, out)),
    baselineRuntimeDirectMs: await medianMs(share, async () => {
      await session.run({ dense: new Tensor('float32', batch.dense, [ROWS, COLUMNS]) });
    }),
    sameModelInOurKernelsMs: await medianMs(share, () => model.predict(batch, ROWS, out)),
    largestDifference: Math.max(ownDifference, runtimeDifference),
  };
}

async function medianMs(seconds: number, work: () => void | Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) await work();
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs || times.length < 5) {
    const startMs = performance.now();
    await work();
    times.push(performance.now() - startMs);
  }
  times.sort((a, b) => a - b);
  return Math.round(times[times.length >> 1] * 1e3) / 1e3;
}
