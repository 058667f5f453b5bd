/**
 * The lake: Parquet files in folders, `STREAM/day=YYYY-MM-DD/hour=HH/NAME.parquet`, written whole or not at all.
 */
import fs from 'node:fs';
import path from 'node:path';
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  FLOAT,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import { ShelfwiseError } from '../base/index.ts';
import { makeDirDurably, syncDirNow, temporaryName } from './disk.ts';
import { type DuckDbWarehouse, openWarehouse, sqlName, sqlText } from './warehouse.ts';

export type LakeType = 'text' | 'i32' | 'i64' | 'f32' | 'f64' | 'boolean' | 'bytes';
export type LakeValue = string | number | boolean | Uint8Array | null;

export interface LakeColumn {
  readonly type: LakeType;
  readonly values: ArrayLike<LakeValue>;
}

/** The port "lake". Names of files are relative to it, with `/` between folders. */
export interface Lake {
  readonly dir: string;
  /**
   * Writes a file of columns of equal length, atomically and durably: it is whole, under its name and on the medium when
   * the promise resolves, and not there at all before. A file of that name is replaced.
   */
  writeParquet(file: string, columns: Readonly<Record<string, LakeColumn>>): Promise<void>;
  /** Removes a file, durably; none there is no error. */
  remove(file: string): void;
  /** In which of these files a text column has which of these values, and how often. */
  countRows(
    files: readonly string[],
    column: string,
    values: readonly string[],
  ): Promise<readonly { readonly file: string; readonly value: string; readonly rows: number }[]>;
  /**
   * Writes a file again without the rows in which a text column has one of these values, in the order that they had: whole
   * and on the medium when the promise resolves, and as it was before. Its other rows are in it once, whenever it is read.
   */
  removeRows(file: string, column: string, values: readonly string[]): Promise<void>;
  /** Names of the Parquet files under a folder, sorted. */
  list(folder: string): string[];
  /** Where a file stands in the file system, for SQL. */
  pathOf(file: string): string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<LakeType, DuckDBType>> = {
  text: VARCHAR,
  i32: INTEGER,
  i64: BIGINT,
  f32: FLOAT,
  f64: DOUBLE,
  boolean: BOOLEAN,
  bytes: BLOB,
};
/** Rows of one of DuckDB's vectors. */
const CHUNK_ROWS = 2048;

export function openLake(options: { readonly dir: string }): Lake {
  return new LocalLake(options.dir);
}

class LocalLake implements Lake {
  readonly dir: string;
  private warehouse: Promise<DuckDbWarehouse> | null = null;
  private tables = 0;

  constructor(dir: string) {
    this.dir = dir;
    makeDirDurably(dir);
  }

  pathOf(file: string): string {
    const parts = file.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new ShelfwiseError('OPTION_INVALID', `"${file}" is no name of a file in the lake`);
    }
    return path.join(this.dir, ...parts);
  }

  async writeParquet(file: string, columns: Readonly<Record<string, LakeColumn>>): Promise<void> {
    const target = this.pathOf(file);
    makeDirDurably(path.dirname(target));
    await this.replace(target, (temporary) => this.copy(temporary, columns));
  }

