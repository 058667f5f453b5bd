/** What a receiver is told: that alerts fire, or that they recovered; one notice a route and round. */
import { canonicalJson, contentHash } from '../base/index.ts';
import type { StoredNotice } from '../store/index.ts';
import type { Alert } from './judge.ts';

export interface Notice {
  /** The same at every repetition: receivers drop what they have. */
  readonly id: string;
  readonly event: 'fired' | 'recovered';
  readonly atMs: number;
  readonly alerts: readonly Alert[];
}

export function noticesOf(event: Notice['event'], alerts: readonly Alert[], nowMs: number): StoredNotice[] {
  const byRoute = new Map<string, Alert[]>();
  for (const alert of alerts) {
    for (const route of alert.told) byRoute.set(route, [...(byRoute.get(route) ?? []), alert]);
  }
  return [...byRoute].map(([route, told]) => {
    const id = `msg_${contentHash(canonicalJson([event, route, told.map((alert) => alert.id)]))}`;
    const notice: Notice = { id, event, atMs: nowMs, alerts: told };
    return {
      id,
      route,
      createdAtMs: nowMs,
      state: 'due',
      attempts: 0,
      nextAtMs: nowMs,
      lastFailure: '',
      settledAtMs: null,
      body: JSON.stringify(notice),
    };
  });
}

/** `Fired: train · country · premium: …`. */
export function headline({ event, alerts }: Notice): string {
  const more = alerts.length > 1 ? ` and ${alerts.length - 1} more` : '';
  return `${event === 'fired' ? 'Fired' : 'Recovered'}: ${subjectOf(alerts[0])}${more}`;
}

export function lineOf(alert: Alert): string {
  const value = alert.value === null ? '' : ` (${Number(alert.value.toPrecision(6))})`;
  return `[${alert.severity}] ${subjectOf(alert)}${value}: ${alert.text}`;
}

const subjectOf = ({ source, feature, slice, name }: Alert): string =>
  [source, feature, slice, name].filter((part) => part !== '').join(' · ');
