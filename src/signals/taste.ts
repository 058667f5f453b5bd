/**
 * Counts of interaction: what embeddings are fitted on, and what a listener is folded in with. One function gives both,
 * so that a listener's vector lies in the space that the items were fitted in.
 */
import { type Catalog, NO_ITEM, UNKNOWN_KIND } from '../domain/index.ts';
import { tasteFactor } from './decay.ts';
import {
  COUNT_COLUMNS,
  isHidden,
  LAST_MS,
  type ListenerState,
  PLAYS,
  STATE_LIMITS,
  SUM_COLUMNS,
  SUM_TASTE,
} from './state.ts';
import { TopSelection } from './top.ts';

/** A like counts as so many plays. */
export const LIKE_AS_PLAYS = 4;
/** An item picked at sign-up counts as so many plays, until it has been played more. */
export const PICK_AS_PLAYS = 3;
/** Items that a listener is folded in with. */
export const TASTE_ITEMS = 96;
/** Room that `interactions` may need. */
export const MAX_INTERACTIONS = STATE_LIMITS.items + STATE_LIMITS.likes;
/** Room that `liftedInteractions` may need: each item may bring a creator and a parent. */
export const MAX_LIFTED = 3 * MAX_INTERACTIONS + STATE_LIMITS.recents;

/**
 * c = plays decayed with half-life 180 days + 4 if liked.
 *
 * Why so long: what is recommended should rest on who the listener is, not on this week (the features know this week), and
 * someone who returns after two months should find their taste at 80%; but a phase of three years ago (1.5%) must not
 * outweigh this year. Why a like is a constant: it is an opinion, and opinions are taken back (unlike), not forgotten.
 * Range: [0, plays ever + 4]; the confidence of a pair is logarithmic in it, so the scale beyond ~40 hardly matters.
 */
export function interactionCount(tastePlays: number, liked: boolean): number {
  return liked ? tastePlays + LIKE_AS_PLAYS : tastePlays;
}

/**
 * All of a listener's interactions, ascending by item number: the rows that fitting uses. Hidden items are left out, and
 * counts below 0.01. `outItems` and `outCounts` need room for MAX_INTERACTIONS.
 * @returns how many were written
 */
export function interactions(
  state: ListenerState,
  nowMs: number,
  outItems: Uint32Array,
  outCounts: Float32Array,
): number {
  const { keys, sums, counts, count } = state.items;
  const { likes } = state;
  let written = 0;
  let row = 0;
  let likeRow = 0;
  while (row < count || likeRow < likes.count) {
    const played = row < count ? keys[row] : NO_ITEM;
    const likeKey = likeRow < likes.count ? likes.keys[likeRow] : NO_ITEM;
    const item = Math.min(played, likeKey);
    let plays = 0;
    let liked = false;
    if (played === item) {
      const at = row * SUM_COLUMNS;
      if (counts[row * COUNT_COLUMNS + PLAYS] > 0)
        plays = sums[at + SUM_TASTE] * tasteFactor(nowMs - sums[at + LAST_MS]);
      row++;
    }
    if (likeKey === item) liked = (likes.stamps[likeRow++] & 1) === 1;
    const c = interactionCount(plays, liked);
    if (c < 0.01 || isHidden(state, item)) continue;
    outItems[written] = item;
    outCounts[written++] = c;
  }
  return written;
}

/** What a play says of the artist and of the album, playlist or show, in plays of those. */
export const WIDER_SHARE = 0.5;

/**
 * `interactions`, and for each item its creator and parent, and what else was played from, each with WIDER_SHARE of the
 * plays, where the listener has no count of its own for it: so that albums, playlists, artists and shows have a place in
 * the space of tastes beside single tracks. Unordered. Items that the catalogue does not hold are left out.
 * `outItems` and `outCounts` need room for MAX_LIFTED.
 * @returns how many were written
 */
export function liftedInteractions(
  state: ListenerState,
  nowMs: number,
  catalog: Catalog,
  outItems: Uint32Array,
  outCounts: Float32Array,
): number {
  const count = interactions(state, nowMs, outItems, outCounts);
  const wider = new Map<number, number>();
  const add = (item: number, plays: number): void => {
    if (item < catalog.size && catalog.kind[item] !== UNKNOWN_KIND && !isHidden(state, item)) {
      wider.set(item, (wider.get(item) ?? 0) + WIDER_SHARE * plays);
    }
  };
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const item = outItems[i];
    const plays = outCounts[i];
    if (item >= catalog.size || catalog.kind[item] === UNKNOWN_KIND) continue;
    outItems[kept] = item;
    outCounts[kept++] = plays;
    const creator = catalog.creator[item];
    const parent = catalog.parent[item];
    if (creator !== item) add(creator, plays);
    if (parent !== creator) add(parent, plays);
  }
  const { recents } = state;
  for (let row = 0; row < recents.count; row++) {
    if (!wider.has(recents.keys[row])) add(recents.keys[row], recents.plays[row]);
  }
  for (let i = 0; i < kept; i++) wider.delete(outItems[i]);
  for (const [item, plays] of wider) {
    outItems[kept] = item;
    outCounts[kept++] = plays;
  }
  return kept;
}

const NO_PICKS = new Uint32Array(0);
// Work space, not state.
const allItems = new Uint32Array(MAX_LIFTED + STATE_LIMITS.items);
const allCounts = new Float32Array(MAX_LIFTED + STATE_LIMITS.items);
const top = new TopSelection(TASTE_ITEMS);

/**
 * What folding a listener in takes: the (at most 96) strongest of `liftedInteractions` with their counts, strongest first, of equals the
 * smaller number first. `picks` are the items chosen at sign-up: each counts as at least 3 plays, so that a new listener
 * has a taste before the first play. Writes at most `outItems.length`.
 * @returns how many were written
 */
export function tasteInput(
  state: ListenerState,
  nowMs: number,
  catalog: Catalog,
  outItems: Uint32Array,
  outCounts: Float32Array,
  picks: ArrayLike<number> = NO_PICKS,
): number {
  let count = liftedInteractions(state, nowMs, catalog, allItems, allCounts);
  const pickCount = Math.min(picks.length, STATE_LIMITS.items);
  for (let p = 0; p < pickCount; p++) {
    const pick = picks[p];
    if (pick >= NO_ITEM || isHidden(state, pick)) continue;
    const known = allItems.subarray(0, count).indexOf(pick);
    if (known < 0) {
      allItems[count] = pick;
      allCounts[count++] = PICK_AS_PLAYS;
    } else if (allCounts[known] < PICK_AS_PLAYS) {
      allCounts[known] = PICK_AS_PLAYS;
    }
  }
  top.begin(Math.min(TASTE_ITEMS, outItems.length, outCounts.length));
  for (let i = 0; i < count; i++) top.offer(allItems[i], allCounts[i]);
  return top.drain(outItems, outCounts);
}
