/**
 * A disk in memory that keeps no promise it did not make: at a crash, whatever was not synced survives in an arbitrary
 * part. Bytes survive by sectors of 512, each sector as it was after any of the unsynced writes to it, and one of them may
 * be torn; a file's size and each directory entry survive or not by themselves. A sync that fails loses what it should
 * have written, although reads still show it, as Linux does.
 */
import path from 'node:path';
import type { Rng } from '../../base/index.ts';
import type { Disk, DiskFile } from '../../store/index.ts';

export interface MemoryDisk extends Disk {
  /** The power goes: unsynced changes survive in part, and this disk is dead. Returns it as it is found after the restart. */
  crash(): MemoryDisk;
  /** Bytes that all files together may have; writes beyond it store a part and throw ENOSPC. */
  setCapacity(bytes: number): void;
  /** Probability with which a sync fails with this error. */
  failSyncs(probability: number, code: 'EIO' | 'ENOSPC'): void;
  usedBytes(): number;
  /** Flips one bit of a file, on the medium: rot. */
  damage(file: string, offset: number): void;
}

type Change =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

interface Inode {
  durable: Buffer;
  current: Buffer;
  changes: Change[];
}

type NameChange =
  | { readonly kind: 'link'; readonly file: string; readonly inode: Inode }
  | { readonly kind: 'unlink'; readonly file: string };

const SECTOR_BYTES = 512;

export function memoryDiskDroppingUnsynced(rng: Rng): MemoryDisk {
  return new FaultyDisk(rng);
}

class FaultyDisk implements MemoryDisk {
  readonly rng: Rng;
  dead = false;
  capacity = Number.POSITIVE_INFINITY;
  syncFailure = { probability: 0, code: 'EIO' };
  private readonly names: Map<string, Inode>;
  private readonly durableNames: Map<string, Inode>;
  private nameChanges: NameChange[] = [];

  constructor(rng: Rng, names: ReadonlyMap<string, Inode> = new Map()) {
    this.rng = rng;
    this.names = new Map(names);
    this.durableNames = new Map(names);
  }

  requireAlive(): void {
    if (this.dead) throw diskError('ENODEV', 'the machine has crashed since');
  }

  open(file: string, mode: 'read' | 'write' | 'create'): DiskFile {
    this.requireAlive();
    let inode = this.names.get(file);
    if (mode === 'create') {
      if (inode !== undefined) throw diskError('EEXIST', file);
      inode = { durable: Buffer.alloc(0), current: Buffer.alloc(0), changes: [] };
      this.changeName({ kind: 'link', file, inode });
    }
    if (inode === undefined) throw diskError('ENOENT', file);
    return new FaultyFile(this, inode);
  }

  list(dir: string): string[] {
    this.requireAlive();
    const found: string[] = [];
    for (const file of this.names.keys()) if (path.dirname(file) === dir) found.push(path.basename(file));
    return found.sort();
  }

  makeDir(): void {}

  remove(file: string): void {
    if (!this.names.has(file)) throw diskError('ENOENT', file);
    this.changeName({ kind: 'unlink', file });
  }

  rename(from: string, to: string): void {
    const inode = this.names.get(from);
    if (inode === undefined) throw diskError('ENOENT', from);
    this.changeName({ kind: 'link', file: to, inode });
    this.changeName({ kind: 'unlink', file: from });
  }

  async syncDir(dir: string): Promise<void> {
    await ticks(this.rng.below(3));
    this.syncDirNow(dir);
  }

  syncDirNow(dir: string): void {
    this.requireAlive();
    this.nameChanges = this.nameChanges.filter((change) => {
      if (path.dirname(change.file) !== dir) return true;
      applyName(this.durableNames, change);
      return false;
    });
  }

  private changeName(change: NameChange): void {
    this.requireAlive();
    applyName(this.names, change);
    this.nameChanges.push(change);
  }

  crash(): MemoryDisk {
    this.requireAlive();
    this.dead = true;
    const keep = this.rng.uniform();
    for (const change of this.nameChanges) if (this.rng.uniform() < keep) applyName(this.durableNames, change);
    for (const inode of new Set(this.durableNames.values())) survive(inode, this.rng);
    return new FaultyDisk(this.rng, this.durableNames);
  }

  setCapacity(bytes: number): void {
    this.capacity = bytes;
  }

  failSyncs(probability: number, code: 'EIO' | 'ENOSPC'): void {
    this.syncFailure = { probability, code };
  }

  usedBytes(): number {
    let used = 0;
    for (const inode of this.names.values()) used += inode.current.length;
    return used;
  }

  damage(file: string, offset: number): void {
    const inode = this.names.get(file);
    if (inode === undefined) throw diskError('ENOENT', file);
    for (const bytes of [inode.durable, inode.current])
      if (offset < bytes.length) bytes[offset] ^= 1 << this.rng.below(8);
  }
}

