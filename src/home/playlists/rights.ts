/** Who may hear which track: asked when a playlist is made, and again whenever it is read. */
import { type Catalog, ITEM_EXPLICIT, ITEM_KINDS, isAvailable } from '../../domain/index.ts';
import { isHidden, type ListenerState } from '../../signals/index.ts';

const TRACK = ITEM_KINDS.indexOf('track');

export interface HearingRights {
  readonly catalog: Catalog;
  readonly state: ListenerState;
  /** Numbers, or -1. */
  readonly market: number;
  readonly tier: number;
  readonly atMs: number;
  readonly explicitAllowed: boolean;
}

export function isTrack(catalog: Catalog, item: number): boolean {
  return item < catalog.size && catalog.kind[item] === TRACK;
}

/**
 * Is it a track that the listener may hear and wants to: available in their market, on their tier, at that time; not
 * explicit where that is switched off; neither it nor its artist nor its album hidden?
 */
export function mayHear(rights: HearingRights, track: number): boolean {
  const { catalog, state, market, tier, atMs, explicitAllowed } = rights;
  return (
    isTrack(catalog, track) &&
    isAvailable(catalog, track, market, tier, atMs) &&
    (explicitAllowed || (catalog.flags[track] & ITEM_EXPLICIT) === 0) &&
    !isHidden(state, track) &&
    !isHidden(state, catalog.creator[track]) &&
    !isHidden(state, catalog.parent[track])
  );
}
