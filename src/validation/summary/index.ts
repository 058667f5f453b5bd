/** Statistics of whole datasets, from files or from anything that yields chunks of examples. */
import { type Chunk, isParquet, readExamples } from '../sources/index.ts';
import { SlicedStatistics } from '../statistics/index.ts';
import { type GivenSummaryOptions, type Summary, summaryOptions } from './options.ts';
import { summariseByThreads } from './threads.ts';

export type { Summary, SummaryOptions } from './options.ts';

/** Values below which threads take longer to start than they save. */
const LEAST_VALUES = 5e6;

/**
 * Of files that are shards of one dataset. Parquet files that have the same columns are read by several threads, if asked for: each
 * summarises columns of its own over all examples, so that the figures are those of one thread to the bit.
 * @throws as readExamples and SlicedStatistics do
 */
export async function summariseFiles(files: readonly string[], given: GivenSummaryOptions = {}): Promise<Summary> {
  const options = summaryOptions(given);
  const byThreads =
    options.threads > 1 && files.every(isParquet) ? await summariseByThreads(files, options, LEAST_VALUES) : undefined;
  return byThreads ?? summariseChunks(readExamples(files, options.csv), given);
}

/** Of chunks of examples, by the thread that is asked. @throws as SlicedStatistics does */
export async function summariseChunks(chunks: AsyncIterable<Chunk>, given: GivenSummaryOptions = {}): Promise<Summary> {
  const { slices, statistics, onExamples, signal } = summaryOptions(given);
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
