/** Wire format of protocol buffers, read and written by descriptor. */
import { ShelfwiseError } from '../../base/index.ts';
import {
  descriptorOf,
  enumOfField,
  exactInteger,
  type FieldDescriptor,
  type Fields,
  integerOf,
  isWritten,
  type MessageDescriptor,
  messageOfField,
  setField,
  UNKNOWN_FIELDS,
} from './descriptors.ts';
import type { MessageName, MessageTypes } from './messages.ts';
import { compareBytes, decodeText, encodeText } from './strings.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Nesting beyond which a message is refused, as protocol buffers do. */
const DEEPEST = 100;

const MASK64 = (1n << 64n) - 1n;

/**
 * The bytes of a message, deterministic: fields in order of their numbers, maps in byte order of their keys, repeated
 * proto3 scalars packed, unknown fields last.
 * @throws METADATA_INVALID for a number that its field cannot hold, or an enum name that does not exist
 */
export function encodeBinary<N extends MessageName>(name: N, message: MessageTypes[N]): Uint8Array {
  return encode(descriptorOf(name), message as Fields);
}

/** As encodeBinary, for a descriptor in hand. */
export function encode(descriptor: MessageDescriptor, message: Fields): Uint8Array {
  const sink = new Sink();
  writeMessage(sink, descriptor, message);
  return sink.take();
}

/**
 * Reads a message; a singular message field that comes twice is merged, the last of a oneof stands.
 * @throws METADATA_INVALID for bytes that are no such message
 */
export function decodeBinary<N extends MessageName>(name: N, bytes: Uint8Array): MessageTypes[N] {
  return decode(descriptorOf(name), bytes) as MessageTypes[N];
}

/** As decodeBinary, for a descriptor in hand. */
export function decode(descriptor: MessageDescriptor, bytes: Uint8Array): Fields {
  const message: Fields = {};
  readMessage(new Source(bytes, descriptor.name), descriptor, message, 0);
  return message;
}

class Sink {
  private buffer = Buffer.allocUnsafe(256);
  private length = 0;

