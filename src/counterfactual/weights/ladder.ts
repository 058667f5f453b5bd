/**
 * The ladder of weights: how much of a page an importance weight takes in. A page is one autoregressive draw, so that each
 * of its steps t (a shelf at its rank, a card at its rank in the row) has the ratio
 *
 *   ρ_t = π(action | x, prefix) / p_logged,       E_logged[ρ_t | prefix] = 1 where the log gives π's actions a chance,
 *
 * 1 where the step was forced or carried. A rung says which steps' ratios make up the weight W of the card at place (r, j),
 * shelf rank and card rank; the card's own draw c_rj is always the last of them:
 *
 * | rung   | W                                            | whose value is estimated without bias                                                       |
 * | ------ | -------------------------------------------- | ------------------------------------------------------------------------------------------ |
 * | prefix | every step up to the card                    | of π, where a reward depends on nothing below its card (a cascade)                           |
 * | above  | the shelves down to r, the cards of row r to j | of π, where besides neither rewards nor π's draws depend on which cards stand in rows above   |
 * | row    | shelf r, the cards of row r to j             | of π, where besides they do not depend on which rows stand above                             |
 * | item   | shelf r, card j                              | of π, where besides they do not depend on the cards to its left                              |
 *
 * Where its assumption fails, a rung is still exact for *another* policy: one that draws the steps of W by π and all others
 * as the log did. That is the bias: what the steps left out would have changed. Fewer ratios, less variance.
 * `page` is the product over the whole page, exact for any reward function; it serves as a diagnostic, since a dozen rows of
 * ten cards leave an effective sample of a few per cent.
 *
 * **The estimate of a decision** is Σ_places W r: a sum over the cards that it has. Policies may fill pages with different
 * numbers of rows and cards: whether a place exists follows from the steps before it, which are weighed with it, so that
 * E[Σ W r] is still π's expected reward *of the page*. Self-normalising by place needs weights of mean 1 at every place: a
 * decision whose page lacks the place has there the weight of the steps that led to the lack (`absent`) and the reward 0.
 *
 * **Doubly robust, at every rung** (cascade-DR: Kiyohara et al., WSDM 2022, with W's of this table): with W⁻ = W / ρ of the
 * card's own draw, and any function q̂ of the card at its place,
 *
 *   Σ_places  W (r − q̂(c_rj))  +  W⁻ Σ_a π(a | x, prefix) q̂(a),
 *
 * since E[W q̂(c_rj) | everything before the draw] = W⁻ Σ_a π(a) q̂(a). The added terms have mean 0 whatever q̂ is: the form
 * assumes what its rung assumes, no more, and where π leaves the support of the log q̂ stands in for what is missing. (Unbiased at
 * `item` and `row` in the same sense: of the policy that draws the other steps as the log did.)
 *
 * That takes the noise of the last draw away. A shelf's ratio multiplies all that is earned below it, and a card's all that is
 * earned after it, so that most of the noise is theirs. `control` takes it too: with B and A = B ρ_t the products of a rung
 * before and after step t, and any Q̂_t of the action and what stands before it,
 *
 *   control = Σ_t  B Σ_a π(a) Q̂_t(a) − A Q̂_t(taken),      of mean 0.
 *
 * Q̂ of a shelf is what its row earns at its rank, and what rows below earn (where the rung's weights go on downwards); Q̂ of a
 * card, beyond its own q̂, is what cards to its right earn, and at `prefix` the rows below: means of a log (`PlaceMeans`). A Q̂ that
 * is far off adds noise instead: whoever adds the control does so by as much as the log says is good (see `Comparison`).
 *
 * Carried rows are of an earlier decision, which has their rewards: they give no rows here, and their steps the ratio 1.
 * The variance explodes as the product of E[ρ²] over the steps of W: by a factor a shelf or card where the policies differ.
 */
import { ShelfwiseError } from '../../base/index.ts';
import { createWalker, type PageProblem, type Policy, type Step, type Walker } from '../../policy/index.ts';
import { columns, RUNGS, type Rung, RungProducts, stepRatio } from './rung-products.ts';

export const RUNG_ASSUMPTIONS: Readonly<Record<Rung, string>> = Object.freeze({
  prefix: 'what a card earns does not depend on what stands below it',
  above: 'what a card earns depends on the shelves above and on the cards to its left, not on the cards of rows above',
  row: 'what a card earns depends on its shelf and on the cards to its left, not on the rows above',
  item: 'what a card earns depends on its shelf and itself, not on what stands around it',
});

/** A page as it was logged: what a record's rows are. */
export type LoggedRows = readonly {
  /** Index into the problem's shelves. */
  readonly shelf: number;
  /** p(shelf | prefix) under the logging policy, in (0, 1]. */
  readonly propensity: number;
  readonly forced: boolean;
  readonly cards: readonly {
    /** Index into the shelf's items. */
    readonly index: number;
    readonly propensity: number;
    readonly forced: boolean;
  }[];
}[];

