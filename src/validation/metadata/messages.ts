/**
 * The messages of `tensorflow.metadata.v0` as plain objects.
 *
 * - A field is named as in the .proto, in camelCase (`num_non_missing` is `numNonMissing`).
 * - Absent is `undefined`. In proto2 messages (schema, anomalies, path) presence counts: `min: 0` is not "no min". In
 *   proto3 messages (statistics, derived features) an absent scalar **is** its default (0, '', false, the first enum
 *   value: `type` absent is INT) and one that holds its default is not written, unless it is a member of a oneof.
 * - A repeated field that is empty may be absent; a map is a `Map`, written in byte order of its keys.
 * - Enums are their names. `float` fields hold float32 values: writers round, so that what is read back compares equal.
 * - 64-bit integers are numbers. Bounds and values of the data's own (`Int64`: of an IntDomain, excluded tokens, default
 *   values) are bigints beyond ±(2^53 − 1); elsewhere, where they count, such a number is refused: METADATA_INVALID.
 * - Strings are text; bytes that are not UTF-8 stand as lone surrogates U+DC80…U+DCFF, so that they survive a round trip.
 * - Fields that no table knows are kept under the symbol UNKNOWN_FIELDS and written back at the end of their message.
 */

import type {
  Anomalies,
  AnomalyInfo,
  AnomalyReason,
  ChangedRegion,
  ColumnConstraint,
  CustomValidationConfig,
  DiffRegion,
  DriftSkewInfo,
  EnumsSimilarConfig,
  FeaturePairValidation,
  FeatureStatisticsToProtoConfig,
  FeatureValidation,
  HiddenRegion,
  Measurement,
  OneSideRegion,
  SeverityOverride,
  UnchangedRegion,
  Validation,
  ValidationConfig,
} from './anomalies-messages.ts';
import type { BytesList, Example, ExampleFeature, Features, FloatList, Int64List } from './example-messages.ts';
import type {
  AllowlistDeriver,
  Annotation,
  AnyMessage,
  ArgmaxTopK,
  AudioDomain,
  BoolDomain,
  ContentChunkDomain,
  DatasetConstraints,
  DerivedFeatureConfig,
  DerivedFeatureSource,
  DistributionConstraints,
  Feature,
  FeatureComparator,
  FeatureCoverageConstraints,
  FeaturePresence,
  FeaturePresenceWithinGroup,
  FixedShape,
  FixedShapeDim,
  FloatDomain,
  HistogramSelection,
  ImageDomain,
  ImageQualityDeriver,
  InfinityNorm,
  IntDomain,
  JensenShannonDivergenceComparator,
  MIDDomain,
  NaturalLanguageDomain,
  NormalizedAbsoluteDifference,
  NumericValueComparator,
  Path,
  ReduceOp,
  Schema,
  SequenceLengthConstraints,
  SequenceMetadata,
  SequenceValueConstraints,
  SliceSql,
  SparseFeature,
  SparseFeatureIndexFeature,
  SparseFeatureValueFeature,
  StringDomain,
  StructDomain,
  TensorRepresentation,
  TensorRepresentationDefaultValue,
  TensorRepresentationDenseTensor,
  TensorRepresentationGroup,
  TensorRepresentationRaggedTensor,
  TensorRepresentationRaggedTensorPartition,
  TensorRepresentationSparseTensor,
  TensorRepresentationVarLenSparseTensor,
  TimeDomain,
  TimeOfDayDomain,
  UniqueConstraints,
  URLDomain,
  ValueCount,
  ValueCountList,
  VideoDomain,
  WeightedFeature,
} from './schema-messages.ts';
import type {
  BytesStatistics,
  CategoricalCrossStatistics,
  CommonStatistics,
  CrossFeatureStatistics,
  CustomStatistic,
  DatasetFeatureStatistics,
  DatasetFeatureStatisticsList,
  FeatureNameStatistics,
  FreqAndValue,
  Histogram,
  HistogramBucket,
  LiftSeries,
  LiftSeriesBucket,
  LiftSeriesLiftValue,
  LiftStatistics,
  NaturalLanguageStatistics,
  NaturalLanguageStatisticsTokenStatistics,
  NumericCrossStatistics,
  NumericStatistics,
  PresenceAndValencyStatistics,
  RankHistogram,
  RankHistogramBucket,
  StringStatistics,
  StructStatistics,
  WeightedCommonStatistics,
  WeightedNaturalLanguageStatistics,
  WeightedNumericStatistics,
  WeightedStringStatistics,
} from './statistics-messages.ts';

export type * from './anomalies-messages.ts';
export type * from './example-messages.ts';
export type * from './schema-messages.ts';
export type * from './statistics-messages.ts';

