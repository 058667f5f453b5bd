/**
 * The bytes of the event log. A segment is a file `NNNNNNNN.log`: a header, then frames.
 *
 * ```
 * header  "SHLFLOG1" | version u32 | segment u32 | salt u32 | bytes of the segment before u32 | 0 u32 | crc32 of these u32
 * frame   length u32 | crc32 u32 | payload                 (all little-endian)
 * mark    0x80000008 | crc32 u32 | durable u32 | 0 u32     (a frame that is no entry)
 * erased  0x40000000 + length u32 | crc32 u32 | zeros       (where an entry was)
 * ```
 * The CRC of a frame starts from a mix of the segment's random salt, the frame's offset and its length, so that a frame
 * counts only where it was written: a stale block, a moved frame or a payload that imitates frames never does.
 *
 * Every write begins with a *mark*: all bytes before `durable` were on the medium when the write was made. It tells a
 * torn tail from damage: if a frame is bad and a later mark says that its place had been synced, then it is damage.
 *
 * An entry is erased by a frame of the same length, so that all others keep their places. A segment that holds one has
 * version 2 in its header: a program that does not know of them refuses it, and does not take it for damaged.
 */
import { crc32 } from 'node:zlib';
import { mix32, ShelfwiseError } from '../base/index.ts';
import type { DiskFile } from './disk.ts';

export const HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 8;
export const MARK_BYTES = 16;
const MARK_LENGTH_FIELD = 0x80000008;
const ERASED_FLAG = 0x40000000;
/** An entry may not be larger: a length beyond it is damage. */
export const MAX_ENTRY_BYTES = 64 * 1024 * 1024;

const MAGIC = 'SHLFLOG1';
const VERSION = 1;
/** Of segments in which entries were erased. */
const VERSION_ERASED = 2;

/** Place of an entry: the segment's number and the offset of its frame in the file. */
export interface LogPosition {
  readonly segment: number;
  readonly offset: number;
}

/** Negative, 0 or positive as `a` lies before, at or after `b`. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.segment - b.segment || a.offset - b.offset;
}

export function segmentName(segment: number): string {
  return `${String(segment).padStart(8, '0')}.log`;
}

/** The number of a segment's file, or null for any other file. */
export function segmentOfName(name: string): number | null {
  return /^\d{8}\.log$/.test(name) ? Number(name.slice(0, 8)) : null;
}

export interface SegmentHeader {
  readonly segment: number;
  readonly salt: number;
  /** Bytes of the segment before this one, which is complete; 0 when this is the first ever. */
  readonly previousBytes: number;
}

/** @param erased whether the segment holds frames of erased entries */
export function encodeHeader(header: SegmentHeader, erased = false): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write(MAGIC, 0, 'latin1');
  bytes.writeUInt32LE(erased ? VERSION_ERASED : VERSION, 8);
  bytes.writeUInt32LE(header.segment, 12);
  bytes.writeUInt32LE(header.salt, 16);
  bytes.writeUInt32LE(header.previousBytes, 20);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return bytes;
}

/** Reads a header; null when it is torn, damaged or of another segment. Throws `DATA_DIR_VERSION` for a later format. */
export function readHeader(file: DiskFile, segment: number): SegmentHeader | null {
  const bytes = Buffer.alloc(HEADER_BYTES);
  if (file.read(bytes, 0, HEADER_BYTES, 0) < HEADER_BYTES) return null;
  if (bytes.toString('latin1', 0, 8) !== MAGIC) return null;
  if (bytes.readUInt32LE(HEADER_BYTES - 4) !== crc32(bytes.subarray(0, HEADER_BYTES - 4))) return null;
  const version = bytes.readUInt32LE(8);
  if (version !== VERSION && version !== VERSION_ERASED) {
    throw new ShelfwiseError('DATA_DIR_VERSION', `segment ${segment} of the event log has format ${version}`);
  }
  if (bytes.readUInt32LE(12) !== segment) return null;
  return { segment, salt: bytes.readUInt32LE(16), previousBytes: bytes.readUInt32LE(20) };
}

function frameSeed(salt: number, offset: number, lengthField: number): number {
  return mix32(salt ^ mix32(offset ^ mix32(lengthField)));
}

/** Writes a frame into `into` at `at`; `offset` is its place in the segment. The caller has made room. */
export function writeFrame(into: Buffer, at: number, payload: Uint8Array, salt: number, offset: number): void {
  const length = payload.length;
  into.writeUInt32LE(length, at);
  into.writeUInt32LE(crc32(payload, frameSeed(salt, offset, length)), at + 4);
  into.set(payload, at + FRAME_HEADER_BYTES);
}

