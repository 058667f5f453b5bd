/** The worker thread behind `thread.ts`: opens the data directory's stores for itself, follows the logs, answers questions. */
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, SECOND_MS, ShelfwiseError, systemClock } from '../../base/index.ts';
import { openLake, openWarehouse, type Warehouse } from '../../store/index.ts';
import { createEnding } from '../ending.ts';
import { openWorkspace } from '../workspace.ts';
import { dayOf } from './day-table.ts';
import { createFollower } from './follow.ts';
import {
  type Answers,
  type Ends,
  type FromThread,
  type InsightsData,
  type Question,
  snapshotFile,
  type ToThread,
} from './questions.ts';
import { decisionsOf, eventsOf, type ScanWorld } from './scan.ts';

/** A question about figures waits so long for the newest entries, then is answered with what is counted. */
const PATIENCE_MS = 2 * SECOND_MS;
const SAVE_EVERY_MS = 60 * SECOND_MS;

if (parentPort === null) throw new ShelfwiseError('BUG', 'insights run in a worker thread');
const port = parentPort;
const { dir, botRules, endingMemory } = workerData as InsightsData;
const ending = createEnding(endingMemory);
const workspace = openWorkspace(dir, ending);
const lake = openLake({ dir: workspace.paths.lake });
let warehouse: Promise<Warehouse> | undefined;
const openedWarehouse = (): Promise<Warehouse> =>
  (warehouse ??= openWarehouse({ threads: 1, memoryBytes: 256 * 1024 ** 2 }));

/** Questions that are being answered. */
const asked = new Set<Promise<void>>();
const post = (message: FromThread): void => port.postMessage(message);
const follower = createFollower(
  workspace,
  snapshotFile(dir),
  { lake, warehouse: openedWarehouse },
  systemClock,
  botRules,
  (text) => post({ type: 'said', text }),
  () => asked.size > 0 || ending.asked(),
);
const scanWorld: ScanWorld = {
  logDir: workspace.paths.log,
  lake,
  metadata: workspace.metadata,
  warehouse: openedWarehouse,
  clock: systemClock,
  check: ending.check,
};

/** What fails is told, and tried again when it is due again. */
const telling = (work: Promise<void>): Promise<void> =>
  work.catch((error: unknown) => {
    if (!ending.asked()) post({ type: 'said', text: `failed: ${messageOf(error)}` });
  });
const follow = (ends: Ends): Promise<void> => telling(follower.follow(ends));

async function answer(question: Question, ends: Ends): Promise<Answers[keyof Answers]> {
  switch (question.kind) {
    case 'timeline':
      return eventsOf(scanWorld, ends.events, question);
    case 'decisions':
      return decisionsOf(scanWorld, ends.decisions, question);
    case 'forget':
      await follower.forget(question.listenerKey);
      return {};
    case 'shelves':
    case 'exposure': {
      const waiting = new AbortController();
      await Promise.race([
        follow(ends),
        pause(PATIENCE_MS, undefined, { signal: waiting.signal }).catch(() => undefined),
      ]);
      waiting.abort();
      const { accumulator } = follower;
      const counted = { span: accumulator.span, catchingUp: follower.isBehind(ends) };
      const today = dayOf(ends.nowMs);
      return question.kind === 'shelves'
        ? { ...counted, ...accumulator.shelves(today, question.days) }
        : { ...counted, exposure: accumulator.exposure(question.item, today, question.days) };
    }
  }
}

async function ask({ id, question: { question, ends } }: Extract<ToThread, { type: 'ask' }>): Promise<void> {
  try {
    post({ type: 'answer', id, answer: await answer(question, ends) });
  } catch (error) {
    post({
      type: 'failed',
      id,
      code: error instanceof ShelfwiseError ? error.code : 'BUG',
      message: error instanceof Error ? error.message : String(error),
    });
  }
}

const saving = setInterval(() => void telling(follower.save()), SAVE_EVERY_MS);
port.on('message', (message: ToThread) => {
  if (message.type === 'follow') void follow(message.ends);
  else if (message.type === 'end') void end();
  else {
    const answered = ask(message).finally(() => asked.delete(answered));
    asked.add(answered);
    follower.hurry();
  }
});

async function end(): Promise<void> {
  clearInterval(saving);
  ending.begin();
  follower.hurry();
  await Promise.all(asked);
  // After what is being read, which ends between two entries.
  await follower.save();
  (await warehouse)?.close();
  await lake.close();
  await workspace.close();
  port.close();
}
