/**
 * With which probability the cards of a page came to stand where they stand, along the page as it was drawn. A record holds the
 * propensities of what was chosen; those of not having been chosen before come from walking its steps anew.
 */
import type { DecisionRecord, ListenerView } from '../../domain/index.ts';
import { type Decider, decideAgain, type ReplayEpochs } from '../../home/index.ts';
import { createWalker } from '../../policy/index.ts';

/** [shelf rank][card rank]; 0 where the card or its row was not drawn. */
export interface DrawnPlaces {
  /** p_k Π_{j < k} (1 - p_j) over the card steps of the page: the item at this rank, given the rows as they were drawn. */
  readonly cards: readonly Float64Array[];
  /** The same times p_r Π_{i < r} (1 - p_i) of its shelf over the shelf steps: the item of this shelf at this shelf rank. */
  readonly shelves: readonly Float64Array[];
}

/** Undefined where the page cannot be walked with the propensities on record. */
export type WalkPlaces = (record: DecisionRecord, view: ListenerView, epochs: ReplayEpochs) => DrawnPlaces | undefined;

export function createPlaceWalk(decider: Decider): WalkPlaces {
  const walker = createWalker();
  return (record, view, epochs) => {
    const { problem, policy } = decideAgain(record, view, epochs, decider);
    const { shelves } = problem;
    /** By shelf, and by item: the probability of not having been drawn so far. */
    const shelfLeft = new Float64Array(shelves.length).fill(1);
    const itemLeft = new Map<number, number>();
    const found: { cards: Float64Array[]; shelves: Float64Array[] } = { cards: [], shelves: [] };
    walker.begin(problem);
    for (const row of record.rows) {
      const { actions, probabilities, count } = walker.step(policy);
      const at = walker.positionOf(row.shelf);
      if (at < 0 || probabilities[at] !== row.propensity) return undefined;
      const ofShelf = row.forced ? 0 : row.propensity * shelfLeft[row.shelf];
      for (let i = 0; i < count; i++) shelfLeft[actions[i]] *= 1 - probabilities[i];
      walker.place(at);
      const items = shelves[row.shelf].items;
      const [byCard, byShelf] = [new Float64Array(row.cards.length), new Float64Array(row.cards.length)];
      for (const [rank, card] of row.cards.entries()) {
        const step = walker.step(policy);
        const position = walker.positionOf(card.index);
        if (position < 0 || step.probabilities[position] !== card.propensity) return undefined;
        const left = itemLeft.get(items[card.index]) ?? 1;
        byCard[rank] = card.forced ? 0 : card.propensity * left;
        byShelf[rank] = byCard[rank] * ofShelf;
        for (let i = 0; i < step.count; i++) {
          const item = items[step.actions[i]];
          itemLeft.set(item, (itemLeft.get(item) ?? 1) * (1 - step.probabilities[i]));
        }
        walker.place(position);
      }
      found.cards.push(byCard);
      found.shelves.push(byShelf);
    }
    return found;
  };
}
