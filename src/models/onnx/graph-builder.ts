/**
 * Writes an ONNX graph node by node. Equal calls give equal bytes.
 *
 * Versions: IR 8, operator sets 17 (`ai.onnx`) and 3 (`ai.onnx.ml`), which every runtime from ONNX Runtime 1.12 on loads; set 18
 * (1.14) where a graph needs it. Only operators are written that mean the same in both.
 */
import { create } from '@bufbuild/protobuf';
import { ShelfwiseError } from '../../base/index.ts';
import { ATTRIBUTE_TYPE, DATA_TYPE, decodeModel, encodeModel, tensorToProto } from './format.ts';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TypeProto,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from './onnx_pb.ts';

const IR_VERSION = 8n;
const OPSET = 17;
/** Of a graph with operators that set 17 does not have, which then wants ONNX Runtime 1.14. */
const LATER_OPSET = 18;
const LATER_OPERATORS: readonly string[] = ['BitwiseXor'];
const ML_OPSET = 3n;
export const ML_DOMAIN = 'ai.onnx.ml';

/** Its kind is said by whoever gives it: a number alone does not tell whether it is a float or an integer. */
export type Attribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly text: string }
  | { readonly floats: ArrayLike<number> }
  | { readonly ints: ArrayLike<number> }
  | { readonly texts: readonly string[] };

/** How many bits a float has: 32 or 64. */
export type Precision = 'float' | 'double';

/** The name of a value in the graph: an input, a constant, or what a node gives. */
export type ValueName = string & { readonly graphValue: unique symbol };

export class GraphBuilder {
  private readonly graph: GraphProto;
  private usesMl = false;
  private opset = OPSET;

  private readonly prefix: string;

  /** What it names by itself begins with `prefix`. */
  constructor(name: string, prefix = '') {
    this.graph = create(GraphProtoSchema, { name });
    this.prefix = prefix;
  }

  /** N rows of `width` elements. */
  input(name: string, type: 'float' | 'int64', width: number): ValueName {
    this.graph.input.push(create(ValueInfoProtoSchema, { name, type: rowsOf(type, width) }));
    return name as ValueName;
  }

  output(value: ValueName, width: number): void {
    this.graph.output.push(create(ValueInfoProtoSchema, { name: value, type: rowsOf('float', width) }));
  }

  /** Floats, rounded to 32 bits unless they are asked for in 64. */
  floats(dims: readonly number[], values: ArrayLike<number>, precision: Precision = 'float'): ValueName {
    const kind = precision === 'float' ? Float32Array : Float64Array;
    return this.constant(dims, values instanceof kind ? values : kind.from(values));
  }

  ints(dims: readonly number[], values: ArrayLike<number>): ValueName {
    return this.constant(dims, BigInt64Array.from(Array.from(values, (value) => BigInt(value))));
  }

  scalar(value: number, precision: Precision = 'float'): ValueName {
    return this.floats([1], [value], precision);
  }

  private constant(dims: readonly number[], data: Float32Array | Float64Array | BigInt64Array): ValueName {
    const name = `${this.prefix}c${this.graph.initializer.length}`;
    this.graph.initializer.push(tensorToProto(name, dims, data));
    return name as ValueName;
  }

  /** A node with one output. `as` names that output. */
  node(
    operator: string,
    inputs: readonly ValueName[],
    attributes: Readonly<Record<string, Attribute>> = {},
    as: string = this.nextName(),
  ): ValueName {
    this.append(operator, '', inputs, attributes, as);
    return as as ValueName;
  }

