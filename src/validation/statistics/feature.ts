/** Statistics of one feature and, for records, of those within it. */
import { ShelfwiseError } from '../../base/index.ts';
import {
  type BytesStatistics,
  type CommonStatistics,
  type CustomStatistic,
  encodeText,
  type FeatureNameStatistics,
  formatDouble,
  type RankHistogram,
  type StringStatistics,
} from '../metadata/index.ts';
import { shortestFloat } from '../metadata/numbers.ts';
import { type Steps, serializePath } from '../paths.ts';
import type { Column, NumberColumn, TextColumn } from '../sources/columns.ts';
import { equalWidthHistogram, quantilesHistogram } from './histograms.ts';
import { NumericAccumulator } from './numeric.ts';
import type { FeatureHints, SchemaHints, StatisticsOptions } from './options.ts';
import { SemanticDomains } from './semantic-domains.ts';
import { innermost, ValencyAccumulator, weightsBelow } from './valency.ts';
import { type RankedValue, ValueCounts } from './value-counts.ts';

type Kind = Exclude<Column['kind'], 'NULL'>;

/** What a feature is missing from: examples, or the values of the record that it is in. */
export interface Parents {
  readonly count: number;
  readonly weight: number;
}

class BytesAccumulator {
  values = 0;
  bytes = 0;
  least = Infinity;
  most = 0;

  add(bytes: number): void {
    this.values++;
    this.bytes += bytes;
    this.least = Math.min(this.least, bytes);
    this.most = Math.max(this.most, bytes);
  }

  merge(other: BytesAccumulator): void {
    this.values += other.values;
    this.bytes += other.bytes;
    this.least = Math.min(this.least, other.least);
    this.most = Math.max(this.most, other.most);
  }

  extract(): BytesStatistics {
    if (this.values === 0) return {};
    const { bytes, values, least: minNumBytes, most: maxNumBytes } = this;
    return { avgNumBytes: bytes / values, minNumBytes, maxNumBytes, maxNumBytesInt: maxNumBytes };
  }
}

export class FeatureAccumulator {
  private readonly path: Steps;
  private readonly options: StatisticsOptions;
  private readonly schema: SchemaHints;
  private readonly hints: FeatureHints;
  private readonly weighted: boolean;
  private readonly withHistograms: boolean;
  private kind: Kind | undefined;
  private levels: ValencyAccumulator[] = [];
  /** Innermost values of an element, where there are several levels. */
  private innermost: ValencyAccumulator | undefined;
  private numbers: NumericAccumulator | undefined;
  private texts: ValueCounts | undefined;
  private blobs: BytesAccumulator | undefined;
  private readonly fields = new Map<string, FeatureAccumulator>();
  private readonly semantics: SemanticDomains | undefined;

  constructor(path: Steps, options: StatisticsOptions, schema: SchemaHints, weighted: boolean) {
    this.path = path;
    this.options = options;
    this.schema = schema;
    this.weighted = weighted;
    const serial = serializePath(path);
    this.hints = schema.of(serial);
    this.withHistograms = options.histogramFeatures?.includes(serial) ?? true;
    if (options.semanticDomains && !this.hints.bytes) this.semantics = new SemanticDomains();
  }

  /**
   * @param weights of the elements of the column; for weighted features only
   * @throws STATISTICS_COLUMN_MISMATCH if type or nesting is another than before
   */
  add(column: Column, weights: Float64Array | undefined): void {
    this.become(column.kind === 'NULL' ? undefined : column.kind, column.levels.length);
    this.innermost?.add(innermost(column.levels), weights);
    let below = weights;
    for (const [depth, level] of column.levels.entries()) {
      this.levels[depth]?.add(level, below);
      if (below) below = weightsBelow(level, below);
    }
    this.semantics?.add(column);
    switch (column.kind) {
      case 'NULL':
        return;
      case 'STRUCT':
        for (const field of column.fields) this.field(field.name).add(field, below);
        return;
      case 'STRING':
        this.addTexts(column, below);
        return;
      default:
        this.addNumbers(column, below);
    }
  }

  /** Takes in another of the same feature and options, which stays as it is. */
  merge(other: FeatureAccumulator): void {
    this.become(other.kind, other.levels.length);
    for (const [depth, level] of this.levels.entries()) {
      const met = other.levels[depth];
      if (met) level.merge(met);
    }
    if (other.innermost) this.innermost?.merge(other.innermost);
    if (other.numbers) this.numbers?.merge(other.numbers);
    if (other.texts) this.texts?.merge(other.texts);
    if (other.blobs) this.blobs?.merge(other.blobs);
    if (other.semantics) this.semantics?.merge(other.semantics);
    for (const [name, field] of other.fields) this.field(name).merge(field);
  }

  /** The feature's, then those of its fields. */
  extract(parents: Parents): FeatureNameStatistics[] {
    const commonStats = this.common(parents);
    const customStats = [...this.valencyOfLevels(), ...(this.semantics?.extract() ?? [])];
    const feature: FeatureNameStatistics = {
      path: { step: [...this.path] },
      type: this.hints.bytes && (this.kind ?? 'STRING') === 'STRING' ? 'BYTES' : (this.kind ?? 'STRING'),
      ...(customStats.length > 0 && { customStats }),
    };
    if (this.kind === 'STRUCT') feature.structStats = { commonStats };
    else if (feature.type === 'BYTES') feature.bytesStats = { commonStats, ...this.blobs?.extract() };
    else if (this.numbers) feature.numStats = { commonStats, ...this.numbers.extract() };
    else feature.stringStats = { commonStats, ...this.strings() };
    const last = this.levels.at(-1);
    const inside: Parents = { count: last?.values ?? 0, weight: last?.weightedValues ?? 0 };
    return [feature, ...[...this.fields.values()].flatMap((field) => field.extract(inside))];
  }

