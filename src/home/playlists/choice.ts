/** Choosing tracks by chance, weighted and seeded, with a cap for each artist; and putting them in an order. */
import { contentHash, noiseAt, noiseStream, type Seed, seedFromBytes } from '../../base/index.ts';
import { type Catalog, NO_ITEM } from '../../domain/index.ts';

/** The seed of what is made for this listener in this period. */
export function seedOf(listenerKey: string, period: string): Seed {
  return seedFromBytes(Buffer.from(contentHash(`${listenerKey} ${period}`), 'hex'));
}

export interface Weighted {
  readonly track: number;
  /** Positive. */
  readonly weight: number;
}

/**
 * Sampling without replacement (Efraimidis & Spirakis, 2006): of all tracks the one with the least -ln(u) / w comes first,
 * and so on; u is a function of seed, label and track alone, so that one track more does not disturb the others. Tracks of
 * weight 0 are left out.
 */
export function shuffledByWeight<T extends Weighted>(tracks: readonly T[], seed: Seed, label: number): T[] {
  const stream = noiseStream(seed, label, 0);
  return tracks
    .filter(({ weight }) => weight > 0)
    .map((entry) => ({ entry, time: -Math.log(noiseAt(stream, entry.track)) / entry.weight }))
    .sort((a, b) => a.time - b.time || a.entry.track - b.entry.track)
    .map(({ entry }) => entry);
}

/** Counts tracks of artists; a track without one is an artist of its own. */
export class ArtistCap {
  private readonly counts = new Map<number, number>();
  private readonly catalog: Catalog;
  private readonly most: number;

  constructor(catalog: Catalog, most: number) {
    this.catalog = catalog;
    this.most = most;
  }

  /** Counts the track, unless its artist has as many as may be. */
  take(track: number): boolean {
    const artist = artistOf(this.catalog, track);
    const count = this.counts.get(artist) ?? 0;
    if (count >= this.most) return false;
    this.counts.set(artist, count + 1);
    return true;
  }
}

/** The primary artist, or the track itself where there is none. */
export function artistOf(catalog: Catalog, track: number): number {
  const creator = track < catalog.size ? catalog.creator[track] : NO_ITEM;
  return creator === NO_ITEM ? track : creator;
}

/** Takes up to `count` in their order, as the cap allows. */
export function takeCapped<T extends { readonly track: number }>(
  tracks: readonly T[],
  count: number,
  cap: ArtistCap,
): T[] {
  const taken: T[] = [];
  for (const entry of tracks) {
    if (taken.length >= count) break;
    if (cap.take(entry.track)) taken.push(entry);
  }
  return taken;
}

/** The same tracks, in order, but that no two of one artist follow each other where another one is left. */
export function spreadByArtist<T extends { readonly track: number }>(tracks: readonly T[], catalog: Catalog): T[] {
  const left = [...tracks];
  const spread: T[] = [];
  let last = NO_ITEM;
  while (left.length > 0) {
    const other = left.findIndex(({ track }) => artistOf(catalog, track) !== last);
    const [next] = left.splice(Math.max(0, other), 1);
    last = artistOf(catalog, next.track);
    spread.push(next);
  }
  return spread;
}
