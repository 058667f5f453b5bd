/**
 * The listener's side of the encoder's input, made from the state at one time against one catalogue. Its stored form is
 * at most 2 KB for every listener: see `itemRoom`.
 */
import { DAY_MS } from '../base/index.ts';
import {
  AGE_BANDS,
  type Catalog,
  type ListenerView,
  NO_ITEM,
  type ResolvedProfile,
  VIEW_LIMITS,
  type Vocabularies,
} from '../domain/index.ts';
import { likingFactor, moodFromLiking } from './decay.ts';
import { GenreSums } from './genres.ts';
import { followed, likedItems, sessionIsOpen } from './shelves.ts';
import {
  COUNT_COLUMNS,
  isHidden,
  LAST_MS,
  type ListenerState,
  PLAYS,
  rowOf,
  STATE_LIMITS,
  SUM_COLUMNS,
  SUM_LIKING,
  SUM_MOOD,
} from './state.ts';
import { TopSelection } from './top.ts';

export interface ViewInput {
  readonly nowMs: number;
  readonly profile: ResolvedProfile;
  readonly vocabularies: Pick<Vocabularies, 'tiers' | 'markets' | 'languages'>;
  readonly catalog: Catalog;
  /** In the space of the embedding epoch; empty when there is none. Copied. */
  readonly taste: Float32Array;
}

// Work space, not state: filled and drained within one call.
const topItems = new TopSelection(VIEW_LIMITS.items);
const topCreators = new TopSelection(VIEW_LIMITS.creators);
const topGenres = new TopSelection(VIEW_LIMITS.genres);
const itemNumbers = new Uint32Array(VIEW_LIMITS.items);
const itemScores = new Float32Array(VIEW_LIMITS.items);
const creatorNumbers = new Uint32Array(VIEW_LIMITS.creators);
const creatorScores = new Float32Array(VIEW_LIMITS.creators);
const genreNumbers = new Uint16Array(VIEW_LIMITS.genres);
const genreScores = new Float32Array(VIEW_LIMITS.genres);
const marked = new Uint32Array(Math.max(VIEW_LIMITS.followed, VIEW_LIMITS.liked));
/** Sums by creator: dense lists, found through an open-addressing table of 1 + index, twice as large so that probes are short. */
const CREATOR_CELLS = 2 * STATE_LIMITS.items;
const creatorCells = new Uint16Array(CREATOR_CELLS);
const creatorKeys = new Uint32Array(STATE_LIMITS.items);
const creatorSums = new Float64Array(STATE_LIMITS.items);
let creatorCount = 0;
const genreSums = new GenreSums();

/**
 * Items that a view has room for: 64, and 4 fewer for every 11 components of taste beyond 64 (an item costs up to 3 + 4 + 4
 * bytes, a component 4), so that the stored form stays within 2 KB for item numbers below 2 million.
 */
function itemRoom(tasteLength: number): number {
  return VIEW_LIMITS.items - Math.max(0, Math.ceil(((tasteLength - 64) * 4) / 11));
}

/**
 * The view of a listener at `nowMs`.
 *  - items: plays decayed with half-life 7 days; creators and genres: 28 days; hidden items take no part;
 *  - a play counts for its item's primary creator, and is split over its genres (see `GenreSums`);
 *  - items that the catalogue does not hold appear among the items, and in no creator or genre until it does;
 *  - times after `nowMs` (a Home asked for at an earlier time) count as now.
 */
