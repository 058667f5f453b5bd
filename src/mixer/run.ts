/** The engine: runs a pipeline's stages in order and keeps the trace. Stages that do not wait are not awaited. */
import { type Clock, messageOf, ShelfwiseError } from '../base/index.ts';
import type { OnFailure, Pipeline, Trace } from './stages.ts';

interface RunnableStage {
  readonly name: string;
  readonly onFailure: OnFailure;
  readonly deadlineMs?: number;
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

  for (const stage of pipeline.hydrateQuery) {
    const pending = guarded(stage, trace, clock, undefined, () => stage.run(query));
    if (pending instanceof Promise) await pending;
  }

  const batches: Batch[] = await gather(pipeline, query, trace, clock);

  for (const filter of pipeline.filters) {
    const startMs = clock.monotonicMs();
    note(trace, filter, startMs, clock, applyFilter(pipeline, filter, query, batches, trace));
  }

  for (const stage of [...pipeline.hydrators, ...pipeline.scorers]) {
    const pending = guarded(stage, trace, clock, undefined, () => stage.run(query, batches));
    if (pending instanceof Promise) await pending;
  }

  const selectMs = clock.monotonicMs();
  const selection = pipeline.selector.run(query, batches);
  trace.stages.push({ stage: pipeline.selector.name, ms: clock.monotonicMs() - selectMs, outcome: 'ok', error: '' });

  for (const effect of pipeline.sideEffects) {
    const pending = guarded(effect, trace, clock, undefined, () => effect.run(query, selection, trace));
    if (pending instanceof Promise) await pending;
  }
  return { selection, trace };
}

/** All sources at once; the batches stand in the order of the sources, whichever answers first. */
async function gather<Query, Batch, Selection>(
  pipeline: Pipeline<Query, Batch, Selection>,
  query: Query,
  trace: Trace,
  clock: Clock,
): Promise<Batch[]> {
  const answers = pipeline.sources.map((source) =>
    guarded<readonly Batch[]>(source, trace, clock, [], () => source.run(query)),
  );
  // Whichever fails closed while another is waited for is not an unhandled rejection: it is thrown below, in its turn.
  if (answers.some((answer) => answer instanceof Promise)) await Promise.allSettled(answers);
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
): Failure | undefined {
  try {
    if (filter.appliesTo?.(query) === false) return undefined;
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
function guarded<T>(
  stage: RunnableStage,
  trace: Trace,
  clock: Clock,
  fallback: T,
  run: () => T | Promise<T>,
): T | Promise<T> {
  const startMs = clock.monotonicMs();
  const failed = (error: unknown): T => {
    note(trace, stage, startMs, clock, failureOf(stage, error));
    return fallback;
  };
  try {
    const answer = run();
    if (!(answer instanceof Promise)) {
      note(trace, stage, startMs, clock, undefined);
      return answer;
    }
    return withDeadline(answer, stage).then((value) => {
      note(trace, stage, startMs, clock, undefined);
      return value;
    }, failed);
  } catch (error) {
    return failed(error);
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

function note(trace: Trace, stage: RunnableStage, startMs: number, clock: Clock, failure: Failure | undefined): void {
  const ms = clock.monotonicMs() - startMs;
  if (failure !== undefined) trace.failures.push(stage.name);
  const late = stage.deadlineMs !== undefined && ms > stage.deadlineMs;
  const outcome = failure !== undefined ? 'failed' : late ? 'late' : 'ok';
  trace.stages.push({ stage: stage.name, ms, outcome, error: failure?.error ?? '' });
}
