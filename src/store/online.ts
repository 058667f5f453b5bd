/**
 * The online store: tables of binary values by string key, read within microseconds, written in atomic transactions.
 *
 * The adapter is LMDB. `overlappingSync` is off: a commit then writes its pages, syncs them, writes the meta page through
 * an `O_DSYNC` descriptor, and only then resolves, so that resolved means on the medium. `noSync` is never used.
 */
import { statfsSync } from 'node:fs';
import { type Database, open, type RootDatabase } from 'lmdb';
import { messageOf, requireRange, resolveOptions, ShelfwiseError } from '../base/index.ts';
import { makeDirDurably, syncDirNow } from './disk.ts';

export interface StoreWriter {
  /** `value` is copied at once: the caller may reuse its buffer. */
  put(table: string, key: string, value: Uint8Array): void;
  remove(table: string, key: string): void;
}

export interface KeyRange {
  /** First key, inclusive. @default the first of the table */
  readonly start?: string | undefined;
  /** Last key, exclusive. @default past the last of the table */
  readonly end?: string | undefined;
  /** @default no limit */
  readonly limit?: number | undefined;
  /** From the end of the range to its start. @default false */
  readonly reverse?: boolean | undefined;
}

/** The port "online store". Keys are strings of 1 to 1,900 bytes in UTF-8 and are ordered by those bytes. */
export interface OnlineStore {
  /** A copy of the value, or undefined. Sees every transaction that has resolved. */
  get(table: string, key: string): Uint8Array | undefined;
  /**
   * Runs `fill` at once, then stores all that it put and removed, or nothing of it. Resolves when it is on the medium.
   * Transactions take effect in the order of the calls. Rejects with STORE_FULL or STORE_WRITE_FAILED.
   */
  transaction(fill: (write: StoreWriter) => void): Promise<void>;
  /** Entries with `start <= key < end`, ascending, or descending with `reverse`. */
  range(table: string, range: KeyRange): Iterable<{ readonly key: string; readonly value: Uint8Array }>;
  /** Entries in a table. */
  count(table: string): number;
  /** Names of all tables that were ever written to, sorted. */
  tables(): readonly string[];
  /** Waits for transactions under way. */
  close(): Promise<void>;
}

export interface LmdbOptions {
  /** Directory of the store; made when missing. */
  readonly dir: string;
  /** Address space reserved for the file, which it may outgrow; not memory. @default 8 GiB */
  readonly mapSizeBytes?: number | undefined;
}

export const MAX_KEY_BYTES = 1900;
const MAX_TABLES = 64;
const MIN_MAP_BYTES = 1024 * 1024;
const MAX_MAP_BYTES = 16 * 1024 ** 4;
/** A multiple of every page size in use. */
const MAP_STEP_BYTES = 64 * 1024;

export function openLmdbStore(given: LmdbOptions): OnlineStore {
  const options = resolveOptions<Required<LmdbOptions>>('openLmdbStore', given, {
    dir: '',
    mapSizeBytes: 8 * 1024 ** 3,
  });
  // A map size that LMDB cannot use ends the process instead of throwing.
  const mapSizeBytes = options.mapSizeBytes ?? 0;
  requireRange('openLmdbStore', 'mapSizeBytes', mapSizeBytes, MIN_MAP_BYTES, MAX_MAP_BYTES);
  makeDirDurably(options.dir);
  const environment = open<unknown, string>({
    path: options.dir,
    noSubdir: false,
    maxDbs: MAX_TABLES,
    mapSize: Math.ceil(mapSizeBytes / MAP_STEP_BYTES) * MAP_STEP_BYTES,
    overlappingSync: false,
    eventTurnBatching: false,
    encoding: 'binary',
    cache: false,
    compression: false,
  });
  // LMDB syncs its file, not the file's name.
  syncDirNow(options.dir);
  return new LmdbStore(options.dir, environment);
}

type Table = Database<Buffer, string>;

interface Change {
  readonly table: Table;
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

class LmdbStore implements OnlineStore {
  private readonly dir: string;
  private readonly environment: RootDatabase<unknown, string>;
  private readonly opened = new Map<string, Table>();

  constructor(dir: string, environment: RootDatabase<unknown, string>) {
    this.dir = dir;
    this.environment = environment;
  }

  private table(name: string): Table {
    const known = this.opened.get(name);
    if (known !== undefined) return known;
    if (!/^[a-z][a-z0-9:_-]{0,63}$/.test(name)) {
      throw new ShelfwiseError('OPTION_INVALID', `"${name}" cannot name a table of the online store`);
    }
    if (this.opened.size === MAX_TABLES) {
      throw new ShelfwiseError('OPTION_INVALID', `the online store has at most ${MAX_TABLES} tables`);
    }
    const table = this.environment.openDB<Buffer, string>({ name, encoding: 'binary', cache: false });
    this.opened.set(name, table);
    return table;
  }

