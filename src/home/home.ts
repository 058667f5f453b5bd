/**
 * Home: the stage list. What a page is made of can be read on one screen: hydrate ▸ sources ▸ filters ▸ score and draw ▸
 * record. If all but the catalogue fails, the answer is still a page: what is popular, marked `degraded`.
 */
import { type Clock, hash32, messageOf, type Seed, ShelfwiseError, seedToBytes } from '../base/index.ts';
import {
  type DecisionAudit,
  type DecisionRecord,
  type DecisionVersions,
  type Device,
  type ListenerView,
  NO_ITEM,
  type RecordedRow,
  type RecordedShelf,
  type Removal,
  type ResolvedProfile,
  surfaceOf,
  type Vocabularies,
} from '../domain/index.ts';
import type { Encoder } from '../features/index.ts';
import { type Pipeline, runPipeline, type Source, type Trace } from '../mixer/index.ts';
import type { ListenerState } from '../signals/index.ts';
import { createDecider, type Decided, type DecisionShelf, shelfKey } from './decide.ts';
import { FILTERS, RIGHTS } from './filters.ts';
import { EMPTY_VIEW, hydrateTaste, hydrateView, type TasteMemory } from './hydrate.ts';
import { type ItemTexts, type RenderedRow, renderPage, rowsOfRecord } from './render.ts';
import {
  type CarriedRow,
  CHANNEL_BIT,
  createScratch,
  type HomeRequest,
  type RequestScratch,
  type ServingEpochs,
  type ShelfBatch,
} from './request.ts';
import {
  type CandidateSink,
  HEAVY_LEADERS,
  proposePopular,
  SHELVES,
  type ShelfDeclaration,
  shelfById,
} from './shelves.ts';
import type { HomeTunables } from './tunables.ts';

export interface HomeDependencies {
  readonly clock: Clock;
  readonly encoder: Encoder;
  readonly vocabularies: Vocabularies;
  readonly texts: ItemTexts;
  /** Writes the record into the log's buffer; the answer leaves after it returned. */
  record(record: DecisionRecord, view: ListenerView): void;
  /** Told of every stage that failed open and of every fallback page. */
  onTrouble(what: string, error: string): void;
}

export interface HomeInput {
  readonly decisionId: string;
  readonly seed: Seed;
  readonly listenerKey: string;
  readonly profile: ResolvedProfile;
  /** Reads the listener's state; when it throws, the page is a cold start marked `degraded`. */
  readonly readState: () => ListenerState;
  readonly emptyState: () => ListenerState;
  readonly tasteMemory: TasteMemory;
  readonly atMs: number;
  readonly device: Device;
  readonly market: string;
  readonly tier: string;
  readonly sessionId: string;
  readonly policyId: string;
  readonly tunables: HomeTunables;
  readonly epochs: ServingEpochs;
  readonly carried: readonly CarriedRow[];
  readonly keptRanks: ReadonlyMap<string, number>;
  readonly explain: boolean;
  /** Of the WebAssembly kernels in use: part of what a decision was made with. */
  readonly kernelsHash: string;
}

export interface HomeAnswer {
  /** The page as JSON, UTF-8. */
  readonly page: Uint8Array;
  readonly record: DecisionRecord;
}

/** The decision, copied out of the decider's buffers: the next request may use them before this one is recorded. */
interface Selection {
  readonly shelves: readonly RecordedShelf[];
  readonly rows: readonly RecordedRow[];
  readonly rendered: readonly RenderedRow[];
  /** When the decision is audited. */
  readonly audit: Omit<DecisionAudit, 'removed'> | undefined;
}

/** A stage of Home that takes longer is told as late; one that waits is gone on without. */
const STAGE_DEADLINE_MS = 50;

/** One decision in so many carries an audit. */
export const AUDIT_ONE_IN = 50;

export function isAudited(decisionId: string): boolean {
  return hash32(decisionId) % AUDIT_ONE_IN === 0;
}

interface QueryState extends HomeRequest {
  readonly input: HomeInput;
}

export interface Home {
  decide(input: HomeInput): Promise<HomeAnswer>;
}

