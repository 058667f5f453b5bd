/**
 * Sums by item number in an open-addressing table: a market of a large catalogue plays only part of it. A cell is a pair
 * [item, sum], side by side so that an addition touches one line of memory.
 */
export interface SparseSums {
  count: number;
  /** Pairs; an item of -1 marks a free cell. */
  cells: Float64Array;
}

export function createSparse(expected = 64): SparseSums {
  let size = 64;
  while (size < 2 * expected) size *= 2;
  return { count: 0, cells: new Float64Array(2 * size).fill(-1) };
}

export function addToSparse(sums: SparseSums, item: number, amount: number): void {
  const { cells } = sums;
  const mask = cells.length - 2;
  // An even offset: the low bit of the product's high half is cleared by the mask.
  let at = (Math.imul(item, 0x9e3779b1) >>> 6) & mask;
  while (cells[at] !== -1) {
    if (cells[at] === item) {
      cells[at + 1] += amount;
      return;
    }
    at = (at + 2) & mask;
  }
  cells[at] = item;
  cells[at + 1] = amount;
  sums.count++;
  if (4 * sums.count > cells.length) grow(sums);
}

function grow(sums: SparseSums): void {
  const { cells } = sums;
  sums.cells = new Float64Array(2 * cells.length).fill(-1);
  sums.count = 0;
  for (let at = 0; at < cells.length; at += 2) if (cells[at] !== -1) addToSparse(sums, cells[at], cells[at + 1]);
}
