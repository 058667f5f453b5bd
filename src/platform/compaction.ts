/** What the streams look like in the lake. */

import { decisionTimeMs, decodeDecision, decodeEvent, decodeServing, recordIdOf } from '../domain/index.ts';
import { compact, type EventLog, type Lake, type LogSegment, type Metadata, type RowDecoder } from '../store/index.ts';
import { ENTRY_DECISION, recordBytesOf } from './decisions.ts';
import { type DECISIONS, EVENTS } from './workspace.ts';

const EVENT_ROWS: RowDecoder = {
  columns: {
    event_id: 'text',
    type: 'text',
    listener_key: 'text',
    item_id: 'text',
    container_id: 'text',
    session_id: 'text',
    device: 'text',
    occurred_at_ms: 'f64',
    played_ms: 'f64',
    duration_ms: 'f64',
    autoplay: 'boolean',
    decision_id: 'text',
    shelf_rank: 'i32',
    card_rank: 'i32',
  },
  decode(payload) {
    const event = decodeEvent(payload);
    return {
      atMs: event.receivedAtMs,
      columns: {
        event_id: event.eventId,
        type: event.type,
        listener_key: event.listenerKey,
        item_id: event.itemId,
        container_id: event.containerId,
        session_id: event.sessionId,
        device: event.device,
        occurred_at_ms: event.occurredAtMs,
        played_ms: event.playedMs,
        duration_ms: event.durationMs,
        autoplay: event.autoplay,
        decision_id: event.decisionId,
        shelf_rank: event.shelfRank,
        card_rank: event.cardRank,
      },
    };
  },
};

const DECISION_ROWS: RowDecoder = {
  columns: {
    entry: 'text',
    decision_id: 'text',
    listener_key: 'text',
    policy: 'text',
    device: 'text',
    market: 'text',
    tier: 'text',
    degraded: 'boolean',
    rows: 'i32',
    cards: 'i32',
    model: 'text',
  },
  decode(payload) {
    if (payload[0] !== ENTRY_DECISION) {
      const serving = decodeServing(payload.subarray(1));
      return {
        atMs: serving.atMs,
        columns: {
          entry: `serving-${serving.reason}`,
          decision_id: serving.decisionId,
          listener_key: serving.listenerKey,
          policy: null,
          device: null,
          market: null,
          tier: null,
          degraded: null,
          rows: null,
          cards: null,
          model: null,
        },
      };
    }
    const record = decodeDecision(recordBytesOf(payload));
    return {
      atMs: decisionTimeMs(record.decisionId),
      columns: {
        entry: 'decision',
        decision_id: record.decisionId,
        listener_key: record.listenerKey,
        policy: record.policyId,
        device: record.device,
        market: record.market,
        tier: record.tier,
        degraded: record.degraded,
        rows: record.rows.length,
        cards: record.rows.reduce((sum, row) => sum + row.cards.length, 0),
        model: record.versions.model,
      },
    };
  },
};

/** How far compaction may go: never past what a restart or the learner would still read from the log. */
export interface CompactionLimit {
  /** Segments from this one on stay. */
  readonly segment: number;
  /** Segments whose successor begins after this time stay. */
  readonly newestMs: number;
}

/** Moves sealed segments of a stream to the lake, oldest first, up to the limit. @returns how many */
export async function compactStream(
  stream: typeof EVENTS | typeof DECISIONS,
  log: EventLog,
  lake: Lake,
  metadata: Metadata,
  limit: CompactionLimit,
): Promise<number> {
  const decoder = stream === EVENTS ? EVENT_ROWS : DECISION_ROWS;
  const movable = movableSegments(log, limit);
  const report = await compact(
    { segments: () => movable, entries: log.entries.bind(log), dropSegment: log.dropSegment.bind(log) },
    stream,
    lake,
    metadata,
    decoder,
  );
  return report.segments;
}

/** When an entry was written: a decision's own time may be another day's, its id is not. */
function timeOf(payload: Uint8Array): number {
  return payload[0] === ENTRY_DECISION
    ? decisionTimeMs(recordIdOf(recordBytesOf(payload)))
    : decodeServing(payload.subarray(1)).atMs;
}

function movableSegments(log: EventLog, limit: CompactionLimit): readonly LogSegment[] {
  const movable: LogSegment[] = [];
  for (const segment of log.segments()) {
    if (!segment.sealed || segment.segment >= limit.segment) break;
    if (Number.isFinite(limit.newestMs)) {
      const [first] = log.entries({ segment: segment.segment + 1, offset: 0 });
      if (first === undefined || timeOf(first.payload) > limit.newestMs) break;
    }
    movable.push(segment);
  }
  return movable;
}