class FaultyFile implements DiskFile {
  private readonly disk: FaultyDisk;
  private readonly inode: Inode;

  constructor(disk: FaultyDisk, inode: Inode) {
    this.disk = disk;
    this.inode = inode;
  }

  write(bytes: Uint8Array, length: number, position: number): void {
    this.disk.requireAlive();
    const growth = Math.max(0, position + length - this.inode.current.length);
    const room = this.disk.capacity - this.disk.usedBytes();
    const taken = growth > room ? Math.max(0, Math.min(length, length - growth + Math.floor(room))) : length;
    if (taken > 0) this.change({ kind: 'write', position, bytes: Buffer.from(bytes.subarray(0, taken)) });
    if (taken < length) throw diskError('ENOSPC', 'no space left on the disk double');
  }

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    this.disk.requireAlive();
    const found = this.inode.current.subarray(position, position + length);
    into.set(found, offset);
    return found.length;
  }

  size(): number {
    this.disk.requireAlive();
    return this.inode.current.length;
  }

  truncate(size: number): void {
    this.disk.requireAlive();
    this.change({ kind: 'truncate', size });
  }

  private change(change: Change): void {
    this.inode.current = applied(this.inode.current, change);
    this.inode.changes.push(change);
  }

  async datasync(): Promise<void> {
    this.disk.requireAlive();
    const count = this.inode.changes.length;
    await ticks(this.disk.rng.below(4));
    this.disk.requireAlive();
    const { probability, code } = this.disk.syncFailure;
    if (probability > 0 && this.disk.rng.uniform() < probability) {
      const unwritten = this.inode.changes.slice(count);
      this.inode.changes.length = count;
      const shown = this.inode.current;
      survive(this.inode, this.disk.rng);
      this.inode.current = shown;
      this.inode.changes = unwritten;
      throw diskError(code, 'the disk double failed a sync');
    }
    this.flush(count);
  }

  syncNow(): void {
    this.disk.requireAlive();
    this.flush(this.inode.changes.length);
  }

  private flush(count: number): void {
    for (const change of this.inode.changes.splice(0, count)) this.inode.durable = applied(this.inode.durable, change);
  }

  close(): void {}
}

function applied(content: Buffer, change: Change): Buffer {
  if (change.kind === 'truncate') return resized(content, change.size);
  const end = change.position + change.bytes.length;
  const result = end > content.length ? resized(content, end) : content;
  change.bytes.copy(result, change.position);
  return result;
}

function resized(content: Buffer, size: number): Buffer {
  const result = Buffer.alloc(size);
  content.copy(result);
  return result;
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if (change.kind === 'link') names.set(change.file, change.inode);
  else names.delete(change.file);
}

/** Leaves an arbitrary part of the unsynced changes on the medium, and forgets the rest. */
function survive(inode: Inode, rng: Rng): void {
  const { changes } = inode;
  if (changes.length > 0) {
    const kept = pickSurvivors(changes.length, rng);
    const states = [inode.durable];
    let sizes = [inode.durable.length];
    for (const change of changes) {
      const before = states[states.length - 1];
      // A write in place must not show through in the states before it.
      states.push(applied(change.kind === 'write' ? Buffer.from(before) : before, change));
      sizes.push(states[states.length - 1].length);
    }
    sizes = sizes.slice(0, kept.most + 1);
    const size = sizes[kept.least + rng.below(sizes.length - kept.least)];
    const result = Buffer.alloc(size);
    for (let at = 0; at < size; at += SECTOR_BYTES) {
      const state = states[kept.least + rng.below(kept.most - kept.least + 1)];
      state.copy(result, at, Math.min(at, state.length), Math.min(at + SECTOR_BYTES, state.length));
    }
    if (rng.uniform() < 0.3 && size > 0) tear(result, states[states.length - 1], rng);
    inode.durable = result;
  }
  inode.changes = [];
  inode.current = Buffer.from(inode.durable);
}

/** Between which two of the states each sector may be: nothing, everything, a prefix, or anything. */
function pickSurvivors(changes: number, rng: Rng): { least: number; most: number } {
  const mode = rng.uniform();
  if (mode < 0.2) return { least: 0, most: 0 };
  if (mode < 0.35) return { least: changes, most: changes };
  const prefix = rng.below(changes + 1);
  if (mode < 0.6) return { least: prefix, most: prefix };
  return { least: mode < 0.8 ? 0 : prefix, most: changes };
}

/** Within one sector, the first bytes are of the last state. */
function tear(result: Buffer, last: Buffer, rng: Rng): void {
  const sector = rng.below(Math.ceil(result.length / SECTOR_BYTES)) * SECTOR_BYTES;
  const end = Math.min(sector + rng.below(SECTOR_BYTES), result.length, last.length);
  if (end > sector) last.copy(result, sector, sector, end);
}

async function ticks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

function diskError(code: string, text: string): Error {
  return Object.assign(new Error(`${code}: ${text}`), { code });
}
