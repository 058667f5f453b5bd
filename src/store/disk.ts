/**
 * The disk as the event log needs it: a port, so that a faulty disk can stand in for the real one in tests.
 * Reads and writes go through the page cache and return at once; what waits for the medium is asynchronous, save for the
 * two blocking forms that opening and cutting use.
 */
import fs from 'node:fs';
import path from 'node:path';

export interface DiskFile {
  /** Writes `bytes[0, length)` at `position`, all of it or throws; when it throws, a part may have been written. */
  write(bytes: Uint8Array, length: number, position: number): void;
  /** Reads up to `length` bytes into `into` at `offset`; fewer only at the end of the file. */
  read(into: Uint8Array, offset: number, length: number, position: number): number;
  size(): number;
  truncate(bytes: number): void;
  /** Resolves when the file's data, and its size, are on the medium. Runs off the calling thread. */
  datasync(): Promise<void>;
  /** As `datasync`, with all metadata, and blocking. */
  syncNow(): void;
  close(): void;
}

export interface Disk {
  /** `create` fails when the file exists; the other two when it does not. */
  open(file: string, mode: 'read' | 'write' | 'create'): DiskFile;
  /** Names in a directory, sorted. */
  list(dir: string): string[];
  makeDir(dir: string): void;
  remove(file: string): void;
  rename(from: string, to: string): void;
  /** Resolves when the names in a directory are on the medium. */
  syncDir(dir: string): Promise<void>;
  syncDirNow(dir: string): void;
}

const FLAGS = { read: 'r', write: 'r+', create: 'wx+' } as const;

/** The machine's own disk. */
export function nodeDisk(): Disk {
  return {
    open: (file, mode) => new NodeFile(fs.openSync(file, FLAGS[mode], 0o600)),
    list: (dir) => fs.readdirSync(dir).sort(),
    makeDir: (dir) => {
      makeDirDurably(dir);
    },
    remove: (file) => fs.unlinkSync(file),
    rename: (from, to) => fs.renameSync(from, to),
    syncDir: async (dir) => {
      if (process.platform === 'win32') return;
      const handle = await fs.promises.open(dir, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    syncDirNow,
  };
}

class NodeFile implements DiskFile {
  private readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  write(bytes: Uint8Array, length: number, position: number): void {
    let done = 0;
    while (done < length) done += fs.writeSync(this.fd, bytes, done, length - done, position + done);
  }

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    let done = 0;
    while (done < length) {
      const read = fs.readSync(this.fd, into, offset + done, length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }

  size(): number {
    return fs.fstatSync(this.fd).size;
  }

  truncate(bytes: number): void {
    fs.ftruncateSync(this.fd, bytes);
  }

  datasync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.fd, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  syncNow(): void {
    fs.fsyncSync(this.fd);
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}

/** Blocks until the names in `dir` are on the medium. Windows has no such call; its file systems journal names themselves. */
export function syncDirNow(dir: string): void {
  if (process.platform === 'win32') return;
  const fd = fs.openSync(dir, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Makes `dir` and its missing parents, each name on the medium when it returns. */
export function makeDirDurably(dir: string): void {
  const first = fs.mkdirSync(dir, { recursive: true });
  if (first === undefined) return;
  for (let made = path.resolve(dir); ; made = path.dirname(made)) {
    syncDirNow(path.dirname(made));
    if (made === path.resolve(first)) return;
  }
}

/**
 * Replaces `file` by `bytes`, atomically and durably: written beside it under a temporary name, fsynced, renamed.
 * After a crash the file holds the old content or the new, never a part. The name itself is on the medium only after
 * `syncDirNow` of the directory, which is done here unless `syncName` is false (for callers that write many files).
 */
export function writeFileDurably(file: string, bytes: Uint8Array | string, syncName = true, mode = 0o600): void {
  const temporary = temporaryName(file);
  try {
    const fd = fs.openSync(temporary, 'w', mode);
    try {
      fs.writeFileSync(fd, bytes);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  if (syncName) syncDirNow(path.dirname(file));
}

let temporaries = 0;
export function temporaryName(file: string): string {
  temporaries += 1;
  return `${file}.${process.pid}-${temporaries}${TEMPORARY_SUFFIX}`;
}
const TEMPORARY_SUFFIX = '.tmp';

/** Removes what writers that were cut off have left anywhere under a folder. Only its owner may, before anything writes. */
export function removeTemporaries(dir: string): void {
  if (!fs.existsSync(dir)) return;
  for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith(TEMPORARY_SUFFIX)) fs.rmSync(path.join(entry.parentPath, entry.name));
  }
}

/** Does the error say that there is no room left? */
export function isDiskFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
