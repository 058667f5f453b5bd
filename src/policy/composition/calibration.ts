/**
 * Calibrated recommendations (Steck 2018) as a re-scoring of each step: what brings the mix of genres above, with this card
 * in it, nearer to the listener's own counts more.
 *
 *   v_i = (1 - λ) s_i - λ u KL(p ‖ q̃_i),   q̃_i = (1 - α) q_i + α p,   α = 0.01
 *
 * with p(g) the listener's shares, q_i(g) the mean over the cards above and i of their genres (each card's genres alike), and
 * u the greatest |score| of the step. KL is in nats, 0 to ln(1 / α). Cards without a genre leave q as it is. A listener
 * without a known taste has nothing to be calibrated to: the scores stand.
 */
import type { StepContext } from '../policy.ts';
import { actionItem, firstPlaced, placedItem, unitOf } from './placed.ts';
import { type ItemTraits, traitsOf } from './traits.ts';

const ALPHA = 0.01;

export class Calibration {
  readonly #lambda: number;
  readonly #over: 'row' | 'page';
  /** By position in the listener's genres: the sum of the cards' shares above. */
  #above = new Float64Array(32);
  /** The same of one card. */
  #own = new Float64Array(32);

  constructor(lambda: number, over: 'row' | 'page') {
    this.#lambda = lambda;
    this.#over = over;
  }

  rescore(context: StepContext, values: Float64Array): void {
    const { step, placedCount, problem } = context;
    const traits = traitsOf(problem);
    const genres = traits.tasteGenres.length;
    const unit = unitOf(values, step.count);
    if (genres === 0 || unit === 0) return;
    if (this.#above.length < genres) {
      this.#above = new Float64Array(genres);
      this.#own = new Float64Array(genres);
    }
    this.#above.fill(0, 0, genres);
    let cards = 0;
    for (let p = firstPlaced(context, this.#over); p < placedCount; p++) {
      if (addShares(traits, placedItem(context, p), this.#above)) cards++;
    }
    for (let k = 0; k < step.count; k++) {
      if (values[k] === Number.NEGATIVE_INFINITY) continue;
      this.#own.fill(0, 0, genres);
      const counts = addShares(traits, actionItem(context, k), this.#own) ? 1 : 0;
      const divergence = this.#divergence(traits, cards + counts);
      values[k] = (1 - this.#lambda) * values[k] - this.#lambda * unit * divergence;
    }
  }

  /** KL(p ‖ q̃) of what stands above and the card in `#own`, over so many cards with genres; of no card, q̃ = α p. */
  #divergence({ tasteShares }: ItemTraits, cards: number): number {
    let divergence = 0;
    for (let g = 0; g < tasteShares.length; g++) {
      const p = tasteShares[g];
      if (p === 0) continue;
      const q = cards === 0 ? 0 : (this.#above[g] + this.#own[g]) / cards;
      divergence += p * Math.log(p / ((1 - ALPHA) * q + ALPHA * p));
    }
    return divergence;
  }
}

/** Adds p(g | item) over the listener's genres; false for an item without any genre. */
function addShares({ catalog, tasteGenres }: ItemTraits, item: number, sums: Float64Array): boolean {
  if (item >= catalog.size) return false;
  const start = catalog.genreStart[item];
  const end = catalog.genreStart[item + 1];
  if (start === end) return false;
  const share = 1 / (end - start);
  for (let at = start; at < end; at++) {
    const g = tasteGenres.indexOf(catalog.genreIds[at]);
    if (g >= 0) sums[g] += share;
  }
  return true;
}

/** KL(p ‖ q̃) of a finished list of items: what the calibration of a row or page came to, in nats. */
export function miscalibration(traits: ItemTraits, items: ArrayLike<number>): number {
  const sums = new Float64Array(traits.tasteGenres.length);
  let cards = 0;
  for (let i = 0; i < items.length; i++) if (addShares(traits, items[i], sums)) cards++;
  let divergence = 0;
  for (let g = 0; g < sums.length; g++) {
    const p = traits.tasteShares[g];
    const q = cards === 0 ? 0 : sums[g] / cards;
    if (p > 0) divergence += p * Math.log(p / ((1 - ALPHA) * q + ALPHA * p));
  }
  return divergence;
}
