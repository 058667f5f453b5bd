/** Policies that need scores alone. */
import { requireRange, resolveOptions } from '../base/index.ts';
import { applyFloor, type FloorOptions, mixUniform, requireFloor } from './floors.ts';
import { highestShared, identity, type Policy, refuseNaN, type StepEvidence } from './policy.ts';
import { type LearnedOptions, learnedOf, requireLearned } from './schedule.ts';

/** `exp((s - shift) / temperature)`; equal to 1 at the shift itself, also when that is infinite. */
function exponentials(scores: Float64Array, n: number, shift: number, temperature: number, out: Float64Array): void {
  for (let i = 0; i < n; i++) out[i] = scores[i] === shift ? 1 : Math.exp((scores[i] - shift) / temperature);
}

function softmaxOf(owner: string, scores: Float64Array, n: number, temperature: number, out: Float64Array): void {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) if (scores[i] > highest) highest = scores[i];
  exponentials(scores, n, highest, temperature, out);
  let mass = 0;
  for (let i = 0; i < n; i++) mass += out[i];
  if (Number.isNaN(mass)) refuseNaN(owner);
  for (let i = 0; i < n; i++) out[i] /= mass;
}

function greedyNamed(id: string): Policy {
  const highest = (scores: Float64Array, n: number, out: Float64Array) => highestShared(id, scores, n, out);
  return Object.freeze({ ...identity(id, {}), shelf: highest, card: highest });
}

/** The best action always; equal ones share the mass. Explores nothing: its records cannot judge another policy. */
export function greedy(): Policy {
  return greedyNamed('greedy');
}

/** Greedy over scores that are popularity counts: the caller gives those as the problem's scores. */
export function popularity(): Policy {
  return greedyNamed('popularity');
}

/** Every unmasked action alike. */
export function uniform(): Policy {
  return Object.freeze({
    ...identity('uniform', {}),
    shelf: evenly,
    card: evenly,
    luce: {
      epsilon: 0,
      weights: (_scores: Float64Array, n: number, _shift: number, out: Float64Array) => {
        for (let i = 0; i < n; i++) out[i] = 1;
      },
    },
  });
}

function evenly(scores: Float64Array, n: number, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(scores[i])) refuseNaN('uniform');
    out[i] = 1 / n;
  }
}

export interface PlackettLuceOptions {
  /** In units of a shelf's value (Σ θ_j score_j); smaller is greedier. @default 0.1 */
  readonly shelfTemperature: number;
  /** Share of uniform choice among shelves, [0, 1]; every eligible shelf has at least epsilon / n. @default 0.05 */
  readonly shelfEpsilon: number;
  /** In units of a card's score; smaller is greedier. @default 0.05 */
  readonly cardTemperature: number;
  /** Share of uniform choice among cards, [0, 1]. 0: rare cards may get a propensity that no estimator can use. @default 0.05 */
  readonly cardEpsilon: number;
}

/**
 * ε-mixed Plackett-Luce: at every step `p_i = (1 - ε) exp(s_i / τ) / Σ_j exp(s_j / τ) + ε / n` over the n unmasked
 * actions, with a temperature τ and a share ε of its own for shelves and for cards. Luce 1959, Plackett 1975.
 * Throws `OPTION_INVALID` for a temperature that is not positive and finite or a share outside [0, 1].
 */