/** Message by its name in the .proto; nested ones with their parent's, such as `DriftSkewInfo.Measurement`. */
export interface MessageTypes {
  Schema: Schema;
  ValueCountList: ValueCountList;
  Feature: Feature;
  Annotation: Annotation;
  NumericValueComparator: NumericValueComparator;
  DatasetConstraints: DatasetConstraints;
  FixedShape: FixedShape;
  'FixedShape.Dim': FixedShapeDim;
  ValueCount: ValueCount;
  WeightedFeature: WeightedFeature;
  SparseFeature: SparseFeature;
  'SparseFeature.IndexFeature': SparseFeatureIndexFeature;
  'SparseFeature.ValueFeature': SparseFeatureValueFeature;
  DistributionConstraints: DistributionConstraints;
  FeatureCoverageConstraints: FeatureCoverageConstraints;
  SequenceValueConstraints: SequenceValueConstraints;
  SequenceLengthConstraints: SequenceLengthConstraints;
  IntDomain: IntDomain;
  FloatDomain: FloatDomain;
  StructDomain: StructDomain;
  StringDomain: StringDomain;
  BoolDomain: BoolDomain;
  NaturalLanguageDomain: NaturalLanguageDomain;
  ImageDomain: ImageDomain;
  AudioDomain: AudioDomain;
  VideoDomain: VideoDomain;
  ContentChunkDomain: ContentChunkDomain;
  MIDDomain: MIDDomain;
  URLDomain: URLDomain;
  TimeDomain: TimeDomain;
  TimeOfDayDomain: TimeOfDayDomain;
  FeaturePresence: FeaturePresence;
  FeaturePresenceWithinGroup: FeaturePresenceWithinGroup;
  InfinityNorm: InfinityNorm;
  HistogramSelection: HistogramSelection;
  JensenShannonDivergence: JensenShannonDivergenceComparator;
  NormalizedAbsoluteDifference: NormalizedAbsoluteDifference;
  FeatureComparator: FeatureComparator;
  UniqueConstraints: UniqueConstraints;
  TensorRepresentation: TensorRepresentation;
  'TensorRepresentation.DefaultValue': TensorRepresentationDefaultValue;
  'TensorRepresentation.DenseTensor': TensorRepresentationDenseTensor;
  'TensorRepresentation.VarLenSparseTensor': TensorRepresentationVarLenSparseTensor;
  'TensorRepresentation.SparseTensor': TensorRepresentationSparseTensor;
  'TensorRepresentation.RaggedTensor': TensorRepresentationRaggedTensor;
  'TensorRepresentation.RaggedTensor.Partition': TensorRepresentationRaggedTensorPartition;
  TensorRepresentationGroup: TensorRepresentationGroup;
  SequenceMetadata: SequenceMetadata;
  Path: Path;
  DerivedFeatureSource: DerivedFeatureSource;
  DerivedFeatureConfig: DerivedFeatureConfig;
  AllowlistDeriver: AllowlistDeriver;
  ArgmaxTopK: ArgmaxTopK;
  ReduceOp: ReduceOp;
  SliceSql: SliceSql;
  ImageQualityDeriver: ImageQualityDeriver;
  DatasetFeatureStatisticsList: DatasetFeatureStatisticsList;
  DatasetFeatureStatistics: DatasetFeatureStatistics;
  CrossFeatureStatistics: CrossFeatureStatistics;
  NumericCrossStatistics: NumericCrossStatistics;
  CategoricalCrossStatistics: CategoricalCrossStatistics;
  LiftStatistics: LiftStatistics;
  LiftSeries: LiftSeries;
  'LiftSeries.Bucket': LiftSeriesBucket;
  'LiftSeries.LiftValue': LiftSeriesLiftValue;
  FeatureNameStatistics: FeatureNameStatistics;
  WeightedCommonStatistics: WeightedCommonStatistics;
  CustomStatistic: CustomStatistic;
  NumericStatistics: NumericStatistics;
  StringStatistics: StringStatistics;
  'StringStatistics.FreqAndValue': FreqAndValue;
  NaturalLanguageStatistics: NaturalLanguageStatistics;
  'NaturalLanguageStatistics.TokenStatistics': NaturalLanguageStatisticsTokenStatistics;
  WeightedNumericStatistics: WeightedNumericStatistics;
  WeightedStringStatistics: WeightedStringStatistics;
  WeightedNaturalLanguageStatistics: WeightedNaturalLanguageStatistics;
  BytesStatistics: BytesStatistics;
  StructStatistics: StructStatistics;
  PresenceAndValencyStatistics: PresenceAndValencyStatistics;
  CommonStatistics: CommonStatistics;
  Histogram: Histogram;
  'Histogram.Bucket': HistogramBucket;
  RankHistogram: RankHistogram;
  'RankHistogram.Bucket': RankHistogramBucket;
  AnomalyInfo: AnomalyInfo;
  'AnomalyInfo.Reason': AnomalyReason;
  DriftSkewInfo: DriftSkewInfo;
  'DriftSkewInfo.Measurement': Measurement;
  Anomalies: Anomalies;
  DiffRegion: DiffRegion;
  UnchangedRegion: UnchangedRegion;
  OneSideRegion: OneSideRegion;
  ChangedRegion: ChangedRegion;
  HiddenRegion: HiddenRegion;
  SeverityOverride: SeverityOverride;
  ValidationConfig: ValidationConfig;
  FeatureStatisticsToProtoConfig: FeatureStatisticsToProtoConfig;
  EnumsSimilarConfig: EnumsSimilarConfig;
  ColumnConstraint: ColumnConstraint;
  Validation: Validation;
  FeatureValidation: FeatureValidation;
  FeaturePairValidation: FeaturePairValidation;
  CustomValidationConfig: CustomValidationConfig;
  Any: AnyMessage;
  Example: Example;
  Features: Features;
  'Example.Feature': ExampleFeature;
  BytesList: BytesList;
  FloatList: FloatList;
  Int64List: Int64List;
}

export type MessageName = keyof MessageTypes;
