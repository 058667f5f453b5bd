/**
 * The threads that grow trees. The thread that fits leads: it announces a phase, takes tasks like all others, and goes on when
 * all are done. Threads that are still starting are not waited for: they join at the next phase. Nothing of this shows in the
 * trees, since tasks have nothing in common.
 */
import { Worker } from 'node:worker_threads';
import { ShelfwiseError, threadScript } from '../../base/index.ts';
import { createTaskRunner, type Material } from './tasks.ts';
import type { Workspace, WorkspaceShape } from './workspace.ts';

/**
 * Words of the control table. `phase` counts phases in its upper bits and holds in its lowest six how many threads take part:
 * one word, so that a thread that is late cannot mistake one phase for another.
 */
export const CONTROL = { phase: 0, next: 1, finished: 2, tasks: 3, kind: 4, argument: 5, joined: 6 } as const;
const MOST_THREADS = 64;
export const STOP = 0;
/** Looks at a word before a thread lies down to wait for it: about 20 µs, the time between two phases. */
const SPINS = 8000;
/** Milliseconds that the leading thread waits without letting other work of it go on. */
const HELD_MS = 20;

export interface ThreadData {
  readonly shape: WorkspaceShape;
  readonly memory: WebAssembly.Memory;
  readonly material: Material;
  readonly thread: number;
}

export interface Crew {
  /** Does tasks 0 … count - 1 of a phase. */
  run(phase: number, count: number, argument?: number): Promise<void>;
  stop(): Promise<void>;
}

export function startCrew(workspace: Workspace, shape: WorkspaceShape, material: Material): Crew {
  const { control, memory } = workspace;
  const own = createTaskRunner(workspace, material, 0);
  let failure: Error | undefined;
  const failed = Promise.withResolvers<void>();
  const workers = Array.from({ length: shape.threads - 1 }, (_, i) => {
    const workerData: ThreadData = { shape, memory, material, thread: i + 1 };
    const worker = new Worker(threadScript('boosting-thread', import.meta.url), {
      workerData,
      name: 'boosting',
    });
    const fail = (cause: unknown): void => {
      failure ??= new ShelfwiseError('BUG', 'a thread that grows trees has ended', { cause });
      failed.resolve();
    };
    worker.on('error', fail);
    worker.on('exit', fail);
    return worker;
  });
  let phases = 0;

  const announce = (kind: number, count: number, argument: number, takePart: number): void => {
    control[CONTROL.kind] = kind;
    control[CONTROL.argument] = argument;
    control[CONTROL.tasks] = count;
    control[CONTROL.finished] = 0;
    Atomics.store(control, CONTROL.next, 0);
    phases = (phases + 1) & 0xffffff;
    Atomics.store(control, CONTROL.phase, phases * MOST_THREADS + takePart);
    Atomics.notify(control, CONTROL.phase);
  };

  const awaitOthers = async (others: number): Promise<void> => {
    const done = (): boolean => Atomics.load(control, CONTROL.finished) === others;
    for (let i = 0; i < SPINS; i++) if (done()) return;
    for (let waitedMs = 0; waitedMs < HELD_MS; waitedMs++) {
      const finished = Atomics.load(control, CONTROL.finished);
      if (finished === others) return;
      Atomics.wait(control, CONTROL.finished, finished, 1);
    }
    while (!done()) {
      if (failure !== undefined) throw failure;
      const finished = Atomics.load(control, CONTROL.finished);
      if (finished === others) return;
      const { async, value } = Atomics.waitAsync(control, CONTROL.finished, finished, 1000);
      if (async) await Promise.race([value, failed.promise]);
    }
  };

  return {
    async run(phase, count, argument = 0) {
      if (failure !== undefined) throw failure;
      // One task is done sooner than it is announced.
      const others = count < 2 ? 0 : Atomics.load(control, CONTROL.joined);
      if (others === 0) {
        for (let task = 0; task < count; task++) own.run(phase, task, argument);
        return;
      }
      announce(phase, count, argument, others);
      for (
        let task = Atomics.add(control, CONTROL.next, 1);
        task < count;
        task = Atomics.add(control, CONTROL.next, 1)
      ) {
        own.run(phase, task, argument);
      }
      await awaitOthers(others);
    },
    async stop() {
      for (const worker of workers) worker.removeAllListeners();
      announce(STOP, 0, 0, MOST_THREADS - 1);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** What each other thread does until it is told to stop. */
export function serveCrew(workspace: Workspace, material: Material, thread: number): void {
  const { control } = workspace;
  const runner = createTaskRunner(workspace, material, thread);
  const place = Atomics.add(control, CONTROL.joined, 1);
  for (let seen = 0; ; ) {
    let word = Atomics.load(control, CONTROL.phase);
    for (let i = 0; word === seen && i < SPINS; i++) word = Atomics.load(control, CONTROL.phase);
    if (word === seen) {
      Atomics.wait(control, CONTROL.phase, seen);
      continue;
    }
    seen = word;
    if (place >= word % MOST_THREADS) continue;
    const kind = control[CONTROL.kind];
    if (kind === STOP) return;
    const argument = control[CONTROL.argument];
    const count = control[CONTROL.tasks];
    for (let task = Atomics.add(control, CONTROL.next, 1); task < count; task = Atomics.add(control, CONTROL.next, 1)) {
      runner.run(kind, task, argument);
    }
    Atomics.add(control, CONTROL.finished, 1);
    Atomics.notify(control, CONTROL.finished);
  }
}
