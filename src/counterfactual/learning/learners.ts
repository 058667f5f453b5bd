/** Off-policy learners by name. */
import { ShelfwiseError } from '../../base/index.ts';
import { GRADIENT_IDS, type GradientId, type GradientOptions, gradientLearner } from './gradient.ts';
import type { OffPolicyLearner } from './learner.ts';
import { type PessimisticOptions, pessimisticLearner } from './pessimistic.ts';
import { drLearner, ipsLearner, type RewardLearnerOptions } from './reward-learners.ts';

/** Ids, in the order in which they are told. */
export const LEARNER_IDS: readonly string[] = ['ips', 'dr', ...GRADIENT_IDS, 'pessimistic'];

/** What `pessimistic` chooses among. */
const CANDIDATES: readonly string[] = ['dr', 'classifier', 'gradient-dr', 'norm-poem'];

export type LearnerOptions = Partial<RewardLearnerOptions> | Partial<GradientOptions> | Partial<PessimisticOptions>;

/** Throws `OPTION_INVALID` for a learner or an option that there is not. */
export function learnerOf(id: string, options: LearnerOptions = {}): OffPolicyLearner {
  if (id === 'ips') return ipsLearner(options as Partial<RewardLearnerOptions>);
  if (id === 'dr') return drLearner(options as Partial<RewardLearnerOptions>);
  if (isGradientId(id)) return gradientLearner(id, options as Partial<GradientOptions>);
  if (id === 'pessimistic') {
    return pessimisticLearner(
      CANDIDATES.map((candidate) => learnerOf(candidate)),
      options as Partial<PessimisticOptions>,
    );
  }
  throw new ShelfwiseError('OPTION_INVALID', `there is no learner "${id}"; there are ${LEARNER_IDS.join(', ')}`);
}

function isGradientId(id: string): id is GradientId {
  return (GRADIENT_IDS as readonly string[]).includes(id);
}
