/**
 * Examples of a day as columns, for statistics: served cards with the features that their decision was made with, recomputed; of serving,
 * the features that the decision itself logged (one in fifty does), else recomputed. Memory is a chunk of rows.
 */
import { type DecisionRecord, decodeListenerView, EMPTY_EMBEDDING, type ListenerView } from '../../domain/index.ts';
import { createBatch, type Encoder, type FeatureBatch, type FeatureDescription } from '../../features/index.ts';
import { type Chunk, type Column, columnOf } from '../../validation/index.ts';
import { createInputReader, type InputReader } from '../epochs.ts';
import { isHeldOut } from '../evaluation/weighing.ts';
import { addDistinct, countDistinct, type DistinctState, emptyDistinct, hashOfKey } from '../insights/distinct.ts';
import { isUnreadable } from '../learn.ts';
import { secretOfKey } from '../listeners.ts';
import { openView } from '../sealing.ts';
import { pastDecisions } from '../training/examples.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import {
  type CardCounts,
  type CardsJob,
  leave,
  type ServedCard,
  type ServedCards,
  servedCards,
} from './served-cards.ts';
import type { ExampleStream } from './service.ts';

/** Counted up while rows are read. */
export interface RowCounts extends CardCounts {
  /** Listeners whose decisions gave rows, by slice (`tier_premium`); '' is all of them. */
  readonly listeners: Map<string, DistinctState>;
  /** Cards whose features were logged and recomputed too, rows or not. */
  compared: number;
  /** Of these, by feature, those in which the two differ, in whatever bit. */
  readonly differing: Map<string, number>;
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
  job: CardsJob,
  counts: RowCounts,
  onProgress: OnProgress,
): AsyncGenerator<Chunk> {
  const rows = new RowColumns(workspace, counts);
  for await (const served of servedCards(workspace, job, counts, onProgress)) {
    rows.add(served, job.stream);
    if (rows.count >= CHUNK_ROWS) yield rows.take();
    if (job.pace.isDue) await job.pace.rest();
  }
  if (rows.count > 0) yield rows.take();
}

/**
 * Whether at least so many listeners have decisions in the span that could have given rows: with the features of today, from
 * epochs that are still there, of nobody who was erased. Where none did, something was lost.
 */
export async function haveDecided(
  workspace: Workspace,
  { span, decisions, from, pace }: Pick<CardsJob, 'span' | 'decisions' | 'from' | 'pace'>,
  atLeast: number,
): Promise<boolean> {
  const inputs = createInputReader(workspace.epochs);
  const listeners = new Set<string>();
  for await (const record of pastDecisions(workspace, decisions, span, { from: from.decisions, pace })) {
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

  add({ record, cards, taken }: ServedCards, stream: ExampleStream): void {
    if (cards.length === 0) {
      leave(this.counts, 'nothing of its own');
      return;
    }
    if (record.versions.encoder !== this.workspace.encoder.hash) {
      leave(this.counts, 'otherEncoder');
      return;
    }
    // One row that differs is an error: all are compared, whether or not they are taken.
    const isLogged = stream === 'serving' && this.copyLogged(record, cards);
    if (isLogged) this.compare(record, cards);
    if (taken.length === 0) {
      leave(this.counts, 'sampled');
      return;
    }
    if (isLogged) this.copyLogged(record, taken);
    else if (!this.encode(record, taken, this.count)) {
      leave(this.counts, 'unreadable');
      return;
    }
    const model = record.versions.model.slice(0, 8);
    const slices = { tier: record.tier, market: record.market, device: record.device, model };
    for (const { row, rank, label } of taken) {
      const { shelf, cards: chosen } = record.rows[row];
      for (const [name, value] of Object.entries(slices))
        this.context[name as 'tier'].push(value === '' ? null : value);
      this.context.shelf.push(record.shelves[shelf].shelfId);
      this.context.shelfRank.push(row);
      this.context.cardRank.push(rank);
      this.context.propensity.push(chosen[rank].propensity);
      this.context.label.push(label ?? null);
    }
    this.count += taken.length;
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
