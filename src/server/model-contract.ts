/** The contract of models: the registry, training, and the configuration file's status. */
import { type TSchema, Type } from 'typebox';
import {
  CALIBRATIONS,
  type ConfigurationProblem,
  type ConfigurationStatus,
  type ModelSummary,
  POSITIONS,
  type ReliabilityBin,
  type TrainRequest,
  WEIGHTINGS,
} from '../platform/index.ts';

export type {
  ConfigurationProblem,
  ConfigurationStatus,
  FeatureImportance,
  LeftOut,
  ModelDetail,
  ModelLineage,
  ModelSpec,
  ModelSummary,
  Promotion,
  Quality,
  ReliabilityBin,
  SliceQuality,
  TrainedModel,
  TrainRequest,
} from '../platform/index.ts';

const closed = { additionalProperties: false } as const;
const ref = (name: string): TSchema => Type.Ref(name);
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const object = <T extends Record<string, TSchema>>(properties: T, description?: string) =>
  Type.Object(properties, description === undefined ? closed : { ...closed, description });
/** Its properties as a record of those that `T` has: one that is missing here does not compile. */
const of = <T>(properties: { readonly [K in keyof Required<T>]: TSchema }, description?: string): TSchema =>
  object(properties as unknown as Record<string, TSchema>, description);
const Count = Type.Integer({ minimum: 0 });
const Time = Type.Number({ description: 'Milliseconds since 1970.' });
const Figure = orNull(Type.Number());
const Hash = Type.String({ pattern: '^[0-9a-f]{32}$' });
const HashOrNone = Type.String({ description: 'A hash, or empty.' });
const Choices = Type.Record(
  Type.String({ maxLength: 60 }),
  Type.Union([
    Type.Number(),
    Type.String({ maxLength: 200 }),
    Type.Boolean(),
    Type.Array(Type.Union([Type.Number(), Type.String({ maxLength: 200 })]), { maxItems: 10_000 }),
  ]),
  { description: 'Options of the family.' },
);
const Family = Type.String({ minLength: 1, maxLength: 40, pattern: '^[a-z0-9-]+$' });

export const ModelParams = Type.Object({ hash: Type.String({ minLength: 1, maxLength: 64 }) }, closed);

const spec = {
  family: Family,
  options: Type.Optional(Choices),
  ensemble: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, default: 1, description: 'Members of a bootstrap ensemble.' }),
  ),
  calibration: Type.Optional(Type.Enum([...CALIBRATIONS], { default: 'none' })),
};
const training = {
  examples: Type.Optional(
    Type.String({ minLength: 1, maxLength: 80, default: '90d', description: '`all`, `30d`, `12h` or `FROM..TO`.' }),
  ),
  weighting: Type.Optional(Type.Enum([...WEIGHTINGS], { default: 'uniform' })),
  weightClip: Type.Optional(Type.Number({ minimum: 1, maximum: 1e6, default: 10 })),
  position: Type.Optional(
    Type.Enum([...POSITIONS], {
      default: 'none',
      description:
        'How choices are parted from the places in which they were made, so that scores are free of position.',
    }),
  ),
  matured: Type.Optional(Type.Boolean({ default: false, description: 'Only decisions whose rewards are final.' })),
  validationShare: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 0.9, default: 0.2 })),
  tuningShare: Type.Optional(Type.Number({ minimum: 0, maximum: 0.9, default: 0.1 })),
  historyBelow: Type.Optional(Type.Integer({ minimum: 0, maximum: 1e9, default: 2000 })),
  maxRows: Type.Optional(Type.Integer({ minimum: 100, maximum: 1e8, default: 1_000_000 })),
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1, default: 1 })),
};
export const TrainModelBody = of<TrainRequest>({
  ...spec,
  ...training,
  promote: Type.Optional(Type.Boolean({ default: false, description: 'Serve it when it is done.' })),
});
export const ImportModelBody = object({
  onnx: Type.String({ minLength: 4, description: 'The file, base64.' }),
  binding: Type.Optional(
    Type.Record(Type.String({ maxLength: 60 }), Type.Unknown(), {
      description:
        'Which columns and slots its inputs read, and what its output is. Of a model exported here: nothing.',
    }),
  ),
});

