/** Values with their intervals, a row each, over one axis; lines stand for what they are held against. */
import { useCallback } from 'react';
import type { Bounds } from '../../../src/server/contract.ts';
import { CHART, Chart, type PlotLibrary } from '../shell/chart.tsx';
import { COLOURS, type PlotRow, type Reference, rangeOf } from './plot-rows.ts';

interface IntervalPlotProps {
  /** What it shows, in a sentence. */
  readonly label: string;
  readonly rows: readonly PlotRow[];
  readonly references: readonly Reference[];
  readonly text: (value: number) => string;
  /** The axis; by default all that is on show. */
  readonly range?: readonly [number, number];
  /** Of many small ones: no names of lines, less height. */
  readonly small?: boolean;
}

/** Names of lines near an edge stand inside of it. */
function anchorAt(share: number, otherwise: Reference['anchor'] = 'middle'): 'start' | 'middle' | 'end' {
  if (share < EDGE) return 'start';
  return share > 1 - EDGE ? 'end' : otherwise;
}

const EDGE = 0.2;
const TOP_PX = 26;
const BOTTOM_PX = 26;
const TICK_PX = 90;

export function IntervalPlot({ label, rows, references, text, range, small = false }: IntervalPlotProps) {
  const rowPx = small ? 34 : 48;
  const topPx = small ? 4 : TOP_PX;
  const options = useCallback(
    (plot: PlotLibrary, widthPx: number) => {
      const domain = range ?? rangeOf(rows, references);
      const clamp = (value: number | null, otherwise: number): number =>
        Math.min(domain[1], Math.max(domain[0], value ?? otherwise));
      const shown = rows.flatMap((row) => (row.figure === null ? [] : [{ ...row, ...row.figure }]));
      const refused = rows.filter(({ figure }) => figure === null);
      const colour = (row: PlotRow): string => COLOURS[row.at % COLOURS.length] ?? CHART.main;
      const ends = ({ interval }: { readonly interval: Bounds }) => ({
        from: clamp(interval[0], domain[0]),
        to: clamp(interval[1], domain[1]),
      });
      const intervals = shown.map((row) => ({ ...row, ...ends(row) }));
      return {
        marginLeft: 16,
        marginRight: 24,
        marginTop: topPx,
        marginBottom: BOTTOM_PX,
        x: {
          domain: [...domain],
          ticks: Math.max(2, Math.floor(widthPx / TICK_PX)),
          tickFormat: text,
          tickSize: 0,
          label: null,
        },
        y: { domain: [-0.5, rows.length - 0.5], reverse: true, axis: null },
        marks: [
          plot.gridX({ stroke: CHART.line, strokeOpacity: 1, ticks: Math.max(2, Math.floor(widthPx / TICK_PX)) }),
          ...references
            .filter(({ at }) => at >= domain[0] && at <= domain[1])
            .flatMap(({ at, band, dashed }) => [
              ...(band === undefined
                ? []
                : [
                    plot.rectX([band], {
                      x1: clamp(band[0], domain[0]),
                      x2: clamp(band[1], domain[1]),
                      fill: CHART.faint,
                      fillOpacity: 0.6,
                    }),
                  ]),
              plot.ruleX([at], {
                stroke: dashed ? CHART.quiet : CHART.ink,
                strokeWidth: 1.5,
                ...(dashed ? { strokeDasharray: '4 4' } : {}),
              }),
            ]),
          ...(small
            ? []
            : references.map(({ at, name, anchor }) =>
                plot.text([at], {
                  x: (value: number) => value,
                  frameAnchor: 'top',
                  dy: -16,
                  text: () => name,
                  textAnchor: anchorAt((at - domain[0]) / (domain[1] - domain[0]), anchor),
                  fill: CHART.quiet,
                }),
              )),
          ...intervals.map((row) => {
            const faint = row.verdict === 'weak' ? 0.55 : 1;
            return plot.ruleY([row], {
              x1: 'from',
              x2: 'to',
              y: 'row',
              stroke: colour(row),
              strokeOpacity: faint,
              strokeWidth: small ? 3 : 4,
              strokeLinecap: 'round',
              dy: small ? 5 : 8,
            });
          }),
          ...intervals.map((row) =>
            plot.dot([row], {
              x: clamp(row.value, domain[0]),
              y: 'row',
              r: small ? 4 : 6,
              fill: row.verdict === 'weak' ? 'var(--bg-raised)' : colour(row),
              stroke: colour(row),
              strokeWidth: 2,
              dy: small ? 5 : 8,
            }),
          ),
          plot.text(rows, {
            y: 'row',
            frameAnchor: 'left',
            dx: 0,
            dy: small ? -8 : -11,
            text: ({ name }: PlotRow) => name,
            fill: CHART.ink,
            fontWeight: 600,
            fontSize: small ? 11 : 13,
            lineWidth: widthPx / (small ? 11 : 13) - 1,
            textOverflow: 'ellipsis',
            stroke: 'var(--bg-raised)',
            strokeWidth: 4,
          }),
          plot.text(refused, {
            y: 'row',
            frameAnchor: 'left',
            dy: small ? 6 : 9,
            text: () => 'cannot tell',
            fill: CHART.quiet,
            fontStyle: 'italic',
            stroke: 'var(--bg-raised)',
            strokeWidth: 4,
          }),
        ],
      };
    },
    [rows, references, text, range, small, topPx],
  );
  return <Chart label={label} heightPx={topPx + BOTTOM_PX + rows.length * rowPx} options={options} />;
}
