/**
 * Alerts of the platform: rules and routes of the configuration, rules that people add beside them, and what is judged. Only a platform
 * that serves is on duty: a command that opens the data for a moment, perhaps by another configuration, ends and tells nothing.
 */
import { type AlertRuleOptions, isSilenced, openAlerts, type Round, resolveRules } from '../../alerts/index.ts';
import { type Clock, DAY_MS, messageOf, requireOneOf, ShelfwiseError } from '../../base/index.ts';
import type { Metadata } from '../../store/index.ts';
import type { PlatformLogger } from '../config.ts';
import { type AlertSettings, defaultRules, LOG_ROUTE, routesWithSecrets } from './alert-settings.ts';
import type { AlertService, AlertView, NewRule, RuleView } from './service.ts';

export interface Alerting {
  readonly service: AlertService;
  /** Nothing unless on duty. */
  observe(round: Round): Promise<void>;
  /** Goes on duty: rounds are judged, and what is due is delivered. */
  start(): void;
  /** Forgets what ended long ago. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

interface PersonsRule {
  readonly rule: AlertRuleOptions;
  readonly author: string;
  readonly reason: string;
  readonly addedAtMs: number;
}

const SETTING = 'alert-rules';
/** Letters of a rule's name, as the routes take them. */
const MOST_NAME = 200;
/** Of rules that people added. */
const MOST_RULES = 1000;

export async function createAlerting(dependencies: {
  readonly metadata: Pick<Metadata, 'alerts' | 'settings'>;
  readonly settings: AlertSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly logger: PlatformLogger;
}): Promise<Alerting> {
  const { metadata, settings, environment, clock, logger } = dependencies;
  const { routes, views } = routesThatOpen(settings, environment, dependencies);
  const open = new Set(routes.map(({ name }) => name));
  /** Who is left of those that a rule names; the log where nobody is. */
  const reachable = (names: readonly string[]): readonly string[] => {
    const left = names.filter((name) => open.has(name));
    return left.length > 0 ? left : [LOG_ROUTE];
  };
  const fromFile = settings.rules === null ? ('default' as const) : ('configuration' as const);
  const configured = (settings.rules ?? defaultRules(views.map(({ name }) => name))).map((rule) => ({
    ...rule,
    routes: reachable(rule.routes),
  }));
  const stored = await metadata.settings.get(SETTING);
  let persons = stored === undefined ? [] : (JSON.parse(stored) as readonly PersonsRule[]);
  const allRules = (own: readonly PersonsRule[]): readonly AlertRuleOptions[] => [
    ...configured,
    // A name that the file has taken since is the file's.
    ...own
      .filter(({ rule }) => !configured.some(({ name }) => name === rule.name))
      .map(({ rule }) => ({ ...rule, routes: reachable(rule.routes) })),
  ];
  const alerts = openAlerts({ ledger: metadata.alerts, rules: allRules(persons), routes, clock, logger });
  let onDuty = false;

  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work);
    turn = next.catch(() => undefined);
    return next;
  };
  const change = async (next: readonly PersonsRule[]): Promise<void> => {
    // Valid before it is stored, stored before it is in force.
    resolveRules(allRules(next), open);
    await metadata.settings.set(SETTING, JSON.stringify(next));
    persons = next;
    await alerts.changeRules(allRules(next));
  };
  const ruleViews = (): readonly RuleView[] => {
    const byName = new Map(persons.map((one) => [one.rule.name, one]));
    return resolveRules(allRules(persons), open).map((rule): RuleView => {
      const own = configured.some(({ name }) => name === rule.name) ? undefined : byName.get(rule.name);
      return {
        ...rule,
        from: own === undefined ? fromFile : 'person',
        author: own?.author ?? '',
        reason: own?.reason ?? '',
        addedAtMs: own?.addedAtMs ?? null,
      };
    });
  };

  const tending: Omit<Alerting, 'service'> = {
    async observe(round) {
      if (onDuty) await alerts.observe(round);
    },
    start() {
      onDuty = true;
      for (const { name, problem } of views)
        if (problem !== '') logger.error({ route: name, problem }, 'an alert route does not work');
      alerts.start();
    },
    tidy: async () => {
      await metadata.alerts.forget(clock.nowMs() - settings.retentionDays * DAY_MS);
    },
    close: () => alerts.stop(),
  };
  const service: AlertService = {
    async alerts({ state, limit }) {
      const silences = await alerts.silences();
      const found =
        state === 'active'
          ? [...(await alerts.list({ state: 'pending', limit })), ...(await alerts.list({ state: 'firing', limit }))]
          : await alerts.list({ state, limit });
      return [...found]
        .sort((a, b) => b.beganAtMs - a.beganAtMs || (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map((alert): AlertView => {
          const { clearSinceMs: _clear, spanFromMs: _span, ofAbsence: _absence, ...shown } = alert;
          return { ...shown, silenced: isSilenced(alert, silences) };
        });
    },
    closeAlert: (id, author) => alerts.close(id, author),
    silences: () => alerts.silences(),
    addSilence: (silence) => alerts.silence(silence),
    endSilence: (id) => alerts.unsilence(id),
    alertRules: async () => ({ rules: ruleViews(), routes: views }),
    addAlertRule: (given) =>
      inTurn(async () => {
        if (persons.length >= MOST_RULES)
          throw new ShelfwiseError('OPTION_INVALID', `there are ${MOST_RULES} rules of people already; remove some`);
        const { author, reason, ...rule } = given;
        if (ruleViews().some(({ name }) => name === rule.name))
          throw new ShelfwiseError('OPTION_INVALID', `there is an alert rule "${rule.name}" already; name another`);
        for (const route of rule.routes ?? []) requireOneOf('alert rule', 'routes', route, [...open]);
        const named = completed(
          rule,
          [...open],
          ruleViews().map(({ name }) => name),
        );
        await change([...persons, { rule: named, author, reason, addedAtMs: clock.nowMs() }]);
        return ruleViews().find(({ name }) => name === named.name) as RuleView;
      }),
    removeAlertRule: (name) =>
      inTurn(async () => {
        const next = persons.filter(({ rule }) => rule.name !== name);
        if (next.length === persons.length) throw new ShelfwiseError('ALERT_RULE_NOT_FOUND', name);
        await change(next);
      }),
    alertNotices: async (limit) =>
      (await alerts.notices(limit)).map(({ id, route, createdAtMs, state, attempts, lastFailure, settledAtMs }) => ({
        id,
        route,
        createdAtMs,
        state,
        attempts,
        lastFailure,
        settledAtMs,
      })),
    testAlerts: async (route) => {
      const names = views.map(({ name }) => name);
      if (route !== undefined) requireOneOf('alerts', 'route', route, names);
      const broken = views.filter(({ name, problem }) => problem !== '' && (route === undefined || name === route));
      const failures = broken.map(({ name, problem }) => ({ route: name, delivered: false, reason: problem }));
      if (route !== undefined && broken.length > 0) return failures;
      return [...(await alerts.test(route)), ...failures];
    },
  };

  return { ...tending, service };
}

/** A route that does not open, such as one whose secret is no secret, is left out and says why: the others work. */
function routesThatOpen(
  settings: AlertSettings,
  environment: Readonly<Record<string, string | undefined>>,
  { metadata, clock }: { readonly metadata: Pick<Metadata, 'alerts'>; readonly clock: Clock },
): ReturnType<typeof routesWithSecrets> {
  const { routes, views } = routesWithSecrets(settings.routes, environment);
  const problems = new Map<string, string>();
  for (const route of routes) {
    try {
      void openAlerts({ ledger: metadata.alerts, rules: [], routes: [route], clock }).stop();
    } catch (error) {
      if (!(error instanceof ShelfwiseError) || error.code !== 'OPTION_INVALID') throw error;
      problems.set(route.name, messageOf(error).replace(/^.*?: /, ''));
    }
  }
  return {
    routes: routes.filter(({ name }) => !problems.has(name)),
    views: views.map((view) => ({ ...view, problem: problems.get(view.name) ?? view.problem })),
  };
}

/** With a name of its own, and the routes that there are where none is named. */
function completed(
  given: Omit<NewRule, 'author' | 'reason'>,
  open: readonly string[],
  taken: readonly string[],
): AlertRuleOptions {
  const { kind = 'anomaly', routes = [] } = given;
  const others = open.filter((name) => name !== LOG_ROUTE);
  const told = routes.length > 0 ? routes : others.length > 0 ? others : [LOG_ROUTE];
  const about = [given.finding ?? 'anything', given.feature, given.slice].filter(
    (part) => part !== undefined && part !== '',
  );
  const made = `${about.join(' · ')} in ${given.source ?? 'all data'}`;
  // Names of features may be long; what tells two of one name apart stays.
  const called = (ending: string): string => made.slice(0, MOST_NAME - ending.length) + ending;
  let name = given.name ?? called('');
  for (let n = 2; given.name === undefined && taken.includes(name); n++) name = called(` (${n})`);
  return { ...given, name, kind, routes: told };
}
