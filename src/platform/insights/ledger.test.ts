import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../base/index.ts';
import { NO_ITEM } from '../../domain/index.ts';
import { decodeLedgers, encodeLedgers, type Ledger } from './ledger.ts';

const flag = fc.nat({ max: 3 });
const row = fc.record({
  shelf: fc.nat({ max: 65_535 }),
  seed: fc.oneof(fc.constant(NO_ITEM), fc.nat({ max: 2 ** 32 - 1 })),
  from: fc.constantFrom('', '01KDVDNA000000000000000000'),
  flag,
  cards: fc.array(fc.tuple(fc.nat({ max: 2 ** 32 - 1 }), flag), { maxLength: 12 }),
});

describe('Ledgers of decisions', () => {
  it('are the same after they were encoded', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(row, { maxLength: 6 }), fc.boolean()), { maxLength: 5 }), (pages) => {
        const ledgers = pages.map(([rows, rendered], n): Ledger => {
          const cards = rows.flatMap((one) => one.cards);
          const starts = new Uint16Array(rows.length + 1);
          for (const [r, one] of rows.entries()) starts[r + 1] = starts[r] + one.cards.length;
          return {
            decisionId: `decision-${n}`,
            listenerKey: `key-${n}`,
            day: 20_000 + n,
            shelves: Uint16Array.from(rows, ({ shelf }) => shelf),
            seeds: Uint32Array.from(rows, ({ seed }) => seed),
            carriedFrom: rows.some(({ from }) => from !== '') ? rows.map(({ from }) => from) : undefined,
            rowFlags: Uint8Array.from(rows, (one) => one.flag),
            starts,
            items: Uint32Array.from(cards, ([item]) => item),
            cardFlags: Uint8Array.from(cards, ([, flags]) => flags),
            rendered,
          };
        });
        const encoded = atOnce(encodeLedgers(new Map(ledgers.map((ledger) => [ledger.decisionId, ledger]))));
        expect(decodeLedgers(encoded)).toEqual(ledgers);
      }),
    );
  });

  it('are refused when their bytes end early', () => {
    expect(() => decodeLedgers(Uint8Array.of(1, 5))).toThrow(/DECISION_CORRUPT|wanted/);
  });
});
