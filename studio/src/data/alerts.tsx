/** Alerts: those that last and those that are over, what is silent, who is told by which rule, and what was sent. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { AlertView, RuleView, SilenceView } from '../../../src/server/contract.ts';
import { lastAuthor } from '../shell/author.ts';
import chips from '../shell/chips.module.css';
import { Panel } from '../shell/panel.tsx';
import { Failure, Message, problemOf, Skeleton } from '../shell/states.tsx';
import { agoText, countText, instantText } from '../shell/times.ts';
import type { Notify } from '../shell/use-notices.ts';
import { useAsk } from './actions.ts';
import type { DataSearch } from './address.ts';
import { rulesQuery } from './alert-dialog.tsx';
import styles from './alerts.module.css';
import {
  addSilence,
  closeAlert,
  endSilence,
  fetchAlerts,
  fetchNotices,
  fetchSilences,
  removeRule,
  testRoute,
} from './api.ts';
import { ChangeButton } from './change-button.tsx';
import { DataLink } from './data-link.tsx';
import { figureText, lengthText, ORIGINS, STATES, subjectText, typeText } from './words.ts';

interface AlertsProps {
  readonly search: DataSearch;
  readonly notify: Notify;
}

const EVERY_MS = 15_000;
const NOTICES = 20;

export function alertsQuery(state: 'active' | 'recovered') {
  return {
    queryKey: ['alerts', state],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) => fetchAlerts(state, signal),
    refetchInterval: EVERY_MS,
  };
}

const PARTS = [
  { value: undefined, name: 'Active' },
  { value: 'past', name: 'Past' },
  { value: 'rules', name: 'Rules and routes' },
] as const;

export function Alerts({ search, notify }: AlertsProps) {
  const { alerts: part } = search;
  return (
    <>
      <nav className={chips.chips} aria-label="Alerts">
        {PARTS.map(({ value, name }) => (
          <DataLink key={name} change={{ alerts: value }} current={value === part ? 'true' : undefined}>
            {name}
          </DataLink>
        ))}
      </nav>
      {part === undefined && (
        <>
          <AlertList state="active" notify={notify} />
          <Silences notify={notify} />
        </>
      )}
      {part === 'past' && <AlertList state="recovered" notify={notify} />}
      {part === 'rules' && (
        <>
          <Rules notify={notify} />
          <Notices />
        </>
      )}
    </>
  );
}

/** Shows what went wrong, and asks again what may have changed. */
function useChange(notify: Notify) {
  const queries = useQueryClient();
  return {
    onError: (failure: unknown): void => {
      const { message, remedy } = problemOf(failure);
      notify({ text: `${message} ${remedy}`, bad: true });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['alerts'] }),
  };
}

