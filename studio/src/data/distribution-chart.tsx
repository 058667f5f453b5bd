/** A numeric feature's distribution in full: axes, and every set over the others. */
import { useCallback } from 'react';
import type { ComparedFigures } from '../../../src/server/contract.ts';
import { CHART, Chart, type PlotLibrary } from '../shell/chart.tsx';
import { colourOf } from './colours.ts';
import { axisOf, type Bar, barsOf, heightOf, peakOf } from './distribution.ts';
import type { Drawing } from './feature-plot.tsx';
import { figureText, shareText, sideText } from './words.ts';

interface DistributionChartProps {
  readonly feature: ComparedFigures;
  readonly names: readonly string[];
  readonly drawing: Drawing;
}

const HEIGHT_PX = 230;
const TICK_PX = 90;

interface Step {
  readonly x: number;
  readonly y: number;
}

/** Corners of a histogram, left to right. */
function stepsOf(
  bars: readonly Bar[],
  low: (bar: Bar) => number,
  high: (bar: Bar) => number,
  peak: number,
  scale: Drawing['scale'],
): Step[] {
  return bars.flatMap((bar) => {
    const y = heightOf(bar.density / peak, scale);
    return [
      { x: low(bar), y },
      { x: high(bar), y },
    ];
  });
}

export function DistributionChart({ feature, names, drawing }: DistributionChartProps) {
  const { name, sides } = feature;
  const { scale, amount, histogram } = drawing;
  const options = useCallback(
    (plot: PlotLibrary, widthPx: number) => {
      const axis = axisOf(sides, histogram, scale) ?? { low: 0, high: 1, place: (value: number) => value };
      const drawn = sides.map((side) => (side === null ? [] : barsOf(side, axis, histogram, amount)));
      const peak = peakOf(drawn);
      const ticks = Math.max(2, Math.floor(widthPx / TICK_PX));
      // Ticks stand at values; heights are by place, so that a logarithmic axis needs no other drawing.
      const places = Array.from({ length: ticks + 1 }, (_, at) => at / ticks);
      return {
        marginLeft: 26,
        marginRight: 30,
        marginTop: 10,
        marginBottom: 26,
        x: {
          domain: [0, 1],
          ticks: places,
          tickFormat: (place: number) => figureText(valueAt(axis, place)),
          tickSize: 0,
          label: null,
        },
        y: { domain: [0, 1.02], axis: null },
        marks: [
          plot.gridX(places, { stroke: CHART.line, strokeOpacity: 1 }),
          // The first on top: it is what the others are held against.
          ...drawn
            .map((bars, at) => ({ bars, at }))
            .reverse()
            .flatMap(({ bars, at }) => {
              const steps = stepsOf(
                bars,
                (bar) => bar.left,
                (bar) => bar.right,
                peak,
                scale,
              );
              return [
                plot.areaY(steps, { x: 'x', y1: 0, y2: 'y', fill: colourOf(at), fillOpacity: 0.16 }),
                plot.lineY(steps, { x: 'x', y: 'y', stroke: colourOf(at), strokeWidth: 1.75 }),
              ];
            }),
          ...sides.flatMap((side, at) =>
            side?.numeric?.median === null || side?.numeric?.median === undefined
              ? []
              : [
                  plot.ruleX([axis.place(side.numeric.median)], {
                    stroke: colourOf(at),
                    strokeDasharray: '3 4',
                    strokeOpacity: 0.9,
                  }),
                ],
          ),
          plot.ruleY([0], { stroke: CHART.line, strokeOpacity: 1 }),
          plot.tip(
            drawn.flatMap((bars, at) => bars.map((bar) => ({ ...bar, at }))),
            plot.pointerX({
              x: (bar: Bar) => (bar.left + bar.right) / 2,
              y: (bar: Bar) => heightOf(bar.density / peak, scale),
              title: (bar: Bar & { readonly at: number }) =>
                `${names[bar.at]}\n${figureText(bar.from)} to ${figureText(bar.to)}\n${shareText(bar.share)}, ${figureText(bar.count)} values`,
              fill: 'var(--bg-high)',
              stroke: 'var(--line)',
            }),
          ),
        ],
      };
    },
    [sides, names, scale, amount, histogram],
  );
  const said = sides.map((side, at) => sideText(names[at] ?? '', side)).join('; ');
  return <Chart label={`Distribution of ${name} in full. ${said}`} heightPx={HEIGHT_PX} options={options} />;
}

/** The value at a place of the axis, found by halving: places rise with values. */
function valueAt(
  { low, high, place }: { readonly low: number; readonly high: number; place(value: number): number },
  wanted: number,
): number {
  let [from, to] = [low, high];
  for (let step = 0; step < 40; step++) {
    const middle = (from + to) / 2;
    if (place(middle) < wanted) from = middle;
    else to = middle;
  }
  const value = (from + to) / 2;
  return Number(value.toPrecision(4));
}
