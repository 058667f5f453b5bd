/** Messages of schema.proto, path.proto and derived_feature.proto; the conventions are those of messages.ts. */

/** A 64-bit integer: a number within ±(2^53 − 1), a bigint beyond. */
export type Int64 = number | bigint;

export type LifecycleStage =
  | 'UNKNOWN_STAGE'
  | 'PLANNED'
  | 'ALPHA'
  | 'BETA'
  | 'PRODUCTION'
  | 'DEPRECATED'
  | 'DEBUG_ONLY'
  | 'DISABLED'
  | 'VALIDATION_DERIVED';

export type Categorical = 'CATEGORICAL_UNSPECIFIED' | 'CATEGORICAL_YES' | 'CATEGORICAL_NO';

export type TimeDomainIntegerTimeFormat =
  | 'FORMAT_UNKNOWN'
  | 'UNIX_DAYS'
  | 'UNIX_SECONDS'
  | 'UNIX_MILLISECONDS'
  | 'UNIX_MICROSECONDS'
  | 'UNIX_NANOSECONDS';

export type TimeOfDayDomainIntegerTimeOfDayFormat = 'FORMAT_UNKNOWN' | 'PACKED_64_NANOS';

export type FeatureType = 'TYPE_UNKNOWN' | 'BYTES' | 'INT' | 'FLOAT' | 'STRUCT';

export type HistogramSelectionType = 'DEFAULT' | 'QUANTILES' | 'STANDARD';

export type TensorRepresentationRowPartitionDType = 'UNSPECIFIED' | 'INT64' | 'INT32';

export type SequenceMetadataSequentialStatus = 'SEQUENTIAL_UNSPECIFIED' | 'SEQUENTIAL_YES' | 'SEQUENTIAL_NO';

export type SliceValueTypes =
  | 'VALUE_TYPE_DEFAULT'
  | 'VALUE_TYPE_INTEGER'
  | 'VALUE_TYPE_FLOAT'
  | 'VALUE_TYPE_UNSUPPORTED';

export interface Schema {
  feature?: Feature[];
  sparseFeature?: SparseFeature[];
  weightedFeature?: WeightedFeature[];
  stringDomain?: StringDomain[];
  floatDomain?: FloatDomain[];
  intDomain?: IntDomain[];
  defaultEnvironment?: string[];
  representVariableLengthAsRagged?: boolean;
  annotation?: Annotation;
  datasetConstraints?: DatasetConstraints;
  tensorRepresentationGroup?: Map<string, TensorRepresentationGroup>;
}

export interface ValueCountList {
  valueCount?: ValueCount[];
}

export interface Feature {
  name?: string;
  deprecated?: boolean;
  /** One of `presence_constraints`: at most one of these is set. */
  presence?: FeaturePresence;
  groupPresence?: FeaturePresenceWithinGroup;
  /** One of `shape_type`: at most one of these is set. */
  shape?: FixedShape;
  valueCount?: ValueCount;
  valueCounts?: ValueCountList;
  type?: FeatureType;
  /** One of `domain_info`: at most one of these is set. */
  domain?: string;
  intDomain?: IntDomain;
  floatDomain?: FloatDomain;
  stringDomain?: StringDomain;
  boolDomain?: BoolDomain;
  structDomain?: StructDomain;
  naturalLanguageDomain?: NaturalLanguageDomain;
  imageDomain?: ImageDomain;
  audioDomain?: AudioDomain;
  videoDomain?: VideoDomain;
  contentChunkDomain?: ContentChunkDomain;
  midDomain?: MIDDomain;
  urlDomain?: URLDomain;
  timeDomain?: TimeDomain;
  timeOfDayDomain?: TimeOfDayDomain;
  distributionConstraints?: DistributionConstraints;
  annotation?: Annotation;
  skewComparator?: FeatureComparator;
  driftComparator?: FeatureComparator;
  inEnvironment?: string[];
  notInEnvironment?: string[];
  lifecycleStage?: LifecycleStage;
  uniqueConstraints?: UniqueConstraints;
  validationDerivedSource?: DerivedFeatureSource;
  sequenceMetadata?: SequenceMetadata;
}

