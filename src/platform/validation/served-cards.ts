/**
 * Cards of a day of decisions, by what they are examples of:
 *
 *   training    cards that were seen, of decisions whose page was rendered, with what they earned
 *   evaluation  all cards of decisions that have matured and may be evaluated, with what they earned
 *   serving     all cards of all decisions
 *
 * Who reads them is as training and evaluation read: what is lost there is lost here. Memory is the ids of the decisions that may
 * matter, and what joining rewards needs.
 */
import { type Catalog, type DecisionRecord, decisionTimeMs, readCatalog } from '../../domain/index.ts';
import { REWARD_WINDOW_MS } from '../../signals/index.ts';
import type { LogPosition } from '../../store/index.ts';
import { newTotals } from '../evaluation/chunks.ts';
import { aroundOf, maturedOutcomes, type OutcomeCounts } from '../evaluation/outcomes.ts';
import { DecisionOpener } from '../evaluation/weighing.ts';
import type { Pace } from '../pace.ts';
import { flaggedKeys } from '../traffic.ts';
import { eventsOf, pastDecisions, undecodedDecisions } from '../training/examples.ts';
import { type CardLabels, gatherRewards } from '../training/rewards.ts';
import type { Span } from '../training/span.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import { referencedAmong } from './referenced.ts';
import { evenCards, evenly, SpreadMean } from './sampling.ts';
import type { ExampleStream } from './service.ts';

export interface CardsJob {
  /** Of the thread that reads. */
  readonly pace: Pace;
  readonly stream: ExampleStream;
  readonly span: Span;
  readonly nowMs: number;
  readonly events: LogPosition;
  readonly decisions: LogPosition;
  /** Places before all that the span is made of; the beginning where undefined. */
  readonly from: { readonly events?: LogPosition; readonly decisions?: LogPosition };
  readonly catalogHash: string;
  /** Beyond it decisions are sampled evenly, by hash. Training, which has only the cards that were seen, goes by `maxRows` alone. */
  readonly maxDecisions: number;
  /** Beyond it cards of these are sampled evenly, so that there are about so many; in training whole decisions, until there are at most so many. */
  readonly maxRows: number;
}

export interface CardCounts {
  /** Decisions that gave no rows, by reason. */
  readonly left: Map<string, number>;
  /** Of the cards of the decisions that were taken. */
  cardShare: number;
}

export interface ServedCard {
  readonly row: number;
  readonly rank: number;
  /** What it earned; undefined where that is not asked. */
  readonly label: 0 | 1 | undefined;
}

export interface ServedCards {
  readonly record: DecisionRecord;
  /** All that are examples. */
  readonly cards: readonly ServedCard[];
  /** Those of them that were taken. */
  readonly taken: readonly ServedCard[];
}

export function leave({ left }: CardCounts, why: string, count = 1): void {
  if (count > 0) left.set(why, (left.get(why) ?? 0) + count);
}

/** Decisions in the order of the log. @param counts its figures are added to */
export async function* servedCards(
  workspace: Workspace,
  job: CardsJob,
  counts: CardCounts,
  onProgress: OnProgress,
): AsyncGenerator<ServedCards> {
  switch (job.stream) {
    case 'training':
      yield* seenCards(workspace, job, counts, onProgress);
      return;
    case 'evaluation':
      yield* evaluatedCards(workspace, job, counts, onProgress);
      return;
    case 'serving':
      yield* allCards(workspace, job, counts);
  }
}

/** The same, with pauses in which the thread answers questions. */
async function* unhurried<T>(entries: AsyncIterable<T>, pace: Pace): AsyncGenerator<T> {
  for await (const entry of entries) {
    yield entry;
    if (pace.isDue) await pace.rest();
  }
}

/** Where the job's decisions begin, and at what pace they are read. */
function readingOf({ from, pace }: Pick<CardsJob, 'from' | 'pace'>) {
  return { from: from.decisions, pace };
}

/** What joining rewards asks for beside decisions. */
function sourceOf(workspace: Workspace, { nowMs, events, from, catalogHash, pace }: CardsJob) {
  const { items } = workspace.vocabularies();
  const flagged = flaggedKeys(workspace.store, nowMs);
  const catalog: Catalog = readCatalog(workspace.epochs.get(catalogHash));
  return {
    events: () => unhurried(eventsOf(workspace, events, from.events), pace),
    catalog,
    itemName: (item: number) => items.name(item),
    isFlagged: (key: string) => flagged.has(key),
  };
}

