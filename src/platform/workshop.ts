/**
 * The workshop: one worker thread for everything heavy (building the catalogue's columns, fitting, learning, evaluating,
 * rebuilding, examining), so that the serving thread never waits for it. Jobs run one after another; results come back by
 * transfer.
 */
import type { Worker } from 'node:worker_threads';
import { messageOf, ShelfwiseError, threadScript, toldError } from '../base/index.ts';
import type { Epoch } from '../domain/index.ts';
import type { LogPosition, Retained } from '../store/index.ts';
import { startBehind } from './behind.ts';
import { askForEnd, createEndingMemory, type EndingMemory } from './ending.ts';
import type { ErasedListener } from './erased.ts';
import type { Erasing, StreamName } from './erasure-jobs.ts';
import type { DoctorReport, RetrievalReport } from './service.ts';
import type { LearnerStand } from './training/promote.ts';

export type Job =
  | { readonly kind: 'catalog' }
  | { readonly kind: 'fit'; readonly nowMs: number; readonly eventsEnd: LogPosition; readonly stateTable: string }
  | { readonly kind: 'nearest'; readonly embeddingHash: string }
  | {
      readonly kind: 'learn';
      readonly nowMs: number;
      readonly eventsEnd: LogPosition;
      readonly decisionsEnd: LogPosition;
      readonly catalogHash: string;
      readonly stateTable: string;
    }
  | {
      readonly kind: 'evaluate';
      readonly nowMs: number;
      readonly stateTable: string;
      readonly embeddingHash: string;
      readonly holdoutFile: string;
    }
  | { readonly kind: 'promote'; readonly hash: string; readonly stand: LearnerStand }
  | { readonly kind: 'rebuild'; readonly eventsEnd: LogPosition; readonly fromTable: string; readonly toTable: string }
  | { readonly kind: 'collect'; readonly nowMs: number; readonly retentionMs: number }
  | {
      readonly kind: 'erase-segment';
      readonly stream: StreamName;
      readonly segment: number;
      readonly erasing: readonly Erasing[];
    }
  | { readonly kind: 'erase-lake'; readonly erasing: readonly Erasing[] }
  | { readonly kind: 'verify-erasure'; readonly listener: ErasedListener }
  | {
      readonly kind: 'doctor';
      readonly logs: Readonly<Record<'events' | 'decisions', OpenLog>>;
      /** Hashes by kind; '' where there is none. */
      readonly epochs: Readonly<Record<string, string | undefined>>;
      readonly stateTable: string;
    };

/** What only the owner of a log knows of it. */
export interface OpenLog {
  readonly durableEnd: LogPosition;
  /** Bytes that opening found after the last whole entry, and cut off. */
  readonly cutBytes: number;
  /** The disk refuses writes. */
  readonly full: boolean;
}

export interface JobResults {
  catalog: { readonly epochs: readonly Epoch[] };
  fit: { readonly epochs: readonly Epoch[]; readonly summary: string };
  nearest: object;
  learn: { readonly epochs: readonly Epoch[]; readonly summary: string };
  evaluate: RetrievalReport;
  promote: { readonly epochs: readonly Epoch[]; readonly left: LearnerStand };
  rebuild: { readonly events: number; readonly listeners: number; readonly different: number };
  collect: Retained;
  /** A file to put in the segment's place; null where it holds nothing of theirs. */
  'erase-segment': { readonly prepared: string | null };
  'erase-lake': { readonly files: number };
  /** How much was searched, and how often the key was found. */
  'verify-erasure': {
    readonly searched: {
      readonly fileBytes: number;
      readonly lakeRows: number;
      readonly storeEntries: number;
      readonly metadataRows: number;
      readonly occurrences: number;
    };
    /** Where it was found. */
    readonly places: readonly string[];
  };
  doctor: DoctorReport;
}

export interface WorkshopData {
  /** The data directory. */
  readonly dir: string;
  readonly endingMemory: EndingMemory;
}

export type WorkshopMessage =
  | { readonly type: 'progress'; readonly stage: string; readonly share: number }
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly stack: string };

export type OnProgress = (stage: string, share: number) => void;

export type RunJob = <K extends Job['kind']>(
  job: Extract<Job, { kind: K }>,
  onProgress?: OnProgress,
) => Promise<JobResults[K]>;

export interface Workshop {
  /**
   * Does `work` when every earlier turn is over, and lets no other begin meanwhile. A job runs within a turn: what it is
   * told (places in the logs, the table of states) is read in the same turn, and its result is put to use in it. So is
   * whatever no job must see half done. Rejects with NOT_READY once the workshop is closed.
   */
  turn<T>(work: (run: RunJob) => Promise<T>): Promise<T>;
  /** No turn begins and no job starts from here on; a job under way goes on. */
  refuse(): void;
  close(): Promise<void>;
}

/** Milliseconds that a job has to stop by itself. */
const PATIENCE_MS = 10_000;

export function createWorkshop({ dir }: Pick<WorkshopData, 'dir'>): Workshop {
  const data: WorkshopData = { dir, endingMemory: createEndingMemory() };
  let worker: Worker | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  const start = (): Worker => {
    if (worker !== undefined) return worker;
    const thread = startBehind(threadScript('workshop-thread', import.meta.url), 'workshop', data);
    const forget = (): void => {
      if (worker === thread) worker = undefined;
    };
    thread.once('error', forget);
    thread.once('exit', forget);
    thread.unref();
    worker = thread;
    return thread;
  };

  const closing = () => new ShelfwiseError('NOT_READY', 'the platform is closing');
  const perform = (job: Job, onProgress: OnProgress): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (closed) {
        reject(closing());
        return;
      }
      const thread = start();
      const finish = (): void => {
        thread.off('message', onMessage);
        thread.off('error', onError);
        thread.off('exit', onExit);
        thread.unref();
      };
      const onMessage = (message: WorkshopMessage): void => {
        if (message.type === 'progress') onProgress(message.stage, message.share);
        else if (message.type === 'done') {
          finish();
          resolve(message.result);
        } else {
          finish();
          reject(toldError(message.code, message.message, message.stack));
        }
      };
      const onError = (error: unknown): void => {
        finish();
        reject(new Error(`the workshop failed in ${job.kind}: ${messageOf(error)}`, { cause: error }));
      };
      const onExit = (): void => {
        finish();
        reject(new ShelfwiseError('NOT_READY', `the workshop ended during ${job.kind}`));
      };
      thread.on('message', onMessage);
      thread.on('error', onError);
      thread.on('exit', onExit);
      thread.ref();
      thread.postMessage(job);
    });

  const run = ((job: Job, onProgress: OnProgress = () => {}) => perform(job, onProgress)) as RunJob;

  return {
    turn(work) {
      const next = queue.then(() => {
        if (closed) throw closing();
        return work(run);
      });
      queue = next.catch(() => undefined);
      return next;
    },
    refuse() {
      closed = true;
    },
    async close() {
      closed = true;
      if (worker !== undefined) await ended(worker, data.endingMemory);
      // Work of this thread under way ends by itself; jobs were cut off and have rejected.
      await queue;
    },
  };
}

/** Resolves when the thread has stopped: its job fails at the next step with NOT_READY. */
async function ended(thread: Worker, memory: EndingMemory): Promise<void> {
  const exit = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  thread.ref();
  askForEnd(memory);
  thread.postMessage('end');
  const impatient = setTimeout(() => void thread.terminate(), PATIENCE_MS);
  await exit;
  clearTimeout(impatient);
}
