/** Sorting of doubles by their bits, a digit at a time: faster than by comparison, and much faster where digits do not vary. */

/** Digits of 11 bits, the lowest first: six of them hold 64 bits. */
const DIGIT_BITS = 11;
const DIGITS = 6;
const VALUES = 1 << DIGIT_BITS;
const MASK = VALUES - 1;

/** Below so many, comparing is as fast. */
const FEW = 256;

const counts = new Uint32Array(DIGITS * VALUES);
let low = new Uint32Array(0);
let high = new Uint32Array(0);
let otherLow = new Uint32Array(0);
let otherHigh = new Uint32Array(0);

/** Sorts in place, −0 before 0. NaN must not be among them. Not for several threads at once: its memory is shared by all calls. */
export function sortNumbers(values: Float64Array): void {
  const { length } = values;
  if (length < FEW) {
    values.sort();
    return;
  }
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * length);
  countDigits(words, length);
  for (let digit = 0; digit < DIGITS; digit++) if (startsOf(digit, length)) distribute(digit, length);
  for (let i = 0; i < length; i++) {
    const [l, h] = [low[i], high[i]];
    const negative = h >>> 31 === 0;
    words[2 * i] = negative ? ~l : l;
    words[2 * i + 1] = negative ? ~h : h ^ 0x80000000;
  }
}

/** Lays the numbers out as integers of the same order, and counts the values of each digit. */
function countDigits(words: Uint32Array, length: number): void {
  if (low.length < length) {
    low = new Uint32Array(length);
    high = new Uint32Array(length);
    otherLow = new Uint32Array(length);
    otherHigh = new Uint32Array(length);
  }
  counts.fill(0);
  for (let i = 0; i < length; i++) {
    let [l, h] = [words[2 * i], words[2 * i + 1]];
    if (h >>> 31 === 1) {
      l = ~l;
      h = ~h;
    } else h ^= 0x80000000;
    low[i] = l;
    high[i] = h;
    counts[l & MASK]++;
    counts[VALUES + ((l >>> 11) & MASK)]++;
    counts[2 * VALUES + (((l >>> 22) | (h << 10)) & MASK)]++;
    counts[3 * VALUES + ((h >>> 1) & MASK)]++;
    counts[4 * VALUES + ((h >>> 12) & MASK)]++;
    counts[5 * VALUES + (h >>> 23)]++;
  }
}

/** Turns the counts of a digit into where each of its values begins. False if it has the same value throughout. */
function startsOf(digit: number, length: number): boolean {
  let start = 0;
  for (let at = digit * VALUES; at < (digit + 1) * VALUES; at++) {
    const count = counts[at];
    if (count === length) return false;
    counts[at] = start;
    start += count;
  }
  return true;
}

function distribute(digit: number, length: number): void {
  const base = digit * VALUES;
  const shift = (digit * DIGIT_BITS) % 32;
  // The third digit lies in both words.
  const words = digit < 2 ? low : high;
  for (let i = 0; i < length; i++) {
    const value = digit === 2 ? (low[i] >>> 22) | (high[i] << 10) : words[i] >>> shift;
    const to = counts[base + (value & MASK)]++;
    otherLow[to] = low[i];
    otherHigh[to] = high[i];
  }
  [low, otherLow] = [otherLow, low];
  [high, otherHigh] = [otherHigh, high];
}
