/**
 * Open Bandit Pipeline's `SyntheticBanditDataset` with binary rewards and one-hot actions: contexts x ~ N(0, I_d),
 *
 *   q(x, a) = σ(D z̃(x, a)),   z = Φ(x) · c + Φ(a) · b + Φ(x) M Φ(a)ᵀ,   entries of c, b, M ~ U(-1, 1)
 *   π_b(a | x) = softmax_a(β g(x, a)),      r ~ Bernoulli(q(x, a))
 *
 * Φ are all monomials up to degree D, 1 among them. z̃ = (z - mean(z)) / std(z) in releases up to 0.5.5, and z - mean(z) / std(z)
 * in what came after, whose rewards depend far more on the context. g is q itself, or the library's
 * linear behaviour policy: g = (y - mean(y)) / std(y), y = Φ(x) M' Φ(a)ᵀ + b' · Φ(a), entries ~ U(0, 1).
 * The same seed gives the library's very rows (up to the rounding of sums). Saito, Aihara, Matsutani & Narita 2021.
 */
import type { ContextualLog } from '../../counterfactual/index.ts';
import { type LegacyRandom, legacyRandom } from './legacy-random.ts';

export interface SyntheticOptions {
  readonly actions: number;
  readonly contextWidth: number;
  /** D of the reward function. @default 1 */
  readonly degree?: number;
  /** @default 'rewards' */
  readonly behaviour?: 'rewards' | 'linear';
  /** z̃: as up to release 0.5.5, what the library's published figures are of, or as after it. @default 'standard' */
  readonly zScore?: 'standard' | 'meanOverDeviation';
  /** β: below 0 the logging policy prefers what is worth little. */
  readonly beta: number;
  /** 0 to 2^32 - 1. */
  readonly seed: number;
}

export interface SyntheticLog extends ContextualLog {
  /** rows x actions: π_b(a | x). */
  readonly logging: Float64Array;
  /** rows x actions: q(x, a). */
  readonly truth: Float64Array;
}

export interface SyntheticSource {
  /** The next rows. Contexts and rewards go on; actions are drawn from the same uniforms each time, as the library's are. */
  next(rows: number): SyntheticLog;
}

export function syntheticSource(options: SyntheticOptions): SyntheticSource {
  const { actions, contextWidth, behaviour = 'rewards', degree = 1, zScore = 'standard', beta, seed } = options;
  const random = legacyRandom(seed);
  return {
    next(rows) {
      const contexts = Float64Array.from({ length: rows * contextWidth }, () => random.normal());
      const space = { rows, actions, contextWidth, contexts };
      const truth = rewardFunction(space, degree, zScore, legacyRandom(seed));
      const logits = behaviour === 'rewards' ? truth : linearBehaviour(space, legacyRandom(seed));
      const logging = softmaxRows(logits, rows, actions, beta);
      const taken = drawActions(logging, rows, actions, legacyRandom(seed));
      const rewards = Float64Array.from(taken, (a, i) => random.bernoulli(truth[i * actions + a]));
      const propensities = Float64Array.from(taken, (a, i) => logging[i * actions + a]);
      return { ...space, taken, rewards, propensities, logging, truth };
    },
  };
}

interface Space {
  readonly rows: number;
  readonly actions: number;
  readonly contextWidth: number;
  readonly contexts: Float64Array;
}

/** All monomials of the columns up to the degree, 1 first, by degree and then lexicographically. */
function monomials(columns: Float64Array, rows: number, width: number, degree: number): readonly Float64Array[] {
  let powers: number[][] = [[]];
  const all: number[][] = [[]];
  for (let d = 1; d <= degree; d++) {
    powers = powers.flatMap((factors) => {
      const from = factors.at(-1) ?? 0;
      return Array.from({ length: width - from }, (_, j) => [...factors, from + j]);
    });
    all.push(...powers);
  }
  return Array.from({ length: rows }, (_, i) =>
    Float64Array.from(all, (factors) => factors.reduce((product, j) => product * columns[i * width + j], 1)),
  );
}

