/**
 * The insights thread as the platform's thread sees it: one worker that follows the logs and answers questions about them.
 * It begins at the first question, or once the platform has run for a few seconds; serving never waits for it.
 */
import { existsSync } from 'node:fs';
import { ShelfwiseError, threadScript } from '../../base/index.ts';
import type { BotRules } from '../../signals/index.ts';
import { createAskingThread } from '../asking-thread.ts';
import { type Answers, type Asked, type Ends, type Follow, type Question, snapshotFile } from './questions.ts';

export interface InsightsThread {
  ask<Q extends Question>(question: Q): Promise<Answers[Q['kind']]>;
  /** Tells it how far the logs are. */
  follow(): Promise<void>;
  /** An erased listener's open decisions are forgotten, in memory and in the snapshot, when it resolves. */
  forget(listenerKey: string): Promise<void>;
  close(): Promise<void>;
}

export function createInsightsThread(
  dir: string,
  botRules: BotRules,
  ends: () => Promise<Ends>,
  /** Told what it could not read, and how it failed. */
  report: (text: string) => void,
): InsightsThread {
  const thread = createAskingThread<Asked, Answers[keyof Answers], Follow>({
    name: 'insights',
    script: threadScript('insights-thread', import.meta.url),
    data: { dir, botRules },
    report,
  });
  let closed = false;

  const ask = async <Q extends Question>(question: Q): Promise<Answers[Q['kind']]> => {
    if (closed) throw new ShelfwiseError('NOT_READY', 'the platform is closing');
    return thread.ask({ question, ends: await ends() }) as Promise<Answers[Q['kind']]>;
  };

  return {
    ask,
    async follow() {
      if (!closed) thread.post({ type: 'follow', ends: await ends() });
    },
    async forget(listenerKey) {
      // Nothing was ever counted: nothing is to be forgotten.
      if (!thread.isRunning() && !existsSync(snapshotFile(dir))) return;
      await ask({ kind: 'forget', listenerKey });
    },
    async close() {
      closed = true;
      await thread.close();
    },
  };
}
