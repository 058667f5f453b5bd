/**
 * Files to rows, whatever the format: CSV, TSV and JSON Lines (plain or gzipped) as streams, Parquet through DuckDB in
 * chunks. Memory is bounded by one chunk of rows and one line. What cannot be read is a `BadRow`; a file that breaks off
 * (truncated gzip, damaged Parquet page) ends with one.
 */
import { pipeline } from 'node:stream';
import { DuckDBInstance } from '@duckdb/node-api';
import { type CsvError, parse } from 'csv-parse';
import { messageOf, ShelfwiseError } from '../base/index.ts';
import { BATCH_ROWS, type BadRow } from './source.ts';
import { decodeLine, ignoreHere, MAX_LINE_BYTES, openText, requireFile, splitLines } from './text-lines.ts';

export interface SourceRow {
  readonly row: number;
  readonly values: Readonly<Record<string, unknown>>;
}

export interface RowChunk {
  readonly file: string;
  readonly rows: readonly SourceRow[];
  readonly bad: readonly BadRow[];
  /** Column names where the format declares them; null for JSON Lines, whose rows each have their own, and for a file without a readable header. */
  readonly columns: readonly string[] | null;
  /** Share of this file that has been read, 0 to 1. */
  readonly share: number;
}

export type FileFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet';

/** @throws `OPTION_INVALID` for a name whose format is not known. */
export function formatOf(file: string): { format: FileFormat; gzip: boolean } {
  const lower = file.toLowerCase();
  const gzip = lower.endsWith('.gz');
  const extension = (gzip ? lower.slice(0, -3) : lower).split('.').pop();
  if (extension === 'csv' || extension === 'tsv') return { format: extension, gzip };
  if (extension === 'jsonl' || extension === 'ndjson') return { format: 'jsonl', gzip };
  if (extension === 'parquet' && !gzip) return { format: 'parquet', gzip };
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `the format of ${file} is not known; files end in .csv, .tsv, .jsonl, .ndjson (each also with .gz) or .parquet`,
  );
}

export function readRows(file: string): AsyncGenerator<RowChunk> {
  const { format, gzip } = formatOf(file);
  switch (format) {
    case 'csv':
      return readCsv(file, gzip, ',');
    case 'tsv':
      return readCsv(file, gzip, '\t');
    case 'jsonl':
      return readJsonLines(file, gzip);
    case 'parquet':
      return readParquet(file);
  }
}

async function* readCsv(file: string, gzip: boolean, delimiter: string): AsyncGenerator<RowChunk> {
  const { stream, share } = openText(file, gzip);
  let bad: BadRow[] = [];
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: MAX_LINE_BYTES,
    on_skip: (error: CsvError | undefined): undefined => {
      bad.push({ file, row: Number(error?.lines ?? 0), reason: error?.message ?? 'the record does not parse' });
    },
  });
  pipeline(stream, parser, ignoreHere);
  let columns: string[] | null = null;
  let rows: SourceRow[] = [];
  let lastLine = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      lastLine = info.lines;
      if (columns === null) {
        columns = record.map((name) => name.trim());
        continue;
      }
      if (record.length === columns.length) {
        const values: Record<string, unknown> = {};
        for (let i = 0; i < columns.length; i++) values[columns[i]] = record[i];
        rows.push({ row: info.lines, values });
      } else {
        bad.push({
          file,
          row: info.lines,
          reason: `the row has ${record.length} fields, the header ${columns.length}`,
        });
      }
      if (rows.length + bad.length >= BATCH_ROWS) {
        yield { file, rows, bad, columns, share: share() };
        rows = [];
        bad = [];
      }
    }
  } catch (error) {
    bad.push({ file, row: lastLine + 1, reason: `the file cannot be read further: ${messageOf(error)}` });
  }
  if (columns === null && bad.length === 0) bad.push({ file, row: 1, reason: 'the file is empty: a header is needed' });
  yield { file, rows, bad, columns, share: 1 };
}

async function* readJsonLines(file: string, gzip: boolean): AsyncGenerator<RowChunk> {
  let rows: SourceRow[] = [];
  let bad: BadRow[] = [];
  const { stream, share } = openText(file, gzip);
  let lastLine = 0;
  try {
    for await (const line of splitLines(stream)) {
      lastLine = line.number;
      const outcome = line.bytes === null ? `the line is longer than ${MAX_LINE_BYTES} bytes` : parseLine(line.bytes);
      if (outcome === null) continue;
      if (typeof outcome === 'string') bad.push({ file, row: line.number, reason: outcome });
      else rows.push({ row: line.number, values: outcome });
      if (rows.length + bad.length >= BATCH_ROWS) {
        yield { file, rows, bad, columns: null, share: share() };
        rows = [];
        bad = [];
      }
    }
  } catch (error) {
    bad.push({ file, row: lastLine + 1, reason: `the file cannot be read further: ${messageOf(error)}` });
  }
  yield { file, rows, bad, columns: null, share: 1 };
}

/** The object on the line, null for a blank line, or why it is bad. */
function parseLine(bytes: Uint8Array): Record<string, unknown> | string | null {
  const decoded = decodeLine(bytes);
  if ('reason' in decoded) return decoded.reason;
  const { text } = decoded;
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    return 'the line is not a JSON object';
  } catch (error) {
    return `the line is not JSON: ${messageOf(error)}`;
  }
}

async function* readParquet(file: string): AsyncGenerator<RowChunk> {
  requireFile(file);
  const database = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' });
  const connection = await database.connect();
  let columns: string[] = [];
  let row = 0;
  let bad: BadRow[] = [];
  try {
    const counted = await connection.runAndReadAll('SELECT num_rows FROM parquet_file_metadata(?)', [file]);
    const total = Number(counted.getRows()[0]?.[0] ?? 0);
    const result = await connection.stream('SELECT * FROM read_parquet(?)', [file]);
    columns = result.columnNames();
    let rows: SourceRow[] = [];
    for await (const chunk of result.yieldRowObjectJs()) {
      for (const values of chunk) {
        row++;
        rows.push({ row, values });
        if (rows.length === BATCH_ROWS) {
          yield { file, rows, bad: [], columns, share: total === 0 ? 1 : row / total };
          rows = [];
        }
      }
    }
    yield { file, rows, bad, columns, share: 1 };
    return;
  } catch (error) {
    bad = [{ file, row: row + 1, reason: `the file cannot be read as Parquet: ${firstLine(messageOf(error))}` }];
  } finally {
    connection.closeSync();
    database.closeSync();
  }
  yield { file, rows: [], bad, columns: columns.length > 0 ? columns : null, share: 1 };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0];
}