export function viewOf(state: ListenerState, input: ViewInput): ListenerView {
  const { nowMs, profile, vocabularies, catalog } = input;
  const taste = input.taste.slice(0, VIEW_LIMITS.taste);
  creatorCells.fill(0);
  creatorCount = 0;
  topItems.begin(itemRoom(taste.length));
  genreSums.clear();
  sumItems(state, nowMs, catalog);

  const items = topItems.drain(itemNumbers, itemScores);
  const itemAgeDays = new Float32Array(items);
  for (let i = 0; i < items; i++) {
    const row = rowOf(state.items, itemNumbers[i]);
    itemAgeDays[i] = Math.max(0, nowMs - state.items.sums[row * SUM_COLUMNS + LAST_MS]) / DAY_MS;
  }
  topCreators.begin(VIEW_LIMITS.creators);
  for (let i = 0; i < creatorCount; i++) topCreators.offer(creatorKeys[i], creatorSums[i]);
  const creators = topCreators.drain(creatorNumbers, creatorScores);
  topGenres.begin(VIEW_LIMITS.genres);
  for (let i = 0; i < genreSums.count; i++) topGenres.offer(genreSums.genre(i), genreSums.sum(i));
  const genres = topGenres.drain(genreNumbers, genreScores);
  const followedCount = followed(state, marked, VIEW_LIMITS.followed);
  const followedItems = marked.slice(0, followedCount);
  const likedCount = likedItems(state, marked, VIEW_LIMITS.liked);
  const open = sessionIsOpen(state, nowMs);

  return {
    tier: vocabularies.tiers.lookup(profile.tier),
    market: vocabularies.markets.lookup(profile.market),
    language: vocabularies.languages.lookup(profile.language),
    ageBand: AGE_BANDS.indexOf(profile.ageBand),
    totalPlays: Math.fround(state.totalPlays),
    tenureDays: state.firstEventMs < 0 ? 0 : Math.fround(Math.max(0, nowMs - state.firstEventMs) / DAY_MS),
    recentPlays: Math.fround(state.recentPlays * moodFromLiking(likingFactor(nowMs - state.sumsAtMs))),
    taste,
    items: itemNumbers.slice(0, items),
    itemPlays: itemScores.slice(0, items),
    itemAgeDays,
    creators: creatorNumbers.slice(0, creators),
    creatorPlays: creatorScores.slice(0, creators),
    genres: genreNumbers.slice(0, genres),
    genrePlays: genreScores.slice(0, genres),
    hours: hourShares(state),
    followed: followedItems,
    liked: marked.slice(0, likedCount),
    sessionItem: open && state.session.itemCount > 0 ? state.session.items[0] : NO_ITEM,
    sessionPlays: open ? state.session.plays : 0,
  };
}

/** One pass over the items: offers each to the strongest, and adds its plays to its creator and its genres. */
function sumItems(state: ListenerState, nowMs: number, catalog: Catalog): void {
  const { keys, sums, counts, count } = state.items;
  for (let row = 0; row < count; row++) {
    const item = keys[row];
    if (counts[row * COUNT_COLUMNS + PLAYS] === 0 || isHidden(state, item)) continue;
    const at = row * SUM_COLUMNS;
    const factor = likingFactor(nowMs - sums[at + LAST_MS]);
    topItems.offer(item, sums[at + SUM_MOOD] * moodFromLiking(factor));
    if (item >= catalog.size) continue;
    const plays = sums[at + SUM_LIKING] * factor;
    genreSums.add(catalog, item, plays);
    const creator = catalog.creator[item];
    if (creator === NO_ITEM) continue;
    let cell = (Math.imul(creator, 0x9e3779b1) >>> 16) & (CREATOR_CELLS - 1);
    let index = creatorCells[cell] - 1;
    while (index >= 0 && creatorKeys[index] !== creator) {
      cell = (cell + 1) & (CREATOR_CELLS - 1);
      index = creatorCells[cell] - 1;
    }
    if (index < 0) {
      index = creatorCount++;
      creatorCells[cell] = creatorCount;
      creatorKeys[index] = creator;
      creatorSums[index] = plays;
    } else {
      creatorSums[index] += plays;
    }
  }
}

function hourShares(state: ListenerState): Float32Array {
  const shares = new Float32Array(24);
  let total = 0;
  for (let hour = 0; hour < 24; hour++) total += state.hours[hour];
  if (total > 0) for (let hour = 0; hour < 24; hour++) shares[hour] = state.hours[hour] / total;
  return shares;
}
