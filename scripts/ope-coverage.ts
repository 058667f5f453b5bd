// `node scripts/ope-coverage.ts [--replicates 2000] [--resamples 1000] [--seed 1] [--part fixed|sequential] [--worlds 0,1,…]`: how often intervals and confidence sequences of a policy's value hold the truth, which is known,
// over many logs that are drawn anew. Prints one JSON object: for each world and estimator, of each interval its coverage, how often the truth lay below and above, and its
// median width. Worlds are drawn from the seed; their logs are as long as the effective sample asks for.
import { parseArgs } from 'node:util';
import { createRng, type Rng } from '../src/base/index.ts';
import {
  comparePaired,
  doublyRobustOutcomes,
  EmpiricalBernsteinSequence,
  empiricalBernsteinInterval,
  type Functional,
  type GroupSums,
  HedgedSequence,
  HoeffdingSequence,
  hoeffdingInterval,
  type Interval,
  intervalsByListener,
  OffPolicySequence,
  ratioOf,
  resampleSums,
} from '../src/counterfactual/index.ts';

const { values: args } = parseArgs({
  options: {
    replicates: { type: 'string', default: '2000' },
    resamples: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    part: { type: 'string', default: 'all' },
    worlds: { type: 'string', default: '' },
  },
});
const [replicates, resamples, seed] = [Number(args.replicates), Number(args.resamples), Number(args.seed)];

interface WorldOptions {
  readonly name: string;
  readonly actions: number;
  /** Spread of logits of the logging policy, and of what the target adds. */
  readonly logging: number;
  readonly target: number;
  /** Rewards are Bernoulli with means in [low, high]. */
  readonly rewards: readonly [number, number];
  /** How far a listener's own taste moves the mean of all rewards. */
  readonly taste: number;
  readonly decisionsPerListener: number;
  /** Effective rows that a log has on average. */
  readonly effective: number;
}

const WORLDS: readonly WorldOptions[] = [
  {
    name: 'even',
    actions: 5,
    logging: 0.5,
    target: 0.7,
    rewards: [0.2, 0.7],
    taste: 0.15,
    decisionsPerListener: 4,
    effective: 800,
  },
  {
    name: 'even, effective sample 220',
    actions: 5,
    logging: 0.5,
    target: 0.7,
    rewards: [0.2, 0.7],
    taste: 0.15,
    decisionsPerListener: 2,
    effective: 220,
  },
  {
    name: 'skewed',
    actions: 20,
    logging: 1,
    target: 1.2,
    rewards: [0.1, 0.6],
    taste: 0.1,
    decisionsPerListener: 3,
    effective: 400,
  },
  {
    name: 'skewed, effective sample 220',
    actions: 20,
    logging: 1,
    target: 1.2,
    rewards: [0.1, 0.6],
    taste: 0.1,
    decisionsPerListener: 3,
    effective: 220,
  },
  {
    name: 'seldom rewarded',
    actions: 10,
    logging: 0.7,
    target: 0.8,
    rewards: [0.01, 0.05],
    taste: 0.005,
    decisionsPerListener: 5,
    effective: 3000,
  },
  {
    name: 'one decision a listener',
    actions: 5,
    logging: 0.5,
    target: 0.7,
    rewards: [0.2, 0.7],
    taste: 0,
    decisionsPerListener: 1,
    effective: 800,
  },
];
const TYPES = 6;

/** Policies and rewards over a few types of context, each as likely. */
class World {
  readonly options: WorldOptions;
  readonly logging: readonly Float64Array[];
  readonly target: readonly Float64Array[];
  /** A second policy, for differences: half of each. */
  readonly other: readonly Float64Array[];
  readonly means: readonly Float64Array[];
  /** A model that is wrong: shrunk to the middle. */
  readonly predicted: readonly Float64Array[];
  readonly value: number;
  readonly otherValue: number;
  readonly largestWeight: number;
  readonly decisions: number;

