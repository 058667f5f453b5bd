/** What is remembered of a listener, in words and pictures. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ItemRef, ListenerStateReport } from '../../../src/server/contract.ts';
import { Cover } from '../shell/cover.tsx';
import { Panel } from '../shell/panel.tsx';
import { Failure, Skeleton } from '../shell/states.tsx';
import { agoText, countText, dateText, percentText } from '../shell/times.ts';
import { fetchState } from './api.ts';
import { DayDial } from './day-dial.tsx';
import { ItemLink } from './item-link.tsx';
import styles from './state.module.css';

const GENRES = 8;
const ARTISTS = 8;
const COVERS = 18;
const NAMED = 10;
const WAITING_PX = [168, 340, 340, 380, 380] as const;

interface Bar {
  readonly key: string;
  readonly name: string;
  readonly share: number;
  readonly item?: ItemRef;
}

/** Bars of shares, the longest as wide as there is room. */
function Bars({ bars, label }: { readonly bars: readonly Bar[]; readonly label: string }) {
  const longest = Math.max(...bars.map(({ share }) => share), 1e-9);
  return (
    <ol className={styles.bars} aria-label={label}>
      {bars.map(({ key, name, share, item }) => (
        <li key={key} data-pictured={item !== undefined}>
          {item !== undefined && <Cover card={item} className={styles.barCover ?? ''} />}
          <span className={styles.barName}>{item === undefined ? name : <ItemLink item={item} />}</span>
          <span className={styles.bar} aria-hidden="true">
            <span style={{ width: `${(share / longest) * 100}%` }} />
          </span>
          <span className={styles.barShare}>{percentText(share)}</span>
        </li>
      ))}
    </ol>
  );
}

function Covers({ entries, nowMs }: { entries: readonly { item: ItemRef; atMs: number }[]; nowMs: number }) {
  return (
    <ol className={styles.covers}>
      {entries.map(({ item, atMs }) => (
        <li key={item.id}>
          <Link to="/catalogue/$itemId" params={{ itemId: item.id }} className={styles.cover}>
            <Cover card={item} />
            <span className={styles.coverName}>{item.title}</span>
            <span className={styles.when}>{agoText(atMs, nowMs)}</span>
          </Link>
        </li>
      ))}
    </ol>
  );
}

function Opinions({ state, nowMs }: { readonly state: ListenerStateReport; readonly nowMs: number }) {
  const kinds = [
    ['Liked', state.likes],
    ['Followed', state.follows],
    ['Not for them', state.hides],
  ] as const;
  return (
    <Panel title="Likes, follows, hidden">
      {kinds.map(([name, entries]) => (
        <div key={name} className={styles.opinion}>
          <h3>
            {name} <span>{entries.length}</span>
          </h3>
          {entries.length === 0 ? (
            <p className={styles.nothing}>Nothing so far</p>
          ) : (
            <ul>
              {entries.slice(0, NAMED).map(({ item, atMs }) => (
                <li key={item.id}>
                  <ItemLink item={item} /> <span className={styles.when}>{agoText(atMs, nowMs)}</span>
                </li>
              ))}
              {entries.length > NAMED && <li className={styles.nothing}>and {entries.length - NAMED} more</li>}
            </ul>
          )}
        </div>
      ))}
    </Panel>
  );
}

function Totals({ state, nowMs }: { readonly state: ListenerStateReport; readonly nowMs: number }) {
  const { totals } = state;
  const facts: readonly (readonly [string, string])[] = [
    ['Plays', totals.plays.toLocaleString('en')],
    ['Skips', totals.skips.toLocaleString('en')],
    ['Lately', `${countText(Math.round(totals.recentPlays), 'play')} a week`],
    ['Since', totals.firstEventAtMs === null ? 'never' : dateText(totals.firstEventAtMs)],
    ['Last heard of', totals.lastEventAtMs === null ? 'never' : agoText(totals.lastEventAtMs, nowMs)],
  ];
  return (
    <section className={styles.portrait} aria-label="In words">
      <p className={styles.words}>{state.words.join(' ')}</p>
      <dl className={styles.totals}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function State({ listenerId }: { readonly listenerId: string }) {
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['listener-state', listenerId],
    queryFn: ({ signal }) => fetchState(listenerId, signal),
  });
  if (error !== null) return <Failure failure={error} onRetry={() => void refetch()} />;
  if (data === undefined)
    return (
      <div className={styles.panels} aria-busy="true">
        {WAITING_PX.map((heightPx, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: places do not move
          <div key={index} className={index === 0 ? styles.wide : undefined}>
            <Skeleton heightPx={heightPx} />
          </div>
        ))}
      </div>
    );
  const { session } = data;
  const recents = data.recents.slice(0, COVERS).map(({ item, lastPlayedAtMs }) => ({ item, atMs: lastPlayedAtMs }));
  const most = data.mostPlayed.slice(0, COVERS).map(({ item, lastPlayedAtMs }) => ({ item, atMs: lastPlayedAtMs }));
  return (
    <div className={styles.panels}>
      <Totals state={data} nowMs={dataUpdatedAt} />
      <Panel title="Tastes" note="share of plays by genre, half-life 28 days">
        {data.genres.length === 0 ? (
          <p className={styles.nothing}>Nothing played yet</p>
        ) : (
          <Bars
            label="Genres"
            bars={data.genres.slice(0, GENRES).map(({ genre, share }) => ({ key: genre, name: genre, share }))}
          />
        )}
      </Panel>
      <Panel title="Habits" note="share of plays by hour, UTC">
        <div className={styles.habits}>
          <DayDial hours={data.hours} />
          <Bars
            label="Devices"
            bars={data.devices.map(({ device, share }) => ({ key: device, name: device, share }))}
          />
        </div>
      </Panel>
      <Panel title="Artists and shows" note="share of plays, half-life 28 days">
        {data.artists.length === 0 ? (
          <p className={styles.nothing}>Nothing played yet</p>
        ) : (
          <Bars
            label="Artists and shows"
            bars={data.artists
              .slice(0, ARTISTS)
              .map(({ item, share }) => ({ key: item.id, name: item.title, share, item }))}
          />
        )}
      </Panel>
      <Opinions state={data} nowMs={dataUpdatedAt} />
      {recents.length > 0 && (
        <Panel title="Recently played" wide>
          <Covers entries={recents} nowMs={dataUpdatedAt} />
        </Panel>
      )}
      {most.length > 0 && (
        <Panel title="Most played" wide>
          <Covers entries={most} nowMs={dataUpdatedAt} />
        </Panel>
      )}
      {session !== null && (
        <Panel
          title="Last session"
          note={`${session.open ? 'open' : 'over'} · ${countText(session.plays, 'play')} · ${agoText(session.lastAtMs, dataUpdatedAt)}`}
          wide
        >
          {session.items.length > 0 && (
            <ol className={styles.sessionItems}>
              {session.items.map((item, index) => (
                // One item may be played twice in a session.
                // biome-ignore lint/suspicious/noArrayIndexKey: the place is part of what it is
                <li key={`${index} ${item.id}`}>
                  <ItemLink item={item} />
                </li>
              ))}
            </ol>
          )}
        </Panel>
      )}
    </div>
  );
}
