import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter, createRng, DAY_MS, MINUTE_MS, type Rng } from '../base/index.ts';
import {
  type Catalog,
  decodeListenerView,
  encodeListenerView,
  NO_ITEM,
  resolveProfile,
  VIEW_LIMITS,
} from '../domain/index.ts';
import { foldEvent } from './fold.ts';
import { catalogOf, emptyVocabularies, eventOf, START_MS } from './signals-testing.ts';
import { emptyState, isHidden, type ListenerState, STATE_LIMITS } from './state.ts';
import { viewOf } from './view.ts';

const NOW = START_MS + 90 * DAY_MS;
const profile = resolveProfile({ tier: 'premium', market: 'SE', language: 'sv', ageBand: '25-34' });
const NO_TASTE = new Float32Array(0);

/** A catalogue by formula, of a million items, without building a million objects. */
function hugeCatalog(size: number): Catalog {
  const genreStart = Uint32Array.from({ length: size + 1 }, (_, i) => 3 * i);
  const rng = createRng(1);
  return {
    hash: '',
    size,
    kind: new Uint8Array(size),
    creator: Uint32Array.from({ length: size }, () => size - 1 - rng.below(300_000)),
    parent: new Uint32Array(size).fill(NO_ITEM),
    releaseDay: new Int32Array(size),
    durationMs: new Uint32Array(size),
    flags: new Uint8Array(size),
    genreStart,
    genreIds: Uint16Array.from({ length: 3 * size }, () => rng.below(65_000)),
    marketSet: new Uint16Array(size),
    marketSets: new Uint32Array(8),
    tierMask: new Uint32Array(size),
    availableFromMs: new Float64Array(size),
    availableUntilMs: new Float64Array(size),
  };
}

function heavyListener(rng: Rng, itemCount: number): ListenerState {
  const state = emptyState();
  const pool = Array.from({ length: STATE_LIMITS.items }, () => itemCount - 1 - rng.below(Math.floor(itemCount / 2)));
  for (let i = 0; i < 4000; i++) {
    const item = pool[i < pool.length ? i : Math.floor(rng.uniform() ** 2 * pool.length)];
    const occurredAtMs = START_MS + Math.floor(rng.uniform() * 90 * DAY_MS);
    foldEvent(state, eventOf({ occurredAtMs, sessionId: 's' }), item, rng.below(itemCount));
    if (i % 10 === 0) foldEvent(state, eventOf({ type: 'like', occurredAtMs }), itemCount - 1 - rng.below(1000), -1);
    if (i % 10 === 1) foldEvent(state, eventOf({ type: 'follow', occurredAtMs }), itemCount - 1 - rng.below(1000), -1);
    if (i % 100 === 2) foldEvent(state, eventOf({ type: 'hide', occurredAtMs }), pool[rng.below(pool.length)], -1);
  }
  return state;
}

describe('the stored view', () => {
  it('fits 2 KB for the heaviest listeners, at 64 components of taste and up to 128', () => {
    const catalog = hugeCatalog(1_000_000);
    const vocabularies = emptyVocabularies();
    const out = new ByteWriter();
    let largest = 0;
    for (let seed = 0; seed < 4; seed++) {
      const state = heavyListener(createRng(seed), catalog.size);
      for (const dimension of [0, 32, 64, 65, 96, 128, 200]) {
        const taste = new Float32Array(dimension).fill(0.123);
        const view = viewOf(state, { nowMs: NOW, profile, vocabularies, catalog, taste });
        expect(view.taste.length).toBe(Math.min(dimension, VIEW_LIMITS.taste));
        expect(view.creators.length).toBe(VIEW_LIMITS.creators);
        expect(view.genres.length).toBe(VIEW_LIMITS.genres);
        expect(view.liked.length).toBe(VIEW_LIMITS.liked);
        expect(view.followed.length).toBe(VIEW_LIMITS.followed);
        out.reset();
        encodeListenerView(view, out);
        largest = Math.max(largest, out.length);
        if (dimension <= 64) expect(view.items.length).toBe(VIEW_LIMITS.items);
      }
    }
    expect(largest).toBeLessThanOrEqual(2048);
    expect(largest).toBeGreaterThan(1500);
  });

  it('gives back exactly what serving used', () => {
    const { catalog, vocabularies } = catalogOf(500, (i) => ({
      creators: [{ id: `a${i % 60}`, name: 'A' }],
      genres: [`g${i % 7}`, `h${i % 11}`],
    }));
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const rng = createRng(seed);
        const state = emptyState();
        for (let i = rng.below(200); i > 0; i--) {
          foldEvent(state, eventOf({ occurredAtMs: START_MS + rng.below(90) * DAY_MS }), rng.below(500), -1);
        }
        const taste = Float32Array.from({ length: 16 }, () => rng.normal());
        const view = viewOf(state, { nowMs: NOW, profile, vocabularies, catalog, taste });
        const out = new ByteWriter();
        encodeListenerView(view, out);
        expect(decodeListenerView(out.finish())).toEqual(view);
      }),
      { numRuns: 40 },
    );
  });
});

