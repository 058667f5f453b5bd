/**
 * The k strongest of a stream of (number, score), by a heap whose root is the weakest that is kept: O(n log k), and no
 * allocation after the first use. Stronger is the higher score; of equal scores, the smaller number.
 */
export class TopSelection {
  private scores: Float64Array;
  private numbers: Uint32Array;
  private limit = 0;
  private size = 0;

  constructor(capacity: number) {
    this.scores = new Float64Array(capacity);
    this.numbers = new Uint32Array(capacity);
  }

  /** Forgets everything and keeps `limit` from now on. */
  begin(limit: number): void {
    if (limit > this.scores.length) {
      this.scores = new Float64Array(limit);
      this.numbers = new Uint32Array(limit);
    }
    this.limit = limit;
    this.size = 0;
  }

  /** May a score still enter? For callers whose other conditions are dear. */
  admits(score: number): boolean {
    return this.size < this.limit || (this.size > 0 && score >= this.scores[0]);
  }

  offer(number: number, score: number): void {
    const { scores, numbers, size } = this;
    if (size < this.limit) {
      let at = size;
      this.size = size + 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!weaker(score, number, scores[parent], numbers[parent])) break;
        scores[at] = scores[parent];
        numbers[at] = numbers[parent];
        at = parent;
      }
      scores[at] = score;
      numbers[at] = number;
    } else if (size > 0 && weaker(scores[0], numbers[0], score, number)) {
      this.settle(score, number, size);
    }
  }

  /** Puts (score, number) at the root and lets it sink among the first `size`. */
  private settle(score: number, number: number, size: number): void {
    const { scores, numbers } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && weaker(scores[right], numbers[right], scores[child], numbers[child])) child = right;
      if (!weaker(scores[child], numbers[child], score, number)) break;
      scores[at] = scores[child];
      numbers[at] = numbers[child];
      at = child;
    }
    scores[at] = score;
    numbers[at] = number;
  }

  /** Writes what is kept, strongest first, and returns how many. The selection is empty afterwards. */
  drain(outNumbers: Uint32Array | Uint16Array, outScores: Float32Array | Float64Array | null): number {
    const { scores, numbers, size } = this;
    for (let last = size - 1; last >= 0; last--) {
      outNumbers[last] = numbers[0];
      if (outScores !== null) outScores[last] = scores[0];
      this.settle(scores[last], numbers[last], last);
    }
    this.size = 0;
    return size;
  }
}

function weaker(scoreA: number, numberA: number, scoreB: number, numberB: number): boolean {
  return scoreA < scoreB || (scoreA === scoreB && numberA > numberB);
}
