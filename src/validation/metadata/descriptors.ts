/** Descriptors of messages and enums, read once from the field tables. */
import { ShelfwiseError } from '../../base/index.ts';
import type { MessageName } from './messages.ts';
import { ANOMALIES_TABLE, CONFIG_TABLE, ENUM_TABLE, EXAMPLE_TABLE, SCHEMA_TABLE, STATISTICS_TABLE } from './tables.ts';

export type Scalar = 'string' | 'bytes' | 'bool' | 'int32' | 'uint32' | 'int64' | 'uint64' | 'float' | 'double';

const SCALARS: ReadonlySet<string> = new Set<Scalar>([
  'string',
  'bytes',
  'bool',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float',
  'double',
]);

export interface FieldDescriptor {
  /** As in the .proto. */
  readonly name: string;
  /** In the message object: camelCase. */
  readonly property: string;
  readonly number: number;
  readonly kind: 'scalar' | 'enum' | 'message' | 'map';
  /** Name of the scalar, enum or message; of a map that of its values' message. */
  readonly type: string;
  readonly repeated: boolean;
  readonly oneof?: string;
  /** A 64-bit integer that may be a bigint. */
  readonly wide: boolean;
  /** proto3 outside a oneof: a scalar that holds its default is not written. */
  readonly implicit: boolean;
}

export interface MessageDescriptor {
  readonly name: string;
  readonly syntax: 'proto2' | 'proto3';
  /** In order of their numbers. */
  readonly fields: readonly FieldDescriptor[];
  readonly byName: ReadonlyMap<string, FieldDescriptor>;
  readonly byNumber: ReadonlyMap<number, FieldDescriptor>;
  /** Oneof → its members. */
  readonly oneofs: ReadonlyMap<string, readonly FieldDescriptor[]>;
  readonly reserved: ReadonlySet<number>;
}

export interface EnumDescriptor {
  readonly name: string;
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
}

/** Where a message keeps the raw fields (tag and all) that its table does not know. */
export const UNKNOWN_FIELDS: unique symbol = Symbol('unknown fields');

function entries(table: string): string[] {
  return table.replaceAll('\n  ', ' ').trim().split('\n');
}

const ENUMS: ReadonlyMap<string, EnumDescriptor> = new Map(
  entries(ENUM_TABLE).map((line) => {
    const [name, values] = line.split(': ');
    const pairs = values.split(' ').map((pair): [string, number] => {
      const [label, number] = pair.split('=');
      return [label, Number(number)];
    });
    const names = new Map(pairs.map(([label, number]) => [number, label]));
    return [name, { name, numbers: new Map(pairs), names }];
  }),
);

const FIELD = /^(\w+)=(\d+):(?:map<([\w.]+)>|([\w.]+))(\[\])?(?:@(\w+))?(!)?$/;

function fieldOf(text: string, syntax: 'proto2' | 'proto3'): FieldDescriptor {
  const match = FIELD.exec(text);
  if (!match) throw new ShelfwiseError('BUG', `field table: ${text}`);
  const [, name, number, mapped, plain, brackets, oneof, wide] = match;
  const type = mapped ?? plain;
  const kind = mapped ? 'map' : SCALARS.has(type) ? 'scalar' : ENUMS.has(type) ? 'enum' : 'message';
  return {
    name,
    property: name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    number: Number(number),
    kind,
    type,
    repeated: brackets !== undefined,
    ...(oneof ? { oneof } : {}),
    wide: wide !== undefined,
    implicit: syntax === 'proto3' && !oneof && !brackets && (kind === 'scalar' || kind === 'enum'),
  };
}

function messageOf(line: string): MessageDescriptor {
  const [head, body = ''] = line.split(/:(?: |$)(.*)/s);
  const [name, syntax] = head.split(' ') as [string, 'proto2' | 'proto3'];
  const words = body.split(' ').filter((word) => word !== '');
  const reserved = words.filter((word) => word.startsWith('reserved='));
  const fields = words.filter((word) => !word.startsWith('reserved=')).map((word) => fieldOf(word, syntax));
  fields.sort((a, b) => a.number - b.number);
  const oneofs = new Map<string, FieldDescriptor[]>();
  for (const field of fields) if (field.oneof) oneofs.set(field.oneof, [...(oneofs.get(field.oneof) ?? []), field]);
  return {
    name,
    syntax,
    fields,
    byName: new Map(fields.map((field) => [field.name, field])),
    byNumber: new Map(fields.map((field) => [field.number, field])),
    oneofs,
    reserved: new Set(reserved.flatMap((word) => word.slice('reserved='.length).split(',').map(Number))),
  };
}

