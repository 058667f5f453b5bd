/** The contract of examination: how likely places of a page are looked at, estimated from logs. */
import { type TSchema, Type } from 'typebox';
import { SURFACES } from '../domain/index.ts';
import {
  EXAMINATION_METHODS,
  type ExaminationCurve,
  type ExaminationOptions,
  type ExaminationRank,
  type ExaminationReport,
  type SurfaceExamination,
} from '../platform/index.ts';

export type {
  ExaminationCurve,
  ExaminationMethod,
  ExaminationOptions,
  ExaminationRank,
  ExaminationReport,
  SurfaceExamination,
} from '../platform/index.ts';

const closed = { additionalProperties: false } as const;
/** Its properties as a record of those that `T` has: one that is missing here does not compile. */
const of = <T>(properties: { readonly [K in keyof Required<T>]: TSchema }): TSchema =>
  Type.Object(properties as unknown as Record<string, TSchema>, closed);
const Count = Type.Integer({ minimum: 0 });
const Time = Type.Number({ description: 'Milliseconds since 1970.' });
const Figure = Type.Union([Type.Number(), Type.Null()]);
const Method = [...EXAMINATION_METHODS];

export const EstimateExaminationBody = of<ExaminationOptions>({
  method: Type.Optional(Type.Enum(Method, { default: 'position-based' })),
  examples: Type.Optional(
    Type.String({ minLength: 1, maxLength: 80, default: '90d', description: '`all`, `30d`, `12h` or `FROM..TO`.' }),
  ),
  maxRows: Type.Optional(Type.Integer({ minimum: 100, maximum: 1e8, default: 1_000_000 })),
});

const RankSchema = of<ExaminationRank>({
  rank: Count,
  views: Count,
  clicks: Count,
  naive: Figure,
  examination: Figure,
});
const CurveSchema = of<ExaminationCurve>({
  ranks: Type.Array(Type.Ref('ExaminationRank')),
  overlap: Figure,
  trusted: Type.Boolean(),
  doubts: Type.Array(Type.String(), { description: 'Why it is not to be trusted.' }),
});
const SurfaceSchema = of<SurfaceExamination>({
  surface: Type.Enum([...SURFACES]),
  pages: Count,
  card: Type.Ref('ExaminationCurve'),
  shelf: Type.Union([Type.Ref('ExaminationCurve'), Type.Null()]),
});
const ReportSchema = of<ExaminationReport>({
  method: Type.Enum(Method),
  examples: Type.String(),
  fromMs: Time,
  toMs: Time,
  pages: Count,
  listeners: Count,
  leftOut: Type.Record(Type.String(), Count),
  surfaces: Type.Array(Type.Ref('SurfaceExamination')),
  trusted: Type.Boolean(),
  configuration: Type.Record(Type.String(), Type.Object({ examination: Type.Array(Type.Number()) }, closed), {
    description: '`home.surfaces` of the configuration file, for surfaces whose curve of cards is to be trusted.',
  }),
  seconds: Type.Number(),
});

export const EXAMINATION_COMPONENTS: Readonly<Record<string, TSchema>> = {
  ExaminationCurve: CurveSchema,
  ExaminationRank: RankSchema,
  ExaminationReport: ReportSchema,
  SurfaceExamination: SurfaceSchema,
};
