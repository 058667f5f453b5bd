/** Rules: which findings become alerts, when, and who is told. */
import { requireOneOf, requireRange, requireTexts, resolveOptions, ShelfwiseError } from '../base/index.ts';
import { FINDING_KINDS, type Finding, type FindingKind, globMatches, SEVERITIES, type Severity } from './findings.ts';

export interface AlertRule {
  /** Stands in alerts, silences and messages; unique. */
  readonly name: string;
  readonly kind: FindingKind;
  /** The statistic, distance or type of anomaly; `*` stands for any run of characters, here and below. @default '*' */
  readonly finding: string;
  /** @default '*' */
  readonly source: string;
  /** Path of the feature; '' is the whole data set. @default '*' */
  readonly feature: string;
  /** '' is all examples. @default '*' */
  readonly slice: string;
  /** Findings of this severity or worse. @default 'info' */
  readonly severity: Severity;
  /** The value lies above. @default null: no upper threshold */
  readonly above: number | null;
  /** The value lies below; with `above` too, either is enough. @default null */
  readonly below: number | null;
  /** It must hold in every round for so long; rounds decide, nothing is known between them. @default 0: at once */
  readonly forMs: number;
  /** It must be away for so long before it has recovered: longer for what flaps. @default 0 */
  readonly clearForMs: number;
  /** Names of routes. */
  readonly routes: readonly string[];
}

export type AlertRuleOptions = Partial<AlertRule> & Pick<AlertRule, 'name' | 'kind' | 'routes'>;

const DEFAULTS: AlertRule = {
  name: '',
  kind: 'anomaly',
  finding: '*',
  source: '*',
  feature: '*',
  slice: '*',
  severity: 'info',
  above: null,
  below: null,
  forMs: 0,
  clearForMs: 0,
  routes: [],
};

/** Throws OPTION_INVALID for a rule that could not be meant. */
export function resolveRules(given: readonly AlertRuleOptions[], routes: ReadonlySet<string>): readonly AlertRule[] {
  const names = new Set<string>();
  return given.map((options) => {
    const owner = `alert rule "${options.name}"`;
    const rule = resolveOptions<AlertRule>(owner, options, DEFAULTS);
    if (rule.name === '' || names.has(rule.name)) {
      throw new ShelfwiseError('OPTION_INVALID', `${owner}: every rule has a name of its own`);
    }
    names.add(rule.name);
    requireOneOf(owner, 'kind', rule.kind, FINDING_KINDS);
    requireOneOf(owner, 'severity', rule.severity, SEVERITIES);
    requireRange(owner, 'forMs', rule.forMs, 0, Number.MAX_SAFE_INTEGER);
    requireRange(owner, 'clearForMs', rule.clearForMs, 0, Number.MAX_SAFE_INTEGER);
    for (const bound of ['above', 'below'] as const) {
      if (rule[bound] !== null) requireRange(owner, bound, rule[bound], -Infinity, Infinity);
    }
    if (rule.kind !== 'anomaly' && rule.above === null && rule.below === null) {
      throw new ShelfwiseError('OPTION_INVALID', `${owner}: a ${rule.kind} needs a threshold, above or below`);
    }
    requireTexts(owner, 'routes', rule.routes);
    if (rule.routes.length === 0) throw new ShelfwiseError('OPTION_INVALID', `${owner}: routes is empty`);
    for (const route of rule.routes) requireOneOf(owner, 'routes', route, [...routes]);
    return rule;
  });
}

/** Whether a finding is one that the rule is about and that crosses its thresholds. */
export function crosses(rule: AlertRule, source: string, finding: Finding): boolean {
  if (rule.kind !== finding.kind || !globMatches(rule.finding, finding.name)) return false;
  if (!globMatches(rule.source, source) || !globMatches(rule.feature, finding.feature)) return false;
  if (!globMatches(rule.slice, finding.slice)) return false;
  if (SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(rule.severity)) return false;
  if (rule.above === null && rule.below === null) return true;
  const { value } = finding;
  // A number that is none crosses every threshold: a broken measurement is no sign of health.
  if (value === null) return false;
  if (Number.isNaN(value)) return true;
  return (rule.above !== null && value > rule.above) || (rule.below !== null && value < rule.below);
}
