/** Text and bytes of protocol buffers: lossless UTF-8, C escapes, byte order. */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** UTF-8 to text; a byte b that is not UTF-8 becomes the lone surrogate U+DC00 + b. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeLossless(bytes);
  }
}

function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

function decodeLossless(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at]);
    let piece: string | undefined;
    if (length > 0 && at + length <= bytes.length) {
      try {
        piece = strict.decode(bytes.subarray(at, at + length));
      } catch {
        piece = undefined;
      }
    }
    text += piece ?? String.fromCharCode(0xdc00 + bytes[at]);
    at += piece === undefined ? 1 : length;
  }
  return text;
}

const LONE = /[\udc80-\udcff]/;

/** The inverse of decodeText. */
export function encodeText(text: string): Uint8Array {
  if (!LONE.test(text)) return encoder.encode(text);
  const parts: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) parts.push(code - 0xdc00);
    else parts.push(...encoder.encode(character));
  }
  return Uint8Array.from(parts);
}

/** Whether a text came from bytes that were UTF-8. */
export function isUtf8(text: string): boolean {
  return text.isWellFormed();
}

/** Order of std::map<string, …>: by the bytes of UTF-8, which is by code point. */
export function compareBytes(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF and sort after the rest of the plane. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

const SHORT_ESCAPES: Record<number, string> = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 39: "\\'", 92: '\\\\' };

/** C escapes as protocol buffers print them: octal outside printable ASCII; with `utf8`, whole UTF-8 characters stay. */
export function escapeC(bytes: Uint8Array, utf8 = false): string {
  if (utf8) {
    let text = '';
    for (const character of decodeText(bytes)) {
      const code = character.codePointAt(0)!;
      text += code >= 0x80 && !(code >= 0xdc80 && code <= 0xdcff) ? character : escapeC(encodeText(character));
    }
    return text;
  }
  let text = '';
  for (const byte of bytes) {
    const short = SHORT_ESCAPES[byte];
    if (short) text += short;
    else if (byte < 0x20 || byte >= 0x7f) text += `\\${byte.toString(8).padStart(3, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return text;
}

const SIMPLE: Record<string, number> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
  '?': 63,
};

/** The bytes of a string literal's inside; undefined if an escape is none. */
export function unescapeC(literal: string): Uint8Array | undefined {
  if (!literal.includes('\\')) return encodeText(literal);
  const parts: number[] = [];
  for (let at = 0; at < literal.length; ) {
    if (literal[at] !== '\\') {
      const code = literal.codePointAt(at)!;
      const character = String.fromCodePoint(code);
      parts.push(...encodeText(character));
      at += character.length;
      continue;
    }
    const rest = literal.slice(at + 1, at + 10);
    const octal = /^[0-7]{1,3}/.exec(rest);
    const hex = /^[xX]([0-9a-fA-F]{1,2})/.exec(rest);
    const unicode = /^(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(rest);
    const simple = SIMPLE[rest[0]];
    if (octal) parts.push(Number.parseInt(octal[0], 8) & 255);
    else if (hex) parts.push(Number.parseInt(hex[1], 16));
    else if (unicode) {
      const code = Number.parseInt(unicode[1] ?? unicode[2], 16);
      if (code > 0x10ffff) return undefined;
      parts.push(...encodeText(String.fromCodePoint(code)));
    } else if (simple !== undefined) parts.push(simple);
    else return undefined;
    at += 1 + (octal?.[0] ?? hex?.[0] ?? unicode?.[0] ?? rest[0]).length;
  }
  return Uint8Array.from(parts);
}
