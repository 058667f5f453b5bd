/** What belongs to an item: tracks of an album, episodes of a show, albums and top tracks of an artist. */
import { ShelfwiseError } from '../../base/index.ts';
import {
  type Catalog,
  type ChildRelation,
  type Counters,
  ITEM_KINDS,
  type Item,
  type ItemKind,
  NO_ITEM,
  RELATIONS_OF_KIND,
  UNKNOWN_KIND,
} from '../../domain/index.ts';
import type { ChildIndex, Language } from '../../home/index.ts';

export interface ChildrenQuery {
  /** One relation alone; all that the item has when absent. */
  readonly relation?: ChildRelation | undefined;
  /** Of each relation. */
  readonly limit: number;
  /** `nextCursor` of the page before; needs `relation`. */
  readonly cursor?: string | undefined;
  /** Only what this listener may have now. */
  readonly listenerId?: string | undefined;
  /** Overrides the listener's. */
  readonly market?: string | undefined;
  readonly tier?: string | undefined;
}

export interface ChildCard {
  readonly id: string;
  readonly kind: ItemKind;
  readonly title: string;
  readonly subtitle: string;
  readonly image: string;
  /** 0 when unknown. */
  readonly durationMs: number;
  readonly releasedAt: string | null;
  readonly explicit: boolean;
}

export interface ItemChildren {
  readonly id: string;
  readonly kind: ItemKind;
  readonly relations: readonly {
    readonly relation: ChildRelation;
    readonly total: number;
    readonly items: readonly ChildCard[];
    readonly nextCursor: string | null;
  }[];
}

/** What is listed, and how. */
export interface ChildrenWorld {
  readonly catalog: Catalog;
  readonly counters: Counters;
  readonly children: ChildIndex;
  /** May it be listed for who asks? */
  readonly mayList: (item: number) => boolean;
  readonly language: Language;
  readonly card: (item: number, language: Language) => ChildCard;
}

export function itemChildren(item: Item, number: number, query: ChildrenQuery, world: ChildrenWorld): ItemChildren {
  const has = RELATIONS_OF_KIND[item.kind];
  if (query.cursor !== undefined && query.relation === undefined)
    throw new ShelfwiseError('REQUEST_INVALID', 'cursor is of one relation: send relation too');
  const from = query.cursor === undefined ? 0 : Number(query.cursor);
  const relations = has
    .filter((relation) => query.relation === undefined || query.relation === relation)
    .map((relation) => {
      const all = numbersOf(relation, number, world).filter(world.mayList);
      const page = all.slice(from, from + query.limit);
      const end = from + page.length;
      return {
        relation,
        total: all.length,
        items: page.map((child) => world.card(child, world.language)),
        nextCursor: end < all.length && page.length > 0 ? String(end) : null,
      };
    });
  return { id: item.id, kind: item.kind, relations };
}

const TRACK = ITEM_KINDS.indexOf('track');
const ALBUM = ITEM_KINDS.indexOf('album');
const EPISODE = ITEM_KINDS.indexOf('episode');

function numbersOf(relation: ChildRelation, parent: number, world: ChildrenWorld): number[] {
  const { catalog, counters, children } = world;
  const playsOf = (item: number): number => (item < counters.plays.length ? counters.plays[item] : 0);
  const newestFirst = (a: number, b: number): number => catalog.releaseDay[b] - catalog.releaseDay[a] || a - b;
  switch (relation) {
    case 'tracks':
      // In the order in which the catalogue first named them.
      return childrenOf(parent, TRACK, catalog, children).sort((a, b) => a - b);
    case 'episodes':
      return childrenOf(parent, EPISODE, catalog, children);
    case 'albums':
      return madeBy(parent, ALBUM, catalog).sort(newestFirst);
    case 'top-tracks':
      return madeBy(parent, TRACK, catalog).sort((a, b) => playsOf(b) - playsOf(a) || newestFirst(a, b));
  }
}

function childrenOf(parent: number, kind: number, catalog: Catalog, { start, items }: ChildIndex): number[] {
  if (parent + 1 >= start.length) return [];
  return Array.from(items.subarray(start[parent], start[parent + 1])).filter((item) => catalog.kind[item] === kind);
}

const creations = new WeakMap<Catalog, ChildIndex>();

/** Items of a kind whose primary creator this is. The index is made when a catalogue's epoch is first asked: two passes. */
function madeBy(creator: number, kind: number, catalog: Catalog): number[] {
  let index = creations.get(catalog);
  if (index === undefined) {
    index = indexCreations(catalog);
    creations.set(catalog, index);
  }
  return childrenOf(creator, kind, catalog, index);
}

function indexCreations({ size, kind, creator }: Catalog): ChildIndex {
  const start = new Uint32Array(size + 1);
  const counts = (item: number): boolean =>
    kind[item] !== UNKNOWN_KIND && creator[item] !== NO_ITEM && creator[item] < size && creator[item] !== item;
  for (let i = 0; i < size; i++) if (counts(i)) start[creator[i] + 1]++;
  for (let i = 0; i < size; i++) start[i + 1] += start[i];
  const fill = start.slice();
  const items = new Uint32Array(start[size]);
  for (let i = 0; i < size; i++) if (counts(i)) items[fill[creator[i]]++] = i;
  return { start, items };
}
