import { describe, expect, it } from 'vitest';
import {
  buildCatalog,
  catalogRoomFor,
  createVocabulary,
  ITEM_UNRESTRICTED,
  type Item,
  isAvailable,
  isForKids,
  isKidsGenre,
  readCatalog,
  type Vocabularies,
} from './index.ts';

function vocabularies(): Vocabularies {
  return {
    items: createVocabulary(),
    genres: createVocabulary(),
    markets: createVocabulary(),
    tiers: createVocabulary(),
    languages: createVocabulary(),
  };
}
const item = (fields: Partial<Item> = {}): Item => ({ id: 'i', kind: 'track', title: 'T', ...fields });
const names = (count: number, prefix = 'n') => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('the room of a catalogue', () => {
  const limits = [
    ['tiers', 32, 'a catalogue has room for 32 tiers'],
    ['markets', 256, 'a catalogue has room for 256 markets'],
    ['genres', 65_535, 'a catalogue has room for 65,535 genres'],
  ] as const;
  for (const [kind, most, message] of limits) {
    it(`is told before it is too small: ${most} ${kind}`, () => {
      const held = vocabularies();
      for (const name of names(most - 2)) held[kind].number(name);
      expect(catalogRoomFor(item({ [kind]: ['n0', 'a', 'b', 'a'] }), held)).toBeUndefined();
      expect(catalogRoomFor(item({ [kind]: ['a', 'b', 'c'] }), held)).toBe(message);
      // Asking gives no numbers.
      expect(held[kind].size).toBe(most - 2);
      const full = item({ [kind]: ['a', 'b'] });
      expect(readCatalog(buildCatalog([full], held)).size).toBe(1);
      expect(catalogRoomFor(full, held)).toBeUndefined();
      expect(catalogRoomFor(item({ [kind]: ['c'] }), held)).toBe(message);
      expect(catalogRoomFor(item(), held)).toBeUndefined();
      expect(() => buildCatalog([item({ [kind]: ['c'] })], held)).toThrow(message);
    });
  }

  it('takes items without new names also where there are more names than it has room for', () => {
    const held = vocabularies();
    for (const name of names(300)) held.markets.number(name);
    expect(catalogRoomFor(item({ markets: ['n255'] }), held)).toBeUndefined();
    expect(catalogRoomFor(item({ markets: ['n256'] }), held)).toBe('a catalogue has room for 256 markets');
  });

  it('has no end for sets of markets', () => {
    const held = vocabularies();
    const markets = names(18, 'm');
    // 70,000 items, each with a set of its own: the bits of its number.
    const items = Array.from({ length: 70_000 }, (_, i) =>
      item({ id: `i${i}`, markets: markets.filter((_, bit) => ((i >>> bit) & 1) === 1) }),
    );
    const catalog = readCatalog(buildCatalog(items, held));
    expect(catalog.marketSet).toBeInstanceOf(Uint32Array);
    for (const i of [1, 2, 65_535, 65_536, 69_999]) {
      for (let bit = 0; bit < 18; bit++) {
        expect(isAvailable(catalog, i, held.markets.lookup(`m${bit}`), -1, 0)).toBe(((i >>> bit) & 1) === 1);
      }
    }
    const few = readCatalog(buildCatalog(items.slice(0, 100), vocabularies()));
    expect(few.marketSet).toBeInstanceOf(Uint16Array);
  });
});

describe('times that do not read', () => {
  it('give no rights, and no day of release', () => {
    const leap = '2016-12-31T23:59:60Z';
    const build = (fields: Partial<Item>) => readCatalog(buildCatalog([item(fields)], vocabularies()));
    const later = Date.UTC(2026, 0, 1);
    expect(isAvailable(build({}), 0, -1, -1, later)).toBe(true);
    expect(isAvailable(build({ availableFrom: leap }), 0, -1, -1, later)).toBe(false);
    expect(isAvailable(build({ availableUntil: leap }), 0, -1, -1, 0)).toBe(false);
    expect(build({ releasedAt: leap }).releaseDay[0]).toBe(build({}).releaseDay[0]);
  });
});

