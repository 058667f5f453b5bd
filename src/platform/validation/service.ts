/**
 * What is told of the platform's own data, and what people say of it. Terms. A *data set* is one span of one stream: the
 * examples, the served cards or the events of a day or an hour; it is called `training/2026-11-20` or `play/2026-11-20T14`.
 * A *slice* of it is called `tier_premium`; '' is all of it.
 */
import type { FindingKind, Severity } from '../../alerts/index.ts';
import type { EventType } from '../../domain/index.ts';
import type { OnProgress } from '../workshop.ts';

export const EXAMPLE_STREAMS = ['training', 'evaluation', 'serving'] as const;
/** Examples, by the day (UTC) in which they were decided. */
export type ExampleStream = (typeof EXAMPLE_STREAMS)[number];
/** Events, by type and the hour (UTC) in which they occurred. */
export type DataStream = ExampleStream | EventType;

/** By which features data sets are sliced. */
export const SLICED_BY = { examples: ['tier', 'market', 'device', 'model'], events: ['device', 'tier'] } as const;

export interface DataSet {
  /** `STREAM/SPAN`. */
  readonly id: string;
  readonly stream: DataStream;
  /** `2026-11-20`, or `2026-11-20T14` for events. */
  readonly span: string;
  readonly fromMs: number;
  /** Not in it. */
  readonly toMs: number;
  /** Rows: cards of examples, or events. */
  readonly examples: number;
  /** Listeners behind the rows, which come and go together: significance goes by them. */
  readonly units: number;
  readonly features: number;
  readonly slices: number;
  /** Nothing more is to come, as far as can be told: the span is over, and rewards have matured. */
  readonly complete: boolean;
  readonly examinedAtMs: number;
  readonly anomalies: { readonly errors: number; readonly warnings: number };
  /** What was left out, and why, and how many logged rows were recomputed, in words; '' where there is nothing to say. */
  readonly note: string;
}

export interface NumericFigures {
  readonly mean: number | null;
  readonly stdDev: number | null;
  /** Of the values, in [0, 1]. */
  readonly zeroShare: number;
  readonly min: number | null;
  readonly median: number | null;
  readonly max: number | null;
  /** Edges of ten parts with as many values each: 11 numbers; empty where there are no values. */
  readonly quantiles: readonly number[];
  /** Ascending, without gaps; counts need not be whole. */
  readonly histogram: readonly { readonly from: number; readonly to: number; readonly count: number }[];
}

export interface CategoricalFigures {
  readonly unique: number;
  /** Characters. */
  readonly avgLength: number;
  /** The most frequent first; at most 20. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
}

export interface FeatureFigures {
  /** INT, FLOAT, STRING, … */
  readonly type: string;
  /** Rows that have it, and those that lack it. */
  readonly present: number;
  readonly missing: number;
  readonly missingShare: number;
  readonly values: number;
  readonly numeric: NumericFigures | null;
  readonly categorical: CategoricalFigures | null;
}

export interface ComparedFigures {
  readonly name: string;
  readonly kind: 'numeric' | 'categorical' | 'other';
  /** By data set, in the order in which they were asked for; null where it lacks the feature. */
  readonly sides: readonly (FeatureFigures | null)[];
  /** Largest Jensen-Shannon divergence from the first data set, in [0, 1]; null where none can be taken. */
  readonly divergence: number | null;
  /** Largest L∞ distance of values from the first data set, in [0, 1]. */
  readonly linf: number | null;
  /** Largest of the sides; 1 where one lacks the feature. */
  readonly missingShare: number;
  /** By data set: the worst anomaly of the feature; null where there is none. */
  readonly worst: readonly (Severity | null)[];
}

export const FEATURE_ORDERS = ['name', 'distance', 'missing', 'anomalies'] as const;
export type FeatureOrder = (typeof FEATURE_ORDERS)[number];

