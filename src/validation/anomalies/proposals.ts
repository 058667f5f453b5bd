/** What a schema would become, path by path, if what departs from it was right. */
import { cloneMessage, type DatasetFeatureStatistics, type Feature, type Schema } from '../metadata/index.ts';
import { type Steps, serializePath } from '../paths.ts';
import { SchemaBaseline, SchemaEditor } from '../schema/editor.ts';
import { resolveRules } from '../schema/rules.ts';
import { datasetOf } from '../schema/update.ts';
import { DatasetView, isWeighted } from '../views.ts';
import { findChanges, type ValidationOptions } from './validate.ts';

export interface Proposal {
  readonly path: Steps;
  /** As the schema has it; undefined for a column that is new to it. */
  readonly before: Feature | undefined;
  /** As it would satisfy the statistics; a feature that is gone is deprecated. */
  readonly after: Feature;
}

/** Of every top-level path with an anomaly, keyed by the serialised path. The schema stays as it is. @throws as validateStatistics */
export function proposeChanges(
  statistics: DatasetFeatureStatistics,
  schema: Schema,
  options: ValidationOptions = {},
): ReadonlyMap<string, Proposal> {
  const dataset = new DatasetView(statistics.numExamples ? statistics : {}, {
    byWeight: isWeighted(statistics),
    environment: options.environment,
    previousSpan: options.previousSpan && datasetOf(options.previousSpan),
    serving: options.serving && datasetOf(options.serving),
  });
  const baseline = new SchemaBaseline(schema);
  const untouched = new SchemaEditor(baseline);
  const { anomalies } = findChanges(baseline, dataset, resolveRules({ maxStringDomainSize: 400 }));
  const proposals = anomalies.flatMap(({ path, editor }): [string, Proposal][] => {
    const after = path.length === 1 ? editor.feature(path) : undefined;
    if (after === undefined) return [];
    const before = untouched.feature(path);
    return [[serializePath(path), { path, before: before && cloneMessage(before), after: cloneMessage(after) }]];
  });
  return new Map(proposals);
}

/** The schema with these features in the place of those of their names, new ones at its end. */
export function withFeatures(schema: Schema, features: readonly Feature[]): Schema {
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  const kept = (schema.feature ?? []).map((feature) => {
    const changed = byName.get(feature.name);
    byName.delete(feature.name);
    return changed ?? feature;
  });
  return { ...schema, feature: [...kept, ...byName.values()] };
}
