/** Sorting of candidates without closures, allocation, or the mispredicted branches that comparing sorts are made of. */

const DIGIT_BITS = 7;
const DIGITS = 1 << DIGIT_BITS;
const LOW_DIGIT = DIGITS - 1;
/** Below this many, counting costs more than it saves. */
const FEW = 12;

/**
 * Indices 0..n-1 by score, highest first, equal scores by item number: an order that depends on the candidates as a
 * set, not on how they were listed. Scores become 32-bit floats, whose bits sort like integers; the 14 bits in which the
 * scores at hand differ most are sorted by counting, and insertion puts the few that agree in those right. Buffers grow.
 */
export class ScoreOrder {
  /** The result of the last `sort`, first n. */
  order = new Int32Array(0);
  #scratch = new Int32Array(0);
  #keys = new Int32Array(0);
  #floats = new Float32Array(0);
  readonly #counts = new Int32Array(2 * DIGITS);

  /** No score is NaN, no item doubled. Expected time O(n); O(n²) where most scores agree in about two digits. */
  sort(scores: Float64Array, items: Uint32Array, n: number): void {
    if (this.order.length < n) {
      this.order = new Int32Array(2 * n);
      this.#scratch = new Int32Array(2 * n);
      this.#keys = new Int32Array(2 * n);
      this.#floats = new Float32Array(this.#keys.buffer);
    }
    const { order } = this;
    if (n > FEW) this.#byDigits(scores, n);
    else for (let i = 0; i < n; i++) order[i] = i;
    for (let i = 1; i < n; i++) {
      const candidate = order[i];
      const score = scores[candidate];
      let at = i;
      while (at > 0) {
        const other = order[at - 1];
        const otherScore = scores[other];
        if (otherScore > score || (otherScore === score && items[other] < items[candidate])) break;
        order[at] = other;
        at--;
      }
      order[at] = candidate;
    }
  }

  #byDigits(scores: Float64Array, n: number): void {
    const keys = this.#keys;
    const floats = this.#floats;
    const counts = this.#counts;
    const scratch = this.#scratch;
    const { order } = this;
    let lowest = 0x7fffffff;
    let highest = -0x80000000;
    for (let i = 0; i < n; i++) {
      floats[i] = scores[i] + 0; // so that -0 is 0
      const bits = keys[i];
      const key = ~(bits ^ ((bits >> 31) & 0x7fffffff)); // descending
      keys[i] = key;
      lowest = Math.min(lowest, key);
      highest = Math.max(highest, key);
    }
    const shift = Math.max(0, 32 - Math.clz32(highest - lowest) - 2 * DIGIT_BITS);
    counts.fill(0);
    for (let i = 0; i < n; i++) {
      const key = (keys[i] - lowest) >>> shift;
      keys[i] = key;
      counts[key & LOW_DIGIT]++;
      counts[DIGITS + (key >>> DIGIT_BITS)]++;
    }
    let low = 0;
    let high = 0;
    for (let d = 0; d < DIGITS; d++) {
      const lowHere = counts[d];
      const highHere = counts[DIGITS + d];
      counts[d] = low;
      counts[DIGITS + d] = high;
      low += lowHere;
      high += highHere;
    }
    for (let i = 0; i < n; i++) scratch[counts[keys[i] & LOW_DIGIT]++] = i;
    for (let i = 0; i < n; i++) {
      const candidate = scratch[i];
      order[counts[DIGITS + (keys[candidate] >>> DIGIT_BITS)]++] = candidate;
    }
  }
}