  /** The same, of the machine-learning domain. */
  mlNode(
    operator: string,
    inputs: readonly ValueName[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): ValueName {
    this.usesMl = true;
    const as = this.nextName();
    this.append(operator, ML_DOMAIN, inputs, attributes, as);
    return as as ValueName;
  }

  private nextName(): string {
    return `${this.prefix}n${this.graph.node.length}`;
  }

  cast(value: ValueName, to: Precision): ValueName {
    return this.node('Cast', [value], { to: { int: DATA_TYPE[to] } });
  }

  /** Side by side: [N, a] and [N, b] become [N, a + b]. */
  concat(parts: readonly ValueName[]): ValueName {
    return parts.length === 1 ? parts[0] : this.node('Concat', parts, { axis: { int: 1 } });
  }

  /** int64 of the shape of `keys`: the value that stands for a key, 0 for a key that is not known. */
  lookUp(keys: ValueName, known: ArrayLike<number>, values: ArrayLike<number>): ValueName {
    // An encoder without any key is refused by runtimes; negative keys are never asked for.
    const none = known.length === 0;
    return this.mlNode('LabelEncoder', [keys], {
      keys_int64s: { ints: none ? [-1] : known },
      values_int64s: { ints: none ? [0] : values },
      default_int64: { int: 0 },
    });
  }

  /** The same where the values are places in the list, counted from 1. */
  positionsOf(keys: ValueName, known: ArrayLike<number>): ValueName {
    return this.lookUp(
      keys,
      known,
      Array.from(known, (_, i) => i + 1),
    );
  }

  private append(
    opType: string,
    domain: string,
    inputs: readonly ValueName[],
    attributes: Readonly<Record<string, Attribute>>,
    as: string,
  ): void {
    if (LATER_OPERATORS.includes(opType)) this.opset = LATER_OPSET;
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    this.graph.node.push(create(NodeProtoSchema, { opType, domain, input: [...inputs], output: [as], attribute }));
  }

  /**
   * Copies the nodes and constants of another graph that Shelfwise wrote, its inputs bound to values here by their names;
   * returns its one output. What it calls its own values is renamed.
   */
  inline(bytes: Uint8Array, inputs: Readonly<Record<string, ValueName>>): ValueName {
    const { graph, opsetImport } = decodeModel(bytes);
    if (graph === undefined) throw new ShelfwiseError('BUG', 'a decoded model has a graph');
    for (const { domain, version } of opsetImport) {
      const known: readonly number[] = domain === '' ? [OPSET, LATER_OPSET] : domain === ML_DOMAIN ? [3] : [];
      if (!known.includes(Number(version))) {
        throw new ShelfwiseError(
          'MODEL_NOT_EXPORTABLE',
          `a model within it is of operator set ${version} of ${domain || 'ai.onnx'}`,
        );
      }
      if (domain === '') this.opset = Math.max(this.opset, Number(version));
    }
    const prefix = `m${this.graph.node.length}.`;
    const renamed = (name: string): string => inputs[name] ?? (name === '' ? '' : prefix + name);
    for (const input of graph.input) {
      if (inputs[input.name] === undefined) {
        throw new ShelfwiseError('MODEL_NOT_EXPORTABLE', `a model within it has an input "${input.name}" of its own`);
      }
    }
    for (const tensor of graph.initializer) {
      this.graph.initializer.push({ ...tensor, name: renamed(tensor.name) });
    }
    for (const node of graph.node) {
      this.usesMl ||= node.domain === ML_DOMAIN;
      this.graph.node.push({ ...node, input: node.input.map(renamed), output: node.output.map(renamed) });
    }
    return renamed(graph.output[0].name) as ValueName;
  }

  /** The graph so far, for who puts it beside another. */
  finished(): GraphProto {
    return this.graph;
  }

  /** The model's file. Metadata are written in the order of their keys. */
  toBytes(metadata: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
    const opsets = [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(this.opset) })];
    if (this.usesMl) opsets.push(create(OperatorSetIdProtoSchema, { domain: ML_DOMAIN, version: ML_OPSET }));
    return encodeModel(
      create(ModelProtoSchema, {
        irVersion: IR_VERSION,
        producerName: 'shelfwise',
        opsetImport: opsets,
        graph: this.graph,
        metadataProps: metadataProps(metadata),
      }),
    );
  }
}

/** Metadata that a file carries, by key. */
export function metadataOf(bytes: Uint8Array): Readonly<Record<string, string>> {
  return Object.fromEntries(decodeModel(bytes).metadataProps.map(({ key, value }) => [key, value]));
}

/** The same file with more metadata; what it has under the same key is replaced. */
export function withMetadata(bytes: Uint8Array, more: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const model = decodeModel(bytes);
  return encodeModel({ ...model, metadataProps: metadataProps({ ...metadataOf(bytes), ...more }) });
}

export function metadataProps(metadata: Readonly<Record<string, string>>) {
  return Object.entries(metadata)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
}

function rowsOf(type: 'float' | 'int64', width: number): TypeProto {
  return create(TypeProtoSchema, {
    value: {
      case: 'tensorType',
      value: {
        $typeName: 'onnx.TypeProto.Tensor',
        elemType: DATA_TYPE[type],
        shape: {
          $typeName: 'onnx.TensorShapeProto',
          dim: [
            {
              $typeName: 'onnx.TensorShapeProto.Dimension',
              denotation: '',
              value: { case: 'dimParam', value: 'N' },
            },
            {
              $typeName: 'onnx.TensorShapeProto.Dimension',
              denotation: '',
              value: { case: 'dimValue', value: BigInt(width) },
            },
          ],
        },
      },
    },
  });
}

const UTF8 = new TextEncoder();

/** As a node carries it. */
export function attributeProto(name: string, value: Attribute): AttributeProto {
  if ('float' in value) return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPE.float, f: value.float });
  if ('int' in value) return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPE.int, i: BigInt(value.int) });
  if ('text' in value) {
    return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPE.string, s: UTF8.encode(value.text) });
  }
  if ('floats' in value) {
    return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPE.floats, floats: Array.from(value.floats) });
  }
  if ('ints' in value) {
    return create(AttributeProtoSchema, {
      name,
      type: ATTRIBUTE_TYPE.ints,
      ints: Array.from(value.ints, (int) => BigInt(int)),
    });
  }
  return create(AttributeProtoSchema, {
    name,
    type: ATTRIBUTE_TYPE.strings,
    strings: value.texts.map((text) => UTF8.encode(text)),
  });
}
