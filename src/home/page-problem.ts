/**
 * A decision's shelves as the problem that a page is drawn from: one piece of code for serving, for replay, and for whoever
 * walks a recorded page again, so that what was masked for one was masked for all.
 */
import { hash32 } from '../base/index.ts';
import { type Catalog, type DecisionRecord, NO_ITEM, type ShelfOrder, surfaceOf } from '../domain/index.ts';
import type { PageProblem, PolicyShelf } from '../policy/index.ts';
import { shelfById } from './shelves/index.ts';
import { examinationOf, type HomeTunables } from './tunables.ts';

export interface DecisionShelf {
  readonly shelfId: string;
  readonly seedItem: number;
  readonly order: ShelfOrder;
  readonly pinnedRank: number;
  readonly minCards: number;
  readonly maxCards: number;
  readonly carriedFrom: string;
  /** At least `count` item numbers. */
  readonly items: Uint32Array;
  readonly count: number;
}

/**
 * How many of its leading cards the row holds (ADR 13); undefined: as many as it needs. Told from what records hold and from
 * declarations: those of a decision that is replayed are known by their ids, and never change in this.
 */
export function heldCards({
  shelfId,
  order,
  pinnedRank,
  carriedFrom,
}: Pick<DecisionShelf, 'shelfId' | 'order' | 'pinnedRank' | 'carriedFrom'>): number | undefined {
  if (order === 'policy' || carriedFrom !== '' || shelfById(shelfId)?.holdsWherePinned !== true) return undefined;
  return pinnedRank >= 0 ? Number.POSITIVE_INFINITY : 0;
}

/** The label of a shelf, unique on a page and stable between pages. */
export function shelfKey(shelfId: string, seedItem: number): string {
  return seedItem === NO_ITEM ? shelfId : `${shelfId}:${seedItem}`;
}

/** @param creators of its items, filled here; @param scores of its items: both at least `count` long */
export function policyShelfOf(
  shelf: DecisionShelf,
  catalog: Catalog,
  creators: Uint32Array,
  scores: Float64Array,
): PolicyShelf {
  const { items, count } = shelf;
  for (let i = 0; i < count; i++) creators[i] = items[i] < catalog.size ? catalog.creator[items[i]] : NO_ITEM;
  return {
    key: hash32(shelfKey(shelf.shelfId, shelf.seedItem)),
    order: shelf.order,
    pinnedRank: shelf.pinnedRank,
    holds: heldCards(shelf),
    carried: shelf.carriedFrom !== '',
    minCards: shelf.minCards,
    maxCards: shelf.maxCards,
    items,
    creators,
    scores,
    count,
  };
}

/** A record's page for walking it again with all scores 0: what is unmasked at a step does not depend on them. */
export function unscoredProblem(
  { shelves, device }: Pick<DecisionRecord, 'shelves' | 'device'>,
  catalog: Catalog,
  tunables: HomeTunables,
): PageProblem {
  const surface = tunables.surfaces[surfaceOf(device)];
  return {
    shelves: shelves.map((shelf) => {
      const count = shelf.items.length;
      return policyShelfOf({ ...shelf, count }, catalog, new Uint32Array(count), new Float64Array(count));
    }),
    shelfLimit: surface.shelves,
    creatorCapPerRow: tunables.creatorCapPerRow,
    creatorCapPerPage: tunables.creatorCapPerPage,
    examinationByCard: examinationOf(surface),
  };
}
