/**
 * Daily Mixes: up to six of the listener's tastes, each as a list of tracks that they know and tracks that are new to them.
 *
 * A mix has T tracks, round(s T) of them known (s is `familiarShare`), T the largest up to `mixTracks` for which there are
 * enough of both; the share holds exactly, a mix that lacks one sort is shorter. Known ones are chosen by
 * w = ln(1 + plays), new ones by cosine^4 with the taste, both by chance with the seed of the day: the same all day, other
 * ones of the same taste tomorrow. At most `mixPerArtist` of an artist. Known and new ones alternate evenly.
 */
import type { Seed } from '../../base/index.ts';
import { type Catalog, DAILY_MIXES, NO_ITEM } from '../../domain/index.ts';
import { isLiked, playsOf } from '../../signals/index.ts';
import { closestOwn, isUnheard } from './candidates.ts';
import { ArtistCap, artistOf, seedOf, shuffledByWeight, spreadByArtist, takeCapped } from './choice.ts';
import type { GeneratedList, GeneratedTrack, PlaylistInput, TrackReason } from './lists.ts';
import { mayHear } from './rights.ts';
import { newTracksOf, type Tasted, tastedBy } from './tasted.ts';
import type { Taste } from './tastes.ts';

/** A taste makes a mix from so many points on … */
const MIX_POINTS = 5;
/** … and from this share of the weight of all. */
const MIX_SHARE = 0.04;
/** New tracks are sharply drawn towards the taste: twice as close is 16 times as likely. */
const CLOSENESS_POWER = 4;
/** An artist with so many decayed plays is played a lot. */
const A_LOT_OF_PLAYS = 5;

const KNOWN = 1;
const NEW = 2;

/** Makes the mixes of a day, each in several steps; the last value is the lists. */
export function* dailyMixes(input: PlaylistInput, day: string): Generator<undefined, GeneratedList[]> {
  const tasted = tastedBy(input);
  if (tasted === undefined) return [];
  yield;
  const seed = seedOf(input.listenerKey, `day ${day}`);
  const { familiarShare } = input.settings;
  const used = new Set<number>();
  const lists: GeneratedList[] = [];
  for (const taste of tasted.tastes) {
    if (lists.length === DAILY_MIXES) break;
    if (taste.points.length < MIX_POINTS || taste.weight < MIX_SHARE * tasted.weight) continue;
    const slot = lists.length;
    const tracks = yield* mixOf(taste, tasted, used, input, seed, slot);
    if (tracks !== undefined) lists.push({ slot, familiarShare, tracks });
    yield;
  }
  return lists;
}

function* mixOf(
  taste: Taste,
  tasted: Tasted,
  used: Set<number>,
  input: PlaylistInput,
  seed: Seed,
  slot: number,
): Generator<undefined, GeneratedTrack[] | undefined> {
  const { rights, state, settings } = input;
  const { catalog } = rights;
  const { points, artistPlays } = tasted;
  const { mixTracks, familiarShare, leastTracks } = settings;
  const cap = new ArtistCap(catalog, settings.mixPerArtist);
  const known = taste.points
    .map((point) => ({ track: points.items[point], weight: points.weights[point] }))
    .filter(({ track }) => mayHear(rights, track) && !isUnheard(state, track));
  const knownTaken = takeCapped(shuffledByWeight(known, seed, 2 * slot), Math.round(familiarShare * mixTracks), cap);
  const near = familiarShare >= 1 ? [] : yield* newTracksOf(taste, input);
  const fresh = near
    .filter(({ track }) => !used.has(track))
    .map(({ track, closeness }) => ({ track, weight: closeness ** CLOSENESS_POWER }));
  yield;
  const freshTaken = takeCapped(
    shuffledByWeight(fresh, seed, 2 * slot + 1),
    mixTracks - Math.round(familiarShare * mixTracks),
    cap,
  );
  const total = largestMix(knownTaken.length, freshTaken.length, familiarShare, mixTracks);
  if (total < leastTracks) return undefined;

  const knownCount = Math.round(familiarShare * total);
  const ofKnown = spreadByArtist(knownTaken.slice(0, knownCount), catalog);
  const ofNew = spreadByArtist(freshTaken.slice(0, total - knownCount), catalog);
  return alternating(knownCount, total).map((sort): GeneratedTrack => {
    if (sort === KNOWN) {
      const { track } = ofKnown.shift() as { track: number };
      return { track, reason: reasonOfKnown(track, artistPlays, input), about: track, familiar: true };
    }
    const { track } = ofNew.shift() as { track: number };
    used.add(track);
    return newTrack(track, taste, tasted, input);
  });
}

/** The most tracks with exactly round(share x tracks) known ones that so many of both allow; 0 where none do. */
export function largestMix(known: number, fresh: number, share: number, most: number): number {
  for (let total = Math.min(most, known + fresh); total > 0; total--) {
    const wanted = Math.round(share * total);
    if (wanted <= known && total - wanted <= fresh) return total;
  }
  return 0;
}

/** Sorts of tracks in their order: after every i of them the known ones are as many as the share of i, rounded up. */
function alternating(known: number, total: number): (typeof KNOWN | typeof NEW)[] {
  return Array.from({ length: total }, (_, i) =>
    Math.ceil(((i + 1) * known) / total) > Math.ceil((i * known) / total) ? KNOWN : NEW,
  );
}

function reasonOfKnown(
  track: number,
  artistPlays: ReadonlyMap<number, number>,
  { state, rights }: PlaylistInput,
): TrackReason {
  if (playsALot(track, artistPlays, rights.catalog)) return 'played-a-lot';
  return isLiked(state, track) || playsOf(state, track) === 0 ? 'liked' : 'played';
}

function playsALot(track: number, artistPlays: ReadonlyMap<number, number>, catalog: Catalog): boolean {
  return catalog.creator[track] !== NO_ITEM && (artistPlays.get(artistOf(catalog, track)) ?? 0) >= A_LOT_OF_PLAYS;
}

/** A track that is new to the listener, with why it is there: its artist, or what of theirs it is close to. */
export function newTrack(
  track: number,
  taste: Taste,
  { points, artistPlays }: Tasted,
  input: PlaylistInput,
): GeneratedTrack {
  const { catalog } = input.rights;
  if (playsALot(track, artistPlays, catalog)) return { track, reason: 'played-a-lot', about: track, familiar: false };
  return { track, reason: 'close-to', about: closestOwn(track, taste, points, input), familiar: false };
}
