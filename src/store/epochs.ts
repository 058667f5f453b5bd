/**
 * The epoch store: immutable content, named by its hash.
 *
 * `HASH.json` is an epoch's manifest; `chunks/ab/abcd….bin` are the pieces of its arrays, shared by all epochs that have
 * them. Files are written aside, fsynced and renamed, chunks before manifests: a manifest that is there is complete.
 * Nothing is cached; what is read is checked against the hash it is named by.
 */
import fs from 'node:fs';
import path from 'node:path';
import { canonicalJson, contentHash, messageOf, ShelfwiseError } from '../base/index.ts';
import {
  arrayFromBytes,
  describeEpoch,
  EPOCH_CHUNK_BYTES,
  type Epoch,
  type EpochArray,
  type EpochContent,
  type EpochManifest,
} from '../domain/index.ts';
import { errorCode, isDiskFull, makeDirDurably, syncDirNow, writeFileDurably } from './disk.ts';

export interface EpochStore {
  /**
   * Stores an epoch, durably when it returns, and gives its hash. What is there already is compared, and written anew
   * where it is damaged. Throws STORE_FULL or STORE_WRITE_FAILED.
   */
  put(content: EpochContent): string;
  /** Reads and verifies. Throws EPOCH_NOT_FOUND or EPOCH_CORRUPT. */
  get(hash: string): Epoch;
  has(hash: string): boolean;
  /** Hashes of all epochs, sorted. */
  list(): string[];
}

const HASH = /^[0-9a-f]{32}$/;
const BYTES_OF = { u8: 1, u16: 2, u32: 4, i32: 4, f32: 4, f64: 8 } as const;

export function openEpochStore(options: { readonly dir: string }): EpochStore {
  return new FileEpochStore(options.dir);
}

class FileEpochStore implements EpochStore {
  private readonly dir: string;
  private readonly chunksDir: string;
  /** Folders of chunks whose names this process knows to be on the medium. */
  private readonly syncedDirs = new Set<string>();

  constructor(dir: string) {
    this.dir = dir;
    this.chunksDir = path.join(dir, 'chunks');
    makeDirDurably(this.chunksDir);
  }

  put(content: EpochContent): string {
    try {
      const touched = new Set<string>();
      const { hash, manifest } = describeEpoch(content, (chunk, bytes) => {
        touched.add(this.putChunk(chunk, bytes));
      });
      for (const dir of touched) {
        if (this.syncedDirs.has(dir)) continue;
        syncDirNow(dir);
        this.syncedDirs.add(dir);
      }
      // Written again even when it is there: an earlier writer may have been cut off before its name was on the medium.
      writeFileDurably(this.manifestFile(hash), canonicalJson(manifest));
      return hash;
    } catch (error) {
      if (error instanceof ShelfwiseError || errorCode(error) === '') throw error;
      const code = isDiskFull(error) ? 'STORE_FULL' : 'STORE_WRITE_FAILED';
      throw new ShelfwiseError(code, messageOf(error), { cause: error });
    }
  }

  /** Stores a chunk unless it is there, bit for bit, and returns its folder: what was damaged is mended. */
  private putChunk(hash: string, bytes: Uint8Array): string {
    const dir = path.join(this.chunksDir, hash.slice(0, 2));
    const file = this.chunkFile(hash);
    const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
    if (size === bytes.length && fs.readFileSync(file).equals(bytes)) return dir;
    makeDirDurably(dir);
    this.syncedDirs.delete(dir);
    writeFileDurably(file, bytes, false);
    return dir;
  }

  get(hash: string): Epoch {
    if (!HASH.test(hash)) throw new ShelfwiseError('EPOCH_NOT_FOUND', `"${hash}" is not the hash of an epoch`);
    const text = this.readOr(this.manifestFile(hash), () => new ShelfwiseError('EPOCH_NOT_FOUND', hash));
    if (contentHash(text) !== hash) throw new ShelfwiseError('EPOCH_CORRUPT', `the manifest of ${hash}`);
    // Its hash is the one that `describeEpoch` gave: it has the shape that was written.
    const manifest = JSON.parse(text.toString('utf8')) as EpochManifest;
    const arrays: Record<string, EpochArray> = {};
    for (const { name, dtype, length, chunks } of manifest.arrays) {
      const bytes = new Uint8Array(length * BYTES_OF[dtype]);
      for (const [i, chunk] of chunks.entries()) this.readChunk(hash, chunk, bytes, i * EPOCH_CHUNK_BYTES);
      arrays[name] = arrayFromBytes(dtype, bytes);
    }
    return { hash, kind: manifest.kind, arrays, meta: manifest.meta };
  }

  private readChunk(epoch: string, chunk: string, into: Uint8Array, at: number): void {
    const missing = (): ShelfwiseError => new ShelfwiseError('EPOCH_CORRUPT', `${epoch} has lost its chunk ${chunk}`);
    const bytes = this.readOr(this.chunkFile(chunk), missing);
    if (contentHash(bytes) !== chunk || at + bytes.length > into.length) {
      throw new ShelfwiseError('EPOCH_CORRUPT', `chunk ${chunk} of ${epoch}`);
    }
    into.set(bytes, at);
  }

  private readOr(file: string, missing: () => ShelfwiseError): Buffer {
    try {
      return fs.readFileSync(file);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw missing();
      throw error;
    }
  }

  has(hash: string): boolean {
    return HASH.test(hash) && fs.existsSync(this.manifestFile(hash));
  }

  list(): string[] {
    const names = fs.readdirSync(this.dir).filter((name) => name.endsWith('.json'));
    return names
      .map((name) => name.slice(0, -'.json'.length))
      .filter((hash) => HASH.test(hash))
      .sort();
  }

  private manifestFile(hash: string): string {
    return path.join(this.dir, `${hash}.json`);
  }

  private chunkFile(hash: string): string {
    return path.join(this.chunksDir, hash.slice(0, 2), `${hash}.bin`);
  }
}
