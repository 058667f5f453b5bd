/** A comparison of policies in print: what each would have earned, beside what served, and whether the log can tell. */
import type { Bounds, ComparedFigure, ComparedPolicy, ComparedSlice, ComparisonReport } from '../server/index.ts';
import { fitted } from './io.ts';

export function comparisonText(report: ComparisonReport): string {
  const { decisions, listeners, span, leftOut, estimator, rung, assumption, rewardModel } = report;
  const out = Object.entries(leftOut).filter(([, count]) => count > 0);
  return `${[
    `${decisions} decisions (${span}) of ${listeners} listeners, by ${estimator} at the rung "${rung}"`,
    ...(out.length === 0 ? [] : [`  left out: ${out.map(([why, count]) => `${count} ${why}`).join(', ')}`]),
    `  assuming that ${assumption}`,
    ...(rewardModel === null ? [] : [`  reward model: ${rewardModel.kind}, ${rewardModel.rows} cards`]),
    ...[report, ...report.others].flatMap(({ estimator: by, overall, slices }) => [
      '',
      ...(report.others.length > 0 ? [`by ${by}`] : []),
      ...sliceLines(overall, rewardModel !== null),
      ...slices.flatMap((slice) => ['', ...sliceLines(slice, rewardModel !== null)]),
    ]),
    '',
    report.meaning,
  ].join('\n')}\n`;
}

const NAME = 30;
const CELL = 26;

function sliceLines(
  { dimension, name, decisions, listeners, served, popularity, policies }: ComparedSlice,
  hasModel: boolean,
): string[] {
  const title =
    dimension === '' ? [] : [`${dimension} ${name || '(none)'}: ${decisions} decisions of ${listeners} listeners`];
  const row = (cells: readonly string[]): string =>
    `  ${fitted(cells[0], NAME)}${cells
      .slice(1)
      .map((cell) => fitted(cell, CELL))
      .join('')}`.trimEnd();
  return [
    ...title,
    row(['policy', 'reward a decision', 'lift over served', 'lift over popularity', 'verdict']),
    row(['(what served)', figure(served, 4), '', '', '']),
    ...(popularity?.from === 'hold-out'
      ? [row([`(popularity, ${popularity.listeners} held out)`, figure(popularity, 4), '', '', ''])]
      : []),
    ...policies.flatMap(
      ({
        name: policy,
        value,
        interval,
        liftOverServed,
        liftOverPopularity,
        verdict,
        reasons,
        essShare,
        assumptionCost,
        rung,
        weights,
      }) => [
        row([
          policy,
          value === null || interval === null ? '–' : figure({ value, interval }, 4),
          lift(liftOverServed),
          lift(liftOverPopularity),
          `${verdict}, ESS ${(100 * essShare).toFixed(1)}%`,
        ]),
        ...reasons.map(({ sentence }) => `    - ${sentence}`),
        ...(verdict === 'refused' ? [] : grantedLines({ assumptionCost, rung, weights }, hasModel)),
      ],
    ),
  ];
}

/** Of a policy that is not refused: what its rung takes for granted. Nothing where it draws as what served. */
function grantedLines(
  { assumptionCost, rung, weights }: Pick<ComparedPolicy, 'assumptionCost' | 'rung' | 'weights'>,
  hasModel: boolean,
): string[] {
  if (assumptionCost === null) {
    if (rung === 'prefix' || weights.differing === 0) return [];
    const why = hasModel ? 'too few decisions to draw it on' : 'no reward model';
    return [`    what the rung takes for granted is not known (${why}); lifts do not allow for it`];
  }
  if (assumptionCost.value === 0) return [];
  return [
    `    what the rung takes for granted: ${signed(assumptionCost.value)} a decision by the reward model; lifts allow for it`,
  ];
}

function figure({ value, interval }: ComparedFigure, digits: number): string {
  return `${value.toFixed(digits)} [${bounds(interval, (end) => end.toFixed(digits))}]`;
}

function lift(of: ComparedFigure | null): string {
  if (of === null) return '–';
  const percent = (share: number): string => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(1)}%`;
  return `${percent(of.value)} [${bounds(of.interval, percent)}]`;
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(4)}`;
}

function bounds([lower, upper]: Bounds, end: (value: number) => string): string {
  return `${lower === null ? '-∞' : end(lower)}, ${upper === null ? '∞' : end(upper)}`;
}