export interface StatisticsQuery {
  /** Ids, the first being what the others are measured against; 1 to 8. */
  readonly sets: readonly string[];
  /** @default '': all rows */
  readonly slice?: string | undefined;
  /** Part of the feature's name, in any case. @default '' */
  readonly search?: string | undefined;
  readonly kind?: ComparedFigures['kind'] | undefined;
  /** Only features with an anomaly in one of the sets. @default false */
  readonly anomalous?: boolean | undefined;
  /** @default 'name'; all others have the largest first, and of distances what a set lacks altogether before all that both have */
  readonly order?: FeatureOrder | undefined;
  readonly limit: number;
  readonly offset: number;
}

export interface StatisticsPage {
  readonly sets: readonly DataSet[];
  readonly slice: string;
  readonly features: readonly ComparedFigures[];
  /** Features that match, on all pages. */
  readonly total: number;
}

export interface SliceFigures {
  /** `tier_premium`. */
  readonly slice: string;
  /** `premium`. */
  readonly of: string;
  readonly examples: number;
  /** Of all rows of the set. */
  readonly share: number;
  /** In the span before; null where there is none. */
  readonly shareBefore: number | null;
  readonly examplesBefore: number | null;
  /** Of the feature that was asked for; null where none was, or the slice lacks it. */
  readonly figures: FeatureFigures | null;
  /** Jensen-Shannon divergence of the feature from that of all rows. */
  readonly divergence: number | null;
}

export interface SlicesReport {
  readonly set: DataSet;
  readonly by: string;
  /** By what the set can be sliced. */
  readonly slicedBy: readonly string[];
  /** What `shareBefore` is of: the span before, or the hours before of events. */
  readonly before: { readonly name: string; readonly examples: number } | null;
  readonly feature: string;
  readonly overall: FeatureFigures | null;
  /** Largest first. */
  readonly slices: readonly SliceFigures[];
}

export interface DataAnomaly {
  /** What `accept` and `alert` know it by; unique within its set. */
  readonly path: string;
  /** '' is the whole set. */
  readonly feature: string;
  /** '' is all rows. */
  readonly slice: string;
  readonly severity: Severity;
  /** `SCHEMA_MISSING_COLUMN`, `COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH`, … */
  readonly types: readonly string[];
  readonly short: string;
  readonly description: string;
  /** The schema's own lines (pbtxt) that it departs from; '' where no line speaks of it. */
  readonly schemaLines: string;
  /** What the lines would become if it was accepted; '' where the schema cannot take it in, as with a lost slice. */
  readonly acceptedLines: string;
}

export interface DataDistance {
  readonly feature: string;
  readonly slice: string;
  readonly kind: 'drift' | 'skew';
  /** `JENSEN_SHANNON_DIVERGENCE` or `L_INFTY`. */
  readonly measure: string;
  readonly distance: number;
  readonly threshold: number;
  /** Against which set. */
  readonly against: string;
}

export interface AnomaliesReport {
  readonly set: DataSet;
  /** Which schema was gone by. */
  readonly schema: { readonly name: string; readonly version: number };
  /** Errors first. */
  readonly anomalies: readonly DataAnomaly[];
  /** Every distance that was measured, high or not; largest first. */
  readonly distances: readonly DataDistance[];
}

export interface FeatureTimeline {
  readonly name: string;
  /** By set: Jensen-Shannon divergence from the set before; null where none could be taken. */
  readonly drift: readonly (number | null)[];
  /** Of examples: the same from serving of the same day. */
  readonly skew: readonly (number | null)[];
  readonly missingShare: readonly (number | null)[];
  /** Of numbers. */
  readonly mean: readonly (number | null)[];
  /** By set: the worst anomaly of the feature, in this slice. */
  readonly worst: readonly (Severity | null)[];
  /** Above it is an anomaly: as the newest set that was measured says, null where none was. */
  readonly driftThreshold: number | null;
  readonly skewThreshold: number | null;
}

