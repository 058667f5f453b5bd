/** One shelf in detail: what its figures rest on, and how they went by day. */
import { useCallback } from 'react';
import type { ShelfFigures } from '../../../src/server/contract.ts';
import { CHART, Chart, type PlotLibrary } from '../shell/chart.tsx';
import { countText, dayMonthText } from '../shell/times.ts';
import styles from './shelf-detail.module.css';

interface ShelfDetailProps {
  readonly title: string;
  /** Of the span on show. */
  readonly figures: ShelfFigures;
  readonly days: readonly string[];
  readonly byDay: readonly ShelfFigures[];
}

const HEIGHT_PX = 170;
const NARROW_PX = 420;

interface Day {
  readonly atMs: number;
  readonly decided: number;
  readonly seen: number;
  readonly chosen: number;
}

export function ShelfDetail({ title, figures, days, byDay }: ShelfDetailProps) {
  const options = useCallback(
    (plot: PlotLibrary, widthPx: number) => {
      const rows: Day[] = days.map((day, i) => ({
        atMs: Date.parse(day),
        decided: byDay[i]?.decided ?? 0,
        seen: byDay[i]?.seen ?? 0,
        chosen: byDay[i]?.chosen ?? 0,
      }));
      const inset = widthPx < NARROW_PX ? 2 : 5;
      const bar = (of: (day: Day) => number, fill: string, extra: number) =>
        plot.rectY(rows, {
          x: (day: Day) => day.atMs,
          y: of,
          interval: 'day',
          fill,
          insetLeft: inset + extra,
          insetRight: inset + extra,
          rx: 2,
        });
      return {
        marginLeft: 40,
        marginRight: 6,
        marginTop: 8,
        marginBottom: 24,
        x: {
          type: 'utc' as const,
          label: null,
          ticks: widthPx < NARROW_PX ? 3 : 7,
          tickFormat: (day: Date) => dayMonthText(day.getTime()),
        },
        y: { label: null, ticks: 3, tickFormat: 'd', domain: [0, Math.max(4, ...rows.map(({ decided }) => decided))] },
        marks: [
          plot.gridY({ stroke: CHART.line, strokeOpacity: 1, ticks: 3 }),
          bar((day) => day.decided, CHART.faint, 0),
          bar((day) => day.seen, CHART.second, 1),
          bar((day) => day.chosen, CHART.main, 2),
        ],
      };
    },
    [days, byDay],
  );
  const facts: readonly (readonly [string, string])[] = [
    ['Decided', countText(figures.decided, 'row')],
    ['Visits', `${countText(figures.visits, 'row')} on rendered pages`],
    ['Seen', countText(figures.seen, 'row')],
    ['Chosen', countText(figures.chosen, 'row')],
    ['Rewards', countText(figures.rewards, 'card')],
    ['Drawn', countText(figures.placementsDrawn, 'placement')],
    [
      'Explored',
      `${figures.placementsExplored.toLocaleString('en')} of ${figures.placementsExamined.toLocaleString('en')} looked at`,
    ],
  ];
  return (
    <div className={styles.detail}>
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div className={styles.chart}>
        <Chart label={`${title}: rows decided, seen and chosen by day`} heightPx={HEIGHT_PX} options={options} />
        <ul className={styles.legend} aria-hidden="true">
          <li data-what="decided">decided</li>
          <li data-what="seen">seen</li>
          <li data-what="chosen">chosen</li>
        </ul>
      </div>
    </div>
  );
}
