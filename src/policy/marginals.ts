/** Marginal rank propensities of plain Plackett-Luce: the chance that a card stands at a rank, whatever stands before it. */
import { ShelfwiseError } from '../base/index.ts';
import { NO_ITEM } from '../domain/index.ts';
import type { Policy } from './policy.ts';
import type { PageProblem } from './problem.ts';

const NODES = 64;
/** How far the sum over the cards of a rank may be from 1 before the range is cut finer. */
const TOLERANCE = 1e-9;
/** Panels at most, towards each end of (0, 1). */
const MOST_LEVELS = 26;

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
 * `P = ∫ e_i exp(-e_i t) Pr[#{m ≠ i: T_m < t} = j] dt`, substituting u = exp(-E t) with E = Σe / n. The count is
 * Poisson-binomial, q_m = 1 - u^(e_m / E); all n of them follow from one polynomial by dividing out a factor each, from its low end
 * where q <= 1/2, else from its high end, so that errors shrink. O(n²) a node. 64 nodes; where the sum over the cards of a rank
 * strays from 1 by more than 1e-9 the range is cut, ever finer towards both its ends, with 64 nodes in each panel (weights that
 * differ by many orders of magnitude). Checked against enumeration to 1e-9. Luce 1959; Kool, van Hoof and Welling 2019 for the clocks.
 */
export function plackettLuceMarginals(weights: Float64Array, n: number, ranks: number, out: Float64Array): void {
  if (!(n >= 1 && ranks >= 1 && ranks <= n && out.length >= n * ranks)) {
    throw new ShelfwiseError('OPTION_INVALID', `${ranks} ranks of ${n} cards, room for ${out.length}; 1 <= ranks <= n`);
  }
  let total = 0;
  for (let i = 0; i < n; i++) {
    if (!(weights[i] > 0 && weights[i] < Number.POSITIVE_INFINITY)) {
      throw new ShelfwiseError('OPTION_INVALID', `weight ${i} is ${weights[i]}; weights are positive and finite`);
    }
    total += weights[i];
  }
  const exponents = Float64Array.from({ length: n }, (_, i) => (weights[i] * n) / total);
  const rule = gaussLegendre(NODES);
  for (let levels = 0; levels <= MOST_LEVELS; levels += levels < 2 ? 1 : 4) {
    out.fill(0, 0, n * ranks);
    const ends = panelEnds(levels);
    for (let panel = 1; panel < ends.length; panel++) {
      const from = ends[panel - 1];
      const width = ends[panel] - from;
      for (let node = 0; node < NODES; node++) {
        addNode(exponents, n, ranks, from + width * rule.nodes[node], width * rule.weights[node], out);
      }
    }
    if (straying(out, n, ranks) <= TOLERANCE) break;
  }
  for (let j = 0; j < ranks; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += out[j * n + i];
    for (let i = 0; i < n; i++) out[j * n + i] /= sum;
  }
}

/** 0, 8^-levels, .., 1/8, 7/8, .., 1 - 8^-levels, 1: as fine towards 1 as numbers are. */
function panelEnds(levels: number): number[] {
  const ends = [0];
  for (let level = levels; level > 0; level--) ends.push(8 ** -level);
  for (let level = 1; level <= Math.min(levels, 16); level++) ends.push(1 - 8 ** -level);
  ends.push(1);
  return ends;
}

function straying(out: Float64Array, n: number, ranks: number): number {
  let most = 0;
  for (let j = 0; j < ranks; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += out[j * n + i];
    most = Math.max(most, Math.abs(sum - 1));
  }
  return most;
}

/** Adds `weight` times the integrand at u: `e_i / E u^(e_i / E - 1) Pr[j of the others have rung]`. */
function addNode(
  exponents: Float64Array,
  n: number,
  ranks: number,
  u: number,
  weight: number,
  out: Float64Array,
): void {
  const rung = new Float64Array(n);
  const all = new Float64Array(n + 1);
  const others = new Float64Array(n);
  const logU = Math.log(u);
  all[0] = 1;
  for (let i = 0; i < n; i++) {
    const q = -Math.expm1(exponents[i] * logU);
    rung[i] = q;
    for (let c = i + 1; c > 0; c--) all[c] = all[c] * (1 - q) + all[c - 1] * q;
    all[0] *= 1 - q;
  }
  for (let i = 0; i < n; i++) {
    const q = rung[i];
    if (q <= 0.5) {
      others[0] = all[0] / (1 - q);
      for (let c = 1; c < ranks; c++) others[c] = (all[c] - q * others[c - 1]) / (1 - q);
    } else {
      others[n - 1] = all[n] / q;
      for (let c = n - 1; c > 0; c--) others[c - 1] = (all[c] - (1 - q) * others[c]) / q;
    }
    const density = weight * exponents[i] * Math.exp((exponents[i] - 1) * logU);
    for (let j = 0; j < ranks; j++) out[j * n + i] += density * Math.max(0, others[j]);
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
