import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIdSet } from './id-set.ts';

/** Few values a word, so that ids meet and crowd. */
const word = fc.integer({ min: 0, max: 3 });
const id = fc.tuple(word, word, word, fc.integer({ min: 1, max: 3 }));
const step = fc.record({ id, remove: fc.boolean() });

describe('a set of ids', () => {
  it('holds what a Set of strings would hold, whatever is added and removed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const ids = createIdSet();
        const plain = new Set<string>();
        for (const { id, remove } of steps) {
          const words = Uint32Array.from([9, ...id]);
          if (remove) {
            ids.remove(words, 1);
            plain.delete(id.join());
          } else {
            ids.add(words, 1);
            plain.add(id.join());
          }
          expect(ids.has(words, 1)).toBe(!remove);
          expect(ids.size).toBe(plain.size);
        }
        const words = ids.toWords();
        const held = Array.from({ length: ids.size }, (_, i) => words.subarray(4 * i, 4 * i + 4).join());
        expect(held.sort()).toEqual([...plain].sort());
      }),
    );
  });

  it('grows', () => {
    const ids = createIdSet();
    const words = new Uint32Array(4);
    for (let i = 1; i <= 10_000; i++) {
      words.set([i, i * 7, i * 13, 1]);
      ids.add(words, 0);
      ids.add(words, 0);
    }
    expect(ids.size).toBe(10_000);
    for (let i = 1; i <= 10_000; i++) {
      words.set([i, i * 7, i * 13, 1]);
      expect(ids.has(words, 0)).toBe(true);
    }
    words.set([5, 36, 65, 1]);
    expect(ids.has(words, 0)).toBe(false);
  });
});
