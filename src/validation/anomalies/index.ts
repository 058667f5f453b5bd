/** Anomalies: where statistics depart from a schema or from other statistics. */
export { featureDivergence } from './comparators.ts';
export { type CustomValidationOptions, mergeAnomalies, validateCustom } from './custom-validation.ts';
export {
  detectFeatureSkew,
  type FeatureSkew,
  type FeatureSkewOptions,
  type FeatureSkewReport,
  type MatchStats,
  type Row,
  rowOfExample,
  type SkewPair,
} from './feature-skew.ts';
export { type Proposal, proposeChanges, withFeatures } from './proposals.ts';
export { type SliceCoverageOptions, slicesOfSchema, validateSliceCoverage } from './slice-coverage.ts';
export { slicedPath, validateSlices } from './slices.ts';
export { type ValidationOptions, validateDataset, validateInstance, validateStatistics } from './validate.ts';
