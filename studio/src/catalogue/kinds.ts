/** Kinds of items, as people call them. */
import type { Item } from '../../../src/server/contract.ts';

export type Kind = Item['kind'];

export const KINDS: readonly Kind[] = ['track', 'album', 'artist', 'playlist', 'show', 'episode'];

export const KIND_WORDS: Readonly<Record<Kind, { readonly one: string; readonly many: string }>> = {
  track: { one: 'Song', many: 'Songs' },
  album: { one: 'Album', many: 'Albums' },
  artist: { one: 'Artist', many: 'Artists' },
  playlist: { one: 'Playlist', many: 'Playlists' },
  show: { one: 'Podcast', many: 'Podcasts' },
  episode: { one: 'Episode', many: 'Episodes' },
};

/** What stands in a parent of this kind. */
export const CHILDREN_WORDS: Readonly<Partial<Record<Kind, string>>> = {
  album: 'Songs on it',
  artist: 'Albums',
  show: 'Episodes',
};
