/** Checks of many policies side by side, as many threads as the machine has cores. What a check finds does not depend on that. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { CompositionOptions, PolicyCheck, PolicyOptions } from '../policy/index.ts';

export interface CheckTask {
  readonly index: number;
  readonly id: string;
  readonly options: PolicyOptions;
  readonly composition: Readonly<Partial<CompositionOptions>>;
  readonly draws: number;
  readonly seed: number;
}

export interface CheckReply {
  readonly index: number;
  readonly check: PolicyCheck;
  readonly seconds: number;
}

/** Runs all tasks; `onReply` hears of each as it ends. Ends early, with the signal's reason, when that is aborted. */
export async function checkPolicies(
  tasks: readonly CheckTask[],
  onReply: (reply: CheckReply) => void,
  signal: AbortSignal,
): Promise<void> {
  const threads = Math.min(tasks.length, availableParallelism());
  // Run from source or compiled, the thread's file lies beside this one with the same ending.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const file = new URL(`./policy-check-thread.${extension}`, import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(file));
  let next = 0;
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  const drain = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const give = (): void => {
        if (next === tasks.length) resolve();
        else worker.postMessage(tasks[next++]);
      };
      worker.on('message', (reply: CheckReply) => {
        onReply(reply);
        give();
      });
      worker.on('error', reject);
      give();
    });
  try {
    signal.throwIfAborted();
    await Promise.race([Promise.all(workers.map(drain)), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