describe('viewOf', () => {
  it('agrees with sums over every item, creator and genre', () => {
    const { catalog, vocabularies } = catalogOf(400, (i) => ({
      creators: [{ id: `a${i % 90}`, name: 'A' }],
      genres: [`g${i % 50}`],
    }));
    const rng = createRng(21);
    const state = emptyState();
    const plays: { item: number; atMs: number }[] = [];
    for (let i = 0; i < 1500; i++) {
      const atMs = START_MS + rng.below(90 * 24) * 3_600_000;
      plays.push({ item: rng.below(400), atMs });
      foldEvent(state, eventOf({ occurredAtMs: atMs }), plays[i].item, 5000);
    }
    for (let i = 0; i < 20; i++) foldEvent(state, eventOf({ type: 'hide', occurredAtMs: NOW }), i * 7, -1);
    const view = viewOf(state, { nowMs: NOW, profile, vocabularies, catalog, taste: NO_TASTE });

    const decayed = (halfLifeDays: number, keyOf: (item: number) => number) => {
      const sums = new Map<number, number>();
      for (const { item, atMs } of plays) {
        if (isHidden(state, item)) continue;
        const weight = 2 ** (-(NOW - atMs) / (halfLifeDays * DAY_MS));
        sums.set(keyOf(item), (sums.get(keyOf(item)) ?? 0) + weight);
      }
      return [...sums].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    };
    const check = (numbers: ArrayLike<number>, found: Float32Array, expected: [number, number][], limit: number) => {
      expect([...Array.from(numbers)]).toEqual(expected.slice(0, limit).map(([key]) => key));
      for (let i = 0; i < found.length; i++) expect(Math.abs(found[i] / expected[i][1] - 1)).toBeLessThan(1e-6);
    };
    check(
      view.items,
      view.itemPlays,
      decayed(7, (item) => item),
      VIEW_LIMITS.items,
    );
    check(
      view.creators,
      view.creatorPlays,
      decayed(28, (item) => catalog.creator[item]),
      VIEW_LIMITS.creators,
    );
    check(
      view.genres,
      view.genrePlays,
      decayed(28, (item) => catalog.genreIds[catalog.genreStart[item]]),
      32,
    );
    expect(view.hours.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    expect(view.totalPlays).toBe(1500);
    const everything = plays.reduce((sum, { atMs }) => sum + 2 ** (-(NOW - atMs) / (7 * DAY_MS)), 0);
    expect(view.recentPlays / everything).toBeCloseTo(1, 6);
    for (let i = 0; i < view.items.length; i++) {
      const last = Math.max(...plays.filter(({ item }) => item === view.items[i]).map(({ atMs }) => atMs));
      expect(view.itemAgeDays[i]).toBe(Math.fround((NOW - last) / DAY_MS));
    }
  });

  it('resolves creators and genres of an item as soon as the catalogue holds it', () => {
    const state = emptyState();
    foldEvent(state, eventOf({ occurredAtMs: NOW }), 3, -1);
    const before = catalogOf(2);
    const after = catalogOf(5, () => ({ creators: [{ id: 'a', name: 'A' }], genres: ['jazz'] }));
    const view = (world: typeof before) => viewOf(state, { nowMs: NOW, profile, taste: NO_TASTE, ...world });
    expect([...view(before).items]).toEqual([3]);
    expect(view(before).creators.length).toBe(0);
    expect([...view(after).creators]).toEqual([after.vocabularies.items.lookup('a')]);
    expect([...view(after).genres]).toEqual([after.vocabularies.genres.lookup('jazz')]);
  });

  it('is empty but whole for a new listener', () => {
    const { catalog, vocabularies } = catalogOf(3);
    vocabularies.tiers.number('free');
    vocabularies.tiers.number('premium');
    const view = viewOf(emptyState(), { nowMs: NOW, profile, vocabularies, catalog, taste: NO_TASTE });
    expect(view).toMatchObject({
      tier: 1,
      market: -1,
      language: -1,
      ageBand: 4,
      totalPlays: 0,
      tenureDays: 0,
      recentPlays: 0,
      sessionItem: NO_ITEM,
      sessionPlays: 0,
    });
    expect(view.items.length + view.creators.length + view.genres.length + view.liked.length).toBe(0);
    expect([...view.hours]).toEqual(new Array(24).fill(0));
  });

  it('knows the session while it lasts', () => {
    const { catalog, vocabularies } = catalogOf(3);
    const state = emptyState();
    foldEvent(state, eventOf({ occurredAtMs: NOW, sessionId: 's' }), 1, -1);
    foldEvent(state, eventOf({ occurredAtMs: NOW + 1000, sessionId: 's' }), 2, -1);
    const at = (nowMs: number) => viewOf(state, { nowMs, profile, vocabularies, catalog, taste: NO_TASTE });
    expect(at(NOW + MINUTE_MS)).toMatchObject({ sessionItem: 2, sessionPlays: 2 });
    expect(at(NOW + 60 * MINUTE_MS)).toMatchObject({ sessionItem: NO_ITEM, sessionPlays: 0 });
  });
});
