/** Operators that work element by element, with the broadcasting of NumPy. Operator sets 7 to 23. */

import { sigmoids } from '../../sigmoid.ts';
import type { ElementType } from '../format.ts';
import type { NodeView, Operator, Step } from './node-view.ts';
import type { Numbers, Value } from './value.ts';

type Numeric = Exclude<ElementType, 'string'>;

/** The type of two operands that must have the same. */
function commonType(node: NodeView, a: Value, b: Value): Numeric {
  if (a.type !== b.type || a.type === 'string') node.unsupported(`works on ${a.type} and ${b.type}`);
  return a.type;
}

/** The shape that shapes broadcast to; NumPy's rule. Written to `out`. */
function broadcastDims(node: NodeView, shapes: readonly (readonly number[])[], out: number[]): void {
  let rank = 0;
  for (const dims of shapes) rank = Math.max(rank, dims.length);
  out.length = rank;
  out.fill(1);
  for (const dims of shapes) {
    for (let d = 0; d < dims.length; d++) {
      const at = rank - dims.length + d;
      if (dims[d] === out[at] || dims[d] === 1) continue;
      if (out[at] !== 1) node.invalid(`cannot broadcast [${dims}] to [${out}]`);
      out[at] = dims[d];
    }
  }
}

/** Walks the elements of a broadcast operand in the order of the result. */
class Walker {
  private readonly steps: number[] = [];
  private readonly counts: number[] = [];
  /** Place of the operand's present element. */
  at = 0;
  private dims: readonly number[] = [];

  start(dims: readonly number[], operand: readonly number[]): void {
    const rank = dims.length;
    this.dims = dims;
    this.at = 0;
    this.steps.length = rank;
    this.counts.length = rank;
    this.counts.fill(0);
    let step = 1;
    for (let d = rank - 1; d >= 0; d--) {
      const own = d - (rank - operand.length);
      const size = own >= 0 ? operand[own] : 1;
      this.steps[d] = size === 1 ? 0 : step;
      step *= size;
    }
  }

  next(): void {
    const { dims, steps, counts } = this;
    for (let d = dims.length - 1; d >= 0; d--) {
      this.at += steps[d];
      if (++counts[d] < dims[d]) return;
      this.at -= counts[d] * steps[d];
      counts[d] = 0;
    }
  }
}

/** How an operand is read along a result of rows of `width`: at row · rowStep + column · columnStep. */
class Steps {
  row = 0;
  column = 0;

  /** False where the operand is broadcast in another way than by rows or columns. */
  set(dims: readonly number[], size: number, operand: Value): boolean {
    const width = dims.length === 0 ? 1 : dims[dims.length - 1];
    const last = operand.dims.length === 0 ? 1 : operand.dims[operand.dims.length - 1];
    if (operand.size === 1) return this.take(0, 0);
    if (operand.size === size) return this.take(width, 1);
    if (operand.size === width && last === width) return this.take(0, 1);
    return operand.size * width === size && last === 1 && operand.dims.length === dims.length && this.take(1, 0);
  }

  private take(row: number, column: number): true {
    this.row = row;
    this.column = column;
    return true;
  }
}

type Binary = (a: number, b: number) => number;

/** The four that are everywhere have loops of their own: a call for each element would cost more than they do. */
type Plain = 'add' | 'sub' | 'mul' | 'div';

function plainLoop(
  plain: Plain,
  z: Numbers,
  size: number,
  width: number,
  x: Numbers,
  left: Steps,
  y: Numbers,
  right: Steps,
): void {
  for (let at = 0, r = 0; at < size; at += width, r++) {
    let a = r * left.row;
    let b = r * right.row;
    const stepA = left.column;
    const stepB = right.column;
    const end = at + width;
    switch (plain) {
      case 'add':
        for (let i = at; i < end; i++, a += stepA, b += stepB) z[i] = x[a] + y[b];
        break;
      case 'sub':
        for (let i = at; i < end; i++, a += stepA, b += stepB) z[i] = x[a] - y[b];
        break;
      case 'mul':
        for (let i = at; i < end; i++, a += stepA, b += stepB) z[i] = x[a] * y[b];
        break;
      case 'div':
        for (let i = at; i < end; i++, a += stepA, b += stepB) z[i] = x[a] / y[b];
        break;
    }
  }
}

