/** Shelves that state what a listener has played. */
import { DAY_MS } from '../../base/index.ts';
import { heavyRotation, jumpBackIn, MISSED_DAYS, playsOf, recentContainers } from '../../signals/index.ts';
import { isEpisode, showOfEpisode } from '../kinds.ts';
import { always } from '../messages/index.ts';
import { CHANNEL_BIT } from '../request.ts';
import { once, type ShelfDeclaration } from './declaration.ts';

export const recentlyPlayed: ShelfDeclaration = {
  id: 'recently-played',
  order: 'defined',
  minCards: 1,
  maxCards: 20,
  unplayedOnly: false,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, scratch, epochs } = request;
    // What was not played for four weeks is no longer recent: it may be jumped back into.
    const count = recentContainers(state, atMs, scratch.itemsA, 40, atMs - MISSED_DAYS * DAY_MS);
    // An episode that was begun waits in Your shows: here it would be held first, and missing there.
    for (let i = 0; i < count; i++) sink.add(showOfEpisode(scratch.itemsA[i], epochs.catalog), CHANNEL_BIT.state);
  },
  title: always('recently-played.title'),
  reason: always('recently-played.reason'),
};

/** Plays ever that make an item one of Heavy rotation. */
const ROTATION_PLAYS = 2;

export const heavy: ShelfDeclaration = {
  id: 'heavy-rotation',
  order: 'defined',
  minCards: 3,
  maxCards: 20,
  unplayedOnly: false,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, scratch, epochs } = request;
    const count = heavyRotation(state, atMs, scratch.itemsA, scratch.scoresA, 60);
    for (let i = 0; i < count; i++) {
      const item = scratch.itemsA[i];
      // Once is no rotation. Episodes are played once each and count for their show.
      if (playsOf(state, item) < ROTATION_PLAYS && !isEpisode(item, epochs.catalog)) continue;
      sink.add(showOfEpisode(item, epochs.catalog), CHANNEL_BIT.state);
    }
  },
  title: always('heavy-rotation.title'),
  reason: always('heavy-rotation.reason'),
};

export const jumpBack: ShelfDeclaration = {
  id: 'jump-back-in',
  order: 'policy',
  minCards: 3,
  maxCards: 20,
  unplayedOnly: false,
  seeds: once,
  propose(request, _seed, sink) {
    const { state, atMs, scratch, epochs } = request;
    const count = jumpBackIn(state, atMs, scratch.itemsA, scratch.scoresA, 60);
    for (let i = 0; i < count; i++) sink.add(showOfEpisode(scratch.itemsA[i], epochs.catalog), CHANNEL_BIT.state);
  },
  title: always('jump-back-in.title'),
  reason: always('jump-back-in.reason'),
};