/** The bytes of the frame that takes an entry's place. */
export function erasedFrame(length: number, salt: number, offset: number): Buffer {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + length);
  frame.writeUInt32LE(ERASED_FLAG + length, 0);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEADER_BYTES), frameSeed(salt, offset, ERASED_FLAG + length)), 4);
  return frame;
}

export function writeMark(into: Buffer, at: number, durable: number, salt: number, offset: number): void {
  into.writeUInt32LE(MARK_LENGTH_FIELD, at);
  into.writeUInt32LE(durable, at + 8);
  into.writeUInt32LE(0, at + 12);
  const payload = into.subarray(at + FRAME_HEADER_BYTES, at + MARK_BYTES);
  into.writeUInt32LE(crc32(payload, frameSeed(salt, offset, MARK_LENGTH_FIELD)), at + 4);
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Walks the frames of one segment. After `next()` returned true, `payload`, `offset` and `nextOffset` describe an entry;
 * marks and what was erased are passed over. Payloads are views of a chunk that is never written again, so they may be kept.
 */
export class FrameCursor {
  offset: number;
  nextOffset: number;
  payload: Uint8Array = new Uint8Array(0);
  /** True once an erased entry was passed over. */
  passedErased = false;
  /** True once a frame before the limit did not check. `nextOffset` is where it stands. */
  damaged = false;

  private readonly file: DiskFile;
  private readonly salt: number;
  private readonly limit: number;
  private readonly chunkBytes: number;
  private chunk: Buffer = Buffer.alloc(0);
  private chunkStart = 0;

  constructor(file: DiskFile, salt: number, from: number, limit: number, chunkBytes = CHUNK_BYTES) {
    this.file = file;
    this.salt = salt;
    this.offset = from;
    this.nextOffset = Math.max(from, HEADER_BYTES);
    this.limit = limit;
    this.chunkBytes = chunkBytes;
  }

  next(): boolean {
    while (!this.damaged && this.nextOffset < this.limit) {
      const at = this.nextOffset;
      if (!this.load(at, FRAME_HEADER_BYTES)) break;
      const lengthField = this.chunk.readUInt32LE(at - this.chunkStart);
      const mark = lengthField === MARK_LENGTH_FIELD;
      const erased = lengthField >= ERASED_FLAG && lengthField < 2 * ERASED_FLAG;
      const length = mark ? MARK_BYTES - FRAME_HEADER_BYTES : erased ? lengthField - ERASED_FLAG : lengthField;
      if (length === 0 || length > MAX_ENTRY_BYTES || !this.load(at, FRAME_HEADER_BYTES + length)) break;
      const inChunk = at - this.chunkStart;
      const payload = this.chunk.subarray(inChunk + FRAME_HEADER_BYTES, inChunk + FRAME_HEADER_BYTES + length);
      const crc = crc32(payload, frameSeed(this.salt, at, lengthField));
      if (crc !== this.chunk.readUInt32LE(inChunk + 4)) break;
      this.nextOffset = at + FRAME_HEADER_BYTES + length;
      if (erased) this.passedErased = true;
      if (mark || erased) continue;
      this.offset = at;
      this.payload = payload;
      return true;
    }
    if (this.nextOffset < this.limit) this.damaged = true;
    return false;
  }

  /** Makes sure that `length` bytes from `at` are in the chunk; false when they reach beyond the limit. */
  private load(at: number, length: number): boolean {
    if (at + length > this.limit) return false;
    if (at >= this.chunkStart && at + length <= this.chunkStart + this.chunk.length) return true;
    const wanted = Math.min(Math.max(this.chunkBytes, length), this.limit - at);
    const chunk = Buffer.allocUnsafe(wanted);
    const read = this.file.read(chunk, 0, wanted, at);
    this.chunk = chunk.subarray(0, read);
    this.chunkStart = at;
    return read >= length;
  }
}

/** Is there a mark after `badOffset` which says that `badOffset` had been synced? Then the bad frame is damage, not a torn tail. */
export function syncedBeyond(file: DiskFile, salt: number, badOffset: number, size: number): boolean {
  const rest = Buffer.allocUnsafe(size - badOffset);
  file.read(rest, 0, rest.length, badOffset);
  const pattern = Buffer.alloc(4);
  pattern.writeUInt32LE(MARK_LENGTH_FIELD, 0);
  for (let at = rest.indexOf(pattern); at >= 0; at = rest.indexOf(pattern, at + 1)) {
    if (at + MARK_BYTES > rest.length) return false;
    const payload = rest.subarray(at + FRAME_HEADER_BYTES, at + MARK_BYTES);
    const crc = crc32(payload, frameSeed(salt, badOffset + at, MARK_LENGTH_FIELD));
    if (crc === rest.readUInt32LE(at + 4) && rest.readUInt32LE(at + 8) > badOffset) return true;
  }
  return false;
}
