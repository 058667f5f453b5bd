/** What the platform's thread asks of the one that validates data. */
import type { Finding } from '../../alerts/index.ts';
import type { LogPosition } from '../../store/index.ts';
import type {
  AcceptRequest,
  AnomaliesReport,
  DataSchema,
  DataSchemaHistory,
  DataSet,
  DataStream,
  DataTimeline,
  ExaminationOfData,
  ExamineRequest,
  SlicesReport,
  StatisticsPage,
  StatisticsQuery,
  TimelineQuery,
  UndoRequest,
} from './service.ts';

/** How far it may read, and with what. */
export interface DataEnds {
  readonly events: LogPosition;
  readonly decisions: LogPosition;
  readonly catalogHash: string;
  readonly nowMs: number;
}

export type DataQuestion =
  /** Counts what is new, and examines what is due. */
  | { readonly kind: 'watch'; readonly ends: DataEnds }
  | { readonly kind: 'examine'; readonly ends: DataEnds; readonly request: ExamineRequest }
  | { readonly kind: 'sets'; readonly stream: DataStream | undefined; readonly limit: number; readonly offset: number }
  | { readonly kind: 'statistics'; readonly query: StatisticsQuery }
  | {
      readonly kind: 'slices';
      readonly set: string;
      readonly by: string | undefined;
      readonly feature: string | undefined;
    }
  | { readonly kind: 'anomalies'; readonly set: string }
  | { readonly kind: 'timeline'; readonly query: TimelineQuery }
  | { readonly kind: 'schemas' }
  | { readonly kind: 'schema'; readonly name: string; readonly version: number | undefined }
  | {
      readonly kind: 'accept';
      readonly name: string;
      readonly set: string;
      readonly request: AcceptRequest;
      readonly nowMs: number;
    }
  | {
      readonly kind: 'undo';
      readonly name: string;
      readonly request: UndoRequest;
      readonly nowMs: number;
    };

/** What the alerts are to judge: of each stream the newest set that is complete, and the newest that is not. */
export interface DataRound {
  readonly stream: DataStream;
  readonly set: string;
  /** When its span begins. */
  readonly fromMs: number;
  readonly examinedAtMs: number;
  /** Only then does absence mean that all is well. */
  readonly complete: boolean;
  /** Slices that there was enough of to tell. */
  readonly slices: readonly string[];
  /** Slices that there are, of however few. */
  readonly present: readonly string[];
  readonly findings: readonly Finding[];
}

export interface DataAnswers {
  watch: { readonly rounds: readonly DataRound[]; readonly summary: string };
  examine: { readonly rounds: readonly DataRound[]; readonly result: ExaminationOfData };
  sets: { readonly sets: readonly DataSet[]; readonly total: number };
  statistics: StatisticsPage;
  slices: SlicesReport;
  anomalies: AnomaliesReport;
  timeline: DataTimeline;
  schemas: readonly DataSchema[];
  schema: DataSchemaHistory;
  accept: DataSchemaHistory & { readonly rounds: readonly DataRound[] };
  undo: DataSchemaHistory & { readonly rounds: readonly DataRound[] };
}
