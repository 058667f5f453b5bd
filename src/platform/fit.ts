/**
 * Fitting on what is there: the catalogue's columns, the counters, the embedding, cohorts of listeners in its space, and a
 * first reward model from the listening history (later ones learn from decisions, see `learn.ts`).
 */
import { readFileSync } from 'node:fs';
import { createRng } from '../base/index.ts';
import {
  buildCatalog,
  type Catalog,
  type Embedding,
  type Epoch,
  readCatalog,
  readEmbedding,
  sealEpoch,
} from '../domain/index.ts';
import { learnedOf, restoreLearner, withLearned } from '../models/index.ts';
import {
  createNearest,
  evaluateHoldout,
  FIT_DEFAULTS,
  fitCohorts,
  fitEmbeddingApart,
  type Interactions,
  listenersOfItems,
  openNearest,
  prepareNearest,
} from '../retrieval/index.ts';
import { createCounters, liftedInteractions, MAX_LIFTED, type PlayCounters } from '../signals/index.ts';
import type { LogPosition } from '../store/index.ts';
import { storedItems } from './catalogue.ts';
import { type Checkpoint, readLearner, writeLearner } from './checkpoint.ts';
import { nearestFile } from './epochs.ts';
import { createHistoryExamples, type HistoryExamples } from './history-model.ts';
import { storedIdCount } from './id-runs.ts';
import { isUnreadable } from './learn.ts';
import { listenerKeys } from './listeners.ts';
import { countPlay } from './popularity.ts';
import { FEW_LISTENERS, sessionInteractions } from './session-rows.ts';
import { parseStoredState, positionNumber, positionOf, unlessCorrupt } from './states.ts';
import { flaggedKeys } from './traffic.ts';
import type { Job, JobResults, OnProgress } from './workshop.ts';
import { pastEvents, profilesByKey, type Workspace } from './workspace.ts';

export async function catalogJob(workspace: Workspace): Promise<JobResults['catalog']> {
  return { epochs: [buildCatalogEpoch(workspace)] };
}

function buildCatalogEpoch(workspace: Workspace): Epoch {
  const epoch = buildCatalog(storedItems(workspace.store), workspace.vocabularies());
  workspace.epochs.put(epoch);
  return epoch;
}

export async function fitJob(
  workspace: Workspace,
  job: Extract<Job, { kind: 'fit' }>,
  onProgress: OnProgress,
): Promise<JobResults['fit']> {
  const { nowMs } = job;
  onProgress('catalogue', 0);
  const catalogEpoch = buildCatalogEpoch(workspace);
  const catalog = readCatalog(catalogEpoch);
  const vocabularies = workspace.vocabularies();

  // What the learner has counted and credited up to its place is kept in step with that place.
  const checkpoint = readLearner(workspace);
  const countedUpTo = checkpoint === undefined ? job.eventsEnd : positionOf(checkpoint.eventsFrom);
  const kept = checkpoint === undefined ? undefined : keptModel(workspace, checkpoint);
  const expected = Math.max(1, storedIdCount(workspace.store));
  const examples =
    kept !== undefined ? undefined : createHistoryExamples(workspace, catalog, expected, FIT_DEFAULTS.dimension);

  const flagged = flaggedKeys(workspace.store, nowMs);
  const pairs = gatherInteractions(workspace, job.stateTable, catalog, nowMs, flagged);
  const anyPair = pairs.matrix.items.length > 0;
  // Another thread fits the vectors while this one reads the past.
  const stop = new AbortController();
  const embeddingFit = anyPair
    ? fitEmbeddingApart(await rowsOfTaste(workspace, job.eventsEnd, catalog, pairs.matrix, flagged), {
        itemCount: catalog.size,
        seed: EMBEDDING_SEED,
        // Told by the other thread's messages, where nobody would catch what is thrown at the end.
        onProgress: (share) => {
          if (!workspace.ending.asked()) onProgress('embedding', share);
        },
        signal: AbortSignal.any([stop.signal, workspace.ending.signal]),
      })
    : undefined;
  // It is awaited below; a failure of what comes before that is the one that is told.
  embeddingFit?.catch(() => undefined);
  const counters = createCounters();
  let events: number;
  try {
    events = await followPast(workspace, countedUpTo, counters, anyPair ? examples : undefined, flagged, (read) =>
      onProgress('history', Math.min(1, read / expected)),
    );
  } catch (error) {
    stop.abort(error);
    throw error;
  }
  const countersEpoch = counters.epoch(nowMs, catalog, vocabularies.genres.size);
  workspace.epochs.put(countersEpoch);
  const epochs: Epoch[] = [catalogEpoch, countersEpoch];
  let summary = `${events} events, ${pairs.matrix.items.length} pairs of ${pairs.keys.length} listeners`;
  if (embeddingFit !== undefined) {
    const embeddingEpoch = await embeddingFit;
    workspace.epochs.put(embeddingEpoch);
    const embedding = readEmbedding(embeddingEpoch);
    await prepareSearch(workspace, embedding, onProgress);
    const cohortsEpoch = fitCohorts(pairs.matrix, embedding, {
      rng: createRng(COHORTS_SEED),
      onProgress: (share) => onProgress('cohorts', share),
    });
    workspace.epochs.put(cohortsEpoch);
    epochs.push(embeddingEpoch, cohortsEpoch);
    const model = await examples?.fit(countersEpoch, embeddingEpoch, onProgress);
    if (model !== undefined) summary += `, ${model.summary}`;
    if (kept !== undefined) summary += `, reward model kept: ${kept.why}`;
    // Also the one that is kept: its epoch may have been damaged since it was published.
    const modelEpoch = kept?.epoch ?? model?.epoch;
    if (modelEpoch !== undefined) {
      workspace.epochs.put(modelEpoch);
      epochs.push(modelEpoch);
    }
    const learner = model?.learner ?? checkpoint?.model;
    if (learner !== undefined) {
      await writeLearner(workspace, {
        eventsFrom: positionNumber(countedUpTo),
        decisionsFrom: checkpoint?.decisionsFrom ?? -1,
        counters: counters.encode(),
        attribution: checkpoint?.attribution,
        model: learner,
        parent: kept === undefined ? '' : (checkpoint?.parent ?? ''),
        learnt: kept === undefined ? 0 : (checkpoint?.learnt ?? 0),
        progress: kept === undefined ? undefined : checkpoint?.progress,
      });
    }
  }
  return { epochs, summary };
}

