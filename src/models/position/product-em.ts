/**
 * The position-based model with two curves, by maximum likelihood:
 *
 *   P(click | shelf rank s, card rank c, subject d) = q = a_s · b_c · γ_d,   each at most 1
 *
 * a click takes that the shelf was looked at, that the card was, and that it was relevant. By ECME (Liu and Rubin 1994): the
 * relevance by EM (Wang et al. 2018), γ_d = mean over its rows of P(relevant | click or not),
 *
 *   P(relevant | no click) = γ_d (1 - a_s b_c) / (1 - q)
 *
 * and each curve, given the rest, by a Newton step on the likelihood itself, in ln a_s. EM's step for the curves has a fault: a
 * rank at 1 never leaves it, so that no other could prove to be looked at more. In the logarithms the likelihood is concave:
 * there is one maximum. Only products are identified: after each round curves that have fallen below 1 altogether are divided by
 * their greatest value and γ multiplied by it, which changes no product.
 *
 * Every third round is an extrapolation (SQUAREM, scheme S3: Varadhan and Roland 2008), taken only where the likelihood does
 * not fall by it.
 */

/** Rows that are alike, counted. */
export interface Cells {
  readonly size: number;
  readonly shelves: Uint8Array;
  readonly cards: Uint8Array;
  readonly subjects: Uint32Array;
  /** Weight of the rows, and of those clicked. */
  readonly views: Float64Array;
  readonly clicks: Float64Array;
  readonly shelfRanks: number;
  readonly cardRanks: number;
  readonly subjectCount: number;
}

export interface ProductParameters {
  /** a, b and γ; NaN where no row is. */
  readonly shelf: Float64Array;
  readonly card: Float64Array;
  readonly relevance: Float64Array;
}

export interface EmOptions {
  readonly iterations: number;
  /** Ends when no parameter moves by more. */
  readonly tolerance: number;
  /** Leaves γ, and with it the scale of the curves, as given: they may then pass 1. */
  readonly keepRelevance?: boolean;
}

export interface EmResult extends ProductParameters {
  readonly iterations: number;
  /** Σ clicks · ln q + (views - clicks) · ln(1 - q), nats. */
  readonly logLikelihood: number;
}

/** The least that is extrapolated to: 0 is never left again. */
const LEAST = 1e-9;

export function fitProduct(cells: Cells, start: ProductParameters, options: EmOptions): EmResult {
  const em = new ProductEm(cells, options.keepRelevance === true);
  const size = cells.shelfRanks + cells.cardRanks + cells.subjectCount;
  let x = new Float64Array(size);
  x.set(start.shelf);
  x.set(start.card, cells.shelfRanks);
  x.set(start.relevance, cells.shelfRanks + cells.cardRanks);
  em.withoutRows(x);
  let [x1, x2, leap, landed] = [0, 1, 2, 3].map(() => new Float64Array(size));
  let iterations = 0;
  while (iterations < options.iterations) {
    em.step(x, x1);
    iterations++;
    if (distance(x, x1) < options.tolerance || iterations >= options.iterations) {
      [x, x1] = [x1, x];
      break;
    }
    em.step(x1, x2);
    em.step(extrapolate(x, x1, x2, leap), landed);
    iterations += 2;
    if (em.logLikelihood(landed) >= em.logLikelihood(x2)) [x, landed] = [landed, x];
    else [x, x2] = [x2, x];
  }
  const logLikelihood = em.logLikelihood(x);
  em.markUnseen(x);
  const { shelfRanks, cardRanks } = cells;
  return {
    shelf: x.slice(0, shelfRanks),
    card: x.slice(shelfRanks, shelfRanks + cardRanks),
    relevance: x.slice(shelfRanks + cardRanks),
    iterations,
    logLikelihood,
  };
}

function distance(x: Float64Array, y: Float64Array): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i] - y[i]));
  return most;
}

/** x - 2 α r + α² v with r = x1 - x, v = x2 - x1 - r, α = -|r| / |v|, at most -1 (which is x2 itself). */
function extrapolate(x: Float64Array, x1: Float64Array, x2: Float64Array, out: Float64Array): Float64Array {
  let rr = 0;
  let vv = 0;
  for (let i = 0; i < x.length; i++) {
    const r = x1[i] - x[i];
    const v = x2[i] - x1[i] - r;
    rr += r * r;
    vv += v * v;
  }
  const alpha = vv > 0 ? Math.min(-1, -Math.sqrt(rr / vv)) : -1;
  for (let i = 0; i < x.length; i++) {
    const r = x1[i] - x[i];
    const v = x2[i] - x1[i] - r;
    const there = x[i] - 2 * alpha * r + alpha * alpha * v;
    // At most half the way to 1, which EM never leaves.
    out[i] = x2[i] <= LEAST || x2[i] >= 1 ? x2[i] : Math.max(LEAST, Math.min((1 + x2[i]) / 2, there));
  }
  return out;
}

class ProductEm {
  private readonly cells: Cells;
  private readonly keepRelevance: boolean;
  /** Weight of the rows of each parameter. */
  private readonly totals: Float64Array;
  private readonly sums = {
    clicked: new Float64Array(256),
    expected: new Float64Array(256),
    slopes: new Float64Array(256),
    greatest: new Float64Array(256),
  };

