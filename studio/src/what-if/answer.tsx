/** The answer to a question about policies: in words, as plots, by slice, and what all of it rests on. */
import { useMemo } from 'react';
import type { ComparedPolicy, ComparedSlice, ComparisonReport } from '../../../src/server/contract.ts';
import figures from '../shell/figures.module.css';
import { Panel } from '../shell/panel.tsx';
import { countText, dateText } from '../shell/times.ts';
import { FiguresTable } from './figures-table.tsx';
import { IntervalPlot } from './interval-plot.tsx';
import { commonRange, earnedOf, type FigureOf, referencesOf, rowsOf } from './plot-rows.ts';
import type { Question } from './question.ts';
import { Verdicts } from './verdicts.tsx';
import { Weights } from './weights.tsx';
import styles from './what-if.module.css';
import {
  assumedText,
  boundsText,
  DIMENSION_NAMES,
  ESTIMATOR_NAMES,
  leftOutTexts,
  liftText,
  RUNG_NAMES,
  rewardText,
  VERDICTS,
} from './words.ts';

const NOTHING = [{ at: 0, name: 'no difference', dashed: false }] as const;
const overServed: FigureOf = ({ liftOverServed }) => liftOverServed;
const overPopularity: FigureOf = ({ liftOverPopularity }) => liftOverPopularity;

/** "25 Nov 2026"; "1 Nov 2026 to 25 Nov 2026" */
function daysText(fromMs: number, toMs: number): string {
  const [from, to] = [dateText(fromMs), dateText(toMs)];
  return from === to ? from : `${from} to ${to}`;
}

/** Whose popularity it is. */
function overPopularityText(popularity: ComparedSlice['popularity']): string {
  if (popularity?.from !== 'hold-out') return 'paired';
  return `that of ${countText(popularity.listeners, 'listener')} of the hold-out, not paired`;
}

/** For those who do not see the plot. */
function plotText(policies: readonly ComparedPolicy[], figureOf: FigureOf, text: (value: number) => string): string {
  return rowsOf(policies, figureOf)
    .map(({ name, figure }) =>
      figure === null
        ? `${name} cannot be told`
        : `${name} ${text(figure.value)}, ${boundsText(figure.interval, text)}`,
    )
    .join('; ');
}

function Values({ slice, policies }: { readonly slice: ComparedSlice; readonly policies: readonly ComparedPolicy[] }) {
  const rows = useMemo(() => rowsOf(policies, earnedOf), [policies]);
  const references = useMemo(() => referencesOf(slice), [slice]);
  return (
    <IntervalPlot
      label={`Cards that earn, a decision: what served ${rewardText(slice.served.value)}; ${plotText(policies, earnedOf, rewardText)}`}
      rows={rows}
      references={references}
      text={rewardText}
    />
  );
}

function Lifts({
  policies,
  over,
}: {
  readonly policies: readonly ComparedPolicy[];
  readonly over: 'served' | 'popularity';
}) {
  const figureOf = over === 'served' ? overServed : overPopularity;
  const rows = useMemo(() => rowsOf(policies, figureOf), [policies, figureOf]);
  return (
    <IntervalPlot
      label={`Lift over ${over === 'served' ? 'what served' : 'popularity'}: ${plotText(policies, figureOf, liftText)}`}
      rows={rows}
      references={NOTHING}
      text={liftText}
    />
  );
}

function SliceFigure({ slice, range }: { readonly slice: ComparedSlice; readonly range: readonly [number, number] }) {
  const { policies } = slice;
  const rows = useMemo(() => rowsOf(policies, earnedOf), [policies]);
  const references = useMemo(() => referencesOf(slice), [slice]);
  return (
    <li>
      <h3>{slice.name === '' ? 'not known' : slice.name}</h3>
      <p className={styles.sliceNote}>
        {countText(slice.decisions, 'decision')}, {countText(slice.listeners, 'listener')}; served{' '}
        {rewardText(slice.served.value)}
      </p>
      <IntervalPlot
        label={`${slice.name}: served ${rewardText(slice.served.value)}; ${plotText(policies, earnedOf, rewardText)}`}
        rows={rows}
        references={references}
        text={rewardText}
        range={range}
        small
      />
    </li>
  );
}

