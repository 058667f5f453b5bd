/** Statistics against a schema, the span before, serving and the version before. */
import { ShelfwiseError } from '../../base/index.ts';
import type {
  Anomalies,
  AnomalyInfo,
  AnomalyType,
  DatasetFeatureStatistics,
  DatasetFeatureStatisticsList,
  DriftSkewInfo,
  Schema,
} from '../metadata/index.ts';
import { comparePaths, type Steps, serializePath } from '../paths.ts';
import { schemaDiffRegions } from '../schema/diff-regions.ts';
import { SchemaBaseline, SchemaEditor } from '../schema/editor.ts';
import { deprecate } from '../schema/lifecycle.ts';
import { type InferenceOptions, type Rules, resolveRules } from '../schema/rules.ts';
import { datasetOf } from '../schema/update.ts';
import { DatasetView, type FeatureView, isWeighted } from '../views.ts';
import { checkDataset } from './comparators.ts';
import { updateFeature, updateRecursively } from './feature-checks.ts';
import { anomalyInfoOf, type Finding, finding, unifyReasons } from './findings.ts';

export interface ValidationOptions {
  /** Environment to validate in. @default none: every feature is expected */
  readonly environment?: string | undefined;
  /** The span before, for drift. @default none */
  readonly previousSpan?: DatasetFeatureStatisticsList | undefined;
  /** Serving, for skew. @default none */
  readonly serving?: DatasetFeatureStatisticsList | undefined;
  /** The version of this span before, for its number of examples. @default none */
  readonly previousVersion?: DatasetFeatureStatisticsList | undefined;
  /** New columns that matter; others are no anomaly. @default all */
  readonly featuresNeeded?: readonly Steps[] | undefined;
  /**
   * Tell with each anomaly the lines of the schema as they are and as they would be to accept it (`diffRegions`). The time is that of
   * writing the schema once more for each anomaly. @default false
   */
  readonly diffRegions?: boolean | undefined;
  /** @default every anomaly is an ERROR */
  readonly severityOverrides?: InferenceOptions['severityOverrides'];
}

/** What is wrong under one path, and the schema that would have it so. */
export interface PathAnomaly {
  readonly path: Steps;
  readonly findings: Finding[];
  readonly editor: SchemaEditor;
  driftSkew?: DriftSkewInfo;
}

export interface Changes {
  /** In order of their paths. */
  readonly anomalies: readonly PathAnomaly[];
  /** Of the whole dataset. */
  readonly dataset: readonly Finding[];
  /** Distances taken, in order of the paths. */
  readonly driftSkew: readonly DriftSkewInfo[];
}

/** Everything in which a dataset departs from a schema. */
export function findChanges(
  baseline: SchemaBaseline,
  dataset: DatasetView,
  rules: Rules,
  featuresNeeded?: readonly Steps[],
): Changes {
  const needed = featuresNeeded && new Set(featuresNeeded.map(serializePath));
  const untouched = new SchemaEditor(baseline);
  const found = new Map<string, PathAnomaly>();
  const measured: { path: Steps; info: DriftSkewInfo }[] = [];

  const anomalyAt = (path: Steps): PathAnomaly =>
    found.get(serializePath(path)) ?? { path, findings: [], editor: new SchemaEditor(baseline) };
  const keep = (anomaly: PathAnomaly): void => {
    if (anomaly.findings.length > 0) found.set(serializePath(anomaly.path), anomaly);
  };
  const visit = (view: FeatureView): void => {
    if (!untouched.exists(view.path)) {
      if (needed && !needed.has(serializePath(view.path))) return;
      const anomaly = anomalyAt(view.path);
      anomaly.findings.push(...updateRecursively(rules, anomaly.editor, view, needed));
      keep(anomaly);
      return;
    }
    if (untouched.isDeprecated(view.path)) return;
    const anomaly = anomalyAt(view.path);
    const { findings, driftSkew } = updateFeature(rules, anomaly.editor, view);
    anomaly.findings.push(...findings);
    keep(anomaly);
    if (driftSkew) measured.push({ path: view.path, info: driftSkew });
    if (anomaly.findings.length > 0 && anomaly.editor.isDeprecated(view.path)) return;
    for (const child of view.children) visit(child);
  };

  for (const root of dataset.roots) visit(root);
  for (const path of untouched.missingPaths(dataset)) {
    const anomaly = anomalyAt(path);
    anomaly.findings.push(finding('SCHEMA_MISSING_COLUMN', 'Column dropped', 'Column is completely missing'));
    deprecate(anomaly.editor.feature(path)!);
    keep(anomaly);
  }
  return {
    anomalies: [...found.values()].sort((a, b) => comparePaths(a.path, b.path)),
    dataset: checkDataset(dataset, new SchemaEditor(baseline).datasetConstraints),
    driftSkew: measured.sort((a, b) => comparePaths(a.path, b.path)).map(({ info }) => info),
  };
}

