/** Anomalies: where statistics depart from a schema or from other statistics. */
export { featureDivergence } from './comparators.ts';
export { type ValidationOptions, validateDataset, validateInstance, validateStatistics } from './validate.ts';
