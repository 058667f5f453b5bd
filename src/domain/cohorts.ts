/** Cohorts as serving reads them: groups of listeners of similar taste, and what each plays more than the others do. */
import type { EpochContent } from './epoch.ts';

export interface Cohorts {
  readonly hash: string;
  /** The embedding in whose space the centroids lie: they mean nothing beside another. */
  readonly embeddingHash: string;
  readonly dimension: number;
  /** How many there are; 0 where there were too few listeners. */
  readonly count: number;
  /** count x dimension, row-major, each of length 1: the direction of the members' tastes. */
  readonly centroids: Float32Array;
  /** Listeners in each. */
  readonly members: Uint32Array;
  /** Items of cohort c: items[start[c] .. start[c + 1]), most telling first. */
  readonly start: Uint32Array;
  readonly items: Uint32Array;
}

export function readCohorts(epoch: EpochContent & { hash: string }): Cohorts {
  const { arrays, meta } = epoch;
  const members = arrays.members as Uint32Array;
  return {
    hash: epoch.hash,
    embeddingHash: meta.embedding as string,
    dimension: meta.dimension as number,
    count: members.length,
    centroids: arrays.centroids as Float32Array,
    members,
    start: arrays.start as Uint32Array,
    items: arrays.items as Uint32Array,
  };
}

/** The cohort whose centroid points where the taste does, of equals the first; -1 without cohorts or a taste. Allocates nothing. */
export function cohortOf(cohorts: Cohorts, taste: Float32Array): number {
  const { count, dimension, centroids } = cohorts;
  if (taste.length !== dimension) return -1;
  let best = -1;
  let bestDot = 0;
  for (let c = 0; c < count; c++) {
    let dot = 0;
    for (let d = 0; d < dimension; d++) dot += centroids[c * dimension + d] * taste[d];
    if (dot > bestDot) {
      best = c;
      bestDot = dot;
    }
  }
  return best;
}
