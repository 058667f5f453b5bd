/**
 * What a policy would choose where the log had no chance of choosing it: no weight can stand for it, and an estimate without a
 * reward model is too low by what it earns. Measured along the logged page: at each drawn step, the mass that π puts on actions
 * to which the logging policy gave none.
 */
import { createWalker, type PageProblem, type Policy, type Step, type Walker } from '../../policy/index.ts';
import type { LoggedRows } from './ladder.ts';

export interface MissingMass {
  /** Σ over drawn steps of Σ_a π(a | prefix) [p_logged(a | prefix) = 0]. */
  readonly mass: number;
  /** Steps that were drawn among two actions or more. */
  readonly steps: number;
}

const NOTHING: ReadonlySet<number> = new Set();

/** Notes one logged page at a time, and tells of any number of policies what they miss of it. */
export class SupportGauge {
  readonly #walker: Walker;
  /** By step of the page: the actions without a chance. */
  readonly #without: ReadonlySet<number>[] = [];
  #rows: LoggedRows = [];
  #steps = 0;
  #isFull = true;

  constructor(walker: Walker = createWalker()) {
    this.#walker = walker;
  }

  /** The page as the logging policy drew it, with the problem that it drew from. False where it cannot be walked. */
  note(problem: PageProblem, rows: LoggedRows, logging: Policy): boolean {
    this.#rows = rows;
    this.#without.length = 0;
    this.#steps = 0;
    this.#isFull = true;
    return this.#walk(problem, logging, ({ actions, probabilities, count, forced }) => {
      let without = NOTHING;
      if (!forced && count > 1) {
        this.#steps++;
        for (let k = 0; k < count; k++) {
          if (probabilities[k] > 0) continue;
          if (without === NOTHING) without = new Set();
          (without as Set<number>).add(actions[k]);
          this.#isFull = false;
        }
      }
      this.#without.push(without);
    });
  }

  /** @param problem the same page with the scores of the policy; undefined where it cannot be walked */
  missing(problem: PageProblem, policy: Policy): MissingMass | undefined {
    if (this.#isFull) return { mass: 0, steps: this.#steps };
    let mass = 0;
    let at = 0;
    const isWhole = this.#walk(problem, policy, ({ actions, probabilities, count }) => {
      const without = this.#without[at++];
      if (without.size === 0) return;
      for (let k = 0; k < count; k++) if (without.has(actions[k])) mass += probabilities[k];
    });
    return isWhole ? { mass, steps: this.#steps } : undefined;
  }

  #walk(problem: PageProblem, policy: Policy, see: (step: Step) => void): boolean {
    const walker = this.#walker;
    walker.begin(problem);
    for (const row of this.#rows) {
      see(walker.step(policy));
      if (!walker.advance(row.shelf)) return false;
      for (const card of row.cards) {
        see(walker.step(policy));
        if (!walker.advance(card.index)) return false;
      }
    }
    return true;
  }
}