export interface DataTimeline {
  readonly stream: DataStream;
  readonly slice: string;
  /** Oldest first; every list of a feature is as long. */
  readonly sets: readonly DataSet[];
  /** By their largest drift, unless another order was asked for. */
  readonly features: readonly FeatureTimeline[];
  readonly total: number;
}

export interface TimelineQuery {
  readonly stream: DataStream;
  readonly slice?: string | undefined;
  readonly search?: string | undefined;
  /** Of sets, the newest. */
  readonly spans: number;
  readonly limit: number;
  readonly offset: number;
}

export interface SchemaVersion {
  /** From 1. */
  readonly version: number;
  readonly atMs: number;
  readonly author: string;
  readonly reason: string;
  /** `derived` from what the platform declares; `accepted` anomalies; `undone` what was accepted. */
  readonly change: 'derived' | 'accepted' | 'undone';
  /** Features that it changed. */
  readonly features: readonly string[];
  /** Lines of the text form that came, and that went. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export interface DataSchema {
  /** `examples`, or a type of event. */
  readonly name: string;
  readonly version: number;
  readonly features: number;
  readonly changedAtMs: number;
}

export interface DataSchemaHistory extends DataSchema {
  /** pbtxt of TensorFlow Metadata. */
  readonly text: string;
  /** Newest first. */
  readonly versions: readonly SchemaVersion[];
}

export interface UndoRequest {
  readonly author: string;
  readonly reason: string;
  /** What it shall be as. @default the one before the newest */
  readonly version?: number | undefined;
  /** The newest version that the caller has seen; undefined: whichever is. */
  readonly newest?: number | undefined;
}

export interface AcceptRequest {
  /** Of the set. */
  readonly paths: readonly string[];
  readonly author: string;
  readonly reason: string;
}

export interface ExamineRequest {
  /** A day such as `2026-11-20`, or an hour of events `2026-11-20T14`. @default the newest of each stream */
  readonly span?: string | undefined;
  /** @default every one that has data */
  readonly streams?: readonly DataStream[] | undefined;
}

/** Each set that was looked at, in the order of the streams. */
export interface ExaminationOfData {
  readonly sets: readonly AnomaliesReport[];
  /** Nothing of severity error. */
  readonly clean: boolean;
  readonly seconds: number;
}

export interface DataService {
  /** Newest first. */
  dataSets(query: {
    readonly stream?: DataStream | undefined;
    readonly limit: number;
    readonly offset: number;
  }): Promise<{ readonly sets: readonly DataSet[]; readonly total: number }>;
  /** Throws DATA_SET_NOT_FOUND, as all that follow do. */
  dataStatistics(query: StatisticsQuery): Promise<StatisticsPage>;
  /** Throws OPTION_INVALID for what the set cannot be sliced by. */
  dataSlices(query: {
    readonly set: string;
    readonly by?: string | undefined;
    readonly feature?: string | undefined;
  }): Promise<SlicesReport>;
  dataAnomalies(set: string): Promise<AnomaliesReport>;
  dataTimeline(query: TimelineQuery): Promise<DataTimeline>;
  dataSchemas(): Promise<readonly DataSchema[]>;
  /** @param version @default the one in force. Throws DATA_SCHEMA_NOT_FOUND. */
  dataSchema(name: string, version?: number): Promise<DataSchemaHistory>;
  /** Takes anomalies of a set into its schema, and examines the set anew. Throws OPTION_INVALID for what no schema can take in. */
  acceptAnomalies(schema: string, set: string, request: AcceptRequest): Promise<DataSchemaHistory>;
  /** Puts the schema back, as a new version. Throws DATA_SCHEMA_CHANGED where `newest` is no longer the newest. */
  undoSchema(name: string, request: UndoRequest): Promise<DataSchemaHistory>;
  /** Reads what is durable now, beside serving; stores statistics and anomalies, and tells the alerts of them. */
  examineData(
    request: ExamineRequest,
    run?: { readonly onProgress?: OnProgress; readonly signal?: AbortSignal },
  ): Promise<ExaminationOfData>;
}

// ---- alerts

