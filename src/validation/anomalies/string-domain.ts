/** Words of a string domain. */
import { type DistributionConstraints, encodeText, escapeC, type StringDomain } from '../metadata/index.ts';
import type { FeatureView } from '../views.ts';
import { type Finding, finding } from './findings.ts';

export interface DomainCheck {
  readonly findings: readonly Finding[];
  /** The domain cannot be mended: the feature must lose it. */
  readonly clear: boolean;
}

/** Share of values that may lie outside the domain: 1 − min_domain_mass, 0 by default. */
export function maxOffDomain(constraints: DistributionConstraints | undefined): number {
  return constraints?.minDomainMass === undefined ? 0 : 1 - constraints.minDomainMass;
}

function percentage(count: number, total: number): string {
  if (total === 0) return '?';
  const percent = (100 * count) / total;
  return percent < 1 ? '<1%' : `~${Math.floor(percent)}%`;
}

/** Values that are in the data and not in the domain, with their counts, in byte order. */
export function missingWords(view: FeatureView, domain: StringDomain): [string, number][] {
  const known = new Set(domain.value ?? []);
  return [...view.valueCounts].filter(([word]) => !known.has(word));
}

/** Checks the words and adds those that are missing; a domain that grows to `deleteThreshold` words goes. */
export function checkStringDomain(
  view: FeatureView,
  domain: StringDomain,
  maxOff: number,
  deleteThreshold: number,
): DomainCheck {
  if (view.hasInvalidUtf8) {
    const long = 'Found strings that were not valid UTF8 strings.';
    return { findings: [finding('ENUM_TYPE_INVALID_UTF8', 'Invalid UTF8 strings', long)], clear: true };
  }
  const findings: Finding[] = [];
  const missing = missingWords(view, domain);
  const total = view.totalValues;
  const off = missing.reduce((sum, [, count]) => sum + count, 0) / total;
  if (off > maxOff || (maxOff === 0 && missing.length > 0)) {
    const words = missing.map(
      ([word, count]) => `${escapeC(encodeText(word), true)} (${percentage(Math.trunc(count), total)})`,
    );
    const long = `Examples contain values missing from the schema: ${words.join(', ')}. `;
    findings.push(finding('ENUM_TYPE_UNEXPECTED_STRING_VALUES', 'Unexpected string values', long));
    domain.value = [...(domain.value ?? []), ...missing.map(([word]) => word)];
  }
  const size = domain.value?.length ?? 0;
  if (size < deleteThreshold) return { findings, clear: false };
  const short = 'String domain has too many values';
  findings.push(finding('INVALID_DOMAIN_SPECIFICATION', short, `${short} (${size}).`));
  return { findings, clear: true };
}
