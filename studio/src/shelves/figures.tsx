/** Each declaration of a shelf with its figures, its days, and its switch. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { ShelfFigures, ShelfInsights } from '../../../src/server/contract.ts';
import chips from '../shell/chips.module.css';
import { Confirm } from '../shell/confirm.tsx';
import summary from '../shell/figures.module.css';
import { ChevronIcon } from '../shell/icons.tsx';
import { Panel } from '../shell/panel.tsx';
import { Failure, Message, problemOf, Skeleton } from '../shell/states.tsx';
import table from '../shell/table.module.css';
import { dateText, percentText } from '../shell/times.ts';
import type { Notify } from '../shell/use-notices.ts';
import { fetchFigures } from './api.ts';
import styles from './figures.module.css';
import { SPANS, type Span } from './parts.ts';
import { ShelfDetail } from './shelf-detail.tsx';
import { Sparkline } from './sparkline.tsx';
import { Toggle } from './toggle.tsx';
import { type Switches, useSwitches } from './use-switches.ts';

const route = getRouteApi('/shelves');

type Shelf = ShelfInsights['shelves'][number];

const DEFAULT_SPAN: Span = 'week';
const ALL_DAYS = 14;
const DAYS: Readonly<Record<Span, number>> = { today: 1, week: 7, fortnight: ALL_DAYS, all: ALL_DAYS };
const SPAN_NAMES: Readonly<Record<Span, string>> = {
  today: 'Today',
  week: '7 days',
  fortnight: '14 days',
  all: 'Always',
};
const EVERY_MS = 5000;
const WAITING = Array.from({ length: 10 }, (_, index) => index);

function useFigures(days: number) {
  return useQuery({
    queryKey: ['shelf-figures', days],
    queryFn: ({ signal }) => fetchFigures(days, signal),
    refetchInterval: EVERY_MS,
    placeholderData: keepPreviousData,
  });
}

/** "0.42", "–" */
function ratioText(part: number, whole: number): string {
  return whole === 0 ? '–' : percentText(Math.min(1, part / whole));
}

function numberText(value: number | null): string {
  return value === null ? '–' : value.toFixed(value >= 10 ? 1 : 2);
}

function shareText(share: number | null): string {
  return share === null ? '–' : percentText(share);
}

