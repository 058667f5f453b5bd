/** Shelves of what artists that matter to a listener have made, and of what is near to whom they follow. */
import { DAY_MS } from '../../base/index.ts';
import { type Catalog, ITEM_KINDS, NO_ITEM } from '../../domain/index.ts';
import { followed, likedItems, wasPlayedFrom } from '../../signals/index.ts';
import { isShow } from '../kinds.ts';
import { always, told } from '../messages/index.ts';
import { nearTaste, RELEASE_DAYS } from '../near.ts';
import { CHANNEL_BIT, type HomeRequest } from '../request.ts';
import { worksOf } from '../works.ts';
import { type CandidateSink, offerWidest, once, type ShelfDeclaration } from './declaration.ts';
import { hasNeighbours, moreLikeSeeds, neighboursOf } from './taste.ts';

const ARTIST = ITEM_KINDS.indexOf('artist');
const ALBUM = ITEM_KINDS.indexOf('album');

/** Decayed plays (half-life 28 days) from which an artist is much played. */
const MUCH_PLAYED = 3;
/** Followed and liked items that are looked at. */
const LOOKED_AT = 128;

export const newReleases: ShelfDeclaration = {
  id: 'new-releases',
  order: 'policy',
  minCards: 3,
  maxCards: 20,
  unplayedOnly: true,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, epochs, scratch, view } = request;
    const { catalog } = epochs;
    const followedCount = followed(state, scratch.itemsA, LOOKED_AT);
    for (let i = 0; i < followedCount; i++) proposeReleases(request, scratch.itemsA[i], sink);
    const likedCount = likedItems(state, scratch.itemsA, LOOKED_AT);
    for (let i = 0; i < likedCount; i++) {
      // An artist is its own creator.
      const item = scratch.itemsA[i];
      if (item < catalog.size) proposeReleases(request, catalog.creator[item], sink);
    }
    for (let i = 0; i < view.creators.length; i++) {
      if (view.creatorPlays[i] >= MUCH_PLAYED) proposeReleases(request, view.creators[i], sink);
    }
    for (const item of nearTaste(request)?.releases ?? []) sink.add(item, CHANNEL_BIT.nearest);
  },
  title: always('new-releases.title'),
  reason: always('new-releases.reason'),
  cardReason(item, { atMs, texts }) {
    const days = Math.floor((atMs - texts.releasedAtMs(item)) / DAY_MS);
    return Number.isNaN(days) ? undefined : told('card.released', { days: Math.max(0, days) });
  },
};

/** What the artist has brought out within RELEASE_DAYS and the listener has not heard, newest first. */
function proposeReleases(request: HomeRequest, artist: number, sink: CandidateSink): void {
  const { catalog } = request.epochs;
  const { start, byCreator } = worksOf(catalog);
  if (artist + 1 >= start.length) return;
  const today = Math.floor(request.atMs / DAY_MS);
  for (let i = start[artist]; i < start[artist + 1]; i++) {
    const age = today - catalog.releaseDay[byCreator[i]];
    if (age >= RELEASE_DAYS) break;
    // The filter of what was played looks at single items: an album is heard when something was played from it.
    if (age >= 0 && !wasPlayedFrom(request.state, byCreator[i])) sink.add(byCreator[i], CHANNEL_BIT.catalog);
  }
}

/** "Because you follow X" appears for at most so many X. */
const FOLLOW_SHELVES = 2;
/** Albums of the artist itself, which stand first. */
const OWN_ALBUMS = 10;

export const becauseYouFollow: ShelfDeclaration = {
  id: 'because-you-follow',
  order: 'policy',
  isNamedBySeed: true,
  minCards: 4,
  maxCards: 20,
  unplayedOnly: true,
  seeds(request, out) {
    const { state, epochs, scratch } = request;
    const { catalog, embedding } = epochs;
    if (embedding === undefined) return 0;
    const count = followed(state, scratch.itemsB, LOOKED_AT);
    if (count === 0) return 0;
    // What they play most has its own rows already.
    const played = moreLikeSeeds(request);
    let kept = 0;
    for (let i = 0; i < count && kept < FOLLOW_SHELVES; i++) {
      const item = scratch.itemsB[i];
      if (!(isArtist(item, catalog) || isShow(item, catalog)) || !hasNeighbours(item, embedding)) continue;
      if (!played.includes(item)) out[kept++] = item;
    }
    return kept;
  },
  propose(request, seed, sink) {
    const { catalog, embedding } = request.epochs;
    if (embedding === undefined) return;
    if (isArtist(seed, catalog)) {
      const { start, byCreator } = worksOf(catalog);
      let own = 0;
      for (let i = start[seed]; i < start[seed + 1] && own < OWN_ALBUMS; i++) {
        const album = byCreator[i];
        if (catalog.kind[album] !== ALBUM || wasPlayedFrom(request.state, album)) continue;
        sink.add(album, CHANNEL_BIT.catalog);
        own++;
      }
    }
    offerWidest(request, neighboursOf(seed, embedding), CHANNEL_BIT.neighbours, sink);
  },
  title: ({ seedItem, texts }) => told('because-you-follow.title', { item: texts.title(seedItem) }),
  reason: ({ seedItem, texts }) => told('because-you-follow.reason', { item: texts.title(seedItem) }),
};

function isArtist(item: number, catalog: Catalog): boolean {
  return item !== NO_ITEM && item < catalog.size && catalog.kind[item] === ARTIST;
}