async function* seenCards(
  workspace: Workspace,
  job: CardsJob,
  counts: CardCounts,
  onProgress: OnProgress,
): AsyncGenerator<ServedCards> {
  const { span, nowMs, decisions, maxRows } = job;
  const reading = readingOf(job);
  const ids: string[] = [];
  for await (const { decisionId } of undecodedDecisions(workspace, decisions, span, reading)) ids.push(decisionId);
  if (ids.length === 0) return;
  const source = sourceOf(workspace, job);
  const referenced = await referencedAmong(ids, source.events());
  const rewards = await gatherRewards(
    {
      ...source,
      events: source.events(),
      decisions: pastDecisions(workspace, decisions, span, { ...reading, wanted: referenced.has }),
    },
    span,
    { nowMs, matured: false, maxRows },
    (share) => onProgress('rewards', Math.min(1, Math.max(0, share))),
  );
  leave(counts, 'unseen', rewards.unseen + ids.filter((id) => !referenced.has(id)).length);
  leave(counts, 'sampled', rewards.sampled);
  if (rewards.labels.size === 0) return;
  const ofLabels = { ...reading, wanted: (id: string) => rewards.labels.has(id) };
  for await (const record of pastDecisions(workspace, decisions, span, ofLabels)) {
    const labels = rewards.labels.get(record.decisionId);
    if (labels === undefined) continue;
    if (record.degraded) leave(counts, 'degraded');
    else if (record.marks.includes('unprofiled') || record.marks.includes('flagged')) leave(counts, 'marked');
    else {
      const cards = labelled(record, labels);
      yield { record, cards, taken: cards };
    }
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
  job: CardsJob,
  counts: CardCounts,
  onProgress: OnProgress,
): AsyncGenerator<ServedCards> {
  const { span, nowMs, decisions, maxDecisions, maxRows } = job;
  const reading = readingOf(job);
  const hasMatured = (id: string): boolean => decisionTimeMs(id) + REWARD_WINDOW_MS <= nowMs;
  if (span.fromMs + REWARD_WINDOW_MS > nowMs) return;
  const around: string[] = [];
  for await (const { decisionId } of undecodedDecisions(workspace, decisions, aroundOf(span), reading))
    around.push(decisionId);
  if (around.length === 0) return;
  const source = sourceOf(workspace, job);
  const referenced = await referencedAmong(around, source.events());

  let rendered = 0;
  const cardsEach = new SpreadMean();
  for await (const { decisionId, read } of undecodedDecisions(workspace, decisions, span, reading)) {
    if (!referenced.has(decisionId)) leave(counts, hasMatured(decisionId) ? 'unrendered' : 'immature');
    if (!referenced.isRendered(decisionId) || !hasMatured(decisionId)) continue;
    rendered++;
    noteCards(cardsEach, read);
  }
  const isTaken = evenly(rendered, maxDecisions);
  const take = takingCards(cardsEach.mean * Math.min(rendered, maxDecisions), maxRows, counts);
  const outcomes: OutcomeCounts = { decisions: 0, immature: 0, unrendered: 0 };
  const { left } = newTotals(0);
  const opener = new DecisionOpener(workspace, left);
  const known = { ...reading, wanted: referenced.has };
  const records = (of: Span): AsyncIterable<DecisionRecord> => pastDecisions(workspace, decisions, of, known);
  for await (const { record, rewarded } of maturedOutcomes({ ...source, decisions: records }, span, nowMs, outcomes)) {
    onProgress('outcomes', Math.min(1, Math.max(0, (record.atMs - span.fromMs) / (span.toMs - span.fromMs))));
    if (!isTaken(record.decisionId)) left.sampled++;
    else if (opener.open(record) !== undefined) {
      const earned = new Set(rewarded.map(({ shelfRank, cardRank }) => shelfRank * 256 + cardRank));
      const cards = ownCards(record, (place) => (earned.has(place) ? 1 : 0));
      yield { record, cards, taken: take(record.decisionId, cards) };
    }
  }
  leave(counts, 'immature', outcomes.immature);
  leave(counts, 'unrendered', outcomes.unrendered);
  for (const [why, count] of Object.entries(left)) leave(counts, why, count);
}

async function* allCards(workspace: Workspace, job: CardsJob, counts: CardCounts): AsyncGenerator<ServedCards> {
  const { span, decisions, maxDecisions, maxRows } = job;
  const reading = readingOf(job);
  let made = 0;
  const cardsEach = new SpreadMean();
  for await (const { read } of undecodedDecisions(workspace, decisions, span, reading)) {
    made++;
    noteCards(cardsEach, read);
  }
  const isTaken = evenly(made, maxDecisions);
  const take = takingCards(cardsEach.mean * Math.min(made, maxDecisions), maxRows, counts);
  const wanted = (id: string): boolean => {
    const takes = isTaken(id);
    if (!takes) leave(counts, 'sampled');
    return takes;
  };
  for await (const record of pastDecisions(workspace, decisions, span, { ...reading, wanted })) {
    const cards = ownCards(record, () => undefined);
    yield { record, cards, taken: take(record.decisionId, cards) };
  }
}

function noteCards(cardsEach: SpreadMean, read: () => DecisionRecord | undefined): void {
  if (!cardsEach.wants()) return;
  const record = read();
  if (record !== undefined) cardsEach.add(ownCards(record, () => undefined).length);
}

function takingCards(expected: number, maxRows: number, counts: CardCounts) {
  counts.cardShare = Math.min(1, maxRows / Math.max(1, expected));
  return evenCards(counts.cardShare);
}

/** Cards that this decision drew: what was carried is the first decision's. */
function ownCards(record: DecisionRecord, labelOf: (place: number) => 0 | 1 | undefined): ServedCard[] {
  return record.rows.flatMap(({ shelf, cards }, row) =>
    record.shelves[shelf].carriedFrom === ''
      ? cards.map((_card, rank): ServedCard => ({ row, rank, label: labelOf(row * 256 + rank) }))
      : [],
  );
}
