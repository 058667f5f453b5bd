/**
 * Examples of a day as columns, for statistics: what training would learn from, what an evaluation would weigh, what was served.
 *
 *   training    cards that were seen, of decisions whose page was rendered, with what they earned
 *   evaluation  all cards of decisions that have matured and may be evaluated, with what they earned
 *   serving     all cards of all decisions, with the features that the decision itself logged (one in fifty does), else recomputed
 *
 * Who reads them is as training and evaluation read: what is lost there is lost here. Memory is a chunk of rows, and what joining
 * rewards needs.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Catalog,
  type DecisionRecord,
  decisionTimeMs,
  decodeListenerView,
  EMPTY_EMBEDDING,
  type ListenerView,
  readCatalog,
} from '../../domain/index.ts';
import { createBatch, type Encoder, type FeatureBatch, type FeatureDescription } from '../../features/index.ts';
import { REWARD_WINDOW_MS } from '../../signals/index.ts';
import type { LogPosition } from '../../store/index.ts';
import { type Chunk, type Column, columnOf } from '../../validation/index.ts';
import { createInputReader, type InputReader } from '../epochs.ts';
import { newTotals } from '../evaluation/chunks.ts';
import { maturedOutcomes, type OutcomeCounts } from '../evaluation/outcomes.ts';
import { DecisionOpener, isHeldOut } from '../evaluation/weighing.ts';
import { addDistinct, countDistinct, type DistinctState, emptyDistinct, hashOfKey } from '../insights/distinct.ts';
import { isUnreadable } from '../learn.ts';
import { secretOfKey } from '../listeners.ts';
import { openView } from '../sealing.ts';
import { flaggedKeys } from '../traffic.ts';
import { eventsOf, pastDecisionIds, pastDecisions } from '../training/examples.ts';
import { type CardLabels, gatherRewards } from '../training/rewards.ts';
import type { Span } from '../training/span.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import { referencedDecisions } from './referenced.ts';
import { evenly, thinned } from './sampling.ts';
import type { ExampleStream } from './service.ts';

export interface RowsJob {
  readonly stream: ExampleStream;
  readonly span: Span;
  readonly nowMs: number;
  readonly events: LogPosition;
  readonly decisions: LogPosition;
  /** Places before all that the span is made of; the beginning where undefined. */
  readonly from: { readonly events?: LogPosition; readonly decisions?: LogPosition };
  readonly catalogHash: string;
  /** Beyond it decisions are sampled evenly, by hash; in training, where only cards count that were seen, by `maxRows`. */
  readonly maxDecisions: number;
  /** Beyond it cards of the decisions are sampled evenly, so that there are about so many. */
  readonly maxRows: number;
}

/** Counted up while rows are read. */
export interface RowCounts {
  /** Listeners whose decisions gave rows, by slice (`tier_premium`); '' is all of them. */
  readonly listeners: Map<string, DistinctState>;
  /** Decisions that gave none, by reason. */
  readonly left: Map<string, number>;
  /** Rows whose features were logged and recomputed too. */
  compared: number;
  /** Of these, by feature, those in which the two differ, in whatever bit. */
  readonly differing: Map<string, number>;
  /** Of the cards of the decisions that were taken. */
  cardShare: number;
}

export const newRowCounts = (): RowCounts => ({
  listeners: new Map(),
  left: new Map(),
  compared: 0,
  differing: new Map(),
  cardShare: 1,
});

export function unitsOf({ listeners }: RowCounts): ReadonlyMap<string, number> {
  return new Map([...listeners].map(([slice, state]) => [slice, countDistinct(state).count]));
}

const CHUNK_ROWS = 2048;

/** Chunks in the order of the log. @param counts its figures are added to */
export async function* exampleChunks(
  workspace: Workspace,
  job: RowsJob,
  counts: RowCounts,
  onProgress: OnProgress,
): AsyncGenerator<Chunk> {
  const rows = new RowColumns(workspace, counts);
  for await (const { record, cards } of decisionsWithCards(workspace, job, counts, onProgress)) {
    rows.add(record, cards, job.stream);
    if (rows.count >= CHUNK_ROWS) yield rows.take();
  }
  if (rows.count > 0) yield rows.take();
}

/**
 * Whether at least so many listeners have decisions in the span that could have given rows: with the features of today, from
 * epochs that are still there, of nobody who was erased. Where none did, something was lost.
 */
