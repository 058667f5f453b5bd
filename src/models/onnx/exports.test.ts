import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { plainEncoder, syntheticExamples } from '../../testing/index.ts';
import { logisticModel } from '../logistic/logistic.ts';
import { exportError, rowsOfEveryKind } from './onnx-testing.ts';

/** What onnxruntime-node may differ by from our own scores. */
const TOLERANCE = 1e-5;

const encoder = plainEncoder(9, 4);
const examples = syntheticExamples(encoder, 3_000, 21);
const rows = rowsOfEveryKind(encoder, 1_000, 22, examples.batch);

describe('logistic regression as ONNX', () => {
  it.each(['ftrl', 'batch'] as const)('scores as it does here, fitted by %s', async (learning) => {
    const model = logisticModel.fresh(encoder);
    await model.fit(examples, { rng: createRng(1), learning });
    expect(await exportError(model, rows)).toBeLessThan(TOLERANCE);
    const served = logisticModel.fromEpoch(sealEpoch(model.toEpoch()), encoder);
    expect(served.toOnnx?.()).toEqual(model.toOnnx?.());
  });

  it.each([
    [0, 3],
    [5, 0],
  ])('does without columns (%i) or slots (%i)', async (dense, slots) => {
    const narrow = plainEncoder(dense, slots);
    const few = syntheticExamples(narrow, 500, 23);
    const model = logisticModel.fresh(narrow);
    await model.fit(few, { rng: createRng(1) });
    expect(await exportError(model, rowsOfEveryKind(narrow, 200, 24, few.batch))).toBeLessThan(TOLERANCE);
  });
});
