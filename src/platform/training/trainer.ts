/**
 * Trainings, and what else learns from past decisions, as the serving thread sees them: one at a time, each in a thread of its own
 * that only reads. What a training made is
 * stored and registered when it is whole; a training that is stopped, or cut off with its process, leaves nothing.
 */
import { type Clock, messageOf, ShelfwiseError, threadScript, toldError } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import { startBehind } from '../behind.ts';
import { askForEnd, createEndingMemory } from '../ending.ts';
import type { Epochs } from '../epochs.ts';
import { resolveComparison } from '../evaluation/compare-job.ts';
import type {
  ComparisonOptions,
  ComparisonReport,
  EvaluationLogOptions,
  EvaluationLogReport,
} from '../evaluation/comparison.ts';
import { resolveEvaluationLog } from '../evaluation/log-job.ts';
import { alternativesOf, targetsOf, withBaselines } from '../evaluation/targets.ts';
import type { Flushing } from '../flushing.ts';
import { VERSION } from '../version.ts';
import type { OnProgress } from '../workshop.ts';
import { resolveExamination } from './examination.ts';
import type { ExaminationOptions, ExaminationReport } from './examination-report.ts';
import { requirePosition, resolveSpec, resolveTraining, splitRequest } from './options.ts';
import type { TrainRequest } from './report.ts';
import type { NewModel, TrainJob } from './train-job.ts';
import type { TrainingData, TrainingMessage, TrainingResults, TrainingWork } from './training-thread.ts';

export type OnLines = (lines: readonly string[]) => Promise<void>;

export interface Trainer {
  /**
   * Trains a model on what is durable now. Throws JOB_RUNNING, OPTION_INVALID, EXAMPLES_INVALID; the signal's reason when it
   * is aborted.
   */
  train(request: TrainRequest, onProgress?: OnProgress, signal?: AbortSignal): Promise<NewModel>;
  /** Estimates examination on what is durable now. Throws as `train` does. */
  examine(
    request: Partial<ExaminationOptions>,
    onProgress?: OnProgress,
    signal?: AbortSignal,
  ): Promise<ExaminationReport>;
  /** Compares policies on what is durable now. Throws as `train` does, and POLICY_EVIDENCE, EPOCH_NOT_FOUND. */
  compare(
    request: Partial<ComparisonOptions>,
    onProgress?: OnProgress,
    signal?: AbortSignal,
  ): Promise<ComparisonReport>;
  /** Writes down for evaluation what is durable now, lines taken one batch after another. Throws as `compare`, and what `onLines` throws. */
  writeDown(
    request: Partial<EvaluationLogOptions>,
    onLines: OnLines,
    onProgress?: OnProgress,
    signal?: AbortSignal,
  ): Promise<EvaluationLogReport>;
  /** Stops a training under way, and waits for it. None begins any more. */
  close(): Promise<void>;
}

