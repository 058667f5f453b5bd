export {
  type ActionScores,
  type ContextualPolicy,
  contextualPolicy,
  distributionOf,
  underPolicy,
} from './contextual-policy.ts';
export {
  GRADIENT_IDS,
  type GradientId,
  type GradientOptions,
  gradientLearner,
  selfNormalisedValue,
} from './gradient.ts';
export type { LearnHooks, OffPolicyLearner } from './learner.ts';
export { LEARNER_IDS, type LearnerOptions, learnerOf } from './learners.ts';
export {
  type BoundOptions,
  type JudgedCandidate,
  type PessimisticOptions,
  pessimisticLearner,
  type Selection,
  selectPessimistically,
} from './pessimistic.ts';
export { drLearner, ipsLearner, type RewardLearnerOptions } from './reward-learners.ts';