export interface Annotation {
  tag?: string[];
  comment?: string[];
  extraMetadata?: AnyMessage[];
}

export interface NumericValueComparator {
  minFractionThreshold?: number;
  maxFractionThreshold?: number;
}

export interface DatasetConstraints {
  numExamplesDriftComparator?: NumericValueComparator;
  numExamplesVersionComparator?: NumericValueComparator;
  minExamplesCount?: number;
  maxExamplesCount?: number;
}

export interface FixedShape {
  dim?: FixedShapeDim[];
}

export interface FixedShapeDim {
  size?: number;
  name?: string;
}

export interface ValueCount {
  min?: number;
  max?: number;
}

export interface WeightedFeature {
  name?: string;
  feature?: Path;
  weightFeature?: Path;
  lifecycleStage?: LifecycleStage;
}

export interface SparseFeature {
  name?: string;
  deprecated?: boolean;
  lifecycleStage?: LifecycleStage;
  presence?: FeaturePresence;
  denseShape?: FixedShape;
  indexFeature?: SparseFeatureIndexFeature[];
  isSorted?: boolean;
  valueFeature?: SparseFeatureValueFeature;
  type?: FeatureType;
}

export interface SparseFeatureIndexFeature {
  name?: string;
}

export interface SparseFeatureValueFeature {
  name?: string;
}

export interface DistributionConstraints {
  minDomainMass?: number;
}

export interface FeatureCoverageConstraints {
  minCoverage?: number;
  minAvgTokenLength?: number;
  excludedStringTokens?: string[];
  excludedIntTokens?: Int64[];
  oovStringTokens?: string[];
}

export interface SequenceValueConstraints {
  /** One of `value`: at most one of these is set. */
  intValue?: Int64;
  stringValue?: string;
  minPerSequence?: number;
  maxPerSequence?: number;
  minFractionOfSequences?: number;
  maxFractionOfSequences?: number;
}

export interface SequenceLengthConstraints {
  excludedIntValue?: Int64[];
  excludedStringValue?: string[];
  minSequenceLength?: number;
  maxSequenceLength?: number;
}

export interface IntDomain {
  name?: string;
  min?: Int64;
  max?: Int64;
  isCategorical?: boolean;
}

export interface FloatDomain {
  name?: string;
  min?: number;
  max?: number;
  disallowNan?: boolean;
  disallowInf?: boolean;
  isEmbedding?: boolean;
  isCategorical?: boolean;
  embeddingDim?: number;
  embeddingType?: string;
}

export interface StructDomain {
  feature?: Feature[];
  sparseFeature?: SparseFeature[];
}

export interface StringDomain {
  name?: string;
  value?: string[];
  isCategorical?: Categorical;
}

export interface BoolDomain {
  name?: string;
  trueValue?: string;
  falseValue?: string;
}

export interface NaturalLanguageDomain {
  vocabulary?: string;
  coverage?: FeatureCoverageConstraints;
  tokenConstraints?: SequenceValueConstraints[];
  sequenceLengthConstraints?: SequenceLengthConstraints;
}

export interface ImageDomain {
  minimumSupportedImageFraction?: number;
  maxImageByteSize?: number;
}

export type AudioDomain = Record<string, never>;

export type VideoDomain = Record<string, never>;

export type ContentChunkDomain = Record<string, never>;

export type MIDDomain = Record<string, never>;

export type URLDomain = Record<string, never>;

export interface TimeDomain {
  /** One of `format`: at most one of these is set. */
  stringFormat?: string;
  integerFormat?: TimeDomainIntegerTimeFormat;
}