function binary(compute: Binary, result: 'same' | 'bool', plain?: Plain): Operator {
  return (node: NodeView) => {
    const dims: number[] = [];
    const left = new Steps();
    const right = new Steps();
    const walkers = [new Walker(), new Walker()];
    return (inputs, outputs) => {
      const a = node.required(inputs[0], 'first operand');
      const b = node.required(inputs[1], 'second operand');
      const out = outputs[0];
      if (out === undefined) return;
      const type = commonType(node, a, b);
      broadcastDims(node, [a.dims, b.dims], dims);
      const x = a.numbers;
      const y = b.numbers;
      const z = out.shape(result === 'bool' ? 'bool' : type, dims);
      const { size } = out;
      if (size > 0 && left.set(dims, size, a) && right.set(dims, size, b)) {
        const width = dims.length === 0 ? 1 : dims[dims.length - 1];
        if (plain !== undefined) {
          plainLoop(plain, z, size, width, x, left, y, right);
          return;
        }
        for (let i = 0, r = 0; i < size; r++) {
          for (let j = 0; j < width; j++, i++) {
            z[i] = compute(x[r * left.row + j * left.column], y[r * right.row + j * right.column]);
          }
        }
        return;
      }
      const [first, second] = walkers;
      first.start(dims, a.dims);
      second.start(dims, b.dims);
      for (let i = 0; i < size; i++) {
        z[i] = compute(x[first.at], y[second.at]);
        first.next();
        second.next();
      }
    };
  };
}

/** The same with any number of operands. */
function variadic(compute: Binary, finish: (x: number, operands: number) => number = (x) => x): Operator {
  return (node: NodeView) => {
    const dims: number[] = [];
    const walker = new Walker();
    return (inputs, outputs) => {
      const out = outputs[0];
      if (out === undefined) return;
      const operands = inputs.map((input, i) => node.required(input, `operand ${i}`));
      const type = commonType(node, operands[0], operands[operands.length - 1]);
      broadcastDims(
        node,
        operands.map((operand) => operand.dims),
        dims,
      );
      const z = out.shape(type, dims);
      operands.forEach((operand, k) => {
        const x = operand.numbers;
        walker.start(dims, operand.dims);
        for (let i = 0; i < out.size; i++) {
          z[i] = k === 0 ? x[walker.at] : compute(z[i], x[walker.at]);
          walker.next();
        }
      });
      for (let i = 0; i < out.size; i++) z[i] = finish(z[i], operands.length);
    };
  };
}

/** `make` reads the attributes. */
function unary(make: (node: NodeView) => (x: number) => number, result: 'same' | 'bool' = 'same'): Operator {
  return (node: NodeView) => {
    const compute = make(node);
    return (inputs, outputs) => {
      const a = node.required(inputs[0], 'operand');
      const out = outputs[0];
      if (out === undefined) return;
      if (a.type === 'string') node.unsupported('works on texts');
      const x = a.numbers;
      const z = out.shape(result === 'bool' ? 'bool' : a.type, a.dims);
      for (let i = 0; i < out.size; i++) z[i] = compute(x[i]);
    };
  };
}

const same: Operator = (node: NodeView) => (inputs, outputs) => {
  const a = node.required(inputs[0], 'operand');
  outputs[0]?.view(a, a.dims);
};

const sigmoid: Operator = (node: NodeView) => {
  let scratch = new Float64Array(0);
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const out = outputs[0];
    if (out === undefined) return;
    const x = a.numbers;
    if (scratch.length < a.size) scratch = new Float64Array(2 * a.size);
    for (let i = 0; i < a.size; i++) scratch[i] = x[i];
    sigmoids(scratch, a.size);
    const z = out.shape(a.type as Numeric, a.dims);
    for (let i = 0; i < a.size; i++) z[i] = scratch[i];
  };
};

/** Loops of their own, as for the plain ones above: they stand in every network. */
const relu: Operator = (node: NodeView) => (inputs, outputs) => {
  const a = node.required(inputs[0], 'operand');
  const x = a.numbers;
  const z = outputs[0]?.shape(a.type as Numeric, a.dims);
  if (z === undefined) return;
  for (let i = 0; i < a.size; i++) z[i] = Math.max(0, x[i]);
};

const isNaNs: Operator = (node: NodeView) => (inputs, outputs) => {
  const a = node.required(inputs[0], 'operand');
  const x = a.numbers;
  const z = outputs[0]?.shape('bool', a.dims);
  if (z === undefined) return;
  for (let i = 0; i < a.size; i++) z[i] = Number.isNaN(x[i]) ? 1 : 0;
};

