/** Operators that move elements without computing: shapes, slices, look-ups. */
import { type ElementType, sizeOf } from '../format.ts';
import type { NodeView, Operator } from './node-view.ts';
import { axisOf, Value } from './value.ts';

type Numeric = Exclude<ElementType, 'string'>;

/** Rows of a table by their numbers: out[.., i.., ..] = data[.., index[i..], ..] along an axis. Negative numbers count from the end. */
const gather: Operator = (node: NodeView) => {
  const axis = node.int('axis', 0);
  const dims: number[] = [];
  return (inputs, outputs) => {
    const data = node.required(inputs[0], 'data');
    const indices = node.required(inputs[1], 'indices');
    const out = outputs[0];
    if (out === undefined) return;
    const at = axisOf(axis, data.dims.length, node.name);
    const rows = data.dims[at];
    let outer = 1;
    for (let d = 0; d < at; d++) outer *= data.dims[d];
    let inner = 1;
    for (let d = at + 1; d < data.dims.length; d++) inner *= data.dims[d];
    dims.length = 0;
    for (let d = 0; d < at; d++) dims.push(data.dims[d]);
    for (const dim of indices.dims) dims.push(dim);
    for (let d = at + 1; d < data.dims.length; d++) dims.push(data.dims[d]);
    const chosen = indices.numbers;
    if (data.type === 'string') {
      if (outer !== 1 || inner !== 1) node.unsupported('gathers texts along an inner axis');
      out.shapeTexts(
        dims,
        Array.from({ length: indices.size }, (_, i) => data.texts[place(node, chosen[i], rows)]),
      );
      return;
    }
    const x = data.numbers;
    const z = out.shape(data.type, dims);
    let to = 0;
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < indices.size; i++) {
        const from = (o * rows + place(node, chosen[i], rows)) * inner;
        for (let k = 0; k < inner; k++) z[to++] = x[from + k];
      }
    }
  };
};

function place(node: NodeView, index: number, rows: number): number {
  const counted = index < 0 ? index + rows : index;
  if (!(counted >= 0 && counted < rows)) node.invalid(`looks up row ${index} of ${rows}`);
  return counted;
}

const concat: Operator = (node: NodeView) => {
  const axis = node.int('axis');
  const dims: number[] = [];
  return (inputs, outputs) => {
    const out = outputs[0];
    if (out === undefined) return;
    const first = node.required(inputs[0], 'operand 0');
    const at = axisOf(axis, first.dims.length, node.name);
    dims.length = 0;
    for (const dim of first.dims) dims.push(dim);
    dims[at] = 0;
    for (let i = 0; i < inputs.length; i++) {
      const operand = node.required(inputs[i], `operand ${i}`);
      if (operand.type !== first.type || operand.dims.length !== first.dims.length) {
        node.invalid(`joins ${first.type} [${first.dims}] and ${operand.type} [${operand.dims}]`);
      }
      for (let d = 0; d < dims.length; d++) {
        if (d !== at && operand.dims[d] !== dims[d]) node.invalid(`joins [${first.dims}] and [${operand.dims}]`);
      }
      dims[at] += operand.dims[at];
    }
    if (first.type === 'string') node.unsupported('joins texts');
    const z = out.shape(first.type, dims);
    let inner = 1;
    for (let d = at + 1; d < dims.length; d++) inner *= dims[d];
    let outer = 1;
    for (let d = 0; d < at; d++) outer *= dims[d];
    const width = dims[at] * inner;
    let column = 0;
    for (let i = 0; i < inputs.length; i++) {
      const operand = inputs[i] as Value;
      const own = operand.dims[at] * inner;
      const x = operand.numbers;
      for (let o = 0; o < outer; o++) {
        for (let k = 0; k < own; k++) z[o * width + column + k] = x[o * own + k];
      }
      column += own;
    }
  };
};

/** 0 keeps a dimension, -1 is what remains. */
const reshape: Operator = (node: NodeView) => {
  const allowZero = node.int('allowzero', 0) !== 0;
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const wanted = node.required(inputs[1], 'shape');
    const dims: number[] = [];
    let open = -1;
    for (let d = 0; d < wanted.size; d++) {
      const dim = wanted.numbers[d];
      dims.push(dim === 0 && !allowZero ? a.dims[d] : dim);
      if (dim === -1) open = d;
    }
    if (open >= 0) {
      dims[open] = 1;
      dims[open] = a.size / sizeOf(dims);
    }
    if (sizeOf(dims) !== a.size) node.invalid(`gives [${a.dims}] the shape [${dims}]`);
    outputs[0]?.view(a, dims);
  };
};