export function createHome(dependencies: HomeDependencies): Home {
  const { clock, encoder, vocabularies, texts } = dependencies;
  const decider = createDecider(encoder);
  const idle: RequestScratch[] = [];

  const pipeline: Pipeline<QueryState, ShelfBatch, Selection> = {
    hydrateQuery: [
      {
        name: 'state',
        onFailure: 'open',
        deadlineMs: STAGE_DEADLINE_MS,
        run: (request) => {
          request.state = request.input.readState();
        },
      },
      {
        name: 'taste',
        onFailure: 'open',
        deadlineMs: STAGE_DEADLINE_MS,
        run: (request) => hydrateTaste(request, request.input.tasteMemory),
      },
      { name: 'view', onFailure: 'closed', run: (request) => hydrateView(request, vocabularies) },
    ],
    sources: [carriedSource(), ...SHELVES.map(shelfSource)],
    filters: FILTERS,
    // Features, scores and draw are the selector: replay walks the very same code. The record is written behind it, in
    // `decide`, for a fallback page has one too.
    hydrators: [],
    scorers: [],
    selector: { name: 'score-and-draw', run: select },
    sideEffects: [],
    size: (batch) => batch.count,
    label: (batch) => shelfKey(batch.declaration.id, batch.seedItem),
  };

  /** Features, scores and draw are one step: a page is one autoregressive draw over what the filters left. */
  function select(request: QueryState, batches: readonly ShelfBatch[]): Selection {
    const shelves = batches.filter((batch) => batch.count > 0);
    for (const shelf of shelves) if (shelf.order === 'policy') sortByItem(shelf);
    const distributions: Float64Array[] = [];
    const audited = isAudited(request.decisionId);
    const decided = decider.decide(
      {
        shelves: shelves.map(decisionShelf),
        view: request.view,
        atMs: request.atMs,
        device: request.device,
        marketNumber: request.marketNumber,
        catalog: request.epochs.catalog,
        counters: request.epochs.counters,
        embedding: request.epochs.embedding,
        model: request.epochs.model,
        policyId: request.policyId,
        tunables: request.input.tunables,
        seed: request.seed,
      },
      audited ? (probabilities, count) => distributions.push(probabilities.slice(0, count)) : undefined,
    );
    return selectionOf(request, shelves, decided, distributions, encoder);
  }

  return {
    async decide(input) {
      const scratch = idle.pop() ?? createScratch();
      try {
        const request = newRequest(input, scratch, vocabularies);
        let answer: HomeAnswer;
        try {
          const { selection, trace } = await runPipeline(pipeline, request, clock);
          for (const stage of trace.stages)
            if (stage.outcome === 'failed') dependencies.onTrouble(stage.stage, stage.error);
          answer = finish(request, selection, trace, texts, encoder);
        } catch (error) {
          dependencies.onTrouble('page', messageOf(error));
          answer = fallback(request, texts, encoder, messageOf(error));
        }
        dependencies.record(answer.record, request.view);
        return answer;
      } finally {
        scratch.reset();
        idle.push(scratch);
      }
    },
  };
}

function newRequest(input: HomeInput, scratch: RequestScratch, vocabularies: Vocabularies): QueryState {
  const picks: number[] = [];
  for (const pick of input.profile.onboardingPicks) {
    const number = vocabularies.items.lookup(pick);
    if (number >= 0) picks.push(number);
  }
  return {
    input,
    decisionId: input.decisionId,
    seed: input.seed,
    listenerKey: input.listenerKey,
    profile: input.profile,
    atMs: input.atMs,
    device: input.device,
    surface: surfaceOf(input.device),
    market: input.market,
    tier: input.tier,
    sessionId: input.sessionId,
    policyId: input.policyId,
    epochs: input.epochs,
    carried: input.carried,
    keptRanks: input.keptRanks,
    marketNumber: vocabularies.markets.lookup(input.market),
    tierNumber: vocabularies.tiers.lookup(input.tier),
    pickNumbers: picks,
    candidatesPerShelf: input.tunables.candidatesPerShelf,
    shelfLimit: input.tunables.surfaces[surfaceOf(input.device)].shelves,
    cardLimit: input.tunables.surfaces[surfaceOf(input.device)].cards,
    scratch,
    removedItems: isAudited(input.decisionId) ? [] : undefined,
    proposedShelves: 0,
    leaders: new Uint32Array(HEAVY_LEADERS),
    leaderCount: 0,
    state: input.emptyState(),
    taste: new Float32Array(0),
    recommendations: new Uint32Array(0),
    view: EMPTY_VIEW,
  };
}

