/** What the groups of one making share: the listener's tastes, and what is new near to each. Worked out once for each input. */
import type { Catalog } from '../../domain/index.ts';
import { type NewTrack, newTracksNear } from './candidates.ts';
import { artistOf } from './choice.ts';
import type { PlaylistInput } from './lists.ts';
import { type Taste, type TastePoints, tastePoints, tastesOf } from './tastes.ts';

export interface Tasted {
  readonly points: TastePoints;
  /** All of them, heaviest first. */
  readonly tastes: readonly Taste[];
  /** Σ w of the points in them. */
  readonly weight: number;
  /** Decayed plays of each artist over all points. */
  readonly artistPlays: ReadonlyMap<number, number>;
}

const made = new WeakMap<PlaylistInput, Tasted>();
const near = new WeakMap<Taste, readonly NewTrack[]>();

/** The listener's tastes; undefined before anything was fitted. */
export function tastedBy(input: PlaylistInput): Tasted | undefined {
  const { state, rights, picks, world } = input;
  if (world.embedding === undefined) return undefined;
  const known = made.get(input);
  if (known !== undefined) return known;
  const points = tastePoints(state, rights.atMs, picks, rights.catalog, world.embedding);
  const tastes = tastesOf(points);
  const tasted: Tasted = {
    points,
    tastes,
    weight: tastes.reduce((sum, taste) => sum + taste.weight, 0),
    artistPlays: playsByArtist(points, rights.catalog),
  };
  made.set(input, tasted);
  return tasted;
}

/** What `newTracksNear` gives for a taste of this input. */
export function* newTracksOf(taste: Taste, input: PlaylistInput): Generator<undefined, readonly NewTrack[]> {
  const known = near.get(taste);
  if (known !== undefined) return known;
  const tracks = yield* newTracksNear(taste, input);
  near.set(taste, tracks);
  return tracks;
}

function playsByArtist(points: TastePoints, catalog: Catalog): ReadonlyMap<number, number> {
  const plays = new Map<number, number>();
  for (let i = 0; i < points.count; i++) {
    const artist = artistOf(catalog, points.items[i]);
    plays.set(artist, (plays.get(artist) ?? 0) + points.plays[i]);
  }
  return plays;
}
