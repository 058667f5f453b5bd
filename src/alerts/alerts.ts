/** Alerting: rounds of findings in, notices out, once. */
import { randomBytes } from 'node:crypto';
import {
  type Clock,
  messageOf,
  requireOneOf,
  requireRange,
  resolveOptions,
  SECOND_MS,
  ShelfwiseError,
  systemClock,
} from '../base/index.ts';
import type { AlertLedger, AlertState, StoredAlert, StoredNotice } from '../store/index.ts';
import type { Round } from './findings.ts';
import { type Alert, ended, type Judgement, judge } from './judge.ts';
import { type Notice, noticesOf } from './notice.ts';
import { deliverDue } from './outbox.ts';
import { type AlertLogger, openRoute, type Route, type RouteOptions } from './routes/index.ts';
import { type AlertRuleOptions, resolveRules } from './rules.ts';
import { checkSilence, isSilenced, type Silence, silenceOf, storedSilence } from './silences.ts';

export interface AlertOptions {
  /** Where it is remembered: `metadata.alerts`. */
  readonly ledger: AlertLedger;
  readonly rules: readonly AlertRuleOptions[];
  readonly routes: readonly RouteOptions[];
  /** @default the machine's */
  readonly clock: Clock;
  /** For the route `log`, and for what cannot be delivered. @default silent */
  readonly logger: AlertLogger;
  /** An attempt to deliver fails after so long. @default 10 s */
  readonly timeoutMs: number;
  /** How often it is looked for what is due, once started. @default 1 s */
  readonly pollMs: number;
}

export interface Alerts {
  /** Judges a round. What it changes, and the notices of it, are on the medium when it resolves; delivery follows. */
  observe(round: Round): Promise<void>;
  /** Newest first. */
  list(query?: { readonly state?: AlertState | undefined; readonly limit?: number }): Promise<readonly Alert[]>;
  /** Ends an alert by hand; it fires anew when the next round finds it. Throws ALERT_NOT_FOUND for one that does not last. */
  close(id: string, author: string): Promise<void>;
  /** From now until `untilMs`. When it ends, what still fires is told. Throws OPTION_INVALID. */
  silence(silence: Pick<Silence, 'matcher' | 'author' | 'reason' | 'untilMs'>): Promise<Silence>;
  /** Those that last, by their end. */
  silences(): Promise<readonly Silence[]>;
  /** Ends a silence now. Throws ALERT_SILENCE_NOT_FOUND for one that does not last. */
  unsilence(id: string): Promise<void>;
  /** Judges by these rules from now on; alerts of rules that are gone end. Throws OPTION_INVALID, and then nothing changes. */
  changeRules(rules: readonly AlertRuleOptions[]): Promise<void>;
  /** Sends a notice that says it is a test, at once and once, by one route or by each. Throws OPTION_INVALID for a route that there is not. */
  test(
    route?: string,
  ): Promise<readonly { readonly route: string; readonly delivered: boolean; readonly reason: string }[]>;
  /** Newest first: what was sent where, and what was not. */
  notices(limit?: number): Promise<readonly Omit<StoredNotice, 'body'>[]>;
  /** Tells of what came out of a silence, and attempts what is due. @returns how many notices were delivered */
  deliver(): Promise<number>;
  /** Delivers from now on, until `stop`. */
  start(): void;
  /** Ends after the attempts that are under way; at most `timeoutMs`. */
  stop(): Promise<void>;
}

type Given = Partial<AlertOptions> & Pick<AlertOptions, 'ledger' | 'rules' | 'routes'>;

