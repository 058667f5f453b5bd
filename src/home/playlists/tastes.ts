/**
 * The distinct tastes of a listener: what they play and like, as points in the space of the embedding, in clusters.
 *
 * Points: at most 512 tracks, albums and artists of `interactions` (plays decayed with half-life 180 days, likes as 4 plays)
 * and of the picks at sign-up, the strongest first; w_i = ln(1 + c_i). A point lies at the direction of the item's vector (or
 * of its album's or artist's, where it has none of its own) within the embedding, less what all items have in common: the
 * mean direction says that things are played at all, and puts everything near to everything (on the demo, tracks of other
 * genres at a cosine of .29; without it at -.03, those of the same genre at .73).
 *
 * Clusters: spherical k-means (Dhillon & Modha, 2001), deterministic. The first centre is the strongest point, each next one
 * argmax_i w_i (1 - max_c cos(x_i, c)), up to 12; then at most 6 rounds. How many tastes there are follows from the data:
 * centres closer than `MERGE_COSINE` are one taste. Work: at most 512 x 12 x 64 x 8
 * multiplications, some milliseconds.
 */
import { type Catalog, type Embedding, ITEM_KINDS, NO_ITEM, UNKNOWN_KIND } from '../../domain/index.ts';
import { interactions, isHidden, type ListenerState, MAX_INTERACTIONS, PICK_AS_PLAYS } from '../../signals/index.ts';

/** Most points; the weakest are left out. */
export const TASTE_POINTS = 512;
/** Centres that k-means begins with. */
const CENTRES = 12;
const ROUNDS = 6;
/** Two centres that are this close are one taste: tracks of one genre lie at .58 to .82 (quartiles), of two below .33. */
const MERGE_COSINE = 0.5;

/** Points of a listener's taste, strongest first, equals by number. */
export interface TastePoints {
  readonly count: number;
  readonly items: Uint32Array;
  /** c: decayed plays and likes. */
  readonly plays: Float32Array;
  /** ln(1 + c). */
  readonly weights: Float64Array;
  readonly dimension: number;
  /** Row i: the direction of point i, at length 1. In 64 bits: what is multiplied often need not be widened each time. */
  readonly units: Float64Array;
}

export interface Taste {
  /** Indices of its points, strongest first. */
  readonly points: readonly number[];
  /** Σ w of its points. */
  readonly weight: number;
  /** At length 1, without the common direction. */
  readonly centre: Float64Array;
}

const TRACK = ITEM_KINDS.indexOf('track');
const ALBUM = ITEM_KINDS.indexOf('album');
const ARTIST = ITEM_KINDS.indexOf('artist');

function isMusic(catalog: Catalog, item: number): boolean {
  if (item >= catalog.size) return false;
  const kind = catalog.kind[item];
  return kind !== UNKNOWN_KIND && (kind === TRACK || kind === ALBUM || kind === ARTIST);
}

function hasVector({ size, dimension, factors }: Embedding, item: number): boolean {
  if (item >= size) return false;
  for (let k = item * dimension; k < (item + 1) * dimension; k++) if (factors[k] !== 0) return true;
  return false;
}

/** The item whose vector stands for this one: its own, its album's, its artist's; NO_ITEM where none has one. */
export function vectorItemOf(item: number, catalog: Catalog, embedding: Embedding): number {
  if (hasVector(embedding, item)) return item;
  if (item >= catalog.size) return NO_ITEM;
  if (hasVector(embedding, catalog.parent[item])) return catalog.parent[item];
  return hasVector(embedding, catalog.creator[item]) ? catalog.creator[item] : NO_ITEM;
}

/** Items that the common direction is taken from: enough to know it within a percent. */
const SAMPLE = 2048;

const commons = new WeakMap<Float32Array, Float64Array>();

/** The mean direction of all items, at length 1; zeros where there is none. From an even sample, once an embedding. */
function commonOf({ factors, dimension, size }: Embedding): Float64Array {
  const known = commons.get(factors);
  if (known !== undefined) return known;
  const sum = new Float64Array(dimension);
  const step = Math.max(1, Math.floor(size / SAMPLE));
  for (let item = 0; item < size; item += step) {
    const at = item * dimension;
    const length = Math.sqrt(dot(factors, at, factors, at, dimension));
    if (length > 0) for (let k = 0; k < dimension; k++) sum[k] += factors[at + k] / length;
  }
  if (!normalise(sum)) sum.fill(0);
  commons.set(factors, sum);
  return sum;
}

