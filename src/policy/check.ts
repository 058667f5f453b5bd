/**
 * Are the propensities true? Pages are drawn and three things are held against what was logged for them:
 *  - every distribution sums to 1 (`sumError`);
 *  - the mean importance weight of another policy's pages is 1 (`meanWeight`);
 *  - what was drawn is as frequent as it was probable (`chi2p`).
 */
import { chiSquare, chiSquareTail, createRng, requireRange, type Seed } from '../base/index.ts';
import { withSyntheticEvidence } from './check-evidence.ts';
import { deepProblem, smallProblem } from './check-pages.ts';
import { withSyntheticTraits } from './check-traits.ts';
import { createWalker, type Walker } from './page.ts';
import type { Policy } from './policy.ts';
import type { PageProblem, Step } from './problem.ts';
import { drawPosition, logProbability } from './sample.ts';

export interface PolicyCheck {
  /** Largest |Σp - 1| over all steps. */
  readonly sumError: number;
  /**
   * Mean of π(page) / μ(page) over the drawn pages; 1 in expectation when the logged propensities μ are those that the
   * pages were drawn with. The target π is the policy tilted by a factor of 0.75 to 1.25 along each step's actions and
   * renormalised: its support is the policy's own, so that the weight is defined for every policy, and its ratios are
   * bounded and near 1, so that the standard error can be believed. For a greedy policy it tests how ties are shared; where there
   * are none, every weight is 1 and the standard error 0.
   */
  readonly meanWeight: number;
  readonly meanWeightSe: number;
  /**
   * p of Pearson's chi-square, over two problems at once: all pages of a small one, and for a deep one the actions at
   * every prefix that was drawn often enough. Uniform on [0, 1] when the propensities are true, however deterministic
   * the policy; 1 where nothing was left to chance.
   */
  readonly chi2p: number;
  readonly chi2: number;
  readonly degreesOfFreedom: number;
  /** How many pages the small problem has under the policy, and the sum of their probabilities. */
  readonly pages: number;
  readonly pageMass: number;
  /** Drawn pages that were walked again by `logProbability`, and how many of them differed in any bit. */
  readonly replayed: number;
  readonly replayMismatches: number;
}

/** Every so many pages one is replayed. */
const REPLAY_EVERY = 16;
/** Room for the actions of prefixes of the deep problem; prefixes met later are not followed. */
const MOST_NODES = 400_000;

/**
 * Draws `draws` pages, half of them of a small problem whose pages can all be listed, half of a deep one. 1,000,000 take
 * about a minute. The same arguments give the same figures. Throws `OPTION_INVALID` for less than 1 draw.
 */
export function checkPolicy(options: { policy: Policy; draws: number; seed: number }): PolicyCheck {
  return checkSampler({ ...options, choose: drawPosition });
}

export type Chooser = (step: Step, problem: PageProblem, seed: Seed) => number;

/** The same for any way of choosing an action at a step: what tells the sampler from a wrong one. */
export function checkSampler(options: { policy: Policy; draws: number; seed: number; choose: Chooser }): PolicyCheck {
  const { policy, draws, choose } = options;
  requireRange('policy check', 'draws', draws, 1, Number.MAX_SAFE_INTEGER);
  const rng = createRng(options.seed);
  const evidenceSeed: Seed = Uint32Array.of(rng.uint32(), rng.uint32(), rng.uint32(), rng.uint32());
  const evident = (plain: PageProblem): PageProblem => {
    const problem = withSyntheticTraits(plain);
    return policy.needs.kind === 'none'
      ? problem
      : withSyntheticEvidence(problem, evidenceSeed, Math.max(1, policy.needs.draws));
  };
  const problems = [evident(smallProblem()), evident(deepProblem(7))];
  const trees = [new PrefixTree(Number.POSITIVE_INFINITY), new PrefixTree(MOST_NODES)];
  const walker = createWalker();
  const { pages, pageMass } = listPages(problems[0], policy, walker, trees[0]);

  const seed: Seed = new Uint32Array(4);
  const propensities: number[] = [];
  let sumError = 0;
  let weightSum = 0;
  let weightSquares = 0;
  let replayed = 0;
  let replayMismatches = 0;
  for (let draw = 0; draw < draws; draw++) {
    for (let word = 0; word < 4; word++) seed[word] = rng.uint32();
    const problem = problems[draw % 2];
    const tree = trees[draw % 2];
    const replays = draw % REPLAY_EVERY < 2;
    const rows: { shelf: number; cards: { index: number }[] }[] = [];
    propensities.length = 0;
    let weight = 1;
    let node = tree.root;
    walker.begin(problem);
    for (let step = walker.step(policy); step.count > 0; step = walker.step(policy)) {
      sumError = Math.max(sumError, distanceFromOne(step));
      const position = choose(step, problem, seed);
      const propensity = step.probabilities[position];
      node = tree.follow(node, step, position);
      if (replays) {
        const action = step.actions[position];
        if (step.kind === 'shelf') rows.push({ shelf: action, cards: [] });
        else rows[rows.length - 1].cards.push({ index: action });
        propensities.push(propensity);
      }
      weight *= tiltedRatio(step, position);
      walker.place(position);
    }
    weightSum += weight;
    weightSquares += weight * weight;
    if (replays) {
      replayed++;
      const again = logProbability(problem, policy, rows, walker);
      if (!again.complete || !propensities.every((p, i) => Object.is(p, again.steps[i]))) replayMismatches++;
    }
  }

  const whole = trees[0].pagesAgainstFrequencies();
  const conditional = trees[1].actionsAgainstFrequencies();
  const chi2 = whole.statistic + conditional.statistic;
  const degreesOfFreedom = whole.degreesOfFreedom + conditional.degreesOfFreedom;
  const meanWeight = weightSum / draws;
  const variance = Math.max(0, weightSquares / draws - meanWeight * meanWeight);
  return {
    sumError,
    meanWeight,
    meanWeightSe: Math.sqrt(variance / draws),
    chi2p: chiSquareTail(chi2, degreesOfFreedom),
    chi2,
    degreesOfFreedom,
    pages,
    pageMass,
    replayed,
    replayMismatches,
  };
}

