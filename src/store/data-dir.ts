/**
 * The data directory: everything that a platform on one machine keeps, under one schema version, owned by one process.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type Clock, messageOf, resolveOptions, ShelfwiseError, systemClock } from '../base/index.ts';
import { makeDirDurably, removeTemporaries, writeFileDurably } from './disk.ts';
import { takeLock } from './owner.ts';

export interface DataDirPaths {
  /** Directory of a stream's event log. */
  log(stream: string): string;
  readonly online: string;
  readonly metadata: string;
  readonly epochs: string;
  readonly lake: string;
  /** Pairs hidden from training, for the evaluation of retrieval. */
  readonly holdout: string;
  /** Statistics of the platform's own data. */
  readonly validation: string;
}

export interface DataDir {
  readonly dir: string;
  readonly paths: DataDirPaths;
  /** Tells local clients where the platform listens and how they authenticate. */
  setAddress(address: string, token: string): void;
  /** Gives the directory up. */
  release(): void;
}

export interface Migration {
  /** The schema version that it makes out of the one before. */
  readonly to: number;
  readonly what: string;
  /** Must bear being run again: a crash in its midst leaves the old version on record. */
  run(paths: DataDirPaths): void;
}

/** From version 2 on, in order. */
export const DATA_DIR_MIGRATIONS: readonly Migration[] = [];
const FIRST_VERSION = 1;

export interface DataDirOptions {
  /** For the owner's time of start only. @default the system's clock */
  readonly clock?: Clock | undefined;
  /** @default DATA_DIR_MIGRATIONS */
  readonly migrations?: readonly Migration[] | undefined;
}

export function dataDirPaths(dir: string): DataDirPaths {
  return {
    log: (stream) => path.join(dir, 'log', stream),
    online: path.join(dir, 'online'),
    metadata: path.join(dir, 'metadata.sqlite'),
    epochs: path.join(dir, 'epochs'),
    lake: path.join(dir, 'lake'),
    holdout: path.join(dir, 'holdout.json'),
    validation: path.join(dir, 'validation'),
  };
}

/**
 * Opens (or makes) a data directory, takes its lock and migrates it.
 * @throws ALREADY_OWNED while another process has it; DATA_DIR_VERSION when a later version wrote it;
 * DATA_DIR_FOREIGN for a directory with other things in it.
 */
export function openDataDir(dir: string, given: DataDirOptions = {}): DataDir {
  const options = resolveOptions('openDataDir', given, { clock: systemClock, migrations: DATA_DIR_MIGRATIONS });
  const clock: Clock = options.clock ?? systemClock;
  const migrations = options.migrations ?? DATA_DIR_MIGRATIONS;
  const root = path.resolve(dir);
  makeDirDurably(root);
  refuseForeign(root);
  const lock = takeLock(root, clock.nowMs());
  const paths = dataDirPaths(root);
  try {
    bringToVersion(root, paths, migrations);
    for (const part of [paths.epochs, paths.lake, paths.log('')]) removeTemporaries(part);
  } catch (error) {
    lock.release();
    throw error;
  }
  return { dir: root, paths, setAddress: lock.setAddress, release: lock.release };
}

const OWN_NAMES = /^(schema\.json|owner\.(json|lock).*|log|online|metadata\.sqlite.*|epochs|lake|holdout\.json)$/;

/** A directory without our schema file must be empty, or hold only what a first start that was cut off may have left. */
function refuseForeign(root: string): void {
  const names = fs.readdirSync(root);
  if (names.includes('schema.json')) return;
  const foreign = names.find((name) => !OWN_NAMES.test(name) && !name.startsWith('schema.json.'));
  if (foreign !== undefined) throw new ShelfwiseError('DATA_DIR_FOREIGN', `${root} holds "${foreign}"`);
}

function bringToVersion(root: string, paths: DataDirPaths, migrations: readonly Migration[]): void {
  const latest = migrations.at(-1)?.to ?? FIRST_VERSION;
  const version = dataDirVersion(root);
  if (version === null) {
    writeVersion(root, latest);
    return;
  }
  if (version > latest) {
    throw new ShelfwiseError('DATA_DIR_VERSION', `${root} has schema ${version}; this version knows ${latest}`);
  }
  for (const migration of migrations) {
    if (migration.to <= version) continue;
    migration.run(paths);
    writeVersion(root, migration.to);
  }
}

/** The schema version of a data directory, or null when it has none yet. */
export function dataDirVersion(dir: string): number | null {
  const file = path.join(dir, 'schema.json');
  if (!fs.existsSync(file)) return null;
  try {
    const content: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (
      typeof content === 'object' &&
      content !== null &&
      'version' in content &&
      Number.isSafeInteger(content.version)
    ) {
      return content.version as number;
    }
  } catch (error) {
    throw new ShelfwiseError('DATA_DIR_VERSION', `${file}: ${messageOf(error)}`, { cause: error });
  }
  throw new ShelfwiseError('DATA_DIR_VERSION', `${file} names no version`);
}

function writeVersion(root: string, version: number): void {
  writeFileDurably(path.join(root, 'schema.json'), `${JSON.stringify({ product: 'shelfwise', version })}\n`);
}