  private room(bytes: number): number {
    const at = this.length;
    this.length += bytes;
    if (this.length > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.length, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, at);
      this.buffer = larger;
    }
    return at;
  }

  varint(exact: number): void {
    let rest = exact;
    while (rest >= 128) {
      const at = this.room(1);
      this.buffer[at] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    const at = this.room(1);
    this.buffer[at] = rest;
  }

  varint64(exact: bigint): void {
    let rest = exact & MASK64;
    if (rest < 1n << 53n) {
      this.varint(Number(rest));
      return;
    }
    while (rest >= 128n) {
      const at = this.room(1);
      this.buffer[at] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    const at = this.room(1);
    this.buffer[at] = Number(rest);
  }

  double(x: number): void {
    const at = this.room(8);
    this.buffer.writeDoubleLE(x, at);
  }

  float(x: number): void {
    const at = this.room(4);
    this.buffer.writeFloatLE(x, at);
  }

  bytes(bytes: Uint8Array): void {
    const at = this.room(bytes.length);
    this.buffer.set(bytes, at);
  }

  sized(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.bytes(bytes);
  }

  take(): Uint8Array {
    return Uint8Array.from(this.buffer.subarray(0, this.length));
  }
}

function wireOf(field: FieldDescriptor): number {
  if (field.kind === 'map' || field.kind === 'message') return LENGTH;
  if (field.type === 'string' || field.type === 'bytes') return LENGTH;
  if (field.type === 'double') return FIXED64;
  return field.type === 'float' ? FIXED32 : VARINT;
}

function writeMessage(sink: Sink, descriptor: MessageDescriptor, message: Fields): void {
  for (const field of descriptor.fields) {
    const content = message[field.property];
    if (!isWritten(field, content)) continue;
    const wire = wireOf(field);
    const tag = field.number * 8 + wire;
    if (field.kind === 'map') {
      const entries = [...(content as Map<string, Fields>)].sort(([a], [b]) => compareBytes(a, b));
      for (const [key, inner] of entries) {
        const entry = new Sink();
        entry.varint(8 + LENGTH);
        entry.sized(encodeText(key));
        entry.varint(16 + LENGTH);
        entry.sized(encode(messageOfField(field), inner));
        sink.varint(tag);
        sink.sized(entry.take());
      }
    } else if (field.repeated && descriptor.syntax === 'proto3' && wire !== LENGTH) {
      const packed = new Sink();
      for (const one of content as unknown[]) writeOne(packed, field, one);
      sink.varint(field.number * 8 + LENGTH);
      sink.sized(packed.take());
    } else {
      for (const one of field.repeated ? (content as unknown[]) : [content]) {
        sink.varint(tag);
        writeOne(sink, field, one);
      }
    }
  }
  const unknown = message[UNKNOWN_FIELDS];
  if (unknown) sink.bytes(unknown);
}

function writeOne(sink: Sink, field: FieldDescriptor, content: unknown): void {
  if (field.kind === 'message') sink.sized(encode(messageOfField(field), content as Fields));
  else if (field.kind === 'enum') sink.varint(enumNumber(field, content));
  else if (field.type === 'string') sink.sized(encodeText(content as string));
  else if (field.type === 'bytes') sink.sized(content as Uint8Array);
  else if (field.type === 'double') sink.double(content as number);
  else if (field.type === 'float') sink.float(content as number);
  else if (field.type === 'bool') sink.varint(content ? 1 : 0);
  else sink.varint64(exactInteger(field, content));
}

function enumNumber(field: FieldDescriptor, content: unknown): number {
  const number = enumOfField(field).numbers.get(content as string);
  if (number === undefined)
    throw new ShelfwiseError('METADATA_INVALID', `${field.name}: no ${field.type} is called ${String(content)}`);
  return number;
}

class Source {
  at = 0;
  readonly bytes: Buffer;
  readonly what: string;

  constructor(bytes: Uint8Array, what: string) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.what = what;
  }

  fail(why: string): never {
    throw new ShelfwiseError('METADATA_INVALID', `${this.what}, byte ${this.at}: ${why}`);
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  varint(): bigint {
    let low = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      if (this.done) this.fail('ends within a number');
      const byte = this.bytes[this.at++];
      low += (byte & 127) * scale;
      if (byte < 128) return BigInt(low);
      scale *= 128;
    }
    let exact = BigInt(low);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      if (this.done) this.fail('ends within a number');
      const byte = this.bytes[this.at++];
      exact |= BigInt(byte & 127) << shift;
      if (byte < 128) return exact & MASK64;
    }
    return this.fail('a number of more than 10 bytes');
  }

  skip(count: number): number {
    const from = this.at;
    if (count > this.bytes.length - from) this.fail(`wants ${count} more bytes`);
    this.at += count;
    return from;
  }

  sized(): Buffer {
    const count = Number(this.varint());
    const from = this.skip(count);
    return this.bytes.subarray(from, this.at);
  }
}

function readMessage(source: Source, descriptor: MessageDescriptor, message: Fields, depth: number): void {
  if (depth > DEEPEST) source.fail('nested too deeply');
  const unknown: Uint8Array[] = [];
  while (!source.done) {
    const start = source.at;
    const tag = Number(source.varint());
    const number = Math.floor(tag / 8);
    const wire = tag & 7;
    const field = descriptor.byNumber.get(number);
    if (number === 0) source.fail('field number 0');
    if (!field || !readField(source, descriptor, field, wire, message, depth)) {
      source.at = start;
      source.varint();
      skipField(source, number, wire, depth);
      unknown.push(source.bytes.subarray(start, source.at));
    }
  }
  if (unknown.length > 0)
    message[UNKNOWN_FIELDS] = Uint8Array.from(
      Buffer.concat([message[UNKNOWN_FIELDS] ?? new Uint8Array(0), ...unknown]),
    );
}

