/** Every feature's drift, span by span: those that drifted most come first. */
import { Button, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import type { DataSet, FeatureTimeline } from '../../../src/server/contract.ts';
import { Choice } from '../shell/choice.tsx';
import { SearchIcon } from '../shell/icons.tsx';
import { Panel } from '../shell/panel.tsx';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import { countText } from '../shell/times.ts';
import { changed, type DataSearch } from './address.ts';
import { fetchTimeline } from './api.ts';
import { DataLink } from './data-link.tsx';
import { DriftChart, driftText } from './drift-chart.tsx';
import styles from './timeline.module.css';
import { useTyped } from './use-typed.ts';
import { isByHour, shareText, spanText, streamName } from './words.ts';

interface TimelineProps {
  readonly search: DataSearch;
  readonly stream: string;
  readonly onSearch: (search: (now: DataSearch) => DataSearch) => void;
}

const FIRST = 12;
const MOST = 200;
const SPANS = { days: ['14', '30', '90'], hours: ['24', '72', '168'] } as const;
const WAITING = [1, 2, 3, 4];

export function Timeline({ search, stream, onSearch }: TimelineProps) {
  const { q = '', slice = '' } = search;
  const offered = isByHour(stream) ? SPANS.hours : SPANS.days;
  const [limit, setLimit] = useState(FIRST);
  const settle = useCallback(
    (text: string) => onSearch((now) => changed(now, { q: text === '' ? undefined : text })),
    [onSearch],
  );
  const [typed, setTyped] = useTyped(q, settle);
  const count = Number(offered.find((one) => one === search.spans) ?? offered[1]);
  const question = { stream, slice, search: q, spans: count, limit };
  const { data, error, refetch, isFetching, isPlaceholderData } = useQuery({
    queryKey: ['data', 'timeline', question],
    queryFn: ({ signal }) => fetchTimeline(question, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <div className={styles.tools}>
        <TextInput
          className={styles.search ?? ''}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          placeholder="Search features"
          aria-label="Search features by name"
          leftSection={<SearchIcon />}
          radius="xl"
          autoComplete="off"
          spellCheck={false}
        />
        <Choice
          legend="Spans"
          value={String(count)}
          onChange={(spans) => onSearch((now) => changed(now, { spans: spans === offered[1] ? undefined : spans }))}
          options={offered.map((value) => ({ value, label: `${value} ${isByHour(stream) ? 'hours' : 'days'}` }))}
        />
        {slice !== '' && (
          <Button
            size="compact-sm"
            radius="xl"
            variant="default"
            onClick={() => onSearch((now) => changed(now, { slice: undefined }))}
          >
            in {slice}: show all rows
          </Button>
        )}
      </div>
      {error !== null ? (
        <Failure failure={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <div className={styles.list} aria-busy="true">
          {WAITING.map((index) => (
            <Skeleton key={index} heightPx={150} />
          ))}
        </div>
      ) : data.sets.length === 0 ? (
        <Message title="No spans yet" text={`${streamName(stream)} has not been looked at.`} remedy="" />
      ) : data.features.length === 0 ? (
        <Message
          title={q === '' ? 'No features' : `No feature with “${q}” in its name`}
          text=""
          remedy="Less of the name finds more."
        />
      ) : (
        <Panel
          title={`${streamName(stream)}, ${countText(data.sets.length, 'span')}`}
          note={<Legend hasSkew={data.features.some(({ skew }) => skew.some((one) => one !== null))} />}
        >
          <ul className={styles.list} data-waiting={isPlaceholderData}>
            {data.features.map((feature) => (
              <FeatureLine key={feature.name} feature={feature} sets={data.sets} />
            ))}
          </ul>
          {data.features.length < data.total && limit < MOST && (
            <Button
              className={styles.more ?? ''}
              variant="default"
              radius="xl"
              loading={isFetching}
              onClick={() => setLimit((now) => Math.min(MOST, now * 3))}
            >
              Show more of {data.total.toLocaleString('en')}
            </Button>
          )}
          {data.features.length >= MOST && (
            <p className={styles.end}>These are the {MOST} that drifted most; a part of a name finds the rest.</p>
          )}
        </Panel>
      )}
    </>
  );
}

function Legend({ hasSkew }: { readonly hasSkew: boolean }) {
  return (
    <span className={styles.legend}>
      <span data-what="drift">from the span before</span>
      {hasSkew && <span data-what="skew">from serving</span>}
      <span data-what="threshold">threshold</span>
      <span data-what="mark">something wrong</span>
    </span>
  );
}

function FeatureLine({ feature, sets }: { readonly feature: FeatureTimeline; readonly sets: readonly DataSet[] }) {
  const { name, missingShare, worst, drift } = feature;
  const most = drift.reduce<number>((best, distance, at) => ((distance ?? -1) > (drift[best] ?? -1) ? at : best), 0);
  const last = missingShare.at(-1) ?? null;
  const wrong = worst.flatMap((severity, at) => (severity === null ? [] : [at]));
  const shown = sets[most];
  const before = sets[most - 1];
  return (
    <li className={styles.line}>
      <div>
        <h3>
          <DataLink
            change={{
              part: undefined,
              feature: name,
              ...(shown === undefined
                ? {}
                : { sets: [shown.id, ...(before === undefined ? [] : [before.id])].join(',') }),
            }}
            isStep
            title="At its largest drift, over the span before"
          >
            <bdi>{name}</bdi>
          </DataLink>
        </h3>
        <p>{driftText(drift, sets)}</p>
        {last !== null && last >= 0.005 && <p>{shareText(last)} missing in the last</p>}
        {wrong.length > 0 && (
          <p className={styles.wrong} data-severity={worst.includes('error') ? 'error' : 'warning'}>
            wrong in{' '}
            {wrong.length <= 2
              ? wrong.map((at) => spanText(sets[at]?.span ?? '')).join(', ')
              : countText(wrong.length, 'span')}
          </p>
        )}
      </div>
      <DriftChart feature={feature} sets={sets} />
    </li>
  );
}
