/** Judges a policy on what another one logged: estimators, their tuning and intervals, weights of slates, embeddings and several logs. */
export {
  type CardWeights,
  type ComparedRows,
  type CompareOptions,
  Comparison,
  type PolicyComparison,
  type SliceComparison,
} from './compare.ts';
export * from './diagnostics/index.ts';
export type { Estimator, EstimatorSetting, HyperParameter, Normalisation, Nuisance } from './estimator.ts';
export { ALL_ESTIMATES, ESTIMATORS, estimatorOf, isAvailable, nameOf, settingOf } from './estimators/index.ts';
export {
  type Estimate,
  type EvaluateOptions,
  type Evaluation,
  estimatesOf,
  evaluate,
  type IntervalKind,
  type SettingResult,
  type TunedEstimate,
} from './evaluate.ts';
export type { GroupSums } from './groups.ts';
export * from './intervals/index.ts';
export * from './learning/index.ts';
export type { ContributionMoments, WeightMoments } from './moments.ts';
export * from './nuisance/index.ts';
export {
  checkRows,
  type DecisionSource,
  type EvaluationRows,
  evaluationRows,
  type ModelColumns,
  type RowColumns,
  requirePropensity,
  sourceOf,
} from './rows.ts';
export * from './sequences/index.ts';
export { type CascadeColumns, cascadeModel } from './slates/cascade-dr.ts';
export {
  pseudoInverseRows,
  pseudoInverseWeights,
  type SlateDistribution,
  wholeSlates,
} from './slates/pseudo-inverse.ts';
export { evaluateStudies, plainStudy, type Study, type StudyReport } from './study.ts';
export {
  type Evidence,
  type Judged,
  judge,
  judged,
  type PropensityOutcome,
  type Reason,
  type ReasonCode,
  type Verdict,
  type VerdictOptions,
} from './verdict.ts';
export {
  type AssumptionCost,
  AssumptionGauge,
  AssumptionMeter,
  type Drawer,
  NO_COST,
  scaledCost,
  widenedDifference,
  widenedLift,
} from './weights/assumption.ts';
export {
  type ActionDistributions,
  chooseDimensions,
  clusterWeights,
  type DimensionChoice,
  type EmbeddingDimension,
  marginalWeights,
  posteriorWeights,
} from './weights/embeddings.ts';
export {
  type CardValues,
  Ladder,
  type LoggedRows,
  type PlaceMeans,
  RUNG_ASSUMPTIONS,
  type WeighedPage,
} from './weights/ladder.ts';
export { concatenated, mixturePropensities, weightedByVariance } from './weights/loggers.ts';
export { RUNGS, type Rung, RungProducts, stepRatio } from './weights/rung-products.ts';
export {
  cascadeWeights,
  chooseLookBacks,
  jointWeights,
  type LookBackOptions,
  ratioWeights,
  withLookBacks,
} from './weights/slates.ts';
export { type MissingMass, SupportGauge } from './weights/support.ts';
