/** What the page “Data” asks of the platform. */
import type {
  AlertView,
  AnomaliesReport,
  ComparedFigures,
  DataSchema,
  DataSchemaHistory,
  DataSet,
  DataTimeline,
  ExaminationOfData,
  FeatureOrder,
  NewRule,
  NoticeView,
  RouteView,
  RuleView,
  SilenceView,
  SlicesReport,
  StatisticsPage,
} from '../../../src/server/contract.ts';
import { call, callJob } from '../shell/api.ts';

export type Anomaly = AnomaliesReport['anomalies'][number];
export type Distance = AnomaliesReport['distances'][number];

type Values = Readonly<Record<string, string | number | boolean | undefined>>;

/** `?a=1&b=2` of what there is. */
function queryOf(values: Values): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined && value !== '' && value !== false) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}

const asJson = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

export interface DataSets {
  readonly sets: readonly DataSet[];
  readonly total: number;
}

export function fetchSets(stream: string, limit: number, signal: AbortSignal): Promise<DataSets> {
  return call<DataSets>(`/v1/data/sets${queryOf({ stream, limit })}`, { signal });
}

/** Which features, and in which order. */
export interface FeatureQuestion {
  readonly sets: readonly string[];
  readonly slice: string;
  readonly search: string;
  readonly kind: ComparedFigures['kind'] | undefined;
  readonly anomalous: boolean;
  readonly order: FeatureOrder;
}

export function fetchStatistics(
  { sets, ...rest }: FeatureQuestion,
  offset: number,
  limit: number,
  signal: AbortSignal,
): Promise<StatisticsPage> {
  return call<StatisticsPage>(`/v1/data/statistics${queryOf({ sets: sets.join(','), ...rest, offset, limit })}`, {
    signal,
  });
}

export function fetchSlices(set: string, by: string, feature: string, signal: AbortSignal): Promise<SlicesReport> {
  return call<SlicesReport>(`/v1/data/slices${queryOf({ set, by, feature })}`, { signal });
}

export function fetchAnomalies(set: string, signal: AbortSignal): Promise<AnomaliesReport> {
  return call<AnomaliesReport>(`/v1/data/anomalies${queryOf({ set })}`, { signal });
}

export interface TimelineQuestion {
  readonly stream: string;
  readonly slice: string;
  readonly search: string;
  readonly spans: number;
  readonly limit: number;
}

export function fetchTimeline(question: TimelineQuestion, signal: AbortSignal): Promise<DataTimeline> {
  return call<DataTimeline>(`/v1/data/timeline${queryOf({ ...question })}`, { signal });
}

export async function fetchSchemas(signal: AbortSignal): Promise<readonly DataSchema[]> {
  return (await call<{ schemas: readonly DataSchema[] }>('/v1/data/schemas', { signal })).schemas;
}

const schemaPath = (name: string): string => `/v1/data/schemas/${encodeURIComponent(name)}`;

/** @param version undefined for the one in force. */
export function fetchSchema(
  name: string,
  version: string | undefined,
  signal: AbortSignal,
): Promise<DataSchemaHistory> {
  return call<DataSchemaHistory>(`${schemaPath(name)}${queryOf({ version })}`, { signal });
}

export interface Acceptance {
  readonly set: string;
  readonly paths: readonly string[];
  readonly author: string;
  readonly reason: string;
}

export function acceptAnomalies(schema: string, acceptance: Acceptance): Promise<DataSchemaHistory> {
  return call<DataSchemaHistory>(`${schemaPath(schema)}/accept`, asJson(acceptance));
}

export interface SchemaUndo {
  readonly author: string;
  readonly reason: string;
  readonly version: number;
  /** The newest that was on show: what others have changed since is not taken back unseen. */
  readonly newest: number;
}

export function undoSchema(name: string, undo: SchemaUndo): Promise<DataSchemaHistory> {
  return call<DataSchemaHistory>(`${schemaPath(name)}/undo`, asJson(undo));
}

/** Looks at what is durable now. Ends with its caller. */
export function examineData(
  onProgress: (stage: string, share: number) => void,
  signal: AbortSignal,
): Promise<ExaminationOfData> {
  return callJob<ExaminationOfData>('/v1/data/examine', {}, onProgress, signal);
}

export async function fetchAlerts(state: 'active' | 'recovered', signal: AbortSignal): Promise<readonly AlertView[]> {
  return (await call<{ alerts: readonly AlertView[] }>(`/v1/alerts${queryOf({ state, limit: 200 })}`, { signal }))
    .alerts;
}

export function closeAlert(id: string, author: string): Promise<void> {
  return call<void>(`/v1/alerts/${encodeURIComponent(id)}/close`, asJson({ author }));
}

export async function fetchSilences(signal: AbortSignal): Promise<readonly SilenceView[]> {
  return (await call<{ silences: readonly SilenceView[] }>('/v1/alerts/silences', { signal })).silences;
}

export type NewSilence = Pick<SilenceView, 'matcher' | 'author' | 'reason' | 'untilMs'>;

export function addSilence(silence: NewSilence): Promise<SilenceView> {
  return call<SilenceView>('/v1/alerts/silences', asJson(silence));
}

export function endSilence(id: string): Promise<void> {
  return call<void>(`/v1/alerts/silences/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export interface RulesAndRoutes {
  readonly rules: readonly RuleView[];
  readonly routes: readonly RouteView[];
}

export function fetchRules(signal: AbortSignal): Promise<RulesAndRoutes> {
  return call<RulesAndRoutes>('/v1/alerts/rules', { signal });
}

export function addRule(rule: NewRule): Promise<RuleView> {
  return call<RuleView>('/v1/alerts/rules', asJson(rule));
}

export function removeRule(name: string): Promise<void> {
  return call<void>(`/v1/alerts/rules/${encodeURIComponent(name)}`, { method: 'DELETE' });
}

export async function fetchNotices(limit: number, signal: AbortSignal): Promise<readonly NoticeView[]> {
  return (await call<{ notices: readonly NoticeView[] }>(`/v1/alerts/notices${queryOf({ limit })}`, { signal }))
    .notices;
}

export type RouteTest = readonly { readonly route: string; readonly delivered: boolean; readonly reason: string }[];

export async function testRoute(route: string): Promise<RouteTest> {
  return (await call<{ routes: RouteTest }>('/v1/alerts/test', asJson({ route }))).routes;
}
