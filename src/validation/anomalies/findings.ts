/** Findings about one feature or one dataset, and how they become one AnomalyInfo. */
import type { AnomalyInfo, AnomalyReason, AnomalySeverity, AnomalyType } from '../metadata/index.ts';
import type { Rules } from '../schema/rules.ts';

export interface Finding {
  readonly type: AnomalyType;
  readonly short: string;
  /** May be empty: what a check of the schema itself says is all in `short`. */
  readonly long: string;
}

export function finding(type: AnomalyType, short: string, long = ''): Finding {
  return { type, short, long };
}

const ORDER: readonly AnomalySeverity[] = ['UNKNOWN', 'WARNING', 'ERROR'];

/** The highest severity among findings: ERROR each unless the rules say otherwise. */
export function severityOf(rules: Rules, findings: readonly Finding[]): AnomalySeverity {
  const ranks = findings.map(({ type }) => ORDER.indexOf(rules.severities.get(type) ?? 'ERROR'));
  return ORDER[Math.max(0, ...ranks)];
}

export function isSeverer(one: AnomalySeverity, other: AnomalySeverity): boolean {
  return ORDER.indexOf(one) > ORDER.indexOf(other);
}

/** One text for several: the long ones joined by a blank, `Multiple errors` above; those without a long text say nothing. */
export function unifyReasons(reasons: readonly AnomalyReason[]): { shortDescription: string; description: string } {
  let unified = { shortDescription: '', description: '' };
  for (const { shortDescription = '', description = '' } of reasons)
    if (unified.description === '') unified = { shortDescription, description };
    else if (description !== '')
      unified = { shortDescription: 'Multiple errors', description: `${unified.description} ${description}` };
  return unified;
}

/** The anomaly that findings make. A new struct with new fields is one new column. */
export function anomalyInfoOf(rules: Rules, findings: readonly Finding[]): AnomalyInfo {
  const allNew = findings.every(({ type }) => type === 'SCHEMA_NEW_COLUMN');
  const reason = (allNew ? findings.slice(0, 1) : findings).map(({ type, short, long }) => ({
    type,
    shortDescription: short,
    description: long,
  }));
  return { ...unifyReasons(reason), severity: severityOf(rules, findings), reason };
}
