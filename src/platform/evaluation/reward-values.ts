/**
 * The reward model of doubly robust estimates: what a card earns at its place. Cards that nobody saw earn nothing here, as they do in
 * the evaluation, so that
 *
 *   q̂(x, a, (r, j)) = κ_r κ_j f(x, a),
 *
 * f a model of the family asked for, κ what places earn beside what f expects of their cards. Fitted by folds of listeners: nobody's
 * rewards are predicted by a model that has learnt from them.
 */
import { createRng, hash32, type Rng, ShelfwiseError } from '../../base/index.ts';
import type { CardValues, PlaceMeans } from '../../counterfactual/index.ts';
import { EMPTY_EMBEDDING } from '../../domain/index.ts';
import { createBatch, type FeatureBatch } from '../../features/index.ts';
import type { Examples, RewardModel } from '../../models/index.ts';
import { fitModel } from '../training/fit-model.ts';
import { resolveSpec } from '../training/options.ts';
import type { OnProgress } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';
import type { ChunkJob } from './chunks.ts';
import { newTotals, openedOutcomes } from './chunks.ts';
import type { RewardModelChoice } from './comparison.ts';
import { isSampled, type OpenedDecision, placeOf, type RewardValues } from './weighing.ts';

export interface FittedValues {
  readonly values: RewardValues;
  /** Rows that it was fitted to. */
  readonly rows: number;
  /** Decisions of the span that may be evaluated. */
  readonly decisions: number;
}

export interface RewardValuesJob extends Pick<ChunkJob, 'source' | 'span' | 'nowMs' | 'share'> {
  readonly kind: Exclude<RewardModelChoice, 'none'>;
  readonly family: string;
  readonly folds: number;
  readonly seed: number;
  /** Decisions of the span, about. */
  readonly decisions: number;
}

const MOST_ROWS = 200_000;
/** Of a decision all cards that earned are learnt from, and so many of the others, which stand for the rest by their weight. */
const OTHERS = 12;
/** How many rewards of an average place a factor is drawn towards 1 by. */
const PRIOR_REWARDS = 5;
const FOLD_SALT = 0xf01d;
const FIT_SALT = 0xf17;

/**
 * Undefined where there is too little to fit: estimates then stand without a model.
 * Throws `OPTION_INVALID` for a family that there is not; what the log throws.
 */
export async function fitRewardValues(
  workspace: Workspace,
  job: RewardValuesJob,
  onProgress: OnProgress,
): Promise<FittedValues | undefined> {
  const { kind, folds, seed } = job;
  const { encoder, ending } = workspace;
  const spec = resolveSpec({ family: job.family }, encoder);
  const rows = new SampledCards(workspace, folds, createRng(seed).fork(1));
  const share = Math.min(1, MOST_ROWS / ((OTHERS + 2) * Math.max(1, job.decisions)));
  const onRead = (read: number): void => onProgress('rewards', Math.min(1, Math.max(0, read)));
  let decisions = 0;
  let hasRoom = true;
  for await (const { opened, earned } of openedOutcomes(workspace, job, newTotals(0).left, onRead)) {
    decisions++;
    if (!hasRoom) continue;
    if (!isSampled(opened.record, share, FIT_SALT)) continue;
    if (kind === 'logged' && opened.epochs.model === undefined) continue;
    hasRoom = rows.add(opened, earned, kind === 'logged' ? opened.epochs.model : undefined);
  }
  const byFold: { model: RewardModel | undefined; factor: CardValues['factor']; means: ReturnType<typeof meansOf> }[] =
    [];
  for (let fold = 0; fold < folds; fold++) {
    const others = rows.without(fold);
    let model: RewardModel | undefined;
    let predictions = others.scores;
    if (kind === 'cross-fitted') {
      try {
        const run = {
          seed: seed + fold,
          onProgress: (done: number) => onProgress('reward model', (fold + done) / folds),
          signal: ending.signal,
        };
        ({ model } = await fitModel(spec, encoder, others.examples, noExamples(encoder), run));
      } catch (error) {
        if (error instanceof ShelfwiseError && error.code === 'EXAMPLES_INVALID') return undefined;
        throw error;
      }
      predictions = new Float64Array(others.examples.rows);
      model.predict(others.examples.batch, others.examples.rows, predictions);
    } else if (others.examples.rows === 0) return undefined;
    byFold.push({ model, factor: factorsOf(others, predictions), means: meansOf(others) });
  }
  const of = (listenerKey: string) => byFold[foldOf(listenerKey, folds)];
  return {
    values: {
      modelFor: (key) => of(key).model,
      factorFor: (key) => of(key).factor,
      meansFor: (key, shelfIds) => of(key).means(shelfIds),
    },
    rows: rows.count,
    decisions,
  };
}

