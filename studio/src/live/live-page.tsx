/** The platform at work, second by second: traffic, latencies by stage, what fails, which epochs serve. */
import { Button } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import type { LiveInsights, LiveStage } from '../../../src/server/contract.ts';
import { Choice } from '../shell/choice.tsx';
import figures from '../shell/figures.module.css';
import { PauseIcon, PlayIcon } from '../shell/icons.tsx';
import { PageMain } from '../shell/page-main.tsx';
import { Panel } from '../shell/panel.tsx';
import { Failure, problemOf, Skeleton } from '../shell/states.tsx';
import { percentText } from '../shell/times.ts';
import { msText, rateText } from './amounts.ts';
import { Epochs } from './epochs.tsx';
import { LINES, Lines } from './lines.tsx';
import styles from './live-page.module.css';
import { pointsOf } from './seconds.ts';
import { Stages } from './stages.tsx';
import { useLive } from './use-live.ts';

const MINUTES = [2, 5, 15] as const;
/** Beyond five minutes a point is five seconds: more would be finer than a pixel. */
const stepOf = (minutes: number): number => (minutes > 5 ? 5 : 1);
const EVERY_MS = 1000;
/** For those who prefer less motion, plots move less often. */
const CALM_MS = 10_000;
const WAITING_PX = [104, 280, 280, 280, 280] as const;

function Numbers({ minute }: { readonly minute: LiveInsights['lastMinute'] }) {
  const home = minute.stages.find(({ stage }) => stage === 'home');
  const share = (part: number | null) => (part === null ? '–' : percentText(part));
  const facts: readonly { name: string; value: string; about: string; bad?: boolean }[] = [
    { name: 'Requests', value: rateText(minute.requestsPerSecond), about: 'a second' },
    { name: 'Homes', value: rateText(minute.homesPerSecond), about: 'a second' },
    { name: 'Events', value: rateText(minute.eventsPerSecond), about: 'a second' },
    { name: 'A Home takes', value: msText(home?.p50Ms ?? null), about: 'in the middle' },
    { name: 'The slowest 1 %', value: msText(home?.p99Ms ?? null), about: 'or more' },
    {
      name: 'Degraded',
      value: share(minute.degradedShare),
      about: 'of decisions',
      bad: (minute.degradedShare ?? 0) > 0,
    },
    { name: 'Failed', value: share(minute.failedShare), about: 'of requests', bad: (minute.failedShare ?? 0) > 0 },
  ];
  return (
    <section aria-label="The last minute">
      <dl className={`${figures.numbers} ${styles.numbers}`}>
        {facts.map(({ name, value, about, bad = false }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd data-standing={bad ? 'worse' : undefined}>
              {value}
              <span>{about}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const HOME_STAGE: readonly LiveStage[] = ['home'];

export function LivePage() {
  const calm = useReducedMotion();
  const [paused, setPaused] = useState(false);
  const [minutes, setMinutes] = useState<number>(5);
  const { seconds, latest, failure, retry } = useLive(paused, calm ? CALM_MS : EVERY_MS);
  const points = useMemo(() => {
    const newest = seconds.at(-1)?.atS ?? 0;
    return pointsOf(
      seconds.filter(({ atS }) => atS > newest - minutes * 60),
      stepOf(minutes),
      HOME_STAGE,
    );
  }, [seconds, minutes]);
  const spanMs = useMemo(() => {
    const newestMs = ((seconds.at(-1)?.atS ?? 0) + 1) * 1000;
    return [newestMs - minutes * 60_000, newestMs] as const;
  }, [seconds, minutes]);
  return (
    <PageMain
      title="Live"
      lead={
        paused
          ? 'Paused: the plots stand still.'
          : `The platform at work, second by second${calm ? '; drawn every ten seconds, since you prefer less motion' : ''}.`
      }
      actions={
        <>
          <Choice
            legend="Minutes on show"
            value={String(minutes)}
            onChange={(span) => setMinutes(Number(span))}
            options={MINUTES.map((span) => ({ value: String(span), label: `${span} min` }))}
          />
          <Button
            variant="default"
            radius="xl"
            leftSection={paused ? <PlayIcon /> : <PauseIcon />}
            aria-pressed={paused}
            onClick={() => setPaused(!paused)}
          >
            {paused ? 'Go on' : 'Pause'}
          </Button>
        </>
      }
    >
      {latest === undefined && failure !== null ? (
        <Failure failure={failure} onRetry={retry} />
      ) : latest === undefined ? (
        <div className={figures.panels} aria-busy="true">
          {WAITING_PX.map((heightPx, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: places do not move
            <div key={index} className={index === 0 ? figures.wide : undefined}>
              <Skeleton heightPx={heightPx} />
            </div>
          ))}
        </div>
      ) : (
        <>
          {failure !== null && (
            <p className={styles.lost} role="status">
              {problemOf(failure).message} What is shown is of before; it is asked again.
            </p>
          )}
          <Numbers minute={latest.lastMinute} />
          <div className={figures.panels}>
            <Panel title="Requests" note="a second">
              <Lines points={points} spanMs={spanMs} lines={LINES.requests} label="Requests and Homes a second" />
            </Panel>
            <Panel title="Events" note="accepted, a second">
              <Lines points={points} spanMs={spanMs} lines={LINES.events} label="Events accepted a second" />
            </Panel>
            <Panel title="A Home takes" note="milliseconds, logarithmic">
              <Lines
                points={points}
                spanMs={spanMs}
                lines={LINES.latency}
                label="Median, 95th and 99th percentile of the time that a Home takes"
                scale="log"
              />
            </Panel>
            <Panel title="What goes wrong" note="shares">
              <Lines
                points={points}
                spanMs={spanMs}
                lines={LINES.wrong}
                label="Share of degraded decisions and of failed requests"
                scale="share"
              />
            </Panel>
            <Stages minute={latest.lastMinute} />
            <Epochs latest={latest} />
          </div>
        </>
      )}
    </PageMain>
  );
}
