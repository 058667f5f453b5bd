/** Examination as a walk along a row: the cascade and the dependent click model. */
import { requireRange, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { checkClicks, type ListClicks } from './clicks.ts';
import { type ExaminationEstimate, estimateOf, type SurfaceEstimate } from './estimate.ts';

export interface DependentClickOptions {
  /**
   * `dependent`: after a click at card rank k the listener goes on with probability λ_k. `cascade`: the first click ends the
   * walk (λ = 0); what stands after it was not looked at, and clicks there are not counted. @default 'dependent'
   */
  readonly model: 'dependent' | 'cascade';
  /** Rounds of EM at most. @default 500 */
  readonly iterations: number;
  /** Ends when no parameter moves by more. @default 1e-8 */
  readonly tolerance: number;
}

const DEFAULTS: DependentClickOptions = { model: 'dependent', iterations: 500, tolerance: 1e-8 };

export interface DependentClickEstimate extends SurfaceEstimate {
  /** P(click | looked at) by subject; NaN for a subject that this surface did not show. */
  readonly attraction: Float64Array;
  /** λ by card rank: P(goes on | clicked there). 0 for the cascade; NaN where nothing was clicked but at a row's end. */
  readonly continuation: Float64Array;
  readonly iterations: number;
}

/**
 * The listener looks at the cards of a row one by one from the first. Each is clicked with the attraction α of its subject;
 * without a click, the next is looked at; after one, with probability λ_k (Craswell et al. 2008: cascade, λ = 0; Guo, Liu and
 * Wang 2009: dependent click model). By EM over what cannot be seen, whether the walk went on after the last click:
 *
 *   P(went on after the last click at l | nothing clicked after) = λ_l Π_{i > l} (1 - α_i) / (1 - λ_l + λ_l Π_{i > l} (1 - α_i))
 *
 * (the paper's closed form counts every last click as a stop, which makes λ too small.) The curve is what comes of it on the
 * rows of the log: card_k = mean of Π_{i < k} (1 - α_i (1 - λ_i)) over the rows that reach rank k. The shelf's curve is 1: the
 * models speak of rows that were looked at, so give them only such, rows with an impression.
 *
 * They know no listener who stops without a click: where cards end beyond the edge of the screen the curve falls too slowly,
 * and the position-based model is the better one.
 *
 * Throws `EXAMPLES_INVALID`, also for lists that are not in the order of their ranks; `OPTION_INVALID`.
 */
export function fitDependentClicks(
  log: ListClicks,
  given: Partial<DependentClickOptions> = {},
): ExaminationEstimate<DependentClickEstimate> {
  const options = resolveOptions('fitDependentClicks', given, DEFAULTS);
  if (options.model !== 'dependent' && options.model !== 'cascade') {
    throw new ShelfwiseError('OPTION_INVALID', `fitDependentClicks: there is no model "${String(options.model)}"`);
  }
  requireRange('fitDependentClicks', 'iterations', options.iterations, 1, 1e6);
  requireRange('fitDependentClicks', 'tolerance', options.tolerance, 0, 1);
  checkClicks(log, log.subjects, log.lists);
  const starts = listStarts(log);
  return estimateOf(options.model === 'cascade' ? 'cascade' : 'dependent-click', (surface) => {
    const own = starts.filter(({ from }) => log.surfaces[from] === surface && log.weights[from] > 0);
    return own.length === 0 ? undefined : new Walks(log, own, options).fit();
  });
}

interface List {
  readonly from: number;
  readonly to: number;
}

function listStarts({ rows, lists, cardRanks, surfaces, clicks }: ListClicks): readonly List[] {
  const found: List[] = [];
  for (let from = 0; from < rows; ) {
    let to = from + 1;
    while (to < rows && lists[to] === lists[from]) {
      if (cardRanks[to] <= cardRanks[to - 1] || surfaces[to] !== surfaces[from]) {
        throw new ShelfwiseError('EXAMPLES_INVALID', `row ${to} does not follow row ${to - 1} in their list`);
      }
      to++;
    }
    for (let r = from; r < to; r++) {
      if (clicks[r] !== 0 && clicks[r] !== 1) {
        throw new ShelfwiseError('EXAMPLES_INVALID', `row ${r} has ${clicks[r]} clicks; a walk knows 0 and 1`);
      }
    }
    found.push({ from, to });
    from = to;
  }
  return found;
}

/** The lists of one surface, and what is estimated of them. A list weighs what its first row does. */
class Walks {
  private readonly log: ListClicks;
  private readonly lists: readonly List[];
  private readonly options: Readonly<DependentClickOptions>;
  private attraction: Float64Array;
  private continuation: Float64Array;
  /** Rows of the last round that spoke of each. */
  private looked: Float64Array;
  private chances: Float64Array;

  constructor(log: ListClicks, lists: readonly List[], options: Readonly<DependentClickOptions>) {
    this.log = log;
    this.lists = lists;
    this.options = options;
    let [ranks, subjects] = [0, 0];
    for (const { from, to } of lists) {
      ranks = Math.max(ranks, log.cardRanks[to - 1] + 1);
      for (let r = from; r < to; r++) subjects = Math.max(subjects, log.subjects[r] + 1);
    }
    this.attraction = new Float64Array(subjects).fill(0.5);
    this.continuation = new Float64Array(ranks).fill(options.model === 'cascade' ? 0 : 0.5);
    this.looked = new Float64Array(subjects);
    this.chances = new Float64Array(ranks);
  }

  fit(): DependentClickEstimate {
    let iterations = 0;
    for (let change = 1; change > this.options.tolerance && iterations < this.options.iterations; iterations++) {
      change = this.round();
    }
    const { log, lists } = this;
    let [views, clicks] = [0, 0];
    for (const { from, to } of lists) {
      for (let r = from; r < to; r++) {
        views += log.weights[from];
        clicks += log.weights[from] * log.clicks[r];
      }
    }
    return {
      shelf: Float64Array.of(1),
      card: this.curve(),
      views,
      clicks,
      attraction: this.attraction.map((x, d) => (this.looked[d] > 0 ? x : Number.NaN)),
      continuation:
        this.options.model === 'cascade'
          ? this.continuation
          : this.continuation.map((x, k) => (this.chances[k] > 0 ? x : Number.NaN)),
      iterations,
    };
  }

  /** One round of EM. Returns the largest change of a parameter. */
  private round(): number {
    const { log, lists, attraction, continuation } = this;
    const cascade = this.options.model === 'cascade';
    const clicked = new Float64Array(attraction.length);
    const looked = new Float64Array(attraction.length);
    const wentOn = new Float64Array(continuation.length);
    const chances = new Float64Array(continuation.length);
    for (const { from, to } of lists) {
      const weight = log.weights[from];
      const last = cascade ? firstClick(log, from, to) : lastClick(log, from, to);
      const end = last < 0 ? to : last + 1;
      for (let r = from; r < end; r++) {
        looked[log.subjects[r]] += weight;
        clicked[log.subjects[r]] += weight * log.clicks[r];
        if (log.clicks[r] === 1 && r < last) {
          wentOn[log.cardRanks[r]] += weight;
          chances[log.cardRanks[r]] += weight;
        }
      }
      if (last < 0 || cascade || end === to) continue;
      const rank = log.cardRanks[last];
      const reach = continuation[rank];
      let nothing = 1;
      for (let r = end; r < to; r++) nothing *= 1 - attraction[log.subjects[r]];
      const on = (reach * nothing) / (1 - reach + reach * nothing);
      wentOn[rank] += weight * on;
      chances[rank] += weight;
      for (let r = end; r < to; r++) looked[log.subjects[r]] += weight * on;
    }
    this.looked = looked;
    this.chances = chances;
    // What no row speaks of stays as it is, and is no part of the answer.
    this.attraction = attraction.map((old, d) => (looked[d] > 0 ? clicked[d] / looked[d] : old));
    this.continuation = continuation.map((old, k) => (chances[k] > 0 && !cascade ? wentOn[k] / chances[k] : old));
    return Math.max(greatestChange(attraction, this.attraction), greatestChange(continuation, this.continuation));
  }

  private curve(): Float64Array {
    const { log, lists, attraction, continuation } = this;
    const sums = new Float64Array(continuation.length);
    const weights = new Float64Array(continuation.length);
    for (const { from, to } of lists) {
      let looked = 1;
      for (let r = from; r < to; r++) {
        const rank = log.cardRanks[r];
        sums[rank] += log.weights[from] * looked;
        weights[rank] += log.weights[from];
        looked *= 1 - attraction[log.subjects[r]] * (1 - continuation[rank]);
      }
    }
    let last = 1;
    return sums.map((sum, rank) => {
      if (weights[rank] > 0) last = sum / weights[rank];
      return rank === 0 ? 1 : last;
    });
  }
}

function greatestChange(before: Float64Array, after: Float64Array): number {
  return after.reduce((most, x, k) => Math.max(most, Math.abs(x - before[k])), 0);
}

function firstClick({ clicks }: ListClicks, from: number, to: number): number {
  for (let r = from; r < to; r++) if (clicks[r] === 1) return r;
  return -1;
}

function lastClick({ clicks }: ListClicks, from: number, to: number): number {
  for (let r = to - 1; r >= from; r--) if (clicks[r] === 1) return r;
  return -1;
}
