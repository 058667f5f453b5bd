import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import { createBatch } from '../../features/index.ts';
import { plainEncoder, syntheticExamples } from '../../testing/index.ts';
import { calibrated, fitCalibrator } from '../calibration/calibrated.ts';
import type { RewardModel } from '../contract.ts';
import { loadModel } from '../load.ts';
import { logisticModel } from '../logistic/logistic.ts';
import { bindingOfExport, type OnnxBinding, parseBinding } from './binding.ts';
import { fixturesIn, readFixtures } from './fixtures-testing.ts';
import { onnxModels, openOnnxModel } from './foreign-model.ts';
import { GraphBuilder, withMetadata } from './graph-builder.ts';
import { exportError, rowsOfEveryKind } from './onnx-testing.ts';

const fixtures = fixturesIn(process.env.SHELFWISE_DATA_DIR);

const encoder = plainEncoder(4, 2);
const examples = syntheticExamples(encoder, 1_000, 31);

function predictions(model: RewardModel, batch = examples.batch, rows = batch.rows): Float64Array {
  const out = new Float64Array(rows);
  model.predict(batch, rows, out);
  return out;
}

/** A graph of one's own over the inputs `x` float[N, 2] and `city` int64[N, 1]. */
function graphOf(body: (graph: GraphBuilder) => void): Uint8Array {
  const graph = new GraphBuilder('test');
  body(graph);
  return graph.toBytes({});
}

/** sum of the two columns, as `score`. */
const sumOfTwo = graphOf((graph) => {
  const x = graph.input('x', 'float', 2);
  graph.output(graph.node('MatMul', [x, graph.floats([2, 1], [1, 1])], {}, 'score'), 1);
});
const asValue: OnnxBinding = { inputs: { x: { dense: ['dense2', 'dense0'] } }, output: { as: 'value' } };

describe('a model of our own, written and read again', () => {
  const learner = logisticModel.fresh(encoder);
  const rows = rowsOfEveryKind(encoder, 500, 32, examples.batch);

  it.each(['shelfwise', 'onnxruntime'] as const)('predicts as it did, by %s', async (engine) => {
    await learner.fit(examples, { rng: createRng(1) });
    const model = openOnnxModel(learner.toOnnx?.() as Uint8Array, { encoder, ...bindingOfExport(encoder), engine });
    expect(model.family).toBe('onnx');
    expect(model.scale).toBe('probability');
    const [ours, theirs] = [predictions(learner, rows), predictions(model, rows)];
    for (let r = 0; r < ours.length; r++) expect(Math.abs(ours[r] - theirs[r])).toBeLessThan(1e-5);
  });

  it('is refused for another encoder than it was written for', () => {
    const other = { ...encoder, hash: 'another' };
    expect(() =>
      openOnnxModel(learner.toOnnx?.() as Uint8Array, { encoder: other, ...bindingOfExport(other) }),
    ).toThrow(expect.objectContaining({ code: 'MODEL_ENCODER_MISMATCH' }));
  });

  it('explains its predictions: bias and contributions sum to the logit, as the linear model that it is', async () => {
    const model = openOnnxModel(learner.toOnnx?.() as Uint8Array, { encoder, ...bindingOfExport(encoder) });
    const p = predictions(model);
    for (const r of [0, 7, 500]) {
      const contributions = model.contributions(examples.batch, r);
      expect(contributions.map(({ name }) => name)).toEqual([...encoder.denseNames, ...encoder.sparseNames]);
      const logit = contributions.reduce((sum, { contribution }) => sum + contribution, model.bias);
      expect(logit).toBeCloseTo(Math.log(p[r] / (1 - p[r])), 9);
      // Of a linear model a slot's is its weight, whatever the order in which features are set.
      const own = learner.contributions(examples.batch, r);
      for (const name of encoder.sparseNames) {
        const of = (list: typeof own): number => list.find((entry) => entry.name === name)?.contribution ?? Number.NaN;
        expect(of(contributions)).toBeCloseTo(of(own), 4);
      }
    }
  });
});