/** q̂: expected reward of a candidate at a place, `factor(shelfRank, cardRank) · byShelf[shelf][candidate]`. */
export interface CardValues {
  readonly byShelf: readonly Float64Array[];
  factor(shelfRank: number, cardRank: number): number;
  /** For `control`. @default none: it is 0 */
  readonly means?: PlaceMeans | undefined;
}

/** What places earn on pages of a log, other listeners' where the estimate is to be unbiased. */
export interface PlaceMeans {
  /** A row of this shelf at this rank. */
  row(shelf: number, shelfRank: number): number;
  /** The cards of a row beyond this rank, where it has a card there. */
  right(shelfRank: number, cardRank: number): number;
  /** All rows below this rank, where there is a row at it. */
  below(shelfRank: number): number;
}

/** The weights of one decision's cards, carried ones left out. Its buffers are its ladder's: valid until that weighs anew. */
export interface WeighedPage {
  readonly cards: number;
  /** Per card, in page order. */
  readonly shelfRanks: Uint8Array;
  readonly cardRanks: Uint8Array;
  /** W. */
  readonly weights: Readonly<Record<Rung, Float64Array>>;
  /** W⁻: without the card's own draw. */
  readonly before: Readonly<Record<Rung, Float64Array>>;
  /** 1 where π takes every action of W with certainty. */
  readonly matches: Readonly<Record<Rung, Uint8Array>>;
  /** q̂ of the logged card, and Σ_a π(a | x, prefix) q̂(a); 0 without values. */
  readonly predicted: Float64Array;
  readonly expected: Float64Array;
  /** π of what was placed, given what stood before it: by row its shelf, by card (carried ones too, page order); 1 where forced. */
  readonly shelfChances: Float64Array;
  readonly cardChances: Float64Array;
  /** Of mean 0, in units of the reward, see above; 0 without means of places. */
  readonly control: Readonly<Record<Rung, number>>;
  /** Π ρ over all steps: of the whole page. */
  readonly page: number;
  /** Steps that were drawn, and at how many of them π does not take the logged action with the logged probability. */
  readonly drawn: number;
  readonly differing: number;
  /** The weight at a place that the page lacks: see above. A card of a row that it has, or of a rank that it has not. */
  absent(rung: Rung, shelfRank: number): number;
}

/** Weighs one decision after another; in steady state it allocates nothing. */
export class Ladder {
  readonly #walker: Walker;
  #shelfRanks = new Uint8Array(0);
  #cardRanks = new Uint8Array(0);
  #weights = columns(() => new Float64Array(0));
  #before = columns(() => new Float64Array(0));
  #matches = columns(() => new Uint8Array(0));
  #predicted = new Float64Array(0);
  #expected = new Float64Array(0);
  #shelfChances = new Float64Array(0);
  #cardChances = new Float64Array(0);
  readonly #products = new RungProducts();
  /** By row, with its shelf's draw and without any card of it; one more for the rows that there are not. */
  #opened = columns(() => new Float64Array(0));
  readonly #control: Record<Rung, number> = { prefix: 0, above: 0, row: 0, item: 0 };
  #drawn = 0;
  #differing = 0;
  /** Of the action that was taken last: π's chance of it, and is π certain of it? */
  #chance = 1;
  #sure = true;

  constructor(walker: Walker = createWalker()) {
    this.#walker = walker;
  }

