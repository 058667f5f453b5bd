/** The contract of data validation: the platform's own data in figures, what is wrong with it, and what people say to that. */
import { type TSchema, Type } from 'typebox';
import { EVENT_TYPES } from '../domain/index.ts';
import {
  type AcceptRequest,
  type AnomaliesReport,
  type CategoricalFigures,
  type ComparedFigures,
  type DataAnomaly,
  type DataDistance,
  type DataSchema,
  type DataSchemaHistory,
  type DataSet,
  type DataTimeline,
  EXAMPLE_STREAMS,
  type ExaminationOfData,
  type ExamineRequest,
  FEATURE_ORDERS,
  type FeatureFigures,
  type FeatureTimeline,
  type NumericFigures,
  type SchemaVersion,
  type SliceFigures,
  type SlicesReport,
  type StatisticsPage,
} from '../platform/index.ts';
import { recordOf } from './evaluation-contract.ts';

export type {
  AcceptRequest,
  AnomaliesReport,
  CategoricalFigures,
  ComparedFigures,
  DataAnomaly,
  DataDistance,
  DataSchema,
  DataSchemaHistory,
  DataSet,
  DataStream,
  DataTimeline,
  ExaminationOfData,
  ExamineRequest,
  ExampleStream,
  FeatureFigures,
  FeatureOrder,
  FeatureTimeline,
  NumericFigures,
  SchemaVersion,
  SliceFigures,
  SlicesReport,
  StatisticsPage,
} from '../platform/index.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Time = Type.Number({ description: 'Milliseconds since 1970.' });
const Share = Type.Number({ description: 'From 0 to 1.' });
const Figure = Type.Number();
const orNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);
const Severity = Type.Enum(['info', 'warning', 'error']);
const Streams = [...EXAMPLE_STREAMS, ...EVENT_TYPES];
const Stream = Type.Enum(Streams, { description: 'Examples by day, or events of a type by hour.' });

const SET_PATTERN = `^(${Streams.join('|')})/[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2})?$`;
const SetId = Type.String({
  maxLength: 40,
  pattern: SET_PATTERN,
  description: '`training/2026-11-20`, or `play/2026-11-20T14`.',
});
const Sets = Type.String({
  maxLength: 330,
  pattern: `^${SET_PATTERN.slice(1, -1)}(,${SET_PATTERN.slice(1, -1)}){0,7}$`,
  description: 'One to eight ids, with commas; the first is what the others are measured against.',
});
const Slice = Type.String({ maxLength: 200, description: '`tier_premium`; all rows where it is left out.' });
const Search = Type.String({ maxLength: 200, description: 'Part of a feature’s name, in any case.' });
const Limit = (most: number, usual: number) => Type.Integer({ minimum: 1, maximum: most, default: usual });
const Offset = Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 });
const Author = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S', description: 'Who says so.' });
const Reason = Type.String({ minLength: 1, maxLength: 2000, pattern: '\\S' });
const Span = Type.String({
  maxLength: 13,
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2})?$',
  description: 'A day in UTC, or an hour of events.',
});

