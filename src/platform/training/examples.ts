/**
 * Examples from the log: the cards of past decisions that were seen, with the features that each decision was made with
 * (recomputed from its record by the encoder that serving uses), what they earned, and their weights.
 *
 * What is no evidence of what listeners like gives no rows: degraded pages, pages for nobody in particular, flagged
 * traffic. What was carried is credited to the decision that first drew it. What was forced gives rows of weight 1.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hash32 } from '../../base/index.ts';
import {
  type DecisionRecord,
  type DecisionVersions,
  decodeDecision,
  decodeListenerView,
  EMPTY_EMBEDDING,
  type FeedbackEvent,
  readCatalog,
  recordIdOf,
  recordTimeMsOf,
  SURFACES,
  surfaceOf,
} from '../../domain/index.ts';
import { createBatch, type FeatureBatch } from '../../features/index.ts';
import { DEFAULT_TUNABLES, isCold } from '../../home/index.ts';
import type { PlacedExamples, Places, SliceColumn } from '../../models/index.ts';
import type { LogPosition } from '../../store/index.ts';
import { ENTRY_DECISION, recordBytesOf } from '../decisions.ts';
import { createInputReader, type InputReader } from '../epochs.ts';
import { createHistoryExamples, type HistoryRows } from '../history-model.ts';
import { storedIdCount } from '../id-runs.ts';
import { isUnreadable } from '../learn.ts';
import { secretOfKey } from '../listeners.ts';
import type { Pace } from '../pace.ts';
import { openView } from '../sealing.ts';
import { flaggedKeys } from '../traffic.ts';
import { DECISIONS, pastEntries, pastEvents, type Workspace } from '../workspace.ts';
import type { LeftOut, TrainingOptions } from './report.ts';
import { type CardLabels, gatherRewards } from './rewards.ts';
import { parseSpan, type Span } from './span.ts';
import { createWeights, normaliseWeights, type WeighCards } from './weights.ts';

/** What a row is for. */
export const TRAIN = 0;
export const TUNE = 1;
export const VALIDATE = 2;

export interface ExampleSet extends PlacedExamples {
  /** TRAIN, TUNE or VALIDATE. */
  readonly part: Uint8Array;
  /** Rows of one shelf as it was shown, or of one play of the history, are a run of one number. */
  readonly groups: Uint32Array;
  readonly slices: Readonly<Record<string, SliceColumn>>;
  readonly fromMs: number;
  readonly toMs: number;
  readonly validationFromMs: number;
  readonly decisions: number;
  readonly listeners: number;
  readonly historyRows: number;
  readonly clipped: number;
  readonly effectiveRows: number;
  readonly leftOut: LeftOut;
}

export interface ExamplesJob {
  readonly training: TrainingOptions;
  readonly nowMs: number;
  readonly eventsEnd: LogPosition;
  readonly decisionsEnd: LogPosition;
  /** The epochs that serve: what the history is encoded with. */
  readonly versions: Pick<DecisionVersions, 'catalog' | 'counters' | 'embedding'>;
}

export async function gatherExamples(
  workspace: Workspace,
  job: ExamplesJob,
  onProgress: (stage: string, share: number) => void,
): Promise<ExampleSet> {
  const { training, nowMs } = job;
  const span = parseSpan(training.examples, nowMs);
  const catalog = readCatalog(workspace.epochs.get(job.versions.catalog));
  const { items } = workspace.vocabularies();
  const flagged = flaggedKeys(workspace.store, nowMs);
  const rewards = await gatherRewards(
    {
      decisions: pastDecisions(workspace, job.decisionsEnd, span),
      events: eventsOf(workspace, job.eventsEnd),
      catalog,
      itemName: (item) => items.name(item),
      isFlagged: (key) => flagged.has(key),
    },
    span,
    { nowMs, matured: training.matured, maxRows: training.maxRows },
    (share) => onProgress('rewards', share),
  );
  // Plays of the history were made at no place of a page.
  const wanted = training.position === 'none' ? training.historyBelow : 0;
  const history = rewards.rows < wanted ? await historyRows(workspace, job, onProgress) : undefined;
  const set = new Rows(workspace, rewards.rows + (history?.rows ?? 0), training);
  let done = 0;
  for await (const record of pastDecisions(workspace, job.decisionsEnd, span)) {
    const labels = rewards.labels.get(record.decisionId);
    if (labels === undefined) continue;
    set.addDecision(record, labels);
    if (++done % 256 === 0) onProgress('features', done / rewards.labels.size);
  }
  if (history !== undefined) set.addHistory(history, span);
  return set.finish(rewards);
}

