/** The history of a demo world, made in a thread of its own while its caller works on what came before. */
import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { threadScript } from '../base/index.ts';
import type { IncomingEvent } from '../domain/index.ts';
import type { DemoWorldOptions } from './world.ts';

export type WorldOptions = DemoWorldOptions & { readonly endMs: number };

export interface HistoryThreadData {
  readonly options: WorldOptions;
  readonly rows: number;
}

export interface HistoryBatches {
  /** What `createDemoWorld(options).history()` gives, in the same order, so many rows at a time; once. */
  readonly batches: AsyncIterable<readonly IncomingEvent[]>;
  /** Ends the thread, wherever it is. */
  close(): Promise<void>;
}

/** Envelopes that the thread makes before it waits for its reader: some 15 MB of text for envelopes of 1,000. */
export const AHEAD = 64;
/** The reader says so once for several: a message wakes the thread. */
export const TAKEN_AT_ONCE = 16;

/** Starts the thread at once. To be closed in any case. */
export function historyBatches(options: WorldOptions, rows: number): HistoryBatches {
  const worker = new Worker(threadScript('history-thread', import.meta.url), {
    workerData: { options, rows } satisfies HistoryThreadData,
    name: 'demo history',
  });
  return {
    batches: read(worker, on(worker, 'message', { close: ['exit'] })),
    close: async () => void (await worker.terminate()),
  };
}

/** As text, since parsing JSON takes less of the reader's time than a structured clone does. */
async function* read(worker: Worker, messages: AsyncIterable<unknown[]>): AsyncGenerator<readonly IncomingEvent[]> {
  let taken = 0;
  for await (const [text] of messages) {
    if (++taken % TAKEN_AT_ONCE === 0) worker.postMessage('taken');
    yield JSON.parse(text as string) as IncomingEvent[];
  }
}