/** The length of an item's vector without the common direction. */
export function lengthOf(item: number, embedding: Embedding): number {
  const { factors, dimension } = embedding;
  const at = item * dimension;
  const common = dot(factors, at, commonOf(embedding), 0, dimension);
  return Math.sqrt(Math.max(0, dot(factors, at, factors, at, dimension) - common * common));
}

/** Writes the direction of `item` without the common one at `at`, zeros where there is nothing else. */
function writeDirection(embedding: Embedding, item: number, out: Float64Array, at: number): void {
  const { dimension, factors } = embedding;
  const from = item * dimension;
  const common = commonOf(embedding);
  const share = dot(factors, from, common, 0, dimension);
  const length = lengthOf(item, embedding);
  const inverse = length > 1e-6 * Math.abs(share) ? 1 / length : 0;
  for (let k = 0; k < dimension; k++) out[at + k] = (factors[from + k] - share * common[k]) * inverse;
}

// Work space: filled and read within one call.
const allItems = new Uint32Array(MAX_INTERACTIONS);
const allPlays = new Float32Array(MAX_INTERACTIONS);

export function tastePoints(
  state: ListenerState,
  atMs: number,
  picks: readonly number[],
  catalog: Catalog,
  embedding: Embedding,
): TastePoints {
  const count = interactions(state, atMs, allItems, allPlays);
  const found: { readonly item: number; readonly plays: number; readonly vector: number }[] = [];
  const offer = (item: number, plays: number): void => {
    if (!isMusic(catalog, item) || isHidden(state, catalog.creator[item])) return;
    const vector = vectorItemOf(item, catalog, embedding);
    if (vector !== NO_ITEM) found.push({ item, plays, vector });
  };
  const picked = new Set(picks.filter((pick) => !isHidden(state, pick)));
  for (let i = 0; i < count; i++) {
    const item = allItems[i];
    const isPick = picked.delete(item);
    offer(item, isPick ? Math.max(PICK_AS_PLAYS, allPlays[i]) : allPlays[i]);
  }
  for (const pick of picked) offer(pick, PICK_AS_PLAYS);
  found.sort((a, b) => b.plays - a.plays || a.item - b.item);
  if (found.length > TASTE_POINTS) found.length = TASTE_POINTS;

  const { dimension } = embedding;
  const points = {
    count: found.length,
    items: new Uint32Array(found.length),
    plays: new Float32Array(found.length),
    weights: new Float64Array(found.length),
    dimension,
    units: new Float64Array(found.length * dimension),
  };
  for (const [i, { item, plays, vector }] of found.entries()) {
    points.items[i] = item;
    points.plays[i] = plays;
    points.weights[i] = Math.log1p(plays);
    writeDirection(embedding, vector, points.units, i * dimension);
  }
  return points;
}

type Vector = Float32Array | Float64Array;

/** a · b of two rows. Four partial sums, so that the additions need not wait for each other. */
export function dot(a: Vector, aAt: number, b: Vector, bAt: number, dimension: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < dimension; k += 4) {
    s0 += a[aAt + k] * b[bAt + k];
    s1 += a[aAt + k + 1] * b[bAt + k + 1];
    s2 += a[aAt + k + 2] * b[bAt + k + 2];
    s3 += a[aAt + k + 3] * b[bAt + k + 3];
  }
  for (; k < dimension; k++) s0 += a[aAt + k] * b[bAt + k];
  return s0 + s1 + (s2 + s3);
}

/** The same of what k-means multiplies: one shape of array, so that the loop stays fast. */
function cosineAt(units: Float64Array, at: number, centre: Float64Array): number {
  const dimension = centre.length;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < dimension; k += 4) {
    s0 += units[at + k] * centre[k];
    s1 += units[at + k + 1] * centre[k + 1];
    s2 += units[at + k + 2] * centre[k + 2];
    s3 += units[at + k + 3] * centre[k + 3];
  }
  for (; k < dimension; k++) s0 += units[at + k] * centre[k];
  return s0 + s1 + (s2 + s3);
}

