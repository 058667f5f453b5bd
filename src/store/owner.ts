/**
 * Who owns a data directory: one process at a time.
 *
 * Two things must agree. `owner.lock` is held through an operating-system lock (SQLite's) for as long as the owner lives,
 * and falls free with it, however it dies: it decides races and owners in other containers. `owner.json` tells who that is
 * and where to reach it; its process id counts only with the start time of that process, since ids are used again.
 */
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, ShelfwiseError } from '../base/index.ts';
import { errorCode, writeFileDurably } from './disk.ts';

export interface Owner {
  readonly pid: number;
  /** Base URL of the running platform; '' until it listens. */
  readonly address: string;
  /** What its local clients authenticate with; '' until it listens. */
  readonly token: string;
}

interface OwnerFile extends Owner {
  readonly startedAtMs: number;
  /** Start of the process as the kernel knows it; '' where that cannot be told. */
  readonly processStart: string;
}

export interface Lock {
  /** Tells local clients where the platform listens and how they authenticate. */
  setAddress(address: string, token: string): void;
  release(): void;
}

/** Takes the lock of a data directory. Throws ALREADY_OWNED, with the owner in its details, while another holds it. */
export function takeLock(dir: string, nowMs: number): Lock {
  const held = holdLockFile(dir);
  const owner = readOwner(dir);
  if (owner !== null) {
    held.close();
    throw owned(dir, owner);
  }
  const file = path.join(dir, 'owner.json');
  const mine: OwnerFile = {
    pid: process.pid,
    address: '',
    token: '',
    startedAtMs: nowMs,
    processStart: processStart(process.pid) ?? '',
  };
  const write = (content: OwnerFile): void =>
    writeFileDurably(file, `${JSON.stringify(content, null, 2)}\n`, true, 0o600);
  try {
    write(mine);
  } catch (error) {
    held.close();
    throw error;
  }
  let released = false;
  return {
    setAddress: (address, token) => {
      if (!released) write({ ...mine, address, token });
    },
    release: () => {
      if (released) return;
      released = true;
      fs.rmSync(file, { force: true });
      held.close();
    },
  };
}

function holdLockFile(dir: string): DatabaseSync {
  const database = new DatabaseSync(path.join(dir, 'owner.lock'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if (!/locked|busy/i.test(messageOf(error))) throw error;
    throw owned(dir, parseOwner(dir));
  }
}

function owned(dir: string, owner: Owner | null): ShelfwiseError {
  const who =
    owner === null ? 'another process' : `process ${owner.pid}${owner.address === '' ? '' : ` at ${owner.address}`}`;
  return new ShelfwiseError('ALREADY_OWNED', `${dir} by ${who}`, {
    details: owner === null ? {} : { pid: owner.pid, address: owner.address },
  });
}

/** The living owner of a data directory, or null. */
export function readOwner(dir: string): Owner | null {
  const file = parseOwner(dir);
  if (file === null || !isAlive(file)) return null;
  return { pid: file.pid, address: file.address, token: file.token };
}

function parseOwner(dir: string): OwnerFile | null {
  let text: string;
  try {
    text = fs.readFileSync(path.join(dir, 'owner.json'), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return null;
    throw error;
  }
  const content = parseJson(text);
  if (typeof content !== 'object' || content === null || !('pid' in content) || typeof content.pid !== 'number')
    return null;
  const text_ = (name: string): string => {
    const value: unknown = (content as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    pid: content.pid,
    address: text_('address'),
    token: text_('token'),
    processStart: text_('processStart'),
    startedAtMs: 'startedAtMs' in content && typeof content.startedAtMs === 'number' ? content.startedAtMs : 0,
  };
}

/** A file that does not parse names no owner: the lock itself decides then. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isAlive(owner: OwnerFile): boolean {
  if (!Number.isSafeInteger(owner.pid) || owner.pid <= 0) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if (errorCode(error) !== 'EPERM') return false;
  }
  const start = processStart(owner.pid);
  return start === null || owner.processStart === '' || start === owner.processStart;
}

/** Boot id and start tick of a process, from /proc; null where there is no /proc. */
export function processStart(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    // The second field is the name in parentheses, which may hold anything; the start is the 22nd field.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${boot}:${ticks}`;
  } catch (error) {
    if (errorCode(error) !== '') return null;
    throw error;
  }
}
