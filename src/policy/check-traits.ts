/** Traits that are made up, for checks of compositions: vectors, genres, newcomers and a taste that hang on item numbers alone. */
import { createRng } from '../base/index.ts';
import type { ItemTraits } from './composition/traits.ts';
import type { PageProblem } from './problem.ts';

const DIMENSION = 4;
const GENRES = 5;

/** The problem with traits of all of its items; every seventh item is a newcomer's, every fifth has no genre. */
export function withSyntheticTraits(problem: PageProblem, seed = 1): PageProblem {
  let size = 0;
  for (const { items, count } of problem.shelves) for (let i = 0; i < count; i++) size = Math.max(size, items[i] + 1);
  const rng = createRng(seed);
  const factors = Float32Array.from({ length: size * DIMENSION }, () => rng.normal());
  const genreStart = new Uint32Array(size + 1);
  const genreIds: number[] = [];
  for (let item = 0; item < size; item++) {
    if (item % 5 !== 0) genreIds.push(item % GENRES);
    if (item % 3 === 0 && item % 5 !== 0) genreIds.push((item + 2) % GENRES);
    genreStart[item + 1] = genreIds.length;
  }
  const traits: ItemTraits = {
    embedding: { dimension: DIMENSION, size, factors },
    catalog: { size, genreStart, genreIds: Uint16Array.from(genreIds) },
    newcomers: Uint8Array.from({ length: size }, (_, item) => (item % 7 === 3 ? 1 : 0)),
    tasteGenres: Uint16Array.of(0, 1, 2),
    tasteShares: Float64Array.of(0.5, 0.3, 0.2),
  };
  return { ...problem, traits };
}