/** Bounds are inputs from operator set 11 on, and attributes before. */
const clip: Operator = (node: NodeView) => (inputs, outputs) => {
  const a = node.required(inputs[0], 'operand');
  const out = outputs[0];
  if (out === undefined) return;
  const low = inputs[1]?.numbers[0] ?? node.float('min', Number.NEGATIVE_INFINITY);
  const high = inputs[2]?.numbers[0] ?? node.float('max', Number.POSITIVE_INFINITY);
  const x = a.numbers;
  const z = out.shape(a.type as Numeric, a.dims);
  for (let i = 0; i < out.size; i++) z[i] = Number.isNaN(x[i]) ? x[i] : Math.min(high, Math.max(low, x[i]));
};

const where: Operator = (node: NodeView) => {
  const dims: number[] = [];
  const steps = [new Steps(), new Steps(), new Steps()];
  const walkers = [new Walker(), new Walker(), new Walker()];
  return (inputs, outputs) => {
    const [condition, a, b] = [0, 1, 2].map((i) => node.required(inputs[i], `input ${i}`));
    const out = outputs[0];
    if (out === undefined) return;
    const type = commonType(node, a, b);
    broadcastDims(node, [condition.dims, a.dims, b.dims], dims);
    const chosen = condition.numbers;
    const x = a.numbers;
    const y = b.numbers;
    const z = out.shape(type, dims);
    const { size } = out;
    const [ofC, ofX, ofY] = steps;
    if (size > 0 && ofC.set(dims, size, condition) && ofX.set(dims, size, a) && ofY.set(dims, size, b)) {
      const width = dims.length === 0 ? 1 : dims[dims.length - 1];
      for (let i = 0, row = 0; i < size; row++) {
        for (let j = 0; j < width; j++, i++) {
          const takes = chosen[row * ofC.row + j * ofC.column] !== 0;
          z[i] = takes ? x[row * ofX.row + j * ofX.column] : y[row * ofY.row + j * ofY.column];
        }
      }
      return;
    }
    const [c, l, r] = walkers;
    c.start(dims, condition.dims);
    l.start(dims, a.dims);
    r.start(dims, b.dims);
    for (let i = 0; i < out.size; i++) {
      z[i] = chosen[c.at] !== 0 ? x[l.at] : y[r.at];
      c.next();
      l.next();
      r.next();
    }
  };
};

const CAST_TYPES = new Map<number, Numeric>([
  [1, 'float'],
  [6, 'int32'],
  [7, 'int64'],
  [9, 'bool'],
  [11, 'double'],
]);

/** Fractions are cut off, as in C. */
const cast: Operator = (node: NodeView) => {
  const to = CAST_TYPES.get(node.int('to'));
  if (to === undefined) node.unsupported(`casts to type number ${node.int('to')}`);
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const out = outputs[0];
    if (out === undefined) return;
    const whole = to === 'int32' || to === 'int64';
    if (a.type === 'string') {
      const { texts } = a;
      const z = out.shape(to, a.dims);
      for (let i = 0; i < out.size; i++) z[i] = whole ? Math.trunc(Number(texts[i])) : Number(texts[i]);
      return;
    }
    const x = a.numbers;
    const z = out.shape(to, a.dims);
    if (to === 'bool') for (let i = 0; i < out.size; i++) z[i] = x[i] !== 0 ? 1 : 0;
    else if (whole) for (let i = 0; i < out.size; i++) z[i] = Math.trunc(x[i]);
    else for (let i = 0; i < out.size; i++) z[i] = x[i];
  };
};

