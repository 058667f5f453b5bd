/** A self-check in print: what was found beside what is true. */
import type { ClosedLoop, SelfCheckReport, WayReport } from '../simulation/index.ts';
import { fitted } from './io.ts';

const WIDTHS = [22, 10, 10, 12, 10, 16, 10, 12];

export function selfCheckText(report: SelfCheckReport): string {
  const { world, seeds, decisions, contexts, listeners, level, logging, policies, meaning } = report;
  return `${[
    `${seeds} logs of ${Math.round(decisions)} decisions in the world "${world}" (${contexts} contexts of ${listeners} listeners), drawn by ${logging.policy}`,
    `  it earns ${logging.truthOneStep.toFixed(4)} a decision in truth${loopText(logging.closedLoop)}`,
    `  intervals at ${percent(level)}, by listener`,
    ...policies.flatMap(
      ({ name, policy, truthOneStep, truthError, differingSeen, elsewhereSeen, closedLoop, ways }) => [
        '',
        `${name}${name === policy ? '' : ` (${policy})`}: ${truthOneStep.toFixed(4)} ± ${truthError.toFixed(4)} a decision in truth${loopText(closedLoop)}`,
        `  of what is seen, ${percent(differingSeen)} is another card in its place, ${percent(elsewhereSeen)} is nowhere on the logging policy's page`,
        row(['estimator', 'coverage', '± of it', 'half-width', 'bias', 'lift (truth)', 'covered', 'ESS', 'verdict']),
        ...ways.map((way) => row(cellsOf(way))),
        ...ways.map(
          ({ estimator, rung, liftVsLogging: { bias, assumptionCost, pairedCoverage } }) =>
            `    ${estimator} ${rung}: lifts are ${percent(bias)} too high, by the reward model ${percent(assumptionCost)}; paired intervals alone hold the truth in ${shown(pairedCoverage, 3)} of logs`,
        ),
        ...ways.flatMap(({ estimator, rung, reasons }) =>
          Object.entries(reasons).map(
            ([reason, share]) => `    ${estimator} ${rung}: ${reason} in ${percent(share)} of logs`,
          ),
        ),
      ],
    ),
    '',
    meaning,
  ].join('\n')}\n`;
}

function cellsOf(way: WayReport): readonly string[] {
  const { liftVsLogging: lift } = way;
  return [
    `${way.estimator} ${way.rung}`,
    shown(way.coverage, 3),
    shown(way.coverageError, 3),
    percent(way.medianHalfWidth),
    percent(way.bias),
    `${percent(lift.median)} (${percent(lift.truth)})`,
    shown(lift.coverage, 3),
    percent(way.essShare),
    way.refusals > 0 ? `${way.verdict}, ${percent(way.refusals)} refused` : way.verdict,
  ];
}

function row(cells: readonly string[]): string {
  return `  ${cells.map((cell, i) => (i < WIDTHS.length ? fitted(cell, WIDTHS[i]) : cell)).join('')}`.trimEnd();
}

function loopText(loop: ClosedLoop | null): string {
  if (loop === null) return '';
  return `; ${loop.value.toFixed(4)} ± ${loop.standardError.toFixed(4)} a visit when it serves for days`;
}

function shown(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}

function percent(share: number | null): string {
  return share === null ? '–' : `${(100 * share).toFixed(1)}%`;
}
