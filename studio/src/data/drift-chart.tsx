/** How far a feature is from the span before, span by span, and from serving; with the threshold, and marks where something was wrong. */
import { useCallback } from 'react';
import type { DataSet, FeatureTimeline } from '../../../src/server/contract.ts';
import { CHART, Chart, type PlotLibrary } from '../shell/chart.tsx';
import { distanceText, spanText } from './words.ts';

interface DriftChartProps {
  readonly feature: FeatureTimeline;
  /** Oldest first. */
  readonly sets: readonly DataSet[];
  readonly heightPx?: number;
}

const HEIGHT_PX = 120;
const TICK_PX = 110;
/** Of the name of a day; those of hours are longer. */
const DAY_LENGTH = '2026-11-20'.length;

interface Point {
  readonly at: number;
  readonly distance: number | null;
}

function pointsOf(distances: readonly (number | null)[]): readonly Point[] {
  return distances.map((distance, at) => ({ at, distance }));
}

/** "largest 0.310 on 20 Nov; last 0.012", of those that could be measured. */
export function driftText(distances: readonly (number | null)[], sets: readonly DataSet[]): string {
  const known = distances.flatMap((distance, at) => (distance === null ? [] : [{ distance, at }]));
  const last = known.at(-1);
  if (last === undefined) return 'not measured';
  const most = known.reduce((a, b) => (b.distance > a.distance ? b : a));
  const where = spanText(sets[most.at]?.span ?? '');
  if (most.at === last.at) return `${distanceText(last.distance)} on ${where}, the largest and the last`;
  return `largest ${distanceText(most.distance)} on ${where}; last ${distanceText(last.distance)}`;
}

export function DriftChart({ feature, sets, heightPx = HEIGHT_PX }: DriftChartProps) {
  const { name, drift, skew, worst, driftThreshold, skewThreshold } = feature;
  const hasSkew = skew.some((distance) => distance !== null);
  const options = useCallback(
    (plot: PlotLibrary, widthPx: number) => {
      const thresholds = [
        ...(driftThreshold === null ? [] : [{ at: driftThreshold, stroke: CHART.danger }]),
        ...(skewThreshold === null || !hasSkew || skewThreshold === driftThreshold
          ? []
          : [{ at: skewThreshold, stroke: CHART.second }]),
      ];
      const most = Math.max(
        0.02,
        ...thresholds.map(({ at }) => at),
        ...[...drift, ...skew].map((distance) => distance ?? 0),
      );
      const every = Math.max(1, Math.ceil(sets.length / Math.max(2, Math.floor(widthPx / TICK_PX))));
      const ticks = sets.flatMap((_, at) => ((sets.length - 1 - at) % every === 0 ? [at] : []));
      const marks = worst.flatMap((severity, at) =>
        severity === null ? [] : [{ at, severity, distance: Math.max(drift[at] ?? 0, skew[at] ?? 0) }],
      );
      const line = (distances: readonly (number | null)[], stroke: string, isDashed: boolean) => [
        plot.lineY(pointsOf(distances), {
          x: 'at',
          y: 'distance',
          stroke,
          strokeWidth: 1.75,
          ...(isDashed ? { strokeDasharray: '1 4', strokeLinecap: 'round' } : {}),
        }),
        plot.dot(
          pointsOf(distances).filter(({ distance }) => distance !== null),
          { x: 'at', y: 'distance', fill: stroke, r: sets.length > 40 ? 1.5 : 2.25 },
        ),
      ];
      return {
        marginLeft: 38,
        // Half of the last span's name, which of hours is long.
        marginRight: (sets[0]?.span.length ?? 0) > DAY_LENGTH ? 42 : 22,
        marginTop: 10,
        marginBottom: 22,
        x: {
          domain: [-0.3, sets.length - 0.7],
          ticks,
          tickFormat: (at: number) => spanText(sets[at]?.span ?? ''),
          tickSize: 0,
          label: null,
        },
        y: {
          domain: [0, most * 1.12],
          ticks: 2,
          tickSize: 0,
          tickFormat: (distance: number) => String(distance),
          label: null,
        },
        marks: [
          plot.gridY({ stroke: CHART.line, strokeOpacity: 1, ticks: 2 }),
          ...thresholds.map(({ at, stroke }) =>
            plot.ruleY([at], { stroke, strokeDasharray: '5 4', strokeOpacity: 0.85 }),
          ),
          ...(hasSkew ? line(skew, CHART.second, true) : []),
          ...line(drift, CHART.main, false),
          plot.dot(marks, {
            x: 'at',
            y: 'distance',
            r: 5.5,
            strokeWidth: 2,
            stroke: ({ severity }: (typeof marks)[number]) => (severity === 'error' ? CHART.danger : CHART.main),
            fill: 'var(--bg-raised)',
          }),
          plot.tip(
            sets.map((set, at) => ({ set, at })),
            plot.pointerX({
              x: 'at',
              y: ({ at }: { readonly at: number }) => drift[at] ?? skew[at] ?? 0,
              title: ({ set, at }: { readonly set: DataSet; readonly at: number }) =>
                [
                  spanText(set.span),
                  `drift ${told(drift[at])}`,
                  ...(hasSkew ? [`from serving ${told(skew[at])}`] : []),
                  ...(worst[at] === null || worst[at] === undefined ? [] : [`${worst[at]}`]),
                ].join('\n'),
              fill: 'var(--bg-high)',
              stroke: 'var(--line)',
            }),
          ),
        ],
      };
    },
    [drift, skew, worst, driftThreshold, skewThreshold, hasSkew, sets],
  );
  const wrong = worst.filter((severity) => severity !== null).length;
  const label = [
    `Drift of ${name} over ${sets.length} spans: ${driftText(drift, sets)}`,
    ...(driftThreshold === null ? [] : [`threshold ${driftThreshold}`]),
    ...(wrong === 0 ? [] : [`something wrong in ${wrong} of them`]),
  ].join('; ');
  return <Chart label={label} heightPx={heightPx} options={options} />;
}

function told(distance: number | null | undefined): string {
  return distance === null || distance === undefined ? 'not measured' : distanceText(distance);
}
