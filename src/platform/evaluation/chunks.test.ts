import { describe, expect, it } from 'vitest';
import { ListenerNumbers } from './chunks.ts';

describe('listeners of an evaluation', () => {
  it('are numbered as they come, however many, and never by what they are called', () => {
    const numbers = new ListenerNumbers();
    const many = 2 ** 17 + 1000;
    for (let l = 0; l < many; l++)
      if (numbers.of(`key ${l}`) !== l) throw new Error(`listener ${l} has another number`);
    expect(numbers.count).toBe(many);
    expect(numbers.of(`key ${many - 1}`)).toBe(many - 1);
    expect(numbers.of('key 7')).toBe(7);
    expect(numbers.count).toBe(many);
  });
});