/** Changes as the message that is written. */
export function anomaliesOf(schema: Schema, rules: Rules, changes: Changes, withRegions = false): Anomalies {
  const result: Anomalies = { baseline: schema, anomalyNameFormat: 'SERIALIZED_PATH' };
  if (changes.anomalies.length > 0)
    result.anomalyInfo = new Map(
      changes.anomalies.map(({ path, findings, editor }) => {
        const diffRegions = withRegions ? schemaDiffRegions(schema, editor.result) : [];
        const info: AnomalyInfo = { path: { step: [...path] }, ...anomalyInfoOf(rules, findings) };
        return [serializePath(path), diffRegions.length > 0 ? { ...info, diffRegions } : info];
      }),
    );
  if (changes.dataset.length > 0) result.datasetAnomalyInfo = anomalyInfoOf(rules, changes.dataset);
  if (changes.driftSkew.length > 0) result.driftSkewInfo = [...changes.driftSkew];
  return result;
}

/** @throws SCHEMA_ENVIRONMENT_UNKNOWN unless the schema's default environments name it */
export function checkEnvironmentKnown(schema: Schema, environment: string | undefined): void {
  if (environment !== undefined && !schema.defaultEnvironment?.includes(environment))
    throw new ShelfwiseError('SCHEMA_ENVIRONMENT_UNKNOWN', `Environment ${environment} not found in the schema.`);
}

/** Validates one dataset. */
export function validateDataset(
  statistics: DatasetFeatureStatistics,
  schema: Schema,
  options: ValidationOptions = {},
): Anomalies {
  if (!statistics.numExamples) return { baseline: schema, dataMissing: true };
  const rules = resolveRules({
    maxStringDomainSize: 400,
    ...(options.severityOverrides ? { severityOverrides: options.severityOverrides } : {}),
  });
  const dataset = new DatasetView(statistics, {
    byWeight: isWeighted(statistics),
    environment: options.environment,
    previousSpan: options.previousSpan && datasetOf(options.previousSpan),
    serving: options.serving && datasetOf(options.serving),
    previousVersion: options.previousVersion && datasetOf(options.previousVersion),
  });
  const changes = findChanges(new SchemaBaseline(schema), dataset, rules, options.featuresNeeded);
  return anomaliesOf(schema, rules, changes, options.diffRegions);
}

/**
 * Validates the one dataset of a list, or its slice of all examples. Anomalies are data: by serialised path, each with a
 * severity and its reasons; distances that were taken are in `driftSkewInfo` whether they are high or not.
 * @throws SCHEMA_ENVIRONMENT_UNKNOWN, STATISTICS_AMBIGUOUS, STATISTICS_MIXED_PATHS
 */
export function validateStatistics(
  list: DatasetFeatureStatisticsList,
  schema: Schema,
  options: ValidationOptions = {},
): Anomalies {
  checkEnvironmentKnown(schema, options.environment);
  return validateDataset(datasetOf(list), schema, options);
}

/** Anomalies that one example cannot show. */
const GLOBAL_ONLY: ReadonlySet<AnomalyType> = new Set<AnomalyType>([
  'FEATURE_TYPE_LOW_FRACTION_PRESENT',
  'FEATURE_TYPE_LOW_NUMBER_PRESENT',
  'FEATURE_TYPE_NOT_PRESENT',
  'SCHEMA_TRAINING_SERVING_SKEW',
  'COMPARATOR_CONTROL_DATA_MISSING',
  'COMPARATOR_TREATMENT_DATA_MISSING',
  'COMPARATOR_L_INFTY_HIGH',
  'COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH',
  'COMPARATOR_LOW_NUM_EXAMPLES',
  'COMPARATOR_HIGH_NUM_EXAMPLES',
  'NO_DATA_IN_SPAN',
  'DATASET_LOW_NUM_EXAMPLES',
  'DATASET_HIGH_NUM_EXAMPLES',
]);

/** The anomaly without reasons of some types; undefined if none is left. */
function withoutTypes(info: AnomalyInfo, types: ReadonlySet<AnomalyType>): AnomalyInfo | undefined {
  const reason = (info.reason ?? []).filter(({ type }) => !types.has(type ?? 'UNKNOWN_TYPE'));
  if (reason.length === 0) return undefined;
  return reason.length === info.reason?.length ? info : { ...info, ...unifyReasons(reason), reason };
}

/**
 * Validates the statistics of one example: what only many examples can show is left out.
 * @throws SCHEMA_ENVIRONMENT_UNKNOWN, STATISTICS_AMBIGUOUS, STATISTICS_MIXED_PATHS
 */
export function validateInstance(
  list: DatasetFeatureStatisticsList,
  schema: Schema,
  options: Pick<ValidationOptions, 'environment'> = {},
): Anomalies {
  const anomalies = validateStatistics(list, schema, options);
  const { anomalyInfo, datasetAnomalyInfo, ...rest } = anomalies;
  const kept = [...(anomalyInfo ?? [])].flatMap(([path, info]): [string, AnomalyInfo][] => {
    const left = withoutTypes(info, GLOBAL_ONLY);
    return left ? [[path, left]] : [];
  });
  const dataset = datasetAnomalyInfo && withoutTypes(datasetAnomalyInfo, GLOBAL_ONLY);
  return {
    ...rest,
    ...(kept.length > 0 ? { anomalyInfo: new Map(kept) } : {}),
    ...(dataset ? { datasetAnomalyInfo: dataset } : {}),
  };
}