export interface TimeOfDayDomain {
  /** One of `format`: at most one of these is set. */
  stringFormat?: string;
  integerFormat?: TimeOfDayDomainIntegerTimeOfDayFormat;
}

export interface FeaturePresence {
  minFraction?: number;
  minCount?: number;
}

export interface FeaturePresenceWithinGroup {
  required?: boolean;
}

export interface InfinityNorm {
  threshold?: number;
}

export interface HistogramSelection {
  type?: HistogramSelectionType;
}

export interface JensenShannonDivergenceComparator {
  threshold?: number;
  source?: HistogramSelection;
}

export interface NormalizedAbsoluteDifference {
  threshold?: number;
}

export interface FeatureComparator {
  infinityNorm?: InfinityNorm;
  jensenShannonDivergence?: JensenShannonDivergenceComparator;
  normalizedAbsDifference?: NormalizedAbsoluteDifference;
}

export interface UniqueConstraints {
  min?: number;
  max?: number;
}

export interface TensorRepresentation {
  /** One of `kind`: at most one of these is set. */
  denseTensor?: TensorRepresentationDenseTensor;
  varlenSparseTensor?: TensorRepresentationVarLenSparseTensor;
  sparseTensor?: TensorRepresentationSparseTensor;
  raggedTensor?: TensorRepresentationRaggedTensor;
}

export interface TensorRepresentationDefaultValue {
  /** One of `kind`: at most one of these is set. */
  floatValue?: number;
  intValue?: Int64;
  bytesValue?: Uint8Array;
  uintValue?: Int64;
}

export interface TensorRepresentationDenseTensor {
  columnName?: string;
  shape?: FixedShape;
  defaultValue?: TensorRepresentationDefaultValue;
}

export interface TensorRepresentationVarLenSparseTensor {
  columnName?: string;
}

export interface TensorRepresentationSparseTensor {
  denseShape?: FixedShape;
  indexColumnNames?: string[];
  valueColumnName?: string;
  alreadySorted?: boolean;
}

export interface TensorRepresentationRaggedTensor {
  featurePath?: Path;
  partition?: TensorRepresentationRaggedTensorPartition[];
  rowPartitionDtype?: TensorRepresentationRowPartitionDType;
}

export interface TensorRepresentationRaggedTensorPartition {
  /** One of `kind`: at most one of these is set. */
  uniformRowLength?: number;
  rowLength?: string;
}

export interface TensorRepresentationGroup {
  tensorRepresentation?: Map<string, TensorRepresentation>;
}

export interface SequenceMetadata {
  sequentialStatus?: SequenceMetadataSequentialStatus;
  jointGroup?: string;
  sequenceTruncationLimit?: number;
}

export interface Path {
  step?: string[];
}

export interface DerivedFeatureSource {
  deriverName?: string;
  description?: string;
  sourcePath?: Path[];
  declarativelyConfigured?: boolean;
  config?: DerivedFeatureConfig;
}

export interface DerivedFeatureConfig {
  /** One of `type`: at most one of these is set. */
  allowlist?: AllowlistDeriver;
  argmaxTopK?: ArgmaxTopK;
  reduceOp?: ReduceOp;
  sliceSql?: SliceSql;
  imageQuality?: ImageQualityDeriver;
}

export interface AllowlistDeriver {
  allowedBytesValue?: Uint8Array[];
  placeholderValue?: Uint8Array;
}

export interface ArgmaxTopK {
  k?: number;
}

export interface ReduceOp {
  opName?: string;
}

export interface SliceSql {
  expression?: string;
  featureValueType?: SliceValueTypes;
  dropStructName?: boolean;
  /** One of `default_feature_value_for_failed_sql`: at most one of these is set. */
  int64DefaultFeatureValue?: Int64;
  floatDefaultFeatureValue?: number;
  stringDefaultFeatureValue?: string;
}

export interface ImageQualityDeriver {
  modelName?: string;
}

export interface AnyMessage {
  typeUrl?: string;
  value?: Uint8Array;
}
