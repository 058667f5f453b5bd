export { type Drift, driftBetween } from './drift.ts';
export { LogDiagnostics } from './log-diagnostics.ts';
export { LogHistogram } from './log-histogram.ts';
export { type CalibrationGroup, PropensityCalibration } from './propensity-calibration.ts';
export {
  type FrequencyGroup,
  type FrequencyTestOptions,
  PropensityFrequencies,
  type PropensityReport,
} from './propensity-frequencies.ts';
export { type MissingMassEstimate, MissingMassMeter, type SliceSupport, SupportBySlice } from './support.ts';
export {
  type ClippedMass,
  effectiveGroups,
  type MeanWeight,
  MeanWeightMeter,
  meanWeight,
  WeightDiagnostics,
  type WeightReport,
} from './weights.ts';
