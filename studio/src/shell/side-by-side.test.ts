import { describe, expect, it } from 'vitest';
import { describeShared, putSideBySide, type SidePage } from './side-by-side.ts';

const pageOf = (shelves: Readonly<Record<string, readonly string[]>>): SidePage => ({
  shelves: Object.entries(shelves).map(([id, cards]) => ({ id, cards: cards.map((card) => ({ id: card })) })),
});

describe('two Homes side by side', () => {
  const one = pageOf({ a: ['1', '2'], b: ['3'], c: ['4'] });
  const other = pageOf({ c: ['4', '9'], a: ['1'] });

  it('know the cards and shelves that stand on both', () => {
    const both = putSideBySide(one, other);
    expect([...both.cards].sort()).toEqual(['1', '4']);
    expect([...both.shelves].sort()).toEqual(['a', 'c']);
    expect(describeShared(one, other, both)).toBe('2 of 3 shelves and 2 of 4 cards stand on both.');
  });

  it('know how far a shelf rises on the second', () => {
    const { rises } = putSideBySide(one, other);
    expect(rises.get('c')).toBe(2);
    expect(rises.get('a')).toBe(-1);
    expect(rises.has('b')).toBe(false);
  });

  it('share everything with themselves', () => {
    const both = putSideBySide(one, one);
    expect(describeShared(one, one, both)).toBe('3 of 3 shelves and 4 of 4 cards stand on both.');
    expect([...both.rises.values()]).toEqual([0, 0, 0]);
  });
});