const MESSAGES: ReadonlyMap<string, MessageDescriptor> = new Map(
  [SCHEMA_TABLE, STATISTICS_TABLE, ANOMALIES_TABLE, CONFIG_TABLE, EXAMPLE_TABLE]
    .flatMap(entries)
    .map((line) => messageOf(line))
    .map((message) => [message.name, message]),
);

export function descriptorOf(name: MessageName): MessageDescriptor {
  return MESSAGES.get(name)!;
}

/** The message that a field holds. */
export function messageOfField(field: FieldDescriptor): MessageDescriptor {
  return MESSAGES.get(field.type)!;
}

/** The enum that a field holds. */
export function enumOfField(field: FieldDescriptor): EnumDescriptor {
  return ENUMS.get(field.type)!;
}

const PACKAGE = 'tensorflow.metadata.v0.';

/** The message in an Any by its type URL, if a table knows it. */
export function descriptorOfUrl(url: string): MessageDescriptor | undefined {
  const name = url.slice(url.lastIndexOf('/') + 1);
  return name.startsWith(PACKAGE) ? MESSAGES.get(name.slice(PACKAGE.length)) : undefined;
}

/** Type URL under which a message is packed into an Any. */
export function urlOf(name: MessageName): string {
  return `type.googleapis.com/${PACKAGE}${name}`;
}

/** Every message that a table knows. */
export function messageNames(): MessageName[] {
  return [...MESSAGES.keys()] as MessageName[];
}

/** A message seen by the codecs. */
export interface Fields {
  [property: string]: unknown;
  [UNKNOWN_FIELDS]?: Uint8Array;
}

/** Sets a field; the other members of its oneof are cleared. */
export function setField(
  message: Fields,
  descriptor: MessageDescriptor,
  field: FieldDescriptor,
  content: unknown,
): void {
  if (field.oneof)
    for (const other of descriptor.oneofs.get(field.oneof)!) if (other !== field) delete message[other.property];
  message[field.property] = content;
}

/** Whether a field would be written: set, not empty, and not the default where presence is implicit. */
export function isWritten(field: FieldDescriptor, content: unknown): boolean {
  if (content === undefined) return false;
  if (field.repeated) return (content as unknown[]).length > 0;
  if (field.kind === 'map') return (content as Map<string, unknown>).size > 0;
  if (!field.implicit) return true;
  if (field.kind === 'enum') return enumOfField(field).numbers.get(content as string) !== 0;
  if (field.type === 'string' || field.type === 'bytes') return (content as string | Uint8Array).length > 0;
  if (field.type === 'float' || field.type === 'double') return !Object.is(content, 0);
  return content !== 0 && content !== false && content !== 0n;
}

function refused(field: string, why: string): ShelfwiseError {
  return new ShelfwiseError('METADATA_INVALID', `${field}: ${why}`);
}

const LIMITS: Record<string, readonly [bigint, bigint]> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** An integer in the form that its field keeps it in. @throws METADATA_INVALID out of range. */
export function integerOf(field: FieldDescriptor, exact: bigint): number | bigint {
  const [low, high] = LIMITS[field.type];
  if (exact < low || exact > high) throw refused(field.name, `${exact} is no ${field.type}`);
  const near = Number(exact);
  if (Number.isSafeInteger(near)) return near;
  if (!field.wide) throw refused(field.name, `${exact} lies beyond 2^53, which a count cannot`);
  return exact;
}

/** The integer that a field holds. @throws METADATA_INVALID if it is none or out of range. */
export function exactInteger(field: FieldDescriptor, content: unknown): bigint {
  if (typeof content !== 'bigint' && !Number.isSafeInteger(content))
    throw refused(field.name, `${String(content)} is no ${field.type}`);
  const exact = BigInt(content as number | bigint);
  const [low, high] = LIMITS[field.type];
  if (exact < low || exact > high) throw refused(field.name, `${exact} is no ${field.type}`);
  return exact;
}
