/** Lines over the last minutes, and what each of them is. */
import { useCallback } from 'react';
import { CHART, Chart, type PlotLibrary } from '../shell/chart.tsx';
import { timeText } from '../shell/times.ts';
import styles from './lines.module.css';
import type { Point } from './seconds.ts';

interface Line {
  readonly name: string;
  readonly colour: string;
  readonly of: (point: Point) => number | null;
  /** Filled below. */
  readonly area?: boolean;
}

export const LINES = {
  requests: [
    { name: 'requests', colour: CHART.second, of: (point) => point.requests, area: true },
    { name: 'Homes', colour: CHART.main, of: (point) => point.homes },
  ],
  events: [{ name: 'events', colour: CHART.third, of: (point) => point.events, area: true }],
  latency: [
    { name: 'p99', colour: CHART.fourth, of: (point) => point.stages.home?.p99Ms ?? null },
    { name: 'p95', colour: CHART.second, of: (point) => point.stages.home?.p95Ms ?? null },
    { name: 'p50', colour: CHART.main, of: (point) => point.stages.home?.p50Ms ?? null },
  ],
  wrong: [
    { name: 'degraded decisions', colour: CHART.main, of: (point) => point.degraded },
    { name: 'failed requests', colour: CHART.danger, of: (point) => point.failed },
  ],
} as const satisfies Readonly<Record<string, readonly Line[]>>;

const HEIGHT_PX = 200;
const NARROW_PX = 420;
/** A plot of seldom requests still shows what one is. */
const LEAST_TOP = 1;
const POWERS = [0.01, 0.1, 1, 10, 100, 1000, 10_000];

interface LinesProps {
  readonly points: readonly Point[];
  /** From when to when. */
  readonly spanMs: readonly [number, number];
  readonly lines: readonly Line[];
  readonly label: string;
  readonly scale?: 'linear' | 'log' | 'share';
}

export function Lines({ points, spanMs, lines, label, scale = 'linear' }: LinesProps) {
  const options = useCallback(
    (plot: PlotLibrary, widthPx: number) => {
      const values = lines.flatMap(({ of }) => points.map(of).filter((value) => value !== null));
      const highest = Math.max(0, ...values);
      const lowest = Math.min(...values.filter((value) => value > 0), highest);
      const domain: [number, number] =
        scale === 'log'
          ? [Math.min(0.5, lowest / 1.5), Math.max(10, highest * 1.5)]
          : scale === 'share'
            ? [0, Math.max(0.05, Math.min(1, highest * 1.2))]
            : [0, Math.max(LEAST_TOP, highest * 1.12)];
      const base = domain[0];
      const yTicks = scale === 'log' ? POWERS.filter((power) => power >= domain[0] && power <= domain[1]) : 4;
      return {
        marginLeft: 44,
        marginRight: 8,
        marginTop: 8,
        marginBottom: 24,
        x: {
          type: 'utc' as const,
          domain: [...spanMs],
          label: null,
          ticks: widthPx < NARROW_PX ? 3 : 5,
          tickFormat: (at: Date) => timeText(at.getTime()),
        },
        y: {
          domain,
          label: null,
          ticks: yTicks,
          tickFormat: scale === 'share' ? '~%' : '~s',
          ...(scale === 'log' ? { type: 'log' as const } : {}),
        },
        marks: [
          plot.gridY({ stroke: CHART.line, strokeOpacity: 1, ticks: yTicks }),
          ...lines.flatMap(({ of, colour, area = false }) => [
            ...(area
              ? [
                  plot.areaY(points, {
                    x: (point: Point) => point.atMs,
                    y1: base,
                    y2: of,
                    fill: colour,
                    fillOpacity: 0.16,
                    curve: 'monotone-x' as const,
                  }),
                ]
              : []),
            plot.lineY(points, {
              x: (point: Point) => point.atMs,
              y: of,
              stroke: colour,
              strokeWidth: 2,
              curve: 'monotone-x' as const,
            }),
            // A second of its own, between seconds without any, is no line.
            plot.dot(
              points.filter((point, i) => {
                const alone = (other: Point | undefined) => other === undefined || of(other) === null;
                return of(point) !== null && alone(points[i - 1]) && alone(points[i + 1]);
              }),
              { x: (point: Point) => point.atMs, y: of, r: 2.5, fill: colour },
            ),
          ]),
        ],
      };
    },
    [points, spanMs, lines, scale],
  );
  return (
    <div className={styles.lines}>
      <Chart label={label} heightPx={HEIGHT_PX} options={options} />
      <ul className={styles.legend} aria-hidden="true">
        {lines.map(({ name, colour }) => (
          <li key={name}>
            <span style={{ background: colour }} />
            {name}
          </li>
        ))}
      </ul>
    </div>
  );
}
