/** Schemas: inferred from statistics and brought up to date. */

export { type DomainRow, describeSchema, type FeatureRow } from './describe.ts';
export { schemaDiffRegions } from './diff-regions.ts';
export { type InferenceOptions, optionsOfConfig } from './rules.ts';
export { ALL_EXAMPLES, datasetOf, inferSchema, proposeSharedDomains, updateSchema } from './update.ts';
