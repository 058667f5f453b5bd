/** A stream whole: what compaction has moved to the lake, then what the log still has, each entry once, in the log's order. */
import { ShelfwiseError } from '../base/index.ts';
import { nodeDisk } from './disk.ts';
import type { EventLog } from './event-log.ts';
import type { Lake } from './lake.ts';
import { comparePositions, HEADER_BYTES, type LogPosition } from './log-format.ts';
import { type LogEntry, listSegments, readLogSegments } from './log-reader.ts';
import type { Metadata } from './metadata.ts';
import { sqlText, type Warehouse } from './warehouse.ts';

/** Where a stream's entries are. */
export interface Stream {
  readonly name: string;
  /** Its owner's, or another thread's view of it (`logUpTo`). */
  readonly log: Pick<EventLog, 'entries' | 'start' | 'durableEnd'>;
  readonly lake: Pick<Lake, 'pathOf'>;
  readonly metadata: Pick<Metadata, 'compactions'>;
  /** Asked for when something is first read from the lake. */
  readonly warehouse: () => Promise<Pick<Warehouse, 'query'>>;
}

/** A log that belongs to another thread or process, up to where its owner said that it is durable. */
export function logUpTo(dir: string, end: LogPosition): Stream['log'] {
  return {
    entries: (from, to = end) => readLogSegments(dir, from, to),
    start: () => ({ segment: listSegments(nodeDisk(), dir)[0] ?? end.segment, offset: HEADER_BYTES }),
    durableEnd: () => end,
  };
}

/**
 * All durable entries from `from` on (by default the first ever), a segment in memory at a time. Compaction may go on
 * meanwhile: no entry is missed or given twice. Throws LOG_CORRUPT when a segment is neither in the lake nor in the log.
 */
export async function* streamEntries(stream: Stream, from?: LogPosition): AsyncGenerator<LogEntry> {
  let segment = from?.segment ?? 0;
  let offset = from?.offset ?? HEADER_BYTES;
  for (;;) {
    const end = stream.log.durableEnd();
    const recorded = await stream.metadata.compactions.list(stream.name);
    for (const moved of recorded) {
      if (moved.segment < segment) continue;
      if (segment > 0 && moved.segment > segment) break;
      if (moved.segment > end.segment) return;
      const start = moved.segment === segment ? offset : HEADER_BYTES;
      for await (const entry of movedEntries(stream, moved.segment, moved.files, start)) {
        if (comparePositions(entry.position, end) >= 0) return;
        yield entry;
      }
      segment = moved.segment + 1;
      offset = HEADER_BYTES;
    }
    const start = stream.log.start();
    if (segment === 0) segment = start.segment;
    if (segment > end.segment) return;
    // When compaction has dropped what comes next since the list was made, it is in the lake now: look again.
    if (start.segment > segment) {
      if (await stream.metadata.compactions.isDone(stream.name, segment)) continue;
      throw new ShelfwiseError(
        'LOG_CORRUPT',
        `segment ${segment} of ${stream.name} is neither in the log nor in the lake`,
      );
    }
    const last = segment === end.segment;
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
  const warehouse = await stream.warehouse();
  const rows = await warehouse.query<{ offset: number; payload: Uint8Array }>(
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
export async function streamEntry(
  stream: Stream & { readonly log: Pick<EventLog, 'read'> },
  position: LogPosition,
): Promise<Uint8Array> {
  try {
    return stream.log.read(position);
  } catch (error) {
    if (!(error instanceof ShelfwiseError) || error.code !== 'LOG_POSITION_GONE') throw error;
    const recorded = await stream.metadata.compactions.list(stream.name);
    const files = recorded.find(({ segment }) => segment === position.segment)?.files ?? [];
    if (files.length === 0) throw error;
    const list = files.map((file) => sqlText(stream.lake.pathOf(file))).join(', ');
    const warehouse = await stream.warehouse();
    const [row] = await warehouse.query<{ payload: Uint8Array }>(
      `SELECT payload FROM read_parquet([${list}]) WHERE "offset" = $1`,
      [position.offset],
    );
    if (row === undefined) throw error;
    return row.payload;
  }
}
