/** Typed columns from DuckDB's vectors: numbers and texts straight from their memory, everything else value by value. */
import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  type DuckDBDataChunk,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { decodeText } from '../metadata/index.ts';
import { type Column, type ColumnType, codedColumn, columnOf, type Nested } from './columns.ts';
import { HASH_BYTES, TEXT_BYTES, TextDictionary } from './text-dictionary.ts';
import { singles } from './validity.ts';

const INTEGERS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
]);

const REALS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
]);

/** What is selected, and how its columns are read. */
export interface Reading {
  readonly sql: string;
  /** Of a chunk of what `sql` gives. */
  readonly read: (chunk: DuckDBDataChunk) => Column[];
}

/**
 * How to read the columns of a table: texts come with their hashes, by which one that was met before is known without
 * fetching it again.
 * @param from a table or subquery, as it stands after FROM
 * @param dictionaries of texts by the names of their columns, as earlier tables left them; those that lack are added
 * @param wanted names of the columns to read; all of them without
 */
export function readingOf(
  from: string,
  names: readonly string[],
  types: readonly DuckDBType[],
  dictionaries: Map<string, TextDictionary>,
  wanted?: ReadonlySet<string>,
): Reading {
  const dictionaryOf = (name: string): TextDictionary => {
    const dictionary = dictionaries.get(name) ?? new TextDictionary();
    dictionaries.set(name, dictionary);
    return dictionary;
  };
  const read = [...names.keys()].filter((at) => wanted?.has(names[at]) !== false);
  const texts = read.filter((at) => types[at].typeId === DuckDBTypeId.VARCHAR);
  const selected = [...read.map((at) => `c${at}`), ...texts.map((at) => `hash(c${at})`)];
  const readers = read.map((at, place) => {
    const hashPlace = read.length + texts.indexOf(at);
    return columnReader(names[at], place, types[at], hashPlace, dictionaryOf);
  });
  const columns = names.map((_, at) => `c${at}`);
  return {
    // Examples are counted, columns or not.
    sql: `SELECT ${selected.join(', ') || '0'} FROM ${from} AS t(${columns.join(', ')})`,
    read: (chunk) => {
      const rows = chunk.rowCount;
      return readers.map((readColumn) => readColumn(chunk, rows));
    },
  };
}

function columnReader(
  name: string,
  at: number,
  type: DuckDBType,
  hashAt: number,
  dictionaryOf: (name: string) => TextDictionary,
): (chunk: DuckDBDataChunk, rows: number) => Column {
  const layout = LAYOUTS.get(type.typeId);
  if (layout) return (chunk, rows) => numbersOf(name, vectorOf(chunk, rows, at, layout.bytes), layout);
  if (type.typeId === DuckDBTypeId.VARCHAR) {
    const dictionary = dictionaryOf(name);
    return (chunk, rows) => {
      const { bytes, validity } = vectorOf(chunk, rows, at, TEXT_BYTES);
      const { levels, present } = singles(rows, validity);
      const hashes = dataOf(chunk, rows, hashAt, HASH_BYTES);
      return codedColumn(name, levels, dictionary.encode(bytes, hashes, present?.length ?? rows, present));
    };
  }
  const columnType = columnTypeOf(type);
  return (chunk) => {
    const values: Nested[] = chunk.getColumnValues(at);
    for (let row = 0; row < values.length; row++) values[row] = nestedOf(values[row] as DuckDBValue, type);
    return columnOf(name, columnType, values);
  };
}

/** A vector's memory, which lasts as long as the chunk: what is kept must be copied. */
interface RawVector {
  readonly rows: number;
  readonly bytes: Uint8Array;
  /** A bit a row, 0 for missing; null if none is. */
  readonly validity: Uint8Array | null;
}

function vectorOf({ chunk }: DuckDBDataChunk, rows: number, at: number, bytesPerRow: number): RawVector {
  const vector = duckdb.data_chunk_get_vector(chunk, at);
  return {
    rows,
    bytes: duckdb.vector_get_data(vector, rows * bytesPerRow),
    validity: duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) ?? null,
  };
}

/** Of a vector whose gaps are known otherwise. */
function dataOf({ chunk }: DuckDBDataChunk, rows: number, at: number, bytesPerRow: number): Uint8Array {
  return duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, at), rows * bytesPerRow);
}

interface Layout {
  readonly bytes: number;
  readonly kind: 'INT' | 'FLOAT';
  readonly read: (bytes: Uint8Array, rows: number) => Float64Array | Float32Array;
}

type View = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => ArrayLike<number>;

function layout(kind: Layout['kind'], bytes: number, View: View): Layout {
  return { kind, bytes, read: (from, rows) => new Float64Array(new View(from.buffer, from.byteOffset, rows)) };
}

