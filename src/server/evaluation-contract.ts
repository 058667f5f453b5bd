/** The contract of evaluation: what policies would have earned on logged decisions. */
import { type TSchema, Type } from 'typebox';
import {
  COMPARED_RUNGS,
  type ComparedEstimator,
  type ComparedFigure,
  type ComparedPolicy,
  type ComparedSlice,
  type ComparisonOptions,
  type ComparisonReport,
  type EvaluationLogOptions,
  type EvaluationLogReport,
  type PolicyUnderEvaluation,
  type PolicyWeights,
  type PopularityFigure,
  REWARD_MODELS,
  type ReadingOptions,
  type RewardModelReport,
  SLICE_DIMENSIONS,
  type VerdictReason,
  type WeightBin,
  type WeightHistogram,
} from '../platform/index.ts';

export type {
  Bounds,
  ComparedEstimator,
  ComparedFigure,
  ComparedPolicy,
  ComparedRung,
  ComparedSlice,
  ComparisonOptions,
  ComparisonReport,
  EvaluationLogOptions,
  EvaluationLogReport,
  PolicyUnderEvaluation,
  PolicyWeights,
  PopularityFigure,
  RewardModelChoice,
  SliceDimension,
  Verdict,
  VerdictReason,
  WeightBin,
  WeightHistogram,
} from '../platform/index.ts';

const closed = { additionalProperties: false } as const;
/** Its properties as a record of those that `T` has: one that is missing here does not compile. */
export const recordOf = <T>(properties: { readonly [K in keyof Required<T>]: TSchema }): TSchema =>
  Type.Object(properties as unknown as Record<string, TSchema>, closed);
const Count = Type.Integer({ minimum: 0 });
const Time = Type.Number({ description: 'Milliseconds since 1970.' });
const Share = Type.Number({ description: 'From 0 to 1.' });
const Bounds = Type.Array(Type.Union([Type.Number(), Type.Null()]), {
  minItems: 2,
  maxItems: 2,
  description: 'From and to, by listener; null where there is no end.',
});
const FigureOrNull = Type.Union([Type.Ref('ComparedFigure'), Type.Null()]);
const Rung = COMPARED_RUNGS.filter((rung) => rung !== 'slope');

export const PolicySchema = recordOf<PolicyUnderEvaluation>({
  name: Type.Optional(
    Type.String({ minLength: 1, maxLength: 80, description: 'What it is called in the answer; its id by default.' }),
  ),
  policy: Type.String({ minLength: 1, maxLength: 80, description: 'The id of a policy, or `served`.' }),
  options: Type.Optional(Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean()]))),
  composition: Type.Optional(Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()]))),
  model: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 80,
      default: 'logged',
      description: '`logged`: that of each decision; `serving`, or the hash of a model.',
    }),
  ),
});

const readingProperties: { readonly [K in keyof ReadingOptions]: TSchema } = {
  span: Type.Optional(
    Type.String({ minLength: 1, maxLength: 80, default: '30d', description: '`all`, `30d`, `12h` or `FROM..TO`.' }),
  ),
  share: Type.Optional(Type.Number({ minimum: 1e-6, maximum: 1, default: 1 })),
  rewardModel: Type.Optional(Type.Enum([...REWARD_MODELS], { default: 'cross-fitted' })),
  family: Type.Optional(Type.String({ minLength: 1, maxLength: 80, default: 'logistic' })),
  folds: Type.Optional(Type.Integer({ minimum: 2, maximum: 20, default: 2 })),
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1, default: 1 })),
};

export const ComparePoliciesBody = recordOf<ComparisonOptions>({
  ...readingProperties,
  policies: Type.Array(PolicySchema, { minItems: 1, maxItems: 16 }),
  estimators: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 60 }), {
      maxItems: 8,
      description: '`dr`, `sndr`, `ipw`, `snipw`, `dr(lambda=10.0)` …; the first leads; `dr` by default.',
    }),
  ),
  rung: Type.Optional(
    Type.Enum([...COMPARED_RUNGS], { default: 'above', description: 'How much of a page a weight takes in.' }),
  ),
  by: Type.Optional(Type.Array(Type.Enum([...SLICE_DIMENSIONS]), { maxItems: SLICE_DIMENSIONS.length })),
  level: Type.Optional(Type.Number({ minimum: 0.5, maximum: 0.9999, default: 0.95 })),
  resamples: Type.Optional(Type.Integer({ minimum: 100, maximum: 100_000, default: 1000 })),
});

export const EvaluationLogBody = recordOf<EvaluationLogOptions>({
  ...readingProperties,
  policies: Type.Optional(
    Type.Array(PolicySchema, {
      maxItems: 16,
      description: 'Whose probabilities the log holds beside those of what served; none by default.',
    }),
  ),
});

