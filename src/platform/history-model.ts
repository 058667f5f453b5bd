/**
 * The first reward model, before any Home was served: from the listening history. At sampled plays the listener's state is
 * as it was just before; what was played is a positive, a few items that others play are negatives. It is a starting
 * point with known faults (negatives are guesses; the embedding has seen the pairs; no shelf features): every decision
 * served corrects it, see `learn.ts`.
 */
import { createRng, hash32 } from '../base/index.ts';
import {
  type Catalog,
  type Device,
  type Epoch,
  type EpochContent,
  type FeedbackEvent,
  type ListenerView,
  NO_ITEM,
  readCounters,
  readEmbedding,
  resolveProfile,
  sealEpoch,
  UNKNOWN_KIND,
} from '../domain/index.ts';
import { createBatch, type FeatureBatch } from '../features/index.ts';
import { logisticModel, withLearned } from '../models/index.ts';
import { foldIn } from '../retrieval/index.ts';
import { COUNTED_PLAY_MS, emptyState, foldEvent, type ListenerState, tasteInput, viewOf } from '../signals/index.ts';
import type { OnProgress } from './workshop.ts';
import { profilesByKey, type Workspace } from './workspace.ts';

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
/** Until there are more, nothing is sampled: there is too little to draw negatives from. */
const FEW_PLAYS = 100;

export interface HistoryModel {
  readonly epoch: Epoch;
  readonly learner: EpochContent;
  readonly summary: string;
}

/** What was sampled, encoded: a run of rows for each play, the item that was played first. */
export interface HistoryRows {
  readonly batch: FeatureBatch;
  readonly labels: Float32Array;
  readonly rows: number;
  /** Share of the negatives that stands here, of those that the assumed rate of rewards means. */
  readonly negativeRate: number;
  readonly plays: readonly {
    readonly listenerKey: string;
    readonly atMs: number;
    readonly device: Device;
    readonly view: ListenerView;
    readonly rows: number;
  }[];
}

export interface HistoryExamples {
  /** Follows one event of the past, in the order of the log; `item` and `container` are their numbers, or -1. */
  add(event: FeedbackEvent, item: number, container: number): void;
  /** Undefined when there is nothing to tell apart. */
  encode(countersEpoch: Epoch, embeddingEpoch: Epoch): HistoryRows | undefined;
  /** Encodes what was sampled, and fits. Undefined when there is nothing to tell apart. */
  fit(countersEpoch: Epoch, embeddingEpoch: Epoch, onProgress: OnProgress): Promise<HistoryModel | undefined>;
}

/** A play that became an example: all that its rows are encoded from, but for what is fitted meanwhile. */
interface Sample {
  readonly listenerKey: string;
  /** `taste` is zeros until it is folded in. */
  readonly view: ListenerView;
  readonly tasteItems: Uint32Array;
  readonly tasteCounts: Float32Array;
  readonly atMs: number;
  readonly device: Device;
  /** The item that was played, then the negatives. */
  readonly row: Uint32Array;
  readonly positive: boolean;
}

/**
 * Samples while the past is read. The vectors are not needed before `fit`, so that another thread can fit them meanwhile.
 * @param expectedEvents about how many will be added: so that the samples are spread over all of them
 * @param dimension of the vectors to come
 */
