/** The worker thread behind `trainer.ts`: opens the data directory's stores for itself, does one piece of work, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { SECOND_MS, ShelfwiseError, systemClock } from '../../base/index.ts';
import { createEnding, type EndingMemory } from '../ending.ts';
import { type CompareJob, compareJob } from '../evaluation/compare-job.ts';
import type { ComparisonReport, EvaluationLogReport } from '../evaluation/comparison.ts';
import { type EvaluationLogJob, evaluationLogJob } from '../evaluation/log-job.ts';
import { openWorkspace } from '../workspace.ts';
import { examinationJob } from './examination.ts';
import type { ExaminationReport } from './examination-report.ts';
import type { ExaminationJob } from './examination-rows.ts';
import { type NewModel, type TrainJob, trainJob } from './train-job.ts';

export type TrainingWork =
  | { readonly kind: 'train'; readonly job: TrainJob }
  | { readonly kind: 'examine'; readonly job: ExaminationJob }
  | { readonly kind: 'compare'; readonly job: CompareJob }
  | { readonly kind: 'evaluation-log'; readonly job: EvaluationLogJob };

export interface TrainingResults {
  train: NewModel;
  examine: ExaminationReport;
  compare: ComparisonReport;
  'evaluation-log': EvaluationLogReport;
}

export interface TrainingData {
  /** The data directory. */
  readonly dir: string;
  readonly endingMemory: EndingMemory;
  readonly work: TrainingWork;
}

export type TrainingMessage =
  | { readonly type: 'progress'; readonly stage: string; readonly share: number }
  /** Of what is made line by line; nothing more is made until it is answered with `more`. */
  | { readonly type: 'lines'; readonly lines: readonly string[] }
  | { readonly type: 'done'; readonly result: TrainingResults[TrainingWork['kind']] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly stack: string };

if (parentPort === null) throw new ShelfwiseError('BUG', 'a training runs as a worker thread');
const port = parentPort;
const { dir, endingMemory, work } = workerData as TrainingData;
const ending = createEnding(endingMemory);
const post = (message: TrainingMessage): void => port.postMessage(message);
let onMore: () => void = () => undefined;
port.on('message', (message: 'end' | 'more') => {
  if (message === 'end') ending.begin();
  onMore();
});
const onLines = async (lines: readonly string[]): Promise<void> => {
  const taken = new Promise<void>((resolve) => {
    onMore = resolve;
  });
  post({ type: 'lines', lines });
  await taken;
  ending.check();
};

const workspace = openWorkspace(dir, ending);
try {
  const onProgress = (stage: string, share: number): void => {
    ending.check();
    post({ type: 'progress', stage, share });
  };
  const secondsNow = (): number => systemClock.monotonicMs() / SECOND_MS;
  const result =
    work.kind === 'train'
      ? await trainJob(workspace, work.job, onProgress, secondsNow)
      : work.kind === 'examine'
        ? await examinationJob(workspace, work.job, onProgress, secondsNow)
        : work.kind === 'compare'
          ? await compareJob(workspace, work.job, onProgress, secondsNow)
          : await evaluationLogJob(workspace, work.job, onLines, onProgress);
  post({ type: 'done', result });
} catch (error) {
  post({
    type: 'failed',
    code: error instanceof ShelfwiseError ? error.code : 'BUG',
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? (error.stack ?? '') : '',
  });
} finally {
  await workspace.close();
  port.close();
}
