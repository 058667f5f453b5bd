/** A thread that summarises some columns of Parquet files. It ends a task soon when told to stop, and lets go of the files. */
import { joinCrew, messageOf, ShelfwiseError } from '../../base/index.ts';
import type { DatasetFeatureStatisticsList } from '../metadata/index.ts';
import { readExamples } from '../sources/index.ts';
import { SlicedStatistics, type SliceOf, type StatisticsOptions } from '../statistics/index.ts';
import type { ColumnTask } from './plan.ts';

export interface ThreadEquipment {
  readonly files: readonly string[];
  readonly slices: readonly SliceOf[];
  readonly statistics: Partial<StatisticsOptions>;
  /** Examples in all files. */
  readonly rows: number;
  /** 1 once threads are to stop. */
  readonly stop: Int32Array<SharedArrayBuffer>;
}

/** Nothing is thrown: a thread that is ended while it reads takes the process with it, so that all are waited for. */
export type ThreadReply =
  | { readonly kind: 'done'; readonly list: DatasetFeatureStatisticsList }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string };

/** Chunks between tellings of progress. */
const TOLD_CHUNKS = 64;

joinCrew<ColumnTask, ThreadReply, ThreadEquipment>(({ files, slices, statistics, rows, stop }) => {
  return async ({ columns, features, weightFeatures, pairs }, onProgress) => {
    try {
      const crossFeatures = pairs ? statistics.crossFeatures : undefined;
      const summary = new SlicedStatistics(slices, { ...statistics, features, weightFeatures, crossFeatures });
      let [read, chunks] = [0, 0];
      for await (const chunk of readExamples(files, {}, new Set(columns))) {
        if (Atomics.load(stop, 0) !== 0) return { kind: 'stopped' };
        summary.add(chunk);
        read += chunk.rows;
        if (++chunks % TOLD_CHUNKS === 0) onProgress(read / rows);
      }
      return { kind: 'done', list: summary.extract() };
    } catch (error) {
      const code = error instanceof ShelfwiseError ? error.code : undefined;
      return { kind: 'failed', code, message: messageOf(error) };
    }
  };
});
