import { describe, expect, it } from 'vitest';
import { type CardFacts, LANGUAGES } from '../home/index.ts';
import { createCardWords } from './card-words.ts';

const FACTS: CardFacts = { kind: 'episode', isExplicit: true, releasedAtMs: 1_700_000_000_123, durationMs: 2 ** 40 };

function wordsIn(cards: ReturnType<typeof createCardWords>, item: number, language = LANGUAGES[0], year = 2026) {
  const card = cards.find(item, language, year);
  return card?.bytes.toString('utf8', card.from, card.end);
}

describe('Words of cards', () => {
  it('are found as they were kept, by item and language', () => {
    const cards = createCardWords();
    const items = [0, 1, 1023, 1024, 70_000, 2 ** 22];
    for (const item of items) {
      for (const language of LANGUAGES) {
        expect(cards.find(item, language, 2026)).toBeUndefined();
        cards.keep(item, language, 2026, FACTS, Buffer.from(`opening ${item} in ${language}`), 8);
      }
    }
    for (const item of items) {
      for (const language of LANGUAGES) {
        const card = cards.find(item, language, 2026);
        expect(card).toMatchObject(FACTS);
        expect(wordsIn(cards, item, language as 'en')).toBe(`opening ${item} in ${language}`);
        expect(card?.bytes.toString('utf8', card.from, card.openingEnd)).toBe('opening ');
      }
      expect(cards.releasedAtMs(item)).toBe(FACTS.releasedAtMs);
    }
    expect(cards.releasedAtMs(2)).toBeUndefined();
    expect(cards.releasedAtMs(2 ** 23)).toBeUndefined();
  });

  it('are gone when they are of another year, in every language', () => {
    const cards = createCardWords();
    cards.keep(5, 'en', 2026, FACTS, Buffer.from('2026'), 0);
    cards.keep(5, 'de', 2026, FACTS, Buffer.from('2026'), 0);
    expect(cards.find(5, 'en', 2027)).toBeUndefined();
    cards.keep(5, 'en', 2027, { ...FACTS, kind: 'track' }, Buffer.from('2027'), 0);
    expect(cards.find(5, 'en', 2027)?.kind).toBe('track');
    expect(wordsIn(cards, 5, 'en', 2027)).toBe('2027');
    expect(cards.find(5, 'en', 2026)).toBeUndefined();
    expect(cards.find(5, 'de', 2026)).toBeUndefined();
    expect(cards.find(5, 'de', 2027)).toBeUndefined();
  });

  it('are gone when they are forgotten, and others are not', () => {
    const cards = createCardWords();
    for (const item of [1, 2]) cards.keep(item, 'en', 2026, FACTS, Buffer.from(`item ${item}`), 0);
    cards.forget(1);
    cards.forget(99_999);
    expect([wordsIn(cards, 1), cards.releasedAtMs(1), wordsIn(cards, 2)]).toEqual([undefined, undefined, 'item 2']);
    cards.clear();
    expect([wordsIn(cards, 2), cards.releasedAtMs(2)]).toEqual([undefined, undefined]);
  });

  it('have room for a card of any length', () => {
    const cards = createCardWords();
    const long = 'x'.repeat(3_000_000);
    for (const [item, words] of ['before', long, 'after', long, 'last'].entries())
      cards.keep(item, 'en', 2026, FACTS, Buffer.from(words), 0);
    expect([0, 2, 4].map((item) => wordsIn(cards, item))).toEqual(['before', 'after', 'last']);
    expect([1, 3].map((item) => wordsIn(cards, item) === long)).toEqual([true, true]);
  });

  it('do not gather those that nobody finds any more', () => {
    const cards = createCardWords();
    const words = Buffer.alloc(100_000, 'x');
    for (let round = 0; round < 2000; round++) cards.keep(round % 10, 'en', 2000 + round, FACTS, words, 0);
    expect(wordsIn(cards, 9, 'en', 3999)).toBe(words.toString());
    // 200 MB were kept in all, 1 MB at a time.
    expect(cards.heldBytes).toBeLessThan(5_000_000);
  });
});
