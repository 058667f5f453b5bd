/**
 * A crew: threads that take tasks one after the other. What a task finds must be a function of the task and of what the crew
 * was started with; then it does not matter how many threads there are, nor which of them does what.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { messageOf, ShelfwiseError, toldError } from './errors.ts';
import { threadScript } from './thread-script.ts';

export interface CrewOptions {
  /** Of the threads, for who looks at them. */
  readonly name: string;
  /** Threads, at least 1. */
  readonly count: number;
  /** What every thread is given at its start; structured clone. @default nothing */
  readonly equipment?: unknown;
}

export interface CrewHooks<Reply> {
  /** Hears of each task as it ends, in no order. */
  readonly onReply: (reply: Reply, index: number) => void;
  /** Hears how far tasks are that tell it: a share, 0 to 1. */
  readonly onProgress?: ((share: number, index: number) => void) | undefined;
  /** Aborting rejects with its reason; what the threads are at then goes on until the crew is closed. */
  readonly signal: AbortSignal;
}

export interface Crew<Task, Reply> {
  /** Does all tasks. Rejects with what a task threw, of the same code where it was a `ShelfwiseError`. */
  run(tasks: readonly Task[], hooks: CrewHooks<Reply>): Promise<void>;
  /** The same task for every thread. */
  tell(task: Task, signal: AbortSignal): Promise<void>;
  /** Ends the threads, in the midst of their tasks too. */
  close(): Promise<void>;
}

type Message<Reply> =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string };

/**
 * Starts threads that run `name` (a path without its ending) beside the module `base`: from source or compiled, the ending is
 * the same. That module calls `joinCrew`.
 */
export function startCrew<Task, Reply>(
  name: string,
  base: string,
  { name: title, count, equipment }: CrewOptions,
): Crew<Task, Reply> {
  const file = threadScript(name, base);
  const workers = Array.from({ length: count }, () => new Worker(file, { workerData: equipment, name: title }));
  /** Why a thread is no more; also of one that has no task, or none yet. */
  const dead = new Map<Worker, Error>();
  for (const worker of workers) {
    worker.once('error', (error) => dead.set(worker, error));
    worker.once('exit', () => {
      if (!dead.has(worker)) dead.set(worker, new ShelfwiseError('BUG', `a thread of ${title} ended`));
    });
  }

  const ask = (worker: Worker, task: Task, onProgress?: (share: number) => void): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const death = dead.get(worker);
      if (death !== undefined) {
        reject(death);
        return;
      }
      const settle = (): void => {
        worker.off('message', onMessage);
        worker.off('error', onError);
        worker.off('exit', onExit);
      };
      const onMessage = (message: Message<Reply>): void => {
        if (message.kind === 'progress') {
          onProgress?.(message.share);
          return;
        }
        settle();
        if (message.kind === 'reply') resolve(message.reply);
        else reject(toldError(message.code, message.message));
      };
      const onError = (error: Error): void => {
        settle();
        reject(error);
      };
      const onExit = (): void => {
        settle();
        reject(dead.get(worker));
      };
      worker.on('message', onMessage);
      worker.on('error', onError);
      worker.on('exit', onExit);
      worker.postMessage(task);
    });

  return {
    async run(tasks, { onReply, onProgress, signal }) {
      let next = 0;
      const drain = async (worker: Worker): Promise<void> => {
        while (next < tasks.length && !signal.aborted) {
          const index = next++;
          onReply(await ask(worker, tasks[index], (share) => onProgress?.(share, index)), index);
        }
      };
      await untilAborted(Promise.all(workers.map(drain)), signal);
    },
    tell: (task, signal) => untilAborted(Promise.all(workers.map((worker) => ask(worker, task))), signal),
    close: async () => void (await Promise.all(workers.map((worker) => worker.terminate()))),
  };
}

/** In a thread's own module: does the tasks that come, one at a time. `work` is given what the crew was started with. */
export function joinCrew<Task, Reply, Equipment = undefined>(
  join: (equipment: Equipment) => (task: Task, onProgress: (share: number) => void) => Reply | Promise<Reply>,
): void {
  if (parentPort === null) throw new ShelfwiseError('BUG', 'a crew works in threads');
  const port = parentPort;
  const work = join(workerData as Equipment);
  const say = (message: Message<Reply>): void => port.postMessage(message);
  port.on('message', async (task: Task) => {
    try {
      say({ kind: 'reply', reply: await work(task, (share) => say({ kind: 'progress', share })) });
    } catch (error) {
      say({
        kind: 'failed',
        code: error instanceof ShelfwiseError ? error.code : undefined,
        message: messageOf(error),
      });
    }
  });
}

async function untilAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
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
}