const QualitySchema = object({ logLoss: Figure, auc: Figure, ece: Figure, calibration: Figure, ndcg: Figure });
const SliceQualitySchema = object({
  slice: Type.String({ description: '`all`, `tier`, `market`, `device`, `listener`, `shelf`, `training`, `source`.' }),
  of: Type.String(),
  rows: Count,
  shelves: Count,
  rate: Figure,
  model: ref('ModelQuality'),
  constant: ref('ModelQuality'),
  serving: orNull(ref('ModelQuality')),
});
const ReliabilityBinSchema = of<ReliabilityBin>({
  low: Type.Number(),
  high: Type.Number(),
  rows: Count,
  weight: Type.Number(),
  meanPredicted: Type.Number(),
  meanObserved: Type.Number(),
  interval: Type.Array(Type.Number(), { minItems: 2, maxItems: 2, description: '95% of the observed rate.' }),
});
const LineageSchema = object({
  spec: object({ family: Type.String(), options: Choices, ensemble: Count, calibration: Type.Enum([...CALIBRATIONS]) }),
  training: object({
    examples: Type.String(),
    weighting: Type.Enum([...WEIGHTINGS]),
    weightClip: Type.Number(),
    position: Type.Enum([...POSITIONS]),
    matured: Type.Boolean(),
    validationShare: Type.Number(),
    tuningShare: Type.Number(),
    historyBelow: Count,
    maxRows: Count,
    seed: Count,
  }),
  examination: orNull(
    Type.Record(Type.String(), object({ shelf: Type.Array(Type.Number()), card: Type.Array(Type.Number()) }), {
      description: 'By surface, beside the first place: what was learnt of places beside the model.',
    }),
  ),
  fromMs: Time,
  toMs: Time,
  validationFromMs: Time,
  decisions: Count,
  listeners: Count,
  rows: object({ train: Count, tune: Count, validate: Count, history: Count }),
  rate: Type.Number(),
  clipped: Type.Number(),
  effectiveRows: Type.Number(),
  leftOut: object({
    degraded: Count,
    marked: Count,
    otherEncoder: Count,
    unreadable: Count,
    unseen: Count,
    sampled: Count,
  }),
  encoder: Type.String(),
  parent: HashOrNone,
  version: Type.String(),
  seconds: Type.Number(),
});
const summary: { readonly [K in keyof ModelSummary]: TSchema } = {
  hash: Hash,
  family: Type.String(),
  createdAtMs: Time,
  origin: Type.Enum(['trained', 'imported', 'history', 'online']),
  serves: Type.Boolean(),
  servedAtMs: orNull(Time),
  learnsOnline: Type.Boolean(),
  parent: HashOrNone,
  usable: Type.Boolean(),
  lineage: orNull(ref('ModelLineage')),
  quality: orNull(ref('ModelSliceQuality')),
};
const detail = {
  ...summary,
  slices: Type.Array(ref('ModelSliceQuality')),
  reliability: Type.Array(ref('ReliabilityBin')),
  servingReliability: Type.Array(ref('ReliabilityBin')),
  importance: Type.Array(object({ name: Type.String(), contribution: Type.Number() }), {
    description: 'Most important first.',
  }),
  exportable: Type.Boolean(),
};
export const ListModelsAnswer = object({
  models: Type.Array(ref('ModelSummary'), { description: 'Newest first.' }),
  families: Type.Array(Type.String(), { description: 'That can be trained.' }),
  rollback: Type.String({ description: 'The hash of what a rollback would serve; empty where there is nothing.' }),
});
export interface ModelList {
  readonly models: readonly ModelSummary[];
  readonly families: readonly string[];
  readonly rollback: string;
}

const ConfigurationProblemSchema = of<ConfigurationProblem>({
  path: Type.String(),
  message: Type.String(),
  remedy: Type.String(),
});
const ConfigurationStatusSchema = of<ConfigurationStatus>({
  file: Type.String(),
  hash: Type.String(),
  state: Type.Enum(['none', 'applied', 'refused']),
  changedAtMs: Time,
  problems: Type.Array(ConfigurationProblemSchema),
  waiting: Type.Array(Type.String(), { description: 'Settings that take effect with the next start.' }),
  model: orNull(
    object({
      family: Type.String(),
      state: Type.Enum(['serves', 'training', 'waiting', 'failed']),
      detail: Type.String(),
    }),
  ),
});

export const MODEL_COMPONENTS: Readonly<Record<string, TSchema>> = {
  ConfigurationStatus: ConfigurationStatusSchema,
  ModelDetail: object(detail),
  ModelLineage: LineageSchema,
  ModelPromotion: object({ hash: Hash, family: Type.String(), before: HashOrNone, learnsOnline: Type.Boolean() }),
  ModelQuality: QualitySchema,
  ModelSliceQuality: SliceQualitySchema,
  ModelSummary: object(summary),
  ReliabilityBin: ReliabilityBinSchema,
  TrainedModel: object({ ...detail, promoted: Type.Boolean() }),
};
