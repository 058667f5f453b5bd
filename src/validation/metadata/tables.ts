/**
 * The field tables of `tensorflow.metadata.v0`, one entry a message: `name syntax: field=number:type …`, an indented line
 * continues. After a type `[]` is repeated, `@x` a member of oneof x, `map<T>` a map from string to T, and `!` a 64-bit
 * integer that may lie beyond 2^53 (see messages.ts). `reserved` numbers are skipped where they are read.
 * Source: tensorflow/metadata 383edcf, schema.proto, path.proto, derived_feature.proto, statistics.proto,
 * anomalies.proto; the last table is TensorFlow Data Validation's own configuration.
 */

export const SCHEMA_TABLE = `
Schema proto2: feature=1:Feature[] sparse_feature=6:SparseFeature[] weighted_feature=12:WeightedFeature[]
  string_domain=4:StringDomain[] float_domain=9:FloatDomain[] int_domain=10:IntDomain[]
  default_environment=5:string[] represent_variable_length_as_ragged=14:bool annotation=8:Annotation
  dataset_constraints=11:DatasetConstraints tensor_representation_group=13:map<TensorRepresentationGroup>
ValueCountList proto2: value_count=1:ValueCount[]
Feature proto2: name=1:string deprecated=2:bool presence=14:FeaturePresence@presence_constraints
  group_presence=17:FeaturePresenceWithinGroup@presence_constraints shape=23:FixedShape@shape_type
  value_count=5:ValueCount@shape_type value_counts=32:ValueCountList@shape_type type=6:FeatureType
  domain=7:string@domain_info int_domain=9:IntDomain@domain_info float_domain=10:FloatDomain@domain_info
  string_domain=11:StringDomain@domain_info bool_domain=13:BoolDomain@domain_info
  struct_domain=29:StructDomain@domain_info natural_language_domain=24:NaturalLanguageDomain@domain_info
  image_domain=25:ImageDomain@domain_info audio_domain=36:AudioDomain@domain_info
  video_domain=37:VideoDomain@domain_info content_chunk_domain=38:ContentChunkDomain@domain_info
  mid_domain=26:MIDDomain@domain_info url_domain=27:URLDomain@domain_info time_domain=28:TimeDomain@domain_info
  time_of_day_domain=30:TimeOfDayDomain@domain_info distribution_constraints=15:DistributionConstraints
  annotation=16:Annotation skew_comparator=18:FeatureComparator drift_comparator=21:FeatureComparator
  in_environment=20:string[] not_in_environment=19:string[] lifecycle_stage=22:LifecycleStage
  unique_constraints=31:UniqueConstraints validation_derived_source=34:DerivedFeatureSource
  sequence_metadata=35:SequenceMetadata reserved=33
Annotation proto2: tag=1:string[] comment=2:string[] extra_metadata=3:Any[]
NumericValueComparator proto2: min_fraction_threshold=1:double max_fraction_threshold=2:double
DatasetConstraints proto2: num_examples_drift_comparator=1:NumericValueComparator
  num_examples_version_comparator=2:NumericValueComparator min_examples_count=3:int64 max_examples_count=4:int64
FixedShape proto2: dim=2:FixedShape.Dim[]
FixedShape.Dim proto2: size=1:int64 name=2:string
ValueCount proto2: min=1:int64 max=2:int64
WeightedFeature proto2: name=1:string feature=2:Path weight_feature=3:Path lifecycle_stage=4:LifecycleStage
SparseFeature proto2: name=1:string deprecated=2:bool lifecycle_stage=7:LifecycleStage presence=4:FeaturePresence
  dense_shape=5:FixedShape index_feature=6:SparseFeature.IndexFeature[] is_sorted=8:bool
  value_feature=9:SparseFeature.ValueFeature type=10:FeatureType reserved=11
SparseFeature.IndexFeature proto2: name=1:string
SparseFeature.ValueFeature proto2: name=1:string
DistributionConstraints proto2: min_domain_mass=1:double
FeatureCoverageConstraints proto2: min_coverage=1:float min_avg_token_length=2:float
  excluded_string_tokens=3:string[] excluded_int_tokens=4:int64[]! oov_string_tokens=5:string[]
SequenceValueConstraints proto2: int_value=1:int64@value! string_value=2:string@value min_per_sequence=3:int64
  max_per_sequence=4:int64 min_fraction_of_sequences=5:float max_fraction_of_sequences=6:float
SequenceLengthConstraints proto2: excluded_int_value=1:int64[]! excluded_string_value=2:string[]
  min_sequence_length=3:int64 max_sequence_length=4:int64
IntDomain proto2: name=1:string min=3:int64! max=4:int64! is_categorical=5:bool
FloatDomain proto2: name=1:string min=3:float max=4:float disallow_nan=5:bool disallow_inf=6:bool
  is_embedding=7:bool is_categorical=8:bool embedding_dim=9:int64 embedding_type=10:string
StructDomain proto2: feature=1:Feature[] sparse_feature=2:SparseFeature[]
StringDomain proto2: name=1:string value=2:string[] is_categorical=3:StringDomain.Categorical
BoolDomain proto2: name=1:string true_value=2:string false_value=3:string
NaturalLanguageDomain proto2: vocabulary=1:string coverage=2:FeatureCoverageConstraints
  token_constraints=3:SequenceValueConstraints[] sequence_length_constraints=5:SequenceLengthConstraints
ImageDomain proto2: minimum_supported_image_fraction=1:float max_image_byte_size=2:int64
AudioDomain proto2:
VideoDomain proto2:
ContentChunkDomain proto2:
MIDDomain proto2:
URLDomain proto2:
TimeDomain proto2: string_format=1:string@format integer_format=2:TimeDomain.IntegerTimeFormat@format
TimeOfDayDomain proto2: string_format=1:string@format integer_format=2:TimeOfDayDomain.IntegerTimeOfDayFormat@format
FeaturePresence proto2: min_fraction=1:double min_count=2:int64
FeaturePresenceWithinGroup proto2: required=1:bool
InfinityNorm proto2: threshold=1:double
HistogramSelection proto2: type=1:HistogramSelection.Type
JensenShannonDivergence proto2: threshold=1:double source=2:HistogramSelection
NormalizedAbsoluteDifference proto2: threshold=1:double
FeatureComparator proto2: infinity_norm=1:InfinityNorm jensen_shannon_divergence=2:JensenShannonDivergence
  normalized_abs_difference=3:NormalizedAbsoluteDifference
UniqueConstraints proto2: min=1:int64 max=2:int64
TensorRepresentation proto2: dense_tensor=1:TensorRepresentation.DenseTensor@kind
  varlen_sparse_tensor=2:TensorRepresentation.VarLenSparseTensor@kind
  sparse_tensor=3:TensorRepresentation.SparseTensor@kind ragged_tensor=4:TensorRepresentation.RaggedTensor@kind
TensorRepresentation.DefaultValue proto2: float_value=1:double@kind int_value=2:int64@kind! bytes_value=3:bytes@kind
  uint_value=4:uint64@kind!
TensorRepresentation.DenseTensor proto2: column_name=1:string shape=2:FixedShape
  default_value=3:TensorRepresentation.DefaultValue
TensorRepresentation.VarLenSparseTensor proto2: column_name=1:string
TensorRepresentation.SparseTensor proto2: dense_shape=1:FixedShape index_column_names=2:string[]
  value_column_name=3:string already_sorted=4:bool
TensorRepresentation.RaggedTensor proto2: feature_path=1:Path
  partition=3:TensorRepresentation.RaggedTensor.Partition[]
  row_partition_dtype=2:TensorRepresentation.RowPartitionDType
TensorRepresentation.RaggedTensor.Partition proto2: uniform_row_length=1:int64@kind row_length=2:string@kind
TensorRepresentationGroup proto2: tensor_representation=1:map<TensorRepresentation>
SequenceMetadata proto2: sequential_status=3:SequenceMetadata.SequentialStatus joint_group=4:string
  sequence_truncation_limit=5:int64
Path proto2: step=1:string[]
DerivedFeatureSource proto3: deriver_name=1:string description=2:string source_path=3:Path[]
  declaratively_configured=4:bool config=5:DerivedFeatureConfig
DerivedFeatureConfig proto3: allowlist=1:AllowlistDeriver@type argmax_top_k=2:ArgmaxTopK@type
  reduce_op=3:ReduceOp@type slice_sql=4:SliceSql@type image_quality=5:ImageQualityDeriver@type
AllowlistDeriver proto3: allowed_bytes_value=1:bytes[] placeholder_value=2:bytes
ArgmaxTopK proto3: k=1:uint32
ReduceOp proto3: op_name=1:string
SliceSql proto3: expression=1:string feature_value_type=2:SliceValueTypes drop_struct_name=3:bool
  int64_default_feature_value=4:int64@default_feature_value_for_failed_sql!
  float_default_feature_value=5:float@default_feature_value_for_failed_sql
  string_default_feature_value=6:string@default_feature_value_for_failed_sql
ImageQualityDeriver proto3: model_name=1:string
Any proto3: type_url=1:string value=2:bytes
`;

