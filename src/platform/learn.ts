/**
 * The online learner: follows both logs, counts plays, joins feedback with decisions, updates the reward model from the
 * rewards that were earned or missed, and gives out new epochs only when it learnt. Its place in the logs, counters, ledger
 * and model are one checkpoint: after a crash it goes on from there.
 */
import { Oldest, ShelfwiseError } from '../base/index.ts';
import {
  buildCatalog,
  type Catalog,
  type DecisionRecord,
  decodeDecision,
  decodeEvent,
  decodeListenerView,
  decodeServing,
  EMPTY_EMBEDDING,
  type Epoch,
  ITEM_KINDS,
  type ItemKind,
  isGenerated,
  readCatalog,
  recordIdOf,
  sealEpoch,
  UNKNOWN_KIND,
} from '../domain/index.ts';
import { createBatch } from '../features/index.ts';
import { learnedOf, type OnlineLearner, restoreLearner, withLearned } from '../models/index.ts';
import {
  correctionWeight,
  createAttribution,
  createCounters,
  type DecisionFacts,
  type RewardRow,
} from '../signals/index.ts';
import { readLogSegments } from '../store/index.ts';
import { storedItems } from './catalogue.ts';
import { readLearner, writeLearner } from './checkpoint.ts';
import { decisionPosition, ENTRY_DECISION, ENTRY_SERVING, recordBytesOf } from './decisions.ts';
import { createEpochReader, type EpochReader } from './epochs.ts';
import { secretOfKey } from './listeners.ts';
import { countPlay } from './popularity.ts';
import { ProgressiveValidation } from './progressive.ts';
import { openView } from './sealing.ts';
import { positionNumber, positionOf } from './states.ts';
import { flaggedKeys } from './traffic.ts';
import type { Job, JobResults } from './workshop.ts';
import { DECISIONS, EVENTS, profilesByKey, type Workspace } from './workspace.ts';

export async function learnJob(
  workspace: Workspace,
  job: Extract<Job, { kind: 'learn' }>,
): Promise<JobResults['learn']> {
  const checkpoint = readLearner(workspace);
  if (checkpoint === undefined) return { epochs: [], summary: 'waiting for the first fit' };
  const vocabularies = workspace.vocabularies();
  const catalog = catalogOf(workspace, job.catalogHash);
  const records = createRecords(workspace);
  const counters = createCounters({}, checkpoint.counters);
  const flagged = flaggedKeys(workspace.store, job.nowMs);
  const attribution = createAttribution({
    decision: (id) => factsOf(records.get(id), records, catalog, vocabularies.items),
    // Of who was found since what they did was credited; by the operator's limits, which serving goes by.
    isBot: (listenerKey) => flagged.has(listenerKey),
    restore: checkpoint.attribution,
  });

  let decisions = 0;
  let decisionsFrom = checkpoint.decisionsFrom;
  for (const { next, payload } of readLogSegments(
    workspace.paths.log(DECISIONS),
    startOf(checkpoint.decisionsFrom),
    job.decisionsEnd,
  )) {
    if (payload[0] === ENTRY_SERVING) {
      const serving = decodeServing(payload.subarray(1));
      if (!flagged.has(serving.listenerKey)) attribution.addServing(serving);
    } else if (payload[0] === ENTRY_DECISION) decisions++;
    decisionsFrom = positionNumber(next);
  }

  const markets = new Map<string, number>();
  for (const [key, profile] of profilesByKey(workspace.store)) {
    markets.set(key, profile.market === undefined ? -1 : vocabularies.markets.lookup(profile.market));
  }
  let events = 0;
  let plays = 0;
  let eventsFrom = checkpoint.eventsFrom;
  for (const { next, payload } of readLogSegments(
    workspace.paths.log(EVENTS),
    startOf(checkpoint.eventsFrom),
    job.eventsEnd,
  )) {
    const event = decodeEvent(payload);
    eventsFrom = positionNumber(next);
    events++;
    if (flagged.has(event.listenerKey)) continue;
    const item = event.itemId === '' ? -1 : vocabularies.items.lookup(event.itemId);
    const container = event.containerId === '' ? -1 : vocabularies.items.lookup(event.containerId);
    countPlay(counters, event, item, container, markets.get(event.listenerKey) ?? -1);
    if (event.type === 'play') plays++;
    attribution.add(event);
  }

  const rows = attribution.advance(job.nowMs);
  attribution.matured(job.nowMs);
  // A model of other features cannot go on learning: the next fit makes one of these.
  const state = checkpoint.model;
  const fits = state !== null && state.meta.encoder === workspace.encoder.hash;
  const model = fits ? restoreLearner(state, workspace.encoder) : undefined;
  const progress = new ProgressiveValidation(checkpoint.progress);
  const { learnt, unreadable } =
    model === undefined ? NOTHING_LEARNT : learnFrom(rows, workspace, records, model, progress);

  const epochs: Epoch[] = [];
  if (plays > 0) epochs.push(counters.epoch(job.nowMs, catalog, vocabularies.genres.size));
  // Of a learner that does not say what it has learnt from, what comes now is not the whole.
  const known = state === null ? 0 : learnedOf(state);
  const learned = known === 0 ? 0 : known + learnt;
  if (model !== undefined && learnt > 0) epochs.push(sealEpoch(withLearned(model.toEpoch(), learned)));
  for (const epoch of epochs) workspace.epochs.put(epoch);
  await writeLearner(workspace, {
    eventsFrom,
    decisionsFrom,
    counters: counters.encode(),
    attribution: attribution.encode(),
    model: model !== undefined && learnt > 0 ? withLearned(model.learnerState(), learned) : state,
    parent: checkpoint.parent,
    learnt: checkpoint.learnt + learnt,
    promoted: learnt > 0 ? '' : (checkpoint.promoted ?? ''),
    progress: learnt > 0 ? progress.stored() : checkpoint.progress,
  });
  const still = state === null ? ': the model that serves does not learn online' : '';
  const lost = unreadable > 0 ? `, ${unreadable} of decisions that do not read` : '';
  return {
    epochs,
    summary: `${events} events, ${decisions} decisions, ${learnt} of ${rows.length} rewards learnt${still}${lost}`,
  };
}