const flatten: Operator = (node: NodeView) => {
  const axis = node.int('axis', 1);
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const at = axis < 0 ? axis + a.dims.length : axis;
    const outer = sizeOf(a.dims.slice(0, at));
    outputs[0]?.view(a, [outer, a.size / Math.max(1, outer)]);
  };
};

/** Axes are an input from operator set 13 on, and an attribute before. */
function axesOf(node: NodeView, given: Value | undefined): readonly number[] {
  return given === undefined ? node.ints('axes') : Array.from(given.numbers.subarray(0, given.size));
}

const squeeze: Operator = (node: NodeView) => (inputs, outputs) => {
  const a = node.required(inputs[0], 'operand');
  const axes = axesOf(node, inputs[1]).map((axis) => axisOf(axis, a.dims.length, node.name));
  const dims = a.dims.filter((dim, d) => (axes.length === 0 ? dim !== 1 : !axes.includes(d)));
  if (sizeOf(dims) !== a.size) node.invalid(`takes the dimensions ${axes} out of [${a.dims}]`);
  outputs[0]?.view(a, dims);
};

const unsqueeze: Operator = (node: NodeView) => (inputs, outputs) => {
  const a = node.required(inputs[0], 'operand');
  const given = axesOf(node, inputs[1]);
  const rank = a.dims.length + given.length;
  const axes = new Set(given.map((axis) => axisOf(axis, rank, node.name)));
  const rest = [...a.dims];
  outputs[0]?.view(
    a,
    Array.from({ length: rank }, (_, d) => (axes.has(d) ? 1 : (rest.shift() as number))),
  );
};

const transpose: Operator = (node: NodeView) => {
  const given = node.ints('perm');
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const out = outputs[0];
    if (out === undefined) return;
    if (a.type === 'string') node.unsupported('transposes texts');
    const rank = a.dims.length;
    const order = given.length > 0 ? given : a.dims.map((_, d) => rank - 1 - d);
    const steps = a.dims.map((_, d) => sizeOf(a.dims.slice(d + 1)));
    const dims = order.map((d) => a.dims[d]);
    const x = a.numbers;
    const z = out.shape(a.type, dims);
    for (let i = 0; i < a.size; i++) {
      let rest = i;
      let from = 0;
      for (let d = rank - 1; d >= 0; d--) {
        const index = rest % dims[d];
        rest = (rest - index) / dims[d];
        from += index * steps[order[d]];
      }
      z[i] = x[from];
    }
  };
};

/** Bounds are inputs from operator set 10 on, and attributes before. */
const slice: Operator = (node: NodeView) => (inputs, outputs) => {
  const a = node.required(inputs[0], 'operand');
  const out = outputs[0];
  if (out === undefined) return;
  if (a.type === 'string') node.unsupported('slices texts');
  const list = (input: number, name: string): readonly number[] => {
    const given = inputs[input];
    return given === undefined ? node.ints(name) : Array.from(given.numbers.subarray(0, given.size));
  };
  const starts = list(1, 'starts');
  const ends = list(2, 'ends');
  const axes = list(3, 'axes');
  const steps = list(4, 'steps');
  const from = a.dims.map(() => 0);
  const step = a.dims.map(() => 1);
  const dims = [...a.dims];
  starts.forEach((start, i) => {
    const d = axisOf(axes[i] ?? i, a.dims.length, node.name);
    const size = a.dims[d];
    const by = steps[i] ?? 1;
    const counted = (x: number): number => (x < 0 ? x + size : x);
    const low = Math.min(Math.max(counted(start), 0), by > 0 ? size : size - 1);
    const high = Math.min(Math.max(counted(ends[i]), by > 0 ? 0 : -1), size);
    from[d] = low;
    step[d] = by;
    dims[d] = Math.max(0, Math.ceil((high - low) / by));
  });
  const inner = a.dims.map((_, d) => sizeOf(a.dims.slice(d + 1)));
  const x = a.numbers;
  const z = out.shape(a.type, dims);
  for (let i = 0; i < out.size; i++) {
    let rest = i;
    let at = 0;
    for (let d = dims.length - 1; d >= 0; d--) {
      const index = rest % dims[d];
      rest = (rest - index) / dims[d];
      at += (from[d] + index * step[d]) * inner[d];
    }
    z[i] = x[at];
  }
};

