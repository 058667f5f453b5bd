/** Shelves near the listener's taste, or just beyond it. */
import { type Catalog, type Embedding, NO_ITEM } from '../../domain/index.ts';
import { genreShares, strongestTastes } from '../../signals/index.ts';
import { widerThan } from '../kinds.ts';
import { always, told } from '../messages/index.ts';
import { nearTaste } from '../near.ts';
import { CHANNEL_BIT, type HomeRequest } from '../request.ts';
import { offerWidest, once, type ShelfDeclaration } from './declaration.ts';

/** "More like X" appears for at most so many X. */
const MORE_LIKE_SHELVES = 3;

/** Of the decision that asked last: Because you follow wants the same ones again. */
const lastSeeds = new Uint32Array(MORE_LIKE_SHELVES);
let lastCount = 0;
let lastDecision = '';
let lastScratch: HomeRequest['scratch'] | undefined;

/** The items that More like has rows about, at most MORE_LIKE_SHELVES; the array is shared, and holds until the next request. */
export function moreLikeSeeds(request: HomeRequest): Uint32Array {
  // Of one Home: another in this process may be given the same id.
  if (lastDecision !== request.decisionId || lastScratch !== request.scratch) {
    lastCount = findSeeds(request, lastSeeds);
    lastDecision = request.decisionId;
    lastScratch = request.scratch;
  }
  return lastSeeds.subarray(0, lastCount);
}

function findSeeds({ state, atMs, epochs, scratch, pickNumbers }: HomeRequest, out: Uint32Array): number {
  out.fill(NO_ITEM);
  const { embedding, catalog } = epochs;
  if (embedding === undefined) return 0;
  let count = strongestTastes(state, atMs, catalog, scratch.itemsA, scratch.scoresA, MORE_LIKE_SHELVES * 3);
  if (count === 0) for (const pick of pickNumbers.slice(0, MORE_LIKE_SHELVES)) scratch.itemsA[count++] = pick;
  let kept = 0;
  for (let i = 0; i < count && kept < MORE_LIKE_SHELVES; i++) {
    const seed = seedOf(scratch.itemsA[i], catalog, embedding);
    if (seed !== NO_ITEM && out.indexOf(seed) < 0) out[kept++] = seed;
  }
  return kept;
}

export const moreLike: ShelfDeclaration = {
  id: 'more-like',
  order: 'policy',
  isNamedBySeed: true,
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds(request, out) {
    const seeds = moreLikeSeeds(request);
    out.set(seeds);
    return seeds.length;
  },
  propose(request, seed, sink) {
    const { embedding } = request.epochs;
    if (embedding === undefined) return;
    offerWidest(request, neighboursOf(seed, embedding), CHANNEL_BIT.neighbours, sink);
  },
  title: ({ seedItem, texts }) => told('more-like.title', { item: texts.title(seedItem) }),
  reason: ({ seedItem, texts }) => told('more-like.reason', { item: texts.title(seedItem) }),
};

/** A taste is for an artist or a show rather than for one song or episode: X is the widest that has neighbours. */
function seedOf(item: number, catalog: Catalog, embedding: Embedding): number {
  const wider = widerThan(item, catalog);
  if (hasNeighbours(wider, embedding)) return wider;
  return hasNeighbours(item, embedding) ? item : NO_ITEM;
}

export function hasNeighbours(item: number, { size, neighbours, neighbourCount }: Embedding): boolean {
  return item < size && neighbours[item * neighbourCount] !== NO_ITEM;
}

/** Nearest first. */
export function neighboursOf(item: number, { neighbours, neighbourCount }: Embedding): Uint32Array {
  const at = item * neighbourCount;
  let count = 0;
  while (count < neighbourCount && neighbours[at + count] !== NO_ITEM) count++;
  return neighbours.subarray(at, at + count);
}

export const recommended: ShelfDeclaration = {
  id: 'recommended',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds: once,
  propose(request, _seed, sink) {
    offerWidest(request, request.recommendations, CHANNEL_BIT.nearest, sink);
  },
  title: always('recommended.title'),
  reason: always('recommended.reason'),
};

export const popularWithLikeYou: ShelfDeclaration = {
  id: 'popular-with-like-you',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds: once,
  propose(request, _seed, sink) {
    for (const item of nearTaste(request)?.ofCohort ?? []) sink.add(item, CHANNEL_BIT.popularity);
  },
  title: always('popular-with-like-you.title'),
  reason: always('popular-with-like-you.reason'),
};

export const different: ShelfDeclaration = {
  id: 'something-different',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, epochs, scratch } = request;
    const { counters, catalog } = epochs;
    const genres = counters.genreStart.length - 1;
    if (scratch.genreShares.length < genres) scratch.genreShares = new Float32Array(genres);
    const shares = scratch.genreShares;
    if (genreShares(state, atMs, catalog, shares) === 0) return;
    // The least tried genres that have something to offer, a few items of each, most played first.
    const perGenre = 6;
    let taken = 0;
    for (let g = 0; g < genres && taken < 60; g++) {
      if (shares[g] >= HARDLY_TRIED) continue;
      const start = counters.genreStart[g];
      const end = Math.min(counters.genreStart[g + 1], start + perGenre);
      if (end - start < perGenre) continue;
      for (let i = start; i < end; i++) {
        sink.add(counters.genreItems[i], CHANNEL_BIT.popularity);
        taken++;
      }
    }
  },
  title: always('something-different.title'),
  reason: always('something-different.reason'),
  cardReason(item, { texts }) {
    const genre = texts.genre(item);
    return genre === '' ? undefined : told('verbatim', { text: genre });
  },
};

/** A genre with less than this share of a listener's plays is hardly tried. */
const HARDLY_TRIED = 0.02;