  /**
   * @param rows the page as logged
   * @param policy π, frozen; what it needs of evidence the problem has
   * Undefined where the page cannot be walked: an action is masked under the problem's rules, or some are missing.
   * Throws `OPE_PROPENSITY_RANGE` for a logged propensity outside (0, 1].
   */
  weigh(problem: PageProblem, rows: LoggedRows, policy: Policy, values?: CardValues): WeighedPage | undefined {
    const walker = this.#walker;
    this.#reserve(rows);
    this.#drawn = 0;
    this.#differing = 0;
    for (const rung of RUNGS) this.#control[rung] = 0;
    const means = values?.means;
    const products = this.#products;
    let at = 0;
    let card = 0;
    walker.begin(problem);
    products.begin();
    for (let r = 0; r < rows.length; r++) {
      const { shelf, cards } = rows[r];
      const isCarried = problem.shelves[shelf]?.carried === true;
      const place = walker.step(policy);
      const expectedRow = means === undefined || rows[r].forced ? 0 : expectedRowOf(place, means, r);
      const placed = this.#ratioOf(place, 'shelf', shelf, rows[r]);
      if (placed === undefined) return undefined;
      this.#shelfChances[r] = this.#chance;
      if (means !== undefined && !rows[r].forced) {
        const taken = means.row(shelf, r);
        const below = means.below(r);
        this.#control.prefix += products.all * (expectedRow + below - placed * (taken + below));
        this.#control.above += products.shelves * (expectedRow + below - placed * (taken + below));
        this.#control.row += expectedRow - placed * taken;
        this.#control.item += expectedRow - placed * taken;
      }
      products.shelf(placed, this.#sure);
      this.#open(r);
      for (let j = 0; j < cards.length; j++) {
        const logged = cards[j];
        const step = walker.step(policy);
        if (values !== undefined && !isCarried) {
          const factor = values.factor(r, j);
          this.#predicted[at] = factor * values.byShelf[shelf][logged.index];
          this.#expected[at] = factor * expectedOf(step, values.byShelf[shelf]);
        }
        const chosen = this.#ratioOf(step, 'card', logged.index, logged);
        if (chosen === undefined) return undefined;
        this.#cardChances[card++] = this.#chance;
        if (means !== undefined && !logged.forced) {
          const right = (1 - chosen) * means.right(r, j);
          this.#control.prefix += products.all * (right + (1 - chosen) * means.below(r));
          this.#control.above += products.shelves * products.row * right;
          this.#control.row += placed * products.row * right;
        }
        products.card(chosen, this.#sure);
        if (isCarried) continue;
        this.#shelfRanks[at] = r;
        this.#cardRanks[at] = j;
        for (const rung of RUNGS) {
          this.#before[rung][at] = products.before[rung];
          this.#weights[rung][at] = products.weight[rung];
          this.#matches[rung][at] = products.matches[rung];
        }
        at++;
      }
    }
    if (walker.step(policy).count > 0) return undefined;
    products.end();
    this.#open(rows.length);
    return {
      cards: at,
      shelfRanks: this.#shelfRanks,
      cardRanks: this.#cardRanks,
      weights: this.#weights,
      before: this.#before,
      matches: this.#matches,
      predicted: this.#predicted,
      expected: this.#expected,
      shelfChances: this.#shelfChances,
      cardChances: this.#cardChances,
      control: this.#control,
      page: products.all,
      drawn: this.#drawn,
      differing: this.#differing,
      absent: (rung, shelfRank) => this.#opened[rung][Math.min(shelfRank, rows.length)],
    };
  }

  /** ρ of a step, whose action is then placed; undefined where the action is not among its actions. */
  #ratioOf(
    step: Step,
    kind: Step['kind'],
    action: number,
    logged: { readonly propensity: number; readonly forced: boolean },
  ): number | undefined {
    if (step.kind !== kind || step.count === 0) return undefined;
    const position = this.#walker.positionOf(action);
    if (position < 0) return undefined;
    const p = step.probabilities[position];
    this.#walker.place(position);
    const { propensity, forced } = logged;
    this.#chance = forced ? 1 : p;
    this.#sure = this.#chance === 1;
    if (forced) return 1;
    if (!(propensity > 0 && propensity <= 1)) {
      throw new ShelfwiseError(
        'OPE_PROPENSITY_RANGE',
        `a ${kind} was logged with propensity ${propensity}; log the probability with which it was drawn`,
      );
    }
    this.#drawn++;
    if (p !== propensity) this.#differing++;
    return stepRatio(p, propensity);
  }

  #open(r: number): void {
    for (const rung of RUNGS) this.#opened[rung][r] = this.#products.opened[rung];
  }

  #reserve(rows: LoggedRows): void {
    let cards = 0;
    for (const row of rows) cards += row.cards.length;
    if (this.#opened.prefix.length < rows.length + 1) {
      this.#opened = columns(() => new Float64Array(2 * rows.length + 1));
      this.#shelfChances = new Float64Array(2 * rows.length + 1);
    }
    if (this.#predicted.length < cards) {
      const room = 2 * cards;
      this.#shelfRanks = new Uint8Array(room);
      this.#cardRanks = new Uint8Array(room);
      this.#weights = columns(() => new Float64Array(room));
      this.#before = columns(() => new Float64Array(room));
      this.#matches = columns(() => new Uint8Array(room));
      this.#predicted = new Float64Array(room);
      this.#expected = new Float64Array(room);
      this.#cardChances = new Float64Array(room);
    }
    this.#predicted.fill(0);
    this.#expected.fill(0);
  }
}

/** Σ_a p(a) of what the rows of a shelf step's actions earn at the rank. */
function expectedRowOf({ actions, probabilities, count }: Step, means: PlaceMeans, r: number): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += probabilities[k] * means.row(actions[k], r);
  return sum;
}

/** Σ_a p(a) v(a) over the actions of a card step. */
function expectedOf({ actions, probabilities, count }: Step, values: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += probabilities[k] * values[actions[k]];
  return sum;
}
