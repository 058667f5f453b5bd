/**
 * The insights thread as the platform's thread sees it: one worker that follows the logs and answers questions about them.
 * It begins at the first question, or once the platform has run for a few seconds; serving never waits for it.
 */
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { CATALOGUE, type ErrorCode, messageOf, ShelfwiseError } from '../../base/index.ts';
import type { BotRules } from '../../signals/index.ts';
import { askForEnd, createEndingMemory } from '../ending.ts';
import {
  type Answers,
  type Ends,
  type FromThread,
  type InsightsData,
  type Question,
  snapshotFile,
  type ToThread,
} from './questions.ts';

export interface InsightsThread {
  ask<Q extends Question>(question: Q): Promise<Answers[Q['kind']]>;
  /** Tells it how far the logs are. */
  follow(): Promise<void>;
  /** An erased listener's open decisions are forgotten, in memory and in the snapshot, when it resolves. */
  forget(listenerKey: string): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds that it has to end by itself. */
const PATIENCE_MS = 10_000;

export function createInsightsThread(
  dir: string,
  botRules: BotRules,
  ends: () => Promise<Ends>,
  /** Told what it could not read, and how it failed. */
  report: (text: string) => void,
): InsightsThread {
  const data: InsightsData = { dir, botRules, endingMemory: createEndingMemory() };
  let worker: Worker | undefined;
  let closed = false;
  let nextId = 0;
  const open = new Map<number, { resolve(answer: never): void; reject(error: Error): void }>();

  const failAll = (error: Error): void => {
    for (const { reject } of open.values()) reject(error);
    open.clear();
  };
  const receive = (message: FromThread): void => {
    if (message.type === 'said') {
      report(message.text);
      return;
    }
    const asked = open.get(message.id);
    open.delete(message.id);
    if (open.size === 0) worker?.unref();
    if (message.type === 'answer') asked?.resolve(message.answer as never);
    else asked?.reject(errorOf(message.code, message.message));
  };
  const start = (): Worker => {
    if (worker !== undefined) return worker;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const thread = new Worker(new URL(`./insights-thread.${extension}`, import.meta.url), {
      workerData: data,
      name: 'insights',
    });
    thread.on('message', receive);
    thread.once('error', (error) => {
      report(`failed: ${messageOf(error)}`);
      if (worker === thread) worker = undefined;
      failAll(new Error(`the insights thread failed: ${messageOf(error)}`, { cause: error }));
    });
    thread.once('exit', () => {
      if (worker === thread) worker = undefined;
      failAll(new ShelfwiseError('NOT_READY', 'the insights thread ended'));
    });
    thread.unref();
    worker = thread;
    return thread;
  };
  const post = (message: ToThread): void => start().postMessage(message);
  const closing = (): ShelfwiseError => new ShelfwiseError('NOT_READY', 'the platform is closing');

  const ask: InsightsThread['ask'] = async (question) => {
    if (closed) throw closing();
    const upTo = await ends();
    if (closed) throw closing();
    const id = nextId++;
    return new Promise<never>((resolve, reject) => {
      open.set(id, { resolve, reject });
      start().ref();
      post({ type: 'ask', id, question, ends: upTo });
    });
  };

  return {
    ask,
    async follow() {
      if (closed) return;
      const upTo = await ends();
      if (!closed) post({ type: 'follow', ends: upTo });
    },
    async forget(listenerKey) {
      // Nothing was ever counted: nothing is to be forgotten.
      if (worker === undefined && !existsSync(snapshotFile(dir))) return;
      await ask({ kind: 'forget', listenerKey });
    },
    async close() {
      closed = true;
      const thread = worker;
      if (thread === undefined) return;
      const exit = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
      thread.ref();
      askForEnd(data.endingMemory);
      thread.postMessage({ type: 'end' } satisfies ToThread);
      const impatient = setTimeout(() => void thread.terminate(), PATIENCE_MS);
      await exit;
      clearTimeout(impatient);
    },
  };
}

function errorOf(code: string, message: string): Error {
  if (!(code in CATALOGUE)) return new Error(message);
  const { message: general } = CATALOGUE[code as ErrorCode];
  return new ShelfwiseError(
    code as ErrorCode,
    message.startsWith(`${general}: `) ? message.slice(general.length + 2) : message,
  );
}
