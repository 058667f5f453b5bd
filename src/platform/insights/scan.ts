/**
 * What the logs hold of one listener, newest first: read on demand, for nobody keeps an index of events by listener. The
 * log's segments are searched backwards for the listener's key, then the lake's files by column. One scan reads at most a
 * few seconds; where it stops, a cursor goes on.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, SECOND_MS } from '../../base/index.ts';
import {
  type DecisionRecord,
  type Device,
  decisionTimeMs,
  decodeDecision,
  decodeEvent,
  decodeServing,
  type FeedbackEvent,
  type Serving,
} from '../../domain/index.ts';
import {
  HEADER_BYTES,
  type Lake,
  type LogPosition,
  logUpTo,
  type Metadata,
  readLogSegments,
  type Warehouse,
} from '../../store/index.ts';
import { ENTRY_DECISION, ENTRY_SERVING, recordBytesOf } from '../decisions.ts';
import { positionNumber, positionOf } from '../states.ts';
import { DECISIONS, EVENTS } from '../workspace.ts';

/** A record without what explains it. */
export interface RecordSummary {
  readonly decisionId: string;
  /** The time that the page was for, and when it was decided. */
  readonly atMs: number;
  readonly decidedAtMs: number;
  readonly device: Device;
  readonly market: string;
  readonly tier: string;
  readonly policyId: string;
  readonly sessionId: string;
  readonly degraded: boolean;
  readonly audited: boolean;
  readonly rows: readonly {
    readonly shelfId: string;
    readonly seedItem: number;
    readonly cards: number;
    readonly forced: boolean;
    readonly carried: boolean;
    readonly propensity: number;
  }[];
}

export interface ScanWorld {
  readonly logDir: (stream: string) => string;
  readonly lake: Lake;
  readonly metadata: Metadata;
  readonly warehouse: () => Promise<Warehouse>;
  readonly clock: Clock;
  /** Throws when the thread is to end. */
  readonly check: () => void;
}

interface Found {
  /** As a number. */
  readonly position: number;
  readonly payload: Uint8Array;
}

/** A scan stops after so long, and says where. */
const PATIENCE_MS = 3 * SECOND_MS;
/** Entries between two pauses: a few milliseconds. */
const SLICE = 2048;
/** Segments of the lake that one query reads. */
const LAKE_SEGMENTS = 64;

interface Page {
  /** Newest first. */
  readonly found: readonly Found[];
  /** Where to go on; undefined at the beginning of the log. */
  readonly next: number | undefined;
}

interface ScanQuery {
  readonly listenerKey: string;
  readonly limit: number;
  /** Only what lies before it; a log position as a number. */
  readonly before: number | undefined;
  /** Only what lies here or later. @default the beginning */
  readonly from?: number;
}

/** Entries of a stream with this listener's key that `wanted` accepts, between two positions, newest first. */
async function scanBackwards(
  world: ScanWorld,
  stream: string,
  end: LogPosition,
  query: ScanQuery,
  wanted: (payload: Uint8Array) => boolean,
): Promise<Page> {
  const { clock } = world;
  const untilMs = clock.monotonicMs() + PATIENCE_MS;
  const needle = Buffer.from(query.listenerKey, 'latin1');
  const stop = Math.min(query.before ?? Number.POSITIVE_INFINITY, positionNumber(end));
  const log = logUpTo(world.logDir(stream), end);
  const from = query.from ?? 0;
  const lowest = positionOf(from).segment;
  const first = Math.max(log.start().segment, lowest);
  const found: Found[] = [];
  /** Newest first; at most one more than asked for, which tells that there is more. */
  const take = (entries: readonly Found[]): void => {
    for (let i = entries.length - 1; i >= 0 && found.length <= query.limit; i--) found.push(entries[i]);
  };

  let segment = positionOf(stop).segment;
  if (segment > end.segment) segment = end.segment;
  for (; segment >= first && found.length <= query.limit; segment--) {
    if (clock.monotonicMs() > untilMs) return { found, next: cursorAfter(found, query.limit, segment + 1) };
    world.check();
    const entries: Found[] = [];
    const to = segment === end.segment ? end : { segment: segment + 1, offset: HEADER_BYTES };
    let untilTurn = SLICE;
    for (const { position, payload } of readLogSegments(world.logDir(stream), { segment, offset: HEADER_BYTES }, to)) {
      if (position.segment !== segment) break;
      if (--untilTurn === 0) {
        // Other questions have their turn.
        untilTurn = SLICE;
        await nextTurn();
        world.check();
      }
      const at = positionNumber(position);
      if (at >= stop) break;
      if (at < from) continue;
      if (Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).indexOf(needle) < 0) continue;
      if (wanted(payload)) entries.push({ position: at, payload: payload.slice() });
    }
    take(entries);
  }

  const moved = (await world.metadata.compactions.list(stream)).filter(
    (part) => part.segment <= segment && part.segment >= lowest,
  );
  for (let last = moved.length; last > 0 && found.length <= query.limit; last -= LAKE_SEGMENTS) {
    const part = moved.slice(Math.max(0, last - LAKE_SEGMENTS), last);
    if (clock.monotonicMs() > untilMs)
      return { found, next: cursorAfter(found, query.limit, (part.at(-1)?.segment ?? 0) + 1) };
    world.check();
    const files = part
      .flatMap(({ files }) => files)
      .map((file) => `'${world.lake.pathOf(file).replaceAll("'", "''")}'`);
    if (files.length === 0) continue;
    const warehouse = await world.warehouse();
    const rows = await warehouse.query<{ segment: number; offset: number; payload: Uint8Array }>(
      `SELECT segment, "offset", payload FROM read_parquet([${files.join(', ')}], union_by_name = true)
       WHERE listener_key = $1 ORDER BY segment, "offset"`,
      [query.listenerKey],
    );
    take(
      rows
        .map((row) => ({ position: positionNumber(row), payload: row.payload }))
        .filter(({ position, payload }) => position >= from && position < stop && wanted(payload)),
    );
  }
  return { found, next: found.length > query.limit ? cursorAfter(found, query.limit, 0) : undefined };
}

