/**
 * What shelves of podcasts, and of what artists have made, ask of a listener's state. As in `shelves.ts` every query writes
 * into the caller's array, strongest first, and returns how many it wrote; none allocates.
 */
import { type Catalog, ITEM_KINDS, NO_ITEM } from '../domain/index.ts';
import { likingFactor } from './decay.ts';
import {
  COUNT_COLUMNS,
  isHidden,
  LAST_MS,
  type ListenerState,
  PLAYS,
  PROGRESS_AT_S,
  PROGRESS_S,
  rowOf,
  STATE_LIMITS,
  SUM_COLUMNS,
  SUM_LIKING,
} from './state.ts';
import { TopSelection } from './top.ts';

const EPISODE = ITEM_KINDS.indexOf('episode');
const SHOW = ITEM_KINDS.indexOf('show');

// Work space, not state: each query fills and drains it before it returns.
const top = new TopSelection(STATE_LIMITS.items);
const shows = new Uint32Array(STATE_LIMITS.items + STATE_LIMITS.recents);
const liking = new Float64Array(STATE_LIMITS.items + STATE_LIMITS.recents);
let known = 0;

function addShow(show: number, plays: number): void {
  let s = 0;
  while (s < known && shows[s] !== show) s++;
  if (s === known) {
    shows[known] = show;
    liking[known++] = 0;
  }
  liking[s] += plays;
}

/** Episodes that were played, however shortly, at or after `sinceMs` and not after `nowMs`: touched last first. */
export function touchedEpisodes(
  state: ListenerState,
  catalog: Catalog,
  nowMs: number,
  sinceMs: number,
  out: Uint32Array,
  max: number,
): number {
  const { keys, counts, count } = state.items;
  top.begin(Math.min(max, out.length));
  for (let row = 0; row < count; row++) {
    const item = keys[row];
    if (item >= catalog.size || catalog.kind[item] !== EPISODE) continue;
    const at = row * COUNT_COLUMNS;
    const touchedMs = counts[at + PROGRESS_AT_S] * 1000;
    if (counts[at + PROGRESS_S] === 0 || touchedMs < sinceMs || touchedMs > nowMs || isHidden(state, item)) continue;
    top.offer(item, touchedMs);
  }
  return top.drain(out, null);
}

/**
 * Shows that the listener has listened to: by plays of their episodes decayed with half-life 28 days, and after these the
 * ones that something was played from long ago, or that were only looked into.
 */
export function heardShows(
  state: ListenerState,
  catalog: Catalog,
  nowMs: number,
  out: Uint32Array,
  max: number,
): number {
  const { keys, sums, counts, count } = state.items;
  known = 0;
  for (let row = 0; row < count; row++) {
    const item = keys[row];
    if (item >= catalog.size || catalog.kind[item] !== EPISODE) continue;
    const show = catalog.parent[item];
    if (show === NO_ITEM) continue;
    const at = row * SUM_COLUMNS;
    const played = counts[row * COUNT_COLUMNS + PLAYS] > 0;
    addShow(show, played ? sums[at + SUM_LIKING] * likingFactor(Math.max(0, nowMs - sums[at + LAST_MS])) : 0);
  }
  for (let row = 0; row < state.recents.count; row++) {
    const container = state.recents.keys[row];
    if (container < catalog.size && catalog.kind[container] === SHOW) addShow(container, 0);
  }
  top.begin(Math.min(max, out.length));
  for (let s = 0; s < known; s++) if (!isHidden(state, shows[s])) top.offer(shows[s], liking[s]);
  return top.drain(out, null);
}

/** Was anything played from this album, playlist, show or artist, or the item itself, as far as is remembered? */
export function wasPlayedFrom(state: ListenerState, container: number): boolean {
  if (rowOf(state.recents, container) >= 0) return true;
  const row = rowOf(state.items, container);
  return row >= 0 && state.items.counts[row * COUNT_COLUMNS + PLAYS] > 0;
}