/** Sizes are an input from operator set 13 on, an attribute before; without them all parts are equal. */
const split: Operator = (node: NodeView) => {
  const axis = node.int('axis', 0);
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    if (a.type === 'string') node.unsupported('splits texts');
    const at = axisOf(axis, a.dims.length, node.name);
    const given = inputs[1];
    const declared = given === undefined ? node.ints('split') : Array.from(given.numbers.subarray(0, given.size));
    const even = Math.ceil(a.dims[at] / outputs.length);
    const inner = sizeOf(a.dims.slice(at + 1));
    const outer = sizeOf(a.dims.slice(0, at));
    const x = a.numbers;
    let start = 0;
    outputs.forEach((out, p) => {
      const count = declared[p] ?? Math.min(even, a.dims[at] - start);
      if (out !== undefined) {
        const z = out.shape(
          a.type as Numeric,
          a.dims.map((dim, d) => (d === at ? count : dim)),
        );
        for (let o = 0; o < outer; o++) {
          for (let k = 0; k < count * inner; k++) {
            z[o * count * inner + k] = x[(o * a.dims[at] + start) * inner + k];
          }
        }
      }
      start += count;
    });
  };
};

const shapeOf: Operator = (node: NodeView) => (inputs, outputs) => {
  const a = node.required(inputs[0], 'operand');
  const dims = a.dims.slice(node.int('start', 0), node.has('end') ? node.int('end') : undefined);
  outputs[0]?.shape('int64', [dims.length]).set(dims);
};

/** To a shape; a dimension of 1 there keeps the operand's. */
const expand: Operator = (node: NodeView) => (inputs, outputs) => {
  const a = node.required(inputs[0], 'operand');
  const wanted = node.required(inputs[1], 'shape');
  const out = outputs[0];
  if (out === undefined) return;
  if (a.type === 'string') node.unsupported('expands texts');
  const rank = Math.max(a.dims.length, wanted.size);
  const own = (d: number): number => a.dims[d - (rank - a.dims.length)] ?? 1;
  const dims = Array.from({ length: rank }, (_, d) => {
    const asked = wanted.numbers[d - (rank - wanted.size)] ?? 1;
    if (own(d) !== 1 && asked !== 1 && own(d) !== asked) node.invalid(`expands [${a.dims}] to [${wanted.numbers}]`);
    return Math.max(own(d), asked);
  });
  const x = a.numbers;
  const z = out.shape(a.type, dims);
  for (let i = 0; i < out.size; i++) {
    let rest = i;
    let from = 0;
    let step = 1;
    for (let d = rank - 1; d >= 0; d--) {
      const index = rest % dims[d];
      rest = (rest - index) / dims[d];
      if (own(d) !== 1) from += index * step;
      step *= own(d);
    }
    z[i] = x[from];
  }
};

const constant: Operator = (node: NodeView) => {
  const tensor = node.tensor('value');
  let value: Value;
  if (tensor !== undefined) value = Value.of(tensor);
  else if (node.has('value_float'))
    value = Value.of({ type: 'float', dims: [], data: Float32Array.of(node.float('value_float')) });
  else if (node.has('value_int'))
    value = Value.of({ type: 'int64', dims: [], data: Float64Array.of(node.int('value_int')) });
  else if (node.has('value_floats')) {
    const floats = node.floats('value_floats');
    value = Value.of({ type: 'float', dims: [floats.length], data: Float32Array.from(floats) });
  } else if (node.has('value_ints')) {
    const ints = node.ints('value_ints');
    value = Value.of({ type: 'int64', dims: [ints.length], data: Float64Array.from(ints) });
  } else node.unsupported('holds neither a tensor nor numbers');
  return (_inputs, outputs) => outputs[0]?.view(value, value.dims);
};

const constantOfShape: Operator = (node: NodeView) => {
  const filled = Value.of(node.tensor('value') ?? { type: 'float', dims: [1], data: new Float32Array(1) });
  return (inputs, outputs) => {
    const wanted = node.required(inputs[0], 'shape');
    const out = outputs[0];
    if (out === undefined) return;
    const z = out.shape(filled.type as Numeric, Array.from(wanted.numbers.subarray(0, wanted.size)));
    z.fill(filled.numbers[0], 0, out.size);
  };
};

export const LAYOUT: Readonly<Record<string, Operator>> = {
  Gather: gather,
  Concat: concat,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Slice: slice,
  Split: split,
  Shape: shapeOf,
  Expand: expand,
  Constant: constant,
  ConstantOfShape: constantOfShape,
};
