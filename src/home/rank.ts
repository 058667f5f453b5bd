/**
 * Ranking: an order over candidates that the caller gives, as one row of a page. It is drawn as any row is, by the same policy
 * from the same scores, and recorded as a decision: with the candidates, the propensity of every card that was drawn, and all
 * that replay needs. A row has no more cards than its surface; what is left stands behind it by its score, undrawn, and says so.
 */
import { messageOf } from '../base/index.ts';
import { type DecisionRecord, type ListenerView, NO_ITEM, type Vocabularies } from '../domain/index.ts';
import type { Encoder } from '../features/index.ts';
import type { Trace } from '../mixer/index.ts';
import { createWalker, type PagePrefix, step } from '../policy/index.ts';
import { recordOf, selectionOf } from './answer.ts';
import { createDecider } from './decide.ts';
import { filterByRights } from './filters.ts';
import { hydrateTaste, hydrateView } from './hydrate.ts';
import { told } from './messages/index.ts';
import { shelfKey } from './page-problem.ts';
import { CHANNEL_BIT, createScratch, type HomeInput, newRequest, type RequestScratch, servable } from './request.ts';
import type { ShelfDeclaration } from './shelves/declaration.ts';
import { newBatch, sinkInto } from './sources.ts';
import { MAX_CANDIDATES } from './tunables.ts';

/** Candidates of one ranking at most. */
export const MAX_RANKED: typeof MAX_CANDIDATES = MAX_CANDIDATES;

/** The one row of a ranking. It is no shelf of Home: nobody ever sees its title. */
const RANKING: ShelfDeclaration = {
  id: 'ranking',
  order: 'policy',
  minCards: 1,
  maxCards: 20,
  unplayedOnly: false,
  seeds: () => 0,
  propose: () => undefined,
  title: () => told('recommended.title'),
  reason: () => told('recommended.reason'),
};

/** The ranking's row, with no card yet. */
const OPENED: PagePrefix = [{ shelf: 0, cards: [] }];

export interface RankedCandidate {
  readonly item: number;
  readonly score: number;
  /** The recorded propensity, given what stands above; 0 for what was not drawn. */
  readonly propensity: number;
  /** The chance to be drawn for the first place; they sum to 1. */
  readonly firstPropensity: number;
}

export interface Ranking {
  readonly record: DecisionRecord;
  readonly view: ListenerView;
  /** What was drawn, in order; then what was not, by score, of equal ones the smaller number first. */
  readonly ranked: readonly RankedCandidate[];
}

export interface Ranker {
  /** Candidates that the listener may not have, or does not want, are not in the answer. At most MAX_RANKED, each once. */
  rank(input: HomeInput, candidates: readonly number[]): Ranking;
}

export function createRanker(dependencies: {
  readonly encoder: Encoder;
  readonly vocabularies: Vocabularies;
  readonly isAudited: (decisionId: string) => boolean;
}): Ranker {
  const { encoder, vocabularies } = dependencies;
  const decider = createDecider(encoder);
  const walker = createWalker();

  function rankWith(asked: HomeInput, candidates: readonly number[], scratch: RequestScratch): Ranking {
    const { input, lacked } = servable(asked, decider);
    const audited = dependencies.isAudited(input.decisionId);
    const request = newRequest(input, scratch, vocabularies, audited);
    const trace: Trace = { stages: [], proposed: [], removals: [], failures: [] };
    if (lacked !== undefined) trace.stages.push({ stage: 'policy', ms: 0, outcome: 'failed', error: lacked });
    const open = (stage: string, run: () => void): void => {
      try {
        run();
      } catch (error) {
        trace.failures.push(stage);
        trace.stages.push({ stage, ms: 0, outcome: 'failed', error: messageOf(error) });
      }
    };
    open('state', () => {
      request.state = request.readState();
    });
    open('taste', () => hydrateTaste(request, request.tasteMemory));
    hydrateView(request, vocabularies);

    const batch = newBatch(request, RANKING, NO_ITEM);
    const sink = sinkInto(batch, request.scratch);
    for (const item of [...candidates].sort((a, b) => a - b)) sink.add(item, CHANNEL_BIT.catalog);
    trace.proposed.push({ batch: shelfKey(RANKING.id, NO_ITEM), count: batch.count });
    filterByRights(request, batch, trace);

    const shelves = batch.count > 0 ? [batch] : [];
    const { view, atMs, device, marketNumber, policyId, tunables, seed } = request;
    const { catalog, counters, embedding, model } = request.epochs;
    const distributions: Float64Array[] | undefined = audited ? [] : undefined;
    const decided = decider.decide(
      { shelves, view, atMs, device, marketNumber, catalog, counters, embedding, model, policyId, tunables, seed },
      distributions && ((probabilities, count) => distributions.push(probabilities.slice(0, count))),
    );
    const first = new Float64Array(batch.count);
    if (batch.count > 0) {
      const { actions, probabilities, count } = step(decided.problem, OPENED, decided.policy, walker);
      for (let k = 0; k < count; k++) first[actions[k]] = probabilities[k];
    }
    const drawn = decided.page.rows[0]?.cards ?? [];
    const places = new Set(drawn.map(({ index }) => index));
    const rest = Array.from({ length: batch.count }, (_, i) => i)
      .filter((i) => !places.has(i))
      .sort((a, b) => decided.scores[b] - decided.scores[a] || a - b);
    const candidateAt = (index: number, propensity: number): RankedCandidate => ({
      item: batch.items[index],
      score: decided.scores[index],
      propensity,
      firstPropensity: first[index],
    });
    const ranked = [
      ...drawn.map(({ index, propensity }) => candidateAt(index, propensity)),
      ...rest.map((index) => candidateAt(index, 0)),
    ];
    const selection = selectionOf(request, shelves, decided, distributions, undefined, encoder);
    return { record: recordOf(request, selection, trace, encoder), view: request.view, ranked };
  }

  return { rank: (input, candidates) => rankWith(input, candidates, createScratch()) };
}