export async function haveDecided(
  workspace: Workspace,
  { span, decisions, from }: Pick<RowsJob, 'span' | 'decisions' | 'from'>,
  atLeast: number,
): Promise<boolean> {
  const inputs = createInputReader(workspace.epochs);
  const listeners = new Set<string>();
  for await (const record of unhurried(pastDecisions(workspace, decisions, span, { from: from.decisions }))) {
    const { degraded, marks, versions, listenerKey } = record;
    if (degraded || marks.length > 0 || isHeldOut(record) || versions.encoder !== workspace.encoder.hash) continue;
    if (listeners.has(listenerKey) || secretOfKey(workspace.store, listenerKey) === undefined) continue;
    try {
      inputs(versions);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      continue;
    }
    listeners.add(listenerKey);
    if (listeners.size >= atLeast) return true;
  }
  return false;
}

interface ServedCard {
  readonly row: number;
  readonly rank: number;
  /** What it earned; undefined where that is not asked. */
  readonly label: 0 | 1 | undefined;
}

interface Served {
  readonly record: DecisionRecord;
  readonly cards: readonly ServedCard[];
}

function leave({ left }: RowCounts, why: string, count = 1): void {
  if (count > 0) left.set(why, (left.get(why) ?? 0) + count);
}

async function* decisionsWithCards(
  workspace: Workspace,
  job: RowsJob,
  counts: RowCounts,
  onProgress: OnProgress,
): AsyncGenerator<Served> {
  switch (job.stream) {
    case 'training':
      yield* seenCards(workspace, job, counts, onProgress);
      return;
    case 'evaluation':
      yield* evaluatedCards(workspace, job, counts, onProgress);
      return;
    case 'serving':
      yield* servedCards(workspace, job, counts);
  }
}

const BETWEEN_TURNS = 512;
/** The same, with pauses in which the thread answers questions. */
async function* unhurried<T>(entries: AsyncIterable<T>): AsyncGenerator<T> {
  let untilTurn = BETWEEN_TURNS;
  for await (const entry of entries) {
    yield entry;
    if (--untilTurn > 0) continue;
    untilTurn = BETWEEN_TURNS;
    await nextTurn();
  }
}

function catalogOf(workspace: Workspace, hash: string): Catalog {
  return readCatalog(workspace.epochs.get(hash));
}

async function* seenCards(
  workspace: Workspace,
  { span, nowMs, events, decisions, from, catalogHash, maxRows }: RowsJob,
  counts: RowCounts,
  onProgress: OnProgress,
): AsyncGenerator<Served> {
  const { items } = workspace.vocabularies();
  const flagged = flaggedKeys(workspace.store, nowMs);
  const referenced = await referencedDecisions(unhurried(eventsOf(workspace, events, from.events)));
  let passedOver = 0;
  const wanted = (id: string): boolean => {
    const has = referenced.has(id);
    if (!has) passedOver++;
    return has;
  };
  const rewards = await gatherRewards(
    {
      decisions: unhurried(pastDecisions(workspace, decisions, span, { from: from.decisions, wanted })),
      events: unhurried(eventsOf(workspace, events, from.events)),
      catalog: catalogOf(workspace, catalogHash),
      itemName: (item) => items.name(item),
      isFlagged: (key) => flagged.has(key),
    },
    span,
    { nowMs, matured: false, maxRows },
    (share) => onProgress('rewards', Math.min(1, Math.max(0, share))),
  );
  leave(counts, 'unseen', rewards.unseen + passedOver);
  leave(counts, 'sampled', rewards.sampled);
  if (rewards.labels.size === 0) return;
  const labelledOnes = { from: from.decisions, wanted: (id: string) => rewards.labels.has(id) };
  for await (const record of unhurried(pastDecisions(workspace, decisions, span, labelledOnes))) {
    const labels = rewards.labels.get(record.decisionId);
    if (labels === undefined) continue;
    if (record.degraded) leave(counts, 'degraded');
    else if (record.marks.includes('unprofiled') || record.marks.includes('flagged')) leave(counts, 'marked');
    else yield { record, cards: labelled(record, labels) };
  }
}

function labelled(record: DecisionRecord, labels: CardLabels): ServedCard[] {
  return record.rows.flatMap(({ cards }, row) =>
    cards.flatMap((_card, rank): ServedCard[] => {
      const label = labels.get(row * 256 + rank);
      return label === undefined ? [] : [{ row, rank, label }];
    }),
  );
}