function oneHot(actions: number): Float64Array {
  return Float64Array.from({ length: actions * actions }, (_, k) => Number(k % (actions + 1) === 0));
}

function rewardFunction(
  space: Space,
  degree: number,
  zScore: NonNullable<SyntheticOptions['zScore']>,
  random: LegacyRandom,
): Float64Array {
  const { rows, actions, contextWidth, contexts } = space;
  const ofContexts = monomials(contexts, rows, contextWidth, degree);
  const ofActions = monomials(oneHot(actions), actions, actions, degree);
  const draw = (count: number) => Float64Array.from({ length: count }, () => -1 + 2 * random.uniform());
  const c = draw(ofContexts[0].length);
  const b = draw(ofActions[0].length);
  const m = draw(c.length * b.length);
  const z = bilinear(ofContexts, ofActions, m);
  for (let i = 0; i < rows; i++) {
    for (let a = 0; a < actions; a++) z[i * actions + a] += dot(ofContexts[i], c) + dot(ofActions[a], b);
  }
  const { mean, deviation } = momentsOf(z);
  return z.map((one) => {
    const scored = zScore === 'standard' ? (one - mean) / deviation : one - mean / deviation;
    return 1 / (1 + Math.exp(-degree * scored));
  });
}

function linearBehaviour({ rows, actions, contextWidth, contexts }: Space, random: LegacyRandom): Float64Array {
  const ofContexts = monomials(contexts, rows, contextWidth, 1);
  const ofActions = monomials(oneHot(actions), actions, actions, 1);
  const draw = (count: number) => Float64Array.from({ length: count }, () => random.uniform());
  const b = draw(ofActions[0].length);
  const y = bilinear(ofContexts, ofActions, draw(ofContexts[0].length * b.length));
  for (let k = 0; k < y.length; k++) y[k] += dot(ofActions[k % actions], b);
  const { mean, deviation } = momentsOf(y);
  return y.map((one) => (one - mean) / deviation);
}

/** Φ(x) M Φ(a)ᵀ. */
function bilinear(
  ofContexts: readonly Float64Array[],
  ofActions: readonly Float64Array[],
  matrix: Float64Array,
): Float64Array {
  const width = ofActions[0].length;
  const actions = ofActions.length;
  const out = new Float64Array(ofContexts.length * actions);
  const row = new Float64Array(width);
  for (const [i, x] of ofContexts.entries()) {
    row.fill(0);
    for (let p = 0; p < x.length; p++) for (let q = 0; q < width; q++) row[q] += x[p] * matrix[p * width + q];
    for (let a = 0; a < actions; a++) out[i * actions + a] = dot(row, ofActions[a]);
  }
  return out;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += x[j] * y[j];
  return sum;
}

function momentsOf(all: Float64Array): { mean: number; deviation: number } {
  let sum = 0;
  for (const one of all) sum += one;
  const mean = sum / all.length;
  let squares = 0;
  for (const one of all) squares += (one - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / all.length) };
}

function softmaxRows(logits: Float64Array, rows: number, actions: number, beta: number): Float64Array {
  const out = new Float64Array(rows * actions);
  for (let i = 0; i < rows; i++) {
    const from = i * actions;
    let highest = Number.NEGATIVE_INFINITY;
    for (let a = 0; a < actions; a++) highest = Math.max(highest, beta * logits[from + a]);
    let mass = 0;
    for (let a = 0; a < actions; a++) {
      out[from + a] = Math.exp(beta * logits[from + a] - highest);
      mass += out[from + a];
    }
    for (let a = 0; a < actions; a++) out[from + a] /= mass;
  }
  return out;
}

/** The first action at which the running sum of its row exceeds the row's uniform. */
function drawActions(chances: Float64Array, rows: number, actions: number, random: LegacyRandom): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, i) => {
    const u = random.uniform();
    let sum = 0;
    for (let a = 0; a < actions; a++) {
      sum += chances[i * actions + a];
      if (sum > u) return a;
    }
    return 0;
  });
}
