/**
 * Products of matrices, and operators along an axis. Sums have a fixed order: in double precision here, in 32 bits where the
 * kernels take a product with constant weights.
 */
import { DenseProduct } from '../../../kernels/index.ts';
import type { ElementType } from '../format.ts';
import type { NodeView, Operator } from './node-view.ts';
import { axisOf, type Numbers, type Value } from './value.ts';

type Numeric = Exclude<ElementType, 'string'>;

/**
 * z[m, n] = scale · x[m, k] · y[k, n] + what `initial` puts there. Four rows at a time, so that each element of y is loaded
 * once for four.
 */
class Product {
  private sums = new Float64Array(0);

  run(
    x: Numbers,
    xAt: number,
    y: Numbers,
    yAt: number,
    m: number,
    k: number,
    n: number,
    write: (row: number, sums: Float64Array, at: number) => void,
  ): void {
    if (this.sums.length < 4 * n) this.sums = new Float64Array(4 * n);
    const { sums } = this;
    let row = 0;
    for (; row + 4 <= m; row += 4) {
      sums.fill(0, 0, 4 * n);
      const r0 = xAt + row * k;
      for (let i = 0; i < k; i++) {
        const a = x[r0 + i];
        const b = x[r0 + k + i];
        const c = x[r0 + 2 * k + i];
        const d = x[r0 + 3 * k + i];
        const at = yAt + i * n;
        for (let j = 0; j < n; j++) {
          const w = y[at + j];
          sums[j] += a * w;
          sums[n + j] += b * w;
          sums[2 * n + j] += c * w;
          sums[3 * n + j] += d * w;
        }
      }
      for (let r = 0; r < 4; r++) write(row + r, sums, r * n);
    }
    for (; row < m; row++) {
      sums.fill(0, 0, n);
      for (let i = 0; i < k; i++) {
        const a = x[xAt + row * k + i];
        const at = yAt + i * n;
        for (let j = 0; j < n; j++) sums[j] += a * y[at + j];
      }
      write(row, sums, 0);
    }
  }
}

/** Matrices narrower than this are not worth the way into the kernels' memory. */
const LEAST_WIDTH = 4;

/**
 * Products with a constant matrix of 32-bit floats by the SIMD kernels, whatever the number of rows, so that a row's result
 * does not depend on it; undefined where the matrix is another.
 */
function kernelFor(
  matrix: Value | undefined,
  elements: Numbers | undefined,
  k: number,
  n: number,
): DenseProduct | undefined {
  if (matrix?.type !== 'float' || elements === undefined || n < LEAST_WIDTH || k < LEAST_WIDTH) return undefined;
  return new DenseProduct(elements instanceof Float32Array ? elements : Float32Array.from(elements), k, n);
}

/** One of two vectors or matrices, or stacks of matrices of which one side may be a single one. */
const matMul: Operator = (node: NodeView) => {
  const product = new Product();
  const dims: number[] = [];
  const right = node.constant(1);
  const kernel = right?.dims.length === 2 ? kernelFor(right, right.numbers, right.dims[0], right.dims[1]) : undefined;
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'left matrix');
    const b = node.required(inputs[1], 'right matrix');
    const out = outputs[0];
    if (out === undefined) return;
    if (a.dims.length === 0 || b.dims.length === 0) node.invalid('multiplies a scalar');
    const k = a.dims[a.dims.length - 1];
    const m = a.dims.length === 1 ? 1 : a.dims[a.dims.length - 2];
    const n = b.dims.length === 1 ? 1 : b.dims[b.dims.length - 1];
    const inner = b.dims.length === 1 ? b.dims[0] : b.dims[b.dims.length - 2];
    if (inner !== k) node.invalid(`multiplies [${a.dims}] by [${b.dims}]`);
    const stackA = a.dims.slice(0, -2);
    const stackB = b.dims.slice(0, -2);
    const stacks = Math.max(1, a.size / Math.max(1, m * k), b.size / Math.max(1, k * n));
    const stacked = stackA.length >= stackB.length ? stackA : stackB;
    for (const [dimsOf, value] of [
      [stackA, a],
      [stackB, b],
    ] as const) {
      const single = value.size === (value === a ? m * k : k * n);
      if (!single && dimsOf.join() !== stacked.join()) node.unsupported(`broadcasts [${a.dims}] with [${b.dims}]`);
    }
    dims.length = 0;
    dims.push(...stacked);
    if (a.dims.length > 1) dims.push(m);
    if (b.dims.length > 1) dims.push(n);
    const z = out.shape(a.type as Numeric, dims);
    if (kernel !== undefined && a.type === 'float') {
      kernel.multiply(a.numbers as Float32Array, a.size / k, z as Float32Array);
      return;
    }
    const stepA = a.size === m * k ? 0 : m * k;
    const stepB = b.size === k * n ? 0 : k * n;
    for (let s = 0; s < stacks; s++) {
      product.run(a.numbers, s * stepA, b.numbers, s * stepB, m, k, n, (row, sums, at) => {
        const to = (s * m + row) * n;
        for (let j = 0; j < n; j++) z[to + j] = sums[at + j];
      });
    }
  };
};

