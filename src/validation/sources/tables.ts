/** Examples from Parquet, JSON Lines and queries through DuckDB, in chunks of typed columns. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type DuckDBConnection, type DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import { messageOf, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import type { Chunk } from './columns.ts';
import { readingOf } from './duckdb-columns.ts';
import type { TextDictionary } from './text-dictionary.ts';

export type TableFormat = 'parquet' | 'jsonl';

/** Of texts, by the names of columns: files that are shards of one dataset share them. */
export type Dictionaries = Map<string, TextDictionary>;

/** Types by which JSON's texts are kept as they were written. */
const READ_AS_TIME =
  /\b(?:DATE|TIMESTAMP(?:_\w+)?(?: WITH TIME ZONE)?|TIME|UUID|INTERVAL)\b(?![^"]*"(?:[^"]*"[^"]*")*[^"]*$)/g;

async function describeJson(connection: DuckDBConnection, file: string): Promise<string> {
  const described = await connection.runAndReadAll(
    `DESCRIBE SELECT * FROM read_json(?, format = 'newline_delimited', sample_size = -1, map_inference_threshold = -1)`,
    [file],
  );
  const columns = described.getRows().map(([name, type]) => `${text(String(name))}: ${text(asWritten(String(type)))}`);
  return `{${columns.join(', ')}}`;
}

function asWritten(type: string): string {
  return type.replace(READ_AS_TIME, 'VARCHAR');
}

function text(literal: string): string {
  return `'${literal.replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Each chunk is at most 2048 examples. The types are those of the Parquet file, or the widest of all the lines of a JSON Lines
 * file (plain or gzipped), whose strings stay as they are written. A record is of kind STRUCT.
 * @param dictionaries that the texts of earlier shards were read by
 * @param columns to read, by their names; those that the file lacks are passed over. @default all
 * @throws OPTION_INVALID if there is no such file; STATISTICS_COLUMN_MISMATCH if it cannot be read as what it is said to be
 */
export async function* readTableChunks(
  file: string,
  format: TableFormat,
  dictionaries: Dictionaries = new Map(),
  columns?: ReadonlySet<string>,
): AsyncGenerator<Chunk> {
  requireFile(file);
  yield* connected(
    async (connection) => {
      if (format === 'parquet') return `read_parquet(${text(file)})`;
      const options = `, format = 'newline_delimited', columns = ${await describeJson(connection, file)}`;
      return `read_json(${text(file)}${options})`;
    },
    (reason, cause) => unreadable(file, format, reason, cause),
    dictionaries,
    columns,
  );
}

function requireFile(file: string): void {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new ShelfwiseError('OPTION_INVALID', `there is no file ${file}`);
}

function unreadable(file: string, format: TableFormat, reason: string, cause: unknown): ShelfwiseError {
  return new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `${file} as ${format}: ${reason}`, { cause });
}

export interface ParquetColumn {
  readonly name: string;
  /** As DuckDB names it. */
  readonly type: string;
  /** Encoded, before compression; of a record or list all that is in it. */
  readonly bytes: number;
}

/** What a Parquet file says of itself. */
export interface ParquetShape {
  readonly rows: number;
  /** In their order. */
  readonly columns: readonly ParquetColumn[];
}

/** Of each file in turn; reads no examples. @throws as `readTableChunks` does */
export async function* parquetShapes(files: readonly string[]): AsyncGenerator<ParquetShape> {
  const database = await openDatabase();
  const connection = await database.connect();
  try {
    for (const file of files) yield await shapeOf(connection, file);
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}

async function shapeOf(connection: DuckDBConnection, file: string): Promise<ParquetShape> {
  requireFile(file);
  try {
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${text(file)})`);
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM read_parquet(${text(file)})`);
    const sized = await connection.runAndReadAll(
      `SELECT split_part(path_in_schema, ', ', 1), sum(total_uncompressed_size)::DOUBLE FROM parquet_metadata(${text(file)}) GROUP BY 1`,
    );
    const bytes = new Map(sized.getRows().map(([name, size]) => [String(name), Number(size)]));
    const columns = described
      .getRows()
      .map(([name, type]) => ({ name: String(name), type: String(type), bytes: bytes.get(String(name)) ?? 0 }));
    return { rows: Number(counted.getRows()[0][0]), columns };
  } catch (error) {
    const [reason] = messageOf(error).split('\n', 1);
    throw unreadable(file, 'parquet', reason, error);
  }
}

export interface QueryOptions {
  /**
   * Databases by the name under which the query knows them: a DuckDB file, or `TYPE:CONNECTION` of another system whose DuckDB
   * extension is installed, such as `postgres:host=db dbname=events` or `sqlite:events.db`. They are opened to read only.
   * @default none
   */
  readonly attach: Readonly<Record<string, string>>;
  /** What relative names of files are relative to. @default the working directory */
  readonly folder: string;
}

/**
 * The rows of a query as examples, in chunks of at most 2048. It is one SELECT in DuckDB's SQL, over attached databases and over
 * files (`FROM 'day-*.parquet'`). Nothing is fetched from the network unless the query or a database names it; extensions
 * are loaded where they are installed and never installed.
 * @throws OPTION_INVALID if a database cannot be attached or the query cannot be run
 */
export async function* readQueryChunks(
  sql: string,
  given: { readonly [K in keyof QueryOptions]?: QueryOptions[K] | undefined } = {},
): AsyncGenerator<Chunk> {
  const { attach, folder } = resolveOptions<QueryOptions>('readQueryChunks', given, { attach: {}, folder: '.' });
  yield* connected(
    async (connection) => {
      await connection.run(`SET file_search_path = ${text(resolve(folder))}`);
      for (const [name, target] of Object.entries(attach)) await attachDatabase(connection, name, target, folder);
      // On lines of its own, for a query that ends in a comment.
      return `(\n${sql.trim().replace(/;$/, '')}\n)`;
    },
    (reason, cause) => new ShelfwiseError('OPTION_INVALID', `the query cannot be run: ${reason}`, { cause }),
    new Map(),
  );
}

/** `TYPE:CONNECTION`; a drive letter of Windows is no type. */
const TYPED = /^([a-z][a-z_0-9]+):(.*)$/is;

async function attachDatabase(
  connection: DuckDBConnection,
  name: string,
  target: string,
  folder: string,
): Promise<void> {
  const [, type, path = resolve(folder, target)] = TYPED.exec(target) ?? [];
  try {
    await connection.run(
      `ATTACH ${text(path)} AS ${identifier(name)} (READ_ONLY${type === undefined ? '' : `, TYPE ${identifier(type)}`})`,
    );
  } catch (error) {
    const [reason] = messageOf(error).split('\n', 1);
    const said = (what: string, why: string, cause?: unknown): ShelfwiseError =>
      new ShelfwiseError('OPTION_INVALID', `${what} cannot be attached as ${name}: ${why}`, { cause });
    if (type === undefined) throw said(target, reason, error);
    // A connection string holds passwords, and so may what DuckDB says of it: neither is printed, nor handed on as the cause.
    throw said(`a database of type ${type}`, withoutSecrets(reason, path));
  }
}

const PASSWORDS = /(?:pass\w*|pwd|secret\w*|token\w*)\s*=\s*('[^']*'|"[^"]*"|[^\s;&]+)|:\/\/[^:/@\s]*:([^@\s]+)@/gi;

/** Without the connection string, whole or quoted, and without what stands in it as a password. */
function withoutSecrets(reason: string, connection: string): string {
  const passwords = [...connection.matchAll(PASSWORDS)].flatMap(([, named, inAddress]) => {
    const password = named ?? inAddress;
    return [password, password.replace(/^['"]|['"]$/g, '')];
  });
  return [connection, connection.replaceAll("'", "''"), ...passwords]
    .filter((secret) => secret !== '')
    .reduce((left, secret) => left.replaceAll(secret, '…'), reason);
}

function openDatabase(): Promise<DuckDBInstance> {
  return DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '512MB',
    autoinstall_known_extensions: 'false',
  });
}

/** The rows of a table or subquery, over a connection of its own. The next chunk is fetched while the last is worked on. */
async function* connected(
  tableOf: (connection: DuckDBConnection) => Promise<string>,
  errorOf: (reason: string, cause: unknown) => ShelfwiseError,
  dictionaries: Dictionaries,
  wanted?: ReadonlySet<string>,
): AsyncGenerator<Chunk> {
  const database = await openDatabase();
  const connection = await database.connect();
  let ahead: Promise<DuckDBDataChunk | null> | undefined;
  try {
    const from = await tableOf(connection);
    const prepared = await connection.prepare(`SELECT * FROM ${from}`);
    const columns = Array.from({ length: prepared.columnCount }, (_, at) => at);
    const { sql, read } = readingOf(
      from,
      columns.map((at) => prepared.columnName(at)),
      columns.map((at) => prepared.columnType(at)),
      dictionaries,
      wanted,
    );
    prepared.destroySync();
    const result = await connection.stream(sql);
    ahead = result.fetchChunk();
    for (let chunk = await ahead; chunk && chunk.rowCount > 0; chunk = await ahead) {
      ahead = result.fetchChunk();
      // Whoever stops early does not learn how the rest would have gone.
      ahead.catch(() => {});
      yield { rows: chunk.rowCount, columns: read(chunk) };
    }
  } catch (error) {
    if (error instanceof ShelfwiseError) throw error;
    const [reason] = messageOf(error).split('\n', 1);
    throw errorOf(reason, error);
  } finally {
    await ahead?.catch(() => {});
    connection.closeSync();
    database.closeSync();
  }
}
