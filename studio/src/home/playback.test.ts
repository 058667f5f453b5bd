import { describe, expect, it } from 'vitest';
import type { PageCard } from '../../../src/server/contract.ts';
import {
  advance,
  type Container,
  endingEvents,
  isFinished,
  type Listen,
  nextOf,
  type Origin,
  selectEvent,
  speedOf,
  startListen,
  startTrack,
} from './playback.ts';

const card = {
  id: 'track-1',
  kind: 'track',
  title: 'One',
  subtitle: 'Somebody',
  image: '',
  rank: 4,
  reason: '',
  badges: [],
  progress: null,
  sponsored: false,
} satisfies PageCard;
const origin: Origin = { decisionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', shelfRank: 2, cardRank: 4, shelfTitle: 'Shelf' };
const reference = { decisionId: origin.decisionId, shelfRank: 2, cardRank: 4 };

describe('a listen', () => {
  it('runs faster than life and ends at its duration', () => {
    const begun = startListen(card, origin, 200_000);
    expect(advance(begun, 1000).playedMs).toBe(30_000);
    const done = advance(begun, 60_000);
    expect(done.playedMs).toBe(200_000);
    expect(isFinished(done)).toBe(true);
  });

  it('takes at most eight seconds on the page, however long the episode', () => {
    const hours = 3 * 3_600_000;
    expect(isFinished(advance(startListen(card, origin, hours), 8000))).toBe(true);
    expect(speedOf(hours)).toBe(hours / 8000);
  });

  it('stands still while paused', () => {
    const paused = { ...startListen(card, origin), playing: false };
    expect(advance(paused, 5000)).toBe(paused);
  });

  it('tells of the card that was selected, and where it stood', () => {
    expect(selectEvent(card, origin)).toEqual({ type: 'select', itemId: 'track-1', reference });
  });

  it('ends in one play with what was heard', () => {
    const heard = advance(startListen(card, origin, 200_000), 2000);
    expect(endingEvents(heard, 'stopped')).toEqual([
      { type: 'play', itemId: 'track-1', playedMs: 60_000, durationMs: 200_000, reference },
    ]);
  });

  it('is a skip only when skipped before half a minute', () => {
    const early = advance(startListen(card, origin, 200_000), 500);
    expect(endingEvents(early, 'skipped').map((event) => event.type)).toEqual(['play', 'skip']);
    expect(endingEvents(early, 'replaced').map((event) => event.type)).toEqual(['play']);
    const late = advance(startListen(card, origin, 200_000), 4000);
    expect(endingEvents(late, 'skipped').map((event) => event.type)).toEqual(['play']);
  });

  it('goes on within its container, and tells what it was played from under the reference of the card', () => {
    const container: Container = {
      id: 'album-1',
      kind: 'album',
      title: 'Both',
      tracks: [card, { ...card, id: 'track-2' }],
    };
    const first = startTrack(container, 0, origin, false) as Listen;
    const heard = advance(first, 60_000);
    expect(endingEvents(heard, 'finished')).toEqual([
      { type: 'play', itemId: 'track-1', playedMs: 210_000, durationMs: 210_000, reference, containerId: 'album-1' },
    ]);
    const second = nextOf(heard) as Listen;
    expect(endingEvents(advance(second, 1000), 'stopped')).toEqual([
      {
        type: 'play',
        itemId: 'track-2',
        playedMs: 30_000,
        durationMs: 210_000,
        autoplay: true,
        reference,
        containerId: 'album-1',
      },
    ]);
    expect(nextOf(second)).toBeUndefined();
    expect(nextOf(startListen(card, origin))).toBeUndefined();
  });

  it('tells of no play where nothing was heard', () => {
    expect(endingEvents(startListen(card, origin), 'stopped')).toEqual([]);
  });
});
