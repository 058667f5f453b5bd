/** Threads that work behind serving, and give way to it from the first on. */
import { Worker } from 'node:worker_threads';
import { threadScript } from '../base/index.ts';

/**
 * Starts a thread that gives way (`giveWay`) before it loads its script: loading is most of its first second.
 * @param name what it is called where threads are listed
 * @param data what the script finds in its `workerData`, beside `script`
 */
export function startBehind(script: URL, name: string, data: object): Worker {
  const workerData: Behind = { ...data, script: script.href };
  return new Worker(threadScript('behind-thread', import.meta.url), { workerData, name });
}

/** What such a thread begins with. */
export interface Behind {
  readonly script: string;
}
