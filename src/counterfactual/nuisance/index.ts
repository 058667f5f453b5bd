export {
  type ActionFeatures,
  type ContextualLog,
  checkLog,
  checkTarget,
  foldsByListener,
  partByListener,
  rowsOfLog,
} from './contextual-log.ts';
export {
  type CrossFitOptions,
  type CrossFitted,
  crossFit,
  expectedUnder,
  fitLogged,
  type RewardWeighting,
  rewardWeights,
} from './cross-fit.ts';
export {
  type ActionRewards,
  type ActionSpace,
  type FitHooks,
  fitActionRewards,
  type RewardFitOptions,
  type RewardForm,
  type RewardSamples,
} from './reward-fit.ts';