describe('a model of another tool', () => {
  it('is fed the columns that its binding names, in the order of the names', () => {
    const model = openOnnxModel(sumOfTwo, { encoder, ...asValue });
    const { dense } = examples.batch;
    expect(model.scale).toBe('value');
    const values = predictions(model);
    for (let r = 0; r < 20; r++) expect(values[r]).toBeCloseTo(dense[4 * r + 2] + dense[4 * r], 4);
  });

  it('is fed slots as buckets, one input each or several in one, of any numeric type', () => {
    const bytes = graphOf((graph) => {
      const city = graph.input('city', 'int64', 1);
      const both = graph.input('both', 'float', 2);
      const sum = graph.node('ReduceSum', [both, graph.ints([1], [1])], { keepdims: { int: 1 } });
      graph.output(graph.node('Add', [graph.node('Cast', [city], { to: { int: 1 } }), sum], {}, 'score'), 1);
    });
    const model = openOnnxModel(bytes, {
      encoder,
      inputs: { city: { slots: ['slot1'] }, both: { slots: 'all' } },
      output: { as: 'rank' },
    });
    const { sparse } = examples.batch;
    const values = predictions(model);
    for (let r = 0; r < 20; r++) expect(values[r]).toBe(2 * sparse[2 * r + 1] + sparse[2 * r]);
    expect(model.scale).toBe('rank');
  });

  it.each(['shelfwise', 'onnxruntime'] as const)(
    'is fed columns as whole numbers where it takes such, by %s',
    (engine) => {
      const bytes = graphOf((graph) => {
        const x = graph.input('x', 'int64', 1);
        graph.output(graph.node('Cast', [x], { to: { int: 1 } }, 'score'), 1);
      });
      const inputs = { x: { dense: ['dense1'], missing: -1 } };
      const model = openOnnxModel(bytes, { encoder, inputs, output: { as: 'value' }, engine });
      const batch = createBatch(encoder, 3);
      batch.dense.set([0, 2.75, 0, 0, 0, -2.75, 0, 0, 0, Number.NaN, 0, 0]);
      expect([...predictions(model, batch)]).toEqual([2, -2, -1]);
    },
  );

  it.each<readonly [string, readonly number[]]>([
    ['more elements than memory has', [1e6, 1e6]],
    ['a negative dimension', [-2, -1]],
  ])('is refused where it asks for %s', (_what, dims) => {
    const bytes = graphOf((graph) => {
      const x = graph.input('x', 'float', 2);
      const constant = graph.node('ConstantOfShape', [graph.ints([2], dims)]);
      graph.output(graph.node('Add', [x, graph.node('ReduceSum', [constant])], {}, 'score'), 2);
    });
    expect(() => openOnnxModel(bytes, { encoder, ...asValue, engine: 'shelfwise' })).toThrow(
      expect.objectContaining({ code: 'ONNX_INVALID' }),
    );
  });

  it('is refused where a shape leaves a part of a row over', () => {
    const bytes = graphOf((graph) => {
      const x = graph.input('x', 'float', 2);
      graph.output(graph.node('Reshape', [x, graph.ints([2], [-1, 4])], {}, 'score'), 4);
    });
    expect(() => openOnnxModel(bytes, { encoder, ...asValue, engine: 'shelfwise' })).toThrow(
      expect.objectContaining({ code: 'ONNX_INVALID' }),
    );
  });

  it('is fed what stands for missing values', () => {
    const batch = createBatch(encoder, 2);
    batch.dense.fill(1);
    batch.dense[2] = Number.NaN;
    const inputs = { x: { dense: ['dense2', 'dense0'], missing: 5 } };
    expect(Array.from(predictions(openOnnxModel(sumOfTwo, { encoder, ...asValue, inputs }), batch))).toEqual([6, 2]);
    const fragile = openOnnxModel(sumOfTwo, { encoder, ...asValue });
    expect(() => predictions(fragile, batch)).toThrow(expect.objectContaining({ code: 'ONNX_SCORE' }));
  });

  it('gives probabilities strictly within (0, 1), also read from logits, and refuses what is none', () => {
    const batch = createBatch(encoder, 3);
    batch.dense.set([0, 0, 0, 0, 500, 0, 500, 0, -500, 0, -500, 0]);
    const logits = openOnnxModel(sumOfTwo, { encoder, ...asValue, output: { as: 'logit' } });
    const p = predictions(logits, batch);
    expect(p[0]).toBeCloseTo(0.5, 12);
    expect(p[1] < 1 && p[2] > 0).toBe(true);
    const certain = graphOf((graph) => {
      const x = graph.input('x', 'float', 2);
      const sum = graph.node('MatMul', [x, graph.floats([2, 1], [1, 1])]);
      graph.output(graph.node('Sigmoid', [sum], {}, 'score'), 1);
    });
    const q = predictions(openOnnxModel(certain, { encoder, ...asValue, output: { as: 'probability' } }), batch);
    expect(q[1] < 1 && q[2] > 0).toBe(true);
    const misread = openOnnxModel(sumOfTwo, { encoder, ...asValue, output: { as: 'probability' } });
    expect(() => predictions(misread, batch)).toThrow(expect.objectContaining({ code: 'ONNX_SCORE' }));
  });

  it('splits what features add between them: half of an interaction to each, and all of it together', () => {
    const product = graphOf((graph) => {
      const x = graph.input('x', 'float', 2);
      const columns = [0, 1].map((c) => graph.node('Gather', [x, graph.ints([1], [c])], { axis: { int: 1 } }));
      graph.output(graph.node('Mul', columns, {}, 'score'), 1);
    });
    const baseline = { dense0: 1, dense2: 1 };
    const model = openOnnxModel(product, { encoder, ...asValue, baseline });
    const batch = createBatch(encoder, 1);
    batch.dense.set([3, 9, 5, 9]);
    expect(model.bias).toBe(1);
    // f = x y, from (1, 1) to (3, 5): the Shapley values are 2 + 8/2 and 4 + 8/2.
    expect(model.contributions(batch, 0).map(({ contribution }) => contribution)).toEqual([6, 0, 8, 0, 0, 0]);
  });

  it('takes as many rows at once as the file says', () => {
    const bytes = graphOf((graph) => {
      graph.input('x', 'float', 2);
      graph.output(graph.node('Identity', ['x' as never], {}, 'score'), 2);
    });
    // N becomes 3 in the file.
    const fixed = Buffer.from(bytes);
    for (
      let at = fixed.indexOf(Buffer.from([0x12, 0x01, 0x4e]));
      at >= 0;
      at = fixed.indexOf(Buffer.from([0x12, 0x01, 0x4e]))
    ) {
      fixed.set([0x08, 0x83, 0x00], at);
    }
    const model = openOnnxModel(fixed, { encoder, ...asValue, output: { as: 'value', column: 0 } });
    const values = predictions(model, examples.batch, 8);
    for (let r = 0; r < 8; r++) expect(values[r]).toBe(examples.batch.dense[4 * r + 2]);
  });

  it('is the same model after it was saved and loaded, and refuses another encoder and broken epochs', () => {
    const model = openOnnxModel(sumOfTwo, { encoder, ...asValue });
    const epoch = sealEpoch(model.toEpoch());
    expect(epoch.kind).toBe('model');
    expect(model.hash).toBe(epoch.hash);
    const loaded = onnxModels.fromEpoch(epoch, encoder);
    expect(loaded.hash).toBe(epoch.hash);
    expect(predictions(loaded)).toEqual(predictions(model));
    const refused = (broken: typeof epoch, code: string, shape = encoder): void => {
      expect(() => onnxModels.fromEpoch(broken, shape)).toThrow(expect.objectContaining({ code }));
    };
    refused(epoch, 'MODEL_ENCODER_MISMATCH', { ...encoder, hash: 'another' });
    refused({ ...epoch, meta: { ...epoch.meta, format: 99 } }, 'EPOCH_CORRUPT');
    refused({ ...epoch, arrays: {} }, 'EPOCH_CORRUPT');
  });

  it('is another model with another binding', () => {
    const one = openOnnxModel(sumOfTwo, { encoder, ...asValue });
    const other = openOnnxModel(sumOfTwo, { encoder, ...asValue, inputs: { x: { dense: ['dense1', 'dense0'] } } });
    const more = openOnnxModel(withMetadata(sumOfTwo, { note: 'x' }), { encoder, ...asValue });
    expect(new Set([one.hash, other.hash, more.hash]).size).toBe(3);
  });

  it('has its operators computed by ONNX Runtime where ours do not suffice', () => {
    const odd = graphOf((graph) => {
      const x = graph.input('x', 'float', 2);
      const sum = graph.node('CumSum', [x, graph.ints([], [1])]);
      graph.output(graph.node('Gather', [sum, graph.ints([1], [1])], { axis: { int: 1 } }, 'score'), 1);
    });
    const model = openOnnxModel(odd, { encoder, ...asValue });
    const values = predictions(model, examples.batch, 20);
    for (let r = 0; r < 20; r++) {
      expect(values[r]).toBeCloseTo(examples.batch.dense[4 * r + 2] + examples.batch.dense[4 * r], 4);
    }
    expect(() => openOnnxModel(odd, { encoder, ...asValue, engine: 'shelfwise' })).toThrow(
      expect.objectContaining({ code: 'ONNX_OPERATOR', message: expect.stringContaining('CumSum') }),
    );
  });
});