export const DataSetsQuery = Type.Object(
  { stream: Type.Optional(Stream), limit: Type.Optional(Limit(500, 100)), offset: Type.Optional(Offset) },
  closed,
);
export const DataStatisticsQuery = Type.Object(
  {
    sets: Sets,
    slice: Type.Optional(Slice),
    search: Type.Optional(Search),
    kind: Type.Optional(Type.Enum(['numeric', 'categorical', 'other'])),
    anomalous: Type.Optional(Type.Boolean({ default: false })),
    order: Type.Optional(Type.Enum([...FEATURE_ORDERS], { default: 'name' })),
    limit: Type.Optional(Limit(200, 50)),
    offset: Type.Optional(Offset),
  },
  closed,
);
export const DataSlicesQuery = Type.Object(
  {
    set: SetId,
    by: Type.Optional(
      Type.String({ minLength: 1, maxLength: 60, description: '`tier`, `market`, `device`, `model`.' }),
    ),
    feature: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  closed,
);
export const DataAnomaliesQuery = Type.Object({ set: SetId }, closed);
export const DataTimelineQuery = Type.Object(
  {
    stream: Stream,
    slice: Type.Optional(Slice),
    search: Type.Optional(Search),
    spans: Type.Optional(Type.Integer({ minimum: 1, maximum: 168, default: 30 })),
    limit: Type.Optional(Limit(200, 20)),
    offset: Type.Optional(Offset),
  },
  closed,
);
export const DataSchemaParams = Type.Object({ name: Type.Enum(['examples', ...EVENT_TYPES]) }, closed);
export const DataSchemaQuery = Type.Object(
  { version: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })) },
  closed,
);
export const AcceptBody = Type.Object(
  {
    set: SetId,
    paths: Type.Array(Type.String({ maxLength: 500 }), { minItems: 1, maxItems: 1000 }),
    author: Author,
    reason: Reason,
  } satisfies { [K in keyof AcceptRequest]: TSchema } & { set: TSchema },
  closed,
);
export const UndoBody = Type.Object(
  {
    author: Author,
    reason: Reason,
    version: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'What to go back to; the one before by default.' }),
    ),
    newest: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'The newest version that you have seen: refused where somebody has changed the schema since.',
      }),
    ),
  },
  closed,
);
export const ExamineBody = recordOf<ExamineRequest>({
  span: Type.Optional(Span),
  streams: Type.Optional(Type.Array(Stream, { minItems: 1, maxItems: Streams.length })),
});