function AlertList({ state, notify }: { readonly state: 'active' | 'recovered'; readonly notify: Notify }) {
  const { data, error, refetch, dataUpdatedAt } = useQuery(alertsQuery(state));
  const change = useChange(notify);
  const close = useMutation({
    mutationFn: ({ id }: AlertView) => closeAlert(id, lastAuthor() || 'Studio'),
    onSuccess: () => notify({ text: 'Closed. If the next round finds it again, it fires anew.' }),
    ...change,
  });
  if (error !== null) return <Failure failure={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton heightPx={220} />;
  if (data.length === 0)
    return state === 'active' ? (
      <Message
        title="Nothing fires"
        text="What is found in the data and crosses a rule is listed here, and told to whom the rule names."
        remedy=""
      />
    ) : (
      <Message title="Nothing has fired yet" text="Alerts that are over are kept here." remedy="" />
    );
  const firing = data.filter((alert) => alert.state === 'firing').length;
  return (
    <Panel
      title={state === 'active' ? 'Active' : 'Over'}
      note={state === 'active' ? `${firing} firing, ${data.length - firing} pending` : countText(data.length, 'alert')}
    >
      <ul className={styles.list}>
        {data.map((alert) => (
          <AlertLine
            key={alert.id}
            alert={alert}
            nowMs={dataUpdatedAt}
            isBusy={close.isPending}
            onClose={() => close.mutate(alert)}
          />
        ))}
      </ul>
    </Panel>
  );
}

interface AlertLineProps {
  readonly alert: AlertView;
  readonly nowMs: number;
  readonly isBusy: boolean;
  readonly onClose: () => void;
}

function AlertLine({ alert, nowMs, isBusy, onClose }: AlertLineProps) {
  const { severity, state, silenced, text, rule, kind, name, value, beganAtMs, endedAtMs, ending, told } = alert;
  const ask = useAsk();
  const isOver = state === 'recovered';
  const facts = [
    `rule ${rule}`,
    kind === 'anomaly' ? typeText(name) : `${typeText(name)} ${figureText(value)}`,
    `since ${instantText(beganAtMs)}`,
    isOver && endedAtMs !== null
      ? `over after ${lengthText(endedAtMs - beganAtMs)}${ending === '' || ending === 'clear' ? '' : ` (${ending})`}`
      : agoText(beganAtMs, nowMs),
    told.length === 0 ? 'nobody told yet' : `told ${told.join(', ')}`,
  ];
  return (
    <li className={styles.alert} data-severity={severity} data-state={state}>
      <header>
        <span className={styles.state}>{STATES[state]}</span>
        <h3>{subjectText(alert)}</h3>
        {silenced && <span className={styles.silenced}>silenced</span>}
      </header>
      <p>{text}</p>
      <p className={styles.facts}>{facts.join(' · ')}</p>
      {!isOver && (
        <div className={styles.buttons}>
          {!silenced && (
            <ChangeButton size="compact-sm" variant="default" onClick={() => ask({ what: 'silence', alert })}>
              Silence …
            </ChangeButton>
          )}
          <ChangeButton size="compact-sm" variant="default" disabled={isBusy} onClick={onClose}>
            Close
          </ChangeButton>
        </div>
      )}
    </li>
  );
}

function Silences({ notify }: { readonly notify: Notify }) {
  const { data, dataUpdatedAt } = useQuery({
    queryKey: ['alerts', 'silences'],
    queryFn: ({ signal }) => fetchSilences(signal),
    refetchInterval: EVERY_MS,
  });
  const change = useChange(notify);
  const again = useMutation({
    mutationFn: ({ matcher, author, reason, untilMs }: SilenceView) => addSilence({ matcher, author, reason, untilMs }),
    ...change,
  });
  const end = useMutation({
    mutationFn: ({ id }: SilenceView) => endSilence(id),
    onSuccess: (_, silence) =>
      notify({
        text: 'The silence has ended: what still fires is told.',
        action: { label: 'Undo', run: () => again.mutate(silence) },
      }),
    ...change,
  });
  if (data === undefined || data.length === 0) return null;
  return (
    <Panel title="Silent" note={countText(data.length, 'silence')}>
      <ul className={styles.list}>
        {data.map((silence) => (
          <li key={silence.id} className={styles.silence}>
            <div>
              <h3>{matcherText(silence.matcher)}</h3>
              <p>{silence.reason}</p>
              <p className={styles.facts}>
                by {silence.author} · until {instantText(silence.untilMs)}, for another{' '}
                {lengthText(Math.max(0, silence.untilMs - dataUpdatedAt))}
              </p>
            </div>
            <ChangeButton
              size="compact-sm"
              variant="default"
              disabled={end.isPending}
              onClick={() => end.mutate(silence)}
            >
              End it
            </ChangeButton>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** "rule lost slices, source training" */
function matcherText(matcher: SilenceView['matcher']): string {
  return Object.entries(matcher)
    .filter(([, glob]) => glob !== '' && glob !== '*')
    .map(([name, glob]) => `${name} ${glob}`)
    .join(', ');
}

/** "above 0.1", "below 100", "" */
function boundsText({ above, below }: RuleView): string {
  return [
    ...(above === null ? [] : [`above ${figureText(above)}`]),
    ...(below === null ? [] : [`below ${figureText(below)}`]),
  ].join(', ');
}

function Rules({ notify }: { readonly notify: Notify }) {
  const { data, error, refetch } = useQuery(rulesQuery);
  const change = useChange(notify);
  const remove = useMutation({
    mutationFn: removeRule,
    onSuccess: (_, name) => notify({ text: `The rule “${name}” is gone, and the alerts of it are over.` }),
    ...change,
  });
  const test = useMutation({
    mutationFn: testRoute,
    onSuccess: (answers) => {
      const failed = answers.filter(({ delivered }) => !delivered);
      notify(
        failed.length === 0
          ? { text: `The test went to ${answers.map(({ route }) => route).join(', ')}.` }
          : { text: failed.map(({ route, reason }) => `${route}: ${reason}`).join('; '), bad: true },
      );
    },
    ...change,
  });
  if (error !== null) return <Failure failure={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton heightPx={320} />;
  return (
    <>
      <Panel title="Rules" note="what is told, of which data, and to whom">
        <ul className={styles.list}>
          {data.rules.map((rule) => (
            <li key={rule.name} className={styles.rule}>
              <div>
                <h3>{rule.name}</h3>
                <p>
                  {rule.kind} {rule.finding === '*' ? 'of any kind' : typeText(rule.finding)} {boundsText(rule)} ·{' '}
                  {subjectText(rule)} · from {rule.severity}
                  {rule.forMs > 0 && ` · for ${lengthText(rule.forMs)}`}
                  {rule.routes.length > 0 && ` · to ${rule.routes.join(', ')}`}
                </p>
                <p className={styles.facts}>
                  {ORIGINS[rule.from]}
                  {rule.from === 'person' && ` by ${rule.author}: ${rule.reason}`}
                </p>
              </div>
              {rule.from === 'person' && (
                <ChangeButton
                  size="compact-sm"
                  variant="default"
                  disabled={remove.isPending}
                  aria-label={`Remove ${rule.name}`}
                  onClick={() => remove.mutate(rule.name)}
                >
                  Remove
                </ChangeButton>
              )}
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="Routes" note="who is told, as the configuration says">
        {data.routes.length === 0 ? (
          <p className={styles.facts}>None: alerts are only listed here. docs/alerts.md says how to add some.</p>
        ) : (
          <ul className={styles.list}>
            {data.routes.map(({ name, to, problem }) => (
              <li key={name} className={styles.rule}>
                <div>
                  <h3>{name}</h3>
                  <p>{to}</p>
                  {problem !== '' && <p className={styles.problem}>{problem}</p>}
                </div>
                <ChangeButton
                  size="compact-sm"
                  variant="default"
                  loading={test.isPending && test.variables === name}
                  aria-label={`Send a test to ${name}`}
                  onClick={() => test.mutate(name)}
                >
                  Test
                </ChangeButton>
              </li>
            ))}
          </ul>
        )}
      </Panel>
    </>
  );
}

function Notices() {
  const { data } = useQuery({
    queryKey: ['alerts', 'notices'],
    queryFn: ({ signal }) => fetchNotices(NOTICES, signal),
    refetchInterval: EVERY_MS,
  });
  if (data === undefined || data.length === 0) return null;
  return (
    <Panel title="Sent" note={`the last ${NOTICES} notices`}>
      <ul className={styles.notices}>
        {data.map(({ id, route, createdAtMs, state, attempts, lastFailure }) => (
          <li key={id} data-state={state}>
            <time dateTime={new Date(createdAtMs).toISOString()}>{instantText(createdAtMs)}</time>
            <span>{route}</span>
            <span>
              {state === 'delivered' ? 'delivered' : state === 'due' ? 'on its way' : 'given up'}
              {attempts > 1 && `, ${countText(attempts, 'attempt')}`}
              {lastFailure !== '' && `: ${lastFailure}`}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
