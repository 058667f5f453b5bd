/** Generated playlists on the platform: kept, made in time, read. */
export type { ChildCard, ChildrenQuery, ItemChildren } from './children.ts';
export { PLAYLISTS_TABLE } from './keeping.ts';
export type { PlaylistCounts } from './making.ts';
export {
  createPlaylists,
  type Playlist,
  type PlaylistQuery,
  type PlaylistService,
  type PlaylistSummary,
  type Playlists,
  type PlaylistTrack,
} from './playlists.ts';