export const STATISTICS_TABLE = `
DatasetFeatureStatisticsList proto3: datasets=1:DatasetFeatureStatistics[]
DatasetFeatureStatistics proto3: name=1:string num_examples=2:uint64 weighted_num_examples=4:double
  features=3:FeatureNameStatistics[] cross_features=5:CrossFeatureStatistics[]
CrossFeatureStatistics proto3: path_x=1:Path path_y=2:Path count=3:uint64
  num_cross_stats=4:NumericCrossStatistics@cross_stats
  categorical_cross_stats=5:CategoricalCrossStatistics@cross_stats
NumericCrossStatistics proto3: correlation=1:float covariance=2:float
CategoricalCrossStatistics proto3: lift=1:LiftStatistics
LiftStatistics proto3: lift_series=1:LiftSeries[] weighted_lift_series=2:LiftSeries[]
LiftSeries proto3: y_int=1:int32@y_value y_string=2:string@y_value y_bucket=3:LiftSeries.Bucket@y_value
  y_count=4:uint64@y_count_value weighted_y_count=5:double@y_count_value lift_values=6:LiftSeries.LiftValue[]
LiftSeries.Bucket proto3: low_value=1:double high_value=2:double
LiftSeries.LiftValue proto3: x_int=1:int32@x_value x_string=2:string@x_value lift=3:double
  x_count=4:uint64@x_count_value weighted_x_count=5:double@x_count_value x_and_y_count=6:uint64@x_and_y_count_value
  weighted_x_and_y_count=7:double@x_and_y_count_value
FeatureNameStatistics proto3: name=1:string@field_id path=8:Path@field_id type=2:FeatureNameStatistics.Type
  num_stats=3:NumericStatistics@stats string_stats=4:StringStatistics@stats bytes_stats=5:BytesStatistics@stats
  struct_stats=7:StructStatistics@stats custom_stats=6:CustomStatistic[]
  validation_derived_source=10:DerivedFeatureSource
WeightedCommonStatistics proto3: num_non_missing=1:double num_missing=2:double avg_num_values=3:double
  tot_num_values=4:double
CustomStatistic proto3: name=1:string num=2:double@val str=3:string@val histogram=4:Histogram@val
  rank_histogram=5:RankHistogram@val any=6:Any@val
NumericStatistics proto3: common_stats=1:CommonStatistics mean=2:double std_dev=3:double num_zeros=4:uint64
  min=5:double median=6:double max=7:double histograms=8:Histogram[]
  weighted_numeric_stats=9:WeightedNumericStatistics
StringStatistics proto3: common_stats=1:CommonStatistics unique=2:uint64
  top_values=3:StringStatistics.FreqAndValue[] avg_length=4:float rank_histogram=5:RankHistogram
  weighted_string_stats=6:WeightedStringStatistics vocabulary_file=7:string invalid_utf8_count=8:uint64
StringStatistics.FreqAndValue proto3: value=2:string frequency=3:double reserved=1
NaturalLanguageStatistics proto3: feature_coverage=1:double avg_token_length=2:double
  token_length_histogram=3:Histogram min_sequence_length=10:int64 max_sequence_length=11:int64
  sequence_length_histogram=9:Histogram location_misses=4:int64 reported_sequences=5:string[]
  token_statistics=6:NaturalLanguageStatistics.TokenStatistics[] rank_histogram=7:RankHistogram
  weighted_nl_statistics=8:WeightedNaturalLanguageStatistics
NaturalLanguageStatistics.TokenStatistics proto3: string_token=1:string@token int_token=2:int64@token!
  frequency=3:double fraction_of_sequences=4:double per_sequence_min_frequency=5:double
  per_sequence_avg_frequency=6:double per_sequence_max_frequency=7:double positions=8:Histogram
WeightedNumericStatistics proto3: mean=1:double std_dev=2:double median=3:double histograms=4:Histogram[]
WeightedStringStatistics proto3: top_values=1:StringStatistics.FreqAndValue[] rank_histogram=2:RankHistogram
WeightedNaturalLanguageStatistics proto3: feature_coverage=1:double avg_token_length=2:double
  token_length_histogram=3:Histogram sequence_length_histogram=9:Histogram location_misses=4:double
  token_statistics=5:NaturalLanguageStatistics.TokenStatistics rank_histogram=6:RankHistogram
BytesStatistics proto3: common_stats=1:CommonStatistics unique=2:uint64 avg_num_bytes=3:float min_num_bytes=4:float
  max_num_bytes=5:float max_num_bytes_int=6:int64
StructStatistics proto3: common_stats=1:CommonStatistics
PresenceAndValencyStatistics proto3: num_non_missing=1:uint64 num_missing=2:uint64 min_num_values=3:uint64
  max_num_values=4:uint64 tot_num_values=5:uint64
CommonStatistics proto3: num_non_missing=1:uint64 num_missing=2:uint64 min_num_values=3:uint64
  max_num_values=4:uint64 avg_num_values=5:float tot_num_values=8:uint64 num_values_histogram=6:Histogram
  weighted_common_stats=7:WeightedCommonStatistics feature_list_length_histogram=9:Histogram
  presence_and_valency_stats=10:PresenceAndValencyStatistics[]
  weighted_presence_and_valency_stats=11:WeightedCommonStatistics[]
Histogram proto3: num_nan=1:uint64 num_undefined=2:uint64 buckets=3:Histogram.Bucket[]
  type=4:Histogram.HistogramType name=5:string
Histogram.Bucket proto3: low_value=1:double high_value=2:double sample_count=4:double reserved=3
RankHistogram proto3: buckets=1:RankHistogram.Bucket[] name=2:string
RankHistogram.Bucket proto3: low_rank=1:uint64 high_rank=2:uint64 label=4:string sample_count=5:double reserved=3
`;