/** Abramowitz and Stegun 7.1.26 would be off by 1e-7; this series and continued fraction are exact to 1e-15. */
export function erf(x: number): number {
  const t = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (t > 6) return Math.sign(x);
  if (t < 2.5) {
    let term = t;
    let sum = t;
    for (let n = 1; n < 60; n++) {
      term *= (-t * t) / n;
      sum += term / (2 * n + 1);
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (t + fraction);
  return Math.sign(x) * (1 - Math.exp(-t * t) / Math.sqrt(Math.PI) / (t + fraction));
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/** Of whole numbers the quotient is cut to a whole one. */
const divide: Operator = (node: NodeView) => {
  const real = binary((a, b) => a / b, 'same', 'div')(node);
  const whole = binary((a, b) => Math.trunc(a / b), 'same')(node);
  const step: Step = (inputs, outputs) => {
    const type = inputs[0]?.type;
    (type === 'int32' || type === 'int64' ? whole : real)(inputs, outputs);
  };
  return step;
};

/** With the divisor's sign, or the dividend's where `fmod` says so. */
const mod: Operator = (node: NodeView) =>
  node.int('fmod', 0) !== 0
    ? binary((a, b) => a % b, 'same')(node)
    : binary((a, b) => a - b * Math.floor(a / b), 'same')(node);

/** Of whole numbers within ±2^53, in two's complement, by halves of 32 bits. */
function bitwise(compute: Binary): Binary {
  return (a, b) => {
    const high = compute(Math.floor(a / 2 ** 32), Math.floor(b / 2 ** 32));
    return high * 2 ** 32 + (compute(a % 2 ** 32, b % 2 ** 32) >>> 0);
  };
}

/** The smaller of two, NaN where one of them is. */
const least: Binary = (a, b) => Math.min(a, b);
const greatest: Binary = (a, b) => Math.max(a, b);

export const ELEMENTWISE: Readonly<Record<string, Operator>> = {
  Add: binary((a, b) => a + b, 'same', 'add'),
  Sub: binary((a, b) => a - b, 'same', 'sub'),
  Mul: binary((a, b) => a * b, 'same', 'mul'),
  Div: divide,
  Pow: binary((a, b) => a ** b, 'same'),
  Mod: mod,
  BitwiseAnd: binary(
    bitwise((a, b) => a & b),
    'same',
  ),
  BitwiseOr: binary(
    bitwise((a, b) => a | b),
    'same',
  ),
  BitwiseXor: binary(
    bitwise((a, b) => a ^ b),
    'same',
  ),
  PRelu: binary((a, slope) => (a < 0 ? a * slope : a), 'same'),
  Equal: binary((a, b) => (a === b ? 1 : 0), 'bool'),
  Less: binary((a, b) => (a < b ? 1 : 0), 'bool'),
  LessOrEqual: binary((a, b) => (a <= b ? 1 : 0), 'bool'),
  Greater: binary((a, b) => (a > b ? 1 : 0), 'bool'),
  GreaterOrEqual: binary((a, b) => (a >= b ? 1 : 0), 'bool'),
  And: binary((a, b) => a & b, 'bool'),
  Or: binary((a, b) => a | b, 'bool'),
  Xor: binary((a, b) => a ^ b, 'bool'),
  Min: variadic(least),
  Max: variadic(greatest),
  Sum: variadic((a, b) => a + b),
  Mean: variadic(
    (a, b) => a + b,
    (x, operands) => x / operands,
  ),
  Not: unary(() => (x) => (x === 0 ? 1 : 0), 'bool'),
  IsNaN: isNaNs,
  Neg: unary(() => (x) => -x),
  Abs: unary(() => Math.abs),
  Exp: unary(() => Math.exp),
  Log: unary(() => Math.log),
  Sqrt: unary(() => Math.sqrt),
  Reciprocal: unary(() => (x) => 1 / x),
  Floor: unary(() => Math.floor),
  Ceil: unary(() => Math.ceil),
  Round: unary(() => roundHalfEven),
  Sign: unary(() => Math.sign),
  Erf: unary(() => erf),
  Tanh: unary(() => Math.tanh),
  Sigmoid: sigmoid,
  Relu: relu,
  LeakyRelu: unary((node) => {
    const alpha = node.float('alpha', 0.01);
    return (x) => (x < 0 ? alpha * x : x);
  }),
  Elu: unary((node) => {
    const alpha = node.float('alpha', 1);
    return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
  }),
  Selu: unary((node) => {
    const alpha = node.float('alpha', Math.fround(1.6732631921768188));
    const gamma = node.float('gamma', Math.fround(1.0507010221481323));
    return (x) => gamma * (x < 0 ? alpha * Math.expm1(x) : x);
  }),
  HardSigmoid: unary((node) => {
    const alpha = node.float('alpha', Math.fround(0.2));
    const beta = node.float('beta', 0.5);
    return (x) => Math.max(0, Math.min(1, alpha * x + beta));
  }),
  Softplus: unary(() => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  Softsign: unary(() => (x) => x / (1 + Math.abs(x))),
  Gelu: unary((node) => {
    if (node.text('approximate', 'none') === 'none') return (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));
    return (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  }),
  Clip: clip,
  Where: where,
  Cast: cast,
  Identity: same,
  // At inference nothing is dropped.
  Dropout: same,
};
