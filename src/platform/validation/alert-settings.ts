/**
 * Alerts as the configuration file has them. Secrets never stand in it: it names the variables of the environment that hold them.
 * A route whose variable is not set is left out, and says so; rules that have no route left go to the log.
 */
import { type AlertRuleOptions, type RouteOptions, resolveRules } from '../../alerts/index.ts';
import {
  MINUTE_MS,
  requireOneOf,
  requireRange,
  requireTexts,
  resolveOptions,
  ShelfwiseError,
} from '../../base/index.ts';
import type { RouteView } from './service.ts';

export type RouteSettings =
  | {
      readonly to: 'webhook';
      readonly name: string;
      /** Or `urlFrom`, where who has the address may post. */
      readonly url?: string;
      readonly urlFrom?: string;
      /** Variables of the environment, each with a secret: `whsec_` and base64 of 24 to 64 bytes. */
      readonly secretsFrom: readonly string[];
    }
  | {
      readonly to: 'slack';
      readonly name: string;
      /** Variable of the environment: who has the address can post. */
      readonly urlFrom: string;
    }
  | {
      readonly to: 'mail';
      readonly name: string;
      readonly host: string;
      /** @default 587 */
      readonly port?: number;
      /** @default 'starttls' */
      readonly security?: 'starttls' | 'tls' | 'none';
      /** @default none: the relay asks for no login */
      readonly user?: string;
      readonly passwordFrom?: string;
      readonly from: string;
      readonly recipients: readonly string[];
    }
  | { readonly to: 'log'; readonly name: string };

export interface AlertSettings {
  /** The route `log` is always there. @default none */
  readonly routes: readonly RouteSettings[];
  /** In the place of the rules that are there by default; none: nobody is told of anything. @default null */
  readonly rules: readonly AlertRuleOptions[] | null;
  /** Days for which alerts that ended, and what was sent, are kept. @default 90 */
  readonly retentionDays: number;
}

export const ALERT_DEFAULTS: AlertSettings = { routes: [], rules: null, retentionDays: 90 };

export const LOG_ROUTE = 'log';

/** Errors of data, and a platform that is in trouble; everybody is told. */
export function defaultRules(routes: readonly string[]): readonly AlertRuleOptions[] {
  const platform = { kind: 'statistic', source: 'platform', severity: 'info', routes } as const;
  return [
    { name: 'data errors', kind: 'anomaly', severity: 'error', routes },
    { name: 'disk refuses writes', ...platform, finding: 'log_full', above: 0 },
    { name: 'events rejected', ...platform, finding: 'events_rejected_share', above: 0.2, forMs: 5 * MINUTE_MS },
    { name: 'homes degraded', ...platform, finding: 'homes_degraded_share', above: 0.1, forMs: 5 * MINUTE_MS },
  ];
}

const KEYS = {
  webhook: ['to', 'name', 'url', 'urlFrom', 'secretsFrom'],
  slack: ['to', 'name', 'urlFrom'],
  mail: ['to', 'name', 'host', 'port', 'security', 'user', 'passwordFrom', 'from', 'recipients'],
  log: ['to', 'name'],
} as const;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Throws OPTION_INVALID for what could not be meant. */
export function resolveAlertSettings(given: Partial<AlertSettings>): AlertSettings {
  const settings = resolveOptions<AlertSettings>('alerts', given, ALERT_DEFAULTS);
  requireRange('alerts', 'retentionDays', settings.retentionDays, 1, 36_500);
  if (!Array.isArray(settings.routes)) refuse('routes', 'is no list', 'give a list of routes');
  if (settings.rules !== null && !Array.isArray(settings.rules)) refuse('rules', 'is no list', 'give a list of rules');
  const names = new Set([LOG_ROUTE]);
  for (const [at, route] of settings.routes.entries()) {
    checkRoute(`routes.${at}`, route);
    if (names.has(route.name) && !(route.to === 'log' && route.name === LOG_ROUTE))
      refuse(`routes.${at}.name`, `is "${route.name}" again`, 'every route must have a name of its own');
    names.add(route.name);
  }
  for (const [at, rule] of (settings.rules ?? []).entries())
    if (typeof rule !== 'object' || rule === null)
      refuse(`rules.${at}`, 'is no object', 'give { name, kind, routes, … }');
  resolveRules(settings.rules ?? [], names);
  return settings;
}

function refuse(path: string, what: string, remedy: string): never {
  throw new ShelfwiseError('OPTION_INVALID', `alerts: ${path} ${what}; ${remedy}`);
}