export const ANOMALIES_TABLE = `
AnomalyInfo proto2: path=8:Path severity=5:AnomalyInfo.Severity description=2:string short_description=6:string
  diff_regions=4:DiffRegion[] reason=7:AnomalyInfo.Reason[] reserved=1,3
AnomalyInfo.Reason proto2: type=1:AnomalyInfo.Type short_description=2:string description=3:string
DriftSkewInfo proto2: path=1:Path drift_measurements=2:DriftSkewInfo.Measurement[]
  skew_measurements=3:DriftSkewInfo.Measurement[]
DriftSkewInfo.Measurement proto2: type=1:DriftSkewInfo.Measurement.Type value=2:double threshold=3:double
Anomalies proto2: baseline=1:Schema@baseline_schema baseline_v1=6:Schema@baseline_schema
  anomaly_name_format=7:Anomalies.AnomalyNameFormat anomaly_info=2:map<AnomalyInfo>
  dataset_anomaly_info=8:AnomalyInfo data_missing=3:bool drift_skew_info=9:DriftSkewInfo[] reserved=4
DiffRegion proto2: unchanged=1:UnchangedRegion@details removed=2:OneSideRegion@details added=3:OneSideRegion@details
  changed=4:ChangedRegion@details hidden=5:HiddenRegion@details
UnchangedRegion proto2: left_start=1:int32 right_start=2:int32 contents=3:string[]
OneSideRegion proto2: start=1:int32 contents=2:string[]
ChangedRegion proto2: left_start=1:int32 left_contents=2:string[] right_start=3:int32 right_contents=4:string[]
HiddenRegion proto2: left_start=1:int32 right_start=2:int32 size=3:int32
`;