describe('a model of another tool, written with its binding', () => {
  it('takes the columns of the encoder and gives the score, whatever its inputs were called', async () => {
    const bytes = graphOf((graph) => {
      const dense = graph.input('dense', 'float', 2);
      const city = graph.input('score', 'int64', 1);
      const sum = graph.node('ReduceSum', [dense, graph.ints([1], [1])], { keepdims: { int: 1 } });
      const times = graph.node('Mul', [sum, graph.scalar(0.1)]);
      graph.output(graph.node('Add', [times, graph.node('Cast', [city], { to: { int: 1 } })], {}, 'sparse'), 1);
    });
    const binding: OnnxBinding = {
      inputs: { dense: { dense: ['dense3', 'dense1'], missing: 2 }, score: { slots: ['slot1'] } },
      output: { as: 'value' },
    };
    const model = openOnnxModel(bytes, { encoder, ...binding });
    const rows = rowsOfEveryKind(encoder, 200, 33, examples.batch);
    expect(await exportError(model, rows)).toBeLessThan(1e-5);
    const again = openOnnxModel(model.toOnnx?.() as Uint8Array, { encoder, ...bindingOfExport(encoder, 'value') });
    expect(await exportError(again, rows)).toBeLessThan(1e-5);
    expect(predictions(again, rows)).toEqual(predictions(model, rows));
  });

  it('can be calibrated and stand in an ensemble, and is written with them', async () => {
    const model = openOnnxModel(sumOfTwo, {
      encoder,
      ...asValue,
      inputs: { x: { dense: ['dense0', 'dense3'], missing: 0 } },
    });
    const mapped = calibrated(model, fitCalibrator(model, examples));
    const rows = rowsOfEveryKind(encoder, 200, 34, examples.batch);
    expect(await exportError(mapped, rows)).toBeLessThan(1e-5);
    const loaded = loadModel(sealEpoch(mapped.toEpoch()), encoder);
    expect(predictions(loaded, rows)).toEqual(predictions(mapped, rows));
  });
});

