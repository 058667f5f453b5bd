/** Who may hear which track: asked when a playlist is made, and again whenever it is read. */
import { type Catalog, ITEM_KINDS } from '../../domain/index.ts';
import { mayHave, type Rights } from '../rights.ts';

const TRACK = ITEM_KINDS.indexOf('track');

export interface HearingRights extends Rights {
  /** That of the epochs. */
  readonly catalog: Catalog;
}

export function isTrack(catalog: Catalog, item: number): boolean {
  return item < catalog.size && catalog.kind[item] === TRACK;
}

/** Is it a track that the listener may have and wants: see `mayHave`? */
export function mayHear(rights: HearingRights, track: number): boolean {
  return isTrack(rights.catalog, track) && mayHave(rights, track);
}
