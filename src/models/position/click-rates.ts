/** Examination by click rates: right where places were randomised, and the naive estimate everywhere else. */
import { type Clicks, checkClicks } from './clicks.ts';
import { besideFirst, type ExaminationEstimate, estimateOf } from './estimate.ts';

const ROUNDS = 1000;
const ENOUGH = 1e-12;

/**
 * θ(s, c) / θ(0, 0) = click rate at (s, c) / click rate at (0, 0), fitted by two curves: E clicks = views · scale · a_s · b_c by
 * maximum likelihood of Poisson counts, found by iterative proportional fitting (Deming and Stephan 1940).
 *
 * Right where what stood at a place did not hang on how relevant it was: rows of pages drawn uniformly, or of any page with
 * weights of 1 / propensity of the card at its place. On other logs what is relevant stands first, and the curves fall too
 * steeply; it is then the naive estimate that others are measured against.
 *
 * Throws `EXAMPLES_INVALID`.
 */
export function fitClickRates(log: Clicks): ExaminationEstimate {
  checkClicks(log);
  const { rows, surfaces, shelfRanks, cardRanks, clicks, weights } = log;
  return estimateOf('click-rates', (surface) => {
    let [shelves, cards] = [0, 0];
    for (let r = 0; r < rows; r++) {
      if (surfaces[r] !== surface || weights[r] === 0) continue;
      shelves = Math.max(shelves, shelfRanks[r] + 1);
      cards = Math.max(cards, cardRanks[r] + 1);
    }
    const viewed = new Float64Array(shelves * cards);
    const shelfClicks = new Float64Array(shelves);
    const cardClicks = new Float64Array(cards);
    for (let r = 0; r < rows; r++) {
      if (surfaces[r] !== surface || weights[r] === 0) continue;
      viewed[shelfRanks[r] * cards + cardRanks[r]] += weights[r];
      shelfClicks[shelfRanks[r]] += weights[r] * clicks[r];
      cardClicks[cardRanks[r]] += weights[r] * clicks[r];
    }
    const shelf = new Float64Array(shelves).fill(1);
    const card = new Float64Array(cards).fill(1);
    for (let round = 0; round < ROUNDS; round++) {
      let change = 0;
      for (let s = 0; s < shelves; s++) {
        let expected = 0;
        for (let c = 0; c < cards; c++) if (card[c] > 0) expected += viewed[s * cards + c] * card[c];
        const next = shelfClicks[s] / expected;
        // A rank without rows is NaN, and moves nothing.
        if (expected > 0) change = Math.max(change, Math.abs(next - shelf[s]));
        shelf[s] = next;
      }
      for (let c = 0; c < cards; c++) {
        let expected = 0;
        for (let s = 0; s < shelves; s++) if (shelf[s] > 0) expected += viewed[s * cards + c] * shelf[s];
        card[c] = cardClicks[c] / expected;
      }
      if (change < ENOUGH) break;
    }
    const [a, b] = [besideFirst(shelf), besideFirst(card)];
    if (a === undefined || b === undefined) return undefined;
    const sum = (of: Float64Array): number => of.reduce((x, y) => x + y, 0);
    return { shelf: a, card: b, views: sum(viewed), clicks: sum(shelfClicks) };
  });
}
