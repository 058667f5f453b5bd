/** Statistics of whole datasets, from files or from anything that yields chunks of examples. */
import { requireWhole, resolveOptions, startCrew, toldError } from '../../base/index.ts';
import type { DatasetFeatureStatisticsList } from '../metadata/index.ts';
import {
  type Chunk,
  type GivenCsvOptions,
  isParquet,
  type ParquetShape,
  parquetShape,
  readExamples,
} from '../sources/index.ts';
import { SlicedStatistics, type SliceOf, type StatisticsOptions } from '../statistics/index.ts';
import { type ColumnTask, joinColumns, planColumns } from './plan.ts';
import type { ThreadEquipment, ThreadReply } from './thread.ts';

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
  /** Hears how many examples have been read. @default nobody */
  readonly onExamples: (examples: number) => void;
  /** Aborting rejects with its reason, when what is read has been let go of. @default never */
  readonly signal: AbortSignal | undefined;
}

type GivenOptions = { readonly [K in keyof SummaryOptions]?: SummaryOptions[K] | undefined };

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

function optionsOf(given: GivenOptions): SummaryOptions {
  const options = resolveOptions<SummaryOptions>('summary', given, DEFAULTS);
  requireWhole('summary', 'threads', options.threads, 1, 64);
  return options;
}

/** Values below which threads take longer to start than they save. */
const LEAST_VALUES = 5e6;

/**
 * Of files that are shards of one dataset. Parquet files that have the same columns are read by several threads, if asked for: each
 * summarises columns of its own over all examples, so that the figures are those of one thread to the bit.
 * @throws as readExamples and SlicedStatistics do
 */
export async function summariseFiles(files: readonly string[], given: GivenOptions = {}): Promise<Summary> {
  const options = optionsOf(given);
  const shape = options.threads > 1 && files.every(isParquet) ? await commonShape(files) : undefined;
  if (!shape || shape.rows * shape.columns.length < LEAST_VALUES)
    return summariseChunks(readExamples(files, options.csv), given);
  return summariseColumns(files, shape, options);
}

/** Of chunks of examples, by the thread that is asked. @throws as SlicedStatistics does */
export async function summariseChunks(chunks: AsyncIterable<Chunk>, given: GivenOptions = {}): Promise<Summary> {
  const { slices, statistics, onExamples, signal } = optionsOf(given);
  const summary = new SlicedStatistics(slices, statistics);
  const columns = new Set<string>();
  let examples = 0;
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    summary.add(chunk);
    for (const { name } of chunk.columns) columns.add(name);
    examples += chunk.rows;
    onExamples(examples);
  }
  return { list: summary.extract(), columns };
}

/** Undefined if columns or their types differ from file to file. */
async function commonShape(files: readonly string[]): Promise<ParquetShape | undefined> {
  const typesOf = ({ columns }: ParquetShape): string => JSON.stringify(columns.map(({ name, type }) => [name, type]));
  let whole: ParquetShape | undefined;
  for (const file of files) {
    const shape = await parquetShape(file);
    if (whole && typesOf(shape) !== typesOf(whole)) return undefined;
    whole = {
      rows: shape.rows + (whole?.rows ?? 0),
      columns: shape.columns.map((column, i) => ({ ...column, bytes: column.bytes + (whole?.columns[i].bytes ?? 0) })),
    };
  }
  return whole;
}

async function summariseColumns(
  files: readonly string[],
  { rows, columns }: ParquetShape,
  { slices, statistics, threads, onExamples, signal }: SummaryOptions,
): Promise<Summary> {
  signal?.throwIfAborted();
  const tasks = planColumns({ rows, columns }, slices, statistics, threads);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const halt = (): void => void Atomics.store(stop, 0, 1);
  signal?.addEventListener('abort', halt, { once: true });
  const equipment: ThreadEquipment = { files, slices, statistics, rows, stop };
  const count = Math.min(threads, tasks.length);
  const crew = startCrew<ColumnTask, ThreadReply>('thread', import.meta.url, { name: 'statistics', count, equipment });
  const shares = new Float64Array(tasks.length);
  const parts: (DatasetFeatureStatisticsList | undefined)[] = tasks.map(() => undefined);
  let failure: Error | undefined;
  const onProgress = (share: number, index: number): void => {
    shares[index] = share;
    onExamples(Math.floor((rows * shares.reduce((sum, each) => sum + each, 0)) / tasks.length));
  };
  try {
    await crew.run(tasks, {
      onReply: (reply, index) => {
        if (reply.kind === 'done') {
          parts[index] = reply.list;
          onProgress(1, index);
        } else if (reply.kind === 'failed') {
          failure ??= toldError(reply.code, reply.message);
          halt();
        }
      },
      onProgress,
      // Aborted by what the threads look at: they are to end by themselves.
      signal: new AbortController().signal,
    });
  } finally {
    signal?.removeEventListener('abort', halt);
    await crew.close();
  }
  signal?.throwIfAborted();
  if (failure) throw failure;
  return {
    list: joinColumns(columns, parts as DatasetFeatureStatisticsList[]),
    columns: new Set(columns.map(({ name }) => name)),
  };
}
