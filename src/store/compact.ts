/**
 * Compaction: moves complete segments of a log to the lake, each row exactly once.
 *
 * For each sealed segment, oldest first: (1) remove what an attempt that was cut off left under the segment's name,
 * (2) write one file an hour, atomically, (3) record the segment with its files in the metadata, (4) drop the segment.
 * Before (3) the rows are the log's, after it the lake's; a crash between any two steps is mended by doing it again.
 * So who reads a stream whole reads the *recorded* files (`lakeFiles`) and the segments that are *not* recorded; `stream.ts` does.
 */
import { DAY_MS, HOUR_MS, ShelfwiseError } from '../base/index.ts';
import type { EventLog } from './event-log.ts';
import type { Lake, LakeColumn, LakeType, LakeValue } from './lake.ts';
import { turn } from './lake.ts';
import { HEADER_BYTES } from './log-format.ts';
import type { Metadata } from './metadata.ts';

export interface LakeRow {
  /** Decides the file (day and hour, UTC): the time of arrival, lest a backfill make a file an hour of its history. */
  readonly atMs: number;
  /** One value for each declared column. */
  readonly columns: Readonly<Record<string, LakeValue>>;
}

export interface RowDecoder {
  /** Columns beside `at_ms`, `segment`, `offset` and `payload` (the entry's bytes), which every file has. */
  readonly columns: Readonly<Record<string, LakeType>>;
  decode(payload: Uint8Array): LakeRow;
}

export interface CompactionReport {
  readonly segments: number;
  readonly rows: number;
  readonly files: readonly string[];
}

export interface CompactOptions {
  /** Called before each step, with its name; when it throws, compaction stops there. For tests of crashes, and progress. */
  readonly onStep?: (step: string) => void;
}

/** What compaction needs of a log: a thread that does not own it can hand in a reader that posts `dropSegment` to its owner. */
export type CompactableLog = Pick<EventLog, 'segments' | 'entries' | 'dropSegment'>;

const RESERVED = ['at_ms', 'segment', 'offset', 'payload'];
/** Entries decoded before others have the thread: about a millisecond. */
const SLICE_ENTRIES = 500;

export async function compact(
  log: CompactableLog,
  stream: string,
  lake: Lake,
  metadata: Metadata,
  decoder: RowDecoder,
  options: CompactOptions = {},
): Promise<CompactionReport> {
  for (const name of Object.keys(decoder.columns)) {
    if (RESERVED.includes(name))
      throw new ShelfwiseError('OPTION_INVALID', `every file of the lake has a column "${name}" of its own`);
  }
  const step = options.onStep ?? (() => {});
  let segments = 0;
  let rows = 0;
  const files: string[] = [];
  for (const { segment, sealed } of [...log.segments()]) {
    if (!sealed) break;
    step(`begin ${segment}`);
    if (!(await metadata.compactions.isDone(stream, segment))) {
      const written = await writeSegment(log, stream, segment, lake, decoder, step);
      step(`record ${segment}`);
      await metadata.compactions.record(stream, segment, written.files, written.rows);
      rows += written.rows;
      files.push(...written.files);
    }
    step(`drop ${segment}`);
    log.dropSegment(segment);
    segments += 1;
  }
  return { segments, rows, files };
}

/** Files that hold a stream's compacted part, as recorded: the only ones to read. */
export async function lakeFiles(stream: string, metadata: Metadata): Promise<string[]> {
  const recorded = await metadata.compactions.list(stream);
  return recorded.flatMap(({ files }) => files);
}

interface Rows {
  readonly atMs: number[];
  readonly offset: number[];
  readonly payload: Uint8Array[];
  readonly columns: Record<string, LakeValue[]>;
}

async function writeSegment(
  log: CompactableLog,
  stream: string,
  segment: number,
  lake: Lake,
  decoder: RowDecoder,
  step: (name: string) => void,
): Promise<{ files: string[]; rows: number }> {
  const name = `segment-${String(segment).padStart(8, '0')}.parquet`;
  step(`clean ${segment}`);
  for (const left of lake.list(stream)) {
    if (left.endsWith(`/${name}`)) lake.remove(left);
  }
  const { hours, count } = await readHours(log, segment, decoder);
  const files: string[] = [];
  for (const hour of [...hours.keys()].sort((a, b) => a - b)) {
    const file = `${stream}/${folderOf(hour)}/${name}`;
    step(`write ${file}`);
    await lake.writeParquet(file, columnsOf(hours.get(hour)!, segment, decoder));
    files.push(file);
  }
  return { files, rows: count };
}

async function readHours(
  log: CompactableLog,
  segment: number,
  decoder: RowDecoder,
): Promise<{ hours: Map<number, Rows>; count: number }> {
  const names = Object.keys(decoder.columns);
  const hours = new Map<number, Rows>();
  let count = 0;
  const to = { segment: segment + 1, offset: HEADER_BYTES };
  for (const { position, payload } of log.entries({ segment, offset: HEADER_BYTES }, to)) {
    const row = decoder.decode(payload);
    const hour = Math.floor(row.atMs / HOUR_MS);
    let rows = hours.get(hour);
    if (rows === undefined) {
      rows = { atMs: [], offset: [], payload: [], columns: Object.fromEntries(names.map((column) => [column, []])) };
      hours.set(hour, rows);
    }
    rows.atMs.push(row.atMs);
    rows.offset.push(position.offset);
    rows.payload.push(payload);
    for (const column of names) rows.columns[column].push(row.columns[column] ?? null);
    count += 1;
    if (count % SLICE_ENTRIES === 0) await turn();
  }
  return { hours, count };
}

function folderOf(hour: number): string {
  const day = new Date(hour * HOUR_MS).toISOString().slice(0, 10);
  return `day=${day}/hour=${String(hour % (DAY_MS / HOUR_MS)).padStart(2, '0')}`;
}

function columnsOf(rows: Rows, segment: number, decoder: RowDecoder): Record<string, LakeColumn> {
  const columns: Record<string, LakeColumn> = {
    at_ms: { type: 'f64', values: rows.atMs },
    segment: { type: 'i32', values: new Int32Array(rows.atMs.length).fill(segment) },
    offset: { type: 'i64', values: rows.offset },
  };
  for (const [name, type] of Object.entries(decoder.columns)) columns[name] = { type, values: rows.columns[name] };
  columns['payload'] = { type: 'bytes', values: rows.payload };
  return columns;
}