  get(table: string, key: string): Uint8Array | undefined {
    requireKey(key);
    return this.table(table).get(key);
  }

  /** Refuses while LMDB can still be left alone: a commit that meets the end of the disk damages its memory, and ends the process. */
  private requireRoom(bytes: number): void {
    const free = freeBytes(this.dir);
    if (free < NO_ROOM_BYTES + PAGES_PER_BYTE * bytes) throw new ShelfwiseError('STORE_FULL', `${free} bytes are free`);
  }

  async transaction(fill: (write: StoreWriter) => void): Promise<void> {
    this.requireRoom(0);
    let bytes = 0;
    const changes: Change[] = [];
    fill({
      put: (table, key, value) => {
        requireKey(key);
        bytes += key.length + value.length;
        changes.push({ table: this.table(table), key, value: Buffer.from(value) });
      },
      remove: (table, key) => {
        requireKey(key);
        changes.push({ table: this.table(table), key, value: undefined });
      },
    });
    if (changes.length === 0) return;
    this.requireRoom(bytes);
    try {
      // A commit that fails rejects the promises of its changes too: each must be awaited, or it ends the process.
      const all = new Set<Promise<boolean>>();
      const batch = this.environment.batch(() => {
        for (const { table, key, value } of changes) {
          all.add(value === undefined ? table.remove(key) : table.put(key, value as Buffer));
        }
      });
      await Promise.all(all.add(batch));
    } catch (error) {
      throw await refusal(error, this.dir);
    }
  }

  *range(table: string, range: KeyRange): Generator<{ key: string; value: Uint8Array }> {
    const { start, end, reverse = false } = range;
    if (start !== undefined) requireKey(start);
    if (end !== undefined) requireKey(end);
    const limit = range.limit === undefined ? {} : { limit: range.limit };
    if (range.limit === 0) return;
    const found = reverse
      ? this.table(table).getRange({
          ...limit,
          ...(end === undefined ? {} : { start: end, exclusiveStart: true }),
          ...(start === undefined ? {} : { end: start, inclusiveEnd: true }),
          reverse,
        })
      : this.table(table).getRange({
          ...limit,
          ...(start === undefined ? {} : { start }),
          ...(end === undefined ? {} : { end }),
        });
    for (const { key, value } of found) yield { key, value };
  }

  count(table: string): number {
    const stats: unknown = this.table(table).getStats();
    if (typeof stats === 'object' && stats !== null && 'entryCount' in stats && typeof stats.entryCount === 'number') {
      return stats.entryCount;
    }
    throw new ShelfwiseError('BUG', 'LMDB tells no count of entries');
  }

  tables(): string[] {
    // Of a database without a name the keys are the names of the others.
    return Array.from(this.environment.getKeys(), String).sort();
  }

  async close(): Promise<void> {
    await this.environment.close();
  }
}

function requireKey(key: string): void {
  // A code unit takes at most 3 bytes: most keys need no count.
  if (key.length > 0 && (key.length * 3 <= MAX_KEY_BYTES || Buffer.byteLength(key) <= MAX_KEY_BYTES)) return;
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `a key of ${Buffer.byteLength(key)} bytes; it must have 1 to ${MAX_KEY_BYTES}`,
  );
}

/** A write that a full disk cuts short is to LMDB an error of input and output: then the room that is left tells. */
const NO_ROOM_BYTES = 16 * 1024 * 1024;
/** Bytes of pages that a byte of change may take: half-full pages, copies on write, those of transactions under way. */
const PAGES_PER_BYTE = 4;

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

/** EFBIG, ENOSPC and EDQUOT of Linux, and EDQUOT of macOS: LMDB gives its errors the number as code. */
const FULL_ERRNOS = [27, 28, 122, 69];

function errnoOf(error: unknown): number {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : 0;
}

/** LMDB tells the cause of a failed commit in a promise on the error. */
async function refusal(error: unknown, dir: string): Promise<ShelfwiseError> {
  let cause = error;
  if (error instanceof Error && 'commitError' in error) {
    cause = await Promise.resolve(error.commitError).catch((inner: unknown) => inner);
  }
  const text = messageOf(cause);
  const full = FULL_ERRNOS.includes(errnoOf(cause)) || text.includes('MDB_MAP_FULL') || freeBytes(dir) < NO_ROOM_BYTES;
  return new ShelfwiseError(full ? 'STORE_FULL' : 'STORE_WRITE_FAILED', text, { cause });
}
