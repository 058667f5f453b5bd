/**
 * Files to rows, whatever the format: CSV, TSV and JSON Lines (plain or gzipped) as streams, Parquet through DuckDB in
 * chunks. Memory is bounded by one chunk of rows and one line. What cannot be read is a `BadRow`; a file that breaks off
 * (truncated gzip, damaged Parquet page) ends with one.
 */
import { createReadStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { type CsvError, parse } from 'csv-parse';
import { messageOf, ShelfwiseError } from '../base/index.ts';
import { BATCH_ROWS, type BadRow } from './source.ts';

/** Longer lines of text (1 MiB) are bad rows: no item or event comes near it, and memory stays bounded. */
export const MAX_LINE_BYTES = 1 << 20;

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

/** Bytes of a file; throws `OPTION_INVALID` when there is no such file. */
export function requireFile(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new ShelfwiseError('OPTION_INVALID', `there is no file ${file}`);
  if (!stat.isFile()) throw new ShelfwiseError('OPTION_INVALID', `${file} is not a file`);
  return stat.size;
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

/** A byte stream of the file's content and how much of the file (as it lies on disk) has gone through. */
function openText(file: string, gzip: boolean): { stream: NodeJS.ReadableStream; share: () => number } {
  const size = requireFile(file);
  const source = createReadStream(file, { highWaterMark: 1 << 18 });
  const share = () => (size === 0 ? 1 : Math.min(1, source.bytesRead / size));
  if (!gzip) return { stream: source, share };
  // The error of either end reaches the reader through the iteration of the last stream.
  return { stream: pipeline(source, createGunzip(), ignoreHere), share };
}

/** `pipeline` wants a callback; the same error destroys the stream that is being iterated, which is where it is handled. */
function ignoreHere(_error: NodeJS.ErrnoException | null): void {}

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

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** The object on the line, null for a blank line, or why it is bad. */
function parseLine(bytes: Uint8Array): Record<string, unknown> | string | null {
  let text: string;
  try {
    text = strictUtf8.decode(bytes); // also drops a byte order mark
  } catch (error) {
    return `the line is not UTF-8: ${messageOf(error)}`;
  }
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    return 'the line is not a JSON object';
  } catch (error) {
    return `the line is not JSON: ${messageOf(error)}`;
  }
}

interface Line {
  readonly number: number;
  /** Null for a line longer than MAX_LINE_BYTES. Valid until the next line is asked for. */
  readonly bytes: Uint8Array | null;
}

async function* splitLines(stream: NodeJS.ReadableStream): AsyncGenerator<Line> {
  let number = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let tooLong = false;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      number++;
      const length = pendingBytes + end - start;
      if (tooLong || length > MAX_LINE_BYTES) yield { number, bytes: null };
      else if (pendingBytes === 0) yield { number, bytes: piece.subarray(start, end) };
      else yield { number, bytes: Buffer.concat([...pending, piece.subarray(start, end)]) };
      pending = [];
      pendingBytes = 0;
      tooLong = false;
      start = end + 1;
    }
    if (start < piece.length && !tooLong) {
      pendingBytes += piece.length - start;
      if (pendingBytes > MAX_LINE_BYTES) {
        tooLong = true;
        pending = [];
      } else pending.push(piece.subarray(start));
    }
  }
  if (tooLong) yield { number: number + 1, bytes: null };
  else if (pendingBytes > 0) yield { number: number + 1, bytes: Buffer.concat(pending) };
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
