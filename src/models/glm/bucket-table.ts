/** The few buckets of a batch, found without a table as long as all buckets: what is touched stays in the cache. */
export class BucketTable {
  /**
   * Four numbers a place, in one line of the cache: the round in which it was taken (places of earlier rounds are free), its bucket, and
   * a note, the caller's: 0 when the place is new.
   */
  private cells = new Int32Array(0);
  private mask = 0;
  private round = 0;

  /** Forgets all; there is room for so many buckets. */
  begin(most: number): void {
    if (8 * most > this.cells.length) {
      let size = 64;
      while (size < 2 * most) size *= 2;
      this.cells = new Int32Array(4 * size);
      this.mask = size - 1;
      this.round = 0;
    }
    if (++this.round === 2 ** 31) {
      this.cells.fill(0);
      this.round = 1;
    }
  }

  /** Puts a note to a bucket; returns the one before it since `begin`, 0 if there was none. */
  exchange(bucket: number, note: number): number {
    const at = this.placeOf(bucket);
    const before = this.cells[at + 2];
    this.cells[at + 2] = note;
    return before;
  }

  /** How often the bucket was counted since `begin`, before now. */
  count(bucket: number): number {
    return this.cells[this.placeOf(bucket) + 2]++;
  }

  /** Of the bucket, or a new one: open addressing. */
  private placeOf(bucket: number): number {
    const { cells, mask, round } = this;
    let place = (Math.imul(bucket, 0x9e3779b1) >>> 12) & mask;
    while (cells[4 * place] === round) {
      if (cells[4 * place + 1] === bucket) return 4 * place;
      place = (place + 1) & mask;
    }
    cells[4 * place] = round;
    cells[4 * place + 1] = bucket;
    cells[4 * place + 2] = 0;
    return 4 * place;
  }
}
