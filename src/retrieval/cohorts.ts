/** From who played what to cohorts: listeners grouped by the direction of their taste, and what each group plays more than all do. */
import { type Rng, requireRange, resolveOptions } from '../base/index.ts';
import { type Embedding, type Epoch, sealEpoch } from '../domain/index.ts';
import { foldIn } from './fold-in.ts';
import { checkInteractions, type Interactions } from './interactions.ts';
import { TopList } from './top-list.ts';

export interface CohortOptions {
  /** Chance for the first centroids: the same seed gives the same epoch, byte for byte. */
  readonly rng: Rng;
  /** Cohorts at most; of n listeners there are about √(n / 2). @default 64 */
  readonly most?: number | undefined;
  /** Listeners that are looked at, evenly over all. More takes longer and hardly moves the centroids. @default 20000 */
  readonly sample?: number | undefined;
  /** A cohort of fewer listeners is dissolved: they join the nearest that stays. @default 5 */
  readonly leastMembers?: number | undefined;
  /** An item that fewer of a cohort have played is not listed: it would tell of single people. @default 3 */
  readonly leastListeners?: number | undefined;
  /** Items listed for each cohort. @default 200 */
  readonly itemsPerCohort?: number | undefined;
  /** Passes over the listeners at most; it ends earlier when nobody changes cohort. @default 25 */
  readonly iterations?: number | undefined;
  /** Share done, 0 to 1; may throw to end the fit. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

const DEFAULTS = {
  most: 64,
  sample: 20_000,
  leastMembers: 5,
  leastListeners: 3,
  itemsPerCohort: 200,
  iterations: 25,
};

/**
 * Fits an epoch of kind 'cohorts', to be read by `readCohorts`: spherical k-means (Dhillon and Modha 2001) with k-means++
 * seeds over the listeners' folded-in vectors, each scaled to length 1, since how much somebody plays says nothing of what.
 * The items of cohort c are those that more of its listeners play than of all listeners, by
 *   p_c(i) · ln(p_c(i) / p(i))
 * with p the share of listeners who played item i, within c and over all: what the i-th item adds to the divergence between
 * the cohort and everybody. It is high for what many of a cohort play and few others, and 0 for what everybody plays.
 * Throws `OPTION_INVALID` for interactions or options that cannot be.
 */
export function fitCohorts(interactions: Interactions, embedding: Embedding, options: CohortOptions): Epoch {
  const { rng, onProgress = () => {}, ...given } = options;
  const settings = resolveOptions('fitCohorts', given, DEFAULTS as { [K in keyof typeof DEFAULTS]: number });
  requireRange('fitCohorts', 'most', settings.most, 1, 4096);
  requireRange('fitCohorts', 'sample', settings.sample, 1, 1e7);
  requireRange('fitCohorts', 'leastMembers', settings.leastMembers, 1, 1e6);
  requireRange('fitCohorts', 'leastListeners', settings.leastListeners, 1, 1e6);
  requireRange('fitCohorts', 'itemsPerCohort', settings.itemsPerCohort, 1, 1e4);
  requireRange('fitCohorts', 'iterations', settings.iterations, 1, 1000);
  checkInteractions(interactions, embedding.size);

  const { rows, vectors } = tastesOf(interactions, embedding, settings.sample, (share) => onProgress(share / 2));
  const count = rows.length;
  const { dimension } = embedding;
  const wanted = Math.min(settings.most, Math.round(Math.sqrt(count / 2)));
  let centroids = firstCentroids(vectors, count, dimension, wanted, rng);
  const cohort = new Int32Array(count).fill(-1);
  for (let pass = 0; pass < settings.iterations; pass++) {
    if (!assign(vectors, count, dimension, centroids, cohort)) break;
    moveTo(centroids, vectors, count, dimension, cohort);
    onProgress(0.5 + (0.5 * (pass + 1)) / settings.iterations);
  }
  centroids = ofEnoughMembers(centroids, dimension, cohort, settings.leastMembers);
  assign(vectors, count, dimension, centroids, cohort);

  const { members, start, items } = tellingItems(interactions, rows, cohort, centroids.length / dimension, {
    itemCount: embedding.size,
    leastListeners: settings.leastListeners,
    limit: settings.itemsPerCohort,
  });
  onProgress(1);
  return sealEpoch({
    kind: 'cohorts',
    arrays: { centroids, members, start, items },
    meta: { embedding: embedding.hash, dimension, listeners: count },
  });
}

/** The folded-in vectors of an even sample of the listeners who have one, each scaled to length 1. */
function tastesOf(
  interactions: Interactions,
  embedding: Embedding,
  sample: number,
  onProgress: (share: number) => void,
): { readonly rows: Uint32Array; readonly vectors: Float32Array } {
  const { listenerStart, items, counts } = interactions;
  const { dimension } = embedding;
  const listeners = listenerStart.length - 1;
  const looked = Math.min(listeners, sample);
  const rows = new Uint32Array(looked);
  const vectors = new Float32Array(looked * dimension);
  let kept = 0;
  for (let i = 0; i < looked; i++) {
    const row = Math.floor((i * listeners) / looked);
    const from = listenerStart[row];
    const to = listenerStart[row + 1];
    const vector = vectors.subarray(kept * dimension, (kept + 1) * dimension);
    foldIn(embedding, items.subarray(from, to), counts.subarray(from, to), to - from, vector);
    if (scaleToOne(vector)) rows[kept++] = row;
    if (i % PROGRESS_ROWS === 0) onProgress(i / looked);
  }
  return { rows: rows.slice(0, kept), vectors: vectors.subarray(0, kept * dimension) };
}

const PROGRESS_ROWS = 500;

/** False, and nothing is changed, for a vector of zeros. */
function scaleToOne(vector: Float32Array): boolean {
  let squares = 0;
  for (const x of vector) squares += x * x;
  if (!(squares > 0)) return false;
  const scale = 1 / Math.sqrt(squares);
  for (let d = 0; d < vector.length; d++) vector[d] *= scale;
  return true;
}

function dot(a: Float32Array, atA: number, b: Float32Array, atB: number, dimension: number): number {
  let sum = 0;
  for (let d = 0; d < dimension; d++) sum += a[atA + d] * b[atB + d];
  return sum;
}

/** k-means++ (Arthur and Vassilvitskii 2007): each further centroid is a listener drawn by the squared distance to the nearest so far. */
function firstCentroids(
  vectors: Float32Array,
  count: number,
  dimension: number,
  wanted: number,
  rng: Rng,
): Float32Array {
  const centroids = new Float32Array(wanted * dimension);
  const distance = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let chosen = wanted === 0 ? 0 : rng.below(count);
  for (let k = 0; k < wanted; k++) {
    centroids.set(vectors.subarray(chosen * dimension, (chosen + 1) * dimension), k * dimension);
    let total = 0;
    for (let i = 0; i < count; i++) {
      // |x - c|² of vectors of length 1.
      const squared = Math.max(0, 2 - 2 * dot(vectors, i * dimension, centroids, k * dimension, dimension));
      if (squared < distance[i]) distance[i] = squared;
      total += distance[i];
    }
    let left = rng.uniform() * total;
    chosen = 0;
    while (chosen < count - 1 && left >= distance[chosen]) left -= distance[chosen++];
  }
  return centroids;
}

/** Puts each listener with the centroid that points most nearly where they do; false when nobody changed. */
function assign(
  vectors: Float32Array,
  count: number,
  dimension: number,
  centroids: Float32Array,
  cohort: Int32Array,
): boolean {
  const cohorts = centroids.length / dimension;
  let changed = false;
  for (let i = 0; i < count; i++) {
    let best = -1;
    let bestDot = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < cohorts; c++) {
      const near = dot(vectors, i * dimension, centroids, c * dimension, dimension);
      if (near > bestDot) {
        best = c;
        bestDot = near;
      }
    }
    if (cohort[i] !== best) {
      cohort[i] = best;
      changed = true;
    }
  }
  return changed;
}

