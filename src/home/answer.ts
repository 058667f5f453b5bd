/** From a decision to what leaves: its record, and the page as bytes. */
import { messageOf, ShelfwiseError, seedToBytes } from '../base/index.ts';
import {
  type DecisionAudit,
  type DecisionRecord,
  type DecisionVersions,
  NO_ITEM,
  type RecordedRow,
  type RecordedShelf,
  type Removal,
} from '../domain/index.ts';
import type { Encoder } from '../features/index.ts';
import type { Trace } from '../mixer/index.ts';
import type { Decided } from './decide.ts';
import { filterByRights } from './filters.ts';
import type { ItemTexts } from './item-texts.ts';
import { type RenderedRow, renderPage, rowsOfRecord } from './render.ts';
import type { HomeRequest, ShelfBatch } from './request.ts';
import { proposePopular, shelfById } from './shelves/index.ts';
import { newBatch, sinkInto } from './sources.ts';
import { isSwitchedOff } from './tunables.ts';

export interface HomeAnswer {
  /** The page as JSON, UTF-8. */
  readonly page: Uint8Array;
  readonly record: DecisionRecord;
  readonly trace: Trace;
}

/** The decision, copied out of the decider's buffers: the next request may use them before this one is recorded. */
export interface Selection {
  readonly shelves: readonly RecordedShelf[];
  readonly rows: readonly RecordedRow[];
  /** The rows with their scores; undefined where nothing was scored. */
  readonly rendered: readonly RenderedRow[] | undefined;
  /** When the decision is audited. */
  readonly audit: Omit<DecisionAudit, 'removed'> | undefined;
}

/** The greatest probability of each step, in page order: a row, then its cards. */
export type StepBests = readonly number[];

/**
 * @param distributions of every step, when the decision is audited
 * @param bests of every step, when the page is explained
 */
export function selectionOf(
  request: HomeRequest,
  shelves: readonly ShelfBatch[],
  { page, scores, offsets, batch, candidates }: Decided,
  distributions: readonly Float64Array[] | undefined,
  bests: StepBests | undefined,
  encoder: Encoder,
): Selection {
  const scoredByModel = request.epochs.model !== undefined && request.policyId !== 'popularity';
  const featureRows = scoredByModel ? candidates : 0;
  let step = 0;
  return {
    shelves: shelves.map(recordedShelf),
    rows: page.rows,
    rendered: page.rows.map((row) => {
      const shelf = shelves[row.shelf];
      const at = offsets[row.shelf];
      return {
        shelfId: shelf.shelfId,
        seedItem: shelf.seedItem,
        order: shelf.declaration.order,
        carried: shelf.carriedFrom !== '',
        propensity: row.propensity,
        forced: row.forced,
        best: bests?.[step++] ?? row.propensity,
        value: row.value,
        cards: row.cards.map((card) => ({
          item: shelf.items[card.index],
          propensity: card.propensity,
          forced: card.forced,
          best: bests?.[step++] ?? card.propensity,
          score: scores[at + card.index],
        })),
      };
    }),
    audit:
      distributions === undefined
        ? undefined
        : {
            dense: batch.dense.slice(0, featureRows * encoder.denseWidth),
            sparse: batch.sparse.slice(0, featureRows * encoder.sparseWidth),
            scores: scores.slice(0, candidates),
            distributions,
          },
  };
}

function recordedShelf(batch: ShelfBatch): RecordedShelf {
  return {
    shelfId: batch.shelfId,
    seedItem: batch.seedItem,
    order: batch.order,
    pinnedRank: batch.pinnedRank,
    minCards: batch.minCards,
    maxCards: batch.maxCards,
    carriedFrom: batch.carriedFrom,
    items: batch.items.slice(0, batch.count),
    sources: batch.sources.slice(0, batch.count),
  };
}

/**
 * What is popular, in that order, all forced: the page when the pipeline itself failed. Rights still hold, and a filter
 * that cannot tell them leaves nothing. Nor does an operator who has switched the shelf off.
 */
