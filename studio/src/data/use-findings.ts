/** Anomalies of the sets on show, by feature, and the distances that were measured. */
import { useQueries } from '@tanstack/react-query';
import type { AnomaliesReport } from '../../../src/server/contract.ts';
import { type Anomaly, type Distance, fetchAnomalies } from './api.ts';

export interface Finding {
  readonly report: AnomaliesReport;
  /** Place of its set among those on show. */
  readonly at: number;
  readonly anomaly: Anomaly;
}

export interface Findings {
  readonly reports: readonly AnomaliesReport[];
  readonly all: readonly Finding[];
  /** Of a feature within a slice, the worst first; '' is all rows, and of the feature '' the whole set. */
  of(feature: string, slice: string): readonly Finding[];
  /** Of a feature in any slice but that one. */
  elsewhere(feature: string, slice: string): readonly Finding[];
  /** Of a feature, in the sets on show. */
  distances(feature: string): readonly (Distance & { readonly set: string })[];
  readonly failure: unknown;
  readonly isPending: boolean;
}

const KEPT_MS = 60_000;
const ORDER = { error: 0, warning: 1, info: 2 } as const;

export function anomaliesQuery(set: string) {
  return {
    queryKey: ['data', 'anomalies', set],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => fetchAnomalies(set, signal),
    staleTime: KEPT_MS,
  };
}

export function useFindings(sets: readonly string[]): Findings {
  return useQueries({
    queries: sets.map(anomaliesQuery),
    combine: combineFindings,
  });
}

interface Answer {
  readonly data: AnomaliesReport | undefined;
  readonly error: Error | null;
  readonly isPending: boolean;
}

function combineFindings(answers: readonly Answer[]): Findings {
  const reports = answers.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const all = answers
    .flatMap(({ data }, at) =>
      (data?.anomalies ?? []).map((anomaly) => ({ report: data as AnomaliesReport, at, anomaly })),
    )
    .sort((one, other) => ORDER[one.anomaly.severity] - ORDER[other.anomaly.severity]);
  const byFeature = Map.groupBy(all, ({ anomaly }) => anomaly.feature);
  const found = (feature: string): readonly Finding[] => byFeature.get(feature) ?? [];
  return {
    reports,
    all,
    of: (feature, slice) => found(feature).filter(({ anomaly }) => anomaly.slice === slice),
    elsewhere: (feature, slice) => found(feature).filter(({ anomaly }) => anomaly.slice !== slice),
    distances: (feature) =>
      reports.flatMap(({ set, distances }) =>
        distances.filter((one) => one.feature === feature).map((one) => ({ ...one, set: set.id })),
      ),
    failure: answers.find(({ error }) => error !== null)?.error ?? null,
    isPending: answers.some(({ isPending }) => isPending),
  };
}