async function* evaluatedCards(
  workspace: Workspace,
  job: RowsJob,
  counts: RowCounts,
  onProgress: OnProgress,
): AsyncGenerator<Served> {
  const { span, nowMs, events, from } = job;
  const hasMatured = (atMs: number): boolean => atMs + REWARD_WINDOW_MS <= nowMs;
  if (!hasMatured(span.fromMs)) return;
  const { items } = workspace.vocabularies();
  const flagged = flaggedKeys(workspace.store, nowMs);
  const referenced = await referencedDecisions(unhurried(eventsOf(workspace, events, from.events)));
  let rendered = 0;
  for await (const id of unhurried(pastDecisionIds(workspace, job.decisions, span, from.decisions))) {
    if (referenced.isRendered(id)) rendered++;
    else if (!referenced.has(id)) leave(counts, hasMatured(decisionTimeMs(id)) ? 'unrendered' : 'immature');
  }
  const isTaken = evenly(rendered, job.maxDecisions);
  const known = { from: from.decisions, wanted: referenced.has };
  const source = {
    decisions: (of: Span) => unhurried(pastDecisions(workspace, job.decisions, of, known)),
    events: () => unhurried(eventsOf(workspace, events, from.events)),
    catalog: catalogOf(workspace, job.catalogHash),
    itemName: (item: number) => items.name(item),
    isFlagged: (key: string) => flagged.has(key),
  };
  const outcomes: OutcomeCounts = { decisions: 0, immature: 0, unrendered: 0 };
  const { left } = newTotals(0);
  const opener = new DecisionOpener(workspace, left);
  const evaluated = async function* (): AsyncGenerator<Served> {
    for await (const { record, rewarded } of maturedOutcomes(source, span, nowMs, outcomes)) {
      onProgress('outcomes', Math.min(1, Math.max(0, (record.atMs - span.fromMs) / (span.toMs - span.fromMs))));
      if (!isTaken(record.decisionId)) left.sampled++;
      else if (opener.open(record) !== undefined) {
        const earned = new Set(rewarded.map(({ shelfRank, cardRank }) => shelfRank * 256 + cardRank));
        yield { record, cards: ownCards(record, (place) => (earned.has(place) ? 1 : 0)) };
      }
    }
  };
  yield* sampled(evaluated(), rendered, job, counts);
  leave(counts, 'immature', outcomes.immature);
  leave(counts, 'unrendered', outcomes.unrendered);
  for (const [why, count] of Object.entries(left)) leave(counts, why, count);
}

async function* servedCards(workspace: Workspace, job: RowsJob, counts: RowCounts): AsyncGenerator<Served> {
  const { span, decisions, from } = job;
  let made = 0;
  for await (const _id of unhurried(pastDecisionIds(workspace, decisions, span, from.decisions))) made++;
  const isTaken = evenly(made, job.maxDecisions);
  const wanted = (id: string): boolean => {
    const takes = isTaken(id);
    if (!takes) leave(counts, 'sampled');
    return takes;
  };
  const served = async function* (): AsyncGenerator<Served> {
    for await (const record of unhurried(pastDecisions(workspace, decisions, span, { from: from.decisions, wanted })))
      yield { record, cards: ownCards(record, () => undefined) };
  };
  yield* sampled(served(), made, job, counts);
}

/** @param count of the decisions from which those that come were taken */
function sampled(
  decisions: AsyncIterable<Served>,
  count: number,
  { maxDecisions, maxRows }: RowsJob,
  counts: RowCounts,
): AsyncIterable<Served> {
  return thinned(decisions, Math.min(count, maxDecisions), maxRows, (share) => {
    counts.cardShare = share;
  });
}

/** Cards that this decision drew: what was carried is the first decision's. */
function ownCards(record: DecisionRecord, labelOf: (place: number) => 0 | 1 | undefined): ServedCard[] {
  return record.rows.flatMap(({ shelf, cards }, row) =>
    record.shelves[shelf].carriedFrom === ''
      ? cards.map((_card, rank): ServedCard => ({ row, rank, label: labelOf(row * 256 + rank) }))
      : [],
  );
}