export function plackettLuce(given: Partial<PlackettLuceOptions> = {}): Policy {
  const options = resolveOptions('plackett-luce', given, {
    shelfTemperature: 0.1,
    shelfEpsilon: 0.05,
    cardTemperature: 0.05,
    cardEpsilon: 0.05,
  });
  const { shelfTemperature, shelfEpsilon, cardTemperature, cardEpsilon } = options;
  requireRange('plackett-luce', 'shelfTemperature', shelfTemperature, Number.MIN_VALUE, Number.MAX_VALUE);
  requireRange('plackett-luce', 'cardTemperature', cardTemperature, Number.MIN_VALUE, Number.MAX_VALUE);
  requireRange('plackett-luce', 'shelfEpsilon', shelfEpsilon, 0, 1);
  requireRange('plackett-luce', 'cardEpsilon', cardEpsilon, 0, 1);
  const mixed = (scores: Float64Array, n: number, temperature: number, epsilon: number, out: Float64Array) => {
    softmaxOf('plackett-luce', scores, n, temperature, out);
    mixUniform(out, n, epsilon);
  };
  return Object.freeze({
    ...identity('plackett-luce', { ...options }),
    shelf: (values: Float64Array, n: number, out: Float64Array) =>
      mixed(values, n, shelfTemperature, shelfEpsilon, out),
    card: (scores: Float64Array, n: number, out: Float64Array) => mixed(scores, n, cardTemperature, cardEpsilon, out),
    luce: {
      epsilon: cardEpsilon,
      weights: (scores: Float64Array, n: number, shift: number, out: Float64Array) =>
        exponentials(scores, n, shift, cardTemperature, out),
    },
  });
}

export interface SoftmaxOptions extends FloorOptions {
  /** As a share of the range of values: of 1 for cards, of Σ θ_j for shelves. Smaller is greedier. @default 0.05 */
  readonly temperature: number;
  /** @default 0 */
  readonly epsilon: number;
  /** @default 'mix' */
  readonly floor: FloorOptions['floor'];
}

/**
 * Boltzmann exploration: `p_i = exp(v_i / (τ R)) / Σ_j exp(v_j / (τ R))` with R the range of values (1 for cards, Σ θ_j for
 * shelves), so that one temperature serves both; then the floor. Over cards it is Plackett-Luce. (Vowpal Wabbit's `--softmax`
 * with λ = 1 / τ.) Throws `OPTION_INVALID`.
 */
export function softmax(given: Partial<SoftmaxOptions> = {}): Policy {
  const options = resolveOptions<SoftmaxOptions>('softmax', given, { temperature: 0.05, epsilon: 0, floor: 'mix' });
  const { temperature, epsilon, floor } = options;
  requireRange('softmax', 'temperature', temperature, Number.MIN_VALUE, Number.MAX_VALUE);
  requireFloor('softmax', options);
  const write = (values: Float64Array, n: number, out: Float64Array, { scale }: StepEvidence) => {
    softmaxOf('softmax', values, n, temperature * scale, out);
    applyFloor(options, out, n);
  };
  const policy: Policy = { ...identity('softmax', { ...options }), shelf: write, card: write };
  if (floor === 'project' && epsilon > 0) return Object.freeze(policy);
  return Object.freeze({
    ...policy,
    luce: {
      epsilon,
      weights: (scores: Float64Array, n: number, shift: number, out: Float64Array) =>
        exponentials(scores, n, shift, temperature, out),
    },
  });
}

export interface EpsilonGreedyOptions extends LearnedOptions {
  /** Share of uniform choice when t is 1, (0, 1]. @default 0.05 */
  readonly epsilon: number;
  /** The share at t learned examples is epsilon / t^decay; 1/3 is the rate of the theory. @default 0: it stays */
  readonly decay: number;
}

/**
 * ε-greedy: `p_i = (1 - ε_t) / |B| + ε_t / n` for i among the B best (exactly equal values), `ε_t / n` for the others, with
 * `ε_t = ε t^-decay` at t learned examples. (Langford and Zhang 2007.) Throws `OPTION_INVALID`.
 */
export function epsilonGreedy(given: Partial<EpsilonGreedyOptions> = {}): Policy {
  const options = resolveOptions<EpsilonGreedyOptions>('epsilon-greedy', given, {
    epsilon: 0.05,
    decay: 0,
    learned: 10_000,
  });
  requireRange('epsilon-greedy', 'epsilon', options.epsilon, Number.MIN_VALUE, 1);
  requireRange('epsilon-greedy', 'decay', options.decay, 0, 1);
  requireLearned('epsilon-greedy', options);
  const write = (values: Float64Array, n: number, out: Float64Array, evidence: StepEvidence) => {
    highestShared('epsilon-greedy', values, n, out);
    mixUniform(out, n, options.epsilon * learnedOf(options, evidence) ** -options.decay);
  };
  return Object.freeze({ ...identity('epsilon-greedy', { ...options }), shelf: write, card: write });
}