function skipField(source: Source, number: number, wire: number, depth: number): void {
  if (wire === VARINT) source.varint();
  else if (wire === FIXED64) source.skip(8);
  else if (wire === LENGTH) source.sized();
  else if (wire === FIXED32) source.skip(4);
  else if (wire === 3) {
    if (depth > DEEPEST) source.fail('nested too deeply');
    for (;;) {
      const tag = Number(source.varint());
      const inner = Math.floor(tag / 8);
      if ((tag & 7) === 4) {
        if (inner !== number) source.fail('a group ends that did not begin');
        return;
      }
      skipField(source, inner, tag & 7, depth + 1);
    }
  } else source.fail(`wire type ${wire}`);
}

/** False if the field is to be kept as unknown: another wire type, or an enum number without a name. */
function readField(
  source: Source,
  descriptor: MessageDescriptor,
  field: FieldDescriptor,
  wire: number,
  message: Fields,
  depth: number,
): boolean {
  const expected = wireOf(field);
  if (field.repeated && wire === LENGTH && expected !== LENGTH) {
    const inner = new Source(source.sized(), source.what);
    while (!inner.done) {
      const one = readOne(inner, field, depth);
      if (one !== undefined) append(message, field, one);
    }
    return true;
  }
  if (wire !== expected) return false;
  if (field.kind === 'map') {
    readEntry(source, field, message, depth);
    return true;
  }
  if (field.kind === 'message' && !field.repeated) {
    const inner = new Source(source.sized(), `${source.what}.${field.name}`);
    const target = (message[field.property] as Fields | undefined) ?? {};
    readMessage(inner, messageOfField(field), target, depth + 1);
    setField(message, descriptor, field, target);
    return true;
  }
  const content = readOne(source, field, depth);
  if (content === undefined) return false;
  if (field.repeated) append(message, field, content);
  else if (isWritten(field, content)) setField(message, descriptor, field, content);
  else delete message[field.property];
  return true;
}

function append(message: Fields, field: FieldDescriptor, content: unknown): void {
  const list = message[field.property] as unknown[] | undefined;
  if (list) list.push(content);
  else message[field.property] = [content];
}

function readEntry(source: Source, field: FieldDescriptor, message: Fields, depth: number): void {
  const entry = new Source(source.sized(), `${source.what}.${field.name}`);
  let key = '';
  const inner: Fields = {};
  while (!entry.done) {
    const tag = Number(entry.varint());
    if (tag === 8 + LENGTH) key = decodeText(entry.sized());
    else if (tag === 16 + LENGTH)
      readMessage(new Source(entry.sized(), entry.what), messageOfField(field), inner, depth + 2);
    else skipField(entry, Math.floor(tag / 8), tag & 7, depth);
  }
  const map = (message[field.property] as Map<string, Fields> | undefined) ?? new Map<string, Fields>();
  map.set(key, inner);
  message[field.property] = map;
}

function readOne(source: Source, field: FieldDescriptor, depth: number): unknown {
  if (field.kind === 'message') {
    const inner: Fields = {};
    readMessage(new Source(source.sized(), `${source.what}.${field.name}`), messageOfField(field), inner, depth + 1);
    return inner;
  }
  if (field.kind === 'enum') return enumOfField(field).names.get(Number(BigInt.asIntN(32, source.varint())));
  switch (field.type) {
    case 'string':
      return decodeText(source.sized());
    case 'bytes':
      return Uint8Array.from(source.sized());
    case 'double':
      return source.bytes.readDoubleLE(source.skip(8));
    case 'float':
      return source.bytes.readFloatLE(source.skip(4));
    case 'bool':
      return source.varint() !== 0n;
    case 'int32':
      return Number(BigInt.asIntN(32, source.varint()));
    case 'uint32':
      return Number(BigInt.asUintN(32, source.varint()));
    case 'int64':
      return integerOf(field, BigInt.asIntN(64, source.varint()));
    default:
      return integerOf(field, source.varint());
  }
}
