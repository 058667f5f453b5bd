/** The one contract of off-policy learners. `learners.ts` lists those that there are. */
import type { Rng } from '../../base/index.ts';
import type { ContextualLog, FitHooks } from '../nuisance/index.ts';
import type { ContextualPolicy } from './contextual-policy.ts';

export type LearnHooks = FitHooks;

export interface OffPolicyLearner {
  readonly id: string;
  /** Everything that was asked for, and the defaults of the rest. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * A policy from what another one logged. A function of the log, the options and the generator's state, to the bit.
   * Throws `EXAMPLES_INVALID`, `OPE_PROPENSITY_RANGE`; rejects with the signal's reason.
   */
  learn(log: ContextualLog, rng: Rng, hooks?: LearnHooks): Promise<ContextualPolicy>;
}
