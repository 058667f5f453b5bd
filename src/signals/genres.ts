/** Genres of plays: an item's, or else its parent's (album, show), or else its creator's. */
import { type Catalog, NO_ITEM } from '../domain/index.ts';

/** Genres of an item that take part; later ones are weak tags. */
const GENRES_PER_ITEM = 5;

/** Weight of the first genre of an item with n genres, so that 1, 1/2, 1/3 … of it sum to 1. */
const UNIT_WEIGHT = Float64Array.from({ length: GENRES_PER_ITEM + 1 }, (_, n) => {
  let sum = 0;
  for (let rank = 1; rank <= n; rank++) sum += 1 / rank;
  return n === 0 ? 0 : 1 / sum;
});

/** The item whose genres speak for `item`: itself, its parent or its creator; NO_ITEM when none has genres. */
function genreSource(catalog: Catalog, item: number): number {
  // An item that is not in the catalogue has neither genres nor parent nor creator there: no need to look at its kind.
  if (item >= catalog.size) return NO_ITEM;
  const { genreStart } = catalog;
  if (genreStart[item + 1] > genreStart[item]) return item;
  const parent = catalog.parent[item];
  if (parent < catalog.size && genreStart[parent + 1] > genreStart[parent]) return parent;
  const creator = catalog.creator[item];
  if (creator < catalog.size && genreStart[creator + 1] > genreStart[creator]) return creator;
  return NO_ITEM;
}

/** Genre numbers have 16 bits. */
const MAX_GENRES = 65536;

/** Plays by genre, reusable: `clear` costs what was touched, not how many genres there are. */
export class GenreSums {
  private readonly sums = new Float64Array(MAX_GENRES);
  /** Genres with a sum, in the order in which they were first met. */
  private readonly touched = new Uint16Array(MAX_GENRES);
  count = 0;

  /** Adds plays of an item, split over its first 5 genres in proportion 1, 1/2, 1/3 …: the genres of a play sum to one play. */
  add(catalog: Catalog, item: number, plays: number): void {
    const source = genreSource(catalog, item);
    if (source === NO_ITEM || plays <= 0) return;
    const { sums, touched } = this;
    const { genreStart, genreIds } = catalog;
    const start = genreStart[source];
    const length = Math.min(GENRES_PER_ITEM, genreStart[source + 1] - start);
    const unit = plays * UNIT_WEIGHT[length];
    let { count } = this;
    for (let rank = 0; rank < length; rank++) {
      const genre = genreIds[start + rank];
      const before = sums[genre];
      if (before === 0) touched[count++] = genre;
      sums[genre] = before + unit / (rank + 1);
    }
    this.count = count;
  }

  genre(index: number): number {
    return this.touched[index];
  }

  sum(index: number): number {
    return this.sums[this.touched[index]];
  }

  clear(): void {
    for (let i = 0; i < this.count; i++) this.sums[this.touched[i]] = 0;
    this.count = 0;
  }
}
