/** Examination in print: curves beside the naive ones, whether they are to be trusted, and what to write into the configuration. */
import type { ExaminationCurve, ExaminationReport } from '../server/index.ts';
import { fitted } from './io.ts';

const COLUMN = 13;

export function examinationText(report: ExaminationReport): string {
  const { method, examples, pages, listeners, leftOut, surfaces } = report;
  const out = Object.entries(leftOut).filter(([, count]) => count > 0);
  const lines = [
    `examination by ${method}, from ${pages} pages (${examples}) of ${listeners} listeners`,
    ...(out.length === 0 ? [] : [`  left out: ${out.map(([why, count]) => `${count} ${why}`).join(', ')}`]),
  ];
  for (const { surface, pages: own, card, shelf } of surfaces) {
    lines.push('', `${surface}: ${own} pages`, ...curveLines('card', card));
    if (shelf !== null) lines.push(...curveLines('shelf', shelf));
  }
  return `${[...lines, '', snippetOf(report)].join('\n')}\n`;
}

function curveLines(axis: 'card' | 'shelf', { ranks, overlap, trusted, doubts }: ExaminationCurve): string[] {
  const figure = (theta: number | null): string => (theta === null ? '–' : theta.toFixed(3));
  const stood = overlap === null ? '' : `, ${(100 * overlap).toFixed(0)}% of the views at several ranks`;
  return [
    `  ${['rank', 'views', 'choices', 'click rate', 'examination'].map((head) => fitted(`${head === 'rank' ? axis : head}`, COLUMN)).join('')}`.trimEnd(),
    ...ranks.map(({ rank, views, clicks, naive, examination }) =>
      `  ${[String(rank), String(views), String(clicks), figure(naive), figure(examination)].map((cell) => fitted(cell, COLUMN)).join('')}`.trimEnd(),
    ),
    `  ${trusted ? `enough to trust it${stood}` : `not to be trusted${stood}:`}`,
    ...doubts.map((doubt) => `    - ${doubt}`),
  ];
}

/** Of a configuration file in TypeScript. */
export function snippetOf({ configuration, surfaces }: ExaminationReport): string {
  const known = Object.entries(configuration);
  if (known.length === 0) return 'No curve of cards is to be trusted yet: leave the configuration as it is.';
  const missing = surfaces.filter(({ surface }) => !Object.hasOwn(configuration, surface));
  return [
    'For shelfwise.config.ts:',
    '',
    '  home: {',
    '    surfaces: {',
    ...known.map(([surface, { examination }]) => `      ${surface}: { examination: [${examination.join(', ')}] },`),
    ...missing.map(({ surface }) => `      // ${surface}: not to be trusted yet`),
    '    },',
    '  },',
  ].join('\n');
}
