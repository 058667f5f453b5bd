/** What happened, newest first: a picture of the time that is loaded, and each event in a line. */
import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useCallback, useMemo } from 'react';
import type { TimelineEvent } from '../../../src/server/contract.ts';
import { CHART, Chart, type PlotLibrary } from '../shell/chart.tsx';
import { clockText } from '../shell/clock-text.ts';
import { Cover } from '../shell/cover.tsx';
import {
  CheckIcon,
  ExplainIcon,
  FollowIcon,
  HeartIcon,
  HideIcon,
  HomeIcon,
  PlayIcon,
  SkipIcon,
} from '../shell/icons.tsx';
import { Panel } from '../shell/panel.tsx';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import { dayText, shortDayText, timeText } from '../shell/times.ts';
import { fetchTimeline } from './api.ts';
import { ItemLink } from './item-link.tsx';
import styles from './timeline.module.css';

/** Up to this the axis has hours, beyond it days. */
const ONE_DAY_MS = 36 * 3_600_000;

type EventType = TimelineEvent['type'];

interface Look {
  readonly word: string;
  readonly icon: ReactNode;
}

const LOOKS: Readonly<Partial<Record<EventType, Look>>> = {
  rendered: { word: 'Home shown', icon: <HomeIcon /> },
  impression: { word: 'Seen', icon: <ExplainIcon /> },
  select: { word: 'Chose', icon: <CheckIcon /> },
  play: { word: 'Played', icon: <PlayIcon /> },
  skip: { word: 'Skipped', icon: <SkipIcon /> },
  like: { word: 'Liked', icon: <HeartIcon on /> },
  unlike: { word: 'Took a like back', icon: <HeartIcon on={false} /> },
  follow: { word: 'Followed', icon: <FollowIcon on /> },
  unfollow: { word: 'Unfollowed', icon: <FollowIcon on={false} /> },
  hide: { word: 'Hid', icon: <HideIcon /> },
};

/** Types that have no look of their own are told by their name. */
function lookOf(type: EventType): Look {
  return LOOKS[type] ?? { word: type.charAt(0).toUpperCase() + type.slice(1), icon: <CheckIcon /> };
}

/** "2:10 of 3:30", "seen on shelf 3". */
function detailsOf(event: TimelineEvent): string {
  const details: string[] = [];
  if (event.type === 'play')
    details.push(
      event.durationMs > 0
        ? `${clockText(event.playedMs)} of ${clockText(event.durationMs)}`
        : clockText(event.playedMs),
    );
  if (event.autoplay) details.push('went on by itself');
  if (event.shelfRank !== null)
    details.push(
      event.cardRank === null
        ? `shelf ${event.shelfRank + 1}`
        : `shelf ${event.shelfRank + 1}, card ${event.cardRank + 1}`,
    );
  details.push(event.device);
  return details.join(' · ');
}

/** "shelves 1, 2, 3 · phone" */
function shelvesOf(events: readonly TimelineEvent[]): string {
  const ranks = new Set(events.flatMap(({ shelfRank }) => (shelfRank === null ? [] : [shelfRank + 1])));
  return `shelves ${[...ranks].sort((one, other) => one - other).join(', ')} · ${events[0]?.device ?? ''}`;
}

/** Shelves of one Home that were seen in a row are one line. */
function inLines(events: readonly TimelineEvent[]): readonly (readonly TimelineEvent[])[] {
  const lines: TimelineEvent[][] = [];
  for (const event of events) {
    const last = lines.at(-1);
    const before = last?.[0];
    const together =
      event.type === 'impression' && before?.type === 'impression' && event.decisionId === before.decisionId;
    if (together) last?.push(event);
    else lines.push([event]);
  }
  return lines;
}

interface LineProps {
  /** One event, or shelves of one Home that were seen in a row. */
  readonly events: readonly TimelineEvent[];
  readonly listenerId: string;
}

