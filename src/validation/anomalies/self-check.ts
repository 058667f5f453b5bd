/** What is wrong with a feature of the schema itself, whatever the data; each is mended as far as it can be. */
import type { BoolDomain, Feature, StringDomain } from '../metadata/index.ts';
import { clearDomain, type DomainKind, domainField, domainKindOf, isDomainAllowed } from '../schema/domain-info.ts';
import type { SchemaEditor } from '../schema/editor.ts';
import { deprecate, isDeprecated } from '../schema/lifecycle.ts';
import { type Finding, finding } from './findings.ts';

const SPECIFICATION = 'INVALID_SCHEMA_SPECIFICATION';

function checkIdentity(feature: Feature): Finding[] {
  if (feature.name === undefined) {
    deprecate(feature);
    const text = 'unspecified name (maybe meant to be the empty string): find name rather than deprecating.';
    return [finding('FEATURE_MISSING_NAME', text)];
  }
  if (feature.type !== undefined) return [];
  if (feature.domain !== undefined || feature.stringDomain !== undefined) {
    feature.type = 'BYTES';
    const text = 'unspecified type: inferring the type to be BYTES, given the domain specified.';
    return [finding('FEATURE_MISSING_TYPE', text)];
  }
  deprecate(feature);
  return [finding('FEATURE_MISSING_TYPE', 'unspecified type: determine the type and set it, rather than deprecating.')];
}

function checkPresence({ presence }: Feature): Finding[] {
  const fraction = presence?.minFraction ?? 0;
  if (presence && fraction < 0) {
    delete presence.minFraction;
    return [finding(SPECIFICATION, 'min_fraction should not be negative: clear is equal to zero')];
  }
  if (presence && fraction > 1) {
    presence.minFraction = 1;
    return [finding(SPECIFICATION, 'min_fraction should not greater than 1')];
  }
  return [];
}

function checkValueCounts(feature: Feature): Finding[] {
  const findings: Finding[] = [];
  const { valueCount: single, valueCounts: nested } = feature;
  if (single && (single.min ?? 0) < 0) {
    delete single.min;
    findings.push(finding(SPECIFICATION, 'ValueCount.min should not be negative'));
  }
  if (single?.max !== undefined && single.max < (single.min ?? 0)) {
    single.max = single.min ?? 0;
    findings.push(finding(SPECIFICATION, 'ValueCount.max should not be less than min'));
  }
  for (const [level, count] of (nested?.valueCount ?? []).entries()) {
    if ((count.min ?? 0) < 0) {
      delete count.min;
      const long = `ValueCounts.min at level ${level} should not be negative.`;
      findings.push(finding(SPECIFICATION, 'ValueCounts.min should not be negative', long));
    }
    if (count.max !== undefined && count.max < (count.min ?? 0)) {
      count.max = count.min ?? 0;
      const long = `ValueCounts.max at level ${level} should not be less than min.`;
      findings.push(finding(SPECIFICATION, 'ValueCounts.max should not be less than min', long));
    }
  }
  if (feature.shape?.dim?.some((dim) => (dim.size ?? 0) <= 0)) {
    delete feature.shape;
    findings.push(finding(SPECIFICATION, 'Shape.dim.size must be a positive integer'));
  }
  return findings;
}

/** Domains that distribution constraints do not go with, and how the text calls them. */
const WITHOUT_DISTRIBUTION: Partial<Record<DomainKind, string>> = {
  boolDomain: 'not supported for bool domains.',
  intDomain: 'not supported for int domains.',
  floatDomain: 'not supported for float domains.',
  structDomain: 'not supported for struct domains.',
  naturalLanguageDomain: 'not supported for semantic domains.',
  imageDomain: 'not supported for semantic domains.',
  midDomain: 'not supported for semantic domains.',
  urlDomain: 'not supported for semantic domains.',
  timeDomain: 'not supported for semantic domains.',
};

const UNCHECKED: ReadonlySet<DomainKind> = new Set([
  'timeOfDayDomain',
  'audioDomain',
  'videoDomain',
  'contentChunkDomain',
] as const);

/** Equal words for true and false: false goes. Whether it was so. */
export function mendBoolDomain(domain: BoolDomain): boolean {
  if (domain.trueValue === undefined || domain.trueValue !== domain.falseValue) return false;
  delete domain.falseValue;
  return true;
}

/** Words that come twice: the later ones go, and are returned. */
export function mendStringDomain(domain: StringDomain): string[] {
  const seen = new Set<string>();
  const repeated: string[] = [];
  for (const word of domain.value ?? []) {
    if (seen.has(word)) repeated.push(word);
    seen.add(word);
  }
  if (repeated.length > 0) domain.value = [...seen];
  return repeated;
}

function checkDomain(editor: SchemaEditor, feature: Feature): Finding[] {
  const findings: Finding[] = [];
  const given = domainKindOf(feature);
  if (given && !isDomainAllowed(given, feature.type!)) {
    const long = `The domain "${domainField(given)}" does not match the type: ${feature.type}`;
    findings.push(finding('DOMAIN_INVALID_FOR_TYPE', 'The domain does not match the type', long));
    clearDomain(feature);
  }
  const kind = domainKindOf(feature);
  if (kind === 'domain' && !editor.hasStringDomain(feature.domain!)) {
    delete feature.domain;
    findings.push(finding('INVALID_DOMAIN_SPECIFICATION', 'missing domain: '));
  }
  if (kind && UNCHECKED.has(kind)) {
    clearDomain(feature);
    findings.push(finding('INVALID_DOMAIN_SPECIFICATION', 'internal issue: unknown domain_info type'));
  }
  const clash = kind ? WITHOUT_DISTRIBUTION[kind] : 'require domain or string domain.';
  if (clash && feature.distributionConstraints) {
    delete feature.distributionConstraints;
    findings.push(finding(SPECIFICATION, `distribution constraints ${clash}`));
  }
  if (feature.boolDomain) mendBoolDomain(feature.boolDomain);
  if (feature.stringDomain) mendStringDomain(feature.stringDomain);
  return findings;
}

/** Checks a feature and mends it; one without a name or a type is deprecated, and nothing more is said of it. */
export function checkFeatureItself(editor: SchemaEditor, feature: Feature): Finding[] {
  if (isDeprecated(feature)) return [];
  const findings = checkIdentity(feature);
  if (isDeprecated(feature)) return findings;
  return [...findings, ...checkPresence(feature), ...checkValueCounts(feature), ...checkDomain(editor, feature)];
}
