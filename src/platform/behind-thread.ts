/** Where threads behind serving begin: see `behind.ts`. */
import { workerData } from 'node:worker_threads';
import { giveWay } from '../base/index.ts';
import type { Behind } from './behind.ts';

giveWay();
await import((workerData as Behind).script);
