/** Alerts: rules, routes, silences. */
export { type AlertOptions, type Alerts, openAlerts } from './alerts.ts';
export { FINDING_KINDS, type Finding, type FindingKind, type Round, SEVERITIES, type Severity } from './findings.ts';
export type { Alert } from './judge.ts';
export { type AlertLogger, type RouteOptions, verifyWebhook } from './routes/index.ts';
export { type AlertRule, type AlertRuleOptions, resolveRules } from './rules.ts';
export { isSilenced, type Matcher, type Silence } from './silences.ts';