function checkRoute(path: string, route: RouteSettings): void {
  if (typeof route !== 'object' || route === null) refuse(path, 'is no object', 'give { to, name, … }');
  const fields = route as unknown as Readonly<Record<string, unknown>>;
  requireOneOf('alerts', `${path}.to`, route.to, Object.keys(KEYS) as (keyof typeof KEYS)[]);
  for (const key of Object.keys(route)) {
    if ((KEYS[route.to] as readonly string[]).includes(key)) continue;
    const remedy = ['secret', 'secrets', 'password'].includes(key)
      ? `secrets do not stand in the file: name a variable of the environment with ${route.to === 'mail' ? 'passwordFrom' : 'secretsFrom'}`
      : `it must be one of ${KEYS[route.to].join(', ')}`;
    refuse(`${path}.${key}`, 'is not known', remedy);
  }
  const text = (key: string): void => {
    const value = fields[key];
    if (typeof value !== 'string' || value.trim() === '') refuse(`${path}.${key}`, 'is no text', 'it must be a text');
  };
  const variable = (key: string, value: unknown): void => {
    if (typeof value !== 'string' || !VARIABLE.test(value))
      refuse(
        `${path}.${key}`,
        `is ${JSON.stringify(value)}`,
        'it must be the name of a variable of the environment, such as ALERT_SECRET',
      );
  };
  text('name');
  switch (route.to) {
    case 'webhook':
      if ((route.url === undefined) === (route.urlFrom === undefined))
        refuse(path, 'is without an address', 'give url or urlFrom, one of them');
      if (route.url !== undefined) text('url');
      if (route.urlFrom !== undefined) variable('urlFrom', route.urlFrom);
      requireTexts('alerts', `${path}.secretsFrom`, route.secretsFrom);
      if (route.secretsFrom.length === 0)
        refuse(`${path}.secretsFrom`, 'is empty', 'name a variable: webhooks are signed');
      for (const name of route.secretsFrom) variable('secretsFrom', name);
      return;
    case 'slack':
      variable('urlFrom', route.urlFrom);
      return;
    case 'mail':
      text('host');
      text('from');
      requireTexts('alerts', `${path}.recipients`, route.recipients);
      if (route.recipients.length === 0) refuse(`${path}.recipients`, 'is empty', 'name who is told');
      if (route.port !== undefined) requireRange('alerts', `${path}.port`, route.port, 1, 65_535);
      if (route.security !== undefined)
        requireOneOf('alerts', `${path}.security`, route.security, ['starttls', 'tls', 'none']);
      if (route.passwordFrom !== undefined) variable('passwordFrom', route.passwordFrom);
      if ((route.user === undefined) !== (route.passwordFrom === undefined))
        refuse(path, 'has half a login', 'give user and passwordFrom, or neither');
      return;
    case 'log':
  }
}

export interface OpenableRoutes {
  readonly routes: readonly RouteOptions[];
  readonly views: readonly RouteView[];
}

/** With the secrets of the environment; what lacks one is told of in `views` and not in `routes`. */
export function routesWithSecrets(
  settings: readonly RouteSettings[],
  environment: Readonly<Record<string, string | undefined>>,
): OpenableRoutes {
  const routes: RouteOptions[] = [];
  const views: RouteView[] = [];
  for (const route of settings) {
    const missing = variablesOf(route).filter((name) => (environment[name] ?? '') === '');
    const problem = missing.length === 0 ? '' : `not in the environment: ${missing.join(', ')}`;
    views.push({ name: route.name, to: route.to, problem });
    if (problem === '') routes.push(openable(route, (name) => environment[name] ?? ''));
  }
  if (!views.some(({ name }) => name === LOG_ROUTE)) {
    routes.push({ to: 'log', name: LOG_ROUTE });
    views.push({ name: LOG_ROUTE, to: 'log', problem: '' });
  }
  return { routes, views };
}

function variablesOf(route: RouteSettings): readonly string[] {
  switch (route.to) {
    case 'webhook':
      return [...route.secretsFrom, ...(route.urlFrom === undefined ? [] : [route.urlFrom])];
    case 'slack':
      return [route.urlFrom];
    case 'mail':
      return route.passwordFrom === undefined ? [] : [route.passwordFrom];
    case 'log':
      return [];
  }
}

function openable(route: RouteSettings, secretOf: (name: string) => string): RouteOptions {
  const { name } = route;
  switch (route.to) {
    case 'webhook':
      return {
        to: 'webhook',
        name,
        url: route.url ?? secretOf(route.urlFrom ?? ''),
        secrets: route.secretsFrom.map(secretOf),
      };
    case 'slack':
      return { to: 'slack', name, url: secretOf(route.urlFrom) };
    case 'mail': {
      const { host, port = 587, security = 'starttls', user, passwordFrom, from, recipients } = route;
      const login =
        user === undefined || passwordFrom === undefined ? null : { user, password: secretOf(passwordFrom) };
      return { to: 'mail', name, host, port, security, login, from, recipients };
    }
    case 'log':
      return { to: 'log', name };
  }
}