/** 64 bits as the nearest number: its two halves, added with one rounding. */
function wideLayout(signed: boolean): Layout {
  return {
    kind: 'INT',
    bytes: 8,
    read: ({ buffer, byteOffset }, rows) => {
      const low = new Uint32Array(buffer, byteOffset, 2 * rows);
      const high = signed ? new Int32Array(buffer, byteOffset, 2 * rows) : low;
      const values = new Float64Array(rows);
      for (let row = 0; row < rows; row++) values[row] = high[2 * row + 1] * 2 ** 32 + low[2 * row];
      return values;
    },
  };
}

const LAYOUTS: ReadonlyMap<DuckDBTypeId, Layout> = new Map([
  [DuckDBTypeId.BOOLEAN, layout('INT', 1, Uint8Array)],
  [DuckDBTypeId.TINYINT, layout('INT', 1, Int8Array)],
  [DuckDBTypeId.UTINYINT, layout('INT', 1, Uint8Array)],
  [DuckDBTypeId.SMALLINT, layout('INT', 2, Int16Array)],
  [DuckDBTypeId.USMALLINT, layout('INT', 2, Uint16Array)],
  [DuckDBTypeId.INTEGER, layout('INT', 4, Int32Array)],
  [DuckDBTypeId.UINTEGER, layout('INT', 4, Uint32Array)],
  [DuckDBTypeId.BIGINT, wideLayout(true)],
  [DuckDBTypeId.UBIGINT, wideLayout(false)],
  [
    DuckDBTypeId.FLOAT,
    { kind: 'FLOAT', bytes: 4, read: (from, rows) => new Float32Array(from.buffer, from.byteOffset, rows).slice() },
  ],
  [
    DuckDBTypeId.DOUBLE,
    { kind: 'FLOAT', bytes: 8, read: (from, rows) => new Float64Array(from.buffer, from.byteOffset, rows).slice() },
  ],
]);

function numbersOf(name: string, vector: RawVector, { kind, read }: Layout): Column {
  const { levels, present } = singles(vector.rows, vector.validity);
  const all = read(vector.bytes, vector.rows);
  if (!present) return { name, kind, levels, values: all };
  const values = all.slice(0, present.length);
  for (let i = 0; i < present.length; i++) values[i] = all[present[i]];
  return { name, kind, levels, values };
}

/** Dates, times and identifiers are texts; true and false are integers; a map is a list of its entries. */
function columnTypeOf(type: DuckDBType): ColumnType {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const inner = columnTypeOf(type.valueType);
    const flat = !(type.valueType instanceof DuckDBListType || type.valueType instanceof DuckDBArrayType);
    return flat && inner.kind !== 'NULL' ? inner : { ...inner, depth: inner.depth + 1 };
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryNames.map((name, i) => [name, columnTypeOf(type.entryTypes[i])] as const);
    return { kind: 'STRUCT', depth: 1, fields: new Map(fields) };
  }
  if (type instanceof DuckDBMapType) {
    const fields = [['key', columnTypeOf(type.keyType)] as const, ['value', columnTypeOf(type.valueType)] as const];
    return { kind: 'STRUCT', depth: 1, fields: new Map(fields) };
  }
  if (type.typeId === DuckDBTypeId.SQLNULL) return { kind: 'NULL', depth: 1 };
  if (INTEGERS.has(type.typeId)) return { kind: 'INT', depth: 1 };
  if (REALS.has(type.typeId)) return { kind: 'FLOAT', depth: 1, single: type.typeId === DuckDBTypeId.FLOAT };
  return { kind: 'STRING', depth: 1 };
}

function nestedOf(value: DuckDBValue, type: DuckDBType): Nested {
  if (value === null) return null;
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    const { valueType } = type as DuckDBListType;
    return value.items.map((item) => nestedOf(item, valueType));
  }
  if (value instanceof DuckDBStructValue) {
    const { entryNames, entryTypes } = type as DuckDBStructType;
    return Object.fromEntries(entryNames.map((name, i) => [name, nestedOf(value.entries[name], entryTypes[i])]));
  }
  if (value instanceof DuckDBMapValue) {
    const { keyType, valueType } = type as DuckDBMapType;
    return value.entries.map((entry) => ({
      key: nestedOf(entry.key, keyType),
      value: nestedOf(entry.value, valueType),
    }));
  }
  if (value instanceof DuckDBBlobValue) return decodeText(value.bytes);
  if (INTEGERS.has(type.typeId)) return Number(value);
  if (REALS.has(type.typeId)) return typeof value === 'number' ? value : Number(String(value));
  return String(value);
}