/** The tastes in these points, heaviest first, equals by their strongest point. None where there are no points. */
export function tastesOf(points: TastePoints): Taste[] {
  const { count } = points;
  if (count === 0) return [];
  const assigned = new Int32Array(count);
  let centres = firstCentres(points);
  for (let round = 0; round < ROUNDS; round++) {
    const moved = assign(points, centres, assigned);
    if (moved === 0 && round > 0) break;
    centres = centresOf(points, assigned, centres.length);
  }
  centres = mergeClose(points, centres, assigned);
  assign(points, centres, assigned);
  centres = centresOf(points, assigned, centres.length);

  const tastes: Taste[] = [];
  for (const [c, centre] of centres.entries()) {
    const members: number[] = [];
    let weight = 0;
    for (let i = 0; i < count; i++) {
      if (assigned[i] !== c) continue;
      members.push(i);
      weight += points.weights[i];
    }
    if (members.length > 0) tastes.push({ points: members, weight, centre });
  }
  return tastes.sort((a, b) => b.weight - a.weight || a.points[0] - b.points[0]);
}

function firstCentres({ count, weights, units, dimension }: TastePoints): Float64Array[] {
  const centres = [units.slice(0, dimension)];
  const nearest = new Float64Array(count).fill(-1);
  while (centres.length < Math.min(CENTRES, count)) {
    const centre = centres[centres.length - 1];
    let best = -1;
    let bestGain = 1e-6;
    for (let i = 0; i < count; i++) {
      nearest[i] = Math.max(nearest[i], cosineAt(units, i * dimension, centre));
      const gain = weights[i] * (1 - nearest[i]);
      if (gain > bestGain) {
        bestGain = gain;
        best = i;
      }
    }
    if (best < 0) break;
    centres.push(units.slice(best * dimension, (best + 1) * dimension));
  }
  return centres;
}

/** Gives each point to its nearest centre, of equals to the first. @returns how many have moved */
function assign(points: TastePoints, centres: readonly Float64Array[], assigned: Int32Array): number {
  const { count, units, dimension } = points;
  let moved = 0;
  for (let i = 0; i < count; i++) {
    let best = 0;
    let bestCosine = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < centres.length; c++) {
      const cosine = cosineAt(units, i * dimension, centres[c]);
      if (cosine > bestCosine) {
        bestCosine = cosine;
        best = c;
      }
    }
    if (assigned[i] !== best) moved++;
    assigned[i] = best;
  }
  return moved;
}

/** The weighted mean direction of each cluster's points; clusters that have lost all of theirs are gone. */
function centresOf(points: TastePoints, assigned: Int32Array, clusters: number): Float64Array[] {
  const { count, weights, units, dimension } = points;
  const sums = Array.from({ length: clusters }, () => new Float64Array(dimension));
  for (let i = 0; i < count; i++) {
    const sum = sums[assigned[i]];
    for (let k = 0; k < dimension; k++) sum[k] += weights[i] * units[i * dimension + k];
  }
  const kept: Float64Array[] = [];
  const places = sums.map((sum) => (normalise(sum) ? kept.push(sum) - 1 : -1));
  for (let i = 0; i < count; i++) assigned[i] = Math.max(0, places[assigned[i]]);
  return kept;
}

function normalise(vector: Float64Array): boolean {
  const squares = cosineAt(vector, 0, vector);
  if (!(squares > 0)) return false;
  const inverse = 1 / Math.sqrt(squares);
  for (let k = 0; k < vector.length; k++) vector[k] *= inverse;
  return true;
}

/** Makes one of the two closest centres until all are distinct. */
function mergeClose(points: TastePoints, centres: readonly Float64Array[], assigned: Int32Array): Float64Array[] {
  let merged = [...centres];
  for (;;) {
    let first = -1;
    let second = -1;
    let closest = MERGE_COSINE;
    for (let a = 0; a < merged.length; a++) {
      for (let b = a + 1; b < merged.length; b++) {
        const cosine = cosineAt(merged[a], 0, merged[b]);
        if (cosine >= closest) {
          closest = cosine;
          first = a;
          second = b;
        }
      }
    }
    if (first < 0) return merged;
    for (let i = 0; i < points.count; i++) {
      if (assigned[i] === second) assigned[i] = first;
      else if (assigned[i] > second) assigned[i]--;
    }
    merged = centresOf(points, assigned, merged.length - 1);
  }
}
