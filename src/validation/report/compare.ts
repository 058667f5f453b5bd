/** Statistics of two or more datasets, feature by feature, with how far each is from the first. */
import { featureDivergence } from '../anomalies/index.ts';
import { linfDistance } from '../distances.ts';
import type { DatasetFeatureStatistics, Histogram, StatisticsType } from '../metadata/index.ts';
import { serializePath } from '../paths.ts';
import { DatasetView, type FeatureView } from '../views.ts';

export interface NamedStatistics {
  readonly name: string;
  readonly statistics: DatasetFeatureStatistics;
}

export interface Comparison {
  readonly datasets: readonly { readonly name: string; readonly numExamples: number }[];
  /** In the order of the first dataset, then what only later ones have. */
  readonly features: readonly ComparedFeature[];
}

export type FeatureKind = 'numeric' | 'categorical' | 'other';

export interface ComparedFeature {
  /** Serialised path. */
  readonly path: string;
  /** Of the first dataset that has it. */
  readonly kind: FeatureKind;
  /** By dataset; undefined where it lacks the feature. */
  readonly sides: readonly (FeatureSummary | undefined)[];
  /** Names of the datasets that lack it. */
  readonly absentIn: readonly string[];
  /** Largest Jensen-Shannon divergence from the first dataset, in [0, 1]; undefined where none can be taken. */
  readonly divergence: number | undefined;
  /** Largest L∞ distance of values from the first dataset, in [0, 1]; undefined unless both have values. */
  readonly linf: number | undefined;
  /** Largest share of examples that lack it, in [0, 1]; 1 where a dataset lacks it altogether. */
  readonly missingShare: number;
}

export interface FeatureSummary {
  readonly type: StatisticsType;
  /** Examples. */
  readonly present: number;
  readonly missing: number;
  /** In [0, 1]. */
  readonly missingShare: number;
  /** Values in all examples. */
  readonly values: number;
  readonly numeric?: NumericSummary;
  readonly categorical?: CategoricalSummary;
}

export interface NumericSummary {
  readonly mean: number;
  readonly stdDev: number;
  /** Of the values, in [0, 1]. */
  readonly zeroShare: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly standard: Histogram | undefined;
  readonly quantiles: Histogram | undefined;
}

export interface CategoricalSummary {
  readonly unique: number;
  /** Characters. */
  readonly avgLength: number;
  /** Value → how often it came, most frequent first; of many values only those that the statistics keep. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Compares datasets; the first is what the others are measured against. @throws STATISTICS_MIXED_PATHS */
export function compareStatistics(named: readonly NamedStatistics[]): Comparison {
  const views = named.map(({ statistics }) => new DatasetView(statistics));
  const paths = new Map(views.flatMap(({ features }) => features.map(({ path }) => [serializePath(path), path])));
  return {
    datasets: named.map(({ name, statistics }) => ({ name, numExamples: statistics.numExamples ?? 0 })),
    features: [...paths].map(([path, steps]) => {
      const found = views.map((view) => view.get(steps));
      const sides = found.map((view) => view && summaryOf(view));
      const [first, ...others] = found;
      const present = others.flatMap((other) => (first && other ? [[first, other] as const] : []));
      const divergences = present.flatMap(([a, b]) => {
        const result = featureDivergence(a, b);
        return 'divergence' in result ? [result.divergence] : [];
      });
      const linfs = present.flatMap(([a, b]) =>
        a.valueCounts.size > 0 && b.valueCounts.size > 0 ? [linfDistance(a.valueCounts, b.valueCounts).distance] : [],
      );
      return {
        path,
        kind: kindOf(sides.find((side) => side !== undefined)),
        sides,
        absentIn: named.flatMap(({ name }, at) => (found[at] ? [] : [name])),
        divergence: divergences.length === 0 ? undefined : Math.max(...divergences),
        linf: linfs.length === 0 ? undefined : Math.max(...linfs),
        missingShare: Math.max(...sides.map((side) => side?.missingShare ?? 1)),
      };
    }),
  };
}

function kindOf(side: FeatureSummary | undefined): FeatureKind {
  if (side?.numeric) return 'numeric';
  return side?.categorical ? 'categorical' : 'other';
}

function summaryOf(view: FeatureView): FeatureSummary {
  const { numStats, stringStats } = view.statistics;
  const { numPresent: present, numMissing: missing, totalValues: values } = view;
  const examples = present + missing || view.dataset.numExamples;
  return {
    type: view.type,
    present,
    missing,
    missingShare: examples === 0 ? 0 : missing / examples,
    values,
    ...(numStats && {
      numeric: {
        mean: numStats.mean ?? 0,
        stdDev: numStats.stdDev ?? 0,
        zeroShare: values === 0 ? 0 : (numStats.numZeros ?? 0) / values,
        min: numStats.min ?? 0,
        median: numStats.median ?? 0,
        max: numStats.max ?? 0,
        standard: view.histogram('STANDARD'),
        quantiles: view.histogram('QUANTILES'),
      },
    }),
    ...(stringStats && {
      categorical: {
        unique: stringStats.unique ?? 0,
        avgLength: stringStats.avgLength ?? 0,
        counts: new Map([...countsOf(view)].sort(([, a], [, b]) => b - a)),
      },
    }),
  };
}

function countsOf(view: FeatureView): ReadonlyMap<string, number> {
  if (view.valueCounts.size > 0) return view.valueCounts;
  const { topValues = [] } = view.statistics.stringStats ?? {};
  return new Map(topValues.map(({ value = '', frequency = 0 }) => [value, frequency]));
}
