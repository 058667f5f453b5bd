/** The worker thread behind `workshop.ts`: opens the data directory's stores for itself and runs one job at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { ShelfwiseError } from '../base/index.ts';
import type { Epoch } from '../domain/index.ts';
import { doctorJob } from './doctor.ts';
import { createEnding } from './ending.ts';
import { eraseLakeJob, eraseSegmentJob, verifyErasureJob } from './erasure-jobs.ts';
import { catalogJob, evaluateJob, fitJob, nearestJob } from './fit.ts';
import { learnJob } from './learn.ts';
import { rebuildJob } from './rebuild.ts';
import { collectJob } from './retention.ts';
import { promoteJob } from './training/promote.ts';
import type { Job, OnProgress, WorkshopData, WorkshopMessage } from './workshop.ts';
import { openWorkspace } from './workspace.ts';

if (parentPort === null) throw new ShelfwiseError('BUG', 'the workshop runs as a worker thread');
const port = parentPort;
const { dir, endingMemory } = workerData as WorkshopData;
const ending = createEnding(endingMemory);
const workspace = openWorkspace(dir, ending);

const post = (message: WorkshopMessage, transfer: readonly ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer as ArrayBuffer[]);
const onProgress: OnProgress = (stage, share) => {
  ending.check();
  post({ type: 'progress', stage, share });
};

function perform(job: Job): Promise<object> {
  switch (job.kind) {
    case 'catalog':
      return catalogJob(workspace);
    case 'fit':
      return fitJob(workspace, job, onProgress);
    case 'nearest':
      return nearestJob(workspace, job, onProgress);
    case 'learn':
      return learnJob(workspace, job);
    case 'evaluate':
      return evaluateJob(workspace, job, onProgress);
    case 'promote':
      return promoteJob(workspace, job);
    case 'rebuild':
      return rebuildJob(workspace, job, onProgress);
    case 'collect':
      return collectJob(workspace, job);
    case 'erase-segment':
      return eraseSegmentJob(workspace, job);
    case 'erase-lake':
      return eraseLakeJob(workspace, job);
    case 'verify-erasure':
      return verifyErasureJob(workspace, job);
    case 'doctor':
      return doctorJob(workspace, job, onProgress);
  }
}

let atWork: Promise<void> = Promise.resolve();
port.on('message', (message: Job | 'end') => {
  if (message === 'end') void end();
  else atWork = answer(message);
});

async function end(): Promise<void> {
  ending.begin();
  await atWork;
  await workspace.close();
  port.close();
}

async function answer(job: Job): Promise<void> {
  try {
    const result = await perform(job);
    post({ type: 'done', result }, buffersOf(result));
  } catch (error) {
    post({
      type: 'failed',
      code: error instanceof ShelfwiseError ? error.code : 'BUG',
      message: error instanceof Error ? error.message : String(error),
      stack: error instanceof Error ? (error.stack ?? '') : '',
    });
  }
}

/** The memory of the result's epochs, each once: handed over, not copied. */
function buffersOf(result: object): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  if ('epochs' in result) {
    for (const epoch of result.epochs as readonly Epoch[]) {
      for (const array of Object.values(epoch.arrays)) {
        if (array.buffer instanceof ArrayBuffer && array.byteLength === array.buffer.byteLength)
          buffers.add(array.buffer);
      }
    }
  }
  return [...buffers];
}
