/**
 * What a rung of the ladder takes for granted, in rewards. A rung is exact for another policy than π: one that draws the steps of its weights
 * by π and all others as the log did (`ladder.ts`). How far that policy's value is from π's own is no matter of weights: both can draw pages, and
 * a reward model says what those earn. So
 *
 *   cost = Σ_places E[q̂ of the card there | drawn as the rung has it] − E[q̂ of the cards of π's own page],
 *
 * by pages drawn with the same noise, of which each card's step is taken by its expectation Σ_a π(a) q̂(a). Positive: the rung's estimate is
 * too high by that. 0 at `prefix`, whose weights hold every step. What it costs beyond q̂ (a reward that depends on what stands around a card,
 * which q̂ does not know) is not in it; and it is as far off as q̂ is.
 *
 * Drawn along a page of the rung, of which every row is also drawn as the rung has it, beside: three pages' work, whatever the rung.
 */
import type { Seed } from '../../base/index.ts';
import {
  createWalker,
  drawPosition,
  type PageProblem,
  type Policy,
  type Step,
  type Walker,
} from '../../policy/index.ts';
import type { Interval } from '../intervals/interval.ts';
import type { CardValues } from './ladder.ts';
import type { Rung } from './rung-products.ts';

/** A policy and the page's problem as it sees it: the same shelves and candidates as another's, scores and evidence of its own. */
export interface Drawer {
  readonly problem: PageProblem;
  readonly policy: Policy;
}

export class AssumptionGauge {
  /** On the logging policy's problem: the page that rows stand on. On the other's: the same page, and rows beside it. */
  readonly #trunk: Walker = createWalker();
  readonly #own: Walker = createWalker();
  readonly #beside: Walker = createWalker();
  /** Actions placed so far, a shelf and its cards after each other. */
  readonly #prefix: number[] = [];

  /** The cost by one draw, in units of the reward; its mean over draws and decisions is the rung's. */
  cost(rung: Rung, logging: Drawer, other: Drawer, values: CardValues, seed: Seed): number {
    return rung === 'prefix' ? 0 : this.#asRung(rung, logging, other, values, seed) - this.#value(other, values, seed);
  }

  /** Of π's own page. */
  #value({ problem, policy }: Drawer, values: CardValues, seed: Seed): number {
    const walker = this.#own;
    let sum = 0;
    let row = 0;
    walker.begin(problem);
    for (let step = walker.step(policy); step.count > 0; step = walker.step(policy)) {
      // Row by row, as the rung's pages are summed: of equal pages no rounding is left.
      if (step.kind === 'card') row += expectedAt(step, problem, values);
      else {
        sum += row;
        row = 0;
      }
      walker.place(drawPosition(step, problem, seed));
    }
    return sum + row;
  }

  #asRung(rung: Exclude<Rung, 'prefix'>, logging: Drawer, other: Drawer, values: CardValues, seed: Seed): number {
    const trunk = this.#trunk;
    const own = this.#own;
    const prefix = this.#prefix;
    prefix.length = 0;
    let sum = 0;
    trunk.begin(logging.problem);
    own.begin(other.problem);
    for (;;) {
      const byOther = own.step(other.policy);
      if (byOther.count === 0) return sum;
      const chosen = byOther.actions[drawPosition(byOther, other.problem, seed)];
      sum += this.#row(rung, chosen, logging, other, values, seed);
      // On with the page that the next row stands on: its shelf by π where the rung's weights hold the shelves above.
      const byLog = trunk.step(logging.policy);
      const shelf = rung === 'above' ? chosen : byLog.actions[drawPosition(byLog, logging.problem, seed)];
      if (!this.#place(shelf)) return sum;
      for (let step = trunk.step(logging.policy); step.kind === 'card' && step.count > 0; ) {
        if (!this.#place(step.actions[drawPosition(step, logging.problem, seed)])) return sum;
        step = trunk.step(logging.policy);
      }
    }
  }

  /** On both walkers of the page; false where one masks it, which rules that are the same for both never do. */
  #place(action: number): boolean {
    this.#prefix.push(action);
    return this.#trunk.advance(action) && this.#own.advance(action);
  }

  /** What a row of this shelf earns below what stands, its cards drawn as the rung has it. */
  #row(rung: Rung, shelf: number, logging: Drawer, other: Drawer, values: CardValues, seed: Seed): number {
    const walker = this.#beside;
    walker.begin(other.problem);
    for (const action of this.#prefix) if (!walker.advance(action)) return 0;
    if (!walker.advance(shelf)) return 0;
    const left = rung === 'item' ? this.#leftByLog(shelf, logging) : undefined;
    let sum = 0;
    for (
      let step = walker.step(other.policy);
      step.kind === 'card' && step.count > 0;
      step = walker.step(other.policy)
    ) {
      sum += expectedAt(step, other.problem, values);
      const drawn = left?.(seed) ?? step.actions[drawPosition(step, other.problem, seed)];
      if (!walker.advance(drawn)) return sum;
    }
    return sum;
  }

  /** The row's next card as the log would draw it, again and again. */
  #leftByLog(shelf: number, { problem, policy }: Drawer): (seed: Seed) => number | undefined {
    const walker = createWalker();
    walker.begin(problem);
    for (const action of this.#prefix) walker.advance(action);
    walker.advance(shelf);
    return (seed) => {
      const step = walker.step(policy);
      if (step.kind !== 'card' || step.count === 0) return undefined;
      const position = drawPosition(step, problem, seed);
      const action = step.actions[position];
      walker.place(position);
      return action;
    };
  }
}

