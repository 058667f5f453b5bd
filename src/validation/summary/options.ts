/** Options of summaries, and what a summary is. */
import { requireWhole, resolveOptions } from '../../base/index.ts';
import type { DatasetFeatureStatisticsList } from '../metadata/index.ts';
import type { GivenCsvOptions } from '../sources/index.ts';
import type { SliceOf, StatisticsOptions } from '../statistics/index.ts';

export interface SummaryOptions {
  /** Slices besides that of all examples. @default none */
  readonly slices: readonly SliceOf[];
  /** @default those of TensorFlow Data Validation */
  readonly statistics: Partial<StatisticsOptions>;
  /** Of CSV and TSV. @default their types are inferred */
  readonly csv: GivenCsvOptions;
  /**
   * Threads that share the columns of Parquet files; more of them hold more at once, about 100 MB each, and change no
   * figure. 1 starts none. @default 1
   */
  readonly threads: number;
  /** Hears how many examples have been read; what it throws ends the reading, and is thrown. @default nobody */
  readonly onExamples: (examples: number) => void;
  /** Aborting rejects with its reason, when what is read has been let go of. @default never */
  readonly signal: AbortSignal | undefined;
}

export type GivenSummaryOptions = { readonly [K in keyof SummaryOptions]?: SummaryOptions[K] | undefined };

export interface Summary {
  /** All examples first, then slices in the order in which they came. */
  readonly list: DatasetFeatureStatisticsList;
  /** Names of the columns met. */
  readonly columns: ReadonlySet<string>;
}

const DEFAULTS: SummaryOptions = {
  slices: [],
  statistics: {},
  csv: {},
  threads: 1,
  onExamples: () => {},
  signal: undefined,
};

/** @throws OPTION_INVALID */
export function summaryOptions(given: GivenSummaryOptions): SummaryOptions {
  const options = resolveOptions<SummaryOptions>('summary', given, DEFAULTS);
  requireWhole('summary', 'threads', options.threads, 1, 64);
  return options;
}
