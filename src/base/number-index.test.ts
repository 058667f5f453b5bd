import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberIndex } from './number-index.ts';

const keys = fc.array(fc.oneof(fc.nat(40), fc.constantFrom(0xfffffffe, 0x80000000, 1 << 20)), { maxLength: 200 });

test('finds what was inserted, numbered in order, as a map does', () => {
  fc.assert(
    fc.property(keys, keys, (inserted, asked) => {
      const table = new NumberIndex(4);
      const map = new Map<number, number>();
      for (const key of inserted) {
        if (!map.has(key)) map.set(key, map.size);
        expect(table.insert(key)).toBe(map.get(key));
      }
      expect(table.size).toBe(map.size);
      for (const key of [...asked, ...inserted]) expect(table.find(key)).toBe(map.get(key) ?? -1);
    }),
  );
});

test('holds what it was filled with last, and nothing else, as a set does', () => {
  fc.assert(
    fc.property(fc.array(keys, { minLength: 1, maxLength: 4 }), keys, (fills, asked) => {
      const table = new NumberIndex(4);
      for (const fill of fills) {
        table.fill(Uint32Array.from(fill));
        const held = new Set(fill);
        expect(table.size).toBe(held.size);
        for (const key of [...asked, ...fills.flat()]) expect(table.has(key)).toBe(held.has(key));
      }
    }),
  );
});

test('is empty again after clearing, also after it grew', () => {
  const table = new NumberIndex(2);
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < 100; key++) table.insert(key * 7);
    table.clear();
    expect(table.size).toBe(0);
    for (let key = 0; key < 100; key++) expect(table.find(key * 7)).toBe(-1);
  }
});
