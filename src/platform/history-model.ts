/**
 * The first reward model, before any Home was served: from the listening history. At sampled plays the listener's state is
 * as it was just before; what was played is a positive, a few items that others play are negatives. It is a starting
 * point with known faults (negatives are guesses; the embedding has seen the pairs; no shelf features): every decision
 * served corrects it, see `learn.ts`.
 */
import { createRng, hash32, type Rng } from '../base/index.ts';
import {
  type Catalog,
  EMPTY_COUNTERS,
  type Epoch,
  type EpochContent,
  type FeedbackEvent,
  NO_ITEM,
  readCounters,
  readEmbedding,
  resolveProfile,
  sealEpoch,
  UNKNOWN_KIND,
} from '../domain/index.ts';
import { createBatch } from '../features/index.ts';
import { logisticModel } from '../models/index.ts';
import { foldIn } from '../retrieval/index.ts';
import { COUNTED_PLAY_MS, emptyState, foldEvent, type ListenerState, tasteInput, viewOf } from '../signals/index.ts';
import type { Job, OnProgress } from './workshop.ts';
import { pastEvents, profilesByKey, type Workspace } from './workspace.ts';

/** Plays that become examples, at most. */
const EXAMPLE_PLAYS = 8_000;
/** Listeners followed through their history, at most. */
const FOLLOWED_LISTENERS = 2_000;
const NEGATIVES = 4;
/** Negatives drawn from what others play just now; the rest is drawn evenly from items with a vector. */
const POPULAR_NEGATIVES = 2;
const SEED = 4_711;
/** Share of cards that earn a reward, assumed until decisions tell: it fixes the scale of the predictions. */
const PRIOR_REWARD = 0.08;
/** Plays remembered to draw negatives from. */
const RECENT_PLAYS = 4096;

export interface HistoryModel {
  readonly epoch: Epoch;
  readonly learner: EpochContent;
  readonly summary: string;
}