function EventLine({ events, listenerId }: LineProps) {
  const event = events[0] as TimelineEvent;
  const { word, icon } = lookOf(event.type);
  return (
    <li className={styles.event} data-type={event.type}>
      <time dateTime={new Date(event.occurredAtMs).toISOString()}>{timeText(event.occurredAtMs)}</time>
      {event.item === null ? (
        <span className={styles.noCover} aria-hidden="true">
          {icon}
        </span>
      ) : (
        <Cover card={event.item} className={styles.cover ?? ''} />
      )}
      <span className={styles.what}>
        <span className={styles.sentence}>
          {event.item !== null && (
            <span className={styles.icon} aria-hidden="true">
              {icon}
            </span>
          )}
          <span className={styles.word}>{word}</span> {event.item !== null && <ItemLink item={event.item} />}
          {event.container !== null && (
            <span className={styles.from}>
              {' '}
              from <ItemLink item={event.container} />
            </span>
          )}
        </span>
        <span className={styles.details}>{events.length === 1 ? detailsOf(event) : shelvesOf(events)}</span>
      </span>
      {event.decisionId !== null && (
        <Link
          to="/listeners/$listenerId"
          params={{ listenerId }}
          search={{ part: 'decisions', decision: event.decisionId }}
          className={styles.decision}
          title={`Decision ${event.decisionId}`}
        >
          of a Home
        </Link>
      )}
    </li>
  );
}

/** Events by type over the time that is loaded. */
function Spread({ events }: { readonly events: readonly TimelineEvent[] }) {
  const words = useMemo(() => [...new Set(events.map(({ type }) => lookOf(type).word))].sort(), [events]);
  const times = events.map(({ occurredAtMs }) => occurredAtMs);
  const oneDay = Math.max(...times) - Math.min(...times) < ONE_DAY_MS;
  const options = useCallback(
    (plot: PlotLibrary, widthPx: number) => ({
      marginLeft: 92,
      marginRight: 12,
      marginTop: 4,
      x: {
        type: 'utc' as const,
        label: null,
        ticks: widthPx < 500 ? 3 : 8,
        tickSize: 0,
        tickFormat: oneDay ? timeText : shortDayText,
      },
      y: { label: null, domain: words, tickSize: 0 },
      marks: [
        plot.ruleY(words, { stroke: CHART.line }),
        plot.dot(events, {
          x: (event: TimelineEvent) => event.occurredAtMs,
          y: (event: TimelineEvent) => lookOf(event.type).word,
          r: 4.5,
          fill: CHART.main,
          fillOpacity: 0.6,
        }),
      ],
    }),
    [events, words, oneDay],
  );
  return (
    <Chart
      label={`When the ${events.length} events below happened, by what they were`}
      heightPx={44 + words.length * 28}
      options={options}
    />
  );
}

function byDay(events: readonly TimelineEvent[]): readonly (readonly [string, readonly TimelineEvent[]])[] {
  const days = new Map<string, TimelineEvent[]>();
  for (const event of events) {
    const day = dayText(event.occurredAtMs);
    const known = days.get(day);
    if (known === undefined) days.set(day, [event]);
    else known.push(event);
  }
  return [...days];
}

export function TimelineList({ listenerId }: { readonly listenerId: string }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['listener-timeline', listenerId],
    queryFn: ({ pageParam, signal }) => fetchTimeline(listenerId, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  });
  if (error !== null && data === undefined) return <Failure failure={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton heightPx={560} />;
  const events = data.pages.flatMap((page) => page.events);
  if (events.length === 0)
    return (
      <Message
        title="Nothing happened yet"
        text="No event of this listener has arrived."
        remedy="Open the Home and play something."
      />
    );
  return (
    <div className={styles.timeline}>
      <Panel title="When" note={`the newest ${events.length} events, UTC`}>
        <Spread events={events} />
      </Panel>
      {byDay(events).map(([day, those]) => (
        <section key={day} aria-label={day}>
          <h2 className={styles.day}>{day}</h2>
          <ol className={styles.events}>
            {inLines(those).map((line) => (
              <EventLine key={line[0]?.eventId} events={line} listenerId={listenerId} />
            ))}
          </ol>
        </section>
      ))}
      {hasNextPage && (
        <Button
          className={styles.more}
          variant="default"
          radius="xl"
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          Show older events
        </Button>
      )}
    </div>
  );
}
