/**
 * The release radar: what came out within the last 60 days by artists that the listener follows, likes or plays a lot,
 * newest first.
 *
 * It is made anew every Friday (00:00 UTC), and at once when the listener follows or no longer follows somebody; what else
 * changes (a play, a like, a release on a Tuesday) waits for Friday, so that the list is a week's list. An artist counts
 * as liked by a like of theirs or of one of their tracks or albums, as played a lot from `PLAYED_A_LOT` plays decayed with
 * half-life 180 days on. Of an artist at most `radarPerArtist` tracks; of one day, artists that are followed come first,
 * then those played more.
 */
import { DAY_MS, mix32 } from '../../base/index.ts';
import { type Catalog, ITEM_KINDS, NO_ITEM, RELEASE_RADAR, UNKNOWN_DAY, UNKNOWN_KIND } from '../../domain/index.ts';
import {
  followed,
  interactions,
  isHidden,
  type ListenerState,
  likedItems,
  MAX_INTERACTIONS,
} from '../../signals/index.ts';
import { isUnheard } from './candidates.ts';
import { ArtistCap, artistOf } from './choice.ts';
import type { GeneratedList, GeneratedTrack, PlaylistInput, TrackReason } from './lists.ts';
import { isTrack, mayHear } from './rights.ts';

/** Plays (half-life 180 days) that make an artist one of the listener's own. */
const PLAYED_A_LOT = 5;

/** Marks read at most: all that a state holds. */
const MARKS = 256;
const TRACK = ITEM_KINDS.indexOf('track');
const ALBUM = ITEM_KINDS.indexOf('album');
const ARTIST = ITEM_KINDS.indexOf('artist');

// Work space: filled and read within one call.
const items = new Uint32Array(MAX_INTERACTIONS);
const counts = new Float32Array(MAX_INTERACTIONS);
const marks = new Uint32Array(MARKS);

/** A hash of whom the listener follows, whatever the order: the radar of another hash is out of date. */
export function followsHash({ follows }: ListenerState): number {
  let hash = 0;
  for (let row = 0; row < follows.count; row++) {
    if ((follows.stamps[row] & 1) === 1) hash = (hash ^ mix32(follows.keys[row] + 1)) >>> 0;
  }
  return hash;
}

interface OwnArtist {
  readonly reason: TrackReason;
  readonly plays: number;
}

/** The radar of a week, or undefined where nothing has come out. */
export function releaseRadar(input: PlaylistInput): GeneratedList | undefined {
  const { state, rights, settings } = input;
  const { catalog, atMs } = rights;
  const today = Math.floor(atMs / DAY_MS);
  const artists = ownArtists(input);
  const recent = recentTracks(catalog, today, settings.radarDays);
  const found: { track: number; day: number; artist: OwnArtist }[] = [];
  for (const [number, artist] of artists) {
    for (const track of recent.get(number) ?? []) {
      if (mayHear(rights, track)) found.push({ track, day: releaseDayOf(catalog, track), artist });
    }
  }
  found.sort(
    (a, b) =>
      b.day - a.day ||
      rankOf(a.artist.reason) - rankOf(b.artist.reason) ||
      b.artist.plays - a.artist.plays ||
      a.track - b.track,
  );
  const cap = new ArtistCap(catalog, settings.radarPerArtist);
  const tracks: GeneratedTrack[] = [];
  for (const { track, artist } of found) {
    if (tracks.length === settings.radarTracks) break;
    if (!cap.take(track)) continue;
    tracks.push({ track, reason: artist.reason, about: track, familiar: !isUnheard(state, track) });
  }
  return tracks.length === 0 ? undefined : { slot: RELEASE_RADAR, familiarShare: Number.NaN, tracks };
}

const RANKS: readonly TrackReason[] = ['new-by-followed', 'new-by-liked', 'new-by-played'];

function rankOf(reason: TrackReason): number {
  return RANKS.indexOf(reason);
}

/** The artists that are the listener's own, each with the strongest reason. */
function ownArtists({ state, rights, picks }: PlaylistInput): ReadonlyMap<number, OwnArtist> {
  const { catalog, atMs } = rights;
  const plays = new Map<number, number>();
  const count = interactions(state, atMs, items, counts);
  for (let i = 0; i < count; i++) {
    const artist = musicianOf(catalog, items[i]);
    if (artist !== NO_ITEM) plays.set(artist, (plays.get(artist) ?? 0) + counts[i]);
  }
  const own = new Map<number, OwnArtist>();
  const add = (artist: number, reason: TrackReason): void => {
    if (artist === NO_ITEM || own.has(artist) || isHidden(state, artist)) return;
    own.set(artist, { reason, plays: plays.get(artist) ?? 0 });
  };
  const follows = followed(state, marks, MARKS);
  for (let i = 0; i < follows; i++) add(musicianOf(catalog, marks[i]), 'new-by-followed');
  const likes = likedItems(state, marks, MARKS);
  for (let i = 0; i < likes; i++) add(musicianOf(catalog, marks[i]), 'new-by-liked');
  for (const pick of picks) add(musicianOf(catalog, pick), 'new-by-liked');
  for (const [artist, sum] of plays) if (sum >= PLAYED_A_LOT) add(artist, 'new-by-played');
  return own;
}

/**
 * The artist of a track or an album, or the artist itself: also one that the catalogue knows only as who made something.
 * NO_ITEM for what is no music.
 */
function musicianOf(catalog: Catalog, item: number): number {
  if (item >= catalog.size) return NO_ITEM;
  const kind = catalog.kind[item];
  if (kind === ARTIST || kind === UNKNOWN_KIND) return item;
  return kind === TRACK || kind === ALBUM ? catalog.creator[item] : NO_ITEM;
}

/** Days since 1970 of the track, or of its album; UNKNOWN_DAY where neither tells. */
function releaseDayOf(catalog: Catalog, track: number): number {
  const day = catalog.releaseDay[track];
  const album = catalog.parent[track];
  return day === UNKNOWN_DAY && album < catalog.size ? catalog.releaseDay[album] : day;
}

interface RecentTracks {
  readonly today: number;
  readonly days: number;
  readonly byArtist: ReadonlyMap<number, readonly number[]>;
}

const recentOf = new WeakMap<Catalog, RecentTracks>();

/** Tracks of the last `days` days by artist: one pass over the catalogue a day and epoch. */
function recentTracks(catalog: Catalog, today: number, days: number): ReadonlyMap<number, readonly number[]> {
  const known = recentOf.get(catalog);
  if (known !== undefined && known.today === today && known.days === days) return known.byArtist;
  const byArtist = new Map<number, number[]>();
  for (let item = 0; item < catalog.size; item++) {
    if (!isTrack(catalog, item)) continue;
    const age = today - releaseDayOf(catalog, item);
    if (!(age >= 0 && age <= days)) continue;
    const artist = artistOf(catalog, item);
    const list = byArtist.get(artist);
    if (list === undefined) byArtist.set(artist, [item]);
    else list.push(item);
  }
  recentOf.set(catalog, { today, days, byArtist });
  return byArtist;
}
