/** The platform's own data: what they look like, what is wrong with them, what is expected of them, and who is told. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { NoticeBar } from '../shell/notice-bar.tsx';
import { PageMain } from '../shell/page-main.tsx';
import parts from '../shell/parts.module.css';
import { Failure, Message, Skeleton } from '../shell/states.tsx';
import { useNotices } from '../shell/use-notices.ts';
import { AcceptDialog } from './accept-dialog.tsx';
import { AskContext, type Asked } from './actions.ts';
import { changed, type DataSearch, PARTS, type Part, streamOf } from './address.ts';
import { AlertDialog } from './alert-dialog.tsx';
import { Alerts, alertsQuery } from './alerts.tsx';
import { DataLink } from './data-link.tsx';
import styles from './data-page.module.css';
import { ExamineButton } from './examine-button.tsx';
import { Features } from './features.tsx';
import { Schema } from './schema.tsx';
import { SetsPanel } from './sets-panel.tsx';
import { SilenceDialog } from './silence-dialog.tsx';
import { Slices } from './slices.tsx';
import { Timeline } from './timeline.tsx';
import { type Overview, shownSets, useOverview } from './use-sets.ts';

const route = getRouteApi('/data');

const NAMES: Readonly<Record<Part, string>> = {
  features: 'Features',
  slices: 'Slices',
  timeline: 'Drift',
  schema: 'Schema',
  alerts: 'Alerts',
};

const LEADS: Readonly<Record<Part, string>> = {
  features: 'What the platform learns from, serves with and is told, feature by feature, and what is wrong with it.',
  slices: 'Which part of the rows each tier, market, device and model has, and which is lost.',
  timeline: 'How far each feature went from the span before, and from serving.',
  schema: 'What the data are expected to be, who said so, and the way back.',
  alerts: 'What fires, who was told, and what is silent for a while.',
};

export function DataPage() {
  const search = route.useSearch();
  const { part = 'features' } = search;
  const navigate = route.useNavigate();
  const { notice, notify, dismiss } = useNotices();
  const [asked, setAsked] = useState<Asked>();
  const overview = useOverview();
  const active = useQuery(alertsQuery('active'));
  const firing = active.data?.filter(({ state, silenced }) => state === 'firing' && !silenced).length ?? 0;
  const onSearch = useCallback(
    (next: (now: DataSearch) => DataSearch) => void navigate({ search: next, replace: true, resetScroll: false }),
    [navigate],
  );
  const leave = (): void => setAsked(undefined);
  return (
    <AskContext value={setAsked}>
      <PageMain title="Data" lead={LEADS[part]} actions={<ExamineButton notify={notify} />}>
        <nav className={parts.parts} aria-label="Parts of this page">
          {PARTS.map((name) => (
            <DataLink
              key={name}
              change={{ part: name === 'features' ? undefined : name }}
              current={name === part ? 'page' : undefined}
            >
              {NAMES[name]}
              {name === 'alerts' && firing > 0 && (
                <span className={styles.firing}>
                  {firing}
                  <span className="visually-hidden"> firing</span>
                </span>
              )}
            </DataLink>
          ))}
        </nav>
        {part === 'alerts' ? (
          <Alerts search={search} notify={notify} />
        ) : overview.data === undefined ? (
          overview.error !== null ? (
            <Failure failure={overview.error} onRetry={overview.refetch} />
          ) : (
            <div className={styles.waiting} aria-busy="true">
              <Skeleton heightPx={300} />
              <Skeleton heightPx={540} />
            </div>
          )
        ) : (
          <OfSets search={search} part={part} overview={overview.data} onSearch={onSearch} notify={notify} />
        )}
        {asked?.what === 'accept' && <AcceptDialog finding={asked.finding} notify={notify} onClose={leave} />}
        {asked?.what === 'alert' && <AlertDialog finding={asked.finding} notify={notify} onClose={leave} />}
        {asked?.what === 'silence' && <SilenceDialog alert={asked.alert} notify={notify} onClose={leave} />}
        <NoticeBar notice={notice} onDone={dismiss} />
      </PageMain>
    </AskContext>
  );
}

interface OfSetsProps {
  readonly search: DataSearch;
  readonly part: Exclude<Part, 'alerts'>;
  readonly overview: Overview;
  readonly onSearch: (next: (now: DataSearch) => DataSearch) => void;
  readonly notify: ReturnType<typeof useNotices>['notify'];
}

function OfSets({ search, part, overview, onSearch, notify }: OfSetsProps) {
  const sets = shownSets(search, overview.sets);
  const stream = search.stream ?? streamOf(sets[0] ?? 'training');
  if (part === 'schema') return <Schema search={search} stream={stream} notify={notify} />;
  if (sets.length === 0)
    return (
      <Message
        title="Nothing has been looked at yet"
        text="Events are counted by the hour, examples by the day, once Homes were shown and a day has passed for what they earned."
        remedy="Look now, with the button at the top, or come back later: the platform looks by itself."
      />
    );
  const show = (shown: readonly string[]): void =>
    onSearch((now) => changed(now, { sets: shown.join(','), ...(search.stream === undefined ? { stream } : {}) }));
  return (
    <>
      {part === 'timeline' ? (
        <SetsPanel overview={overview} shown={sets} stream={stream} use="stream" onShow={show} />
      ) : (
        <SetsPanel
          overview={overview}
          shown={sets}
          stream={stream}
          use={part === 'slices' ? 'one' : 'several'}
          onShow={show}
        />
      )}
      {part === 'features' && <Features search={search} sets={sets} onSearch={onSearch} />}
      {part === 'slices' && <Slices search={search} set={sets[0] ?? ''} onSearch={onSearch} />}
      {part === 'timeline' && <Timeline search={search} stream={stream} onSearch={onSearch} />}
    </>
  );
}
