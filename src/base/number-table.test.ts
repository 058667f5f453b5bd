import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberTable } from './number-table.ts';

const keys = fc.array(fc.oneof(fc.nat(40), fc.constantFrom(0xfffffffe, 0x80000000, 1 << 20)), { maxLength: 200 });

test('finds what was inserted, numbered in order, as a map does', () => {
  fc.assert(
    fc.property(keys, keys, (inserted, asked) => {
      const table = new NumberTable(4);
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

test('is empty again after clearing, also after it grew', () => {
  const table = new NumberTable(2);
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < 100; key++) table.insert(key * 7);
    table.clear();
    expect(table.size).toBe(0);
    for (let key = 0; key < 100; key++) expect(table.find(key * 7)).toBe(-1);
  }
});