/** Throws OPTION_INVALID for rules and routes that could not be meant. */
export function openAlerts(given: Given): Alerts {
  const options = resolveOptions<AlertOptions>('openAlerts', given, {
    ledger: given.ledger,
    rules: [],
    routes: [],
    clock: systemClock,
    logger: { info: () => {}, warn: () => {}, error: () => {} },
    timeoutMs: 10 * SECOND_MS,
    pollMs: SECOND_MS,
  });
  const { ledger, clock, logger } = options;
  requireRange('openAlerts', 'timeoutMs', options.timeoutMs, 1, 10 * 60 * SECOND_MS);
  requireRange('openAlerts', 'pollMs', options.pollMs, 1, 10 * 60 * SECOND_MS);
  const routes = openRoutes(options);
  const routeNames = new Set(routes.keys());
  let rules = resolveRules(options.rules, routeNames);

  // What reads and then writes goes one after the other.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  };
  const lasting = async (): Promise<Alert[]> => (await ledger.lasting()).map(alertOf);
  const silences = async (): Promise<Silence[]> => (await ledger.silences.endingAfter(clock.nowMs())).map(silenceOf);

  /** Stores what changed together with the notices of it. */
  const settle = async ({ alerts, forgotten }: Judgement, nowMs: number): Promise<void> => {
    const active = await silences();
    const isNews = (alert: Alert): boolean =>
      alert.state === 'firing' && alert.told.length === 0 && !isSilenced(alert, active);
    const fired: Alert[] = [];
    const stored = alerts.map((alert) => {
      if (!isNews(alert)) return alert;
      const told = { ...alert, told: rules.find(({ name }) => name === alert.rule)?.routes ?? [] };
      fired.push(told);
      return told;
    });
    // A silence does not keep a recovery back: who was told that it fires would wait for ever.
    const recovered = stored.filter(({ state }) => state === 'recovered');
    const notices = [...noticesOf('fired', fired, nowMs), ...noticesOf('recovered', recovered, nowMs)];
    await ledger.write({ alerts: stored.map(storedAlert), forgotten, notices });
  };

  const deliverOnce = async (): Promise<number> => {
    await inTurn(async () => {
      const untold = (await lasting()).filter(({ state, told }) => state === 'firing' && told.length === 0);
      if (untold.length > 0) await settle({ alerts: untold, forgotten: [] }, clock.nowMs());
    });
    return deliverDue(ledger, routes, clock, logger);
  };
  let delivery: Promise<number> | null = null;
  const deliver = (): Promise<number> => {
    // One at a time: no notice is under way twice.
    delivery ??= deliverOnce().finally(() => {
      delivery = null;
    });
    return delivery;
  };

  let timer: NodeJS.Timeout | null = null;
  let isStarted = false;
  const poll = async (): Promise<void> => {
    try {
      await deliver();
    } catch (error) {
      logger.error({ reason: messageOf(error) }, 'Alerts could not be delivered');
    }
    if (isStarted) timer = setTimeout(() => void poll(), options.pollMs).unref();
  };

  return {
    observe: (round) =>
      inTurn(async () => {
        const nowMs = clock.nowMs();
        await settle(judge(await lasting(), rules, round, nowMs), nowMs);
      }),
    list: async ({ state, limit = 1000 } = {}) => (await ledger.list({ state, limit })).map(alertOf),
    close: (id, author) =>
      inTurn(async () => {
        const alert = (await lasting()).find((one) => one.id === id);
        if (alert === undefined) throw new ShelfwiseError('ALERT_NOT_FOUND', `no alert ${id} lasts`);
        const nowMs = clock.nowMs();
        await settle({ alerts: [ended(alert, `closed by ${author}`, nowMs)], forgotten: [] }, nowMs);
      }),
    silence: (asked) =>
      inTurn(async () => {
        const silence: Silence = { id: randomBytes(8).toString('hex'), fromMs: clock.nowMs(), ...asked };
        checkSilence(silence);
        await ledger.silences.put(storedSilence(silence));
        return silence;
      }),
    silences,
    unsilence: (id) =>
      inTurn(async () => {
        const silence = (await silences()).find((one) => one.id === id);
        if (silence === undefined) throw new ShelfwiseError('ALERT_SILENCE_NOT_FOUND', `no silence ${id} lasts`);
        await ledger.silences.put(storedSilence({ ...silence, untilMs: clock.nowMs() }));
      }),
    changeRules: async (given) => {
      const next = resolveRules(given, routeNames);
      await inTurn(async () => {
        rules = next;
        const nowMs = clock.nowMs();
        await settle(judge(await lasting(), rules, NO_ROUND, nowMs), nowMs);
      });
    },
    test: async (name) => {
      if (name !== undefined) requireOneOf('alerts', 'route', name, [...routeNames]);
      const nowMs = clock.nowMs();
      const notice = testNotice(nowMs);
      const wanted = [...routes].filter(([route]) => name === undefined || route === name);
      return Promise.all(
        wanted.map(async ([route, way]) => {
          const { outcome, reason } = await way.send(notice, nowMs);
          return { route, delivered: outcome === 'delivered', reason };
        }),
      );
    },
    notices: async (limit = 1000) => (await ledger.notices.list(limit)).map(({ body: _, ...rest }) => rest),
    deliver,
    start: () => {
      if (isStarted) return;
      isStarted = true;
      void poll();
    },
    stop: async () => {
      isStarted = false;
      if (timer !== null) clearTimeout(timer);
      await delivery?.catch(() => 0);
      await last;
      for (const route of routes.values()) route.close();
    },
  };
}

/** Of nothing: only rules that are gone are seen in it. */
const NO_ROUND: Round = { source: '', examined: [], findings: [] };

function testNotice(nowMs: number): Notice {
  const alert: Alert = {
    id: 'test',
    rule: 'test',
    source: 'test',
    kind: 'anomaly',
    name: 'TEST',
    feature: '',
    slice: '',
    value: null,
    severity: 'info',
    text: 'This is a test of the route; nothing is wrong.',
    state: 'firing',
    beganAtMs: nowMs,
    firedAtMs: nowMs,
    seenAtMs: nowMs,
    clearSinceMs: null,
    spanFromMs: null,
    endedAtMs: null,
    ending: '',
    told: [],
  };
  return { id: `msg_test_${randomBytes(12).toString('hex')}`, event: 'fired', atMs: nowMs, alerts: [alert] };
}

function openRoutes({ routes, logger, timeoutMs }: AlertOptions): Map<string, Route> {
  const open = new Map<string, Route>();
  for (const route of routes) {
    if (open.has(route.name)) throw new ShelfwiseError('OPTION_INVALID', `two alert routes are named "${route.name}"`);
    open.set(route.name, openRoute(route, logger, timeoutMs));
  }
  return open;
}

/** Those that were stored by a version that did not note spans are of none. */
function alertOf({ body }: StoredAlert): Alert {
  const stored = JSON.parse(body) as Omit<Alert, 'spanFromMs'> & { readonly spanFromMs?: number | null };
  return { ...stored, spanFromMs: stored.spanFromMs ?? null };
}

function storedAlert(alert: Alert): StoredAlert {
  const { id, rule, source, state, beganAtMs, endedAtMs } = alert;
  return { id, rule, source, state, beganAtMs, endedAtMs, body: JSON.stringify(alert) };
}
