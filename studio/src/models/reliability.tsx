/** Reliability: what was observed where so much was predicted, in ten bins of equal weight, with their 95% intervals. */
import { useCallback } from 'react';
import type { ReliabilityBin } from '../../../src/server/contract.ts';
import { CHART, Chart, type PlotLibrary } from '../shell/chart.tsx';
import { percentText } from '../shell/times.ts';
import styles from './charts.module.css';

const HEIGHT_PX = 300;
const NARROW_PX = 420;

interface ReliabilityProps {
  readonly bins: readonly ReliabilityBin[];
  /** Of the model that served when this one was trained, over the same rows. */
  readonly serving: readonly ReliabilityBin[];
}

export function Reliability({ bins, serving }: ReliabilityProps) {
  const options = useCallback(
    (plot: PlotLibrary, widthPx: number) => {
      const all = [...bins, ...serving];
      const most = Math.max(0.02, ...all.flatMap(({ meanPredicted, interval }) => [meanPredicted, interval[1]]));
      const top = Math.min(1, most * 1.05);
      const ticks = widthPx < NARROW_PX ? 3 : 5;
      const axis = { domain: [0, top], ticks, tickFormat: (share: number) => percentText(share), label: null };
      const curve = (of: readonly ReliabilityBin[], colour: string) => [
        plot.line(of, { x: 'meanPredicted', y: 'meanObserved', stroke: colour, strokeWidth: 2 }),
        plot.dot(of, { x: 'meanPredicted', y: 'meanObserved', fill: colour, r: 4 }),
      ];
      return {
        marginLeft: 46,
        marginRight: 10,
        marginTop: 8,
        marginBottom: 28,
        x: axis,
        y: axis,
        marks: [
          plot.gridY({ stroke: CHART.line, strokeOpacity: 1, ticks }),
          plot.line(
            [
              [0, 0],
              [top, top],
            ],
            { stroke: CHART.quiet, strokeDasharray: '4 4' },
          ),
          ...curve(serving, CHART.second),
          plot.ruleX(bins, {
            x: 'meanPredicted',
            y1: (bin: ReliabilityBin) => bin.interval[0],
            y2: (bin: ReliabilityBin) => Math.min(top, bin.interval[1]),
            stroke: CHART.main,
            strokeOpacity: 0.55,
            strokeWidth: 2,
          }),
          ...curve(bins, CHART.main),
        ],
      };
    },
    [bins, serving],
  );
  const label = `Reliability in ${bins.length} bins: ${bins
    .map(
      ({ meanPredicted, meanObserved }) =>
        `${percentText(meanPredicted)} predicted, ${percentText(meanObserved)} observed`,
    )
    .join('; ')}`;
  return (
    <div className={styles.chart}>
      <Chart label={label} heightPx={HEIGHT_PX} options={options} />
      <ul className={styles.legend} aria-hidden="true">
        <li data-what="model">this model</li>
        {serving.length > 0 && <li data-what="serving">served when it was trained</li>}
        <li data-what="perfect">as predicted</li>
      </ul>
    </div>
  );
}
