/** Operators of `ai.onnx.ml` but trees: linear models and preparation of columns. Sets 1 to 5. */
import type { NodeView, Operator } from './node-view.ts';
import { applyTransform, postTransformOf } from './post-transform.ts';
import type { Numbers, Value } from './value.ts';

/** [N, C] as it is; [C] as one row. */
export function rowsAndColumns(node: NodeView, value: Value): readonly [number, number] {
  if (value.dims.length === 1) return [1, value.dims[0]];
  if (value.dims.length !== 2) node.invalid(`reads [${value.dims}]; rows of columns are wanted`);
  return [value.dims[0], value.dims[1]];
}

/** The labels of classes: whole numbers or texts. */
export class ClassLabels {
  readonly count: number;
  private readonly ints: readonly number[];
  private readonly texts: readonly string[];
  private readonly chosen: number[] = [];

  constructor(ints: readonly number[], texts: readonly string[]) {
    this.ints = ints;
    this.texts = texts;
    this.count = Math.max(ints.length, texts.length);
  }

  choose(row: number, label: number): void {
    this.chosen[row] = label;
  }

  /** Writes the chosen classes of all rows; a class without a label is its own number. */
  write(out: Value | undefined, rows: number): void {
    if (out === undefined) return;
    if (this.texts.length > 0) {
      out.shapeTexts(
        [rows],
        Array.from({ length: rows }, (_, r) => this.texts[this.chosen[r]] ?? String(this.chosen[r])),
      );
      return;
    }
    const z = out.shape('int64', [rows]);
    for (let r = 0; r < rows; r++) z[r] = this.ints[this.chosen[r]] ?? this.chosen[r];
  }
}

/** sums[c] = intercept_c + Σ_j coefficients[c, j] · x_j */
function linearScores(
  x: Numbers,
  row: number,
  columns: number,
  coefficients: ArrayLike<number>,
  intercepts: ArrayLike<number>,
  sums: Float64Array,
): void {
  for (let c = 0; c < sums.length; c++) {
    let sum = c < intercepts.length ? intercepts[c] : 0;
    for (let j = 0; j < columns; j++) sum += coefficients[c * columns + j] * x[row * columns + j];
    sums[c] = sum;
  }
}

/** Of a single row of coefficients and two labels the scores are [1 - s, s], s after the transform; softmax leaves a lone s. */
const linearClassifier: Operator = (node: NodeView) => {
  const coefficients = Float32Array.from(node.floats('coefficients'));
  const intercepts = node.floats('intercepts');
  const labels = new ClassLabels(node.ints('classlabels_ints'), node.texts('classlabels_strings'));
  const transform = postTransformOf(node);
  const targets = intercepts.length;
  if (targets === 0) node.unsupported('has no intercepts, which tell the number of its classes');
  const twoOfOne = targets === 1 && labels.count === 2;
  if (twoOfOne && transform === 'PROBIT') node.unsupported('has PROBIT of one row for two classes');
  const sums = new Float64Array(targets);
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const [rows, columns] = rowsAndColumns(node, a);
    if (coefficients.length !== targets * columns) {
      node.invalid(`has ${coefficients.length} coefficients for ${targets} classes of ${columns} columns`);
    }
    const width = twoOfOne ? 2 : targets;
    const z = outputs[1]?.shape('float', [rows, width]);
    const x = a.numbers;
    for (let r = 0; r < rows; r++) {
      linearScores(x, r, columns, coefficients, intercepts, sums);
      let best = 0;
      for (let c = 1; c < targets; c++) if (sums[c] > sums[best]) best = c;
      labels.choose(r, targets === 1 ? (sums[0] > 0 ? 1 : 0) : best);
      if (targets > 1 || !transform.startsWith('SOFTMAX')) applyTransform(transform, sums, 0, targets);
      if (z === undefined) continue;
      if (twoOfOne) {
        z[2 * r] = 1 - sums[0];
        z[2 * r + 1] = sums[0];
      } else for (let c = 0; c < targets; c++) z[r * targets + c] = sums[c];
    }
    labels.write(outputs[0], rows);
  };
};

