/** Options of inference, update and validation, resolved. */
import { resolveOptions } from '../../base/index.ts';
import type { AnomalySeverity, AnomalyType, FeatureStatisticsToProtoConfig } from '../metadata/index.ts';
import { type Steps, serializePath } from '../paths.ts';

export interface InferenceOptions {
  /** Most distinct strings for which a string domain is inferred. @default 100 */
  readonly maxStringDomainSize?: number;
  /** Infer fixed shapes where every example has the same number of values; otherwise only value counts. @default true */
  readonly inferFeatureShape?: boolean;
  /** Columns that share one string domain, by its name. @default none */
  readonly sharedDomains?: readonly { readonly name: string; readonly paths: readonly Steps[] }[];
  /** New columns that become deprecated features, as serialised paths. @default none */
  readonly ignoredColumns?: readonly string[];
  /** Words from which on a string domain is dropped. @default never */
  readonly stringDomainDeleteThreshold?: number;
  /** Severity by type of anomaly. @default ERROR for each */
  readonly severityOverrides?: readonly { readonly type: AnomalyType; readonly severity: AnomalySeverity }[];
  /** @deprecated by TFDV itself: severityOverrides of SCHEMA_NEW_COLUMN say the same. @default false */
  readonly newFeaturesAreWarnings?: boolean;
  /** Allow a feature with a shape to be absent, as `Schema.generate_legacy_feature_spec` did. @default false */
  readonly legacyFeatureSpec?: boolean;
}

export interface Rules {
  readonly maxStringDomainSize: number;
  readonly inferFeatureShape: boolean;
  /** Serialised path → name of the shared domain. */
  readonly sharedDomains: ReadonlyMap<string, string>;
  readonly ignoredColumns: ReadonlySet<string>;
  readonly stringDomainDeleteThreshold: number;
  readonly severities: ReadonlyMap<AnomalyType, AnomalySeverity>;
  readonly legacyFeatureSpec: boolean;
}

const DEFAULTS: Required<InferenceOptions> = {
  maxStringDomainSize: 100,
  inferFeatureShape: true,
  sharedDomains: [],
  ignoredColumns: [],
  stringDomainDeleteThreshold: Number.POSITIVE_INFINITY,
  severityOverrides: [],
  newFeaturesAreWarnings: false,
  legacyFeatureSpec: false,
};

/** @throws OPTION_INVALID for an option that there is not */
export function resolveRules(given: InferenceOptions = {}): Rules {
  const options = resolveOptions('schema inference', given, DEFAULTS);
  const severities = new Map<AnomalyType, AnomalySeverity>();
  if (options.newFeaturesAreWarnings) severities.set('SCHEMA_NEW_COLUMN', 'WARNING');
  for (const { type, severity } of options.severityOverrides) severities.set(type, severity);
  return Object.freeze({
    maxStringDomainSize: options.maxStringDomainSize,
    inferFeatureShape: options.inferFeatureShape,
    sharedDomains: new Map(
      options.sharedDomains.flatMap(({ name, paths }) => paths.map((path) => [serializePath(path), name])),
    ),
    ignoredColumns: new Set(options.ignoredColumns),
    stringDomainDeleteThreshold: options.stringDomainDeleteThreshold,
    severities,
    legacyFeatureSpec: options.legacyFeatureSpec,
  });
}

/** The options that a configuration of the C++ library stands for; without `enum_threshold` it infers no string domains. */
export function optionsOfConfig(config: FeatureStatisticsToProtoConfig): InferenceOptions {
  return {
    maxStringDomainSize: config.enumThreshold ?? 0,
    inferFeatureShape: config.inferFeatureShape ?? false,
    sharedDomains: (config.columnConstraint ?? []).map(({ enumName = '', columnPath = [] }) => ({
      name: enumName,
      paths: columnPath.map((path) => path.step ?? []),
    })),
    ignoredColumns: config.columnToIgnore ?? [],
    ...(config.enumDeleteThreshold === undefined ? {} : { stringDomainDeleteThreshold: config.enumDeleteThreshold }),
    severityOverrides: (config.severityOverrides ?? []).map(({ type = 'UNKNOWN_TYPE', severity = 'UNKNOWN' }) => ({
      type,
      severity,
    })),
    newFeaturesAreWarnings: config.newFeaturesAreWarnings ?? false,
  };
}
