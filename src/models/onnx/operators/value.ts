/**
 * What flows between operators: tensors whose memory is kept from one run to the next, so that runs of the same size allocate
 * nothing.
 */
import { ShelfwiseError } from '../../../base/index.ts';
import type { ConstantTensor, ElementType, TensorData } from '../format.ts';

/** Elements of a tensor at most: half a GiB of floats. A file of a few bytes can ask for any number. */
const MOST_ELEMENTS = 2 ** 27;

export type Numbers = Float32Array | Float64Array | Uint8Array;

/** A tensor, row-major. `data` may be longer than `size`; nobody reads beyond it. */
export class Value {
  type: ElementType = 'float';
  readonly dims: number[] = [];
  size = 0;
  private memory: TensorData = new Float32Array(0);

  /** The elements of a numeric tensor. */
  get numbers(): Numbers {
    const { memory } = this;
    if (this.type === 'string')
      throw new ShelfwiseError('ONNX_OPERATOR', 'a tensor of texts stands where numbers are wanted');
    return memory as Numbers;
  }

  /** The elements of a tensor of texts. */
  get texts(): readonly string[] {
    if (this.type !== 'string')
      throw new ShelfwiseError('ONNX_OPERATOR', `a tensor of ${this.type} stands where texts are wanted`);
    return this.memory as readonly string[];
  }

  /** Takes a type and a shape, and gives memory for it: of the run before where it suffices. Its contents are any. */
  shape(type: Exclude<ElementType, 'string'>, dims: readonly number[]): Numbers {
    this.takeDims(dims);
    const wanted = arrayOf(type);
    const fits = this.memory instanceof wanted && this.memory.length >= this.size;
    this.type = type;
    if (!fits) this.memory = new wanted(this.size);
    return this.memory as Numbers;
  }

  shapeTexts(dims: readonly number[], texts: readonly string[]): void {
    this.takeDims(dims);
    this.type = 'string';
    this.memory = texts;
  }

  /** Becomes another's elements under another shape, sharing its memory: what was written there is seen here. */
  view(source: Value, dims: readonly number[]): void {
    this.takeDims(dims);
    this.type = source.type;
    this.memory = source.memory;
  }

  private takeDims(dims: readonly number[]): void {
    let size = 1;
    for (let d = 0; d < dims.length; d++) {
      size *= dims[d];
      if (!(Number.isInteger(dims[d]) && dims[d] >= 0 && size <= MOST_ELEMENTS)) {
        throw new ShelfwiseError('ONNX_INVALID', `a tensor of [${dims}]`);
      }
    }
    if (dims !== this.dims) {
      this.dims.length = dims.length;
      for (let d = 0; d < dims.length; d++) this.dims[d] = dims[d];
    }
    this.size = size;
  }

  static of(tensor: ConstantTensor): Value {
    const value = new Value();
    value.takeDims(tensor.dims);
    value.type = tensor.type;
    value.memory = tensor.data;
    return value;
  }
}

/** Whole numbers are held as doubles. */
function arrayOf(type: Exclude<ElementType, 'string'>): new (length: number) => Numbers {
  if (type === 'float') return Float32Array;
  return type === 'bool' ? Uint8Array : Float64Array;
}

/** A dimension counted from the front; negative ones count from the back. */
export function axisOf(axis: number, rank: number, where: string): number {
  const counted = axis < 0 ? axis + rank : axis;
  if (counted < 0 || counted >= Math.max(1, rank)) {
    throw new ShelfwiseError('ONNX_INVALID', `${where}: axis ${axis} of a tensor of ${rank} dimensions`);
  }
  return counted;
}