const DataSetSchema = recordOf<DataSet>({
  id: Type.String(),
  stream: Stream,
  span: Span,
  fromMs: Time,
  toMs: Time,
  examples: Count,
  units: Count,
  features: Count,
  slices: Count,
  complete: Type.Boolean({ description: 'Nothing more is to come, as far as can be told.' }),
  examinedAtMs: Time,
  anomalies: Type.Object({ errors: Count, warnings: Count }, closed),
  note: Type.String({ description: 'What was left out, and why; empty where nothing was.' }),
});
const NumericSchema = recordOf<NumericFigures>({
  mean: orNull(Figure),
  stdDev: orNull(Figure),
  zeroShare: Share,
  min: orNull(Figure),
  median: orNull(Figure),
  max: orNull(Figure),
  quantiles: Type.Array(Figure, { description: 'Edges of ten parts with as many values each.' }),
  histogram: Type.Array(Type.Object({ from: Figure, to: Figure, count: Figure }, closed)),
});
const CategoricalSchema = recordOf<CategoricalFigures>({
  unique: Count,
  avgLength: Figure,
  top: Type.Array(Type.Object({ value: Type.String(), count: Figure }, closed), { maxItems: 20 }),
});
const FiguresSchema = recordOf<FeatureFigures>({
  type: Type.String(),
  present: Count,
  missing: Count,
  missingShare: Share,
  values: Count,
  numeric: orNull(Type.Ref('NumericFigures')),
  categorical: orNull(Type.Ref('CategoricalFigures')),
});
const ComparedSchema = recordOf<ComparedFigures>({
  name: Type.String(),
  kind: Type.Enum(['numeric', 'categorical', 'other']),
  sides: Type.Array(orNull(Type.Ref('FeatureFigures'))),
  divergence: orNull(Share),
  linf: orNull(Share),
  missingShare: Share,
  worst: Type.Array(orNull(Severity)),
});
const StatisticsSchema = recordOf<StatisticsPage>({
  sets: Type.Array(Type.Ref('DataSet')),
  slice: Type.String(),
  features: Type.Array(Type.Ref('ComparedFigures')),
  total: Count,
});
const SliceSchema = recordOf<SliceFigures>({
  slice: Type.String(),
  of: Type.String(),
  examples: Count,
  share: Share,
  shareBefore: orNull(Share),
  examplesBefore: orNull(Count),
  figures: orNull(Type.Ref('FeatureFigures')),
  divergence: orNull(Share),
});
const SlicesSchema = recordOf<SlicesReport>({
  set: Type.Ref('DataSet'),
  by: Type.String(),
  slicedBy: Type.Array(Type.String()),
  before: orNull(recordOf<NonNullable<SlicesReport['before']>>({ name: Type.String(), examples: Count })),
  feature: Type.String(),
  overall: orNull(Type.Ref('FeatureFigures')),
  slices: Type.Array(Type.Ref('SliceFigures')),
});
const AnomalySchema = recordOf<DataAnomaly>({
  path: Type.String(),
  feature: Type.String({ description: 'Empty for the whole set.' }),
  slice: Type.String({ description: 'Empty for all rows.' }),
  severity: Severity,
  types: Type.Array(Type.String()),
  short: Type.String(),
  description: Type.String(),
  schemaLines: Type.String({ description: 'The schema’s own lines that it departs from, as pbtxt.' }),
  acceptedLines: Type.String({ description: 'What they would become; empty where a schema cannot take it in.' }),
});
const DistanceSchema = recordOf<DataDistance>({
  feature: Type.String(),
  slice: Type.String(),
  kind: Type.Enum(['drift', 'skew']),
  measure: Type.String(),
  distance: Share,
  threshold: Figure,
  against: Type.String(),
});
const AnomaliesSchema = recordOf<AnomaliesReport>({
  set: Type.Ref('DataSet'),
  schema: Type.Object({ name: Type.String(), version: Count }, closed),
  anomalies: Type.Array(Type.Ref('DataAnomaly')),
  distances: Type.Array(Type.Ref('DataDistance')),
});
const Series = Type.Array(orNull(Figure));
const FeatureTimelineSchema = recordOf<FeatureTimeline>({
  name: Type.String(),
  drift: Series,
  skew: Series,
  missingShare: Series,
  mean: Series,
  worst: Type.Array(orNull(Severity)),
  driftThreshold: orNull(Figure),
  skewThreshold: orNull(Figure),
});
const TimelineSchema = recordOf<DataTimeline>({
  stream: Stream,
  slice: Type.String(),
  sets: Type.Array(Type.Ref('DataSet')),
  features: Type.Array(Type.Ref('FeatureTimeline')),
  total: Count,
});
const VersionSchema = recordOf<SchemaVersion>({
  version: Type.Integer({ minimum: 1 }),
  atMs: Time,
  author: Type.String(),
  reason: Type.String(),
  change: Type.Enum(['derived', 'accepted', 'undone']),
  features: Type.Array(Type.String()),
  added: Type.Array(Type.String()),
  removed: Type.Array(Type.String()),
});
const schemaFields = {
  name: Type.String(),
  version: Type.Integer({ minimum: 1 }),
  features: Count,
  changedAtMs: Time,
};
const SchemaHistorySchema = recordOf<DataSchemaHistory>({
  ...schemaFields,
  text: Type.String({ description: 'pbtxt of TensorFlow Metadata.' }),
  versions: Type.Array(Type.Ref('DataSchemaVersion')),
});
const ExaminationSchema = recordOf<ExaminationOfData>({
  sets: Type.Array(Type.Ref('DataAnomalies')),
  clean: Type.Boolean({ description: 'Nothing of severity error.' }),
  seconds: Type.Number(),
});

export const DataSetsAnswer = Type.Object({ sets: Type.Array(Type.Ref('DataSet')), total: Count }, closed);
export interface DataSetList {
  readonly sets: readonly DataSet[];
  readonly total: number;
}
export const DataSchemasAnswer = Type.Object({ schemas: Type.Array(recordOf<DataSchema>(schemaFields)) }, closed);
export interface DataSchemaList {
  readonly schemas: readonly DataSchema[];
}

export const WATCH_COMPONENTS: Readonly<Record<string, TSchema>> = {
  CategoricalFigures: CategoricalSchema,
  ComparedFigures: ComparedSchema,
  DataAnomalies: AnomaliesSchema,
  DataAnomaly: AnomalySchema,
  DataDistance: DistanceSchema,
  DataExamination: ExaminationSchema,
  DataSchema: SchemaHistorySchema,
  DataSchemaVersion: VersionSchema,
  DataSet: DataSetSchema,
  DataSlices: SlicesSchema,
  DataStatistics: StatisticsSchema,
  DataTimeline: TimelineSchema,
  FeatureFigures: FiguresSchema,
  FeatureTimeline: FeatureTimelineSchema,
  NumericFigures: NumericSchema,
  SliceFigures: SliceSchema,
};