describe('what is available', () => {
  it('is told of items without restrictions as of others, and by columns that do not say which those are', () => {
    const [market, tier] = ['m1', 't1'];
    const at = Date.UTC(2026, 5, 1);
    const held = vocabularies();
    const cases: readonly Partial<Item>[] = [undefined, [], [market], ['m2']].flatMap((markets) =>
      [undefined, [], [tier], ['t2']].flatMap((tiers) =>
        [undefined, '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'].flatMap((availableFrom) =>
          [undefined, '2026-02-01T00:00:00Z', '2027-02-01T00:00:00Z'].map((availableUntil) =>
            JSON.parse(JSON.stringify({ markets, tiers, availableFrom, availableUntil })),
          ),
        ),
      ),
    );
    const items = cases.map((fields, i) => item({ id: `i${i}`, ...fields }));
    held.items.number('nobody has this');
    const catalog = readCatalog(buildCatalog(items, held));
    const earlier = { ...catalog, flags: new Uint8Array(catalog.size) };
    for (const { id, markets, tiers = [], availableFrom = '', availableUntil = '' } of items) {
      const expected =
        (markets?.includes(market) ?? true) &&
        (tiers.length === 0 || tiers.includes(tier)) &&
        !(Date.parse(availableFrom) > at) &&
        !(Date.parse(availableUntil) <= at);
      for (const columns of [catalog, earlier]) {
        const number = held.items.lookup(id);
        const [m, t] = [held.markets.lookup(market), held.tiers.lookup(tier)];
        expect(isAvailable(columns, number, m, t, at)).toBe(expected);
      }
    }
    expect(isAvailable(catalog, held.items.lookup('nobody has this'), -1, -1, at)).toBe(false);
    expect(catalog.flags.filter((flags) => (flags & ITEM_UNRESTRICTED) !== 0)).toHaveLength(2);
  });
});

describe('what is for kids', () => {
  it('is told by an attribute, or by a genre', () => {
    for (const genre of ['kids', 'Kids & Family', "children's music", 'Children’s stories', 'stories for kids'])
      expect([genre, isKidsGenre(genre)]).toEqual([genre, true]);
    for (const genre of ['kidscore', 'grown-up kids', 'childhood', 'forkids', 'parenting'])
      expect([genre, isKidsGenre(genre)]).toEqual([genre, false]);
  });

  it('is music that is not explicit and not marked otherwise, and podcasts that are made for them', () => {
    const known = vocabularies();
    const list: [id: string, item: Partial<Item>, fits: boolean][] = [
      ['song', {}, true],
      ['explicit', { explicit: true }, false],
      ['marked', { attributes: { kids: false } }, false],
      ['of a marked album', { parentId: 'marked album' }, false],
      ['marked album', { kind: 'album', attributes: { kids: false } }, false],
      ['of a marked artist', { creators: [{ id: 'marked artist', name: 'M' }] }, false],
      ['marked artist', { kind: 'artist', attributes: { kids: false } }, false],
      ['show', { kind: 'show' }, false],
      ['episode', { kind: 'episode', parentId: 'show' }, false],
      ['kids show', { kind: 'show', genres: ['Kids & Family'] }, true],
      ['its episode', { kind: 'episode', parentId: 'kids show' }, true],
      ['its explicit episode', { kind: 'episode', parentId: 'kids show', explicit: true }, false],
      ['tagged show', { kind: 'show', attributes: { kids: true } }, true],
      ['untagged again', { kind: 'show', genres: ['kids'], attributes: { kids: false } }, false],
    ];
    const catalog = readCatalog(
      buildCatalog(
        list.map(([id, fields]) => item({ id, ...fields })),
        known,
      ),
    );
    for (const [id, , fits] of list) expect([id, isForKids(catalog, known.items.lookup(id))]).toEqual([id, fits]);
    expect(isForKids(catalog, catalog.size)).toBe(false);
  });
});
