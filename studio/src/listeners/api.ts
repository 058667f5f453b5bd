/** Calls about one listener. */
import type { ListenerDecisions, ListenerStateReport, ReplayReport, Timeline } from '../../../src/server/contract.ts';
import { call } from '../shell/api.ts';

const PAGE = 50;

function path(listenerId: string, part: string): string {
  return `/v1/listeners/${encodeURIComponent(listenerId)}/${part}`;
}

function listQuery(cursor: string | null): string {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (cursor !== null) query.set('cursor', cursor);
  return query.toString();
}

export function fetchState(listenerId: string, signal: AbortSignal): Promise<ListenerStateReport> {
  return call(path(listenerId, 'state'), { signal });
}

export function fetchTimeline(listenerId: string, cursor: string | null, signal: AbortSignal): Promise<Timeline> {
  return call(`${path(listenerId, 'timeline')}?${listQuery(cursor)}`, { signal });
}

export function fetchDecisions(
  listenerId: string,
  cursor: string | null,
  signal: AbortSignal,
): Promise<ListenerDecisions> {
  return call(`${path(listenerId, 'decisions')}?${listQuery(cursor)}`, { signal });
}

/** Recomputes a decision from its record and compares everything with what was recorded. */
export function replay(decisionId: string): Promise<ReplayReport> {
  return call(`/v1/decisions/${decisionId}/replay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ verify: true }),
  });
}
