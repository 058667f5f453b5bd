/** Statistics of Parquet files by several threads, each of columns of its own over all examples. */
import { startCrew, toldError } from '../../base/index.ts';
import type { DatasetFeatureStatisticsList } from '../metadata/index.ts';
import { type ParquetShape, parquetShapes } from '../sources/tables.ts';
import type { Summary, SummaryOptions } from './options.ts';
import { type ColumnTask, featuresOf, joinColumns, planColumns } from './plan.ts';
import type { ThreadEquipment, ThreadReply } from './thread.ts';

/**
 * Undefined, and no thread started, if columns or their types differ from file to file, or the columns that become features
 * have fewer values than `leastValues`.
 */
export async function summariseByThreads(
  files: readonly string[],
  options: SummaryOptions,
  leastValues: number,
): Promise<Summary | undefined> {
  const shape = await commonShape(files, options.signal);
  if (!shape || shape.rows * featuresOf(shape.columns, options.statistics.features).length < leastValues)
    return undefined;
  return summariseColumns(files, shape, options);
}

/** Undefined if columns or their types differ from file to file. */
async function commonShape(
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ParquetShape | undefined> {
  const typesOf = ({ columns }: ParquetShape): string => JSON.stringify(columns.map(({ name, type }) => [name, type]));
  let whole: ParquetShape | undefined;
  for await (const shape of parquetShapes(files)) {
    signal?.throwIfAborted();
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
  const equipment: ThreadEquipment = { files, slices, statistics, rows, stop };
  const shares = new Float64Array(tasks.length);
  const parts: (DatasetFeatureStatisticsList | undefined)[] = tasks.map(() => undefined);
  let failure: { readonly reason: unknown } | undefined;
  const fail = (reason: unknown): void => {
    failure ??= { reason };
    halt();
  };
  const onProgress = (share: number, index: number): void => {
    shares[index] = share;
    if (failure) return;
    try {
      onExamples(Math.floor((rows * shares.reduce((sum, each) => sum + each, 0)) / tasks.length));
    } catch (error) {
      fail(error);
    }
  };
  const onReply = (reply: ThreadReply, index: number): void => {
    if (reply.kind === 'done') {
      parts[index] = reply.list;
      onProgress(1, index);
    } else if (reply.kind === 'failed') fail(toldError(reply.code, reply.message));
  };
  // A crew for each task: if a thread dies, the others are still heard.
  const crews = tasks.map(() =>
    startCrew<ColumnTask, ThreadReply>('thread', import.meta.url, { name: 'statistics', count: 1, equipment }),
  );
  // Aborted by what the threads look at: they are to end by themselves, as one that is ended while it reads takes the process with it.
  const { signal: never } = new AbortController();
  signal?.addEventListener('abort', halt, { once: true });
  try {
    await Promise.all(
      crews.map((crew, index) =>
        crew
          .run([tasks[index]], {
            signal: never,
            onReply: (reply) => onReply(reply, index),
            onProgress: (share) => onProgress(share, index),
          })
          .catch(fail),
      ),
    );
  } finally {
    signal?.removeEventListener('abort', halt);
    await Promise.all(crews.map((crew) => crew.close()));
  }
  signal?.throwIfAborted();
  if (failure) throw failure.reason;
  return {
    list: joinColumns(columns, parts as DatasetFeatureStatisticsList[]),
    columns: new Set(columns.map(({ name }) => name)),
  };
}
