/** Statistics of datasets, as TensorFlow Data Validation computes them. */
export type { FeaturePair } from './cross-features.ts';
export { DatasetStatistics } from './dataset.ts';
export type { StatisticsOptions } from './options.ts';
export { QuantileSketch, type QuantileSketchOptions, type Quantiles } from './quantile-sketch.ts';
export { SlicedStatistics, type SliceOf } from './slices.ts';
