/**
 * What a policy is: a distribution over actions, given their scores and, where it asks for it, what the model knows of its
 * own error. A policy never draws; the one sampler does (`sample.ts`).
 */
import { canonicalJson, contentHash, ShelfwiseError } from '../base/index.ts';
import type { Json } from '../domain/index.ts';
import type { PageProblem, Step } from './problem.ts';

export type PolicyOptions = Readonly<Record<string, Json>>;

/**
 * What a policy reads beside scores, of the model that gave them:
 *  - `deviations`: the standard deviation of each score under the posterior;
 *  - `draws`: every score under so many draws from the posterior, rows correlated as the model believes;
 *  - `replicas`: every score by each of the members of an ensemble, which stand where draws do;
 *  - `sensitivities`: by how much a score would move per unit of weight of one more example.
 */
export type EvidenceKind = 'none' | 'deviations' | 'draws' | 'replicas' | 'sensitivities';

export interface EvidenceNeed {
  readonly kind: EvidenceKind;
  /** How many draws, or replicas; 0 for every other kind. */
  readonly draws: number;
}

export const NO_EVIDENCE: EvidenceNeed = Object.freeze({ kind: 'none', draws: 0 });

/**
 * What is known of a step's actions beside their values. It belongs to the walker and is valid until the policy returns.
 * Arrays that the problem does not carry are empty. Action k stands in row `rows[k]` of each.
 */
export interface StepEvidence {
  readonly rows: Int32Array;
  /** What an action is worth at most where scores lie in [0, 1]: 1 for a card, Σ_j θ_j for a shelf. Positive. */
  readonly scale: number;
  /**
   * What the model itself says the n actions are worth: what deviations, draws and sensitivities are about. The very array
   * of values that the policy is given, unless a composition has re-scored those.
   */
  readonly means: Float64Array;
  /** Shelves: √Σ_j θ_j² sd_j², as if cards were independent. */
  readonly deviations: Float64Array;
  /** Shelves: Σ_j θ_j s_j. */
  readonly sensitivities: Float64Array;
  /** Draw m of action k: `draws[rows[k] * drawCount + m]`. Shelves: V_s under the draw, its cards in the order of their means. */
  readonly draws: Float64Array;
  /** At least as many as the policy needs; it reads the first of them. */
  readonly drawCount: number;
  /** Examples that the model has learnt from; 0: not known. */
  readonly learned: number;
}

/** Evidence of n actions that stand in rows of their own: for asking a policy outside a page. */
export function stepEvidence(values: Float64Array, given: Partial<StepEvidence> = {}): StepEvidence {
  const none = new Float64Array(0);
  return {
    rows: Int32Array.from(values, (_, k) => k),
    scale: 1,
    means: values,
    deviations: none,
    sensitivities: none,
    draws: none,
    drawCount: 0,
    learned: 0,
    ...given,
  };
}

export interface Policy {
  /** Logged with every decision. */
  readonly id: string;
  readonly options: PolicyOptions;
  /** Hash of the id and the options: part of a decision's tunables. */
  readonly hash: string;
  readonly needs: EvidenceNeed;
  /**
   * Writes to `out[0..n)` the distribution over n >= 1 shelves with these values (in the problem's order).
   * Every entry is >= 0 and they sum to 1 up to rounding. Throws `OPTION_INVALID` for NaN.
   */
  shelf(values: Float64Array, n: number, out: Float64Array, evidence: StepEvidence): void;
  /** The same over n >= 1 cards, in no particular order. */
  card(scores: Float64Array, n: number, out: Float64Array, evidence: StepEvidence): void;
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
  /** What is changed about the step before and after the policy writes its distribution. */
  readonly composition?: Composition;
}

/** What a composition may look at: the problem and what is placed, nothing else. Valid during the call. */
export interface StepContext {
  readonly problem: PageProblem;
  /** The step with the model's own values. Its probabilities stand only when `reshape` is called. */
  readonly step: Step;
  /** Cards placed so far, rows from the top; the row that is being filled is `step.shelf`. */
  readonly placedCount: number;
  /** By placed card: index into the problem's shelves, and index into that shelf's items. */
  readonly placedShelves: Int32Array;
  readonly placedCards: Int32Array;
  /** Of this walker, another for each page that it begins: what was worked out for another page is void. */
  readonly pageNumber: number;
}

/**
 * The seam of diversity, calibration, floors and caps: functions of (problem, prefix) alone. They may be asked at any
 * prefix, not only after the steps before it, and the same prefix must give the same bits. Not called where a step is
 * forced or has one action.
 */
export interface Composition {
  /** Writes to `values[0..n)` what the policy is to be given instead of the step's values; they stand in it at first. */
  rescore?(context: StepContext, values: Float64Array): void;
  /** Changes the distribution `probabilities[0..n)` in place; what it leaves must be one. */
  reshape?(context: StepContext, probabilities: Float64Array): void;
}

/** Everything but the functions of a policy. */
export function identity(id: string, options: PolicyOptions, needs: EvidenceNeed = NO_EVIDENCE) {
  return { id, options, hash: contentHash(canonicalJson({ id, options })), needs };
}

export function refuseNaN(owner: string): never {
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `${owner}: a score is NaN; give every candidate a number, or leave it out`,
  );
}

export function requireNumbers(owner: string, scores: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) if (Number.isNaN(scores[i])) refuseNaN(owner);
}

/** All mass on the highest score; exactly equal ones share it. Throws `OPTION_INVALID` for NaN. */
export function highestShared(owner: string, scores: Float64Array, n: number, out: Float64Array): void {
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

/** A buffer that grows as steps need it, so that a policy allocates nothing in steady state. */
export class Scratch {
  #buffer = new Float64Array(64);

  /** At least n numbers, with what was left in them. */
  of(n: number): Float64Array {
    if (this.#buffer.length < n) this.#buffer = new Float64Array(2 * n);
    return this.#buffer;
  }
}
