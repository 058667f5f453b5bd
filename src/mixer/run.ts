/** The engine: runs a pipeline's stages in order and keeps the trace. Stages that do not wait are not awaited. */
import { type Clock, messageOf, ShelfwiseError } from '../base/index.ts';
import type { OnFailure, Pipeline, Trace } from './stages.ts';

interface RunnableStage {
  readonly name: string;
  readonly onFailure: OnFailure;
  readonly deadlineMs?: number;
}

/** The clock of one request, read once between two stages that follow each other: what lies between them is told as the later one's. */
class Watch {
  readonly #clock: Clock;
  /** When it was read last. */
  lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.lastMs = clock.monotonicMs();
  }

  /** Milliseconds from a reading until now. */
  sinceMs(startMs: number): number {
    this.lastMs = this.#clock.monotonicMs();
    return this.lastMs - startMs;
  }
}

/**
 * Runs one request.
 * @returns the selection and the trace; rejects only when a stage that fails closed fails.
 */
export async function runPipeline<Query, Batch, Selection>(
  pipeline: Pipeline<Query, Batch, Selection>,
  query: Query,
  clock: Clock,
): Promise<{ selection: Selection; trace: Trace }> {
  const trace: Trace = { stages: [], proposed: [], removals: [], failures: [] };
  const watch = new Watch(clock);

  for (const stage of pipeline.hydrateQuery) {
    const pending = guarded(stage, trace, watch, undefined, query);
    if (pending instanceof Promise) await pending;
  }

  const batches: Batch[] = await gather(pipeline, query, trace, watch);

  for (const filter of pipeline.filters) {
    const { lastMs } = watch;
    const failure = applyFilter(pipeline, filter, query, batches, trace);
    if (failure === NOT_APPLIED) trace.stages.push({ stage: filter.name, ms: 0, outcome: 'ok', error: '' });
    else note(trace, filter, watch.sinceMs(lastMs), failure);
  }

  for (const stage of [...pipeline.hydrators, ...pipeline.scorers]) {
    const pending = guarded(stage, trace, watch, undefined, query, batches);
    if (pending instanceof Promise) await pending;
  }

  const { lastMs } = watch;
  const selection = pipeline.selector.run(query, batches);
  trace.stages.push({ stage: pipeline.selector.name, ms: watch.sinceMs(lastMs), outcome: 'ok', error: '' });

  for (const effect of pipeline.sideEffects) {
    const pending = guarded(effect, trace, watch, undefined, query, selection, trace);
    if (pending instanceof Promise) await pending;
  }
  return { selection, trace };
}

const NO_BATCHES: readonly never[] = [];

/** All sources at once; the batches stand in the order of the sources, whichever answers first. */
async function gather<Query, Batch, Selection>(
  pipeline: Pipeline<Query, Batch, Selection>,
  query: Query,
  trace: Trace,
  watch: Watch,
): Promise<Batch[]> {
  const answers: (readonly Batch[] | Promise<readonly Batch[]>)[] = [];
  let isWaiting = false;
  for (const source of pipeline.sources) {
    const answer = guarded(source, trace, watch, NO_BATCHES, query);
    isWaiting ||= answer instanceof Promise;
    answers.push(answer);
  }
  // Whichever fails closed while another is waited for is not an unhandled rejection: it is thrown below, in its turn.
  if (isWaiting) await Promise.allSettled(answers);
  const batches: Batch[] = [];
  for (const answer of answers) {
    for (const batch of answer instanceof Promise ? await answer : answer) {
      trace.proposed.push({ batch: pipeline.label(batch), count: pipeline.size(batch) });
      batches.push(batch);
    }
  }
  return batches;
}

/** A stage that failed open. The text of an error may be empty. */
interface Failure {
  readonly error: string;
}

/** Of a filter that takes nothing from this query. */
const NOT_APPLIED = Symbol('not applied');

function failureOf({ onFailure }: RunnableStage, error: unknown): Failure {
  if (onFailure === 'closed') throw error;
  return { error: messageOf(error) };
}

/** Filters all batches in place; where it fails open, the batch that it failed on stays as it left it. */
function applyFilter<Query, Batch, Selection>(
  pipeline: Pipeline<Query, Batch, Selection>,
  filter: Pipeline<Query, Batch, Selection>['filters'][number],
  query: Query,
  batches: Batch[],
  trace: Trace,
): Failure | typeof NOT_APPLIED | undefined {
  try {
    if (filter.appliesTo?.(query) === false) return NOT_APPLIED;
  } catch (error) {
    return failureOf(filter, error);
  }
  let failure: Failure | undefined;
  for (let i = 0; i < batches.length; i++) {
    try {
      batches[i] = filteredBatch(pipeline, filter, query, batches[i], trace);
    } catch (error) {
      failure = failureOf(filter, error);
    }
  }
  return failure;
}

function filteredBatch<Query, Batch, Selection>(
  pipeline: Pipeline<Query, Batch, Selection>,
  filter: Pipeline<Query, Batch, Selection>['filters'][number],
  query: Query,
  batch: Batch,
  trace: Trace,
): Batch {
  const before = pipeline.size(batch);
  const { kept, removed } = filter.run(query, batch);
  let gone = 0;
  for (const { count } of removed) gone += count;
  if (pipeline.size(kept) + gone !== before) {
    throw new ShelfwiseError(
      'BUG',
      `filter ${filter.name} was given ${before} candidates and accounts for ${pipeline.size(kept) + gone}`,
    );
  }
  for (const { reason, count } of removed)
    trace.removals.push({ batch: pipeline.label(batch), filter: filter.name, reason, count });
  return kept;
}

/** Runs a stage under its rules; `fallback` is its answer when it fails open. */
function guarded<T, Arguments extends unknown[]>(
  stage: RunnableStage & { run(...args: Arguments): T | Promise<T> },
  trace: Trace,
  watch: Watch,
  fallback: T,
  ...args: Arguments
): T | Promise<T> {
  const startMs = watch.lastMs;
  try {
    const answer = stage.run(...args);
    if (answer instanceof Promise) return awaited(answer, stage, trace, watch, fallback, startMs);
    note(trace, stage, watch.sinceMs(startMs), undefined);
    return answer;
  } catch (error) {
    note(trace, stage, watch.sinceMs(startMs), failureOf(stage, error));
    return fallback;
  }
}

async function awaited<T>(
  answer: Promise<T>,
  stage: RunnableStage,
  trace: Trace,
  watch: Watch,
  fallback: T,
  startMs: number,
): Promise<T> {
  // The next one begins here.
  watch.sinceMs(startMs);
  try {
    const value = await withDeadline(answer, stage);
    note(trace, stage, watch.sinceMs(startMs), undefined);
    return value;
  } catch (error) {
    note(trace, stage, watch.sinceMs(startMs), failureOf(stage, error));
    return fallback;
  }
}

function withDeadline<T>(answer: Promise<T>, stage: RunnableStage): Promise<T> {
  const { deadlineMs, name } = stage;
  if (deadlineMs === undefined) return answer;
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} did not answer within ${deadlineMs} ms`)), deadlineMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function note(trace: Trace, stage: RunnableStage, ms: number, failure: Failure | undefined): void {
  if (failure !== undefined) trace.failures.push(stage.name);
  const late = stage.deadlineMs !== undefined && ms > stage.deadlineMs;
  const outcome = failure !== undefined ? 'failed' : late ? 'late' : 'ok';
  trace.stages.push({ stage: stage.name, ms, outcome, error: failure?.error ?? '' });
}
