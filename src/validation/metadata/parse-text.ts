/**
 * Reader of the text format. Accepted besides the canonical form: `name: { }` and `name < >`, `,` and `;` after a field,
 * `#` comments, strings in ' or " (adjacent ones join), hexadecimal and octal integers, lists `[a, b]`, `inf` and `nan` in
 * any case, floats with an `f` behind, enums by number, an Any opened as `[type.googleapis.com/…] { }`.
 */
import { ShelfwiseError } from '../../base/index.ts';
import { encode } from './binary.ts';
import {
  descriptorOf,
  descriptorOfUrl,
  enumOfField,
  type FieldDescriptor,
  type Fields,
  integerOf,
  isWritten,
  type MessageDescriptor,
  messageOfField,
  setField,
} from './descriptors.ts';
import type { MessageName, MessageTypes } from './messages.ts';
import { decodeText, unescapeC } from './strings.ts';

/**
 * Reads a message.
 * @throws METADATA_INVALID with the line: unknown fields, a singular field or a oneof that is set twice, numbers out of range
 */
export function parseText<N extends MessageName>(name: N, text: string): MessageTypes[N] {
  const message: Fields = {};
  new Parser(text).fields(descriptorOf(name), message, '');
  return message as MessageTypes[N];
}

const TOKEN =
  /(?:[ \t\r\n\f\v]+|#[^\n]*)*(?:([A-Za-z_][\w]*)|([+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?))|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(.)|$)/suy;

/** Nesting beyond which a text is refused, as protocol buffers do. */
const DEEPEST = 100;

type Token =
  | { readonly kind: 'word' | 'number' | 'string' | 'mark'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

class Parser {
  private readonly text: string;
  private next: Token;
  private position = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
    this.next = this.scan();
  }

  private scan(): Token {
    TOKEN.lastIndex = this.position;
    const match = TOKEN.exec(this.text)!;
    this.position = TOKEN.lastIndex;
    const [, word, number, string, mark] = match;
    const text = word ?? number ?? string ?? mark ?? '';
    const at = this.position - text.length;
    if (text === '') return { kind: 'end', text, at };
    const kind = word ? 'word' : number ? 'number' : string ? 'string' : 'mark';
    return { kind, text, at };
  }

  private take(): Token {
    const token = this.next;
    if (token.kind !== 'end') this.next = this.scan();
    return token;
  }

  private accept(mark: string): boolean {
    if (this.next.kind !== 'mark' || this.next.text !== mark) return false;
    this.take();
    return true;
  }

  private fail(why: string, at = this.next.at): never {
    const line = this.text.slice(0, at).split('\n').length;
    throw new ShelfwiseError('METADATA_INVALID', `line ${line}: ${why}`, { details: { line } });
  }

  private found(): string {
    return this.next.kind === 'end' ? 'the end of the text' : this.next.text;
  }

  /** Fields up to `close` ('' is the end of the text). */
  fields(descriptor: MessageDescriptor, message: Fields, close: string): void {
    if (++this.depth > DEEPEST) this.fail('nested too deeply');
    while (!(close === '' ? this.next.kind === 'end' : this.accept(close))) {
      if (this.next.kind === 'mark' && this.next.text === '[' && descriptor.name === 'Any') this.opened(message);
      else this.field(descriptor, message);
      if (!this.accept(',')) this.accept(';');
    }
    this.depth--;
  }

  private field(descriptor: MessageDescriptor, message: Fields): void {
    if (this.next.kind !== 'word') this.fail(`expected a field of ${descriptor.name}, found ${this.found()}`);
    const token = this.take();
    const field = descriptor.byName.get(token.text);
    if (!field) this.fail(`${descriptor.name} has no field ${token.text}`, token.at);
    const inner = field.kind === 'message' || field.kind === 'map';
    if (!this.accept(':') && !inner) this.fail(`expected : after ${field.name}, found ${this.found()}`);
    if (field.repeated || field.kind === 'map') this.several(field, message);
    else this.single(descriptor, field, message, token.at);
  }

  private single(descriptor: MessageDescriptor, field: FieldDescriptor, message: Fields, at: number): void {
    const rivals = field.oneof ? descriptor.oneofs.get(field.oneof)! : [field];
    const rival = rivals.find((other) => message[other.property] !== undefined);
    if (rival && !(rival === field && field.kind === 'message' && !field.oneof))
      this.fail(rival === field ? `${field.name} is set twice` : `${field.name} excludes ${rival.name}`, at);
    if (field.kind === 'message') {
      const inner = (message[field.property] as Fields | undefined) ?? {};
      this.message(messageOfField(field), inner);
      setField(message, descriptor, field, inner);
    } else {
      const content = this.scalar(field);
      if (isWritten(field, content)) setField(message, descriptor, field, content);
    }
  }

  private several(field: FieldDescriptor, message: Fields): void {
    if (!this.accept('[')) {
      this.one(field, message);
      return;
    }
    if (this.accept(']')) return;
    do this.one(field, message);
    while (this.accept(','));
    if (!this.accept(']')) this.fail(`expected ] or , found ${this.found()}`);
  }

  private one(field: FieldDescriptor, message: Fields): void {
    if (field.kind === 'map') {
      const [key, inner] = this.entry(field);
      const map = (message[field.property] as Map<string, Fields> | undefined) ?? new Map<string, Fields>();
      map.set(key, inner);
      message[field.property] = map;
      return;
    }
    let content: unknown;
    if (field.kind === 'message') {
      const inner: Fields = {};
      this.message(messageOfField(field), inner);
      content = inner;
    } else content = this.scalar(field);
    const list = message[field.property] as unknown[] | undefined;
    if (list) list.push(content);
    else message[field.property] = [content];
  }

  private open(): string {
    if (this.accept('{')) return '}';
    if (this.accept('<')) return '>';
    return this.fail(`expected {, found ${this.found()}`);
  }

  private message(descriptor: MessageDescriptor, message: Fields): void {
    this.fields(descriptor, message, this.open());
  }

  private entry(field: FieldDescriptor): [string, Fields] {
    const close = this.open();
    let key = '';
    const inner: Fields = {};
    while (!this.accept(close)) {
      if (this.next.kind !== 'word') this.fail(`expected key or value, found ${this.found()}`);
      const token = this.take();
      this.accept(':');
      if (token.text === 'key') key = decodeText(this.string());
      else if (token.text === 'value') this.message(messageOfField(field), inner);
      else this.fail(`an entry of ${field.name} has no field ${token.text}`, token.at);
      if (!this.accept(',')) this.accept(';');
    }
    return [key, inner];
  }

  /** `[type.googleapis.com/…] { … }` within an Any. */
  private opened(message: Fields): void {
    this.take();
    let url = '';
    while (!this.accept(']')) {
      if (this.next.kind === 'end') this.fail('expected ]');
      url += this.take().text;
    }
    this.accept(':');
    const descriptor = descriptorOfUrl(url);
    if (!descriptor) this.fail(`the type ${url} is not known`);
    const inner: Fields = {};
    this.message(descriptor, inner);
    message['typeUrl'] = url;
    message['value'] = encode(descriptor, inner);
  }

  private string(): Uint8Array {
    if (this.next.kind !== 'string') this.fail(`expected a string, found ${this.found()}`);
    const parts: Uint8Array[] = [];
    while (this.next.kind === 'string') {
      const token = this.take();
      const bytes = unescapeC(token.text.slice(1, -1));
      if (!bytes) this.fail('an escape that is none', token.at);
      parts.push(bytes);
    }
    return parts.length === 1 ? parts[0] : Uint8Array.from(Buffer.concat(parts));
  }

  private scalar(field: FieldDescriptor): unknown {
    if (field.type === 'string') return decodeText(this.string());
    if (field.type === 'bytes') return this.string();
    const negative = this.accept('-');
    const token = this.take();
    if (token.kind === 'end' || token.kind === 'string')
      this.fail(`expected a ${field.type} for ${field.name}, found ${token.text || 'the end of the text'}`, token.at);
    if (field.kind === 'enum') return this.enumName(field, token);
    if (field.type === 'bool') return this.bool(field, token);
    if (field.type === 'float' || field.type === 'double') {
      const x = this.real(field, token);
      return field.type === 'float' ? Math.fround(negative ? -x : x) : negative ? -x : x;
    }
    const exact = this.integer(field, token);
    return integerOf(field, negative ? -exact : exact);
  }

  private enumName(field: FieldDescriptor, token: Token): string {
    const { numbers, names } = enumOfField(field);
    if (numbers.has(token.text)) return token.text;
    const name = token.kind === 'number' ? names.get(Number(this.integer(field, token))) : undefined;
    return name ?? this.fail(`${field.name}: no ${field.type} is called ${token.text}`, token.at);
  }

  private bool(field: FieldDescriptor, token: Token): boolean {
    if (/^(true|True|t|0*1|0[xX]0*1)$/.test(token.text)) return true;
    if (/^(false|False|f|0+|0[xX]0+)$/.test(token.text)) return false;
    return this.fail(`${field.name}: ${token.text} is no bool`, token.at);
  }

  private real(field: FieldDescriptor, token: Token): number {
    const text = token.text.toLowerCase();
    if (/^(inf|infinity)f?$/.test(text)) return Number.POSITIVE_INFINITY;
    if (/^nanf?$/.test(text)) return Number.NaN;
    if (token.kind === 'number') {
      const x = /^[+-]?0x/.test(text) ? Number(this.integer(field, token)) : Number(text.replace(/f$/, ''));
      if (!Number.isNaN(x)) return x;
    }
    return this.fail(`${field.name}: ${token.text} is no number`, token.at);
  }

  private integer(field: FieldDescriptor, token: Token): bigint {
    const match = /^([+-]?)(0[xX][0-9a-fA-F]+|\d+)$/.exec(token.text);
    if (!match) return this.fail(`${field.name}: ${token.text} is no integer`, token.at);
    const [, sign, digits] = match;
    const octal = /^0[0-7]+$/.test(digits);
    if (/^0\d+$/.test(digits) && !octal) this.fail(`${field.name}: ${token.text} is no integer`, token.at);
    const magnitude = BigInt(octal ? `0o${digits.slice(1)}` : digits);
    return sign === '-' ? -magnitude : magnitude;
  }
}