describe('a binding that does not fit', () => {
  const two = graphOf((graph) => {
    const x = graph.input('x', 'float', 2);
    const c = graph.input('city', 'int64', 1);
    graph.output(graph.node('Add', [x, graph.node('Cast', [c], { to: { int: 1 } })], {}, 'score'), 2);
  });
  const city = { slots: ['slot0'] };
  const x = { dense: ['dense0', 'dense1'] };
  const output = { as: 'value', column: 0 } as const;
  it.each<[string, OnnxBinding, string]>([
    ['an input unbound', { inputs: { x }, output }, 'the input "city" is not bound'],
    ['an input that is not there', { inputs: { x, city, z: x }, output }, 'no input "z"; it has x, city'],
    ['a column that is not there', { inputs: { x: { dense: ['dense0', 'age'] }, city }, output }, '"age"'],
    ['a slot taken for a column', { inputs: { x, city: { dense: ['slot0'] } }, output }, 'no dense column'],
    ['a wrong width', { inputs: { x: { dense: 'all' }, city }, output }, 'takes 2 columns; it is bound to 4'],
    ['whole numbers of missing values', { inputs: { x, city: { dense: ['dense0'] } }, output }, 'whole numbers'],
    ['an output that is not there', { inputs: { x, city }, output: { as: 'value', name: 'p' } }, 'no output "p"'],
    [
      'a column of the output that is not there',
      { inputs: { x, city }, output: { as: 'value', column: 2 } },
      'number 2',
    ],
    ['a baseline of nothing', { inputs: { x, city }, output, baseline: { age: 1 } }, '"age"'],
    ['a baseline that is no bucket', { inputs: { x, city }, output, baseline: { slot0: 0.5 } }, 'no bucket'],
  ])('is refused: %s', (_what, binding, particulars) => {
    expect(() => openOnnxModel(two, { encoder, ...binding })).toThrow(
      expect.objectContaining({ code: 'ONNX_BINDING', message: expect.stringContaining(particulars) }),
    );
  });

  it.each<[string, unknown, string]>([
    ['no object', [], 'no object'],
    ['an unknown key', { inputs: {}, output, engin: 'auto' }, '"engin"'],
    ['an unknown engine', { inputs: {}, output, engine: 'tensorrt' }, 'tensorrt'],
    ['an unknown reading', { inputs: {}, output: { as: 'percent' } }, 'percent'],
    ['both columns and slots', { inputs: { x: { dense: ['a'], slots: ['b'] } }, output }, 'either'],
    ['no names', { inputs: { x: { dense: 3 } }, output }, 'list of names'],
    ['a slot with a substitute', { inputs: { x: { slots: ['a'], missing: 1 } }, output }, 'bucket 0'],
  ])('is refused as JSON: %s', (_what, json, particulars) => {
    expect(() => parseBinding(json)).toThrow(
      expect.objectContaining({ code: 'ONNX_BINDING', message: expect.stringContaining(particulars) }),
    );
  });
});

