/**
 * How the inputs of a model that was trained elsewhere are fed from declared features, and how its score is read: data that a
 * person writes (JSON), checked against the file and the encoder before anything is scored.
 */
import { ShelfwiseError } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import type { ScoreScale } from '../contract.ts';
import type { Port } from './engine.ts';

/** Columns or slots by name, in the order in which the model reads them; or all of the encoder's, in its order. */
export type Columns = readonly string[] | 'all';

export interface DenseInput {
  readonly dense: Columns;
  /** Fed for a missing value. Without it missing values are NaN, which few models but trees take. */
  readonly missing?: number;
}

export interface SlotInput {
  /** Fed as numbers of buckets, 0 for missing. */
  readonly slots: Columns;
}

export type InputBinding = DenseInput | SlotInput;

/**
 * What the output says: `probability` of a reward, 0 to 1; its `logit`; the expected `value` of a reward; or a `rank`ing
 * score, of which only the order means something.
 */
export const SCORE_KINDS = ['probability', 'logit', 'value', 'rank'] as const;
export type ScoreKind = (typeof SCORE_KINDS)[number];

export interface OutputBinding {
  /** @default the model's only numeric output */
  readonly name?: string;
  /** Where the output has several columns. @default 1 of two columns, which are the classes [0, 1]; 0 of one */
  readonly column?: number;
  readonly as: ScoreKind;
}

export const ENGINES = ['auto', 'shelfwise', 'onnxruntime'] as const;

export interface OnnxBinding {
  /** One for each input of the model, by the input's name. */
  readonly inputs: Readonly<Record<string, InputBinding>>;
  readonly output: OutputBinding;
  /**
   * What computes it: our own operators, which give the same bits on every machine, or ONNX Runtime. `auto` is ours where they
   * suffice. @default 'auto'
   */
  readonly engine?: (typeof ENGINES)[number];
  /**
   * Values of the row that contributions are differences from, by the name of a dense column or slot.
   * @default 0, which for a slot is "missing"
   */
  readonly baseline?: Readonly<Record<string, number>>;
}

/** An input with all that is needed to fill it. */
export interface BoundInput {
  readonly port: Port;
  readonly kind: 'dense' | 'slots';
  /** Numbers of the encoder's columns or slots. */
  readonly columns: Int32Array;
  /** Fed for NaN; NaN itself leaves it. */
  readonly missing: number;
}

export interface Bound {
  readonly inputs: readonly BoundInput[];
  readonly output: Port;
  readonly column: number | undefined;
  readonly as: ScoreKind;
  readonly scale: ScoreScale;
  /** Rows that the model takes at once; 0: any number. */
  readonly fixedRows: number;
  readonly baselineDense: Float32Array;
  readonly baselineSparse: Uint32Array;
}

/** The binding of a file that `toOnnx` wrote, to the encoder that it was written for. */
export function bindingOfExport(encoder: EncoderShape, as: ScoreKind = 'probability'): OnnxBinding {
  return {
    inputs: {
      ...(encoder.denseWidth > 0 ? { dense: { dense: 'all' as const } } : {}),
      ...(encoder.sparseWidth > 0 ? { sparse: { slots: 'all' as const } } : {}),
    },
    output: { name: 'score', as },
  };
}

/** A binding as JSON gives it. Throws `ONNX_BINDING` naming what is wrong. */
export function parseBinding(json: unknown): OnnxBinding {
  const object = recordOf(json, 'the binding', ['inputs', 'output', 'engine', 'baseline']);
  const inputs = Object.entries(recordOf(object.inputs, 'inputs')).map(([name, input]): [string, InputBinding] => [
    name,
    parseInput(name, input),
  ]);
  const output = recordOf(object.output, 'output', ['name', 'column', 'as']);
  const as = SCORE_KINDS.find((kind) => kind === output.as);
  if (as === undefined) refuse(`output.as is ${JSON.stringify(output.as)}; it is one of ${SCORE_KINDS.join(', ')}`);
  if (output.name !== undefined && typeof output.name !== 'string') refuse('output.name is no text');
  if (output.column !== undefined && !Number.isInteger(output.column)) refuse('output.column is no whole number');
  const engine = ENGINES.find((known) => known === (object.engine ?? 'auto'));
  if (engine === undefined) refuse(`engine is ${JSON.stringify(object.engine)}; it is one of ${ENGINES.join(', ')}`);
  const baseline = Object.entries(recordOf(object.baseline ?? {}, 'baseline')).map(
    ([name, value]): [string, number] => {
      if (typeof value !== 'number' || !Number.isFinite(value)) refuse(`baseline."${name}" is no number`);
      return [name, value];
    },
  );
  return {
    inputs: Object.fromEntries(inputs),
    output: {
      ...(output.name === undefined ? {} : { name: output.name as string }),
      ...(output.column === undefined ? {} : { column: output.column as number }),
      as,
    },
    engine,
    ...(baseline.length === 0 ? {} : { baseline: Object.fromEntries(baseline) }),
  };
}

function parseInput(name: string, json: unknown): InputBinding {
  const where = `inputs."${name}"`;
  const input = recordOf(json, where, ['dense', 'slots', 'missing']);
  const columns = input.dense ?? input.slots;
  if ((input.dense === undefined) === (input.slots === undefined))
    refuse(`${where} names either dense columns or slots`);
  const names = Array.isArray(columns) && columns.every((column): column is string => typeof column === 'string');
  if (!names && columns !== 'all') refuse(`${where} is a list of names, or "all"`);
  if (input.slots !== undefined) {
    if (input.missing !== undefined) refuse(`${where}.missing is for dense columns: a missing slot is bucket 0`);
    return { slots: columns as Columns };
  }
  if (input.missing !== undefined && !Number.isFinite(input.missing)) refuse(`${where}.missing is no finite number`);
  return { dense: columns as Columns, ...(input.missing === undefined ? {} : { missing: input.missing as number }) };
}