/** The transpose of a matrix, kept while it is the same constant. */
class Transposed {
  private memory: Numbers = new Float64Array(0);
  private known: Numbers | undefined;

  of(value: Value, constant: boolean): Numbers {
    const source = value.numbers;
    if (constant && this.known === source) return this.memory;
    const [rows, columns] = value.dims;
    if (this.memory.length < value.size) this.memory = new Float64Array(value.size);
    const { memory } = this;
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) memory[c * rows + r] = source[r * columns + c];
    }
    this.known = constant ? source : undefined;
    return memory;
  }
}

/** alpha · A' B' + beta · C, A and B transposed where `transA`, `transB` say so. */
const gemm: Operator = (node: NodeView) => {
  const alpha = node.float('alpha', 1);
  const beta = node.float('beta', 1);
  const transA = node.int('transA', 0) !== 0;
  const transB = node.int('transB', 0) !== 0;
  const left = new Transposed();
  const right = new Transposed();
  const product = new Product();
  const dims = [0, 0];
  const fixed = node.constant(1);
  const [rowsOfB, columnsOfB] = fixed?.dims ?? [];
  const kernel =
    fixed?.dims.length !== 2
      ? undefined
      : transB
        ? kernelFor(fixed, right.of(fixed, true), columnsOfB, rowsOfB)
        : kernelFor(fixed, fixed.numbers, rowsOfB, columnsOfB);
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'A');
    const b = node.required(inputs[1], 'B');
    const c = inputs[2];
    const out = outputs[0];
    if (out === undefined) return;
    if (a.dims.length !== 2 || b.dims.length !== 2) node.invalid(`multiplies [${a.dims}] by [${b.dims}]`);
    const [m, k] = transA ? [a.dims[1], a.dims[0]] : a.dims;
    const [inner, n] = transB ? [b.dims[1], b.dims[0]] : b.dims;
    if (inner !== k) node.invalid(`multiplies [${a.dims}] by [${b.dims}]`);
    dims[0] = m;
    dims[1] = n;
    const x = transA ? left.of(a, node.constant(0) !== undefined) : a.numbers;
    const y = transB ? right.of(b, node.constant(1) !== undefined) : b.numbers;
    const z = out.shape(a.type as Numeric, dims);
    const added = c?.numbers;
    const rank = c?.dims.length ?? 0;
    const columnStep = c !== undefined && rank > 0 && c.dims[rank - 1] === n && n > 1 ? 1 : 0;
    const rowStep = c !== undefined && rank === 2 && c.dims[0] === m && m > 1 ? c.dims[1] : 0;
    if (c !== undefined && c.size !== 1 && c.size !== Math.max(1, columnStep * n) * Math.max(1, rowStep > 0 ? m : 1)) {
      node.invalid(`adds [${c.dims}] to [${dims}]`);
    }
    if (kernel !== undefined && x instanceof Float32Array) {
      kernel.multiply(x, m, z as Float32Array);
      for (let r = 0, to = 0; r < m; r++) {
        for (let j = 0; j < n; j++, to++) {
          z[to] = alpha * z[to] + (added === undefined ? 0 : beta * added[r * rowStep + j * columnStep]);
        }
      }
      return;
    }
    product.run(x, 0, y, 0, m, k, n, (row, sums, at) => {
      const to = row * n;
      for (let j = 0; j < n; j++) {
        const plus = added === undefined ? 0 : beta * added[row * rowStep + j * columnStep];
        z[to + j] = alpha * sums[at + j] + plus;
      }
    });
  };
};

