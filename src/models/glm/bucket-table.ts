/** The few buckets of a batch, found without a table as long as all buckets: it stays in the first-level cache. */
export class BucketTable {
  private buckets = new Uint32Array(0);
  /** The round in which a place was taken: places of earlier rounds are free. */
  private rounds = new Uint32Array(0);
  private mask = 0;
  private round = 0;
  /** One a place, 0 when it is new. The caller's. */
  notes = new Int32Array(0);

  /** Forgets all; there is room for so many buckets. */
  begin(most: number): void {
    if (2 * most > this.buckets.length) {
      let size = 64;
      while (size < 2 * most) size *= 2;
      this.buckets = new Uint32Array(size);
      this.rounds = new Uint32Array(size);
      this.notes = new Int32Array(size);
      this.mask = size - 1;
      this.round = 0;
    }
    if (++this.round === 2 ** 32) {
      this.rounds.fill(0);
      this.round = 1;
    }
  }

  /** The place of a bucket, by open addressing: the same for the same bucket until `begin`. */
  placeOf(bucket: number): number {
    const { buckets, rounds, mask, round } = this;
    let at = (Math.imul(bucket, 0x9e3779b1) >>> 12) & mask;
    while (rounds[at] === round) {
      if (buckets[at] === bucket) return at;
      at = (at + 1) & mask;
    }
    rounds[at] = round;
    buckets[at] = bucket;
    this.notes[at] = 0;
    return at;
  }
}
