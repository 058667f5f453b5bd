/**
 * The reward model of the doubly robust estimates, as `ope compare` has it:
 *
 *   q̂(x, a, (r, j)) = κ(r, j) · score(x, a),   κ = overall · by shelf rank · by card rank,
 *
 * and what places and rows earn on the mean, for the control of the noise of shelves. The score is of the model that serves, fixed
 * before any log is drawn, so that no folds are needed. κ and the means are fitted once, to the rewards of one page a context
 * that no log has.
 */
import type { PlaceMeans } from '../../counterfactual/index.ts';

export const RANKS = 32;
/** Declarations of shelves at most. */
export const KINDS = 256;
/** How many rewards of an average place a factor is drawn towards 1 by. */
const PRIOR_REWARDS = 5;

/** Sums over logged pages; those of several parts add up. Structured-cloneable. */
export interface PageSums {
  /** [shelf rank * RANKS + card rank]: rewards, scores, cards. */
  readonly earned: Float64Array;
  readonly scored: Float64Array;
  readonly shown: Float64Array;
  /** [kind of shelf]: rewards; [kind * RANKS + shelf rank]: rows. */
  readonly kindEarned: Float64Array;
  readonly kindRows: Float64Array;
}

export function newPageSums(): PageSums {
  return {
    earned: new Float64Array(RANKS * RANKS),
    scored: new Float64Array(RANKS * RANKS),
    shown: new Float64Array(RANKS * RANKS),
    kindEarned: new Float64Array(KINDS),
    kindRows: new Float64Array(KINDS * RANKS),
  };
}

export function addPageSums(into: PageSums, more: PageSums): void {
  for (const name of ['earned', 'scored', 'shown', 'kindEarned', 'kindRows'] as const) {
    const sums = into[name];
    for (let at = 0; at < sums.length; at++) sums[at] += more[name][at];
  }
}

/** Structured-cloneable. */
export interface PlaceModel {
  /** [shelf rank * RANKS + card rank]: κ; what is earned to the right of a card in its row. */
  readonly factors: Float64Array;
  readonly right: Float64Array;
  /** [shelf rank]: what a row earns there, and all rows below it. */
  readonly row: Float64Array;
  readonly below: Float64Array;
  /** [kind of shelf]: what its rows earn over what rows at their ranks do. */
  readonly shares: Float64Array;
}

export function fitPlaces({ earned, scored, shown, kindEarned, kindRows }: PageSums): PlaceModel {
  const at = (r: number, j: number): number => r * RANKS + j;
  const total = (column: Float64Array): number => column.reduce((sum, one) => sum + one, 0);
  const scoredAll = total(scored);
  const overall = scoredAll > 0 ? total(earned) / scoredAll : 1;
  const byShelf = new Float64Array(RANKS);
  const byCard = new Float64Array(RANKS);
  for (let r = 0; r < RANKS; r++) {
    let [gained, expected] = [PRIOR_REWARDS, PRIOR_REWARDS];
    for (let j = 0; j < RANKS; j++) {
      gained += earned[at(r, j)];
      expected += overall * scored[at(r, j)];
    }
    byShelf[r] = gained / expected;
  }
  for (let j = 0; j < RANKS; j++) {
    let [gained, expected] = [PRIOR_REWARDS, PRIOR_REWARDS];
    for (let r = 0; r < RANKS; r++) {
      gained += earned[at(r, j)];
      expected += overall * byShelf[r] * scored[at(r, j)];
    }
    byCard[j] = gained / expected;
  }
  const factors = Float64Array.from(
    { length: RANKS * RANKS },
    (_, place) => overall * byShelf[Math.floor(place / RANKS)] * byCard[place % RANKS],
  );

  const a = (sum: number, of: number): number => (of > 0 ? sum / of : 0);
  const right = new Float64Array(RANKS * RANKS);
  const row = new Float64Array(RANKS);
  const below = new Float64Array(RANKS);
  let under = 0;
  for (let r = RANKS - 1; r >= 0; r--) {
    let beyond = 0;
    for (let j = RANKS - 1; j >= 0; j--) {
      right[at(r, j)] = a(beyond, shown[at(r, j)]);
      beyond += earned[at(r, j)];
    }
    row[r] = a(beyond, shown[at(r, 0)]);
    below[r] = a(under, shown[at(r, 0)]);
    under += beyond;
  }
  const shares = Float64Array.from(kindEarned, (sum, kind) => {
    let expected = PRIOR_REWARDS;
    for (let r = 0; r < RANKS; r++) expected += kindRows[kind * RANKS + r] * row[r];
    return (sum + PRIOR_REWARDS) / expected;
  });
  return { factors, right, row, below, shares };
}

/** @param kinds by shelf of the context */
export function placeMeans({ right, row, below, shares }: PlaceModel, kinds: Uint8Array): PlaceMeans {
  return {
    row: (shelf, r) => row[r] * shares[kinds[shelf]],
    right: (r, j) => right[r * RANKS + j],
    below: (r) => below[r],
  };
}