/** @param all of all time, or of the days on show */
function Homes({ insights, all }: { readonly insights: ShelfInsights; readonly all: boolean }) {
  const { sinceMs } = insights;
  const homes = all ? insights.homesTotal : insights.homes;
  const facts: readonly (readonly [string, number, string])[] = [
    ['Homes decided', homes.decided, sinceMs === null ? 'none yet' : `counted since ${dateText(sinceMs)}`],
    ['Pages sent', homes.served, 'with refreshes'],
    ['Rendered', homes.rendered, 'the app said so'],
    [
      'Degraded',
      homes.degraded,
      homes.decided === 0 ? '' : `${percentText(homes.degraded / homes.decided)} of decided`,
    ],
  ];
  return (
    <dl className={`${summary.numbers} ${styles.homes}`}>
      {facts.map(([name, value, about]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value.toLocaleString('en')}
            <span>{about}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface RowProps {
  readonly shelf: Shelf;
  readonly place: number;
  readonly span: Span;
  readonly figures: ShelfFigures;
  readonly days: readonly string[];
  /** By day, of the last two weeks. */
  readonly byDay: readonly ShelfFigures[];
  readonly switches: Switches;
  readonly open: boolean;
  readonly onSwitch: (shelf: Shelf, on: boolean) => void;
}

function ShelfRow({ shelf, place, span, figures, days, byDay, switches, open, onSwitch }: RowProps) {
  const on = switches.isOn(`shelf:${shelf.id}`);
  const detailId = `shelf-${shelf.id}`;
  return (
    <>
      <tr data-off={on === false} data-open={open} data-shelf={shelf.id}>
        <td className={styles.place}>{place}</td>
        <th scope="row">
          <Link
            to="/shelves"
            search={{ ...(span === DEFAULT_SPAN ? {} : { span }), ...(open ? {} : { shelf: shelf.id }) }}
            replace
            resetScroll={false}
            className={styles.name}
            aria-expanded={open}
            aria-controls={open ? detailId : undefined}
          >
            <span className={styles.title}>{shelf.title}</span>
            <span className={styles.kind}>
              {shelf.id}
              {shelf.order === 'defined' && <span className={styles.tag}>fixed order</span>}
              {on === false && <span className={styles.offTag}>off</span>}
            </span>
            <ChevronIcon to="down" />
          </Link>
        </th>
        <td className={styles.days}>
          <Sparkline
            values={byDay.map(({ served }) => served)}
            label={`${shelf.title}, rows sent by day: ${byDay.map(({ served }) => served).join(', ')}`}
          />
        </td>
        <td data-name="Served">{figures.served.toLocaleString('en')}</td>
        <td data-name="Seen">{ratioText(figures.seen, figures.decided)}</td>
        <td data-name="Chosen">{ratioText(figures.chosen, figures.seen)}</td>
        <td data-name="Reward a visit">{numberText(figures.rewardPerVisit)}</td>
        <td data-name="Explored">{shareText(figures.explorationShare)}</td>
        <td data-name="Mean chance">{shareText(figures.meanPropensity)}</td>
        <td className={styles.switch}>
          {on !== undefined && (
            <Toggle
              on={on}
              label={`${shelf.title} on Homes`}
              disabled={switches.busy}
              onChange={(next) => onSwitch(shelf, next)}
            />
          )}
        </td>
      </tr>
      {open && (
        <tr className={styles.detailRow}>
          <td colSpan={10} id={detailId}>
            <ShelfDetail title={shelf.title} figures={figures} days={days} byDay={byDay} />
          </td>
        </tr>
      )}
    </>
  );
}

const HEADS: readonly (readonly [string, string])[] = [
  ['Served', 'Rows sent: every serving of a page that has the shelf'],
  ['Seen', 'Share of decided rows with an impression'],
  ['Chosen', 'Share of seen rows of which a card was selected or played'],
  ['Reward / visit', 'Cards that earned their reward, by rendered pages with the shelf'],
  ['Explored', 'Share of drawn placements that were not the most probable choice'],
  ['Mean chance', 'Mean probability with which places and cards were drawn'],
];

function Policies({
  switches,
  onSwitch,
}: {
  readonly switches: Switches;
  readonly onSwitch: (id: string, on: boolean) => void;
}) {
  const policies = switches.targets.filter((target) => target.startsWith('policy:'));
  if (policies.length === 0) return null;
  return (
    <Panel title="Policies" note="popularity stands in for one that is off">
      <ul className={styles.policies}>
        {policies.map((target) => (
          <li key={target}>
            <code>{target.slice('policy:'.length)}</code>
            <Toggle
              on={switches.isOn(target) ?? true}
              label={`Policy ${target.slice('policy:'.length)}`}
              disabled={switches.busy}
              onChange={(on) => onSwitch(target, on)}
            />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function Figures({ notify }: { readonly notify: Notify }) {
  const { span = DEFAULT_SPAN, shelf: openShelf } = route.useSearch();
  const { data, error, refetch, isPlaceholderData } = useFigures(DAYS[span]);
  const fortnight = useFigures(ALL_DAYS);
  const switches = useSwitches(notify);
  const [asked, setAsked] = useState<{ readonly target: string; readonly name: string }>();
  const turn = (target: string, on: boolean, name: string): void => {
    if (on) switches.turn(target, true, name);
    else setAsked({ target, name });
  };
  if (error !== null && data === undefined) return <Failure failure={error} onRetry={() => void refetch()} />;
  const byDayOf = new Map(fortnight.data?.shelves.map(({ id, byDay }) => [id, byDay]));
  return (
    <>
      <nav className={chips.chips} aria-label="Span">
        {SPANS.map((one) => (
          <Link
            key={one}
            to="/shelves"
            search={{
              ...(one === DEFAULT_SPAN ? {} : { span: one }),
              ...(openShelf === undefined ? {} : { shelf: openShelf }),
            }}
            replace
            resetScroll={false}
            aria-current={one === span ? 'page' : undefined}
            activeOptions={{ exact: true, includeSearch: true }}
          >
            {SPAN_NAMES[one]}
          </Link>
        ))}
      </nav>
      {data === undefined ? (
        <div className={styles.waiting} aria-busy="true">
          <Skeleton heightPx={64} />
          {WAITING.map((index) => (
            <Skeleton key={index} heightPx={56} />
          ))}
        </div>
      ) : (
        <>
          <Homes insights={data} all={span === 'all'} />
          {data.catchingUp && (
            <p className={styles.behind} role="status">
              Older pages are still being counted; the figures grow.
            </p>
          )}
          {switches.failure !== null && (
            <p className={styles.behind} role="status">
              The switches are not shown: {problemOf(switches.failure).message}
            </p>
          )}
          {data.shelves.length === 0 ? (
            <Message title="No shelves" text="" remedy="" />
          ) : (
            <div className={styles.frame} data-waiting={isPlaceholderData}>
              <table className={`${table.table} ${styles.table}`}>
                <caption className="visually-hidden">Shelves in the order of their declaration, with figures</caption>
                <thead>
                  <tr>
                    <th scope="col" className={styles.place}>
                      <span className="visually-hidden">Order</span>
                      <span aria-hidden="true">#</span>
                    </th>
                    <th scope="col">Shelf</th>
                    <th scope="col" className={styles.days}>
                      14 days
                    </th>
                    {HEADS.map(([name, about]) => (
                      <th key={name} scope="col" title={about}>
                        {name}
                      </th>
                    ))}
                    <th scope="col">
                      <span className="visually-hidden">Switch</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {data.shelves.map((shelf, index) => (
                    <ShelfRow
                      key={shelf.id}
                      shelf={shelf}
                      place={index + 1}
                      span={span}
                      figures={span === 'all' ? shelf.total : shelf.window}
                      days={fortnight.data?.days ?? []}
                      byDay={byDayOf.get(shelf.id) ?? []}
                      switches={switches}
                      open={shelf.id === openShelf}
                      onSwitch={({ id, title }, on) => turn(`shelf:${id}`, on, `“${title}”`)}
                    />
                  ))}
                </tbody>
              </table>
            </div>
          )}
          <Policies
            switches={switches}
            onSwitch={(target, on) => turn(target, on, `The policy ${target.slice('policy:'.length)}`)}
          />
        </>
      )}
      {asked !== undefined && (
        <Confirm
          title={`Switch ${asked.name.replace('The policy', 'the policy')} off?`}
          yes="Switch it off"
          onYes={() => {
            switches.turn(asked.target, false, asked.name);
            setAsked(undefined);
          }}
          onNo={() => setAsked(undefined)}
        >
          It disappears from every listener’s Home with their next visit, until it is switched on again. It can be
          undone at once.
        </Confirm>
      )}
    </>
  );
}
