/** Everything that is checked of one feature, in its order; what does not hold is mended in the schema being edited. */
import { type DriftSkewInfo, type Feature, formatText } from '../metadata/index.ts';
import { serializePath } from '../paths.ts';
import { clearDomain, type DomainKind, domainKindOf } from '../schema/domain-info.ts';
import type { SchemaEditor } from '../schema/editor.ts';
import { adoptProposedDomain, createFeature, markDerived } from '../schema/inference.ts';
import { deprecate, isDeprecated } from '../schema/lifecycle.ts';
import type { Rules } from '../schema/rules.ts';
import type { FeatureView } from '../views.ts';
import { comparatorOf, compareFeature } from './comparators.ts';
import { checkSparseFeature, checkWeightedFeature } from './composites.ts';
import { type Finding, finding } from './findings.ts';
import { checkPresence, checkShape, checkUnique, checkValueCounts } from './presence.ts';
import { checkFeatureItself } from './self-check.ts';
import { checkImageDomain, checkNaturalLanguage } from './semantic-domains.ts';
import { checkStringDomain, type DomainCheck, maxOffDomain } from './string-domain.ts';
import { checkBoolDomain, checkFloatDomain, checkIntDomain } from './value-domains.ts';

export interface FeatureChecks {
  readonly findings: readonly Finding[];
  /** Distances taken, anomalous or not; undefined if there were none. */
  readonly driftSkew?: DriftSkewInfo;
}

/** A feature that is in the data but out of the environment is put into it. */
function checkEnvironment(editor: SchemaEditor, view: FeatureView, feature: Feature): Finding[] {
  const { environment } = view.dataset;
  if (environment === undefined || editor.isInEnvironment(feature, environment)) return [];
  const not = feature.notInEnvironment?.filter((name) => name !== environment) ?? [];
  if (not.length > 0) feature.notInEnvironment = not;
  else delete feature.notInEnvironment;
  if (!editor.isInEnvironment(feature, environment))
    feature.inEnvironment = [...(feature.inEnvironment ?? []), environment];
  const long =
    `New column ${serializePath(view.path)} found in data but not in the environment ${environment} in the ` +
    'schema.';
  return [finding('SCHEMA_NEW_COLUMN', 'Column missing in environment', long)];
}

function checkType(view: FeatureView, feature: Feature): Finding[] {
  const findings: Finding[] = [];
  if (view.featureType !== feature.type) {
    deprecate(feature);
    const long = `Expected data of type: ${feature.type} but got ${view.type}`;
    findings.push(finding('UNEXPECTED_DATA_TYPE', 'Unexpected data type', long));
  }
  const kind = domainKindOf(feature);
  const opaque: readonly (DomainKind | undefined)[] = [undefined, 'naturalLanguageDomain', 'imageDomain', 'urlDomain'];
  if (view.type === 'BYTES' && !opaque.includes(kind)) {
    clearDomain(feature);
    const text = formatText('Feature', feature, { numbers: 'c' });
    const long = `Data is marked as BYTES with incompatible domain_info: ${text}`;
    findings.push(finding('DOMAIN_INVALID_FOR_TYPE', 'Invalid domain type', long));
  }
  return findings;
}

function checkDomain(rules: Rules, editor: SchemaEditor, view: FeatureView, feature: Feature): readonly Finding[] {
  const settle = (check: DomainCheck): readonly Finding[] => {
    if (check.clear) clearDomain(feature);
    return check.findings;
  };
  const off = maxOffDomain(feature.distributionConstraints);
  switch (domainKindOf(feature)) {
    case 'domain': {
      const name = feature.domain!;
      const check = checkStringDomain(view, editor.stringDomain(name)!, off, rules.stringDomainDeleteThreshold);
      if (check.clear) {
        editor.removeStringDomain(name);
        clearDomain(feature);
      }
      return check.findings;
    }
    case 'stringDomain':
      return settle(checkStringDomain(view, feature.stringDomain!, off, rules.stringDomainDeleteThreshold));
    case 'boolDomain':
      return checkBoolDomain(view, feature);
    case 'intDomain':
      return settle(checkIntDomain(view, feature.intDomain!));
    case 'floatDomain':
      return settle(checkFloatDomain(view, feature.floatDomain!));
    case 'imageDomain':
      return checkImageDomain(view, feature);
    case 'naturalLanguageDomain':
      return checkNaturalLanguage(view, feature);
    case undefined: {
      if (!adoptProposedDomain(view, feature)) return [];
      const long = `Updated semantic domain for feature: ${feature.name}`;
      return [finding('SEMANTIC_DOMAIN_UPDATE', 'Updated semantic domain', long)];
    }
    default:
      return [];
  }
}

