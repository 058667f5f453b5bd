/** Messages of anomalies.proto and of TFDV's configuration; the conventions are those of messages.ts. */
import type { Path, Schema } from './schema-messages.ts';

export type AnomalySeverity = 'UNKNOWN' | 'WARNING' | 'ERROR';

export type AnomalyType =
  | 'UNKNOWN_TYPE'
  | 'MULTIPLE_REASONS'
  | 'BOOL_TYPE_BIG_INT'
  | 'BOOL_TYPE_BYTES_NOT_INT'
  | 'BOOL_TYPE_BYTES_NOT_STRING'
  | 'BOOL_TYPE_FLOAT_NOT_INT'
  | 'BOOL_TYPE_FLOAT_NOT_STRING'
  | 'BOOL_TYPE_INT_NOT_STRING'
  | 'BOOL_TYPE_SMALL_INT'
  | 'BOOL_TYPE_STRING_NOT_INT'
  | 'BOOL_TYPE_UNEXPECTED_STRING'
  | 'BOOL_TYPE_UNEXPECTED_FLOAT'
  | 'BOOL_TYPE_INVALID_CONFIG'
  | 'ENUM_TYPE_BYTES_NOT_STRING'
  | 'ENUM_TYPE_FLOAT_NOT_STRING'
  | 'ENUM_TYPE_INT_NOT_STRING'
  | 'ENUM_TYPE_INVALID_UTF8'
  | 'ENUM_TYPE_UNEXPECTED_STRING_VALUES'
  | 'FEATURE_TYPE_HIGH_NUMBER_VALUES'
  | 'FEATURE_TYPE_LOW_FRACTION_PRESENT'
  | 'FEATURE_TYPE_LOW_NUMBER_PRESENT'
  | 'FEATURE_TYPE_LOW_NUMBER_VALUES'
  | 'FEATURE_TYPE_NOT_PRESENT'
  | 'FEATURE_TYPE_NO_VALUES'
  | 'FEATURE_TYPE_UNEXPECTED_REPEATED'
  | 'FEATURE_TYPE_HIGH_UNIQUE'
  | 'FEATURE_TYPE_LOW_UNIQUE'
  | 'FEATURE_TYPE_NO_UNIQUE'
  | 'FLOAT_TYPE_BIG_FLOAT'
  | 'FLOAT_TYPE_NOT_FLOAT'
  | 'FLOAT_TYPE_SMALL_FLOAT'
  | 'FLOAT_TYPE_STRING_NOT_FLOAT'
  | 'FLOAT_TYPE_NON_STRING'
  | 'FLOAT_TYPE_UNKNOWN_TYPE_NUMBER'
  | 'FLOAT_TYPE_HAS_NAN'
  | 'FLOAT_TYPE_HAS_INF'
  | 'INT_TYPE_BIG_INT'
  | 'INT_TYPE_INT_EXPECTED'
  | 'INT_TYPE_NOT_INT_STRING'
  | 'INT_TYPE_NOT_STRING'
  | 'INT_TYPE_SMALL_INT'
  | 'INT_TYPE_STRING_EXPECTED'
  | 'INT_TYPE_UNKNOWN_TYPE_NUMBER'
  | 'LOW_SUPPORTED_IMAGE_FRACTION'
  | 'SCHEMA_MISSING_COLUMN'
  | 'SCHEMA_NEW_COLUMN'
  | 'SCHEMA_TRAINING_SERVING_SKEW'
  | 'STRING_TYPE_NOW_FLOAT'
  | 'STRING_TYPE_NOW_INT'
  | 'COMPARATOR_CONTROL_DATA_MISSING'
  | 'COMPARATOR_TREATMENT_DATA_MISSING'
  | 'COMPARATOR_L_INFTY_HIGH'
  | 'COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH'
  | 'COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH'
  | 'NO_DATA_IN_SPAN'
  | 'SPARSE_FEATURE_MISSING_VALUE'
  | 'SPARSE_FEATURE_MISSING_INDEX'
  | 'SPARSE_FEATURE_LENGTH_MISMATCH'
  | 'SPARSE_FEATURE_NAME_COLLISION'
  | 'SEMANTIC_DOMAIN_UPDATE'
  | 'COMPARATOR_LOW_NUM_EXAMPLES'
  | 'COMPARATOR_HIGH_NUM_EXAMPLES'
  | 'DATASET_LOW_NUM_EXAMPLES'
  | 'DATASET_HIGH_NUM_EXAMPLES'
  | 'WEIGHTED_FEATURE_NAME_COLLISION'
  | 'WEIGHTED_FEATURE_MISSING_VALUE'
  | 'WEIGHTED_FEATURE_MISSING_WEIGHT'
  | 'WEIGHTED_FEATURE_LENGTH_MISMATCH'
  | 'VALUE_NESTEDNESS_MISMATCH'
  | 'DOMAIN_INVALID_FOR_TYPE'
  | 'FEATURE_MISSING_NAME'
  | 'FEATURE_MISSING_TYPE'
  | 'INVALID_SCHEMA_SPECIFICATION'
  | 'INVALID_DOMAIN_SPECIFICATION'
  | 'UNEXPECTED_DATA_TYPE'
  | 'SEQUENCE_VALUE_TOO_FEW_OCCURRENCES'
  | 'SEQUENCE_VALUE_TOO_MANY_OCCURRENCES'
  | 'SEQUENCE_VALUE_TOO_SMALL_FRACTION'
  | 'SEQUENCE_VALUE_TOO_LARGE_FRACTION'
  | 'FEATURE_COVERAGE_TOO_LOW'
  | 'FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH'
  | 'NLP_WRONG_LOCATION'
  | 'EMBEDDING_SHAPE_INVALID'
  | 'MAX_IMAGE_BYTE_SIZE_EXCEEDED'
  | 'INVALID_FEATURE_SHAPE'
  | 'STATS_NOT_AVAILABLE'
  | 'DERIVED_FEATURE_BAD_LIFECYCLE'
  | 'DERIVED_FEATURE_INVALID_SOURCE'
  | 'CUSTOM_VALIDATION';