export interface DecisionsRead {
  /** A place before all of them; the beginning unless it is given. */
  readonly from?: LogPosition | undefined;
  /** All but these are passed over undecoded. @default every one */
  readonly wanted?: (decisionId: string) => boolean;
  /** Of the thread that reads, also where it passes records over. @default a turn for its other work, now and then */
  readonly pace?: Pace | undefined;
}

/** Decisions of a span that read, in the log's order. */
export async function* pastDecisions(
  workspace: Workspace,
  end: LogPosition,
  span: Span,
  { wanted, ...reading }: DecisionsRead = {},
): AsyncGenerator<DecisionRecord> {
  for await (const { decisionId, read } of undecodedDecisions(workspace, end, span, reading)) {
    if (wanted?.(decisionId) === false) continue;
    const record = read();
    if (record !== undefined) yield record;
  }
}

export interface UndecodedDecision {
  readonly decisionId: string;
  /** Until the next one is asked for; undefined where it is damaged. */
  readonly read: () => DecisionRecord | undefined;
}

/** Records between two turns of the thread's other work. */
const BETWEEN_TURNS = 512;

/** The same without decoding them, which is nine tenths of reading them. */
export async function* undecodedDecisions(
  workspace: Workspace,
  end: LogPosition,
  span: Span,
  { from, pace }: Omit<DecisionsRead, 'wanted'> = {},
): AsyncGenerator<UndecodedDecision> {
  let untilTurn = BETWEEN_TURNS;
  for await (const { payload } of pastEntries(workspace, DECISIONS, end, from)) {
    if (pace?.isDue === true) await pace.rest();
    else if (pace === undefined && --untilTurn === 0) {
      untilTurn = BETWEEN_TURNS;
      await nextTurn();
    }
    if (payload[0] !== ENTRY_DECISION) continue;
    const bytes = recordBytesOf(payload);
    // Most of a long log is of other days: those are passed over undecoded.
    const atMs = recordTimeMsOf(bytes);
    if (atMs >= span.fromMs && atMs < span.toMs)
      yield { decisionId: recordIdOf(bytes), read: () => decodeUnlessDamaged(bytes) };
  }
}

function decodeUnlessDamaged(bytes: Uint8Array): DecisionRecord | undefined {
  try {
    return decodeDecision(bytes);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return undefined;
  }
}

export async function* eventsOf(
  workspace: Workspace,
  end: LogPosition,
  from?: LogPosition,
): AsyncGenerator<FeedbackEvent> {
  for await (const { event } of pastEvents(workspace, end, from)) yield event;
}

async function historyRows(
  workspace: Workspace,
  job: ExamplesJob,
  onProgress: (stage: string, share: number) => void,
): Promise<HistoryRows | undefined> {
  const { catalog, counters, embedding } = job.versions;
  if (counters === '' || embedding === '') return undefined;
  const { items } = workspace.vocabularies();
  const embeddingEpoch = workspace.epochs.get(embedding);
  const expected = Math.max(1, storedIdCount(workspace.store));
  const dimension = Number(embeddingEpoch.meta.dimension);
  const examples = createHistoryExamples(workspace, readCatalog(workspace.epochs.get(catalog)), expected, dimension);
  const flagged = flaggedKeys(workspace.store, job.nowMs);
  const numberOf = (id: string): number => (id === '' ? -1 : items.lookup(id));
  let read = 0;
  for await (const { event } of pastEvents(workspace, job.eventsEnd)) {
    if (++read % 20_000 === 0) onProgress('history', Math.min(1, read / expected));
    if (!flagged.has(event.listenerKey)) examples.add(event, numberOf(event.itemId), numberOf(event.containerId));
  }
  return examples.encode(workspace.epochs.get(counters), embeddingEpoch);
}

