/**
 * What shelves ask of a listener's state. Every query writes into the caller's arrays, strongest first (of equals the
 * smaller number first), and returns how many it wrote; none of them allocates. Hidden items are left out everywhere.
 * Work: one pass over at most 512 rows and a heap of `max`.
 */
import { DAY_MS } from '../base/index.ts';
import { type Catalog, ITEM_KINDS, NO_ITEM, UNKNOWN_KIND } from '../domain/index.ts';
import { HALF_LIFE_DAYS, likingFactor, moodFromLiking } from './decay.ts';
import { SESSION_GAP_MS } from './fold.ts';
import { GenreSums } from './genres.ts';
import {
  COUNT_COLUMNS,
  isHidden,
  LAST_MS,
  type ListenerState,
  type MarkTable,
  PLAYS,
  STATE_LIMITS,
  SUM_COLUMNS,
  SUM_LIKING,
  SUM_MOOD,
} from './state.ts';
import { TopSelection } from './top.ts';

/** Heavy rotation looks back so far. */
export const ROTATION_DAYS = HALF_LIFE_DAYS.liking;
/** Loved once: so many plays ever … */
export const LOVED_PLAYS = 5;
/** … and none for so many days. */
export const MISSED_DAYS = 28;
/** A like weighs as much as so many plays of today in `strongestTastes`, fading with half-life 28 days. */
const LIKE_AS_RECENT_PLAYS = 3;

// Work space, not state: each query fills and drains it before it returns.
const top = new TopSelection(STATE_LIMITS.items);
const genres = new GenreSums();

/** Albums, playlists, shows, artists (or items, where played on their own) by when they were played last. */
export function recentContainers(
  state: ListenerState,
  nowMs: number,
  out: Uint32Array,
  max: number,
  sinceMs = Number.NEGATIVE_INFINITY,
): number {
  const { keys, lastMs, count } = state.recents;
  top.begin(Math.min(max, out.length));
  for (let row = 0; row < count; row++) {
    if (lastMs[row] <= nowMs && lastMs[row] >= sinceMs && !isHidden(state, keys[row])) {
      top.offer(keys[row], lastMs[row]);
    }
  }
  return top.drain(out, null);
}

/**
 * Items played within the last 28 days by plays decayed with half-life 7 days. The sum runs over all plays of the item;
 * those before the 28 days weigh less than 1/16 each.
 */
export function heavyRotation(
  state: ListenerState,
  nowMs: number,
  outItems: Uint32Array,
  outScores: Float32Array,
  max: number,
): number {
  const { keys, sums, counts, count } = state.items;
  top.begin(Math.min(max, outItems.length, outScores.length));
  for (let row = 0; row < count; row++) {
    if (counts[row * COUNT_COLUMNS + PLAYS] === 0) continue;
    const at = row * SUM_COLUMNS;
    const ageMs = nowMs - sums[at + LAST_MS];
    if (ageMs > ROTATION_DAYS * DAY_MS || isHidden(state, keys[row])) continue;
    top.offer(keys[row], sums[at + SUM_MOOD] * moodFromLiking(likingFactor(ageMs)));
  }
  return top.drain(outItems, outScores);
}

/** Items with at least 5 plays ever and none for 28 days, by plays ever (the scores). */
export function jumpBackIn(
  state: ListenerState,
  nowMs: number,
  outItems: Uint32Array,
  outScores: Float32Array,
  max: number,
): number {
  const { keys, sums, counts, count } = state.items;
  top.begin(Math.min(max, outItems.length, outScores.length));
  for (let row = 0; row < count; row++) {
    const plays = counts[row * COUNT_COLUMNS + PLAYS];
    if (plays < LOVED_PLAYS || nowMs - sums[row * SUM_COLUMNS + LAST_MS] < MISSED_DAYS * DAY_MS) continue;
    if (!isHidden(state, keys[row])) top.offer(keys[row], plays);
  }
  return top.drain(outItems, outScores);
}

/** Items by plays ever. */
export function mostPlayed(state: ListenerState, outItems: Uint32Array, outPlays: Float32Array, max: number): number {
  const { keys, counts, count } = state.items;
  top.begin(Math.min(max, outItems.length, outPlays.length));
  for (let row = 0; row < count; row++) {
    const plays = counts[row * COUNT_COLUMNS + PLAYS];
    if (plays > 0 && !isHidden(state, keys[row])) top.offer(keys[row], plays);
  }
  return top.drain(outItems, outPlays);
}

/**
 * The X of "More like X": the strongest and freshest tastes, at most one item of each creator. Score: plays decayed with
 * half-life 28 days (many plays or recent ones both make it high) plus 3 for a like, fading alike. Items that the
 * catalogue does not hold are left out.
 */