  /** Takes the type and the nesting of what is to come; of a column of nothing, only the levels that it has. */
  private become(kind: Kind | undefined, depth: number): void {
    if (kind !== undefined && this.kind !== undefined && (kind !== this.kind || depth !== this.levels.length)) {
      const known = `${this.kind} in ${this.levels.length} levels of lists`;
      throw new ShelfwiseError(
        'STATISTICS_COLUMN_MISMATCH',
        `${serializePath(this.path)} has ${known} and ${kind} in ${depth}`,
      );
    }
    if (this.kind === undefined && (kind !== undefined || depth > this.levels.length)) {
      this.levels = Array.from({ length: depth }, (_, level) => this.levels[level] ?? this.valency());
      this.innermost = depth > 1 ? (this.innermost ?? this.valency()) : undefined;
    }
    if (kind === undefined || this.kind !== undefined) return;
    this.kind = kind;
    if (kind === 'STRUCT') return;
    if (kind === 'STRING' && this.hints.bytes) this.blobs = new BytesAccumulator();
    else if (kind === 'STRING' || kind === this.hints.categorical)
      this.texts = new ValueCounts(this.options.trackedValues, this.weighted);
    else this.numbers = new NumericAccumulator(this.options, this.weighted, this.withHistograms);
  }

  private valency(): ValencyAccumulator {
    return new ValencyAccumulator(this.options, this.withHistograms);
  }

  private field(name: string): FeatureAccumulator {
    let field = this.fields.get(name);
    if (!field) {
      field = new FeatureAccumulator([...this.path, name], this.options, this.schema, this.weighted);
      this.fields.set(name, field);
    }
    return field;
  }

  private addTexts(column: TextColumn, weights: Float64Array | undefined): void {
    const { texts, blobs } = this;
    if (blobs) for (const value of column.values) blobs.add(encodeText(value).length);
    else if (texts && column.coded) texts.addCoded(column.coded, weights);
    else if (texts)
      for (let i = 0; i < column.values.length; i++) texts.add(column.values[i], weights ? weights[i] : 1);
  }

  private addNumbers({ values, kind }: NumberColumn, weights: Float64Array | undefined): void {
    const { numbers, texts } = this;
    numbers?.add(values, weights);
    if (!texts) return;
    const single = values instanceof Float32Array;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const text = kind === 'INT' ? value.toFixed(0) : formatDouble(single ? shortestFloat(value) : value);
      texts.add(text, weights ? weights[i] : 1);
    }
  }

  private common(parents: Parents): CommonStatistics {
    const outermost = this.levels[0] ?? this.valency();
    const whole = this.innermost ?? outermost;
    const { nonMissing: numNonMissing } = whole;
    const common: CommonStatistics = {
      numNonMissing,
      numMissing: parents.count - numNonMissing,
      totNumValues: whole.values,
    };
    if (numNonMissing > 0) {
      common.minNumValues = whole.min;
      common.maxNumValues = whole.max;
      common.avgNumValues = whole.values / numNonMissing;
      const histogram = whole.histogram();
      if (histogram) common.numValuesHistogram = histogram;
    }
    if (this.weighted) common.weightedCommonStats = whole.extractWeighted(parents.weight);
    if (this.levels.length > 1) {
      common.presenceAndValencyStats = this.levels.map((level, depth) =>
        level.extract(depth === 0 ? parents.count : this.levels[depth - 1].values),
      );
      if (this.weighted)
        common.weightedPresenceAndValencyStats = this.levels.map((level, depth) =>
          level.extractWeighted(depth === 0 ? parents.weight : this.levels[depth - 1].weightedValues),
        );
    }
    return common;
  }

  /** Lengths of the lists of the second level and below. */
  private valencyOfLevels(): CustomStatistic[] {
    if (this.kind === undefined) return [];
    return this.levels.slice(1).flatMap((level, i): CustomStatistic[] => {
      const quantiles = level.quantiles();
      if (!quantiles) return [];
      const name = `level_${i + 2}_value_list_length`;
      const { min, max } = level;
      const buckets = this.options.numValuesHistogramBuckets;
      const standard = equalWidthHistogram(quantiles, { min, max, buckets, positiveInfinities: 0 });
      return [
        { name: `${name}_quantiles`, histogram: quantilesHistogram(quantiles) },
        { name: `${name}_standard`, histogram: standard },
      ];
    });
  }

  private strings(): StringStatistics {
    const { texts, options } = this;
    if (!texts || texts.values === 0) return {};
    const most = Math.max(options.numTopValues, options.numRankHistogramBuckets);
    const ranked = (by: 'count' | 'weight', threshold: number) => this.ranking(texts.ranked(by, most, threshold));
    return {
      unique: texts.unique,
      ...ranked('count', options.frequencyThreshold),
      avgLength: texts.bytes / texts.values,
      ...(texts.notUtf8 > 0 && { invalidUtf8Count: texts.notUtf8 }),
      ...(this.weighted && { weightedStringStats: ranked('weight', options.weightedFrequencyThreshold) }),
    };
  }

  private ranking(
    ranked: readonly RankedValue[],
  ): Pick<StringStatistics, 'topValues'> & { rankHistogram: RankHistogram } {
    const buckets = ranked
      .slice(0, this.options.numRankHistogramBuckets)
      .map(({ value, frequency }, rank) => ({ lowRank: rank, highRank: rank, label: value, sampleCount: frequency }));
    const topValues = ranked.slice(0, this.options.numTopValues).map((value) => ({ ...value }));
    return { topValues, rankHistogram: { buckets } };
  }
}