function recordOf(json: unknown, where: string, keys?: readonly string[]): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) refuse(`${where} is no object`);
  const unknown = keys === undefined ? undefined : Object.keys(json).find((key) => !keys.includes(key));
  if (unknown !== undefined) refuse(`${where} has no "${unknown}"; it has ${keys?.join(', ')}`);
  return json as Record<string, unknown>;
}

/** Checks names, types and widths of both sides against each other. Throws `ONNX_BINDING`. */
export function bind(
  binding: OnnxBinding,
  encoder: EncoderShape,
  inputs: readonly Port[],
  outputs: readonly Port[],
): Bound {
  const known = inputs.map(({ name }) => name);
  for (const name of Object.keys(binding.inputs)) {
    if (!known.includes(name)) refuse(`the model has no input "${name}"; it has ${known.join(', ')}`);
  }
  const bound = inputs.map((port) => bindInput(port, binding.inputs[port.name], encoder));
  const fixed = new Set(bound.map(({ port }) => port.dims?.[0] ?? -1).filter((rows) => rows > 0));
  if (fixed.size > 1) refuse(`the inputs take ${[...fixed].join(' and ')} rows`);
  const output = bindOutput(binding.output, outputs);
  const baseline = binding.baseline ?? {};
  for (const name of Object.keys(baseline)) {
    if (!encoder.denseNames.includes(name) && !encoder.sparseNames.includes(name)) {
      refuse(`the baseline names "${name}", which is neither a dense column nor a slot`);
    }
  }
  for (const name of encoder.sparseNames) {
    const bucket = baseline[name] ?? 0;
    if (!(Number.isInteger(bucket) && bucket >= 0 && bucket < encoder.buckets)) {
      refuse(`the baseline of the slot "${name}" is no bucket`);
    }
  }
  const { as } = binding.output;
  return {
    inputs: bound,
    output,
    column: binding.output.column,
    as,
    scale: as === 'logit' ? 'probability' : as,
    fixedRows: [...fixed][0] ?? 0,
    baselineDense: Float32Array.from(encoder.denseNames, (name) => baseline[name] ?? 0),
    baselineSparse: Uint32Array.from(encoder.sparseNames, (name) => baseline[name] ?? 0),
  };
}

function bindInput(port: Port, input: InputBinding | undefined, encoder: EncoderShape): BoundInput {
  const where = `the input "${port.name}"`;
  if (input === undefined) refuse(`${where} is not bound`);
  const kind = 'dense' in input ? 'dense' : 'slots';
  const names = kind === 'dense' ? encoder.denseNames : encoder.sparseNames;
  const chosen = 'dense' in input ? input.dense : input.slots;
  const columns = (chosen === 'all' ? names : chosen).map((name) => {
    const column = names.indexOf(name);
    if (column < 0) {
      const others = kind === 'dense' ? 'dense column' : 'slot';
      refuse(`${where} is bound to "${name}", which is no ${others} of the encoder: ${names.join(', ')}`);
    }
    return column;
  });
  if (port.type === 'string' || port.type === 'bool') refuse(`${where} takes ${port.type}; features are numbers`);
  const whole = port.type === 'int64' || port.type === 'int32';
  if (whole && 'dense' in input && input.missing === undefined) {
    refuse(`${where} takes whole numbers, which cannot be missing; say with missing what stands for that`);
  }
  if (kind === 'slots' && port.type === 'float' && encoder.buckets > 2 ** 24) {
    refuse(`${where} takes floats, which cannot tell ${encoder.buckets} buckets apart`);
  }
  const rank = port.dims?.length ?? 2;
  const width = rank === 1 ? 1 : (port.dims?.[1] ?? -1);
  if (rank < 1 || rank > 2) refuse(`${where} is [${port.dims}]; rows of columns are fed`);
  if (columns.length === 0 || (width > 0 && width !== columns.length)) {
    refuse(`${where} takes ${width > 0 ? width : 'some'} columns; it is bound to ${columns.length}`);
  }
  return {
    port,
    kind,
    columns: Int32Array.from(columns),
    missing: 'dense' in input ? (input.missing ?? Number.NaN) : 0,
  };
}

function bindOutput({ name, column }: OutputBinding, outputs: readonly Port[]): Port {
  const numeric = outputs.filter(({ type }) => type === 'float' || type === 'double');
  const names = outputs.map((port) => port.name).join(', ');
  const port = name === undefined ? numeric[0] : outputs.find((candidate) => candidate.name === name);
  if (port === undefined) refuse(`the model has no output "${name ?? 'of floats'}"; it has ${names}`);
  if (name === undefined && numeric.length > 1) {
    refuse(`the model has several outputs (${names}); name the score with output.name`);
  }
  if (port.type === 'string') refuse(`the output "${port.name}" is texts; a score is a number`);
  const width = port.dims?.length === 2 ? port.dims[1] : -1;
  if (column !== undefined && (column < 0 || (width > 0 && column >= width))) {
    refuse(`the output "${port.name}" has ${width} columns, none of number ${column}`);
  }
  return port;
}

function refuse(particulars: string): never {
  throw new ShelfwiseError('ONNX_BINDING', particulars);
}
