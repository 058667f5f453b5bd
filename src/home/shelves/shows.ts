/** Shelves of podcasts. */
import { DAY_MS } from '../../base/index.ts';
import { followedShows } from '../../signals/index.ts';
import { always, told } from '../messages/index.ts';
import { CHANNEL_BIT } from '../request.ts';
import { once, type ShelfDeclaration } from './declaration.ts';

export const newEpisodes: ShelfDeclaration = {
  id: 'new-episodes',
  order: 'defined',
  minCards: 1,
  maxCards: 20,
  unplayedOnly: true,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, epochs, scratch } = request;
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
        if (age >= 0) fresh.push(episode);
      }
    }
    fresh.sort((a, b) => catalog.releaseDay[b] - catalog.releaseDay[a] || a - b);
    for (const episode of fresh.slice(0, 60)) sink.add(episode, CHANNEL_BIT.catalog);
  },
  title: always('new-episodes.title'),
  reason: always('new-episodes.reason'),
  cardReason(item, { atMs, texts }) {
    const days = Math.floor((atMs - texts.facts(item).releasedAtMs) / DAY_MS);
    return Number.isNaN(days) ? undefined : told('new-episodes.card', { days: Math.max(0, days) });
  },
};

/** An episode is new for so many days. */
const NEW_EPISODE_DAYS = 21;