/** Calls `each(start, count, step)` for every line of elements along an axis. */
function alongAxis(
  dims: readonly number[],
  axis: number,
  each: (start: number, count: number, step: number) => void,
): void {
  let inner = 1;
  for (let d = axis + 1; d < dims.length; d++) inner *= dims[d];
  const count = dims[axis] ?? 1;
  let outer = 1;
  for (let d = 0; d < axis; d++) outer *= dims[d];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) each(o * count * inner + i, count, inner);
  }
}

/** Before operator set 13 softmax flattens to two dimensions at its axis, whose default is 1. */
function softmax(logarithm: boolean): Operator {
  return (node: NodeView) => {
    const old = node.version < 13;
    const axis = node.int('axis', old ? 1 : -1);
    return (inputs, outputs) => {
      const a = node.required(inputs[0], 'operand');
      const out = outputs[0];
      if (out === undefined) return;
      const x = a.numbers;
      const z = out.shape(a.type as Numeric, a.dims);
      const at = axisOf(axis, a.dims.length, node.name);
      let dims: readonly number[] = a.dims;
      if (old) {
        let outer = 1;
        for (let d = 0; d < at; d++) outer *= a.dims[d];
        dims = [outer, a.size / Math.max(1, outer)];
      }
      alongAxis(dims, old ? 1 : at, (start, count, step) => {
        let most = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < count; i++) most = Math.max(most, x[start + i * step]);
        let sum = 0;
        for (let i = 0; i < count; i++) sum += Math.exp(x[start + i * step] - most);
        const logSum = Math.log(sum);
        for (let i = 0; i < count; i++) {
          const shifted = x[start + i * step] - most;
          z[start + i * step] = logarithm ? shifted - logSum : Math.exp(shifted) / sum;
        }
      });
    };
  };
}

interface Reduction {
  readonly from: number;
  add(sum: number, x: number): number;
  finish(sum: number, count: number): number;
}

/** Axes are an input from operator set 18 on (of ReduceSum from 13 on), and an attribute before. */
function reduce({ from, add, finish }: Reduction): Operator {
  return (node: NodeView) => {
    const keep = node.int('keepdims', 1) !== 0;
    const noop = node.int('noop_with_empty_axes', 0) !== 0;
    const fixed = node.ints('axes');
    let sums = new Float64Array(0);
    const dims: number[] = [];
    const reduced: boolean[] = [];
    const steps: number[] = [];
    return (inputs, outputs) => {
      const a = node.required(inputs[0], 'operand');
      const out = outputs[0];
      if (out === undefined) return;
      const rank = a.dims.length;
      const given = inputs[1];
      const count = given === undefined ? fixed.length : given.size;
      reduced.length = rank;
      reduced.fill(count === 0 && !noop);
      for (let i = 0; i < count; i++) {
        reduced[axisOf(given === undefined ? fixed[i] : given.numbers[i], rank, node.name)] = true;
      }
      dims.length = 0;
      let kept = 1;
      steps.length = rank;
      for (let d = rank - 1; d >= 0; d--) {
        steps[d] = reduced[d] ? 0 : kept;
        if (!reduced[d]) kept *= a.dims[d];
      }
      for (let d = 0; d < rank; d++) {
        if (!reduced[d]) dims.push(a.dims[d]);
        else if (keep) dims.push(1);
      }
      if (sums.length < kept) sums = new Float64Array(kept);
      sums.fill(from, 0, kept);
      const x = a.numbers;
      for (let i = 0; i < a.size; i++) {
        let rest = i;
        let to = 0;
        for (let d = rank - 1; d >= 0; d--) {
          const index = rest % a.dims[d];
          rest = (rest - index) / a.dims[d];
          to += index * steps[d];
        }
        sums[to] = add(sums[to], x[i]);
      }
      const each = a.size / Math.max(1, kept);
      const z = out.shape(a.type as Numeric, dims);
      for (let i = 0; i < kept; i++) z[i] = finish(sums[i], each);
    };
  };
}

const SUM = (sum: number, x: number): number => sum + x;
const asIs = (sum: number): number => sum;