/**
 * The reward model that a fit leaves alone: one that somebody promoted, or that has learnt from decisions. None where it is
 * of features of another version, or damaged.
 */
function keptModel(
  workspace: Workspace,
  { model, parent, learnt }: Checkpoint,
): { readonly epoch: Epoch; readonly why: string } | undefined {
  if (parent === '' && learnt === 0) return undefined;
  const here = workspace.encoder.hash;
  if (model !== null) {
    if (model.meta.encoder !== here) return undefined;
    const epoch = sealEpoch(withLearned(restoreLearner(model, workspace.encoder).toEpoch(), learnedOf(model)));
    return { epoch, why: `it has learnt from ${learnt} rewards` };
  }
  try {
    const epoch = workspace.epochs.get(parent);
    return epoch.meta.encoder === here ? { epoch, why: 'it was promoted' } : undefined;
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return undefined;
  }
}

/** Who plays what; with hardly anybody there, what was played in one sitting. */
async function rowsOfTaste(
  workspace: Workspace,
  end: LogPosition,
  catalog: Catalog,
  listeners: Interactions,
  flagged: ReadonlySet<string>,
): Promise<Interactions> {
  let active = 0;
  for (let l = 0; l + 1 < listeners.listenerStart.length; l++) {
    if (listeners.listenerStart[l + 1] > listeners.listenerStart[l]) active++;
  }
  if (active >= FEW_LISTENERS) return listeners;
  const sessions = await sessionInteractions(workspace, end, catalog, flagged);
  // Nobody has played two things in one sitting: then the listeners are all there is.
  return sessions.items.length > 0 ? sessions : listeners;
}

const EMBEDDING_SEED = 20_201;
const COHORTS_SEED = 20_202;

/** The serving thread only reads what this has worked out. */
function prepareSearch(workspace: Workspace, embedding: Embedding, onProgress: OnProgress): Promise<void> {
  return prepareNearest(embedding, nearestFile(workspace.paths, embedding.hash), {
    onProgress: (share) => onProgress('neighbours', share),
  });
}

export async function nearestJob(
  workspace: Workspace,
  job: Extract<Job, { kind: 'nearest' }>,
  onProgress: OnProgress,
): Promise<JobResults['nearest']> {
  await prepareSearch(workspace, readEmbedding(workspace.epochs.get(job.embeddingHash)), onProgress);
  return {};
}

