/** What artists have made, as shelves of releases look at it: worked out once for each catalogue, and once for each embedding. */
import { type Catalog, type Embedding, ITEM_KINDS, NO_ITEM, UNKNOWN_DAY } from '../domain/index.ts';
import { hasVector } from '../retrieval/index.ts';

const ALBUM = ITEM_KINDS.indexOf('album');
const TRACK = ITEM_KINDS.indexOf('track');
const SHOW = ITEM_KINDS.indexOf('show');

/** Albums, and tracks that belong to none: what an artist brings out. Tracks of an album are out with it. */
export interface Works {
  /** Newest release first, of a day the smaller number first; those without a date are left out. */
  readonly byDay: Uint32Array;
  /** The albums and tracks of artist a, newest first: byCreator[start[a] .. start[a + 1]). Those without a date come last. */
  readonly start: Uint32Array;
  readonly byCreator: Uint32Array;
}

const works = new WeakMap<Catalog, Works>();

export function worksOf(catalog: Catalog): Works {
  let known = works.get(catalog);
  if (known === undefined) {
    known = sortWorks(catalog);
    works.set(catalog, known);
  }
  return known;
}

function sortWorks(catalog: Catalog): Works {
  const { size, kind, parent, creator, releaseDay } = catalog;
  const isWork = (item: number): boolean => kind[item] === ALBUM || (kind[item] === TRACK && parent[item] === NO_ITEM);
  let count = 0;
  for (let item = 0; item < size; item++) if (isWork(item)) count++;
  const byDay = new Uint32Array(count);
  let at = 0;
  for (let item = 0; item < size; item++) if (isWork(item)) byDay[at++] = item;
  // UNKNOWN_DAY is the least day there is.
  byDay.sort((a, b) => releaseDay[b] - releaseDay[a] || a - b);

  const start = new Uint32Array(size + 1);
  for (const item of byDay) if (creator[item] < size) start[creator[item] + 1]++;
  for (let i = 0; i < size; i++) start[i + 1] += start[i];
  const fill = start.slice();
  const byCreator = new Uint32Array(start[size]);
  for (const item of byDay) if (creator[item] < size) byCreator[fill[creator[item]]++] = item;
  let dated = count;
  while (dated > 0 && releaseDay[byDay[dated - 1]] === UNKNOWN_DAY) dated--;
  return { byDay: byDay.subarray(0, dated), start, byCreator };
}

/** Where works and shows lie in the space of tastes. */
export interface Placed {
  /** In step with `Works.byDay`: the item whose vector each is judged by, itself or its artist; NO_ITEM where neither has one. */
  readonly ofWorks: Uint32Array;
  /** Shows with a vector, ascending. */
  readonly shows: Uint32Array;
}

const placed = new WeakMap<Embedding, { readonly catalog: Catalog; readonly placed: Placed }>();

export function placedOf(embedding: Embedding, catalog: Catalog): Placed {
  let known = placed.get(embedding);
  if (known?.catalog !== catalog) {
    known = { catalog, placed: place(embedding, catalog) };
    placed.set(embedding, known);
  }
  return known.placed;
}

function place(embedding: Embedding, catalog: Catalog): Placed {
  const shows: number[] = [];
  for (let item = 0; item < catalog.size; item++) {
    if (catalog.kind[item] === SHOW && hasVector(embedding, item)) shows.push(item);
  }
  const ofWorks = worksOf(catalog).byDay.map((item) => {
    if (hasVector(embedding, item)) return item;
    const creator = catalog.creator[item];
    return hasVector(embedding, creator) ? creator : NO_ITEM;
  });
  return { ofWorks, shows: Uint32Array.from(shows) };
}
