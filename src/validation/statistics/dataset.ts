/** Statistics of a dataset as a combiner: create, add chunks, merge, extract. */
import { ShelfwiseError } from '../../base/index.ts';
import { surveyNumbers } from '../../kernels/index.ts';
import type { DatasetFeatureStatistics } from '../metadata/index.ts';
import { type Chunk, type Column, isOneEach } from '../sources/columns.ts';
import { CrossFeatures } from './cross-features.ts';
import { FeatureAccumulator } from './feature.ts';
import { MutualInformation } from './mutual-information.ts';
import { SchemaHints, type StatisticsOptions, statisticsOptions } from './options.ts';

/**
 * Adding and merging commute, up to rounding and to the errors stated for quantiles and, past `trackedValues` distinct
 * texts, for counts. Memory is bounded by the features, not by the examples.
 */
export class DatasetStatistics {
  private readonly options: StatisticsOptions;
  private readonly schema: SchemaHints;
  private readonly wanted: ReadonlySet<string> | undefined;
  private readonly features = new Map<string, FeatureAccumulator>();
  private readonly crossFeatures: CrossFeatures | undefined;
  private readonly information: MutualInformation | undefined;
  private examples = 0;
  /** By weight column. */
  private readonly weights = new Map<string, number>();

  /** @throws OPTION_INVALID */
  constructor(options: { readonly [K in keyof StatisticsOptions]?: StatisticsOptions[K] | undefined } = {}) {
    this.options = statisticsOptions(options);
    this.schema = new SchemaHints(this.options.schema);
    const { crossFeatures, features, label } = this.options;
    if (features) this.wanted = new Set(features);
    if (crossFeatures !== undefined) this.crossFeatures = new CrossFeatures(crossFeatures);
    if (label !== undefined) this.information = new MutualInformation(label, this.schema);
  }

  /** @throws STATISTICS_COLUMN_MISMATCH if a column departs from what came before, or an example has not one weight */
  add(chunk: Chunk): void {
    this.examples += chunk.rows;
    const weights = new Map<string, Float64Array>();
    const { weightFeature, weightFeatures } = this.options;
    for (const name of new Set([
      ...(weightFeature === undefined ? [] : [weightFeature]),
      ...Object.values(weightFeatures),
    ])) {
      const column = weightsOf(chunk, name);
      weights.set(name, column);
      this.weights.set(
        name,
        column.reduce((sum, weight) => sum + weight, this.weights.get(name) ?? 0),
      );
    }
    for (const column of this.featuresIn(chunk)) {
      const weight = this.weightOf(column.name);
      this.feature(column.name).add(column, weight === undefined ? undefined : weights.get(weight));
    }
    const ofExamples = weightFeature === undefined ? undefined : weights.get(weightFeature);
    this.crossFeatures?.add(chunk, ofExamples);
    this.information?.add(chunk, ofExamples, this.wanted);
  }

  /** Takes in the statistics of other examples, gathered with the same options; the other stays as it is. */
  merge(other: DatasetStatistics): void {
    this.examples += other.examples;
    for (const [name, weight] of other.weights) this.weights.set(name, (this.weights.get(name) ?? 0) + weight);
    for (const [name, feature] of other.features) this.feature(name).merge(feature);
    if (other.crossFeatures) this.crossFeatures?.merge(other.crossFeatures);
    if (other.information) this.information?.merge(other.information);
  }

  /** Features in the order in which they came, records before their fields. May be called at any time. */
  extract(name?: string): DatasetFeatureStatistics {
    const { weightFeature } = this.options;
    const features = [...this.features].flatMap(([name, accumulator]) => {
      const weight = this.weights.get(this.weightOf(name) ?? '') ?? 0;
      const [feature, ...inside] = accumulator.extract({ count: this.examples, weight });
      const informative = this.information?.extract(name) ?? [];
      const customStats = [...(feature.customStats ?? []), ...informative];
      return [customStats.length > 0 ? { ...feature, customStats } : feature, ...inside];
    });
    const crossFeatures = this.crossFeatures?.extract() ?? [];
    return {
      ...(name !== undefined && { name }),
      numExamples: this.examples,
      ...(weightFeature !== undefined && { weightedNumExamples: this.weights.get(weightFeature) ?? 0 }),
      features,
      ...(crossFeatures.length > 0 && { crossFeatures }),
    };
  }

  private featuresIn({ columns }: Chunk): readonly Column[] {
    const { wanted } = this;
    return wanted ? columns.filter(({ name }) => wanted.has(name)) : columns;
  }

  private weightOf(feature: string): string | undefined {
    return this.options.weightFeatures[feature] ?? this.options.weightFeature;
  }

  private feature(name: string): FeatureAccumulator {
    let feature = this.features.get(name);
    if (!feature) {
      feature = new FeatureAccumulator([name], this.options, this.schema, this.weightOf(name) !== undefined);
      this.features.set(name, feature);
    }
    return feature;
  }
}

/** One an example, each finite and not negative, so that all that is weighted means the same by them. */
function weightsOf(chunk: Chunk, name: string): Float64Array {
  const column = chunk.columns.find((each) => each.name === name);
  const wrong = (why: string) => new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `the weights in ${name} ${why}`);
  if (!column) throw wrong('are missing');
  if ((column.kind !== 'INT' && column.kind !== 'FLOAT') || column.levels.length !== 1) throw wrong('are no numbers');
  const [level] = column.levels;
  const { offsets, valid } = level;
  for (let i = 0; i < chunk.rows && !isOneEach(level); i++)
    if (valid?.[i] === 0 || offsets[i + 1] - offsets[i] !== 1) throw wrong('are not one per example');
  const weights = new Float64Array(column.values);
  const { min, max, nans } = surveyNumbers(weights);
  if (nans > 0 || min < 0 || max === Infinity)
    for (let i = 0; i < weights.length; i++) if (!(weights[i] > 0 && weights[i] < Infinity)) weights[i] = 0;
  return weights;
}
