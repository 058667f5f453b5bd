/**
 * The products of ratios that make up a page's weights, step by step: the arithmetic of the ladder (`ladder.ts` says what the rungs mean),
 * for pages that a policy walks and for those whose probabilities were written down.
 */

/** From the most to the least that a weight takes in. */
export const RUNGS = ['prefix', 'above', 'row', 'item'] as const;
export type Rung = (typeof RUNGS)[number];

export type RungColumns<T> = Record<Rung, T>;
export const columns = <T>(make: () => T): RungColumns<T> => ({
  prefix: make(),
  above: make(),
  row: make(),
  item: make(),
});

/** Beyond it a product stays put: an infinite weight times a later 0 would be no number. */
const MOST = 1e300;

function bounded(product: number): number {
  return Math.min(product, MOST);
}

/** ρ of a step that was drawn. @param chance π(action | prefix) @param propensity in (0, 1] */
export function stepRatio(chance: number, propensity: number): number {
  return bounded(chance / propensity);
}

/** `begin`, then for each row `shelf` and for each of its cards `card`, top down, then `end`. Allocates nothing. */
export class RungProducts {
  /** Products so far: of all steps, of the shelves, of the cards of this row. */
  all = 1;
  shelves = 1;
  row = 1;
  /** Of the last card: W⁻, W, and 1 where π takes every action of W with certainty. */
  readonly before: RungColumns<number> = columns(() => 1);
  readonly weight: RungColumns<number> = columns(() => 1);
  readonly matches: RungColumns<number> = columns(() => 1);
  /** Weights of a place that the row under way lacks; after `end`, of a row that the page lacks. */
  readonly opened: RungColumns<number> = columns(() => 1);
  #placed = 1;
  #allSure = true;
  #shelvesSure = true;
  #shelfSure = true;
  #rowSure = true;

  begin(): void {
    this.all = 1;
    this.shelves = 1;
    this.#allSure = true;
    this.#shelvesSure = true;
  }

  /** A shelf is placed. @param ratio ρ, 1 where it was forced @param sure is π certain of it? */
  shelf(ratio: number, sure: boolean): void {
    this.all = bounded(this.all * ratio);
    this.shelves = bounded(this.shelves * ratio);
    this.#allSure &&= sure;
    this.#shelvesSure &&= sure;
    this.#shelfSure = sure;
    this.#placed = ratio;
    this.row = 1;
    this.#rowSure = true;
    this.#open(ratio);
  }

  /** A card is placed: `before`, `weight` and `matches` are its own then. */
  card(ratio: number, sure: boolean): void {
    this.#put('prefix', this.all, ratio, this.#allSure && sure);
    this.#put('above', bounded(this.shelves * this.row), ratio, this.#shelvesSure && this.#rowSure && sure);
    this.#put('row', bounded(this.#placed * this.row), ratio, this.#shelfSure && this.#rowSure && sure);
    this.#put('item', this.#placed, ratio, this.#shelfSure && sure);
    this.all = bounded(this.all * ratio);
    this.row = bounded(this.row * ratio);
    this.#allSure &&= sure;
    this.#rowSure &&= sure;
  }

  end(): void {
    this.#open(1);
  }

  #put(rung: Rung, before: number, ratio: number, isSure: boolean): void {
    this.before[rung] = before;
    this.weight[rung] = bounded(before * ratio);
    this.matches[rung] = isSure ? 1 : 0;
  }

  #open(own: number): void {
    this.opened.prefix = this.all;
    this.opened.above = this.shelves;
    this.opened.row = own;
    this.opened.item = own;
  }
}
