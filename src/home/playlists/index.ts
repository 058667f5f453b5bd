/** Generated playlists: how they are made, stored, read and shown. What platform needs of them; tests go to the files. */
export { faceOf, type GeneratedCards, generatedCards, NO_GENERATED, textsWith } from './cards.ts';
export { generatedCover } from './covers.ts';
export { makeGroup, stands } from './generate.ts';
export {
  type GeneratedList,
  type GeneratedTrack,
  type GroupOfLists,
  LIST_GROUPS,
  type ListGroup,
  type PlaylistInput,
  type Standing,
  type TrackReason,
} from './lists.ts';
export { followsHash } from './radar.ts';
export {
  type ArtistNames,
  hasSomething,
  namedArtists,
  playlistReason,
  type ReadList,
  readList,
  subtitleOf,
  titleOf,
  trackReason,
} from './reading.ts';
export { type HearingRights, isTrack, mayHear } from './rights.ts';
export { DEFAULT_PLAYLIST_SETTINGS, type PlaylistSettings, resolvePlaylistSettings } from './settings.ts';
export { decodePlaylists, encodePlaylists, type ListenerPlaylists } from './stored.ts';
