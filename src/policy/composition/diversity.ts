/**
 * Maximal marginal relevance (Carbonell and Goldstein 1998) as a re-scoring of each step: what is like a card above counts
 * less.
 *
 *   v_i = (1 - λ) s_i - λ u max_{j above} sim(i, j)
 *
 * with sim the cosine of two items' vectors, at least 0, and u the greatest |score| of the step, so that λ has no unit. A
 * function of what is placed: the page stays one autoregressive draw with exact propensities.
 */
import type { StepContext } from '../policy.ts';
import { actionItem, firstPlaced, placedItem, unitOf } from './placed.ts';
import { similarity, traitsOf } from './traits.ts';

export class Diversity {
  readonly #lambda: number;
  readonly #over: 'row' | 'page';
  /** By index into the shelf's items: the greatest similarity to the placed cards that were looked at. */
  #greatest = new Float64Array(64);
  /** Whose they are: a walker's page and row. One policy may serve several walkers. */
  #context: StepContext | undefined;
  #pageNumber = -1;
  #shelf = -1;
  #seenFrom = 0;
  #seenTo = 0;

  constructor(lambda: number, over: 'row' | 'page') {
    this.#lambda = lambda;
    this.#over = over;
  }

  rescore(context: StepContext, values: Float64Array): void {
    const { step, placedCount } = context;
    const first = firstPlaced(context, this.#over);
    const unit = unitOf(values, step.count);
    this.#lookAt(context, first);
    const own = 1 - this.#lambda;
    for (let k = 0; k < step.count; k++) {
      if (unit === 0 || values[k] === Number.NEGATIVE_INFINITY) continue;
      const like = placedCount > first ? this.#greatest[step.actions[k]] : 0;
      values[k] = own * values[k] - this.#lambda * unit * like;
    }
  }

  /** Takes in the placed cards that were not looked at for this row. The greatest of some numbers does not hang on their order. */
  #lookAt(context: StepContext, first: number): void {
    const { problem, step, placedCount, pageNumber } = context;
    const traits = traitsOf(problem);
    const { count } = problem.shelves[step.shelf];
    const goesOn =
      context === this.#context &&
      pageNumber === this.#pageNumber &&
      step.shelf === this.#shelf &&
      first === this.#seenFrom;
    if (!goesOn || this.#seenTo > placedCount) {
      if (this.#greatest.length < count) this.#greatest = new Float64Array(2 * count);
      this.#greatest.fill(0, 0, count);
      this.#context = context;
      this.#pageNumber = pageNumber;
      this.#shelf = step.shelf;
      this.#seenFrom = first;
      this.#seenTo = first;
    }
    for (let p = this.#seenTo; p < placedCount; p++) {
      const placed = placedItem(context, p);
      for (let k = 0; k < step.count; k++) {
        const i = step.actions[k];
        const like = similarity(traits, actionItem(context, k), placed);
        if (like > this.#greatest[i]) this.#greatest[i] = like;
      }
    }
    this.#seenTo = placedCount;
  }
}
