/**
 * Epochs: what changes but is not the listener's (catalogue, counters, embeddings, reward model, tunables) is served from
 * immutable versions named by the hash of their content. An epoch is a set of named typed arrays and a JSON meta; arrays
 * are hashed in chunks, so that an epoch that differs in one item shares all other chunks with the one before it.
 */
import { canonicalJson, contentHash } from '../base/index.ts';

export const EPOCH_KINDS = ['catalog', 'counters', 'embedding', 'model', 'tunables', 'cohorts', 'examination'] as const;
export type EpochKind = (typeof EPOCH_KINDS)[number];

export type EpochArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;
export const EPOCH_DTYPES = ['u8', 'u16', 'u32', 'i32', 'f32', 'f64'] as const;
export type EpochDtype = (typeof EPOCH_DTYPES)[number];

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface EpochContent {
  readonly kind: EpochKind;
  readonly arrays: Readonly<Record<string, EpochArray>>;
  readonly meta: Readonly<Record<string, Json>>;
}

export interface Epoch extends EpochContent {
  /** 32 hexadecimal digits. */
  readonly hash: string;
}

/** Bytes of one chunk: a multiple of every element size. */
export const EPOCH_CHUNK_BYTES = 256 * 1024;

export interface EpochManifest {
  readonly kind: EpochKind;
  readonly meta: Readonly<Record<string, Json>>;
  readonly arrays: readonly { name: string; dtype: EpochDtype; length: number; chunks: readonly string[] }[];
}

export function dtypeOf(array: EpochArray): EpochDtype {
  if (array instanceof Uint8Array) return 'u8';
  if (array instanceof Uint16Array) return 'u16';
  if (array instanceof Uint32Array) return 'u32';
  if (array instanceof Int32Array) return 'i32';
  if (array instanceof Float32Array) return 'f32';
  return 'f64';
}

/** The bytes of an array, shared with it (little-endian machines only, which is every machine that Node 24 runs on but s390x). */
export function arrayBytes(array: EpochArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

export function arrayFromBytes(dtype: EpochDtype, bytes: Uint8Array): EpochArray {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const { buffer, byteOffset, byteLength } = aligned;
  switch (dtype) {
    case 'u8':
      return new Uint8Array(buffer, byteOffset, byteLength);
    case 'u16':
      return new Uint16Array(buffer, byteOffset, byteLength / 2);
    case 'u32':
      return new Uint32Array(buffer, byteOffset, byteLength / 4);
    case 'i32':
      return new Int32Array(buffer, byteOffset, byteLength / 4);
    case 'f32':
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case 'f64':
      return new Float64Array(buffer, byteOffset, byteLength / 8);
  }
}

/** Splits the content in chunks, hands each with its hash to `onChunk`, and returns the manifest with the epoch's hash. */
export function describeEpoch(
  content: EpochContent,
  onChunk: (hash: string, bytes: Uint8Array) => void = () => {},
): { hash: string; manifest: EpochManifest } {
  const arrays = Object.entries(content.arrays)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, array]) => {
      const bytes = arrayBytes(array);
      const chunks: string[] = [];
      for (let at = 0; at < bytes.length; at += EPOCH_CHUNK_BYTES) {
        const chunk = bytes.subarray(at, at + EPOCH_CHUNK_BYTES);
        const hash = contentHash(chunk);
        chunks.push(hash);
        onChunk(hash, chunk);
      }
      return { name, dtype: dtypeOf(array), length: array.length, chunks };
    });
  const manifest: EpochManifest = { kind: content.kind, meta: content.meta, arrays };
  return { hash: contentHash(canonicalJson(manifest)), manifest };
}

/** Names content by its hash. */
export function sealEpoch(content: EpochContent): Epoch {
  return { ...content, hash: describeEpoch(content).hash };
}
