/** What a listener may have and wants to have: asked when a page is decided, and again when it is served once more. */
import {
  type Catalog,
  ITEM_EXPLICIT,
  ITEM_FOR_KIDS,
  type Item,
  isAvailable,
  isForKids,
  isGenerated,
  isKidsGenre,
  type ResolvedProfile,
  UNKNOWN_KIND,
} from '../domain/index.ts';
import { isHidden, type ListenerState } from '../signals/index.ts';

/**
 * Items that changed since the columns were built, by number; undefined where the item is gone. The columns follow within
 * moments, or once the workshop has its turn; until then this says what they do not know yet.
 */
export type ChangedItems = ReadonlyMap<number, Item | undefined>;

export interface Rights {
  readonly epochs: { readonly catalog: Catalog; readonly changed: ChangedItems };
  readonly market: string;
  readonly tier: string;
  /** Their numbers, or -1. */
  readonly marketNumber: number;
  readonly tierNumber: number;
  readonly atMs: number;
  readonly profile: Pick<ResolvedProfile, 'explicitAllowed' | 'ageBand'>;
  readonly state: ListenerState;
}

/** Does the catalogue hold it for this market, tier and time: by its columns, and by what changed since they were built? */
export function isOffered(rights: Rights, item: number): boolean {
  // A generated playlist is made for its listener of what they may have; it is no item of a catalogue.
  if (isGenerated(item)) return true;
  const { epochs, marketNumber, tierNumber, atMs } = rights;
  return (
    isAvailable(epochs.catalog, item, marketNumber, tierNumber, atMs) &&
    !isWithdrawn(rights, item) &&
    !isUnfitByChange(rights, item)
  );
}

/** Is it gone, or changed into what this listener may not have, since the columns were built? */
function isWithdrawn({ epochs: { changed }, market, tier, atMs, profile }: Rights, number: number): boolean {
  if (changed.size === 0 || !changed.has(number)) return false;
  const item = changed.get(number);
  if (item === undefined) return true;
  if (item.explicit && !profile.explicitAllowed) return true;
  if (item.markets !== undefined && !item.markets.includes(market)) return true;
  if (item.tiers !== undefined && item.tiers.length > 0 && !item.tiers.includes(tier)) return true;
  if (item.availableFrom !== undefined && !(atMs >= Date.parse(item.availableFrom))) return true;
  if (item.availableUntil !== undefined && !(atMs < Date.parse(item.availableUntil))) return true;
  return profile.ageBand === 'kid' && !staysForKids(item);
}

/** Has what it is a part of, or who made it, changed into what makes it unfit for a kid? See `isForKids`. */
function isUnfitByChange({ epochs: { catalog, changed }, profile }: Rights, item: number): boolean {
  if (changed.size === 0 || profile.ageBand !== 'kid' || item >= catalog.size) return false;
  const parent = changed.get(catalog.parent[item]);
  if (parent?.attributes?.['kids'] === false) return true;
  if (changed.get(catalog.creator[item])?.attributes?.['kids'] === false) return true;
  if (parent === undefined || parent.kind !== 'show') return false;
  return parent.explicit === true || (!staysForKids(parent) && (catalog.flags[item] & ITEM_FOR_KIDS) === 0);
}

function staysForKids({ kind, attributes, genres = [] }: Item): boolean {
  if (attributes?.['kids'] === false) return false;
  return (kind !== 'show' && kind !== 'episode') || attributes?.['kids'] === true || genres.some(isKidsGenre);
}

export function isExplicit(catalog: Catalog, item: number): boolean {
  return item < catalog.size && (catalog.flags[item] & ITEM_EXPLICIT) !== 0;
}

/** Is it fit for this listener's age? */
export function isFitting({ epochs: { catalog }, profile }: Rights, item: number): boolean {
  return profile.ageBand !== 'kid' || isGenerated(item) || isForKids(catalog, item);
}

/** Has the listener hidden the item, its primary creator or what it is a part of? */
export function isUnwanted({ epochs: { catalog }, state }: Rights, item: number): boolean {
  if (state.hides.count === 0) return false;
  if (isHidden(state, item)) return true;
  if (item >= catalog.size) return false;
  return isHidden(state, catalog.creator[item]) || isHidden(state, catalog.parent[item]);
}

/** All of it: offered, not explicit where that is off, fit for a kid, not hidden. */
export function mayHave(rights: Rights, item: number): boolean {
  const { catalog } = rights.epochs;
  return (
    isOffered(rights, item) &&
    (rights.profile.explicitAllowed || !isExplicit(catalog, item)) &&
    isFitting(rights, item) &&
    !isUnwanted(rights, item)
  );
}

/** Is a shelf about this item to be shown: does the catalogue still hold what its title names? */
export function isKnown({ epochs: { catalog, changed } }: Pick<Rights, 'epochs'>, item: number): boolean {
  if (item >= catalog.size || catalog.kind[item] === UNKNOWN_KIND) return false;
  return !(changed.size > 0 && changed.has(item) && changed.get(item) === undefined);
}

/**
 * Why a row that is named by this item may not be: the catalogue no longer holds it, a kid may not have it, or the listener
 * has hidden it. Undefined where it may.
 */
export function whyUnnamed(rights: Rights, item: number): 'unavailable' | 'kids' | 'hidden' | undefined {
  if (!isKnown(rights, item)) return 'unavailable';
  if (!isFitting(rights, item)) return 'kids';
  return isUnwanted(rights, item) ? 'hidden' : undefined;
}