/** Each centroid becomes the direction of its listeners' mean; one without listeners stays where it is. */
function moveTo(
  centroids: Float32Array,
  vectors: Float32Array,
  count: number,
  dimension: number,
  cohort: Int32Array,
): void {
  const sums = new Float32Array(centroids.length);
  for (let i = 0; i < count; i++) {
    for (let d = 0; d < dimension; d++) sums[cohort[i] * dimension + d] += vectors[i * dimension + d];
  }
  for (let at = 0; at < sums.length; at += dimension) {
    const sum = sums.subarray(at, at + dimension);
    if (scaleToOne(sum)) centroids.set(sum, at);
  }
}

function ofEnoughMembers(centroids: Float32Array, dimension: number, cohort: Int32Array, least: number): Float32Array {
  const sizes = new Uint32Array(centroids.length / dimension);
  for (const c of cohort) sizes[c]++;
  const kept: number[] = [];
  sizes.forEach((size, c) => {
    if (size >= least) kept.push(c);
  });
  const stay = new Float32Array(kept.length * dimension);
  kept.forEach((c, k) => {
    stay.set(centroids.subarray(c * dimension, (c + 1) * dimension), k * dimension);
  });
  return stay;
}

function tellingItems(
  { listenerStart, items }: Interactions,
  rows: Uint32Array,
  cohort: Int32Array,
  cohorts: number,
  limits: { readonly itemCount: number; readonly leastListeners: number; readonly limit: number },
): { readonly members: Uint32Array; readonly start: Uint32Array; readonly items: Uint32Array } {
  const members = new Uint32Array(cohorts);
  const ofAll = new Uint32Array(limits.itemCount);
  const membersOf: number[][] = Array.from({ length: cohorts }, () => []);
  rows.forEach((row, i) => {
    for (let at = listenerStart[row]; at < listenerStart[row + 1]; at++) ofAll[items[at]]++;
    if (cohort[i] < 0) return;
    members[cohort[i]]++;
    membersOf[cohort[i]].push(row);
  });
  const start = new Uint32Array(cohorts + 1);
  const listed = new Uint32Array(cohorts * limits.limit);
  const top = new TopList(limits.limit);
  const within = new Uint32Array(limits.itemCount);
  for (let c = 0; c < cohorts; c++) {
    const touched: number[] = [];
    for (const row of membersOf[c]) {
      for (let at = listenerStart[row]; at < listenerStart[row + 1]; at++) {
        if (within[items[at]]++ === 0) touched.push(items[at]);
      }
    }
    top.reset(limits.limit);
    for (const item of touched) {
      const share = within[item] / members[c];
      const lift = share / (ofAll[item] / rows.length);
      if (within[item] >= limits.leastListeners && lift > 1) top.offer(item, share * Math.log(lift));
      within[item] = 0;
    }
    start[c + 1] = start[c] + top.drain(listed, undefined, start[c]);
  }
  return { members, start, items: listed.slice(0, start[cohorts]) };
}
