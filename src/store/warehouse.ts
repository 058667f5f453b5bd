/** The warehouse: SQL over the lake's Parquet files, by DuckDB inside this process (on threads of its own). */
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { resolveOptions, ShelfwiseError } from '../base/index.ts';

export type SqlValue = string | number | bigint | boolean | null | Uint8Array;

/** The port "warehouse". */
export interface Warehouse {
  /**
   * Runs one statement and returns its rows as plain objects. 64-bit integers come as numbers, and one that a number
   * cannot hold exactly as a bigint; blobs as Uint8Array; timestamps and dates as Date.
   * @param params by position (`$1`) or by name (`$name`)
   */
  query<T = Record<string, unknown>>(
    sql: string,
    params?: readonly SqlValue[] | Readonly<Record<string, SqlValue>>,
  ): Promise<T[]>;
  /** Writes the rows of a query to one Parquet file (not atomic: `Lake.write…` is). */
  copyToParquet(sql: string, file: string): Promise<void>;
  close(): void;
}

export interface WarehouseOptions {
  /** Threads of a query. @default 2 */
  readonly threads?: number | undefined;
  /** Beyond it DuckDB spills to disk. @default 1 GiB */
  readonly memoryBytes?: number | undefined;
}

export async function openWarehouse(given: WarehouseOptions = {}): Promise<DuckDbWarehouse> {
  const options = resolveOptions('openWarehouse', given, { threads: 2, memoryBytes: 1024 ** 3 });
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads),
    memory_limit: `${Math.floor((options.memoryBytes ?? 0) / 1024)}KiB`,
    // Nothing is fetched from the network by a query.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  return new DuckDbWarehouse(instance);
}

export class DuckDbWarehouse implements Warehouse {
  private readonly instance: DuckDBInstance;

  constructor(instance: DuckDBInstance) {
    this.instance = instance;
  }

  /** Runs `use` with a connection of its own: statements of several callers run at the same time. */
  async connected<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.instance.connect();
    try {
      return await use(connection);
    } finally {
      connection.closeSync();
    }
  }

  query<T>(sql: string, params: readonly SqlValue[] | Readonly<Record<string, SqlValue>> = []): Promise<T[]> {
    return this.connected(async (connection) => {
      const values: DuckDBValue[] | Record<string, DuckDBValue> = Array.isArray(params)
        ? params.map(bindable)
        : Object.fromEntries(Object.entries(params).map(([name, value]) => [name, bindable(value as SqlValue)]));
      const reader = await connection.runAndReadAll(sql, values);
      const rows = reader.getRowObjectsJS();
      for (const row of rows) {
        for (const name in row) {
          const value = row[name];
          if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) row[name] = Number(value);
        }
      }
      return rows as T[];
    });
  }

  async copyToParquet(sql: string, file: string): Promise<void> {
    await this.connected((connection) =>
      connection.run(`COPY (${sql}) TO ${sqlText(file)} (FORMAT PARQUET, COMPRESSION ZSTD)`),
    );
  }

  close(): void {
    this.instance.closeSync();
  }
}

function bindable(value: SqlValue): DuckDBValue {
  if (value instanceof Uint8Array)
    throw new ShelfwiseError('OPTION_INVALID', 'a blob cannot be a parameter of a query');
  return value;
}

/** A string literal of SQL. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** An identifier of SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