export const CONFIG_TABLE = `
SeverityOverride proto2: type=1:AnomalyInfo.Type severity=2:AnomalyInfo.Severity
ValidationConfig proto2: new_features_are_warnings=1:bool severity_overrides=2:SeverityOverride[]
FeatureStatisticsToProtoConfig proto2: enum_threshold=1:int32 enums_similar_config=2:EnumsSimilarConfig
  column_constraint=5:ColumnConstraint[] column_to_ignore=6:string[] new_features_are_warnings=7:bool
  enum_delete_threshold=8:int32 severity_overrides=9:SeverityOverride[] infer_feature_shape=10:bool
EnumsSimilarConfig proto2: min_count=1:int32 min_jaccard_similarity=2:double
ColumnConstraint proto2: enum_name=2:string column_path=3:Path[]
Validation proto2: sql_expression=1:string severity=2:AnomalyInfo.Severity description=3:string in_environment=4:string[]
FeatureValidation proto2: dataset_name=1:string feature_path=2:Path validations=3:Validation[]
FeaturePairValidation proto2: dataset_name=1:string base_dataset_name=2:string feature_test_path=3:Path
  feature_base_path=4:Path validations=5:Validation[]
CustomValidationConfig proto2: feature_validations=1:FeatureValidation[]
  feature_pair_validations=2:FeaturePairValidation[]
`;

