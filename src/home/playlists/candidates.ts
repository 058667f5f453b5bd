/** Tracks that a listener has not heard, near to one of their tastes. */
import { type Catalog, type Embedding, ITEM_KINDS, NO_ITEM } from '../../domain/index.ts';
import { isLiked, type ListenerState, wasHeard } from '../../signals/index.ts';
import type { PlaylistInput } from './lists.ts';
import { isTrack, mayHear } from './rights.ts';
import { dot, lengthOf, type Taste, type TastePoints, vectorItemOf } from './tastes.ts';

/** Vectors nearest to a taste that are looked at: among them are albums, artists and shows too. */
const NEAREST_LOOKED_AT = 500;
/** An album near to a taste stands for so many of its tracks. */
const TRACKS_OF_ALBUM = 4;
/** What is less than half as close to a taste as the closest that was found is not near it. */
const LEAST_OF_CLOSEST = 0.5;

/** What is found is looked at so many at a step. */
const OFFERED_AT_A_STEP = 125;

const ALBUM = ITEM_KINDS.indexOf('album');

export interface NewTrack {
  readonly track: number;
  /** Cosine of track (or of its album or artist, where it has no vector) and taste, without what all items have in common. */
  readonly closeness: number;
}

/** Has the listener never heard the track, nor skipped nor liked it, as far as is remembered? */
export function isUnheard(state: ListenerState, track: number): boolean {
  return !wasHeard(state, track) && !isLiked(state, track);
}

// Work space: filled and read within one step.
const found = new Uint32Array(NEAREST_LOOKED_AT);
const scores = new Float32Array(NEAREST_LOOKED_AT);

/**
 * The tracks near to `taste` that the listener may hear and has not heard: the 500 vectors with the largest inner product
 * with its centre, albums among them as their first tracks, and of these the ones at least half as close to it (by cosine) as
 * the closest. A search at a step, then some of what it found. In the order of that search, which puts what many play before what few play.
 */
export function* newTracksNear(taste: Taste, input: PlaylistInput): Generator<undefined, NewTrack[]> {
  const { rights, state, world } = input;
  const { embedding, nearest, children } = world;
  if (embedding === undefined || nearest === undefined) return [];
  const { catalog } = rights;
  const count = nearest.search(
    Float32Array.from(taste.centre),
    Math.min(NEAREST_LOOKED_AT, nearest.size),
    found,
    scores,
  );
  // Others search while this one waits between two steps.
  const items = found.slice(0, count);
  const products = scores.slice(0, count);
  yield;
  const tracks: NewTrack[] = [];
  const seen = new Set<number>();
  let closest = 0;
  const offer = (track: number, product: number | undefined): void => {
    if (seen.has(track)) return;
    seen.add(track);
    if (!mayHear(rights, track) || !isUnheard(state, track)) return;
    const closeness =
      product === undefined ? cosineTo(taste, track, catalog, embedding) : product / (lengthOf(track, embedding) || 1);
    closest = Math.max(closest, closeness);
    if (closeness > 0) tracks.push({ track, closeness });
  };
  for (let i = 0; i < count; i++) {
    if (i > 0 && i % OFFERED_AT_A_STEP === 0) yield;
    const item = items[i];
    if (isTrack(catalog, item)) offer(item, products[i]);
    else if (item < catalog.size && catalog.kind[item] === ALBUM && item + 1 < children.start.length) {
      const end = Math.min(children.start[item + 1], children.start[item] + TRACKS_OF_ALBUM);
      for (let c = children.start[item]; c < end; c++) offer(children.items[c], undefined);
    }
  }
  return tracks.filter(({ closeness }) => closeness >= LEAST_OF_CLOSEST * closest);
}

function cosineTo(taste: Taste, track: number, catalog: Catalog, embedding: Embedding): number {
  const item = vectorItemOf(track, catalog, embedding);
  if (item === NO_ITEM) return 0;
  const { factors, dimension } = embedding;
  return dot(factors, item * dimension, taste.centre, 0, dimension) / (lengthOf(item, embedding) || 1);
}

/** Points of a taste that a new track may be said to be close to: its strongest. */
const NAMED_POINTS = 24;

/** What of the listener's own a new track is closest to: the item of a point of the taste, never one of the same artist. */
export function closestOwn(track: number, taste: Taste, points: TastePoints, input: PlaylistInput): number {
  const { rights, world } = input;
  const { catalog } = rights;
  if (world.embedding === undefined) return NO_ITEM;
  const { factors, dimension } = world.embedding;
  const vector = vectorItemOf(track, catalog, world.embedding);
  if (vector === NO_ITEM) return NO_ITEM;
  let best = NO_ITEM;
  let bestProduct = 0;
  for (const point of taste.points.slice(0, NAMED_POINTS)) {
    const item = points.items[point];
    if (catalog.creator[item] === catalog.creator[track] && catalog.creator[track] !== NO_ITEM) continue;
    const product = dot(factors, vector * dimension, points.units, point * dimension, dimension);
    if (product > bestProduct) {
      bestProduct = product;
      best = item;
    }
  }
  return best;
}
