import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../base/index.ts';
import { buildCatalog, createVocabulary, type Item, readCatalog } from '../domain/index.ts';
import { createEncoder, homeFeatures } from '../features/index.ts';
import { emptyState, type ListenerState } from '../signals/index.ts';
import { createDecider, type HomeInput, mayHave, recompute, resolveTunables } from './index.ts';
import {
  calmListener,
  campaignsOf,
  epochs,
  items,
  NOW,
  number,
  offered,
  type Served,
  serve,
  tell,
  tunables,
} from './shelves/shelves-testing.ts';

const VISIT_MS = 6 * HOUR_MS;

/** Saw these cards of the shelf on so many visits, the last one now or some days ago. */
function see(state: ListenerState, shelfId: string, cards: readonly string[], visits: number, daysAgo = 0): void {
  for (let visit = 0; visit < visits; visit++) {
    tell(state, {
      type: 'impression',
      daysAgo: daysAgo + (visit * VISIT_MS) / DAY_MS,
      decisionId: '01KDVDNA000000000000000000',
      shelfRank: 0,
      shelfId,
      cards: cards.map(number),
    });
  }
}
const removals = ({ record }: Served, reason: string): number =>
  record.removals.reduce((sum, one) => sum + (one.reason === reason ? one.count : 0), 0);
const shelvesOf = ({ record }: Served): string[] => record.shelves.map(({ shelfId }) => shelfId);

describe('a row that is named by an item', () => {
  const seedsOf = ({ record }: Served): number[] =>
    record.shelves.filter(({ shelfId }) => shelfId === 'more-like').map(({ seedItem }) => seedItem);

  it('goes when the item is hidden, also where it was seen', async () => {
    const before = await serve(calmListener());
    const row = before.record.shelves.find(({ shelfId }) => shelfId === 'more-like');
    const { seedItem, items: cards } = row ?? { seedItem: -1, items: [] };
    const carried = [{ shelfId: 'more-like', seedItem, rank: 0, items: [...cards].slice(0, 4), decisionId: 'before' }];
    expect(seedsOf(await serve(calmListener(), { carried }))).toContain(seedItem);
    const state = calmListener();
    tell(state, { type: 'hide', daysAgo: 0, itemId: items.find(({ id }) => number(id) === seedItem)?.id ?? '' });
    expect(seedsOf(await serve(state, { carried }))).not.toContain(seedItem);
  });
});

describe('fatigue', () => {
  it('rests a card for its days from the last time that it was seen, and says so', async () => {
    const before = offered(await serve(calmListener()), 'recommended') ?? [];
    const worn = before.slice(0, 3);
    for (const [visits, daysAgo, rests] of [
      [5, 0, false],
      [6, 0, true],
      [6, 13, true],
      [6, 15, false],
    ] as const) {
      const state = calmListener();
      see(state, 'recommended', worn, visits, daysAgo);
      const served = await serve(state);
      const kept = offered(served, 'recommended') ?? [];
      expect(worn.filter((card) => kept.includes(card))).toEqual(rests ? [] : worn);
      expect(removals(served, 'fatigued') > 0).toBe(rests);
    }
  });

  it('leaves a row its cards where too few others are left', async () => {
    const state = calmListener();
    const all = offered(await serve(state), 'popular') ?? [];
    see(state, 'popular', all.slice(0, all.length - 2), 6);
    const kept = offered(
      await serve(state, { tunables: resolveTunables({ candidatesPerShelf: all.length }) }),
      'popular',
    );
    expect(kept?.length).toBeGreaterThanOrEqual(4);
  });

  it('rests a shelf, but no row of fact, no carried one and not Popular', async () => {
    const state = calmListener();
    for (const shelf of ['recommended', 'heavy-rotation', 'recently-played', 'popular']) see(state, shelf, [], 10);
    const served = await serve(state);
    expect(shelvesOf(served)).not.toContain('recommended');
    expect(shelvesOf(served)).toEqual(expect.arrayContaining(['heavy-rotation', 'recently-played', 'popular']));
    const cards = (offered(await serve(calmListener()), 'recommended') ?? []).slice(0, 4).map(number);
    const carried = { shelfId: 'recommended', seedItem: 0xffffffff, rank: 0, items: cards, decisionId: 'before' };
    const { page } = await serve(state, { carried: [carried] });
    expect(page.shelves[0]).toMatchObject({ kind: 'recommended', carried: true });
  });

  it('of one shelf about an item leaves those about others', async () => {
    const state = calmListener();
    const [one, other] = (await serve(state)).record.shelves.filter(({ shelfId }) => shelfId === 'more-like');
    const idOf = (seed: number) => items.find(({ id }) => number(id) === seed)?.id ?? '';
    see(state, `more-like:${idOf(one.seedItem)}`, [], 10);
    const seeds = (await serve(state)).record.shelves.filter(({ shelfId }) => shelfId === 'more-like');
    expect(seeds.map(({ seedItem }) => seedItem)).toContain(other.seedItem);
    expect(seeds.map(({ seedItem }) => seedItem)).not.toContain(one.seedItem);
  });

  it('is off with no days of rest', async () => {
    const state = calmListener();
    see(state, 'recommended', offered(await serve(state), 'recommended') ?? [], 12);
    const off = resolveTunables({ fatigueCardRestDays: 0, fatigueShelfRestDays: 0 });
    expect(removals(await serve(state, { tunables: off }), 'fatigued')).toBe(0);
  });
});

