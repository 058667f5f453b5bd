/** `fitEmbedding` in a thread of its own, so that the caller's thread goes on meanwhile. */
import { Worker } from 'node:worker_threads';
import { threadScript } from '../base/index.ts';
import type { Epoch } from '../domain/index.ts';
import type { FitOptions } from './fit.ts';
import type { Interactions } from './interactions.ts';

export interface ApartOptions extends Omit<FitOptions, 'rng'> {
  /** Of the chance for the first factors: the same epoch, byte for byte, as `fitEmbedding` gives with `createRng(seed)`. */
  readonly seed: number;
}

export interface FitThreadData {
  readonly interactions: Interactions;
  readonly options: Omit<ApartOptions, 'onProgress' | 'signal'>;
}

export type FitThreadMessage = { readonly share: number } | { readonly epoch: Epoch };

/** Rejects with what `fitEmbedding` throws, as a plain error, and with the signal's reason as soon as it is aborted. */
export function fitEmbeddingApart(interactions: Interactions, options: ApartOptions): Promise<Epoch> {
  const { onProgress, signal, ...settings } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw signal.reason;
    const worker = new Worker(threadScript('fit-thread', import.meta.url), {
      workerData: { interactions, options: settings } satisfies FitThreadData,
      name: 'embedding',
    });
    const stop = (): void => {
      reject(signal?.reason);
      void worker.terminate();
    };
    signal?.addEventListener('abort', stop, { once: true });
    worker.on('message', (message: FitThreadMessage) => {
      if ('epoch' in message) resolve(message.epoch);
      else onProgress?.(message.share);
    });
    worker.on('error', (error) => reject(new Error('the embedding could not be fitted', { cause: error })));
    worker.on('exit', () => {
      signal?.removeEventListener('abort', stop);
      // Unless it has been settled: the thread was ended from outside.
      reject(new Error('the thread that fitted the embedding has ended'));
    });
  });
}
