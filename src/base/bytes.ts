/** Growing writer and bounds-checked reader of little-endian binary records. */
import { ShelfwiseError } from './errors.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Ids and words between values: shorter than this, and ASCII as a rule. */
const SHORT = 128;

export class ByteWriter {
  private buffer: Buffer;
  private position = 0;

  constructor(capacityBytes = 1024) {
    this.buffer = Buffer.allocUnsafe(capacityBytes);
  }

  get length(): number {
    return this.position;
  }

  reset(): void {
    this.position = 0;
  }

  /** Makes room and returns where it begins. It may replace `buffer`: read `buffer` only after it. */
  private reserve(bytes: number): number {
    const at = this.position;
    if (at + bytes > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, at + bytes));
      this.buffer.copy(larger, 0, 0, at);
      this.buffer = larger;
    }
    this.position = at + bytes;
    return at;
  }

  u8(x: number): void {
    const at = this.reserve(1);
    this.buffer[at] = x;
  }

  u16(x: number): void {
    const at = this.reserve(2);
    this.buffer.writeUInt16LE(x, at);
  }

  u32(x: number): void {
    const at = this.reserve(4);
    this.buffer.writeUInt32LE(x >>> 0, at);
  }

  f32(x: number): void {
    const at = this.reserve(4);
    this.buffer.writeFloatLE(x, at);
  }

  f64(x: number): void {
    const at = this.reserve(8);
    this.buffer.writeDoubleLE(x, at);
  }

  /** Unsigned LEB128; any non-negative safe integer. */
  varint(x: number): void {
    let rest = x;
    while (rest >= 128) {
      this.u8((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }

  /** Signed integer, zigzag-encoded. */
  zigzag(x: number): void {
    this.varint(x < 0 ? -2 * x - 1 : 2 * x);
  }

  text(x: string): void {
    if (x.length < SHORT) {
      const at = this.position;
      this.u8(x.length);
      if (this.ascii(x)) return;
      this.position = at;
    }
    const bytes = Buffer.byteLength(x);
    this.varint(bytes);
    const at = this.reserve(bytes);
    this.buffer.write(x, at, bytes, 'utf8');
  }

  /** UTF-8 without its length. */
  literal(x: string): void {
    if (x.length < SHORT && this.ascii(x)) return;
    const at = this.reserve(3 * x.length);
    this.position = at + this.buffer.write(x, at);
  }

  /** Writes a text that is ASCII; any other leaves nothing behind, and is false. A loop costs less than a call into the engine. */
  private ascii(x: string): boolean {
    const { length } = x;
    const at = this.reserve(length);
    const { buffer } = this;
    for (let i = 0; i < length; i++) {
      const code = x.charCodeAt(i);
      if (code > 127) {
        this.position = at;
        return false;
      }
      buffer[at + i] = code;
    }
    return true;
  }

  bytes(x: Uint8Array): void {
    this.varint(x.length);
    this.raw(x);
  }

  /** Bytes without their length. */
  raw(x: Uint8Array): void {
    const at = this.reserve(x.length);
    this.buffer.set(x, at);
  }

  /** Bytes `from` to `end` of a source, without their length: no view of them is made. */
  part(source: Buffer, from: number, end: number): void {
    const at = this.reserve(end - from);
    source.copy(this.buffer, at, from, end);
  }

  /** A copy of what was written. */
  finish(): Buffer {
    return Buffer.from(this.view());
  }

  /** What was written, shared with the writer: valid until the next write. */
  view(): Buffer {
    return this.buffer.subarray(0, this.position);
  }
}

export class ByteReader {
  private readonly view: DataView;
  private readonly source: Uint8Array;
  /** The same bytes, for its reading of text. */
  private readonly latin1: Buffer;
  position: number;

  constructor(source: Uint8Array, position = 0) {
    // Never a Buffer: its `slice` shares memory, that of a Uint8Array copies.
    this.source = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    this.latin1 = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
    this.view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    this.position = position;
  }

  get remaining(): number {
    return this.source.length - this.position;
  }

  private take(bytes: number): number {
    const at = this.position;
    if (bytes > this.source.length - at) {
      throw new ShelfwiseError('DECISION_CORRUPT', `wanted ${bytes} bytes at ${at} of ${this.source.length}`);
    }
    this.position = at + bytes;
    return at;
  }

  u8(): number {
    return this.source[this.take(1)];
  }

  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  f32(): number {
    return this.view.getFloat32(this.take(4), true);
  }

  f64(): number {
    return this.view.getFloat64(this.take(8), true);
  }

  varint(): number {
    const first = this.source[this.position];
    if (first < 128) {
      this.position++;
      return first;
    }
    let result = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      result += (byte & 127) * scale;
      if (byte < 128) return result;
      scale *= 128;
    }
    throw new ShelfwiseError('DECISION_CORRUPT', `a varint at ${this.position} does not end`);
  }

  zigzag(): number {
    const x = this.varint();
    return x % 2 === 0 ? x / 2 : -(x + 1) / 2;
  }

  text(): string {
    const length = this.varint();
    const at = this.take(length);
    const end = at + length;
    const { source } = this;
    // Ids are short and ASCII: one call into the engine instead of two objects and a decoder.
    if (length < SHORT) {
      let i = at;
      while (i < end && source[i] < 128) i++;
      if (i === end) return this.latin1.toString('latin1', at, end);
    }
    return decoder.decode(source.subarray(at, end));
  }

  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  raw(length: number): Uint8Array {
    const at = this.take(length);
    return this.source.subarray(at, at + length);
  }
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
