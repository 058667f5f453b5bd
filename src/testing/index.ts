/** Law suites that every adapter, policy and model must pass, and doubles to test with: for users' own, too. */

export { type EstimatorSubject, estimatorLaws } from './counterfactual/estimator-laws.ts';
export {
  judgePropensityLog,
  type PropensityLogOptions,
  type PropensityLogOutcome,
} from './counterfactual/propensity-logs.ts';
export { type FeatureWorld, type FeatureWorldOptions, featureWorld } from './features/feature-world.ts';
export { type Call, callerOf, type HttpAnswer } from './http/caller.ts';
export { sendHostileRequests } from './http/hostile-requests.ts';
export {
  plainEncoder,
  type RewardModelSubject,
  rewardModelLaws,
  syntheticExamples,
} from './models/reward-model-laws.ts';
export {
  CLICK_FEATURES,
  examinationErrors,
  type SimulatedPages,
  simulateFeaturePages,
  simulatePages,
  simulateWalks,
  TRUE_EXAMINATION,
} from './models/simulated-clicks.ts';
export { policyLaws } from './policy/laws.ts';
export * from './store/index.ts';