  constructor(options: WorldOptions, rng: Rng) {
    this.options = options;
    const { actions, rewards } = options;
    const each = (of: () => number): Float64Array => Float64Array.from({ length: actions }, of);
    const types = <T>(of: (x: number) => T): T[] => Array.from({ length: TYPES }, (_, x) => of(x));
    const logits = types(() => each(() => options.logging * rng.normal()));
    this.logging = logits.map(softmax);
    this.target = logits.map((own) => softmax(own.map((logit) => logit + options.target * rng.normal())));
    this.other = types((x) => this.target[x].map((p, a) => (p + this.logging[x][a]) / 2));
    this.means = types(() => each(() => rewards[0] + (rewards[1] - rewards[0]) * rng.uniform()));
    const middle = (rewards[0] + rewards[1]) / 2;
    this.predicted = this.means.map((own) => own.map((mean) => 0.6 * mean + 0.4 * middle));
    const worth = (policy: readonly Float64Array[]): number =>
      sumOver((x, a) => (policy[x][a] * this.means[x][a]) / TYPES, actions);
    this.value = worth(this.target);
    this.otherValue = worth(this.other);
    const squares = sumOver((x, a) => this.target[x][a] ** 2 / this.logging[x][a] / TYPES, actions);
    this.largestWeight = Math.max(
      ...this.target.map((own, x) => Math.max(...own.map((p, a) => p / this.logging[x][a]))),
    );
    this.decisions = Math.ceil(options.effective * squares);
  }

  /** A listener's taste, of mean 0: moves the means of all rewards. */
  taste(rng: Rng): number {
    return this.options.taste * (2 * rng.uniform() - 1);
  }

  draw(taste: number, rng: Rng): { readonly x: number; readonly action: number; readonly reward: number } {
    const x = rng.below(TYPES);
    let u = rng.uniform();
    let action = 0;
    while (action < this.options.actions - 1 && u >= this.logging[x][action]) u -= this.logging[x][action++];
    return { x, action, reward: rng.uniform() < this.means[x][action] + taste ? 1 : 0 };
  }
}

function softmax(logits: Float64Array): Float64Array {
  const exponentials = logits.map(Math.exp);
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / total);
}

function sumOver(of: (x: number, a: number) => number, actions: number): number {
  let sum = 0;
  for (let x = 0; x < TYPES; x++) for (let a = 0; a < actions; a++) sum += of(x, a);
  return sum;
}

/** How often intervals held a truth. */
class Score {
  private below = 0;
  private above = 0;
  private readonly widths: number[] = [];

  add({ lower, upper }: Interval, truth: number): void {
    if (truth < lower) this.below++;
    else if (truth > upper) this.above++;
    this.widths.push(upper - lower);
  }

  /** For sequences, which may miss at any time: at the end. */
  addEnd(missed: 'below' | 'above' | undefined, width: number): void {
    if (missed === 'below') this.below++;
    if (missed === 'above') this.above++;
    this.widths.push(width);
  }

  table() {
    const n = this.widths.length;
    const round = (x: number): number => Number(x.toPrecision(4));
    const median = this.widths.sort((a, b) => a - b)[n >> 1];
    return {
      coverage: round(1 - (this.below + this.above) / n),
      truthBelow: round(this.below / n),
      truthAbove: round(this.above / n),
      medianWidth: round(median),
    };
  }
}

class Scores {
  private readonly of = new Map<string, Score>();
  get(name: string): Score {
    const score = this.of.get(name) ?? new Score();
    this.of.set(name, score);
    return score;
  }
  table() {
    return Object.fromEntries([...this.of].map(([name, score]) => [name, score.table()]));
  }
}

/** Columns: decisions, w r, w, Σ π q̂, w (r - q̂), and of the second policy w' r, w'. */
const COLUMNS = 7;
const mean = (numerator: number): Functional =>
  ratioOf({ decisions: 0, base: undefined, terms: [{ numerator, normaliser: undefined }] });
