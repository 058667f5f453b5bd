/**
 * What a page's problem says of the error of its scores, step by step: the rows of its cards as they are given, and for shelves
 * what follows for their values. Buffers are reused from page to page.
 */
import { ShelfwiseError } from '../base/index.ts';
import type { Policy, StepEvidence } from './policy.ts';
import { carriesEvidence, type PageProblem, type PolicyShelf, type Step } from './problem.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const NONE = new Float64Array(0);

export class PageEvidence {
  /** Does the problem carry any? */
  isCarried = false;
  #problem: PageProblem | undefined;
  #drawCount = 0;
  #shelfScale = 1;
  // By shelf.
  #deviations = NONE;
  #sensitivities = NONE;
  /** shelves x drawCount. */
  #draws = NONE;
  readonly #step: Mutable<StepEvidence> = {
    rows: new Int32Array(0),
    scale: 1,
    means: NONE,
    deviations: NONE,
    sensitivities: NONE,
    draws: NONE,
    drawCount: 0,
    learned: 0,
  };

  begin(problem: PageProblem): void {
    const { shelves, examinationByCard, drawCount = 0, learned = 0 } = problem;
    this.#problem = problem;
    this.#drawCount = drawCount;
    this.#step.drawCount = drawCount;
    this.#step.learned = learned;
    let longest = 0;
    for (let s = 0; s < shelves.length; s++) longest = Math.max(longest, shelves[s].maxCards);
    let examined = 0;
    for (let j = 0; j < longest; j++) examined += examinationByCard[j];
    this.#shelfScale = examined > 0 ? examined : 1;
    this.isCarried = carriesEvidence(problem);
    if (!this.isCarried) return;
    if (this.#deviations.length < shelves.length) {
      this.#deviations = new Float64Array(2 * shelves.length);
      this.#sensitivities = new Float64Array(2 * shelves.length);
    }
    if (this.#draws.length < shelves.length * drawCount) this.#draws = new Float64Array(2 * shelves.length * drawCount);
  }

  /**
   * What is known of the value of shelf s, given the candidates that it would place (`index[placed[j]]` of its items, best
   * first): `√Σ θ_j² sd_j²`, `Σ θ_j s_j`, and `Σ θ_j draw_j` under each draw. Where infinities of both signs meet, a draw is -∞.
   */
  appraise(s: number, placed: Int32Array, length: number, index: Int32Array): void {
    if (this.#problem === undefined) return;
    const { shelves, examinationByCard } = this.#problem;
    const { deviations, sensitivities, draws } = shelves[s];
    let variance = 0;
    let sensitivity = 0;
    for (let j = 0; j < length; j++) {
      const i = index[placed[j]];
      if (deviations !== undefined) variance += (examinationByCard[j] * deviations[i]) ** 2;
      if (sensitivities !== undefined) sensitivity += examinationByCard[j] * sensitivities[i];
    }
    this.#deviations[s] = Math.sqrt(variance);
    this.#sensitivities[s] = sensitivity;
    if (draws === undefined) return;
    const count = this.#drawCount;
    const to = s * count;
    this.#draws.fill(0, to, to + count);
    for (let j = 0; j < length; j++) {
      const examined = examinationByCard[j];
      if (examined === 0) continue;
      const from = index[placed[j]] * count;
      for (let m = 0; m < count; m++) this.#draws[to + m] += examined * draws[from + m];
    }
    for (let m = to; m < to + count; m++) if (Number.isNaN(this.#draws[m])) this.#draws[m] = Number.NEGATIVE_INFINITY;
  }

  /** Of a step's actions. Throws `POLICY_EVIDENCE` when the problem lacks what the policy needs. */
  of(step: Step, policy: Policy): StepEvidence {
    const evidence = this.#step;
    const shelf = this.#problem?.shelves[step.kind === 'card' ? step.shelf : 0];
    if (policy.needs.kind !== 'none') this.#require(policy, shelf);
    evidence.rows = step.actions;
    evidence.means = step.values;
    if (step.kind === 'card') {
      evidence.scale = 1;
      evidence.deviations = shelf?.deviations ?? NONE;
      evidence.sensitivities = shelf?.sensitivities ?? NONE;
      evidence.draws = shelf?.draws ?? NONE;
    } else {
      evidence.scale = this.#shelfScale;
      evidence.deviations = this.#deviations;
      evidence.sensitivities = this.#sensitivities;
      evidence.draws = this.#draws;
    }
    return evidence;
  }

  /** All shelves carry the same kinds of evidence (`requireProblem`), so that any one tells. */
  #require({ id, needs }: Policy, shelf: PolicyShelf | undefined): void {
    const { kind, draws } = needs;
    if (kind === 'none') return;
    const isDrawn = kind === 'draws' || kind === 'replicas';
    if (isDrawn ? this.#drawCount >= draws : shelf?.[kind] !== undefined) return;
    throw new ShelfwiseError(
      'POLICY_EVIDENCE',
      `${id} needs ${isDrawn ? `${draws} ` : ''}${kind} of its model, the page has ${isDrawn ? this.#drawCount : 'none'}`,
    );
  }
}