/** Features of dense columns as they are declared, one column a feature; and of slots. */
export function featureColumns(encoder: Pick<Encoder, 'description'>): readonly FeatureDescription[] {
  return encoder.description.filter(({ columns, slot }) => columns.length > 0 || slot !== '');
}

/** Columns beside the features: where the row comes from. Their names are not those of features. */
export const CONTEXT_COLUMNS = [
  'tier',
  'market',
  'device',
  'model',
  'shelf',
  'shelfRank',
  'cardRank',
  'propensity',
  'label',
] as const;

/** A feature that is called like a column of the context stands aside. */
export function columnName({ name }: FeatureDescription): string {
  return (CONTEXT_COLUMNS as readonly string[]).includes(name) ? `feature.${name}` : name;
}

const TEXT = { kind: 'STRING', depth: 1 } as const;
const INT = { kind: 'INT', depth: 1 } as const;
const FLOAT = { kind: 'FLOAT', depth: 1 } as const;

/** Rows as they come, turned into columns a chunk at a time. */
class RowColumns {
  private readonly workspace: Workspace;
  private readonly counts: RowCounts;
  private readonly inputs: InputReader;
  private readonly features: readonly FeatureDescription[];
  private readonly batch: FeatureBatch;
  private readonly item = new Uint32Array(1);
  private readonly context: Record<(typeof CONTEXT_COLUMNS)[number], (string | number | null)[]>;
  count = 0;

  constructor(workspace: Workspace, counts: RowCounts) {
    this.workspace = workspace;
    this.counts = counts;
    this.inputs = createInputReader(workspace.epochs);
    this.features = featureColumns(workspace.encoder);
    // The most that a decision may have, and as much again to recompute it beside what was logged.
    this.batch = createBatch(workspace.encoder, CHUNK_ROWS + 2 * 64 * 256);
    this.context = Object.fromEntries(CONTEXT_COLUMNS.map((name) => [name, []])) as unknown as typeof this.context;
  }

  add(record: DecisionRecord, cards: readonly ServedCard[], stream: ExampleStream): void {
    if (cards.length === 0) {
      leave(this.counts, 'nothing of its own');
      return;
    }
    if (record.versions.encoder !== this.workspace.encoder.hash) {
      leave(this.counts, 'otherEncoder');
      return;
    }
    const isLogged = stream === 'serving' && this.copyLogged(record, cards);
    if (isLogged) this.compare(record, cards);
    else if (!this.encode(record, cards, this.count)) {
      leave(this.counts, 'unreadable');
      return;
    }
    const model = record.versions.model.slice(0, 8);
    const slices = { tier: record.tier, market: record.market, device: record.device, model };
    for (const { row, rank, label } of cards) {
      const { shelf, cards: chosen } = record.rows[row];
      for (const [name, value] of Object.entries(slices))
        this.context[name as 'tier'].push(value === '' ? null : value);
      this.context.shelf.push(record.shelves[shelf].shelfId);
      this.context.shelfRank.push(row);
      this.context.cardRank.push(rank);
      this.context.propensity.push(chosen[rank].propensity);
      this.context.label.push(label ?? null);
    }
    this.count += cards.length;
    const hash = hashOfKey(record.listenerKey);
    const names = Object.entries(slices).flatMap(([name, value]) => (value === '' ? [] : [`${name}_${value}`]));
    for (const slice of ['', ...names]) {
      const known = this.counts.listeners.get(slice) ?? emptyDistinct();
      addDistinct(known, hash);
      this.counts.listeners.set(slice, known);
    }
  }

  /** The matrix that the decision was made with; false where it was not logged. */
  private copyLogged({ audit, shelves, rows }: DecisionRecord, cards: readonly ServedCard[]): boolean {
    if (audit === undefined) return false;
    const { batch } = this;
    const { denseWidth, sparseWidth } = batch;
    const starts: number[] = [];
    let candidates = 0;
    for (const { items } of shelves) {
      starts.push(candidates);
      candidates += items.length;
    }
    if (audit.dense.length !== candidates * denseWidth || audit.sparse.length !== candidates * sparseWidth)
      return false;
    for (const [i, { row, rank }] of cards.entries()) {
      const from = starts[rows[row].shelf] + rows[row].cards[rank].index;
      const to = this.count + i;
      batch.dense.set(audit.dense.subarray(from * denseWidth, (from + 1) * denseWidth), to * denseWidth);
      batch.sparse.set(audit.sparse.subarray(from * sparseWidth, (from + 1) * sparseWidth), to * sparseWidth);
    }
    return true;
  }