  private async connected<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    this.warehouse ??= openWarehouse({ threads: 1, memoryBytes: 512 * 1024 * 1024 });
    return (await this.warehouse).connected(use);
  }

  async countRows(
    files: readonly string[],
    column: string,
    values: readonly string[],
  ): Promise<{ file: string; value: string; rows: number }[]> {
    const found: { file: string; value: string; rows: number }[] = [];
    for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
      const names = new Map(files.slice(at, at + FILES_AT_ONCE).map((file) => [this.pathOf(file), file]));
      await this.connected(async (connection) => {
        const reader = await connection.runAndReadAll(
          `SELECT filename, ${sqlName(column)}, count(*)::INTEGER FROM read_parquet(${sqlList([...names.keys()])}, filename = true, ${PLAIN})
           WHERE ${sqlName(column)} IN ${sqlTuple(values)} GROUP BY ALL ORDER BY ALL`,
        );
        for (const [name, value, rows] of reader.getRowsJS() as [string, string, number][]) {
          found.push({ file: names.get(name) ?? name, value, rows });
        }
      });
    }
    return found;
  }

  async removeRows(file: string, column: string, values: readonly string[]): Promise<void> {
    const target = this.pathOf(file);
    await this.replace(target, (temporary) =>
      this.connected(async (connection) => {
        await connection.run(
          `COPY (SELECT * FROM read_parquet(${sqlText(target)}, ${PLAIN})
           WHERE ${sqlName(column)} IS NULL OR ${sqlName(column)} NOT IN ${sqlTuple(values)})
           TO ${sqlText(temporary)} (FORMAT PARQUET, COMPRESSION ZSTD)`,
        );
      }),
    );
  }

  /** Atomically and durably: `write` makes the file under another name. */
  private async replace(target: string, write: (temporary: string) => Promise<void>): Promise<void> {
    const temporary = temporaryName(target);
    try {
      await write(temporary);
      await syncFile(temporary);
      fs.renameSync(temporary, target);
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error;
    }
    syncDirNow(path.dirname(target));
  }

  private async copy(file: string, columns: Readonly<Record<string, LakeColumn>>): Promise<void> {
    const names = Object.keys(columns);
    const all = names.map((name) => columns[name]);
    const rows = all[0]?.values.length ?? 0;
    if (names.length === 0 || all.some((column) => column.values.length !== rows)) {
      throw new ShelfwiseError('OPTION_INVALID', 'a file of the lake needs columns of equal length');
    }
    const types = all.map((column) => TYPES[column.type]);
    this.tables += 1;
    const table = `rows_${this.tables}`;
    await this.connected(async (connection) => {
      const declared = names.map((name, i) => `${sqlName(name)} ${types[i]}`).join(', ');
      await connection.run(`CREATE TEMP TABLE ${table} (${declared})`);
      try {
        const appender = await connection.createAppender(table);
        for (let at = 0; at < rows; at += CHUNK_ROWS) {
          const count = Math.min(CHUNK_ROWS, rows - at);
          const chunk = DuckDBDataChunk.create(types, count);
          chunk.setColumns(all.map((column) => slice(column, at, count)));
          appender.appendDataChunk(chunk);
          await turn();
        }
        appender.closeSync();
        await connection.run(`COPY ${table} TO ${sqlText(file)} (FORMAT PARQUET, COMPRESSION ZSTD)`);
      } finally {
        await connection.run(`DROP TABLE ${table}`);
      }
    });
  }

  remove(file: string): void {
    const target = this.pathOf(file);
    if (!fs.existsSync(target)) return;
    fs.rmSync(target);
    syncDirNow(path.dirname(target));
  }

  list(folder: string): string[] {
    const root = this.pathOf(folder);
    if (!fs.existsSync(root)) return [];
    const found: string[] = [];
    for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.parquet')) continue;
      found.push(path.relative(this.dir, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
    }
    return found.sort();
  }

  async close(): Promise<void> {
    const warehouse = await this.warehouse;
    this.warehouse = null;
    warehouse?.close();
  }
}

/** A file's own columns, and none made of the folders it stands in. */
const PLAIN = 'hive_partitioning = false';
/** Files that one query reads. */
const FILES_AT_ONCE = 200;

function sqlList(texts: readonly string[]): string {
  return `[${texts.map(sqlText).join(', ')}]`;
}

function sqlTuple(texts: readonly string[]): string {
  return `(${texts.map(sqlText).join(', ')})`;
}

function slice(column: LakeColumn, at: number, count: number): DuckDBValue[] {
  const values: DuckDBValue[] = new Array(count);
  for (let i = 0; i < count; i++) values[i] = toDuckDb(column.type, column.values[at + i]);
  return values;
}

function toDuckDb(type: LakeType, value: LakeValue): DuckDBValue {
  if (value === null) return null;
  if (type === 'bytes' && value instanceof Uint8Array) return new DuckDBBlobValue(value);
  if (type === 'i64' && typeof value === 'number') return BigInt(value);
  if (value instanceof Uint8Array) throw new ShelfwiseError('OPTION_INVALID', `bytes in a column of ${type}`);
  return value;
}

async function syncFile(file: string): Promise<void> {
  const handle = await fs.promises.open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Lets others have the thread: heavy writing is done in slices of about a millisecond. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
