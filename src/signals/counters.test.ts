import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter, createRng, DAY_MS, HOUR_MS } from '../base/index.ts';
import { DAY_PARTS, dayPartOf, dayPartSpan, hourOf, marketSpan, readCounters } from '../domain/index.ts';
import { createCounters } from './counters.ts';
import { catalogOf, START_MS, shuffled } from './signals-testing.ts';

interface Play {
  item: number;
  market: number;
  atMs: number;
}

function randomPlays(seed: number, count: number, items: number, days: number): Play[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => ({
    item: Math.floor(rng.uniform() ** 2 * items),
    market: rng.below(4) - 1,
    atMs: START_MS + Math.floor(rng.uniform() * days * DAY_MS),
  }));
}

const NOW = START_MS + 200 * DAY_MS;
const world = catalogOf(300, (i) => ({ genres: [`g${i % 5}`, `h${i % 3}`] }));
const { catalog } = world;
const genreCount = world.vocabularies.genres.size;

describe('counters', () => {
  it('halve in 14 days, exactly', () => {
    const counters = createCounters();
    counters.add(3, 0, START_MS, 8);
    expect(counters.playsAt(3, START_MS)).toBeCloseTo(8, 10);
    expect(counters.playsAt(3, START_MS + 14 * DAY_MS)).toBeCloseTo(4, 10);
    expect(counters.playsAt(3, START_MS + 140 * DAY_MS)).toBeCloseTo(8 / 1024, 10);
    expect(counters.playsAt(4, START_MS)).toBe(0);
    expect(counters.playsAt(9999, START_MS)).toBe(0);
  });

  it('agree with a naive sum and sort: world, markets, parts of the day and genres', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const plays = randomPlays(seed, 800, 400, 200);
        const counters = createCounters({ topOfMarket: 20, topOfDayPart: 9, topOfGenre: 12, topOfWorld: 50 });
        for (const { item, market, atMs } of plays) counters.add(item, market, atMs);
        const read = readCounters(counters.epoch(NOW, catalog, genreCount));
        const naive = (take: (play: Play) => boolean) => {
          const sums = new Map<number, number>();
          for (const play of plays.filter(take)) {
            const weight = 2 ** (-(NOW - play.atMs) / (14 * DAY_MS));
            sums.set(play.item, (sums.get(play.item) ?? 0) + weight);
          }
          return sums;
        };
        const ranked = (sums: Map<number, number>) =>
          [...sums].filter(([item]) => item < 300).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
        const all = naive(() => true);
        for (const [item, sum] of all) expect(Math.abs(read.plays[item] / sum - 1)).toBeLessThan(1e-6);
        expect([...read.topItems]).toEqual(
          ranked(all)
            .slice(0, 50)
            .map(([item]) => item),
        );
        expect([...read.markets]).toEqual([0, 1, 2]);
        for (let market = 0; market < 3; market++) {
          const expected = ranked(naive((play) => play.market === market)).slice(0, 20);
          const [start, end] = marketSpan(read, market);
          expect([...read.marketItems.subarray(start, end)]).toEqual(expected.map(([item]) => item));
          expected.forEach(([, sum], i) => {
            expect(Math.abs(read.marketPlays[start + i] / sum - 1)).toBeLessThan(1e-6);
          });
        }
        for (let market = 0; market < 3; market++) {
          for (const part of DAY_PARTS) {
            const then = (play: Play) => play.market === market && dayPartOf(hourOf(play.atMs)) === part;
            const expected = ranked(naive(then)).slice(0, 9);
            const [start, end] = dayPartSpan(read, market, part);
            expect([...read.dayPartItems.subarray(start, end)]).toEqual(expected.map(([item]) => item));
            expected.forEach(([, sum], i) => {
              expect(Math.abs(read.dayPartPlays[start + i] / sum - 1)).toBeLessThan(1e-6);
            });
          }
        }
        for (let genre = 0; genre < genreCount; genre++) {
          const has = (item: number) =>
            catalog.genreIds.subarray(catalog.genreStart[item], catalog.genreStart[item + 1]).includes(genre);
          const expected = ranked(all)
            .filter(([item]) => has(item))
            .slice(0, 12);
          const list = read.genreItems.subarray(read.genreStart[genre], read.genreStart[genre + 1]);
          expect([...list]).toEqual(expected.map(([item]) => item));
        }
      }),
      { numRuns: 15 },
    );
  });

  it('give the same epoch for the same plays, whatever the order', () => {
    const plays = randomPlays(4, 2000, 300, 200);
    const rng = createRng(9);
    const epochOf = (list: readonly Play[]) => {
      const counters = createCounters();
      for (const { item, market, atMs } of list) counters.add(item, market, atMs);
      return counters.epoch(NOW, catalog, genreCount);
    };
    expect(epochOf(plays).hash).toBe(epochOf(plays).hash);
    const one = readCounters(epochOf(plays));
    const other = readCounters(epochOf(shuffled(plays, rng)));
    expect([...other.topItems]).toEqual([...one.topItems]);
    one.plays.forEach((sum, i) => {
      expect(Math.abs(other.plays[i] - sum)).toBeLessThanOrEqual(1e-6 * sum);
    });
  });

  it('keep the values of untouched items through a day, so that their chunks are shared', () => {
    const counters = createCounters();
    counters.add(1, 0, START_MS);
    const morning = counters.epoch(NOW, catalog, genreCount);
    const evening = counters.epoch(NOW + 0.9 * DAY_MS, catalog, genreCount);
    expect(evening.hash).toBe(morning.hash);
    expect(counters.epoch(NOW + 1.1 * DAY_MS, catalog, genreCount).hash).not.toBe(morning.hash);
  });

  it('survive centuries of plays: the reference moves on and nothing overflows', () => {
    const counters = createCounters({ halfLifeDays: 1 });
    for (let day = 0; day < 40_000; day += 10) counters.add(1, 0, START_MS + day * DAY_MS);
    const now = START_MS + 39_990 * DAY_MS;
    expect(counters.playsAt(1, now)).toBeCloseTo(1 / (1 - 2 ** -10), 9);
    counters.add(2, 0, START_MS);
    expect(counters.playsAt(2, now)).toBe(0);
    const read = readCounters(counters.epoch(now, catalog, genreCount));
    expect([...read.topItems]).toEqual([1]);
    expect([...read.plays].every(Number.isFinite)).toBe(true);
  });

  it('are stored and go on: the same epoch as without a restart', () => {
    const plays = randomPlays(6, 3000, 300, 200);
    const whole = createCounters();
    let part = createCounters();
    plays.forEach(({ item, market, atMs }, i) => {
      whole.add(item, market, atMs);
      part.add(item, market, atMs);
      if (i % 700 === 0) part = createCounters({}, part.encode());
    });
    expect(part.epoch(NOW, catalog, genreCount).hash).toBe(whole.epoch(NOW, catalog, genreCount).hash);
    expect(createCounters({}, createCounters().encode()).epoch(NOW, catalog, genreCount).hash).toBe(
      createCounters().epoch(NOW, catalog, genreCount).hash,
    );
  });

  it('refuse a store with another half-life', () => {
    const stored = createCounters({ halfLifeDays: 7 }).encode();
    expect(() => createCounters({}, stored)).toThrow(/half-life of 7/);
    expect(() => createCounters({ halfLifeDays: 0 })).toThrow(/OPTION_INVALID|halfLifeDays/);
  });

  it('count an unknown market for the world alone, and list catalogued items only', () => {
    const counters = createCounters();
    counters.add(5, -1, NOW);
    counters.add(700, 2, NOW);
    const read = readCounters(counters.epoch(NOW, catalog, genreCount));
    expect([...read.topItems]).toEqual([5]);
    expect([...read.markets]).toEqual([2]);
    expect(read.marketItems.length).toBe(0);
    expect(read.plays.length).toBe(701);
    expect(read.plays[700]).toBeGreaterThan(0);
  });

  it('tell what is played in the morning from what is played in the evening, market by market', () => {
    const counters = createCounters();
    const midnight = Math.floor(START_MS / DAY_MS) * DAY_MS;
    counters.add(1, 0, midnight + 7 * HOUR_MS);
    counters.add(2, 0, midnight + 20 * HOUR_MS);
    counters.add(3, 1, midnight + 7 * HOUR_MS);
    const read = readCounters(counters.epoch(START_MS + DAY_MS, catalog, genreCount));
    const played = (market: number, part: (typeof DAY_PARTS)[number]) => [
      ...read.dayPartItems.subarray(...dayPartSpan(read, market, part)),
    ];
    expect(played(0, 'morning')).toEqual([1]);
    expect(played(0, 'evening')).toEqual([2]);
    expect(played(1, 'morning')).toEqual([3]);
    expect(played(1, 'evening')).toEqual([]);
    expect(played(7, 'morning')).toEqual([]);
  });

  it('read what a version without parts of the day has stored, and count those from then on', () => {
    const before = createCounters();
    before.add(1, 0, START_MS, 4);
    // The stored form of then: the same up to the sums of markets.
    const out = new ByteWriter(64);
    const now = before.encode();
    const dayParts = 1 + 1 + 1 + 16;
    out.u8(1);
    out.raw(now.subarray(1, now.length - dayParts));
    const counters = createCounters({}, out.finish());
    counters.add(2, 0, START_MS);
    const read = readCounters(counters.epoch(START_MS + DAY_MS, catalog, genreCount));
    expect([...read.marketItems]).toEqual([1, 2]);
    expect([...read.dayPartItems]).toEqual([2]);
  });
});
