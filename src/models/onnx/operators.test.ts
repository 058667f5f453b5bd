// Longer than a file should be: one table of operators, each with the cases its definition names.
/** Each of our operators against ONNX Runtime: the same node, the same inputs. */
import { readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { type ConstantTensor, encodeModel, sizeOf } from './format.ts';
import { type Attribute, attributeProto, ML_DOMAIN } from './graph-builder.ts';
import { createInterpreter } from './interpreter.ts';
import {
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from './onnx_pb.ts';
import { operatorNames, Value } from './operators/index.ts';

const NUMBERS = { float: 1, int64: 7, bool: 9, string: 8, double: 11, int32: 6 } as const;
type Attributes = Readonly<Record<string, Attribute>>;

interface Case {
  readonly op: string;
  readonly inputs: readonly (ConstantTensor | undefined)[];
  readonly attributes?: Attributes;
  readonly outputs?: number;
  readonly ml?: boolean;
  readonly opset?: number;
  readonly tolerance?: number;
}

function modelOf({ op, inputs, attributes = {}, outputs = 1, ml = false, opset = 18 }: Case): ModelProto {
  const names = inputs.map((input, i) => (input === undefined ? '' : `i${i}`));
  return create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [
      create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(ml ? 18 : opset) }),
      create(OperatorSetIdProtoSchema, { domain: ML_DOMAIN, version: BigInt(ml ? Math.min(opset, 5) : 3) }),
    ],
    graph: create(GraphProtoSchema, {
      name: 'one node',
      node: [
        create(NodeProtoSchema, {
          opType: op,
          domain: ml ? ML_DOMAIN : '',
          input: names,
          output: Array.from({ length: outputs }, (_, o) => `o${o}`),
          attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
        }),
      ],
      input: inputs.flatMap((input, i) =>
        input === undefined
          ? []
          : create(ValueInfoProtoSchema, {
              name: names[i],
              type: create(TypeProtoSchema, {
                value: {
                  case: 'tensorType',
                  value: {
                    $typeName: 'onnx.TypeProto.Tensor',
                    elemType: NUMBERS[input.type],
                    shape: {
                      $typeName: 'onnx.TensorShapeProto',
                      dim: input.dims.map((dim) => ({
                        $typeName: 'onnx.TensorShapeProto.Dimension' as const,
                        denotation: '',
                        value: { case: 'dimValue' as const, value: BigInt(dim) },
                      })),
                    },
                  },
                },
              }),
            }),
      ),
      output: Array.from({ length: outputs }, (_, o) => create(ValueInfoProtoSchema, { name: `o${o}` })),
    }),
  });
}

function fed({ type, dims, data }: ConstantTensor): Tensor {
  const list = Array.from(data as ArrayLike<number>);
  if (type === 'string') return new Tensor('string', data as readonly string[] as string[], dims);
  if (type === 'int64') return new Tensor('int64', BigInt64Array.from(list, BigInt), dims);
  if (type === 'int32') return new Tensor('int32', Int32Array.from(list), dims);
  if (type === 'bool') return new Tensor('bool', Uint8Array.from(list), dims);
  if (type === 'double') return new Tensor('float64', Float64Array.from(list), dims);
  return new Tensor('float32', Float32Array.from(list), dims);
}

const tried = new Set<string>();

