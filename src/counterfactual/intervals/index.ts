export { normalInterval, studentTInterval } from './asymptotic.ts';
export { type BootstrappedMean, bootstrapMean, percentileInterval, resampledValues } from './bootstrap.ts';
export {
  bernsteinLowerBound,
  empiricalBernsteinInterval,
  hoeffdingInterval,
  hoeffdingLowerBound,
  type SampleMoments,
  studentTLowerBound,
} from './bounded.ts';
export { comparePaired, intervalsByListener, type ListenerIntervals, type PairedComparison } from './by-listener.ts';
export {
  differenceOf,
  type Functional,
  type LinearisedEstimate,
  liftOf,
  linearised,
  type RatioColumns,
  type RatioTerm,
  ratioOf,
} from './functional.ts';
export type { Interval } from './interval.ts';
export { type ResampledSums, resampleSums } from './resample.ts';