const normalised = (numerator: number, denominator: number): Functional =>
  ratioOf({ decisions: 0, base: undefined, terms: [{ numerator, normaliser: { denominator, rows: 0 } }] });
const IPS = mean(1);
const SNIPS = normalised(1, 2);
const DR = ratioOf({ decisions: 0, base: 3, terms: [{ numerator: 4, normaliser: undefined }] });

interface Log {
  readonly groups: GroupSums;
  readonly effective: number;
  /** w r, when each decision is a listener's only one. */
  readonly terms: Float64Array;
}

function drawLog(world: World, rng: Rng): Log {
  const { decisionsPerListener: each } = world.options;
  const sums: number[] = [];
  const terms: number[] = [];
  let [w1, w2] = [0, 0];
  for (let drawn = 0; drawn < world.decisions; ) {
    const count = each === 1 ? 1 : 1 + rng.below(2 * each - 1);
    const taste = world.taste(rng);
    const at = sums.length;
    for (let c = 0; c < COLUMNS; c++) sums.push(0);
    for (let i = 0; i < count; i++, drawn++) {
      const { x, action, reward } = world.draw(taste, rng);
      const w = world.target[x][action] / world.logging[x][action];
      const other = world.other[x][action] / world.logging[x][action];
      const predicted = world.predicted[x];
      sums[at]++;
      sums[at + 1] += w * reward;
      sums[at + 2] += w;
      sums[at + 3] += predicted.reduce((sum, q, a) => sum + q * world.target[x][a], 0);
      sums[at + 4] += w * (reward - predicted[action]);
      sums[at + 5] += other * reward;
      sums[at + 6] += other;
      terms.push(w * reward);
      w1 += w;
      w2 += w * w;
    }
  }
  const groups = { groups: sums.length / COLUMNS, columns: COLUMNS, sums: Float64Array.from(sums) };
  return { groups, effective: (w1 * w1) / w2, terms: Float64Array.from(terms) };
}

function momentsOf(x: Float64Array) {
  const average = x.reduce((a, b) => a + b, 0) / x.length;
  return { count: x.length, mean: average, variance: x.reduce((sum, v) => sum + (v - average) ** 2, 0) / x.length };
}

function fixedTime(world: World, rng: Rng) {
  const scores = new Scores();
  const effective: number[] = [];
  let listeners = 0;
  for (let replicate = 0; replicate < replicates; replicate++) {
    const log = drawLog(world, rng);
    effective.push(log.effective);
    listeners += log.groups.groups / replicates;
    const resampled = resampleSums(log.groups, resamples, rng);
    const put = (name: string, all: ReturnType<typeof intervalsByListener>, truth: number): void => {
      for (const kind of ['normal', 'studentT', 'percentile', 'bca'] as const)
        scores.get(`${name} ${kind}`).add(all[kind], truth);
    };
    put('ips', intervalsByListener(log.groups, resampled, IPS), world.value);
    put('snips', intervalsByListener(log.groups, resampled, SNIPS), world.value);
    put('dr', intervalsByListener(log.groups, resampled, DR), world.value);
    const ips = comparePaired(log.groups, resampled, IPS, mean(5));
    put('ips difference', ips.difference, world.value - world.otherValue);
    if (ips.lift !== undefined) put('ips lift', ips.lift, world.value / world.otherValue - 1);
    const snips = comparePaired(log.groups, resampled, SNIPS, normalised(5, 6));
    put('snips difference', snips.difference, world.value - world.otherValue);
    if (world.options.decisionsPerListener === 1) {
      const moments = momentsOf(log.terms);
      scores.get('ips hoeffding').add(hoeffdingInterval(moments, world.largestWeight), world.value);
      scores.get('ips empiricalBernstein').add(empiricalBernsteinInterval(moments, world.largestWeight), world.value);
    }
  }
  effective.sort((a, b) => a - b);
  return {
    world: world.options.name,
    value: world.value,
    decisions: world.decisions,
    listeners: Math.round(listeners),
    largestWeight: world.largestWeight,
    effectiveMedian: Math.round(effective[replicates >> 1]),
    effectiveLeast: Math.round(effective[0]),
    belowEffective200: effective.filter((e) => e < 200).length / replicates,
    intervals: scores.table(),
  };
}

