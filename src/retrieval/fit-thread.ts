/** The worker thread behind `fit-apart.ts`: fits one embedding and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { createRng, ShelfwiseError } from '../base/index.ts';
import { fitEmbedding } from './fit.ts';
import type { FitThreadData, FitThreadMessage } from './fit-apart.ts';

if (parentPort === null) throw new ShelfwiseError('BUG', 'an embedding is fitted apart in a worker thread');
const port = parentPort;
const { interactions, options } = workerData as FitThreadData;
const { seed, ...settings } = options;
const post = (message: FitThreadMessage, transfer: readonly ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer as ArrayBuffer[]);

const epoch = fitEmbedding(interactions, {
  ...settings,
  rng: createRng(seed),
  onProgress: (share) => post({ share }),
});
const buffers = new Set<ArrayBuffer>();
for (const { buffer } of Object.values(epoch.arrays)) if (buffer instanceof ArrayBuffer) buffers.add(buffer);
post({ epoch }, [...buffers]);