describe('what is not asked for', () => {
  it('is no part of a page with a chip', async () => {
    const spoken = (id: string) => id.startsWith('show') || id.startsWith('episode');
    for (const filter of ['music', 'podcasts'] as const) {
      const served = await serve(calmListener(), { filter });
      const ids = served.page.shelves.flatMap(({ cards }) => cards.map(({ id }) => id));
      expect(ids.length).toBeGreaterThan(0);
      expect(ids.filter((id) => spoken(id) !== (filter === 'podcasts'))).toEqual([]);
      expect(served.record.filter).toBe(filter);
    }
  });

  it('does not run: a shelf that is switched off, and what is personal without profiling', async () => {
    const off = resolveTunables({ switchedOff: ['shelf:heavy-rotation'] });
    expect(shelvesOf(await serve(calmListener(), { tunables: off }))).not.toContain('heavy-rotation');
    const unprofiled: Partial<HomeInput> = { marks: ['unprofiled'], policyId: 'popularity' };
    const served = await serve(emptyState(), {
      ...unprofiled,
      epochs: { ...epochs, campaigns: campaignsOf({ id: 'x' }) },
    });
    expect(new Set(shelvesOf(served))).toEqual(
      new Set(['from-our-editors', 'popular', 'popular-genre', 'popular-podcasts', 'beyond-the-charts']),
    );
    expect(served.record.marks).toEqual(['unprofiled']);
    expect(served.view).toMatchObject({ totalPlays: 0, taste: new Float32Array(0) });
  });

  it('is not written for a private session', async () => {
    const served = await serve(calmListener(), { isRecorded: false });
    expect(served.page.shelves.length).toBeGreaterThan(3);
    expect(served.record).toBeUndefined();
  });
});

describe('a page in parts', () => {
  it('has all of its ranks decided, and tells how it goes on', async () => {
    const { page, record } = await serve(calmListener(), { rowLimit: 2 });
    expect(page.shelves.map(({ rank }) => rank)).toEqual([0, 1]);
    expect(page.nextCursor).toBe(`${page.decisionId}-2`);
    expect(record.rows.length).toBeGreaterThan(4);
    expect((await serve(calmListener(), { rowLimit: 24 })).page.nextCursor).toBeUndefined();
  });
});