/** The one that serves; where its epoch is damaged, as serving does: built from the items, and not stored over the damage. */
function catalogOf(workspace: Workspace, hash: string): Catalog {
  try {
    return readCatalog(workspace.epochs.get(hash));
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return readCatalog(buildCatalog(storedItems(workspace.store), workspace.vocabularies()));
  }
}

const NOTHING_LEARNT = { learnt: 0, unreadable: 0 };

function startOf(position: number): { segment: number; offset: number } | undefined {
  return position < 0 ? undefined : positionOf(position);
}

interface Records {
  get(decisionId: string): DecisionRecord | undefined;
}

/**
 * Records by id, the last few thousand kept. One that has moved to the lake (too old to earn), or does not read, is as one
 * that is not there: nothing is learnt from it, and the learner goes on.
 */
function createRecords(workspace: Workspace): Records {
  const kept = new Map<string, DecisionRecord | undefined>();
  const oldest = new Oldest(kept);
  const read = (decisionId: string): DecisionRecord | undefined => {
    const position = decisionPosition(workspace.store, decisionId);
    if (position === undefined) return undefined;
    try {
      for (const { payload } of readLogSegments(workspace.paths.log(DECISIONS), position)) {
        const bytes = recordBytesOf(payload);
        return recordIdOf(bytes) === decisionId ? decodeDecision(bytes) : undefined;
      }
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    return undefined;
  };
  return {
    get(decisionId) {
      const known = kept.get(decisionId);
      if (known !== undefined) return known;
      const record = read(decisionId);
      if (record !== undefined) {
        if (kept.size >= KEPT_RECORDS) kept.delete(oldest.next() as string);
        kept.set(decisionId, record);
      }
      return record;
    },
  };
}

const KEPT_RECORDS = 5_000;

const UNREADABLE: readonly string[] = [
  'LOG_POSITION_GONE',
  'LOG_CORRUPT',
  'DECISION_CORRUPT',
  'EPOCH_CORRUPT',
  'EPOCH_NOT_FOUND',
];

/** Damaged or gone: what the learner goes on without. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof ShelfwiseError && UNREADABLE.includes(error.code);
}

function factsOf(
  record: DecisionRecord | undefined,
  records: Records,
  catalog: Catalog,
  items: { name(number: number): string },
): DecisionFacts | undefined {
  if (record === undefined) return undefined;
  return {
    listenerKey: record.listenerKey,
    servedAtMs: record.atMs,
    cardCount: (shelfRank) => record.rows[shelfRank]?.cards.length ?? 0,
    card(shelfRank, cardRank) {
      const row = record.rows[shelfRank];
      const card = row?.cards[cardRank];
      if (row === undefined || card === undefined) return undefined;
      const item = record.shelves[row.shelf].items[card.index];
      return {
        kind: kindOf(catalog, item),
        itemId: items.name(item),
        durationMs: item < catalog.size ? catalog.durationMs[item] : 0,
      };
    },
    carriedFrom(shelfRank, cardRank) {
      const row = record.rows[shelfRank];
      if (row === undefined || record.shelves[row.shelf].carriedFrom === '') return undefined;
      const { carriedFrom: decisionId, shelfId, seedItem, items } = record.shelves[row.shelf];
      const first = records.get(decisionId);
      if (first === undefined) return { decisionId, shelfRank, cardRank };
      const firstRank = first.rows.findIndex((there) => {
        const shelf = first.shelves[there.shelf];
        return shelf.shelfId === shelfId && shelf.seedItem === seedItem;
      });
      const there = first.rows[firstRank];
      const item = items[row.cards[cardRank].index];
      return {
        decisionId,
        shelfRank: firstRank,
        cardRank: there?.cards.findIndex((card) => first.shelves[there.shelf].items[card.index] === item) ?? -1,
      };
    },
  };
}

function kindOf(catalog: Catalog, item: number): ItemKind {
  if (isGenerated(item)) return 'playlist';
  const kind = item < catalog.size ? catalog.kind[item] : UNKNOWN_KIND;
  return kind === UNKNOWN_KIND ? 'track' : ITEM_KINDS[kind];
}

/** Updates the model by the rows of rewards, with the features that each decision was made with. @returns how many rows */
function learnFrom(
  rows: readonly RewardRow[],
  workspace: Workspace,
  records: Records,
  model: OnlineLearner,
  progress: ProgressiveValidation,
): { readonly learnt: number; readonly unreadable: number } {
  const readEpochs = createEpochReader(workspace.epochs, workspace.encoder);
  const byDecision = new Map<string, RewardRow[]>();
  for (const row of rows) {
    const list = byDecision.get(row.decisionId);
    if (list === undefined) byDecision.set(row.decisionId, [row]);
    else list.push(row);
  }
  let learnt = 0;
  let unreadable = 0;
  for (const [decisionId, list] of byDecision) {
    const record = records.get(decisionId);
    if (record === undefined) unreadable += list.length;
    if (record === undefined || record.degraded || !teaches(record)) continue;
    try {
      learnt += learnDecision(record, list, workspace, readEpochs, model, progress);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      unreadable += list.length;
    }
  }
  return { learnt, unreadable };
}

/** What nobody was known for, or nobody is to be counted by, says nothing of what listeners like. */
function teaches({ marks }: DecisionRecord): boolean {
  return !marks.includes('unprofiled') && !marks.includes('flagged');
}

function learnDecision(
  record: DecisionRecord,
  rows: readonly RewardRow[],
  workspace: Workspace,
  readEpochs: EpochReader,
  model: OnlineLearner,
  progress: ProgressiveValidation,
): number {
  const { encoder } = workspace;
  if (record.versions.encoder !== encoder.hash) return 0;
  const secret = secretOfKey(workspace.store, record.listenerKey);
  const sealed = secret === undefined ? undefined : openView(record, secret);
  if (sealed === undefined) return 0;
  const epochs = readEpochs(record.versions);
  const view = decodeListenerView(sealed);
  const batch = createBatch(encoder, rows.length);
  const labels = new Float32Array(rows.length);
  const weights = new Float32Array(rows.length);
  const bound = encoder.bind({
    view,
    atMs: record.atMs,
    device: record.device,
    market: view.market,
    catalog: epochs.catalog,
    counters: epochs.counters,
    embedding: epochs.embedding ?? EMPTY_EMBEDDING,
  });
  const item = new Uint32Array(1);
  const kept: RewardRow[] = [];
  for (const reward of rows) {
    const { shelfRank, cardRank } = reward;
    const row = record.rows[shelfRank];
    const card = row?.cards[cardRank];
    if (row === undefined || card === undefined) continue;
    const shelf = record.shelves[row.shelf];
    item[0] = shelf.items[card.index];
    bound.encode(shelf, item, 1, batch, kept.length);
    kept.push(reward);
  }
  const count = kept.length;
  const predicted = new Float64Array(count);
  model.predict(batch, count, predicted);
  for (const [i, { weight, kind, label }] of kept.entries()) {
    labels[i] = label;
    weights[i] = kind === 'correction' ? weight * correctionWeight(label, predicted[i]) : weight;
  }
  // A correction is of a reward that was counted already.
  progress.add(model, batch, { p: predicted, labels, weights }, (row) => kept[row].kind !== 'correction', count);
  model.update(batch, labels, weights, count);
  return count;
}
