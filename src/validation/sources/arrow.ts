/** Examples from Arrow IPC files and streams, in chunks of typed columns. */
import { statSync } from 'node:fs';
import { messageOf, ShelfwiseError } from '../../base/index.ts';
import { decodeText } from '../metadata/index.ts';
import { type ArrowBatch, type ArrowField, arrowMessages } from './arrow-messages.ts';
import { type Chunk, type Column, type ColumnType, codedColumn, columnOf, type Nested } from './columns.ts';
import { isSet, singles } from './validity.ts';

/** A multiple of 8, so that bitmaps can be cut. */
const CHUNK_ROWS = 8192;

/**
 * Types are those of the file: integers and booleans INT, reals and decimals FLOAT, texts and binaries STRING; dates, times and
 * timestamps are texts as DuckDB writes them (`2026-11-28 03:40:00.5`), durations the integers that they are stored as. Lists and
 * records nest, a map is a list of records of key and value. Buffers may be compressed (LZ4, zstd). Memory is that of one record
 * batch and of the dictionaries.
 * @throws OPTION_INVALID if there is no such file; STATISTICS_COLUMN_MISMATCH if it is no Arrow IPC file or stream, is cut off, or
 * has a type that has no place here (unions, intervals, views, run-end encoding)
 */
export async function* readArrowChunks(file: string): AsyncGenerator<Chunk> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new ShelfwiseError('OPTION_INVALID', `there is no file ${file}`);
  try {
    yield* chunksOf(file);
  } catch (error) {
    if (error instanceof ShelfwiseError) throw error;
    throw new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `${file} as Arrow: ${messageOf(error)}`, { cause: error });
  }
}

async function* chunksOf(file: string): AsyncGenerator<Chunk> {
  let fields: readonly ArrowField[] | undefined;
  const dictionaries = new Map<number, ArrowArray[]>();
  for await (const message of arrowMessages(file)) {
    if (message.kind === 'schema') {
      fields = message.fields;
      for (const field of fields) checkReadable(field);
      continue;
    }
    if (!fields) throw new RangeError('data before the schema');
    if (message.kind === 'dictionary') {
      const encoded = dictionaryField(fields, message.id);
      const part = new ArrayCursor(message.batch, dictionaries).next({ ...encoded, dictionary: undefined });
      dictionaries.set(message.id, [...(message.delta ? (dictionaries.get(message.id) ?? []) : []), part]);
      continue;
    }
    const cursor = new ArrayCursor(message.batch, dictionaries);
    const arrays = fields.map((field) => cursor.next(field));
    const { rows } = message.batch;
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const to = Math.min(rows, from + CHUNK_ROWS);
      yield { rows: to - from, columns: arrays.map((array) => columnAt(array, from, to)) };
    }
  }
}

const UNREADABLE: ReadonlySet<string> = new Set([
  'None',
  'Interval',
  'Union',
  'RunEndEncoded',
  'BinaryView',
  'Utf8View',
  'ListView',
  'LargeListView',
]);

function checkReadable(field: ArrowField): void {
  if (UNREADABLE.has(field.type)) throw new RangeError(`${field.name} is of Arrow's type ${field.type}; cast it`);
  for (const child of field.children) checkReadable(child);
}

function dictionaryField(fields: readonly ArrowField[], id: number): ArrowField {
  for (const field of fields) {
    if (field.dictionary?.id === id) return field;
    const inside = field.children.length > 0 && findDictionary(field.children, id);
    if (inside) return inside;
  }
  throw new RangeError(`a dictionary ${id} that no column has`);
}