export interface AlertView {
  readonly id: string;
  readonly rule: string;
  /** The stream of the data, or `platform`. */
  readonly source: string;
  readonly kind: FindingKind;
  readonly name: string;
  readonly feature: string;
  readonly slice: string;
  readonly value: number | null;
  readonly severity: Severity;
  readonly text: string;
  readonly state: 'pending' | 'firing' | 'recovered';
  readonly silenced: boolean;
  readonly beganAtMs: number;
  readonly firedAtMs: number | null;
  readonly seenAtMs: number;
  readonly endedAtMs: number | null;
  /** `clear`, `rule removed`, `closed by NAME`; '' while it lasts. */
  readonly ending: string;
  /** Routes that were told of it. */
  readonly told: readonly string[];
}

export interface SilenceView {
  readonly id: string;
  /** What is given must match; `*` stands for any run of characters. */
  readonly matcher: {
    readonly rule?: string;
    readonly source?: string;
    readonly name?: string;
    readonly feature?: string;
    readonly slice?: string;
  };
  readonly author: string;
  readonly reason: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface RuleView {
  readonly name: string;
  readonly kind: FindingKind;
  readonly finding: string;
  readonly source: string;
  readonly feature: string;
  readonly slice: string;
  readonly severity: Severity;
  readonly above: number | null;
  readonly below: number | null;
  readonly forMs: number;
  readonly clearForMs: number;
  readonly routes: readonly string[];
  /** `person`: added here, and removable here. */
  readonly from: 'default' | 'configuration' | 'person';
  /** '' unless a person added it. */
  readonly author: string;
  readonly reason: string;
  readonly addedAtMs: number | null;
}

export type NewRule = Partial<Omit<RuleView, 'from' | 'author' | 'reason' | 'addedAtMs'>> & {
  readonly author: string;
  readonly reason: string;
};

export interface RouteView {
  readonly name: string;
  readonly to: 'webhook' | 'slack' | 'mail' | 'log';
  /** What is wrong with it, such as a secret that is not in the environment; '' where it works. */
  readonly problem: string;
}

export interface NoticeView {
  readonly id: string;
  readonly route: string;
  readonly createdAtMs: number;
  readonly state: 'due' | 'delivered' | 'given-up';
  readonly attempts: number;
  /** '' where all was well. */
  readonly lastFailure: string;
  readonly settledAtMs: number | null;
}

export interface AlertService {
  /** Newest first. @param state `active`: pending and firing. */
  alerts(query: {
    readonly state?: AlertView['state'] | 'active' | undefined;
    readonly limit: number;
  }): Promise<readonly AlertView[]>;
  /** Ends an alert by hand; it fires anew when the next round finds it. Throws ALERT_NOT_FOUND. */
  closeAlert(id: string, author: string): Promise<void>;
  /** Those that last, by their end. */
  silences(): Promise<readonly SilenceView[]>;
  /** Throws OPTION_INVALID. */
  addSilence(silence: Pick<SilenceView, 'matcher' | 'author' | 'reason' | 'untilMs'>): Promise<SilenceView>;
  /** Throws ALERT_SILENCE_NOT_FOUND. */
  endSilence(id: string): Promise<void>;
  alertRules(): Promise<{ readonly rules: readonly RuleView[]; readonly routes: readonly RouteView[] }>;
  /** A rule of a person's, kept beside those of the configuration. Throws OPTION_INVALID. */
  addAlertRule(rule: NewRule): Promise<RuleView>;
  /** A rule that a person added. Throws ALERT_RULE_NOT_FOUND. */
  removeAlertRule(name: string): Promise<void>;
  /** Newest first: what was sent where, and what was not. */
  alertNotices(limit: number): Promise<readonly NoticeView[]>;
  /** Sends a notice that says it is a test, at once, and tells what became of it. @param route @default every one */
  testAlerts(
    route?: string,
  ): Promise<readonly { readonly route: string; readonly delivered: boolean; readonly reason: string }[]>;
}
