/** From the alerts that last and a round of findings to what changes. Pure. */
import { canonicalJson, contentHash, DAY_MS } from '../base/index.ts';
import type { AlertState } from '../store/index.ts';
import { type Finding, type Round, SEVERITIES } from './findings.ts';
import { type AlertRule, crosses } from './rules.ts';

export interface Alert extends Finding {
  readonly id: string;
  readonly rule: string;
  readonly source: string;
  readonly state: AlertState;
  /** When it was first found. */
  readonly beganAtMs: number;
  /** When it had held for long enough. */
  readonly firedAtMs: number | null;
  /** When it was last found. */
  readonly seenAtMs: number;
  /** Since when it has not been found; null while it is. */
  readonly clearSinceMs: number | null;
  /** When the newest span begins that showed it; null where its rounds are of no span. */
  readonly spanFromMs: number | null;
  readonly endedAtMs: number | null;
  /** Why it ended: `clear`, `rule removed`, `closed by NAME`; '' while it lasts. */
  readonly ending: string;
  /** The routes that were told that it fires, and will be told that it recovered. */
  readonly told: readonly string[];
}

export interface Judgement {
  /** New or changed, recovered ones included. */
  readonly alerts: readonly Alert[];
  /** Ids of pending alerts that were gone before their time. */
  readonly forgotten: readonly string[];
}

/** The findings of a round by rule and subject; of several about one subject the worst, with all their texts. */
function crossings(rules: readonly AlertRule[], round: Round): Map<string, { rule: AlertRule; finding: Finding }> {
  const found = new Map<string, { rule: AlertRule; finding: Finding }>();
  for (const finding of round.findings) {
    for (const rule of rules) {
      if (!crosses(rule, round.source, finding)) continue;
      const key = keyOf(rule.name, round.source, finding);
      const known = found.get(key)?.finding;
      found.set(key, { rule, finding: known === undefined ? finding : worst(known, finding) });
    }
  }
  return found;
}

function worst(a: Finding, b: Finding): Finding {
  const [first, second] = SEVERITIES.indexOf(b.severity) > SEVERITIES.indexOf(a.severity) ? [b, a] : [a, b];
  return first.text === second.text ? first : { ...first, text: `${first.text}; ${second.text}` };
}

type Subject = Pick<Finding, 'kind' | 'name' | 'feature' | 'slice'>;

const keyOf = (rule: string, source: string, { kind, name, feature, slice }: Subject): string =>
  canonicalJson([rule, source, kind, name, feature, slice]);

/** @param lasting all alerts that have not ended, of any source */
export function judge(lasting: readonly Alert[], rules: readonly AlertRule[], round: Round, nowMs: number): Judgement {
  const alerts: Alert[] = [];
  const forgotten: string[] = [];
  const found = crossings(rules, round);
  const ruleOf = new Map(rules.map((rule) => [rule.name, rule]));
  const measured = new Set(round.findings.map((finding) => keyOf('', round.source, finding)));

  for (const alert of lasting) {
    const rule = ruleOf.get(alert.rule);
    const key = keyOf(alert.rule, alert.source, alert);
    const crossing = found.get(key);
    found.delete(key);
    if (rule === undefined) {
      if (alert.state === 'pending') forgotten.push(alert.id);
      else alerts.push(ended(alert, 'rule removed', nowMs));
    } else if (crossing !== undefined) {
      alerts.push(seen(alert, crossing.finding, rule, round, nowMs));
    } else if (alert.source === round.source && isClear(alert, round, measured)) {
      const clearSinceMs = alert.clearSinceMs ?? nowMs;
      if (alert.state === 'pending') forgotten.push(alert.id);
      else if (nowMs - clearSinceMs >= rule.clearForMs) alerts.push(ended({ ...alert, clearSinceMs }, 'clear', nowMs));
      else alerts.push({ ...alert, clearSinceMs });
    }
  }
  for (const [key, { rule, finding }] of found) {
    const fresh: Alert = {
      ...finding,
      id: contentHash(key, String(nowMs)).slice(0, 24),
      rule: rule.name,
      source: round.source,
      state: 'pending',
      beganAtMs: nowMs,
      firedAtMs: null,
      seenAtMs: nowMs,
      clearSinceMs: null,
      spanFromMs: round.spanFromMs ?? null,
      endedAtMs: null,
      ending: '',
      told: [],
    };
    alerts.push(seen(fresh, finding, rule, round, nowMs));
  }
  return { alerts, forgotten };
}

/** Without a span on either side nothing is older than anything. */
const isOlder = ({ spanFromMs: roundMs }: Round, { spanFromMs: alertMs }: Alert): boolean =>
  roundMs !== undefined && alertMs !== null && roundMs < alertMs;

function isClear(alert: Alert, round: Round, measured: ReadonlySet<string>): boolean {
  // That the day before was well says nothing about a day that is not.
  if (!round.examined.includes(alert.kind) || isOlder(round, alert)) return false;
  if (isGone(alert, round)) return true;
  if (round.slices !== undefined && !round.slices.includes(alert.slice)) return false;
  return alert.kind === 'anomaly' || measured.has(keyOf('', alert.source, alert));
}

/** By night a slice stays away for hours: it takes a day to be gone. */
const GONE_AFTER_MS = DAY_MS;

function isGone({ slice, spanFromMs, ofAbsence = false }: Alert, round: Round): boolean {
  const { present, slices } = round;
  if (slice === '' || ofAbsence || present === undefined || present.includes(slice)) return false;
  if (slices !== undefined && !slices.includes('')) return false;
  return (round.spanFromMs ?? Number.POSITIVE_INFINITY) - (spanFromMs ?? 0) >= GONE_AFTER_MS;
}

function seen(alert: Alert, finding: Finding, rule: AlertRule, round: Round, nowMs: number): Alert {
  // What an older span shows too changes nothing of what the newest one said.
  const { value, severity, text } = isOlder(round, alert) ? alert : finding;
  const fires = alert.state === 'firing' || nowMs - alert.beganAtMs >= rule.forMs;
  return {
    ...alert,
    value,
    severity,
    text,
    state: fires ? 'firing' : 'pending',
    firedAtMs: alert.firedAtMs ?? (fires ? nowMs : null),
    seenAtMs: nowMs,
    clearSinceMs: null,
    spanFromMs: isOlder(round, alert) ? alert.spanFromMs : (round.spanFromMs ?? null),
  };
}

export function ended(alert: Alert, ending: string, nowMs: number): Alert {
  return { ...alert, state: 'recovered', endedAtMs: nowMs, ending };
}
