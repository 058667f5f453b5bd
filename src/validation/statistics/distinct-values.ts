/** How many distinct values there were, from hashes of them. */
import { sorted } from './sorting.ts';

/** Hashes that are kept. */
const LEAST = 1 << 14;

/**
 * The number of distinct values by the 2^14 least of their hashes in [0, 1[ (Bar-Yossef et al. 2002): exact below that many,
 * then with a relative standard error of 0.8 %. Merging and adding commute exactly. Memory: 256 KiB.
 */
export class DistinctValues {
  /** The least ones first, then what came since; some may stand twice. */
  private readonly hashes = new Float64Array(2 * LEAST);
  private held = 0;
  /** A hash that is not below adds nothing. */
  limit = Infinity;

  /** Of a value that may have come before. */
  add(hash: number): void {
    if (hash >= this.limit) return;
    if (this.held === this.hashes.length) {
      this.forget();
      if (hash >= this.limit) return;
    }
    this.hashes[this.held++] = hash;
  }

  /** Takes in another, which stays as it is. */
  merge(other: DistinctValues): void {
    for (let i = 0; i < other.held; i++) this.add(other.hashes[i]);
  }

  get count(): number {
    this.forget();
    return this.held < LEAST ? this.held : Math.round((LEAST - 1) / this.limit);
  }

  /** What stands twice, and all but the least. */
  private forget(): void {
    const order = sorted(this.hashes, this.held);
    let kept = 0;
    for (let i = 0; i < order.length && kept < LEAST; i++)
      if (i === 0 || order[i] !== order[i - 1]) this.hashes[kept++] = order[i];
    this.held = kept;
    if (kept === LEAST) this.limit = this.hashes[kept - 1];
  }
}
