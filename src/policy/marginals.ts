/** Marginal rank propensities of plain Plackett-Luce: the chance that a card stands at a rank, whatever stands before it. */
import { ShelfwiseError } from '../base/index.ts';
import { NO_ITEM } from '../domain/index.ts';
import type { Policy } from './policy.ts';
import type { PageProblem } from './problem.ts';

const NODES = 64;
/** How far what 64 nodes find may be from what is known exactly; beyond, the clocks are followed on a logarithmic scale. */
const TOLERANCE = 1e-10;
/** Of a panel one unit of ln t wide. */
const PANEL_NODES = 16;
/** Neither what rings before 1e-13 of the first mean time nor what rings after e^-40 is left counts. */
const FIRST = 1e-13;
const LAST = 40;

/** Nodes and weights of Gauss-Legendre quadrature on [0, 1], by Newton's method on the Legendre polynomial. */
function gaussLegendre(n: number): { readonly nodes: Float64Array; readonly weights: Float64Array } {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 0;
    for (let iteration = 0; iteration < 100; iteration++) {
      let before = 1;
      let value = x;
      for (let k = 2; k <= n; k++) {
        const next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
        before = value;
        value = next;
      }
      slope = (n * (x * value - before)) / (x * x - 1);
      const change = value / slope;
      x -= change;
      if (Math.abs(change) < 1e-16) break;
    }
    nodes[i] = (1 - x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/**
 * out[j * n + i] = P(card i at rank j), j = 0 .. ranks - 1, under Plackett-Luce with weights e_i > 0.
 *
 * With exponential clocks T_i of rate e_i a card's rank is how many clocks ring before its own:
 * `P = ∫ e_i exp(-e_i t) Pr[#{m ≠ i: T_m < t} = j] dt`. The count is Poisson-binomial; all n of them follow from one polynomial by
 * dividing out a factor each, from its low end where q_m = 1 - exp(-e_m t) <= 1/2, else from its high end, so that errors shrink. O(n²) a
 * node. First 64 Gauss-Legendre nodes in u = exp(-E t), E = Σe / n. Where they miss the first rank, known to be e_i / Σe, or the sum of
 * a rank, known to be 1, by more than 1e-10 (weights that differ by orders of magnitude), panels of 16 nodes follow ln t instead, in
 * which every clock is as wide as any other. Checked against enumeration to 1e-9. Luce 1959; Kool, van Hoof and Welling 2019 for
 * the clocks. Throws `OPTION_INVALID`.
 */
export function plackettLuceMarginals(weights: Float64Array, n: number, ranks: number, out: Float64Array): void {
  if (!(n >= 1 && ranks >= 1 && ranks <= n && out.length >= n * ranks)) {
    throw new ShelfwiseError('OPTION_INVALID', `${ranks} ranks of ${n} cards, room for ${out.length}; 1 <= ranks <= n`);
  }
  let total = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    if (!(weights[i] > 0 && weights[i] < Number.POSITIVE_INFINITY)) {
      throw new ShelfwiseError('OPTION_INVALID', `weight ${i} is ${weights[i]}; weights are positive and finite`);
    }
    total += weights[i];
    least = Math.min(least, weights[i]);
  }
  const clocks = new Clocks(weights, n, ranks, out);
  const rule = gaussLegendre(NODES);
  const mean = total / n;
  for (let k = 0; k < NODES; k++) clocks.add(-Math.log(rule.nodes[k]) / mean, rule.weights[k] / (mean * rule.nodes[k]));
  if (straying(weights, total, n, ranks, out) > TOLERANCE) {
    out.fill(0, 0, n * ranks);
    const panel = gaussLegendre(PANEL_NODES);
    const from = Math.log(FIRST / total);
    const panels = Math.ceil(Math.log(LAST / least) - from);
    for (let p = 0; p < panels; p++) {
      for (let k = 0; k < PANEL_NODES; k++) {
        const time = Math.exp(from + p + panel.nodes[k]);
        clocks.add(time, time * panel.weights[k]);
      }
    }
  }
  for (let j = 0; j < ranks; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += out[j * n + i];
    for (let i = 0; i < n; i++) out[j * n + i] /= sum;
  }
}

/** How far what was found is from what is known: the first rank of every card, and the sum of every rank. */
function straying(weights: Float64Array, total: number, n: number, ranks: number, out: Float64Array): number {
  let most = 0;
  for (let i = 0; i < n; i++) most = Math.max(most, Math.abs(out[i] - weights[i] / total));
  for (let j = 0; j < ranks; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += out[j * n + i];
    most = Math.max(most, Math.abs(sum - 1));
  }
  return most;
}

/** The integrand at points of time. */
class Clocks {
  readonly #weights: Float64Array;
  readonly #n: number;
  readonly #ranks: number;
  readonly #out: Float64Array;
  readonly #all: Float64Array;
  readonly #others: Float64Array;

  constructor(weights: Float64Array, n: number, ranks: number, out: Float64Array) {
    this.#weights = weights;
    this.#n = n;
    this.#ranks = ranks;
    this.#out = out;
    out.fill(0, 0, n * ranks);
    this.#all = new Float64Array(n + 1);
    this.#others = new Float64Array(n);
  }

  /** Adds `share` times `e_i exp(-e_i t) Pr[j of the others have rung by t]` to every card and rank. */
  add(time: number, share: number): void {
    const n = this.#n;
    const all = this.#all;
    const others = this.#others;
    all.fill(0);
    all[0] = 1;
    for (let i = 0; i < n; i++) {
      const silent = Math.exp(-this.#weights[i] * time);
      const rung = -Math.expm1(-this.#weights[i] * time);
      for (let c = i + 1; c > 0; c--) all[c] = all[c] * silent + all[c - 1] * rung;
      all[0] *= silent;
    }
    for (let i = 0; i < n; i++) {
      const silent = Math.exp(-this.#weights[i] * time);
      const rung = -Math.expm1(-this.#weights[i] * time);
      if (rung <= 0.5) {
        others[0] = all[0] / silent;
        for (let c = 1; c < this.#ranks; c++) others[c] = (all[c] - rung * others[c - 1]) / silent;
      } else {
        others[n - 1] = all[n] / rung;
        for (let c = n - 1; c > 0; c--) others[c - 1] = (all[c] - silent * others[c]) / rung;
      }
      const density = share * this.#weights[i] * silent;
      for (let j = 0; j < this.#ranks; j++) this.#out[j * n + i] += density * Math.max(0, others[j]);
    }
  }
}

/**
 * The marginal rank propensities of the cards of a row that is drawn alone: `ranks` x count, rank by rank, in the order of the shelf's
 * items. Throws `OPE_MARGINAL_UNAVAILABLE` unless the policy is plain Plackett-Luce (a softmax or a uniform draw without a
 * floor or a composition) and nothing can be masked in the row but what it placed itself: no cap binds and no other shelf has
 * one of its cards, or of its creators while the page's cap could bind.
 */
export function cardMarginals(problem: PageProblem, policy: Policy, shelf: number): Float64Array {
  const { order, items, creators, scores, count, maxCards } = problem.shelves[shelf];
  const unavailable = (why: string): never => {
    throw new ShelfwiseError('OPE_MARGINAL_UNAVAILABLE', why);
  };
  const { luce, composition, id } = policy;
  if (luce === undefined || luce.epsilon > 0) unavailable(`${id} is not plain Plackett-Luce`);
  if (composition !== undefined) unavailable(`${id} is re-scored between ranks`);
  if (order !== 'policy') unavailable(`shelf ${shelf} stands in a defined order`);
  const own = new Set(items.subarray(0, count));
  const ofCreator = new Map<number, number>();
  const addCreators = (list: Uint32Array, n: number) => {
    for (let i = 0; i < n; i++) {
      if (list[i] !== NO_ITEM) ofCreator.set(list[i], (ofCreator.get(list[i]) ?? 0) + 1);
    }
  };
  addCreators(creators, count);
  for (const cards of ofCreator.values()) {
    if (cards > problem.creatorCapPerRow) unavailable(`the row's cap can mask cards of shelf ${shelf}`);
  }
  problem.shelves.forEach((other, s) => {
    if (s === shelf) return;
    for (let i = 0; i < other.count; i++) {
      if (own.has(other.items[i])) unavailable(`shelves ${shelf} and ${s} want the same card`);
    }
    addCreators(other.creators, other.count);
  });
  for (let i = 0; i < count; i++) {
    const cards = ofCreator.get(creators[i]) ?? 0;
    if (cards > problem.creatorCapPerPage) unavailable(`the page's cap can mask cards of shelf ${shelf}`);
  }
  const ranks = Math.min(maxCards, count);
  const out = new Float64Array(ranks * count);
  if (ranks === 0 || luce === undefined) return out;
  const weights = new Float64Array(count);
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) highest = Math.max(highest, scores[i]);
  luce.weights(scores, count, highest, weights);
  if (weights.some((weight) => weight === 0))
    unavailable(`shelf ${shelf} has cards of weight 0: their order is not drawn by weight`);
  plackettLuceMarginals(weights, count, ranks, out);
  return out;
}
