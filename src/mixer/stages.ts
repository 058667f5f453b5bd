/**
 * The vocabulary of a request pipeline. It knows nothing of Home: a *query* comes in, sources propose *batches* of
 * candidates, filters take some away and say why, a scorer and a selector make a *selection*, side effects follow.
 *
 * Each stage declares what its failure means: `closed` fails the request (safety), `open` goes on without it and says so
 * in the trace (garnish). A deadline is per stage, for stages that wait; work on the processor cannot be interrupted and
 * is only reported as late.
 */

export type OnFailure = 'open' | 'closed';

interface Stage {
  /** Unique within a pipeline: what the trace and the metrics call it. */
  readonly name: string;
  readonly onFailure: OnFailure;
  /** Milliseconds that the stage may take; unlimited when absent. */
  readonly deadlineMs?: number;
}

/** Fills in the query: reads a listener's state, a profile. Mutates the query, which belongs to one request. */
export interface QueryHydrator<Query> extends Stage {
  run(query: Query): void | Promise<void>;
}

/** Proposes batches of candidates. All sources run in parallel; their order is the order of the batches. */
export interface Source<Query, Batch> extends Stage {
  run(query: Query): readonly Batch[] | Promise<readonly Batch[]>;
}

export interface Removed {
  readonly reason: string;
  readonly count: number;
}

/** What a filter leaves and what it took, by reason: nothing vanishes. */
export interface Filtered<Batch> {
  readonly kept: Batch;
  readonly removed: readonly Removed[];
}

export interface Filter<Query, Batch> extends Stage {
  /** False where the filter would take nothing from any batch of this query: then it is not run. It runs where this is absent. */
  appliesTo?(query: Query): boolean;
  run(query: Query, batch: Batch): Filtered<Batch>;
}

/** Adds to all batches what scoring needs. */
export interface Hydrator<Query, Batch> extends Stage {
  run(query: Query, batches: readonly Batch[]): void | Promise<void>;
}

export interface Scorer<Query, Batch> extends Stage {
  run(query: Query, batches: readonly Batch[]): void | Promise<void>;
}

export interface Selector<Query, Batch, Selection> {
  readonly name: string;
  run(query: Query, batches: readonly Batch[]): Selection;
}

/** Runs after the selection and before the answer: writes the record, counts. */
export interface SideEffect<Query, Selection> extends Stage {
  run(query: Query, selection: Selection, trace: Trace): void | Promise<void>;
}

export interface Pipeline<Query, Batch, Selection> {
  readonly hydrateQuery: readonly QueryHydrator<Query>[];
  readonly sources: readonly Source<Query, Batch>[];
  readonly filters: readonly Filter<Query, Batch>[];
  readonly hydrators: readonly Hydrator<Query, Batch>[];
  readonly scorers: readonly Scorer<Query, Batch>[];
  readonly selector: Selector<Query, Batch, Selection>;
  readonly sideEffects: readonly SideEffect<Query, Selection>[];
  /** The number of candidates in a batch: with it the engine checks that kept + removed is what a filter was given. */
  size(batch: Batch): number;
  /** What a batch is called in the trace. */
  label(batch: Batch): string;
}

export type Outcome = 'ok' | 'late' | 'failed';

export interface StageTrace {
  readonly stage: string;
  readonly ms: number;
  readonly outcome: Outcome;
  /** The error's text; empty unless failed, and where the error has none. */
  readonly error: string;
}

export interface RemovalTrace extends Removed {
  readonly batch: string;
  readonly filter: string;
}

/** All that happened to a request: every stage, every candidate proposed, every removal. */
export interface Trace {
  readonly stages: StageTrace[];
  readonly proposed: { readonly batch: string; readonly count: number }[];
  readonly removals: RemovalTrace[];
  /** Names of stages that failed open. */
  readonly failures: string[];
}