/** Reads all events before `end` once, for everything that is made from them. @returns how many */
async function followPast(
  workspace: Workspace,
  end: LogPosition,
  counters: PlayCounters,
  examples: HistoryExamples | undefined,
  /** Whose plays count for nothing. */
  flagged: ReadonlySet<string>,
  onRead: (events: number) => void,
): Promise<number> {
  const vocabularies = workspace.vocabularies();
  const markets = new Map<string, number>();
  for (const [key, profile] of profilesByKey(workspace.store)) {
    markets.set(key, profile.market === undefined ? -1 : vocabularies.markets.lookup(profile.market));
  }
  let events = 0;
  for await (const { event } of pastEvents(workspace, end)) {
    if (++events % 20_000 === 0) onRead(events);
    if (flagged.has(event.listenerKey)) continue;
    const item = event.itemId === '' ? -1 : vocabularies.items.lookup(event.itemId);
    const container = event.containerId === '' ? -1 : vocabularies.items.lookup(event.containerId);
    countPlay(counters, event, item, container, markets.get(event.listenerKey) ?? -1);
    examples?.add(event, item, container);
  }
  return events;
}

interface Pairs {
  readonly matrix: Interactions;
  /** Listener keys in the order of the rows. */
  readonly keys: readonly string[];
}

function gatherInteractions(
  workspace: Workspace,
  table: string,
  catalog: Catalog,
  nowMs: number,
  flagged: ReadonlySet<string>,
): Pairs {
  const items: number[] = [];
  const counts: number[] = [];
  const starts: number[] = [0];
  const keys: string[] = [];
  const rowItems = new Uint32Array(MAX_LIFTED);
  const rowCounts = new Float32Array(MAX_LIFTED);
  for (const { key, value } of workspace.store.range(table, {})) {
    if (flagged.has(key)) continue;
    const stored = unlessCorrupt(() => parseStoredState(value));
    if (stored === undefined) continue;
    const count = liftedInteractions(stored.state, nowMs, catalog, rowItems, rowCounts);
    const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => rowItems[a] - rowItems[b]);
    for (const i of order) {
      items.push(rowItems[i]);
      counts.push(rowCounts[i]);
    }
    starts.push(items.length);
    keys.push(key);
  }
  return {
    matrix: {
      listenerStart: Uint32Array.from(starts),
      items: Uint32Array.from(items),
      counts: Float32Array.from(counts),
    },
    keys,
  };
}

export async function evaluateJob(
  workspace: Workspace,
  job: Extract<Job, { kind: 'evaluate' }>,
  onProgress: OnProgress,
): Promise<JobResults['evaluate']> {
  const vocabularies = workspace.vocabularies();
  const embedding: Embedding = readEmbedding(workspace.epochs.get(job.embeddingHash));
  const catalog = readCatalog(buildCatalogEpoch(workspace));
  const train = gatherInteractions(
    workspace,
    job.stateTable,
    catalog,
    job.nowMs,
    flaggedKeys(workspace.store, job.nowMs),
  );
  const hiddenByKey = readHidden(workspace, job.holdoutFile);
  const hiddenItems: number[] = [];
  const hiddenStart = [0];
  for (const key of train.keys) {
    for (const id of hiddenByKey.get(key) ?? []) {
      const item = vocabularies.items.lookup(id);
      if (item >= 0) hiddenItems.push(item);
    }
    hiddenStart.push(hiddenItems.length);
  }
  const kinds = new Set(hiddenItems.map((item) => catalog.kind[item]));
  return evaluateHoldout({
    train: train.matrix,
    hidden: {
      listenerStart: Uint32Array.from(hiddenStart),
      items: Uint32Array.from(hiddenItems),
      counts: new Float32Array(hiddenItems.length).fill(1),
    },
    embedding,
    nearest: (await openNearest(embedding, nearestFile(workspace.paths, embedding.hash))) ?? createNearest(embedding),
    popularity: listenersOfItems(train.matrix, catalog.size),
    eligible: (item) => kinds.has(catalog.kind[item]),
    onProgress: (share) => onProgress('evaluate', share),
  });
}

function readHidden(workspace: Workspace, file: string): Map<string, string[]> {
  const keyOfId = new Map<string, string>();
  for (const { id, key } of listenerKeys(workspace.store)) keyOfId.set(id, key);
  const pairs = JSON.parse(readFileSync(file, 'utf8')) as readonly (readonly [string, string])[];
  const hidden = new Map<string, string[]>();
  for (const [listenerId, itemId] of pairs) {
    const key = keyOfId.get(listenerId);
    if (key === undefined) continue;
    const list = hidden.get(key);
    if (list === undefined) hidden.set(key, [itemId]);
    else list.push(itemId);
  }
  return hidden;
}
