/** Rows of a file of labelled rows as a matrix of numbers, for models and learners that read nothing else. */
import type { ClassificationData } from './data.ts';

export interface ContextMatrix {
  readonly rows: number;
  readonly width: number;
  /** rows x width, row-major, finite. */
  readonly contexts: Float64Array;
  /** One a column of the matrix. */
  readonly names: readonly string[];
}

/**
 * Numbers as they are, a missing one as the mean of the known; a category as an indicator, a missing one as none of them. Columns
 * that never change are left out.
 */
export function contextMatrix({ rows, columns }: ClassificationData): ContextMatrix {
  const made: { readonly name: string; readonly of: (row: number) => number }[] = [];
  for (const column of columns) {
    if (column.kind === 'category') {
      for (const [k, category] of column.categories.entries()) {
        made.push({ name: `${column.name} = ${category}`, of: (row) => Number(column.codes[row] === k + 1) });
      }
      continue;
    }
    const { amounts, name } = column;
    const known = amounts.filter((amount) => !Number.isNaN(amount));
    const mean = known.reduce((sum, amount) => sum + amount, 0) / Math.max(1, known.length);
    made.push({ name, of: (row) => (Number.isNaN(amounts[row]) ? mean : amounts[row]) });
  }
  const moving = made.filter(({ of }) => {
    const first = of(0);
    for (let row = 1; row < rows; row++) if (of(row) !== first) return true;
    return false;
  });
  const width = moving.length;
  const contexts = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) for (let j = 0; j < width; j++) contexts[row * width + j] = moving[j].of(row);
  return { rows, width, contexts, names: moving.map(({ name }) => name) };
}