function foldOf(listenerKey: string, folds: number): number {
  return (hash32(listenerKey, FOLD_SALT) >>> 0) % folds;
}

function noExamples(encoder: Workspace['encoder']): Examples {
  return { batch: createBatch(encoder, 0), labels: new Float32Array(0), weights: new Float32Array(0), rows: 0 };
}

interface FoldRows {
  readonly examples: Examples;
  readonly shelfRanks: Uint8Array;
  readonly cardRanks: Uint8Array;
  /** What their own decisions' models said. */
  readonly scores: Float64Array;
  /** The declarations of their shelves. */
  readonly shelfIds: readonly string[];
}

/** κ_r κ_j: what places of a shelf rank earned over what was expected of their cards, then the same by card rank. */
function factorsOf(
  { examples: { labels, weights, rows }, shelfRanks, cardRanks }: FoldRows,
  predictions: Float64Array,
): (r: number, j: number) => number {
  let earned = 0;
  let total = 0;
  for (let k = 0; k < rows; k++) {
    earned += weights[k] * labels[k];
    total += weights[k] * predictions[k];
  }
  const overall = total > 0 ? earned / total : 1;
  const byRank = (ranks: Uint8Array, already: (k: number) => number): Float64Array => {
    const gained = new Float64Array(256);
    const expected = new Float64Array(256);
    for (let k = 0; k < rows; k++) {
      gained[ranks[k]] += weights[k] * labels[k];
      expected[ranks[k]] += weights[k] * predictions[k] * already(k);
    }
    return Float64Array.from(gained, (sum, rank) => (sum + PRIOR_REWARDS) / (expected[rank] + PRIOR_REWARDS));
  };
  const byShelf = byRank(shelfRanks, () => overall);
  const byCard = byRank(cardRanks, (k) => overall * byShelf[shelfRanks[k]]);
  return (r, j) => overall * byShelf[r] * byCard[j];
}

/** What places earned, a page that has them; a row by its shelf's declaration too, drawn towards what its rank earns. */
function meansOf({
  examples: { labels, weights, rows },
  shelfRanks,
  cardRanks,
  shelfIds,
}: FoldRows): (shelfIds: readonly string[]) => PlaceMeans {
  const places = placeOf(256, 0);
  const earned = new Float64Array(places);
  const shown = new Float64Array(places);
  for (let k = 0; k < rows; k++) {
    const place = placeOf(shelfRanks[k], cardRanks[k]);
    earned[place] += weights[k] * labels[k];
    shown[place] += weights[k];
  }
  /** From a place on: of its row, and of all rows. */
  const ofRow = new Float64Array(places + 1);
  const ofAll = new Float64Array(places + 1);
  const cards = placeOf(1, 0);
  for (let place = places - 1; place >= 0; place--) {
    ofAll[place] = ofAll[place + 1] + earned[place];
    ofRow[place] = (place % cards === cards - 1 ? 0 : ofRow[place + 1]) + earned[place];
  }
  const a = (sum: number, place: number): number => (shown[place] > 0 ? sum / shown[place] : 0);
  const byRank = Float64Array.from({ length: 256 }, (_, r) => a(ofRow[placeOf(r, 0)], placeOf(r, 0)));
  /** By shelf: what its rows earned, and what rows at their ranks do. */
  const own = new Map<string, { earned: number; expected: number }>();
  for (let k = 0; k < rows; k++) {
    const sums = own.get(shelfIds[k]) ?? { earned: 0, expected: 0 };
    own.set(shelfIds[k], sums);
    sums.earned += weights[k] * labels[k];
    if (cardRanks[k] === 0) sums.expected += weights[k] * byRank[shelfRanks[k]];
  }
  const share = (shelfId: string): number => {
    const sums = own.get(shelfId) ?? { earned: 0, expected: 0 };
    return (sums.earned + PRIOR_REWARDS) / (sums.expected + PRIOR_REWARDS);
  };
  const shares = new Map([...own.keys()].map((shelfId) => [shelfId, share(shelfId)]));
  return (ids) => ({
    row: (s, r) => byRank[r] * (shares.get(ids[s]) ?? 1),
    right: (r, j) => a(ofRow[placeOf(r, j) + 1], placeOf(r, j)),
    below: (r) => a(ofAll[placeOf(r + 1, 0)], placeOf(r, 0)),
  });
}

