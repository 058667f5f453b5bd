/** How Home has shown an item: how often, to how many, by which shelf, over the days. */
import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import type { ItemExposure } from '../../../src/server/contract.ts';
import { CHART, Chart, type PlotLibrary } from '../shell/chart.tsx';
import figures from '../shell/figures.module.css';
import { Panel } from '../shell/panel.tsx';
import { Failure, Skeleton } from '../shell/states.tsx';
import table from '../shell/table.module.css';
import { dateText, dayMonthText, percentText } from '../shell/times.ts';
import { fetchExposure } from './api.ts';
import styles from './exposure.module.css';

const DAYS_PX = 150;
const WAITING_PX = 360;

function Numbers({ exposure }: { readonly exposure: ItemExposure }) {
  const { shown, seen, chosen, listeners, meanRank } = exposure;
  const facts: readonly (readonly [string, string, string])[] = [
    ['Shown', shown.toLocaleString('en'), 'cards on pages'],
    ['Seen', seen.toLocaleString('en'), shown === 0 ? '' : `${percentText(seen / shown)} of shown`],
    ['Chosen', chosen.toLocaleString('en'), seen === 0 ? '' : `${percentText(Math.min(1, chosen / seen))} of seen`],
    ['Listeners', `${listeners.exact ? '' : '≈ '}${listeners.count.toLocaleString('en')}`, 'shown to'],
    ['Mean place', meanRank === null ? '–' : (meanRank + 1).toFixed(1), 'in the row'],
  ];
  return (
    <dl className={`${figures.numbers} ${styles.numbers}`}>
      {facts.map(([name, value, about]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            <span>{about === '' ? '\u00a0' : about}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function ByShelf({ rows }: { readonly rows: ItemExposure['byShelf'] }) {
  const most = Math.max(...rows.map(({ shown }) => shown), 1);
  return (
    <table className={`${table.table} ${styles.shelves}`}>
      <caption className="visually-hidden">Exposure by shelf</caption>
      <thead>
        <tr>
          <th scope="col">Shelf</th>
          <th scope="col">
            <span className="visually-hidden">Shown, seen and chosen as bars</span>
          </th>
          <th scope="col">Shown</th>
          <th scope="col">Seen</th>
          <th scope="col">Chosen</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ shelf, shown, seen, chosen }) => (
          <tr key={shelf}>
            <th scope="row">{shelf}</th>
            <td className={styles.barCell}>
              <span className={styles.bar} aria-hidden="true">
                <span data-what="shown" style={{ width: `${(shown / most) * 100}%` }} />
                <span data-what="seen" style={{ width: `${(seen / most) * 100}%` }} />
                <span data-what="chosen" style={{ width: `${(chosen / most) * 100}%` }} />
              </span>
            </td>
            <td>{shown.toLocaleString('en')}</td>
            <td>{seen.toLocaleString('en')}</td>
            <td>{chosen.toLocaleString('en')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface DayRow {
  readonly atMs: number;
  readonly shown: number;
  readonly seen: number;
  readonly chosen: number;
}

function ByDay({ exposure }: { readonly exposure: ItemExposure }) {
  const { days, byDay } = exposure;
  const options = useCallback(
    (plot: PlotLibrary, widthPx: number) => {
      const rows: DayRow[] = days.map((day, i) => ({
        atMs: Date.parse(day),
        shown: byDay[i]?.shown ?? 0,
        seen: byDay[i]?.seen ?? 0,
        chosen: byDay[i]?.chosen ?? 0,
      }));
      const bar = (what: 'shown' | 'seen' | 'chosen', fill: string, insetPx: number) =>
        plot.rectY(rows, {
          x: (row: DayRow) => row.atMs,
          y: (row: DayRow) => row[what],
          interval: 'day',
          fill,
          insetLeft: insetPx,
          insetRight: insetPx,
          rx: 2,
        });
      const inset = widthPx < 500 ? 2 : 5;
      return {
        marginLeft: 40,
        marginRight: 6,
        marginTop: 8,
        marginBottom: 24,
        x: {
          type: 'utc' as const,
          label: null,
          ticks: widthPx < 500 ? 3 : 7,
          tickFormat: (day: Date) => dayMonthText(day.getTime()),
        },
        y: {
          label: null,
          ticks: 3,
          grid: false,
          tickFormat: 'd',
          domain: [0, Math.max(4, ...rows.map(({ shown }) => shown))],
        },
        marks: [
          plot.gridY({ stroke: CHART.line, strokeOpacity: 1, ticks: 3 }),
          bar('shown', CHART.faint, inset),
          bar('seen', CHART.second, inset + 1),
          bar('chosen', CHART.main, inset + 2),
        ],
      };
    },
    [days, byDay],
  );
  const first = days[0];
  return (
    <Chart
      label={`Cards shown, seen and chosen by day since ${first === undefined ? 'the beginning' : dateText(Date.parse(first))}`}
      heightPx={DAYS_PX}
      options={options}
    />
  );
}

const LEGEND = [
  ['shown', 'shown'],
  ['seen', 'seen'],
  ['chosen', 'chosen'],
] as const;

export function Exposure({ itemId }: { readonly itemId: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['item-exposure', itemId],
    queryFn: ({ signal }) => fetchExposure(itemId, signal),
  });
  const since = data?.sinceMs ?? null;
  return (
    <Panel
      title="Exposure"
      note={since === null ? 'how Home has shown it' : `how Home has shown it since ${dateText(since)}`}
    >
      {error !== null ? (
        <Failure failure={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton heightPx={WAITING_PX} />
      ) : (
        <>
          {data.catchingUp && (
            <p className={styles.behind} role="status">
              Older pages are still being counted.
            </p>
          )}
          <Numbers exposure={data} />
          {data.shown === 0 ? (
            <p className={styles.nothing}>No Home has shown it yet.</p>
          ) : (
            <>
              <ByShelf rows={data.byShelf} />
              <ByDay exposure={data} />
              <ul className={styles.legend} aria-hidden="true">
                {LEGEND.map(([what, name]) => (
                  <li key={what} data-what={what}>
                    {name}
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      )}
    </Panel>
  );
}
