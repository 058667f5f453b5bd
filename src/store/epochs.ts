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
  type EpochKind,
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
  /** What kind of epoch it is, from its manifest alone. Throws EPOCH_NOT_FOUND or EPOCH_CORRUPT. */
  kindOf(hash: string): EpochKind;
  /**
   * Removes every epoch that is not to be kept, and the chunks that only those had. Nobody may put meanwhile. After a
   * crash an epoch is there whole or not at all, and what is left of its chunks goes the next time. While the manifest of
   * an epoch that is kept is damaged, no chunk is removed: it may be one of that epoch's.
   */
  retain(keep: ReadonlySet<string>): Retained;
}

export interface Retained {
  /** Epochs that are there now, and the bytes of everything that is. */
  readonly kept: number;
  readonly keptBytes: number;
  /** Epochs that are gone, and the bytes of their chunks. */
  readonly removed: number;
  readonly removedBytes: number;
  /** Epochs whose manifests are damaged: while there are any, chunks stay. */
  readonly damaged: readonly string[];
}

const HASH = /^[0-9a-f]{32}$/;
/** What names a chunk in a manifest; whatever else looks so keeps nothing that it should not. */
const QUOTED_HASH = /"([0-9a-f]{32})"/g;
const BYTES_OF = { u8: 1, u16: 2, u32: 4, i32: 4, f32: 4, f64: 8 } as const;

/** 52 bits of a hash, as a number: hundreds of thousands of epochs fit, and two hashes alike keep a chunk too many. */
function shortOf(hash: string): number {
  return Number.parseInt(hash.slice(0, 13), 16);
}

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

  private readManifest(hash: string): EpochManifest {
    if (!HASH.test(hash)) throw new ShelfwiseError('EPOCH_NOT_FOUND', `"${hash}" is not the hash of an epoch`);
    const text = this.readOr(this.manifestFile(hash), () => new ShelfwiseError('EPOCH_NOT_FOUND', hash));
    if (contentHash(text) !== hash) throw new ShelfwiseError('EPOCH_CORRUPT', `the manifest of ${hash}`);
    // Its hash is the one that `describeEpoch` gave: it has the shape that was written.
    return JSON.parse(text.toString('utf8')) as EpochManifest;
  }

  get(hash: string): Epoch {
    const manifest = this.readManifest(hash);
    const arrays: Record<string, EpochArray> = {};
    for (const { name, dtype, length, chunks } of manifest.arrays) {
      const bytes = new Uint8Array(length * BYTES_OF[dtype]);
      for (const [i, chunk] of chunks.entries()) this.readChunk(hash, chunk, bytes, i * EPOCH_CHUNK_BYTES);
      arrays[name] = arrayFromBytes(dtype, bytes);
    }
    return { hash, kind: manifest.kind, arrays, meta: manifest.meta };
  }

  private readChunk(epoch: string, chunk: string, into: Uint8Array, at: number): void {
    // Whoever removes an epoch begins with its manifest.
    const missing = (): ShelfwiseError =>
      this.has(epoch)
        ? new ShelfwiseError('EPOCH_CORRUPT', `${epoch} has lost its chunk ${chunk}`)
        : new ShelfwiseError('EPOCH_NOT_FOUND', epoch);
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

  kindOf(hash: string): EpochKind {
    return this.readManifest(hash).kind;
  }

  retain(keep: ReadonlySet<string>): Retained {
    const [kept, gone] = [new Set<string>(), [] as string[]];
    for (const hash of this.list()) {
      if (keep.has(hash)) kept.add(hash);
      else gone.push(hash);
    }
    for (const hash of gone) fs.rmSync(this.manifestFile(hash), { force: true });
    // Their names are off the medium before the first chunk goes.
    if (gone.length > 0) syncDirNow(this.dir);
    const { used, bytes, damaged } = this.chunksOf(kept);
    let keptBytes = bytes;
    let removedBytes = 0;
    for (const folder of fs.readdirSync(this.chunksDir)) {
      for (const name of fs.readdirSync(path.join(this.chunksDir, folder))) {
        const chunk = path.join(this.chunksDir, folder, name);
        const { size } = fs.statSync(chunk);
        if (damaged.length > 0 || used.has(shortOf(name))) keptBytes += size;
        else {
          fs.rmSync(chunk);
          removedBytes += size;
        }
      }
    }
    return { kept: kept.size, keptBytes, removed: gone.length, removedBytes, damaged };
  }

  private chunksOf(hashes: Iterable<string>): { used: ReadonlySet<number>; bytes: number; damaged: readonly string[] } {
    const used = new Set<number>();
    const damaged: string[] = [];
    let bytes = 0;
    for (const hash of hashes) {
      const text = fs.readFileSync(this.manifestFile(hash));
      bytes += text.length;
      if (contentHash(text) !== hash) damaged.push(hash);
      for (const [, chunk] of text.toString('utf8').matchAll(QUOTED_HASH)) used.add(shortOf(chunk));
    }
    return { used, bytes, damaged };
  }

  private manifestFile(hash: string): string {
    return path.join(this.dir, `${hash}.json`);
  }

  private chunkFile(hash: string): string {
    return path.join(this.chunksDir, hash.slice(0, 2), `${hash}.bin`);
  }
}