const FigureSchema = recordOf<ComparedFigure>({ value: Type.Number(), interval: Bounds });
const WeightsSchema = recordOf<PolicyWeights>({
  cards: Count,
  essShare: Share,
  pageEssShare: Share,
  listeners: Type.Number(),
  meanWeight: Type.Number(),
  maxWeight: Type.Number(),
  differing: Share,
  missing: Share,
});
const ComparedPolicySchema = recordOf<ComparedPolicy>({
  name: Type.String(),
  value: Type.Union([Type.Number(), Type.Null()], { description: 'Cards that earn, a decision; null where refused.' }),
  interval: Type.Union([Bounds, Type.Null()]),
  rung: Type.Enum(Rung),
  assumptionCost: {
    ...FigureOrNull,
    description:
      'What the rung takes for granted, in rewards a decision, as the reward model has it; intervals of lifts are wide enough for it. Null of what served, and where it is not known: without a reward model, or with too few decisions to draw it on.',
  },
  liftOverServed: FigureOrNull,
  liftOverPopularity: FigureOrNull,
  differenceToServed: FigureOrNull,
  essShare: Share,
  weights: Type.Ref('PolicyWeights'),
  verdict: Type.Enum(['trustworthy', 'weak', 'refused']),
  reasons: Type.Array(Type.Ref('VerdictReason'), { description: 'Refusals first.' }),
});
const ReasonSchema = recordOf<VerdictReason>({
  code: Type.String(),
  severity: Type.Enum(['weak', 'refused']),
  sentence: Type.String(),
  remedy: Type.String(),
});
const PopularitySchema = recordOf<PopularityFigure>({
  value: Type.Number(),
  interval: Bounds,
  from: Type.Enum(['log', 'hold-out']),
  decisions: Count,
  listeners: Count,
});
const SliceSchema = recordOf<ComparedSlice>({
  dimension: Type.Enum(['', ...SLICE_DIMENSIONS]),
  name: Type.String(),
  decisions: Count,
  listeners: Count,
  served: Type.Ref('ComparedFigure'),
  popularity: Type.Union([Type.Ref('PopularityFigure'), Type.Null()]),
  policies: Type.Array(Type.Ref('ComparedPolicy')),
});
const HistogramSchema = recordOf<WeightHistogram>({
  name: Type.String(),
  cards: Count,
  zeros: Count,
  bins: Type.Array(recordOf<WeightBin>({ from: Type.Number(), to: Type.Number(), cards: Count }), {
    description: 'Weights above `from`, up to `to`; those that are not empty, ascending.',
  }),
});
const OtherSchema = recordOf<ComparedEstimator>({
  estimator: Type.String(),
  overall: Type.Ref('ComparedSlice'),
  slices: Type.Array(Type.Ref('ComparedSlice')),
});
const RewardModelSchema = recordOf<RewardModelReport>({
  kind: Type.Enum([...REWARD_MODELS]),
  family: Type.String(),
  rows: Count,
});
const LogReportSchema = recordOf<EvaluationLogReport>({
  decisions: Count,
  listeners: Count,
  leftOut: Type.Record(Type.String(), Count),
});
const ReportSchema = recordOf<ComparisonReport>({
  span: Type.String(),
  fromMs: Time,
  toMs: Time,
  estimator: Type.String({ description: 'The leading one: of `overall` and `slices`.' }),
  rung: Type.Enum([...COMPARED_RUNGS]),
  assumption: Type.String({ description: 'What the rung takes for granted.' }),
  level: Type.Number(),
  decisions: Count,
  listeners: Count,
  cards: Count,
  leftOut: Type.Record(Type.String(), Count, {
    description: 'Decisions of the span that are no part of it, by reason.',
  }),
  rewardModel: Type.Union([RewardModelSchema, Type.Null()]),
  overall: Type.Ref('ComparedSlice'),
  histograms: Type.Array(Type.Ref('WeightHistogram')),
  slices: Type.Array(Type.Ref('ComparedSlice')),
  others: Type.Array(Type.Ref('ComparedEstimator'), { description: 'By the other estimators, in their order.' }),
  meaning: Type.String({ description: 'What the figures are, and what they are not.' }),
  seconds: Type.Number(),
});

export const EVALUATION_COMPONENTS: Readonly<Record<string, TSchema>> = {
  ComparedEstimator: OtherSchema,
  ComparedFigure: FigureSchema,
  ComparedPolicy: ComparedPolicySchema,
  ComparedSlice: SliceSchema,
  ComparisonReport: ReportSchema,
  EvaluationLogReport: LogReportSchema,
  PolicyWeights: WeightsSchema,
  PopularityFigure: PopularitySchema,
  VerdictReason: ReasonSchema,
  WeightHistogram: HistogramSchema,
};