/** Rows as they come; their parts are known when all are there. */
class Rows {
  private readonly workspace: Workspace;
  private readonly training: TrainingOptions;
  private readonly batch: FeatureBatch;
  private readonly labels: Float32Array;
  private readonly weights: Float32Array;
  private readonly groups: Uint32Array;
  private readonly places: Places;
  /** By row: its decision or play, of which the parallel lists tell. */
  private readonly unit: Uint32Array;
  private readonly unitAtMs: number[] = [];
  private readonly unitListener: string[] = [];
  private readonly columns = new Map<string, Column>();
  private readonly inputs: InputReader;
  private readonly weigh: WeighCards = createWeights();
  private readonly left = { degraded: 0, marked: 0, otherEncoder: 0, unreadable: 0 };
  private rows = 0;
  private group = 0;
  private decisions = 0;
  private decisionRows = 0;

  constructor(workspace: Workspace, room: number, training: TrainingOptions) {
    this.workspace = workspace;
    this.training = training;
    this.batch = createBatch(workspace.encoder, room);
    this.labels = new Float32Array(room);
    this.weights = new Float32Array(room);
    this.groups = new Uint32Array(room);
    this.places = {
      surfaces: new Uint8Array(room),
      shelfRanks: new Uint8Array(room),
      cardRanks: new Uint8Array(room),
    };
    this.unit = new Uint32Array(room);
    this.inputs = createInputReader(workspace.epochs);
  }

  addDecision(record: DecisionRecord, labels: CardLabels): void {
    const { encoder, store } = this.workspace;
    if (record.degraded) this.left.degraded++;
    else if (record.marks.includes('unprofiled') || record.marks.includes('flagged')) this.left.marked++;
    else if (record.versions.encoder !== encoder.hash) this.left.otherEncoder++;
    else {
      const secret = secretOfKey(store, record.listenerKey);
      const sealed = secret === undefined ? undefined : openView(record, secret);
      if (sealed === undefined || !this.encode(record, sealed, labels)) this.left.unreadable++;
      else this.decisions++;
    }
  }

  /** False, and nothing is added, where the record's epochs are gone or its page cannot be walked. */
  private encode(record: DecisionRecord, sealed: Uint8Array, labels: CardLabels): boolean {
    let epochs: ReturnType<InputReader>;
    try {
      epochs = this.inputs(record.versions);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return false;
    }
    const weights =
      this.training.weighting === 'uniform' ? this.weigh(record, epochs.catalog, epochs.tunables) : undefined;
    if (weights === undefined && this.training.weighting === 'uniform') return false;
    const view = decodeListenerView(sealed);
    const bound = this.workspace.encoder.bind({
      view,
      atMs: record.atMs,
      device: record.device,
      market: view.market,
      catalog: epochs.catalog,
      counters: epochs.counters,
      embedding: epochs.embedding ?? EMPTY_EMBEDDING,
    });
    const unit = this.newUnit(record.listenerKey, record.atMs);
    const item = new Uint32Array(1);
    const surface = SURFACES.indexOf(surfaceOf(record.device));
    const { surfaces, shelfRanks, cardRanks } = this.places;
    for (const [shelfRank, row] of record.rows.entries()) {
      const shelf = record.shelves[row.shelf];
      const before = this.rows;
      for (const [cardRank, card] of row.cards.entries()) {
        const label = labels.get(shelfRank * 256 + cardRank);
        if (label === undefined) continue;
        item[0] = shelf.items[card.index];
        bound.encode(shelf, item, 1, this.batch, this.rows);
        surfaces[this.rows] = surface;
        shelfRanks[this.rows] = shelfRank;
        cardRanks[this.rows] = cardRank;
        this.add(unit, label, weights?.[shelfRank][cardRank] ?? 1);
        this.tell('shelf', shelf.shelfId);
        this.tell('tier', record.tier);
        this.tell('market', record.market);
        this.tell('device', record.device);
        this.tell('listener', isCold(view, DEFAULT_TUNABLES) ? 'new' : 'known');
        this.tell('source', 'decisions');
      }
      if (this.rows > before) this.group++;
    }
    this.decisionRows = this.rows;
    return true;
  }

