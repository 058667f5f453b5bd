import { describe, expect, it } from 'vitest';
import { perWord } from './words.ts';

describe('the numbers of words', () => {
  it('are computed once each, also as their dictionary grows', () => {
    const asked: string[] = [];
    const lengths = perWord((word) => {
      asked.push(word);
      return word.length;
    });
    const words = ['a', 'bb'];
    expect([...lengths(words)]).toEqual([1, 2]);
    words.push('ccc', '', 'dddd');
    expect([...lengths(words)].slice(0, 5)).toEqual([1, 2, 3, 0, 4]);
    expect([...lengths(words)].slice(0, 5)).toEqual([1, 2, 3, 0, 4]);
    expect(asked).toEqual(words);
    expect([...lengths(['bb'])]).toEqual([2]);
  });
});