/** Where the next page begins: at the last entry that is given, or at the segment that was not read. */
function cursorAfter(found: readonly Found[], limit: number, unreadSegment: number): number {
  return found.length > limit
    ? found[limit - 1].position
    : positionNumber({ segment: unreadSegment, offset: HEADER_BYTES });
}

export async function eventsOf(
  world: ScanWorld,
  end: LogPosition,
  query: ScanQuery,
): Promise<{ readonly events: readonly FeedbackEvent[]; readonly next: number | undefined }> {
  const { found, next } = await scanBackwards(
    world,
    EVENTS,
    end,
    query,
    (payload) => decodeEvent(payload).listenerKey === query.listenerKey,
  );
  return { events: found.slice(0, query.limit).map(({ payload }) => decodeEvent(payload)), next };
}

/** Of one page of decisions. */
const MAX_SERVINGS = 10_000;

export async function decisionsOf(
  world: ScanWorld,
  end: LogPosition,
  query: ScanQuery,
): Promise<{
  readonly decisions: readonly (RecordSummary & { readonly servings: readonly Serving[] })[];
  readonly next: number | undefined;
}> {
  const { found, next } = await scanBackwards(world, DECISIONS, end, query, (payload) => {
    if (payload[0] !== ENTRY_DECISION) return false;
    return decodeDecision(recordBytesOf(payload)).listenerKey === query.listenerKey;
  });
  const records = found.slice(0, query.limit).map(({ payload }) => decodeDecision(recordBytesOf(payload)));
  const servings = await servingsOf(world, end, query.listenerKey, found.slice(0, query.limit), records);
  return {
    decisions: records.map((record) => ({ ...summaryOf(record), servings: servings.get(record.decisionId) ?? [] })),
    next,
  };
}

/**
 * Servings by decision, oldest first. They come after their decision, for half an hour: they are looked for up to the end
 * of the segment after the newest decision's.
 */
async function servingsOf(
  world: ScanWorld,
  end: LogPosition,
  listenerKey: string,
  found: readonly Found[],
  records: readonly DecisionRecord[],
): Promise<ReadonlyMap<string, readonly Serving[]>> {
  const byDecision = new Map<string, Serving[]>(records.map(({ decisionId }) => [decisionId, []]));
  const [newest] = found;
  const oldest = found.at(-1);
  if (newest === undefined || oldest === undefined) return byDecision;
  const before = positionNumber({ segment: positionOf(newest.position).segment + 2, offset: HEADER_BYTES });
  const query = { listenerKey, limit: MAX_SERVINGS, before, from: oldest.position };
  const page = await scanBackwards(world, DECISIONS, end, query, (payload) => payload[0] === ENTRY_SERVING);
  for (const { payload } of [...page.found].reverse()) {
    const serving = decodeServing(payload.subarray(1));
    byDecision.get(serving.decisionId)?.push(serving);
  }
  return byDecision;
}

function summaryOf(record: DecisionRecord): RecordSummary {
  const { decisionId, atMs, device, market, tier, policyId, sessionId, degraded, audit, rows, shelves } = record;
  return {
    decisionId,
    atMs,
    decidedAtMs: decisionTimeMs(decisionId),
    device,
    market,
    tier,
    policyId,
    sessionId,
    degraded,
    audited: audit !== undefined,
    rows: rows.map((row) => ({
      shelfId: shelves[row.shelf].shelfId,
      seedItem: shelves[row.shelf].seedItem,
      cards: row.cards.length,
      forced: row.forced,
      carried: shelves[row.shelf].carriedFrom !== '',
      propensity: row.propensity,
    })),
  };
}
