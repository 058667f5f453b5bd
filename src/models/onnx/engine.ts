/** What computes an ONNX graph: ours (`interpreter.ts`), or ONNX Runtime in a thread of its own (`runtime.ts`). */
import { ShelfwiseError } from '../../base/index.ts';
import { DATA_TYPE, type ElementType, exactNumber } from './format.ts';
import type { GraphProto, ValueInfoProto } from './onnx_pb.ts';
import type { Value } from './operators/index.ts';

/** An input or an output of a graph. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  /** -1 where the size may be any, such as the number of rows. Undefined where the file says nothing of the shape. */
  readonly dims: readonly number[] | undefined;
}

export interface OnnxEngine {
  /**
   * Computes one output. Waits for it: scoring a page is one synchronous act. What it returns holds until the next run.
   * Throws `ONNX_INVALID` where shapes do not fit, `ONNX_RUNTIME` where a runtime did not answer.
   */
  run(feeds: ReadonlyMap<string, Value>, output: string): Value;
}

const TYPES = new Map<number, ElementType>([
  [DATA_TYPE.float, 'float'],
  [DATA_TYPE.double, 'double'],
  [DATA_TYPE.int32, 'int32'],
  [DATA_TYPE.int64, 'int64'],
  [DATA_TYPE.bool, 'bool'],
  [DATA_TYPE.string, 'string'],
]);

/** The inputs that must be fed, in their order: not those that the file itself gives a value. */
export function inputPorts(graph: GraphProto): readonly Port[] {
  const given = new Set(graph.initializer.map(({ name }) => name));
  return graph.input.filter(({ name }) => !given.has(name)).map((info) => portOf(info));
}

/** The outputs that are tensors; sequences and maps, such as ZipMap gives, are left out. */
export function outputPorts(graph: GraphProto): readonly Port[] {
  return graph.output.filter(({ type }) => type?.value.case !== undefined).map((info) => portOf(info));
}

function portOf({ name, type }: ValueInfoProto): Port {
  if (type?.value.case !== 'tensorType') throw new ShelfwiseError('ONNX_OPERATOR', `"${name}" is no tensor`);
  const { elemType, shape } = type.value.value;
  const element = TYPES.get(elemType);
  if (element === undefined) {
    throw new ShelfwiseError('ONNX_OPERATOR', `"${name}" has elements of type number ${elemType}`);
  }
  return {
    name,
    type: element,
    dims: shape?.dim.map(({ value }) =>
      value.case === 'dimValue' ? exactNumber(value.value, `a dimension of "${name}"`) : -1,
    ),
  };
}
