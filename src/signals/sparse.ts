/** Sums by item number in an open-addressing table: a market of a large catalogue plays only part of it. */
export interface SparseSums {
  count: number;
  keys: Uint32Array;
  values: Float64Array;
  /** 1 where a cell is taken. */
  used: Uint8Array;
}

export function createSparse(expected = 64): SparseSums {
  let cells = 64;
  while (cells < 2 * expected) cells *= 2;
  return { count: 0, keys: new Uint32Array(cells), values: new Float64Array(cells), used: new Uint8Array(cells) };
}

export function addToSparse(sums: SparseSums, key: number, amount: number): void {
  const { keys, used } = sums;
  const mask = keys.length - 1;
  let cell = (Math.imul(key, 0x9e3779b1) >>> 7) & mask;
  while (used[cell] === 1) {
    if (keys[cell] === key) {
      sums.values[cell] += amount;
      return;
    }
    cell = (cell + 1) & mask;
  }
  used[cell] = 1;
  keys[cell] = key;
  sums.values[cell] = amount;
  sums.count++;
  if (2 * sums.count > keys.length) grow(sums);
}

function grow(sums: SparseSums): void {
  const { keys, values, used } = sums;
  const cells = 2 * keys.length;
  sums.keys = new Uint32Array(cells);
  sums.values = new Float64Array(cells);
  sums.used = new Uint8Array(cells);
  sums.count = 0;
  for (let cell = 0; cell < keys.length; cell++) if (used[cell] === 1) addToSparse(sums, keys[cell], values[cell]);
}
