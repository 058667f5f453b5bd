/**
 * The weekly discovery: tracks that the listener has not heard, near to their tastes, spread over artists.
 *
 * Candidates are those of `newTracksNear` for every taste, also the small ones. What was in the discovery before comes again
 * only where too little else is left to make one.
 * A track is drawn with the weight cosine^3 x √(share of its taste) x (1 where its artist is new to the listener, else 1/3),
 * with the seed of listener and ISO week; at most `discoveryPerArtist` of an artist.
 */
import { WEEKLY_DISCOVERY } from '../../domain/index.ts';
import { ArtistCap, artistOf, seedOf, shuffledByWeight, spreadByArtist, takeCapped } from './choice.ts';
import { newTrack } from './daily-mixes.ts';
import type { GeneratedList, PlaylistInput } from './lists.ts';
import { newTracksOf, tastedBy } from './tasted.ts';
import type { Taste } from './tastes.ts';

const CLOSENESS_POWER = 3;
const KNOWN_ARTIST_FACTOR = 1 / 3;

interface Found {
  readonly track: number;
  readonly weight: number;
  readonly taste: Taste;
}

/** Makes the discovery of a week in steps, some for each taste; returns the list, or undefined where there is too little. */
export function* weeklyDiscovery(input: PlaylistInput, week: string): Generator<undefined, GeneratedList | undefined> {
  const tasted = tastedBy(input);
  if (tasted === undefined) return undefined;
  const { rights, listenerKey, settings, lastDiscovery } = input;
  const { catalog } = rights;
  const before = new Set(lastDiscovery?.tracks.map(({ track }) => track));
  yield;
  /** By track, where it weighs most. */
  const found = new Map<number, Found>();
  for (const taste of tasted.tastes) {
    for (const { track, closeness } of yield* newTracksOf(taste, input)) {
      const known = tasted.artistPlays.has(artistOf(catalog, track)) ? KNOWN_ARTIST_FACTOR : 1;
      const weight = closeness ** CLOSENESS_POWER * Math.sqrt(taste.weight / tasted.weight) * known;
      if (weight > (found.get(track)?.weight ?? 0)) found.set(track, { track, weight, taste });
    }
    yield;
  }
  const drawn = shuffledByWeight([...found.values()], seedOf(listenerKey, `week ${week}`), WEEKLY_DISCOVERY);
  yield;
  const cap = new ArtistCap(catalog, settings.discoveryPerArtist);
  const least = Math.min(settings.leastTracks, settings.discoveryTracks);
  const taken = takeCapped(
    drawn.filter(({ track }) => !before.has(track)),
    settings.discoveryTracks,
    cap,
  );
  if (taken.length < least) {
    const again = drawn.filter(({ track }) => before.has(track));
    taken.push(...takeCapped(again, least - taken.length, cap));
  }
  if (taken.length < least) return undefined;
  yield;
  const tracks = spreadByArtist(taken, catalog).map(({ track, taste }) => newTrack(track, taste, tasted, input));
  return { slot: WEEKLY_DISCOVERY, familiarShare: Number.NaN, tracks };
}
