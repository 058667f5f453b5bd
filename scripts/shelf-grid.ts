/** The table of who has which shelves: a row a shelf, a column a listener, in each cell the pages that had it. */

/** @param counts pages by shelf, of each listener */
export function shelfGrid(
  shelves: readonly string[],
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>,
): string {
  const rows = [
    ['shelf', ...[...counts.keys()].map((id) => id.replace(/^demo-/, ''))],
    ...shelves.map((shelf) => [shelf, ...[...counts.values()].map((of) => String(of.get(shelf) ?? ''))]),
  ];
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(rows[0]), line(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(line)].join('\n');
}
