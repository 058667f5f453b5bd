/** What the page “What if” asks of the platform. */
import type {
  ComparisonOptions,
  ComparisonReport,
  EvaluablePolicies,
  InsteadOptions,
  InsteadReport,
} from '../../../src/server/contract.ts';
import { call, callJob } from '../shell/api.ts';

export function fetchPolicies(signal: AbortSignal): Promise<EvaluablePolicies> {
  return call<EvaluablePolicies>('/v1/evaluation/policies', { signal });
}

/** The comparison ends with its caller: abort it, and nothing of it is left. */
export function comparePolicies(
  request: Partial<ComparisonOptions>,
  onProgress: (stage: string, share: number) => void,
  signal: AbortSignal,
): Promise<ComparisonReport> {
  return callJob<ComparisonReport>('/v1/evaluation/compare', request, onProgress, signal);
}

export function fetchInstead(
  decisionId: string,
  request: Partial<InsteadOptions>,
  signal: AbortSignal,
): Promise<InsteadReport> {
  return call<InsteadReport>(`/v1/decisions/${encodeURIComponent(decisionId)}/instead`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  });
}

export function fetchRecentDecisions(
  limit: number,
  signal: AbortSignal,
): Promise<{ readonly decisions: readonly string[] }> {
  return call(`/v1/decisions?limit=${limit}`, { signal });
}
