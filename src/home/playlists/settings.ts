/** Settings of generated playlists. They change what is made from now on; what was made before keeps its validity. */
import { requireRange, resolveOptions } from '../../base/index.ts';

export interface PlaylistSettings {
  /** Share of a Daily Mix that the listener knows, 0 to 1; the rest is new to them. Stated in the answer. @default 0.6 */
  readonly familiarShare: number;
  /** Most tracks of a Daily Mix. @default 50 */
  readonly mixTracks: number;
  /** Most tracks of one artist in a Daily Mix. @default 4 */
  readonly mixPerArtist: number;
  /** Tracks of the weekly discovery. @default 30 */
  readonly discoveryTracks: number;
  /** Most tracks of one artist in the weekly discovery. @default 2 */
  readonly discoveryPerArtist: number;
  /** Most tracks of the release radar. @default 50 */
  readonly radarTracks: number;
  /** Most tracks of one artist in the release radar. @default 4 */
  readonly radarPerArtist: number;
  /** Days that a release counts as new for the release radar. @default 60 */
  readonly radarDays: number;
  /** Fewer tracks than this, and a playlist is not made; fewer that the listener may hear now, and it is not shown. @default 8 */
  readonly leastTracks: number;
}

export const DEFAULT_PLAYLIST_SETTINGS: PlaylistSettings = {
  familiarShare: 0.6,
  mixTracks: 50,
  mixPerArtist: 4,
  discoveryTracks: 30,
  discoveryPerArtist: 2,
  radarTracks: 50,
  radarPerArtist: 4,
  radarDays: 60,
  leastTracks: 8,
};

/** A list of at most so many tracks fits its stored form. */
const MOST_TRACKS = 100;

/** Completes and checks settings. Throws `OPTION_INVALID` with the field and its range. */
export function resolvePlaylistSettings(given: Partial<PlaylistSettings> = {}): Readonly<PlaylistSettings> {
  const settings = resolveOptions<PlaylistSettings>('playlists', given, DEFAULT_PLAYLIST_SETTINGS);
  requireRange('playlists', 'familiarShare', settings.familiarShare, 0, 1);
  requireRange('playlists', 'radarDays', settings.radarDays, 1, 3650);
  for (const field of ['mixTracks', 'mixPerArtist', 'discoveryTracks', 'discoveryPerArtist'] as const)
    requireRange('playlists', field, settings[field], 1, MOST_TRACKS);
  for (const field of ['radarTracks', 'radarPerArtist', 'leastTracks'] as const)
    requireRange('playlists', field, settings[field], 1, MOST_TRACKS);
  return settings;
}
