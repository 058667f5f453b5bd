/** Chunks of examples in typed columns, laid out as Arrow lays out lists: what sources yield and statistics read. */
import { ShelfwiseError } from '../../base/index.ts';

/** One level of lists: element i holds the elements `offsets[i]` to `offsets[i + 1]` of the level below. */
export interface ListLevel {
  /** One more than there are elements. */
  readonly offsets: Int32Array;
  /** 0 where there is no list at all, which is not the same as an empty one; absent if all are there. */
  readonly valid?: Uint8Array | undefined;
}

const ONES = Int32Array.from({ length: 2 ** 16 + 1 }, (_, i) => i);
/** Levels that were given out, by their elements: they are read, never written, so that any column of any chunk may hold one. */
const sharedOnes = new Map<number, ListLevel>();

/** A level in which every element holds exactly one: of chunks of usual sizes always the same. */
export function oneEach(elements: number): ListLevel {
  if (elements >= ONES.length) return { offsets: Int32Array.from({ length: elements + 1 }, (_, i) => i) };
  let level = sharedOnes.get(elements);
  if (!level) {
    level = { offsets: ONES.subarray(0, elements + 1) };
    sharedOnes.set(elements, level);
  }
  return level;
}

/** Whether every element holds exactly one and it is known without looking: false may be wrong. */
export function isOneEach({ offsets, valid }: ListLevel): boolean {
  return !valid && offsets.buffer === ONES.buffer;
}

interface ColumnShape {
  readonly name: string;
  /** From the examples inwards; at least one. */
  readonly levels: readonly ListLevel[];
}

export interface NumberColumn extends ColumnShape {
  readonly kind: 'INT' | 'FLOAT';
  readonly values: Float64Array | Float32Array | Int32Array;
}

export interface TextColumn extends ColumnShape {
  readonly kind: 'STRING';
  /** Bytes that are not UTF-8 stand as `decodeText` gives them. */
  readonly values: readonly string[];
  /** The same by a dictionary, from sources that have one; readers are faster by it. */
  readonly coded?: CodedTexts | undefined;
}

export interface CodedTexts {
  /**
   * None stands twice; one may have no code that means it. Other chunks may come with the same array, grown at its end: what is known
   * of a word by its code holds for as long as the array is the same.
   */
  readonly words: readonly string[];
  /** `words[codes[i]]` is value i. */
  readonly codes: Int32Array;
}

export interface StructColumn extends ColumnShape {
  readonly kind: 'STRUCT';
  /** As many elements in the outermost level of each as this column has values. */
  readonly fields: readonly Column[];
}

/** Nothing but absence: of what type the values would be is not known. All of the innermost level is missing. */
export interface NullColumn extends ColumnShape {
  readonly kind: 'NULL';
}

export type Column = NumberColumn | TextColumn | StructColumn | NullColumn;

export interface Chunk {
  /** Examples. */
  readonly rows: number;
  /** Each with `rows` elements in its outermost level; a column that is absent is missing from every example. */
  readonly columns: readonly Column[];
}

export interface ColumnType {
  readonly kind: Column['kind'];
  /** Levels of lists. */
  readonly depth: number;
  /** Of FLOAT: keep as 32 bits. @default false */
  readonly single?: boolean;
  /** Of STRUCT. */
  readonly fields?: ReadonlyMap<string, ColumnType>;
}

/** A column of texts by a dictionary; its values are laid out when somebody asks for them. */
export function codedColumn(name: string, levels: readonly ListLevel[], coded: CodedTexts): TextColumn {
  let values: readonly string[] | undefined;
  return {
    name,
    kind: 'STRING',
    levels,
    coded,
    get values() {
      values ??= Array.from(coded.codes, (code) => coded.words[code]);
      return values;
    },
  };
}

/** Nested lists, numbers, texts, records; null or undefined for what is missing. */
export type Nested = unknown;

/**
 * A column of nested values, one per example; what is no list stands for a list of itself. Missing elements of the
 * innermost lists are left out.
 * @throws STATISTICS_COLUMN_MISMATCH for a value that is not of the type
 */
export function columnOf(name: string, type: ColumnType, elements: ArrayLike<Nested>): Column {
  const levels: ListLevel[] = [];
  let current = elements;
  for (let depth = 1; depth <= type.depth; depth++) {
    const innermost = depth === type.depth;
    const { level, below } = listLevel(current, innermost && type.kind !== 'STRUCT');
    levels.push(level);
    current = below;
  }
  switch (type.kind) {
    case 'NULL':
      return { name, kind: 'NULL', levels };
    case 'STRING':
      return { name, kind: 'STRING', levels, values: Array.from(current, (value) => asText(name, value)) };
    case 'STRUCT': {
      const fields = [...(type.fields ?? [])].map(([field, inner]) =>
        columnOf(
          field,
          inner,
          Array.from(current, (value) => (value == null ? null : (value as Record<string, Nested>)[field])),
        ),
      );
      return { name, kind: 'STRUCT', levels, fields };
    }
    default: {
      const values = type.single ? new Float32Array(current.length) : new Float64Array(current.length);
      for (let i = 0; i < current.length; i++) values[i] = asNumber(name, current[i]);
      return { name, kind: type.kind, levels, values };
    }
  }
}

