/**
 * What inference and validation read of statistics: features by path, with parents and children, by weight or not, beside
 * the statistics that they are compared with.
 */
import { ShelfwiseError } from '../base/index.ts';
import {
  type CommonStatistics,
  type CustomStatistic,
  compareBytes,
  type DatasetFeatureStatistics,
  type FeatureNameStatistics,
  type FeatureType,
  type Histogram,
  type HistogramSelectionType,
  type NumericStatistics,
  type StatisticsType,
} from './metadata/index.ts';
import { comparePaths, type Steps, serializePath } from './paths.ts';

/** What the generators write instead of a value that is not UTF-8. */
const NOT_UTF8 = '__BYTES_VALUE__';

export interface DatasetViewOptions {
  /** Read weighted statistics instead of plain ones, here and of the datasets compared with. @default false */
  readonly byWeight?: boolean;
  /** Environment to validate in. @default none: every feature is in it */
  readonly environment?: string | undefined;
  readonly previousSpan?: DatasetFeatureStatistics | undefined;
  readonly serving?: DatasetFeatureStatistics | undefined;
  readonly previousVersion?: DatasetFeatureStatistics | undefined;
}

/** One level of nesting: the fewest and most values of an element that has any. */
export interface Valency {
  readonly min: number;
  readonly max: number;
}

function hasStatistics(feature: FeatureNameStatistics): boolean {
  return (feature.numStats ?? feature.stringStats ?? feature.bytesStats ?? feature.structStats) !== undefined;
}

function isEmpty(feature: FeatureNameStatistics): boolean {
  return !hasStatistics(feature) && (feature.customStats ?? []).length === 0;
}

export class DatasetView {
  readonly statistics: DatasetFeatureStatistics;
  readonly byWeight: boolean;
  readonly environment: string | undefined;
  readonly previousSpan: DatasetView | undefined;
  readonly serving: DatasetView | undefined;
  readonly previousVersion: DatasetView | undefined;
  /** In the order of the statistics; features without any statistics are left out. */
  readonly features: readonly FeatureView[];
  private readonly byPath = new Map<string, FeatureView>();

  /** @throws STATISTICS_MIXED_PATHS if some features are named and others have paths */
  constructor(statistics: DatasetFeatureStatistics, options: DatasetViewOptions = {}) {
    this.statistics = statistics;
    this.byWeight = options.byWeight ?? false;
    this.environment = options.environment;
    const beside = (other?: DatasetFeatureStatistics): DatasetView | undefined =>
      other && new DatasetView(other, { byWeight: this.byWeight });
    this.previousSpan = beside(options.previousSpan);
    this.serving = beside(options.serving);
    this.previousVersion = beside(options.previousVersion);
    const all = statistics.features ?? [];
    const withPath = all.filter((feature) => feature.path !== undefined).length;
    if (withPath > 0 && withPath < all.length)
      throw new ShelfwiseError('STATISTICS_MIXED_PATHS', `dataset ${statistics.name ?? ''}`.trim());
    const views = all.filter((feature) => !isEmpty(feature)).map((feature) => new FeatureView(this, feature));
    if (withPath > 0) this.nestByPath(views);
    else this.nestByName(views);
    this.features = views;
  }

  private nestByPath(views: readonly FeatureView[]): void {
    for (const view of views) {
      view.path = view.statistics.path?.step ?? [];
      this.byPath.set(serializePath(view.path), view);
    }
    for (const view of [...views].sort((a, b) => comparePaths(a.path, b.path))) {
      if (view.path.length > 0) view.adopt(this.byPath.get(serializePath(view.path.slice(0, -1))));
    }
  }

  /** Names sorted; a struct `a` is the parent of `a.b`. */
  private nestByName(views: readonly FeatureView[]): void {
    const nameOf = (view: FeatureView): string => view.statistics.name ?? '';
    const ancestors: FeatureView[] = [];
    for (const view of [...views].sort((a, b) => compareBytes(nameOf(a), nameOf(b)))) {
      const name = nameOf(view);
      while (ancestors.length > 0 && !name.startsWith(`${nameOf(ancestors.at(-1)!)}.`)) ancestors.pop();
      const parent = ancestors.at(-1);
      view.path = parent ? [...parent.path, name.slice(nameOf(parent).length + 1)] : [name];
      view.adopt(parent);
      this.byPath.set(serializePath(view.path), view);
      if (view.type === 'STRUCT') ancestors.push(view);
    }
  }

  /** Examples, or the sum of their weights. */
  get numExamples(): number {
    return (this.byWeight ? this.statistics.weightedNumExamples : this.statistics.numExamples) ?? 0;
  }

  get roots(): FeatureView[] {
    return this.features.filter((feature) => feature.parent === undefined);
  }

  get(path: Steps): FeatureView | undefined {
    return this.byPath.get(serializePath(path));
  }
}

/** Whether statistics are weighted throughout: then they are read by weight. */
export function isWeighted(statistics: DatasetFeatureStatistics): boolean {
  if (!statistics.weightedNumExamples) return false;
  return (statistics.features ?? []).filter(hasStatistics).every((feature) => {
    const common = commonOf(feature);
    const levels = (common.presenceAndValencyStats ?? []).length;
    return common.weightedCommonStats !== undefined && (common.weightedPresenceAndValencyStats ?? []).length === levels;
  });
}