  /** Recomputes what was logged, as training does, and counts where the two differ. */
  private compare(record: DecisionRecord, cards: readonly ServedCard[]): void {
    const { batch, counts } = this;
    const at = this.count + cards.length;
    if (!this.encode(record, cards, at)) return;
    counts.compared += cards.length;
    const { denseWidth, sparseWidth } = batch;
    const { sparseNames } = this.workspace.encoder;
    for (let i = 0; i < cards.length; i++) {
      let dense = 0;
      for (const feature of this.features) {
        const width = feature.columns.length;
        let differs = false;
        for (let c = dense; c < dense + width; c++)
          differs ||= !Object.is(
            batch.dense[(this.count + i) * denseWidth + c],
            batch.dense[(at + i) * denseWidth + c],
          );
        dense += width;
        if (feature.slot !== '') {
          const slot = sparseNames.indexOf(feature.slot);
          differs ||=
            batch.sparse[(this.count + i) * sparseWidth + slot] !== batch.sparse[(at + i) * sparseWidth + slot];
        }
        if (!differs) continue;
        const name = columnName(feature);
        counts.differing.set(name, (counts.differing.get(name) ?? 0) + 1);
      }
    }
  }

  /** False where it was erased, or its epochs are gone. @param at the first row to write */
  private encode(record: DecisionRecord, cards: readonly ServedCard[], at: number): boolean {
    const { store, encoder } = this.workspace;
    const secret = secretOfKey(store, record.listenerKey);
    const sealed = secret === undefined ? undefined : openView(record, secret);
    if (sealed === undefined) return false;
    let epochs: ReturnType<InputReader>;
    try {
      epochs = this.inputs(record.versions);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return false;
    }
    const view: ListenerView = decodeListenerView(sealed);
    const { atMs, device } = record;
    const { catalog, counters, embedding = EMPTY_EMBEDDING } = epochs;
    const bound = encoder.bind({ view, atMs, device, market: view.market, catalog, counters, embedding });
    for (const [i, { row, rank }] of cards.entries()) {
      const shelf = record.shelves[record.rows[row].shelf];
      this.item[0] = shelf.items[record.rows[row].cards[rank].index];
      bound.encode(shelf, this.item, 1, this.batch, at + i);
    }
    return true;
  }

  take(): Chunk {
    const { count, context } = this;
    const columns: Column[] = [];
    const contextTypes = { shelfRank: INT, cardRank: INT, label: INT, propensity: FLOAT } as const;
    for (const name of CONTEXT_COLUMNS) {
      const values = context[name];
      // Of serving nothing is known of what it earned.
      if (values.some((value) => value !== null))
        columns.push(columnOf(name, name in contextTypes ? contextTypes[name as 'label'] : TEXT, values));
      context[name] = [];
    }
    columns.push(...this.featureColumns());
    this.count = 0;
    return { rows: count, columns };
  }

  private featureColumns(): Column[] {
    const { count, batch } = this;
    const { encoder } = this.workspace;
    const { denseWidth, sparseWidth } = batch;
    let dense = 0;
    return this.features.flatMap((feature): Column[] => {
      const name = columnName(feature);
      const made: Column[] = [];
      if (feature.kind === 'numeric') {
        const at = dense;
        made.push(
          columnOf(
            name,
            FLOAT,
            Array.from({ length: count }, (_, r) => batch.dense[r * denseWidth + at]),
          ),
        );
      } else if (feature.columns.length > 0) {
        const [at, words] = [
          dense,
          feature.columns.map((column) => column.slice(feature.name.length).replace(/^=/, '')),
        ];
        made.push(
          columnOf(
            name,
            TEXT,
            Array.from({ length: count }, (_, r) => {
              for (let w = 0; w < words.length; w++) if (batch.dense[r * denseWidth + at + w] === 1) return words[w];
              return null;
            }),
          ),
        );
      }
      dense += feature.columns.length;
      if (feature.slot !== '') {
        const at = encoder.sparseNames.indexOf(feature.slot);
        const buckets = Array.from({ length: count }, (_, r) => batch.sparse[r * sparseWidth + at] || null);
        made.push(columnOf(name, INT, buckets));
      }
      return made;
    });
  }
}
