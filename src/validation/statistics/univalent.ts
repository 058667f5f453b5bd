/** Columns with at most one value an example: what correlations and mutual information are taken of. */
import { type Column, isOneEach, type NumberColumn, type TextColumn } from '../sources/columns.ts';

/** Where the one value of each example stands among the column's values: −1 for none, −2 for several. */
export type Places = Int32Array;

/** Undefined where every example has exactly one: then value i is that of example i. */
export function placesOf({ levels: [level] }: Column, rows: number): Places | undefined {
  if (isOneEach(level)) return undefined;
  const { offsets } = level;
  let i = 0;
  while (i < rows && offsets[i] === i) i++;
  if (i === rows && offsets[rows] === rows) return undefined;
  const places = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const values = offsets[row + 1] - offsets[row];
    places[row] = values === 1 ? offsets[row] : values === 0 ? -1 : -2;
  }
  return places;
}

/** One level of lists, of numbers. */
export function isNumeric(column: Column): column is NumberColumn {
  return (column.kind === 'INT' || column.kind === 'FLOAT') && column.levels.length === 1;
}

/** One level of lists, of texts. */
export function isText(column: Column): column is TextColumn {
  return column.kind === 'STRING' && column.levels.length === 1;
}