/** tf.train.Example, whose rows TensorFlow's files hold. */
export const EXAMPLE_TABLE = `
Example proto3: features=1:Features
Features proto3: feature=1:map<Example.Feature>
Example.Feature proto3: bytes_list=1:BytesList@kind float_list=2:FloatList@kind int64_list=3:Int64List@kind
BytesList proto3: value=1:bytes[]
FloatList proto3: value=1:float[]
Int64List proto3: value=1:int64[]!
`;

export const ENUM_TABLE = `
LifecycleStage: UNKNOWN_STAGE=0 PLANNED=1 ALPHA=2 BETA=3 PRODUCTION=4 DEPRECATED=5 DEBUG_ONLY=6 DISABLED=7
  VALIDATION_DERIVED=9
StringDomain.Categorical: CATEGORICAL_UNSPECIFIED=0 CATEGORICAL_YES=1 CATEGORICAL_NO=2
TimeDomain.IntegerTimeFormat: FORMAT_UNKNOWN=0 UNIX_DAYS=5 UNIX_SECONDS=1 UNIX_MILLISECONDS=2 UNIX_MICROSECONDS=3
  UNIX_NANOSECONDS=4
TimeOfDayDomain.IntegerTimeOfDayFormat: FORMAT_UNKNOWN=0 PACKED_64_NANOS=1
FeatureType: TYPE_UNKNOWN=0 BYTES=1 INT=2 FLOAT=3 STRUCT=4
HistogramSelection.Type: DEFAULT=0 QUANTILES=1 STANDARD=2
TensorRepresentation.RowPartitionDType: UNSPECIFIED=0 INT64=1 INT32=2
SequenceMetadata.SequentialStatus: SEQUENTIAL_UNSPECIFIED=0 SEQUENTIAL_YES=1 SEQUENTIAL_NO=2
SliceValueTypes: VALUE_TYPE_DEFAULT=0 VALUE_TYPE_INTEGER=1 VALUE_TYPE_FLOAT=2 VALUE_TYPE_UNSUPPORTED=3
FeatureNameStatistics.Type: INT=0 FLOAT=1 STRING=2 BYTES=3 STRUCT=4
Histogram.HistogramType: STANDARD=0 QUANTILES=1
AnomalyInfo.Severity: UNKNOWN=0 WARNING=1 ERROR=2
AnomalyInfo.Type: UNKNOWN_TYPE=0 MULTIPLE_REASONS=82 BOOL_TYPE_BIG_INT=1 BOOL_TYPE_BYTES_NOT_INT=2
  BOOL_TYPE_BYTES_NOT_STRING=3 BOOL_TYPE_FLOAT_NOT_INT=4 BOOL_TYPE_FLOAT_NOT_STRING=5 BOOL_TYPE_INT_NOT_STRING=6
  BOOL_TYPE_SMALL_INT=7 BOOL_TYPE_STRING_NOT_INT=8 BOOL_TYPE_UNEXPECTED_STRING=9 BOOL_TYPE_UNEXPECTED_FLOAT=52
  BOOL_TYPE_INVALID_CONFIG=88 ENUM_TYPE_BYTES_NOT_STRING=10 ENUM_TYPE_FLOAT_NOT_STRING=11
  ENUM_TYPE_INT_NOT_STRING=12 ENUM_TYPE_INVALID_UTF8=13 ENUM_TYPE_UNEXPECTED_STRING_VALUES=14
  FEATURE_TYPE_HIGH_NUMBER_VALUES=15 FEATURE_TYPE_LOW_FRACTION_PRESENT=16 FEATURE_TYPE_LOW_NUMBER_PRESENT=17
  FEATURE_TYPE_LOW_NUMBER_VALUES=18 FEATURE_TYPE_NOT_PRESENT=19 FEATURE_TYPE_NO_VALUES=20
  FEATURE_TYPE_UNEXPECTED_REPEATED=21 FEATURE_TYPE_HIGH_UNIQUE=59 FEATURE_TYPE_LOW_UNIQUE=60
  FEATURE_TYPE_NO_UNIQUE=61 FLOAT_TYPE_BIG_FLOAT=22 FLOAT_TYPE_NOT_FLOAT=23 FLOAT_TYPE_SMALL_FLOAT=24
  FLOAT_TYPE_STRING_NOT_FLOAT=25 FLOAT_TYPE_NON_STRING=26 FLOAT_TYPE_UNKNOWN_TYPE_NUMBER=27 FLOAT_TYPE_HAS_NAN=53
  FLOAT_TYPE_HAS_INF=62 INT_TYPE_BIG_INT=28 INT_TYPE_INT_EXPECTED=29 INT_TYPE_NOT_INT_STRING=30
  INT_TYPE_NOT_STRING=31 INT_TYPE_SMALL_INT=32 INT_TYPE_STRING_EXPECTED=33 INT_TYPE_UNKNOWN_TYPE_NUMBER=34
  LOW_SUPPORTED_IMAGE_FRACTION=64 SCHEMA_MISSING_COLUMN=35 SCHEMA_NEW_COLUMN=36 SCHEMA_TRAINING_SERVING_SKEW=37
  STRING_TYPE_NOW_FLOAT=38 STRING_TYPE_NOW_INT=39 COMPARATOR_CONTROL_DATA_MISSING=40
  COMPARATOR_TREATMENT_DATA_MISSING=41 COMPARATOR_L_INFTY_HIGH=42 COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH=63
  COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH=87 NO_DATA_IN_SPAN=43 SPARSE_FEATURE_MISSING_VALUE=44
  SPARSE_FEATURE_MISSING_INDEX=45 SPARSE_FEATURE_LENGTH_MISMATCH=46 SPARSE_FEATURE_NAME_COLLISION=47
  SEMANTIC_DOMAIN_UPDATE=48 COMPARATOR_LOW_NUM_EXAMPLES=49 COMPARATOR_HIGH_NUM_EXAMPLES=50
  DATASET_LOW_NUM_EXAMPLES=51 DATASET_HIGH_NUM_EXAMPLES=58 WEIGHTED_FEATURE_NAME_COLLISION=54
  WEIGHTED_FEATURE_MISSING_VALUE=55 WEIGHTED_FEATURE_MISSING_WEIGHT=56 WEIGHTED_FEATURE_LENGTH_MISMATCH=57
  VALUE_NESTEDNESS_MISMATCH=65 DOMAIN_INVALID_FOR_TYPE=66 FEATURE_MISSING_NAME=67 FEATURE_MISSING_TYPE=68
  INVALID_SCHEMA_SPECIFICATION=69 INVALID_DOMAIN_SPECIFICATION=81 UNEXPECTED_DATA_TYPE=70
  SEQUENCE_VALUE_TOO_FEW_OCCURRENCES=71 SEQUENCE_VALUE_TOO_MANY_OCCURRENCES=72 SEQUENCE_VALUE_TOO_SMALL_FRACTION=73
  SEQUENCE_VALUE_TOO_LARGE_FRACTION=74 FEATURE_COVERAGE_TOO_LOW=75 FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH=76
  NLP_WRONG_LOCATION=77 EMBEDDING_SHAPE_INVALID=78 MAX_IMAGE_BYTE_SIZE_EXCEEDED=79 INVALID_FEATURE_SHAPE=80
  STATS_NOT_AVAILABLE=83 DERIVED_FEATURE_BAD_LIFECYCLE=84 DERIVED_FEATURE_INVALID_SOURCE=85 CUSTOM_VALIDATION=86
DriftSkewInfo.Measurement.Type: UNKNOWN=0 L_INFTY=1 JENSEN_SHANNON_DIVERGENCE=2 NORMALIZED_ABSOLUTE_DIFFERENCE=3
Anomalies.AnomalyNameFormat: UNKNOWN=0 SERIALIZED_PATH=1
`;
