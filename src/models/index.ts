export {
  type CalibratedLearner,
  type CalibratedModel,
  type CalibrationOptions,
  calibrated,
  calibratedFamily,
  fitCalibrator,
} from './calibration/calibrated.ts';
export type { CalibrationMethod, Calibrator } from './calibration/calibrator.ts';
export {
  type CalibrationError,
  calibrationError,
  type ReliabilityBin,
  type ReliabilityOptions,
  reliabilityTable,
} from './calibration/reliability.ts';
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
export { type EnsembleModel, isEnsemble } from './ensemble/ensemble.ts';
export {
  type EnsembleLearner,
  type EnsembleOptions,
  ensembleFamily,
  type OnlineEnsembleLearner,
  onlineEnsembleFamily,
} from './ensemble/learner.ts';
export type { Resampling } from './ensemble/replicas.ts';
export { type FmFitOptions, type FmLearner, type FmOptions, fmModel } from './fm/fm.ts';
export { type MinimiseOptions, minimise, type Objective as SmoothObjective } from './lbfgs.ts';
export { type LinearLearner, type LinearOptions, linearModel } from './linear/linear.ts';
export {
  FAMILY_IDS,
  freshModel,
  isOnline,
  learnedOf,
  loadModel,
  partOptions,
  restoreLearner,
  withLearned,
} from './load.ts';
export {
  type LogisticFitOptions,
  type LogisticLearner,
  type LogisticOptions,
  logisticModel,
} from './logistic/logistic.ts';
export { areaUnderCurve, brierScore, calibrationRatio, logLoss } from './metrics.ts';
export { ndcgAt, type RankingFigures } from './metrics-ranking.ts';
export {
  createReport,
  type MetricFigures,
  type MetricReport,
  type ReportCombiner,
  type ReportOptions,
  type ScoredRows,
  type SliceColumn,
  type SliceFigures,
} from './metrics-report.ts';
export { type NetworkLearner, type NetworkModel, networkModel } from './network/network.ts';
export type { NetworkFitOptions, NetworkObjective, NetworkOptions } from './network/options.ts';
export type { NetworkLayer, NetworkParameters } from './network/parameters.ts';
export {
  bindingOfExport,
  METADATA as ONNX_METADATA,
  metadataOf,
  type OnnxBinding,
  openOnnxModel,
  parseBinding,
  withMetadata,
} from './onnx/index.ts';
export { breathe } from './pace.ts';
export { fitClickRates } from './position/click-rates.ts';
export type { Clicks, ListClicks, Places, SubjectClicks } from './position/clicks.ts';
export {
  type DependentClickEstimate,
  type DependentClickOptions,
  fitDependentClicks,
} from './position/dependent-clicks.ts';
export type { ExaminationEstimate, SurfaceEstimate } from './position/estimate.ts';
export { type HarvestOptions, harvestExamination, type Interventions } from './position/harvest.ts';
export {
  examinationOfRows,
  type JointOptions,
  learnPositionAware,
  type PlacedExamples,
  type PositionAwareOptions,
  type PositionAwareResult,
  relevanceLabels,
  softened,
  trainPositionAware,
} from './position/position-aware.ts';
export {
  fitPositionBased,
  overlapOfSubjects,
  type PositionBasedEstimate,
  type PositionBasedOptions,
  type SubjectOverlap,
} from './position/position-based.ts';
export type { TreeEnsemble } from './trees/ensemble.ts';
export type { TreesFitOptions, TreesObjective, TreesOptions } from './trees/options.ts';
export { type FeatureImportance, type TreesLearner, type TreesModel, treesModel } from './trees/trees.ts';
