/** What belongs to an item of a kind, as the app asks for it. */
import type { ItemKind } from './item.ts';

export const CHILD_RELATIONS = ['tracks', 'episodes', 'albums', 'top-tracks'] as const;
export type ChildRelation = (typeof CHILD_RELATIONS)[number];

export const RELATIONS_OF_KIND: Readonly<Record<ItemKind, readonly ChildRelation[]>> = {
  album: ['tracks'],
  show: ['episodes'],
  artist: ['albums', 'top-tracks'],
  track: [],
  episode: [],
  playlist: [],
};
