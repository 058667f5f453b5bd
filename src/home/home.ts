/**
 * Home: the stage list. What a page is made of can be read on one screen: hydrate ▸ sources ▸ filters ▸ score and draw ▸
 * record. If all but the catalogue fails, the answer is still a page: what is popular, marked `degraded`.
 */
import { type Clock, hash32, messageOf } from '../base/index.ts';
import type { DecisionRecord, ListenerView, Vocabularies } from '../domain/index.ts';
import type { Encoder } from '../features/index.ts';
import { type Pipeline, runPipeline, type StageTrace } from '../mixer/index.ts';
import { answerOf, type HomeAnswer, popularSelection, type Selection, selectionOf } from './answer.ts';
import { createDecider } from './decide.ts';
import { FILTERS } from './filters.ts';
import { hydrateTaste, hydrateView } from './hydrate.ts';
import type { ItemTexts } from './item-texts.ts';
import { shelfKey } from './page-problem.ts';
import { textsWith } from './playlists/index.ts';
import { highestOf } from './replay.ts';
import {
  createScratch,
  type HomeInput,
  type HomeRequest,
  newRequest,
  type RequestScratch,
  type ShelfBatch,
  servable,
} from './request.ts';
import { SHELVES } from './shelves/index.ts';
import { carriedSource, STAGE_DEADLINE_MS, shelfSource } from './sources.ts';

export interface HomeDependencies {
  readonly clock: Clock;
  readonly encoder: Encoder;
  readonly vocabularies: Vocabularies;
  readonly texts: ItemTexts;
  /** Writes the record into the log's buffer; the answer leaves after it returned. */
  record(record: DecisionRecord, view: ListenerView): void;
  /** Told of every stage that failed open and of every fallback page. */
  onTrouble(what: string, error: string): void;
  /** Told of each decision what its stages took, and all of it together with its record. */
  onDecided?(stages: readonly StageTrace[], totalMs: number): void;
}

/** One decision in so many carries an audit. */
export const AUDIT_ONE_IN = 50;

export function isAudited(decisionId: string): boolean {
  return hash32(decisionId) % AUDIT_ONE_IN === 0;
}

export interface Home {
  decide(input: HomeInput): Promise<HomeAnswer>;
}

export function createHome(dependencies: HomeDependencies): Home {
  const { clock, encoder, vocabularies, texts } = dependencies;
  const decider = createDecider(encoder);
  const idle: RequestScratch[] = [];

  const pipeline: Pipeline<HomeRequest, ShelfBatch, Selection> = {
    hydrateQuery: [
      {
        name: 'state',
        onFailure: 'open',
        deadlineMs: STAGE_DEADLINE_MS,
        run: (request) => {
          request.state = request.readState();
        },
      },
      {
        name: 'taste',
        onFailure: 'open',
        deadlineMs: STAGE_DEADLINE_MS,
        run: (request) => hydrateTaste(request, request.tasteMemory),
      },
      { name: 'view', onFailure: 'closed', run: (request) => hydrateView(request, vocabularies) },
    ],
    sources: [carriedSource, ...SHELVES.map(shelfSource)],
    filters: FILTERS,
    // Features, scores and draw are the selector: replay walks the very same code. The record is written behind it, in
    // `decide`, for a fallback page has one too.
    hydrators: [],
    scorers: [],
    selector: { name: 'score-and-draw', run: select },
    sideEffects: [],
    size: (batch) => batch.count,
    label: (batch) => shelfKey(batch.shelfId, batch.seedItem),
  };

  /** Features, scores and draw are one step: a page is one autoregressive draw over what the filters left. */
  function select(request: HomeRequest, batches: readonly ShelfBatch[]): Selection {
    const shelves = batches.filter((batch) => batch.count > 0);
    for (const shelf of shelves) if (shelf.order === 'policy') sortByItem(shelf);
    const { view, atMs, device, marketNumber, policyId, tunables, seed } = request;
    const { catalog, counters, embedding, model } = request.epochs;
    const distributions: Float64Array[] | undefined = isAudited(request.decisionId) ? [] : undefined;
    const bests: number[] | undefined = request.explain ? [] : undefined;
    const decided = decider.decide(
      {
        shelves,
        view,
        atMs,
        device,
        marketNumber,
        catalog,
        counters,
        embedding,
        model,
        policyId,
        tunables,
        seed,
      },
      distributions === undefined && bests === undefined
        ? undefined
        : (probabilities, count) => {
            distributions?.push(probabilities.slice(0, count));
            bests?.push(highestOf(probabilities, count));
          },
    );
    return selectionOf(request, shelves, decided, distributions, bests, encoder);
  }

  async function answer(request: HomeRequest): Promise<HomeAnswer> {
    const words = textsWith(texts, request.generated);
    try {
      const { selection, trace } = await runPipeline(pipeline, request, clock);
      for (const stage of trace.stages)
        if (stage.outcome === 'failed') dependencies.onTrouble(stage.stage, stage.error);
      return answerOf(request, selection, trace, words, encoder);
    } catch (error) {
      dependencies.onTrouble('page', messageOf(error));
      const { selection, trace } = popularSelection(request, messageOf(error));
      return answerOf(request, selection, trace, words, encoder);
    }
  }

  return {
    async decide(asked) {
      const { input, lacked } = servable(asked, decider);
      if (lacked !== undefined) dependencies.onTrouble('policy', lacked);
      const startMs = clock.monotonicMs();
      const scratch = idle.pop() ?? createScratch();
      try {
        const request = newRequest(input, scratch, vocabularies, isAudited(input.decisionId));
        const answered = await answer(request);
        if (input.isRecorded) dependencies.record(answered.record, request.view);
        dependencies.onDecided?.(answered.trace.stages, clock.monotonicMs() - startMs);
        return answered;
      } finally {
        scratch.reset();
        idle.push(scratch);
      }
    },
  };
}

/** Canonical order: ascending item numbers, sources along. */
function sortByItem(batch: ShelfBatch): void {
  const { items, sources, count } = batch;
  for (let i = 1; i < count; i++) {
    const item = items[i];
    const source = sources[i];
    let j = i - 1;
    while (j >= 0 && items[j] > item) {
      items[j + 1] = items[j];
      sources[j + 1] = sources[j];
      j--;
    }
    items[j + 1] = item;
    sources[j + 1] = source;
  }
}