describe('rights', () => {
  it('follow an item that changed before its columns do', () => {
    const item = items.find(({ id }) => id === 'artist:1');
    if (item === undefined) throw new Error('no such artist');
    const asked = (changed: Parameters<typeof mayHave>[0]['epochs']['changed'], ageBand: 'kid' | '18-24' = '18-24') =>
      mayHave(
        {
          epochs: { catalog: epochs.catalog, changed },
          market: 'SE',
          tier: 'free',
          marketNumber: -1,
          tierNumber: -1,
          atMs: NOW,
          profile: { explicitAllowed: false, ageBand },
          state: emptyState(),
        },
        number(item.id),
      );
    const as = (change: Partial<typeof item>) => new Map([[number(item.id), { ...item, ...change }]]);
    expect(asked(new Map())).toBe(true);
    expect(asked(as({ title: 'Another' }))).toBe(true);
    expect(asked(as({ markets: ['SE', 'DE'], tiers: ['free'] }))).toBe(true);
    expect(asked(new Map([[number(item.id), undefined]]))).toBe(false);
    expect(asked(as({ markets: ['DE'] }))).toBe(false);
    expect(asked(as({ tiers: ['premium'] }))).toBe(false);
    expect(asked(as({ explicit: true }))).toBe(false);
    expect(asked(as({ availableUntil: new Date(NOW).toISOString() }))).toBe(false);
    expect(asked(as({ availableFrom: new Date(NOW + 1).toISOString() }))).toBe(false);
    expect(asked(as({ attributes: { kids: false } }), 'kid')).toBe(false);
    expect(asked(as({ attributes: { kids: false } }))).toBe(true);
  });

  it('follow what a show or an artist has become, before the columns do, for what is part of it', () => {
    const vocabularies = {
      items: createVocabulary(),
      genres: createVocabulary(),
      markets: createVocabulary(),
      tiers: createVocabulary(),
      languages: createVocabulary(),
    };
    const show: Item = { id: 'show', kind: 'show', title: 'Bears', genres: ['kids'] };
    const artist: Item = { id: 'artist', kind: 'artist', title: 'Bear' };
    const catalog = readCatalog(
      buildCatalog(
        [
          show,
          { id: 'episode', kind: 'episode', title: 'One', parentId: 'show' },
          artist,
          { id: 'track', kind: 'track', title: 'Roar', creators: [{ id: 'artist', name: 'Bear' }] },
        ],
        vocabularies,
      ),
    );
    const mayKid = (id: string, ...changes: readonly Item[]): boolean =>
      mayHave(
        {
          epochs: {
            catalog,
            changed: new Map(changes.map((item) => [vocabularies.items.lookup(item.id), item])),
          },
          market: 'SE',
          tier: 'free',
          marketNumber: -1,
          tierNumber: -1,
          atMs: NOW,
          profile: { explicitAllowed: false, ageBand: 'kid' },
          state: emptyState(),
        },
        vocabularies.items.lookup(id),
      );
    expect([mayKid('episode'), mayKid('track')]).toEqual([true, true]);
    expect(mayKid('episode', { ...show, title: 'More bears' })).toBe(true);
    expect(mayKid('episode', { ...show, explicit: true })).toBe(false);
    expect(mayKid('episode', { ...show, genres: ['crime'] })).toBe(false);
    expect(mayKid('episode', { ...show, attributes: { kids: false } })).toBe(false);
    expect(mayKid('track', { ...artist, title: 'A bear' })).toBe(true);
    expect(mayKid('track', { ...artist, attributes: { kids: false } })).toBe(false);
  });

  it('let no shelf stand whose title names what is gone', async () => {
    const [seeded] = (await serve(calmListener())).record.shelves.filter(({ shelfId }) => shelfId === 'more-like');
    const gone = { ...epochs, changed: new Map([[seeded.seedItem, undefined]]) };
    const { record } = await serve(calmListener(), { epochs: gone });
    expect(record.shelves.map(({ seedItem }) => seedItem)).not.toContain(seeded.seedItem);
  });
});

describe('a cold start', () => {
  const least = ({ page }: Served): number =>
    Math.min(...page.shelves.flatMap(({ cards }) => cards.map((card) => card.explain?.propensity ?? 1)));
  const replayed = ({ record, view }: Served, under: HomeInput['tunables']) => {
    const { catalog, counters, embedding, model } = epochs;
    const decider = createDecider(createEncoder(homeFeatures));
    return recompute(record, view, { catalog, counters, embedding, model, tunables: under }, decider).firstDifference;
  };

  it('explores more, with exact propensities that replay from the record; others are drawn as before', async () => {
    const off = resolveTunables({ coldStartTastes: 0 });
    const tame = resolveTunables({ cardEpsilon: 0, shelfEpsilon: 0, coldStartEpsilon: 0.5 });
    for (let i = 0; i < 20; i++) {
      const cold = await serve(emptyState(), { tunables: tame });
      // Half of each draw is uniform among at most fifty.
      expect(least(cold)).toBeGreaterThanOrEqual(0.5 / 50);
      expect(replayed(cold, tame)).toBeNull();
      expect(replayed(cold, resolveTunables({ cardEpsilon: 0, shelfEpsilon: 0, coldStartTastes: 0 }))).toMatch(/./);
      const warm = await serve(calmListener(), { tunables });
      expect(replayed(warm, tunables)).toBeNull();
      expect(replayed(warm, off)).toBeNull();
    }
  });
});
