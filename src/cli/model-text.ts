/** A model in print: its figures beside the constant rate and what served, by slice, and what it goes by. */
import type { ModelDetail, ModelLineage, Quality, SliceQuality } from '../server/index.ts';
import { fitted } from './io.ts';

const FIGURES = [
  ['log loss', 'logLoss'],
  ['AUC', 'auc'],
  ['ECE', 'ece'],
  ['NDCG', 'ndcg'],
] as const satisfies readonly (readonly [string, keyof Quality])[];

const NAME = 26;
const ROWS = 9;
const COLUMN = 9;
/** Features that are told. */
const MOST_IMPORTANT = 12;

export function modelText(model: ModelDetail): string {
  const { hash, family, lineage, quality, slices, importance } = model;
  const lines = [`${family} ${hash}${model.serves ? ' (serves)' : ''}`];
  if (lineage !== null) {
    const { rows, decisions, listeners, clipped, effectiveRows, leftOut, training } = lineage;
    const out = Object.entries(leftOut).filter(([, count]) => count > 0);
    lines.push(
      `  ${rows.train} rows to learn from, ${rows.tune} to tune by, ${rows.validate} to measure on; ${decisions} decisions of ${listeners} listeners${rows.history > 0 ? `, ${rows.history} rows of the history` : ''}`,
      `  weights ${training.weighting}, clipped at ${training.weightClip} (${(100 * clipped).toFixed(1)}% were), effective rows ${Math.round(effectiveRows)}; ${lineage.seconds.toFixed(1)} s`,
      ...examinationLines(lineage),
      ...(out.length === 0 ? [] : [`  left out: ${out.map(([why, count]) => `${count} ${why}`).join(', ')}`]),
    );
  }
  if (quality !== null) lines.push('', ...tableOf([quality, ...slices]));
  if (importance.length > 0) {
    lines.push('', '  what it goes by (mean |contribution| to the logit)');
    for (const { name, contribution } of importance.slice(0, MOST_IMPORTANT))
      lines.push(`    ${fitted(name, NAME + ROWS)}${contribution.toFixed(4)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** What was learnt of places beside the model. */
function examinationLines({ training, examination }: ModelLineage): string[] {
  if (examination === null) return [];
  const curve = (thetas: readonly number[]): string => thetas.map((theta) => theta.toFixed(2)).join(' ');
  return Object.entries(examination).flatMap(([surface, { shelf, card }]) => [
    `  position ${training.position}: of ${surface}, cards are looked at ${curve(card)}, shelves ${curve(shelf)}`,
  ]);
}

/** Model, constant rate, and what served, side by side for each figure. */
function tableOf(slices: readonly SliceQuality[]): string[] {
  const serving = slices.some((slice) => slice.serving !== null);
  const columns = serving ? ['model', 'constant', 'serving'] : ['model', 'constant'];
  const width = COLUMN * columns.length;
  const head = FIGURES.map(([name]) => fitted(name, width)).join('  ');
  const under = FIGURES.map(() => columns.map((column) => fitted(column, COLUMN)).join('')).join('  ');
  return [
    `  ${' '.repeat(NAME + ROWS)}${head}`,
    `  ${fitted('slice', NAME)}${fitted('rows', ROWS)}${under}`,
    ...slices.map(({ slice, of, rows, model, constant, serving: served }) => {
      const cells = FIGURES.map(([, figure]) =>
        [model, constant, ...(serving ? [served] : [])].map((quality) => cell(quality?.[figure] ?? null)).join(''),
      ).join('  ');
      return `  ${fitted(slice === 'all' ? 'all' : `${slice} ${of === '' ? '–' : of}`, NAME)}${fitted(String(rows), ROWS)}${cells}`;
    }),
  ].map((line) => line.trimEnd());
}

function cell(figure: number | null): string {
  return fitted(figure === null ? '–' : figure.toFixed(4), COLUMN);
}
