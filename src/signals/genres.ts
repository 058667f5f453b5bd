/** Genres of plays: an item's, or else its parent's (album, show), or else its creator's. */
import { type Catalog, NO_ITEM } from '../domain/index.ts';

/** Genres of an item that take part; later ones are weak tags. */
const GENRES_PER_ITEM = 5;

// 1, 1/2, 1/3 … normalised to sum to 1: GENRE_WEIGHTS[n] are the weights of an item with n genres.
const GENRE_WEIGHTS: readonly Float64Array[] = Array.from({ length: GENRES_PER_ITEM + 1 }, (_, n) => {
  const weights = Float64Array.from({ length: n }, (_unused, rank) => 1 / (rank + 1));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
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

/** Plays by genre, reusable: `clear` costs what was touched, not how many genres there are. */
export class GenreSums {
  private sums = new Float64Array(256);
  /** Genres with a sum, in the order in which they were first met. */
  private touched = new Uint16Array(65536);
  count = 0;

  /** Adds plays of an item, split over its first 5 genres in proportion 1, 1/2, 1/3 …: the genres of a play sum to one play. */
  add(catalog: Catalog, item: number, plays: number): void {
    const source = genreSource(catalog, item);
    if (source === NO_ITEM || plays <= 0) return;
    const start = catalog.genreStart[source];
    const length = Math.min(GENRES_PER_ITEM, catalog.genreStart[source + 1] - start);
    const weights = GENRE_WEIGHTS[length];
    for (let i = 0; i < length; i++) {
      const genre = catalog.genreIds[start + i];
      if (genre >= this.sums.length) this.enlarge(genre + 1);
      if (this.sums[genre] === 0) this.touched[this.count++] = genre;
      this.sums[genre] += plays * weights[i];
    }
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

  private enlarge(length: number): void {
    const larger = new Float64Array(Math.max(length, 2 * this.sums.length));
    larger.set(this.sums);
    this.sums = larger;
  }
}
