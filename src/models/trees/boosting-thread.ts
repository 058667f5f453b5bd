/** A worker thread of `crew.ts`: takes part in growing the trees of one fit, and ends. */
import { workerData } from 'node:worker_threads';
import { serveCrew, type ThreadData } from './crew.ts';
import { openWorkspace } from './workspace.ts';

const { shape, memory, material, thread } = workerData as ThreadData;
serveCrew(openWorkspace(shape, memory), material, thread);
