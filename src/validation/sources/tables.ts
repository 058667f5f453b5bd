/** Examples from Parquet and JSON Lines through DuckDB, in chunks of typed columns. */
import { statSync } from 'node:fs';
import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { messageOf, ShelfwiseError } from '../../base/index.ts';
import { decodeText } from '../metadata/index.ts';
import { type Chunk, type ColumnType, columnOf, type Nested } from './columns.ts';

export type TableFormat = 'parquet' | 'jsonl';

const INTEGERS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
]);

const REALS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
]);

/** Dates, times and identifiers are texts; true and false are integers; a map is a list of its entries. */
function columnTypeOf(type: DuckDBType): ColumnType {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const inner = columnTypeOf(type.valueType);
    const flat = !(type.valueType instanceof DuckDBListType || type.valueType instanceof DuckDBArrayType);
    return flat && inner.kind !== 'NULL' ? inner : { ...inner, depth: inner.depth + 1 };
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryNames.map((name, i) => [name, columnTypeOf(type.entryTypes[i])] as const);
    return { kind: 'STRUCT', depth: 1, fields: new Map(fields) };
  }
  if (type instanceof DuckDBMapType) {
    const fields = [['key', columnTypeOf(type.keyType)] as const, ['value', columnTypeOf(type.valueType)] as const];
    return { kind: 'STRUCT', depth: 1, fields: new Map(fields) };
  }
  if (type.typeId === DuckDBTypeId.SQLNULL) return { kind: 'NULL', depth: 1 };
  if (INTEGERS.has(type.typeId)) return { kind: 'INT', depth: 1 };
  if (REALS.has(type.typeId)) return { kind: 'FLOAT', depth: 1, single: type.typeId === DuckDBTypeId.FLOAT };
  return { kind: 'STRING', depth: 1 };
}

function nestedOf(value: DuckDBValue, type: DuckDBType): Nested {
  if (value === null) return null;
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    const { valueType } = type as DuckDBListType;
    return value.items.map((item) => nestedOf(item, valueType));
  }
  if (value instanceof DuckDBStructValue) {
    const { entryNames, entryTypes } = type as DuckDBStructType;
    return Object.fromEntries(entryNames.map((name, i) => [name, nestedOf(value.entries[name], entryTypes[i])]));
  }
  if (value instanceof DuckDBMapValue) {
    const { keyType, valueType } = type as DuckDBMapType;
    return value.entries.map((entry) => ({
      key: nestedOf(entry.key, keyType),
      value: nestedOf(entry.value, valueType),
    }));
  }
  if (value instanceof DuckDBBlobValue) return decodeText(value.bytes);
  if (INTEGERS.has(type.typeId)) return Number(value);
  if (REALS.has(type.typeId)) return typeof value === 'number' ? value : Number(String(value));
  return String(value);
}

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

/**
 * Each chunk is at most 2048 examples. The types are those of the Parquet file, or the widest of all the lines of a JSON Lines
 * file (plain or gzipped), whose strings stay as they are written. A record is of kind STRUCT.
 * @throws OPTION_INVALID if there is no such file; STATISTICS_COLUMN_MISMATCH if it cannot be read as what it is said to be
 */
export async function* readTableChunks(file: string, format: TableFormat): AsyncGenerator<Chunk> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new ShelfwiseError('OPTION_INVALID', `there is no file ${file}`);
  const database = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '512MB',
    autoinstall_known_extensions: 'false',
  });
  const connection = await database.connect();
  try {
    const from =
      format === 'parquet'
        ? 'read_parquet(?)'
        : `read_json(?, format = 'newline_delimited', columns = ${await describeJson(connection, file)})`;
    const result = await connection.stream(`SELECT * FROM ${from}`, [file]);
    const names = result.columnNames();
    const types = result.columnTypes();
    const columnTypes = types.map(columnTypeOf);
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      const columns = names.map((name, i) => {
        const values: Nested[] = chunk!.getColumnValues(i);
        for (let row = 0; row < values.length; row++) values[row] = nestedOf(values[row] as DuckDBValue, types[i]);
        return columnOf(name, columnTypes[i], values);
      });
      yield { rows: chunk.rowCount, columns };
    }
  } catch (error) {
    if (error instanceof ShelfwiseError) throw error;
    const [reason] = messageOf(error).split('\n', 1);
    throw new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `${file} as ${format}: ${reason}`, { cause: error });
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}
