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
