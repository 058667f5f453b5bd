/** What generated playlists are: lists of tracks, each with its reason, that stand for a period. */
import type { Embedding } from '../../domain/index.ts';
import type { Nearest } from '../../retrieval/index.ts';
import type { ListenerState } from '../../signals/index.ts';
import type { ChildIndex } from '../request.ts';
import type { Period } from './periods.ts';
import type { HearingRights } from './rights.ts';
import type { PlaylistSettings } from './settings.ts';

/** Why a track is in a playlist. Position is the number in stored lists: append only. */
export const TRACK_REASONS = [
  /** Its artist is played a lot. */
  'played-a-lot',
  /** The listener likes it. */
  'liked',
  /** The listener has played it. */
  'played',
  /** Near to something that they play: `about`. */
  'close-to',
  'new-by-followed',
  'new-by-liked',
  'new-by-played',
] as const;
export type TrackReason = (typeof TRACK_REASONS)[number];

export interface GeneratedTrack {
  readonly track: number;
  readonly reason: TrackReason;
  /** The item that the reason names; the track itself where it names its artist or nothing. */
  readonly about: number;
  /** Had the listener heard or liked it when the playlist was made? */
  readonly familiar: boolean;
}

export interface GeneratedList {
  /** Position in GENERATED_SLOTS. */
  readonly slot: number;
  /** The share of tracks that the listener knows that it was made for; NaN where none was aimed at. */
  readonly familiarShare: number;
  readonly tracks: readonly GeneratedTrack[];
}

/** Playlists are made in groups that share their period: the mixes of a day, the discovery of a week, the radar of a week. */
export const LIST_GROUPS = ['daily', 'weekly', 'radar'] as const;
export type ListGroup = (typeof LIST_GROUPS)[number];

/** For how long, and for whom, a group was made. */
export interface Standing extends Period {
  /** Of whom the listener followed when it was made: see `followsHash`. */
  readonly follows: number;
}

export interface GroupOfLists extends Standing {
  readonly madeAtMs: number;
  /** By slot, ascending; none where there was too little to make one of. */
  readonly lists: readonly GeneratedList[];
}

/** Everything shared that making playlists reads, fixed while they are made. */
export interface PlaylistWorld {
  readonly embedding: Embedding | undefined;
  readonly nearest: Nearest | undefined;
  readonly children: ChildIndex;
}

/** What playlists are made from. */
export interface PlaylistInput {
  /** Seeds the choice among equals; the same key gives the same lists of the same state. */
  readonly listenerKey: string;
  readonly state: ListenerState;
  /** Items picked at sign-up. */
  readonly picks: readonly number[];
  /** Also holds the catalogue and the time. */
  readonly rights: HearingRights;
  readonly world: PlaylistWorld;
  readonly settings: PlaylistSettings;
  /** The discovery before, whose tracks do not come again. */
  readonly lastDiscovery: GeneratedList | undefined;
}