function findDictionary(fields: readonly ArrowField[], id: number): ArrowField | undefined {
  try {
    return dictionaryField(fields, id);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** An array of a batch: elements and how each is read. */
interface ArrowArray {
  readonly name: string;
  readonly length: number;
  readonly type: ColumnType;
  /** Null if nothing is missing. */
  readonly validity: Uint8Array | null;
  /** All elements as numbers, missing ones as anything; of flat numbers only. */
  readonly numbers?: (from: number, to: number) => Float64Array | Float32Array;
  /** Words and the place of each element among them; of texts with a dictionary only. */
  readonly coded?: { readonly words: readonly string[]; readonly codes: Float64Array };
  /** Of an element that is not missing. */
  readonly at: (element: number) => Nested;
}

function valueAt(array: ArrowArray, element: number): Nested {
  return array.validity && !isSet(array.validity, element) ? null : array.at(element);
}

function columnAt(array: ArrowArray, from: number, to: number): Column {
  const { name, type, numbers, coded } = array;
  if (!numbers && !coded)
    return columnOf(
      name,
      type,
      Array.from({ length: to - from }, (_, i) => valueAt(array, from + i)),
    );
  const { levels, present } = singles(to - from, array.validity?.subarray(from >> 3) ?? null);
  if (coded) {
    const codes = Int32Array.from(present ?? { length: to - from }, (at, i) => coded.codes[from + (present ? at : i)]);
    // A dictionary far larger than what uses it is dearer than the texts themselves.
    if (coded.words.length > 2 * CHUNK_ROWS)
      return { name, kind: 'STRING', levels, values: Array.from(codes, (code) => coded.words[code]) };
    return codedColumn(name, levels, { words: coded.words, codes });
  }
  const all = numbers!(from, to);
  if (!present) return { name, kind: type.kind as 'INT' | 'FLOAT', levels, values: all };
  const values = all.slice(0, present.length);
  for (let i = 0; i < present.length; i++) values[i] = all[present[i]];
  return { name, kind: type.kind as 'INT' | 'FLOAT', levels, values };
}

type Read = (view: DataView, element: number) => number;

/** Bytes an element, and its number. */
const INTEGERS: Readonly<Record<string, readonly [bytes: number, read: Read]>> = {
  i8: [1, (view, i) => view.getInt8(i)],
  u8: [1, (view, i) => view.getUint8(i)],
  i16: [2, (view, i) => view.getInt16(2 * i, true)],
  u16: [2, (view, i) => view.getUint16(2 * i, true)],
  i32: [4, (view, i) => view.getInt32(4 * i, true)],
  u32: [4, (view, i) => view.getUint32(4 * i, true)],
  i64: [8, (view, i) => view.getInt32(8 * i + 4, true) * 2 ** 32 + view.getUint32(8 * i, true)],
  u64: [8, (view, i) => view.getUint32(8 * i + 4, true) * 2 ** 32 + view.getUint32(8 * i, true)],
};

interface Elements {
  readonly elements: readonly Nested[];
  /** The same, if they are texts of which none stands twice. */
  readonly distinctTexts: readonly string[] | undefined;
}

/** Of dictionaries, by their parts: batches share them. */
const knownElements = new WeakMap<readonly ArrowArray[], Elements>();

function elementsOf(parts: readonly ArrowArray[]): Elements {
  let known = knownElements.get(parts);
  if (!known) {
    const elements = parts.flatMap((part) => Array.from({ length: part.length }, (_, i) => valueAt(part, i)));
    const texts = parts[0].type.kind === 'STRING' && parts[0].type.depth === 1;
    const distinct =
      texts && elements.every((word) => typeof word === 'string') && new Set<Nested>(elements).size === elements.length;
    known = { elements, distinctTexts: distinct ? (elements as string[]) : undefined };
    knownElements.set(parts, known);
  }
  return known;
}

/** Reads the arrays of a batch in the order in which their buffers stand. */
class ArrayCursor {
  private readonly batch: ArrowBatch;
  private readonly dictionaries: ReadonlyMap<number, readonly ArrowArray[]>;
  private node = 0;
  private buffer = 0;

  constructor(batch: ArrowBatch, dictionaries: ReadonlyMap<number, readonly ArrowArray[]>) {
    this.batch = batch;
    this.dictionaries = dictionaries;
  }

  next(field: ArrowField): ArrowArray {
    const node = this.batch.nodes[this.node++];
    if (!node) throw new RangeError(`${field.name} has no array in a batch`);
    const [length, missing] = node;
    const { name } = field;
    if (field.type === 'Null')
      return {
        name,
        length,
        type: { kind: 'NULL', depth: 1 },
        validity: new Uint8Array((length + 7) >> 3),
        at: () => null,
      };
    const bitmap = this.take(missing > 0 ? (length + 7) >> 3 : 0);
    const validity = missing > 0 ? bitmap : null;
    const base = { name, length, validity };
    if (field.dictionary) return { ...base, ...this.encoded(field, length, validity) };
    return { ...base, ...this.plain(field, length) };
  }

  private take(leastBytes: number): Uint8Array {
    const buffer = this.batch.buffers[this.buffer++];
    if (!buffer || buffer.length < leastBytes) throw new RangeError('a buffer is shorter than its array');
    return buffer;
  }

  private numbers(length: number, bytes: number): DataView {
    const buffer = this.take(length * bytes);
    return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  private encoded(
    field: ArrowField,
    length: number,
    validity: Uint8Array | null,
  ): Pick<ArrowArray, 'type' | 'at' | 'coded'> {
    const { id, bits, signed } = field.dictionary!;
    const [bytes, read] = INTEGERS[`${signed ? 'i' : 'u'}${bits}`];
    const view = this.numbers(length, bytes);
    const parts = this.dictionaries.get(id);
    if (!parts) throw new RangeError(`the dictionary of ${field.name} comes after its use, or never`);
    const [{ type }] = parts;
    const { elements, distinctTexts } = elementsOf(parts);
    const codes = Float64Array.from({ length }, (_, i) => (validity && !isSet(validity, i) ? 0 : read(view, i)));
    if (codes.some((code) => code < 0 || code >= Math.max(1, elements.length)))
      throw new RangeError(`${field.name} has a value that its dictionary lacks`);
    const at = (element: number): Nested => elements[codes[element]];
    return { type, at, ...(distinctTexts && { coded: { words: distinctTexts, codes } }) };
  }

  private plain(field: ArrowField, length: number): Pick<ArrowArray, 'type' | 'at' | 'numbers'> {
    const { parameters } = field;
    const number = (kind: 'INT' | 'FLOAT', bytes: number, read: Read): Pick<ArrowArray, 'type' | 'at' | 'numbers'> => {
      const view = this.numbers(length, bytes);
      const numbers = (from: number, to: number): Float64Array => {
        const values = new Float64Array(to - from);
        for (let i = from; i < to; i++) values[i - from] = read(view, i);
        return values;
      };
      return { type: { kind, depth: 1 }, at: (element) => read(view, element), numbers };
    };
    const text = (at: (element: number) => string): Pick<ArrowArray, 'type' | 'at'> => ({
      type: { kind: 'STRING', depth: 1 },
      at,
    });
    const integer = (signed: boolean, bits: number) => {
      const known = INTEGERS[`${signed ? 'i' : 'u'}${bits}`];
      if (!known) throw new RangeError(`${field.name} has integers of ${bits} bits`);
      return known;
    };
    switch (field.type) {
      case 'Int':
        return number('INT', ...integer(parameters?.int8(1) === 1, parameters?.int32(0) ?? 0));
      case 'Duration':
        return number('INT', ...INTEGERS.i64);
      case 'Bool': {
        const bitmap = this.take((length + 7) >> 3);
        const bit = (element: number): number => Number(isSet(bitmap, element));
        const numbers = (from: number, to: number): Float64Array =>
          Float64Array.from({ length: to - from }, (_, i) => bit(from + i));
        return { type: { kind: 'INT', depth: 1 }, at: bit, numbers };
      }
      case 'FloatingPoint':
        switch (parameters?.int16(0)) {
          case 0:
            return number('FLOAT', 2, (view, i) => halfOf(view.getUint16(2 * i, true)));
          case 1: {
            const { at, numbers } = number('FLOAT', 4, (view, i) => view.getFloat32(4 * i, true));
            const single = (from: number, to: number): Float32Array => Float32Array.from(numbers!(from, to));
            return { type: { kind: 'FLOAT', depth: 1, single: true }, at, numbers: single };
          }
          default:
            return number('FLOAT', 8, (view, i) => view.getFloat64(8 * i, true));
        }
      case 'Decimal': {
        const bytes = (parameters?.int32(2, 128) ?? 128) / 8;
        const scale = parameters?.int32(1) ?? 0;
        return number('FLOAT', bytes, (view, i) => Number(`${wholeOf(view, i * bytes, bytes)}e${-scale}`));
      }
      case 'Date': {
        const days = parameters?.int16(0, 1) === 0;
        const [bytes, read] = days ? INTEGERS.i32 : INTEGERS.i64;
        const view = this.numbers(length, bytes);
        return text((i) => new Date(read(view, i) * (days ? DAY_MS : 1)).toISOString().slice(0, 10));
      }
      case 'Time': {
        const [bytes] = parameters?.int32(1, 32) === 64 ? INTEGERS.i64 : INTEGERS.i32;
        const view = this.numbers(length, bytes);
        const perSecond = UNITS[parameters?.int16(0, 1) ?? 1];
        return text((i) =>
          timeText(bytes === 8 ? view.getBigInt64(8 * i, true) : BigInt(view.getInt32(4 * i, true)), perSecond),
        );
      }
      case 'Timestamp': {
        const view = this.numbers(length, 8);
        const perSecond = UNITS[parameters?.int16(0) ?? 0];
        const zone = parameters?.string(1) === undefined ? '' : '+00';
        return text((i) => {
          const value = view.getBigInt64(8 * i, true);
          const day = floorDivide(value, perSecond * 86_400n);
          const date = new Date(Number(day) * DAY_MS).toISOString().slice(0, 10);
          return `${date} ${timeText(value - day * perSecond * 86_400n, perSecond)}${zone}`;
        });
      }
      case 'FixedSizeBinary': {
        const bytes = parameters?.int32(0) ?? 0;
        const buffer = this.take(length * bytes);
        return text((i) => decodeText(buffer.subarray(i * bytes, (i + 1) * bytes)));
      }
      case 'Utf8':
      case 'Binary':
      case 'LargeUtf8':
      case 'LargeBinary': {
        const offsetOf = this.offsets(length, field.type.startsWith('Large'));
        const buffer = this.take(length === 0 ? 0 : offsetOf(length));
        return text((i) => decodeText(buffer.subarray(offsetOf(i), offsetOf(i + 1))));
      }
      case 'List':
      case 'LargeList':
      case 'Map': {
        const offsetOf = this.offsets(length, field.type === 'LargeList');
        return this.listOf(field, offsetOf);
      }
      case 'FixedSizeList': {
        const size = parameters?.int32(0) ?? 0;
        return this.listOf(field, (i) => i * size);
      }
      case 'Struct': {
        const fields = field.children.map((child) => this.next(child));
        const at = (element: number): Nested =>
          Object.fromEntries(fields.map((array) => [array.name, valueAt(array, element)]));
        return {
          type: { kind: 'STRUCT', depth: 1, fields: new Map(fields.map(({ name, type }) => [name, type])) },
          at,
        };
      }
      default:
        throw new RangeError(`${field.name} is of Arrow's type ${field.type}`);
    }
  }

  private offsets(length: number, large: boolean): (element: number) => number {
    const [bytes, read] = large ? INTEGERS.i64 : INTEGERS.i32;
    const view = this.numbers(length === 0 ? 0 : length + 1, bytes);
    return (element) => read(view, element);
  }

  private listOf(field: ArrowField, offsetOf: (element: number) => number): Pick<ArrowArray, 'type' | 'at'> {
    const child = this.next(field.children[0]);
    const at = (element: number): Nested => {
      const [from, to] = [offsetOf(element), offsetOf(element + 1)];
      if (from < 0 || to > child.length || to < from)
        throw new RangeError(`${field.name} has a list beyond its values`);
      return Array.from({ length: to - from }, (_, i) => valueAt(child, from + i));
    };
    const { type } = child;
    const nested = ['List', 'LargeList', 'FixedSizeList'].includes(field.children[0].type) || type.kind === 'NULL';
    return { type: nested ? { ...type, depth: type.depth + 1 } : type, at };
  }
}

const DAY_MS = 86_400_000;

/** Parts of a second, by TimeUnit: second, milli, micro, nano. */
const UNITS = [1n, 1000n, 1_000_000n, 1_000_000_000n] as const;

function floorDivide(a: bigint, b: bigint): bigint {
  return a / b - (a % b < 0n ? 1n : 0n);
}

/** `03:40:00.5`: as many digits of the second as there are. */
function timeText(parts: bigint, perSecond: bigint): string {
  const seconds = Number(parts / perSecond);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const fraction = (parts % perSecond)
    .toString()
    .padStart(perSecond.toString().length - 1, '0')
    .replace(/0+$/, '');
  const whole = clock.map((part) => String(part).padStart(2, '0')).join(':');
  return perSecond === 1n || fraction === '' ? whole : `${whole}.${fraction}`;
}

/** A signed integer of many bytes, little end first. */
function wholeOf(view: DataView, at: number, bytes: number): bigint {
  let whole = view.getBigInt64(at + bytes - 8, true);
  for (let i = bytes - 16; i >= 0; i -= 8) whole = (whole << 64n) | view.getBigUint64(at + i, true);
  return whole;
}

/** IEEE 754 binary16. */
function halfOf(bits: number): number {
  const sign = bits >>> 15 === 1 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}