export async function fitFromHistory(
  workspace: Workspace,
  input: {
    readonly job: Extract<Job, { kind: 'fit' }>;
    readonly catalog: Catalog;
    readonly countersEpoch: Epoch;
    readonly embeddingEpoch: Epoch;
    readonly events: number;
    readonly onProgress: OnProgress;
  },
): Promise<HistoryModel | undefined> {
  const { job, catalog, onProgress } = input;
  const { encoder } = workspace;
  const counters = input.countersEpoch === undefined ? EMPTY_COUNTERS : readCounters(input.countersEpoch);
  const embedding = readEmbedding(input.embeddingEpoch);
  const vocabularies = workspace.vocabularies();
  const profiles = profilesByKey(workspace.store);
  const rng = createRng(SEED);

  const followShare = Math.min(1, FOLLOWED_LISTENERS / Math.max(1, profiles.size));
  const followedPlays = Math.max(1, input.events * followShare);
  const playShare = Math.min(1, (1.3 * EXAMPLE_PLAYS) / followedPlays);
  const follows = (key: string): boolean => (hash32(key) >>> 0) / 4294967296 < followShare;

  const batch = createBatch(encoder, EXAMPLE_PLAYS * (1 + NEGATIVES));
  const labels = new Float32Array(batch.rows);
  const weights = new Float32Array(batch.rows).fill(1);
  const states = new Map<string, ListenerState>();
  const recent = new Uint32Array(RECENT_PLAYS).fill(NO_ITEM);
  let recentAt = 0;
  const tasteItems = new Uint32Array(128);
  const tasteCounts = new Float32Array(128);
  const taste = new Float32Array(embedding.dimension);
  const row = new Uint32Array(1 + NEGATIVES);
  let rows = 0;
  let read = 0;

  const isItem = (item: number): boolean => item < catalog.size && catalog.kind[item] !== UNKNOWN_KIND;
  const addExamples = (event: FeedbackEvent, state: ListenerState, item: number, container: number): void => {
    const profile = resolveProfile(profiles.get(event.listenerKey) ?? {});
    const given = tasteInput(state, event.occurredAtMs, catalog, tasteItems, tasteCounts);
    if (given > 0) foldIn(embedding, tasteItems, tasteCounts, given, taste);
    else taste.fill(0);
    const view = viewOf(state, {
      nowMs: event.occurredAtMs,
      profile,
      vocabularies,
      catalog,
      taste: given > 0 ? taste : NO_TASTE,
    });
    const level = rng.below(3);
    row[0] = liftedTo(level, item, container, catalog);
    let count = 1;
    for (let n = 0; n < NEGATIVES; n++) {
      const other = n < POPULAR_NEGATIVES ? recent[rng.below(RECENT_PLAYS)] : evenItem(rng, catalog);
      if (other === NO_ITEM || !isItem(other) || other === row[0]) continue;
      row[count++] = other;
    }
    if (count < 2) return;
    const bound = encoder.bind({
      view,
      atMs: event.occurredAtMs,
      device: event.device,
      market: view.market,
      catalog,
      counters,
      embedding,
    });
    bound.encode(NO_SHELF, row, count, batch, rows);
    labels[rows] = event.playedMs >= COUNTED_PLAY_MS ? 1 : 0;
    labels.fill(0, rows + 1, rows + count);
    rows += count;
  };

  for await (const { event } of pastEvents(workspace, job.eventsEnd)) {
    if (++read % 20_000 === 0) onProgress('history', Math.min(1, read / Math.max(1, input.events)));
    const item = event.itemId === '' ? -1 : vocabularies.items.lookup(event.itemId);
    const container = event.containerId === '' ? -1 : vocabularies.items.lookup(event.containerId);
    if (event.type === 'play' && item >= 0 && isItem(item)) {
      const level = rng.below(3);
      recent[recentAt++ % RECENT_PLAYS] = liftedTo(level, item, container, catalog);
    }
    if (!follows(event.listenerKey)) continue;
    let state = states.get(event.listenerKey);
    if (state === undefined) {
      state = emptyState();
      states.set(event.listenerKey, state);
    }
    const room = rows + 1 + NEGATIVES <= batch.rows;
    if (room && event.type === 'play' && item >= 0 && isItem(item) && recentAt > 100 && rng.uniform() < playShare) {
      addExamples(event, state, item, container);
    }
    foldEvent(state, event, item, container);
  }
  if (rows === 0) return undefined;

  const positives = labels.subarray(0, rows).reduce((sum, label) => sum + label, 0);
  if (positives === 0 || positives === rows) return undefined;
  const negatives = rows - positives;
  const learner = logisticModel.fresh(encoder);
  const report = await learner.fit(
    { batch, labels, weights, rows },
    {
      rng,
      negativeRate: Math.min(1, (negatives / positives) * (PRIOR_REWARD / (1 - PRIOR_REWARD))),
      onProgress: (share) => onProgress('reward model', share),
    },
  );
  return {
    epoch: sealEpoch(learner.toEpoch()),
    learner: learner.learnerState(),
    summary: `reward model from ${rows} examples, log loss ${report.logLoss.toFixed(4)}`,
  };
}

const NO_TASTE = new Float32Array(0);
/** No shelf: its features are missing, and learnt from decisions. */
const NO_SHELF = { shelfId: '', seedItem: NO_ITEM };

/** Homes show albums, playlists and artists more than tracks: a play is an example of one of them, in turn. */
function liftedTo(level: number, item: number, container: number, catalog: Catalog): number {
  if (level === 1 && container >= 0 && container < catalog.size && catalog.kind[container] !== UNKNOWN_KIND)
    return container;
  if (level === 2) {
    const creator = catalog.creator[item];
    if (creator < catalog.size && catalog.kind[creator] !== UNKNOWN_KIND) return creator;
  }
  return item;
}

function evenItem(rng: Rng, catalog: Catalog): number {
  return rng.below(catalog.size);
}
