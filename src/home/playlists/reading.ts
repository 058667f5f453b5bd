/**
 * Reading a playlist: what of it the listener may hear now, what it is called, why each track is there. Rights hold at every
 * reading: a track that was withdrawn, whose window closed or whose artist was hidden is gone at once, the rest keeps its order.
 */
import { DAILY_MIXES, ITEM_KINDS, NO_ITEM, WEEKLY_DISCOVERY } from '../../domain/index.ts';
import { isHidden } from '../../signals/index.ts';
import { type Language, type Told, textOf, told } from '../messages/index.ts';
import { artistOf } from './choice.ts';
import type { GeneratedList, GeneratedTrack } from './lists.ts';
import { type HearingRights, mayHear } from './rights.ts';

/** What reading needs to know of items. */
export interface ArtistNames {
  /** The artist of a track or album, the artist's own name; the title of anything else. */
  artist(item: number): string;
}

export interface ReadList {
  readonly slot: number;
  readonly familiarShare: number;
  /** Those that the listener may hear now. */
  readonly tracks: readonly GeneratedTrack[];
}

export function readList({ slot, familiarShare, tracks }: GeneratedList, rights: HearingRights): ReadList {
  return { slot, familiarShare, tracks: tracks.filter(({ track }) => mayHear(rights, track)) };
}

/** Does enough of it stand to be worth a card? A radar of one release is one. */
export function hasSomething(list: ReadList, leastTracks: number): boolean {
  return list.tracks.length >= (list.slot <= WEEKLY_DISCOVERY ? leastTracks : 1);
}

/** Artists that a title or a subtitle names. */
const NAMED = 4;

/** The artists with the most tracks in it, those that the listener knows first, of equals the one that comes first. */
export function namedArtists({ tracks }: ReadList, { catalog }: HearingRights, names: ArtistNames): NamedArtists {
  const counts = new Map<number, { track: number; count: number }>();
  for (const { track, familiar } of tracks) {
    const artist = artistOf(catalog, track);
    const known = counts.get(artist) ?? { track, count: 0 };
    known.count += familiar ? 2 : 1;
    counts.set(artist, known);
  }
  // Sorting is stable: of equals the one that comes first.
  const most = [...counts.values()].sort((a, b) => b.count - a.count).slice(0, NAMED);
  return { names: most.map(({ track }) => names.artist(track)), more: counts.size > most.length };
}

export interface NamedArtists {
  readonly names: readonly string[];
  /** Are there others? */
  readonly more: boolean;
}

export function titleOf(slot: number, { names, more }: NamedArtists): Told {
  if (slot >= DAILY_MIXES) return told(slot === WEEKLY_DISCOVERY ? 'generated.discovery' : 'generated.radar');
  const number = slot + 1;
  const [first, second] = names;
  if (first === undefined) return told('generated.mix', { number });
  if (second === undefined) return told('generated.mix-of-one', { number, first });
  const others = more || names.length > 2;
  return told(others ? 'generated.mix-of-more' : 'generated.mix-of-two', { number, first, second });
}

/** "Playlist · Nina Simone, Etta James and more". */
export function subtitleOf({ names, more }: NamedArtists, language: Language): string {
  const word = textOf(told('card.playlist'), language);
  if (names.length === 0) return word;
  const contents = names.join(', ');
  return `${word} · ${more ? textOf(told('generated.contents-and-more', { contents }), language) : contents}`;
}

/** Why the playlist is there. */
export function playlistReason(slot: number): Told {
  if (slot < DAILY_MIXES) return told('generated.mix.reason');
  return told(slot === WEEKLY_DISCOVERY ? 'generated.discovery.reason' : 'generated.radar.reason');
}

const SHOW = ITEM_KINDS.indexOf('show');

/** Why a track is in it. What the listener has hidden or the catalogue has lost since is not named. */
export function trackReason({ track, reason, about }: GeneratedTrack, rights: HearingRights, names: ArtistNames): Told {
  const artist = names.artist(track);
  switch (reason) {
    case 'played-a-lot':
      return told('generated.track.played-a-lot', { artist });
    case 'liked':
      return told('generated.track.liked');
    case 'played':
      return told('generated.track.played');
    case 'new-by-followed':
      return told('generated.track.new-by-followed', { artist });
    case 'new-by-liked':
      return told('generated.track.new-by-liked', { artist });
    case 'new-by-played':
      return told('generated.track.new-by-played', { artist });
    case 'close-to':
      return mayBeNamed(about, rights)
        ? told('generated.track.close-to', { artist: names.artist(about) })
        : told('generated.track.close-to-taste');
  }
}

function mayBeNamed(item: number, { catalog, state }: HearingRights): boolean {
  if (item === NO_ITEM || item >= catalog.size || catalog.kind[item] > SHOW) return false;
  return !isHidden(state, item) && !isHidden(state, catalog.creator[item]);
}
