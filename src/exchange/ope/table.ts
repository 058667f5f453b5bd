/** CSV and Parquet files, or the rows of a query, as columns of numbers, streamed by DuckDB: no object a row, and memory of a few chunks. */
import { DuckDBInstance } from '@duckdb/node-api';
import { messageOf, ShelfwiseError } from '../../base/index.ts';
import { formatOf } from '../rows.ts';
import { requireFile } from '../text-lines.ts';

/** A literal of SQL. */
function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** An identifier of SQL. */
function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A column as a number; what is none is NaN. */
export function numberOf(column: string): string {
  return `coalesce(try_cast(${sqlName(column)} AS DOUBLE), 'NaN'::DOUBLE)`;
}

/** A column's value as a number below 2^53 that equal values share: others seldom do. */
export function keyOf(column: string): string {
  return `(hash(${sqlName(column)}) >> 11)::DOUBLE`;
}

/** A listener as a number below 2^32: small whole numbers as they are, the rest by hash. */
export function listenerOf(column: string): string {
  const number = `try_cast(${sqlName(column)} AS DOUBLE)`;
  const isSmall = `${number} >= 0 AND ${number} < 131072 AND ${number} = floor(${number})`;
  return `CASE WHEN ${isSmall} THEN ${number} ELSE (hash(${sqlName(column)}) & 4294967295)::DOUBLE END`;
}

/** Files of one format, or a SELECT in DuckDB's SQL, whose order of rows is its own. */
export type TableSource = readonly string[] | { readonly sql: string };

const isQuery = (source: TableSource): source is { readonly sql: string } => 'sql' in source;

export class NumberTable {
  /** For errors. */
  readonly name: string;
  readonly #from: string;

  /** Throws `OPTION_INVALID` for a missing file, files of several formats, or no query. */
  constructor(source: TableSource) {
    if (isQuery(source)) {
      const query = source.sql.replace(/[\s;]+$/, '');
      if (query === '') throw new ShelfwiseError('OPTION_INVALID', 'the query is empty');
      this.name = 'the query';
      this.#from = `(${query}\n)`;
      return;
    }
    const files = source;
    if (files.length === 0) throw new ShelfwiseError('OPTION_INVALID', 'no file is named');
    const formats = new Set(files.map((file) => formatOf(file).format));
    for (const file of files) requireFile(file);
    const [format] = formats;
    if (formats.size > 1 || format === 'jsonl') {
      throw new ShelfwiseError('OPTION_INVALID', `${files.join(', ')}: give files of one format, CSV, TSV or Parquet`);
    }
    const list = `[${files.map(sqlText).join(', ')}]`;
    this.name = files.join(', ');
    this.#from =
      format === 'parquet'
        ? `read_parquet(${list})`
        : `read_csv(${list}, all_varchar = true, header = true, delim = ${format === 'tsv' ? "'\t'" : "','"})`;
  }

  /** Names of the columns. Throws `OPTION_INVALID` for files that cannot be read as what they are called. */
  async columns(): Promise<readonly string[]> {
    const database = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' });
    const connection = await database.connect();
    try {
      const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${this.#from}`);
      return described.getRows().map(([name]) => String(name));
    } catch (error) {
      throw this.#unreadable(error);
    } finally {
      connection.closeSync();
      database.closeSync();
    }
  }

  /**
   * The expressions' values in the files' order, a column each, some thousand rows at a time. The arrays are used again.
   * Throws `OPTION_INVALID` where a file breaks off.
   */
  async *numbers(expressions: readonly string[]): AsyncGenerator<{ rows: number; columns: readonly Float64Array[] }> {
    const database = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' });
    const connection = await database.connect();
    let columns = expressions.map(() => new Float64Array(2048));
    try {
      const result = await connection.stream(`SELECT ${expressions.join(', ')} FROM ${this.#from}`);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) return;
        const rows = chunk.rowCount;
        if (rows > columns[0].length) columns = expressions.map(() => new Float64Array(rows));
        for (let index = 0; index < expressions.length; index++) {
          const vector = chunk.getColumnVector(index);
          const column = columns[index];
          for (let row = 0; row < rows; row++) column[row] = vector.getItem(row) as number;
        }
        yield { rows, columns };
      }
    } catch (error) {
      throw error instanceof ShelfwiseError ? error : this.#unreadable(error);
    } finally {
      connection.closeSync();
      database.closeSync();
    }
  }

  #unreadable(cause: unknown): ShelfwiseError {
    const [reason] = messageOf(cause).split('\n', 1);
    return new ShelfwiseError('OPTION_INVALID', `${this.name} cannot be read: ${reason}`, { cause });
  }
}
