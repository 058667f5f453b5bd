/** One node of a graph as its operator reads it: attributes by name and kind, and what is known of its inputs beforehand. */
import { ShelfwiseError } from '../../../base/index.ts';
import { ATTRIBUTE_TYPE, type ConstantTensor, exactNumber, tensorFromProto, textOf } from '../format.ts';
import type { AttributeProto, NodeProto } from '../onnx_pb.ts';
import { Value } from './value.ts';

/**
 * What a node does with its inputs, again and again. An input left out is undefined; an output that nobody wants is undefined
 * too. Shapes are checked here, since they may change from run to run.
 */
export type Step = (inputs: readonly (Value | undefined)[], outputs: readonly (Value | undefined)[]) => void;

/** Reads a node's attributes once and gives its step. Throws `ONNX_INVALID` or `ONNX_OPERATOR` for what it cannot do. */
export type Operator = (node: NodeView) => Step;

export class NodeView {
  readonly name: string;
  readonly operator: string;
  /** Version of the operator set that the node belongs to. */
  readonly version: number;
  private readonly attributes: ReadonlyMap<string, AttributeProto>;
  private readonly constants: readonly (Value | undefined)[];

  constructor(node: NodeProto, version: number, constants: readonly (Value | undefined)[]) {
    this.operator = node.opType;
    this.name = node.name === '' ? `the node ${node.opType}` : `the node "${node.name}" (${node.opType})`;
    this.version = version;
    this.attributes = new Map(node.attribute.map((attribute) => [attribute.name, attribute]));
    this.constants = constants;
  }

  /** The input of this number, where it is a constant. */
  constant(input: number): Value | undefined {
    return this.constants[input];
  }

  has(name: string): boolean {
    return this.attributes.has(name);
  }

  int(name: string, missing?: number): number {
    const attribute = this.find(name, ATTRIBUTE_TYPE.int, missing !== undefined);
    return attribute === undefined ? (missing as number) : exactNumber(attribute.i, `${name} of ${this.name}`);
  }

  float(name: string, missing?: number): number {
    const attribute = this.find(name, ATTRIBUTE_TYPE.float, missing !== undefined);
    return attribute === undefined ? (missing as number) : attribute.f;
  }

  text(name: string, missing?: string): string {
    const attribute = this.find(name, ATTRIBUTE_TYPE.string, missing !== undefined);
    return attribute === undefined ? (missing as string) : textOf(attribute.s);
  }

  /** Empty where there is none. */
  ints(name: string): readonly number[] {
    const attribute = this.find(name, ATTRIBUTE_TYPE.ints, true);
    return attribute === undefined ? [] : attribute.ints.map((int) => exactNumber(int, `${name} of ${this.name}`));
  }

  floats(name: string): readonly number[] {
    return this.find(name, ATTRIBUTE_TYPE.floats, true)?.floats ?? [];
  }

  texts(name: string): readonly string[] {
    return (this.find(name, ATTRIBUTE_TYPE.strings, true)?.strings ?? []).map(textOf);
  }

  tensor(name: string): ConstantTensor | undefined {
    const proto = this.find(name, ATTRIBUTE_TYPE.tensor, true)?.t;
    return proto === undefined ? undefined : tensorFromProto(proto);
  }

  /** Numbers that older versions keep as floats and others as a tensor. */
  numbers(floats: string, tensor: string = `${floats}_as_tensor`): ArrayLike<number> {
    const read = this.tensor(tensor);
    return read === undefined ? this.floats(floats) : Value.of(read).numbers;
  }

  private find(name: string, type: number, optional: boolean): AttributeProto | undefined {
    const attribute = this.attributes.get(name);
    if (attribute === undefined) {
      if (optional) return undefined;
      this.invalid(`has no attribute "${name}"`);
    }
    // Files of before IR 2 do not say the type.
    if (attribute.type !== type && attribute.type !== 0) {
      this.invalid(`has the attribute "${name}" with type number ${attribute.type}; ${type} is wanted`);
    }
    return attribute;
  }

  invalid(particulars: string): never {
    throw new ShelfwiseError('ONNX_INVALID', `${this.name} ${particulars}`);
  }

  unsupported(particulars: string): never {
    throw new ShelfwiseError('ONNX_OPERATOR', `${this.name} ${particulars}`);
  }

  /** An input that the operator cannot do without. */
  required(value: Value | undefined, what: string): Value {
    if (value === undefined) this.invalid(`has no ${what}`);
    return value;
  }
}
