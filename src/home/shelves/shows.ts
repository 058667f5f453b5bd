/** Shelves of podcasts. */
import { DAY_MS } from '../../base/index.ts';
import { dayPartOf, hourOf, NO_ITEM } from '../../domain/index.ts';
import { followedShows, heardShows, playsOf, touchedEpisodes } from '../../signals/index.ts';
import { chartOf } from '../chart.ts';
import { isShow } from '../kinds.ts';
import { always, told } from '../messages/index.ts';
import { nearTaste } from '../near.ts';
import { BEGUN_SHARE, begunShare, FINISHED_SHARE } from '../progress.ts';
import { CHANNEL_BIT, type HomeRequest } from '../request.ts';
import { type CandidateSink, once, type ShelfDeclaration } from './declaration.ts';

/** An episode that was begun waits so many days for its end. */
const UNFINISHED_DAYS = 90;
/** An episode is new for so many days. */
const NEW_EPISODE_DAYS = 21;
/** Episodes of either kind at most. */
const EPISODES = 60;

export const yourShows: ShelfDeclaration = {
  id: 'your-shows',
  order: 'defined',
  minCards: 1,
  maxCards: 20,
  // An episode that waits for its end was played; those that were heard to their end are not proposed.
  unplayedOnly: false,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, epochs, scratch } = request;
    const { catalog } = epochs;
    const since = atMs - UNFINISHED_DAYS * DAY_MS;
    const touched = touchedEpisodes(state, catalog, atMs, since, scratch.itemsA, EPISODES);
    for (let i = 0; i < touched; i++) {
      const episode = scratch.itemsA[i];
      const share = begunShare(state, episode, catalog.durationMs[episode]);
      if (share >= BEGUN_SHARE && share < FINISHED_SHARE) sink.add(episode, CHANNEL_BIT.state);
    }
    proposeNewEpisodes(request, sink);
  },
  title: always('your-shows.title'),
  reason: always('your-shows.reason'),
  cardReason(item, { atMs, texts }) {
    const days = Math.floor((atMs - texts.releasedAtMs(item)) / DAY_MS);
    // False where the day is not known.
    return days <= NEW_EPISODE_DAYS ? told('card.released', { days: Math.max(0, days) }) : undefined;
  },
};

/** New episodes of followed shows that were not begun, newest first. */
function proposeNewEpisodes({ state, atMs, epochs, scratch }: HomeRequest, sink: CandidateSink): void {
  const { catalog, children } = epochs;
  const shows = followedShows(state, catalog, scratch.itemsA, 200);
  const today = Math.floor(atMs / DAY_MS);
  const fresh: number[] = [];
  for (let s = 0; s < shows; s++) {
    const show = scratch.itemsA[s];
    if (show + 1 >= children.start.length) continue;
    for (let i = children.start[show]; i < children.start[show + 1]; i++) {
      const episode = children.items[i];
      const age = today - catalog.releaseDay[episode];
      if (age > NEW_EPISODE_DAYS) break;
      if (age < 0) continue;
      const lengthMs = catalog.durationMs[episode];
      // How far it was heard is not known of an episode without a length: a play is then taken for all of it.
      const heard = lengthMs === 0 ? playsOf(state, episode) > 0 : begunShare(state, episode, lengthMs) >= BEGUN_SHARE;
      if (!heard) fresh.push(episode);
    }
  }
  fresh.sort((a, b) => catalog.releaseDay[b] - catalog.releaseDay[a] || a - b);
  for (let i = 0; i < Math.min(fresh.length, EPISODES); i++) sink.add(fresh[i], CHANNEL_BIT.catalog);
}

/** Shows whose neighbours are looked at. */
const SHOWS_LOOKED_AT = 12;
/** Shows known at most: what was heard or is followed is not offered. */
const KNOWN_SHOWS = 512;

export const showsYouMightLike: ShelfDeclaration = {
  id: 'shows-you-might-like',
  order: 'policy',
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, epochs, scratch, marketNumber } = request;
    const { catalog, embedding, counters } = epochs;
    // Followed ones come first: a follow says more than a play.
    const followed = followedShows(state, catalog, scratch.itemsB, KNOWN_SHOWS);
    const heard = heardShows(state, catalog, atMs, scratch.itemsA, KNOWN_SHOWS);
    const known = scratch.itemsB;
    known.set(scratch.itemsA.subarray(0, heard), followed);
    const count = followed + heard;
    const isKnown = (show: number): boolean => {
      for (let i = 0; i < count; i++) if (known[i] === show) return true;
      return false;
    };
    const offer = (show: number, channelBit: number): void => {
      if (isShow(show, catalog) && !isKnown(show)) sink.add(show, channelBit);
    };
    if (embedding !== undefined) {
      const { neighbours, neighbourCount, size } = embedding;
      for (let i = 0; i < Math.min(count, SHOWS_LOOKED_AT); i++) {
        if (known[i] >= size) continue;
        const at = known[i] * neighbourCount;
        for (let n = at; n < at + neighbourCount && neighbours[n] !== NO_ITEM; n++) {
          offer(neighbours[n], CHANNEL_BIT.neighbours);
        }
      }
    }
    for (const show of nearTaste(request)?.shows ?? []) offer(show, CHANNEL_BIT.nearest);
    // What is popular says something to those who listen to podcasts at all.
    if (count === 0) return;
    for (const show of chartOf(counters, catalog, marketNumber, dayPartOf(hourOf(atMs))).shows) {
      offer(show, CHANNEL_BIT.popularity);
    }
  },
  title: always('shows-you-might-like.title'),
  reason: always('shows-you-might-like.reason'),
};
