import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageOutline } from './page-outline.ts';

const row = fc.record({
  shelfId: fc.constantFrom('recently-played', 'more-like', 'popular', 'a-shelf-of-another-version'),
  seedItem: fc.nat(0xffffffff),
  defined: fc.boolean(),
  carriedFrom: fc.constantFrom('', '', '01ARZ3NDEKTSV4RRFFQ69G5FAV'),
  items: fc.array(fc.nat(0xffffffff), { maxLength: 20 }),
});

describe('the outline of a page', () => {
  it('gives back its rows, and none beyond them', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 24 }), (rows) => {
        const outline = new PageOutline('listener', rows);
        expect(Array.from({ length: outline.length }, (_, rank) => outline.row(rank))).toEqual(rows);
        expect([outline.row(-1), outline.row(rows.length)]).toEqual([undefined, undefined]);
        for (const [rank, { carriedFrom }] of rows.entries())
          expect((outline.carriedRows >>> rank) & 1).toBe(carriedFrom === '' ? 0 : 1);
      }),
    );
  });
});
