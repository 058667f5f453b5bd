/** A page as text: a titled row of cards for each shelf, as many cards a line as fit. */
import type { Page, PageCard, PageShelf } from '../domain/index.ts';
import { fitted, printable, type Style } from './io.ts';

const CARD_WIDTH = 24;
const GAP = 2;
const INDENT = '  ';

type Paint = (style: Style, text: string) => string;

export function pageText(page: Page, columns: number, paint: Paint): string {
  const lines: string[] = [];
  for (const shelf of page.shelves) lines.push(...shelfLines(shelf, columns, paint), '');
  if (page.shelves.length === 0) lines.push('No shelf has enough cards: is the catalogue empty?', '');
  const { explain } = page;
  if (explain !== undefined) {
    const total = explain.candidates.reduce((sum, { count }) => sum + count, 0);
    lines.push(paint('dim', `${total} candidates; ${stagesText(explain.stages)}`));
    for (const { shelf, reason, count } of explain.removals) {
      lines.push(paint('dim', `removed ${count} from ${printable(shelf)}: ${printable(reason)}`));
    }
    for (const source of explain.failedSources) lines.push(paint('yellow', `failed source: ${printable(source)}`));
  }
  const degraded = page.degraded
    ? paint('yellow', '  degraded: a part failed, or no model is fitted yet (--explain says which)')
    : '';
  lines.push(paint('dim', `decision ${page.decisionId}  policy ${printable(page.policy)}`) + degraded);
  return `${lines.join('\n')}\n`;
}

function stagesText(stages: readonly { stage: string; ms: number }[]): string {
  return stages.map(({ stage, ms }) => `${stage} ${ms.toFixed(2)} ms`).join(', ');
}

function shelfLines(shelf: PageShelf, columns: number, paint: Paint): string[] {
  const carried = shelf.carried ? ' (kept in place)' : '';
  const label = shelf.label === '' ? '' : `  ${paint('yellow', printable(shelf.label))}`;
  const title = paint('bold', printable(shelf.title)) + label;
  const aside = paint('dim', `${printable(shelf.reason)}${carried}${explainText(shelf.explain)}`.trim());
  const perLine = Math.max(1, Math.floor((columns - INDENT.length + GAP) / (CARD_WIDTH + GAP)));
  const lines = [`${title}  ${aside}`.trimEnd()];
  for (let first = 0; first < shelf.cards.length; first += perLine) {
    const cards = shelf.cards.slice(first, first + perLine);
    lines.push(row(cards, (card) => printable(card.title)));
    const under = (text: (card: PageCard) => string) => {
      if (cards.some((card) => text(card) !== '')) lines.push(paint('dim', row(cards, text)));
    };
    under((card) => printable(card.subtitle));
    under(marksText);
    under((card) => printable(card.reason));
    under((card) => explainText(card.explain).trim());
  }
  return lines;
}

function row(cards: readonly PageCard[], text: (card: PageCard) => string): string {
  return (
    INDENT +
    cards
      .map((card) => fitted(text(card), CARD_WIDTH))
      .join(' '.repeat(GAP))
      .trimEnd()
  );
}

/** "new, explicit", and how far a begun episode is. */
function marksText({ badges, progress }: PageCard): string {
  const heard = progress === null ? [] : [`${Math.round(100 * progress)}% heard`];
  return printable([...badges, ...heard].join(', '));
}

function explainText(explain: { propensity: number; forced: boolean; score: number } | undefined): string {
  if (explain === undefined) return '';
  return `  ${explain.forced ? 'forced' : `p ${explain.propensity.toPrecision(3)}`}, score ${explain.score.toPrecision(3)}`;
}
