import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import { plainEncoder, syntheticExamples } from '../../testing/index.ts';
import { calibrated, fitCalibrator } from '../calibration/calibrated.ts';
import type { RewardModel } from '../contract.ts';
import { Ensemble } from '../ensemble/ensemble.ts';
import { fmModel } from '../fm/fm.ts';
import { linearModel } from '../linear/linear.ts';
import { loadModel } from '../load.ts';
import { logisticModel } from '../logistic/logistic.ts';
import { networkModel } from '../network/network.ts';
import { treesModel } from '../trees/trees.ts';
import { bindingOfExport } from './binding.ts';
import { encoderOfExport, METADATA } from './export-model.ts';
import { openOnnxModel } from './foreign-model.ts';
import { metadataOf } from './graph-builder.ts';
import { exportError, rowsOfEveryKind } from './onnx-testing.ts';

/** What onnxruntime-node may differ by from our own scores. */
const TOLERANCE = 1e-5;

const encoder = plainEncoder(9, 4);
const examples = syntheticExamples(encoder, 3_000, 21);
const held = syntheticExamples(encoder, 1_000, 25);
const rows = rowsOfEveryKind(encoder, 1_000, 22, examples.batch);

/** ONNX Runtime, and our own interpreter, score as the model does; what was saved and loaded is written alike. */
async function agrees(model: RewardModel, batch: FeatureBatch = rows, shape: EncoderShape = encoder): Promise<void> {
  expect(await exportError(model, batch)).toBeLessThan(TOLERANCE);
  const file = model.toOnnx?.() as Uint8Array;
  const kind = model.scale ?? 'probability';
  const opened = openOnnxModel(file, { encoder: shape, ...bindingOfExport(shape, kind), engine: 'shelfwise' });
  const [ours, theirs] = [model, opened].map((each) => {
    const out = new Float64Array(batch.rows);
    each.predict(batch, batch.rows, out);
    return out;
  });
  for (let r = 0; r < batch.rows; r++) {
    expect(Math.abs(ours[r] - theirs[r]) / Math.max(1, Math.abs(ours[r]))).toBeLessThan(TOLERANCE);
  }
  const loaded = loadModel(sealEpoch(model.toEpoch()), shape);
  expect(Buffer.compare(loaded.toOnnx?.() as Uint8Array, file)).toBe(0);
}

const narrow = [plainEncoder(0, 3), plainEncoder(5, 0)];

describe('logistic regression as ONNX', () => {
  it.each(['ftrl', 'batch'] as const)('scores as it does here, fitted by %s', async (learning) => {
    const model = logisticModel.fresh(encoder);
    await model.fit(examples, { rng: createRng(1), learning });
    await agrees(model);
  });

  it('hashes its crosses in the graph, bit for bit', async () => {
    const model = logisticModel.fresh(encoder, {
      crosses: [
        ['slot0', 'slot1'],
        ['slot2', 'slot0'],
        ['slot3', 'slot1'],
      ],
    });
    await model.fit(examples, { rng: createRng(1) });
    await agrees(model);
  });

  it.each(narrow)('does without columns, or without slots', async (shape) => {
    const few = syntheticExamples(shape, 500, 23);
    const model = logisticModel.fresh(shape);
    await model.fit(few, { rng: createRng(1) });
    await agrees(model, rowsOfEveryKind(shape, 200, 24, few.batch), shape);
  });
});

describe('linear regression as ONNX', () => {
  it('scores as it does here', async () => {
    const model = linearModel.fresh(encoder);
    await agrees(model);
    await model.fit(examples, { rng: createRng(1) });
    await agrees(model);
  });
});

describe('a factorisation machine as ONNX', () => {
  it('scores as it does here', async () => {
    const model = fmModel.fresh(encoder, { factors: 6 });
    await agrees(model);
    await model.fit(examples, { rng: createRng(1) });
    await agrees(model);
  });

  it.each(narrow)('does without columns, or without slots', async (shape) => {
    const few = syntheticExamples(shape, 500, 23);
    const model = fmModel.fresh(shape);
    await model.fit(few, { rng: createRng(1) });
    await agrees(model, rowsOfEveryKind(shape, 200, 24, few.batch), shape);
  });
});

describe('boosted trees as ONNX', () => {
  it.each(['logLoss', 'squaredError', 'lambdaMart'] as const)(
    'score as they do here, fitted for %s',
    async (objective) => {
      const model = treesModel.fresh(encoder, { objective, trees: 30 });
      const queries = Uint32Array.from({ length: examples.rows }, (_, r) => Math.floor(r / 100));
      await model.fit(examples, { rng: createRng(1), ...(objective === 'lambdaMart' ? { queries } : {}) });
      await agrees(model);
    },
  );

  it('has inputs that say where a value was missing', async () => {
    const gaps = { ...examples, batch: rowsOfEveryKind(encoder, 3_000, 26, examples.batch) };
    const model = networkModel.fresh(encoder, { epochs: 2, hidden: [16] });
    await model.fit(gaps, { rng: createRng(1) });
    expect(model.parameters().indicatorColumns.length).toBe(9);
    await agrees(model);
  });

  it.each(narrow)('does without columns, or without slots', async (shape) => {
    const few = syntheticExamples(shape, 500, 23);
    const model = networkModel.fresh(shape, { epochs: 1, hidden: [8] });
    await model.fit(few, { rng: createRng(1) });
    await agrees(model, rowsOfEveryKind(shape, 200, 24, few.batch), shape);
  });
});

describe('models within models as ONNX', () => {
  const logistic = logisticModel.fresh(encoder, { crosses: [['slot0', 'slot1']] });
  const trees = treesModel.fresh(encoder, { trees: 15 });
  const values = treesModel.fresh(encoder, { trees: 15, objective: 'squaredError' });
  const fitted = Promise.all([logistic, trees, values].map((model) => model.fit(examples, { rng: createRng(1) })));

  it('score the mean of the members, of any family', async () => {
    await fitted;
    await agrees(new Ensemble<RewardModel>([logistic, trees]));
  });

  it.each(['platt', 'isotonic'] as const)('score calibrated by %s', async (method) => {
    await fitted;
    for (const model of [trees, values]) {
      await agrees(calibrated(model, fitCalibrator(model, held, { method })));
    }
  });

  it('may stand in each other', async () => {
    await fitted;
    const ensemble = new Ensemble<RewardModel>([logistic, trees]);
    await agrees(calibrated(ensemble, fitCalibrator(ensemble, held, { method: 'isotonic' })));
  });
});

describe('what an exported file says of itself', () => {
  it('names its family, model, encoder and columns, in order', () => {
    const model = logisticModel.fresh(encoder);
    const file = model.toOnnx?.() as Uint8Array;
    expect(encoderOfExport(file)).toEqual(encoder);
    expect(metadataOf(file)).toMatchObject({
      [METADATA.family]: 'logistic',
      [METADATA.model]: model.hash,
      [METADATA.scale]: 'probability',
    });
    expect(Buffer.compare(file, model.toOnnx?.() as Uint8Array)).toBe(0);
  });
});