function listLevel(elements: ArrayLike<Nested>, leaf: boolean): { level: ListLevel; below: Nested[] } {
  const offsets = new Int32Array(elements.length + 1);
  let valid: Uint8Array | undefined;
  const below: Nested[] = [];
  let single = true;
  for (let i = 0; i < elements.length; i++) {
    const element = elements[i];
    if (element == null) {
      valid ??= new Uint8Array(elements.length).fill(1);
      valid[i] = 0;
    } else if (Array.isArray(element)) {
      for (const inner of element) if (!leaf || inner != null) below.push(inner);
    } else below.push(element);
    offsets[i + 1] = below.length;
    single &&= below.length === i + 1;
  }
  return { level: single && !valid ? oneEach(elements.length) : { offsets, valid }, below };
}

function asText(name: string, value: Nested): string {
  if (typeof value === 'string') return value;
  throw mismatch(name, value, 'a text');
}

function asNumber(name: string, value: Nested): number {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  throw mismatch(name, value, 'a number');
}

function mismatch(name: string, value: Nested, wanted: string): ShelfwiseError {
  return new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `${name} has ${typeof value} where ${wanted} should stand`);
}

const KINDS = ['NULL', 'INT', 'FLOAT', 'STRING'] as const;

/**
 * The type that holds all the elements: depth and kind of the deepest; integers < floats < texts; true and false are
 * integers. @throws STATISTICS_COLUMN_MISMATCH if records stand beside other values
 */
export function typeOf(name: string, elements: Iterable<Nested>): ColumnType {
  let [lists, rank, struct] = [0, 0, false];
  const fields = new Map<string, Nested[]>();
  const visit = (value: Nested, at: number): void => {
    if (value == null) return;
    if (Array.isArray(value)) {
      lists = Math.max(lists, at);
      for (const inner of value) visit(inner, at + 1);
    } else if (typeof value === 'object') {
      struct = true;
      for (const [field, inner] of Object.entries(value)) {
        const column = fields.get(field);
        if (column) column.push(inner);
        else fields.set(field, [inner]);
      }
    } else if (typeof value === 'string') rank = 3;
    else rank = Math.max(rank, typeof value === 'number' && !Number.isInteger(value) ? 2 : 1);
  };
  for (const element of elements) visit(element, 1);
  if (!struct) return { kind: KINDS[rank], depth: rank === 0 ? lists + 1 : Math.max(1, lists) };
  if (rank > 0) throw new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `${name} has records and other values`);
  const types = [...fields].map(([field, inner]) => [field, typeOf(`${name}.${field}`, inner)] as const);
  return { kind: 'STRUCT', depth: Math.max(1, lists), fields: new Map(types) };
}

/** The examples of a chunk at these rows, in this order. */
export function takeRows(chunk: Chunk, rows: Int32Array): Chunk {
  return { rows: rows.length, columns: chunk.columns.map((column) => takeElements(column, rows)) };
}

function takeElements(column: Column, rows: Int32Array): Column {
  const levels: ListLevel[] = [];
  let taken = rows;
  for (const { offsets, valid } of column.levels) {
    const newOffsets = new Int32Array(taken.length + 1);
    for (let i = 0; i < taken.length; i++)
      newOffsets[i + 1] = newOffsets[i] + offsets[taken[i] + 1] - offsets[taken[i]];
    const below = new Int32Array(newOffsets[taken.length]);
    for (let i = 0, at = 0; i < taken.length; i++)
      for (let from = offsets[taken[i]]; from < offsets[taken[i] + 1]; from++) below[at++] = from;
    levels.push({ offsets: newOffsets, valid: valid && Uint8Array.from(taken, (row) => valid[row]) });
    taken = below;
  }
  const { name } = column;
  switch (column.kind) {
    case 'NULL':
      return { name, kind: 'NULL', levels };
    case 'STRING': {
      const { coded } = column;
      if (!coded) return { name, kind: 'STRING', levels, values: Array.from(taken, (at) => column.values[at]) };
      return codedColumn(name, levels, { words: coded.words, codes: taken.map((at) => coded.codes[at]) });
    }
    case 'STRUCT':
      return { name, kind: 'STRUCT', levels, fields: column.fields.map((field) => takeElements(field, taken)) };
    default: {
      const Values = column.values.constructor as new (length: number) => Float64Array;
      const values = new Values(taken.length);
      for (let i = 0; i < taken.length; i++) values[i] = column.values[taken[i]];
      return { name, kind: column.kind, levels, values };
    }
  }
}
