/**
 * A worker thread that answers questions, as the platform's thread sees it. It begins at the first question; what is asked while
 * it fails is refused, and the next question begins it anew. Serving never waits for it.
 */
import type { Worker } from 'node:worker_threads';
import { messageOf, ShelfwiseError, toldError } from '../base/index.ts';
import { startBehind } from './behind.ts';
import { askForEnd, createEndingMemory, type EndingMemory } from './ending.ts';

/** What such a thread says: `said` is for the operator. */
export type FromAskedThread<A> =
  | { readonly type: 'answer'; readonly id: number; readonly answer: A }
  | { readonly type: 'failed'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly type: 'progress'; readonly id: number; readonly stage: string; readonly share: number }
  | { readonly type: 'said'; readonly text: string };

export type ToAskedThread<Q> =
  | { readonly type: 'ask'; readonly id: number; readonly question: Q }
  | { readonly type: 'end' };

export interface AskingThread<Q, A, More = never> {
  ask(question: Q, onProgress?: (stage: string, share: number) => void): Promise<A>;
  /** Tells it something that it does not answer. */
  post(message: More): void;
  readonly isRunning: () => boolean;
  close(): Promise<void>;
}

/** Milliseconds that it has to end by itself. */
const PATIENCE_MS = 10_000;

export function createAskingThread<Q, A, More = never>(options: {
  readonly name: string;
  readonly script: URL;
  /** Beside `endingMemory`, what the thread finds in its `workerData`. */
  readonly data: object;
  /** Told what it says, and how it failed. */
  readonly report: (text: string) => void;
}): AskingThread<Q, A, More> {
  const { name, script, data, report } = options;
  const endingMemory: EndingMemory = createEndingMemory();
  let worker: Worker | undefined;
  let closed = false;
  let nextId = 0;
  const open = new Map<
    number,
    { resolve(answer: A): void; reject(error: Error): void; onProgress: (stage: string, share: number) => void }
  >();

  const failAll = (error: Error): void => {
    for (const { reject } of open.values()) reject(error);
    open.clear();
  };
  const receive = (message: FromAskedThread<A>): void => {
    if (message.type === 'said') {
      report(message.text);
      return;
    }
    const asked = open.get(message.id);
    if (message.type === 'progress') {
      asked?.onProgress(message.stage, message.share);
      return;
    }
    open.delete(message.id);
    if (open.size === 0) worker?.unref();
    if (message.type === 'answer') asked?.resolve(message.answer);
    else asked?.reject(toldError(message.code, message.message));
  };
  const start = (): Worker => {
    if (worker !== undefined) return worker;
    const thread = startBehind(script, name, { ...data, endingMemory });
    thread.on('message', receive);
    thread.once('error', (error) => {
      report(`failed: ${messageOf(error)}`);
      if (worker === thread) worker = undefined;
      failAll(new Error(`the thread of ${name} failed: ${messageOf(error)}`, { cause: error }));
    });
    thread.once('exit', () => {
      // After an error its questions have failed already; those that are open are its successor's.
      if (worker !== thread) return;
      worker = undefined;
      failAll(new ShelfwiseError('NOT_READY', `the thread of ${name} ended`));
    });
    thread.unref();
    worker = thread;
    return thread;
  };

  return {
    async ask(question, onProgress = () => {}) {
      if (closed) throw new ShelfwiseError('NOT_READY', 'the platform is closing');
      const id = nextId++;
      return new Promise<A>((resolve, reject) => {
        open.set(id, { resolve, reject, onProgress });
        const thread = start();
        thread.ref();
        thread.postMessage({ type: 'ask', id, question } satisfies ToAskedThread<Q>);
      });
    },
    post(message) {
      if (!closed) start().postMessage(message);
    },
    isRunning: () => worker !== undefined,
    async close() {
      closed = true;
      const thread = worker;
      if (thread === undefined) return;
      const exit = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
      thread.ref();
      askForEnd(endingMemory);
      thread.postMessage({ type: 'end' } satisfies ToAskedThread<Q>);
      const impatient = setTimeout(() => void thread.terminate(), PATIENCE_MS);
      await exit;
      clearTimeout(impatient);
    },
  };
}