function Foundations({
  report,
  policies,
}: {
  readonly report: ComparisonReport;
  readonly policies: readonly ComparedPolicy[];
}) {
  const { rewardModel } = report;
  const left = leftOutTexts(report.leftOut);
  const rungs = [...new Set(policies.map(({ rung }) => rung))];
  const facts: readonly (readonly [string, string])[] = [
    [
      'Decisions',
      `${countText(report.decisions, 'decision')} of ${countText(report.listeners, 'listener')}, ${countText(report.cards, 'card')}, ${daysText(report.fromMs, report.toMs)}`,
    ],
    ...(left.length === 0 ? [] : [['Left out', left.join('; ')] as const]),
    [
      'Weights',
      report.rung === 'slope'
        ? `SLOPE took: ${rungs.map((rung) => RUNG_NAMES[rung]).join('; ')}`
        : RUNG_NAMES[report.rung],
    ],
    ['Assumed', assumedText(report.assumption, policies)],
    [
      'Estimator',
      `${ESTIMATOR_NAMES[report.estimator] ?? report.estimator}${rewardModel === null ? '' : `, with a ${rewardModel.family} reward model (${rewardModel.kind}, ${countText(rewardModel.rows, 'row')})`}`,
    ],
    ['Intervals', `${Math.round(100 * report.level)} %, drawn by listener, paired where policies are compared`],
    ['Meaning', report.meaning],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Answer({ question, report }: { readonly question: Question; readonly report: ComparisonReport }) {
  const { overall, slices, histograms } = report;
  const { policies, popularity } = overall;
  const range = useMemo(() => commonRange(slices), [slices]);
  const hasLifts = policies.some((policy) => policy.verdict !== 'refused');
  const hasPopularity = policies.some(
    ({ verdict, liftOverPopularity }) => verdict !== 'refused' && liftOverPopularity !== null,
  );
  const counts = (['trustworthy', 'weak', 'refused'] as const)
    .map((verdict) => [verdict, policies.filter((policy) => policy.verdict === verdict).length] as const)
    .filter(([, count]) => count > 0);
  return (
    <div className={figures.panels}>
      <Panel
        title="Can these decisions tell?"
        note={counts.map(([verdict, count]) => `${count} ${VERDICTS[verdict]}`).join(', ')}
        wide
      >
        <Verdicts policies={policies} asked={question.policies} />
      </Panel>
      <Panel title="Value" note="cards that earn, a decision" wide={!hasLifts || hasPopularity}>
        <Values slice={overall} policies={policies} />
        {popularity === null && (
          <p className={figures.none}>
            What popularity would have earned neither these decisions nor a hold-out can tell: it has no line.
          </p>
        )}
      </Panel>
      {hasLifts && (
        <Panel title="Over what served" note="paired: what both share cancels">
          <Lifts policies={policies} over="served" />
        </Panel>
      )}
      {hasPopularity && (
        <Panel title="Over popularity" note={overPopularityText(popularity)}>
          <Lifts policies={policies} over="popularity" />
        </Panel>
      )}
      <Panel title="Figures" note={`with ${Math.round(100 * report.level)} % intervals`} wide>
        <FiguresTable slice={overall} policies={policies} />
      </Panel>
      {slices.length > 0 && question.by !== undefined && (
        <Panel
          title={`By ${DIMENSION_NAMES[question.by].toLowerCase()}`}
          note="value; the line is what served there"
          wide
        >
          <ul className={styles.multiples}>
            {slices.map((slice) => (
              <SliceFigure key={slice.name} slice={slice} range={range} />
            ))}
          </ul>
        </Panel>
      )}
      <Panel title="Weights" note="how much each logged card counts for a policy, over a logarithm" wide>
        <Weights policies={policies} histograms={histograms} />
      </Panel>
      <Panel title="What this rests on" wide>
        <Foundations report={report} policies={policies} />
      </Panel>
    </div>
  );
}