/** A lone target is transformed by PROBIT only, as in ONNX Runtime. */
const linearRegressor: Operator = (node: NodeView) => {
  const coefficients = Float32Array.from(node.floats('coefficients'));
  const intercepts = node.floats('intercepts');
  const targets = node.int('targets', 1);
  const transform = postTransformOf(node);
  const sums = new Float64Array(targets);
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const [rows, columns] = rowsAndColumns(node, a);
    if (coefficients.length !== targets * columns) {
      node.invalid(`has ${coefficients.length} coefficients for ${targets} targets of ${columns} columns`);
    }
    const z = outputs[0]?.shape('float', [rows, targets]);
    if (z === undefined) return;
    for (let r = 0; r < rows; r++) {
      linearScores(a.numbers, r, columns, coefficients, intercepts, sums);
      if (targets > 1 || transform === 'PROBIT') applyTransform(transform, sums, 0, targets);
      for (let c = 0; c < targets; c++) z[r * targets + c] = sums[c];
    }
  };
};

/** A list of one is for all columns. */
function perColumn(list: ArrayLike<number>, column: number): number {
  return list.length === 1 ? list[0] : list[column];
}

/** Column by column, as floats. */
function columnwise(make: (node: NodeView) => (x: number, column: number) => number): Operator {
  return (node: NodeView) => {
    const compute = make(node);
    return (inputs, outputs) => {
      const a = node.required(inputs[0], 'operand');
      const columns = a.dims.length === 0 ? 1 : a.dims[a.dims.length - 1];
      const x = a.numbers;
      const z = outputs[0]?.shape('float', a.dims);
      if (z === undefined) return;
      for (let i = 0; i < a.size; i++) z[i] = compute(x[i], i % columns);
    };
  };
}

const imputer = columnwise((node) => {
  const floats = node.floats('imputed_value_floats');
  const values = floats.length > 0 ? floats : node.ints('imputed_value_int64s');
  const replaced = floats.length > 0 ? node.float('replaced_value_float', 0) : node.int('replaced_value_int64', 0);
  if (values.length === 0) node.invalid('has no values to impute');
  return Number.isNaN(replaced)
    ? (x, column) => (Number.isNaN(x) ? perColumn(values, column) : x)
    : (x, column) => (x === replaced ? perColumn(values, column) : x);
});

const scaler = columnwise((node) => {
  const offsets = node.floats('offset');
  const scales = node.floats('scale');
  return (x, column) => Math.fround(x - perColumn(offsets, column)) * perColumn(scales, column);
});

const binarizer = columnwise((node) => {
  const threshold = node.float('threshold', 0);
  return (x) => (x > threshold ? 1 : 0);
});

const normalizer: Operator = (node: NodeView) => {
  const norm = node.text('norm', 'MAX');
  if (!['MAX', 'L1', 'L2'].includes(norm)) node.invalid(`has the norm "${norm}"`);
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const [rows, columns] = rowsAndColumns(node, a);
    const x = a.numbers;
    const z = outputs[0]?.shape('float', a.dims);
    if (z === undefined) return;
    for (let at = 0; at < rows * columns; at += columns) {
      let size = norm === 'MAX' ? Number.NEGATIVE_INFINITY : 0;
      for (let j = 0; j < columns; j++) {
        if (norm === 'MAX') size = Math.max(size, x[at + j]);
        else size += norm === 'L1' ? Math.abs(x[at + j]) : x[at + j] ** 2;
      }
      if (norm === 'L2') size = Math.sqrt(size);
      for (let j = 0; j < columns; j++) z[at + j] = size === 0 ? x[at + j] : x[at + j] / size;
    }
  };
};

/** [.., K] of each category among K; with `zeros` an unknown one is all zero, else an error. */
const oneHotEncoder: Operator = (node: NodeView) => {
  const ints = new Map(node.ints('cats_int64s').map((category, i) => [category, i]));
  const texts = new Map(node.texts('cats_strings').map((category, i) => [category, i]));
  const zeros = node.int('zeros', 1) !== 0;
  const width = Math.max(ints.size, texts.size);
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const z = outputs[0]?.shape('float', [...a.dims, width]);
    if (z === undefined) return;
    z.fill(0, 0, a.size * width);
    for (let i = 0; i < a.size; i++) {
      const found = a.type === 'string' ? texts.get(a.texts[i]) : ints.get(Math.trunc(a.numbers[i]));
      if (found !== undefined) z[i * width + found] = 1;
      else if (!zeros) node.invalid(`meets an unknown category in element ${i}`);
    }
  };
};

type Label = string | number;

