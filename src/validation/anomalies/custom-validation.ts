/** Conditions of one's own on statistics, in SQL: those of custom_validation_config.proto. */
import { ShelfwiseError } from '../../base/index.ts';
import type {
  Anomalies,
  AnomalyInfo,
  AnomalyReason,
  CustomValidationConfig,
  DatasetFeatureStatistics,
  DatasetFeatureStatisticsList,
  FeatureNameStatistics,
  Path,
  Validation,
} from '../metadata/index.ts';
import { serializePath } from '../paths.ts';
import { ALL_EXAMPLES } from '../schema/index.ts';
import { isSeverer, unifyReasons } from './findings.ts';
import { openPredicates } from './predicate.ts';

export interface CustomValidationOptions {
  /** Statistics on the other side of feature pairs; TensorFlow Data Validation takes the span before. @default none */
  readonly baseline?: DatasetFeatureStatisticsList | undefined;
  /** Validations that name environments are judged in those only. @default none: only validations that name none */
  readonly environment?: string | undefined;
}

/**
 * An anomaly of type CUSTOM_VALIDATION for each condition that is false, under the path of its feature, with the severity and
 * description that its validation gives and the query in the text, as TensorFlow Data Validation writes them. Expressions see the
 * statistics of the feature as `feature`, those of a pair as `feature_test` and `feature_base` (see openPredicates).
 * @throws OPTION_INVALID if a dataset or feature is not in the statistics, pairs have no baseline, or an expression cannot be run or
 * is neither true nor false
 */
export async function validateCustom(
  statistics: DatasetFeatureStatisticsList,
  config: CustomValidationConfig,
  options: CustomValidationOptions = {},
): Promise<Anomalies> {
  const { featureValidations = [], featurePairValidations = [] } = config;
  const { baseline, environment } = options;
  if (featurePairValidations.length > 0 && !baseline)
    throw new ShelfwiseError('OPTION_INVALID', 'custom validations of feature pairs want statistics to compare with');
  const found = new Map<string, AnomalyInfo>();
  const judge = await openPredicates();
  const run = async (
    path: Path,
    validations: readonly Validation[],
    features: Record<string, FeatureNameStatistics>,
    where: string,
  ): Promise<void> => {
    for (const validation of validations) {
      if (!isJudgedIn(validation, environment)) continue;
      if (await judge.holds(validation.sqlExpression ?? '', features)) continue;
      const key = serializePath(path.step ?? []);
      found.set(key, joined(found.get(key), infoOf(path, validation, where)));
    }
  };
  try {
    for (const { datasetName = '', featurePath = {}, validations = [] } of featureValidations) {
      const feature = featureOf(statistics, datasetName, featurePath);
      await run(featurePath, validations, { feature }, ` Test dataset: ${datasetName || 'default slice'}`);
    }
    for (const pair of featurePairValidations) {
      const { datasetName = '', baseDatasetName, featureTestPath = {}, featureBasePath = {}, validations = [] } = pair;
      const where =
        ` Test dataset: ${datasetName || 'default slice'}` +
        ` Base dataset: ${baseDatasetName ?? ''} Base path: ${serializePath(featureBasePath.step ?? [])}`;
      const features = {
        feature_test: featureOf(statistics, datasetName, featureTestPath),
        feature_base: featureOf(baseline!, baseDatasetName ?? '', featureBasePath),
      };
      await run(featureTestPath, validations, features, where);
    }
  } finally {
    judge.close();
  }
  return found.size === 0 ? {} : { anomalyInfo: found };
}

/** Anomalies with others added: under one path the reasons of both, the higher severity and all texts. */
export function mergeAnomalies(anomalies: Anomalies, added: Anomalies): Anomalies {
  const infos = new Map(anomalies.anomalyInfo);
  for (const [path, info] of added.anomalyInfo ?? []) {
    const { reason = [], ...rest } = joined(infos.get(path), info);
    infos.set(path, { ...rest, ...unifyReasons(reason), reason });
  }
  return infos.size === 0 ? anomalies : { ...anomalies, anomalyInfo: infos };
}

function isJudgedIn({ inEnvironment = [] }: Validation, environment: string | undefined): boolean {
  return inEnvironment.length === 0 || (environment !== undefined && inEnvironment.includes(environment));
}

function infoOf(path: Path, validation: Validation, where: string): AnomalyInfo {
  const { sqlExpression = '', severity = 'UNKNOWN', description = '' } = validation;
  const reason: AnomalyReason = {
    type: 'CUSTOM_VALIDATION',
    shortDescription: description,
    description: `Custom validation triggered anomaly. Query: ${sqlExpression}${where}`,
  };
  return { path, severity, reason: [reason] };
}

function joined(before: AnomalyInfo | undefined, added: AnomalyInfo): AnomalyInfo {
  if (!before) return added;
  const { severity = 'UNKNOWN' } = before;
  return {
    ...before,
    severity: isSeverer(added.severity ?? 'UNKNOWN', severity) ? added.severity! : severity,
    reason: [...(before.reason ?? []), ...(added.reason ?? [])],
  };
}

function featureOf(list: DatasetFeatureStatisticsList, name: string, path: Path): FeatureNameStatistics {
  const missing = (what: string) =>
    new ShelfwiseError('OPTION_INVALID', `${what} specified in validation config not found in statistics.`);
  const dataset = datasetNamed(list.datasets ?? [], name);
  if (!dataset) throw missing(`Dataset ${name}`);
  const key = serializePath(path.step ?? []);
  const feature = dataset.features?.find((one) => (one.path ? serializePath(one.path.step ?? []) : one.name) === key);
  if (!feature) throw missing(`Feature ${key}`);
  return feature;
}

/** Without a name: the one that has none, else that of all examples, else the only one. */
function datasetNamed(
  datasets: readonly DatasetFeatureStatistics[],
  name: string,
): DatasetFeatureStatistics | undefined {
  const named = (wanted: string) => datasets.find((dataset) => (dataset.name ?? '') === wanted);
  if (name !== '') return named(name);
  return named('') ?? named(ALL_EXAMPLES) ?? (datasets.length === 1 ? datasets[0] : undefined);
}