/** Cards of sampled decisions, with their features and places. */
class SampledCards {
  count = 0;
  readonly #workspace: Workspace;
  readonly #folds: number;
  readonly #rng: Rng;
  readonly #batch: FeatureBatch;
  readonly #labels = new Float32Array(MOST_ROWS);
  readonly #weights = new Float32Array(MOST_ROWS);
  readonly #shelfRanks = new Uint8Array(MOST_ROWS);
  readonly #cardRanks = new Uint8Array(MOST_ROWS);
  readonly #fold = new Uint8Array(MOST_ROWS);
  readonly #scores = new Float64Array(MOST_ROWS);
  readonly #shelfIds: string[] = [];

  constructor(workspace: Workspace, folds: number, rng: Rng) {
    this.#workspace = workspace;
    this.#folds = folds;
    this.#rng = rng;
    this.#batch = createBatch(workspace.encoder, MOST_ROWS);
  }

  /** False where there is no room for the decision. */
  add({ record, view, epochs }: OpenedDecision, earned: ReadonlySet<number>, scorer: RewardModel | undefined): boolean {
    const cards: { r: number; j: number; label: number; weight: number }[] = [];
    const others: { r: number; j: number }[] = [];
    for (const [r, row] of record.rows.entries()) {
      if (record.shelves[row.shelf].carriedFrom !== '') continue;
      for (const j of row.cards.keys()) {
        if (earned.has(placeOf(r, j))) cards.push({ r, j, label: 1, weight: 1 });
        else others.push({ r, j });
      }
    }
    const chosen = Math.min(OTHERS, others.length);
    for (let k = 0; k < chosen; k++) {
      const at = k + this.#rng.below(others.length - k);
      [others[k], others[at]] = [others[at], others[k]];
      cards.push({ ...others[k], label: 0, weight: others.length / chosen });
    }
    if (this.count + cards.length > MOST_ROWS) return false;
    const bound = this.#workspace.encoder.bind({
      view,
      atMs: record.atMs,
      device: record.device,
      market: view.market,
      catalog: epochs.catalog,
      counters: epochs.counters,
      embedding: epochs.embedding ?? EMPTY_EMBEDDING,
    });
    const fold = foldOf(record.listenerKey, this.#folds);
    const item = new Uint32Array(1);
    const first = this.count;
    for (const { r, j, label, weight } of cards) {
      const row = record.rows[r];
      const shelf = record.shelves[row.shelf];
      item[0] = shelf.items[row.cards[j].index];
      const at = this.count++;
      bound.encode(shelf, item, 1, this.#batch, at);
      this.#labels[at] = label;
      this.#weights[at] = weight;
      this.#shelfRanks[at] = r;
      this.#cardRanks[at] = j;
      this.#fold[at] = fold;
      this.#shelfIds.push(shelf.shelfId);
    }
    if (scorer !== undefined && this.count > first) {
      scorer.predict(rowsOf(this.#batch, first, this.count), this.count - first, this.#scores.subarray(first));
    }
    return true;
  }

  /** The rows of all other folds, copied; of all where there is one fold. */
  without(fold: number): FoldRows {
    const kept: number[] = [];
    for (let k = 0; k < this.count; k++) if (this.#folds === 1 || this.#fold[k] !== fold) kept.push(k);
    const batch = createBatch(this.#workspace.encoder, kept.length);
    const { denseWidth, sparseWidth } = batch;
    for (const [at, k] of kept.entries()) {
      const own = rowsOf(this.#batch, k, k + 1);
      batch.dense.set(own.dense, at * denseWidth);
      batch.sparse.set(own.sparse, at * sparseWidth);
    }
    const pick = <T extends Float32Array | Float64Array | Uint8Array>(column: T): T =>
      (column.constructor as unknown as { from(list: readonly number[], map: (k: number) => number): T }).from(
        kept,
        (k) => column[k],
      );
    return {
      examples: { batch, labels: pick(this.#labels), weights: pick(this.#weights), rows: kept.length },
      shelfRanks: pick(this.#shelfRanks),
      cardRanks: pick(this.#cardRanks),
      scores: pick(this.#scores),
      shelfIds: kept.map((k) => this.#shelfIds[k]),
    };
  }
}

function rowsOf({ denseWidth, sparseWidth, dense, sparse }: FeatureBatch, from: number, to: number): FeatureBatch {
  return {
    rows: to - from,
    denseWidth,
    sparseWidth,
    dense: dense.subarray(from * denseWidth, to * denseWidth),
    sparse: sparse.subarray(from * sparseWidth, to * sparseWidth),
  };
}