export function createTrainer(dependencies: {
  readonly dir: string;
  readonly flushing: Pick<Flushing, 'flushedEnds'>;
  readonly epochs: Pick<Epochs, 'serving'>;
  readonly encoder: EncoderShape;
  readonly clock: Clock;
}): Trainer {
  const { dir, flushing, epochs, encoder, clock } = dependencies;
  let running: Promise<unknown> | undefined;
  const closing = new AbortController();

  const perform = async (request: TrainRequest, onProgress: OnProgress, signal: AbortSignal): Promise<NewModel> => {
    const { spec, training } = splitRequest(request);
    const resolved = { spec: resolveSpec(spec, encoder), training: resolveTraining(training) };
    requirePosition(resolved.training.position, resolved.spec, encoder);
    const ends = await flushing.flushedEnds();
    const { catalog, counters, embedding, model } = epochs.serving();
    signal.throwIfAborted();
    const job: TrainJob = {
      ...resolved,
      ...ends,
      nowMs: clock.nowMs(),
      versions: { catalog: catalog.hash, counters: counters.hash, embedding: embedding?.hash ?? '' },
      servingHash: model?.hash ?? '',
      version: VERSION,
    };
    return inThread<'train'>(dir, { kind: 'train', job }, onProgress, signal);
  };
  const lookAt = async (
    request: Partial<ExaminationOptions>,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<ExaminationReport> => {
    const options = resolveExamination(request);
    const ends = await flushing.flushedEnds();
    const catalogHash = epochs.serving().catalog.hash;
    signal.throwIfAborted();
    const job = { options, ...ends, nowMs: clock.nowMs(), catalogHash };
    return inThread<'examine'>(dir, { kind: 'examine', job }, onProgress, signal);
  };
  const weighUp = async (
    request: Partial<ComparisonOptions>,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<ComparisonReport> => {
    const options = resolveComparison(request);
    const { catalog, tunables, model } = epochs.serving();
    const asked = targetsOf(options.policies, tunables, model?.hash ?? '');
    const targets = withBaselines(asked, tunables);
    const ends = await flushing.flushedEnds();
    signal.throwIfAborted();
    const job = { options, targets, asked: asked.length, ...ends, nowMs: clock.nowMs(), catalogHash: catalog.hash };
    return inThread<'compare'>(dir, { kind: 'compare', job }, onProgress, signal);
  };
  const writeDown = async (
    request: Partial<EvaluationLogOptions>,
    onLines: OnLines,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<EvaluationLogReport> => {
    const options = resolveEvaluationLog(request);
    const { catalog, tunables, model } = epochs.serving();
    const targets = alternativesOf(options.policies, tunables, model?.hash ?? '');
    const ends = await flushing.flushedEnds();
    signal.throwIfAborted();
    const job = { options, targets, ...ends, nowMs: clock.nowMs(), catalogHash: catalog.hash };
    return inThread<'evaluation-log'>(dir, { kind: 'evaluation-log', job }, onProgress, signal, onLines);
  };
  const alone = async <T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
    if (running !== undefined) throw new ShelfwiseError('JOB_RUNNING', 'past decisions are being learnt from already');
    const signals = signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]);
    signals.throwIfAborted();
    const begun = work(signals);
    running = begun.catch(() => undefined);
    try {
      return await begun;
    } finally {
      running = undefined;
    }
  };

  return {
    train: (request, onProgress = () => {}, signal) => alone((any) => perform(request, onProgress, any), signal),
    examine: (request, onProgress = () => {}, signal) => alone((any) => lookAt(request, onProgress, any), signal),
    compare: (request, onProgress = () => {}, signal) => alone((any) => weighUp(request, onProgress, any), signal),
    writeDown: (request, onLines, onProgress = () => {}, signal) =>
      alone((any) => writeDown(request, onLines, onProgress, any), signal),
    async close() {
      closing.abort(new ShelfwiseError('NOT_READY', 'the platform is closing'));
      await running;
    },
  };
}

/** Resolves when the thread has ended, also where it is told to: it is never terminated, since LMDB may be at work in it. */
function inThread<K extends TrainingWork['kind']>(
  dir: string,
  work: Extract<TrainingWork, { kind: K }>,
  onProgress: OnProgress,
  signal: AbortSignal,
  onLines: OnLines = async () => {},
): Promise<TrainingResults[K]> {
  const data: TrainingData = { dir, endingMemory: createEndingMemory(), work };
  const thread = startBehind(threadScript('training-thread', import.meta.url), 'training', data);
  const end = (): void => {
    askForEnd(data.endingMemory);
    thread.postMessage('end');
  };
  signal.addEventListener('abort', end, { once: true });
  return new Promise<TrainingResults[K]>((resolve, reject) => {
    let outcome: Extract<TrainingMessage, { type: 'done' | 'failed' }> | undefined;
    /** Why lines were not taken. */
    let refused: { readonly cause: unknown } | undefined;
    thread.on('message', (message: TrainingMessage) => {
      if (message.type === 'lines') {
        const refuse = (cause: unknown): void => {
          refused = { cause };
          end();
        };
        onLines(message.lines).then(() => thread.postMessage('more'), refuse);
      } else if (message.type !== 'progress') outcome = message;
      else if (!signal.aborted) onProgress(message.stage, message.share);
    });
    thread.once('error', (error) => reject(new Error(`the training failed: ${messageOf(error)}`, { cause: error })));
    thread.once('exit', () => {
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason);
      else if (refused !== undefined) reject(refused.cause);
      else if (outcome?.type === 'done') resolve(outcome.result as TrainingResults[K]);
      else
        reject(
          outcome === undefined
            ? new Error('the training ended without a word')
            : toldError(outcome.code, outcome.message, outcome.stack),
        );
    });
  });
}