export function popularSelection(request: HomeRequest, error: string): { selection: Selection; trace: Trace } {
  const declaration = shelfById('popular');
  if (declaration === undefined) throw new ShelfwiseError('BUG', 'there is no shelf "popular"');
  const batch = newBatch(request, declaration, NO_ITEM);
  const trace: Trace = {
    stages: [{ stage: 'page', ms: 0, outcome: 'failed', error }],
    proposed: [],
    removals: [],
    failures: ['page'],
  };
  try {
    if (!isSwitchedOff(request.tunables, 'shelf', declaration.id))
      proposePopular(request, 100, sinkInto(batch, request.scratch));
    filterByRights(request, batch, trace);
  } catch (failed) {
    batch.count = 0;
    trace.stages.push({ stage: 'fallback', ms: 0, outcome: 'failed', error: messageOf(failed) });
  }
  batch.count = Math.min(batch.count, batch.maxCards);
  const shelf: RecordedShelf = { ...recordedShelf(batch), order: 'defined', pinnedRank: -1, minCards: 1 };
  const cards = Array.from(shelf.items, (_item, index) => ({ index, propensity: 1, forced: true }));
  const isEmpty = cards.length === 0;
  const selection: Selection = {
    shelves: isEmpty ? [] : [shelf],
    rows: isEmpty ? [] : [{ shelf: 0, propensity: 1, forced: true, cards }],
    rendered: undefined,
    audit: undefined,
  };
  return { selection, trace };
}

export function answerOf(
  request: HomeRequest,
  selection: Selection,
  trace: Trace,
  texts: ItemTexts,
  encoder: Encoder,
): HomeAnswer {
  const record = recordOf(request, selection, trace, encoder);
  const { decisionId, policyId, versions } = record;
  const page = renderPage(
    {
      decisionId,
      policyId,
      degraded: record.degraded,
      atMs: record.atMs,
      market: record.market,
      language: record.language,
      state: request.state,
      campaigns: request.epochs.campaigns,
      rows: selection.rendered ?? rowsOfRecord(record),
      firstRank: 0,
      rowLimit: request.rowLimit,
    },
    texts,
    request.explain ? { trace, versions } : undefined,
  );
  return { page, record, trace };
}

/** What is recorded of a decision. The view is sealed into it where it is written. */
export function recordOf(
  request: HomeRequest,
  { shelves, rows, audit }: Selection,
  trace: Trace,
  encoder: Encoder,
): DecisionRecord {
  const { decisionId, policyId, atMs } = request;
  const removals = removalsOf(trace);
  const versions = versionsOf(request, encoder);
  return {
    decisionId,
    seed: seedToBytes(request.seed),
    listenerKey: request.listenerKey,
    policyId,
    atMs,
    device: request.device,
    market: request.market,
    tier: request.tier,
    language: request.profile.language,
    sessionId: request.sessionId,
    filter: request.filter,
    marks: request.marks,
    degraded:
      trace.failures.length > 0 ||
      request.epochs.model === undefined ||
      request.marks.includes('policy-off') ||
      request.marks.includes('policy-unmet'),
    versions,
    listenerState: new Uint8Array(0),
    shelves,
    rows,
    removals,
    failedSources: trace.failures,
    audit: audit === undefined ? undefined : { ...audit, removed: removedOf(request, removals) },
  };
}

function versionsOf({ epochs, kernelsHash }: HomeRequest, encoder: Encoder): DecisionVersions {
  return {
    tunables: epochs.tunablesHash,
    encoder: encoder.hash,
    kernels: kernelsHash,
    catalog: epochs.catalog.hash,
    counters: epochs.counters.hash,
    embedding: epochs.embedding?.hash ?? '',
    model: epochs.model?.hash ?? '',
  };
}

/** By shelf declaration and reason; the trace has them by batch. */
function removalsOf(trace: Trace): Removal[] {
  const counts = new Map<string, { shelfId: string; reason: string; count: number }>();
  for (const { batch, reason, count } of trace.removals) {
    const colon = batch.indexOf(':');
    const shelfId = colon < 0 ? batch : batch.slice(0, colon);
    const key = `${shelfId} ${reason}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { shelfId, reason, count });
    else known.count += count;
  }
  return [...counts.values()];
}

function removedOf(request: HomeRequest, removals: readonly Removal[]): DecisionAudit['removed'] {
  return (request.removedItems ?? []).map(({ shelfId, reason, item }) => ({
    item,
    removal: removals.findIndex((removal) => removal.shelfId === shelfId && removal.reason === reason),
  }));
}