async function agrees(test: Case): Promise<void> {
  tried.add(test.op);
  const model = modelOf(test);
  const session = await InferenceSession.create(encodeModel(model), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const present = test.inputs.flatMap((input, i) => (input === undefined ? [] : [[`i${i}`, input] as const]));
  const theirs = await session.run(Object.fromEntries(present.map(([name, input]) => [name, fed(input)])));
  await session.release();
  const feeds = new Map(present.map(([name, input]) => [name, Value.of(input)]));
  for (const [name, expected] of Object.entries(theirs)) {
    const ours = createInterpreter(model, name).run(feeds, name);
    const about = `${test.op} ${JSON.stringify(test.attributes ?? {}).slice(-300)} ${name}`;
    expect(ours.dims, about).toEqual(expected.dims);
    if (expected.type === 'string') {
      expect([...ours.texts], about).toEqual(expected.data);
      continue;
    }
    const wanted = Array.from(expected.data as Float32Array, Number);
    wanted.forEach((value, i) => {
      const own = ours.numbers[i];
      if (Number.isNaN(value) || !Number.isFinite(value)) expect(own, about).toBe(value);
      else
        expect(Math.abs(own - value), `${about}[${i}]: ${own} and ${value}`).toBeLessThanOrEqual(
          (test.tolerance ?? 2e-6) * Math.max(1, Math.abs(value)),
        );
    });
  }
}

const rng = createRng(5);
function floats(dims: readonly number[], make: () => number = () => rng.normal() * 2): ConstantTensor {
  return { type: 'float', dims, data: Float32Array.from({ length: sizeOf(dims) }, make) };
}
function ints(dims: readonly number[], data: readonly number[], type: 'int64' | 'int32' = 'int64'): ConstantTensor {
  return { type, dims, data: Float64Array.from(data) };
}
function bools(dims: readonly number[]): ConstantTensor {
  return { type: 'bool', dims, data: Uint8Array.from({ length: sizeOf(dims) }, () => rng.below(2)) };
}
const texts = (dims: readonly number[], data: readonly string[]): ConstantTensor => ({ type: 'string', dims, data });
const x = floats([5, 4]);
const positive = floats([5, 4], () => 0.1 + 3 * rng.uniform());
const gaps = floats([5, 4], () => (rng.uniform() < 0.3 ? Number.NaN : rng.normal()));

describe('operators element by element', () => {
  it.each([
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Min',
    'Max',
    'Sum',
    'Mean',
    'Less',
    'LessOrEqual',
    'Greater',
    'GreaterOrEqual',
    'Equal',
  ])('%s, of equal shapes and broadcast', async (op) => {
    for (const other of [[5, 4], [1, 4], [4], [1], [], [5, 1], [3, 5, 4]]) {
      await agrees({ op, inputs: [x, floats(other)] });
    }
    await agrees({ op, inputs: [floats([2, 1, 3]), floats([4, 1])] });
  });
  it('whole numbers and their bits', async () => {
    const a = ints([2, 3], [7, -7, 9, 0, 5_000_000_000, -3]);
    const b = ints([3], [2, 3, -4]);
    for (const op of [
      'Add',
      'Sub',
      'Mul',
      'Div',
      'Mod',
      'BitwiseAnd',
      'BitwiseOr',
      'BitwiseXor',
      'Max',
      'Min',
      'Equal',
    ]) {
      await agrees({ op, inputs: [a, b] });
    }
    await agrees({ op: 'Mod', inputs: [x, floats([4], () => 1.5)], attributes: { fmod: { int: 1 } } });
  });
  it('logic', async () => {
    for (const op of ['And', 'Or', 'Xor']) await agrees({ op, inputs: [bools([3, 4]), bools([4])] });
    await agrees({ op: 'Not', inputs: [bools([3, 4])] });
    await agrees({ op: 'Where', inputs: [bools([5, 1]), x, floats([4])] });
    await agrees({
      op: 'Where',
      inputs: [
        bools([5, 4]),
        ints([], [3]),
        ints(
          [5, 4],
          Array.from({ length: 20 }, (_, i) => i),
        ),
      ],
    });
  });
  it.each([
    'Neg',
    'Abs',
    'Exp',
    'Floor',
    'Ceil',
    'Sign',
    'Erf',
    'Tanh',
    'Sigmoid',
    'Relu',
    'LeakyRelu',
    'Elu',
    'Selu',
    'HardSigmoid',
    'Softplus',
    'Softsign',
    'Identity',
    'Dropout',
    'IsNaN',
    'Reciprocal',
  ])('%s', async (op) => {
    await agrees({ op, inputs: [x] });
    if (op !== 'HardSigmoid' && op !== 'Sign') await agrees({ op, inputs: [gaps] });
  });
  it('powers, roots, rounding, bounds', async () => {
    await agrees({ op: 'Log', inputs: [positive] });
    await agrees({ op: 'Sqrt', inputs: [positive] });
    await agrees({ op: 'Pow', inputs: [positive, floats([4])] });
    await agrees({ op: 'PRelu', inputs: [x, floats([4])] });
    await agrees({ op: 'Round', inputs: [floats([9], () => rng.below(9) / 2 - 2)] });
    await agrees({ op: 'LeakyRelu', inputs: [x], attributes: { alpha: { float: 0.3 } } });
    await agrees({ op: 'Clip', inputs: [gaps, floats([], () => -0.5), floats([], () => 0.5)] });
    await agrees({ op: 'Clip', inputs: [x, undefined, floats([], () => 0.5)] });
    await agrees({ op: 'Clip', inputs: [x], opset: 10, attributes: { min: { float: -1 }, max: { float: 0.25 } } });
    for (const approximate of ['none', 'tanh']) {
      await agrees({ op: 'Gelu', inputs: [x], opset: 20, attributes: { approximate: { text: approximate } } });
    }
  });
  it('casts', async () => {
    for (const to of [1, 6, 7, 9, 11]) {
      await agrees({ op: 'Cast', inputs: [x], attributes: { to: { int: to } } });
      await agrees({ op: 'Cast', inputs: [ints([4], [0, -3, 9, 250])], attributes: { to: { int: to } } });
    }
    await agrees({ op: 'Cast', inputs: [texts([3], ['1.5', '-2', '8'])], attributes: { to: { int: 1 } } });
  });
});

describe('operators on matrices', () => {
  it('products', async () => {
    await agrees({ op: 'MatMul', inputs: [floats([7, 5]), floats([5, 3])] });
    await agrees({ op: 'MatMul', inputs: [floats([5]), floats([5, 3])] });
    await agrees({ op: 'MatMul', inputs: [floats([7, 5]), floats([5])] });
    await agrees({ op: 'MatMul', inputs: [floats([2, 7, 5]), floats([5, 3])] });
    await agrees({ op: 'MatMul', inputs: [floats([2, 7, 5]), floats([2, 5, 3])] });
    for (const c of [undefined, floats([3]), floats([7, 3]), floats([7, 1]), floats([1, 3]), floats([])]) {
      await agrees({ op: 'Gemm', inputs: [floats([7, 5]), floats([5, 3]), c] });
    }
    const attributes = { transA: { int: 1 }, transB: { int: 1 }, alpha: { float: 0.5 }, beta: { float: 2 } };
    await agrees({ op: 'Gemm', inputs: [floats([5, 7]), floats([3, 5]), floats([3])], attributes });
  });
  it.each(['Softmax', 'LogSoftmax'])('%s along any axis, before and after set 13', async (op) => {
    for (const axis of [0, 1, 2, -1]) {
      await agrees({ op, inputs: [floats([2, 3, 4])], attributes: { axis: { int: axis } } });
      await agrees({ op, inputs: [floats([2, 3, 4])], attributes: { axis: { int: axis } }, opset: 11 });
    }
    await agrees({ op, inputs: [floats([2, 3, 4])] });
    await agrees({ op, inputs: [floats([2, 3, 4])], opset: 11 });
  });
  it.each(['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceL2', 'ReduceSumSquare'])(
    '%s',
    async (op) => {
      const a = floats([2, 3, 4]);
      await agrees({ op, inputs: [a, ints([1], [1])] });
      await agrees({ op, inputs: [a, ints([2], [0, -1])], attributes: { keepdims: { int: 0 } } });
      await agrees({ op, inputs: [a] });
      await agrees({ op, inputs: [a, ints([0], [])], attributes: { noop_with_empty_axes: { int: 1 } } });
      await agrees({ op, inputs: [a], opset: 12, attributes: { axes: { ints: [1, 2] } } });
    },
  );
  it('places of the best', async () => {
    const ties = floats([4, 5], () => rng.below(3));
    for (const op of ['ArgMax', 'ArgMin']) {
      await agrees({ op, inputs: [ties], attributes: { axis: { int: 1 } } });
      await agrees({
        op,
        inputs: [ties],
        attributes: { axis: { int: 0 }, keepdims: { int: 0 }, select_last_index: { int: 1 } },
      });
    }
  });
  it('normalisation', async () => {
    await agrees({ op: 'LayerNormalization', inputs: [x, floats([4]), floats([4])], tolerance: 1e-5 });
    await agrees({
      op: 'LayerNormalization',
      inputs: [x, floats([4])],
      attributes: { epsilon: { float: 0.1 } },
      tolerance: 1e-5,
    });
    const channels = floats([3], () => 0.5 + rng.uniform());
    await agrees({
      op: 'BatchNormalization',
      inputs: [floats([5, 3]), floats([3]), floats([3]), floats([3]), channels],
      tolerance: 1e-5,
    });
    await agrees({
      op: 'BatchNormalization',
      inputs: [floats([2, 3, 4]), floats([3]), floats([3]), floats([3]), channels],
      tolerance: 1e-5,
    });
  });
});

describe('operators that move elements', () => {
  it('look-ups and joins', async () => {
    await agrees({ op: 'Gather', inputs: [floats([6, 3]), ints([2, 2], [0, 5, -1, 2])] });
    await agrees({ op: 'Gather', inputs: [floats([2, 6, 3]), ints([2], [1, -2])], attributes: { axis: { int: 1 } } });
    await agrees({ op: 'Gather', inputs: [floats([4, 6]), ints([], [3])], attributes: { axis: { int: -1 } } });
    await agrees({ op: 'Gather', inputs: [texts([3], ['a', 'b', 'c']), ints([2], [2, 0], 'int32')] });
    await agrees({
      op: 'Concat',
      inputs: [floats([2, 3]), floats([2, 1]), floats([2, 2])],
      attributes: { axis: { int: 1 } },
    });
    await agrees({ op: 'Concat', inputs: [floats([2, 3]), floats([1, 3])], attributes: { axis: { int: -2 } } });
  });
  it('shapes', async () => {
    const a = floats([2, 3, 4]);
    for (const shape of [[6, 4], [0, -1], [-1], [2, 2, 2, 3]]) {
      await agrees({ op: 'Reshape', inputs: [a, ints([shape.length], shape)] });
    }
    for (const axis of [0, 1, 2, -1, 3])
      await agrees({ op: 'Flatten', inputs: [a], attributes: { axis: { int: axis } } });
    await agrees({ op: 'Squeeze', inputs: [floats([1, 3, 1]), ints([1], [-1])] });
    await agrees({ op: 'Squeeze', inputs: [floats([1, 3, 1])] });
    await agrees({ op: 'Squeeze', inputs: [floats([1, 3, 1])], opset: 11, attributes: { axes: { ints: [0] } } });
    await agrees({ op: 'Unsqueeze', inputs: [floats([3, 2]), ints([2], [0, -1])] });
    await agrees({ op: 'Unsqueeze', inputs: [floats([3, 2])], opset: 11, attributes: { axes: { ints: [1] } } });
    await agrees({ op: 'Transpose', inputs: [a] });
    await agrees({ op: 'Transpose', inputs: [a], attributes: { perm: { ints: [1, 0, 2] } } });
    await agrees({ op: 'Shape', inputs: [a] });
    await agrees({ op: 'Shape', inputs: [a], attributes: { start: { int: 1 }, end: { int: -1 } } });
    await agrees({ op: 'Expand', inputs: [floats([3, 1]), ints([3], [2, 1, 4])] });
    await agrees({ op: 'ConstantOfShape', inputs: [ints([2], [2, 3])] });
  });
  it('slices and parts', async () => {
    const a = floats([5, 6]);
    await agrees({ op: 'Slice', inputs: [a, ints([2], [1, -4]), ints([2], [4, 99])] });
    await agrees({ op: 'Slice', inputs: [a, ints([1], [4]), ints([1], [-99]), ints([1], [1]), ints([1], [-2])] });
    await agrees({
      op: 'Slice',
      inputs: [a],
      opset: 9,
      attributes: { starts: { ints: [1] }, ends: { ints: [3] }, axes: { ints: [1] } },
    });
    await agrees({ op: 'Split', inputs: [a], outputs: 3, opset: 13, attributes: { axis: { int: 1 } } });
    await agrees({ op: 'Split', inputs: [a, ints([2], [2, 3])], outputs: 2 });
    await agrees({
      op: 'Split',
      inputs: [a],
      outputs: 2,
      opset: 11,
      attributes: { axis: { int: 1 }, split: { ints: [1, 5] } },
    });
  });
  it('constants', async () => {
    await agrees({ op: 'Constant', inputs: [], attributes: { value_float: { float: 2.5 } } });
    await agrees({ op: 'Constant', inputs: [], attributes: { value_ints: { ints: [3, -4] } } });
    await agrees({ op: 'Constant', inputs: [], attributes: { value_floats: { floats: [1, 0.5] } } });
    await agrees({ op: 'Constant', inputs: [], attributes: { value_int: { int: 7 } } });
  });
});

const TRANSFORMS = ['NONE', 'LOGISTIC', 'SOFTMAX', 'SOFTMAX_ZERO', 'PROBIT'];

describe('linear models and preparation', () => {
  it.each(TRANSFORMS)('LinearClassifier and LinearRegressor, %s', async (transform) => {
    const small = (count: number) => ({ floats: Array.from({ length: count }, () => 0.05 + 0.05 * rng.uniform()) });
    const inputs = [floats([6, 4], rng.uniform)];
    const post = { post_transform: { text: transform } };
    for (const classes of transform === 'PROBIT' ? [2, 3] : [1, 2, 3]) {
      const coefficients = small(4 * classes);
      const intercepts = small(classes);
      const labels = { classlabels_ints: { ints: classes === 3 ? [7, 8, 9] : [4, 5] } };
      const ml = { inputs, ml: true, opset: 3, tolerance: 1e-5 };
      await agrees({
        ...ml,
        op: 'LinearClassifier',
        outputs: 2,
        attributes: { ...post, coefficients, intercepts, ...labels },
      });
      if (transform === 'PROBIT') continue;
      await agrees({
        ...ml,
        op: 'LinearRegressor',
        attributes: { ...post, coefficients, intercepts, targets: { int: classes } },
      });
    }
    if (transform === 'PROBIT') return;
    const named = {
      classlabels_strings: { texts: ['no', 'yes'] },
      coefficients: small(4),
      intercepts: { floats: [-0.2] },
    };
    await agrees({
      op: 'LinearClassifier',
      inputs,
      outputs: 2,
      ml: true,
      opset: 3,
      attributes: { ...post, ...named },
      tolerance: 1e-5,
    });
  });
  it('columns', async () => {
    const ml = { ml: true, opset: 3 };
    await agrees({
      ...ml,
      op: 'Scaler',
      inputs: [x],
      attributes: { offset: { floats: [1, 2, 3, 4] }, scale: { floats: [0.5, 1, 2, -1] } },
    });
    await agrees({
      ...ml,
      op: 'Scaler',
      inputs: [x],
      attributes: { offset: { floats: [1] }, scale: { floats: [0.1] } },
    });
    const replaced = { replaced_value_float: { float: Number.NaN } };
    await agrees({
      ...ml,
      op: 'Imputer',
      inputs: [gaps],
      attributes: { ...replaced, imputed_value_floats: { floats: [1, 2, 3, 4] } },
    });
    await agrees({
      ...ml,
      op: 'Imputer',
      inputs: [floats([5], () => rng.below(2))],
      attributes: { imputed_value_floats: { floats: [9] } },
    });
    await agrees({ ...ml, op: 'Binarizer', inputs: [x], attributes: { threshold: { float: 0.3 } } });
    for (const norm of ['MAX', 'L1', 'L2'])
      await agrees({ ...ml, op: 'Normalizer', inputs: [positive], attributes: { norm: { text: norm } } });
    await agrees({ ...ml, op: 'ArrayFeatureExtractor', inputs: [x, ints([2], [3, 0])] });
    await agrees({
      ...ml,
      op: 'FeatureVectorizer',
      inputs: [floats([3, 2]), floats([3, 1])],
      attributes: { inputdimensions: { ints: [2, 1] } },
    });
  });
  it('categories', async () => {
    const ml = { ml: true, opset: 2 };
    const cats = ints([2, 3], [1, 5, 9, 2, 5, 1]);
    await agrees({
      ...ml,
      op: 'OneHotEncoder',
      inputs: [cats],
      attributes: { cats_int64s: { ints: [1, 5, 7] }, zeros: { int: 1 } },
    });
    await agrees({
      ...ml,
      op: 'OneHotEncoder',
      inputs: [texts([3], ['a', 'x', 'b'])],
      attributes: { cats_strings: { texts: ['a', 'b'] } },
    });
    await agrees({
      ...ml,
      op: 'LabelEncoder',
      inputs: [cats],
      attributes: { keys_int64s: { ints: [1, 5] }, values_int64s: { ints: [10, 50] }, default_int64: { int: -7 } },
    });
    await agrees({
      ...ml,
      op: 'LabelEncoder',
      inputs: [cats],
      attributes: { keys_int64s: { ints: [1, 5] }, values_floats: { floats: [0.5, 2] } },
    });
    await agrees({
      ...ml,
      op: 'LabelEncoder',
      inputs: [cats],
      attributes: { keys_int64s: { ints: [1, 5] }, values_strings: { texts: ['one', 'five'] } },
    });
    await agrees({
      ...ml,
      op: 'LabelEncoder',
      inputs: [texts([3], ['a', 'x', 'b'])],
      attributes: { keys_strings: { texts: ['a', 'b'] }, values_int64s: { ints: [1, 2] } },
    });
  });
});

/** Trees of random shape: 4 columns, every mode, missing values on either side. */
function randomTrees(count: number, modes: readonly string[]) {
  const nodes = {
    treeids: [] as number[],
    nodeids: [] as number[],
    featureids: [] as number[],
    modes: [] as string[],
    values: [] as number[],
    truenodeids: [] as number[],
    falsenodeids: [] as number[],
    missing_value_tracks_true: [] as number[],
  };
  const leaves: [tree: number, node: number][] = [];
  for (let tree = 0; tree < count; tree++) {
    let next = 0;
    const grow = (depth: number): number => {
      const id = next++;
      const at = nodes.treeids.length;
      const leaf = depth === 0 || (depth < 3 && rng.uniform() < 0.3);
      nodes.treeids.push(tree);
      nodes.nodeids.push(id);
      nodes.featureids.push(leaf ? 0 : rng.below(4));
      nodes.modes.push(leaf ? 'LEAF' : modes[rng.below(modes.length)]);
      nodes.values.push(leaf ? 0 : rng.below(5) / 2 - 1);
      nodes.missing_value_tracks_true.push(leaf ? 0 : rng.below(2));
      nodes.truenodeids.push(0);
      nodes.falsenodeids.push(0);
      if (leaf) leaves.push([tree, id]);
      else {
        nodes.truenodeids[at] = grow(depth - 1);
        nodes.falsenodeids[at] = grow(depth - 1);
      }
      return id;
    };
    grow(3);
  }
  const attributes: Record<string, Attribute> = {};
  for (const [name, list] of Object.entries(nodes)) {
    attributes[`nodes_${name}`] =
      name === 'modes'
        ? { texts: list as string[] }
        : name === 'values'
          ? { floats: list as number[] }
          : { ints: list as number[] };
  }
  return { attributes, leaves };
}

const ALL_MODES = ['BRANCH_LEQ', 'BRANCH_LT', 'BRANCH_GTE', 'BRANCH_GT', 'BRANCH_EQ', 'BRANCH_NEQ'];
/** Values on the thresholds, between them, and missing. */
const rowsOfTrees = floats([60, 4], () => (rng.uniform() < 0.15 ? Number.NaN : rng.below(9) / 4 - 1));

function votes(
  kind: 'target' | 'class',
  leaves: readonly [number, number][],
  ids: readonly number[],
  weight: () => number,
): Record<string, Attribute> {
  return {
    [`${kind}_treeids`]: { ints: leaves.flatMap(([tree]) => ids.map(() => tree)) },
    [`${kind}_nodeids`]: { ints: leaves.flatMap(([, node]) => ids.map(() => node)) },
    [`${kind}_ids`]: { ints: leaves.flatMap(() => ids) },
    [`${kind}_weights`]: { floats: leaves.flatMap(() => ids.map(weight)) },
  };
}

describe('ensembles of trees', () => {
  it.each(['SUM', 'AVERAGE', 'MIN', 'MAX'])(
    'TreeEnsembleRegressor, %s, of one target and of three',
    async (aggregate) => {
      for (const modes of [['BRANCH_LEQ'], ['BRANCH_LT', 'BRANCH_LEQ'], ALL_MODES]) {
        for (const targets of [1, 3]) {
          const { attributes, leaves } = randomTrees(5, modes);
          const ids = Array.from({ length: targets }, (_, t) => t);
          const shared = {
            n_targets: { int: targets },
            aggregate_function: { text: aggregate },
            ...votes('target', leaves, ids, () => rng.normal()),
          };
          for (const extra of [{}, { base_values: { floats: ids.map((t) => t + 0.5) } }]) {
            await agrees({
              op: 'TreeEnsembleRegressor',
              inputs: [rowsOfTrees],
              ml: true,
              opset: 3,
              attributes: { ...attributes, ...shared, ...extra },
            });
          }
        }
      }
    },
  );
  it.each(['NONE', 'LOGISTIC', 'SOFTMAX', 'SOFTMAX_ZERO'])('TreeEnsembleClassifier, %s', async (transform) => {
    const post = { post_transform: { text: transform } };
    const weights: [string, () => number][] = [
      ['positive', () => 0.05 + 0.1 * rng.uniform()],
      ['mixed', () => rng.normal()],
    ];
    for (const [, weight] of weights) {
      for (const ids of [[0], [1], [0, 1], [0, 1, 2]]) {
        const { attributes, leaves } = randomTrees(4, ['BRANCH_LEQ']);
        const labels = { classlabels_int64s: { ints: ids.length === 3 ? [3, 5, 8] : [0, 1] } };
        const shared = { ...attributes, ...post, ...labels, ...votes('class', leaves, ids, weight) };
        const base = ids.length === 2 || ids[0] === 1 ? [] : [{ base_values: { floats: ids.map((c) => 0.1 + c / 4) } }];
        for (const extra of [{}, ...base]) {
          const all = { ...shared, ...extra };
          await agrees({
            op: 'TreeEnsembleClassifier',
            inputs: [rowsOfTrees],
            outputs: 2,
            ml: true,
            opset: 3,
            attributes: all,
          });
        }
      }
    }
  });
  it('refuse nodes that lead back, and columns that are not there', async () => {
    const { attributes, leaves } = randomTrees(1, ['BRANCH_LEQ']);
    const shared = { n_targets: { int: 1 }, ...votes('target', leaves, [0], () => 1) };
    const loop = {
      ...attributes,
      nodes_truenodeids: { ints: (attributes['nodes_truenodeids'] as { ints: number[] }).ints.map(() => 0) },
    };
    const compile = (given: Attributes, columns: number) => {
      const inputs = [floats([2, columns])];
      const model = modelOf({
        op: 'TreeEnsembleRegressor',
        inputs,
        ml: true,
        opset: 3,
        attributes: { ...given, ...shared },
      });
      return createInterpreter(model, 'o0').run(new Map([['i0', Value.of(inputs[0])]]), 'o0');
    };
    expect(() => compile(loop, 4)).toThrow(expect.objectContaining({ code: 'ONNX_INVALID' }));
    expect(() =>
      compile(
        {
          ...attributes,
          nodes_featureids: { ints: (attributes['nodes_featureids'] as { ints: number[] }).ints.map(() => 7) },
        },
        4,
      ),
    ).toThrow(/reads 8 columns; there are 4/);
  });
});

describe('the list of operators', () => {
  it('stands in the documentation', () => {
    const document = readFileSync(new URL('../../../docs/onnx.md', import.meta.url), 'utf8');
    const list = document.slice(document.indexOf('Ours, of operator sets'), document.indexOf('`ZipMap` is'));
    expect([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(operatorNames());
  });

  it('has been tried, all but the form of trees that the fixtures hold', () => {
    expect(operatorNames().filter((name) => !tried.has(name))).toEqual(['TreeEnsemble']);
  });
});
