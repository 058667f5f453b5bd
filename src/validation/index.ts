/** Data validation: the equal of TensorFlow Data Validation, in its own formats. */

export * from './anomalies/index.ts';
export * from './distances.ts';
export * from './metadata/index.ts';
export { parsePath, type Steps, serializePath } from './paths.ts';
export * from './report/index.ts';
export * from './schema/index.ts';
export * from './sources/index.ts';
export * from './statistics/index.ts';
export * from './summary/index.ts';
export { DatasetView, type FeatureView } from './views.ts';