/** Σ_a π(a) q̂(a) of a card's step; 0 in a row that was carried, whose rewards are an earlier decision's. */
function expectedAt(step: Step, { shelves }: PageProblem, { byShelf, factor }: CardValues): number {
  const { shelf, pageRank, cardRank, count, actions, probabilities } = step;
  if (shelves[shelf].carried) return 0;
  let sum = 0;
  for (let k = 0; k < count; k++) sum += probabilities[k] * byShelf[shelf][actions[k]];
  return factor(pageRank, cardRank) * sum;
}

/** A rung's cost over draws and decisions, in units of the reward a decision. */
export interface AssumptionCost {
  readonly mean: number;
  /** Of that mean, by listener. */
  readonly standardError: number;
  readonly draws: number;
}

/** Of `prefix`, and of the policy that logged. */
export const NO_COST: AssumptionCost = Object.freeze({ mean: 0, standardError: 0, draws: 0 });

/** Fewer draws, or of fewer listeners, do not tell how far off their mean may be. */
const LEAST_DRAWS = 30;
const LEAST_LISTENERS = 10;

/**
 * The mean of all draws, Σ c / n. Draws of one listener are no independent evidence: with s_l their sum and n_l how many of L listeners' draws
 * are l's, its variance is L / (L - 1) Σ_l (s_l - mean n_l)² / n². Memory: two numbers a listener.
 */
export class AssumptionMeter {
  readonly #listeners = new Map<string | number, { draws: number; sum: number }>();

  add(listener: string | number, cost: number): void {
    let own = this.#listeners.get(listener);
    if (own === undefined) {
      own = { draws: 0, sum: 0 };
      this.#listeners.set(listener, own);
    }
    own.draws++;
    own.sum += cost;
  }

  /** Undefined where it is not known: for fewer than 30 draws, or those of fewer than 10 listeners. */
  summary(): AssumptionCost | undefined {
    const listeners = [...this.#listeners.values()];
    const draws = listeners.reduce((total, own) => total + own.draws, 0);
    if (draws < LEAST_DRAWS || listeners.length < LEAST_LISTENERS) return undefined;
    const mean = listeners.reduce((total, { sum }) => total + sum, 0) / draws;
    const squares = listeners.reduce((total, own) => total + (own.sum - mean * own.draws) ** 2, 0);
    const standardError = Math.sqrt((listeners.length / (listeners.length - 1)) * squares) / draws;
    return { mean, standardError, draws };
  }
}

/** The cost where `share` times as much is earned: so much of what is earned is taken for granted there as everywhere. */
export function scaledCost(cost: AssumptionCost, share: number): AssumptionCost {
  return { ...cost, mean: share * cost.mean, standardError: share * cost.standardError };
}

/** What may be taken off an estimate: from nothing, where the assumption holds, to what is measured and its error of two. */
function costRange(cost: AssumptionCost | undefined): readonly [least: number, most: number] {
  if (cost === undefined) return [0, 0];
  const reach = cost.standardError === 0 ? 0 : ERRORS * cost.standardError;
  return [Math.min(0, cost.mean - reach), Math.max(0, cost.mean + reach)];
}
const ERRORS = 2;

/** Two estimates that are compared: what each of them may be too high by. The policy that logged has no cost. */
export interface ComparedCosts {
  readonly of: AssumptionCost | undefined;
  readonly base: AssumptionCost | undefined;
}

/** The interval of a difference a - b, wide enough for both: that the rung's assumption holds, and that it costs what was measured. */
export function widenedDifference({ lower, upper }: Interval, { of, base }: ComparedCosts): Interval {
  const [a, b] = [costRange(of), costRange(base)];
  return { lower: lower - a[1] + b[0], upper: upper - a[0] + b[1] };
}

/** The same of a lift a / b - 1, to first order. @param value b, above 0 */
export function widenedLift(
  lift: { readonly value: number; readonly interval: Interval },
  value: number,
  costs: ComparedCosts,
): Interval {
  const [a, b] = [costRange(costs.of), costRange(costs.base)];
  const { lower, upper } = lift.interval;
  const ratio = 1 + lift.value;
  return { lower: lower + (ratio * b[0] - a[1]) / value, upper: upper + (ratio * b[1] - a[0]) / value };
}
