/** A stream whole: what compaction has moved to the lake, then what the log still has, each entry once, in the log's order. */
import { ShelfwiseError } from '../base/index.ts';
import type { EventLog } from './event-log.ts';
import type { Lake } from './lake.ts';
import { HEADER_BYTES, type LogPosition } from './log-format.ts';
import type { LogEntry } from './log-reader.ts';
import type { Metadata } from './metadata.ts';
import { sqlText, type Warehouse } from './warehouse.ts';

/** Where a stream's entries are. */
export interface Stream {
  readonly name: string;
  readonly log: Pick<EventLog, 'read' | 'entries' | 'start' | 'durableEnd'>;
  readonly lake: Lake;
  readonly metadata: Metadata;
  readonly warehouse: Warehouse;
}

/**
 * All durable entries from `from` on (by default the first ever), a segment in memory at a time. Compaction may go on
 * meanwhile: no entry is missed or given twice. Throws LOG_CORRUPT when a segment is neither in the lake nor in the log.
 */
export async function* streamEntries(stream: Stream, from?: LogPosition): AsyncGenerator<LogEntry> {
  let segment = from?.segment ?? 0;
  let offset = from?.offset ?? HEADER_BYTES;
  for (;;) {
    const recorded = await stream.metadata.compactions.list(stream.name);
    for (const moved of recorded) {
      if (moved.segment < segment) continue;
      if (segment > 0 && moved.segment > segment) break;
      yield* movedEntries(stream, moved.segment, moved.files, moved.segment === segment ? offset : HEADER_BYTES);
      segment = moved.segment + 1;
      offset = HEADER_BYTES;
    }
    const start = stream.log.start();
    if (segment === 0) segment = start.segment;
    // When compaction has dropped what comes next since the list was made, it is in the lake now: look again.
    if (start.segment > segment) {
      if (await stream.metadata.compactions.isDone(stream.name, segment)) continue;
      throw new ShelfwiseError(
        'LOG_CORRUPT',
        `segment ${segment} of ${stream.name} is neither in the log nor in the lake`,
      );
    }
    const end = stream.log.durableEnd();
    const last = segment >= end.segment;
    yield* stream.log.entries({ segment, offset }, last ? end : { segment: segment + 1, offset: HEADER_BYTES });
    if (last) return;
    segment += 1;
    offset = HEADER_BYTES;
  }
}

async function* movedEntries(
  stream: Stream,
  segment: number,
  files: readonly string[],
  from: number,
): AsyncGenerator<LogEntry> {
  if (files.length === 0) return;
  const list = files.map((file) => sqlText(stream.lake.pathOf(file))).join(', ');
  const rows = await stream.warehouse.query<{ offset: number; payload: Uint8Array }>(
    `SELECT "offset", payload FROM read_parquet([${list}]) WHERE "offset" >= $1 ORDER BY "offset"`,
    [from],
  );
  for (const [i, { offset, payload }] of rows.entries()) {
    const next =
      i + 1 < rows.length ? { segment, offset: rows[i + 1].offset } : { segment: segment + 1, offset: HEADER_BYTES };
    yield { position: { segment, offset }, next, payload };
  }
}

/** One entry, wherever it is by now. Throws LOG_POSITION_GONE when it is nowhere. */
export async function streamEntry(stream: Stream, position: LogPosition): Promise<Uint8Array> {
  try {
    return stream.log.read(position);
  } catch (error) {
    if (!(error instanceof ShelfwiseError) || error.code !== 'LOG_POSITION_GONE') throw error;
    const recorded = await stream.metadata.compactions.list(stream.name);
    const files = recorded.find(({ segment }) => segment === position.segment)?.files ?? [];
    if (files.length === 0) throw error;
    const list = files.map((file) => sqlText(stream.lake.pathOf(file))).join(', ');
    const [row] = await stream.warehouse.query<{ payload: Uint8Array }>(
      `SELECT payload FROM read_parquet([${list}]) WHERE "offset" = $1`,
      [position.offset],
    );
    if (row === undefined) throw error;
    return row.payload;
  }
}