function checkDerived(view: FeatureView, feature: Feature): Finding[] {
  const findings: Finding[] = [];
  const source = view.statistics.validationDerivedSource;
  if (source && !feature.validationDerivedSource) {
    markDerived(source, feature);
    const text = 'Derived source not set in schema.';
    findings.push(finding('DERIVED_FEATURE_INVALID_SOURCE', text, text));
  }
  const stage = feature.lifecycleStage;
  if (feature.validationDerivedSource && stage !== 'VALIDATION_DERIVED' && stage !== 'DISABLED') {
    feature.lifecycleStage = 'VALIDATION_DERIVED';
    const text = 'Derived feature has wrong lifecycle.';
    findings.push(finding('DERIVED_FEATURE_BAD_LIFECYCLE', text, text));
  }
  return findings;
}

/** Checks a plain feature of the schema against its statistics. */
export function checkFeature(rules: Rules, editor: SchemaEditor, view: FeatureView, feature: Feature): FeatureChecks {
  const findings: Finding[] = checkFeatureItself(editor, feature);
  if (isDeprecated(feature)) return { findings };
  if (view.numPresent === 0) {
    if (!editor.isRequired(feature, view.dataset.environment)) return { findings };
    deprecate(feature);
    const long = 'The feature was not present in any examples.';
    return { findings: [...findings, finding('FEATURE_TYPE_NOT_PRESENT', 'Column dropped', long)] };
  }
  findings.push(
    ...checkEnvironment(editor, view, feature),
    ...checkValueCounts(view, feature),
    ...checkShape(view, feature, rules.legacyFeatureSpec),
    ...(feature.presence ? checkPresence(view, feature.presence) : []),
    ...checkType(view, feature),
    ...checkDomain(rules, editor, view, feature),
    ...checkUnique(view, feature),
  );
  const driftSkew: DriftSkewInfo = { path: { step: [...view.path] } };
  for (const kind of ['drift', 'skew'] as const) {
    const comparator = comparatorOf(feature, kind);
    const { findings: high, measurements } = comparator
      ? compareFeature(view, kind, comparator)
      : { findings: [], measurements: [] };
    findings.push(...high);
    if (measurements.length > 0)
      driftSkew[kind === 'drift' ? 'driftMeasurements' : 'skewMeasurements'] = [...measurements];
  }
  findings.push(...checkDerived(view, feature));
  const measured = driftSkew.driftMeasurements ?? driftSkew.skewMeasurements;
  return measured ? { findings, driftSkew } : { findings };
}

/** Checks what the schema has under the path of the statistics, or adds it. */
export function updateFeature(rules: Rules, editor: SchemaEditor, view: FeatureView): FeatureChecks {
  const feature = editor.feature(view.path);
  const sparse = editor.sparseFeature(view.path);
  const weighted = editor.weightedFeature(view.path);
  if (weighted) {
    if ((!feature && !sparse) || isDeprecated(weighted)) return { findings: checkWeightedFeature(view, weighted) };
    for (const one of [weighted, feature, sparse]) if (one) deprecate(one);
    const short = 'Weighted feature name collision';
    return { findings: [finding('WEIGHTED_FEATURE_NAME_COLLISION', short, `${short}.`)] };
  }
  if (sparse && !isDeprecated(sparse)) {
    if (!feature || isDeprecated(feature)) return { findings: checkSparseFeature(view, sparse) };
    deprecate(sparse);
    deprecate(feature);
    const short = 'Sparse feature name collision';
    return { findings: [finding('SPARSE_FEATURE_NAME_COLLISION', short, `${short}.`)] };
  }
  if (feature) return checkFeature(rules, editor, view, feature);
  createFeature(rules, editor, view);
  const long = 'New column (column in data but not in schema)';
  return { findings: [finding('SCHEMA_NEW_COLUMN', 'New column', long)] };
}

/** The same for a feature and, unless it is out of use, its children. `wanted` limits it to some serialised paths. */
export function updateRecursively(
  rules: Rules,
  editor: SchemaEditor,
  view: FeatureView,
  wanted?: ReadonlySet<string>,
): Finding[] {
  if (wanted && !wanted.has(serializePath(view.path))) return [];
  const findings = [...updateFeature(rules, editor, view).findings];
  if (!editor.isDeprecated(view.path))
    for (const child of view.children) findings.push(...updateRecursively(rules, editor, child, wanted));
  return findings;
}