  /**
   * Plays of the span. Positives weigh 1; each negative stands for as many as the assumed rate of rewards says that there
   * were.
   */
  addHistory(
    { batch, labels, negativeRate, plays }: HistoryRows,
    span: { readonly fromMs: number; readonly toMs: number },
  ): void {
    const { denseWidth, sparseWidth } = batch;
    const { tiers, markets } = this.workspace.vocabularies();
    const nameOf = (names: { name(number: number): string }, number: number): string =>
      number < 0 ? '' : names.name(number);
    let at = 0;
    for (const { listenerKey, atMs, device, view, rows: own } of plays) {
      if (atMs < span.fromMs || atMs >= span.toMs) {
        at += own;
        continue;
      }
      const dense = batch.dense.subarray(at * denseWidth, (at + own) * denseWidth);
      const sparse = batch.sparse.subarray(at * sparseWidth, (at + own) * sparseWidth);
      this.batch.dense.set(dense, this.rows * denseWidth);
      this.batch.sparse.set(sparse, this.rows * sparseWidth);
      const unit = this.newUnit(listenerKey, atMs);
      for (let k = 0; k < own; k++, at++) {
        this.add(unit, labels[at], labels[at] === 1 ? 1 : 1 / negativeRate);
        this.tell('shelf', '');
        this.tell('tier', nameOf(tiers, view.tier));
        this.tell('market', nameOf(markets, view.market));
        this.tell('device', device);
        this.tell('listener', isCold(view, DEFAULT_TUNABLES) ? 'new' : 'known');
        this.tell('source', 'history');
      }
      this.group++;
    }
  }

  private newUnit(listenerKey: string, atMs: number): number {
    this.unitAtMs.push(atMs);
    this.unitListener.push(listenerKey);
    return this.unitAtMs.length - 1;
  }

  private add(unit: number, label: number, weight: number): void {
    this.labels[this.rows] = label;
    this.weights[this.rows] = weight;
    this.groups[this.rows] = this.group;
    this.unit[this.rows] = unit;
    this.rows++;
  }

  /** Of the row that was added last. */
  private tell(dimension: string, name: string): void {
    let column = this.columns.get(dimension);
    if (column === undefined) {
      column = new Column(this.labels.length);
      this.columns.set(dimension, column);
    }
    column.set(this.rows - 1, name);
  }

