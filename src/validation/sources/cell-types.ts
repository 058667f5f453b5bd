/** Types of the cells of a text file, by the rules of tfx-bsl's CSV decoder, which are those of Python's int() and float(). */

/** From the narrowest: a column has the widest type of its cells. */
export const CELL_TYPES = ['UNKNOWN', 'INT', 'FLOAT', 'STRING'] as const;

export type CellType = (typeof CELL_TYPES)[number];

const INTEGER = /^\s*[+-]?\d+(?:_\d+)*\s*$/;
const REAL =
  /^\s*[+-]?(?:(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?|inf(?:inity)?|nan)\s*$/i;
const MOST = 2n ** 63n;

/** Rank in CELL_TYPES. An integer that 64 bits do not hold is a text. */
export function cellRank(cell: string): number {
  if (cell === '') return 0;
  if (INTEGER.test(cell)) {
    if (cell.length < 18) return 1;
    const whole = BigInt(cell.trim().replaceAll('_', '').replace(/^\+/, ''));
    return whole >= -MOST && whole < MOST ? 1 : 3;
  }
  return REAL.test(cell) ? 2 : 3;
}

const NAMED = /^([+-]?)(inf(?:inity)?|nan)$/i;

/** The number in a cell of rank 1 or 2. */
export function cellNumber(cell: string): number {
  const plain = Number(cell);
  if (!Number.isNaN(plain)) return plain;
  const bare = cell.trim().replaceAll('_', '');
  const named = NAMED.exec(bare);
  if (!named) return Number(bare);
  if (named[2].toLowerCase() === 'nan') return Number.NaN;
  return named[1] === '-' ? -Infinity : Infinity;
}
