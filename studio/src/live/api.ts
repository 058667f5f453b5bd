/** What the page “Live” asks of the platform. */
import type { LiveInsights } from '../../../src/server/contract.ts';
import { call } from '../shell/api.ts';

/** @param since epoch seconds: only what came after it */
export function fetchLive(since: number | undefined, signal: AbortSignal): Promise<LiveInsights> {
  return call<LiveInsights>(`/v1/insights/live${since === undefined ? '' : `?since=${since}`}`, { signal });
}