  finish(rewards: { readonly unseen: number; readonly sampled: number }): ExampleSet {
    const { rows, training } = this;
    const weights = this.weights.subarray(0, rows);
    // Each source is scaled by itself: neither's rows weigh more for the way in which they were sampled.
    const weighed = normaliseWeights(weights.subarray(0, this.decisionRows), training.weightClip);
    const past = normaliseWeights(weights.subarray(this.decisionRows), Number.POSITIVE_INFINITY);
    const times = Float64Array.from(this.unitAtMs).sort();
    // What is asked is how good the model is at decisions: the history only helps where there are hardly any.
    const judged =
      this.decisions < LEAST_JUDGED_DECISIONS
        ? times
        : Float64Array.from(this.unitAtMs.slice(0, this.decisions)).sort();
    const validationFromMs = judged[Math.floor(judged.length * (1 - training.validationShare))] ?? 0;
    const part = new Uint8Array(rows);
    const tuning = tuningListeners(new Set(this.unitListener), training.tuningShare);
    const tunes = this.unitListener.map((key) => tuning.has(key));
    for (let r = 0; r < rows; r++) {
      const unit = this.unit[r];
      part[r] = this.unitAtMs[unit] >= validationFromMs ? VALIDATE : tunes[unit] ? TUNE : TRAIN;
    }
    const trained = new Set(
      this.unitListener.filter((_, unit) => !tunes[unit] && this.unitAtMs[unit] < validationFromMs),
    );
    const seen = this.unitListener.map((key) => Number(trained.has(key)));
    const slices: Record<string, SliceColumn> = {
      training: {
        names: ['unseen', 'seen'],
        codes: Uint8Array.from(this.unit.subarray(0, rows), (unit) => seen[unit]),
      },
    };
    for (const [dimension, column] of this.columns) slices[dimension] = column.finish(rows);
    return {
      batch: this.batch,
      labels: this.labels.subarray(0, rows),
      weights,
      rows,
      part,
      groups: this.groups.subarray(0, rows),
      places: this.places,
      slices,
      fromMs: times[0] ?? 0,
      toMs: times.at(-1) ?? 0,
      validationFromMs,
      decisions: this.decisions,
      listeners: new Set(this.unitListener).size,
      historyRows: rows - this.decisionRows,
      clipped: weighed.clipped,
      effectiveRows: weighed.effectiveRows + past.effectiveRows,
      leftOut: { ...this.left, unseen: rewards.unseen, sampled: rewards.sampled },
    };
  }
}

/** With fewer, the validation rows begin where the last of all rows do, those of the history included. */
const LEAST_JUDGED_DECISIONS = 20;

const LISTENER_SALT = 0x7e57;

/** Where a listener stands between 0 and 1, by hash: the same in every training. */
function shareOf(listenerKey: string): number {
  return (hash32(listenerKey, LISTENER_SALT) >>> 0) / 2 ** 32;
}

/** Those whose place is below the share. Of a few listeners that may be none or all: then it is one, or all but one. */
function tuningListeners(keys: ReadonlySet<string>, share: number): ReadonlySet<string> {
  const inOrder = [...keys].sort((a, b) => shareOf(a) - shareOf(b));
  const count = inOrder.filter((key) => shareOf(key) < share).length;
  if (share === 0 || inOrder.length < 2) return new Set(inOrder.slice(0, count));
  return new Set(inOrder.slice(0, Math.min(inOrder.length - 1, Math.max(1, count))));
}

/** Names of rows, numbered as they come. */
class Column {
  private readonly numbers = new Map<string, number>();
  private readonly codes: Uint16Array;

  constructor(room: number) {
    this.codes = new Uint16Array(room);
  }

  set(row: number, name: string): void {
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.numbers.size;
      this.numbers.set(name, number);
    }
    this.codes[row] = number;
  }

  finish(rows: number): SliceColumn {
    return { names: [...this.numbers.keys()], codes: this.codes.subarray(0, rows) };
  }
}

/** The rows of one part, copied. */
export function partOf({ batch, labels, weights, places, part }: ExampleSet, wanted: number): PlacedExamples {
  const chosen = Uint32Array.from(part.keys()).filter((r) => part[r] === wanted);
  const rows = chosen.length;
  const copy = createBatch(batch, rows);
  const { denseWidth, sparseWidth } = batch;
  chosen.forEach((r, k) => {
    copy.dense.set(batch.dense.subarray(r * denseWidth, (r + 1) * denseWidth), k * denseWidth);
    copy.sparse.set(batch.sparse.subarray(r * sparseWidth, (r + 1) * sparseWidth), k * sparseWidth);
  });
  return {
    batch: copy,
    labels: Float32Array.from(chosen, (r) => labels[r]),
    weights: Float32Array.from(chosen, (r) => weights[r]),
    places: {
      surfaces: Uint8Array.from(chosen, (r) => places.surfaces[r]),
      shelfRanks: Uint8Array.from(chosen, (r) => places.shelfRanks[r]),
      cardRanks: Uint8Array.from(chosen, (r) => places.cardRanks[r]),
    },
    rows,
  };
}
