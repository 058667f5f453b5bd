/** Messages of statistics.proto (proto3: an absent scalar is its default); the conventions are those of messages.ts. */
import type { AnyMessage, DerivedFeatureSource, Int64, Path } from './schema-messages.ts';

export type StatisticsType = 'INT' | 'FLOAT' | 'STRING' | 'BYTES' | 'STRUCT';

export type HistogramType = 'STANDARD' | 'QUANTILES';

export interface DatasetFeatureStatisticsList {
  datasets?: DatasetFeatureStatistics[];
}

export interface DatasetFeatureStatistics {
  name?: string;
  numExamples?: number;
  weightedNumExamples?: number;
  features?: FeatureNameStatistics[];
  crossFeatures?: CrossFeatureStatistics[];
}

export interface CrossFeatureStatistics {
  pathX?: Path;
  pathY?: Path;
  count?: number;
  /** One of `cross_stats`: at most one of these is set. */
  numCrossStats?: NumericCrossStatistics;
  categoricalCrossStats?: CategoricalCrossStatistics;
}

export interface NumericCrossStatistics {
  correlation?: number;
  covariance?: number;
}

export interface CategoricalCrossStatistics {
  lift?: LiftStatistics;
}

export interface LiftStatistics {
  liftSeries?: LiftSeries[];
  weightedLiftSeries?: LiftSeries[];
}

export interface LiftSeries {
  /** One of `y_value`: at most one of these is set. */
  yInt?: number;
  yString?: string;
  yBucket?: LiftSeriesBucket;
  /** One of `y_count_value`: at most one of these is set. */
  yCount?: number;
  weightedYCount?: number;
  liftValues?: LiftSeriesLiftValue[];
}

export interface LiftSeriesBucket {
  lowValue?: number;
  highValue?: number;
}

export interface LiftSeriesLiftValue {
  /** One of `x_value`: at most one of these is set. */
  xInt?: number;
  xString?: string;
  lift?: number;
  /** One of `x_count_value`: at most one of these is set. */
  xCount?: number;
  weightedXCount?: number;
  /** One of `x_and_y_count_value`: at most one of these is set. */
  xAndYCount?: number;
  weightedXAndYCount?: number;
}

export interface FeatureNameStatistics {
  /** One of `field_id`: at most one of these is set. */
  name?: string;
  path?: Path;
  type?: StatisticsType;
  /** One of `stats`: at most one of these is set. */
  numStats?: NumericStatistics;
  stringStats?: StringStatistics;
  bytesStats?: BytesStatistics;
  structStats?: StructStatistics;
  customStats?: CustomStatistic[];
  validationDerivedSource?: DerivedFeatureSource;
}

export interface WeightedCommonStatistics {
  numNonMissing?: number;
  numMissing?: number;
  avgNumValues?: number;
  totNumValues?: number;
}

export interface CustomStatistic {
  name?: string;
  /** One of `val`: at most one of these is set. */
  num?: number;
  str?: string;
  histogram?: Histogram;
  rankHistogram?: RankHistogram;
  any?: AnyMessage;
}

export interface NumericStatistics {
  commonStats?: CommonStatistics;
  mean?: number;
  stdDev?: number;
  numZeros?: number;
  min?: number;
  median?: number;
  max?: number;
  histograms?: Histogram[];
  weightedNumericStats?: WeightedNumericStatistics;
}

export interface StringStatistics {
  commonStats?: CommonStatistics;
  unique?: number;
  topValues?: FreqAndValue[];
  avgLength?: number;
  rankHistogram?: RankHistogram;
  weightedStringStats?: WeightedStringStatistics;
  vocabularyFile?: string;
  invalidUtf8Count?: number;
}

export interface FreqAndValue {
  value?: string;
  frequency?: number;
}

export interface NaturalLanguageStatistics {
  featureCoverage?: number;
  avgTokenLength?: number;
  tokenLengthHistogram?: Histogram;
  minSequenceLength?: number;
  maxSequenceLength?: number;
  sequenceLengthHistogram?: Histogram;
  locationMisses?: number;
  reportedSequences?: string[];
  tokenStatistics?: NaturalLanguageStatisticsTokenStatistics[];
  rankHistogram?: RankHistogram;
  weightedNlStatistics?: WeightedNaturalLanguageStatistics;
}

export interface NaturalLanguageStatisticsTokenStatistics {
  /** One of `token`: at most one of these is set. */
  stringToken?: string;
  intToken?: Int64;
  frequency?: number;
  fractionOfSequences?: number;
  perSequenceMinFrequency?: number;
  perSequenceAvgFrequency?: number;
  perSequenceMaxFrequency?: number;
  positions?: Histogram;
}

export interface WeightedNumericStatistics {
  mean?: number;
  stdDev?: number;
  median?: number;
  histograms?: Histogram[];
}

export interface WeightedStringStatistics {
  topValues?: FreqAndValue[];
  rankHistogram?: RankHistogram;
}

export interface WeightedNaturalLanguageStatistics {
  featureCoverage?: number;
  avgTokenLength?: number;
  tokenLengthHistogram?: Histogram;
  sequenceLengthHistogram?: Histogram;
  locationMisses?: number;
  tokenStatistics?: NaturalLanguageStatisticsTokenStatistics;
  rankHistogram?: RankHistogram;
}

export interface BytesStatistics {
  commonStats?: CommonStatistics;
  unique?: number;
  avgNumBytes?: number;
  minNumBytes?: number;
  maxNumBytes?: number;
  maxNumBytesInt?: number;
}

export interface StructStatistics {
  commonStats?: CommonStatistics;
}

export interface PresenceAndValencyStatistics {
  numNonMissing?: number;
  numMissing?: number;
  minNumValues?: number;
  maxNumValues?: number;
  totNumValues?: number;
}

export interface CommonStatistics {
  numNonMissing?: number;
  numMissing?: number;
  minNumValues?: number;
  maxNumValues?: number;
  avgNumValues?: number;
  totNumValues?: number;
  numValuesHistogram?: Histogram;
  weightedCommonStats?: WeightedCommonStatistics;
  featureListLengthHistogram?: Histogram;
  presenceAndValencyStats?: PresenceAndValencyStatistics[];
  weightedPresenceAndValencyStats?: WeightedCommonStatistics[];
}

export interface Histogram {
  numNan?: number;
  numUndefined?: number;
  buckets?: HistogramBucket[];
  type?: HistogramType;
  name?: string;
}

export interface HistogramBucket {
  lowValue?: number;
  highValue?: number;
  sampleCount?: number;
}

export interface RankHistogram {
  buckets?: RankHistogramBucket[];
  name?: string;
}

export interface RankHistogramBucket {
  lowRank?: number;
  highRank?: number;
  label?: string;
  sampleCount?: number;
}