/** A declaration as a source: one batch for each of its seeds. */
function shelfSource(declaration: ShelfDeclaration): Source<QueryState, ShelfBatch> {
  return {
    name: declaration.id,
    onFailure: 'open',
    deadlineMs: STAGE_DEADLINE_MS,
    run(request) {
      const seeds = new Uint32Array(SEED_ROOM);
      const count = declaration.seeds(request, seeds);
      const batches: ShelfBatch[] = [];
      for (let i = 0; i < count; i++) {
        const batch = newBatch(request, declaration, seeds[i]);
        declaration.propose(request, seeds[i], sinkInto(batch));
        if (batch.count > 0) request.proposedShelves++;
        batches.push(batch);
      }
      return batches;
    },
  };
}

const SEED_ROOM = 16;

function newBatch(request: HomeRequest, declaration: ShelfDeclaration, seedItem: number): ShelfBatch {
  const { items, sources } = request.scratch.take();
  return {
    declaration,
    seedItem,
    order: declaration.order,
    pinnedRank: request.keptRanks.get(shelfKey(declaration.id, seedItem)) ?? -1,
    carriedFrom: '',
    minCards: Math.min(declaration.minCards, request.cardLimit),
    maxCards: Math.min(declaration.maxCards, request.cardLimit),
    items,
    sources,
    count: 0,
  };
}

function sinkInto(batch: ShelfBatch): CandidateSink {
  return {
    add(item, channelBit) {
      const { items, sources, count } = batch;
      for (let i = 0; i < count; i++) {
        if (items[i] === item) {
          sources[i] |= channelBit;
          return;
        }
      }
      if (count === items.length) return;
      items[count] = item;
      sources[count] = channelBit;
      batch.count = count + 1;
    },
  };
}