interface Watched {
  readonly sequence: { add(x: number): Interval };
  readonly truth: number;
  missed: 'below' | 'above' | undefined;
  last: Interval;
}

/** A miss at any time counts: from the first observation to the last. */
function anyTime(world: World, length: number, rng: Rng) {
  const scores = new Scores();
  for (let replicate = 0; replicate < replicates; replicate++) {
    const watch = (sequence: Watched['sequence'], truth: number): Watched => ({
      sequence,
      truth,
      missed: undefined,
      last: { lower: 0, upper: 1 },
    });
    const see = (one: Watched, bounds: Interval): void => {
      one.last = bounds;
      if (one.missed !== undefined) return;
      if (one.truth < bounds.lower) one.missed = 'below';
      else if (one.truth > bounds.upper) one.missed = 'above';
    };
    const logged = sumOver((x, a) => (world.logging[x][a] * world.means[x][a]) / TYPES, world.options.actions);
    const ofMean = {
      'mean bernstein': watch(new EmpiricalBernsteinSequence(), logged),
      'mean hoeffding': watch(new HoeffdingSequence(), logged),
      'mean hedged': watch(new HedgedSequence(), logged),
    };
    const nothing = { add: (): Interval => ({ lower: 0, upper: 1 }) };
    // The model is used whole up to this weight, and less beyond it.
    const depth = Math.min(world.largestWeight, 4);
    const ofPolicy = (['betting', 'bernstein'] as const).flatMap((method) => {
      const [plain, robust] = [new OffPolicySequence({ method }), new OffPolicySequence({ method, depth })];
      return [
        { name: `off-policy ${method}`, plain, robust: undefined, seen: watch(nothing, world.value) },
        { name: `off-policy ${method}, doubly robust`, plain: undefined, robust, seen: watch(nothing, world.value) },
      ];
    });
    for (let t = 0; t < length; t++) {
      const { x, action, reward } = world.draw(0, rng);
      for (const one of Object.values(ofMean)) see(one, one.sequence.add(reward));
      const outcomes = doublyRobustOutcomes(
        { action, reward, target: world.target[x], logging: world.logging[x], predicted: world.predicted[x] },
        depth,
      );
      for (const { plain, robust, seen } of ofPolicy) {
        if (plain !== undefined) see(seen, plain.add(world.target[x][action] / world.logging[x][action], reward));
        if (robust !== undefined) see(seen, robust.addOutcomes(outcomes));
      }
    }
    for (const [name, { missed, last }] of Object.entries(ofMean))
      scores.get(name).addEnd(missed, last.upper - last.lower);
    for (const { name, seen } of ofPolicy) scores.get(name).addEnd(seen.missed, seen.last.upper - seen.last.lower);
  }
  return {
    world: world.options.name,
    value: world.value,
    length,
    largestWeight: world.largestWeight,
    sequences: scores.table(),
  };
}

const root = createRng(seed);
const worlds = WORLDS.map((options, i) => new World(options, root.fork(i)));
const wanted = (i: number): boolean => args.worlds === '' || args.worlds.split(',').includes(String(i));
const fixed =
  args.part === 'sequential'
    ? []
    : worlds.flatMap((world, i) => (wanted(i) ? [fixedTime(world, root.fork(100 + i))] : []));
const sequential =
  args.part === 'fixed' ? [] : [0, 2].flatMap((i) => (wanted(i) ? [anyTime(worlds[i], 1500, root.fork(200 + i))] : []));
process.stdout.write(`${JSON.stringify({ replicates, resamples, seed, level: 0.95, fixed, sequential }, null, 2)}\n`);
