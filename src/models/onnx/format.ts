/**
 * ONNX files as messages: reading with limits, writing, and the tensors inside them. The messages are those of `onnx.proto`.
 * Source: the specification of ONNX (IR.md and onnx.proto of version 1.23).
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { messageOf, ShelfwiseError } from '../../base/index.ts';
import { type ModelProto, ModelProtoSchema, type TensorProto, TensorProtoSchema } from './onnx_pb.ts';

/** Numbers of `TensorProto.DataType`. */
export const DATA_TYPE = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
} as const;

/** Numbers of `AttributeProto.AttributeType`. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 } as const;

/** What the interpreter computes with. Integers are held as doubles: exact up to 2^53, and beyond that refused. */
export type ElementType = 'float' | 'double' | 'int32' | 'int64' | 'bool' | 'string';

export type TensorData = Float32Array | Float64Array | Uint8Array | readonly string[];

/** A tensor that does not change, row-major. */
export interface ConstantTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** Throws `ONNX_INVALID` for bytes that are no ONNX model, or one without a graph. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new ShelfwiseError('ONNX_INVALID', messageOf(error), { cause: error });
  }
  if (model.graph === undefined || model.graph.output.length === 0) {
    throw new ShelfwiseError('ONNX_INVALID', `${bytes.length} bytes hold no graph with an output`);
  }
  return model;
}

export function encodeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, model);
}

/** Product of the dimensions: 1 of a scalar. */
export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  for (const dim of dims) size *= dim;
  return size;
}

const TEXT = new TextDecoder();

export function textOf(bytes: Uint8Array): string {
  return TEXT.decode(bytes);
}

/** A whole number that a double holds exactly. */
export function exactNumber(value: bigint, where: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new ShelfwiseError('ONNX_INVALID', `${where} is ${value}, beyond the 2^53 that are held exactly`);
  }
  return number;
}

/** Reads a tensor out of the message, in either of the two forms of its data. */
export function tensorFromProto(proto: TensorProto): ConstantTensor {
  const name = proto.name === '' ? 'a tensor' : `the tensor "${proto.name}"`;
  if (proto.dataLocation === 1 || proto.externalData.length > 0) {
    throw new ShelfwiseError('ONNX_INVALID', `${name} stands in another file; save the model with its data inside`);
  }
  const dims = proto.dims.map((dim) => exactNumber(dim, `a dimension of ${name}`));
  const size = sizeOf(dims);
  const [type, data] = dataOf(proto, name);
  if (dims.some((dim) => dim < 0) || data.length !== size) {
    throw new ShelfwiseError('ONNX_INVALID', `${name} is [${dims}] and has ${data.length} elements`);
  }
  return { type, dims, data };
}

function dataOf(proto: TensorProto, name: string): [ElementType, TensorData] {
  const raw = proto.rawData.length > 0 ? proto.rawData : undefined;
  switch (proto.dataType) {
    case DATA_TYPE.float:
      return [
        'float',
        raw ? rawNumbers(raw, 4, Float32Array, (v, at) => v.getFloat32(at, true)) : Float32Array.from(proto.floatData),
      ];
    case DATA_TYPE.double:
      return [
        'double',
        raw ? rawNumbers(raw, 8, Float64Array, (v, at) => v.getFloat64(at, true)) : Float64Array.from(proto.doubleData),
      ];
    case DATA_TYPE.int32:
      return [
        'int32',
        raw ? rawNumbers(raw, 4, Float64Array, (v, at) => v.getInt32(at, true)) : Float64Array.from(proto.int32Data),
      ];
    case DATA_TYPE.int64:
      return [
        'int64',
        raw
          ? rawNumbers(raw, 8, Float64Array, (v, at) => exactNumber(v.getBigInt64(at, true), name))
          : Float64Array.from(proto.int64Data, (value) => exactNumber(value, name)),
      ];
    case DATA_TYPE.bool:
      return ['bool', raw ? Uint8Array.from(raw) : Uint8Array.from(proto.int32Data)];
    case DATA_TYPE.uint8:
      return ['int32', raw ? Float64Array.from(raw) : Float64Array.from(proto.int32Data)];
    case DATA_TYPE.int8:
      return [
        'int32',
        raw ? rawNumbers(raw, 1, Float64Array, (v, at) => v.getInt8(at)) : Float64Array.from(proto.int32Data),
      ];
    case DATA_TYPE.string:
      return ['string', proto.stringData.map(textOf)];
    default:
      throw new ShelfwiseError('ONNX_OPERATOR', `${name} has elements of type number ${proto.dataType}`);
  }
}

function rawNumbers<A extends Float32Array | Float64Array>(
  raw: Uint8Array,
  bytesEach: number,
  kind: new (length: number) => A,
  read: (view: DataView, at: number) => number,
): A {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const out = new kind(Math.floor(raw.byteLength / bytesEach));
  for (let i = 0; i < out.length; i++) out[i] = read(view, i * bytesEach);
  return out;
}

/** A named constant for a graph: floats of 32 or 64 bits, or whole numbers as 64-bit integers, in the raw form. */
export function tensorToProto(
  name: string,
  dims: readonly number[],
  data: Float32Array | Float64Array | BigInt64Array,
): TensorProto {
  if (data.length !== sizeOf(dims)) {
    throw new ShelfwiseError('BUG', `the constant "${name}" is [${dims}] and has ${data.length} elements`);
  }
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType:
      data instanceof Float32Array
        ? DATA_TYPE.float
        : data instanceof Float64Array
          ? DATA_TYPE.double
          : DATA_TYPE.int64,
    rawData: Uint8Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  });
}
