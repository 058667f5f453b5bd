/** The best few of many scored numbers, kept in a heap with the worst at its root; ties go to the lower number. */
export class TopList {
  private readonly numbers: Uint32Array;
  private readonly scores: Float64Array;
  private capacity = 0;
  private size = 0;

  constructor(maximum: number) {
    this.numbers = new Uint32Array(maximum);
    this.scores = new Float64Array(maximum);
  }

  /** Forgets everything; from now on keeps the best `capacity`, at most the constructor's maximum. */
  reset(capacity: number): void {
    this.capacity = Math.min(capacity, this.numbers.length);
    this.size = 0;
  }

  /** What a score must reach to be kept; 0 while everything is. Scores are taken to be positive. */
  get bound(): number {
    return this.size < this.capacity ? 0 : this.scores[0];
  }

  /** A score that is not a number is left out. */
  offer(number: number, score: number): void {
    if (Number.isNaN(score)) return;
    if (this.size < this.capacity) {
      let hole = this.size++;
      while (hole > 0) {
        const parent = (hole - 1) >> 1;
        if (!worse(score, number, this.scores[parent], this.numbers[parent])) break;
        this.move(parent, hole);
        hole = parent;
      }
      this.put(hole, number, score);
    } else if (this.capacity > 0 && worse(this.scores[0], this.numbers[0], score, number)) {
      this.sift(number, score);
    }
  }

  /** Writes what was kept, best first, and returns how many; the list is empty afterwards. */
  drain(outNumbers: Uint32Array, outScores: Float32Array | undefined, offset = 0): number {
    const count = this.size;
    while (this.size > 0) {
      const last = --this.size;
      outNumbers[offset + last] = this.numbers[0];
      if (outScores !== undefined) outScores[offset + last] = this.scores[0];
      if (last > 0) this.sift(this.numbers[last], this.scores[last]);
    }
    return count;
  }

  /** Puts an entry at the root and restores the heap below it. */
  private sift(number: number, score: number): void {
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.size) break;
      if (
        child + 1 < this.size &&
        worse(this.scores[child + 1], this.numbers[child + 1], this.scores[child], this.numbers[child])
      ) {
        child++;
      }
      if (!worse(this.scores[child], this.numbers[child], score, number)) break;
      this.move(child, hole);
      hole = child;
    }
    this.put(hole, number, score);
  }

  private move(from: number, to: number): void {
    this.numbers[to] = this.numbers[from];
    this.scores[to] = this.scores[from];
  }

  private put(at: number, number: number, score: number): void {
    this.numbers[at] = number;
    this.scores[at] = score;
  }
}

function worse(score: number, number: number, otherScore: number, otherNumber: number): boolean {
  return score < otherScore || (score === otherScore && number > otherNumber);
}