function labelsOf(
  node: NodeView,
  which: 'keys' | 'values',
): { labels: readonly Label[]; kind: 'string' | 'int64' | 'float' } {
  const tensor = node.tensor(`${which}_tensor`);
  if (tensor !== undefined) {
    const kind = tensor.type === 'string' ? 'string' : tensor.type === 'int64' ? 'int64' : 'float';
    return { labels: Array.from(tensor.data as ArrayLike<Label>), kind };
  }
  if (node.has(`${which}_strings`)) return { labels: node.texts(`${which}_strings`), kind: 'string' };
  if (node.has(`${which}_int64s`)) return { labels: node.ints(`${which}_int64s`), kind: 'int64' };
  return { labels: node.floats(`${which}_floats`), kind: 'float' };
}

function defaultLabel(node: NodeView, kind: 'string' | 'int64' | 'float'): Label {
  const tensor = node.tensor('default_tensor');
  if (tensor !== undefined) return (tensor.data as ArrayLike<Label>)[0];
  if (kind === 'string') return node.text('default_string', '_Unused');
  return kind === 'int64' ? node.int('default_int64', -1) : node.float('default_float', 0);
}

/** Replaces keys by values, NaN being a key like another. */
const labelEncoder: Operator = (node: NodeView) => {
  const classes = node.texts('classes_strings');
  const keys = classes.length > 0 ? classes : labelsOf(node, 'keys').labels;
  const { labels: values, kind } =
    classes.length > 0 ? { labels: classes.map((_, i) => i), kind: 'int64' as const } : labelsOf(node, 'values');
  const missing = defaultLabel(node, kind);
  const table = new Map<Label, Label>(keys.map((key, i) => [key, values[i]]));
  return (inputs, outputs) => {
    const a = node.required(inputs[0], 'operand');
    const out = outputs[0];
    if (out === undefined) return;
    const source: ArrayLike<Label> = a.type === 'string' ? a.texts : a.numbers;
    if (kind === 'string') {
      out.shapeTexts(
        a.dims,
        Array.from({ length: a.size }, (_, i) => (table.get(source[i]) ?? missing) as string),
      );
      return;
    }
    const z = out.shape(kind, a.dims);
    for (let i = 0; i < a.size; i++) z[i] = (table.get(source[i]) ?? missing) as number;
  };
};

/** Columns side by side, as floats. */
const featureVectorizer: Operator = (node: NodeView) => {
  const widths = node.ints('inputdimensions');
  return (inputs, outputs) => {
    const rows = rowsAndColumns(node, node.required(inputs[0], 'operand 0'))[0];
    const width = widths.reduce((sum, own) => sum + own, 0);
    const z = outputs[0]?.shape('float', [rows, width]);
    if (z === undefined) return;
    let column = 0;
    widths.forEach((own, i) => {
      const a = node.required(inputs[i], `operand ${i}`);
      const columns = rowsAndColumns(node, a)[1];
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < own; j++) z[r * width + column + j] = j < columns ? a.numbers[r * columns + j] : 0;
      }
      column += own;
    });
  };
};

/** Chosen columns. */
const arrayFeatureExtractor: Operator = (node: NodeView) => (inputs, outputs) => {
  const a = node.required(inputs[0], 'operand');
  const chosen = node.required(inputs[1], 'columns');
  const out = outputs[0];
  if (out === undefined) return;
  if (a.type === 'string') node.unsupported('extracts texts');
  const columns = a.dims[a.dims.length - 1];
  const rows = a.size / columns;
  const x = a.numbers;
  const z = out.shape(a.type, a.dims.length <= 1 ? [1, chosen.size] : [...a.dims.slice(0, -1), chosen.size]);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < chosen.size; j++) {
      const column = chosen.numbers[j];
      if (!(column >= 0 && column < columns)) node.invalid(`extracts column ${column} of ${columns}`);
      z[r * chosen.size + j] = x[r * columns + column];
    }
  }
};

export const CLASSIC: Readonly<Record<string, Operator>> = {
  LinearClassifier: linearClassifier,
  LinearRegressor: linearRegressor,
  Imputer: imputer,
  Scaler: scaler,
  Binarizer: binarizer,
  Normalizer: normalizer,
  OneHotEncoder: oneHotEncoder,
  LabelEncoder: labelEncoder,
  FeatureVectorizer: featureVectorizer,
  ArrayFeatureExtractor: arrayFeatureExtractor,
};
