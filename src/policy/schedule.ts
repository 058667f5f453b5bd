/** How many examples the model has learnt from: what schedules of exploration run by. */
import { requireRange } from '../base/index.ts';
import type { StepEvidence } from './policy.ts';

export interface LearnedOptions {
  /** t where the model does not tell how many examples it has learnt from, >= 1. @default 10000 */
  readonly learned: number;
}

export function requireLearned(owner: string, { learned }: LearnedOptions): void {
  requireRange(owner, 'learned', learned, 1, Number.MAX_SAFE_INTEGER);
}

/** t: of the model that gave the scores, so that it stands still within a decision. */
export function learnedOf({ learned }: LearnedOptions, evidence: StepEvidence): number {
  return evidence.learned >= 1 ? evidence.learned : learned;
}