  constructor(cells: Cells, keepRelevance: boolean) {
    this.cells = cells;
    this.keepRelevance = keepRelevance;
    const { size, shelves, cards, subjects, views, shelfRanks, cardRanks, subjectCount } = cells;
    this.totals = new Float64Array(shelfRanks + cardRanks + subjectCount);
    for (let i = 0; i < size; i++) {
      this.totals[shelves[i]] += views[i];
      this.totals[shelfRanks + cards[i]] += views[i];
      this.totals[shelfRanks + cardRanks + subjects[i]] += views[i];
    }
  }

  /** A parameter without rows is 0 while the others are found. */
  withoutRows(x: Float64Array): void {
    for (let i = 0; i < x.length; i++) if (this.totals[i] === 0) x[i] = 0;
  }

  markUnseen(x: Float64Array): void {
    for (let i = 0; i < x.length; i++) if (this.totals[i] === 0) x[i] = Number.NaN;
  }

  /** One round, from x to out. */
  step(x: Float64Array, out: Float64Array): void {
    const { shelfRanks, cardRanks } = this.cells;
    out.set(x);
    if (!this.keepRelevance) this.moveRelevance(x, out);
    this.moveCurve(out, 0, shelfRanks, this.cells.shelves);
    this.moveCurve(out, shelfRanks, cardRanks, this.cells.cards);
    if (!this.keepRelevance) this.rescale(out);
  }

  private moveRelevance(x: Float64Array, out: Float64Array): void {
    const { size, shelves, cards, subjects, views, clicks, shelfRanks, cardRanks } = this.cells;
    const firstSubject = shelfRanks + cardRanks;
    out.fill(0, firstSubject);
    for (let i = 0; i < size; i++) {
      const theta = x[shelves[i]] * x[shelfRanks + cards[i]];
      const at = firstSubject + subjects[i];
      const without = views[i] - clicks[i];
      out[at] += clicks[i] + (without > 0 ? (without * x[at] * (1 - theta)) / (1 - theta * x[at]) : 0);
    }
    for (let i = firstSubject; i < out.length; i++) {
      out[i] = this.totals[i] > 0 ? Math.min(1, out[i] / this.totals[i]) : 0;
    }
  }

  /**
   * Newton's step in ln a on ln G = ln K, where K = Σ clicks and G = Σ (views - clicks) q / (1 - q), which are equal at the
   * maximum. It goes at most half the way to where the first q without a click would be 1.
   */
  private moveCurve(x: Float64Array, from: number, ranks: number, rankOf: Uint8Array): void {
    const { size, shelves, cards, subjects, views, clicks, shelfRanks, cardRanks } = this.cells;
    const { clicked, expected, slopes, greatest } = this.sums;
    for (const sum of [clicked, expected, slopes, greatest]) sum.fill(0, 0, ranks);
    for (let i = 0; i < size; i++) {
      const rank = rankOf[i];
      clicked[rank] += clicks[i];
      const without = views[i] - clicks[i];
      if (!(without > 0)) continue;
      const q = x[shelves[i]] * x[shelfRanks + cards[i]] * x[shelfRanks + cardRanks + subjects[i]];
      const odds = (without * q) / (1 - q);
      expected[rank] += odds;
      slopes[rank] += odds / (1 - q);
      if (q > greatest[rank]) greatest[rank] = q;
    }
    for (let rank = 0; rank < ranks; rank++) {
      if (!(expected[rank] > 0)) continue;
      const step = clicked[rank] > 0 ? (Math.log(clicked[rank] / expected[rank]) * expected[rank]) / slopes[rank] : -1;
      const most = Math.log((1 + greatest[rank]) / (2 * greatest[rank]));
      const moved = x[from + rank] * Math.exp(Math.min(step, most));
      x[from + rank] = this.keepRelevance ? moved : Math.min(1, moved);
    }
  }

  private rescale(x: Float64Array): void {
    const { shelfRanks, cardRanks } = this.cells;
    const scale =
      divideByMost(x.subarray(0, shelfRanks)) * divideByMost(x.subarray(shelfRanks, shelfRanks + cardRanks));
    for (let i = shelfRanks + cardRanks; i < x.length; i++) x[i] *= scale;
  }

  logLikelihood(x: Float64Array): number {
    const { size, shelves, cards, subjects, views, clicks, shelfRanks, cardRanks } = this.cells;
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const q = x[shelves[i]] * x[shelfRanks + cards[i]] * x[shelfRanks + cardRanks + subjects[i]];
      if (clicks[i] > 0) sum += clicks[i] * Math.log(q);
      if (views[i] > clicks[i]) sum += (views[i] - clicks[i]) * Math.log(1 - q);
    }
    return sum;
  }
}

function divideByMost(curve: Float64Array): number {
  let most = 0;
  for (const theta of curve) most = Math.max(most, theta);
  if (!(most > 0)) return 1;
  for (let i = 0; i < curve.length; i++) curve[i] /= most;
  return most;
}