/** Rows that the listener has seen in this session keep their place and their cards. */
function carriedSource(): Source<QueryState, ShelfBatch> {
  return {
    name: 'carried',
    onFailure: 'open',
    run(request) {
      const batches: ShelfBatch[] = [];
      for (const row of request.carried) {
        const declaration = shelfById(row.shelfId);
        if (declaration === undefined) continue;
        const { items, sources } = request.scratch.take();
        items.set(row.items);
        sources.fill(CHANNEL_BIT.carried, 0, row.items.length);
        batches.push({
          declaration,
          seedItem: row.seedItem,
          order: 'defined',
          pinnedRank: row.rank,
          carriedFrom: row.decisionId,
          minCards: 1,
          maxCards: row.items.length,
          items,
          sources,
          count: row.items.length,
        });
      }
      return batches;
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

function decisionShelf(batch: ShelfBatch): DecisionShelf {
  return {
    shelfId: batch.declaration.id,
    seedItem: batch.seedItem,
    order: batch.order,
    pinnedRank: batch.pinnedRank,
    minCards: batch.minCards,
    maxCards: batch.maxCards,
    carriedFrom: batch.carriedFrom,
    items: batch.items,
    count: batch.count,
  };
}

function versionsOf(request: QueryState, encoder: Encoder): DecisionVersions {
  const { epochs } = request;
  return {
    tunables: epochs.tunablesHash,
    encoder: encoder.hash,
    kernels: request.input.kernelsHash,
    catalog: epochs.catalog.hash,
    counters: epochs.counters.hash,
    embedding: epochs.embedding?.hash ?? '',
    model: epochs.model?.hash ?? '',
  };
}

function selectionOf(
  request: QueryState,
  shelves: readonly ShelfBatch[],
  decided: Decided,
  distributions: readonly Float64Array[],
  encoder: Encoder,
): Selection {
  const { page, scores, offsets, batch, candidates } = decided;
  const scoredByModel = request.epochs.model !== undefined && request.policyId !== 'popularity';
  const featureRows = scoredByModel ? candidates : 0;
  return {
    shelves: shelves.map(recordedShelf),
    rows: page.rows,
    rendered: page.rows.map((row) => {
      const shelf = shelves[row.shelf];
      const at = offsets[row.shelf];
      return {
        shelfId: shelf.declaration.id,
        seedItem: shelf.seedItem,
        order: shelf.carriedFrom === '' ? shelf.order : shelf.declaration.order,
        carried: shelf.carriedFrom !== '',
        propensity: row.propensity,
        forced: row.forced,
        value: row.value,
        cards: row.cards.map((card) => ({
          item: shelf.items[card.index],
          propensity: card.propensity,
          forced: card.forced,
          score: scores[at + card.index],
        })),
      };
    }),
    audit: isAudited(request.decisionId)
      ? {
          dense: batch.dense.slice(0, featureRows * encoder.denseWidth),
          sparse: batch.sparse.slice(0, featureRows * encoder.sparseWidth),
          scores: scores.slice(0, candidates),
          distributions,
        }
      : undefined,
  };
}

function recordedShelf(batch: ShelfBatch): RecordedShelf {
  return {
    shelfId: batch.declaration.id,
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

function finish(
  request: QueryState,
  selection: Selection,
  trace: Trace,
  texts: ItemTexts,
  encoder: Encoder,
): HomeAnswer {
  const { shelves, rows, rendered } = selection;
  const removals = removalsOf(trace);
  const degraded = trace.failures.length > 0 || request.epochs.model === undefined;
  const versions = versionsOf(request, encoder);
  const audit =
    selection.audit === undefined ? undefined : { ...selection.audit, removed: removedOf(request, removals) };
  const record = recordOf(request, { versions, shelves, rows, removals, degraded, audit, failures: trace.failures });
  const page = renderPage(
    { decisionId: request.decisionId, policyId: request.policyId, degraded, atMs: request.atMs, rows: rendered },
    texts,
    request.input.explain ? { trace, versions } : undefined,
  );
  return { page, record };
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

function removedOf(request: QueryState, removals: readonly Removal[]): DecisionAudit['removed'] {
  return (request.removedItems ?? []).map(({ shelfId, reason, item }) => ({
    item,
    removal: removals.findIndex((removal) => removal.shelfId === shelfId && removal.reason === reason),
  }));
}

function recordOf(
  request: QueryState,
  parts: {
    versions: DecisionVersions;
    shelves: readonly RecordedShelf[];
    rows: readonly RecordedRow[];
    removals: readonly Removal[];
    degraded: boolean;
    audit: DecisionAudit | undefined;
    failures: readonly string[];
  },
): DecisionRecord {
  return {
    decisionId: request.decisionId,
    seed: seedToBytes(request.seed),
    listenerKey: request.listenerKey,
    policyId: request.policyId,
    atMs: request.atMs,
    device: request.device,
    market: request.market,
    tier: request.tier,
    language: request.profile.language,
    sessionId: request.sessionId,
    degraded: parts.degraded,
    versions: parts.versions,
    listenerState: new Uint8Array(0),
    shelves: parts.shelves,
    rows: parts.rows,
    removals: parts.removals,
    failedSources: parts.failures,
    audit: parts.audit,
  };
}

/**
 * What is popular, in that order, all forced: the page when the pipeline itself failed. Rights still hold, and a filter
 * that cannot tell them leaves nothing.
 */
function fallback(request: QueryState, texts: ItemTexts, encoder: Encoder, error: string): HomeAnswer {
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
    proposePopular(request, 100, sinkInto(batch));
    for (const filter of RIGHTS) {
      for (const { reason, count } of filter.run(request, batch).removed) {
        trace.removals.push({ batch: declaration.id, filter: filter.name, reason, count });
      }
    }
  } catch (failed) {
    batch.count = 0;
    trace.stages.push({ stage: 'fallback', ms: 0, outcome: 'failed', error: messageOf(failed) });
  }
  batch.count = Math.min(batch.count, batch.maxCards);
  const shelf: RecordedShelf = { ...recordedShelf(batch), order: 'defined', pinnedRank: -1, minCards: 1 };
  const cards = Array.from(shelf.items, (_item, index) => ({ index, propensity: 1, forced: true }));
  const rows = cards.length === 0 ? [] : [{ shelf: 0, propensity: 1, forced: true, cards }];
  const versions = versionsOf(request, encoder);
  const record = recordOf(request, {
    versions,
    shelves: cards.length === 0 ? [] : [shelf],
    rows,
    removals: removalsOf(trace),
    degraded: true,
    audit: undefined,
    failures: trace.failures,
  });
  const page = renderPage(
    {
      decisionId: request.decisionId,
      policyId: request.policyId,
      degraded: true,
      atMs: request.atMs,
      rows: rowsOfRecord(record),
    },
    texts,
    request.input.explain ? { trace, versions } : undefined,
  );
  return { page, record };
}
