/**
 * Text format of protocol buffers: what TensorFlow's tools write to `schema.pbtxt`, `stats.pbtxt` and `anomalies.pbtxt`.
 * The printer's form is canonical, that of Python's `text_format`: fields in order of their numbers, two spaces a level,
 * `name: content` and `name {`, enums by name, strings C-escaped, floats as `repr` writes them, maps in byte order of
 * their keys, an Any of a known type opened.
 */
import { ShelfwiseError } from '../../base/index.ts';
import { decode } from './binary.ts';
import {
  descriptorOf,
  descriptorOfUrl,
  enumOfField,
  exactInteger,
  type FieldDescriptor,
  type Fields,
  isWritten,
  type MessageDescriptor,
  messageOfField,
} from './descriptors.ts';
import type { MessageName, MessageTypes } from './messages.ts';
import { formatDouble, formatG, shortestFloat } from './numbers.ts';
import { compareBytes, encodeText, escapeC } from './strings.ts';

export interface TextOptions {
  /** `python`: 1.0 and 1e+16; `c`: 1 and 1e+15, as `DebugString` of C++ writes. @default 'python' */
  readonly numbers?: 'python' | 'c';
  /** Keep characters outside ASCII as they are instead of octal escapes. @default false */
  readonly utf8?: boolean;
}

/** A message as text; '' if nothing is set. Unknown fields are not written. */
export function formatText<N extends MessageName>(
  name: N,
  message: MessageTypes[N],
  options: TextOptions = {},
): string {
  const lines: string[] = [];
  print(lines, '', descriptorOf(name), message as Fields, options);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function print(
  lines: string[],
  indent: string,
  descriptor: MessageDescriptor,
  message: Fields,
  options: TextOptions,
): void {
  if (descriptor.name === 'Any' && printOpened(lines, indent, message, options)) return;
  for (const field of descriptor.fields) {
    const content = message[field.property];
    if (!isWritten(field, content)) continue;
    if (field.kind === 'map') {
      const entries = [...(content as Map<string, Fields>)].sort(([a], [b]) => compareBytes(a, b));
      for (const [key, inner] of entries) {
        lines.push(`${indent}${field.name} {`, `${indent}  key: "${escapeC(encodeText(key), options.utf8)}"`);
        block(lines, `${indent}  `, 'value', messageOfField(field), inner, options);
        lines.push(`${indent}}`);
      }
      continue;
    }
    for (const one of field.repeated ? (content as unknown[]) : [content])
      if (field.kind === 'message') block(lines, indent, field.name, messageOfField(field), one as Fields, options);
      else lines.push(`${indent}${field.name}: ${scalar(field, one, options)}`);
  }
}

function block(
  lines: string[],
  indent: string,
  head: string,
  descriptor: MessageDescriptor,
  message: Fields,
  options: TextOptions,
): void {
  lines.push(`${indent}${head} {`);
  print(lines, `${indent}  `, descriptor, message, options);
  lines.push(`${indent}}`);
}

/** `[type.googleapis.com/…] { … }` if the type is known and its bytes decode. */
function printOpened(lines: string[], indent: string, any: Fields, options: TextOptions): boolean {
  const url = any['typeUrl'] as string | undefined;
  const descriptor = url?.includes('/') ? descriptorOfUrl(url) : undefined;
  if (!descriptor) return false;
  let inner: Fields;
  try {
    inner = decode(descriptor, (any['value'] as Uint8Array | undefined) ?? new Uint8Array(0));
  } catch (error) {
    if (error instanceof ShelfwiseError && error.code === 'METADATA_INVALID') return false;
    throw error;
  }
  block(lines, indent, `[${url}]`, descriptor, inner, options);
  return true;
}

function scalar(field: FieldDescriptor, content: unknown, options: TextOptions): string {
  if (field.kind === 'enum') {
    if (!enumOfField(field).numbers.has(content as string))
      throw new ShelfwiseError('METADATA_INVALID', `${field.name}: no ${field.type} is called ${String(content)}`);
    return content as string;
  }
  switch (field.type) {
    case 'string':
      return `"${escapeC(encodeText(content as string), options.utf8)}"`;
    case 'bytes':
      return `"${escapeC(content as Uint8Array)}"`;
    case 'bool':
      return content ? 'true' : 'false';
    case 'double':
    case 'float':
      return real(
        field.type === 'float' ? shortestFloat(Math.fround(content as number)) : (content as number),
        options,
      );
    default:
      return String(exactInteger(field, content));
  }
}

function real(x: number, options: TextOptions): string {
  if (options.numbers !== 'c') return formatDouble(x);
  const short = formatG(x, 15);
  return Number(short) === x || Number.isNaN(x) ? short : formatG(x, 17);
}
