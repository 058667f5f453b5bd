/** Schemas from statistics: inferred anew, or brought up to date. */
import { ShelfwiseError } from '../../base/index.ts';
import { updateRecursively } from '../anomalies/feature-checks.ts';
import {
  compareBytes,
  type DatasetFeatureStatistics,
  type DatasetFeatureStatisticsList,
  type Schema,
  type StringDomain,
} from '../metadata/index.ts';
import { comparePaths, type Steps, serializePath } from '../paths.ts';
import { DatasetView, isWeighted } from '../views.ts';
import { SchemaBaseline, SchemaEditor } from './editor.ts';
import { deprecate } from './lifecycle.ts';
import { type InferenceOptions, type Rules, resolveRules } from './rules.ts';
import { areSimilarDomains, type SimilarityOptions } from './values.ts';

/** Name of the dataset of all examples among those of slices. */
export const ALL_EXAMPLES = 'All Examples';

/** The one dataset of a list, or the slice of all examples. @throws STATISTICS_AMBIGUOUS if there is neither */
export function datasetOf(list: DatasetFeatureStatisticsList): DatasetFeatureStatistics {
  const { datasets = [] } = list;
  const chosen = datasets.length === 1 ? datasets[0] : datasets.find(({ name }) => name === ALL_EXAMPLES);
  if (!chosen) throw new ShelfwiseError('STATISTICS_AMBIGUOUS', `${datasets.length} datasets`);
  return chosen;
}

/** Features that are only composites (sparse, weighted) have no column of their own to infer from. */
function withoutComposites(statistics: DatasetFeatureStatistics): DatasetFeatureStatistics {
  const features = (statistics.features ?? []).filter(
    ({ numStats, stringStats, bytesStats, structStats }) => numStats ?? stringStats ?? bytesStats ?? structStats,
  );
  return { ...statistics, features };
}

/** Brings the edited schema up to date; required paths that are missing are deprecated. */
export function updateEditor(rules: Rules, editor: SchemaEditor, dataset: DatasetView, paths?: readonly Steps[]): void {
  const wanted = paths && new Set(paths.map(serializePath));
  for (const root of dataset.roots) updateRecursively(rules, editor, root, wanted);
  for (const path of editor.missingPaths(dataset))
    if (!wanted || wanted.has(serializePath(path))) deprecate(editor.feature(path)!);
}

function update(schema: Schema, statistics: DatasetFeatureStatistics, options: InferenceOptions): Schema {
  const editor = new SchemaEditor(new SchemaBaseline(schema));
  const dataset = new DatasetView(withoutComposites(statistics), { byWeight: isWeighted(statistics) });
  updateEditor(resolveRules(options), editor, dataset);
  return editor.result;
}

/**
 * A schema that the statistics satisfy: types, presence, valency or shapes, bool, int and string domains; ranges of
 * numbers are never inferred. Weighted statistics are read by weight.
 * @throws STATISTICS_AMBIGUOUS, STATISTICS_MIXED_PATHS, OPTION_INVALID
 */
export function inferSchema(list: DatasetFeatureStatisticsList, options: InferenceOptions = {}): Schema {
  return update({}, datasetOf(list), options);
}

/**
 * The schema, changed so that the statistics satisfy it: bounds and domains widened, new columns added, columns that are
 * gone or of another type deprecated. Shapes are never inferred.
 * @throws STATISTICS_AMBIGUOUS, STATISTICS_MIXED_PATHS, OPTION_INVALID
 */
export function updateSchema(
  schema: Schema,
  list: DatasetFeatureStatisticsList,
  options: Omit<InferenceOptions, 'inferFeatureShape'> = {},
): Schema {
  return update(schema, datasetOf(list), { ...options, inferFeatureShape: false });
}

/** The domains of a schema that are alike, grouped by the first of each group, in the schema's order. */
function similarDomains(domains: readonly StringDomain[], options: SimilarityOptions): Set<string>[] {
  return domains.flatMap((domain, at) => {
    const alike = domains.slice(at + 1).filter((other) => areSimilarDomains(domain, other, options));
    return alike.length === 0 ? [] : [new Set([domain, ...alike].map(({ name = '' }) => name))];
  });
}

/**
 * Columns whose inferred string domains are alike and might share one, called by the shortest of their names: a proposal
 * for `sharedDomains`.
 * @throws STATISTICS_AMBIGUOUS, STATISTICS_MIXED_PATHS, OPTION_INVALID
 */
export function proposeSharedDomains(
  list: DatasetFeatureStatisticsList,
  options: InferenceOptions = {},
  similarity: Partial<SimilarityOptions> = {},
): NonNullable<InferenceOptions['sharedDomains']> {
  const { feature = [], stringDomain = [] } = inferSchema(list, options);
  const groups = similarDomains(stringDomain, { minCount: 10, minJaccardSimilarity: 0.5, ...similarity });
  return groups.map((names) => {
    const sorted = [...names].sort(compareBytes);
    const name = sorted.reduce((best, other) => (other.length < best.length ? other : best));
    const paths = feature.filter(({ domain }) => domain !== undefined && names.has(domain)).map((one) => [one.name!]);
    return { name, paths: paths.sort(comparePaths) };
  });
}
