/** Threads that share one pool. What they find depends on no thread: every task is a function of its own numbers. */
import { Worker } from 'node:worker_threads';
import { ShelfwiseError } from '../../base/index.ts';
import type { PoolColumns } from './pool.ts';
import type { Reply, Task } from './thread.ts';

export interface PoolThreads {
  /** Does all tasks, one after the other in each thread, and hands over each reply as it comes. Rejects with the signal's reason. */
  run(tasks: readonly Task[], onReply: (reply: Reply) => void, signal: AbortSignal): Promise<void>;
  /** The same task for every thread. */
  tell(task: Task, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export function startThreads(pool: PoolColumns, count: number): PoolThreads {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const file = new URL(`./thread.${extension}`, import.meta.url);
  const workers = Array.from({ length: count }, () => new Worker(file, { workerData: pool, name: 'self-check' }));

  const ask = (worker: Worker, task: Task): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const onExit = (): void => reject(new ShelfwiseError('BUG', 'a thread of the self-check ended'));
      worker.once('message', (reply: Reply) => {
        worker.off('error', reject);
        worker.off('exit', onExit);
        resolve(reply);
      });
      worker.once('error', reject);
      worker.once('exit', onExit);
      worker.postMessage(task);
    });

  const untilAborted = async (work: Promise<unknown>, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    let onAbort = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    // The loser may fail later, when its thread is ended.
    work.catch(() => undefined);
    try {
      await Promise.race([work, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };

  return {
    async run(tasks, onReply, signal) {
      let next = 0;
      const drain = async (worker: Worker): Promise<void> => {
        while (next < tasks.length) onReply(await ask(worker, tasks[next++]));
      };
      await untilAborted(Promise.all(workers.map(drain)), signal);
    },
    tell: (task, signal) => untilAborted(Promise.all(workers.map((worker) => ask(worker, task))), signal),
    close: async () => void (await Promise.all(workers.map((worker) => worker.terminate()))),
  };
}