function commonOf(feature: FeatureNameStatistics): CommonStatistics {
  const { numStats, stringStats, bytesStats, structStats } = feature;
  return (numStats ?? stringStats ?? bytesStats ?? structStats)?.commonStats ?? {};
}

const FEATURE_TYPES: Record<StatisticsType, FeatureType> = {
  INT: 'INT',
  FLOAT: 'FLOAT',
  STRING: 'BYTES',
  BYTES: 'BYTES',
  STRUCT: 'STRUCT',
};

export class FeatureView {
  readonly dataset: DatasetView;
  readonly statistics: FeatureNameStatistics;
  path: Steps = [];
  parent: FeatureView | undefined;
  readonly children: FeatureView[] = [];
  private counts: ReadonlyMap<string, number> | undefined;

  constructor(dataset: DatasetView, statistics: FeatureNameStatistics) {
    this.dataset = dataset;
    this.statistics = statistics;
  }

  adopt(parent: FeatureView | undefined): void {
    this.parent = parent;
    parent?.children.push(this);
  }

  /** As the statistics call it. */
  get type(): StatisticsType {
    return this.statistics.type ?? 'INT';
  }

  /** As a schema calls it. */
  get featureType(): FeatureType {
    return FEATURE_TYPES[this.type];
  }

  get common(): CommonStatistics {
    return commonOf(this.statistics);
  }

  get numeric(): NumericStatistics {
    return this.statistics.numStats ?? {};
  }

  get custom(): readonly CustomStatistic[] {
    return this.statistics.customStats ?? [];
  }

  customNamed(name: string): CustomStatistic | undefined {
    return this.custom.find((statistic) => statistic.name === name);
  }

  /** Examples, or their weight, that have the feature. */
  get numPresent(): number {
    const { common } = this;
    return (this.dataset.byWeight ? common.weightedCommonStats?.numNonMissing : common.numNonMissing) ?? 0;
  }

  get numMissing(): number {
    const { common } = this;
    return (this.dataset.byWeight ? common.weightedCommonStats?.numMissing : common.numMissing) ?? 0;
  }

  /** In [0, 1]; exactly 1 when nothing is missing; undefined without examples. */
  get fractionPresent(): number | undefined {
    if (this.dataset.numExamples <= 0) return undefined;
    return this.numMissing === 0 ? 1 : this.numPresent / this.dataset.numExamples;
  }

  /** One entry a level of nesting, outermost first. */
  get valency(): Valency[] {
    const { presenceAndValencyStats: levels = [], minNumValues, maxNumValues } = this.common;
    if (levels.length > 0)
      return levels.map((level) => ({ min: level.minNumValues ?? 0, max: level.maxNumValues ?? 0 }));
    return [{ min: Math.max(minNumValues ?? 0, 0), max: maxNumValues ?? 0 }];
  }

  /** Missing elements by level of nesting, outermost first. */
  get missingByLevel(): number[] {
    const { common } = this;
    const levels = this.dataset.byWeight ? common.weightedPresenceAndValencyStats : common.presenceAndValencyStats;
    return levels && levels.length > 0 ? levels.map((level) => level.numMissing ?? 0) : [this.numMissing];
  }

  /** Values in all examples. */
  get totalValues(): number {
    const { common } = this;
    if (this.dataset.byWeight) return common.weightedCommonStats?.totNumValues ?? 0;
    return common.totNumValues || (common.numNonMissing ?? 0) * (common.avgNumValues ?? 0);
  }

  /** Value → count, in byte order, from the rank histogram; of a label that comes twice the first stands. */
  get valueCounts(): ReadonlyMap<string, number> {
    if (this.counts) return this.counts;
    const { stringStats } = this.statistics;
    const ranks = this.dataset.byWeight ? stringStats?.weightedStringStats?.rankHistogram : stringStats?.rankHistogram;
    const counts = new Map<string, number>();
    for (const { label = '', sampleCount = 0 } of ranks?.buckets ?? [])
      if (!counts.has(label)) counts.set(label, sampleCount);
    this.counts = new Map([...counts].sort(([a], [b]) => compareBytes(a, b)));
    return this.counts;
  }

  /** Distinct values, in byte order. */
  get values(): string[] {
    return [...this.valueCounts.keys()];
  }

  get hasInvalidUtf8(): boolean {
    return this.valueCounts.has(NOT_UTF8) || (this.statistics.stringStats?.invalidUtf8Count ?? 0) > 0;
  }

  /** Distinct values, where they were counted. */
  get numUnique(): number | undefined {
    return this.statistics.stringStats ? (this.statistics.stringStats.unique ?? 0) : undefined;
  }

  get histograms(): readonly Histogram[] {
    const { numeric } = this;
    return (this.dataset.byWeight ? numeric.weightedNumericStats?.histograms : numeric.histograms) ?? [];
  }

  /** The first histogram of a kind; STANDARD for DEFAULT. */
  histogram(selection: HistogramSelectionType): Histogram | undefined {
    const type = selection === 'QUANTILES' ? 'QUANTILES' : 'STANDARD';
    return this.histograms.find((histogram) => (histogram.type ?? 'STANDARD') === type);
  }
}