export function strongestTastes(
  state: ListenerState,
  nowMs: number,
  catalog: Catalog,
  outItems: Uint32Array,
  outScores: Float32Array,
  max: number,
): number {
  const { keys, sums, counts, count } = state.items;
  const { likes } = state;
  const limit = Math.min(max, outItems.length, outScores.length);
  let written = 0;
  let likeRow = 0;
  let row = 0;
  // Both tables ascend: one merging pass finds every item that was played or is liked.
  while (row < count || likeRow < likes.count) {
    const played = row < count ? keys[row] : NO_ITEM;
    const liked = likeRow < likes.count ? likes.keys[likeRow] : NO_ITEM;
    const item = Math.min(played, liked);
    let score = 0;
    if (played === item) {
      if (counts[row * COUNT_COLUMNS + PLAYS] > 0) {
        const at = row * SUM_COLUMNS;
        score += sums[at + SUM_LIKING] * likingFactor(nowMs - sums[at + LAST_MS]);
      }
      row++;
    }
    if (liked === item) {
      if ((likes.stamps[likeRow] & 1) === 1) {
        score += LIKE_AS_RECENT_PLAYS * likingFactor(nowMs - likes.atMs[likeRow]);
      }
      likeRow++;
    }
    score = Math.fround(score);
    if (score <= 0 || (written === limit && score <= outScores[limit - 1])) continue;
    if (item >= catalog.size || catalog.kind[item] === UNKNOWN_KIND || isHidden(state, item)) continue;
    written = placeTaste(catalog, item, score, outItems, outScores, written, limit);
  }
  return written;
}

/**
 * Keeps the best item of each creator, strongest first. A creator that was pushed out may come back with a better item:
 * what was pushed out with was weaker than all that stand, and these only grow stronger.
 */
function placeTaste(
  catalog: Catalog,
  item: number,
  score: number,
  outItems: Uint32Array,
  outScores: Float32Array,
  written: number,
  limit: number,
): number {
  const creator = creatorOf(catalog, item);
  let count = written;
  let hole = 0;
  while (hole < count && creatorOf(catalog, outItems[hole]) !== creator) hole++;
  if (hole < count) {
    // Items come in ascending order: of equal scores the one that stands has the smaller number.
    if (outScores[hole] >= score) return count;
  } else if (count < limit) {
    count++;
  } else {
    hole = limit - 1;
  }
  while (hole > 0 && outScores[hole - 1] < score) {
    outItems[hole] = outItems[hole - 1];
    outScores[hole] = outScores[hole - 1];
    hole--;
  }
  outItems[hole] = item;
  outScores[hole] = score;
  return count;
}

/** The primary creator, or the item itself where there is none. */
function creatorOf(catalog: Catalog, item: number): number {
  const creator = catalog.creator[item];
  return creator === NO_ITEM ? item : creator;
}

function newestMarks(state: ListenerState, table: MarkTable, catalog: Catalog | null, kind: number, out: Uint32Array) {
  for (let row = 0; row < table.count; row++) {
    if ((table.stamps[row] & 1) === 0) continue;
    const item = table.keys[row];
    if (catalog !== null && (item >= catalog.size || catalog.kind[item] !== kind)) continue;
    if (table === state.hides ? isHidden(state, item) : !isHidden(state, item)) top.offer(item, table.atMs[row]);
  }
  return top.drain(out, null);
}

/** What the listener follows (artists, shows, playlists), newest first. */
export function followed(state: ListenerState, out: Uint32Array, max: number): number {
  top.begin(Math.min(max, out.length));
  return newestMarks(state, state.follows, null, 0, out);
}

/** Shows that the listener follows, newest first. */
export function followedShows(state: ListenerState, catalog: Catalog, out: Uint32Array, max: number): number {
  top.begin(Math.min(max, out.length));
  return newestMarks(state, state.follows, catalog, ITEM_KINDS.indexOf('show'), out);
}

/** What the listener likes, newest first. */
export function likedItems(state: ListenerState, out: Uint32Array, max: number): number {
  top.begin(Math.min(max, out.length));
  return newestMarks(state, state.likes, null, 0, out);
}

/** What the listener has hidden and not liked since, newest first. */
export function hiddenItems(state: ListenerState, out: Uint32Array, max: number): number {
  top.begin(Math.min(max, out.length));
  return newestMarks(state, state.hides, null, 0, out);
}

/** Is the session of the last event still going on? It ends 30 minutes after its last event. */
export function sessionIsOpen(state: ListenerState, nowMs: number): boolean {
  return state.session.lastMs >= 0 && nowMs - state.session.lastMs <= SESSION_GAP_MS;
}

/** Items played in the open session, newest first, with repetitions; none when it is over. */
export function sessionItems(state: ListenerState, nowMs: number, out: Uint32Array, max: number): number {
  if (!sessionIsOpen(state, nowMs)) return 0;
  const count = Math.min(max, out.length, state.session.itemCount);
  for (let i = 0; i < count; i++) out[i] = state.session.items[i];
  return count;
}

/**
 * Share of each genre in the plays of the listener, decayed with half-life 28 days: `out[genre]`, which sums to 1, or is
 * all 0 where nothing is known. Genres near 0 are those hardly tried.
 * @returns decayed plays behind the shares: how far they can be trusted.
 */
export function genreShares(state: ListenerState, nowMs: number, catalog: Catalog, out: Float32Array): number {
  const { keys, sums, counts, count } = state.items;
  out.fill(0);
  genres.clear();
  for (let row = 0; row < count; row++) {
    if (counts[row * COUNT_COLUMNS + PLAYS] === 0 || isHidden(state, keys[row])) continue;
    const at = row * SUM_COLUMNS;
    genres.add(catalog, keys[row], sums[at + SUM_LIKING] * likingFactor(nowMs - sums[at + LAST_MS]));
  }
  let total = 0;
  for (let i = 0; i < genres.count; i++) total += genres.sum(i);
  for (let i = 0; i < genres.count; i++) out[genres.genre(i)] = genres.sum(i) / total;
  return total;
}