/** The place of the largest (or smallest) element along an axis; of several the first, or the last where asked. */
function argBest(sign: 1 | -1): Operator {
  return (node: NodeView) => {
    const axis = node.int('axis', 0);
    const keep = node.int('keepdims', 1) !== 0;
    const last = node.int('select_last_index', 0) !== 0;
    return (inputs, outputs) => {
      const a = node.required(inputs[0], 'operand');
      const out = outputs[0];
      if (out === undefined) return;
      const at = axisOf(axis, a.dims.length, node.name);
      const dims = keep ? a.dims.map((dim, d) => (d === at ? 1 : dim)) : a.dims.filter((_, d) => d !== at);
      const x = a.numbers;
      const z = out.shape('int64', dims);
      let to = 0;
      alongAxis(a.dims, at, (start, count, step) => {
        let best = 0;
        for (let i = 1; i < count; i++) {
          const difference = sign * (x[start + i * step] - x[start + best * step]);
          if (difference > 0 || (last && difference === 0)) best = i;
        }
        z[to++] = best;
      });
    };
  };
}

/** (x - mean) / sqrt(var + epsilon) · scale + bias over the dimensions from `axis` on. */
const layerNormalization: Operator = (node: NodeView) => {
  const axis = node.int('axis', -1);
  const epsilon = node.float('epsilon', 1e-5);
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const scale = node.required(inputs[1], 'scale').numbers;
    const bias = inputs[2]?.numbers;
    const out = outputs[0];
    if (out === undefined) return;
    let width = 1;
    for (let d = axisOf(axis, a.dims.length, node.name); d < a.dims.length; d++) width *= a.dims[d];
    const x = a.numbers;
    const z = out.shape(a.type as Numeric, a.dims);
    for (let start = 0; start < a.size; start += width) {
      let mean = 0;
      for (let i = 0; i < width; i++) mean += x[start + i];
      mean /= width;
      let variance = 0;
      for (let i = 0; i < width; i++) variance += (x[start + i] - mean) ** 2;
      const factor = 1 / Math.sqrt(variance / width + epsilon);
      for (let i = 0; i < width; i++) {
        z[start + i] = (x[start + i] - mean) * factor * scale[i] + (bias === undefined ? 0 : bias[i]);
      }
    }
  };
};

/** At inference: (x - mean) / sqrt(var + epsilon) · scale + bias by channel, which is dimension 1. */
const batchNormalization: Operator = (node: NodeView) => {
  const epsilon = node.float('epsilon', 1e-5);
  if (node.int('training_mode', 0) !== 0) node.unsupported('is in training mode');
  return (inputs, outputs) => {
    const [a, scale, bias, mean, variance] = ['operand', 'scale', 'bias', 'mean', 'variance'].map((what, i) =>
      node.required(inputs[i], what),
    );
    const out = outputs[0];
    if (out === undefined) return;
    const x = a.numbers;
    const z = out.shape(a.type as Numeric, a.dims);
    const channels = a.dims[1] ?? 1;
    let inner = 1;
    for (let d = 2; d < a.dims.length; d++) inner *= a.dims[d];
    for (let i = 0; i < a.size; i++) {
      const c = Math.floor(i / inner) % channels;
      const factor = scale.numbers[c] / Math.sqrt(variance.numbers[c] + epsilon);
      z[i] = (x[i] - mean.numbers[c]) * factor + bias.numbers[c];
    }
  };
};

export const MATRIX: Readonly<Record<string, Operator>> = {
  MatMul: matMul,
  Gemm: gemm,
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
  ReduceSum: reduce({ from: 0, add: SUM, finish: asIs }),
  ReduceMean: reduce({ from: 0, add: SUM, finish: (sum, count) => sum / count }),
  ReduceMax: reduce({ from: Number.NEGATIVE_INFINITY, add: Math.max, finish: asIs }),
  ReduceMin: reduce({ from: Number.POSITIVE_INFINITY, add: Math.min, finish: asIs }),
  ReduceProd: reduce({ from: 1, add: (product, x) => product * x, finish: asIs }),
  ReduceL2: reduce({ from: 0, add: (sum, x) => sum + x * x, finish: Math.sqrt }),
  ReduceSumSquare: reduce({ from: 0, add: (sum, x) => sum + x * x, finish: asIs }),
  ArgMax: argBest(1),
  ArgMin: argBest(-1),
  LayerNormalization: layerNormalization,
  BatchNormalization: batchNormalization,
};
