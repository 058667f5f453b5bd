/** The worker thread behind `trainer.ts`: opens the data directory's stores for itself, trains one model, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { SECOND_MS, ShelfwiseError, systemClock } from '../../base/index.ts';
import { createEnding, type EndingMemory } from '../ending.ts';
import { openWorkspace } from '../workspace.ts';
import { type NewModel, type TrainJob, trainJob } from './train-job.ts';

export interface TrainingData {
  /** The data directory. */
  readonly dir: string;
  readonly endingMemory: EndingMemory;
  readonly job: TrainJob;
}

export type TrainingMessage =
  | { readonly type: 'progress'; readonly stage: string; readonly share: number }
  | { readonly type: 'done'; readonly model: NewModel }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly stack: string };

if (parentPort === null) throw new ShelfwiseError('BUG', 'a training runs as a worker thread');
const port = parentPort;
const { dir, endingMemory, job } = workerData as TrainingData;
const ending = createEnding(endingMemory);
const post = (message: TrainingMessage): void => port.postMessage(message);
port.on('message', () => ending.begin());

const workspace = openWorkspace(dir, ending);
try {
  const model = await trainJob(
    workspace,
    job,
    (stage, share) => {
      ending.check();
      post({ type: 'progress', stage, share });
    },
    () => systemClock.monotonicMs() / SECOND_MS,
  );
  post({ type: 'done', model });
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