function distanceFromOne(step: Step): number {
  let sum = 0;
  for (let k = 0; k < step.count; k++) sum += step.probabilities[k];
  return Math.abs(sum - 1);
}

/** π / μ of the action at this position, with π the step's distribution tilted: p_k x (0.75 + 0.5 k / (n - 1)), renormalised. */
function tiltedRatio({ count, probabilities }: Step, position: number): number {
  if (count === 1) return 1;
  const tilt = (k: number) => 0.75 + (0.5 * k) / (count - 1);
  let sum = 0;
  for (let k = 0; k < count; k++) sum += probabilities[k] * tilt(k);
  return tilt(position) / sum;
}

/** Grows the tree to every page of positive probability; returns how many there are and what they sum to. */
function listPages(problem: PageProblem, policy: Policy, walker: Walker, tree: PrefixTree) {
  let pages = 0;
  let pageMass = 0;
  const visit = (path: readonly number[], node: number, mass: number): void => {
    walker.begin(problem);
    for (const position of path) walker.place(position);
    const { count, probabilities } = walker.step(policy);
    if (count === 0) {
      pages++;
      pageMass += mass;
      return;
    }
    const children = tree.childrenOf(node, walker.step(policy));
    const kept = probabilities.slice(0, count);
    kept.forEach((p, position) => {
      if (p > 0) visit([...path, position], count === 1 ? node : children + position, mass * p);
    });
  };
  visit([], tree.root, 1);
  return { pages, pageMass };
}

/**
 * Prefixes as a tree: a node's children are the actions of the step that follows it. Steps with one action add no node.
 * A node counts how often it was reached since it has had a place, and whether its actions were followed.
 */
class PrefixTree {
  readonly root = 0;
  readonly #most: number;
  #nodes = 1;
  #firstChild = new Int32Array(1024).fill(-1);
  #children = new Int32Array(1024);
  #visits = new Float64Array(1024);
  #probability = new Float64Array(1024).fill(1);
  /** Of the whole prefix. */
  #mass = new Float64Array(1024).fill(1);

  constructor(most: number) {
    this.#most = most;
  }

  /** Counts the action drawn at a node, and returns its node; -1 is a prefix without a place. */
  follow(node: number, step: Step, position: number): number {
    if (step.count === 1 || node < 0) return node;
    const first = this.childrenOf(node, step);
    if (first < 0) return -1;
    this.#visits[first + position]++;
    return first + position;
  }

  /** The first of a node's children, made when it has none; -1 when there is no room, or the step has one action. */
  childrenOf(node: number, step: Step): number {
    const { count, probabilities } = step;
    if (count === 1) return -1;
    if (this.#firstChild[node] >= 0) return this.#firstChild[node];
    if (this.#nodes + count > this.#most) return -1;
    const first = this.#nodes;
    this.#nodes += count;
    while (this.#nodes > this.#visits.length) this.#double();
    this.#firstChild[node] = first;
    this.#children[node] = count;
    for (let k = 0; k < count; k++) {
      this.#probability[first + k] = probabilities[k];
      this.#mass[first + k] = this.#mass[node] * probabilities[k];
    }
    return first;
  }

  #double(): void {
    const room = 2 * this.#visits.length;
    const wider = <T extends Int32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#firstChild = wider(this.#firstChild, new Int32Array(room).fill(-1));
    this.#children = wider(this.#children, new Int32Array(room));
    this.#visits = wider(this.#visits, new Float64Array(room));
    this.#probability = wider(this.#probability, new Float64Array(room));
    this.#mass = wider(this.#mass, new Float64Array(room));
  }

  /** Leaves against their probabilities: whole pages. */
  pagesAgainstFrequencies() {
    const leaves: number[] = [];
    for (let node = 1; node < this.#nodes; node++) if (this.#firstChild[node] < 0) leaves.push(node);
    const counts = leaves.map((node) => this.#visits[node]);
    const total = counts.reduce((sum, count) => sum + count, 0);
    return chiSquare(
      counts,
      leaves.map((node) => this.#mass[node]),
      total,
    );
  }

  /** At every node, the actions drawn there against their conditional probabilities; independent tests, summed. */
  actionsAgainstFrequencies() {
    let statistic = 0;
    let degreesOfFreedom = 0;
    for (let node = 0; node < this.#nodes; node++) {
      const first = this.#firstChild[node];
      if (first < 0) continue;
      const end = first + this.#children[node];
      const counts = this.#visits.subarray(first, end);
      let total = 0;
      for (let k = 0; k < counts.length; k++) total += counts[k];
      const here = chiSquare(counts, this.#probability.subarray(first, end), total);
      statistic += here.statistic;
      degreesOfFreedom += here.degreesOfFreedom;
    }
    return { statistic, degreesOfFreedom };
  }
}
