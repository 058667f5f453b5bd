/**
 * Slices: each validated like a dataset of its own, and missed when it is gone. A slice is a dataset of the list whose
 * name is not `All Examples`. Its features are known as `slice(NAME)::FEATURE`.
 */
import {
  type Anomalies,
  compareBytes,
  type DatasetFeatureStatistics,
  type DatasetFeatureStatisticsList,
  type Schema,
} from '../metadata/index.ts';
import { comparePaths, type Steps } from '../paths.ts';
import { SchemaBaseline } from '../schema/editor.ts';
import { resolveRules } from '../schema/rules.ts';
import { DatasetView, isWeighted } from '../views.ts';
import { anomaliesOf, type Changes, checkEnvironmentKnown, findChanges, type ValidationOptions } from './validate.ts';

/** The path of a feature within a slice. */
export function slicedPath(slice: string, path: Steps): Steps {
  const [first = '', ...rest] = path;
  return [`slice(${slice})::${first}`, ...rest];
}

function byName(list: DatasetFeatureStatisticsList | undefined): Map<string, DatasetFeatureStatistics> {
  return new Map((list?.datasets ?? []).map((dataset) => [dataset.name ?? '', dataset]));
}

/**
 * Validates every dataset of a list, slices and all, against the schema and against the slice of the same name of the
 * other lists. A slice that only another list has is validated as if it were empty: what is required is missing. The
 * constraints on whole datasets are left to validateStatistics.
 * @throws SCHEMA_ENVIRONMENT_UNKNOWN, STATISTICS_MIXED_PATHS
 */
export function validateSlices(
  list: DatasetFeatureStatisticsList,
  schema: Schema,
  options: Omit<ValidationOptions, 'previousVersion'> = {},
): Anomalies {
  checkEnvironmentKnown(schema, options.environment);
  const current = byName(list);
  const previous = byName(options.previousSpan);
  const serving = byName(options.serving);
  const rules = resolveRules({
    ...(options.severityOverrides ? { severityOverrides: options.severityOverrides } : {}),
  });
  const { datasetConstraints: _, ...perSlice } = schema;
  const baseline = new SchemaBaseline(perSlice);
  const names = [...new Set([...current.keys(), ...previous.keys(), ...serving.keys()])].sort(compareBytes);
  const all = names.map((slice): Changes => {
    const statistics = current.get(slice) ?? {};
    const dataset = new DatasetView(statistics.numExamples ? statistics : {}, {
      byWeight: isWeighted(statistics),
      environment: options.environment,
      previousSpan: previous.get(slice),
      serving: serving.get(slice),
    });
    const { anomalies, driftSkew } = findChanges(baseline, dataset, rules, options.featuresNeeded);
    return {
      anomalies: anomalies.map((anomaly) => ({ ...anomaly, path: slicedPath(slice, anomaly.path) })),
      driftSkew: driftSkew.map((info) => ({ ...info, path: { step: [...slicedPath(slice, info.path?.step ?? [])] } })),
      dataset: [],
    };
  });
  const changes: Changes = {
    anomalies: all.flatMap(({ anomalies }) => anomalies).sort((a, b) => comparePaths(a.path, b.path)),
    driftSkew: all.flatMap(({ driftSkew }) => driftSkew),
    dataset: [],
  };
  return anomaliesOf(schema, rules, changes, options.diffRegions);
}
