/** How each policy's importance weights lie: a histogram over their logarithm, and what it means for the sample. */
import { useCallback, useMemo } from 'react';
import type { ComparedPolicy, WeightHistogram } from '../../../src/server/contract.ts';
import { CHART, Chart, type PlotLibrary } from '../shell/chart.tsx';
import figures from '../shell/figures.module.css';
import { percentText } from '../shell/times.ts';
import { COLOURS } from './plot-rows.ts';
import styles from './what-if.module.css';
import { shareText, weightText } from './words.ts';

const HEIGHT_PX = 150;
/** What is less is drawn here: how much less a card counts that hardly counts is no matter. */
const LEAST = 0.001;

/** One bin for all that is less than `LEAST`. */
function withoutTail(bins: WeightHistogram['bins']): WeightHistogram['bins'] {
  const tail = bins.filter(({ to }) => to <= LEAST);
  const rest = bins.filter(({ to }) => to > LEAST);
  if (tail.length === 0) return bins;
  return [{ from: LEAST / 1.22, to: LEAST, cards: tail.reduce((sum, bin) => sum + bin.cards, 0) }, ...rest];
}

interface WeightsProps {
  readonly policies: readonly ComparedPolicy[];
  readonly histograms: readonly WeightHistogram[];
}

function Histogram({
  histogram,
  colour,
  range,
  maxWeight,
}: {
  readonly histogram: WeightHistogram;
  readonly colour: string;
  readonly range: readonly [number, number];
  readonly maxWeight: number;
}) {
  const { cards, zeros, name } = histogram;
  const bins = useMemo(() => withoutTail(histogram.bins), [histogram]);
  const options = useCallback(
    (plot: PlotLibrary, widthPx: number) => ({
      marginLeft: 14,
      marginRight: 20,
      marginTop: 18,
      marginBottom: 24,
      x: {
        type: 'log' as const,
        domain: [...range],
        ticks: widthPx < 360 ? 3 : 5,
        tickFormat: weightText,
        tickSize: 0,
        label: null,
      },
      y: { axis: null },
      marks: [
        plot.rectY(bins, {
          x1: 'from',
          x2: 'to',
          y: ({ cards: count }: { readonly cards: number }) => count / cards,
          fill: colour,
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        plot.ruleY([0], { stroke: CHART.line, strokeOpacity: 1 }),
        plot.ruleX([1], { stroke: CHART.ink, strokeDasharray: '4 4' }),
        plot.text([1], {
          x: (value: number) => value,
          frameAnchor: 'top',
          dy: -15,
          text: () => 'as logged',
          fill: CHART.quiet,
        }),
        plot.dot([maxWeight], { x: (value: number) => value, y: 0, r: 4, fill: colour, stroke: 'var(--bg-raised)' }),
      ],
    }),
    [bins, cards, colour, range, maxWeight],
  );
  const zeroText = zeros === 0 ? '' : `, ${percentText(zeros / cards)} of them 0`;
  return (
    <Chart
      label={`Weights of ${name}: ${cards.toLocaleString('en')} cards${zeroText}, the largest ${weightText(maxWeight)}`}
      heightPx={HEIGHT_PX}
      options={options}
    />
  );
}

function facts(
  { weights }: ComparedPolicy,
  { cards, zeros }: WeightHistogram,
): readonly (readonly [string, string, string])[] {
  const { essShare, listeners, maxWeight, meanWeight, differing, missing } = weights;
  const count = (value: number) => Math.round(value).toLocaleString('en');
  return [
    ['Effective sample', shareText(essShare), `${count(essShare * cards)} of ${count(cards)} cards`],
    ['Effective listeners', count(listeners), 'of equal weight'],
    ['Largest weight', weightText(maxWeight), zeros === 0 ? 'none is 0' : `${percentText(zeros / cards)} are 0`],
    ['Mean weight', meanWeight.toFixed(3), '1 where the log covers it'],
    ['Decides otherwise', percentText(differing), 'of what was drawn'],
    ['Without a chance', percentText(missing), 'of its choices, in the log'],
  ];
}

/** Weights are shown of refused policies too: they say why. */
export function Weights({ policies, histograms }: WeightsProps) {
  const found = policies.flatMap((policy, at) => {
    const histogram = histograms.find(({ name }) => name === policy.name);
    return histogram === undefined ? [] : [{ policy, histogram, colour: COLOURS[at % COLOURS.length] ?? CHART.main }];
  });
  const range = useMemo(() => {
    const edges = histograms.flatMap(({ bins }) => withoutTail(bins).flatMap(({ from, to }) => [from, to]));
    return [Math.min(0.1, ...edges), Math.max(10, ...edges)] as const;
  }, [histograms]);
  return (
    <ul className={styles.multiples} data-size="large" data-count={found.length}>
      {found.map(({ policy, histogram, colour }) => (
        <li key={policy.name}>
          <h3>
            <span className={styles.dot} style={{ background: colour }} aria-hidden="true" />
            {policy.name}
          </h3>
          <Histogram histogram={histogram} colour={colour} range={range} maxWeight={policy.weights.maxWeight} />
          <dl className={`${figures.numbers} ${styles.small}`}>
            {facts(policy, histogram).map(([name, value, about]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  {value}
                  <span>{about}</span>
                </dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}
