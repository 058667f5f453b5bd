/** Options of statistics, with the defaults of TensorFlow Data Validation. */
import { requireRange, requireWhole, resolveOptions } from '../../base/index.ts';
import type { Feature, Schema } from '../metadata/index.ts';
import { type Steps, serializePath } from '../paths.ts';
import type { FeaturePair } from './cross-features.ts';

export interface StatisticsOptions {
  /** Most frequent values that are named. @default 20 */
  readonly numTopValues: number;
  /** Values less frequent are not named. @default 1 */
  readonly frequencyThreshold: number;
  /** The same of weights. @default 1 */
  readonly weightedFrequencyThreshold: number;
  /** Most frequent values that the rank histogram holds. @default 1000 */
  readonly numRankHistogramBuckets: number;
  /** @default 10 */
  readonly numValuesHistogramBuckets: number;
  /** Of equal width. @default 10 */
  readonly numHistogramBuckets: number;
  /** @default 10 */
  readonly numQuantilesHistogramBuckets: number;
  /** Bound of the error of a quantile's rank, as a share of all values. @default 0.01 */
  readonly epsilon: number;
  /** Distinct texts of a feature up to which counts are exact; beyond, a count is too low by at most 1 / so many of all. @default 65536 */
  readonly trackedValues: number;
  /** Column with one weight per example; one that is negative, NaN or infinite is 0. @default none: no weighted statistics */
  readonly weightFeature: string | undefined;
  /** Weight columns of single features, by path, instead. @default {} */
  readonly weightFeatures: Readonly<Record<string, string>>;
  /** Paths of the features that get histograms and a median. @default all */
  readonly histogramFeatures: readonly string[] | undefined;
  /** Columns that become features; what pairs, label and weights need is taken from all. @default all */
  readonly features: readonly string[] | undefined;
  /** Covariance and correlation of these pairs of numeric columns, or of all of them. @default none */
  readonly crossFeatures: readonly FeaturePair[] | 'all' | undefined;
  /** Column of which the mutual information with every other is estimated. @default none */
  readonly label: string | undefined;
  /** Whether features are times, URLs, identifiers, natural language. @default false */
  readonly semanticDomains: boolean;
  /** Tells which numbers are categories and which texts are images. @default none */
  readonly schema: Schema | undefined;
}

const DEFAULTS: StatisticsOptions = {
  numTopValues: 20,
  frequencyThreshold: 1,
  weightedFrequencyThreshold: 1,
  numRankHistogramBuckets: 1000,
  numValuesHistogramBuckets: 10,
  numHistogramBuckets: 10,
  numQuantilesHistogramBuckets: 10,
  epsilon: 0.01,
  trackedValues: 65_536,
  weightFeature: undefined,
  weightFeatures: {},
  histogramFeatures: undefined,
  features: undefined,
  crossFeatures: undefined,
  label: undefined,
  semanticDomains: false,
  schema: undefined,
};

const COUNTS = [
  'numTopValues',
  'numRankHistogramBuckets',
  'numValuesHistogramBuckets',
  'numHistogramBuckets',
  'numQuantilesHistogramBuckets',
  'trackedValues',
] as const;

/** @throws OPTION_INVALID for an unknown option, a count that is not whole and positive, an epsilon outside ]0, 1[ */
export function statisticsOptions(
  given: { readonly [K in keyof StatisticsOptions]?: StatisticsOptions[K] | undefined },
) {
  const options = resolveOptions('statistics', given, DEFAULTS);
  for (const name of COUNTS) requireWhole('statistics', name, options[name], 1, 1e9);
  requireRange('statistics', 'epsilon', options.epsilon, 1e-6, 0.5);
  return options;
}

/** What a schema says of how a feature is summarised. */
export interface FeatureHints {
  /** Its texts are images: bytes, not values. */
  readonly bytes: boolean;
  /** Its numbers of this type are names of categories. */
  readonly categorical: 'INT' | 'FLOAT' | undefined;
}

const NO_HINTS: FeatureHints = { bytes: false, categorical: undefined };

export class SchemaHints {
  private readonly byPath = new Map<string, FeatureHints>();

  constructor(schema: Schema | undefined) {
    const visit = (features: readonly Feature[], parent: Steps): void => {
      for (const feature of features) {
        const path = [...parent, feature.name ?? ''];
        const categorical = feature.intDomain?.isCategorical
          ? 'INT'
          : feature.floatDomain?.isCategorical
            ? 'FLOAT'
            : undefined;
        this.byPath.set(serializePath(path), { bytes: feature.imageDomain !== undefined, categorical });
        visit(feature.structDomain?.feature ?? [], path);
      }
    };
    visit(schema?.feature ?? [], []);
  }

  of(path: string): FeatureHints {
    return this.byPath.get(path) ?? NO_HINTS;
  }
}
