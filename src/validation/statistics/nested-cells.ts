/** Keys in at most so many cells: each a key by itself at first, later a range of keys, halved in number as they fill. */

import type { CodedTexts } from '../sources/columns.ts';

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

/** Words of a dictionary whose codes are kept: of a larger one they would fill the cache, and memory where there are many slices. */
const MOST_KEPT_WORDS = 4096;

/** Hears the new code of each old one, and how many there are. */
export type Fold = (codes: Int32Array, size: number) => void;

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
  /** Of the words of a dictionary their codes, or −1. */
  private keptWords: readonly string[] | undefined;
  private kept = new Int32Array(0);

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /**
   * Codes of keys; those below 0 keep what they are.
   * @param fold is told the new code of each old one whenever cells were made wider
   */
  encode(keys: Float64Array, codes: Int32Array, fold: Fold): void {
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
  encodeNumbers(values: Float64Array, codes: Int32Array, fold: Fold): void {
    const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
    while (this.encodeHalves(halves, codes) < values.length) this.widen(fold);
  }

  /**
   * Codes of words, as `encode` has them of their keys. Those of a dictionary that is not large are kept as long as it comes and
   * cells stay as wide.
   * @param keys by word
   */
  encodeWords({ words, codes: places }: CodedTexts, keys: Float64Array, codes: Int32Array, fold: Fold): void {
    if (words.length > MOST_KEPT_WORDS) {
      const given = new Float64Array(places.length);
      for (let i = 0; i < places.length; i++) given[i] = keys[places[i]];
      this.encode(given, codes, fold);
      return;
    }
    this.keep(words);
    for (let i = 0; i < places.length; i++) {
      const word = places[i];
      let code = this.kept[word];
      if (code < 0) {
        code = this.codeOf(Math.floor(keys[word] * this.scale));
        if (code < 0) {
          this.widen(fold);
          this.keep(words);
          // What was encoded has other codes now.
          i = -1;
          continue;
        }
        this.kept[word] = code;
      }
      codes[i] = code;
    }
  }

  private keep(words: readonly string[]): void {
    if (this.keptWords === words && this.kept.length >= words.length) return;
    const before = this.keptWords === words ? this.kept : undefined;
    this.kept = new Int32Array(2 * words.length).fill(-1);
    if (before) this.kept.set(before);
    this.keptWords = words;
  }

  /** How many had codes before one had no room. */
  private encodeHalves(halves: Int32Array, codes: Int32Array): number {
    const { shift } = this;
    let { table, cells } = this;
    let mask = table.length - 1;
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
      const cell = upper * 2 ** 32 + (lower >>> 0);
      let at = slotOf(upper, lower) & mask;
      let entry = table[at];
      while (entry !== 0 && cells[entry - 1] !== cell) {
        at = (at + 1) & mask;
        entry = table[at];
      }
      if (entry === 0) {
        entry = this.codeOf(cell) + 1;
        if (entry === 0) return i;
        ({ table, cells } = this);
        mask = table.length - 1;
      }
      codes[i] = entry - 1;
    }
    return count;
  }

  /** Takes in the cells of another of the same capacity: their codes here. */
  merge(other: NestedCells, fold: Fold): Int32Array {
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

  private widen(fold: Fold): void {
    this.keptWords = undefined;
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