export function createHistoryExamples(
  workspace: Pick<Workspace, 'encoder' | 'vocabularies' | 'store'>,
  catalog: Catalog,
  expectedEvents: number,
  dimension: number,
): HistoryExamples {
  const { encoder } = workspace;
  const vocabularies = workspace.vocabularies();
  const profiles = profilesByKey(workspace.store);
  const rng = createRng(SEED);

  const followShare = Math.min(1, FOLLOWED_LISTENERS / Math.max(1, profiles.size));
  const followedEvents = Math.max(1, expectedEvents * followShare);
  const playShare = Math.min(1, (1.3 * EXAMPLE_PLAYS) / followedEvents);
  const follows = (key: string): boolean => (hash32(key) >>> 0) / 4294967296 < followShare;

  const maxRows = EXAMPLE_PLAYS * (1 + NEGATIVES);
  const samples: Sample[] = [];
  const states = new Map<string, ListenerState>();
  const recent = new Uint32Array(RECENT_PLAYS).fill(NO_ITEM);
  let recentAt = 0;
  const tasteItems = new Uint32Array(128);
  const tasteCounts = new Float32Array(128);
  const noTaste = new Float32Array(0);
  const tasteToCome = new Float32Array(dimension);
  const row = new Uint32Array(1 + NEGATIVES);
  let rows = 0;

  const isItem = (item: number): boolean => item < catalog.size && catalog.kind[item] !== UNKNOWN_KIND;
  const sample = (event: FeedbackEvent, state: ListenerState, item: number, container: number): void => {
    row[0] = liftedTo(rng.below(3), item, container, catalog);
    let count = 1;
    for (let n = 0; n < NEGATIVES; n++) {
      const other = n < POPULAR_NEGATIVES ? recent[rng.below(RECENT_PLAYS)] : rng.below(catalog.size);
      if (other === NO_ITEM || !isItem(other) || other === row[0]) continue;
      row[count++] = other;
    }
    if (count < 2) return;
    const given = tasteInput(state, event.occurredAtMs, catalog, tasteItems, tasteCounts);
    samples.push({
      listenerKey: event.listenerKey,
      view: viewOf(state, {
        nowMs: event.occurredAtMs,
        profile: resolveProfile(profiles.get(event.listenerKey) ?? {}),
        vocabularies,
        catalog,
        taste: given > 0 ? tasteToCome : noTaste,
      }),
      tasteItems: tasteItems.slice(0, given),
      tasteCounts: tasteCounts.slice(0, given),
      atMs: event.occurredAtMs,
      device: event.device,
      row: row.slice(0, count),
      positive: event.playedMs >= COUNTED_PLAY_MS,
    });
    rows += count;
  };

  const encode = (countersEpoch: Epoch, embeddingEpoch: Epoch): HistoryRows | undefined => {
    const positives = samples.reduce((sum, { positive }) => sum + (positive ? 1 : 0), 0);
    if (positives === 0 || positives === rows) return undefined;
    const counters = readCounters(countersEpoch);
    const embedding = readEmbedding(embeddingEpoch);
    const batch = createBatch(encoder, rows);
    const labels = new Float32Array(rows);
    let at = 0;
    for (const { view, tasteItems: items, tasteCounts: counts, atMs, device, row: own, positive } of samples) {
      if (items.length > 0) foldIn(embedding, items, counts, items.length, view.taste);
      const bound = encoder.bind({ view, atMs, device, market: view.market, catalog, counters, embedding });
      bound.encode(NO_SHELF, own, own.length, batch, at);
      labels[at] = positive ? 1 : 0;
      at += own.length;
    }
    return {
      batch,
      labels,
      rows,
      negativeRate: Math.min(1, ((rows - positives) / positives) * (PRIOR_REWARD / (1 - PRIOR_REWARD))),
      plays: samples.map(({ listenerKey, atMs, device, view, row: own }) => ({
        listenerKey,
        atMs,
        device,
        view,
        rows: own.length,
      })),
    };
  };

  return {
    add(event, item, container) {
      const isPlay = event.type === 'play' && item >= 0 && isItem(item);
      if (isPlay) recent[recentAt++ % RECENT_PLAYS] = liftedTo(rng.below(3), item, container, catalog);
      if (!follows(event.listenerKey)) return;
      let state = states.get(event.listenerKey);
      if (state === undefined) {
        state = emptyState();
        states.set(event.listenerKey, state);
      }
      const room = rows + 1 + NEGATIVES <= maxRows;
      if (room && isPlay && recentAt > FEW_PLAYS && rng.uniform() < playShare) sample(event, state, item, container);
      foldEvent(state, event, item, container);
    },
    encode,
    async fit(countersEpoch, embeddingEpoch, onProgress) {
      const encoded = encode(countersEpoch, embeddingEpoch);
      if (encoded === undefined) return undefined;
      const { batch, labels, negativeRate } = encoded;
      const learner = logisticModel.fresh(encoder);
      const report = await learner.fit(
        { batch, labels, weights: new Float32Array(rows).fill(1), rows },
        { rng, negativeRate, onProgress: (share) => onProgress('reward model', share) },
      );
      return {
        epoch: sealEpoch(withLearned(learner.toEpoch(), rows)),
        learner: withLearned(learner.learnerState(), rows),
        summary: `reward model from ${rows} examples, log loss ${report.logLoss.toFixed(4)}`,
      };
    },
  };
}

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
