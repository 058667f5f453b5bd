/**
 * What lies near a listener's taste beside what is recommended: worked out once for each version of a taste (see
 * `TasteMemory`, which keeps the vector that it hangs on), not once a page.
 */
import { DAY_MS } from '../base/index.ts';
import { type Catalog, type Cohorts, cohortOf, type Embedding } from '../domain/index.ts';
import { type Among, createAmong } from '../retrieval/index.ts';
import { wasPlayedFrom } from '../signals/index.ts';
import { isEpisode, isShow, widestOf } from './kinds.ts';
import type { HomeRequest } from './request.ts';
import { placedOf, worksOf } from './works.ts';

export interface NearTaste {
  /** Shows, nearest first. */
  readonly shows: Uint32Array;
  /** Albums and single tracks released within RELEASE_DAYS and not heard, nearest first; none for who hears podcasts alone. */
  readonly releases: Uint32Array;
  /** Those of listeners with a like taste, most telling first; empty where there are no cohorts. */
  readonly ofCohort: Uint32Array;
}

/** A release is new for so many days. */
export const RELEASE_DAYS = 60;
/** Of each list at most. */
const NEAR_ITEMS = 60;
/** Predicted preference (1: as surely as what was played) below which nothing is near: what everybody is likely to play a little. */
const LEAST_NEAR = 0.02;

interface Kept extends NearTaste {
  readonly embedding: Embedding;
  readonly catalog: Catalog;
  readonly cohorts: Cohorts | undefined;
  readonly today: number;
}

const kept = new WeakMap<Float32Array, Kept>();
const found = new Uint32Array(NEAR_ITEMS);
const NONE = new Uint32Array(0);

/** Undefined without a taste. */
export function nearTaste(request: HomeRequest): NearTaste | undefined {
  const { taste, epochs, atMs, state } = request;
  const today = Math.floor(atMs / DAY_MS);
  const { embedding, catalog, cohorts } = epochs;
  if (embedding === undefined || taste.length !== embedding.dimension) return undefined;
  const known = kept.get(taste);
  if (
    known !== undefined &&
    known.embedding === embedding &&
    known.catalog === catalog &&
    known.cohorts === cohorts &&
    known.today === today
  )
    return known;
  const near = (among: Among): Uint32Array => found.slice(0, among.nearest(taste, LEAST_NEAR, NEAR_ITEMS, found));
  const made: Kept = {
    embedding,
    catalog,
    cohorts,
    today,
    shows: near(searchedOf(embedding, catalog).shows),
    // Whatever is heard from now on makes another taste.
    releases: hearsMusic(request)
      ? near(releasesOf(embedding, catalog, today)).filter((item) => !wasPlayedFrom(state, item))
      : NONE,
    ofCohort:
      cohorts === undefined || cohorts.embeddingHash !== embedding.hash ? NONE : listOf(cohorts, taste, catalog),
  };
  kept.set(taste, made);
  return made;
}

interface Searched {
  readonly catalog: Catalog;
  readonly shows: Among;
  /** By the day that is today; Homes of another time are asked for too. */
  readonly releases: Map<number, Among>;
}

const MOST_DAYS = 3;
const searched = new WeakMap<Embedding, Searched>();

function searchedOf(embedding: Embedding, catalog: Catalog): Searched {
  let known = searched.get(embedding);
  if (known?.catalog !== catalog) {
    const { shows } = placedOf(embedding, catalog);
    known = { catalog, shows: createAmong(embedding, shows, shows), releases: new Map() };
    searched.set(embedding, known);
  }
  return known;
}

function releasesOf(embedding: Embedding, catalog: Catalog, today: number): Among {
  const { releases } = searchedOf(embedding, catalog);
  let known = releases.get(today);
  if (known === undefined) {
    const { byDay } = worksOf(catalog);
    const [from, to] = releasedWithin(byDay, catalog, today);
    known = createAmong(embedding, byDay, placedOf(embedding, catalog).ofWorks, from, to);
    const [oldest] = releases.keys();
    if (oldest !== undefined && releases.size >= MOST_DAYS) releases.delete(oldest);
    releases.set(today, known);
  }
  return known;
}

/** Is anything that was played of late, liked or picked no podcast? */
function hearsMusic({ view, pickNumbers, epochs }: HomeRequest): boolean {
  const { catalog } = epochs;
  const isMusic = (item: number): boolean => item < catalog.size && !isShow(item, catalog) && !isEpisode(item, catalog);
  return view.items.some(isMusic) || view.liked.some(isMusic) || pickNumbers.some(isMusic);
}

/** The span of `byDay` (newest first) that was released within RELEASE_DAYS before the end of `today`. */
export function releasedWithin(byDay: Uint32Array, catalog: Catalog, today: number): readonly [number, number] {
  /** The first that was released before `day`. */
  const before = (day: number): number => {
    let low = 0;
    let high = byDay.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (catalog.releaseDay[byDay[middle]] >= day) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [before(today + 1), before(today - RELEASE_DAYS + 1)];
}

const lists = new WeakMap<Cohorts, { readonly catalog: Catalog; readonly of: (Uint32Array | undefined)[] }>();

/** What the listener's cohort plays, without episodes and songs beside their album or artist: sorted out once a cohort. */
function listOf(cohorts: Cohorts, taste: Float32Array, catalog: Catalog): Uint32Array {
  const cohort = cohortOf(cohorts, taste);
  if (cohort < 0) return NONE;
  let known = lists.get(cohorts);
  if (known?.catalog !== catalog) {
    known = { catalog, of: [] };
    lists.set(cohorts, known);
  }
  let list = known.of[cohort];
  if (list === undefined) {
    const items = cohorts.items.subarray(cohorts.start[cohort], cohorts.start[cohort + 1]);
    list = widestOf(items, catalog);
    known.of[cohort] = list;
  }
  return list;
}
