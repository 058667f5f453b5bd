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
 */
export function readingOf(from: string, names: readonly string[], types: readonly DuckDBType[]): Reading {
  const texts = names.flatMap((_, at) => (types[at].typeId === DuckDBTypeId.VARCHAR ? [at] : []));
  const columns = names.map((_, at) => `c${at}`);
  const hashes = texts.map((at) => `, hash(c${at})`).join('');
  const readers = names.map((name, at) => {
    const hashAt = names.length + texts.indexOf(at);
    return columnReader(name, at, types[at], hashAt);
  });
  return {
    sql: `SELECT *${hashes} FROM ${from} AS t(${columns.join(', ')})`,
    read: (chunk) => readers.map((read) => read(chunk)),
  };
}

function columnReader(name: string, at: number, type: DuckDBType, hashAt: number): (chunk: DuckDBDataChunk) => Column {
  const layout = LAYOUTS.get(type.typeId);
  if (layout) return (chunk) => numbersOf(name, vectorOf(chunk, at, layout.bytes), layout);
  if (type.typeId === DuckDBTypeId.VARCHAR) {
    const known = new KnownTexts();
    return (chunk) => textsOf(name, vectorOf(chunk, at, TEXT_BYTES), vectorOf(chunk, hashAt, HASH_BYTES), known);
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

function vectorOf({ chunk }: DuckDBDataChunk, at: number, bytesPerRow: number): RawVector {
  const rows = duckdb.data_chunk_get_size(chunk);
  const vector = duckdb.data_chunk_get_vector(chunk, at);
  return {
    rows,
    bytes: duckdb.vector_get_data(vector, rows * bytesPerRow),
    validity: duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) ?? null,
  };
}

interface Layout {
  readonly bytes: number;
  readonly kind: 'INT' | 'FLOAT';
  readonly read: (bytes: Uint8Array, rows: number) => Float64Array | Float32Array;
}

type View = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => ArrayLike<number>;

function layout(kind: Layout['kind'], bytes: number, View: View): Layout {
  return { kind, bytes, read: (from, rows) => Float64Array.from(new View(from.buffer, from.byteOffset, rows)) };
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

/** Of a text: its length, then itself up to 12 bytes, or 4 bytes of it and where it stands. */
const TEXT_BYTES = 16;
const INLINE_BYTES = 12;
const HASH_BYTES = 8;

/** Rows of a chunk are at most 2048; a slot is the code of a word + 1, or 0. */
const SLOTS = 8192;
const slots = new Int32Array(SLOTS);

/** By a dictionary of the chunk: within one, texts of the same 16 bytes are the same text. */
function textsOf(name: string, vector: RawVector, hashVector: RawVector, known: KnownTexts): Column {
  const { levels, present } = singles(vector.rows, vector.validity);
  const count = present ? present.length : vector.rows;
  const { buffer, byteOffset } = vector.bytes;
  const entries = new Int32Array(buffer, byteOffset, vector.rows * 4);
  const hashes = new Int32Array(hashVector.bytes.buffer, hashVector.bytes.byteOffset, vector.rows * 2);
  const codes = new Int32Array(count);
  const words: string[] = [];
  const firsts: number[] = [];
  slots.fill(0);
  for (let i = 0; i < count; i++) {
    const row = present ? present[i] : i;
    const at = 4 * row;
    let slot = hashes[2 * row] & (SLOTS - 1);
    let code = slots[slot] - 1;
    while (code >= 0) {
      const first = firsts[code];
      if (
        entries[first] === entries[at] &&
        entries[first + 1] === entries[at + 1] &&
        entries[first + 2] === entries[at + 2] &&
        entries[first + 3] === entries[at + 3]
      )
        break;
      slot = (slot + 1) & (SLOTS - 1);
      code = slots[slot] - 1;
    }
    if (code < 0) {
      code = words.length;
      slots[slot] = code + 1;
      firsts.push(at);
      words.push(known.textAt(vector.bytes, entries, row, hashes));
    }
    codes[i] = code;
  }
  return codedColumn(name, levels, { words, codes });
}

const KNOWN = 2 ** 19;

/**
 * Texts met before, so that few are fetched: by 64 bits of hash, the length and the first 4 bytes, that is 128 bits. At most
 * 2^18 of them; then it begins anew.
 */
class KnownTexts {
  /** Hash, length, first bytes of each slot. */
  private keys = new Int32Array(4 * 1024);
  private texts: (string | undefined)[] = new Array(1024);
  private size = 0;

  textAt(bytes: Uint8Array, entries: Int32Array, row: number, hashes: Int32Array): string {
    const [low, high, length, prefix] = [hashes[2 * row], hashes[2 * row + 1], entries[4 * row], entries[4 * row + 1]];
    let slot = this.slotOf(low, high, length, prefix);
    const text = this.texts[slot];
    if (text !== undefined) return text;
    if (2 * this.size >= this.texts.length) {
      this.grow();
      slot = this.slotOf(low, high, length, prefix);
    }
    const { keys } = this;
    keys[4 * slot] = low;
    keys[4 * slot + 1] = high;
    keys[4 * slot + 2] = length;
    keys[4 * slot + 3] = prefix;
    this.size++;
    const fetched = fetchText(bytes, 4 * TEXT_WORDS * row, length);
    this.texts[slot] = fetched;
    return fetched;
  }

  private slotOf(low: number, high: number, length: number, prefix: number): number {
    const { keys, texts } = this;
    const mask = texts.length - 1;
    let slot = (low ^ (high >>> 7)) & mask;
    while (
      texts[slot] !== undefined &&
      (keys[4 * slot] !== low ||
        keys[4 * slot + 1] !== high ||
        keys[4 * slot + 2] !== length ||
        keys[4 * slot + 3] !== prefix)
    )
      slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const { keys, texts } = this;
    const slots = Math.min(2 * texts.length, KNOWN);
    this.keys = new Int32Array(4 * slots);
    this.texts = new Array(slots);
    if (texts.length === KNOWN) {
      this.size = 0;
      return;
    }
    for (let from = 0; from < texts.length; from++) {
      if (texts[from] === undefined) continue;
      const key = keys.subarray(4 * from, 4 * from + 4);
      const slot = this.slotOf(key[0], key[1], key[2], key[3]);
      this.keys.set(key, 4 * slot);
      this.texts[slot] = texts[from];
    }
  }
}

const TEXT_WORDS = TEXT_BYTES / 4;

function fetchText({ buffer, byteOffset }: Uint8Array, at: number, length: number): string {
  const start = byteOffset + at + 4;
  const bytes =
    length <= INLINE_BYTES
      ? new Uint8Array(buffer, start, length)
      : duckdb.get_data_from_pointer(buffer as ArrayBuffer, start + 4, length);
  // A VARCHAR is UTF-8: DuckDB checks where it reads.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
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
