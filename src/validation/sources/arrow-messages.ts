/** Messages of Arrow's IPC format, file or stream, one after the other (https://arrow.apache.org/docs/format/Columnar.html). */
import { type FileHandle, open } from 'node:fs/promises';
import zlib from 'node:zlib';
import { Table } from './flatbuffers.ts';
import { decompressLz4Frame } from './lz4.ts';

/** By their numbers in the union `Type` of Schema.fbs. */
const TYPE_NAMES = [
  'None',
  'Null',
  'Int',
  'FloatingPoint',
  'Binary',
  'Utf8',
  'Bool',
  'Decimal',
  'Date',
  'Time',
  'Timestamp',
  'Interval',
  'List',
  'Struct',
  'Union',
  'FixedSizeBinary',
  'FixedSizeList',
  'Map',
  'Duration',
  'LargeBinary',
  'LargeUtf8',
  'LargeList',
  'RunEndEncoded',
  'BinaryView',
  'Utf8View',
  'ListView',
  'LargeListView',
] as const;

export type ArrowTypeName = (typeof TYPE_NAMES)[number];

export interface ArrowField {
  readonly name: string;
  readonly type: ArrowTypeName;
  readonly parameters: Table | undefined;
  readonly children: readonly ArrowField[];
  /** Values stand in the dictionary of this number, and their places in it in the column. */
  readonly dictionary: { readonly id: number; readonly bits: number; readonly signed: boolean } | undefined;
}

export interface ArrowBatch {
  readonly rows: number;
  /** Of each array, parents before children: elements, and how many are missing. */
  readonly nodes: readonly (readonly [length: number, missing: number])[];
  readonly buffers: readonly Uint8Array[];
}

export type ArrowMessage =
  | { readonly kind: 'schema'; readonly fields: readonly ArrowField[] }
  | { readonly kind: 'dictionary'; readonly id: number; readonly delta: boolean; readonly batch: ArrowBatch }
  | { readonly kind: 'batch'; readonly batch: ArrowBatch };

const FILE_MAGIC = 'ARROW1';
const CONTINUATION = 0xffffffff;
const MOST_METADATA_BYTES = 1 << 28;
const MOST_BODY_BYTES = 2 ** 31;

/** @throws RangeError with what is wrong, for what is not Arrow or is cut off */
export async function* arrowMessages(file: string): AsyncGenerator<ArrowMessage> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size === 0) throw new RangeError('it is empty');
    const magicAt = async (position: number): Promise<boolean> =>
      size >= 16 && (await readAt(handle, position, FILE_MAGIC.length)).toString('latin1') === FILE_MAGIC;
    const isFile = await magicAt(0);
    if (isFile && !(await magicAt(size - FILE_MAGIC.length))) throw new RangeError('it is cut off');
    let at = isFile ? 8 : 0;
    while (at + 4 <= size) {
      const first = (await readAt(handle, at, 4)).readUInt32LE(0);
      at += 4;
      const length = first === CONTINUATION ? (await readAt(handle, at, 4)).readUInt32LE(0) : first;
      if (first === CONTINUATION) at += 4;
      if (length === 0) return;
      if (length > MOST_METADATA_BYTES || at + length > size)
        throw new RangeError('it is no Arrow stream or file, or it is cut off');
      const message = Table.root(await readAt(handle, at, length));
      at += length;
      const bodyBytes = message.int64(3);
      if (bodyBytes < 0 || bodyBytes > MOST_BODY_BYTES)
        throw new RangeError(`a record batch of ${bodyBytes} bytes; write batches of less than 2 GiB`);
      if (at + bodyBytes > size) throw new RangeError('it is cut off within a record batch');
      const body = await readAt(handle, at, bodyBytes);
      at += bodyBytes;
      yield messageOf(message, body);
    }
    throw new RangeError('it is cut off: the end of the stream is missing');
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await handle.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) throw new RangeError('it is cut off');
    read += bytesRead;
  }
  return bytes;
}

function messageOf(message: Table, body: Uint8Array): ArrowMessage {
  const header = message.table(2);
  switch (header && message.int8(1)) {
    case 1:
      if (header!.int16(0) !== 0) throw new RangeError('it is big-endian');
      return { kind: 'schema', fields: header!.tables(1).map(fieldOf) };
    case 2: {
      const data = header!.table(1);
      if (!data) throw new RangeError('a dictionary without values');
      return {
        kind: 'dictionary',
        id: header!.int64(0),
        delta: header!.int8(2) !== 0,
        batch: batchOf(data, body),
      };
    }
    case 3:
      return { kind: 'batch', batch: batchOf(header!, body) };
    default:
      throw new RangeError('a message that is neither schema, dictionary nor record batch');
  }
}

function fieldOf(field: Table): ArrowField {
  const encoding = field.table(4);
  const index = encoding?.table(1);
  return {
    name: field.string(0) ?? '',
    type: TYPE_NAMES[field.int8(2)] ?? 'None',
    parameters: field.table(3),
    children: field.tables(5).map(fieldOf),
    dictionary: encoding && {
      id: encoding.int64(0),
      bits: index?.int32(0) ?? 32,
      signed: index === undefined || index.int8(1) !== 0,
    },
  };
}

function batchOf(batch: Table, body: Uint8Array): ArrowBatch {
  const compression = batch.table(3);
  const codec = compression && (compression.int8(0) === 1 ? 'zstd' : 'lz4');
  const buffers = batch.pairs(2).map(([offset, length]) => {
    if (offset < 0 || length < 0 || offset + length > body.length) throw new RangeError('a buffer beyond its body');
    const buffer = body.subarray(offset, offset + length);
    return codec && length > 0 ? decompressed(buffer, codec) : buffer;
  });
  return { rows: batch.int64(0), nodes: batch.pairs(1), buffers };
}

/** A length, −1 for what is not compressed after all, then the bytes. */
function decompressed(buffer: Uint8Array, codec: 'zstd' | 'lz4'): Uint8Array {
  const length = Number(new DataView(buffer.buffer, buffer.byteOffset, 8).getBigInt64(0, true));
  const bytes = buffer.subarray(8);
  if (length === -1) return bytes;
  if (length < 0 || length > MOST_BODY_BYTES) throw new RangeError(`a buffer of ${length} bytes`);
  if (codec === 'lz4') return decompressLz4Frame(bytes, length);
  if (!zlib.zstdDecompressSync) throw new RangeError(`it is compressed with zstd, which Node ${process.version} lacks`);
  return zlib.zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) });
}