export type MeasurementType = 'UNKNOWN' | 'L_INFTY' | 'JENSEN_SHANNON_DIVERGENCE' | 'NORMALIZED_ABSOLUTE_DIFFERENCE';

export type AnomaliesAnomalyNameFormat = 'UNKNOWN' | 'SERIALIZED_PATH';

export interface AnomalyInfo {
  path?: Path;
  severity?: AnomalySeverity;
  description?: string;
  shortDescription?: string;
  diffRegions?: DiffRegion[];
  reason?: AnomalyReason[];
}

export interface AnomalyReason {
  type?: AnomalyType;
  shortDescription?: string;
  description?: string;
}

export interface DriftSkewInfo {
  path?: Path;
  driftMeasurements?: Measurement[];
  skewMeasurements?: Measurement[];
}

export interface Measurement {
  type?: MeasurementType;
  value?: number;
  threshold?: number;
}

export interface Anomalies {
  /** One of `baseline_schema`: at most one of these is set. */
  baseline?: Schema;
  baselineV1?: Schema;
  anomalyNameFormat?: AnomaliesAnomalyNameFormat;
  anomalyInfo?: Map<string, AnomalyInfo>;
  datasetAnomalyInfo?: AnomalyInfo;
  dataMissing?: boolean;
  driftSkewInfo?: DriftSkewInfo[];
}

export interface DiffRegion {
  /** One of `details`: at most one of these is set. */
  unchanged?: UnchangedRegion;
  removed?: OneSideRegion;
  added?: OneSideRegion;
  changed?: ChangedRegion;
  hidden?: HiddenRegion;
}

export interface UnchangedRegion {
  leftStart?: number;
  rightStart?: number;
  contents?: string[];
}

export interface OneSideRegion {
  start?: number;
  contents?: string[];
}

export interface ChangedRegion {
  leftStart?: number;
  leftContents?: string[];
  rightStart?: number;
  rightContents?: string[];
}

export interface HiddenRegion {
  leftStart?: number;
  rightStart?: number;
  size?: number;
}

export interface SeverityOverride {
  type?: AnomalyType;
  severity?: AnomalySeverity;
}

export interface ValidationConfig {
  newFeaturesAreWarnings?: boolean;
  severityOverrides?: SeverityOverride[];
}

export interface FeatureStatisticsToProtoConfig {
  enumThreshold?: number;
  enumsSimilarConfig?: EnumsSimilarConfig;
  columnConstraint?: ColumnConstraint[];
  columnToIgnore?: string[];
  newFeaturesAreWarnings?: boolean;
  enumDeleteThreshold?: number;
  severityOverrides?: SeverityOverride[];
  inferFeatureShape?: boolean;
}

export interface EnumsSimilarConfig {
  minCount?: number;
  minJaccardSimilarity?: number;
}

export interface ColumnConstraint {
  enumName?: string;
  columnPath?: Path[];
}

/** What must be true of statistics, in SQL: of custom_validation_config.proto, as the three below. */
export interface Validation {
  sqlExpression?: string;
  severity?: AnomalySeverity;
  description?: string;
  /** Where it is judged; none for always. */
  inEnvironment?: string[];
}

export interface FeatureValidation {
  /** A slice; none for the default one. */
  datasetName?: string;
  featurePath?: Path;
  validations?: Validation[];
}

export interface FeaturePairValidation {
  datasetName?: string;
  baseDatasetName?: string;
  featureTestPath?: Path;
  featureBasePath?: Path;
  validations?: Validation[];
}

export interface CustomValidationConfig {
  featureValidations?: FeatureValidation[];
  featurePairValidations?: FeaturePairValidation[];
}
