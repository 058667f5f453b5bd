/** Which kind of item stands for which on a shelf. */
import { NumberIndex } from '../base/index.ts';
import { type Catalog, ITEM_KINDS, NO_ITEM } from '../domain/index.ts';

const EPISODE = ITEM_KINDS.indexOf('episode');
const SHOW = ITEM_KINDS.indexOf('show');
const TRACK = ITEM_KINDS.indexOf('track');

/** Single episodes are for the shelves about shows; elsewhere they age too fast. */
export function isEpisode(item: number, catalog: Catalog): boolean {
  return item < catalog.size && catalog.kind[item] === EPISODE;
}

export function isShow(item: number, catalog: Catalog): boolean {
  return item < catalog.size && catalog.kind[item] === SHOW;
}

/** Episodes stand for their show. */
export function showOfEpisode(item: number, catalog: Catalog): number {
  return isEpisode(item, catalog) && catalog.parent[item] !== NO_ITEM ? catalog.parent[item] : item;
}

/** Is it for discovery among these: no single episode, and no song beside its own album or artist, which say more? */
export function isWidest(item: number, among: NumberIndex, catalog: Catalog): boolean {
  if (isEpisode(item, catalog)) return false;
  if (item >= catalog.size || catalog.kind[item] !== TRACK) return true;
  return !among.has(catalog.parent[item]) && !among.has(catalog.creator[item]);
}

/** Those of these that are for discovery, in their order. */
export function widestOf(items: Uint32Array, catalog: Catalog): Uint32Array {
  const among = new NumberIndex(items.length);
  among.fill(items);
  return items.filter((item) => isWidest(item, among, catalog));
}

/** What a taste for an item is for: an artist or a show rather than one song or episode; NO_ITEM where there is none. */
export function widerThan(item: number, catalog: Catalog): number {
  if (item >= catalog.size) return NO_ITEM;
  const kind = catalog.kind[item];
  return kind === EPISODE ? catalog.parent[item] : kind === TRACK ? catalog.creator[item] : NO_ITEM;
}

/** Number of the item's own strongest genre, or -1. */
export function strongestGenre(item: number, catalog: Catalog): number {
  if (item >= catalog.size) return -1;
  const at = catalog.genreStart[item];
  return at < catalog.genreStart[item + 1] ? catalog.genreIds[at] : -1;
}
