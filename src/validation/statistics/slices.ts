/** Statistics of slices of a dataset: of the examples that have a value of a feature, or values of several. */
import { ShelfwiseError } from '../../base/index.ts';
import { type DatasetFeatureStatisticsList, formatDouble } from '../metadata/index.ts';
import { shortestFloat } from '../metadata/numbers.ts';
import { ALL_EXAMPLES } from '../schema/index.ts';
import { type Chunk, type Column, takeRows } from '../sources/columns.ts';
import { DatasetStatistics } from './dataset.ts';
import type { StatisticsOptions } from './options.ts';

/** Features crossed; of each the values to slice by, none meaning all that come. */
export type SliceOf = Readonly<Record<string, readonly (string | number)[] | undefined>>;

/**
 * A combiner like DatasetStatistics, of every slice at once. Slices are known as `feature_value`, crossed ones as
 * `country_US_age_10`; an example is in the slices of all its values.
 */
export class SlicedStatistics {
  private readonly options: Partial<StatisticsOptions>;
  private readonly slices: readonly SliceOf[];
  private readonly most: number;
  private readonly byName = new Map<string, DatasetStatistics>();

  /**
   * @param most slices; memory grows with them. @default 1000
   * @throws OPTION_INVALID
   */
  constructor(slices: readonly SliceOf[], options: Partial<StatisticsOptions> = {}, most = 1000) {
    this.options = options;
    this.slices = slices;
    this.most = most;
    this.slice(ALL_EXAMPLES);
  }

  /** @throws STATISTICS_COLUMN_MISMATCH as DatasetStatistics does, or if a feature is no column of single values or lists; OPTION_INVALID for too many slices */
  add(chunk: Chunk): void {
    this.slice(ALL_EXAMPLES).add(chunk);
    const rowsByName = new Map<string, number[]>();
    for (const slice of this.slices) {
      const features = Object.entries(slice).map(([name, values]) => {
        const column = chunk.columns.find((each) => each.name === name);
        const wanted = values && new Set(values.map((value) => textOf(value, column)));
        return { name, valuesAt: column ? valuesOf(column) : () => [], wanted };
      });
      for (let row = 0; row < chunk.rows; row++) {
        let names = [''];
        for (const { name, valuesAt, wanted } of features) {
          const values = [...new Set(valuesAt(row))].filter((value) => !wanted || wanted.has(value));
          names = names.flatMap((before) => values.map((value) => `${before}${before && '_'}${name}_${value}`));
        }
        for (const name of names) {
          const rows = rowsByName.get(name);
          if (rows) rows.push(row);
          else rowsByName.set(name, [row]);
        }
      }
    }
    for (const [name, rows] of rowsByName) this.slice(name).add(takeRows(chunk, Int32Array.from(new Set(rows))));
  }

  /** Takes in another of the same slices and options, which stays as it is. */
  merge(other: SlicedStatistics): void {
    for (const [name, statistics] of other.byName) this.slice(name).merge(statistics);
  }

  /** All examples first, then the slices in the order in which they came. */
  extract(): DatasetFeatureStatisticsList {
    return { datasets: [...this.byName].map(([name, statistics]) => statistics.extract(name)) };
  }

  private slice(name: string): DatasetStatistics {
    let statistics = this.byName.get(name);
    if (!statistics) {
      if (this.byName.size > this.most)
        throw new ShelfwiseError(
          'OPTION_INVALID',
          `there are more than ${this.most} slices; name the values to slice by`,
        );
      statistics = new DatasetStatistics(this.options);
      this.byName.set(name, statistics);
    }
    return statistics;
  }
}

/** Values of an example, as texts. */
function valuesOf(column: Column): (row: number) => string[] {
  if (column.kind === 'NULL') return () => [];
  if (column.kind === 'STRUCT' || column.levels.length > 1)
    throw new ShelfwiseError(
      'STATISTICS_COLUMN_MISMATCH',
      `${column.name} has records or lists of lists, and is sliced by`,
    );
  const { offsets } = column.levels[0];
  const { values } = column;
  return (row) =>
    Array.from({ length: offsets[row + 1] - offsets[row] }, (_, i) => textOf(values[offsets[row] + i], column));
}

/** As the name of a slice has it: integers in full, other numbers with as many digits as tell them apart in their column. */
function textOf(value: string | number, column: Column | undefined): string {
  if (typeof value === 'string') return value;
  if (Number.isInteger(value) && column?.kind !== 'FLOAT') return value.toFixed(0);
  const single = column !== undefined && 'values' in column && column.values instanceof Float32Array;
  return formatDouble(single ? shortestFloat(Math.fround(value)) : value);
}
