/** Replay: recomputes a decision from its record, its listener's view and the epochs it names, and finds the first difference. */
import { seedFromBytes } from '../base/index.ts';
import type { Catalog, Counters, DecisionRecord, Embedding, ListenerView } from '../domain/index.ts';
import type { RewardModel } from '../models/index.ts';
import type { Decided, Decider, DecisionInput } from './decide.ts';
import { type RenderedRow, rowsOfRecord } from './render.ts';
import type { HomeTunables } from './tunables.ts';

export interface ReplayEpochs {
  readonly catalog: Catalog;
  readonly counters: Counters;
  readonly embedding: Embedding | undefined;
  readonly model: RewardModel | undefined;
  readonly tunables: HomeTunables;
}

export interface Recomputation {
  /** In words; null when every choice, every propensity and (where audited) every feature, score and distribution is bit-equal. */
  readonly firstDifference: string | null;
  /** Propensities compared. */
  readonly steps: number;
}

/** What a record was decided from. */
export function inputOfRecord(record: DecisionRecord, view: ListenerView, epochs: ReplayEpochs): DecisionInput {
  return {
    shelves: record.shelves.map((shelf) => ({ ...shelf, count: shelf.items.length })),
    view,
    atMs: record.atMs,
    device: record.device,
    marketNumber: view.market,
    catalog: epochs.catalog,
    counters: epochs.counters,
    embedding: epochs.embedding,
    model: epochs.model,
    policyId: record.policyId,
    tunables: epochs.tunables,
    seed: seedFromBytes(record.seed),
  };
}

/** The decision again, with everything that it was made with. What it holds belongs to the decider, until it decides anew. */
export function decideAgain(
  record: DecisionRecord,
  view: ListenerView,
  epochs: ReplayEpochs,
  decider: Decider,
  onStep?: (probabilities: Float64Array, count: number) => void,
): Decided {
  return decider.decide(inputOfRecord(record, view, epochs), onStep);
}

/** The rows of a record with the scores, values and highest probabilities that records do not hold: for explaining a page served before. */
export function explainRows(
  record: DecisionRecord,
  view: ListenerView,
  epochs: ReplayEpochs,
  decider: Decider,
): RenderedRow[] {
  const bests: number[] = [];
  const { page, scores, offsets } = decideAgain(record, view, epochs, decider, (probabilities, count) =>
    bests.push(highestOf(probabilities, count)),
  );
  let step = 0;
  return rowsOfRecord(record).map((row, rank) => {
    const { shelf, cards } = record.rows[rank];
    return {
      ...row,
      best: bests[step++] ?? row.propensity,
      value: page.rows[rank]?.value ?? 0,
      cards: row.cards.map((card, j) => ({
        ...card,
        best: bests[step++] ?? card.propensity,
        score: scores[offsets[shelf] + cards[j].index],
      })),
    };
  });
}

/**
 * The highest probability of each step of a page, in page order (a row's place, then its cards): a choice of a smaller one
 * was explored.
 */
export function highestProbabilities(
  record: DecisionRecord,
  view: ListenerView,
  epochs: ReplayEpochs,
  decider: Decider,
): number[] {
  const highest: number[] = [];
  decideAgain(record, view, epochs, decider, (probabilities, count) => highest.push(highestOf(probabilities, count)));
  return highest;
}

export function highestOf(probabilities: Float64Array, count: number): number {
  let highest = 0;
  for (let i = 0; i < count; i++) if (probabilities[i] > highest) highest = probabilities[i];
  return highest;
}

export function recompute(
  record: DecisionRecord,
  view: ListenerView,
  epochs: ReplayEpochs,
  decider: Decider,
): Recomputation {
  const distributions: Float64Array[] = [];
  const audit = record.audit;
  const decided = decideAgain(
    record,
    view,
    epochs,
    decider,
    audit === undefined ? undefined : (probabilities, count) => distributions.push(probabilities.slice(0, count)),
  );

  if (audit !== undefined) {
    const { batch, scores } = decided;
    const difference =
      firstUnequal('feature', audit.dense, batch.dense) ??
      firstUnequal('sparse slot', audit.sparse, batch.sparse) ??
      firstUnequal('score', audit.scores, scores) ??
      (audit.distributions.length === distributions.length
        ? null
        : `the record has ${audit.distributions.length} steps, the recomputation ${distributions.length}`) ??
      firstOf(audit.distributions, (recorded, step) =>
        firstUnequal(`probability of step ${step}, action`, recorded, distributions[step]),
      );
    if (difference !== null) return { firstDifference: difference, steps: 0 };
  }

  const { rows } = decided.page;
  let steps = 0;
  if (rows.length !== record.rows.length) {
    return { firstDifference: `the record has ${record.rows.length} rows, the recomputation ${rows.length}`, steps };
  }
  for (let r = 0; r < rows.length; r++) {
    const recorded = record.rows[r];
    const again = rows[r];
    const row = compareChoice(`row ${r}: shelf`, recorded.shelf, again.shelf, recorded, again);
    if (row !== null) return { firstDifference: row, steps };
    steps++;
    if (recorded.cards.length !== again.cards.length) {
      return {
        firstDifference: `row ${r} has ${recorded.cards.length} cards, the recomputation ${again.cards.length}`,
        steps,
      };
    }
    for (let j = 0; j < recorded.cards.length; j++) {
      const card = compareChoice(
        `row ${r}, card ${j}: candidate`,
        recorded.cards[j].index,
        again.cards[j].index,
        recorded.cards[j],
        again.cards[j],
      );
      if (card !== null) return { firstDifference: card, steps };
      steps++;
    }
  }
  return { firstDifference: null, steps };
}

interface Choice {
  readonly propensity: number;
  readonly forced: boolean;
}

function compareChoice(where: string, recorded: number, again: number, a: Choice, b: Choice): string | null {
  if (recorded !== again) return `${where} is ${recorded} in the record, ${again} recomputed`;
  if (a.forced !== b.forced) return `${where} ${recorded} is ${a.forced ? '' : 'not '}forced in the record`;
  if (!Object.is(a.propensity, b.propensity)) {
    return `${where} ${recorded} has propensity ${a.propensity} in the record, ${b.propensity} recomputed`;
  }
  return null;
}

/** Compares the recorded length only: the recomputation's buffers are larger. */
function firstUnequal(what: string, recorded: ArrayLike<number>, again: ArrayLike<number>): string | null {
  for (let i = 0; i < recorded.length; i++) {
    if (!Object.is(recorded[i], again[i]))
      return `${what} ${i} is ${recorded[i]} in the record, ${again[i]} recomputed`;
  }
  return null;
}

function firstOf<T>(list: readonly T[], find: (item: T, index: number) => string | null): string | null {
  for (let i = 0; i < list.length; i++) {
    const found = find(list[i], i);
    if (found !== null) return found;
  }
  return null;
}
