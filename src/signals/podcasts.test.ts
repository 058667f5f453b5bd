import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../base/index.ts';
import { heardShows, touchedEpisodes, wasPlayedFrom } from './podcasts.ts';
import { catalogOf, eventOf, foldAll, type NumberedEvent, START_MS } from './signals-testing.ts';
import { emptyState } from './state.ts';

const NOW = START_MS + 100 * DAY_MS;
/** Items 0 to 9 are tracks, 10 to 12 shows, from 20 on episodes: of show 10 + item % 3. */
const { catalog } = catalogOf(40, (i) =>
  i < 10 || (i > 12 && i < 20)
    ? {}
    : i < 13
      ? { kind: 'show' }
      : { kind: 'episode', parentId: `item-${10 + (i % 3)}`, durationMs: 1_800_000 },
);
const out = new Uint32Array(64);
const listed = (count: number) => [...out.subarray(0, count)];
const play = (item: number, daysAgo: number, playedMs = 600_000, container = -1): NumberedEvent => ({
  event: eventOf({ occurredAtMs: NOW - daysAgo * DAY_MS, playedMs }),
  item,
  container,
});
const mark = (type: 'hide' | 'follow', item: number): NumberedEvent => ({
  event: eventOf({ type, occurredAtMs: NOW }),
  item,
  container: -1,
});

describe('touched episodes', () => {
  it('are those that were played at all, touched last first, and no track', () => {
    const state = foldAll([play(20, 5), play(21, 2, 10_000), play(22, 9), play(3, 1), play(20, 1)]);
    expect(listed(touchedEpisodes(state, catalog, NOW, NOW - 30 * DAY_MS, out, 10))).toEqual([20, 21, 22]);
    expect(listed(touchedEpisodes(state, catalog, NOW, NOW - 30 * DAY_MS, out, 2))).toEqual([20, 21]);
  });

  it('lie within the time that is asked for, and are not hidden', () => {
    const state = foldAll([play(20, 40), play(21, 2), play(22, -1), play(23, 3), mark('hide', 23)]);
    expect(listed(touchedEpisodes(state, catalog, NOW, NOW - 30 * DAY_MS, out, 10))).toEqual([21]);
  });

  it('leave out what the catalogue does not hold', () => {
    expect(touchedEpisodes(foldAll([play(900, 1)]), catalog, NOW, 0, out, 10)).toBe(0);
    expect(touchedEpisodes(emptyState(), catalog, NOW, 0, out, 10)).toBe(0);
  });
});

describe('heard shows', () => {
  it('rank by plays of their episodes, the recent ones counting more; then what was only looked into', () => {
    const state = foldAll([
      // Show 12 twice of late, show 11 three times long ago, show 10 only looked into.
      play(20, 1),
      play(23, 2),
      play(22, 80),
      play(25, 81),
      play(28, 82),
      play(21, 1, 5_000),
      play(3, 1),
    ]);
    expect(catalog.parent[20]).toBe(12);
    expect(listed(heardShows(state, catalog, NOW, out, 10))).toEqual([12, 11, 10]);
    expect(listed(heardShows(state, catalog, NOW, out, 1))).toEqual([12]);
  });

  it('are also those that something was played from, and none that is hidden', () => {
    const state = foldAll([play(3, 1, 600_000, 11), play(20, 1), mark('hide', 12)]);
    expect(listed(heardShows(state, catalog, NOW, out, 10))).toEqual([11]);
  });
});

describe('what was played from', () => {
  it('is a container of a play, or an item that was itself played', () => {
    const state = foldAll([play(3, 1, 600_000, 11), play(4, 1), play(5, 1, 10_000), mark('follow', 12)]);
    expect([11, 4, 3, 5, 12].map((item) => wasPlayedFrom(state, item))).toEqual([true, true, true, false, false]);
  });
});
