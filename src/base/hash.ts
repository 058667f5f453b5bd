/** Hashes: cryptographic for content, fast for features and sharding. */
import { createHash, hash } from 'node:crypto';
import { mix32 } from './rng.ts';

/** Content hash: the first 128 bits of SHA-256, as 32 hexadecimal digits. */
export function contentHash(...parts: readonly (string | Uint8Array)[]): string {
  // One part is the hot path (the digest of a record): the one-shot function makes no object.
  if (parts.length === 1) return hash('sha256', parts[0], 'hex').slice(0, 32);
  const sha = createHash('sha256');
  for (const part of parts) sha.update(part);
  return sha.digest('hex').slice(0, 32);
}

/** JSON with the keys of every object in order: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

/** FNV-1a over UTF-16 code units, finished by a full-avalanche mix: 32 bits, for feature buckets and shards. */
export function hash32(text: string, salt = 0): number {
  let h = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}

/** Combines two 32-bit hashes, order mattering. */
export function combine32(a: number, b: number): number {
  return mix32(Math.imul(a, 0x9e3779b1) ^ (b + 0x7f4a7c15));
}

/**
 * MurmurHash3_x86_128 (Appleby 2011) of the text's UTF-16 code units as little-endian bytes, seed 0: four words into `out`
 * from `at` on. For telling ids apart, not for secrets: whoever knows the whole input can make two texts that meet.
 */
export function hash128(text: string, out: Uint32Array, at = 0): void {
  const units = text.length;
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  let i = 0;
  for (; i + 8 <= units; i += 8) {
    h1 ^= scramble1(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
    h1 = (Math.imul((((h1 << 19) | (h1 >>> 13)) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= scramble2(text.charCodeAt(i + 2) | (text.charCodeAt(i + 3) << 16));
    h2 = (Math.imul((((h2 << 17) | (h2 >>> 15)) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= scramble3(text.charCodeAt(i + 4) | (text.charCodeAt(i + 5) << 16));
    h3 = (Math.imul((((h3 << 15) | (h3 >>> 17)) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= scramble4(text.charCodeAt(i + 6) | (text.charCodeAt(i + 7) << 16));
    h4 = (Math.imul((((h4 << 13) | (h4 >>> 19)) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  // `charCodeAt` beyond the end is NaN, which is 0 to `|` and `<<`: the padding that the algorithm asks for.
  const rest = units - i;
  if (rest > 6) h4 ^= scramble4(text.charCodeAt(i + 6));
  if (rest > 4) h3 ^= scramble3(text.charCodeAt(i + 4) | (text.charCodeAt(i + 5) << 16));
  if (rest > 2) h2 ^= scramble2(text.charCodeAt(i + 2) | (text.charCodeAt(i + 3) << 16));
  if (rest > 0) h1 ^= scramble1(text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
  const bytes = 2 * units;
  h1 ^= bytes;
  h2 ^= bytes;
  h3 ^= bytes;
  h4 ^= bytes;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = mix32(h2 + h1);
  h3 = mix32(h3 + h1);
  h4 = mix32(h4 + h1);
  h1 = mix32(h1);
  h1 = (h1 + h2 + h3 + h4) | 0;
  out[at] = h1;
  out[at + 1] = h2 + h1;
  out[at + 2] = h3 + h1;
  out[at + 3] = h4 + h1;
}

function scramble1(k: number): number {
  const x = Math.imul(k, 0x239b961b);
  return Math.imul((x << 15) | (x >>> 17), 0xab0e9789);
}

function scramble2(k: number): number {
  const x = Math.imul(k, 0xab0e9789);
  return Math.imul((x << 16) | (x >>> 16), 0x38b34ae5);
}

function scramble3(k: number): number {
  const x = Math.imul(k, 0x38b34ae5);
  return Math.imul((x << 17) | (x >>> 15), 0xa1e38b93);
}

function scramble4(k: number): number {
  const x = Math.imul(k, 0xa1e38b93);
  return Math.imul((x << 18) | (x >>> 14), 0x239b961b);
}
