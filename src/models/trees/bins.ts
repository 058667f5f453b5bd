/**
 * How values become bins, at most 255 and one more, bin 0, for what is missing.
 *
 * A dense column is cut at quantiles of its weighted values: bin b holds cut[b-2] < x <= cut[b-1]. A slot's bins are its
 * heaviest buckets, 1 the heaviest; all others fall into bin 0 with the missing.
 */

/** Cuts of one column in their array, padded with +∞. */
export const CUTS = 256;

/** Rows that quantiles are taken from: with 128 of them a bin, no bin's share is off by much more than a tenth. */
export const QUANTILE_ROWS = 32_768;

const SIGN = 0x80000000;
const INFINITE = 0x7f800000;
const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** Ascending in the order of the floats that the bits stand for, -0 as 0. */
function keyOf(bits: number): number {
  if (bits === SIGN) return SIGN;
  return (bits & SIGN ? ~bits : bits | SIGN) >>> 0;
}

function floatOf(key: number): number {
  word[0] = (key & SIGN ? key ^ SIGN : ~key) >>> 0;
  return float[0];
}

/** Bits of a key that one pass of the radix sort orders by; three passes order all 32. */
const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;

/** Sorts `count` keys in place, and what belongs to each along: a stable radix sort, least digit first. */
function sortKeys(keys: Uint32Array<ArrayBuffer>, payload: Uint32Array<ArrayBuffer>, count: number): void {
  let [fromKeys, toKeys] = [keys, new Uint32Array(count)];
  let [fromPayload, toPayload] = [payload, new Uint32Array(count)];
  const ends = new Uint32Array(DIGITS);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    ends.fill(0);
    for (let i = 0; i < count; i++) ends[(fromKeys[i] >>> shift) & (DIGITS - 1)]++;
    for (let digit = 0, before = 0; digit < DIGITS; digit++) {
      const here = ends[digit];
      ends[digit] = before;
      before += here;
    }
    for (let i = 0; i < count; i++) {
      const to = ends[(fromKeys[i] >>> shift) & (DIGITS - 1)]++;
      toKeys[to] = fromKeys[i];
      toPayload[to] = fromPayload[i];
    }
    [fromKeys, toKeys] = [toKeys, fromKeys];
    [fromPayload, toPayload] = [toPayload, fromPayload];
  }
  if (fromKeys === keys) return;
  keys.set(fromKeys);
  payload.set(fromPayload);
}

/**
 * Writes the ascending cuts of one column into `cuts` (256, padded with +∞) and returns how many bins there are: 0 where
 * nothing is known, 1 where all known values are equal. `weights`: one a value. NaN is unknown.
 * Each bin gets an equal share of the weight, as far as equal values allow; a value heavier than a share has a bin alone.
 * Cuts are float32 between two values: every row lies on the same side in float32 arithmetic elsewhere.
 */
export function cutColumn(values: Float32Array, weights: Float32Array, maxBins: number, cuts: Float32Array): number {
  cuts.fill(Number.POSITIVE_INFINITY);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const keys = new Uint32Array(values.length);
  const places = new Uint32Array(values.length);
  let known = 0;
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & ~SIGN) > INFINITE) continue;
    places[known] = i;
    keys[known++] = keyOf(bits[i]);
  }
  if (known === 0) return 0;
  sortKeys(keys.subarray(0, known), places.subarray(0, known), known);
  const distinct = new Float32Array(known);
  const mass = new Float64Array(known);
  let count = 0;
  let total = 0;
  let last = -1;
  for (let i = 0; i < known; i++) {
    const weight = weights[places[i]];
    if (keys[i] !== last) {
      last = keys[i];
      distinct[count++] = floatOf(last);
    }
    mass[count - 1] += weight;
    total += weight;
  }
  let bins = 0;
  const cutAfter = (i: number): void => {
    cuts[bins++] = between(distinct[i], distinct[i + 1]);
  };
  if (count <= maxBins) {
    for (let i = 0; i + 1 < count; i++) cutAfter(i);
    return bins + 1;
  }
  // Values heavier than a share stand alone; the others share what is left of weight and bins.
  let rest = total;
  let restBins = maxBins;
  for (let i = 0; i < count; i++) {
    if (mass[i] < total / maxBins) continue;
    rest -= mass[i];
    restBins--;
  }
  const share = rest / Math.max(1, restBins);
  let filled = 0;
  for (let i = 0; i + 1 < count && bins < maxBins - 1; i++) {
    const heavy = mass[i] >= total / maxBins;
    const heavyNext = mass[i + 1] >= total / maxBins;
    filled += mass[i];
    if (heavy || filled >= share || (heavyNext && filled >= share / 2)) {
      cutAfter(i);
      filled = 0;
    }
  }
  return bins + 1;
}

/** A float32 c with a <= c < b. */
function between(a: number, b: number): number {
  const middle = Math.fround((a + b) / 2);
  return middle < b ? middle : a;
}

/**
 * Writes the heaviest buckets of one slot into `kept`, heaviest first, equals by number; returns how many. Bucket 0 is never
 * among them. `masses`: zeros, one a bucket, and zeros again after.
 */
export function keepBuckets(
  slots: Uint32Array,
  stride: number,
  slot: number,
  weights: Float32Array,
  rows: number,
  maxCategories: number,
  masses: Float64Array,
  kept: Uint32Array,
): number {
  const seen: number[] = [];
  for (let r = 0; r < rows; r++) {
    const bucket = slots[r * stride + slot];
    if (bucket === 0 || weights[r] === 0) continue;
    if (masses[bucket] === 0) seen.push(bucket);
    masses[bucket] += weights[r];
  }
  seen.sort((a, b) => masses[b] - masses[a] || a - b);
  const count = Math.min(maxCategories, seen.length);
  for (let i = 0; i < count; i++) kept[i] = seen[i];
  for (const bucket of seen) masses[bucket] = 0;
  return count;
}
