/**
 * Policies: distributions over actions, given their scores. A policy never draws; the one sampler does (`sample.ts`).
 */
import { canonicalJson, contentHash, requireRange, resolveOptions, ShelfwiseError } from '../base/index.ts';

export interface Policy {
  /** Logged with every decision. */
  readonly id: string;
  readonly options: Readonly<Record<string, number>>;
  /** Hash of the id and the options: part of a decision's tunables. */
  readonly hash: string;
  /**
   * Writes to `out[0..n)` the distribution over n >= 1 shelves with these values (in the problem's order).
   * Every entry is >= 0 and they sum to 1 up to rounding. Throws `OPTION_INVALID` for NaN.
   */
  shelf(values: Float64Array, n: number, out: Float64Array): void;
  /** The same over n >= 1 cards, in no particular order. */
  card(scores: Float64Array, n: number, out: Float64Array): void;
  /**
   * Present where `card` keeps Luce's axiom but for a uniform share:
   * `p_i = (1 - epsilon) w(s_i) / Σ_remaining w + epsilon / n`. The weights are then computed once a row instead of once
   * a card. Must agree with `card` (a law checks it).
   */
  readonly luce?: {
    readonly epsilon: number;
    /** `out[i] = w(scores[i])` up to a common factor, 1 where the score equals `shift` (at least the highest score). */
    weights(scores: Float64Array, n: number, shift: number, out: Float64Array): void;
  };
}

/** Everything but the functions of a policy. */
function identity(id: string, options: Readonly<Record<string, number>>) {
  return { id, options, hash: contentHash(canonicalJson({ id, options })) };
}

function refuseNaN(owner: string): never {
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `${owner}: a score is NaN; give every candidate a number, or leave it out`,
  );
}

/** `exp((s - shift) / temperature)`; equal to 1 at the shift itself, also when that is infinite. */
function exponentials(scores: Float64Array, n: number, shift: number, temperature: number, out: Float64Array): void {
  for (let i = 0; i < n; i++) out[i] = scores[i] === shift ? 1 : Math.exp((scores[i] - shift) / temperature);
}

function mixedSoftmax(scores: Float64Array, n: number, temperature: number, epsilon: number, out: Float64Array): void {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) if (scores[i] > highest) highest = scores[i];
  exponentials(scores, n, highest, temperature, out);
  let mass = 0;
  for (let i = 0; i < n; i++) mass += out[i];
  if (Number.isNaN(mass)) refuseNaN('plackett-luce');
  const share = epsilon / n;
  for (let i = 0; i < n; i++) out[i] = (1 - epsilon) * (out[i] / mass) + share;
}

/** All mass on the highest score; exactly equal ones share it. */
function highestShared(owner: string, scores: Float64Array, n: number, out: Float64Array): void {
  let highest = Number.NEGATIVE_INFINITY;
  let ties = 0;
  for (let i = 0; i < n; i++) {
    const score = scores[i];
    if (Number.isNaN(score)) refuseNaN(owner);
    if (score > highest) {
      highest = score;
      ties = 1;
    } else if (score === highest) ties++;
  }
  for (let i = 0; i < n; i++) out[i] = scores[i] === highest ? 1 / ties : 0;
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
  return Object.freeze({
    ...identity('plackett-luce', { ...options }),
    shelf: (values: Float64Array, n: number, out: Float64Array) =>
      mixedSoftmax(values, n, shelfTemperature, shelfEpsilon, out),
    card: (scores: Float64Array, n: number, out: Float64Array) =>
      mixedSoftmax(scores, n, cardTemperature, cardEpsilon, out),
    luce: {
      epsilon: cardEpsilon,
      weights: (scores: Float64Array, n: number, shift: number, out: Float64Array) =>
        exponentials(scores, n, shift, cardTemperature, out),
    },
  });
}

export const POLICY_IDS = ['plackett-luce', 'uniform', 'greedy', 'popularity'] as const;

/** The policy of this id; throws `OPTION_INVALID` for an unknown one, or for options that it does not have. */
export function policyOf(id: string, options: Readonly<Record<string, number>> = {}): Policy {
  if (id === 'plackett-luce') return plackettLuce(options);
  resolveOptions(id, options, {});
  if (id === 'uniform') return uniform();
  if (id === 'greedy') return greedy();
  if (id === 'popularity') return popularity();
  throw new ShelfwiseError('OPTION_INVALID', `there is no policy "${id}"; there are ${POLICY_IDS.join(', ')}`);
}
