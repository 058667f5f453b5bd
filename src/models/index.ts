export type {
  Contribution,
  Examples,
  FitOptions,
  FitReport,
  Learner,
  OnlineLearner,
  RewardModel,
  RewardModelFamily,
  ScoreScale,
  Uncertainty,
} from './contract.ts';
export { FAMILY_IDS, freshModel, isOnline, loadModel, restoreLearner } from './load.ts';
export {
  type LogisticFitOptions,
  type LogisticLearner,
  type LogisticOptions,
  logisticModel,
} from './logistic/logistic.ts';
export { areaUnderCurve, calibrationRatio, logLoss } from './metrics.ts';