describe('the files of other tools, served', () => {
  it.skipIf(!fixtures.present).each(['shelfwise', 'onnxruntime'] as const)(
    `score as they are expected to, by %s${fixtures.present ? '' : ` (skipped: no ${fixtures.folder})`}`,
    (engine) => {
      const shape = plainEncoder(4, 1);
      for (const { file, bytes, inputs, outputs } of readFixtures(fixtures.folder)) {
        const [name, expected] = Object.entries(outputs).find(([, { dtype }]) => dtype === 'float32') ?? [];
        if (name === undefined || expected === undefined) throw new Error(`${file} has no score`);
        const rows = expected.shape[0];
        const batch = createBatch(shape, rows);
        batch.dense.set(inputs['X'].data);
        if (inputs['item'] !== undefined) batch.sparse.set(inputs['item'].data);
        const model = openOnnxModel(bytes, {
          encoder: shape,
          inputs: { X: { dense: 'all' }, ...(inputs['item'] === undefined ? {} : { item: { slots: 'all' } }) },
          output: { name, as: 'value', ...(expected.shape[1] === 3 ? { column: 2 } : {}) },
          engine,
        });
        const width = expected.shape[1];
        const scores = predictions(model, batch);
        for (let r = 0; r < rows; r++) expect(scores[r], file).toBeCloseTo(expected.data[r * width + width - 1], 5);
      }
    },
  );
});
