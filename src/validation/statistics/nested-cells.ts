/** Keys in at most so many cells: each a key by itself at first, later a range of keys, halved in number as they fill. */

/** Keys are whole and below this. */
export const KEYS = 2 ** 53;

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);

/**
 * A key in the order of the numbers: sign, exponent and the first 41 bits of the mantissa, so that numbers nearer than one
 * part in 2^41 share one. NaN has none.
 */
export function keyOfNumber(value: number): number {
  bits[0] = value + 0;
  const [low, high] = [words[0], words[1]];
  return high >>> 31 === 0 ? (high + 2 ** 31) * 2 ** 21 + (low >>> 11) : (~high >>> 0) * 2 ** 21 + (~low >>> 11);
}

/** NaN is a value of its own, beyond all numbers. */
export const NAN_KEY = KEYS - 1;

/** Bits of a key below those of a double's upper half. */
const LOW_BITS = 21;

const FIRST_CELLS = 8;

/**
 * Cell of a key: ⌊key / 2^shift⌋, with the least shift at which the keys seen lie in at most `capacity` cells. Cells nest, so that
 * cells and shift depend on which keys came and neither on their order nor on how they were cut into shards. A cell is known by a
 * code from 0 up, in order of arrival.
 */
export class NestedCells {
  readonly capacity: number;
  private shift = 0;
  private scale = 1;
  private cells = new Float64Array(FIRST_CELLS);
  /** Code + 1 by the hash of the cell; 0 is free. */
  private table = new Int32Array(4 * FIRST_CELLS);
  size = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /**
   * Codes of keys; those below 0 keep what they are.
   * @param fold is told the new code of each old one whenever cells were made wider
   */
  encode(keys: Float64Array, codes: Int32Array, fold: (codes: Int32Array, size: number) => void): void {
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (key < 0) {
        codes[i] = key;
        continue;
      }
      const code = this.codeOf(Math.floor(key * this.scale));
      if (code < 0) {
        this.widen(fold);
        // What was encoded has other codes now.
        i = -1;
      } else codes[i] = code;
    }
  }

  /** Codes of numbers, NaN among them, as `encode` has them of their keys; faster, as keys stay two words. */
  encodeNumbers(values: Float64Array, codes: Int32Array, fold: (codes: Int32Array, size: number) => void): void {
    const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
    while (this.encodeHalves(halves, codes) < values.length) this.widen(fold);
  }

  /** How many had codes before one had no room. */
  private encodeHalves(halves: Int32Array, codes: Int32Array): number {
    const { shift } = this;
    const count = halves.length >> 1;
    for (let i = 0; i < count; i++) {
      let low = halves[2 * i];
      let high = halves[2 * i + 1];
      if ((high & 0x7ff00000) === 0x7ff00000 && ((high & 0xfffff) | low) !== 0) {
        low = -1;
        high = -1;
        // −0 stays: its bits are those of the key of 0.
      } else if (high !== -0x80000000 || low !== 0) {
        const flip = high >> 31;
        high ^= flip | 0x80000000;
        low ^= flip;
      }
      // The cell's 64 bits: the key's 53, less those that are dropped.
      const upper = shift < LOW_BITS ? high >>> (32 - LOW_BITS + shift) : 0;
      const lower =
        shift < LOW_BITS
          ? (high << (LOW_BITS - shift)) | (low >>> (32 - LOW_BITS + shift))
          : high >>> (shift - LOW_BITS);
      const { table, cells } = this;
      const mask = table.length - 1;
      const cell = upper * 2 ** 32 + (lower >>> 0);
      let at = slotOf(upper, lower) & mask;
      let entry = table[at];
      while (entry !== 0 && cells[entry - 1] !== cell) {
        at = (at + 1) & mask;
        entry = table[at];
      }
      const code = entry === 0 ? this.codeOf(cell) : entry - 1;
      if (code < 0) return i;
      codes[i] = code;
    }
    return count;
  }

  /** Takes in the cells of another of the same capacity: their codes here. */
  merge(other: NestedCells, fold: (codes: Int32Array, size: number) => void): Int32Array {
    while (this.shift < other.shift) this.widen(fold);
    const codes = new Int32Array(other.size);
    this.encode(other.keys(), codes, fold);
    return codes;
  }

  /** A key of each cell, by code: the least that it could hold. */
  keys(): Float64Array {
    return this.cells.slice(0, this.size).map((cell) => cell / this.scale);
  }

  /** −1 if there is no room. */
  private codeOf(cell: number): number {
    const { table, cells } = this;
    const mask = table.length - 1;
    const high = Math.floor(cell / 2 ** 32);
    let at = slotOf(high, cell - high * 2 ** 32) & mask;
    for (let entry = table[at]; entry !== 0; entry = table[at]) {
      if (cells[entry - 1] === cell) return entry - 1;
      at = (at + 1) & mask;
    }
    if (this.size === this.capacity) return -1;
    if (this.size === cells.length) {
      this.grow();
      return this.codeOf(cell);
    }
    cells[this.size++] = cell;
    table[at] = this.size;
    return this.size - 1;
  }

  private grow(): void {
    const before = this.cells;
    this.cells = new Float64Array(2 * before.length);
    this.table = new Int32Array(4 * this.cells.length);
    this.size = 0;
    for (const cell of before) this.codeOf(cell);
  }

  private widen(fold: (codes: Int32Array, size: number) => void): void {
    const before = this.cells.slice(0, this.size);
    this.shift++;
    this.scale /= 2;
    this.size = 0;
    this.table.fill(0);
    fold(
      Int32Array.from(before, (cell) => this.codeOf(Math.floor(cell / 2))),
      this.size,
    );
  }
}

/** Of the two words of a cell. */
function slotOf(upper: number, lower: number): number {
  const mixed = Math.imul(lower ^ Math.imul(upper, 0x85ebca6b), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
