// Sorting doubles by their bits, 11 at a time, the lowest digit first.
//
// A key is a number's bits as an integer of the same order, −0 before 0. Of the bits in which keys differ at most the upper 33 are
// sorted by, in three passes; few numbers agree in those and differ below, and they are put in order by insertion. Where that
// would be many moves, all digits are sorted by after all.

const DIGIT_BITS: u32 = 11;
const VALUES: u32 = 1 << DIGIT_BITS;
const MASK: u64 = VALUES - 1;
const UPPER_DIGITS: u32 = 3;
const UPPER_BITS: u32 = UPPER_DIGITS * DIGIT_BITS;
const SIGN: u64 = 0x8000000000000000;

// Moves of insertion a number, beyond which passes are faster.
const MOST_MOVES: u64 = 8;

/**
 * Sorts `count` doubles in place; NaN must not be among them. `a` and `b`: room for 8 bytes a number each; `counts`: for 49,152
 * bytes.
 */
export function sortNumbers(values: usize, count: u32, a: usize, b: usize, counts: usize): void {
  const varying = layOut(values, 0, count, a, false);
  const sorted = sortRecords(varying, count, a, b, counts, false);
  for (let i: usize = 0; i < (<usize>count) << 3; i += 8) store<u64>(values + i, bitsOf(load<u64>(sorted + i)));
}

/**
 * Sorts `count` doubles and their weights (f64) with them, in place; equal numbers keep their order. `a` and `b`: room for 16
 * bytes a number each.
 */
export function sortWeighted(values: usize, weights: usize, count: u32, a: usize, b: usize, counts: usize): void {
  const varying = layOut(values, weights, count, a, true);
  const sorted = sortRecords(varying, count, a, b, counts, true);
  for (let i: usize = 0; i < (<usize>count) << 3; i += 8) {
    store<u64>(values + i, bitsOf(load<u64>(sorted + 2 * i)));
    store<u64>(weights + i, load<u64>(sorted + 2 * i, 8));
  }
}

// @ts-ignore: decorator
@inline
function keyOf(bits: u64): u64 {
  return bits ^ (<u64>((<i64>bits) >> 63) | SIGN);
}

// @ts-ignore: decorator
@inline
function bitsOf(key: u64): u64 {
  return key ^ (<u64>((<i64>~key) >> 63) | SIGN);
}

// @ts-ignore: decorator
@inline
function shiftOf(weighted: bool): usize {
  return weighted ? 4 : 3;
}

/** Writes the records: the key, and the weight beside it. Returns the bits in which keys differ. */
// @ts-ignore: decorator
@inline
function layOut(values: usize, weights: usize, count: u32, records: usize, weighted: bool): u64 {
  const first = count > 0 ? keyOf(load<u64>(values)) : 0;
  let varying: u64 = 0;
  for (let i: usize = 0; i < (<usize>count) << 3; i += 8) {
    const key = keyOf(load<u64>(values + i));
    varying |= key ^ first;
    if (weighted) {
      store<u64>(records + 2 * i, key);
      store<u64>(records + 2 * i, load<u64>(weights + i), 8);
    } else store<u64>(records + i, key);
  }
  return varying;
}

/** Where the sorted records stand: `a` or `b`. */
// @ts-ignore: decorator
@inline
function sortRecords(varying: u64, count: u32, a: usize, b: usize, counts: usize, weighted: bool): usize {
  if (varying == 0) return a;
  const lowest = <u32>ctz(varying);
  const above: u32 = 64 - <u32>clz(varying);
  const bits: u32 = above - lowest;
  const from = bits > UPPER_BITS ? above - UPPER_BITS : lowest;
  let sorted = sortDigits(from, min((bits + DIGIT_BITS - 1) / DIGIT_BITS, UPPER_DIGITS), count, a, b, counts, weighted);
  if (bits > UPPER_BITS && !insertAll(sorted, count, weighted)) {
    const digits = (bits + DIGIT_BITS - 1) / DIGIT_BITS;
    sorted = sortDigits(lowest, digits, count, sorted, sorted == a ? b : a, counts, weighted);
  }
  return sorted;
}

/** Sorts by `digits` digits from bit `from` on. Returns where the records are then: `a` or `b`. */
function sortDigits(from: u32, digits: u32, count: u32, a: usize, b: usize, counts: usize, weighted: bool): usize {
  return weighted
    ? sortDigitsOf(from, digits, count, a, b, counts, true)
    : sortDigitsOf(from, digits, count, a, b, counts, false);
}

// @ts-ignore: decorator
@inline
function sortDigitsOf(from: u32, digits: u32, count: u32, a: usize, b: usize, counts: usize, weighted: bool): usize {
  const shift = shiftOf(weighted);
  const bytes = (<usize>count) << shift;
  memory.fill(counts, 0, <usize>(digits * VALUES) << 2);
  for (let i: usize = 0; i < bytes; i += 1 << shift) {
    let rest = load<u64>(a + i) >> from;
    let table = counts;
    for (let digit: u32 = 0; digit < digits; digit++) {
      const at = table + ((<usize>(rest & MASK)) << 2);
      store<u32>(at, load<u32>(at) + 1);
      rest >>= DIGIT_BITS;
      table += <usize>VALUES << 2;
    }
  }
  let source = a;
  let target = b;
  for (let digit: u32 = 0; digit < digits; digit++) {
    const table = counts + ((<usize>(digit * VALUES)) << 2);
    if (!startsOf(table, count, shift)) continue;
    const right = from + digit * DIGIT_BITS;
    for (let i: usize = 0; i < bytes; i += 1 << shift) {
      const key = load<u64>(source + i);
      const at = table + ((<usize>((key >> right) & MASK)) << 2);
      const to = load<u32>(at);
      store<u32>(at, to + (1 << (<u32>shift)));
      store<u64>(target + to, key);
      if (weighted) store<u64>(target + to, load<u64>(source + i, 8), 8);
    }
    const swapped = source;
    source = target;
    target = swapped;
  }
  return source;
}

/** Turns the counts of a digit into where each of its values begins, in bytes. False if all have the same value. */
function startsOf(table: usize, count: u32, shift: usize): bool {
  let start: u32 = 0;
  for (let at = table; at < table + ((<usize>VALUES) << 2); at += 4) {
    const met = load<u32>(at);
    if (met == count) return false;
    store<u32>(at, start << (<u32>shift));
    start += met;
  }
  return true;
}

/** Puts what is nearly in order in order; false, and not in order, if it would be too many moves. */
// @ts-ignore: decorator
@inline
function insertAll(records: usize, count: u32, weighted: bool): bool {
  const size: usize = 1 << shiftOf(weighted);
  const end = records + (<usize>count) * size;
  let left = <i64>(MOST_MOVES * count);
  for (let at = records + size; at < end; at += size) {
    const key = load<u64>(at);
    if (key >= load<u64>(at - size)) continue;
    const weight = weighted ? load<u64>(at, 8) : 0;
    let to = at;
    do {
      store<u64>(to, load<u64>(to - size));
      if (weighted) store<u64>(to, load<u64>(to - size, 8), 8);
      to -= size;
      left--;
    } while (to > records && load<u64>(to - size) > key);
    store<u64>(to, key);
    if (weighted) store<u64>(to, weight, 8);
    if (left < 0) return false;
  }
  return true;
}
