/** Two pages of one decision in print: what was shown, and what another policy would have shown instead. */
import type { InsteadChoice, InsteadReport, InsteadRow } from '../server/index.ts';
import { fitted, printable } from './io.ts';

const TITLE = 46;
const CHANCE = 15;

export function insteadText(report: InsteadReport): string {
  const { decisionId, atMs, device, market, tier, loggedPolicy, policy, draw, loggedPage, insteadPage } = report;
  const facts = [device, market, tier].filter((fact) => fact !== '').map(printable);
  const pages =
    insteadPage === null
      ? [
          `Nothing can be said of ${printable(policy)}: ${report.whyNot ?? ''}`,
          ...pageLines('shown', loggedPage, report),
        ]
      : [
          weightLine(report),
          ...pageLines(`shown by ${loggedPolicy}`, loggedPage, report, insteadPage),
          '',
          ...pageLines(
            `${draw === 'probable' ? 'most probable' : 'drawn'} by ${policy} instead`,
            insteadPage,
            report,
            loggedPage,
          ),
          '',
          'Chances are of a choice, given what stands before it on its page. * is not on the other page.',
        ];
  return `${[`decision ${decisionId}, ${new Date(atMs).toISOString()}, ${facts.join(', ')}`, ...pages].join('\n')}\n`;
}

function weightLine({ pageWeight, policy }: InsteadReport): string {
  const weight = Number((pageWeight ?? 0).toPrecision(3));
  return pageWeight === 0
    ? `${printable(policy)} would never have shown this page`
    : `to ${printable(policy)} the page that was shown is ${weight} times as probable, as a whole`;
}

function pageLines(
  title: string,
  rows: readonly InsteadRow[],
  { loggedPolicy, policy }: InsteadReport,
  others?: readonly InsteadRow[],
): string[] {
  const onOther = others && new Set(others.flatMap(({ id, cards }) => [id, ...cards.map(({ item }) => item.id)]));
  const line = (indent: string, name: string, id: string, choice: InsteadChoice): string => {
    const isNew = onOther !== undefined && !onOther.has(id);
    const chances = choice.forced
      ? 'not drawn'
      : `${fitted(chance(choice.logged), CHANCE)}${choice.instead === null ? '' : chance(choice.instead)}`;
    return `${fitted(`${indent}${isNew ? '* ' : '  '}${printable(name)}`, TITLE)}${chances}`.trimEnd();
  };
  return [
    '',
    `${fitted(printable(title), TITLE)}${fitted(printable(loggedPolicy), CHANCE)}${others === undefined ? '' : printable(policy)}`.trimEnd(),
    ...rows.flatMap((row) => [
      line('', row.carried ? `${row.title} (kept in place)` : row.title, row.id, row),
      ...row.cards.map((card) => line('  ', card.item.title, card.item.id, card)),
    ]),
  ];
}

function chance(p: number): string {
  return p === 0 ? '0' : p < 0.0005 ? p.toExponential(1) : p.toFixed(3);
}
